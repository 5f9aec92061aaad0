"""Values of persons: telephone numbers, identity numbers, names. Sealed, masked, found by digest, and erasable.

    person = personal.keep({"phone": "13812345678"}, agency="msa", purpose="hotline", by=by, now=now)
    personal.masked(person).values → {"phone": "138****5678"}

Each person has a key of their own, wrapped by the master key (`core.secrets`), which lies outside the database. To
erase is to destroy that key: whatever copies of the sealed values are left (a log, a replica, a backup made later)
cannot be read by anybody. Rooms keep the person's id, never a value; a fact names kinds, never a value.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from jiangdun.core import datasets, facts, holds, ids, journal, ledger, masking, models, secrets
from jiangdun.core.digests import digest
from jiangdun.core.journal import By
from jiangdun.core.parameters import parameter
from jiangdun.core.trouble import BadInput, NotFound, OverLimit, StaleVersion, WrongState

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
PERSONS: Final = datasets.data_set(
    "persons",
    "人员资料",
    "persons",
    always={"id", "agency", "purpose", "erased"},
    fields=set(KINDS),
    masks=KINDS,
)
UNMASK_MIN = parameter("persons.unmask_min", 10, lambda v: type(v) is int and 1 <= v <= 60)
"""Minutes for which values stay shown in full."""
FINDS_PER_HOUR = parameter("persons.finds_per_hour", 60, lambda v: type(v) is int and 1 <= v <= 10_000)
"""Searches by value of one person within an hour: enough for a hotline, too few to try out numbers."""
REASON_MAX: Final = 400
UNMASKINGS_MAX: Final = 200
VALUE_MAX: Final = 400
HIDDEN_FROM_MAX: Final = 32
FOUND_MAX: Final = 200
_CODE: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,79}")
"""A purpose is a code: it stands in a fact for ever, so nobody's words are in it."""
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
        return {"agency": self.agency, "data": PERSONS.code, "at": self.created_at}


@dataclass(frozen=True)
class Opening:
    """Values shown in full to one person, until a moment, and why."""

    person: str
    agency: str
    kinds: tuple[str, ...]
    purpose: str
    reason: str
    at: datetime
    until: datetime


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
    if not _CODE.fullmatch(purpose):
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
    """Destroy the person's key, and with it every value. Raises NotFound, BadInput, WrongState where a legal
    hold forbids it; twice changes nothing.
    """
    if reason not in ERASURES:
        raise BadInput(field="reason", reason="one_of", values=", ".join(ERASURES))
    row = _row(person_id)
    if row.erased_at is not None:
        return
    holds.require_free(f"person:{person_id}", "persons")
    _overwrite_freed()
    kinds = tuple(row.values.order_by("kind").values_list("kind", flat=True))
    row.wrapped, row.erased_at, row.version = "", now, row.version + 1
    row.save(update_fields=["wrapped", "erased_at", "version"])
    row.values.all().delete()
    fact = facts.PersonErased(row.id, row.agency, kinds, reason)
    journal.record(fact, by=by, at=now, subject=f"person:{row.id}")


@transaction.atomic
def unmask(
    person_id: UUID, kinds: Iterable[str], reason: str, *, entry: ledger.Entry, by: By, now: datetime
) -> Opening:
    """Let `by` see these kinds in full for `persons.unmask_min` minutes; `entry` goes to the access ledger with it.

    Raises NotFound, WrongState where erased, BadInput without a reason or a purpose (in `entry`).
    """
    row = _row(person_id)
    _key(row)
    if not reason.strip() or len(reason) > REASON_MAX:
        raise BadInput(field="reason", reason="length", most=REASON_MAX)
    if not entry.purpose:
        raise BadInput(field="purpose", reason="needed")
    wanted = tuple(sorted(set(kinds)))
    until = now + timedelta(minutes=UNMASK_MIN.at(now))
    models.Unmasking.objects.create(
        subject=row,
        person=by.person or "",
        agency=by.agency or "",
        kinds=wanted,
        purpose=entry.purpose,
        reason=reason,
        at=now,
        until=until,
    )
    ledger.append([entry])
    fact = facts.PersonUnmasked(row.id, row.agency, wanted, entry.purpose, digest("reason", reason), until)
    journal.record(fact, by=by, at=now, subject=f"person:{row.id}")
    return Opening(by.person or "", by.agency or "", wanted, entry.purpose, reason, now, until)


def open_now(person_id: UUID, by_person: str, now: datetime) -> Opening | None:
    """What this account still sees in full of a person, None where all is masked again."""
    rows = models.Unmasking.objects.filter(subject_id=person_id, person=by_person, until__gt=now)
    row = rows.order_by("-until").first()
    return _opening(row) if row is not None else None


def openings(person_id: UUID) -> list[Opening]:
    """Who saw this person's values in full, newest first, at most UNMASKINGS_MAX."""
    rows = models.Unmasking.objects.filter(subject_id=person_id).order_by("-at", "-id")
    return [_opening(row) for row in rows[:UNMASKINGS_MAX]]


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


def whole(person_id: UUID) -> Shown:
    """As `opened`, but of an erased person with no values: for whoever masks what they show."""
    row = _row(person_id)
    return _shown(row, {}) if row.erased_at is not None else opened(person_id)


def masked(person_id: UUID) -> Shown:
    """The person with every value masked by its kind. Raises NotFound. Of an erased person nothing is shown."""
    found = whole(person_id)
    return replace(found, values={k: masking.mask(KINDS[k], v) for k, v in found.values.items()})


def find(kind: str, value: str) -> list[UUID]:
    """Who has exactly this value, newest first, at most FOUND_MAX; blanks, hyphens and full width do not matter."""
    found_by = secrets.digest(kind, _plain(kind, value))
    rows = models.PersonValue.objects.filter(kind=kind, digest=found_by).order_by("-id")
    return list(rows.values_list("person_id", flat=True)[:FOUND_MAX])


@transaction.atomic
def note_find(entries: Sequence[ledger.Entry], *, now: datetime) -> None:
    """Keep a search in the access ledger: its first row is the asker's own (owner ""), then one for each owner
    found. Raises OverLimit beyond `persons.finds_per_hour`.
    """
    own, most = entries[0], FINDS_PER_HOUR.at(now)
    since = now - timedelta(hours=1)
    if ledger.count_since(own.person, "list", since, verb=own.verb, owner="") >= most:
        raise OverLimit(limit="persons.finds_per_hour", most=most)
    ledger.append(entries)


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
        found_by = secrets.digest(kind, _plain(kind, value))
        changed = {"sealed": sealed, "digest": found_by, "changed_at": now}
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


def _opening(row: models.Unmasking) -> Opening:
    return Opening(row.person, row.agency, tuple(row.kinds), row.purpose, row.reason, row.at, row.until)


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
