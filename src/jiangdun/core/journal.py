"""The journal: facts written in the same transaction as the change, then numbered and chained by one sealer.

    with transaction.atomic():
        incident.save()
        journal.record(IncidentSigned(...), by=By(person=..., agency=...), at=now,
        subject=f"incident:{incident.id}")

`record` gives no number: that would make every writer wait for every other. `seal` takes the facts that are
committed and not yet sealed, in id order, and appends {number, fact, previous hash, hash}; numbers have no
gap. Readers and screens go by number alone, so a transaction that commits late is read late, and never
missed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from jiangdun.core import anchors, chain, clock, kinds
from jiangdun.core.kinds import fact, upcast
from jiangdun.core.models import FactRow, Seal, Unsealed

__all__ = [
    "By", "Problem", "Sealed", "Verdict", "about", "after", "algorithms", "anchor", "fact", "head", "record",
    "seal", "seal_facts", "tip", "upcast", "verify", "waiting", "waits",
]  # fmt: skip

SEAL_MAX = 1_000
"""Facts sealed in one transaction."""
PAGE_MAX = 5_000
"""Facts one question may bring back."""
PROBLEMS_MAX = 100
"""Problems a verdict lists; more are only counted."""
ORPHAN_AGE = timedelta(seconds=5)
"""A committed fact unsealed for longer shows that the sealer stands still."""
_LOCK = 0x4A44_5345_414C  # "JDSEAL": the advisory lock of the one sealer on PostgreSQL


@dataclass(frozen=True)
class By:
    """Who did it: a person of an agency, a rule in a version, or a part of the system. Ids and codes, never
    names.
    """

    person: str | None = None
    agency: str | None = None
    rule: str | None = None
    system: str | None = None

    def __post_init__(self) -> None:
        assert self.person or self.agency or self.rule or self.system, "a fact is done by someone"


@dataclass(frozen=True)
class Sealed:
    """A fact with its number, its body in today's version, and the SHA-256 hash of its seal."""

    number: int
    fact_id: int
    kind: str
    version: int
    at: datetime
    by: By
    cause: int | None
    subject: str
    body: dict[str, Any]
    exercise: bool
    hash: str


@dataclass(frozen=True)
class Problem:
    """Something wrong with the journal: `what` is a code, `text` says it in English."""

    what: str
    text: str
    number: int | None = None
    fact_id: int | None = None


@dataclass(frozen=True)
class Verdict:
    """What `verify` found. `ok` is true when `problems` is empty; `head` is the last number, `hash` its
    hash.
    """

    ok: bool
    checked: int
    head: int
    hash: str
    anchored: int
    found: int = 0
    problems: tuple[Problem, ...] = field(default=())


def record(
    what: object, *, by: By, at: datetime, subject: str, cause: int | None = None, exercise: bool = False
) -> int:
    """Write the fact `what` into the open transaction and return its id.

    `subject` reads like `incident:<uuid>`; `cause` is the id of the fact that led here. Raises TypeError or
    ValueError for a body JSON cannot hold, AssertionError outside a transaction: change and fact must stand
    or fall together.
    """
    assert connection.in_atomic_block, "record a fact inside the transaction of its change"
    assert ":" in subject, f"{subject!r} does not read like kind:id"
    kind, version, body = kinds.body_text(what)
    row = FactRow.objects.create(
        kind=kind,
        version=version,
        at=at,
        person=by.person or "",
        agency=by.agency or "",
        rule=by.rule or "",
        system=by.system or "",
        cause=cause,
        subject=subject,
        exercise=exercise,
        body=body,
    )
    return int(row.pk)


def seal(now: datetime, limit: int = SEAL_MAX) -> int:
    """Seal up to `limit` facts and say how many; 0 also when another sealer is at work."""
    return len(seal_facts(now, limit))


