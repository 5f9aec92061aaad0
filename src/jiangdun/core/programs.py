"""Keys for programs of other systems: what each is good for, from where, how often, how long.

A program shows its key with every request. What changes something it also signs, by a second secret that never
travels: whoever reads the key on its way can change nothing, and nothing is done twice.

    Authorization: Jiangdun <key>
    X-Jiangdun-Time: 1764102000                  seconds since 1970 UTC, at most `program.skew_s` off
    X-Jiangdun-Nonce: 16 to 64 letters, digits, - or _, never the same twice
    X-Jiangdun-Signature: hex of HMAC-SHA256(signing secret, text)

with text = method, path with query, time, nonce, hex of SHA-256 of the body, joined by line feeds.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from jiangdun.core import clock, facts, ids, journal, secrets
from jiangdun.core.journal import By
from jiangdun.core.models import Nonce, ProgramKey
from jiangdun.core.networks import are_networks
from jiangdun.core.parameters import parameter
from jiangdun.core.trouble import AlreadyThere, BadInput, NotFound, OverLimit, WrongState

SKEW_S = parameter("program.skew_s", 300, lambda v: type(v) is int and 5 <= v <= 3_600)
"""A signed request is taken so long before and after the moment it names."""
KEY_BYTES: Final = 32
KEYS_MAX: Final = 200
"""Keys that hold at one time."""
DAYS_MAX: Final = 400
"""A key ends after so many days at the latest."""
RATE_MAX: Final = 6_000
"""Requests a minute one key may be given."""
TOUCH_EVERY: Final = timedelta(minutes=1)

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{1,31}")
_NONCE: Final = re.compile(r"[A-Za-z0-9_-]{16,64}")
_TIME: Final = re.compile(r"[0-9]{9,12}")


@dataclass(frozen=True)
class Program:
    """A program of another system, by the key it has shown."""

    id: UUID
    name: str
    agency: str
    verbs: frozenset[str]
    networks: tuple[str, ...]
    rate_per_min: int
    made_at: datetime
    released_at: datetime | None
    expires_at: datetime
    revoked_at: datetime | None
    used_at: datetime | None


@dataclass(frozen=True)
class Made:
    """A key just made; both secrets are shown this once."""

    program: Program
    key: str
    signing_secret: str


@transaction.atomic
def make(
    name: str,
    agency: str,
    verbs: Sequence[str],
    *,
    days: int,
    rate_per_min: int,
    networks: Sequence[str] = (),
    by: By,
    now: datetime,
) -> Made:
    """Make a key; it opens nothing before `release`. Raises BadInput, AlreadyThere for a name in use, OverLimit."""
    if not _NAME.fullmatch(name):
        raise BadInput(field="name", reason="small_letters_digits_hyphens")
    if not verbs:
        raise BadInput(field="verbs", reason="empty")
    if not 1 <= days <= DAYS_MAX:
        raise BadInput(field="days", reason="range", least=1, most=DAYS_MAX)
    if not 1 <= rate_per_min <= RATE_MAX:
        raise BadInput(field="rate_per_min", reason="range", least=1, most=RATE_MAX)
    if not are_networks(list(networks)):
        raise BadInput(field="networks", reason="networks")
    held = ProgramKey.objects.filter(revoked_at=None, expires_at__gt=now)
    if held.filter(name=name).exists():
        raise AlreadyThere(what="program", name=name)
    if held.count() >= KEYS_MAX:
        raise OverLimit(limit="KEYS_MAX", most=KEYS_MAX)
    key, signing = f"jd_{ids.new_secret(KEY_BYTES)}", ids.new_secret(KEY_BYTES)
    row = ProgramKey(
        name=name,
        agency=agency,
        verbs=sorted(set(verbs)),
        networks=list(networks),
        rate_per_min=rate_per_min,
        digest=_digest(key),
        made_at=now,
        expires_at=now + timedelta(days=days),
    )
    row.sealed = secrets.seal(signing.encode(), about=_about(row.id))
    row.save(force_insert=True)
    made = facts.ProgramKeyMade(row.id, name, agency, tuple(row.verbs), row.expires_at)
    journal.record(made, by=by, at=now, subject=f"program:{row.id}")
    return Made(_program(row), key, signing)


@transaction.atomic
def release(program_id: UUID, *, by: By, now: datetime) -> Program:
    """Let a key open what it was made for: by somebody else than who made it. Raises NotFound, WrongState."""
    row = ProgramKey.objects.filter(id=program_id, revoked_at=None, expires_at__gt=now).first()
    if row is None:
        raise NotFound(what="program")
    if not ProgramKey.objects.filter(id=program_id, released_at=None).update(released_at=now):
        raise WrongState(what="program")
    journal.record(facts.ProgramKeyReleased(program_id), by=by, at=now, subject=f"program:{program_id}")
    row.released_at = now
    return _program(row)


@transaction.atomic
def revoke(program_id: UUID, *, by: By, now: datetime) -> None:
    """The key opens nothing from now on. Raises NotFound."""
    if not ProgramKey.objects.filter(id=program_id, revoked_at=None).update(revoked_at=now):
        raise NotFound(what="program")
    journal.record(facts.ProgramKeyRevoked(program_id), by=by, at=now, subject=f"program:{program_id}")


def programs() -> list[Program]:
    """Every key there is or was, the newest first."""
    return [_program(row) for row in ProgramKey.objects.order_by("-made_at", "-id")[: 2 * KEYS_MAX]]


def find(key: str, now: datetime) -> Program | None:
    """The program this key belongs to; None where it opens nothing (never did, not released yet, ended, revoked)."""
    held = ProgramKey.objects.filter(digest=_digest(key), revoked_at=None, expires_at__gt=now)
    row = held.exclude(released_at=None).first()
    return _program(row) if row else None


def text_to_sign(method: str, target: str, time: str, nonce: str, body: bytes) -> bytes:
    """What a program signs; `target` is the path with its query as sent."""
    return "\n".join((method, target, time, nonce, hashlib.sha256(body).hexdigest())).encode()


def sign(signing_secret: str, text: bytes) -> str:
    """The signature, in hex."""
    return hmac.new(signing_secret.encode(), text, hashlib.sha256).hexdigest()


def against(program_id: UUID, text: bytes, time: str, nonce: str, signature: str, now: datetime) -> str:
    """What speaks against a signed request: unsigned, skew, signature; "" for nothing. Reads only.

    By the real clock: a demo's face is set elsewhere, and another system does not know.
    """
    if not (_TIME.fullmatch(time) and _NONCE.fullmatch(nonce) and signature):
        return "unsigned"
    if abs((now - clock.offset()).timestamp() - int(time)) > SKEW_S.at(now):
        return "skew"
    row = ProgramKey.objects.get(id=program_id)
    secret = secrets.unseal(row.sealed, about=_about(row.id)).decode()
    return "" if hmac.compare_digest(sign(secret, text).encode(), signature.encode()) else "signature"


@transaction.atomic
def use(program_id: UUID, nonce: str, now: datetime) -> bool:
    """Take a nonce, and note that the key was used; False where the nonce was taken before."""
    Nonce.objects.filter(program_id=program_id, at__lt=now - 2 * timedelta(seconds=SKEW_S.at(now))).delete()
    _, new = Nonce.objects.get_or_create(
        program_id=program_id, digest=hashlib.sha256(nonce.encode()).hexdigest(), defaults={"at": now}
    )
    touch(program_id, now)
    return new


def touch(program_id: UUID, now: datetime) -> None:
    """Note that the key was used."""
    ProgramKey.objects.filter(id=program_id).update(used_at=now)


def needs_touch(program: Program, now: datetime) -> bool:
    """Whether it was not noted within a minute that the key is used."""
    return program.used_at is None or now - program.used_at >= TOUCH_EVERY


@transaction.atomic
def note_refusal(program: Program, reason: str, now: datetime) -> None:
    """Write down that a request with this key was refused: skew, signature, replay, place."""
    refused = facts.ProgramRefused(program.id, reason)
    journal.record(refused, by=By(system="door"), at=now, subject=f"program:{program.id}")


@secrets.holder("program")
def _again(again: secrets.Again) -> int:
    count = 0
    for row in ProgramKey.objects.all():
        ProgramKey.objects.filter(pk=row.pk).update(sealed=again(row.sealed, _about(row.id)))
        count += 1
    return count


def _program(row: ProgramKey) -> Program:
    return Program(
        row.id,
        row.name,
        row.agency,
        frozenset(row.verbs),
        tuple(row.networks),
        row.rate_per_min,
        row.made_at,
        row.released_at,
        row.expires_at,
        row.revoked_at,
        row.used_at,
    )


def _digest(key: str) -> str:
    return secrets.digest("program", key)


def _about(program_id: UUID) -> str:
    return f"program:{program_id}"
