"""The verbs of joint work: plan an activity and bring it to its outcome; raise a proposal and bring it through."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from jiangdun.alliance import facts, joint, models
from jiangdun.alliance.actions import checks
from jiangdun.alliance.actions.networks import running
from jiangdun.alliance.days import day_of
from jiangdun.alliance.joint import Activity, Proposal, Stage, State
from jiangdun.alliance.queries import joint as asked
from jiangdun.alliance.queries import networks as asked_networks
from jiangdun.core import journal
from jiangdun.core.journal import By
from jiangdun.core.trouble import BadInput, NotFound, StaleVersion, WrongState

WORDS_MAX = 2_000


@transaction.atomic
def plan_activity(
    alliance: str,
    title: str,
    theme: str,
    line: str,
    category: str,
    host: str,
    planned_on: date,
    *,
    by: By,
    now: datetime,
    members: Iterable[str] = (),
    module: str = "",
) -> Activity:
    """Plan something members do together. Host and members sit in the alliance today. Raises NotFound, BadInput."""
    home = running(alliance)
    title = checks.words("title", title, 120)
    checks.one_of("theme", theme, joint.THEMES)
    checks.one_of("line", line, joint.LINES)
    checks.one_of("category", category, joint.CATEGORIES)
    checks.one_of("module", module, ("", *joint.MODULES))
    there = {member.agency for member in asked_networks.members(alliance, day_of(now))}
    part = sorted({*members} - {host})
    for agency in (host, *part):
        if agency not in there:
            raise BadInput(field="members", reason="not_a_member", agency=agency)
    row = models.Activity.objects.create(
        alliance=home, title=title, theme=theme, line=line, category=category, module=module,
        host=models.Agency.objects.get(code=host), members=part, planned_on=planned_on,
    )  # fmt: skip
    fact = facts.ActivityPlanned(
        row.id, alliance, theme, line, category, module, host, part, planned_on.isoformat()
    )
    journal.record(fact, by=by, at=now, subject=f"activity:{row.id}")
    return asked.activity(row.id)


@transaction.atomic
def hold_activity(activity_id: UUID, held_on: date, *, version: int, by: By, now: datetime) -> Activity:
    """It took place on a day that has come. Raises NotFound, StaleVersion, WrongState, BadInput."""
    checks.day("held_on", held_on, now)
    return _move(activity_id, State.PLANNED, State.HELD, version, by, now, held_on=held_on)


@transaction.atomic
def minute_activity(activity_id: UUID, minutes: str, *, version: int, by: By, now: datetime) -> Activity:
    """Put down its minutes. Raises NotFound, StaleVersion, WrongState, BadInput."""
    words = checks.words("minutes", minutes, 4_000)
    return _move(activity_id, State.HELD, State.MINUTED, version, by, now, minutes=words)


@transaction.atomic
def finish_activity(activity_id: UUID, outcome: str, *, version: int, by: By, now: datetime) -> Activity:
    """Put down what came of it. Raises NotFound, StaleVersion, WrongState, BadInput."""
    words = checks.words("outcome", outcome, WORDS_MAX)
    return _move(activity_id, State.MINUTED, State.DONE, version, by, now, outcome=words)


@transaction.atomic
def cancel_activity(activity_id: UUID, reason: str, *, version: int, by: By, now: datetime) -> Activity:
    """Call it off before it was held. Raises NotFound, StaleVersion, WrongState, BadInput."""
    words = checks.words("reason", reason, WORDS_MAX)
    return _move(activity_id, State.PLANNED, State.CANCELLED, version, by, now, outcome=words)


def _move(
    activity_id: UUID, before: State, state: State, version: int, by: By, now: datetime, **values: object
) -> Activity:
    row = models.Activity.objects.select_related("alliance", "host").filter(id=activity_id).first()
    if row is None:
        raise NotFound(what="activity")
    if row.version != version:
        raise StaleVersion(what="activity", version=row.version)
    if row.state != before:
        raise WrongState()
    same = models.Activity.objects.filter(id=activity_id, version=version)
    if not same.update(state=state, version=version + 1, **values):
        raise StaleVersion(what="activity", version=row.version)
    now_there = asked.activity(activity_id)
    held = None if now_there.held_on is None else now_there.held_on.isoformat()
    fact = facts.ActivityMoved(
        activity_id, row.alliance.code, state, before, row.theme, row.category, row.module, row.host.code,
        list(row.members), held,
    )  # fmt: skip
    journal.record(fact, by=by, at=now, subject=f"activity:{activity_id}")
    return now_there


@transaction.atomic
def raise_proposal(
    alliance: str, title: str, category: str, words: str, owner: str, due_on: date, *, by: By, now: datetime
) -> Proposal:
    """Propose something to the members; `owner` brings it on until `due_on`. Raises NotFound, BadInput."""
    home = running(alliance)
    title = checks.words("title", title, 120)
    checks.one_of("category", category, joint.CATEGORIES)
    unit = _owner(alliance, owner, due_on, now)
    today, agency = day_of(now).isoformat(), by.agency or ""
    first = {
        "stage": str(Stage.RAISED), "agency": agency, "on": today, "words": checks.words("words", words, WORDS_MAX)
    }  # fmt: skip
    row = models.Proposal.objects.create(
        alliance=home, title=title, category=category, owner=unit, due_on=due_on, moves=[first]
    )
    fact = facts.ProposalRaised(row.id, alliance, category, agency, owner, due_on.isoformat())
    journal.record(fact, by=by, at=now, subject=f"proposal:{row.id}")
    return asked.proposal(row.id)


@transaction.atomic
def move_proposal(
    proposal_id: UUID,
    stage: str,
    words: str,
    owner: str,
    due_on: date,
    *,
    version: int,
    by: By,
    now: datetime,
) -> Proposal:
    """Bring a proposal to its next stage, or drop it; `owner` and `due_on` are for what comes then.

    Whoever did it does not review it alone: the review is another agency's. Raises NotFound, StaleVersion, WrongState,
    BadInput.
    """
    row = models.Proposal.objects.select_related("alliance", "owner").filter(id=proposal_id).first()
    if row is None:
        raise NotFound(what="proposal")
    if row.version != version:
        raise StaleVersion(what="proposal", version=row.version)
    if joint.next_stage(row.stage) is None or stage not in (joint.next_stage(row.stage), Stage.DROPPED):
        raise WrongState()
    agency = by.agency or ""
    if stage == Stage.REVIEWED and any(m["stage"] == Stage.DONE and m["agency"] == agency for m in row.moves):
        raise BadInput(field="agency", reason="reviewed_by_another")
    unit = _owner(row.alliance.code, owner, due_on, now)
    move = {
        "stage": stage, "agency": agency, "on": day_of(now).isoformat(),
        "words": checks.words("words", words, WORDS_MAX),
    }  # fmt: skip
    same = models.Proposal.objects.filter(id=proposal_id, version=version)
    if not same.update(stage=stage, owner=unit, due_on=due_on, moves=[*row.moves, move], version=version + 1):
        raise StaleVersion(what="proposal", version=row.version)
    fact = facts.ProposalMoved(
        proposal_id, row.alliance.code, stage, row.stage, agency, owner, due_on.isoformat()
    )
    journal.record(fact, by=by, at=now, subject=f"proposal:{proposal_id}")
    return asked.proposal(proposal_id)


def _owner(alliance: str, owner: str, due_on: date, now: datetime) -> models.Agency:
    if owner not in {member.agency for member in asked_networks.members(alliance, day_of(now))}:
        raise BadInput(field="owner", reason="not_a_member")
    if due_on < day_of(now):
        raise BadInput(field="due_on", reason="past")
    return models.Agency.objects.get(code=owner)
