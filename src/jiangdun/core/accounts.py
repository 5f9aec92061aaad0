"""Accounts and signing in: who may come to the door, and how often one may knock.

    known = accounts.check(username, password)                       # argon2, tens of ms: never in the writer
    outcome = await writer.do(lambda: accounts.note_sign_in(username, known, address, now))

or `sign_in(...)`, which does both. Bad tries are counted per account and per address (digests only); after
`signin.tries` within `signin.window_s` that account or address waits `signin.lock_s`. A right password
during a lock is refused like a wrong one, so guessing on tells nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import BoundedSemaphore
from typing import Any, TypeVar
from uuid import UUID

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from jiangdun.core import facts, journal, models
from jiangdun.core.digests import digest
from jiangdun.core.journal import By
from jiangdun.core.parameters import parameter
from jiangdun.core.passwords import VALIDATORS
from jiangdun.core.trouble import AlreadyThere, BadInput, LockedOut, NotFound, WrongCredentials

TRIES = parameter("signin.tries", 5, lambda v: type(v) is int and 1 <= v <= 100)
WINDOW_S = parameter("signin.window_s", 900, lambda v: type(v) is int and 1 <= v <= 86_400)
LOCK_S = parameter("signin.lock_s", 900, lambda v: type(v) is int and 1 <= v <= 86_400)

NAME_MAX = 64
PASSWORD_MAX = 256
"""Characters; a longer password would only make the hash slow."""
HASHES_AT_ONCE = 2
"""Passwords hashed at the same time: each takes a core and 100 MB, and strangers may ask for it."""
KNOCK_S = 60
"""Tries refused because of a lock are journaled once in so many seconds for each locked account or
address.
"""
FAILURES_KEPT_S = 2 * 86_400
"""Bad tries older than any window and lock are forgotten after so long."""

_T = TypeVar("_T")
_hashing = BoundedSemaphore(HASHES_AT_ONCE)
Write = Callable[[Callable[[], Any]], Any]


@dataclass(frozen=True)
class Account:
    """An account as others see it."""

    id: UUID
    username: str
    name_zh: str
    name_en: str
    active: bool
    version: int


@dataclass(frozen=True)
class SignIn:
    """What came of a try: an `account`, or the reason why not (`credentials`, `locked` with `until`)."""

    account: Account | None
    reason: str = ""
    until: datetime | None = None


@transaction.atomic
def create(
    username: str, password: str, *, name_zh: str, name_en: str = "", by: By, now: datetime
) -> Account:
    """Create an account. Raises AlreadyThere, or BadInput saying which rule the name or the password
    breaks.
    """
    username = username.strip()
    if not username or len(username) > NAME_MAX or not username.isprintable():
        raise BadInput(field="username", reason="length", most=NAME_MAX)
    if not name_zh.strip() or len(name_zh) > NAME_MAX or len(name_en) > NAME_MAX:
        raise BadInput(field="name_zh", reason="length", most=NAME_MAX)
    if models.Account.objects.filter(username__iexact=username).exists():
        raise AlreadyThere(what="account", username=username)
    row = models.Account(username=username, name_zh=name_zh, name_en=name_en or name_zh, created_at=now)
    row.password = _hashed(password, row)
    row.save(force_insert=True)
    journal.record(facts.AccountCreated(row.id), by=by, at=now, subject=f"account:{row.id}")
    return _account(row)


@transaction.atomic
def set_password(account_id: UUID, password: str, *, by: By, now: datetime) -> None:
    """Set a new password, which ends the account's sessions. Raises NotFound, BadInput."""
    row = _row(account_id)
    row.password = _hashed(password, row)
    row.version += 1
    row.save(update_fields=["password", "version"])
    journal.record(facts.PasswordChanged(row.id), by=by, at=now, subject=f"account:{row.id}")


@transaction.atomic
def switch(account_id: UUID, *, active: bool, by: By, now: datetime) -> Account:
    """Switch an account on or off. Raises NotFound."""
    row = _row(account_id)
    row.is_active = active
    row.version += 1
    row.save(update_fields=["is_active", "version"])
    journal.record(facts.AccountSwitched(row.id, active), by=by, at=now, subject=f"account:{row.id}")
    return _account(row)


def check(username: str, password: str) -> UUID | None:
    """The account of this name and password, if active. Takes as long for an unknown name as for a known
    one.
    """
    row = models.Account.objects.filter(username=username[:NAME_MAX].strip()).first()
    if len(password) > PASSWORD_MAX:
        return None
    with _hashing:
        if row is None:
            make_password(password)  # the same work, so that the time does not tell who exists
            return None
        right = check_password(password, row.password)
    return row.id if right and row.is_active else None


