"""The register: agencies, where they are competent, what they may do, and who may do what where."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Final
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema

from jiangdun.alliance import actions, queries
from jiangdun.alliance.days import holds
from jiangdun.alliance.powers import Area as AreaRecord
from jiangdun.alliance.powers import Holding
from jiangdun.alliance.powers import Power as PowerRecord
from jiangdun.core import clock
from jiangdun.web import asking, desk

BASIS_MAX: Final = 300
Lon = Annotated[float, Field(ge=-180, le=180)]
Lat = Annotated[float, Field(ge=-90, le=90)]
router = Router()


class AgencyEntry(Schema):
    """An agency in the register. The contact is that of its office."""

    code: str
    name_zh: str
    name_en: str
    domain: str = Field(description="the field it works in: water, traffic, port, mine …")
    demo: bool
    version: int
    duty_phone: str
    office_phone: str
    radio: str
    address: str


class NewAgency(Schema):
    code: str = Field(max_length=32)
    name_zh: str = Field(max_length=80)
    name_en: str = Field(max_length=120)
    domain: str = Field(max_length=32)


class AgencyChange(Schema):
    """What is not given stays."""

    version: int = Field(ge=1)
    name_zh: str | None = Field(None, max_length=80)
    name_en: str | None = Field(None, max_length=120)
    domain: str | None = Field(None, max_length=32)
    duty_phone: str | None = Field(None, max_length=32)
    office_phone: str | None = Field(None, max_length=32)
    radio: str | None = Field(None, max_length=32)
    address: str | None = Field(None, max_length=200)


class Area(Schema):
    """Where an agency is competent, from and until when; its border is in `/api/alliance/areas`."""

    id: UUID
    agency: str
    name_zh: str
    name_en: str
    domain: str = Field(description="field of work, empty for all")
    legal_basis: str
    valid_from: datetime
    valid_to: datetime | None
    version: int


class Power(Schema):
    """What an agency may do; no area: in all of its areas."""

    id: UUID
    agency: str
    act: str
    cause_zh: str
    cause_en: str
    domain: str
    area: UUID | None
    legal_basis: str
    valid_from: datetime
    valid_to: datetime | None
    version: int


class Act(Schema):
    code: str
    zh: str
    en: str


class AgencyPage(Schema):
    """One agency with all its areas and powers, those that ended too."""

    agency: AgencyEntry
    areas: list[Area]
    powers: list[Power]
    alliances: list[str] = Field(description="codes of those it sits in now")


class NewArea(Schema):
    name_zh: str = Field(max_length=80)
    name_en: str = Field(max_length=120)
    geometry: dict[str, Any] = Field(description="GeoJSON Polygon or MultiPolygon, WGS-84")
    domain: str = Field("", max_length=32)
    legal_basis: str = Field("", max_length=BASIS_MAX)
    valid_from: datetime | None = None
    valid_to: datetime | None = None


class NewPower(Schema):
    act: str = Field(max_length=32)
    legal_basis: str = Field(max_length=BASIS_MAX)
    cause_zh: str = Field("", max_length=120)
    cause_en: str = Field("", max_length=120)
    domain: str = Field("", max_length=32)
    area: UUID | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None


class Ending(Schema):
    version: int = Field(ge=1)
    valid_to: datetime | None = None


class Holder(Schema):
    """One power that may be used there, and the areas of its agency that cover the point."""

    power: Power
    areas: list[Area]


class AreaFeatures(Schema):
    """A FeatureCollection of MultiPolygons, WGS-84, (lon, lat); `properties` is an `Area`."""

    type: str
    features: list[dict[str, Any]]


@router.get("/alliance/agencies", response=list[AgencyEntry], **asking.needs("alliance.read"))
async def agencies(request: HttpRequest) -> list[queries.Agency]:
    """Every agency, by code."""
    return await desk.read(queries.agencies)


@router.post("/alliance/agencies", response=AgencyEntry, **asking.needs("agencies.found"))
async def found_agency(request: HttpRequest, body: NewAgency) -> queries.Agency:
    """Take an agency into the register."""
    act = partial(actions.found_agency, by=asking.by_of(request), now=clock.now(), **body.dict())
    return await desk.do(act)


@router.get("/alliance/agencies/{agency}", response=AgencyPage, **asking.needs("alliance.read"))
async def agency(request: HttpRequest, agency: str) -> dict[str, Any]:
    """One agency with its areas, powers and alliances."""

    def read() -> dict[str, Any]:
        return {
            "agency": queries.agency(agency),
            "areas": queries.areas(agency),
            "powers": queries.powers(agency),
            "alliances": sorted(s.alliance for s in queries.seats(agency=agency) if s.to_on is None),
        }

    return await desk.read(read)


@router.post("/alliance/agencies/{agency}", response=AgencyEntry, **asking.needs("agencies.change"))
async def change_agency(request: HttpRequest, agency: str, body: AgencyChange) -> queries.Agency:
    """Change names, field of work or the office's contact."""
    given = {k: v for k, v in body.dict(exclude={"version"}).items() if v is not None}
    by, now = asking.by_of(request), clock.now()
    return await desk.do(lambda: actions.change_agency(agency, given, version=body.version, by=by, now=now))


