"""The board's snapshot: one reading of all it shows, with the cursor from which the live wire goes on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.http import HttpRequest
from ninja import Field, Router, Schema

from jiangdun.alliance import queries as alliance
from jiangdun.core import access, clock, journal
from jiangdun.core.access import Asker
from jiangdun.core.trouble import Trouble
from jiangdun.picture import queries as picture
from jiangdun.picture.units import UnitRecord
from jiangdun.response import queries as response
from jiangdun.response.queries import ClueView, IncidentView
from jiangdun.watch import queries as watch
from jiangdun.watch.alerts import AlertRecord
from jiangdun.web import asking, desk, ledger
from jiangdun.web.api.alerts import Alert, owners_for, shown
from jiangdun.web.api.feeds import Source, all_sources
from jiangdun.web.api.incidents import Incident, incident_of
from jiangdun.web.api.picture import UNITS_READ, Unit, sighted
from jiangdun.web.api.session import Me, me_of

ALERTS_MAX: Final = 500
"""Alerts that wait on one board; more are there page by page."""
router = Router()


class Agency(Schema):
    """A member of the alliance. `index` stands for it on the live wire, from 1; 0 is none."""

    code: str
    index: int
    name_zh: str
    name_en: str
    domain: str
    demo: bool


class Clue(Schema):
    """An alert that waits in triage, and until when."""

    episode: str
    owner: str
    received_at: datetime
    due_at: datetime
    limit_s: float


class Board(Schema):
    """`cursor` goes to `/ws/live?after=`: whatever is sealed after it comes over the wire."""

    cursor: int
    now: datetime
    clock_offset_ms: int = Field(description="what this installation adds to the real clock; 0 but in a demo")
    demo: bool
    me: Me
    agencies: list[Agency]
    alerts: list[Alert]
    clues: list[Clue]
    incidents: list[Incident]
    units: list[Unit]
    sources: list[Source]


@dataclass(frozen=True, slots=True)
class _Read:
    cursor: int
    agencies: list[alliance.Agency]
    on_the_wire: list[str]
    alerts: list[AlertRecord]
    clues: list[ClueView]
    incidents: list[IncidentView]
    units: list[UnitRecord]


@router.get("/board", response=Board, **asking.needs("board.view"))
async def board(request: HttpRequest) -> dict[str, Any]:
    """Everything a board shows when it opens."""
    asker, now = asking.asker_of(request), clock.now()
    found = await desk.read(lambda: _read(asker, now))
    units = sighted(found.units, asker, now)
    ledger.note_list(
        request, "board.view", "board:incidents", [(i.owner, i.allowed) for i in found.incidents]
    )
    ledger.note_list(request, "board.view", "board:units", [(u.unit.agency, u.allowed) for u in units])
    return {
        "cursor": found.cursor,
        "now": now,
        "clock_offset_ms": round(clock.offset().total_seconds() * 1000),
        "demo": desk.demo(),
        "me": me_of(asking.signed_of(request)),
        "agencies": [_agency_of(found.on_the_wire.index(one.code) + 1, one) for one in found.agencies],
        "alerts": await shown(request, found.alerts),
        "clues": [_clue_of(one) for one in found.clues],
        "incidents": [incident_of(view) for view in found.incidents],
        "units": [one.told() for one in units],
        "sources": await _sources(),
    }


def _read(asker: Asker, now: datetime) -> _Read:
    """The cursor is read first. What is committed meanwhile is in the tables and on the wire: boards read it
    twice, which harms nothing; the other way round they would miss it."""
    cursor = journal.head()
    incidents = access.judge(asker, response.VIEW)
    return _Read(
        cursor,
        alliance.agencies(),
        alliance.on_the_wire(),
        watch.open_alerts(owners=owners_for(asker), limit=ALERTS_MAX),
        response.clues(asker, now) if incidents else [],
        response.board_incidents(asker, now) if incidents else [],
        picture.units() if access.judge(asker, UNITS_READ) else [],
    )


async def _sources() -> list[Any]:
    """A board without ears is still a board: it shows that nothing is heard."""
    try:
        return list(await all_sources())
    except Trouble:
        return []


def _agency_of(index: int, agency: alliance.Agency) -> dict[str, Any]:
    return {
        "code": agency.code,
        "index": index,
        "name_zh": agency.name_zh,
        "name_en": agency.name_en,
        "domain": agency.domain,
        "demo": agency.demo,
    }


def _clue_of(clue: ClueView) -> dict[str, Any]:
    return {
        "episode": clue.episode,
        "owner": clue.owner,
        "received_at": clue.received_at,
        "due_at": clue.clock.due_at,
        "limit_s": clue.clock.limit_s,
    }
