"""Values of persons: shown masked, in full for some minutes to whoever says why, found by the exact value, erased."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated, Any, Final
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema

from jiangdun.alliance import templates
from jiangdun.core import access, clock, ledger, masking, personal
from jiangdun.core.access import Allowed, Asker
from jiangdun.core.trouble import BadInput, NotYours
from jiangdun.web import asking, desk, purposes
from jiangdun.web import ledger as looks

KINDS_MAX: Final = 16
Values = Annotated[
    dict[str, str], Field(max_length=KINDS_MAX, description="by kind: name, phone, id_number …")
]
router = Router()


class Person(Schema):
    """A person as the asker may see them. `unmasked` kinds stand in full until `unmasked_until`, the others masked;
    `hidden` are kinds the asker's agency has no right to at all."""

    id: UUID
    agency: str
    purpose: str
    created_at: datetime
    keep_until: datetime | None
    erased: bool
    version: int
    values: dict[str, str]
    hidden: list[str]
    unmasked: list[str]
    unmasked_until: datetime | None


class Keep(Schema):
    values: Values
    purpose: str = Field(min_length=1, max_length=80)
    hidden_from: list[Annotated[str, Field(max_length=64)]] = Field(
        default_factory=list,
        max_length=personal.HIDDEN_FROM_MAX,
        description="agencies that see nothing: those a whistle-blower complains of",
    )
    keep_until: datetime | None = None


class Change(Schema):
    values: Values
    version: Annotated[int, Field(ge=1)]


class Erase(Schema):
    reason: str = Field(max_length=16, description="asked, expired, mistaken, court")


class Find(Schema):
    kind: str = Field(max_length=24)
    value: str = Field(min_length=1, max_length=personal.VALUE_MAX)


class Unmask(Schema):
    reason: str = Field(min_length=1, max_length=personal.REASON_MAX)
    kinds: list[Annotated[str, Field(max_length=24)]] = Field(
        default_factory=list, max_length=KINDS_MAX, description="empty: all the asker may see"
    )


class Opening(Schema):
    """Values were shown in full: to whom, which, for what, why, until when."""

    person: str
    agency: str
    kinds: list[str]
    purpose: str
    reason: str
    at: datetime
    until: datetime


@router.post("/persons", response=Person, **asking.needs("persons.keep"))
async def keep(request: HttpRequest, body: Keep) -> dict[str, Any]:
    """Keep values of a person for one's own agency."""
    by, now = asking.by_of(request), clock.now()
    access.require(asking.asker_of(request), "persons.keep", {"agency": by.agency})
    if body.purpose not in templates.purposes():
        raise BadInput(field="purpose", reason="one_of", values=", ".join(templates.purposes()))
    act = partial(
        personal.keep,
        body.values,
        agency=by.agency or "",
        purpose=body.purpose,
        hidden_from=body.hidden_from,
        keep_until=body.keep_until,
        by=by,
        now=now,
    )
    person_id = await desk.do(act)
    return _person(await desk.read(lambda: personal.whole(person_id)), Allowed(), None)


@router.post("/persons/find", response=list[Person], **asking.needs("persons.read"))
async def find(request: HttpRequest, body: Find) -> list[dict[str, Any]]:
    """Who has exactly this value, of those the asker may see: others' only where an annex shows values of that kind
    unmasked. In the body, so that no log of addresses holds it; `persons.finds_per_hour` are the most."""
    asker, now = asking.asker_of(request), clock.now()
    purpose = purposes.for_persons(request, Allowed())
    found = await desk.read(lambda: _found(asker, body, purpose, now))
    act = partial(personal.note_find, _looks(request, body.kind, purpose, found), now=now)
    await desk.do(act)
    return [_person(shown, allowed, None) for shown, allowed in found]


@router.get("/persons/{person_id}", response=Person, **asking.needs("persons.read"))
async def read(request: HttpRequest, person_id: UUID) -> dict[str, Any]:
    """One person: masked, but for what the asker has had shown in full within the last minutes."""
    asker, now = asking.asker_of(request), clock.now()
    shown, allowed = await _judged(asker, "persons.read", person_id, now)
    looks.note(request, "persons.read", f"person:{person_id}", shown.agency, allowed)
    opening = await desk.read(lambda: personal.open_now(person_id, asker.person or "", now))
    return _person(shown, allowed, opening)


@router.post("/persons/{person_id}/values", response=Person, **asking.needs("persons.keep"))
async def change(request: HttpRequest, person_id: UUID, body: Change) -> dict[str, Any]:
    """Add or replace values; an empty text takes one away."""
    now = clock.now()
    _, allowed = await _judged(asking.asker_of(request), "persons.keep", person_id, now)
    act = partial(
        personal.put, person_id, body.values, version=body.version, by=asking.by_of(request), now=now
    )
    await desk.do(act)
    return _person(await desk.read(lambda: personal.whole(person_id)), allowed, None)


