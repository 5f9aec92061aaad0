"""News of the alliances: founded, joined, left. Days are written YYYY-MM-DD, local."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from jiangdun.core.journal import fact


@fact("alliance.AllianceFounded")
@dataclass(frozen=True)
class AllianceFounded:
    """An alliance came to be, under these others. `digest` is of its region, "" where it has none of its own."""

    code: str
    name_zh: str
    name_en: str
    alliance_kind: str
    founded_on: str
    parents: list[str]
    domains: list[str]
    digest: str
    demo: bool


@fact("alliance.AllianceChanged")
@dataclass(frozen=True)
class AllianceChanged:
    """An alliance's names or scope are these now."""

    code: str
    name_zh: str
    name_en: str
    domains: list[str]
    digest: str
    version: int


@fact("alliance.AllianceEnded")
@dataclass(frozen=True)
class AllianceEnded:
    """An alliance ended; its members of the last day."""

    code: str
    ended_on: str
    members: list[str]


@fact("alliance.AlliancePutUnder")
@dataclass(frozen=True)
class AlliancePutUnder:
    """An alliance stands under another from this day on."""

    child: str
    parent: str
    from_on: str


@fact("alliance.AllianceTakenOut")
@dataclass(frozen=True)
class AllianceTakenOut:
    """An alliance stands under another no longer from this day on."""

    child: str
    parent: str
    to_on: str


@fact("alliance.AgencyJoined")
@dataclass(frozen=True)
class AgencyJoined:
    """An agency sits in an alliance; `count` members that day. `again`: it had been there before."""

    seat: UUID
    alliance: str
    agency: str
    role: str
    joined_on: str
    again: bool
    count: int


@fact("alliance.AgencyRoleChanged")
@dataclass(frozen=True)
class AgencyRoleChanged:
    """An agency has another role in an alliance from this day on; `seat` is the new one."""

    seat: UUID
    alliance: str
    agency: str
    role: str
    before: str
    from_on: str


@fact("alliance.AgencyLeft")
@dataclass(frozen=True)
class AgencyLeft:
    """An agency left an alliance, and what follows: without a lead from now on, sub-alliances it still sits in,
    desks of the alliance its people had to leave. The reason is told by its digest."""

    seat: UUID
    alliance: str
    agency: str
    role: str
    left_on: str
    reason: str
    count: int
    lead_vacant: bool
    still_in: list[str]
    desks: list[str]
