"""Measures operators over several tracks: CPA of 100,000 vessels, who lies near whom, groups; one core, CPU time.

    python tests/bench/several.py [--vessels 100000] [--quick]

Vessels along a river of 9.5 degrees, beside its middle with a spread of 3.3 km, every one under way (the worst case:
what lies still is left out of CPA). CPA is 80 m within 180 s, among pairs up to 2.9 km apart: first who comes close,
against a rival, then the whole operator at one tick, with what is decided, suppressed and kept. The rival finds the
pairs of the same reach with shapely's STRtree (`dwithin`; scipy is not in the lock) and then takes CPA of all of them
with numpy at once. Prints one JSON line a row.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from jiangdun.feeds.columns import COLUMNS, DEGREE, Chunk, Kind
from jiangdun.watch.engine import Engine
from jiangdun.watch.engine.stage2.pair import candidates, reach_m
from jiangdun.watch.engine.stage2.plane import UNIT_M
from jiangdun.watch.engine.stage2.snapshot import Snapshot
from jiangdun.watch.rules import spec

SEED = 7
T0 = 1_700_000_040_000
"""A whole minute, so that every operator has its tick."""
FLOOR_MS = 90
RULES: dict[str, spec.Operator] = {
    "pair": spec.Pair(80, 180_000),
    "pair along an axis of 400 corners": spec.Pair(80, 180_000, along=spec.Place(kind="reach")),
    "rendezvous": spec.Rendezvous(80, 600_000, 240),
    "group": spec.Group(4, 150, 600_000),
    "cover of 100 zones": spec.Cover(spec.Place(kind="core"), 900_000, 200, 600_000),
}


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--vessels", type=int, default=100_000)
    asked.add_argument("--quick", action="store_true", help="CPA only")
    given = asked.parse_args()
    for n in (given.vessels // 4, given.vessels // 2, given.vessels):
        cpa(n)
    if given.quick:
        return
    for name, when in list(RULES.items())[1:]:
        operator(name, when, given.vessels)


def say(row: str, figure: float, note: str, **more: Any) -> None:
    print(json.dumps({"row": row, "figure": round(figure, 1), "unit": "ms", "note": note} | more), flush=True)


def cpa(n: int) -> None:
    """The kernel alone against its rival; the whole operator at a tick."""
    seen, run = at_tick(RULES["pair"], n)
    given = [seen.px, seen.py, seen.vx, seen.vy, seen.scale]
    group = np.zeros(n, np.int64)
    found = candidates(given, group, 80, 180)
    alone = median_ms(lambda: candidates(given, group, 80, 180))
    whole = median_ms(lambda: run.step(T0, seen))
    near, other = strtree(seen)
    more = {"rival": "shapely STRtree + numpy", "rival_figure": round(other, 1), "ratio": other / alone}
    say(
        f"CPA of {n:,} vessels, who comes close",
        alone,
        f"{near:,} pairs within reach, {len(found):,} come close, seed {SEED}",
        **more,
    )
    say(
        f"CPA of {n:,} vessels, the whole operator at a tick",
        whole,
        "grid, decision, parallel traffic, convoys, state",
        floor=FLOOR_MS,
    )


def strtree(seen: Snapshot) -> tuple[int, float]:
    """Pairs within reach and the time to find those that come close, with libraries alone."""
    far, close = reach_m(80, 180) / UNIT_M * seen.scale.mean(), 80 / UNIT_M * seen.scale.mean()
    count = 0

    def run() -> None:
        nonlocal count
        points = shapely.points(seen.px, seen.py)
        i, j = shapely.STRtree(points).query(points, predicate="dwithin", distance=far)
        i, j = i[i < j], j[i < j]
        count = len(i)
        dx, dy = seen.px[j] - seen.px[i], seen.py[j] - seen.py[i]
        du, dv = seen.vx[j] - seen.vx[i], seen.vy[j] - seen.vy[i]
        w, toward = du * du + dv * dv, -(dx * du + dy * dv)
        meet = (
            (toward >= 0) & (toward <= 180 * w) & ((dx * dx + dy * dy - close * close) * w < toward * toward)
        )
        np.flatnonzero(meet)

    start = time.process_time()
    run()
    return count, (time.process_time() - start) * 1000


def operator(name: str, when: spec.Operator, n: int) -> None:
    seen, run = at_tick(when, n)
    run.step(T0, seen)
    took = []
    for k in (1, 2, 3):
        start = time.process_time()
        run.step(T0 + 60_000 * k, seen._replace(t=seen.t + 60_000 * k))
        took.append((time.process_time() - start) * 1000)
    say(f"{name}, {n:,} tracks, one tick", statistics.median(took), "third tick and on: its state is full")


def at_tick(when: spec.Operator, n: int) -> tuple[Snapshot, Any]:
    """The snapshot of n vessels at a tick, and a rule that has not seen it yet; kernels are warm."""
    engine = Engine([rule(when)], zones(), eager=False)
    rows = vessels(n)
    engine.take(Chunk(0, T0 - 30_000, rows))
    taken: list[Snapshot] = []
    stage = engine._stage2
    assert stage is not None
    (run,) = stage.settled.values()
    step = run.step
    run.step = lambda tick, seen: (taken.append(seen), step(tick, seen))[1]  # type: ignore[method-assign, func-returns-value]
    engine.heartbeat(T0 + 1, n)
    fresh = Engine([rule(when)], zones(), eager=False)._stage2
    assert fresh is not None
    (again,) = fresh.settled.values()
    return taken[-1], again


def rule(when: spec.Operator) -> spec.RuleSpec:
    return spec.RuleSpec("r", 1, "r", "r", "traffic", "bench", spec.Severity.III, "vessel", when)


def river(n: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    x = np.linspace(112.0, 121.5, n)
    return x, 30.6 + 0.55 * np.sin((x - 112) * 1.3) + 0.18 * np.sin((x - 112) * 6.1)


def zones() -> list[spec.ZoneSpec]:
    rx, ry = river(400)
    box = ((111.0, 29.0), (122.0, 29.0), (122.0, 32.5), (111.0, 32.5))
    reach = spec.ZoneSpec(
        "reach", 1, "reach", "", "", ((box,),), axis=tuple(zip(rx.tolist(), ry.tolist(), strict=True))
    )
    out = [reach]
    for k in range(100):
        x, y = rx[4 * k], ry[4 * k] + 0.5
        ring = tuple((x + 0.02 * np.cos(a), y + 0.02 * np.sin(a)) for a in np.linspace(0, 6.2, 40))
        out.append(replace(reach, zone_id=f"c{k}", kind="core", polygons=((ring,),), axis=()))
    return out


def vessels(n: int) -> npt.NDArray[np.void]:
    rng = np.random.default_rng(SEED)
    rx, ry = river(4_000)
    at = rng.uniform(0, len(rx) - 1, n)
    rows = np.zeros(n, COLUMNS)
    rows["track"], rows["t"] = rng.permutation(n) + 1, T0 - rng.integers(0, 10_000, n)
    rows["lon"] = np.rint(np.interp(at, np.arange(len(rx)), rx) * DEGREE)
    rows["lat"] = np.rint((np.interp(at, np.arange(len(ry)), ry) + rng.normal(0, 0.03, n)) * DEGREE)
    rows["sog_dkn"], rows["kind"] = rng.integers(20, 130, n), Kind.CARGO
    slope = np.interp(at, np.arange(len(rx)), np.degrees(np.arctan2(np.gradient(rx) * 0.86, np.gradient(ry))))
    rows["cog_ddeg"] = np.rint((slope + rng.choice([0, 180], n) + rng.normal(0, 6, n)) % 360 * 10) % 3_600
    return rows


def timed(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return (time.process_time() - start) * 1000


def median_ms(work: Callable[[], object]) -> float:
    return statistics.median(timed(work) for _ in range(5))


if __name__ == "__main__":
    main()
