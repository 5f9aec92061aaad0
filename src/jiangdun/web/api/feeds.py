"""What is heard from: sources, and devices that knock and wait to be admitted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Final
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema

from jiangdun.core import access, clock
from jiangdun.core.trouble import BadInput
from jiangdun.feeds import actions, queries
from jiangdun.feeds.columns import Kind
from jiangdun.web import asking, desk
from jiangdun.web.live import live

PENDING_MAX: Final = 500
OFFSET_MAX: Final = 100_000
router = Router()


class Source(Schema):
    """One source of positions. A silent source is not an empty river: it is drawn differently."""

    code: str = Field(description="ais, jt808, …")
    state: str = Field(description="heard, silent, never")
    name_zh: str = ""
    name_en: str = ""
    last_heard_ms: int | None = None
    links: int = 0
    reports: int = Field(0, description="positions decoded since the ears started")
    rejected: dict[str, int] = Field(default_factory=dict, description="rejects by reason")
    lag_s: int | None = Field(None, description="99 % of its reports are no older than this when heard")


class Admission(Schema):
    """Who is let in, and what it is said to be."""

    source: str = Field(max_length=16, description="jt808, ais")
    ident: str = Field(min_length=1, max_length=40)
    label: str = Field(min_length=1, max_length=60)
    kind: int = Field(ge=0, le=255, description="feeds.columns.Kind")
    agency: str = Field("", max_length=64)
    unit_id: UUID | None = None
    crs: str = Field("wgs84", max_length=16, description="what it sends: wgs84, gcj02, bd09")


class Device(Schema):
    """An admitted or blocked device; its code is never shown."""

    id: UUID
    source: str
    ident: str
    label: str
    kind: int
    agency: str
    unit_id: UUID | None
    crs: str
    state: str
    reason: str
    admitted_at: datetime
    changed_at: datetime
    version: int


class Pending(Schema):
    """A device that nobody admitted and that tried to speak. What it says of itself is only a claim."""

    source: str
    ident: str
    detail: str = ""
    first_ms: int
    last_ms: int
    times: int


@router.get("/sources", response=list[Source], **asking.needs("sources.read"))
async def sources(request: HttpRequest) -> list[Mapping[str, Any]]:
    """Every source, as the ears tell it."""
    return await all_sources()


@router.get("/devices/pending", response=list[Pending], **asking.needs("devices.read"))
async def pending(
    request: HttpRequest, limit: Annotated[int, Field(ge=1, le=PENDING_MAX)] = 100
) -> list[Mapping[str, Any]]:
    """Devices that wait to be admitted, the one heard last first."""
    found: list[Mapping[str, Any]] = await desk.ask("pending", limit=limit)
    return found[:limit]


@router.get("/devices", response=list[Device], **asking.needs("devices.read"))
async def devices(
    request: HttpRequest,
    state: Annotated[str | None, Field(max_length=16, description="admitted, blocked")] = None,
    q: Annotated[str, Field(max_length=64)] = "",
    offset: Annotated[int, Field(ge=0, le=OFFSET_MAX)] = 0,
    limit: Annotated[int, Field(ge=1, le=PENDING_MAX)] = 100,
) -> list[Any]:
    """Devices somebody admitted, by label, a page at a time."""
    visible = access.visible(asking.asker_of(request), "devices.read", "devices", clock.now())
    whose = None if visible.everything else visible.agencies
    return list(await desk.read(partial(queries.page, state, q, limit, offset, whose)))


@router.post("/devices/admit", response=Device, **asking.needs("devices.admit"))
async def admit(request: HttpRequest, body: Admission) -> Any:
    """Let a device speak; the ears learn of it at once."""
    try:
        kind = Kind(body.kind)
    except ValueError:
        raise BadInput(field="kind", reason="unknown") from None
    action = partial(
        actions.admit_device,
        body.source,
        body.ident,
        body.label,
        kind,
        agency=body.agency,
        unit_id=body.unit_id,
        crs=body.crs,
        by=asking.by_of(request),
        now=clock.now(),
    )
    return await desk.do(action)


async def all_sources() -> list[Mapping[str, Any]]:
    """The sources of the last pulse, or asked for where there was none yet."""
    told: list[Mapping[str, Any]] | None = live.last_pulse.get("sources")
    return told if told is not None else await desk.ask("sources")
