"""Incidents: read, and moved on step by step. Every step names the version of the incident it saw."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema

from jiangdun.core import clock
from jiangdun.core.trouble import NotFound
from jiangdun.response import actions, queries
from jiangdun.response.queries import ClockView, Entry, IncidentStory, IncidentView
from jiangdun.response.views import INCIDENTS
from jiangdun.web import asking, desk, ledger, showing
from jiangdun.web.api.journal import Doer
from jiangdun.web.showing import Partial

PAGE_MAX: Final = 200
EVIDENCE_MAX: Final = 50
TEXT_MAX: Final = 4_000
router = Router()

Version = Annotated[int, Field(ge=1, description="of the incident as the asker saw it")]
Source = Literal["button", "phone", "device"]
"""Where an instant comes from. A geofence is not for people to claim."""


class Clock(Schema):
    """One of the clocks from T0. `at` is when it was met, null while it runs."""

    clock: str = Field(description="sign, notify, arrive")
    face: str = Field(description="running, amber, late, met")
    limit_s: float
    amber_share: float
    started_at: datetime
    due_at: datetime
    at: datetime | None
    source: str
    on_time: bool | None
    breached_at: datetime | None
    reason_owed: bool
    reason_due_at: datetime | None
    reason: str


class Assignment(Schema):
    id: UUID
    unit_id: UUID
    call_sign: str
    agency: str
    state: str = Field(
        description="requested, ordered, acknowledged, en_route, on_scene, done, declined, released"
    )
    legal_basis: str
    assigned_at: datetime
    ordered_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_source: str
    departed_at: datetime | None
    departed_source: str
    arrived_at: datetime | None
    arrived_source: str
    ended_at: datetime | None
    version: int


class Evidence(Schema):
    id: UUID
    kind: str
    ref: str
    title: str
    person: str
    agency: str
    at: datetime


class Line(Schema):
    """One line of an incident's story: a fact, with the words of the note it refers to."""

    no: int
    fact_id: int
    kind: str
    at: datetime
    by: Doer
    cause: int | None
    body: dict[str, Any]
    words: str


class Incident(Partial):
    """An incident. `next_step` is the one thing to do now, `may` all that is permitted. `evidence` and
    `timeline` are there where one incident was read, null in lists and in answers to a step."""

    id: UUID
    number: str
    version: int
    state: str = Field(
        description="new, signed, dispatched, en_route, on_scene, handling, awaiting_review, closed"
    )
    next_step: str | None
    may: list[str]
    priority: str = Field(description="P1 … P4")
    level: str
    kind: str
    domain: str
    title_zh: str
    title_en: str
    place_zh: str
    place_en: str
    why_zh: str
    why_en: str
    owner: str
    agencies: list[str]
    t0: datetime
    episode: str | None
    rule_version: int
    label: str
    zone_id: str
    lon: float | None
    lat: float | None
    signed_by: str
    signed_agency: str
    handled_by: str
    reviewed_by: str
    closed_at: datetime | None
    result: str
    proposal: str
    exercise: bool
    secrecy: int = Field(0, description="0 open, 1 internal, 2 sensitive, 3 restricted")
    clocks: list[Clock]
    assignments: list[Assignment]
    evidence: list[Evidence] | None = None
    timeline: list[Line] | None = None


class Sign(Schema):
    version: Version


class Assign(Schema):
    version: Version
    unit_id: UUID
    legal_basis: str = Field("", max_length=200, description="needed where the unit is another agency's")


class Accept(Schema):
    version: Version
    assignment_id: UUID


class Step(Schema):
    """A unit's step. `instant` is the device's own time of the tap, kept within order and now."""

    version: Version
    assignment_id: UUID
    source: Source = "button"
    instant: datetime | None = None


class Decline(Schema):
    version: Version
    assignment_id: UUID
    reason: str = Field(min_length=1, max_length=TEXT_MAX)


class EvidenceRef(Schema):
    kind: str = Field(max_length=16)
    ref: str = Field(min_length=1, max_length=200)
    title: str = Field("", max_length=200)


class Dispose(Schema):
    version: Version
    result: str = Field(max_length=20)
    note: str = Field("", max_length=TEXT_MAX)
    evidence: list[EvidenceRef] = Field(default_factory=list, max_length=EVIDENCE_MAX)
    no_evidence_reason: str = Field("", max_length=TEXT_MAX)


class Review(Schema):
    version: Version
    passed: bool
    note: str = Field("", max_length=TEXT_MAX, description="needed where it is sent back")


class Secrecy(Schema):
    version: Version
    secrecy: int = Field(ge=0, le=3)
    reason: str = Field(min_length=1, max_length=TEXT_MAX)


class Note(Schema):
    text: str = Field(min_length=1, max_length=TEXT_MAX)


class Explanation(Schema):
    clock: Literal["sign", "notify", "arrive"]
    reason: str = Field(min_length=1, max_length=TEXT_MAX)