@transaction.atomic
def note_sign_in(username: str, known: UUID | None, address: str, now: datetime) -> SignIn:
    """Write down a try (`known` from `check`) and decide it. Does not raise: what it writes must be kept.

    The lock is looked at here, in the order of writing: of many guesses sent at once no more count than
    allowed.
    """
    row = models.Account.objects.filter(username=username[:NAME_MAX].strip()).first()
    account_id = row.id if row else None
    marks = _marks(username, address)
    at_address = marks["address"]
    subject = f"account:{account_id}" if account_id else f"address:{at_address}"
    by = By(person=str(account_id)) if account_id else By(system="door")
    until = _locked_until(marks, now)
    if until is not None:
        if _is_news(marks, now):
            refused = facts.SignInRefused(account_id, at_address, "locked")
            journal.record(refused, by=by, at=now, subject=subject)
        return SignIn(None, "locked", until)
    if row is not None and row.is_active and known == row.id:
        models.SignInFailure.objects.filter(scope="account", digest=marks["account"]).delete()
        journal.record(facts.SignedIn(row.id, at_address), by=by, at=now, subject=subject)
        return SignIn(_account(row))
    refused = facts.SignInRefused(account_id, at_address, "credentials")
    cause = journal.record(refused, by=by, at=now, subject=subject)
    _note_failure(marks, now)
    for scope in marks:
        until = _locked_until({scope: marks[scope]}, now)
        if until is not None:
            locked = facts.AccountLocked(account_id, at_address, scope, until)
            journal.record(locked, by=By(system="door"), at=now, subject=subject, cause=cause)
    return SignIn(None, "credentials")


def sign_in(username: str, password: str, address: str, now: datetime, write: Write | None = None) -> Account:
    """Check, note and decide. Raises WrongCredentials, or LockedOut(until).

    `write` runs a function in a write transaction and returns its answer (the desk gives its writer's).
    """
    until = locked_until(username, address, now)
    known = None if until else check(username, password)  # no argon2 for one who is locked out anyway
    outcome: SignIn = (write or _direct)(lambda: note_sign_in(username, known, address, now))
    if outcome.account is not None:
        return outcome.account
    if outcome.reason == "locked":
        raise LockedOut(until=outcome.until)
    raise WrongCredentials


@transaction.atomic
def note_sign_out(account_id: UUID, now: datetime, reason: str = "asked") -> None:
    """Write down that somebody left: `asked`, or `idle` when the session was unused too long."""
    by = By(person=str(account_id))
    journal.record(facts.SignedOut(account_id, reason), by=by, at=now, subject=f"account:{account_id}")


def locked_until(username: str, address: str, now: datetime) -> datetime | None:
    """Until when neither this account nor this address may sign in; None when they may."""
    return _locked_until(_marks(username, address), now)


def account(account_id: UUID) -> Account:
    """The account with this id. Raises NotFound."""
    return _account(_row(account_id))


def accounts(limit: int = 1_000) -> list[Account]:
    """Accounts by name."""
    return [_account(row) for row in models.Account.objects.order_by("username")[:limit]]


def _marks(username: str, address: str) -> dict[str, str]:
    return {"account": digest("account", username.strip().casefold()), "address": digest("address", address)}


def _locked_until(marks: dict[str, str], now: datetime) -> datetime | None:
    tries, window, lock = TRIES.at(now), WINDOW_S.at(now), LOCK_S.at(now)
    ends = []
    for scope, mark in marks.items():
        bad = models.SignInFailure.objects.filter(scope=scope, digest=mark).order_by("-at")
        moments = list(bad.values_list("at", flat=True)[:tries])
        close = len(moments) == tries and moments[0] - moments[-1] <= timedelta(seconds=window)
        if close and now < moments[0] + timedelta(seconds=lock):
            ends.append(moments[0] + timedelta(seconds=lock))
    return max(ends, default=None)


def _is_news(marks: dict[str, str], now: datetime) -> bool:
    """Whether knocking at a locked door is worth another fact: once in KNOCK_S, or a stranger fills the
    journal.
    """
    locked = next(scope for scope in ("address", "account") if _locked_until({scope: marks[scope]}, now))
    knocks = models.SignInFailure.objects.filter(scope="knock", digest=marks[locked])
    if knocks.filter(at__gt=now - timedelta(seconds=KNOCK_S)).exists():
        return False
    models.SignInFailure.objects.create(scope="knock", digest=marks[locked], at=now)
    return True


def _note_failure(marks: dict[str, str], now: datetime) -> None:
    rows = [models.SignInFailure(scope=scope, digest=mark, at=now) for scope, mark in marks.items()]
    models.SignInFailure.objects.bulk_create(rows)
    models.SignInFailure.objects.filter(at__lt=now - timedelta(seconds=FAILURES_KEPT_S)).delete()


def _hashed(password: str, row: models.Account) -> str:
    if len(password) > PASSWORD_MAX:
        raise BadInput(field="password", reasons=["password_too_long"])
    try:
        validate_password(password, row, VALIDATORS)
    except ValidationError as error:
        raise BadInput(field="password", reasons=[e.code for e in error.error_list]) from None
    return make_password(password)


def _row(account_id: UUID) -> models.Account:
    row: models.Account | None = models.Account.objects.filter(id=account_id).first()
    if row is None:
        raise NotFound(what="account")
    return row


def _account(row: models.Account) -> Account:
    return Account(row.id, row.username, row.name_zh, row.name_en, row.is_active, row.version)


def _direct(work: Callable[[], _T]) -> _T:
    with transaction.atomic():
        return work()
