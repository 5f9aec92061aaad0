"""River chiefs (河长): reach → district → street unit → the one who answers for it, for a term.

A reach is a piece of a river between two kilometre marks, on both banks or one, or an area on the map. Where no chief
is in office there is a gap, which is a fault of the data somebody has to mend.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import numpy as np
import shapely
from shapely import STRtree

from jiangdun.alliance.days import holds
from jiangdun.core.geo import Centreline
from jiangdun.core.shapes import shape_of

OFFSET_M_MAX: Final = 2_000.0
"""A point farther from the centreline than this is not at that river."""


class Bank(StrEnum):
    BOTH = "both"
    LEFT = "left"  # seen downstream
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Reach:
    """A piece of a river, for a street unit of a district."""

    id: UUID
    code: str
    river: str
    km_from: float | None
    km_to: float | None
    bank: str
    district: str
    street: str
    polygons: Any
    version: int


@dataclass(frozen=True, slots=True)
class Chief:
    """Who answers for a reach on the days [term_from, term_to). `person` refers to the telephone number."""

    id: UUID
    reach: UUID
    name_zh: str
    name_en: str
    title: str
    person: UUID | None
    term_from: date
    term_to: date | None
    version: int


@dataclass(frozen=True, slots=True)
class Answer:
    """A reach that lies there, and who answers for it that day; None is a gap."""

    reach: Reach
    chief: Chief | None


@dataclass(frozen=True, slots=True)
class Hole:
    """A piece of a river, on one bank, that belongs to no reach."""

    river: str
    bank: str
    km_from: float
    km_to: float


def in_office(chiefs: Iterable[Chief], on: date) -> Chief | None:
    """The chief of that day: of several the one whose term began last."""
    there = [chief for chief in chiefs if holds(chief.term_from, chief.term_to, on)]
    return max(there, key=lambda chief: (chief.term_from, str(chief.id)), default=None)


class ChiefMap:
    """Every reach and chief of one state of the register, ready to be asked by chainage or by point."""

    def __init__(
        self, lines: Mapping[str, Centreline], reaches: Iterable[Reach], chiefs: Iterable[Chief]
    ) -> None:
        self._lines = dict(lines)
        self._by_river: dict[str, list[Reach]] = defaultdict(list)
        self._chiefs: dict[UUID, list[Chief]] = defaultdict(list)
        drawn = []
        for reach in sorted(reaches, key=lambda reach: reach.code):
            self._by_river[reach.river].append(reach)
            if reach.polygons:
                drawn.append(reach)
        for chief in chiefs:
            self._chiefs[chief.reach].append(chief)
        self._drawn = drawn
        self._shapes = np.array([shape_of(reach.polygons) for reach in drawn], dtype=object)
        shapely.prepare(self._shapes)
        self._tree = STRtree(self._shapes)

    def at_km(self, river: str, km: float, on: date, bank: str = Bank.BOTH) -> list[Answer]:
        """Who answers at a mark of a river, on a bank or on both; the ends of a reach belong to it."""
        return [
            self._answer(reach, on)
            for reach in self._by_river.get(river, ())
            if _spans(reach, km) and _on_bank(reach, bank)
        ]

    def at_point(self, lon: float, lat: float, on: date) -> list[Answer]:
        """Who answers at a point (degrees WGS-84): by drawn reaches, borders included, and by the marks of rivers
        within `OFFSET_M_MAX`."""
        near = self._tree.query(shapely.Point(lon, lat))
        inside = near[shapely.intersects_xy(self._shapes[near], lon, lat)]
        found = {self._drawn[index].id: self._drawn[index] for index in np.sort(inside)}
        for river, line in self._lines.items():
            place = line.chainage(lon, lat)
            if place.offset_m > OFFSET_M_MAX:
                continue
            bank = Bank.BOTH if place.bank == "middle" else Bank(place.bank)
            for answer in self.at_km(river, place.km, on, bank):
                if not answer.reach.polygons:  # a drawn reach ends where it was drawn
                    found.setdefault(answer.reach.id, answer.reach)
        return [self._answer(reach, on) for reach in sorted(found.values(), key=lambda r: r.code)]

    def answers(self, on: date) -> list[Answer]:
        """Every reach with its chief of a day, by river and code."""
        rivers = sorted(self._by_river)
        return [self._answer(reach, on) for river in rivers for reach in self._by_river[river]]

    def holes(self) -> list[Hole]:
        """Pieces between the first and the last mark of each river that belong to no reach, for each bank."""
        found = []
        for river in sorted(self._by_river):
            marked = [r for r in self._by_river[river] if r.km_from is not None and r.km_to is not None]
            if not marked:
                continue
            ends = sorted(mark for r in marked for mark in (float(r.km_from or 0), float(r.km_to or 0)))
            for bank in (Bank.LEFT, Bank.RIGHT):
                spans = sorted(_span(r) for r in marked if r.bank in (Bank.BOTH, bank))
                found += [Hole(river, bank, a, b) for a, b in _uncovered(spans, ends[0], ends[-1])]
        return found

    def _answer(self, reach: Reach, on: date) -> Answer:
        return Answer(reach, in_office(self._chiefs.get(reach.id, ()), on))


def _span(reach: Reach) -> tuple[float, float]:
    assert reach.km_from is not None, "only marked reaches are asked"
    assert reach.km_to is not None, "only marked reaches are asked"
    return min(reach.km_from, reach.km_to), max(reach.km_from, reach.km_to)


def _spans(reach: Reach, km: float) -> bool:
    if reach.km_from is None or reach.km_to is None:
        return False
    low, high = _span(reach)
    return low <= km <= high


def _on_bank(reach: Reach, bank: str) -> bool:
    return Bank.BOTH in (reach.bank, bank) or reach.bank == bank


def _uncovered(spans: list[tuple[float, float]], first: float, last: float) -> list[tuple[float, float]]:
    gaps, reached = [], first
    for low, high in spans:
        if low > reached:
            gaps.append((reached, low))
        reached = max(reached, high)
    return [*gaps, (reached, last)] if reached < last else gaps