@router.get("/incidents", response=list[Incident], **asking.needs("incidents.read"))
async def incidents(
    request: HttpRequest,
    state: Annotated[str | None, Field(max_length=20)] = None,
    before: Annotated[str | None, Field(max_length=32, description="number of the last one seen")] = None,
    limit: Annotated[int, Field(ge=1, le=PAGE_MAX)] = 50,
) -> list[dict[str, Any]]:
    """Incidents, newest first, a page at a time."""
    asker, now = asking.asker_of(request), clock.now()
    page = partial(queries.incidents, asker, now, state=state, before=before, limit=limit)
    views = await desk.read(page)
    ledger.note_list(request, "incidents.read", "incident:*", [(view.owner, view.allowed) for view in views])
    return [incident_of(view) for view in views]


@router.get("/incidents/{incident_id}", response=Incident, **asking.needs("incidents.read"))
async def incident(request: HttpRequest, incident_id: UUID) -> dict[str, Any]:
    """One incident with its evidence and its story since the alert."""
    asker = asking.asker_of(request)
    story = await desk.read(lambda: queries.incident(incident_id, asker, clock.now()))
    seen = story.incident
    ledger.note(request, "incidents.read", f"incident:{incident_id}", seen.owner, seen.allowed)
    return story_of(story)


@router.post("/incidents/{incident_id}/sign", response=Incident, **asking.needs("incident.sign"))
async def sign(request: HttpRequest, incident_id: UUID, body: Sign) -> dict[str, Any]:
    """签收: this desk takes the incident."""
    step = partial(actions.sign, incident_id, version=body.version)
    return await _take(request, incident_id, "incident.sign", step)


@router.post("/incidents/{incident_id}/assign", response=Incident, **asking.needs("incident.assign"))
async def assign(request: HttpRequest, incident_id: UUID, body: Assign) -> dict[str, Any]:
    """派遣: order a unit of one's own agency, or ask another agency for one of its units."""
    step = partial(
        actions.assign, incident_id, body.unit_id, version=body.version, legal_basis=body.legal_basis
    )
    return await _take(request, incident_id, "incident.assign", step)


@router.post("/incidents/{incident_id}/accept", response=Incident, **asking.needs("incident.assign"))
async def accept(request: HttpRequest, incident_id: UUID, body: Accept) -> dict[str, Any]:
    """The unit's own agency takes on another's request: from now on it is an order."""
    step = partial(actions.accept, body.assignment_id, version=body.version)
    return await _take(request, incident_id, "incident.assign", step, body.assignment_id)


@router.post(
    "/incidents/{incident_id}/order-acknowledged",
    response=Incident,
    **asking.needs("incident.order_acknowledged"),
)
async def order_acknowledged(request: HttpRequest, incident_id: UUID, body: Step) -> dict[str, Any]:
    """The order reached the handler, who said so."""
    return await _unit_step(
        request, incident_id, "incident.order_acknowledged", actions.acknowledge_order, body
    )


@router.post("/incidents/{incident_id}/depart", response=Incident, **asking.needs("incident.arrive"))
async def depart(request: HttpRequest, incident_id: UUID, body: Step) -> dict[str, Any]:
    """The unit is on its way."""
    return await _unit_step(request, incident_id, "incident.arrive", actions.depart, body)


@router.post("/incidents/{incident_id}/arrive", response=Incident, **asking.needs("incident.arrive"))
async def arrive(request: HttpRequest, incident_id: UUID, body: Step) -> dict[str, Any]:
    """The unit is on the scene."""
    return await _unit_step(request, incident_id, "incident.arrive", actions.arrive, body)


@router.post(
    "/incidents/{incident_id}/decline", response=Incident, **asking.needs("incident.order_acknowledged")
)
async def decline(request: HttpRequest, incident_id: UUID, body: Decline) -> dict[str, Any]:
    """The unit, or its agency, does not take it, with a reason. The clocks run on."""
    step = partial(actions.decline, body.assignment_id, body.reason, version=body.version)
    return await _take(request, incident_id, "incident.order_acknowledged", step, body.assignment_id)


@router.post("/incidents/{incident_id}/dispose", response=Incident, **asking.needs("incident.dispose"))
async def dispose(request: HttpRequest, incident_id: UUID, body: Dispose) -> dict[str, Any]:
    """处置完成: report it handled, with a result and evidence or the reason why there is none."""
    step = partial(
        actions.dispose,
        incident_id,
        result=body.result,
        note=body.note,
        evidence=[actions.EvidenceRef(e.kind, e.ref, e.title) for e in body.evidence],
        no_evidence_reason=body.no_evidence_reason,
        version=body.version,
    )
    return await _take(request, incident_id, "incident.dispose", step)


