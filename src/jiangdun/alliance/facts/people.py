"""News of who serves where."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from jiangdun.core.journal import fact


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
