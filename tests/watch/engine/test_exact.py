"""Exact to the lattice point: zones against shapely, ways between two fixes, visits of (track, zone)."""

from __future__ import annotations

import os
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from watch.engine.test_grid import plan_rows, shape, zone
from watch.engine.test_operators import settled
from watch.engine.world import X0, Y0, box, path

from jiangdun.feeds.columns import DEGREE, Chunk
from jiangdun.watch.engine import Engine
from jiangdun.watch.engine.grid import build, locate
from jiangdun.watch.engine.outline import outline
from jiangdun.watch.engine.plain import PlainZone
from jiangdun.watch.rules import spec

POINTS = 10_000_000 if os.environ.get("HYPOTHESIS_PROFILE") == "soak" else 200_000
BATCH = 200_000
EAST = 180 * DEGREE - X0  # the date line, in test_grid's coordinates
Ring = list[tuple[int, int]]


def star(rng: np.random.Generator, x: int, y: int, most: int) -> Ring:
    """A ring of 5 to 40 corners around a spot, spikes and all."""
    n = int(rng.integers(5, 41))
    angles = 2 * np.pi * (np.arange(n) + rng.random()) / n
    radii = rng.integers(most // 8, most, n)
    return [(int(x + r * np.cos(a)), int(y + r * np.sin(a))) for r, a in zip(radii, angles, strict=True)]


def country(seed: int) -> list[spec.ZoneSpec]:
    """Stars, holes, several parts, neighbours with shared edges, and the last squares before the date line."""
    rng = np.random.default_rng(seed)
    made = [
        zone([[star(rng, *rng.integers(-8_000, 8_000, 2).tolist(), 6_000)]], f"star{i}") for i in range(6)
    ]
    outer = [(-9_000, -9_000), (9_000, -8_990), (9_010, 9_000), (-9_003, 8_997)]
    made.append(zone([[outer, [(-1_024, 0), (1_024, 7), (0, 2_048)]]], "holed"))
    parts = [[star(rng, x, y, 900)] for x, y in [(-5_000, 5_000), (5_000, 5_000), (0, -5_000)]]
    made.append(zone(parts, "three"))
    xs = np.cumsum(np.r_[-9_000, rng.integers(500, 3_000, 6)]).tolist()
    crooked = [(x, int(y)) for x, y in zip(xs, rng.integers(-300, 300, 7), strict=True)]
    for i, (a, b) in enumerate(pairwise(crooked)):
        made.append(zone([[[a, b, (b[0], 4_000), (a[0], 4_000)]]], f"north{i}"))
        made.append(zone([[[b, a, (a[0], -4_000), (b[0], -4_000)]]], f"south{i}"))
    made.append(
        zone([[[(EAST - 9_000, -9_000), (EAST, -9_000), (EAST, 9_000), (EAST - 9_000, 9_000)]]], "date")
    )
    return [z for z in made if shape(z).is_valid]


def probes(zones: list[spec.ZoneSpec], rng: np.random.Generator, n: int) -> npt.NDArray[np.int64]:
    """Points anywhere about, on corners, on edges and a hair beside them, and on both sides of the date line."""
    edges = np.concatenate([outline(z).edges for z in zones]) - [X0, Y0, X0, Y0]
    picked = edges[rng.integers(0, len(edges), n // 2)]
    steps = np.maximum(1, np.gcd(picked[:, 2] - picked[:, 0], picked[:, 3] - picked[:, 1]))
    on = (
        picked[:, :2]
        + (picked[:, 2:] - picked[:, :2]) // steps[:, None] * (rng.integers(0, steps + 1))[:, None]
    )
    on[n // 8 :] += rng.integers(-1, 2, on[n // 8 :].shape)
    free = rng.integers(-10_000, 10_000, (n - len(on), 2))
    free[: n // 16, 0] += EAST - 5_000
    points = np.concatenate([on, free])
    points[:, 0] = np.minimum(points[:, 0], EAST)
    return points


def test_a_point_is_in_the_zones_that_cover_it_and_in_no_other() -> None:
    for batch in range(POINTS // BATCH):
        rng = np.random.default_rng(batch)
        zones = country(batch)
        points = probes(zones, rng, BATCH)
        grid, _ = build([outline(z) for z in zones])
        hits, numbers = locate(grid, plan_rows(len(zones)), points[:, 0] + X0, points[:, 1] + Y0, 0)
        found = np.zeros((len(zones), len(points)), bool)
        found[numbers, hits] = True
        for number, one in enumerate(zones):
            area = shape(one)
            shapely.prepare(area)
            wanted = shapely.intersects_xy(area, points[:, 0].astype(float), points[:, 1].astype(float))
            wrong = np.flatnonzero(found[number] != wanted)
            assert len(wrong) == 0, (one.zone_id, batch, points[wrong[:3]])


def test_neighbours_share_their_border_and_lie_over_nothing_else_of_each_other() -> None:
    zones = {z.zone_id: z for z in country(0)}
    a, b = outline(zones["north0"]), outline(zones["south0"])
    assert len(set(map(tuple, a.edges.tolist())) & set(map(tuple, b.edges.tolist()))) == 1


SPOT = st.tuples(st.integers(-3_000, 3_000), st.integers(-3_000, 3_000))
LANES = [
    box("thin", -2_000, -10, 4_000, 20),
    box("hair", 700, -2_000, 1, 4_000),
    box("spot", -900, 900, 30, 30),
    box("holed", -2_500, -2_500, 1_200, 1_200, hole=True),
]


@given(st.lists(st.tuples(SPOT, SPOT), min_size=1, max_size=20))
def test_a_way_that_jumps_a_lane_is_found_and_one_that_misses_it_is_not(ways: list) -> None:
    """enter with one fix, of tracks that are heard twice: outside both times, or inside the second time."""
    rules = [spec.Enter(spec.Place(zone_id=z.zone_id), 1) for z in LANES]
    given_rows = np.concatenate([path((0, *a), (600, *b), track=n) for n, (a, b) in enumerate(ways)])
    areas = [PlainZone(z) for z in LANES]
    shapes = [shape(z) for z in LANES]
    for when, lane, area in zip(rules, areas, shapes, strict=True):
        found = {e.track for e in settled(when, given_rows, LANES)}
        for n, (a, b) in enumerate(ways):
            met = bool(shapely.intersects(area, shapely.LineString([a, b]) if a != b else shapely.Point(a)))
            came = met and not lane.covers((a[0] + X0, a[1] + Y0))
            assert (n in found) == came, (lane.spec.zone_id, a, b)


def test_a_visit_is_of_one_track_and_one_zone_id() -> None:
    """Two zones of a class, side by side: five minutes in each are no ten minutes in either."""
    west, east = box("west", 0, 0, 1_000, 1_000), box("east", 1_000, 0, 1_000, 1_000)
    stay = spec.Stay(spec.Place(kind="ban"), 600_000)
    both = path((0, 500, 500), (300, 500, 500), (330, 1_500, 500), (600, 1_500, 500))
    assert settled(stay, both, [west, east]) == []
    longer = np.concatenate([both, path((930, 1_500, 500))])
    assert [(e.zone_id, e.started_at_ms % 1_000_000) for e in settled(stay, longer, [west, east])] == [
        ("east", 330_000)
    ]
    on_the_border = path((0, 1_000, 500), (600, 1_000, 500))
    assert sorted(e.zone_id for e in settled(stay, on_the_border, [west, east])) == ["east", "west"]
    other = path((0, 500, 500), (300, 500, 500), track=2)
    assert settled(stay, np.concatenate([path((0, 500, 500), (300, 500, 500)), other]), [west]) == []


@given(st.lists(SPOT, min_size=4, max_size=7, unique=True), st.lists(SPOT, min_size=1, max_size=60))
def test_a_ring_that_crosses_itself_is_inside_where_a_line_out_crosses_it_an_odd_number_of_times(
    ring: Ring, points: list
) -> None:
    """The import of zones refuses such a ring; the engine alone reads it even-odd, as its twin does."""
    knot = zone([[ring]], "knot")
    area = shape(knot)
    if area.area == 0 and not area.is_valid and len({*ring}) < 3:
        return
    grid, _ = build([outline(knot)])
    xs, ys = np.array(points).T
    hits, _ = locate(grid, plan_rows(1), xs + X0, ys + Y0, 0)
    plain = PlainZone(knot)
    wanted = [i for i, (x, y) in enumerate(points) if plain.covers((x + X0, y + Y0))]
    assert sorted(hits.tolist()) == wanted


@pytest.mark.parametrize("lon", [-180 * DEGREE, 180 * DEGREE])
def test_the_date_line_is_the_border_of_what_touches_it(lon: int) -> None:
    side = -1 if lon > 0 else 1
    edge = spec.ZoneSpec(
        "edge", 1, "ban", "", "",
        ((((lon / DEGREE, 0.0), (lon / DEGREE + side * 0.01, 0.0), (lon / DEGREE + side * 0.01, 0.01),
           (lon / DEGREE, 0.01)),),),
    )  # fmt: skip
    engine = Engine([_rule(spec.Stay(spec.Place(kind="ban"), 0))], [edge], eager=False)
    rows = path((0, 0, 0), (10, 0, 0))
    rows["lon"], rows["lat"] = [lon, -lon], 3_000
    events = engine.take(Chunk(0, 0, rows)) + engine.finish()
    assert [e.fixes[-1].lon for e in events] == [lon], "the other side of the line is another place"


def _rule(when: spec.Operator) -> spec.RuleSpec:
    from watch.engine.world import rule

    return rule(when)
