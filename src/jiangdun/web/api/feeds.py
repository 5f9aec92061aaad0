"""What is heard from: sources, and devices that knock and wait to be admitted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from django.http import HttpRequest
from ninja import Field, Router, Schema

from jiangdun.web import asking, desk
from jiangdun.web.live import live

PENDING_MAX: Final = 500
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


async def all_sources() -> list[Mapping[str, Any]]:
    """The sources of the last pulse, or asked for where there was none yet."""
    told: list[Mapping[str, Any]] | None = live.last_pulse.get("sources")
    return told if told is not None else await desk.ask("sources")
