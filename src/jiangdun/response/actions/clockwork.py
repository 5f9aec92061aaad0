"""The clocks of an incident in the tables: started at T0, met by an instant, warned of, breached, explained.

Timers fire what is due, however late after a restart; the same breach is announced once, whether the timer or
the late instant comes first.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import F

from jiangdun.core import ids, journal, timers
from jiangdun.core.journal import By
from jiangdun.core.timers import Handler
from jiangdun.core.trouble import NotFound, StaleVersion, WrongState
from jiangdun.response import facts
from jiangdun.response.actions import moves
from jiangdun.response.clocks import INCIDENT_CLOCKS, TELL, Clock, Rung, Source, read, rungs
from jiangdun.response.limits import Limit
from jiangdun.response.models import Clue, Incident, IncidentClock

_SYSTEM: Final = By(system="clock")
_CLOCK: Final = "response.clock"
_REASON: Final = "response.reason"
TRIAGE: Final = "response.triage"


def start(incident: Incident, limits: Mapping[str, Limit]) -> None:
    """Start the three clocks at T0 with the limits in force then; each has one timer, first due to warn."""
    rows = []
    for clock in INCIDENT_CLOCKS:
        limit_s = limits[f"clock.{clock}_s"].value
        steps = dict(rungs(incident.t0, limit_s, limits["clock.warn_share"].value))
        rows.append(
            IncidentClock(
                id=ids.new_id(),
                incident=incident,
                clock=clock,
                limit_s=limit_s,
                amber_share=limits["clock.amber_share"].value,
                due_at=steps[Rung.BREACH],
                reason_s=limits["breach.reason_s"].value,
            )
        )
        timers.set(_CLOCK, _timer(incident.id, clock), steps[Rung.WARN], _payload(incident.id, clock))
    IncidentClock.objects.bulk_create(rows)


def meet(
    incident: Incident, clock: Clock, instant: datetime, source: Source, by: By, now: datetime, cause: int
) -> None:
    """The first instant of a clock stops it; later ones change nothing.

    The timer is called off before the clock's row is read: a tick that fires takes the same two rows in the
    same order, so neither waits for the other for ever, and what it wrote is seen here.
    """
    timers.cancel(_CLOCK, _timer(incident.id, clock))
    row = _row(incident.id, clock)
    if row.at is not None:
        return
    reading = read(clock, incident.t0, row.limit_s, now, at=instant, source=source)
    late = reading.on_time is False
    changes: dict[str, Any] = {}
    if late and row.breach_fact is None:
        changes = _breach(incident, row, now, cause)
    withdrawn = not late and row.breach_fact is not None
    fact = facts.ClockMet(clock, instant, source, reading.elapsed_s, row.limit_s, not late, withdrawn)
    if withdrawn:
        timers.cancel(_REASON, _timer(incident.id, clock))
    _record(incident, fact, by, now, cause)
    _change(row, at=instant, heard_at=now, source=source, by=by.person or by.system or "", **changes)


@transaction.atomic
def explain_breach(incident_id: UUID, clock: str, reason: str, *, by: By, now: datetime) -> None:
    """Say why a clock was late; owed within 24 hours, taken later too and marked so.

    Raises NotFound, NotYours, BadInput, and WrongState where nothing is owed or the reason was given before.
    """
    incident = moves.find(incident_id)
    row = _row(incident_id, clock)
    agencies = incident.assignments.values_list("agency", flat=True)
    moves.person_of(by)
    moves.check_competent(by, incident.owner, *agencies)
    if row.breach_fact is None or row.reason_note is not None or _withdrawn(row):
        raise WrongState("no_reason_owed", number=incident.number, clock=str(clock))
    words = moves.write(incident, "late", reason, by, now, field="reason")
    in_time = row.reason_due_at is None or now <= row.reason_due_at
    fact = facts.BreachExplained(incident.id, row.clock, words.note_id, words.digest, in_time)
    timers.cancel(_REASON, _timer(incident.id, Clock(row.clock)))
    _record(incident, fact, by, now, row.breach_fact)
    _change(row, reason_note=words.note_id)


def clock_due(key: str, payload: Any, _due_at: datetime, now: datetime) -> None:
    """Timer: the clock still runs at half its limit, and the same timer is set to its end; or it is over.

    Found only after the end (the box was down), it is a breach at once: a warning would come too late.
    """
    incident, row = _of(payload)
    if row.at is not None or row.breach_fact is not None:
        return
    if now >= row.due_at:
        _change(row, **_breach(incident, row, now, incident.last_fact))
        return
    fact = facts.ClockWarned(row.clock, incident.owner, row.due_at, list(TELL[Rung.WARN]))
    _record(incident, fact, _SYSTEM, now, incident.last_fact)
    timers.set(_CLOCK, key, row.due_at, payload)


def reason_overdue(_key: str, payload: Any, _due_at: datetime, now: datetime) -> None:
    """Timer: no reason was given within its time."""
    incident, row = _of(payload)
    if row.reason_note is None and not _withdrawn(row):
        fact = facts.ReasonOverdue(incident.id, row.clock, incident.owner)
        _record(incident, fact, _SYSTEM, now, row.breach_fact)


def triage_overdue(_key: str, payload: Any, _due_at: datetime, now: datetime) -> None:
    """Timer: a clue has waited in triage for too long."""
    clue = Clue.objects.get(id=payload["clue"])
    if clue.state != "waiting" or clue.breached_at is not None:
        return
    fact = facts.ClockBreached(Clock.TRIAGE, clue.owner, clue.due_at, None, list(TELL[Rung.BREACH]))
    subject = f"alert:{clue.episode}"
    journal.record(fact, by=_SYSTEM, at=now, subject=subject, cause=clue.fact, exercise=clue.exercise)
    Clue.objects.filter(id=clue.id, breached_at=None).update(breached_at=now, version=F("version") + 1)


TIMERS: Final[Mapping[str, Handler]] = {
    _CLOCK: clock_due,
    _REASON: reason_overdue,
    TRIAGE: triage_overdue,
}
"""What the hall registers with `core.timers`."""


def _breach(incident: Incident, row: IncidentClock, now: datetime, cause: int) -> dict[str, Any]:
    """Announce a breach and owe a reason; returns what to write to the clock's row."""
    reason_due_at = now + timedelta(seconds=row.reason_s)
    fact = facts.ClockBreached(row.clock, incident.owner, row.due_at, reason_due_at, list(TELL[Rung.BREACH]))
    breach_fact = _record(incident, fact, _SYSTEM, now, cause)
    clock = Clock(row.clock)
    timers.set(_REASON, _timer(incident.id, clock), reason_due_at, _payload(incident.id, clock))
    return {"breach_fact": breach_fact, "breached_at": now, "reason_due_at": reason_due_at}