def seal_facts(now: datetime, limit: int = SEAL_MAX) -> list[Sealed]:
    """Seal up to `limit` facts that are not sealed yet, in id order, and return them.

    Inside an open transaction the seals commit with it, so its own facts may be among them. A fact with a
    low id that commits after its successors were sealed is found here later: what counts is being unsealed,
    not the highest id.
    """
    if not Unsealed.objects.exists():
        return []
    with transaction.atomic():
        if not _alone():
            return []
        waiting = list(Unsealed.objects.order_by("fact_id").values_list("fact_id", flat=True)[:limit])
        rows = list(FactRow.objects.filter(id__in=waiting).order_by("id"))
        tip, seals = _tip(), []
        for row in rows:
            linked = chain.link(tip, _recorded(row), now, _algorithms_from(row, tip))
            seals.append(_seal_row(row, tip, linked, now))
            tip = linked
        Seal.objects.bulk_create(seals)
        Unsealed.objects.filter(fact_id__in=waiting).delete()
    return [_sealed(s, row) for s, row in zip(seals, rows, strict=True)]


def head() -> int:
    """The last seal number; 0 in an empty journal."""
    return Seal.objects.order_by("-number").values_list("number", flat=True).first() or 0


def algorithms() -> tuple[str, ...]:
    """By which algorithms the journal is hashed now."""
    return _tip().algorithms


def tip() -> anchors.Anchor | None:
    """The newest seal, as an anchor would note it; None in an empty journal."""
    last = Seal.objects.order_by("-number").first()
    return anchors.Anchor(last.number, last.hash) if last else None


def waiting() -> int:
    """Committed facts that have no number yet: for the health page, where it stays near 0."""
    return Unsealed.objects.count()


def waits(of: Iterable[str]) -> bool:
    """Whether a committed fact of one of these kinds has no number yet."""
    unsealed = FactRow.objects.filter(id__in=Unsealed.objects.values("fact_id"))
    return unsealed.filter(kind__in=list(of)).exists()


def after(number: int, limit: int = 500) -> list[Sealed]:
    """Sealed facts with a number above `number`, in order, at most `limit` (≤ PAGE_MAX)."""
    seals = Seal.objects.filter(number__gt=number).select_related("fact").order_by("number")
    return [_sealed(s, s.fact) for s in seals[: min(limit, PAGE_MAX)]]


def about(subject: str, after: int = 0, limit: int = PAGE_MAX) -> list[Sealed]:
    """Sealed facts about `subject` with a number above `after`, in order."""
    seals = (
        Seal.objects.filter(fact__subject=subject, number__gt=after).select_related("fact").order_by("number")
    )
    return [_sealed(s, s.fact) for s in seals[: min(limit, PAGE_MAX)]]


def anchor_file() -> Path:
    """Where this installation keeps its anchors."""
    return Path(settings.HOME) / "anchor" / "journal.jsonl"


def anchor(now: datetime) -> anchors.Anchor | None:
    """Note the newest seal outside the database and return it; None when nothing is sealed or nothing is
    new.
    """
    newest = tip()
    if newest is None or newest == anchors.newest(anchor_file()):
        return None
    anchors.write(anchor_file(), newest, now)
    return newest


def verify(anchor: anchors.Anchor | None = None, now: datetime | None = None) -> Verdict:
    """Walk the whole journal: chain, bodies, orphans older than ORPHAN_AGE, and the anchors kept outside.

    Without `anchor` those of this installation's file are used. Reads only, in pages, beside running work.
    """
    noted = [anchor] if anchor else anchors.read(anchor_file())
    expected = {a.number: a.hash for a in noted}
    problems = list(_walk(head(), expected))
    problems += _orphans(now or clock.now())
    tip = _tip()
    newest = max(expected, default=0)
    if newest > tip.number:
        text = f"the anchor knows seal {newest}, the journal ends at {tip.number}: its tail was cut off"
        problems.append(Problem("cut", text, newest))
    return Verdict(
        ok=not problems,
        checked=Seal.objects.count(),
        head=tip.number,
        hash=tip.sha256,
        anchored=newest,
        found=len(problems),
        problems=tuple(problems[:PROBLEMS_MAX]),
    )


