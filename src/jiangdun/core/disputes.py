"""Disputes (校核纠错): "this is wrong", and its owner answers in time (政务数据共享条例 art. 26).

Raised by whoever may see the thing, answered by the agency it belongs to: corrected, or upheld with a reason. The
owner is reminded before the time is over; when it is over that is a fact. Nothing of the thing changes by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from jiangdun.core import facts, journal, models, timers, working_days
from jiangdun.core.digests import digest
from jiangdun.core.journal import By
from jiangdun.core.parameters import parameter
from jiangdun.core.trouble import AlreadyThere, BadInput, NotFound, StaleVersion, WrongState

ANSWER_DAYS = parameter("disputes.answer_days", 5, lambda v: type(v) is int and 1 <= v <= 60)
"""Working days the owner has."""
REMIND_HOURS = parameter("disputes.remind_hours", 24, lambda v: type(v) is int and 1 <= v <= 240)
"""So long before the end the owner is reminded."""
TEXT_MAX: Final = 1_000
PAGE_MAX: Final = 200
OPEN, CORRECTED, UPHELD, WITHDRAWN = "open", "corrected", "upheld", "withdrawn"
STATES: Final = (OPEN, CORRECTED, UPHELD, WITHDRAWN)
REMINDER, OVERDUE = "core.dispute_reminder", "core.dispute_overdue"
_SYSTEM: Final = By(system="disputes")


@dataclass(frozen=True)
class Dispute:
    """A dispute as both agencies see it."""

    id: UUID
    subject: str
    field: str
    owner: str
    claim: str
    raised_by: str
    raised_agency: str
    raised_at: datetime
    due_at: datetime
    state: str
    answer: str
    answered_by: str
    answered_at: datetime | None
    reminded_at: datetime | None
    overdue_at: datetime | None
    version: int

    def as_thing(self) -> dict[str, Any]:
        """What `core.access` judges for reading: both agencies."""
        return {"agency": self.owner, "agencies": (self.raised_agency,)}


@transaction.atomic
def raise_it(subject: str, owner: str, claim: str, *, field: str = "", by: By, now: datetime) -> Dispute:
    """Say that something of `owner`'s is wrong. Raises BadInput, AlreadyThere where it was said."""
    _check("claim", claim)
    same = models.Dispute.objects.filter(
        subject=subject, field=field, raised_agency=by.agency or "", state=OPEN
    )
    if same.exists():
        raise AlreadyThere(what="dispute")
    due_at = working_days.due(now, ANSWER_DAYS.at(now), now)
    row = models.Dispute.objects.create(
        subject=subject,
        field=field,
        owner=owner,
        claim=claim,
        raised_by=by.person or "",
        raised_agency=by.agency or "",
        raised_at=now,
        due_at=due_at,
        state=OPEN,
    )
    timers.set(REMINDER, str(row.id), due_at - timedelta(hours=REMIND_HOURS.at(now)))
    timers.set(OVERDUE, str(row.id), due_at)
    fact = facts.DisputeRaised(
        row.id, subject, field, row.raised_agency, owner, digest("dispute", claim), due_at
    )
    _record(row, fact, by, now)
    return _dispute(row)


@transaction.atomic
def answer(
    dispute_id: UUID, *, corrected: bool, text: str, version: int | None = None, by: By, now: datetime
) -> Dispute:
    """The owner says what it did about it, or why it stays. Raises NotFound, BadInput, StaleVersion, WrongState."""
    row = _open(dispute_id, version)
    _check("answer", text)
    state = CORRECTED if corrected else UPHELD
    _move(row, state=state, answer=text, answered_by=by.person or "", answered_at=now)
    _stop(row)
    fact = facts.DisputeAnswered(
        row.id, row.subject, row.owner, row.raised_agency, state, digest("dispute", text), now <= row.due_at
    )
    _record(row, fact, by, now)
    return _dispute(row)


@transaction.atomic
def withdraw(dispute_id: UUID, *, by: By, now: datetime) -> Dispute:
    """Whoever raised it takes it back. Raises NotFound, WrongState."""
    row = _open(dispute_id, None)
    _move(row, state=WITHDRAWN, answered_at=now)
    _stop(row)
    _record(row, facts.DisputeWithdrawn(row.id, row.subject, row.owner, row.raised_agency), by, now)
    return _dispute(row)


def find(dispute_id: UUID) -> Dispute:
    """One dispute. Raises NotFound."""
    return _dispute(_row(dispute_id))


def disputes(
    *, agency: str = "", subject: str = "", state: str = "", before: UUID | None = None, limit: int = 50
) -> list[Dispute]:
    """Disputes of an agency (raised by it, or about its things), newest first, a page at a time."""
    rows = models.Dispute.objects.all()
    if agency:
        rows = rows.filter(Q(owner=agency) | Q(raised_agency=agency))
    if subject:
        rows = rows.filter(subject=subject)
    if state:
        rows = rows.filter(state=state)
    if before is not None:
        rows = rows.filter(id__lt=before)
    return [_dispute(row) for row in rows.order_by("-id")[: min(limit, PAGE_MAX)]]


def on_reminder(key: str, payload: Any, due_at: datetime, now: datetime) -> None:  # noqa: ARG001
    """The time is nearly over."""
    row = models.Dispute.objects.filter(id=UUID(key), state=OPEN).first()
    if row is not None:
        _move(row, reminded_at=now)
        _record(row, facts.DisputeReminded(row.id, row.subject, row.owner, row.due_at), _SYSTEM, now)


def on_overdue(key: str, payload: Any, due_at: datetime, now: datetime) -> None:  # noqa: ARG001
    """The time is over."""
    row = models.Dispute.objects.filter(id=UUID(key), state=OPEN).first()
    if row is not None:
        _move(row, overdue_at=row.due_at)
        _record(row, facts.DisputeOverdue(row.id, row.subject, row.owner, row.due_at), _SYSTEM, now)


TIMERS: Final = {REMINDER: on_reminder, OVERDUE: on_overdue}


def _check(name: str, text: str) -> None:
    if not text.strip() or len(text) > TEXT_MAX:
        raise BadInput(field=name, reason="length", most=TEXT_MAX)


def _row(dispute_id: UUID) -> models.Dispute:
    row = models.Dispute.objects.filter(id=dispute_id).first()
    if row is None:
        raise NotFound(what="dispute")
    return row


def _open(dispute_id: UUID, version: int | None) -> models.Dispute:
    row = _row(dispute_id)
    if row.state != OPEN:
        raise WrongState(what="dispute", state=row.state)
    if version is not None and version != row.version:
        raise StaleVersion(what="dispute", version=row.version)
    return row


def _stop(row: models.Dispute) -> None:
    for kind in TIMERS:
        timers.cancel(kind, str(row.id))


def _move(row: models.Dispute, **changed: Any) -> None:
    same = models.Dispute.objects.filter(id=row.id, version=row.version)
    if not same.update(version=row.version + 1, **changed):
        raise StaleVersion(what="dispute", version=row.version)
    row.refresh_from_db()


def _record(row: models.Dispute, fact: object, by: By, now: datetime) -> None:
    journal.record(fact, by=by, at=now, subject=f"dispute:{row.id}")


def _dispute(row: models.Dispute) -> Dispute:
    return Dispute(**{name: getattr(row, name) for name in Dispute.__dataclass_fields__})
