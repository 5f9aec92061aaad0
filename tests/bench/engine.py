"""The watch engine on one core, in user CPU: 20 rules (rules20.yaml), 1,000 and 10,000 zones in one river, both passes.

    python tests/bench/engine.py [--reports 1500000] [--quick]

A river of 9.5 degrees, zones along it as blobs and strips of 20 to 200 corners, 30,000 vessels that report every 10 s,
lie still or sail, 2 % of their reports heard up to 20 s late. Rivals in the same run: all zones of each report by
x-sorted slices with prepared shapely `contains_xy` and the stay rules by Polars on those; and the plain Python twin.
MovingPandas and scipy's cKDTree are not among the dependencies, and so are no rivals here.
"""

from __future__ import annotations

import argparse
import statistics
from typing import Any

import _river as river
import numpy as np
import polars as pl
from _rivals import shapely_pairs, stays
from _river import measure, say, timed

from jiangdun.feeds.columns import Chunk
from jiangdun.watch.engine import Engine, warm
from jiangdun.watch.engine.grid import build, locate
from jiangdun.watch.engine.layout import Z_TO, ZONE_WIDTH
from jiangdun.watch.engine.limits import ALWAYS
from jiangdun.watch.engine.outline import outline
from jiangdun.watch.engine.twin import Twin

FLOOR, FLOOR_10K, P99_MS = 5_000_000, 1_200_000, 20
ROUNDS = 3


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--reports", type=int, default=1_500_000)
    asked.add_argument("--vessels", type=int, default=30_000)
    asked.add_argument("--quick", action="store_true", help="the rows with floors only")
    given, _ = asked.parse_known_args()
    warm()
    rules = river.rules20()
    rows, heard = river.stream(given.reports, given.vessels)
    zones, many = river.river_zones(1_000), river.river_zones(10_000)
    bit, either = river.changes(rules, zones, rows[:600_000])
    share = f"{bit:.1%} of reports change a condition bit, {either:.1%} a bit or their zones"
    part = slice(0, 1_000_000)
    library = len(rows[part]) / timed(lambda: library_way(rules, zones, rows[part]))
    live = middle(rules, zones, rows, heard, eager=True)
    beside = {"rival": "x-sorted contains_xy + Polars, stays only", "rival_figure": round(library)}
    say(
        "engine live, both passes, 1,000 zones", round(live["figure"]), "reports/s/core", floor=FLOOR,
        rival={**beside, "ratio": live["figure"] / library}, note=f"{note(live, zones)}; {share}",
    )  # fmt: skip
    say("engine chunk of 10,000, p99", round(live["p99_ms"], 2), "ms wall", floor=P99_MS)
    settled = middle(rules, zones, rows, heard, eager=False)
    say("engine settled pass only", round(settled["figure"]), "reports/s/core", note=note(settled, zones))
    crowded = middle(rules, many, rows, heard, eager=True)
    library = len(rows[:300_000]) / timed(lambda: library_way(rules, many, rows[:300_000]))
    bit, either = river.changes(rules, many, rows[:300_000])
    say(
        "engine live, both passes, 10,000 zones", round(crowded["figure"]), "reports/s/core", floor=FLOOR_10K,
        rival={**beside, "rival_figure": round(library), "ratio": crowded["figure"] / library},
        note=f"{note(crowded, many)}; {either:.1%} of reports change a bit or their zones",
    )  # fmt: skip
    if given.quick:
        return
    small = measure(rules, zones, rows[:300_000], heard[:300_000], 500)
    say(
        "engine live, chunks of 500",
        round(small["figure"]),
        "reports/s/core",
        note=f"p99 {small['p99_ms']:.2f} ms",
    )
    zone_rival(zones, rows)
    few = 3_000
    twin = few / timed(lambda: drive(Twin(rules, zones[:100]), rows[:few], heard[:few], 1_000))
    engine = few / timed(lambda: drive(Engine(rules, zones[:100]), rows[:few], heard[:few], 1_000))
    say(
        "engine, first 3,000 reports, 100 zones", round(engine), "reports/s/core",
        rival={"rival": "plain twin", "rival_figure": round(twin), "ratio": engine / twin},
    )  # fmt: skip


def middle(rules: Any, zones: Any, rows: Any, heard: Any, *, eager: bool) -> dict[str, Any]:
    """The round of median speed."""
    found = [measure(rules, zones, rows, heard, eager=eager) for _ in range(ROUNDS)]
    median = statistics.median(one["figure"] for one in found)
    return next(one for one in found if one["figure"] == median)


def note(found: dict[str, Any], zones: list[Any]) -> str:
    return (
        f"{len(zones):,} zones, 20 rules, seeds {river.SEED} and {river.ZONE_SEED}; operators step at "
        f"{found['stepped']:.0%} of reports, {found['alerts']} alerts, {found['rollbacks']:,} rollbacks"
    )


def drive(engine: Engine | Twin, rows: river.Rows, heard: Any, size: int) -> None:
    for a in range(0, len(rows), size):
        engine.take(Chunk(a, int(heard[a : a + size][-1]) - river.BOUND_MS, rows[a : a + size]))
    engine.finish()


def library_way(rules: Any, zones: Any, rows: river.Rows) -> None:
    """Part of the work, all reports at once, none late: zones of each, and the stay rules."""
    points, hits = shapely_pairs(zones, rows["lon"].astype(np.int64), rows["lat"].astype(np.int64))
    frame = pl.DataFrame({name: np.ascontiguousarray(rows[name]) for name in ("track", "t", "sog_dkn")})
    stays(
        rules,
        zones,
        frame.with_row_index("point"),
        pl.DataFrame({"point": points.astype(np.uint32), "zone": hits}),
    )


def zone_rival(zones: list[Any], rows: river.Rows) -> None:
    """All (point, zone) pairs of 1,000,000 points."""
    part = rows[:1_000_000]
    xs, ys = part["lon"].astype(np.int64), part["lat"].astype(np.int64)
    grid, _ = build([outline(z) for z in zones], timed=np.zeros(len(zones), bool))
    table = np.zeros((len(zones), ZONE_WIDTH), np.int64)
    table[:, Z_TO] = ALWAYS
    locate(grid, table, xs[:10], ys[:10], 0)
    found: dict[str, int] = {}
    ours = len(part) / timed(lambda: found.update(ours=len(locate(grid, table, xs, ys, 0)[0])))
    theirs = len(part) / timed(lambda: found.update(theirs=len(shapely_pairs(zones, xs, ys)[0])))
    say(
        "engine zone test", round(ours), "points/s/core",
        rival={"rival": "x-sorted prepared contains_xy", "rival_figure": round(theirs), "ratio": ours / theirs},
        note=f"{found['ours']:,} pairs (border in), rival {found['theirs']:,}",
    )  # fmt: skip


if __name__ == "__main__":
    main()
