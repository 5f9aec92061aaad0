"""The one way by which rows leave: asked for, let go by a second person where they are many, written, taken, counted.

    waiting → approved → ready → gone          (few rows begin approved; refused, cancelled, failed end it)

The rows come from a source of the web edge, which judges each for whoever asked; here stands what happened.
More than `exports.approval_rows` rows need a second person of the same agency. The file lies in the vault.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import F, Sum

from jiangdun.core import facts, ids, journal, ledger, models, sheets
from jiangdun.core.journal import By
from jiangdun.core.parameters import parameter
from jiangdun.core.trouble import BadInput, NotFound, OverLimit, WrongState

APPROVAL_ROWS = parameter("exports.approval_rows", 1_000, lambda v: type(v) is int and 1 <= v <= 100_000)
"""An export of more rows than this needs a second person (GB/T 22239 practice)."""
ODD_PER_DAY = parameter("exports.odd_per_day", 20, lambda v: type(v) is int and 1 <= v <= 10_000)
ODD_ROWS_PER_DAY = parameter(
    "exports.odd_rows_per_day", 50_000, lambda v: type(v) is int and 1 <= v <= 100_000_000
)
KEPT_DAYS = parameter("exports.kept_days", 7, lambda v: type(v) is int and 1 <= v <= 90)
"""The file of an export may be taken for so long."""

ROWS_MAX: Final = 1_000_000
"""Rows of one export."""
OPEN_MAX: Final = 20
"""Exports of one person that wait or are written at one time."""
PAGE_MAX: Final = 200
REASON_MAX: Final = 400
WAITING, APPROVED, READY, GONE = "waiting", "approved", "ready", "gone"
REFUSED, CANCELLED, FAILED = "refused", "cancelled", "failed"
STATES: Final = (WAITING, APPROVED, READY, GONE, REFUSED, CANCELLED, FAILED)


@dataclass(frozen=True)
class Export:
    """An export as others see it: see `models.Export`."""

    id: UUID
    mark: int
    what: str
    filters: Mapping[str, Any]
    account_id: UUID
    person: str
    agency: str
    purpose: str
    reason: str
    state: str
    asked_at: datetime
    expected: int
    decided_by: str
    decided_at: datetime | None
    refusal: str
    done: int
    rows: int | None
    left_out: int
    owners: Mapping[str, int]
    annexes: tuple[str, ...]
    sha256: str
    size: int | None
    finished_at: datetime | None
    downloads: int
    trouble: str
    version: int
    until: datetime | None
    """It may be taken until then."""

    def as_thing(self) -> dict[str, Any]:
        """What `core.access` judges: `asked_by` may not approve."""
        return {"agency": self.agency, "person": self.person, "asked_by": self.person}

    def watermark(self) -> sheets.Watermark:
        at = self.decided_at or self.asked_at
        return sheets.Watermark(str(self.id), self.person, self.agency, self.purpose, at, self.mark)


@transaction.atomic
def ask(
    what: str,
    filters: Mapping[str, Any],
    expected: int,
    *,
    account_id: UUID,
    purpose: str,
    reason: str,
    by: By,
    now: datetime,
) -> Export:
    """Ask for an export of about `expected` rows. Raises BadInput without purpose or reason, OverLimit."""
    if not purpose:
        raise BadInput(field="purpose", reason="needed")
    if not reason.strip() or len(reason) > REASON_MAX:
        raise BadInput(field="reason", reason="length", most=REASON_MAX)
    open_ones = models.Export.objects.filter(person=by.person or "", state__in=(WAITING, APPROVED))
    if open_ones.count() >= OPEN_MAX:
        raise OverLimit(limit="OPEN_MAX", most=OPEN_MAX)
    waits = expected > APPROVAL_ROWS.at(now)
    row = models.Export.objects.create(
        mark=_mark(),
        what=what,
        filters=dict(filters),
        account_id=account_id,
        person=by.person or "",
        agency=by.agency or "",
        purpose=purpose,
        reason=reason,
        state=WAITING if waits else APPROVED,
        asked_at=now,
        expected=expected,
    )
    asked = facts.ExportAsked(row.id, what, row.agency, purpose, expected, waits)
    _record(row, asked, by, now)
    _look_for_odd(row, now)
    return _export(row)


@transaction.atomic
def decide(export_id: UUID, *, approved: bool, refusal: str = "", by: By, now: datetime) -> Export:
    """A second person lets it go, or says why not. Raises NotFound, WrongState, BadInput."""
    row = _row(export_id, WAITING)
    assert by.person not in (None, row.person), "the edge judges that it is another person"
    if not approved and (not refusal.strip() or len(refusal) > REASON_MAX):
        raise BadInput(field="refusal", reason="length", most=REASON_MAX)
    state = APPROVED if approved else REFUSED
    _move(row, state=state, decided_by=by.person or "", decided_at=now, refusal="" if approved else refusal)
    _record(row, facts.ExportDecided(row.id, row.what, row.agency, approved), by, now)
    return _export(row)


@transaction.atomic
def cancel(export_id: UUID, *, by: By, now: datetime) -> Export:
    """Whoever asked wants it no longer. What is being written stops at its next rows. Raises WrongState."""
    row = _row(export_id, WAITING, APPROVED)
    _move(row, state=CANCELLED, finished_at=now)
    _record(row, facts.ExportEnded(row.id, row.what, row.agency, CANCELLED, ""), by, now)
    return _export(row)


def progress(export_id: UUID, done: int) -> bool:
    """Note how many rows are written; False where it is to stop."""
    return models.Export.objects.filter(id=export_id, state=APPROVED).update(done=done) > 0


@transaction.atomic
def wait_after_all(export_id: UUID, expected: int) -> None:
    """There are more rows than when it was asked for: a second person must see it."""
    rows = models.Export.objects.filter(id=export_id, state=APPROVED, decided_by="")
    rows.update(state=WAITING, expected=expected, done=0)


@transaction.atomic
def finish(
    export_id: UUID,
    *,
    rows: int,
    sha256: str,
    size: int,
    owners: Mapping[str, int],
    annexes: Iterable[str],
    left_out: int = 0,
    by: By,
    now: datetime,
) -> Export | None:
    """The file lies in the vault; `left_out` rows are not in it. None where somebody cancelled meanwhile."""
    row = models.Export.objects.filter(id=export_id, state=APPROVED).first()
    if row is None:
        return None
    several = sorted(set(annexes))
    _move(
        row, state=READY, rows=rows, done=rows, sha256=sha256, size=size, owners=dict(owners),
        annexes=several, left_out=left_out, finished_at=now,
    )  # fmt: skip
    _record(row, facts.ExportReady(row.id, row.what, row.agency, rows, sha256, tuple(several)), by, now)
    _look_for_odd(row, now)
    return _export(row)


@transaction.atomic
def fail(export_id: UUID, trouble: str, *, by: By, now: datetime) -> None:
    """It could not be written: the asker may no longer see it, or there is too much of it."""
    row = models.Export.objects.filter(id=export_id, state=APPROVED).first()
    if row is not None:
        _move(row, state=FAILED, trouble=trouble[:64], finished_at=now)
        _record(row, facts.ExportEnded(row.id, row.what, row.agency, FAILED, trouble[:64]), by, now)


@transaction.atomic
def take(export_id: UUID, entry: ledger.Entry, *, by: By, now: datetime) -> Export:
    """Somebody downloads it: counted, and in the access ledger (a row for each agency whose rows are in it), in one
    transaction. Raises WrongState where it is not ready or too old.
    """
    row = _row(export_id, READY)
    if now >= _until(row):
        raise WrongState("export_gone")
    models.Export.objects.filter(id=row.id).update(downloads=F("downloads") + 1)
    row.refresh_from_db()
    ledger.append(_entries(row, entry))
    _record(row, facts.ExportTaken(row.id, row.what, row.agency, row.rows or 0, row.downloads), by, now)
    return _export(row)


@transaction.atomic
def let_go(export_id: UUID) -> None:
    """The file may no longer be taken; it leaves the vault by the retention job."""
    models.Export.objects.filter(id=export_id, state=READY).update(state=GONE)


def export(export_id: UUID) -> Export:
    """One export. Raises NotFound."""
    return _export(_row(export_id))


def exports(
    *, agency: str = "", person: str = "", state: str = "", before: UUID | None = None, limit: int = 50
) -> list[Export]:
    """Exports, newest first, a page at a time; what is empty does not filter."""
    asked = {"agency": agency, "person": person, "state": state}
    rows = models.Export.objects.filter(**{name: value for name, value in asked.items() if value})
    if before is not None:
        rows = rows.filter(id__lt=before)
    return [_export(row) for row in rows.order_by("-id")[: min(limit, PAGE_MAX)]]


def due(limit: int = 10) -> list[Export]:
    """Exports to be written, the oldest first."""
    rows = models.Export.objects.filter(state=APPROVED).order_by("asked_at", "id")
    return [_export(row) for row in rows[:limit]]


def too_old(now: datetime, limit: int = PAGE_MAX) -> list[Export]:
    """Exports whose file is kept no longer."""
    rows = models.Export.objects.filter(state=READY, finished_at__lt=now).order_by("finished_at")[:limit]
    return [_export(row) for row in rows if _until(row) <= now]


def traced(text: str) -> list[Export]:
    """Whose export rows of `text` are from, by their hidden marks: for whoever found them where they should not be."""
    rows = models.Export.objects.filter(mark__in=sheets.marks(text)[:PAGE_MAX]).order_by("-id")
    return [_export(row) for row in rows]


def _look_for_odd(row: models.Export, now: datetime) -> None:
    """One fact at the moment a person's exports, or their rows, exceed what is usual in a day."""
    day = models.Export.objects.filter(person=row.person, asked_at__gt=now - timedelta(days=1))
    count, rows = day.count(), day.aggregate(n=Sum("rows"))["n"] or 0
    if row.rows is None:  # just asked for
        crossed = count - 1 <= ODD_PER_DAY.at(now) < count
    else:
        crossed = rows - row.rows <= ODD_ROWS_PER_DAY.at(now) < rows
    if crossed:
        odd = facts.OddExports(row.person, row.agency, count, rows)
        journal.record(odd, by=By(system="exports"), at=now, subject=f"account:{row.account_id}")


