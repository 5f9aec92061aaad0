"""What the floor announces about who may come in, and how."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from jiangdun.core.kinds import fact


@fact("core.ProgramKeyMade")
@dataclass(frozen=True)
class ProgramKeyMade:
    """A program of another system got a key for an agency, good for these verbs until `expires_at`."""

    program: UUID
    name: str
    agency: str
    verbs: tuple[str, ...]
    expires_at: datetime


@fact("core.ProgramKeyReleased")
@dataclass(frozen=True)
class ProgramKeyReleased:
    """The key opens from now on what it was made for: somebody else than its maker said so."""

    program: UUID


@fact("core.ProgramKeyRevoked")
@dataclass(frozen=True)
class ProgramKeyRevoked:
    """A program's key opens nothing from now on."""

    program: UUID


@fact("core.ProgramRefused")
@dataclass(frozen=True)
class ProgramRefused:
    """A request with a program's key was refused: unsigned, skew, signature, replay, place. Once a minute."""

    program: UUID
    reason: str
