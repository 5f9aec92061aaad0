"""Days of the calendar: alliances are founded, joined and left on days, counted where the river flows."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from typing import Final

LOCAL: Final = timezone(timedelta(hours=8))
"""Beijing time."""


def day_of(moment: datetime) -> date:
    """The local day of an aware moment."""
    return moment.astimezone(LOCAL).date()


def begin_of(day: date) -> datetime:
    """The moment at which a local day begins."""
    return datetime.combine(day, time(), LOCAL)


def holds(start: date | datetime, end: date | datetime | None, at: date | datetime) -> bool:
    """Whether [start, end) holds at `at`; all three are days, or all are moments."""
    return start <= at and (end is None or at < end)