def _walk(end: int, expected: dict[int, str]) -> Iterator[Problem]:
    tip = chain.Tip()
    for row in _seals_until(end):
        number, fact_id = row.number, row.fact_id
        if number != tip.number + 1:
            yield Problem("gap", f"after seal {tip.number} comes {number}", number, fact_id)
        if row.previous != tip.sha256:
            yield Problem("chain", f"seal {number} does not continue its predecessor", number, fact_id)
        before = chain.Tip(number - 1, row.previous, tip.sm3, tip.algorithms)
        held = _algorithms_from(row.fact, before)
        if row.algorithms != ",".join(held):
            yield Problem("algorithms", f"seal {number} uses {row.algorithms}", number, fact_id)
        linked = chain.link(before, _recorded(row.fact), row.sealed_at, held)
        if (row.hash, row.sm3) != (linked.sha256, linked.sm3):
            yield Problem("hash", f"fact {fact_id} is not what seal {number} sealed", number, fact_id)
        if expected.get(number, row.hash) != row.hash:
            yield Problem(
                "anchor", f"seal {number} is not the one noted outside the database", number, fact_id
            )
        # Go on from what stands there, so that one broken link is one problem and not all that follow.
        tip = chain.Tip(number, row.hash, row.sm3, held)


def _seals_until(end: int) -> Iterator[Seal]:
    number = -1
    while True:
        page = (
            Seal.objects.filter(number__gt=number, number__lte=end).select_related("fact").order_by("number")
        )
        rows = list(page[:SEAL_MAX])
        yield from rows
        if len(rows) < SEAL_MAX:
            return
        number = rows[-1].number


def _orphans(now: datetime) -> Iterable[Problem]:
    sealed = Seal.objects.filter(fact_id=OuterRef("pk"))
    rows = FactRow.objects.filter(~Exists(sealed), at__lt=now - ORPHAN_AGE).order_by("id")
    for fact_id in rows.values_list("id", flat=True)[: PROBLEMS_MAX + 1]:
        yield Problem("orphan", f"fact {fact_id} has waited for its seal too long", None, fact_id)


def _alone() -> bool:
    """Be the one sealer until the transaction ends. SQLite lets in one writing transaction at a time
    anyway.
    """
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        return bool(cursor.fetchone()[0])


def _tip() -> chain.Tip:
    last = Seal.objects.order_by("-number").first()
    if last is None:
        return chain.Tip()
    return chain.Tip(last.number, last.hash, last.sm3, tuple(last.algorithms.split(",")))


def _algorithms_from(row: FactRow, tip: chain.Tip) -> tuple[str, ...]:
    """The switch takes effect at the very fact that orders it, in the order of numbers: no writer need
    know.
    """
    if row.kind != chain.SWITCH:
        return tip.algorithms
    return chain.check_algorithms(json.loads(row.body)["algorithms"])


def _recorded(row: FactRow) -> chain.Recorded:
    return chain.Recorded(
        row.pk, row.kind, row.version, row.at, row.person, row.agency, row.rule, row.system,
        row.cause, row.subject, row.exercise, row.body,
    )  # fmt: skip


def _seal_row(row: FactRow, tip: chain.Tip, linked: chain.Tip, now: datetime) -> Seal:
    return Seal(
        number=linked.number,
        fact_id=row.pk,
        sealed_at=now,
        algorithms=",".join(linked.algorithms),
        previous=tip.sha256,
        hash=linked.sha256,
        sm3=linked.sm3,
    )


def _sealed(seal: Seal, row: FactRow) -> Sealed:
    version, body = kinds.read_today(row.kind, row.version, json.loads(row.body))
    by = By(row.person or None, row.agency or None, row.rule or None, row.system or None)
    return Sealed(
        seal.number,
        row.pk,
        row.kind,
        version,
        row.at,
        by,
        row.cause,
        row.subject,
        body,
        row.exercise,
        seal.hash,
    )
