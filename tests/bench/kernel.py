"""The engine alone on the load of `load.py`: its 1,000 zones, its 5 rules, its 30,000 vessels, one core, CPU time.

    python tests/bench/kernel.py [--reports 1500000]

Both passes, conditions included, in chunks as large as a second of 20,000 reports/s would make them.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from typing import Any

import _town as town
import numpy as np

from jiangdun.feeds.columns import COLUMNS, DEGREE, NO_HEADING, Chunk, Kind
from jiangdun.watch.engine import Engine, warm
from jiangdun.watch.rules import ZoneSpec, language

T0 = 1_760_000_000_000
PER_S = 5_000
CHUNK = 20_000
ROUNDS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reports", type=int, default=1_500_000)
    options, _ = parser.parse_known_args()
    warm()
    rules = [language.read(town.rule(name, when), name) for name, when in town.RULES.items()]
    zones = [zone_of(feature) for feature in town.zones()["features"]]
    rows = stream(options.reports)
    for eager, name in (
        (True, "kernel on this load, both passes"),
        (False, "kernel on this load, settled pass"),
    ):
        took = [run(rules, zones, rows, eager) for _ in range(ROUNDS)]
        rate = len(rows) / statistics.median(took)
        row = {"row": name, "figure": round(rate), "unit": "reports/s/core", "floor": 3_000_000}
        print(json.dumps({**row, "note": f"1,000 zones, 5 rules, median of {ROUNDS}"}), flush=True)


def zone_of(feature: dict[str, Any]) -> ZoneSpec:
    said = feature["properties"]
    ring = tuple((x, y) for x, y in feature["geometry"]["coordinates"][0])
    return ZoneSpec(said["code"], 1, said["kind"], said["name_zh"], said["name_en"], ((ring,),))


def stream(count: int) -> np.ndarray[Any, np.dtype[np.void]]:
    """What the sender of `load.py` says: 24,000 ships and 6,000 terminals in turn, 5,000 reports a second."""
    chance = random.Random(5)
    ships = np.array(
        [(*town.river(chance.random()), chance.uniform(-8e-5, 8e-5)) for _ in range(town.AIS_VESSELS)]
    )
    cars = np.array([town.river(n / town.TERMINALS) for n in range(town.TERMINALS)])
    turn = np.arange(count)
    ship, car, is_car = turn * 4 // 5 % len(ships), turn // 5 % len(cars), turn % 5 == 4
    step = turn // (PER_S // 20)
    rows = np.zeros(count, COLUMNS)
    rows["track"] = np.where(is_car, (1 << 62) + car, 412_000_000 + ship)
    rows["t"] = T0 + turn * 1_000 // PER_S
    lon = np.where(is_car, cars[car, 0] + step % 100 * 1e-5, ships[ship, 0] + ships[ship, 2] * (step % 400))
    rows["lon"] = np.round(lon * DEGREE)
    rows["lat"] = np.round(np.where(is_car, cars[car, 1], ships[ship, 1]) * DEGREE)
    rows["sog_dkn"] = np.where(is_car, 216, 60 + step % 20)
    rows["cog_ddeg"], rows["heading_ddeg"], rows["nav"] = 900, NO_HEADING, 15
    rows["kind"] = np.where(is_car, Kind.TRUCK, Kind.CARGO)
    return rows


def run(
    rules: list[Any], zones: list[ZoneSpec], rows: np.ndarray[Any, np.dtype[np.void]], eager: bool
) -> float:
    """Seconds of CPU for the whole stream, settled to its end."""
    engine = Engine(rules, zones, eager=eager)
    chunks = [
        Chunk(at, int(rows["t"][min(at + CHUNK, len(rows)) - 1]) - 30_000, rows[at : at + CHUNK])
        for at in range(0, len(rows), CHUNK)
    ]
    begun = time.process_time()
    for chunk in chunks:
        engine.take(chunk)
    engine.finish()
    return time.process_time() - begun


if __name__ == "__main__":
    main()