@router.post("/incidents/{incident_id}/review", response=Incident, **asking.needs("incident.review"))
async def review(request: HttpRequest, incident_id: UUID, body: Review) -> dict[str, Any]:
    """复核, by another person than the handler: closed, or sent back with what is missing."""
    step = partial(actions.review, incident_id, passed=body.passed, note=body.note, version=body.version)
    return await _take(request, incident_id, "incident.review", step)


@router.post("/incidents/{incident_id}/secrecy", response=Incident, **asking.needs("incident.label"))
async def set_secrecy(request: HttpRequest, incident_id: UUID, body: Secrecy) -> dict[str, Any]:
    """Say how sensitive it is, and why; whoever is not cleared for it no longer sees it."""
    step = partial(actions.set_secrecy, incident_id, body.secrecy, body.reason, version=body.version)
    return await _take(request, incident_id, "incident.label", step)


@router.post("/incidents/{incident_id}/note", response=Incident, **asking.needs("incident.dispose"))
async def note(request: HttpRequest, incident_id: UUID, body: Note) -> dict[str, Any]:
    """Write a note; closed incidents take notes too."""
    step = partial(actions.note, incident_id, body.text)
    return await _take(request, incident_id, "incident.dispose", step)


@router.post("/incidents/{incident_id}/explain", response=Incident, **asking.needs("incident.dispose"))
async def explain(request: HttpRequest, incident_id: UUID, body: Explanation) -> dict[str, Any]:
    """Say why a clock was late."""
    step = partial(actions.explain_breach, incident_id, body.clock, body.reason)
    return await _take(request, incident_id, "incident.dispose", step)


async def _unit_step(
    request: HttpRequest, incident_id: UUID, verb: str, action: Callable[..., Any], body: Step
) -> dict[str, Any]:
    step = partial(action, body.assignment_id, source=body.source, instant=body.instant, version=body.version)
    return await _take(request, incident_id, verb, step, body.assignment_id)


async def _take(
    request: HttpRequest,
    incident_id: UUID,
    verb: str,
    step: Callable[..., Any],
    assignment_id: UUID | None = None,
) -> dict[str, Any]:
    """Judge with the incident in hand, take the step in the writer, answer with what it is then."""
    asker, by, now = asking.asker_of(request), asking.by_of(request), clock.now()
    thing = await desk.read(partial(_thing, incident_id, assignment_id))
    asking.require(request, verb, thing)
    await desk.do(partial(step, by=by, now=now))
    return incident_of(await desk.read(lambda: queries.incident_now(incident_id, asker, clock.now())))


def _thing(incident_id: UUID, assignment_id: UUID | None) -> dict[str, Any]:
    if assignment_id is not None and queries.incident_of_assignment(assignment_id) != incident_id:
        raise NotFound(what="assignment")
    return queries.thing(incident_id)


def incident_of(view: IncidentView, **more: Any) -> dict[str, Any]:
    """`Incident` as its asker may see it; without evidence and timeline, but for `more`."""
    shown = {name: getattr(view, name) for name in _AS_THEY_ARE}
    whole = {
        **shown,
        "agencies": list(view.agencies),
        "next_step": view.next,
        "may": list(view.may),
        "clocks": [_clock_of(one) for one in view.clocks],
        "assignments": list(view.assignments),
        **more,
    }
    return showing.show(Incident, whole, view.allowed, INCIDENTS)


_AS_THEY_ARE: Final = (
    "id", "number", "version", "state", "priority", "level", "kind", "domain", "title_zh", "title_en",
    "place_zh", "place_en", "why_zh", "why_en", "owner", "t0", "episode", "rule_version", "label", "zone_id",
    "lon", "lat", "signed_by", "signed_agency", "handled_by", "reviewed_by", "closed_at", "result",
    "proposal", "exercise", "secrecy",
)  # fmt: skip


def story_of(story: IncidentStory) -> dict[str, Any]:
    """`Incident` with everything that its asker may see."""
    lines = [_line_of(entry) for entry in story.timeline]
    return incident_of(story.incident, evidence=list(story.evidence), timeline=lines)


def _clock_of(view: ClockView) -> dict[str, Any]:
    return {
        "clock": view.clock,
        "face": view.face,
        "limit_s": view.limit_s,
        "amber_share": view.amber_at_s / view.limit_s if view.limit_s else 1.0,
        "started_at": view.started_at,
        "due_at": view.due_at,
        "at": view.at,
        "source": view.source,
        "on_time": view.on_time,
        "breached_at": view.breached_at,
        "reason_owed": view.reason_owed,
        "reason_due_at": view.reason_due_at,
        "reason": view.reason,
    }


def _line_of(entry: Entry) -> dict[str, Any]:
    by = entry.by
    return {
        "no": entry.number,
        "fact_id": entry.fact_id,
        "kind": entry.kind,
        "at": entry.at,
        "by": {"person": by.person, "agency": by.agency, "rule": by.rule, "system": by.system},
        "cause": entry.cause,
        "body": entry.body,
        "words": entry.words,
    }
