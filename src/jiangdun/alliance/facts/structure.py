"""News of the joint house: offices, desks, routes, and who sits where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from jiangdun.core.journal import fact


@fact("alliance.OfficeOpened")
@dataclass(frozen=True)
class OfficeOpened:
    """An office of an alliance came to be; `digest` is of its area, "" where it has none."""

    office: UUID
    alliance: str
    code: str
    office_kind: str
    name_zh: str
    name_en: str
    parent: str | None
    digest: str


@fact("alliance.OfficeChanged")
@dataclass(frozen=True)
class OfficeChanged:
    """An office's names, place or area are these now."""

    office: UUID
    alliance: str
    code: str
    name_zh: str
    name_en: str
    parent: str | None
    digest: str
    version: int


@fact("alliance.OfficeClosed")
@dataclass(frozen=True)
class OfficeClosed:
    """An office is no more, and with it these desks."""

    office: UUID
    alliance: str
    code: str
    desks: list[str]


@fact("alliance.DeskOpened")
@dataclass(frozen=True)
class DeskOpened:
    """A desk came to be. `staffed`: somebody must always sit there."""

    desk: UUID
    alliance: str
    office: str
    code: str
    name_zh: str
    name_en: str
    staffed: bool
    fallback: str | None


@fact("alliance.DeskChanged")
@dataclass(frozen=True)
class DeskChanged:
    """A desk's names, duty or fallback are these now."""

    desk: UUID
    alliance: str
    code: str
    name_zh: str
    name_en: str
    staffed: bool
    fallback: str | None
    version: int


@fact("alliance.DeskClosed")
@dataclass(frozen=True)
class DeskClosed:
    """A desk is no more; whoever sat there has stood up."""

    desk: UUID
    alliance: str
    code: str


@fact("alliance.RouteSet")
@dataclass(frozen=True)
class RouteSet:
    """Work of this kind goes to a desk; no desk: to the station in whose area it lies."""

    route: UUID
    alliance: str
    rank: int
    domain: str
    work_kind: str
    severity_from: int
    severity_to: int
    river: str
    km_from: float | None
    km_to: float | None
    desk: str | None


@fact("alliance.RouteEnded")
@dataclass(frozen=True)
class RouteEnded:
    """A route holds no longer."""

    route: UUID
    alliance: str


@fact("alliance.DeskTaken")
@dataclass(frozen=True)
class DeskTaken:
    """Somebody of an agency sat down at a desk; `before` is whose note was handed over, if anybody's."""

    sitting: UUID
    desk: UUID
    alliance: str
    code: str
    account: UUID
    agency: str
    before: UUID | None


@fact("alliance.DeskLeft")
@dataclass(frozen=True)
class DeskLeft:
    """Somebody stood up; the note stands in the table. `reason`: asked, handed_over, agency_left, desk_closed."""

    sitting: UUID
    desk: UUID
    alliance: str
    code: str
    account: UUID
    agency: str
    reason: str


@fact("alliance.DeskUnattended")
@dataclass(frozen=True)
class DeskUnattended:
    """Nobody sits at a desk that must be staffed: an alarm, told once."""

    desk: UUID
    alliance: str
    code: str
    since: datetime


@fact("alliance.DeskAttended")
@dataclass(frozen=True)
class DeskAttended:
    """Somebody sits again at a desk that was unattended for `unattended_s` seconds."""

    desk: UUID
    alliance: str
    code: str
    unattended_s: float
