"""The load behind the engine's figures: a made-up river, its zones, its traffic, and the 20 rules of rules20.yaml."""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from jiangdun.feeds.columns import COLUMNS, DEGREE, NO_SPEED, Chunk, Kind
from jiangdun.watch.engine import Engine
from jiangdun.watch.engine.columns import masks
from jiangdun.watch.engine.layout import N_SLOW
from jiangdun.watch.rules import language, spec

SEED = 5
ZONE_SEED = 2
T0 = 1_700_000_000_000
EVERY_MS = 10_000
BOUND_MS = 30_000
CLASSES = ("sand-ban", "danger-dike", "reserve-core", "lane-up", "lane-down", "anchorage", "intake", "bridge")
Rows = npt.NDArray[np.void]


def rules20() -> list[spec.RuleSpec]:
    """The rules of rules20.yaml, in its order."""
    texts = (Path(__file__).parent / "rules20.yaml").read_text("utf-8").split("\n---\n")
    found = [language.read(text, "rules20.yaml") for text in texts]
    assert len(found) == 20
    return found


def river(n: int = 4_000) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    x = np.linspace(112.0, 121.5, n)
    return x, 30.6 + 0.55 * np.sin((x - 112) * 1.3) + 0.18 * np.sin((x - 112) * 6.1) + 0.05 * np.sin(
        (x - 112) * 23
    )


def river_zones(n: int) -> list[spec.ZoneSpec]:
    """70 % blobs of 60 m to 5 km, 30 % strips along the river, 20 to 200 corners; the 8 classes in turn."""
    rng = np.random.default_rng(ZONE_SEED)
    rx, ry = river()
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
        kind, corners_ = CLASSES[i % len(CLASSES)], tuple(map(tuple, ring.tolist()))
        out.append(spec.ZoneSpec(f"z{i:05}", 1, kind, "", "", ((corners_,),)))
    return out


def turns(vessels: int, seed: int = SEED) -> Iterator[Rows]:
    """One report of each vessel every ten seconds, for ever, by time within each turn.

    Six in ten sail, with speeds that waver by 0.3 kn; the others lie still. One in 200 is shorter than 50 m: those that
    most rules look at.
    """
    rng = np.random.default_rng(seed)
    rx, ry = river()
    at = rng.uniform(50, len(rx) - 50, vessels)
    beside = rng.normal(0, 0.006, vessels)
    speed = rng.uniform(-12, 12, vessels)
    moving = rng.random(vessels) < 0.6
    kind = rng.choice([Kind.CARGO, Kind.DREDGER, Kind.SAND_CARRIER, Kind.TANKER], vessels)
    length = np.where(rng.random(vessels) < 0.005, 300, 900)
    phase = np.sort(rng.integers(0, EVERY_MS, vessels))
    turn = 0
    while True:
        moving ^= rng.random(vessels) < 0.005
        knots = np.where(moving, speed + rng.normal(0, 0.3, vessels), rng.normal(0, 0.1, vessels))
        at = np.clip(at + knots * 0.514 * EVERY_MS / 1000 / 230, 20, len(rx) - 20)
        beside += np.where(moving, rng.normal(0, 0.00002, vessels), 0)
        part = np.zeros(vessels, COLUMNS)
        part["track"] = 413_000_000 + np.arange(vessels)
        part["t"] = T0 + turn * EVERY_MS + phase
        part["lon"] = np.rint(np.interp(at, np.arange(len(rx)), rx) * DEGREE)
        part["lat"] = np.rint((np.interp(at, np.arange(len(ry)), ry) + beside) * DEGREE)
        part["sog_dkn"] = np.minimum(np.abs(knots) * 10, NO_SPEED)
        part["kind"], part["length_dm"], part["nav"] = kind, length, np.where(moving, 0, 1)
        part["heading_ddeg"] = part["cog_ddeg"] = np.where(knots > 0, 900, 2_700)
        yield part
        turn += 1


