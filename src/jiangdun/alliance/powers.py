"""Who may do what where: powers of agencies, and the map that answers in a moment.

A power is an act (登临, 罚款 …), perhaps only for one cause (案由) or one field of work, with its legal basis and the
time it holds. It reaches one area of its agency, or all of them. A point on a border belongs to both sides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import numpy as np
import shapely
from shapely import STRtree

from jiangdun.alliance.days import holds
from jiangdun.core.shapes import shape_of

ACTS: Final[tuple[dict[str, str], ...]] = (
    {"code": "inspect", "zh": "检查", "en": "inspect"},
    {"code": "board", "zh": "登临", "en": "board"},
    {"code": "search", "zh": "搜查", "en": "search"},
    {"code": "order", "zh": "责令改正", "en": "order to mend"},
    {"code": "fine", "zh": "罚款", "en": "fine"},
    {"code": "seize", "zh": "扣押", "en": "seize"},
    {"code": "detain", "zh": "拘留", "en": "detain"},
    {"code": "tow", "zh": "拖带", "en": "tow"},
    {"code": "investigate", "zh": "立案侦查", "en": "investigate a crime"},
    {"code": "rescue", "zh": "救助", "en": "rescue"},
)
"""Acts a power may name until the parameter `alliance.acts` says otherwise."""


@dataclass(frozen=True, slots=True)
class Area:
    """Where an agency is competent: for one field of work, or ("") for all."""

    id: UUID
    agency: str
    name_zh: str
    name_en: str
    domain: str
    polygons: Any  # coordinates of a GeoJSON MultiPolygon
    legal_basis: str
    valid_from: datetime
    valid_to: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class Power:
    """What an agency may do. `area` None reaches all areas of the agency; "" is any field, any cause."""

    id: UUID
    agency: str
    act: str
    cause_zh: str
    cause_en: str
    domain: str
    area: UUID | None
    legal_basis: str
    valid_from: datetime
    valid_to: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class Holding:
    """`power` may be used there, by reason of these areas."""

    power: Power
    areas: tuple[Area, ...]


class PowerMap:
    """Every area and power of one state of the register, ready to be asked by point. Never changed once made."""

    def __init__(self, areas: Iterable[Area], powers: Iterable[Power]) -> None:
        self._areas = list(areas)
        self._shapes = np.array([shape_of(area.polygons) for area in self._areas], dtype=object)
        shapely.prepare(self._shapes)
        self._tree = STRtree(self._shapes)
        self._powers: dict[tuple[str, str], list[Power]] = defaultdict(list)
        for power in sorted(powers, key=lambda power: str(power.id)):
            self._powers[power.agency, power.act].append(power)

    def areas_at(self, lon: float, lat: float, at: datetime, domain: str | None = None) -> list[Area]:
        """The areas that hold at `at` and cover the point, their border included."""
        near = self._tree.query(shapely.Point(lon, lat))
        inside = near[shapely.intersects_xy(self._shapes[near], lon, lat)]
        found = (self._areas[index] for index in np.sort(inside))
        return [a for a in found if holds(a.valid_from, a.valid_to, at) and _fits(a.domain, domain)]

    def who(self, act: str, lon: float, lat: float, at: datetime, domain: str | None = None) -> list[Holding]:
        """Who may do `act` at the point (degrees WGS-84) at `at`, by agency; `domain` None: in whatever field."""
        covering: dict[str, list[Area]] = defaultdict(list)
        for area in self.areas_at(lon, lat, at, domain):
            covering[area.agency].append(area)
        found = []
        for agency in sorted(covering):
            for power in self._powers.get((agency, act), ()):
                if holds(power.valid_from, power.valid_to, at) and _fits(power.domain, domain):
                    areas = tuple(a for a in covering[agency] if reaches(power, a))
                    if areas:
                        found.append(Holding(power, areas))
        return found


def reaches(power: Power, area: Area) -> bool:
    """Whether the power is for this area of its agency: that very one, or any whose field agrees with its own."""
    if power.area is not None:
        return power.area == area.id
    return power.agency == area.agency and (not power.domain or _fits(area.domain, power.domain))


def _fits(own: str, asked: str | None) -> bool:
    return asked is None or own in ("", asked)
