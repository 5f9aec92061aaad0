"""The access ledger: who looked at what, chained like the journal, and with no way to delete.

The journal says what changed; here stands who read what belongs to others, who had a masked value shown, what left
in an export, and who was turned away. Rows come in batches (`append`), are numbered without a gap and hashed onto
each other at once: one batch at a time, in one transaction. Ids, codes and digests only, never a value.

A hash covers one canonical JSON list: [previous hash, number, at, kind, person, agency, roles, verb, subject, owner,
annexes, purpose, fields, count, allowed, reason, address, algorithms]; lists are text joined by commas. Algorithms
are those of the journal at that moment.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

from django.conf import settings
from django.db import connection, transaction

from jiangdun.core import anchors, canonical, chain, journal
from jiangdun.core.journal import PROBLEMS_MAX, Problem, Verdict
from jiangdun.core.models import Access

Kind = Literal["open", "list", "export", "unmask", "live_start", "live_end", "denied"]

BATCH_MAX: Final = 200
"""Rows appended in one transaction."""
PAGE_MAX: Final = 500
TEXT_MAX: Final = 2_000
"""Characters of a list of annexes or fields; what is longer is cut and ends in an ellipsis."""
SUBJECT_MAX: Final = 160
_UNKEPT: Final = frozenset({"Cc", "Cs"})
"""Categories of characters (Unicode) that no row holds: PostgreSQL refuses NUL, no encoding takes half a surrogate."""
_LOCK: Final = 0x4A44_4143_4345  # "JDACCE": one batch at a time on PostgreSQL


@dataclass(frozen=True)
class Entry:
    """One look. `subject` reads kind:id (a list: kind:*), `owner` is the agency whose it is, `annexes` let it be
    seen; `shown` names the fields where not all were shown; `count` is the number of things; `reason` is why not,
    or what was asked for; `address` a digest.
    """

    at: datetime
    kind: Kind
    person: str
    agency: str
    verb: str
    subject: str
    roles: tuple[str, ...] = ()
    owner: str = ""
    annexes: tuple[str, ...] = ()
    purpose: str = ""
    shown: tuple[str, ...] = ()
    count: int = 1
    allowed: bool = True
    reason: str = ""
    address: str = ""


@dataclass(frozen=True)
class Kept(Entry):
    """An entry with its number and the SHA-256 hash of its row."""

    number: int = 0
    hash: str = ""


def append(entries: Sequence[Entry]) -> int:
    """Append `entries` in this order, in one transaction; returns the last number. At most BATCH_MAX."""
    assert len(entries) <= BATCH_MAX, "append a batch at a time"
    with transaction.atomic():
        _one_at_a_time()
        tip, algorithms = _tip(), journal.algorithms()
        rows = []
        for entry in entries:
            row = _row(entry, algorithms)
            linked = chain.onto(tip, _covered(row), algorithms)
            row.number, row.previous, row.hash, row.sm3 = linked.number, tip.sha256, linked.sha256, linked.sm3
            rows.append(row)
            tip = linked
        Access.objects.bulk_create(rows)
    return tip.number


def head() -> int:
    """The last number; 0 in an empty ledger."""
    return _tip().number


def page(
    *,
    person: str = "",
    subject: str = "",
    agency: str = "",
    owner: str = "",
    kind: str = "",
    before: int | None = None,
    limit: int = 100,
) -> list[Kept]:
    """Rows, newest first, at most `limit` (≤ PAGE_MAX) below number `before`. What is empty does not filter."""
    asked = {"person": person, "subject": subject, "agency": agency, "owner": owner, "kind": kind}
    rows = Access.objects.filter(**{name: value for name, value in asked.items() if value})
    if before is not None:
        rows = rows.filter(number__lt=before)
    return [_kept(row) for row in rows.order_by("-number")[: min(limit, PAGE_MAX)]]


def count_since(person: str, kind: Kind, since: datetime, **more: str) -> int:
    """How many rows of one kind (and one verb, owner …: `more`) a person has since a moment."""
    return Access.objects.filter(person=person, kind=kind, at__gte=since, **more).count()


def anchor_file() -> Path:
    """Where this installation keeps the ledger's anchors."""
    return Path(settings.HOME) / "anchor" / "access.jsonl"


