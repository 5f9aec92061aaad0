"""Accounts under seal, for the day nobody else can act. Two persons open one, for a while, and everybody is told.

One of the two is the security administrator, the other the audit administrator or a commander. The password is drawn
when it opens, shown once, and void when it closes; everything done meanwhile is marked `by.system` = `emergency`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import transaction

from jiangdun.core import accounts, facts, ids, journal, models, passwords, timers
from jiangdun.core.digests import digest
from jiangdun.core.journal import By
from jiangdun.core.parameters import parameter
from jiangdun.core.trouble import BadInput, NotFound, NotYours, WrongState

MINUTES = parameter("emergency.minutes", 60, lambda v: type(v) is int and 5 <= v <= 720)
"""So long it stays open."""
ASK_WAITS: Final = timedelta(minutes=30)
"""So long the first person's word waits for the second's."""
REASON_MAX: Final = 200
REASONS_MAX: Final = 100
MARK: Final = "emergency"
TIMER: Final = "core.emergency_ends"


@dataclass(frozen=True)
class Sealed:
    """An account under seal: who asked for it and why, and until when it is open."""

    account: accounts.Account
    asked_by: UUID | None
    asked_security: bool
    asked_at: datetime | None
    reason: str
    open_until: datetime | None


@transaction.atomic
def seal(username: str, *, name_zh: str, name_en: str = "", by: By, now: datetime) -> Sealed:
    """Put an account under seal: it has no password and is switched off. Raises what `accounts.create` raises."""
    made = accounts.create(
        username,
        None,
        name_zh=name_zh,
        name_en=name_en,
        by=by,
        now=now,
        temporary=False,
        kind=accounts.EMERGENCY,
    )
    _shut(made.id, now)
    models.Emergency.objects.create(account_id=made.id)
    journal.record(facts.EmergencySealed(made.id), by=by, at=now, subject=_subject(made.id))
    return sealed(made.id)


@transaction.atomic
def ask(account_id: UUID, reason: str, person: UUID, *, security: bool, by: By, now: datetime) -> Sealed:
    """The first person's word; `security`: the security administrator's. Raises NotFound, BadInput, WrongState."""
    if not reason.strip() or len(reason) > REASON_MAX:
        raise BadInput(field="reason", reason="length", most=REASON_MAX)
    held = sealed(account_id)
    if held.open_until is not None and now < held.open_until:
        raise WrongState(what="account")
    models.Emergency.objects.filter(account_id=account_id).update(
        asked_by=person, asked_security=security, asked_at=now, reason=reason.strip(), open_until=None
    )
    told = _digest(account_id, reason.strip())
    models.EmergencyReason.objects.create(account_id=account_id, at=now, digest=told, words=reason.strip())
    asked = facts.EmergencyAsked(account_id, person, told)
    journal.record(asked, by=by, at=now, subject=_subject(account_id))
    return sealed(account_id)


def draw(account_id: UUID, now: datetime) -> tuple[str, passwords.Prepared]:
    """A password for it, and its hash: slow, so done before the writer is asked. Raises NotFound."""
    password = ids.new_secret(18)
    return password, passwords.prepare(account_id, password, now)


@transaction.atomic
def unseal(
    account_id: UUID, prepared: passwords.Prepared, person: UUID, *, security: bool, by: By, now: datetime
) -> Sealed:
    """The second person's word: the seal is broken, for a while.

    Raises NotFound, WrongState where nobody asked or too long ago, NotYours where the two are not two persons of
    whom one is the security administrator.
    """
    held = sealed(account_id)
    if held.asked_by is None or held.asked_at is None or now - held.asked_at > ASK_WAITS:
        raise WrongState("emergency_not_asked", minutes=int(ASK_WAITS.total_seconds() // 60))
    if held.asked_by == person or held.asked_security == security:
        raise NotYours(reason="two_persons")
    passwords.keep(prepared, by=by, now=now)
    accounts.switch(account_id, active=True, by=by, now=now)
    until = now + timedelta(minutes=MINUTES.at(now))
    models.Emergency.objects.filter(account_id=account_id).update(
        asked_by=None, asked_at=None, open_until=until
    )
    told = _digest(account_id, held.reason)
    opened = facts.EmergencyOpened(account_id, held.asked_by, person, told, until)
    journal.record(opened, by=by, at=now, subject=_subject(account_id))
    timers.set(TIMER, str(account_id), until)
    return sealed(account_id)


@transaction.atomic
def close(account_id: UUID, *, by: By, now: datetime) -> None:
    """Under seal again: its password is void, its sessions end. Raises NotFound; twice changes nothing."""
    held = sealed(account_id)
    if held.open_until is None:
        return
    _shut(account_id, now)
    models.Emergency.objects.filter(account_id=account_id).update(open_until=None)
    timers.cancel(TIMER, str(account_id))
    journal.record(facts.EmergencyClosed(account_id), by=by, at=now, subject=_subject(account_id))


def on_timer(key: str, payload: Any, due_at: datetime, now: datetime) -> None:  # noqa: ARG001  (a handler's form)
    """Its time is over."""
    close(UUID(key), by=By(system="timers"), now=now)


def sealed(account_id: UUID) -> Sealed:
    """The account under seal with this id. Raises NotFound."""
    row = models.Emergency.objects.filter(account_id=account_id).first()
    if row is None:
        raise NotFound(what="account")
    return _sealed(row)


def all_sealed() -> list[Sealed]:
    """Every account under seal, by name."""
    return [_sealed(row) for row in models.Emergency.objects.order_by("account__username")[:100]]


def reasons(account_id: UUID) -> dict[str, str]:
    """Why this seal was to be broken, each time: the words by their digest, as the facts name them."""
    rows = models.EmergencyReason.objects.filter(account_id=account_id).order_by("-at", "-id")
    return {row.digest: row.words for row in rows[:REASONS_MAX]}


def _digest(account_id: UUID, words: str) -> str:
    return digest("reason", f"{account_id}:{words}")


def _shut(account_id: UUID, now: datetime) -> None:
    row = models.Account.objects.get(id=account_id)
    row.password, row.is_active, row.used_at, row.version = make_password(None), False, now, row.version + 1
    row.save(update_fields=["password", "is_active", "used_at", "version"])
    models.PastPassword.objects.filter(account_id=account_id).delete()


def _sealed(row: models.Emergency) -> Sealed:
    return Sealed(
        accounts.account(row.account_id),
        row.asked_by_id,
        row.asked_security,
        row.asked_at,
        row.reason,
        row.open_until,
    )


def _subject(account_id: UUID) -> str:
    return f"account:{account_id}"
