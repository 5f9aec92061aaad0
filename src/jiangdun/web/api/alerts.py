"""Alerts: read, acknowledged, dismissed with a reason, made an incident."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Final
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema

from jiangdun.core import access, clock
from jiangdun.core.access import Allowed, Asker
from jiangdun.core.trouble import NotFound, Trouble
from jiangdun.feeds.columns import DEGREE, NO_COURSE, NO_SPEED
from jiangdun.response import actions as response
from jiangdun.response import queries as incidents_asked
from jiangdun.watch import actions, queries
from jiangdun.watch.alerts import ALERTS, WAITING, AlertRecord, AlertState
from jiangdun.watch.rules import language
from jiangdun.web import asking, desk, ledger, showing
from jiangdun.web.api.incidents import Incident, incident_of
from jiangdun.web.showing import Partial

PAGE_MAX: Final = 200
OFFSET_MAX: Final = 100_000
READ: Final = "alerts.read"
router = Router()


class Fix(Schema):
    """One of the fixes that made it fire: ms since 1970, degrees, knots, degrees; null where not known."""

    t: int
    lon: float
    lat: float
    sog: float | None
    cog: float | None


class Legal(Schema):
    law: str
    article: str


class Alert(Partial):
    """An alert in its newest revision. `state` is what people made of it, `verdict` what the engine says now.
    `fixes` and `legal` are there where one alert was asked for, null in lists."""

    episode: str
    state: str = Field(description="open, acknowledged, dismissed, promoted")
    verdict: str = Field(description="raised, confirmed, changed, withdrawn")
    settled: bool
    revision: int
    severity: int = Field(description="1 is the gravest")
    rule: str
    rule_version: int
    title_zh: str
    title_en: str
    owner: str
    domain: str
    incident: str = Field(description="auto, triage")
    track: str
    handle: int | None = Field(None, description="of its target on the live wire, null where it is gone")
    label: str
    zone_id: str
    zone_name_zh: str
    zone_name_en: str
    lon: float | None
    lat: float | None
    started_at: datetime
    fired_at: datetime
    raised_at: datetime
    why_zh: str
    why_en: str
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    dismissed_at: datetime | None
    dismissed_by: str | None
    dismissed_reason: str
    incident_id: UUID | None
    replaces: str
    replaced_by: str
    exercise: bool
    version: int
    fixes: list[Fix] | None = None
    legal: list[Legal] | None = None


class Dismiss(Schema):
    reason: str = Field(min_length=1, max_length=1_000)


@router.get("/alerts", response=list[Alert], **asking.needs(READ))
async def alerts(
    request: HttpRequest,
    state: Annotated[AlertState | None, Field(description="those that wait, where not given")] = None,
    offset: Annotated[int, Field(ge=0, le=OFFSET_MAX)] = 0,
    limit: Annotated[int, Field(ge=1, le=PAGE_MAX)] = 100,
) -> list[dict[str, Any]]:
    """Alerts, gravest first, then newest, a page at a time."""
    states = WAITING if state is None else (state,)
    asker = asking.asker_of(request)
    owners = owners_for(asker)
    read = partial(queries.open_alerts, states=states, owners=owners, offset=offset, limit=limit)
    return await shown(request, await desk.read(read))


@router.get("/alerts/{episode}", response=Alert, **asking.needs(READ))
async def alert(request: HttpRequest, episode: str) -> dict[str, Any]:
    """One alert with the fixes that made it fire and the law behind its rule."""
    return await _told(request, episode)


@router.post("/alerts/{episode}/acknowledge", response=Alert, **asking.needs("alert.acknowledge"))
async def acknowledge(request: HttpRequest, episode: str) -> dict[str, Any]:
    """Somebody has seen it."""
    await _take(request, episode, "alert.acknowledge", partial(actions.acknowledge, episode))
    return await _told(request, episode)


@router.post("/alerts/{episode}/dismiss", response=Alert, **asking.needs("alert.dismiss"))
async def dismiss(request: HttpRequest, episode: str, body: Dismiss) -> dict[str, Any]:
    """It is nothing, for a reason."""
    await _take(request, episode, "alert.dismiss", partial(actions.dismiss, episode, body.reason))
    return await _told(request, episode)


@router.post("/alerts/{episode}/promote", response=Incident, **asking.needs("alert.promote"))
async def promote(request: HttpRequest, episode: str) -> dict[str, Any]:
    """Triage says: this is an incident. T0 is now."""
    asker = asking.asker_of(request)
    moved = await _take(request, episode, "alert.promote", partial(response.promote, episode))
    view = await desk.read(lambda: incidents_asked.incident_now(moved.incident_id, asker, clock.now()))
    return incident_of(view)


async def _take(request: HttpRequest, episode: str, verb: str, act: Callable[..., Any]) -> Any:
    found = await desk.read(lambda: queries.alert(episode))
    asking.require(request, verb, found.as_thing())
    return await desk.do(partial(act, by=asking.by_of(request), now=clock.now()))


async def _told(request: HttpRequest, episode: str) -> dict[str, Any]:
    record = await desk.read(lambda: queries.alert(episode))
    allowed = asking.require(request, READ, record.as_thing())
    ledger.note(request, READ, f"alert:{episode}", record.owner, allowed)
    legal = await desk.read(lambda: _legal(record))
    handles = await _handles([record])
    return alert_of(record, handles, allowed, fixes=[_fix(row) for row in record.fixes], legal=legal)


def owners_for(asker: Asker) -> frozenset[str] | None:
    """Whose alerts are worth reading for `asker`; None: everybody's."""
    visible = access.visible(asker, READ, ALERTS.code, clock.now())
    return None if visible.everything else visible.agencies


