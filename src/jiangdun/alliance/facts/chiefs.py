"""News of river chiefs. A chief stands here by id and title; the name is in the table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from jiangdun.core.journal import fact


@fact("alliance.RiverNamed")
@dataclass(frozen=True)
class RiverNamed:
    """A river is known by this code; `points` of its centreline."""

    code: str
    name_zh: str
    name_en: str
    points: int
    version: int


@fact("alliance.ReachDrawn")
@dataclass(frozen=True)
class ReachDrawn:
    """A reach, or a new version of one."""

    reach: UUID
    code: str
    river: str
    km_from: float | None
    km_to: float | None
    bank: str
    district: str
    street: str
    digest: str
    version: int


@fact("alliance.ReachEnded")
@dataclass(frozen=True)
class ReachEnded:
    """A reach is no more."""

    reach: UUID
    code: str


@fact("alliance.ChiefAppointed")
@dataclass(frozen=True)
class ChiefAppointed:
    """A reach has a chief for the days [term_from, term_to); whoever was before is `before`."""

    chief: UUID
    reach: UUID
    code: str
    title: str
    term_from: str
    term_to: str | None
    before: UUID | None


@fact("alliance.ChiefResigned")
@dataclass(frozen=True)
class ChiefResigned:
    """A chief's term ends on this day."""

    chief: UUID
    reach: UUID
    code: str
    term_to: str


@fact("alliance.ChiefMissing")
@dataclass(frozen=True)
class ChiefMissing:
    """Nobody answers for a reach: a fault of the data, told once for each gap."""

    gap: UUID
    reach: UUID
    code: str
    river: str
    district: str
    street: str
    since: datetime


@fact("alliance.ChiefFound")
@dataclass(frozen=True)
class ChiefFound:
    """Somebody answers again for a reach; the gap lasted `gap_s` seconds."""

    gap: UUID
    reach: UUID
    code: str
    gap_s: float


@fact("alliance.ChiefsImported")
@dataclass(frozen=True)
class ChiefsImported:
    """A table of reaches and chiefs was taken in whole."""

    sha256: str
    rows: int
    reaches_new: int
    reaches_changed: int
    chiefs_new: int
    same: int
