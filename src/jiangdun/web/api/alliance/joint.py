"""Joint work: the ledger of activities, proposals on their way, and the grids they are counted by."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema

from jiangdun.alliance import actions, joint, queries
from jiangdun.alliance.days import day_of
from jiangdun.core import clock
from jiangdun.web import asking, desk
from jiangdun.web.api.alliance.inside import inside, members_of

router = Router()


class Activity(Schema):
    """Something members do together; states: planned, held, minuted, done, cancelled."""

    id: UUID
    alliance: str
    title: str
    theme: str
    line: str
    category: str
    module: str
    host: str
    members: list[str]
    planned_on: date
    held_on: date | None
    state: str
    minutes: str
    outcome: str
    version: int


class ProposalMove(Schema):
    stage: str
    agency: str
    on: date
    words: str


class JointProposal(Schema):
    """Stages: raised, consulted, decided, done, reviewed; or dropped. `owner` brings it on until `due_on`."""

    id: UUID
    alliance: str
    title: str
    category: str
    stage: str
    owner: str
    due_on: date
    moves: list[ProposalMove]
    version: int


class NewActivity(Schema):
    title: str = Field(max_length=120)
    theme: str = Field(max_length=16)
    line: str = Field(max_length=16)
    category: str = Field(max_length=16)
    module: str = Field("", max_length=16)
    host: str = Field(max_length=32)
    members: list[str] = Field(default_factory=list, max_length=500)
    planned_on: date


class ActivityStep(Schema):
    """`step` is held (with `on`), minuted, done or cancelled (with `words`)."""

    version: int = Field(ge=1)
    step: Literal["held", "minuted", "done", "cancelled"]
    on: date | None = None
    words: str = Field("", max_length=4_000)


class NewProposal(Schema):
    title: str = Field(max_length=120)
    category: str = Field(max_length=16)
    words: str = Field(max_length=2_000)
    owner: str = Field(max_length=32)
    due_on: date


class ProposalStep(Schema):
    version: int = Field(ge=1)
    stage: str = Field(max_length=16)
    words: str = Field(max_length=2_000)
    owner: str = Field(max_length=32)
    due_on: date


class ThemeCount(Schema):
    theme: str
    agency: str
    count: int


class ModuleCount(Schema):
    module: str
    month: int
    count: int


class JointReport(Schema):
    """The quarter of a day: activities held by theme and member, joint items by the six categories, and the
    activities of its year by module and month."""

    from_on: date
    to_on: date = Field(description="the day after the last")
    themes: list[ThemeCount]
    categories: dict[str, int]
    modules: list[ModuleCount]
    overdue: list[JointProposal]


@router.get(
    "/alliance/alliances/{alliance}/activities", response=list[Activity], **asking.needs("alliance.read")
)
async def activities(
    request: HttpRequest, alliance: str, limit: Annotated[int, Field(ge=1, le=2_000)] = 200
) -> list[joint.Activity]:
    """The ledger, the newest first. Minutes and outcomes are for the members of that alliance."""
    found, within = (
        (await desk.read(lambda: queries.activities(alliance)))[:limit],
        await inside(request, alliance),
    )
    return found if within else [replace(one, minutes="", outcome="") for one in found]


@router.post(
    "/alliance/alliances/{alliance}/activities", response=Activity, **asking.needs("activities.change")
)
async def plan(request: HttpRequest, alliance: str, body: NewActivity) -> joint.Activity:
    """Plan something members do together; another agency than the secretariat's plans as its host."""
    asking.require(request, "activities.change", {"agency": body.host})
    act = partial(actions.plan_activity, alliance, by=asking.by_of(request), now=clock.now(), **body.dict())
    return await desk.do(act)


@router.post("/alliance/activities/{activity_id}", response=Activity, **asking.needs("activities.change"))
async def move_activity(request: HttpRequest, activity_id: UUID, body: ActivityStep) -> joint.Activity:
    """It was held, has minutes, has an outcome, or is called off."""
    held = await desk.read(lambda: queries.activity(activity_id))
    asking.require(request, "activities.change", {"agency": held.host})
    by, now = asking.by_of(request), clock.now()
    told: dict[str, Any] = {"version": body.version, "by": by, "now": now}
    if body.step == "held":
        return await desk.do(partial(actions.hold_activity, activity_id, body.on or day_of(now), **told))
    verb = {
        "minuted": actions.minute_activity,
        "done": actions.finish_activity,
        "cancelled": actions.cancel_activity,
    }[body.step]
    return await desk.do(partial(verb, activity_id, body.words, **told))


@router.get(
    "/alliance/alliances/{alliance}/proposals", response=list[JointProposal], **asking.needs("alliance.read")
)
async def proposals(request: HttpRequest, alliance: str) -> list[joint.Proposal]:
    """Proposals, those due first at the top. What was said of them is for the members of that alliance."""
    found = await desk.read(lambda: queries.proposals(alliance))
    return found if await inside(request, alliance) else _unsaid(found)


@router.post(
    "/alliance/alliances/{alliance}/proposals", response=JointProposal, **asking.needs("proposals.change")
)
async def raise_proposal(request: HttpRequest, alliance: str, body: NewProposal) -> joint.Proposal:
    """Propose something to the members, as one of them or for the secretariat."""
    asking.require(request, "proposals.change", {"agencies": await members_of(alliance)})
    act = partial(actions.raise_proposal, alliance, by=asking.by_of(request), now=clock.now(), **body.dict())
    return await desk.do(act)


@router.post("/alliance/proposals/{proposal_id}", response=JointProposal, **asking.needs("proposals.change"))
async def move_proposal(request: HttpRequest, proposal_id: UUID, body: ProposalStep) -> joint.Proposal:
    """Bring a proposal to its next stage, or drop it: for its owner, and for the secretariat."""
    held = await desk.read(lambda: queries.proposal(proposal_id))
    asking.require(request, "proposals.change", {"agency": held.owner})
    act = partial(
        actions.move_proposal, proposal_id, by=asking.by_of(request), now=clock.now(), **body.dict()
    )
    return await desk.do(act)


@router.get(
    "/alliance/alliances/{alliance}/joint-report", response=JointReport, **asking.needs("alliance.read")
)
async def report(request: HttpRequest, alliance: str, on: date | None = None) -> dict[str, Any]:
    """The quarter of a day (today), counted by the fixed grids."""
    today, within = day_of(clock.now()), await inside(request, alliance)
    start, end = joint.quarter_of(on or today)

    def read() -> dict[str, Any]:
        held, raised = queries.activities(alliance), queries.proposals(alliance)
        themes = joint.by_theme(held, start, end)
        modules = joint.by_module(held, start.year)
        return {
            "from_on": start,
            "to_on": end,
            "themes": [{"theme": t, "agency": a, "count": n} for (t, a), n in sorted(themes.items())],
            "categories": joint.three_by_two(held, raised, start, end),
            "modules": [{"module": m, "month": month, "count": n} for (m, month), n in modules.items()],
            "overdue": queries.overdue(alliance, today)
            if within
            else _unsaid(queries.overdue(alliance, today)),
        }

    return await desk.read(read)


def _unsaid(found: list[joint.Proposal]) -> list[joint.Proposal]:
    return [replace(one, moves=tuple(replace(move, words="") for move in one.moves)) for one in found]