@router.post("/alliance/agencies/{agency}/areas", response=Area, **asking.needs("areas.draw"))
async def draw_area(request: HttpRequest, agency: str, body: NewArea) -> AreaRecord:
    """Let an agency be competent in an area."""
    given = body.dict()
    given["valid_from"], given["valid_to"] = body.valid_from, body.valid_to
    act = partial(actions.draw_area, agency, by=asking.by_of(request), now=clock.now(), **given)
    return await desk.do(act)


@router.post("/alliance/areas/{area_id}/end", response=Area, **asking.needs("areas.draw"))
async def end_area(request: HttpRequest, area_id: UUID, body: Ending) -> AreaRecord:
    """Let an area hold no longer, from now or from a moment to come."""
    by, now = asking.by_of(request), clock.now()
    return await desk.do(
        lambda: actions.end_area(area_id, version=body.version, by=by, now=now, valid_to=body.valid_to)
    )


@router.get("/alliance/areas", response=AreaFeatures, **asking.needs("alliance.read"))
async def areas(
    request: HttpRequest, agency: str | None = None, at: datetime | None = None
) -> dict[str, Any]:
    """The areas that hold at a moment (now), as GeoJSON."""
    moment = at or clock.now()
    found = await desk.read(partial(queries.areas, agency))
    held = [area for area in found if holds(area.valid_from, area.valid_to, moment)]
    return {"type": "FeatureCollection", "features": [_feature(area) for area in held]}


@router.post("/alliance/agencies/{agency}/powers", response=Power, **asking.needs("powers.give"))
async def give_power(request: HttpRequest, agency: str, body: NewPower) -> PowerRecord:
    """Let an agency do an act, by law."""
    act = partial(actions.give_power, agency, by=asking.by_of(request), now=clock.now(), **body.dict())
    return await desk.do(act)


@router.post("/alliance/powers/{power_id}/end", response=Power, **asking.needs("powers.give"))
async def end_power(request: HttpRequest, power_id: UUID, body: Ending) -> PowerRecord:
    """Let a power hold no longer, from now or from a moment to come."""
    by, now = asking.by_of(request), clock.now()
    return await desk.do(
        lambda: actions.end_power(power_id, version=body.version, by=by, now=now, valid_to=body.valid_to)
    )


@router.get("/alliance/acts", response=list[Act], **asking.needs("alliance.read"))
async def acts(request: HttpRequest) -> list[dict[str, str]]:
    """The acts a power may name now (parameter `alliance.acts`)."""
    return await desk.read(lambda: queries.acts(clock.now()))


@router.get("/alliance/powers", response=list[Power], **asking.needs("alliance.read"))
async def powers(request: HttpRequest, at: datetime | None = None) -> list[PowerRecord]:
    """Every power that holds at a moment (now), by agency and act."""
    moment = at or clock.now()
    found = await desk.read(queries.powers)
    return [power for power in found if holds(power.valid_from, power.valid_to, moment)]


@router.get("/alliance/who", response=list[Holder], **asking.needs("alliance.read"))
async def who(
    request: HttpRequest,
    act: Annotated[str, Field(max_length=32)],
    lon: Lon,
    lat: Lat,
    domain: Annotated[str | None, Field(max_length=32)] = None,
    at: datetime | None = None,
) -> Sequence[Holding]:
    """Who may do `act` at a point (degrees WGS-84, borders included), in a field of work or in any."""
    moment = at or clock.now()
    return await desk.read(lambda: queries.who(act, lon, lat, moment, domain))


def _feature(area: AreaRecord) -> dict[str, Any]:
    properties = {
        "id": area.id, "agency": area.agency, "name_zh": area.name_zh, "name_en": area.name_en,
        "domain": area.domain, "legal_basis": area.legal_basis, "valid_from": area.valid_from,
        "valid_to": area.valid_to, "version": area.version,
    }  # fmt: skip
    geometry = {"type": "MultiPolygon", "coordinates": area.polygons}
    return {"type": "Feature", "properties": properties, "geometry": geometry}
