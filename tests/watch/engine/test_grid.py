"""The zone grid says of every point what shapely says of the snapped zone: covered, border included."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from jiangdun.feeds.columns import DEGREE
from jiangdun.watch.engine.grid import build, locate
from jiangdun.watch.engine.layout import Z_TO, ZONE_WIDTH
from jiangdun.watch.engine.limits import ALWAYS, ZONES_PER_CELL_MAX, BadZone, LimitExceeded
from jiangdun.watch.engine.outline import outline, snap
from jiangdun.watch.rules.spec import ZoneSpec

X0, Y0 = 71_000_000, 19_000_000  # about 118.3 E, 31.7 N


def zone(polygons: list[list[list[tuple[int, int]]]], name: str = "z") -> ZoneSpec:
    """A zone from lattice coordinates relative to (X0, Y0)."""
    return ZoneSpec(
        name, 1, "k", name, name,
        tuple(
            tuple(tuple(((x + X0) / DEGREE, (y + Y0) / DEGREE) for x, y in ring) for ring in polygon)
            for polygon in polygons
        ),
    )  # fmt: skip


def plan_rows(n: int) -> np.ndarray:
    rows = np.zeros((n, ZONE_WIDTH), np.int64)
    rows[:, Z_TO] = ALWAYS
    return rows


def inside(specs: list[ZoneSpec], xs: np.ndarray, ys: np.ndarray) -> np.ndarray:
    grid, _ = build([outline(s) for s in specs])
    points, zones = locate(grid, plan_rows(len(specs)), xs + X0, ys + Y0, 0)
    always, _ = build([outline(s) for s in specs], timed=np.zeros(len(specs), bool))
    again = locate(always, plan_rows(len(specs)), xs + X0, ys + Y0, 0)
    assert set(zip(*map(np.ndarray.tolist, again), strict=True)) == set(
        zip(points.tolist(), zones.tolist(), strict=True)
    )
    found = np.zeros((len(specs), len(xs)), bool)
    assert len(set(zip(points.tolist(), zones.tolist(), strict=True))) == len(points), "a zone is named once"
    found[zones, points] = True
    return found


def test_snapping_goes_to_the_nearest_lattice_point() -> None:
    assert snap([118.3, -31.7, 1 / 1_200_000]).tolist() == [70_980_000, -19_020_000, 0]


def shape(spec: ZoneSpec) -> shapely.MultiPolygon:
    parts = []
    for polygon in spec.polygons:
        rings = [[tuple(p) for p in (snap(r) - (X0, Y0)).tolist()] for r in polygon]
        parts.append(shapely.Polygon(rings[0], rings[1:]))
    return shapely.MultiPolygon(parts)


@st.composite
def star(draw: st.DrawFn, span: int = 6_000) -> list[tuple[int, int]]:
    """A simple ring around a centre, spikes and all."""
    n = draw(st.integers(3, 12))
    cx, cy = draw(st.integers(-span, span)), draw(st.integers(-span, span))
    radii = draw(st.lists(st.integers(3, span), min_size=n, max_size=n))
    angles = 2 * np.pi * (np.arange(n) + draw(st.floats(0, 1))) / n
    return [(int(cx + r * np.cos(a)), int(cy + r * np.sin(a))) for r, a in zip(radii, angles, strict=True)]


@st.composite
def lattice_polygon(draw: st.DrawFn) -> list[list[tuple[int, int]]]:
    """Rings whose corners and edges lie on cell borders: where a grid errs first."""
    unit = draw(st.sampled_from([512, 1_024, 2_048, 1_000]))
    x, y = draw(st.integers(-3, 3)) * unit, draw(st.integers(-3, 3)) * unit
    w, h = draw(st.integers(1, 6)) * unit, draw(st.integers(1, 6)) * unit
    ring = [(x, y), (x + w, y), (x + w, y + h), (x, y + h)]
    if draw(st.booleans()):
        ring.append((x + w // 2, y + h // 2))
    rings = [ring]
    if len(ring) == 4 and draw(st.booleans()):
        rings.append([(x + w // 4, y + h // 4), (x + w // 2, y + h // 4), (x + w // 2, y + h // 2)])
    return rings


def probes(spec: ZoneSpec, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Corners, points on edges, near them, cell corners, and anywhere."""
    rng = np.random.default_rng(seed)
    corners = np.concatenate([snap(r) - (X0, Y0) for p in spec.polygons for r in p])
    after = np.roll(corners, -1, axis=0)
    points = [corners, (corners + after) // 2]
    steps = np.gcd.reduce((after - corners), axis=1)[:, None]
    on_edge = corners + (after - corners) // np.maximum(steps, 1) * rng.integers(0, np.maximum(steps, 1) + 1)
    points += [on_edge, on_edge + rng.integers(-1, 2, on_edge.shape)]
    low, high = corners.min(axis=0) - 3_000, corners.max(axis=0) + 3_000
    points.append(rng.integers(low, high, (200, 2)))
    points.append(rng.integers(low, high, (50, 2)) // 1_024 * 1_024)
    xs, ys = np.concatenate(points).T
    return np.concatenate([xs, xs - X0 % 1_024]), np.concatenate([ys, ys])


@given(
    st.lists(st.one_of(star().map(lambda r: [r]), lattice_polygon()), min_size=1, max_size=3),
    st.integers(0, 99),
)
def test_every_point_is_in_the_zones_that_cover_it(polygons: list, seed: int) -> None:
    specs = []
    for i, polygon in enumerate(polygons):
        spec = zone([polygon], f"z{i}")
        try:
            outline(spec)
        except BadZone:
            continue
        if shape(spec).is_valid and shape(spec).area > 0:
            specs.append(spec)
    if not specs:
        return
    for spec in specs:
        xs, ys = probes(spec, seed)
        found = inside(specs, xs, ys)
        for i, s in enumerate(specs):
            expected = shapely.covers(shape(s), shapely.points(xs, ys))
            assert (found[i] == expected).all(), (s, xs[found[i] != expected], ys[found[i] != expected])


@given(st.lists(star(3_000), min_size=1, max_size=4), st.integers(0, 99))
def test_a_multipolygon_is_the_union_of_its_parts(rings: list, seed: int) -> None:
    spec = zone([[r] for r in rings])
    parts = []
    for r in rings:
        try:
            outline(zone([[r]]))
        except BadZone:
            return
        parts.append(shapely.Polygon(r))
    if not all(p.is_valid and p.area > 0 for p in parts):
        return
    xs, ys = probes(spec, seed)
    expected = np.logical_or.reduce([shapely.covers(p, shapely.points(xs, ys)) for p in parts])
    assert (inside([spec], xs, ys)[0] == expected).all()


def test_a_large_zone_has_cells_that_need_no_arithmetic() -> None:
    square = zone([[[(0, 0), (900_000, 0), (900_000, 900_000), (0, 900_000)]]])
    grid, _ = build([outline(square)], timed=np.zeros(1, bool))
    pure = grid.cells[1:, 0] == grid.cells[:-1, 1]
    assert pure.mean() > 0.8
    rng = np.random.default_rng(1)
    xs, ys = rng.integers(-1_000, 901_000, (2, 20_000))
    expected = (xs >= 0) & (xs <= 900_000) & (ys >= 0) & (ys <= 900_000)
    assert (inside([square], xs, ys)[0] == expected).all()


def test_points_far_away_are_in_no_zone() -> None:
    spec = zone([[[(0, 0), (100, 0), (0, 100)]]])
    far = np.array([-108_000_000, 107_999_999, 0, 5]) - X0
    assert not inside([spec], far, far)[0].any()


def test_more_zones_over_one_spot_than_the_limit_are_refused_with_advice() -> None:
    spec = outline(zone([[[(0, 0), (10, 0), (0, 10)]]]))
    with pytest.raises(LimitExceeded, match=r"4,097 is more than 4,096; take out"):
        build([spec] * (ZONES_PER_CELL_MAX + 1))
    build([spec] * ZONES_PER_CELL_MAX)


@pytest.mark.parametrize(
    ("ring", "why"),
    [
        ([(0.0, 0.0), (1e-9, 0.0), (0.0, 1e-9)], "fewer than three"),
        ([(0.0, 0.0), (181.0, 0.0), (0.0, 1.0)], "off the globe"),
        ([(0.0, float("nan")), (1.0, 0.0), (0.0, 1.0)], "off the globe"),
    ],
)
def test_a_zone_that_encloses_nothing_is_refused(ring: list, why: str) -> None:
    with pytest.raises(BadZone, match=why):
        outline(ZoneSpec("bad", 1, "k", "", "", ((tuple(ring),),)))
