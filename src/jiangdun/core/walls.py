"""Screens that only show: each signs in by a key of its own, from its own network, and a person acts on it by name.

A PIN is a person's short secret for walls alone: six to twelve digits, hashed like a password.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction

from jiangdun.core import accounts, facts, ids, journal, models, passwords, secrets
from jiangdun.core.journal import By
from jiangdun.core.networks import are_networks
from jiangdun.core.trouble import BadInput, NotFound

KEY_BYTES: Final = 32
PIN_MIN, PIN_MAX = 6, 12


@dataclass(frozen=True)
class Wall:
    """A screen."""

    account: accounts.Account
    networks: tuple[str, ...]
    made_at: datetime
    revoked_at: datetime | None


@transaction.atomic
def make(
    username: str, networks: Sequence[str], *, name_zh: str, name_en: str = "", by: By, now: datetime
) -> tuple[Wall, str]:
    """A screen and its key, shown this once. Raises BadInput, AlreadyThere."""
    if not networks or not are_networks(list(networks)):
        raise BadInput(field="networks", reason="networks")
    made = accounts.create(
        username,
        None,
        name_zh=name_zh,
        name_en=name_en,
        by=by,
        now=now,
        temporary=False,
        kind=accounts.WALL,
    )
    key = f"jw_{ids.new_secret(KEY_BYTES)}"
    models.Wall.objects.create(account_id=made.id, networks=list(networks), digest=_digest(key), made_at=now)
    journal.record(facts.WallMade(made.id), by=by, at=now, subject=f"account:{made.id}")
    return wall(made.id), key


@transaction.atomic
def revoke(account_id: UUID, *, by: By, now: datetime) -> None:
    """The screen's key opens nothing from now on. Raises NotFound."""
    if not models.Wall.objects.filter(account_id=account_id, revoked_at=None).update(revoked_at=now):
        raise NotFound(what="wall")
    accounts.switch(account_id, active=False, by=by, now=now)
    journal.record(facts.WallRevoked(account_id), by=by, at=now, subject=f"account:{account_id}")


def find(key: str) -> Wall | None:
    """The screen this key belongs to; None where it opens nothing."""
    row = models.Wall.objects.filter(digest=_digest(key[:128]), revoked_at=None).first()
    return _wall(row) if row else None


def wall(account_id: UUID) -> Wall:
    """The screen with this account. Raises NotFound."""
    row = models.Wall.objects.filter(account_id=account_id).first()
    if row is None:
        raise NotFound(what="wall")
    return _wall(row)


def walls() -> list[Wall]:
    """Every screen there is or was, by name."""
    return [_wall(row) for row in models.Wall.objects.order_by("account__username")[:1_000]]


def hash_pin(pin: str) -> str:
    """The hash of a PIN that keeps the rules: slow, so done before the writer is asked. Raises BadInput."""
    if not (pin.isascii() and pin.isdigit() and PIN_MIN <= len(pin) <= PIN_MAX):
        raise BadInput(field="pin", reason="pin_digits")
    steps = {int(b) - int(a) for a, b in itertools.pairwise(pin)}
    if len(steps) == 1:
        raise BadInput(field="pin", reason="pin_too_simple")  # 000000, 123456, 987654
    with passwords.hashing:
        return make_password(pin)


@transaction.atomic
def set_pin(account_id: UUID, encoded: str, *, by: By, now: datetime) -> None:
    """Let this PIN (`hash_pin`) hold. Raises NotFound."""
    if not models.Account.objects.filter(id=account_id, kind=accounts.PERSON).update(pin=encoded):
        raise NotFound(what="account")
    journal.record(facts.PinSet(account_id), by=by, at=now, subject=f"account:{account_id}")


def check_pin(username: str, pin: str) -> accounts.Known | None:
    """The account of this name and PIN, if active; the same work for an unknown name."""
    row = models.Account.objects.filter(username=username[: accounts.NAME_MAX].strip()).first()
    with passwords.hashing:
        if row is None or not row.pin:
            make_password(pin[:PIN_MAX])
            return None
        right = check_password(pin[: PIN_MAX + 1], row.pin)
    return accounts.Known(row.id, row.version) if right and row.is_active else None


@transaction.atomic
def note_act(account_id: UUID, wall_id: UUID, way: str, now: datetime) -> None:
    """Write down that a person showed who they are at a screen, for one act."""
    acted = facts.ActedOnWall(account_id, wall_id, way)
    journal.record(acted, by=By(person=str(account_id)), at=now, subject=f"account:{account_id}")


def _wall(row: models.Wall) -> Wall:
    return Wall(accounts.account(row.account_id), tuple(row.networks), row.made_at, row.revoked_at)


def _digest(key: str) -> str:
    return secrets.digest("wall", key)
