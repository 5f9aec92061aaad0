"""Exports: asked for, let go by a second person where they are many, watched, cancelled, taken, traced."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from functools import partial
from typing import Annotated, Any, BinaryIO, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from ninja import Field, Router, Schema

from jiangdun.core import access, clock, exporting, vault
from jiangdun.core.trouble import NotFound, NotYours, WrongState
from jiangdun.web import asking, desk, exports, leaving, ledger, purposes

PAGE_MAX: Final = exporting.PAGE_MAX
TRACE_MAX: Final = 20_000
router = Router()


class Offer(Schema):
    """Something that can be exported by the asker."""

    what: str
    name_zh: str
    name_en: str
    columns: list[str]
    filters: list[str]


class Ask(Schema):
    what: str = Field(max_length=32)
    filters: dict[str, int | str] = Field(default_factory=dict, max_length=10)
    reason: str = Field(min_length=1, max_length=exporting.REASON_MAX)


class Export(Schema):
    """`state`: waiting (for a second person), approved (being written), ready, gone, refused, cancelled, failed.
    `expected`: rows when it was asked for; one above the limit means more than it. `left_out`:
    rows that are not in the file because an annex that shows them is not for its purpose. `until`: it may be taken so
    long."""

    id: UUID
    what: str
    filters: dict[str, Any]
    person: str
    agency: str
    purpose: str
    reason: str
    state: str
    asked_at: datetime
    expected: int
    decided_by: str
    decided_at: datetime | None
    refusal: str
    done: int
    rows: int | None
    left_out: int
    annexes: list[str]
    sha256: str
    size: int | None
    finished_at: datetime | None
    until: datetime | None
    downloads: int
    trouble: str
    version: int


class Decide(Schema):
    approved: bool
    refusal: str = Field("", max_length=exporting.REASON_MAX, description="needed where it is not let go")


class Trace(Schema):
    text: str = Field(min_length=1, max_length=TRACE_MAX, description="rows found somewhere, as they are")


@router.get("/exports/offers", response=list[Offer], **asking.needs("exports.ask"))
async def offers(request: HttpRequest) -> list[dict[str, Any]]:
    """What the asker may export."""
    asker = asking.asker_of(request)
    return [
        {**vars(one), "what": one.code, "columns": list(one.columns), "filters": sorted(one.filters)}
        for one in leaving.SOURCES.values()
        if asking.may(asker, one.verb)
    ]


@router.post("/exports", response=Export, **asking.needs("exports.ask"))
async def ask(request: HttpRequest, body: Ask) -> dict[str, Any]:
    """Ask for rows, for a purpose (`X-Purpose`). More than `exports.approval_rows` wait for a second person."""
    asker, now = asking.asker_of(request), clock.now()
    source = leaving.source(body.what)
    access.require(asker, source.verb)
    filters = leaving.checked(source, body.filters)
    purpose = purposes.for_export(request)
    ledger.require()
    if asker.account_id is None:
        raise NotYours(reason="person_needed", verb="exports.ask")
    expected = await desk.read(partial(exports.expected, asker, body.what, filters))
    act = partial(
        exporting.ask, body.what, filters, expected, account_id=asker.account_id, purpose=purpose,
        reason=body.reason, by=asking.by_of(request), now=now,
    )  # fmt: skip
    asked = await desk.do(act)
    exports.wake.set()
    return _export(asked)


@router.get("/exports", response=list[Export], **asking.needs("exports.ask"))
async def mine(
    request: HttpRequest,
    before: UUID | None = None,
    limit: Annotated[int, Field(ge=1, le=PAGE_MAX)] = 50,
) -> list[dict[str, Any]]:
    """The asker's own exports, newest first."""
    person = asking.asker_of(request).person or "-"
    found = await desk.read(partial(exporting.exports, person=person, before=before, limit=limit))
    return [_export(one) for one in found]


