"""Reading agreements: the list, one of them, who shows what to whom, and what they may be made of."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router

from jiangdun.alliance import agreements as thinking
from jiangdun.alliance import drafting, queries, readers, templates
from jiangdun.alliance.agreements import Agreement
from jiangdun.alliance.days import day_of
from jiangdun.core import access, clock, datasets, masking, vault
from jiangdun.core.access import Asker
from jiangdun.core.trouble import NotFound
from jiangdun.web import asking, desk
from jiangdun.web.api.agreements import schemas

READ = "agreement.read"
router = Router()


def thing(held: Agreement) -> dict[str, Any]:
    """An agreement as `core.access` judges it: it belongs to every agency it names or named."""
    return {"agencies": tuple(readers.parties(held))}


def own_or_all(asker: Asker) -> str | None:
    """Whose agreements are read: those of the asker's agency, or None for everybody's (the auditor)."""
    return None if access.judge(asker, READ, {}) else asker.agency or ""


def _seen(held: Agreement, asker: Asker) -> Agreement:
    """Of an agreement what the asker may read of it."""
    agency = own_or_all(asker)
    return held if agency is None else readers.seen_by(held, agency)


def shown(held: Agreement, asker: Asker, now: datetime) -> dict[str, Any]:
    """In a reading thread: one agreement with all of it."""
    held = _seen(held, asker)
    days, hours = queries.REMIND_DAYS.at(now), queries.ACTIVE_HOURS_MAX.at(now)
    return schemas.whole(held, asker.agency, now, days, hours)


@router.get("/agreements", response=list[schemas.Line], **asking.needs(READ))
async def agreements(request: HttpRequest) -> list[dict[str, Any]]:
    """The agreements one's agency is or was a party of, newest first."""
    asker, now = asking.asker_of(request), clock.now()

    def read() -> list[dict[str, Any]]:
        days = queries.REMIND_DAYS.at(now)
        found = queries.agreements(own_or_all(asker))
        return [schemas.line(_seen(held, asker), asker.agency, now, days) for held in found]

    return await desk.read(read)


@router.get("/agreements/matrix", response=list[schemas.CellSeen], **asking.needs(READ))
async def matrix(request: HttpRequest) -> list[dict[str, Any]]:
    """Who shows what to whom at this moment, and why not: what concerns one's own agency."""
    asker, now = asking.asker_of(request), clock.now()
    cells = await desk.read(lambda: queries.matrix(queries.shares(now), now, own_or_all(asker)))
    return [
        {**vars(cell), "agreements": sorted({agreement for agreement, _ in cell.annexes})} for cell in cells
    ]


@router.get("/agreements/choices", response=schemas.Choices, **asking.needs(READ))
async def choices(request: HttpRequest) -> dict[str, Any]:
    """What an agreement may be made of: templates, data sets with their fields, purposes, masks."""
    now = clock.now()
    return {
        "templates": [vars(one) for one in templates.templates().values()],
        "data_sets": [
            {**vars(one), "always": sorted(one.always), "fields": sorted(one.fields)}
            for one in datasets.known()
        ],
        "purposes": [
            {"code": c, "name_zh": zh, "name_en": en} for c, (zh, en) in templates.purposes().items()
        ],
        "frequencies": list(drafting.FREQUENCIES),
        "masks": sorted(masking.known() | {thinking.UNMASKED}),
        "today": day_of(now).isoformat(),
        "active_hours_max": await desk.read(lambda: queries.ACTIVE_HOURS_MAX.at(now)),
    }


@router.get("/agreements/{agreement_id}", response=schemas.AgreementSeen, **asking.needs(READ))
async def agreement(request: HttpRequest, agreement_id: UUID) -> dict[str, Any]:
    """One agreement with its editions, signatures and annexes, and what was done about it."""
    held = await _held(request, agreement_id)
    asker, now = asking.asker_of(request), clock.now()
    return await desk.read(lambda: shown(held, asker, now))


@router.get("/agreements/{agreement_id}/text", response=schemas.Text, **asking.needs(READ))
async def text(
    request: HttpRequest, agreement_id: UUID, edition: Annotated[int | None, Field(ge=1)] = None
) -> dict[str, Any]:
    """The words of an edition: the one that waits for signatures, else the newest, where none is named."""
    held = await _held(request, agreement_id)
    number = edition or thinking.newest(held).number
    found = next((e for e in held.editions if e.number == number), None)
    if found is None:
        raise NotFound(what="agreement")

    def read() -> str:
        with vault.open(found.text_sha256) as file:
            return file.read().decode()

    return {"edition": number, "text": await desk.read(read), "sha256": found.text_sha256}


@router.get(
    "/agreements/{agreement_id}/annexes/{number}/copies",
    response=list[schemas.CopySeen],
    **asking.needs(READ),
)
async def copies(request: HttpRequest, agreement_id: UUID, number: int) -> list[queries.Copy]:
    """The exports that left under an annex, and whether what let them go still stands."""
    held, now = await _held(request, agreement_id), clock.now()
    if not any(a.number == number for e in held.editions for a in e.annexes if e.signed_at is not None):
        return []  # nothing left under a draft
    return await desk.read(lambda: queries.copies_out(held, number, now))


async def _held(request: HttpRequest, agreement_id: UUID) -> Agreement:
    """The agreement, which must be the asker's to read. Raises NotFound, NotYours."""
    held = await desk.read(lambda: queries.agreement(agreement_id))
    asking.require(request, READ, thing(held))
    return _seen(held, asking.asker_of(request))
