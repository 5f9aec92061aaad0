"""River chiefs: who answers where, which reaches have nobody, and tables taken in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from typing import Annotated, Any, Final
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from jiangdun.alliance import actions, queries
from jiangdun.alliance import chiefs as thinking
from jiangdun.alliance.days import day_of
from jiangdun.core import clock
from jiangdun.core.trouble import BadInput
from jiangdun.web import asking, desk

NAME_MAX: Final = 80
router = Router()


class River(Schema):
    code: str
    name_zh: str
    name_en: str
    has_centreline: bool
    version: int


class NewRiver(Schema):
    """`centreline` is [[lon, lat, km], …], marks rising or falling along it."""

    code: str = Field(max_length=32)
    name_zh: str = Field(max_length=NAME_MAX)
    name_en: str = Field(max_length=120)
    centreline: list[tuple[float, float, float]] | None = Field(None, max_length=20_000)


class Reach(Schema):
    """A piece of a river between two marks, on both banks or one, or an area."""

    id: UUID
    code: str
    river: str
    km_from: float | None
    km_to: float | None
    bank: str = Field(description="both, left, right (seen downstream)")
    district: str
    street: str
    version: int


class Chief(Schema):
    """Who answers for a reach on the days [term_from, term_to). `has_phone`: a number lies sealed."""

    id: UUID
    reach: UUID
    name_zh: str
    name_en: str
    title: str
    has_phone: bool
    term_from: date
    term_to: date | None
    version: int


class ChiefAnswer(Schema):
    """A reach and who answers for it; null is a gap, open since `gap_since`."""

    reach: Reach
    chief: Chief | None
    gap_since: datetime | None = None


class Hole(Schema):
    """A piece of a river that belongs to no reach."""

    river: str
    bank: str
    km_from: float
    km_to: float


class Responsibility(Schema):
    rivers: list[River]
    answers: list[ChiefAnswer]
    holes: list[Hole]


class ReachValues(Schema):
    """`version` of the reach that is drawn anew; none for a new one."""

    code: str = Field(max_length=32)
    river: str = Field(max_length=32)
    district: str = Field(max_length=NAME_MAX)
    street: str = Field(max_length=NAME_MAX)
    km_from: float | None = Field(None, allow_inf_nan=False)
    km_to: float | None = Field(None, allow_inf_nan=False)
    bank: str = Field("both", max_length=8)
    geometry: dict[str, Any] | None = None
    version: int | None = Field(None, ge=1)


class Appointment(Schema):
    name_zh: str = Field(max_length=NAME_MAX)
    name_en: str = Field("", max_length=120)
    title: str = Field("", max_length=NAME_MAX)
    phone: str = Field("", max_length=32, description="kept sealed, shown to nobody here")
    term_from: date
    term_to: date | None = None


class TermEnd(Schema):
    version: int = Field(ge=1)
    term_to: date


class ReachVersion(Schema):
    version: int = Field(ge=1)


class Taken(Schema):
    """What an import did, or (dry run) would do; `gaps`: reaches of the table without a chief today."""

    rows: int
    reaches_new: int
    reaches_changed: int
    chiefs_new: int
    same: int
    gaps: list[str]
    dry_run: bool


@router.get("/alliance/chiefs", response=Responsibility, **asking.needs("alliance.read"))
async def responsibility(request: HttpRequest, on: date | None = None) -> dict[str, Any]:
    """Every reach with its chief of a day (today), and water that belongs to no reach."""
    day = on or day_of(clock.now())

    def read() -> dict[str, Any]:
        since = {gap.reach: gap.since for gap in queries.gaps()}
        answers = [_answer_of(one, since.get(one.reach.id)) for one in queries.responsibilities(day)]
        return {"rivers": queries.rivers(), "answers": answers, "holes": queries.holes()}

    return await desk.read(read)


@router.get("/alliance/chief-at", response=list[ChiefAnswer], **asking.needs("alliance.read"))
async def chief_at(
    request: HttpRequest,
    river: Annotated[str | None, Field(max_length=32)] = None,
    km: Annotated[float | None, Field(ge=0, le=10_000)] = None,
    bank: thinking.Bank = thinking.Bank.BOTH,
    lon: Annotated[float | None, Field(ge=-180, le=180)] = None,
    lat: Annotated[float | None, Field(ge=-90, le=90)] = None,
    on: date | None = None,
) -> Sequence[dict[str, Any]]:
    """Who answers at a mark of a river or at a point; no chief is a gap, no answer is no reach."""
    if (lon is None or lat is None) and (river is None or km is None):
        raise BadInput(field="river", reason="river_or_point")
    day = on or day_of(clock.now())
    ask = partial(queries.chief_at, day, river=river, km=km, bank=bank, lon=lon, lat=lat)
    return [_answer_of(one, None) for one in await desk.read(ask)]


@router.post("/alliance/rivers", response=list[River], **asking.needs("chiefs.change"))
async def name_river(request: HttpRequest, body: NewRiver) -> list[queries.River]:
    """Name a river, or give it other names and another centreline."""
    by, now = asking.by_of(request), clock.now()
    line = body.centreline
    await desk.do(
        lambda: actions.name_river(body.code, body.name_zh, body.name_en, by=by, now=now, centreline=line)
    )
    return await desk.read(queries.rivers)


@router.post("/alliance/reaches", response=Reach, **asking.needs("chiefs.change"))
async def draw_reach(request: HttpRequest, body: ReachValues) -> thinking.Reach:
    """Draw a reach, or (with its version) draw it anew."""
    act = partial(actions.draw_reach, by=asking.by_of(request), now=clock.now(), **body.dict())
    return await desk.do(act)


@router.post("/alliance/reaches/{reach_id}/end", response={204: None}, **asking.needs("chiefs.change"))
async def end_reach(request: HttpRequest, reach_id: UUID, body: ReachVersion) -> Status[None]:
    """A reach is no more."""
    by, now = asking.by_of(request), clock.now()
    await desk.do(lambda: actions.end_reach(reach_id, version=body.version, by=by, now=now))
    return Status(204, None)


@router.post("/alliance/reaches/{reach_id}/chief", response=Chief, **asking.needs("chiefs.change"))
async def appoint(request: HttpRequest, reach_id: UUID, body: Appointment) -> dict[str, Any]:
    """Let somebody answer for a reach; whoever is in office then ends that day."""
    act = partial(actions.appoint, reach_id, by=asking.by_of(request), now=clock.now(), **body.dict())
    return _chief_of(await desk.do(act))


@router.post("/alliance/terms/{chief_id}/end", response=Chief, **asking.needs("chiefs.change"))
async def end_term(request: HttpRequest, chief_id: UUID, body: TermEnd) -> dict[str, Any]:
    """Let a chief's term end on a day."""
    by, now = asking.by_of(request), clock.now()
    ended = await desk.do(
        lambda: actions.end_term(chief_id, body.term_to, version=body.version, by=by, now=now)
    )
    return _chief_of(ended)


@router.post(
    "/alliance/chiefs/import",
    response=Taken,
    **asking.needs(
        "chiefs.change",
        requestBody={"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}},
    ),
)
async def import_chiefs(request: HttpRequest, dry_run: bool = False) -> actions.Taken:
    """Take in a table (the body: CSV, UTF-8 or GB 18030, at most 1 MiB), whole or not at all."""
    data, by, now = request.body, asking.by_of(request), clock.now()
    return await desk.do(lambda: actions.import_chiefs(data, by=by, now=now, dry_run=dry_run))


def _answer_of(one: thinking.Answer, gap_since: datetime | None) -> dict[str, Any]:
    return {
        "reach": one.reach,
        "chief": None if one.chief is None else _chief_of(one.chief),
        "gap_since": gap_since if one.chief is None else None,
    }


def _chief_of(one: thinking.Chief) -> dict[str, Any]:
    return {
        "id": one.id, "reach": one.reach, "name_zh": one.name_zh, "name_en": one.name_en, "title": one.title,
        "has_phone": one.person is not None, "term_from": one.term_from, "term_to": one.term_to,
        "version": one.version,
    }  # fmt: skip