@router.get("/exports/waiting", response=list[Export], **asking.needs("exports.approve"))
async def waiting(request: HttpRequest) -> list[dict[str, Any]]:
    """Exports that wait for the asker to let them go."""
    asker = asking.asker_of(request)
    page = partial(exporting.exports, agency=asker.agency or "-", state=exporting.WAITING, limit=PAGE_MAX)
    found = await desk.read(page)
    return [_export(one) for one in found if access.judge(asker, "exports.approve", one.as_thing())]


@router.get("/exports/all", response=list[Export], **asking.needs("access.read"))
async def everybodys(
    request: HttpRequest,
    person: Annotated[str, Field(max_length=64)] = "",
    before: UUID | None = None,
    limit: Annotated[int, Field(ge=1, le=PAGE_MAX)] = 50,
) -> list[dict[str, Any]]:
    """Everybody's exports, newest first: for the auditor."""
    found = await desk.read(partial(exporting.exports, person=person, before=before, limit=limit))
    return [_export(one) for one in found]


@router.post("/exports/trace", response=list[Export], **asking.needs("access.read"))
async def trace(request: HttpRequest, body: Trace) -> list[dict[str, Any]]:
    """Whose exports these rows are from: every row carries a mark that is not seen."""
    return [_export(one) for one in await desk.read(lambda: exporting.traced(body.text))]


@router.post("/exports/{export_id}/decide", response=Export, **asking.needs("exports.approve"))
async def decide(request: HttpRequest, export_id: UUID, body: Decide) -> dict[str, Any]:
    """Another person of the agency lets it go, or says why not."""
    found = await desk.read(lambda: exporting.export(export_id))
    exports.require_other(asking.asker_of(request), found)
    act = partial(
        exporting.decide, export_id, approved=body.approved, refusal=body.refusal, by=asking.by_of(request),
        now=clock.now(),
    )  # fmt: skip
    decided = await desk.do(act)
    exports.wake.set()
    return _export(decided)


@router.post("/exports/{export_id}/cancel", response=Export, **asking.needs("exports.ask"))
async def cancel(request: HttpRequest, export_id: UUID) -> dict[str, Any]:
    """It is no longer wanted; what is being written stops."""
    await _own(request, export_id)
    act = partial(exporting.cancel, export_id, by=asking.by_of(request), now=clock.now())
    return _export(await desk.do(act))


@router.get("/exports/{export_id}", response=Export, **asking.needs("exports.ask"))
async def one(request: HttpRequest, export_id: UUID) -> dict[str, Any]:
    """How far it is."""
    return _export(await _own(request, export_id))


@router.get("/exports/{export_id}/file", response={200: None}, **asking.needs("exports.ask"))
async def file(request: HttpRequest, export_id: UUID) -> HttpResponse | StreamingHttpResponse:
    """The file, for whoever asked for it, while what let it be written holds; each download is counted and stands in
    the access ledger."""
    asker, now = asking.asker_of(request), clock.now()
    found = await _own(request, export_id)
    if found.state != exporting.READY:
        raise WrongState(what="export", state=found.state)
    source = vault.open(found.sha256)
    entry = ledger.entry_of(request, "export", leaving.source(found.what).verb, f"export:{export_id}")

    def take() -> None:
        exports.require_may_take(asker, found, now)
        exporting.take(export_id, entry, by=asking.by_of(request), now=now)

    try:
        await desk.do(take)
    except BaseException:
        source.close()
        raise
    answer = StreamingHttpResponse(_pieces(source), content_type="text/csv; charset=utf-8")
    answer["Content-Length"] = str(found.size)
    answer["Content-Disposition"] = f'attachment; filename="jiangdun-{found.what}-{export_id}.csv"'
    return answer


async def _own(request: HttpRequest, export_id: UUID) -> exporting.Export:
    """Others' exports are not there."""
    found = await desk.read(lambda: exporting.export(export_id))
    if found.person != asking.asker_of(request).person:
        raise NotFound(what="export")
    return found


async def _pieces(source: BinaryIO) -> AsyncIterator[bytes]:
    with source:
        while piece := await asyncio.to_thread(source.read, vault.CHUNK):
            yield piece


def _export(found: exporting.Export) -> dict[str, Any]:
    return {**vars(found), "annexes": list(found.annexes)}
