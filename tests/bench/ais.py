"""Measures AIS: bytes to observations in one session, a line a call, against pyais checking what we check.

    python tests/bench/ais.py [--lines 100000]

Lines are a transponder simulator's: 80 % type 1, 10 % type 18, 5 % type 5 (two sentences), 5 % type 24, each
with a tag block. Seconds of one core's time.
"""

from __future__ import annotations

import argparse
import json
import random
import time

import pyais

from jiangdun.feeds.columns import Kind
from jiangdun.feeds.observations import Fix, Static
from jiangdun.feeds.protocols.ais import AisSession
from jiangdun.feeds.simulators.ais import AisStation

NOW = 1_780_000_000_000


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--lines", type=int, default=100_000)
    lines = made(asked.parse_args().lines)
    begun = time.process_time()
    session = AisSession()
    decoded = 0
    for i, line in enumerate(lines):
        decoded += session.take(line, NOW + i).counts.get("decoded", 0)
    ours = len(lines) / (time.process_time() - begun)
    sample = lines[: len(lines) // 5]
    begun = time.process_time()
    waiting: list[bytes] = []
    for line in sample:
        waiting.append(line[line.index(b"!") :].strip())
        if b"VDM,2,1" not in line:
            pyais.decode(*waiting, error_if_checksum_invalid=True).asdict()
            waiting.clear()
    theirs = len(sample) / (time.process_time() - begun)
    row = {"row": "AIS, bytes to observations", "figure": ours, "unit": "lines/s", "rival": "pyais"}
    note = f"{decoded:,} messages; parts joined, repeats dropped, tag blocks read"
    print(json.dumps(row | {"rival_figure": theirs, "ratio": ours / theirs, "note": note}))


def made(n: int) -> list[bytes]:
    chance = random.Random(1)
    station = AisStation(source="bench")
    lines: list[bytes] = []
    while len(lines) < n:
        ident, t_ms = str(413_000_000 + chance.randrange(1, 30_000)), NOW + len(lines)
        lot = chance.random()
        if lot < 0.9:
            lon, lat = chance.randrange(67_200_000, 72_600_000), chance.randrange(17_700_000, 19_300_000)
            sog, cog = chance.randrange(200), chance.randrange(3_600)
            fix = Fix("ais", ident, lon, lat, sog_dkn=sog, cog_ddeg=cog, nav=0)
            said = station.fix(fix, t_ms, position_type=1 if lot < 0.8 else 18)
        else:
            about = Static("ais", ident, name=f"JIANG {ident}", kind=Kind.CARGO, length_dm=800, beam_dm=140)
            said = station.static(about, t_ms, class_b=lot > 0.95)
        lines += said.splitlines(keepends=True)
    return lines


if __name__ == "__main__":
    main()
