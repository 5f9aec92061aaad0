"""Working days: weekends, days off, weekends that are worked, and a slow twin."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiangdun.core import working_days
from jiangdun.core.working_days import ZONE, end_after

DAY = st.dates(date(2026, 1, 1), date(2027, 12, 31))
SOME = st.frozensets(DAY.map(date.isoformat), max_size=10)


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-11-25T10:00", 1, "2026-11-27"),  # Wednesday: all of Thursday
        ("2026-11-26T23:59", 5, "2026-12-04"),
        ("2026-11-27T00:00", 1, "2026-12-01"),  # Friday: all of Monday
        ("2026-11-28T12:00", 1, "2026-12-01"),  # Saturday
    ],
)
def test_the_time_ends_at_midnight_after_the_last_working_day(start: str, days: int, end: str) -> None:
    at = datetime.fromisoformat(start).replace(tzinfo=ZONE)
    assert end_after(at, days) == datetime.fromisoformat(end).replace(tzinfo=ZONE)


def test_days_off_do_not_count_and_worked_weekends_do() -> None:
    at = datetime(2026, 9, 30, 12, tzinfo=ZONE)  # Wednesday before the National Day
    off = {f"2026-10-{day:02d}" for day in range(1, 8)}
    assert end_after(at, 1, off).date() == date(2026, 10, 9)
    assert end_after(at, 2, off, {"2026-10-10"}).date() == date(2026, 10, 10)
    assert end_after(at, 3, off, {"2026-10-10"}).date() == date(2026, 10, 11)


@given(DAY, st.integers(0, 23), st.integers(1, 30), SOME, SOME)
def test_it_is_what_counting_on_a_calendar_gives(
    day: date, hour: int, days: int, off: frozenset[str], worked: frozenset[str]
) -> None:
    start = datetime(day.year, day.month, day.day, hour, 30, tzinfo=ZONE)
    calendar = [day + timedelta(days=n) for n in range(1, 120)]
    at_work = [
        d for d in calendar if d.isoformat() in worked or (d.isoweekday() <= 5 and d.isoformat() not in off)
    ]
    last = at_work[days - 1]
    assert end_after(start.astimezone(UTC), days, off, worked).date() == last + timedelta(days=1)


@pytest.mark.parametrize(
    "value", ["2026-10-01", ["1.10.2026"], ["20261001"], [20261001], ["2026-10-01"] * 401, None]
)
def test_a_list_of_days_is_a_list_of_days(value: object) -> None:
    assert not working_days.OFF_DAYS.check(value)
    assert working_days.OFF_DAYS.check(["2026-10-01"])
