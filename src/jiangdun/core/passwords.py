"""Passwords: ten characters, not common, not only digits, not like the account's own name, none of the last five.

Hashing takes a core and 100 MB for a tenth of a second, so it is done before the writer is asked:

    prepared = passwords.prepare(account_id, password, now)          # slow, reads only
    await writer.do(lambda: passwords.keep(prepared, by=by, now=now))
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import BoundedSemaphore
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import (
    CommonPasswordValidator,
    MinimumLengthValidator,
    NumericPasswordValidator,
    UserAttributeSimilarityValidator,
    validate_password,
)
from django.core.exceptions import ValidationError
from django.db import transaction

from jiangdun.core import door, facts, journal, models
from jiangdun.core.journal import By
from jiangdun.core.parameters import parameter
from jiangdun.core.trouble import BadInput, NotFound, StaleVersion

LENGTH_MIN = 10
PASSWORD_MAX = 256
"""Characters; a longer password would only make the hash slow."""
HASHES_AT_ONCE = 2
"""Passwords hashed at the same time: each takes a core and 100 MB, and strangers may ask for it."""
REUSE = parameter("password.not_of_last", 5, lambda v: type(v) is int and 0 <= v <= 24)
"""A new password is none of so many before it, the present one included."""
MAX_AGE_DAYS = parameter("password.max_age_days", 90, lambda v: type(v) is int and 0 <= v <= 3_650)
"""An older password is changed at the next sign-in (GB/T 22239 level 3: changed from time to time); 0: never."""

VALIDATORS: list[Any] = [
    MinimumLengthValidator(LENGTH_MIN),
    CommonPasswordValidator(),
    NumericPasswordValidator(),
    UserAttributeSimilarityValidator(("username", "name_en", "name_zh")),
]
"""The codes of their errors: password_too_short, password_too_common, password_entirely_numeric,
password_too_similar.
"""

hashing = BoundedSemaphore(HASHES_AT_ONCE)


@dataclass(frozen=True)
class Prepared:
    """A password that passed the rules, hashed, for the account as it was in this version."""

    account_id: UUID
    version: int
    encoded: str


@dataclass(frozen=True)
class First:
    """A password that passed the rules, hashed, for an account that is not there yet."""

    encoded: str


def first(password: str, username: str, name_zh: str, name_en: str = "") -> First:
    """Judge and hash the first password of an account to be. Raises BadInput."""
    with hashing:
        return First(hashed(password, models.Account(username=username, name_zh=name_zh, name_en=name_en)))


def hashed(password: str, row: models.Account) -> str:
    """The hash of a password that keeps the rules. Raises BadInput saying which it breaks."""
    if len(password) > PASSWORD_MAX:
        raise BadInput(field="password", reasons=["password_too_long"])
    try:
        validate_password(password, row, VALIDATORS)
    except ValidationError as error:
        raise BadInput(field="password", reasons=[e.code for e in error.error_list]) from None
    return make_password(password)


def prepare(account_id: UUID, password: str, now: datetime) -> Prepared:
    """Judge and hash a new password. Raises NotFound, BadInput."""
    row = models.Account.objects.filter(id=account_id).first()
    if row is None:
        raise NotFound(what="account")
    with hashing:
        encoded = hashed(password, row)
        if any(check_password(password, old) for old in _former(row, REUSE.at(now))):
            raise BadInput(field="password", reasons=["password_used_before"])
    return Prepared(row.id, row.version, encoded)


@transaction.atomic
def keep(prepared: Prepared, *, by: By, now: datetime, temporary: bool = False) -> int:
    """Let the password hold from now on, which ends the account's sessions; the account's new version.

    `temporary`: somebody else set it, so it is changed at the next sign-in and no desk stays known.
    Raises StaleVersion where the account has changed since `prepare`.
    """
    row = models.Account.objects.filter(id=prepared.account_id, version=prepared.version).first()
    if row is None:
        raise StaleVersion(what="account")
    models.PastPassword.objects.create(account=row, encoded=row.password, at=now)
    past = models.PastPassword.objects.filter(account=row).order_by("-at", "-id")
    kept = list(past.values_list("id", flat=True)[: REUSE.at(now)])
    models.PastPassword.objects.filter(account=row).exclude(id__in=kept).delete()
    row.password, row.password_at, row.password_temporary = prepared.encoded, now, temporary
    row.version += 1
    row.save(update_fields=["password", "password_at", "password_temporary", "version"])
    if temporary:
        door.forget_desks(row.id)
    journal.record(facts.PasswordChanged(row.id), by=by, at=now, subject=f"account:{row.id}")
    return int(row.version)


def is_old(password_at: datetime | None, now: datetime) -> bool:
    """Whether a password set at this moment has to be changed by its age."""
    most = MAX_AGE_DAYS.at(now)
    return bool(most) and password_at is not None and now - password_at > timedelta(days=most)


def _former(row: models.Account, most: int) -> list[str]:
    past = models.PastPassword.objects.filter(account=row).order_by("-at", "-id")
    return [row.password, *past.values_list("encoded", flat=True)[:most]][:most]
