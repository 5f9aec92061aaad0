"""The intake: time decided once, static data joined, chunks cut and stamped."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiangdun.feeds.columns import COLUMNS, DEGREE, Flag, Kind, track_id
from jiangdun.feeds.intake import CUT_MS, WATERMARK_LAG_MS, Intake
from jiangdun.feeds.log import CHUNK_ROWS_MAX
from jiangdun.feeds.observations import Fix, Heartbeat, Static

HEARD = 1_795_260_647_250  # 19:30:47.250
DAY = 86_400_000


def fix(ident: str = "413000001", lon: int = 119 * DEGREE, lat: int = 32 * DEGREE, **more: object) -> Fix:
    return Fix("ais", ident, lon, lat, **more)  # type: ignore[arg-type]


def rows_of(*said: object, heard: int = HEARD) -> np.ndarray:
    intake = Intake()
    intake.take(said, heard)  # type: ignore[arg-type]
    chunk = intake.cut(heard)
    return np.empty(0, COLUMNS) if chunk is None else chunk.rows


@pytest.mark.parametrize("off", [-7 * DAY, -1, 0, 1, 5_000])
def test_the_device_is_believed_within_seven_days_and_five_seconds(off: int) -> None:
    row = rows_of(fix(t_device_ms=HEARD + off))[0]
    assert row["t"] == HEARD + off
    assert not row["flags"] & Flag.HEARD_TIME


@pytest.mark.parametrize("t", [0, HEARD - 7 * DAY - 1, HEARD + 5_001, HEARD + DAY, -(2**40), 2**50])
def test_a_clock_that_is_wrong_gives_the_time_of_hearing_and_a_flag(t: int) -> None:
    row = rows_of(fix(t_device_ms=t))[0]
    assert row["t"] == HEARD
    assert row["flags"] & Flag.HEARD_TIME


@pytest.mark.parametrize(
    ("second", "t"),
    [
        (47, HEARD - 250),
        (46, HEARD - 1_250),
        (0, HEARD - 47_250),
        (58, HEARD - 49_250),  # of the minute before
        (48, HEARD + 750),  # their clock is a little ahead of ours
        (52, HEARD + 4_750),
        (53, HEARD - 54_250),
    ],
)
def test_a_bare_second_moves_the_hearing_back_to_it(second: int, t: int) -> None:
    row = rows_of(fix(utc_second=second))[0]
    assert row["t"] == t
    assert row["t"] // 1000 % 60 == second
    assert not row["flags"] & Flag.HEARD_TIME


@pytest.mark.parametrize("second", [None, 60, 63])
def test_without_any_time_it_is_the_time_of_hearing(second: int | None) -> None:
    row = rows_of(fix(utc_second=second))[0]
    assert (row["t"], row["flags"] & Flag.HEARD_TIME) == (HEARD, Flag.HEARD_TIME)


def test_static_data_go_into_every_later_row() -> None:
    rows = rows_of(
        fix(),
        Static("ais", "413000001", kind=Kind.TANKER, length_dm=980),
        Heartbeat("ais", "413000001"),
        fix(),
        fix("413000002"),
    )
    assert rows["kind"].tolist() == [Kind.UNKNOWN_VESSEL, Kind.TANKER, Kind.UNKNOWN_VESSEL]
    assert rows["length_dm"].tolist() == [0, 980, 0]


def test_a_kind_named_with_a_fix_is_kept() -> None:
    rows = rows_of(Fix("jt808", "1", 0, 1, kind=Kind.TRUCK), Fix("jt808", "1", 0, 1), Fix("jt808", "2", 0, 1))
    assert rows["kind"].tolist() == [Kind.TRUCK, Kind.TRUCK, Kind.VEHICLE]
    assert rows["track"].tolist() == [track_id("jt808", "1")] * 2 + [track_id("jt808", "2")]


def test_a_row_holds_what_the_fix_said() -> None:
    said = fix(sog_dkn=73, cog_ddeg=888, heading_ddeg=900, nav=5, rank=2, flags=Flag.SOS, t_device_ms=HEARD)
    row = rows_of(said)[0]
    assert row.tolist() == (413000001, HEARD, said.lon, said.lat, 73, 888, 900, 0, 0, 5, 2, Flag.SOS)


@pytest.mark.parametrize(
    ("lon", "lat", "reason"),
    [(181 * DEGREE, 91 * DEGREE, "position"), (0, 0, "null_island"), (0, -91 * DEGREE, "position")],
)
def test_places_that_are_none_make_no_row_and_are_counted(lon: int, lat: int, reason: str) -> None:
    intake = Intake()
    assert intake.take([fix(lon=lon, lat=lat)], HEARD) == 0
    assert intake.counts[reason] == 1


def test_an_emergency_without_a_place_still_makes_a_row() -> None:
    rows = rows_of(fix(lon=181 * DEGREE, lat=91 * DEGREE, flags=Flag.NO_FIX | Flag.SOS, t_device_ms=HEARD))
    assert rows["flags"].tolist() == [Flag.NO_FIX | Flag.SOS]


def test_a_chunk_is_due_after_100_ms_or_when_full() -> None:
    intake = Intake(cut_rows=3)
    assert not intake.due(HEARD)
    intake.take([fix()], HEARD)
    assert not intake.due(HEARD + CUT_MS - 1)
    assert intake.due(HEARD + CUT_MS)
    intake.take([fix(), fix()], HEARD + 1)
    assert intake.due(HEARD + 1)
    assert intake.cut() is not None
    assert not intake.due(HEARD + CUT_MS)
    assert intake.cut() is None


def test_the_watermark_is_the_ingest_clock_less_30_s_and_never_falls() -> None:
    intake = Intake()
    marks = []
    for heard in (HEARD, HEARD + 10_000, HEARD - DAY, HEARD + 10_001):
        intake.take([fix()], heard)
        marks.append(intake.cut().wm_ms)  # type: ignore[union-attr]
    lag = WATERMARK_LAG_MS
    assert marks == [HEARD - lag, HEARD + 10_000 - lag, HEARD + 10_000 - lag, HEARD + 10_001 - lag]
    assert intake.beat(HEARD + 60_000) == HEARD + 30_000
    assert intake.beat(HEARD) == HEARD + 30_000


def test_late_is_what_lies_below_the_mark_of_its_own_chunk() -> None:
    intake = Intake()
    intake.take([fix(t_device_ms=HEARD - 30_001), fix(t_device_ms=HEARD - 30_000), fix()], HEARD)
    chunk = intake.cut()
    assert chunk is not None
    assert [bool(flags & Flag.LATE) for flags in chunk.rows["flags"]] == [True, False, False]
    assert intake.counts["late"] == 1


def test_positions_count_reports_without_gaps() -> None:
    intake = Intake(position=17)
    found = []
    for n in (1, 5, 2):
        intake.take([fix()] * n, HEARD)
        chunk = intake.cut()
        assert chunk is not None
        found.append((chunk.position, len(chunk.rows)))
    assert found == [(17, 1), (18, 5), (23, 2)]
    assert intake.position == 25


def test_a_flood_is_cut_into_chunks_of_the_named_limit() -> None:
    intake = Intake()
    intake.take([fix()] * (CHUNK_ROWS_MAX + 5), HEARD)
    sizes = [len(chunk.rows) for chunk in iter(intake.cut, None)]
    assert sizes == [CHUNK_ROWS_MAX, 5]


def test_what_is_remembered_of_tracks_is_bounded() -> None:
    intake = Intake(tracks_max=100)
    for n in range(1_000):
        intake.take([Static("ais", str(413_000_000 + n), kind=Kind.TUG)], HEARD)
    assert sum(map(len, intake._tracks.values())) == 100
    intake.take([fix("413000999"), fix("413000001")], HEARD)
    assert intake.cut().rows["kind"].tolist() == [Kind.TUG, Kind.UNKNOWN_VESSEL]  # type: ignore[union-attr]


@given(
    st.lists(st.tuples(st.integers(-40_000, 6_000), st.integers(0, 400)), min_size=1, max_size=60),
    st.lists(st.integers(1, 7), min_size=1),
)
def test_the_same_hearing_gives_the_same_rows_however_it_is_handed_over(
    said: list[tuple[int, int]], sizes: list[int]
) -> None:
    """Readings cut differently by the network must not change a single value but the cut itself."""
    heard, fixes = HEARD, []
    for off, gap in said:
        heard += gap
        fixes.append((fix(t_device_ms=heard + off), heard))
    one, many = Intake(), Intake()
    for each, at in fixes:
        one.take([each], at)
    left = list(fixes)
    while left:
        for size in sizes:
            group, left = left[:size], left[size:]
            for each, at in group:
                many.take([each], at)
    assert one.cut().rows.tobytes() == many.cut().rows.tobytes()  # type: ignore[union-attr]


def test_lag_is_kept_by_source() -> None:
    intake = Intake()
    intake.take([fix(t_device_ms=HEARD - 500)] * 98 + [fix(t_device_ms=HEARD - 100_000)] * 2, HEARD)
    intake.take([Fix("jt808", "1", 1, 1, t_device_ms=HEARD)], HEARD)
    assert intake.lag_s("ais", 0.5) == 1
    assert intake.lag_s("ais") == 128
    assert intake.lag_s("jt808") == 1
    assert intake.lag_s("sl651") is None
