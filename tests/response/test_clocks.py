"""The three clocks: faces, bounds, rungs and tallies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiangdun.response.clocks import (
    Clock,
    Face,
    Rung,
    Source,
    bounded,
    nearest_rank,
    read,
    rungs,
    tally,
)

T0 = datetime(2026, 3, 1, 15, 5, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("elapsed", "face"),
    [(0, Face.RUNNING), (41.9, Face.RUNNING), (42, Face.AMBER), (60, Face.AMBER), (60.001, Face.LATE)],
)
def test_an_open_clock_runs_then_warns_at_seventy_percent_then_is_late(elapsed: float, face: Face):
    reading = read(Clock.SIGN, T0, 60, after(elapsed))
    assert reading.face is face
    assert reading.remaining_s == pytest.approx(60 - elapsed)


@pytest.mark.parametrize(("elapsed", "on_time"), [(0, True), (59, True), (60, True), (60.001, False)])
def test_a_done_clock_stays_as_it_was_however_late_it_is_read(elapsed: float, on_time: bool):
    reading = read(Clock.SIGN, T0, 60, after(9_999), at=after(elapsed), source=Source.BUTTON)
    assert reading.on_time is on_time
    assert reading.elapsed_s == pytest.approx(elapsed)
    assert reading.source is Source.BUTTON


def test_a_wall_clock_set_back_gives_nobody_time():
    reading = read(Clock.SIGN, T0, 60, after(-3_600))
    assert (reading.face, reading.elapsed_s, reading.remaining_s) == (Face.RUNNING, 0, 60)
    assert read(Clock.SIGN, T0, 60, after(0), at=after(-5)).elapsed_s == 0


def test_the_rungs_stand_at_half_and_at_the_whole():
    assert rungs(T0, 180, 0.5) == ((Rung.WARN, after(90)), (Rung.BREACH, after(180)))


@given(st.none() | st.integers(-10_000, 10_000), st.integers(0, 5_000))
def test_a_claimed_instant_is_kept_within_what_can_have_been(claimed: int | None, now: int):
    instant = bounded(None if claimed is None else after(claimed), T0, after(now))
    assert T0 <= instant <= after(now)
    if claimed is not None and 0 <= claimed <= now:
        assert instant == after(claimed)


def test_a_tally_counts_open_clocks_apart_and_late_ones_whether_done_or_not():
    now = after(1_000)
    readings = [
        read(Clock.SIGN, T0, 60, now, at=after(20)),
        read(Clock.SIGN, T0, 60, now, at=after(50)),
        read(Clock.SIGN, T0, 60, now, at=after(90)),
        read(Clock.SIGN, T0, 60, now),
        read(Clock.SIGN, after(990), 60, now),
    ]
    counted = tally(readings, excluded=2)
    assert (counted.decided, counted.on_time, counted.late, counted.open, counted.excluded) == (4, 2, 2, 1, 2)
    assert counted.share == 0.5
    assert (counted.p50_s, counted.p90_s, counted.max_s) == (50, 90, 90)


def test_a_tally_of_nothing_has_no_rate():
    assert tally([]).share is None
    assert tally([]).p50_s is None


@given(st.lists(st.integers(0, 1_000), min_size=1), st.integers(1, 100))
def test_the_percentile_is_a_value_that_enough_others_do_not_exceed(values: list[int], percent: int):
    ordered = sorted(values)
    found = nearest_rank(ordered, percent)
    assert found in ordered
    assert sum(1 for value in ordered if value <= found) * 100 >= percent * len(ordered)
    below = [value for value in ordered if value < found]
    assert not below or len(below) * 100 < percent * len(ordered)
