"""Lines a second of `jiangdun replay` on 15 days of a real coast: decoder, engine and archive, beside pyais alone.

Needs JIANGDUN_DATA. The rival only decodes the same sentences, one by one, and keeps nothing.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import time
from pathlib import Path

LINES = 300_000


def main() -> None:
    data = os.environ.get("JIANGDUN_DATA")
    if not data:
        sys.exit("replay: set JIANGDUN_DATA to a folder of recordings")
    path = Path(data, "ais/brittany_15d.nmea.gz")
    command = [sys.executable, "-m", "jiangdun.hall.cli", "replay", str(path), "--json"]
    begun, cpu = time.monotonic(), os.times()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    after = os.times()
    told = json.loads(done.stdout)
    used_s = after.children_user + after.children_system - cpu.children_user - cpu.children_system
    figure = told["lines"] / used_s
    rival = pyais_alone(path)
    print(
        json.dumps(
            {
                "row": "replay of a recording, start included",
                "figure": round(figure),
                "unit": "lines/s of CPU",
                "floor": 40_000,
                "rival": "pyais, decoding only",
                "rival_figure": round(rival),
                "ratio": figure / rival,
                "note": f"{told['lines']:,} lines, {told['tracks']} tracks, {time.monotonic() - begun:.0f} s",
            }
        )
    )


def pyais_alone(path: Path) -> float:
    from pyais import decode
    from pyais.exceptions import AISBaseException

    lines: list[bytes] = []
    with gzip.open(path) as file:
        for line in file:
            sentence = line[line.find(b"!") :].strip()
            if sentence.startswith(b"!AIVDM,1,"):
                lines.append(sentence)
            if len(lines) == LINES:
                break
    begun = time.process_time()
    for line in lines:
        try:
            decode(line, error_if_checksum_invalid=True)
        except AISBaseException:
            continue
    return len(lines) / (time.process_time() - begun)


if __name__ == "__main__":
    main()
