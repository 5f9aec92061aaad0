"""Working days: Monday to Friday in Shanghai, but for days off and with the weekends that are worked instead.

The State Council publishes both lists each year; they are parameters, not code.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from jiangdun.core.parameters import parameter

ZONE: Final = ZoneInfo("Asia/Shanghai")
DAYS_MAX: Final = 400
"""Days that may stand in each of the two lists."""


def _are_days(value: Any) -> bool:
    if not isinstance(value, list) or len(value) > DAYS_MAX:
        return False
    try:
        return all(isinstance(one, str) and date.fromisoformat(one).isoformat() == one for one in value)
    except ValueError:
        return False


OFF_DAYS = parameter("calendar.off_days", list[str](), _are_days)
WORKED_DAYS = parameter("calendar.worked_days", list[str](), _are_days)


def is_worked(day: date, off: Collection[str] = (), worked: Collection[str] = ()) -> bool:
    """Whether people work on `day`; `off` and `worked` are ISO dates."""
    said = day.isoformat()
    return said in worked or (day.weekday() < 5 and said not in off)


def end_after(
    start: datetime, days: int, off: Collection[str] = (), worked: Collection[str] = ()
) -> datetime:
    """The end of the `days`-th working day after the day of `start`: the following midnight in Shanghai."""
    assert days >= 1
    day = start.astimezone(ZONE).date()
    for _ in range(DAYS_MAX * 4):
        day += timedelta(days=1)
        days -= is_worked(day, off, worked)
        if days == 0:
            break
    return datetime.combine(day + timedelta(days=1), time(), ZONE)


def due(start: datetime, days: int, now: datetime) -> datetime:
    """`end_after` by the calendar that holds at `now`."""
    end = end_after(start, days, frozenset(OFF_DAYS.at(now)), frozenset(WORKED_DAYS.at(now)))
    return end.astimezone(UTC)