def anchor(now: datetime) -> anchors.Anchor | None:
    """Note the newest row outside the database and return it; None when there is none or nothing is new."""
    tip = _tip()
    newest = anchors.Anchor(tip.number, tip.sha256)
    if not tip.number or newest == anchors.newest(anchor_file()):
        return None
    anchors.write(anchor_file(), newest, now)
    return newest


def verify() -> Verdict:
    """Walk the whole ledger: chain, rows, and the anchors kept outside. Reads only, in pages."""
    expected = {a.number: a.hash for a in anchors.read(anchor_file())}
    tip = _tip()
    problems = list(_walk(tip.number, expected))
    newest = max(expected, default=0)
    if newest > tip.number:
        text = f"the anchor knows row {newest}, the ledger ends at {tip.number}: its tail was cut off"
        problems.append(Problem("cut", text, newest))
    return Verdict(
        ok=not problems,
        checked=Access.objects.count(),
        head=tip.number,
        hash=tip.sha256,
        anchored=newest,
        found=len(problems),
        problems=tuple(problems[:PROBLEMS_MAX]),
    )


def _walk(end: int, expected: dict[int, str]) -> Iterator[Problem]:
    tip = chain.Tip()
    for row in _rows_until(end):
        number = row.number
        if number != tip.number + 1:
            yield Problem("gap", f"after row {tip.number} comes {number}", number)
        if row.previous != tip.sha256:
            yield Problem("chain", f"row {number} does not continue its predecessor", number)
        algorithms = tuple(row.algorithms.split(","))
        before = chain.Tip(number - 1, row.previous, tip.sm3, algorithms)
        linked = chain.onto(before, _covered(row), algorithms)
        if (row.hash, row.sm3) != (linked.sha256, linked.sm3):
            yield Problem("hash", f"row {number} is not as it was appended", number)
        if expected.get(number, row.hash) != row.hash:
            yield Problem("anchor", f"row {number} is not the one noted outside the database", number)
        tip = chain.Tip(number, row.hash, row.sm3, algorithms)


def _rows_until(end: int) -> Iterator[Access]:
    number = -1
    while True:
        rows = list(Access.objects.filter(number__gt=number, number__lte=end).order_by("number")[:1_000])
        yield from rows
        if len(rows) < 1_000:
            return
        number = rows[-1].number


def _tip() -> chain.Tip:
    last = Access.objects.order_by("-number").first()
    if last is None:
        return chain.Tip()
    return chain.Tip(last.number, last.hash, last.sm3, tuple(last.algorithms.split(",")))


def _one_at_a_time() -> None:
    """SQLite lets in one writing transaction at a time anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _row(entry: Entry, algorithms: tuple[str, ...]) -> Access:
    return Access(
        at=entry.at,
        kind=entry.kind,
        person=_plain(entry.person, 64),
        agency=_plain(entry.agency, 64),
        roles=_joined(entry.roles, 200),
        verb=_plain(entry.verb, 64),
        subject=_plain(entry.subject, SUBJECT_MAX),
        owner=_plain(entry.owner, 64),
        annexes=_joined(entry.annexes, TEXT_MAX),
        purpose=_plain(entry.purpose, 80),
        fields=_joined(entry.shown, TEXT_MAX),
        count=entry.count,
        allowed=entry.allowed,
        reason=_plain(entry.reason, 64),
        address=_plain(entry.address, 64),
        algorithms=",".join(algorithms),
    )


def _covered(row: Access) -> list[Any]:
    """What the hash covers, but for the number and the hash before."""
    return [
        canonical.moment(row.at), row.kind, row.person, row.agency, row.roles, row.verb, row.subject, row.owner,
        row.annexes, row.purpose, row.fields, row.count, row.allowed, row.reason, row.address, row.algorithms,
    ]  # fmt: skip


def _kept(row: Access) -> Kept:
    values: dict[str, Any] = {one.name: getattr(row, one.name) for one in fields(Kept) if one.name != "shown"}
    values["shown"] = _split(row.fields)
    for name in ("roles", "annexes"):
        values[name] = _split(values[name])
    return Kept(**values)


def _plain(text: str, most: int) -> str:
    """The first `most` characters, with a mark in place of those no database keeps."""
    return "".join("\ufffd" if unicodedata.category(c) in _UNKEPT else c for c in text[:most])


def _joined(values: Iterable[str], most: int) -> str:
    text = _plain(",".join(values), most + 1)
    return text if len(text) <= most else text[: most - 1] + "…"


def _split(text: str) -> tuple[str, ...]:
    return tuple(text.split(",")) if text else ()
