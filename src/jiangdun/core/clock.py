"""The only place that reads the time. Everything else is told what time it is.

A demo runs on the real clock plus a constant: it moves at the pace of the world, only the face is set
elsewhere.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

_offset = timedelta(0)


def now() -> datetime:
    """The present moment, aware, UTC, with this installation's constant offset."""
    return datetime.now(UTC) + _offset


def now_ms() -> int:
    """The present moment in whole milliseconds since 1970-01-01 UTC, with the constant offset."""
    return int(now().timestamp() * 1000)


def monotonic() -> float:
    """Seconds on a clock that never steps back; only differences mean anything."""
    return time.monotonic()


def set_offset(offset: timedelta) -> None:
    """Set the constant this process adds to the real clock. Done once, before anything is told the time."""
    global _offset
    _offset = offset


def offset() -> timedelta:
    """The constant added to the real clock; zero but in a demo."""
    return _offset
