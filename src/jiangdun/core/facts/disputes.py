"""What is announced of disputes: what people wrote is told by its digest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from jiangdun.core.kinds import fact


@fact("core.DisputeRaised")
@dataclass(frozen=True)
class DisputeRaised:
    """An agency says that something of `owner`'s is wrong; the owner answers until `due_at`."""

    dispute: UUID
    about: str
    field: str
    agency: str
    owner: str
    claim: str
    due_at: datetime


@fact("core.DisputeReminded")
@dataclass(frozen=True)
class DisputeReminded:
    """The owner is reminded that an answer is due soon."""

    dispute: UUID
    about: str
    owner: str
    due_at: datetime


@fact("core.DisputeOverdue")
@dataclass(frozen=True)
class DisputeOverdue:
    """The owner did not answer in time."""

    dispute: UUID
    about: str
    owner: str
    due_at: datetime


@fact("core.DisputeAnswered")
@dataclass(frozen=True)
class DisputeAnswered:
    """The owner corrected it, or upholds it, with a reason."""

    dispute: UUID
    about: str
    owner: str
    agency: str
    state: str
    answer: str
    in_time: bool


@fact("core.DisputeWithdrawn")
@dataclass(frozen=True)
class DisputeWithdrawn:
    """Whoever raised it takes it back."""

    dispute: UUID
    about: str
    owner: str
    agency: str
