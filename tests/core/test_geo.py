"""Places: the published vectors, and what must hold everywhere."""

from __future__ import annotations

import math
import os
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from jiangdun.core import geo, measures

# lon, lat of WGS-84, GCJ-02 and BD-09, as the public converters give them.
VECTORS = [
    ((119.45, 32.22), (119.455395, 32.218079), (119.461991, 32.223732)),
    ((117.812, 30.943), (117.81734, 30.940705), None),
    ((116.0, 29.72), (116.005091, 29.717459), None),
]
LON, LAT = st.floats(73.0, 135.0), st.floats(4.0, 53.0)


def near(a: geo.Point, b: geo.Point, degrees: float) -> bool:
    return abs(a[0] - b[0]) <= degrees and abs(a[1] - b[1]) <= degrees


@pytest.mark.parametrize(("wgs", "gcj", "bd"), VECTORS)
def test_the_published_vectors_hold_both_ways(wgs: geo.Point, gcj: geo.Point, bd: geo.Point | None) -> None:
    assert near(geo.wgs84_to_gcj02(*wgs), gcj, 6e-7)
    assert near(geo.gcj02_to_wgs84(*gcj), wgs, 6e-7)
    if bd is not None:
        assert near(geo.wgs84_to_bd09(*wgs), bd, 6e-7)
        assert near(geo.bd09_to_wgs84(*bd), wgs, 6e-7)


def test_the_shift_at_zhenjiang_is_about_551_metres() -> None:
    lon, lat = geo.wgs84_to_gcj02(119.45, 32.22)
    assert geo.distance_m(119.45, 32.22, lon, lat) == pytest.approx(551, abs=2)


@given(LON, LAT)
def test_every_shift_is_undone_within_a_ten_millionth_of_a_degree(lon: float, lat: float) -> None:
    assert near(geo.gcj02_to_wgs84(*geo.wgs84_to_gcj02(lon, lat)), (lon, lat), 1e-7)
    assert near(geo.bd09_to_gcj02(*geo.gcj02_to_bd09(lon, lat)), (lon, lat), 1e-7)
    assert near(geo.bd09_to_wgs84(*geo.wgs84_to_bd09(lon, lat)), (lon, lat), 1e-7)


@given(st.floats(-180, 180), st.floats(-90, 90))
def test_outside_the_box_gcj02_does_not_move(lon: float, lat: float) -> None:
    assume(not geo.in_china_box(lon, lat))
    assert geo.wgs84_to_gcj02(lon, lat) == (lon, lat)


@given(LON, LAT)
def test_a_setting_of_crs_moves_points_there_and_back(lon: float, lat: float) -> None:
    for crs in ("wgs84", "cgcs2000", "gcj02", "bd09"):
        assert near(geo.to_wgs84(*geo.from_wgs84(lon, lat, crs), crs), (lon, lat), 1e-7)
    assert geo.to_wgs84(lon, lat, "cgcs2000") == (lon, lat)


@given(st.integers(-180 * geo.UNITS_PER_DEGREE, 180 * geo.UNITS_PER_DEGREE))
def test_a_point_of_the_grid_stays_where_it_is(units: int) -> None:
    assert geo.snap(geo.unsnap(units)) == units


@given(st.floats(-180, 180))
def test_snapping_moves_no_more_than_half_a_step(degrees: float) -> None:
    assert abs(geo.unsnap(geo.snap(degrees)) - degrees) <= 0.5000001 / geo.UNITS_PER_DEGREE


def test_distance_knows_the_length_of_a_degree_and_half_the_way_round() -> None:
    degree = math.pi * geo.EARTH_M / 180
    assert geo.distance_m(0, 0, 0, 1) == pytest.approx(degree)
    assert geo.distance_m(119, 60, 120, 60) == pytest.approx(degree / 2, rel=1e-4)
    assert geo.distance_m(0, 0, 180, 0) == pytest.approx(math.pi * geo.EARTH_M)
    assert geo.distance_m(179.9, 0, -179.9, 0) == pytest.approx(0.2 * degree)
    assert geo.near_m(179.9, 0, -179.9, 0) == pytest.approx(0.2 * degree)


@given(LON, st.floats(-60, 60), st.floats(-0.3, 0.3), st.floats(-0.3, 0.3))
def test_the_quick_distance_agrees_with_the_true_one_nearby(
    lon: float, lat: float, d_lon: float, d_lat: float
) -> None:
    true = geo.distance_m(lon, lat, lon + d_lon, lat + d_lat)
    assert geo.near_m(lon, lat, lon + d_lon, lat + d_lat) == pytest.approx(true, rel=1e-3, abs=0.01)


@given(LON, LAT, LON, LAT)
def test_distance_is_the_same_both_ways_and_never_negative(
    lon1: float, lat1: float, lon2: float, lat2: float
) -> None:
    there = geo.distance_m(lon1, lat1, lon2, lat2)
    assert there >= 0
    assert there == pytest.approx(geo.distance_m(lon2, lat2, lon1, lat1))


def test_bearings_are_those_of_the_compass() -> None:
    assert geo.bearing(119, 32, 119, 33) == 0
    assert geo.bearing(119, 0, 120, 0) == pytest.approx(90)
    assert geo.bearing(119, 33, 119, 32) == pytest.approx(180)
    assert geo.bearing(120, 0, 119, 0) == pytest.approx(270)