def _withdrawn(row: IncidentClock) -> bool:
    return row.at is not None and row.at <= row.due_at


def _record(incident: Incident, fact: object, by: By, now: datetime, cause: int | None) -> int:
    subject = f"incident:{incident.id}"
    return journal.record(fact, by=by, at=now, subject=subject, cause=cause, exercise=incident.exercise)


def _row(incident_id: UUID, clock: str) -> IncidentClock:
    row = IncidentClock.objects.filter(incident_id=incident_id, clock=clock).first()
    if row is None:
        raise NotFound(what="clock")
    return row


def _of(payload: Any) -> tuple[Incident, IncidentClock]:
    row = IncidentClock.objects.select_related("incident").get(
        incident_id=UUID(payload["incident"]), clock=payload["clock"]
    )
    return row.incident, row


def _change(row: IncidentClock, **changes: Any) -> None:
    same = IncidentClock.objects.filter(id=row.id, version=row.version)
    if not same.update(**changes, version=F("version") + 1):
        raise StaleVersion(what="clock", version=row.version)


def _timer(incident_id: UUID, clock: Clock) -> str:
    return f"{incident_id}:{clock}"


def _payload(incident_id: UUID, clock: Clock) -> dict[str, str]:
    return {"incident": str(incident_id), "clock": str(clock)}