def _entries(row: models.Export, entry: ledger.Entry) -> list[ledger.Entry]:
    whose = row.owners or {"": row.rows or 0}
    return [
        replace(entry, owner=owner, count=count, annexes=tuple(row.annexes), purpose=row.purpose)
        for owner, count in sorted(whose.items())[: ledger.BATCH_MAX]
    ]


def _until(row: models.Export) -> datetime:
    """By the days that held when it was finished."""
    assert row.finished_at is not None
    return row.finished_at + timedelta(days=KEPT_DAYS.at(row.finished_at))


def _mark() -> int:
    return int.from_bytes(ids.new_bytes(sheets.MARK_BITS // 8))


def _row(export_id: UUID, *states: str) -> models.Export:
    row = models.Export.objects.filter(id=export_id).first()
    if row is None:
        raise NotFound(what="export")
    if states and row.state not in states:
        raise WrongState(what="export", state=row.state)
    return row


def _move(row: models.Export, **changed: Any) -> None:
    same = models.Export.objects.filter(id=row.id, version=row.version)
    if not same.update(version=row.version + 1, **changed):
        raise WrongState(what="export", state=row.state)
    row.refresh_from_db()


def _record(row: models.Export, fact: object, by: By, now: datetime) -> None:
    journal.record(fact, by=by, at=now, subject=f"export:{row.id}")


def _export(row: models.Export) -> Export:
    values = {name: getattr(row, name) for name in Export.__dataclass_fields__ if name != "until"}
    until = _until(row) if row.state == READY else None
    return Export(**{**values, "annexes": tuple(row.annexes), "until": until})
