"""Units, zones and tracks: what is where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema

from jiangdun.core import access, clock
from jiangdun.core.access import Allowed, Asker
from jiangdun.core.trouble import NotFound
from jiangdun.picture import actions, queries
from jiangdun.picture.units import POSITIONS, UNITS, UnitRecord
from jiangdun.web import asking, desk, ledger, showing, words
from jiangdun.web.live import live
from jiangdun.web.showing import Partial

FOUND_MAX: Final = 50
HANDLE_MAX: Final = 2**32
UNITS_READ: Final = "units.read"
router = Router()


class Unit(Partial):
    """A boat, car, officer or drone of ours. Its place is that of its terminal, null where unheard."""

    id: UUID
    agency: str
    call_sign: str
    kind: str = Field(description="boat, car, officer, drone")
    state: str = Field(description="standby, en_route, on_scene, off")
    crew: int
    capabilities: list[str]
    version: int
    track: str = Field("", description="identity it is heard under, empty where it has no terminal")
    handle: int | None = Field(None, description="of its target on the live wire")
    lon: float | None = None
    lat: float | None = None
    heard_at: datetime | None = None


class UnitState(Schema):
    state: str = Field(max_length=16)
    version: int = Field(ge=1)


class Track(Partial):
    """A target as it is known now; null where not known."""

    handle: int
    track: str
    source: str = ""
    ident: str = ""
    label: str = ""
    kind: int = Field(description="feeds.columns.Kind")
    agency: str = ""
    lon: float | None = None
    lat: float | None = None
    sog_kn: float | None = None
    cog_deg: float | None = None
    length_m: float | None = None
    heard_at_ms: int | None = None
    age_s: float | None = None
    details: dict[str, Any] = Field(default_factory=dict)


class ZonesTaken(Schema):
    """`drawn` names the zones that are new or changed; `same` were there already."""

    features: int
    drawn: list[str]
    same: int


class GeoJSON(Schema):
    """A FeatureCollection of MultiPolygons, WGS-84, (lon, lat)."""

    type: str
    features: list[dict[str, Any]]


@router.get("/units", response=list[Unit], **asking.needs(UNITS_READ))
async def units(request: HttpRequest) -> list[dict[str, Any]]:
    """The units of one's own agency and those that others share, by agency and call sign."""
    seen = sighted(await desk.read(queries.units), asking.asker_of(request), clock.now())
    ledger.note_list(request, UNITS_READ, "unit:*", [(one.unit.agency, one.allowed) for one in seen])
    return [one.told() for one in seen]


@router.post("/units/{unit_id}/state", response=Unit, **asking.needs("unit.set_state"))
async def set_unit_state(request: HttpRequest, unit_id: UUID, body: UnitState) -> dict[str, Any]:
    """Say what a unit is doing."""
    now = clock.now()
    found = await desk.read(lambda: queries.unit(unit_id))
    asking.require(request, "unit.set_state", {"agency": found.agency})
    by = asking.by_of(request)
    state, version = body.state, body.version
    changed = await desk.do(lambda: actions.set_unit_state(unit_id, state, by=by, now=now, version=version))
    # The verb was judged with it: it is one's own agency's.
    return Sighted(changed, _heard(changed), Allowed()).told()


@router.get("/zones", response=GeoJSON, **asking.needs("zones.read"))
async def zones(request: HttpRequest) -> dict[str, Any]:
    """The zones in force, with names in both languages."""
    lang = words.language(request.headers.get("Accept-Language", ""))
    now = clock.now()
    return await desk.read(lambda: queries.zones_geojson(lang, now))


@router.post(
    "/zones/import",
    response=ZonesTaken,
    **asking.needs(
        "zones.import",
        requestBody={
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/GeoJSON"}}},
        },
    ),
)
async def import_zones(request: HttpRequest) -> dict[str, Any]:
    """Take in a GeoJSON file (the body as it is, at most 8 MiB), whole or not at all."""
    data, by, now = request.body, asking.by_of(request), clock.now()
    taken = await desk.do(lambda: actions.import_zones(data, by=by, now=now))
    return {"features": taken.features, "drawn": list(taken.drawn), "same": taken.same}


