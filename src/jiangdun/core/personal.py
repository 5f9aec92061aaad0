"""Values of persons: telephone numbers, identity numbers, names. Sealed, masked, found by digest, and erasable.

    person = personal.keep({"phone": "13812345678"}, agency="msa", purpose="hotline", by=by, now=now)
    personal.masked(person).values → {"phone": "138****5678"}

Each person has a key of their own, wrapped by the master key (`core.secrets`), which lies outside the database. To
erase is to destroy that key: whatever copies of the sealed values are left (a log, a replica, a backup made later)
cannot be read by anybody. Rooms keep the person's id, never a value; a fact names kinds, never a value.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from jiangdun.core import facts, ids, journal, masking, models, secrets
from jiangdun.core.journal import By
from jiangdun.core.trouble import BadInput, NotFound, StaleVersion, WrongState

KINDS: Final[Mapping[str, str]] = {
    "name": "name",
    "phone": "phone",
    "id_number": "id",
    "plate": "plate",
    "address": "address",
    "email": "nothing",
    "account": "nothing",
    "birth": "nothing",
}
"""Kind of value → its mask where nothing stricter is asked for."""
VALUE_MAX: Final = 400
HIDDEN_FROM_MAX: Final = 32
FOUND_MAX: Final = 200
ERASURES: Final = ("asked", "expired", "mistaken", "court")
"""Why somebody is erased: on their demand, because the time is over, kept by mistake, by order of a court."""


@dataclass(frozen=True)
class Shown:
    """A person as they may be shown: `values` masked (or not, from `opened`). `erased`: nothing is left."""

    id: UUID
    agency: str
    purpose: str
    hidden_from: tuple[str, ...]
    created_at: datetime
    keep_until: datetime | None
    erased: bool
    version: int
    values: dict[str, str] = field(default_factory=dict)

    def as_thing(self) -> dict[str, object]:
        """What `core.access` judges."""
        return {"agency": self.agency}


@transaction.atomic
def keep(
    values: Mapping[str, str],
    *,
    agency: str,
    purpose: str,
    by: By,
    now: datetime,
    hidden_from: Iterable[str] = (),
    keep_until: datetime | None = None,
) -> UUID:
    """Keep values of a person for `agency`, and say under which id. Raises BadInput.

    `hidden_from` are agencies that see nothing, not even masked: those a whistle-blower complains of.
    """
    hidden = sorted(set(hidden_from))
    if not purpose or len(purpose) > 80:
        raise BadInput(field="purpose", reason="needed")
    if len(hidden) > HIDDEN_FROM_MAX:
        raise BadInput(field="hidden_from", reason="length", most=HIDDEN_FROM_MAX)
    key, person_id = ids.new_bytes(secrets.KEY_BYTES), ids.new_id()
    row = models.Person.objects.create(
        id=person_id,
        agency=agency,
        purpose=purpose,
        hidden_from=hidden,
        wrapped=secrets.seal(key, about=_about(person_id)),
        created_at=now,
        keep_until=keep_until,
    )
    kinds = _write(row, key, values, now)
    fact = facts.PersonKept(row.id, agency, purpose, kinds, keep_until)
    journal.record(fact, by=by, at=now, subject=f"person:{row.id}")
    return row.id


@transaction.atomic
def put(
    person_id: UUID, values: Mapping[str, str], *, by: By, now: datetime, version: int | None = None
) -> Shown:
    """Add or replace values; an empty text takes one away. Raises NotFound, BadInput, StaleVersion, WrongState."""
    row = _row(person_id)
    if version is not None and version != row.version:
        raise StaleVersion(what="person", version=row.version)
    kinds = _write(row, _key(row), values, now)
    row.version += 1
    row.save(update_fields=["version"])
    fact = facts.PersonChanged(row.id, row.agency, kinds, row.version)
    journal.record(fact, by=by, at=now, subject=f"person:{row.id}")
    return masked(person_id)


@transaction.atomic
def erase(person_id: UUID, reason: str, *, by: By, now: datetime) -> None:
    """Destroy the person's key, and with it every value. Raises NotFound, BadInput; twice changes nothing."""
    if reason not in ERASURES:
        raise BadInput(field="reason", reason="one_of", values=", ".join(ERASURES))
    row = _row(person_id)
    if row.erased_at is not None:
        return
    _overwrite_freed()
    kinds = tuple(row.values.order_by("kind").values_list("kind", flat=True))
    row.wrapped, row.erased_at, row.version = "", now, row.version + 1
    row.save(update_fields=["wrapped", "erased_at", "version"])
    row.values.all().delete()
    fact = facts.PersonErased(row.id, row.agency, kinds, reason)
    journal.record(fact, by=by, at=now, subject=f"person:{row.id}")