# A river that flows east, then north-east; marks rise upstream, as on the Yangtze.
RIVER = geo.Centreline([(119.0, 32.0), (119.1, 32.0), (119.2, 32.1)], [900.0, 890.0, 875.0])


def test_left_and_right_are_those_of_someone_looking_downstream() -> None:
    assert RIVER.chainage(119.05, 32.001).bank == "left"
    assert RIVER.chainage(119.05, 31.999).bank == "right"
    assert RIVER.chainage(119.05, 32.0) == geo.Chainage(pytest.approx(895.0), pytest.approx(0.0), "middle")
    rising = geo.Centreline([(119.0, 32.0), (119.1, 32.0)], [0.0, 10.0], downstream="rising")
    assert rising.chainage(119.05, 32.001).bank == "left"
    upstream = geo.Centreline([(119.0, 32.0), (119.1, 32.0)], [0.0, 10.0])
    assert upstream.chainage(119.05, 32.001).bank == "right"


def test_the_direction_in_which_the_line_was_drawn_does_not_matter() -> None:
    drawn_back = geo.Centreline([(119.2, 32.1), (119.1, 32.0), (119.0, 32.0)], [875.0, 890.0, 900.0])
    for place in ((119.05, 32.001), (119.15, 32.03), (119.3, 32.2)):
        assert drawn_back.chainage(*place) == RIVER.chainage(*place)


@given(st.floats(875.0, 900.0))
def test_a_point_of_the_line_has_its_own_mark_and_no_offset(km: float) -> None:
    found = RIVER.chainage(*RIVER.point(km))
    assert found.km == pytest.approx(km, abs=1e-6)
    assert found.offset_m < 0.01
    assert found.bank == "middle"


@given(st.floats(891.0, 899.0), st.floats(2.0, 800.0), st.sampled_from(["left", "right"]))
def test_a_step_across_the_stream_is_found_again_as_offset_and_bank(
    km: float, step: float, bank: str
) -> None:
    lon, lat = RIVER.point(km)
    north = step / (math.pi * geo.EARTH_M / 180) * (1 if bank == "left" else -1)
    found = RIVER.chainage(lon, lat + north)
    assert found.km == pytest.approx(km, abs=0.02)
    assert found.offset_m == pytest.approx(step, rel=1e-3)
    assert found.bank == bank


def test_beyond_an_end_the_end_is_given_with_the_distance_to_it() -> None:
    found = RIVER.chainage(118.9, 32.0)
    assert found.km == 900.0
    assert found.offset_m == pytest.approx(geo.distance_m(118.9, 32.0, 119.0, 32.0), rel=1e-3)


@pytest.mark.parametrize(
    ("points", "km"),
    [
        ([(119.0, 32.0)], [1.0]),
        ([(119.0, 32.0), (119.1, 32.0)], [1.0]),
        ([(119.0, 32.0), (119.1, 32.0)], [1.0, 1.0]),
        ([(119.0, 32.0), (119.1, 32.0), (119.2, 32.0)], [1.0, 3.0, 2.0]),
    ],
)
def test_a_line_that_cannot_carry_marks_is_refused(points: list[geo.Point], km: list[float]) -> None:
    with pytest.raises(ValueError, match="centreline"):
        geo.Centreline(points, km)


def test_a_mark_beyond_the_line_is_refused() -> None:
    with pytest.raises(ValueError, match="not between"):
        RIVER.point(901.0)


def test_the_golden_table_of_the_recordings_agrees() -> None:
    data = os.environ.get("JIANGDUN_DATA")
    table = Path(data or "").parent / "domain" / "golden.tsv"
    if not data or not table.exists():
        pytest.skip("JIANGDUN_DATA is not set, or has no golden table beside it")
    rows = [line.split("\t") for line in table.read_text().splitlines() if line.startswith("crs-wgs84")]
    assert rows
    for _, given_text, expected in (row[:3] for row in rows):
        lat, lon = map(float, given_text.split(","))
        words = expected.split()
        for name, pair in zip(words[::2], words[1::2], strict=True):
            want_lat, want_lon = map(float, pair.split(","))
            shift = {"gcj": geo.wgs84_to_gcj02, "bd": geo.wgs84_to_bd09}[name]
            assert near(shift(lon, lat), (want_lon, want_lat), 6e-7)


@given(st.floats(0, 200))
def test_units_there_and_back(value: float) -> None:
    assert measures.kmh_to_kn(measures.kn_to_kmh(value)) == pytest.approx(value)
    assert measures.ms_to_kn(measures.kn_to_ms(value)) == pytest.approx(value)
    assert measures.m_to_nm(measures.nm_to_m(value)) == pytest.approx(value)


def test_units_known_by_heart() -> None:
    assert measures.kn_to_kmh(10) == pytest.approx(18.52)
    assert measures.kn_to_ms(10) == pytest.approx(5.1444, abs=1e-4)
    assert measures.nm_to_m(1) == 1852


@given(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4))
def test_a_turn_is_never_more_than_half_a_circle(a: float, b: float) -> None:
    assert 0 <= measures.turn(a) < 360
    assert 0 <= measures.turn_between(a, b) <= 180
    assert measures.turn_between(a, b) == pytest.approx(measures.turn_between(b, a))
