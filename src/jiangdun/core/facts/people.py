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


@fact("core.AccountUnused")
@dataclass(frozen=True)
class AccountUnused:
    """Nobody has used an account since `since`: it is switched off."""

    account: UUID
    since: datetime


@fact("core.EmergencySealed")
@dataclass(frozen=True)
class EmergencySealed:
    """An account was put under seal, for the day nobody else can act."""

    account: UUID


@fact("core.EmergencyAsked")
@dataclass(frozen=True)
class EmergencyAsked:
    """The first of two persons wants the seal of an account broken; the reason is told by its digest."""

    account: UUID
    person: UUID
    reason: str


@fact("core.EmergencyOpened")
@dataclass(frozen=True)
class EmergencyOpened:
    """ALARM: two persons broke the seal of an account; it is open until `until`. The reason is told by its digest."""

    account: UUID
    first: UUID
    second: UUID
    reason: str
    until: datetime


@fact("core.EmergencyClosed")
@dataclass(frozen=True)
class EmergencyClosed:
    """An account is under seal again; its password is void."""

    account: UUID


@fact("core.WallMade")
@dataclass(frozen=True)
class WallMade:
    """A screen got a key with which it signs in and only shows."""

    account: UUID


@fact("core.WallRevoked")
@dataclass(frozen=True)
class WallRevoked:
    """A screen's key opens nothing from now on."""

    account: UUID


@fact("core.PinSet")
@dataclass(frozen=True)
class PinSet:
    """A person set the PIN with which to act on a wall."""

    account: UUID


@fact("core.ActedOnWall")
@dataclass(frozen=True)
class ActedOnWall:
    """A person showed who they are (`way`: password, pin, key; older ones: totp) for one act on a wall."""

    account: UUID
    wall: UUID
    way: str


@fact("core.OutsideLinked")
@dataclass(frozen=True)
class OutsideLinked:
    """An account was tied to somebody at another identity provider."""

    account: UUID
    link: UUID


@fact("core.OutsideUnlinked")
@dataclass(frozen=True)
class OutsideUnlinked:
    """That tie was cut."""

    account: UUID
    link: UUID


@fact("core.OutsideRefused")
@dataclass(frozen=True)
class OutsideRefused:
    """Somebody the identity provider vouched for has no account here, or what it said did not hold: `reason`."""

    reason: str
