"""What is announced of keeping and deleting."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from jiangdun.core.kinds import fact


@fact("core.DeletionBegun")
@dataclass(frozen=True)
class DeletionBegun:
    """Files of a class older than `before` are about to go; `digest` is over their names and hashes."""

    kept: str
    before: datetime
    items: int
    size: int
    digest: str


@fact("core.DeletionDone")
@dataclass(frozen=True)
class DeletionDone:
    """Items of a class older than `before` are gone: how many, of how many bytes, and the digest of what went."""

    kept: str
    before: datetime
    items: int
    size: int
    digest: str


@fact("core.HoldSet")
@dataclass(frozen=True)
class HoldSet:
    """Nothing of `target` is deleted from now on; the reason is told by its digest."""

    hold: UUID
    target: str
    reason: str


@fact("core.HoldConfirmed")
@dataclass(frozen=True)
class HoldConfirmed:
    """A second person stands by a hold."""

    hold: UUID
    target: str


@fact("core.HoldReleaseAsked")
@dataclass(frozen=True)
class HoldReleaseAsked:
    """Somebody wants a hold to end; it stands until another person agrees."""

    hold: UUID
    target: str
    reason: str


@fact("core.HoldReleased")
@dataclass(frozen=True)
class HoldReleased:
    """A hold ended: two persons said so."""

    hold: UUID
    target: str
