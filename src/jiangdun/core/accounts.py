"""Accounts and signing in: who may come to the door.

    known = accounts.check(username, password)                       # argon2, tens of ms: never in the writer
    outcome = await writer.do(lambda: accounts.note_sign_in(username, known, address, now, desk))

or `sign_in(...)`, which does both. How bad tries are counted is in `door`, what a password must be in
`passwords`. A right password during a lock is refused like a wrong one, so guessing on tells nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction

from jiangdun.core import door, facts, journal, models, passwords
from jiangdun.core.digests import digest
from jiangdun.core.journal import By
from jiangdun.core.passwords import PASSWORD_MAX
from jiangdun.core.trouble import AlreadyThere, BadInput, LockedOut, NotFound, WrongCredentials

NAME_MAX = 64
PERSON, WALL, EMERGENCY = "person", "wall", "emergency"
"""Kinds of account: somebody; a screen; one under seal."""

_T = TypeVar("_T")
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
    password_at: datetime | None = None
    password_temporary: bool = False
    used_at: datetime | None = field(default=None, compare=False)
    kind: str = PERSON

    def password_is_due(self, now: datetime) -> bool:
        """Whether the password has to be changed before anything else: given by somebody else, or too old."""
        return self.password_temporary or passwords.is_old(self.password_at, now)


@dataclass(frozen=True)
class Known:
    """Whose password was right, and in which version of the account: one that is reset meanwhile opens nothing."""

    account_id: UUID
    version: int


@dataclass(frozen=True)
class SignIn:
    """What came of a try: an `account`, or the reason why not (`credentials`, `locked` with `until`)."""

    account: Account | None
    reason: str = ""
    until: datetime | None = None


@dataclass(frozen=True)
class Standing:
    """How somebody stands at the door before the password is looked at: locked `until`, whether that is `news` for
    the journal, and whether the try comes from a desk where somebody signed in before.
    """

    until: datetime | None
    news: bool
    at_known_desk: bool


@transaction.atomic
def create(
    username: str,
    password: str | passwords.First | None,
    *,
    name_zh: str,
    name_en: str = "",
    by: By,
    now: datetime,
    temporary: bool = True,
    kind: str = PERSON,
) -> Account:
    """Create an account. `temporary`: the password is changed at the first sign-in. In the writer the password is
    one hashed before (`passwords.first`), or None, with which nobody signs in.

    Raises AlreadyThere, or BadInput saying which rule the name or the password breaks.
    """
    username = username.strip()
    if not username or len(username) > NAME_MAX or not username.isprintable():
        raise BadInput(field="username", reason="length", most=NAME_MAX)
    if not name_zh.strip() or len(name_zh) > NAME_MAX or len(name_en) > NAME_MAX:
        raise BadInput(field="name_zh", reason="length", most=NAME_MAX)
    if models.Account.objects.filter(username__iexact=username).exists():
        raise AlreadyThere(what="account", username=username)
    row = models.Account(
        kind=kind, username=username, name_zh=name_zh, name_en=name_en or name_zh, created_at=now
    )
    row.password = _encoded(password, row)
    row.password_at, row.password_temporary = now, temporary
    row.save(force_insert=True)
    journal.record(facts.AccountCreated(row.id), by=by, at=now, subject=f"account:{row.id}")
    return _account(row)


def _encoded(password: str | passwords.First | None, row: models.Account) -> str:
    if password is None:
        return make_password(None)
    return password.encoded if isinstance(password, passwords.First) else passwords.hashed(password, row)


def set_password(account_id: UUID, password: str, *, by: By, now: datetime, temporary: bool = False) -> None:
    """Judge, hash and keep a new password at once: for the command line. Raises NotFound, BadInput."""
    passwords.keep(passwords.prepare(account_id, password, now), by=by, now=now, temporary=temporary)


@transaction.atomic
def switch(account_id: UUID, *, active: bool, by: By, now: datetime) -> Account:
    """Switch an account on or off. Raises NotFound."""
    row = _row(account_id)
    row.is_active = active
    row.version += 1
    if active:
        row.used_at = now  # unused begins anew
    else:
        door.forget_desks(row.id)
    row.save(update_fields=["is_active", "version", "used_at"])
    journal.record(facts.AccountSwitched(row.id, active), by=by, at=now, subject=f"account:{row.id}")
    return _account(row)


def check(username: str, password: str) -> Known | None:
    """The account of this name and password, if active, as it was when its hash was read. Takes as long for an
    unknown name as for a known one.
    """
    row = _named(username)
    if len(password) > PASSWORD_MAX:
        return None
    with passwords.hashing:
        if row is None:
            make_password(password)  # the same work, so that the time does not tell who exists
            return None
        right = check_password(password, row.password)
    return Known(row.id, row.version) if right and row.is_active else None


def standing(username: str, address: str, now: datetime, desk: str = "") -> Standing:
    """How a try for `username` from this address and desk (the token its browser holds) stands. Reads only."""
    lock = door.lock_of(_place(username, address, desk, now), now)
    known = door.desk_is_known(desk, now)
    return Standing(lock.until, lock.news, known) if lock else Standing(None, False, known)


@transaction.atomic
def note_sign_in(
    username: str, known: Known | None, address: str, now: datetime, desk: str = "", *, more: bool = False
) -> SignIn:
    """Write down a try (`known` from `check`) and decide it. Does not raise: what it writes must be kept.

    The lock is looked at here, in the order of writing: of many guesses sent at once no more count than
    allowed. `more`: a second step follows, so nobody is in yet; `complete` or `note_wrong` writes its end.
    """
    row = _named(username)
    where = door.place(username, row.id if row else None, address, desk, now)
    lock = door.lock_of(where, now)
    if lock is not None:
        if lock.news and door.may_tell(where, now):
            _refuse(row, where, "locked", now)
        door.told(lock, now)
        return SignIn(None, "locked", lock.until)
    if row is not None and row.is_active and known == Known(row.id, row.version):
        return SignIn(_account(row) if more else _welcome(row, where, desk, now))
    _note_wrong(row, where, "credentials", now)
    return SignIn(None, "credentials")


@transaction.atomic
def complete(account_id: UUID, address: str, now: datetime, desk: str = "", new_desk: str = "") -> Account:
    """The last step of a sign-in went well: forget bad tries, know this desk, say so in the journal.

    `desk` is the token the browser came with, `new_desk` the one it leaves with.
    """
    row = _row(account_id)
    return _welcome(row, door.place(row.username, row.id, address, desk, now), new_desk or desk, now)


@transaction.atomic
def note_wrong(account_id: UUID, address: str, now: datetime, desk: str = "", reason: str = "second") -> None:
    """A later step of a sign-in failed (`second`, `place`): counted like a wrong password."""
    row = _row(account_id)
    _note_wrong(row, door.place(row.username, row.id, address, desk, now), reason, now)


def sign_in(
    username: str, password: str, address: str, now: datetime, write: Write | None = None, desk: str = ""
) -> Account:
    """Check, note and decide. Raises WrongCredentials, or LockedOut(until).

    `write` runs a function in a write transaction and returns its answer (the desk gives its writer's).
    """
    stands = standing(username, address, now, desk)
    if stands.until and not stands.news:
        raise LockedOut(until=stands.until)  # nothing to write: a flood of knocks costs reads only
    known = None if stands.until else check(username, password)  # no argon2 for one who is locked out anyway
    outcome: SignIn = (write or _direct)(lambda: note_sign_in(username, known, address, now, desk))
    if outcome.account is not None:
        return outcome.account
    if outcome.reason == "locked":
        raise LockedOut(until=outcome.until)
    raise WrongCredentials


@transaction.atomic
def note_sign_out(account_id: UUID, now: datetime, reason: str = "asked", by: UUID | None = None) -> None:
    """Write down that somebody left: `asked`, `idle` (unused too long), `too_many` (signed in elsewhere once
    more), `ended` (from another session, or by the account `by`).
    """
    who = By(person=str(by or account_id))
    journal.record(facts.SignedOut(account_id, reason), by=who, at=now, subject=f"account:{account_id}")


@transaction.atomic
def note_elsewhere(account_id: UUID, address: str, others: int, now: datetime) -> None:
    """Write down that an account is in use from this address and from `others` more at one time."""
    at = digest("address", door.network_of(address))
    fact = facts.UsedFromSeveralPlaces(account_id, at, others)
    journal.record(fact, by=door.DOOR, at=now, subject=f"account:{account_id}")


def locked_until(username: str, address: str, now: datetime, desk: str = "") -> datetime | None:
    """Until when a try for this name from here is not taken; None when it is."""
    return standing(username, address, now, desk).until


def account(account_id: UUID) -> Account:
    """The account with this id. Raises NotFound."""
    return _account(_row(account_id))


def named(username: str) -> Account | None:
    """The account with this very name."""
    row = _named(username)
    return _account(row) if row else None


def accounts(limit: int = 1_000) -> list[Account]:
    """Accounts by name."""
    return [_account(row) for row in models.Account.objects.order_by("username")[:limit]]


def _place(username: str, address: str, desk: str, now: datetime) -> door.Place:
    row = _named(username)
    return door.place(username, row.id if row else None, address, desk, now)


def _welcome(row: models.Account, where: door.Place, desk: str, now: datetime) -> Account:
    new = door.welcome(where, row.id, desk, now)
    models.Account.objects.filter(id=row.id).update(used_at=now)
    by, subject = By(person=str(row.id)), f"account:{row.id}"
    cause = journal.record(facts.SignedIn(row.id, where.address), by=by, at=now, subject=subject)
    if new:
        elsewhere = facts.SignedInFromNewPlace(row.id, where.address)
        journal.record(elsewhere, by=by, at=now, subject=subject, cause=cause)
    return _account(row)


def _note_wrong(row: models.Account | None, where: door.Place, reason: str, now: datetime) -> None:
    cause = _refuse(row, where, reason, now) if door.may_tell(where, now) else None
    for lock in door.note_failure(where, now):
        locked = facts.AccountLocked(row.id if row else None, where.address, lock.scope, lock.until)
        journal.record(locked, by=door.DOOR, at=now, subject=_subject(row, where), cause=cause)


def _refuse(row: models.Account | None, where: door.Place, reason: str, now: datetime) -> int:
    by = By(person=str(row.id)) if row else door.DOOR
    refused = facts.SignInRefused(row.id if row else None, where.address, reason)
    return journal.record(refused, by=by, at=now, subject=_subject(row, where))


def _subject(row: models.Account | None, where: door.Place) -> str:
    return f"account:{row.id}" if row else f"address:{where.address}"


def _named(username: str) -> models.Account | None:
    row: models.Account | None = models.Account.objects.filter(username=username[:NAME_MAX].strip()).first()
    return row


def _row(account_id: UUID) -> models.Account:
    row: models.Account | None = models.Account.objects.filter(id=account_id).first()
    if row is None:
        raise NotFound(what="account")
    return row


def _account(row: models.Account) -> Account:
    return Account(
        row.id,
        row.username,
        row.name_zh,
        row.name_en,
        row.is_active,
        row.version,
        row.password_at,
        row.password_temporary,
        row.used_at,
        row.kind,
    )


def _direct(work: Callable[[], _T]) -> _T:
    with transaction.atomic():
        return work()
