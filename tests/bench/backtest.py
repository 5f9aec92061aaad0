"""A backtest: CPU of one core for an archive x 20 rules x 1,000 zones, reading included, and the best library way.

    python tests/bench/backtest.py [--reports 10000000] [--zones 1000]

The archive is written first, as the installation writes it. The figure is user CPU of one process over the whole of it;
seconds for 100 million reports are scaled from it in proportion, and the note says so. Rules that ask who else is heard
(`silent`) cannot be judged in track order: they have a row of their own. The rival reads the same files with Polars and
does a part of the work: which zones hold each report (points sorted by x, a slice a zone, prepared shapely
`contains_xy`), and the runs of the stay rules.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import _river as river
import numpy as np
import polars as pl
from _rivals import shapely_pairs, stays
from _river import cpu_s, say

from jiangdun.feeds.columns import Chunk
from jiangdun.picture import segment as segments
from jiangdun.picture.archiver import DIRECTORY, Archiver
from jiangdun.picture.then import Archive
from jiangdun.watch import backtest
from jiangdun.watch.engine import warm
from jiangdun.watch.past.shard import in_track_order

VESSELS = 30_000
TARGET_S = 15.0
HUNDRED_M = 100_000_000


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--reports", type=int, default=10_000_000)
    asked.add_argument("--zones", type=int, default=1_000)
    given, _ = asked.parse_known_args()
    warm()
    rules, zones = river.rules20(), river.river_zones(given.zones)
    with tempfile.TemporaryDirectory(prefix="jiangdun-bench-") as folder:
        home = Path(folder)
        n = write(home, given.reports)
        archive = Archive(home)
        backtest(rules, Archive(home / "none"), (0, 1 << 61), zones)  # compiled by now
        alone = [rule for rule in rules if in_track_order(rule)]
        ours, hits = judged(alone, archive, zones, n)
        others, _ = judged([rule for rule in rules if rule not in alone], archive, zones, n)
        theirs, part = rival(rules, zones, home, archive)
    each, rival_each = ours / n, theirs / part
    note = f"{n:,} reports, {VESSELS:,} vessels, {len(zones):,} zones, {hits:,} alerts, seed {river.SEED}"
    say(
        f"backtest, 100 M reports x {len(alone)} rules x 1,000 zones", round(each * HUNDRED_M, 1), "s of one core",
        floor=TARGET_S,
        rival={"rival": "Polars + x-sorted contains_xy, stays only", "rival_figure": round(rival_each * HUNDRED_M, 1),
               "ratio": rival_each / each},
        note=f"{note}; scaled in proportion from {n:,} reports, {ours:.2f} s",
    )  # fmt: skip
    say("backtest, in track order", round(1 / each), "reports/s/core", note=note)
    say(
        f"backtest, the {len(rules) - len(alone)} `silent` rules, in log order", round(n / others),
        "reports/s/core", note=note,
    )  # fmt: skip


def judged(rules: list[Any], archive: Archive, zones: list[Any], n: int) -> tuple[float, int]:
    """User seconds, and alerts."""
    before = cpu_s()
    found = backtest(rules, archive, (0, 1 << 61), zones, workers=1)
    spent = cpu_s() - before
    assert found.counts["judged"] == n
    return spent, len(found.alerts)


def write(home: Path, reports: int) -> int:
    """Chunks of a tenth of a second, each heard at once, as the hub cuts them."""
    archiver, position, turns = Archiver(home, sync=False), 0, river.turns(VESSELS)
    size = VESSELS * 100 // river.EVERY_MS
    while position < reports:
        rows = next(turns)
        for at in range(0, len(rows), size):
            part = rows[at : at + size]
            archiver.take(Chunk(position, int(part["t"][-1]) - river.BOUND_MS, part))
            position += len(part)
            archiver.write()
    archiver.finish()
    return position


def rival(rules: list[Any], zones: list[Any], home: Path, archive: Archive) -> tuple[float, int]:
    """User seconds of the library way, and of how many reports: the first segment."""
    first = archive.segments[:1]
    before = cpu_s()
    frame = segments.scan(home / DIRECTORY, first).collect()
    points, hits = shapely_pairs(
        zones, frame["lon"].to_numpy().astype(np.int64), frame["lat"].to_numpy().astype(np.int64)
    )
    stays(
        rules,
        zones,
        frame.with_row_index("point"),
        pl.DataFrame({"point": points.astype(np.uint32), "zone": hits}),
    )
    return cpu_s() - before, len(frame)


if __name__ == "__main__":
    main()
