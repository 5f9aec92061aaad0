"""A row per figure: runs every program in tests/bench, each in its own process, and prints one table.

A program prints JSON lines: {"row", "figure", "unit", "floor", "rival", "rival_figure", "ratio", "note"}; only `row`,
`figure` and `unit` are required. `--only NAME` runs one program; what follows goes to it (`--only load --seconds 600`).
The newest rows of each program are kept in var/bench; `--write` makes the table of docs/benchmarks.md from them.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "var" / "bench"
PAGE = ROOT / "docs" / "benchmarks.md"
MARK = "<!-- table below: make bench -->"


def rows_of(program: Path, extra: list[str]) -> list[dict[str, Any]]:
    print(f"── {program.stem}", file=sys.stderr, flush=True)
    done = subprocess.run([sys.executable, str(program), *extra], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    rows = []
    for line in done.stdout.splitlines():
        if line.startswith("{") and '"row"' in line:
            rows.append({"program": program.stem, **json.loads(line)})
    if rows:
        KEPT.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps({**row, "with": extra}, ensure_ascii=False) for row in rows]
        (KEPT / f"{program.stem}.jsonl").write_text("\n".join(lines) + "\n")
    if done.returncode:
        rows.append(
            {
                "program": program.stem,
                "row": program.stem,
                "figure": "failed",
                "unit": f"exit {done.returncode}",
            }
        )
    return rows


def say(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def table(rows: list[dict[str, Any]]) -> str:
    lines = [
        "| row | figure | floor | best rival in the same run | ratio | note |",
        "|---|--:|--:|---|--:|---|",
    ]
    for row in rows:
        rival = f"{row['rival']}: {say(row['rival_figure'])}" if "rival" in row else ""
        ratio = f"{row['ratio']:.3g}×" if "ratio" in row else ""
        figure = f"{say(row['figure'])} {row['unit']}"
        cells = [row["row"], figure, say(row.get("floor", "")), rival, ratio, row.get("note", "")]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def kept() -> list[dict[str, Any]]:
    """The newest rows of every program, in order of name."""
    files = sorted(KEPT.glob("*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def page(rows: list[dict[str, Any]]) -> str:
    """docs/benchmarks.md with the table of these rows and the command behind each."""
    head = PAGE.read_text().split(MARK)[0]
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    commands = dict.fromkeys(
        " ".join([f"tests/bench/{row['program']}.py", *row.get("with", [])]) for row in rows
    )
    listed = "\n".join(f"* `.venv/bin/python {command}`" for command in commands)
    return f"{head}{MARK}\n\nMachine: {machine}.\n\n{table(rows)}\n\nMade by:\n\n{listed}\n"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", metavar="NAME")
    parser.add_argument(
        "--write", action="store_true", help="make the page from the newest rows, run nothing"
    )
    options, extra = parser.parse_known_args()
    if options.write:
        PAGE.write_text(page(kept()))
        return 0
    programs = [p for p in sorted((ROOT / "tests" / "bench").glob("*.py")) if not p.stem.startswith("_")]
    rows: list[dict[str, Any]] = []
    for program in programs:
        if options.only in (None, program.stem):
            rows += rows_of(program, extra)
    print(table(rows))
    return 1 if any(row["figure"] == "failed" for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