def get(person_id: UUID, kind: str) -> str:
    """One value, in full. Raises NotFound, WrongState where the person is erased."""
    row = _row(person_id)
    value = row.values.filter(kind=kind).first()
    if value is None and row.erased_at is None:
        raise NotFound(what="person_value", kind=kind)
    key = _key(row)
    assert value is not None
    return _opened(row, key, value)


def opened(person_id: UUID) -> Shown:
    """The person with every value in full: for whoever asked with a purpose and a reason, and was logged."""
    row = _row(person_id)
    key = _key(row)
    return _shown(row, {value.kind: _opened(row, key, value) for value in row.values.order_by("kind")})


def masked(person_id: UUID) -> Shown:
    """The person with every value masked by its kind. Raises NotFound. Of an erased person nothing is shown."""
    row = _row(person_id)
    if row.erased_at is not None:
        return _shown(row, {})
    values = opened(person_id).values
    return _shown(row, {kind: masking.mask(KINDS[kind], value) for kind, value in values.items()})


def find(kind: str, value: str) -> list[UUID]:
    """Who has exactly this value, newest first, at most FOUND_MAX; blanks, hyphens and full width do not matter."""
    digest = secrets.digest(kind, _plain(kind, value))
    rows = models.PersonValue.objects.filter(kind=kind, digest=digest).order_by("-id")
    return list(rows.values_list("person_id", flat=True)[:FOUND_MAX])


def due(now: datetime, limit: int = FOUND_MAX) -> list[UUID]:
    """Persons whose time is over."""
    rows = models.Person.objects.filter(keep_until__lte=now, erased_at=None).order_by("keep_until")
    return list(rows.values_list("id", flat=True)[:limit])


@secrets.holder("persons")
def _wrap_again(again: secrets.Again) -> int:
    count = 0
    for row in models.Person.objects.exclude(wrapped="").only("id", "wrapped").iterator(chunk_size=1_000):
        fresh = again(row.wrapped, _about(row.id))
        if fresh != row.wrapped:
            models.Person.objects.filter(pk=row.pk, wrapped=row.wrapped).update(wrapped=fresh)
            count += 1
    return count


def _write(row: models.Person, key: bytes, values: Mapping[str, str], now: datetime) -> tuple[str, ...]:
    for kind, value in values.items():
        if kind not in KINDS:
            raise BadInput(field=kind, reason="unknown")
        if len(value) > VALUE_MAX:
            raise BadInput(field=kind, reason="too_long", most=VALUE_MAX)
        if not value.strip():
            row.values.filter(kind=kind).delete()
            continue
        sealed = secrets.encrypt(key, value.encode(), f"{row.id}:{kind}")
        digest = secrets.digest(kind, _plain(kind, value))
        changed = {"sealed": sealed, "digest": digest, "changed_at": now}
        models.PersonValue.objects.update_or_create(person=row, kind=kind, defaults=changed)
    return tuple(sorted(values))


def _row(person_id: UUID) -> models.Person:
    row = models.Person.objects.filter(id=person_id).first()
    if row is None:
        raise NotFound(what="person")
    return row


def _key(row: models.Person) -> bytes:
    if row.erased_at is not None:
        raise WrongState("person_erased")
    return secrets.unseal(row.wrapped, about=_about(row.id))


def _opened(row: models.Person, key: bytes, value: models.PersonValue) -> str:
    return secrets.decrypt(key, value.sealed, f"{row.id}:{value.kind}").decode()


def _shown(row: models.Person, values: dict[str, str]) -> Shown:
    return Shown(
        row.id, row.agency, row.purpose, tuple(row.hidden_from), row.created_at, row.keep_until,
        row.erased_at is not None, row.version, values,
    )  # fmt: skip


def _plain(kind: str, value: str) -> str:
    """A value as it is compared: compatibility form, small letters, numbers without what separates their parts."""
    text = unicodedata.normalize("NFKC", value).strip().casefold()
    if kind in ("phone", "id_number", "plate"):
        text = "".join(filter(str.isalnum, text))
    if kind == "phone" and len(text) == 13 and text.startswith("86"):
        text = text[2:]
    return text if kind != "name" else "".join(text.split())


def _about(person_id: UUID) -> str:
    return f"person:{person_id}"


def _overwrite_freed() -> None:
    """Let SQLite write zeros over what an erasure frees, so that the key does not linger in a free page."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA secure_delete = ON")
