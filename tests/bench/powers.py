"""Who may do what at a point: the register's map in memory, as it grows, against going through all of it.

    python tests/bench/powers.py [--asks 3000]

Each agency is competent in three areas of 200 vertices that overlap with those of its neighbours, and has ten powers of
its own law and time. The rival knows shapely too: it keeps the shapes and asks every one whether it covers the point.
The last row asks through the database: the mark is read at each asking, the map is made when it has changed.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import tempfile
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

import shapely

from jiangdun.alliance.powers import Area, Power, PowerMap
from jiangdun.core.shapes import Polygons, polygons_of, shape_of

NOW = datetime(2026, 9, 1, tzinfo=UTC)
AGENCIES = 500
FLOOR_MS = 10
ACTS = ("inspect", "board", "search", "order", "fine")
DOMAINS = ("", "water", "traffic", "port")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--asks", type=int, default=3_000)
    asks = asked.parse_known_args()[0].asks
    for agencies in (50, AGENCIES, 2_000):
        in_memory(agencies, asks)
    through_the_database(asks)


def in_memory(agencies: int, asks: int) -> None:
    areas, powers = register(agencies)
    begun = time.perf_counter()
    made = PowerMap(areas, powers)
    built_ms = (time.perf_counter() - begun) * 1000
    points = wanted(asks)
    took, found = [], 0
    for act, lon, lat, domain in points:
        begun = time.perf_counter()
        found += len(made.who(act, lon, lat, NOW, domain))
        took.append((time.perf_counter() - begun) * 1000)
    shapes = [shape_of(area.polygons) for area in areas]
    slow, same = [], 0
    sample = points[: max(20, 20_000 // agencies)]
    for act, lon, lat, domain in sample:
        begun = time.perf_counter()
        same += len(plain(areas, shapes, powers, act, lon, lat, domain))
        slow.append((time.perf_counter() - begun) * 1000)
    assert same == sum(len(made.who(act, lon, lat, NOW, domain)) for act, lon, lat, domain in sample)
    ours, theirs = p99(took), p99(slow)
    note = f"{found / asks:.1f} answers each, p50 {sorted(took)[asks // 2]:.3f} ms; map made in {built_ms:.0f} ms"
    row = {"row": f"who may do it here, {agencies:,} agencies, p99", "figure": round(ours, 3), "unit": "ms"}
    row |= {
        "rival": "every area asked",
        "rival_figure": round(theirs, 2),
        "ratio": theirs / ours,
        "note": note,
    }
    print(json.dumps(row | ({"floor": FLOOR_MS} if agencies == AGENCIES else {})))


def through_the_database(asks: int) -> None:
    with tempfile.TemporaryDirectory(prefix="jiangdun-bench-") as home:
        os.environ["JIANGDUN_HOME"] = home
        from jiangdun.hall import django_up

        django_up.ready()
        django_up.migrate()
        from jiangdun.alliance import actions, queries
        from jiangdun.core.journal import By

        by = By(system="bench")
        areas, powers = register(AGENCIES)
        for number in range(AGENCIES):
            actions.found_agency(code(number), "单位", "Agency", "water", by=by, now=NOW)
        for area in areas:
            geometry = {"type": "MultiPolygon", "coordinates": json.loads(json.dumps(area.polygons))}
            actions.draw_area(
                area.agency,
                "辖区",
                "Area",
                geometry,
                by=by,
                now=NOW,
                domain=area.domain,
                valid_from=area.valid_from,
            )
        for power in powers:
            actions.give_power(
                power.agency,
                power.act,
                "law",
                by=by,
                now=NOW,
                domain=power.domain,
                valid_from=power.valid_from,
            )
        begun = time.perf_counter()
        queries.who("fine", 116.0, 29.8, NOW)
        first_ms = (time.perf_counter() - begun) * 1000
        took = []
        for act, lon, lat, domain in wanted(asks):
            begun = time.perf_counter()
            queries.who(act, lon, lat, NOW, domain)
            took.append((time.perf_counter() - begun) * 1000)
        from django.db import connection

        p50 = f"p50 {sorted(took)[asks // 2]:.3f} ms"
        size = f"{len(areas):,} areas, {len(powers):,} powers"
        note = f"{connection.vendor}; {p50}; {size}; {first_ms:.0f} ms after a change"
        row = {"row": f"who may do it here, through the database, {AGENCIES} agencies, p99"}
        print(
            json.dumps(row | {"figure": round(p99(took), 3), "unit": "ms", "floor": FLOOR_MS, "note": note})
        )
        connection.close()


def register(agencies: int) -> tuple[list[Area], list[Power]]:
    chance = random.Random(agencies)
    areas, powers = [], []
    for number in range(agencies):
        for _ in range(3):
            area_id = UUID(int=len(areas) + 1)
            ring = polygon(chance)
            since = NOW - timedelta(days=chance.randrange(900))
            name = code(number)
            areas.append(Area(area_id, name, "", "", chance.choice(DOMAINS), ring, "", since, None, 1))
        for n in range(10):
            since = NOW - timedelta(days=chance.randrange(900))
            power_id = UUID(int=10**9 + len(powers))
            act, domain = ACTS[n % len(ACTS)], chance.choice(DOMAINS)
            powers.append(Power(power_id, code(number), act, "", "", domain, None, "law", since, None, 1))
    return areas, powers


def code(number: int) -> str:
    return f"agency-{number:05d}"


def polygon(chance: random.Random) -> Polygons:
    """An uneven round of 200 vertices, 3 to 12 km across, somewhere along 330 km of river and land."""
    lon, lat, size = chance.uniform(115, 118.5), chance.uniform(29.3, 30.6), chance.uniform(0.015, 0.06)
    ring = [
        [lon + size * math.cos(a) * (1 + 0.2 * math.sin(7 * a)), lat + size * math.sin(a)]
        for a in (2 * math.pi * i / 200 for i in range(200))
    ]
    return polygons_of({"type": "Polygon", "coordinates": [[*ring, ring[0]]]})


def wanted(asks: int) -> list[tuple[str, float, float, str | None]]:
    chance = random.Random(7)
    return [
        (
            chance.choice(ACTS),
            chance.uniform(115, 118.5),
            chance.uniform(29.3, 30.6),
            chance.choice([None, "water", "traffic"]),
        )
        for _ in range(asks)
    ]


def plain(
    areas: list[Area],
    shapes: list[shapely.MultiPolygon],
    powers: list[Power],
    act: str,
    lon: float,
    lat: float,
    domain: str | None,
) -> set[UUID]:
    point = shapely.Point(lon, lat)
    found = set()
    for area, shape in zip(areas, shapes, strict=True):
        if area.valid_from > NOW or (domain and area.domain not in ("", domain)) or not shape.covers(point):
            continue
        for power in powers:
            fits = power.agency == area.agency and power.act == act and power.valid_from <= NOW
            fits = fits and (not domain or power.domain in ("", domain))
            if fits and (not power.domain or area.domain in ("", power.domain)):
                found.add(power.id)
    return found


def p99(took: list[float]) -> float:
    return sorted(took)[int(len(took) * 0.99)]


if __name__ == "__main__":
    main()
