"""Legal hold: what must not be deleted, however old it is.

One person is enough to stop deletion, at once, because what is gone is gone; another confirms. To end a hold takes
two persons: one asks, another agrees.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from jiangdun.core import facts, journal, models
from jiangdun.core.digests import digest
from jiangdun.core.journal import By
from jiangdun.core.trouble import BadInput, NotFound, WrongState

EVERYTHING: Final = "*"
REASON_MAX: Final = 400
HOLDS_MAX: Final = 500
"""Holds one list shows."""


@dataclass(frozen=True)
class Hold:
    """A hold as others see it. It stands until `released_at`."""

    id: UUID
    target: str
    reason: str
    held_by: str
    held_at: datetime
    confirmed_by: str
    confirmed_at: datetime | None
    release_reason: str
    release_by: str
    release_at: datetime | None
    released_by: str
    released_at: datetime | None
    version: int

    def as_thing(self) -> dict[str, Any]:
        """What `core.access` judges: who may confirm is neither `held_by` nor, of a release, `release_by`."""
        return {"held_by": self.held_by, "release_by": self.release_by}


@transaction.atomic
def hold(target: str, reason: str, *, by: By, now: datetime) -> Hold:
    """From now on nothing of `target` is deleted: a class, an item such as person:<id>, or *. Raises BadInput."""
    if not target or len(target) > 160 or not target.isprintable():
        raise BadInput(field="target", reason="length", most=160)
    _check_reason(reason)
    row = models.Hold.objects.create(target=target, reason=reason, held_by=by.person or "", held_at=now)
    _record(row, facts.HoldSet(row.id, target, digest("reason", reason)), by, now)
    return _hold(row)


@transaction.atomic
def confirm(hold_id: UUID, *, by: By, now: datetime) -> Hold:
    """A second person stands by it. Raises NotFound, WrongState."""
    row = _row(hold_id)
    if row.confirmed_by or row.released_at is not None:
        raise WrongState(what="hold")
    assert by.person not in (None, row.held_by), "the edge judges that it is another person"
    _move(row, confirmed_by=by.person or "", confirmed_at=now)
    _record(row, facts.HoldConfirmed(row.id, row.target), by, now)
    return _hold(row)


@transaction.atomic
def ask_release(hold_id: UUID, reason: str, *, by: By, now: datetime) -> Hold:
    """Somebody wants it to end; it stands until another agrees. Raises NotFound, WrongState, BadInput."""
    row = _row(hold_id)
    if row.released_at is not None or row.release_by:
        raise WrongState(what="hold")
    _check_reason(reason)
    _move(row, release_reason=reason, release_by=by.person or "", release_at=now)
    _record(row, facts.HoldReleaseAsked(row.id, row.target, digest("reason", reason)), by, now)
    return _hold(row)


@transaction.atomic
def release(hold_id: UUID, *, by: By, now: datetime) -> Hold:
    """Another person agrees: it ends. Raises NotFound, WrongState."""
    row = _row(hold_id)
    if row.released_at is not None or not row.release_by:
        raise WrongState(what="hold")
    assert by.person not in (None, row.release_by), "the edge judges that it is another person"
    _move(row, released_by=by.person or "", released_at=now)
    _record(row, facts.HoldReleased(row.id, row.target), by, now)
    return _hold(row)


def targets() -> frozenset[str]:
    """What may not be deleted now."""
    rows = models.Hold.objects.filter(released_at=None)
    return frozenset(rows.values_list("target", flat=True))


def require_free(item: str, kept: str) -> None:
    """Raises WrongState("held") where a hold covers this item of a class."""
    if {item, kept, EVERYTHING} & targets():
        raise WrongState("held")


def find(hold_id: UUID) -> Hold:
    """One hold. Raises NotFound."""
    return _hold(_row(hold_id))


def holds(limit: int = HOLDS_MAX) -> list[Hold]:
    """Holds, those that stand first, then newest first."""
    rows = models.Hold.objects.order_by("-held_at", "-id")[:limit]
    return sorted(map(_hold, rows), key=lambda one: one.released_at is not None)


def _check_reason(reason: str) -> None:
    if not reason.strip() or len(reason) > REASON_MAX:
        raise BadInput(field="reason", reason="length", most=REASON_MAX)


def _row(hold_id: UUID) -> models.Hold:
    row = models.Hold.objects.filter(id=hold_id).first()
    if row is None:
        raise NotFound(what="hold")
    return row


def _move(row: models.Hold, **changed: Any) -> None:
    same = models.Hold.objects.filter(id=row.id, version=row.version)
    if not same.update(version=row.version + 1, **changed):
        raise WrongState(what="hold")
    row.refresh_from_db()


def _record(row: models.Hold, fact: object, by: By, now: datetime) -> None:
    journal.record(fact, by=by, at=now, subject=f"hold:{row.id}")


def _hold(row: models.Hold) -> Hold:
    return Hold(**{name: getattr(row, name) for name in Hold.__dataclass_fields__})