def stream(n: int, vessels: int) -> tuple[Rows, npt.NDArray[np.int64]]:
    """n reports in the order of the log, and when each was heard: 2 % up to 20 s late."""
    parts = turns(vessels)
    rows = np.concatenate([next(parts) for _ in range(-(-n // vessels))])
    rng = np.random.default_rng(SEED)
    delay = np.where(rng.random(len(rows)) < 0.02, rng.integers(0, 20_000, len(rows)), 0)
    order = np.argsort(rows["t"] + delay, kind="stable")[:n]
    return rows[order], (rows["t"] + delay)[order]


def cpu_s() -> float:
    """User seconds of this process: what others do on the machine counts least in it."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_utime


def timed(work: Callable[[], Any]) -> float:
    before = cpu_s()
    work()
    return cpu_s() - before


def measure(
    rules: list[spec.RuleSpec],
    zones: list[spec.ZoneSpec],
    rows: Rows,
    heard: npt.NDArray[np.int64],
    size: int = 10_000,
    *,
    eager: bool = True,
) -> dict[str, Any]:
    """User CPU a report, and how long each chunk took, once the first half has filled the state."""
    engine = Engine(rules, zones, eager=eager)
    half = len(rows) // size // 2 * size
    wall, alerts, before, slow = [], 0, 0.0, 0
    for a in range(0, len(rows), size):
        chunk = Chunk(a, int(heard[a : a + size][-1]) - BOUND_MS, rows[a : a + size])
        if a == half:
            before, slow = cpu_s(), int(engine._tables.numbers[N_SLOW])
        began = time.perf_counter()
        alerts += len(engine.take(chunk))
        wall.append(time.perf_counter() - began)
    n = len(rows) - half
    spent = cpu_s() - before
    return {
        "figure": n / spent,
        "ns": spent / n * 1e9,
        "p99_ms": float(np.percentile(np.array(wall[half // size :]) * 1000, 99)),
        "alerts": alerts,
        "stepped": (int(engine._tables.numbers[N_SLOW]) - slow) / n / (2 if eager else 1),
        "rollbacks": engine.counts["rollbacks"],
    }


def changes(rules: list[spec.RuleSpec], zones: list[spec.ZoneSpec], rows: Rows) -> tuple[float, float]:
    """Shares of reports that change a condition bit, and a condition bit or the zones they lie in."""
    from jiangdun.watch.engine.grid import build, locate
    from jiangdun.watch.engine.layout import Z_TO, ZONE_WIDTH
    from jiangdun.watch.engine.limits import ALWAYS
    from jiangdun.watch.engine.outline import outline

    rows = rows[np.lexsort((rows["t"], rows["track"]))]
    bits = masks(Engine(rules, zones)._compiled, rows)
    grid, _ = build([outline(z) for z in zones], timed=np.zeros(len(zones), bool))
    table = np.zeros((len(zones), ZONE_WIDTH), np.int64)
    table[:, Z_TO] = ALWAYS
    points, hits = locate(grid, table, rows["lon"].astype(np.int64), rows["lat"].astype(np.int64), 0)
    weight = np.random.default_rng(0).integers(1, 1 << 40, len(zones))
    lies = np.zeros(len(rows), np.int64)
    np.add.at(lies, points, weight[hits])
    same_track = rows["track"][1:] == rows["track"][:-1]
    bit = (bits[1:] != bits[:-1]).any(axis=1) & same_track
    either = bit | ((lies[1:] != lies[:-1]) & same_track)
    return float(bit.mean()), float(either.mean())


def say(row: str, figure: float, unit: str, **more: Any) -> None:
    """One row, as tools/bench.py takes it."""
    said: dict[str, Any] = {"row": row, "figure": figure, "unit": unit}
    rival: Mapping[str, Any] = more.pop("rival", {})
    print(json.dumps({**said, **rival, **more}, ensure_ascii=False), flush=True)