@router.get("/tracks", response=list[Track], **asking.needs("tracks.read"))
async def find_tracks(
    request: HttpRequest,
    q: Annotated[str, Field(min_length=1, max_length=64, description="part of a name, MMSI, plate")],
    limit: Annotated[int, Field(ge=1, le=FOUND_MAX)] = 20,
) -> list[Mapping[str, Any]]:
    """Live targets whose name or number contains the text."""
    found: list[Mapping[str, Any]] = await desk.ask("tracks", text=q, limit=limit)
    seen = tracks_of(request, found[:limit])
    return [
        one for one in seen if not one.get("hidden") or _names(one, q)
    ]  # what is hidden is not found by it


@router.get("/tracks/{handle}", response=Track, **asking.needs("tracks.read"))
async def track(request: HttpRequest, handle: int) -> Mapping[str, Any]:
    """One live target by its handle on the wire."""
    found: Mapping[str, Any] | None = None
    if 0 <= handle < HANDLE_MAX:
        found = await desk.ask("track", handle=handle)
    shown = tracks_of(request, [] if found is None else [found])
    if not shown:
        raise NotFound(what="track")
    return shown[0]


def _names(track: Mapping[str, Any], text: str) -> bool:
    return any(text.casefold() in str(track.get(name, "")).casefold() for name in ("label", "ident"))


def tracks_of(request: HttpRequest, told: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """`Track` for each that the asker may see. A target of no agency is everybody's."""
    asker, now = asking.asker_of(request), clock.now()
    shown, owned = [], []
    for one in told:
        owner = one.get("agency")
        if not owner:
            shown.append(one)
            continue
        allowed = access.judge(asker, UNITS_READ, _thing(owner, POSITIONS.code, one), now=now)
        if isinstance(allowed, Allowed):
            shown.append(showing.show(Track, one, allowed, POSITIONS))
            owned.append((str(owner), allowed))
    ledger.note_list(request, UNITS_READ, "track:*", owned)
    return shown


@dataclass(frozen=True, slots=True)
class Sighted:
    """A unit with what its terminal said last, and what of both the asker may see."""

    unit: UnitRecord
    heard: Mapping[str, Any]
    allowed: Allowed

    def told(self) -> dict[str, Any]:
        """`Unit`."""
        return showing.show(Unit, _unit(self.unit, self.heard), self.allowed, UNITS)


def sighted(units: Iterable[UnitRecord], asker: Asker, now: datetime) -> list[Sighted]:
    """Those units that the asker may see."""
    found = []
    for unit in units:
        heard = _heard(unit)
        allowed = access.judge(asker, UNITS_READ, _thing(unit.agency, UNITS.code, heard), now=now)
        if isinstance(allowed, Allowed):
            found.append(Sighted(unit, heard, allowed))
    return found


def _heard(unit: UnitRecord) -> Mapping[str, Any]:
    """What its terminal said last; empty where it has none or was not heard."""
    heard: Mapping[str, Any] = live.last_pulse.get("units", {}).get(str(unit.track), {})
    return heard


def _thing(agency: str, data: str, heard: Mapping[str, Any]) -> dict[str, Any]:
    """A unit or its position as `core.access` judges it."""
    lon, lat, at_ms = heard.get("lon"), heard.get("lat"), heard.get("heard_at_ms")
    return {
        "data": data,
        "agency": agency,
        "place": None if lon is None or lat is None else (lon, lat),
        "at": None if at_ms is None else moment_of(at_ms),
    }


def _unit(unit: UnitRecord, heard: Mapping[str, Any]) -> dict[str, Any]:
    heard_at_ms = heard.get("heard_at_ms")
    return {
        "id": unit.id,
        "agency": unit.agency,
        "call_sign": unit.call_sign,
        "kind": str(unit.kind),
        "state": str(unit.state),
        "crew": unit.crew,
        "capabilities": list(unit.capabilities),
        "version": unit.version,
        "track": "" if unit.track is None else str(unit.track),
        "handle": heard.get("handle"),
        "lon": heard.get("lon"),
        "lat": heard.get("lat"),
        "heard_at": None if heard_at_ms is None else moment_of(heard_at_ms),
    }


def moment_of(at_ms: int) -> datetime:
    """An aware moment of milliseconds since 1970."""
    return datetime.fromtimestamp(at_ms / 1000, UTC)
