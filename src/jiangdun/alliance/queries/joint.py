"""What may be asked of joint work: the ledger, and the grids it is counted by."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from jiangdun.alliance import joint, models
from jiangdun.alliance.joint import Activity, Move, Proposal
from jiangdun.core.trouble import NotFound

PAGE_MAX = 2_000
"""Activities or proposals of one alliance that are read at once: a year of a busy one."""


def activity(activity_id: UUID) -> Activity:
    """One activity. Raises NotFound."""
    row = models.Activity.objects.select_related("alliance", "host").filter(id=activity_id).first()
    if row is None:
        raise NotFound(what="activity")
    return _activity(row)


def activities(alliance: str) -> list[Activity]:
    """The activities of an alliance, the newest first, at most PAGE_MAX."""
    rows = models.Activity.objects.select_related("alliance", "host").filter(alliance__code=alliance)
    return [_activity(row) for row in rows.order_by("-planned_on", "id")[:PAGE_MAX]]


def proposal(proposal_id: UUID) -> Proposal:
    """One proposal. Raises NotFound."""
    row = models.Proposal.objects.select_related("alliance", "owner").filter(id=proposal_id).first()
    if row is None:
        raise NotFound(what="proposal")
    return _proposal(row)


def proposals(alliance: str) -> list[Proposal]:
    """The proposals of an alliance, those due first at the top, at most PAGE_MAX."""
    rows = models.Proposal.objects.select_related("alliance", "owner").filter(alliance__code=alliance)
    return [_proposal(row) for row in rows.order_by("due_on", "id")[:PAGE_MAX]]


def overdue(alliance: str, today: date) -> list[Proposal]:
    """Proposals whose owner has let the day pass."""
    return [
        one for one in proposals(alliance) if one.due_on < today and joint.next_stage(one.stage) is not None
    ]


def _activity(row: models.Activity) -> Activity:
    return Activity(
        row.id, row.alliance.code, row.title, row.theme, row.line, row.category, row.module, row.host.code,
        tuple(row.members), row.planned_on, row.held_on, row.state, row.minutes, row.outcome, row.version,
    )  # fmt: skip


def _proposal(row: models.Proposal) -> Proposal:
    moves = tuple(
        Move(move["stage"], move["agency"], date.fromisoformat(move["on"]), move["words"])
        for move in row.moves
    )
    return Proposal(
        row.id,
        row.alliance.code,
        row.title,
        row.category,
        row.stage,
        row.owner.code,
        row.due_on,
        moves,
        row.version,
    )
