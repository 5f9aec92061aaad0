"""How the engine's cost grows with zones, rules and tracks: user CPU a report, both passes, and a drawing of it.

    python tests/bench/growth.py [--reports 600000] [--svg docs/images/engine-growth.svg]

One thing is varied at a time, around 1,000 zones, the 20 rules of rules20.yaml and 30,000 tracks. More rules than 20
are the same again under other names. The middle of three rounds.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import _river as river
from _river import measure, say

from jiangdun.watch.engine import warm

ZONES = (100, 300, 1_000, 3_000, 10_000)
RULES = (5, 10, 20, 40, 80)
TRACKS = (3_000, 10_000, 30_000, 100_000)
ROUNDS = 3
WIDTH, HEIGHT, LEFT, TOP = 300, 220, 56, 34

Series = list[tuple[int, float]]


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--reports", type=int, default=600_000)
    asked.add_argument("--svg", type=Path, default=Path("var/bench/engine-growth.svg"))
    given, _ = asked.parse_known_args()
    warm()
    rules, n = river.rules20(), given.reports
    rows, heard = river.stream(n, 30_000)
    zones = river.river_zones(1_000)
    found: dict[str, Series] = {
        "zones": [(k, cost(rules, river.river_zones(k), rows, heard)) for k in ZONES],
        "rules": [(k, cost(as_many(rules, k), zones, rows, heard)) for k in RULES],
        "tracks": [(k, cost(rules, zones, *river.stream(max(n, 6 * k), k))) for k in TRACKS],
    }
    for what, series in found.items():
        for k, ns in series:
            say(f"engine growth, {k:,} {what}", round(ns), "ns a report")
    given.svg.parent.mkdir(parents=True, exist_ok=True)
    given.svg.write_text(drawing(found), "utf-8")


def cost(rules: Sequence[Any], zones: Any, rows: river.Rows, heard: Any) -> float:
    return statistics.median(measure(list(rules), zones, rows, heard)["ns"] for _ in range(ROUNDS))


def as_many(rules: Sequence[Any], n: int) -> list[Any]:
    """Every fourth rule first, so that few rules are of all operators."""
    mixed = [rules[at + 4 * k] for at in range(4) for k in range(len(rules) // 4)]
    return [replace(mixed[i % len(mixed)], name=f"{mixed[i % len(mixed)].name}-{i}") for i in range(n)]


def drawing(found: dict[str, Series]) -> str:
    """Three small charts side by side: ns a report over the number, which is on a logarithmic scale."""
    top = max(ns for series in found.values() for _, ns in series) * 1.1
    step = next(s for s in (50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000) if top / s <= 6)
    charts = "".join(
        f'<g transform="translate({at * (WIDTH + 20)},0)">{chart(what, series, top, step)}</g>'
        for at, (what, series) in enumerate(found.items())
    )
    width, height = 3 * (WIDTH + 20), HEIGHT + 10
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
        f'font-size="11"><rect width="100%" height="100%" fill="#fff"/>{charts}</svg>\n'
    )


def chart(what: str, series: Series, top: float, step: int) -> str:
    from math import log10

    low, high = log10(series[0][0]), log10(series[-1][0])
    across, down = WIDTH - LEFT - 10, HEIGHT - TOP - 36

    def x(k: int) -> float:
        return LEFT + across * (log10(k) - low) / (high - low)

    def y(ns: float) -> float:
        return TOP + down * (1 - ns / top)

    parts = [f'<text x="{LEFT}" y="18" font-size="13" font-weight="bold">ns a report / {what}</text>']
    for level in range(0, int(top) + 1, step):
        parts.append(
            f'<line x1="{LEFT}" x2="{LEFT + across}" y1="{y(level):.1f}" y2="{y(level):.1f}" stroke="#d5dbe1"/>'
            f'<text x="{LEFT - 6}" y="{y(level) + 4:.1f}" text-anchor="end">{level:,}</text>'
        )
    points = " ".join(f"{x(k):.1f},{y(ns):.1f}" for k, ns in series)
    parts.append(f'<polyline points="{points}" fill="none" stroke="#1769aa" stroke-width="2"/>')
    for k, ns in series:
        parts.append(
            f'<circle cx="{x(k):.1f}" cy="{y(ns):.1f}" r="3" fill="#1769aa"/>'
            f'<text x="{x(k):.1f}" y="{y(ns) - 7:.1f}" text-anchor="middle">{ns:,.0f}</text>'
            f'<text x="{x(k):.1f}" y="{TOP + down + 16}" text-anchor="middle">{k:,}</text>'
        )
    return "".join(parts)


if __name__ == "__main__":
    main()
