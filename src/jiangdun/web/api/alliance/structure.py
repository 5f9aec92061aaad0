"""The joint house: offices, desks, who of which agency sits where now, and where work goes."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated, Any, Final
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from jiangdun.alliance import actions, queries
from jiangdun.alliance import structure as thinking
from jiangdun.core import accounts, clock
from jiangdun.web import asking, desk
from jiangdun.web.api.alliance.inside import inside

NOTE_MAX: Final = 1_000
router = Router()


class Office(Schema):
    """A committee, group, centre, section or station; `parent` is the code of what stands above it."""

    id: UUID
    code: str
    kind: str
    name_zh: str
    name_en: str
    parent: str | None
    rank: int
    has_area: bool
    version: int


class Sitter(Schema):
    """Who sits at a desk, of which agency, since when; `note` is what the one before left."""

    sitting: UUID
    desk: str
    account_id: UUID
    name_zh: str
    name_en: str
    agency: str
    sat_at: datetime
    note: str
    version: int


class Desk(Schema):
    """`staffed`: somebody must always sit there; `unattended_since` is since when nobody has."""

    id: UUID
    code: str
    office: str
    name_zh: str
    name_en: str
    rank: int
    staffed: bool
    fallback: str | None
    unattended_since: datetime | None
    chain: list[str] = Field(description="the desks work goes on to where nobody sits here, in order")
    sitters: list[Sitter]
    version: int


class Route(Schema):
    """Work of this kind goes to `desk`; null: to the station in whose area it lies."""

    id: UUID
    rank: int
    domain: str
    kind: str
    severity_from: int
    severity_to: int
    river: str
    km_from: float | None
    km_to: float | None
    desk: str | None
    version: int


class House(Schema):
    offices: list[Office]
    desks: list[Desk]
    routes: list[Route]


class RouteStep(Schema):
    desk: str
    why: str = Field(description="route, station, no_route, fallback, above")
    attended: bool


class Routed(Schema):
    """`desk` takes the work; not `attended`: nobody sits anywhere on the way."""

    desk: str | None
    attended: bool
    route: UUID | None
    steps: list[RouteStep]


class OfficeValues(Schema):
    name_zh: str = Field(max_length=80)
    name_en: str = Field(max_length=120)
    parent: str | None = Field(None, max_length=32)
    rank: int = Field(0, ge=0, le=10_000)
    geometry: dict[str, Any] | None = Field(None, description="GeoJSON (Multi)Polygon of a station's area")


class NewOffice(OfficeValues):
    code: str = Field(max_length=32)
    kind: str = Field(max_length=16)


class OfficeChange(OfficeValues):
    version: int = Field(ge=1)


class DeskValues(Schema):
    name_zh: str = Field(max_length=80)
    name_en: str = Field(max_length=120)
    rank: int = Field(0, ge=0, le=10_000)
    staffed: bool = False
    fallback: str | None = Field(None, max_length=32)


class NewDesk(DeskValues):
    code: str = Field(max_length=32)


class DeskChange(DeskValues):
    version: int = Field(ge=1)


class NewRoute(Schema):
    desk: str | None = Field(None, max_length=32)
    rank: int = Field(100, ge=0, le=10_000)
    domain: str = Field("", max_length=32)
    kind: str = Field("", max_length=32)
    severity_from: int = Field(1, ge=1, le=4)
    severity_to: int = Field(4, ge=1, le=4)
    river: str = Field("", max_length=32)
    km_from: float | None = Field(None, allow_inf_nan=False)
    km_to: float | None = Field(None, allow_inf_nan=False)


class Plan(Schema):
    """A whole house at once, as `set_up_structure` takes it."""

    offices: list[dict[str, Any]] = Field(max_length=200)
    routes: list[dict[str, Any]] = Field(default_factory=list, max_length=500)


class HouseVersion(Schema):
    version: int = Field(ge=1)


class Leave(Schema):
    version: int = Field(ge=1)
    note: str = Field("", max_length=NOTE_MAX)


class HandOver(Schema):
    version: int = Field(ge=1)
    note: str = Field(min_length=1, max_length=NOTE_MAX)
    account_id: UUID
    agency: str = Field(max_length=32)


Km = Annotated[float | None, Field(allow_inf_nan=False)]


@router.get("/alliance/alliances/{alliance}/structure", response=House, **asking.needs("alliance.read"))
async def house(request: HttpRequest, alliance: str) -> dict[str, Any]:
    """The house as it stands, with who sits where now. Notes are for the members of that alliance."""
    within = await inside(request, alliance)
    return await desk.read(lambda: _house(alliance, clock.now(), notes=within))


@router.post("/alliance/alliances/{alliance}/structure", response=House, **asking.needs("structure.change"))
async def set_up(request: HttpRequest, alliance: str, body: Plan) -> dict[str, Any]:
    """Build a whole house where none stands."""
    act = partial(actions.set_up_structure, alliance, body.dict())
    return await _done(request, act, alliance)


@router.post(
    "/alliance/alliances/{alliance}/structure/offices", response=House, **asking.needs("structure.change")
)
async def open_office(request: HttpRequest, alliance: str, body: NewOffice) -> dict[str, Any]:
    """Open an office."""
    return await _done(request, partial(actions.open_office, alliance, **body.dict()), alliance)


@router.post(
    "/alliance/alliances/{alliance}/structure/offices/{office_id}",
    response=House,
    **asking.needs("structure.change"),
)
async def change_office(
    request: HttpRequest, alliance: str, office_id: UUID, body: OfficeChange
) -> dict[str, Any]:
    """Give an office these names, this place and this area."""
    return await _done(request, partial(actions.change_office, office_id, **body.dict()), alliance)


@router.post(
    "/alliance/alliances/{alliance}/structure/offices/{office_id}/close",
    response=House,
    **asking.needs("structure.change"),
)
async def close_office(
    request: HttpRequest, alliance: str, office_id: UUID, body: HouseVersion
) -> dict[str, Any]:
    """Close an office with its desks."""
    return await _done(request, partial(actions.close_office, office_id, version=body.version), alliance)


@router.post(
    "/alliance/alliances/{alliance}/structure/offices/{office_id}/desks",
    response=House,
    **asking.needs("structure.change"),
)
async def open_desk(request: HttpRequest, alliance: str, office_id: UUID, body: NewDesk) -> dict[str, Any]:
    """Put a desk into an office."""
    return await _done(request, partial(actions.open_desk, office_id, **body.dict()), alliance)


@router.post("/alliance/desks/{desk_id}", response=House, **asking.needs("structure.change"))
async def change_desk(request: HttpRequest, desk_id: UUID, body: DeskChange) -> dict[str, Any]:
    """Give a desk these names, this duty and this fallback."""
    alliance = await desk.read(lambda: queries.desk_alliance(desk_id))
    return await _done(request, partial(actions.change_desk, desk_id, **body.dict()), alliance)


@router.post("/alliance/desks/{desk_id}/close", response=House, **asking.needs("structure.change"))
async def close_desk(request: HttpRequest, desk_id: UUID, body: HouseVersion) -> dict[str, Any]:
    """Close a desk."""
    alliance = await desk.read(lambda: queries.desk_alliance(desk_id))
    return await _done(request, partial(actions.close_desk, desk_id, version=body.version), alliance)


@router.post(
    "/alliance/alliances/{alliance}/structure/routes", response=House, **asking.needs("structure.change")
)
async def set_route(request: HttpRequest, alliance: str, body: NewRoute) -> dict[str, Any]:
    """Let work of a kind go to a desk, or to the station in whose area it lies."""
    return await _done(request, partial(actions.set_route, alliance, **body.dict()), alliance)


@router.post(
    "/alliance/alliances/{alliance}/structure/routes/{route_id}/end",
    response=House,
    **asking.needs("structure.change"),
)
async def end_route(
    request: HttpRequest, alliance: str, route_id: UUID, body: HouseVersion
) -> dict[str, Any]:
    """Let a route hold no longer."""
    return await _done(request, partial(actions.end_route, route_id, version=body.version), alliance)


@router.get("/alliance/alliances/{alliance}/route", response=Routed, **asking.needs("alliance.read"))
async def route(
    request: HttpRequest,
    alliance: str,
    domain: Annotated[str, Field(max_length=32)] = "",
    kind: Annotated[str, Field(max_length=32)] = "",
    severity: Annotated[int, Field(ge=1, le=4)] = 4,
    lon: Annotated[float | None, Field(ge=-180, le=180)] = None,
    lat: Annotated[float | None, Field(ge=-90, le=90)] = None,
    river: Annotated[str, Field(max_length=32)] = "",
    km: Km = None,
) -> thinking.Routed:
    """The desk that takes such work now, and the way there."""
    work = thinking.Work(domain, kind, severity, lon, lat, river, km)
    return await desk.read(lambda: queries.route(alliance, work, clock.now()))


@router.post("/alliance/desks/{desk_id}/sit", response=House, **asking.needs("duty.sit"))
async def sit(request: HttpRequest, desk_id: UUID) -> dict[str, Any]:
    """Sit down at a desk oneself, for the agency one is signed in for."""
    asker = asking.asker_of(request)
    asking.require(request, "duty.sit", {"person": asker.person})
    alliance = await desk.read(lambda: queries.desk_alliance(desk_id))
    assert asker.account_id is not None, "whoever has a role has an account"
    act = partial(actions.sit_down, desk_id, asker.account_id, asker.agency or "")
    return await _done(request, act, alliance)


@router.post("/alliance/sittings/{sitting_id}/stand-up", response={204: None}, **asking.needs("duty.sit"))
async def stand_up(request: HttpRequest, sitting_id: UUID, body: Leave) -> Status[None]:
    """Leave a desk with a note for the next; a commander may also let people of the own agency leave."""
    held = await desk.read(lambda: queries.sitting(sitting_id))
    asking.require(request, "duty.sit", {"person": str(held.account_id), "agency": held.agency})
    by, now = asking.by_of(request), clock.now()
    await desk.do(lambda: actions.stand_up(sitting_id, body.note, version=body.version, by=by, now=now))
    return Status(204, None)


@router.post("/alliance/sittings/{sitting_id}/hand-over", response={204: None}, **asking.needs("duty.sit"))
async def hand_over(request: HttpRequest, sitting_id: UUID, body: HandOver) -> Status[None]:
    """Give the desk to the next one with a note."""
    held = await desk.read(lambda: queries.sitting(sitting_id))
    asking.require(request, "duty.sit", {"person": str(held.account_id), "agency": held.agency})
    act = partial(actions.hand_over, sitting_id, by=asking.by_of(request), now=clock.now(), **body.dict())
    await desk.do(act)
    return Status(204, None)


async def _done(request: HttpRequest, act: Any, alliance: str) -> dict[str, Any]:
    """Do it, and answer with the house as it stands now."""
    by, now = asking.by_of(request), clock.now()
    await desk.do(partial(act, by=by, now=now))
    return await house(request, alliance)


def _house(alliance: str, now: datetime, *, notes: bool) -> dict[str, Any]:
    built = queries.structure(alliance)
    sitters: dict[str, list[dict[str, Any]]] = {}
    for one in queries.on_desk(alliance, now):
        sitters.setdefault(one.desk, []).append(_sitter_of(one) | ({} if notes else {"note": ""}))
    waiting = {one.code: one.unattended_since for one in queries.unattended(alliance, now)}
    return {
        "offices": [_office_of(one) for one in built.offices(now).values()],
        "desks": [
            {
                **{name: getattr(one, name) for name in Desk.model_fields if hasattr(one, name)},
                "unattended_since": waiting.get(one.code),
                "chain": [code for code, _ in built.chain(one.code, now)],
                "sitters": sitters.get(one.code, []),
            }
            for one in built.desks(now).values()
        ],
        "routes": queries.routes(alliance, now),
    }


def _office_of(one: thinking.Office) -> dict[str, Any]:
    names = ("id", "code", "kind", "name_zh", "name_en", "parent", "rank", "version")
    return {**{name: getattr(one, name) for name in names}, "has_area": bool(one.polygons)}


def _sitter_of(one: queries.Sitter) -> dict[str, Any]:
    person = accounts.account(one.account_id)
    return {
        "sitting": one.sitting, "desk": one.desk, "account_id": one.account_id, "name_zh": person.name_zh,
        "name_en": person.name_en, "agency": one.agency, "sat_at": one.sat_at, "note": one.note,
        "version": one.version,
    }  # fmt: skip
