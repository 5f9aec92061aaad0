"""News of joint work. What people wrote stands in the tables."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from jiangdun.core.journal import fact


@fact("alliance.ActivityPlanned")
@dataclass(frozen=True)
class ActivityPlanned:
    """Members will do something together on a day."""

    activity: UUID
    alliance: str
    theme: str
    line: str
    category: str
    module: str
    host: str
    members: list[str]
    planned_on: str


@fact("alliance.ActivityMoved")
@dataclass(frozen=True)
class ActivityMoved:
    """An activity was held, has minutes, has an outcome, or was called off."""

    activity: UUID
    alliance: str
    state: str
    before: str
    theme: str
    category: str
    module: str
    host: str
    members: list[str]
    held_on: str | None


@fact("alliance.ProposalRaised")
@dataclass(frozen=True)
class ProposalRaised:
    """A member proposes something; `owner` has to bring it on until `due_on`."""

    proposal: UUID
    alliance: str
    category: str
    agency: str
    owner: str
    due_on: str


@fact("alliance.ProposalMoved")
@dataclass(frozen=True)
class ProposalMoved:
    """A proposal was consulted on, decided, done, reviewed or dropped."""

    proposal: UUID
    alliance: str
    stage: str
    before: str
    agency: str
    owner: str
    due_on: str
