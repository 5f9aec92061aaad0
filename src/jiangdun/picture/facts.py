"""What the picture announces, in the past tense."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from jiangdun.core.journal import fact


@fact("picture.UnitAdded", version=1)
@dataclass(frozen=True, slots=True)
class UnitAdded:
    unit_id: UUID
    agency: str
    call_sign: str
    unit_kind: str
    state: str


@fact("picture.UnitStateSet", version=1)
@dataclass(frozen=True, slots=True)
class UnitStateSet:
    unit_id: UUID
    agency: str
    call_sign: str
    state: str
    before: str
    version: int


@fact("picture.ZoneDrawn", version=1)
@dataclass(frozen=True, slots=True)
class ZoneDrawn:
    """A zone, or a new version of one, is in the tables; `digest` is of everything in it."""

    zone_id: str
    version: int
    zone_kind: str
    name_zh: str
    name_en: str
    agency: str
    legal_basis: str
    digest: str


@fact("picture.ZonesImported", version=1)
@dataclass(frozen=True, slots=True)
class ZonesImported:
    """A file was taken in whole. `drawn` zones are new or changed, `same` were there already."""

    sha256: str
    bytes: int
    features: int
    drawn: int
    same: int
