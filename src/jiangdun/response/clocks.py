"""The 1-3-10 clocks: how each stands at a moment, who must hear of it, and what a month of them amounts to.

All three count from T0, the fact that made the alert an incident, and nothing pauses them. T1 is the first
signature of a desk with duty; T3 an order delivered and acknowledged, on the device or read out by phone; T10
the first assigned unit on the scene. A clock is done by its first instant and keeps where that instant came
from. `docs/clocks.md` says this in full. Nothing here reads the time: `now` is told.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final


class Clock(StrEnum):
    SIGN = "sign"
    NOTIFY = "notify"
    ARRIVE = "arrive"
    TRIAGE = "triage"  # of a clue, not of an incident


INCIDENT_CLOCKS: Final = (Clock.SIGN, Clock.NOTIFY, Clock.ARRIVE)


class Source(StrEnum):
    """Where an instant came from."""

    BUTTON = "button"  # a person pressed it on our screen
    DEVICE = "device"  # the terminal confirmed the order
    PHONE = "phone"  # read out by phone or radio, recorded
    GEOFENCE = "geofence"  # the unit's position came within the scene


class Face(StrEnum):
    RUNNING = "running"
    AMBER = "amber"
    LATE = "late"
    MET = "met"


@dataclass(frozen=True, slots=True)
class Reading:
    """How a clock stands. Seconds may hold fractions; `remaining_s` is negative once over.

    `face` is `late` when the limit passed before the instant came, whether it has come since or not: `at`
    tells.
    """

    clock: Clock
    face: Face
    started_at: datetime
    due_at: datetime
    limit_s: float
    elapsed_s: float
    remaining_s: float
    at: datetime | None
    source: Source | None

    @property
    def on_time(self) -> bool | None:
        """None while it is not decided."""
        if self.face in (Face.RUNNING, Face.AMBER):
            return None
        return self.face is Face.MET


def read(
    clock: Clock,
    started_at: datetime,
    limit_s: float,
    now: datetime,
    *,
    at: datetime | None = None,
    source: Source | None = None,
    amber_share: float = 0.7,
) -> Reading:
    """Read one clock at `now`. Exactly at the limit is on time.

    A moment before T0 (the wall clock was set back) counts as T0: nobody gains time by it.
    """
    limit = timedelta(seconds=limit_s)
    elapsed = max((at or now) - started_at, timedelta(0))
    if elapsed > limit:
        face = Face.LATE
    elif at is not None:
        face = Face.MET
    else:
        face = Face.AMBER if elapsed >= limit * amber_share else Face.RUNNING
    return Reading(
        clock=clock,
        face=face,
        started_at=started_at,
        due_at=started_at + limit,
        limit_s=limit_s,
        elapsed_s=elapsed.total_seconds(),
        remaining_s=(limit - elapsed).total_seconds(),
        at=at,
        source=source,
    )


class Rung(StrEnum):
    """The two moments at which a clock not yet met calls further people."""

    WARN = "warn"
    BREACH = "breach"


TELL: Final = {
    Rung.WARN: ("desk", "duty_commander"),
    Rung.BREACH: ("desk", "duty_commander", "on_call_lead"),
}
"""Who hears of it: the desk knows from T0; the duty commander joins at 50 %, each agency's on-call lead at
100 %.
"""


def rungs(started_at: datetime, limit_s: float, warn_share: float) -> tuple[tuple[Rung, datetime], ...]:
    """When each rung is due."""
    return (
        (Rung.WARN, started_at + timedelta(seconds=limit_s * warn_share)),
        (Rung.BREACH, started_at + timedelta(seconds=limit_s)),
    )


def bounded(claimed: datetime | None, not_before: datetime, now: datetime) -> datetime:
    """The instant to keep when a device claims one: between `not_before` and `now`; now where it claims none.

    A phone without signal sends its tap later with its own time; a wrong clock on it must not win or lose
    minutes outside what can have been.
    """
    if claimed is None:
        return now
    return min(max(claimed, not_before), now)


@dataclass(frozen=True, slots=True)
class Tally:
    """A period's clocks of one kind: never only the mean. `decided` = on_time + late; open ones not yet late
    wait.
    """

    decided: int
    on_time: int
    late: int
    open: int
    excluded: int
    share: float | None
    p50_s: float | None
    p90_s: float | None
    max_s: float | None


def tally(readings: Iterable[Reading], excluded: int = 0) -> Tally:
    """Count readings. Percentiles are of finished clocks, late ones too, by nearest rank.

    `excluded` (drills, tests, duplicates, approved exclusions) is shown beside the rate, never in it.
    """
    kept = list(readings)
    on_time = sum(1 for reading in kept if reading.on_time is True)
    late = sum(1 for reading in kept if reading.on_time is False)
    spans = sorted(reading.elapsed_s for reading in kept if reading.at is not None)
    return Tally(
        decided=on_time + late,
        on_time=on_time,
        late=late,
        open=len(kept) - on_time - late,
        excluded=excluded,
        share=on_time / (on_time + late) if on_time + late else None,
        p50_s=nearest_rank(spans, 50),
        p90_s=nearest_rank(spans, 90),
        max_s=spans[-1] if spans else None,
    )


def nearest_rank(ascending: Sequence[float], percent: int) -> float | None:
    """The smallest value that at least `percent` % of values do not exceed; None of nothing."""
    if not ascending:
        return None
    return ascending[max(math.ceil(len(ascending) * percent / 100), 1) - 1]