async def shown(request: HttpRequest, records: Iterable[AlertRecord]) -> list[dict[str, Any]]:
    """`Alert` for each that the asker may see."""
    asker, now = asking.asker_of(request), clock.now()
    judged = [(one, access.judge(asker, READ, one.as_thing(), now=now)) for one in records]
    seen = [(one, verdict) for one, verdict in judged if isinstance(verdict, Allowed)]
    ledger.note_list(request, READ, "alert:*", [(one.owner, allowed) for one, allowed in seen])
    handles = await _handles([one for one, _ in seen])
    return [alert_of(one, handles, allowed) for one, allowed in seen]


async def _handles(records: list[AlertRecord]) -> Mapping[str, int]:
    """Where the targets are on the live wire; nowhere while the ears are silent."""
    if not records:
        return {}
    try:
        found = await desk.ask("handles", tracks=sorted({str(one.track) for one in records}))
    except Trouble:
        return {}
    return found if isinstance(found, Mapping) else {}


def alert_of(
    record: AlertRecord, handles: Mapping[str, int], allowed: Allowed, **more: Any
) -> dict[str, Any]:
    """`Alert` as its asker may see it; without fixes and law, but for `more`."""
    names = record.__dataclass_fields__.keys() - {"values", "fixes", "track"}
    whole = {
        **{name: getattr(record, name) for name in names},
        "track": str(record.track),
        "handle": handles.get(str(record.track)),
        "acknowledged_by": record.acknowledged_by or None,
        "dismissed_by": record.dismissed_by or None,
        **more,
    }
    return showing.show(Alert, whole, allowed, ALERTS)


def _fix(row: list[int]) -> dict[str, Any]:
    t_ms, lon, lat, sog_dkn, cog_ddeg = row
    return {
        "t": t_ms,
        "lon": lon / DEGREE,
        "lat": lat / DEGREE,
        "sog": None if sog_dkn == NO_SPEED else sog_dkn / 10,
        "cog": None if cog_ddeg == NO_COURSE else cog_ddeg / 10,
    }


def _legal(record: AlertRecord) -> list[dict[str, str]]:
    """The law behind the very version of the rule that fired."""
    try:
        rule = queries.rule(record.rule, record.rule_version)
    except NotFound:
        return []
    spec = language.read(rule.yaml, rule.name, version=rule.version)
    return [{"law": one.law, "article": one.article} for one in spec.legal]
