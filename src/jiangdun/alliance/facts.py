"""What the alliance announces."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from jiangdun.core.journal import fact


@fact("alliance.AgencyFounded")
@dataclass(frozen=True)
class AgencyFounded:
    """An agency became a member."""

    agency: UUID
    code: str
    name_zh: str
    name_en: str
    domain: str
    demo: bool


@fact("alliance.MemberJoined")
@dataclass(frozen=True)
class MemberJoined:
    """An account serves in an agency with these roles."""

    membership: UUID
    account: UUID
    agency: str
    roles: list[str]


@fact("alliance.MemberRolesChanged")
@dataclass(frozen=True)
class MemberRolesChanged:
    """A membership has other roles from now on."""

    membership: UUID
    account: UUID
    agency: str
    roles: list[str]


@fact("alliance.MemberLeft")
@dataclass(frozen=True)
class MemberLeft:
    """A membership ended."""

    membership: UUID
    account: UUID
    agency: str
