"""Measures the watch engine: `engine reports/s`, one core, CPU time, both passes, 1,000 zones and 5 rules.

    python tests/bench/engine.py [--reports 2000000] [--zones 1000]

A river of 9.5 degrees, zones along it as blobs and strips of 20 to 200 corners, vessels that report every
10 s, lie still or sail, 2 % of their reports heard up to 20 s late. Rivals in the same run: the zone test
alone by x-sorted slices with prepared shapely `contains_xy`, one stay rule by Polars on zone flags that are
given to it, and the plain Python twin. Prints one JSON line a row.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import shapely

from jiangdun.feeds.columns import COLUMNS, DEGREE, NO_SPEED, Chunk, Kind
from jiangdun.watch.engine import Engine, warm
from jiangdun.watch.engine.grid import build, locate
from jiangdun.watch.engine.layout import N_SLOW, Z_TO, ZONE_WIDTH
from jiangdun.watch.engine.limits import ALWAYS
from jiangdun.watch.engine.outline import outline
from jiangdun.watch.engine.twin import Twin
from jiangdun.watch.rules import spec

SEED = 5
T0 = 1_700_000_000_000
EVERY_MS = 10_000
BOUND_MS = 30_000
FLOOR = 3_000_000


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--reports", type=int, default=1_500_000)
    asked.add_argument("--vessels", type=int, default=30_000)
    asked.add_argument("--zones", type=int, default=1_000)
    asked.add_argument("--quick", action="store_true", help="the first rows only")
    given = asked.parse_args()
    warm()
    rows, heard = stream(given.reports, given.vessels)
    zones = river_zones(given.zones)
    live = measure(zones, rows, heard, 10_000, eager=True)
    say("engine live, both passes", live, "reports/s/core", floor=FLOOR, note=note(live, zones))
    say(
        "engine settled pass only",
        settled := measure(zones, rows, heard, 10_000, eager=False),
        note=note(settled, zones),
    )
    print(
        json.dumps({"row": "engine chunk of 10,000, p99", "figure": live["p99_ms"], "unit": "ms wall"}),
        flush=True,
    )
    if given.quick:
        return
    part = slice(0, 900_000)
    for n in (100, 1_000, 10_000):
        grown = river_zones(n)
        found = measure(grown, rows[part], heard[part], 10_000, eager=True)
        say(f"engine live, {n:,} zones", found, note=note(found, grown))
    small = measure(zones, rows[:300_000], heard[:300_000], 500, eager=True)
    say("engine live, chunks of 500", small, note=f"chunk p99 {small['p99_ms']} ms")
    zone_rival(zones, rows)
    stay_rival(zones, rows, heard)
    few = 3_000
    twin = timed(lambda: drive(Twin(RULES, zones[:100]), rows[:few], heard[:few], 1_000))
    engine = timed(lambda: drive(Engine(RULES, zones[:100]), rows[:few], heard[:few], 1_000))
    say("engine, first 3,000 reports, 100 zones", {"figure": few / engine}, rival=("plain twin", few / twin))


def say(
    row: str,
    found: Mapping[str, Any],
    unit: str = "reports/s/core",
    *,
    floor: int | None = None,
    rival: tuple[str, float] | None = None,
    note: str = "",
) -> None:
    said: dict[str, Any] = {"row": row, "figure": round(found["figure"]), "unit": unit, "note": note}
    if floor:
        said["floor"] = floor
    if rival:
        said |= {"rival": rival[0], "rival_figure": round(rival[1]), "ratio": found["figure"] / rival[1]}
    print(json.dumps(said), flush=True)


def note(found: Mapping[str, Any], zones: list[spec.ZoneSpec]) -> str:
    return (
        f"{len(zones):,} zones, {len(RULES)} rules, seed {SEED}; operators step at {found['stepped']:.0%} of reports, "
        f"{found['alerts']} alerts, {found['rollbacks']:,} rollbacks"
    )


@dataclass(frozen=True)
class Below:
    column: str
    limit: int

    @property
    def text(self) -> str:
        return f"{self.column} < {self.limit}"

    def evaluate(self, columns: Mapping[str, npt.NDArray[np.generic]]) -> npt.NDArray[np.bool_]:
        return columns[self.column] < self.limit


def rule(name: str, when: spec.Operator, **more: Any) -> spec.RuleSpec:
    return spec.RuleSpec(
        name, 1, name, name, "water", "bench", spec.Severity.II, more.pop("watch", "vessel"), when, **more
    )


SLOW = Below("sog_dkn", 15)
FEW = Below("length_dm", 500)  # one vessel in twenty: alerts are rare, as they are in life
RULES = [
    rule(
        "stay",
        spec.Stay(spec.Place(kind="ban"), 1_200_000, SLOW, 180_000),
        unless=(spec.Place(kind="anchorage"),),
    ),
    rule("enter", spec.Enter(spec.Place(kind="dike"), 3), where=FEW),
    rule("cross", spec.Enter(spec.Place(kind="crossing"), 1), where=FEW),
    rule("speed", spec.Speed(spec.Place(kind="reserve"), over_dkn=119)),
    rule(
        "sequence",
        spec.Sequence(
            (spec.Leave(spec.Place(kind="anchorage")), spec.Stay(spec.Place(kind="intake"), 300_000, SLOW)),
            10_800_000,
        ),
    ),
]
"""One of each operator."""


def river(n: int = 4_000) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    x = np.linspace(112.0, 121.5, n)
    return x, 30.6 + 0.55 * np.sin((x - 112) * 1.3) + 0.18 * np.sin((x - 112) * 6.1) + 0.05 * np.sin(
        (x - 112) * 23
    )


def river_zones(n: int) -> list[spec.ZoneSpec]:
    """70 % blobs of 60 m to 5 km, 30 % strips along the river; the classes the rules read, in turn."""
    rng = np.random.default_rng(2)
    rx, ry = river()
    read = ("ban", "dike", "crossing", "reserve", "anchorage", "intake")
    out = []
    for i in range(n):
        corners = int(rng.integers(20, 201))
        k = int(rng.integers(50, len(rx) - 50))
        if rng.random() < 0.7:
            size = np.exp(rng.uniform(np.log(60), np.log(5_000))) / 111_000
            angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
            r = size * (
                1 + 0.25 * np.sin(3 * angle) + 0.15 * np.sin(7 * angle) + rng.uniform(-0.06, 0.06, corners)
            )
            ring = np.c_[rx[k] + 1.15 * r * np.cos(angle), ry[k] + rng.normal(0, 0.012) + r * np.sin(angle)]
        else:
            reach, half = (
                int(np.exp(rng.uniform(0, np.log(45)))),
                np.exp(rng.uniform(np.log(80), np.log(900))) / 111_000,
            )
            at = np.linspace(k - reach, k + reach, corners // 2)
            cx, cy = np.interp(at, np.arange(len(rx)), rx), np.interp(at, np.arange(len(ry)), ry)
            nx, ny = -np.gradient(cy), np.gradient(cx)
            long = np.hypot(nx, ny)
            off = rng.normal(0, 0.008)
            up = np.c_[cx + nx / long * (off + half), cy + ny / long * (off + half)]
            ring = np.vstack([up, np.c_[cx + nx / long * (off - half), cy + ny / long * (off - half)][::-1]])
        out.append(
            spec.ZoneSpec(f"z{i:05}", 1, read[i % len(read)], "", "", ((tuple(map(tuple, ring.tolist())),),))
        )
    return out


def stream(n: int, vessels: int) -> tuple[npt.NDArray[np.void], npt.NDArray[np.int64]]:
    """n reports in the order of the log, and when each was heard."""
    rng = np.random.default_rng(SEED)
    rx, ry = river()
    turns = -(-n // vessels)
    at = rng.uniform(50, len(rx) - 50, vessels)
    beside = rng.normal(0, 0.006, vessels)
    speed = rng.uniform(-12, 12, vessels)
    moving = rng.random(vessels) < 0.6
    kind = rng.choice([Kind.CARGO, Kind.DREDGER, Kind.SAND_CARRIER, Kind.TANKER], vessels)
    length = np.where(rng.random(vessels) < 0.05, 300, 900)
    phase = rng.integers(0, EVERY_MS, vessels)
    parts = []
    for turn in range(turns):
        moving ^= rng.random(vessels) < 0.005
        knots = np.where(moving, speed, 0) + rng.normal(0, 0.1, vessels)
        at = np.clip(at + knots * 0.514 * EVERY_MS / 1000 / 230, 20, len(rx) - 20)
        beside += rng.normal(0, 0.00002, vessels)
        part = np.zeros(vessels, COLUMNS)
        part["track"] = 413_000_000 + np.arange(vessels)
        part["t"] = T0 + turn * EVERY_MS + phase
        part["lon"] = np.rint(np.interp(at, np.arange(len(rx)), rx) * DEGREE)
        part["lat"] = np.rint((np.interp(at, np.arange(len(ry)), ry) + beside) * DEGREE)
        part["sog_dkn"] = np.minimum(np.abs(knots) * 10, NO_SPEED)
        part["kind"], part["length_dm"] = kind, length
        parts.append(part)
    rows = np.concatenate(parts)
    delay = np.where(rng.random(len(rows)) < 0.02, rng.integers(0, 20_000, len(rows)), 0)
    order = np.argsort(rows["t"] + delay, kind="stable")[:n]
    return rows[order], (rows["t"] + delay)[order]


def drive(engine: Engine | Twin, rows: npt.NDArray[np.void], heard: npt.NDArray[np.int64], size: int) -> int:
    alerts = 0
    for a in range(0, len(rows), size):
        alerts += len(engine.take(Chunk(a, int(heard[a : a + size][-1]) - BOUND_MS, rows[a : a + size])))
    return alerts + len(engine.finish())


def timed(work: Callable[[], Any]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


def measure(
    zones: list[spec.ZoneSpec],
    rows: npt.NDArray[np.void],
    heard: npt.NDArray[np.int64],
    size: int,
    *,
    eager: bool,
) -> dict[str, Any]:
    """CPU per report, and how long each chunk took, once the state is populated."""
    engine = Engine(RULES, zones, eager=eager)
    cpu, wall, alerts = [], [], 0
    for a in range(0, len(rows), size):
        chunk = Chunk(a, int(heard[a : a + size][-1]) - BOUND_MS, rows[a : a + size])
        c, w = time.process_time(), time.perf_counter()
        alerts += len(engine.take(chunk))
        cpu.append(time.process_time() - c)
        wall.append(time.perf_counter() - w)
    half = len(cpu) // 2  # the first half fills the state
    n = sum(len(rows[a : a + size]) for a in range(half * size, len(rows), size))
    return {
        "figure": n / sum(cpu[half:]),
        "p99_ms": round(float(np.percentile(np.array(wall[half:]) * 1000, 99)), 2),
        "alerts": alerts,
        "stepped": float(engine._tables.numbers[N_SLOW]) / len(rows) / (2 if eager else 1),
        "rollbacks": engine.counts["rollbacks"],
    }


def shapely_pairs(
    zones: list[spec.ZoneSpec], xs: npt.NDArray[np.int64], ys: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """(point, zone) the best library way we know: points sorted by x, a slice a zone, prepared `contains_xy`."""
    polygons = [shapely.Polygon(z.polygons[0][0]) for z in zones]
    shapely.prepare(polygons)
    order = np.argsort(xs)
    px, py = xs[order] / DEGREE, ys[order] / DEGREE
    points, hits = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for i, polygon in enumerate(polygons):
        x0, y0, x1, y1 = polygon.bounds
        a, b = np.searchsorted(px, (x0, x1))
        near = np.flatnonzero((py[a:b] >= y0) & (py[a:b] <= y1)) + a
        inside = near[shapely.contains_xy(polygon, px[near], py[near])]
        points.append(order[inside])
        hits.append(np.full(len(inside), i))
    return np.concatenate(points), np.concatenate(hits)


def zone_rival(zones: list[spec.ZoneSpec], rows: npt.NDArray[np.void]) -> None:
    """All (point, zone) pairs of 1,000,000 points."""
    part = rows[:1_000_000]
    xs, ys = part["lon"].astype(np.int64), part["lat"].astype(np.int64)
    grid, _ = build([outline(z) for z in zones], timed=False)
    table = np.zeros((len(zones), ZONE_WIDTH), np.int64)
    table[:, Z_TO] = ALWAYS
    locate(grid, table, xs[:10], ys[:10], 0)
    found: dict[str, int] = {}
    a = timed(lambda: found.update(ours=len(locate(grid, table, xs, ys, 0)[0])))
    b = timed(lambda: found.update(theirs=len(shapely_pairs(zones, xs, ys)[0])))
    say(
        "engine zone test",
        {"figure": len(part) / a},
        "points/s/core",
        rival=("x-sorted prepared contains_xy", len(part) / b),
        note=f"{found['ours']:,} pairs (border in), rival {found['theirs']:,}",
    )


def stay_rival(zones: list[spec.ZoneSpec], rows: npt.NDArray[np.void], heard: npt.NDArray[np.int64]) -> None:
    """One stay rule over 1,000,000 reports: the settled pass, and shapely with Polars over the whole at once."""
    part = rows[:1_000_000]
    ban = [z for z in zones if z.kind == "ban"]
    ours = timed(lambda: drive(Engine(RULES[:1], ban, eager=False), part, heard[:1_000_000], 100_000))

    def theirs() -> None:
        points, hits = shapely_pairs(ban, part["lon"].astype(np.int64), part["lat"].astype(np.int64))
        frame = pl.DataFrame(
            {
                "track": part["track"][points],
                "zone": hits,
                "t": part["t"][points],
                "slow": part["sog_dkn"][points] < 15,
            }
        )
        runs = frame.sort("track", "zone", "t").with_columns(
            run=pl.col("slow").rle_id().over("track", "zone")
        )
        spans = runs.filter("slow").group_by("track", "zone", "run").agg(
            start=pl.col("t").min(), end=pl.col("t").max()
        )  # fmt: skip
        spans.filter(pl.col("end") - pl.col("start") >= 1_200_000)

    b = timed(theirs)
    say(
        "engine, one stay rule, settled",
        {"figure": len(part) / ours},
        rival=("shapely + polars, all at once", len(part) / b),
        note="the rival has no tolerance, exemption, late reports or state",
    )


if __name__ == "__main__":
    main()
