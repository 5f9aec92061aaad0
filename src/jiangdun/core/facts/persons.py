"""What is announced of persons: that something is known, never what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from jiangdun.core.kinds import fact


@fact("core.PersonKept")
@dataclass(frozen=True)
class PersonKept:
    """An agency keeps values of a person for a purpose; `kinds` says which, the values lie sealed."""

    person: UUID
    agency: str
    purpose: str
    kinds: tuple[str, ...]
    keep_until: datetime | None


@fact("core.PersonChanged")
@dataclass(frozen=True)
class PersonChanged:
    """Values of these kinds were replaced or added."""

    person: UUID
    agency: str
    kinds: tuple[str, ...]
    version: int


@fact("core.PersonErased")
@dataclass(frozen=True)
class PersonErased:
    """A person's key was destroyed: the values cannot be read again. `reason`: asked, expired, mistaken, court."""

    person: UUID
    agency: str
    kinds: tuple[str, ...]
    reason: str


@fact("core.PersonUnmasked")
@dataclass(frozen=True)
class PersonUnmasked:
    """Somebody had masked values shown for a purpose, until a moment; the reason is told by its digest."""

    person: UUID
    agency: str
    kinds: tuple[str, ...]
    purpose: str
    reason: str
    until: datetime