@router.post("/persons/{person_id}/erase", response=Person, **asking.needs("persons.erase"))
async def erase(request: HttpRequest, person_id: UUID, body: Erase) -> dict[str, Any]:
    """Destroy the person's key: nothing of them can be read again."""
    now = clock.now()
    _, allowed = await _judged(asking.asker_of(request), "persons.erase", person_id, now)
    act = partial(personal.erase, person_id, body.reason, by=asking.by_of(request), now=now)
    await desk.do(act)
    return _person(await desk.read(lambda: personal.whole(person_id)), allowed, None)


@router.post("/persons/{person_id}/unmask", response=Person, **asking.needs("persons.unmask"))
async def unmask(request: HttpRequest, person_id: UUID, body: Unmask) -> dict[str, Any]:
    """Show values in full for some minutes, for a purpose (`X-Purpose`) and a reason; both are kept."""
    asker, now = asking.asker_of(request), clock.now()
    shown, allowed = await _judged(asker, "persons.unmask", person_id, now)
    purpose = purposes.for_persons(request, allowed, (shown.purpose,))
    kinds = [
        kind for kind in shown.values if _may_open(kind, allowed) and kind in (body.kinds or shown.values)
    ]
    entry = looks.entry_of(
        request, "unmask", "persons.unmask", f"person:{person_id}", owner=shown.agency, annexes=allowed.by,
        purpose=purpose, shown=tuple(kinds), count=len(kinds),
    )  # fmt: skip
    act = partial(
        personal.unmask, person_id, kinds, body.reason, entry=entry, by=asking.by_of(request), now=now
    )
    return _person(shown, allowed, await desk.do(act))


@router.get("/persons/{person_id}/unmaskings", response=list[Opening], **asking.needs("access.read"))
async def unmaskings(request: HttpRequest, person_id: UUID) -> list[Any]:
    """Who had this person's values shown in full, and why: for the auditor."""
    await desk.read(lambda: personal.masked(person_id))
    return list(await desk.read(lambda: personal.openings(person_id)))


Found = list[tuple[personal.Shown, Allowed]]


def _found(asker: Asker, body: Find, purpose: str, now: datetime) -> Found:
    """What may not be opened may not be searched by either: a hit would tell the value."""
    found = []
    for person_id in personal.find(body.kind, body.value):
        shown = personal.whole(person_id)
        verdict = access.judge(asker, "persons.read", shown.as_thing(), now=now)
        if not isinstance(verdict, Allowed) or asker.agency in shown.hidden_from:
            continue
        wanted = access.purposes(verdict.by)
        if _may_open(body.kind, verdict) and (not wanted or purpose in wanted):
            found.append((shown, verdict))
    return found


def _looks(request: HttpRequest, kind: str, purpose: str, found: Found) -> list[ledger.Entry]:
    """The search itself with what was found of one's own, and a row for each other owner with its annexes."""
    own = asking.asker_of(request).agency
    owners = ["", *sorted({shown.agency for shown, _ in found} - {own})]
    entries = []
    for owner in owners[: ledger.BATCH_MAX]:
        several = [allowed for shown, allowed in found if shown.agency == (owner or own)]
        annexes = tuple(sorted({annex for allowed in several for annex in allowed.by}))
        entries.append(
            looks.entry_of(
                request, "list", "persons.read", f"person:{kind}", owner=owner, annexes=annexes, purpose=purpose,
                count=len(several),
            )
        )  # fmt: skip
    return entries


async def _judged(asker: Asker, verb: str, person_id: UUID, now: datetime) -> tuple[personal.Shown, Allowed]:
    """Whoever a person complains of sees nothing of them, whatever is granted or agreed."""
    shown = await desk.read(lambda: personal.whole(person_id))
    if asker.agency in shown.hidden_from:
        raise NotYours(reason="shielded", verb=verb)
    return shown, access.require(asker, verb, shown.as_thing(), now=now)


def _may_open(kind: str, allowed: Allowed) -> bool:
    """What an annex masks stays masked for whoever sees it by that annex."""
    return allowed.fields is None or (kind in allowed.fields and kind not in allowed.masks)


def _person(found: personal.Shown, allowed: Allowed, opening: personal.Opening | None) -> dict[str, Any]:
    """`Person`, from all there is: each value masked by the annex or by its kind, unless it was opened."""
    seen = {k: v for k, v in found.values.items() if allowed.fields is None or k in allowed.fields}
    opened = {k for k in (opening.kinds if opening else ()) if k in seen and _may_open(k, allowed)}
    masks = {**personal.KINDS, **allowed.masks}
    return {
        **vars(found),
        "values": {k: v if k in opened else masking.mask(masks[k], v) for k, v in seen.items()},
        "hidden": sorted(found.values.keys() - seen.keys()),
        "unmasked": sorted(opened),
        "unmasked_until": opening.until if opening and opened else None,
    }
