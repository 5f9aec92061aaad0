"""News of the register: agencies, areas, powers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
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


@fact("alliance.AgencyChanged")
@dataclass(frozen=True)
class AgencyChanged:
    """An agency's names, field of work or office contact are these now; `changed` names what is new."""

    code: str
    name_zh: str
    name_en: str
    domain: str
    duty_phone: str
    office_phone: str
    radio: str
    address: str
    changed: list[str]
    version: int


@fact("alliance.AreaDrawn")
@dataclass(frozen=True)
class AreaDrawn:
    """An agency is competent in an area; `digest` is of its coordinates."""

    area: UUID
    agency: str
    name_zh: str
    name_en: str
    domain: str
    legal_basis: str
    valid_from: datetime
    valid_to: datetime | None
    digest: str


@fact("alliance.AreaEnded")
@dataclass(frozen=True)
class AreaEnded:
    """An area holds no longer from `valid_to` on."""

    area: UUID
    agency: str
    valid_to: datetime


@fact("alliance.PowerGiven")
@dataclass(frozen=True)
class PowerGiven:
    """An agency may do `act`; without an area: in all of its areas."""

    power: UUID
    agency: str
    act: str
    cause_zh: str
    domain: str
    area: UUID | None
    legal_basis: str
    valid_from: datetime
    valid_to: datetime | None


@fact("alliance.PowerEnded")
@dataclass(frozen=True)
class PowerEnded:
    """A power holds no longer from `valid_to` on."""

    power: UUID
    agency: str
    act: str
    valid_to: datetime
