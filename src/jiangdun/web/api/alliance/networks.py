"""Rings, belts and sub-alliances: who is in which, since when, under what."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema

from jiangdun.alliance import actions, queries
from jiangdun.alliance.days import day_of
from jiangdun.core import clock
from jiangdun.web import asking, desk

router = Router()


class Member(Schema):
    """An agency in an alliance: `joined_on` since when without a break, `since_on` since when in this role."""

    seat: UUID
    agency: str
    role: str = Field(description="lead, founder, joined")
    joined_on: date
    since_on: date
    version: int


class GrowthStep(Schema):
    """From this day on there were so many; who came and who went that day."""

    on: date
    count: int
    came: list[str]
    went: list[str]


class Alliance(Schema):
    """An alliance as it is on the day asked for. `fields` and `region` are narrowed by all it stands under; null:
    not limited."""

    code: str
    name_zh: str
    name_en: str
    kind: str = Field(description="ring, belt, regional")
    founded_on: date
    ended_on: date | None
    demo: bool
    version: int
    under: list[str]
    over: list[str]
    domains: list[str] = Field(description="its own; empty: all of what stands above it")
    fields: list[str] | None
    region: dict[str, Any] | None = Field(description="GeoJSON MultiPolygon")
    members: list[Member]
    steps: list[GrowthStep]


class NewAlliance(Schema):
    code: str = Field(max_length=32)
    name_zh: str = Field(max_length=80)
    name_en: str = Field(max_length=120)
    kind: str = Field(max_length=16)
    founded_on: date
    parents: list[str] = Field(default_factory=list, max_length=8)
    geometry: dict[str, Any] | None = None
    domains: list[str] = Field(default_factory=list, max_length=16)


class AllianceChange(Schema):
    version: int = Field(ge=1)
    name_zh: str = Field(max_length=80)
    name_en: str = Field(max_length=120)
    geometry: dict[str, Any] | None = None
    domains: list[str] = Field(default_factory=list, max_length=16)


class AllianceEnd(Schema):
    version: int = Field(ge=1)
    ended_on: date


class Under(Schema):
    parent: str = Field(max_length=32)
    on: date
    ends: bool = Field(False, description="true: it stands under it no longer from this day on")


class NewMember(Schema):
    agency: str = Field(max_length=32)
    role: str = Field(max_length=16)
    joined_on: date


class RoleChange(Schema):
    version: int = Field(ge=1)
    role: str = Field(max_length=16)
    from_on: date


class Leaving(Schema):
    version: int = Field(ge=1)
    left_on: date
    reason: str = Field(min_length=1, max_length=300)


@router.get("/alliance/alliances", response=list[Alliance], **asking.needs("alliance.read"))
async def alliances(request: HttpRequest, on: date | None = None) -> list[dict[str, Any]]:
    """Every alliance with its members of a day (today) and how it grew."""
    day = on or day_of(clock.now())
    return await desk.read(lambda: [_alliance_of(view) for view in queries.views(day)])


@router.post("/alliance/alliances", response=Alliance, **asking.needs("alliances.change"))
async def found_alliance(request: HttpRequest, body: NewAlliance) -> dict[str, Any]:
    """Found an alliance, under none, one or several others."""
    now = clock.now()
    act = partial(actions.found_alliance, by=asking.by_of(request), now=now, **body.dict())
    return await _after(act, body.code)


@router.get("/alliance/alliances/{alliance}", response=Alliance, **asking.needs("alliance.read"))
async def alliance(request: HttpRequest, alliance: str, on: date | None = None) -> dict[str, Any]:
    """One alliance on a day (today)."""
    day = on or day_of(clock.now())
    return await desk.read(lambda: _alliance_of(queries.views(day, alliance)[0]))


@router.post("/alliance/alliances/{alliance}", response=Alliance, **asking.needs("alliances.change"))
async def change_alliance(request: HttpRequest, alliance: str, body: AllianceChange) -> dict[str, Any]:
    """Give an alliance these names, this region and these fields."""
    by, now = asking.by_of(request), clock.now()
    return await _after(partial(actions.change_alliance, alliance, by=by, now=now, **body.dict()), alliance)


@router.post("/alliance/alliances/{alliance}/end", response=Alliance, **asking.needs("alliances.change"))
async def end_alliance(request: HttpRequest, alliance: str, body: AllianceEnd) -> dict[str, Any]:
    """End an alliance; its past stays."""
    by, now = asking.by_of(request), clock.now()
    act = partial(actions.end_alliance, alliance, body.ended_on, version=body.version, by=by, now=now)
    return await _after(act, alliance)


@router.post("/alliance/alliances/{alliance}/under", response=Alliance, **asking.needs("alliances.change"))
async def put_under(request: HttpRequest, alliance: str, body: Under) -> dict[str, Any]:
    """Let an alliance stand under another, or no longer."""
    by, now = asking.by_of(request), clock.now()
    verb = actions.take_out if body.ends else actions.put_under
    return await _after(partial(verb, alliance, body.parent, body.on, by=by, now=now), alliance)


@router.post("/alliance/alliances/{alliance}/members", response=Alliance, **asking.needs("alliances.change"))
async def take_in(request: HttpRequest, alliance: str, body: NewMember) -> dict[str, Any]:
    """Let an agency sit in an alliance from a day on."""
    by, now = asking.by_of(request), clock.now()
    act = partial(actions.take_in, alliance, body.agency, body.role, body.joined_on, by=by, now=now)
    return await _after(act, alliance)


@router.post("/alliance/seats/{seat_id}/role", response=Alliance, **asking.needs("alliances.change"))
async def change_seat(request: HttpRequest, seat_id: UUID, body: RoleChange) -> dict[str, Any]:
    """Give a member another role from a day on."""
    by, now = asking.by_of(request), clock.now()
    held = await desk.read(lambda: queries.seat(seat_id))
    act = partial(actions.change_seat, seat_id, body.role, body.from_on, version=body.version, by=by, now=now)
    return await _after(act, held.alliance)


@router.post("/alliance/seats/{seat_id}/leave", response=Alliance, **asking.needs("alliances.change"))
async def leave(request: HttpRequest, seat_id: UUID, body: Leaving) -> dict[str, Any]:
    """Let a member leave; what follows stands in the fact."""
    by, now = asking.by_of(request), clock.now()
    held = await desk.read(lambda: queries.seat(seat_id))
    act = partial(actions.let_go, seat_id, body.left_on, body.reason, version=body.version, by=by, now=now)
    return await _after(act, held.alliance)


async def _after(act: Any, code: str) -> dict[str, Any]:
    """Do it, and answer with the alliance as it is now."""
    await desk.do(act)
    return await desk.read(lambda: _alliance_of(queries.views(day_of(clock.now()), code)[0]))


def _alliance_of(view: queries.View) -> dict[str, Any]:
    one, scope = view.alliance, view.scope
    region = None
    if scope.region is not None:
        region = {"type": "MultiPolygon", "coordinates": _coordinates(scope.region)}
    return {
        "code": one.code,
        "name_zh": one.name_zh,
        "name_en": one.name_en,
        "kind": one.kind,
        "founded_on": one.founded_on,
        "ended_on": one.ended_on,
        "demo": one.demo,
        "version": one.version,
        "under": view.under,
        "over": view.over,
        "domains": list(one.domains),
        "fields": None if scope.domains is None else sorted(scope.domains),
        "region": region,
        "members": view.members,
        "steps": view.steps,
    }


def _coordinates(region: Any) -> list[Any]:
    return [
        [list(map(list, part.exterior.coords)), *(list(map(list, hole.coords)) for hole in part.interiors)]
        for part in region.geoms
    ]
