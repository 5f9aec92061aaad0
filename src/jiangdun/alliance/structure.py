"""The joint house of an alliance: offices that stand above each other, desks in them, and which desk work goes to.

County practice: one centre, six functional sections, nine stations ("169"), under a working group and a committee. Work
goes to the desk its route names, or to the station in whose area it lies. Where nobody sits there it goes on to the
desk's fallback, and then upwards: station, centre, group, committee.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any, Final
from uuid import UUID

import shapely

from jiangdun.alliance.days import holds
from jiangdun.core.shapes import shape_of


class OfficeKind(StrEnum):
    COMMITTEE = "committee"  # 委员会
    GROUP = "group"  # 工作小组
    CENTRE = "centre"  # 中心
    SECTION = "section"  # 功能区
    STATION = "station"  # 联勤站


@dataclass(frozen=True, slots=True)
class Office:
    """A place of the structure; `parent` is what stands above it. A station has an area (GeoJSON coordinates)."""

    id: UUID
    code: str
    kind: str
    name_zh: str
    name_en: str
    parent: str | None
    rank: int
    polygons: Any
    valid_from: datetime
    valid_to: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class Desk:
    """Where somebody sits. `staffed`: somebody must always sit there. `fallback`: the desk that stands in for it."""

    id: UUID
    code: str
    office: str
    name_zh: str
    name_en: str
    rank: int
    staffed: bool
    fallback: str | None
    unattended_since: datetime | None
    valid_from: datetime
    valid_to: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class Route:
    """Work of this kind goes to `desk`; None: to the first desk of the station in whose area it lies.

    "" is any; severities run from I (1) to IV (4); a river with kilometres limits it to a reach.
    """

    id: UUID
    rank: int
    domain: str
    kind: str
    severity_from: int
    severity_to: int
    river: str
    km_from: float | None
    km_to: float | None
    desk: str | None
    valid_from: datetime
    valid_to: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class Work:
    """What has to be done: field, kind (alert, hazard, complaint …), severity 1 to 4, and where."""

    domain: str = ""
    kind: str = ""
    severity: int = 4
    lon: float | None = None
    lat: float | None = None
    river: str = ""
    km: float | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A desk on the way, why it is asked (route, station, no_route, fallback, above), and whether somebody sits."""

    desk: str
    why: str
    attended: bool


@dataclass(frozen=True, slots=True)
class Routed:
    """`desk` takes the work. Not `attended`: nobody sits anywhere on the way, and it is the desk that was meant.

    `desk` None: the structure has no desk at all.
    """

    desk: str | None
    attended: bool
    route: UUID | None
    steps: tuple[Step, ...]


class Structure:
    """Everything of one alliance at one state; asked for a moment."""

    def __init__(self, offices: Iterable[Office], desks: Iterable[Desk], routes: Iterable[Route]) -> None:
        self._offices, self._routes = list(offices), sorted(routes, key=lambda r: (r.rank, str(r.id)))
        self._desks = sorted(desks, key=lambda desk: (desk.rank, desk.code))

    @cached_property
    def _areas(self) -> list[tuple[Office, shapely.MultiPolygon]]:
        found = [(one, shape_of(one.polygons)) for one in self._offices if one.polygons]
        for _, shape in found:
            shapely.prepare(shape)
        return found

    def offices(self, at: datetime) -> dict[str, Office]:
        """The offices at a moment, by code."""
        return {one.code: one for one in self._offices if holds(one.valid_from, one.valid_to, at)}

    def desks(self, at: datetime) -> dict[str, Desk]:
        """The desks at a moment, by code, in order of rank."""
        return {desk.code: desk for desk in self._desks if holds(desk.valid_from, desk.valid_to, at)}

    def station_at(self, lon: float, lat: float, at: datetime) -> Office | None:
        """The station whose area covers the point, border included; of several the first by rank and code."""
        covering = [
            office
            for office, shape in self._areas
            if holds(office.valid_from, office.valid_to, at) and shapely.intersects_xy(shape, lon, lat)
        ]
        return min(covering, key=lambda office: (office.rank, office.code), default=None)

    def chain(self, desk: str, at: datetime) -> list[tuple[str, str]]:
        """(desk, why) from `desk` to the top: its fallback and what that falls back to, then the offices above."""
        desks, offices = self.desks(at), self.offices(at)
        chain: list[tuple[str, str]] = []
        seen = {desk}
        here = desks[desk]
        while True:
            following = self._after(here, desks, offices, seen)
            if following is None:
                return chain
            chain.append(following)
            seen.add(following[0])
            here = desks[following[0]]

    def _after(
        self, desk: Desk, desks: dict[str, Desk], offices: dict[str, Office], seen: set[str]
    ) -> tuple[str, str] | None:
        if desk.fallback in desks and desk.fallback not in seen:
            return desk.fallback, "fallback"
        office, passed = offices.get(desk.office), {desk.office}
        while office is not None and office.parent not in (None, *passed):
            passed.add(str(office.parent))
            for above in desks.values():
                if above.office == office.parent and above.code not in seen:
                    return above.code, "above"
            office = offices.get(str(office.parent))
        return None

    def route(self, work: Work, attended: Collection[str], at: datetime) -> Routed:
        """The desk that takes `work` at `at`, given the desks at which somebody sits, and the way there."""
        first, why, rule = self._meant(work, at)
        if first is None:
            return Routed(None, False, None, ())
        steps = [Step(first, why, first in attended)]
        if not steps[0].attended:
            for code, because in self.chain(first, at):
                steps.append(Step(code, because, code in attended))
                if code in attended:
                    break
        sits = steps[-1].attended
        return Routed(steps[-1].desk if sits else first, sits, rule, tuple(steps))

    def _meant(self, work: Work, at: datetime) -> tuple[str | None, str, UUID | None]:
        desks, offices = self.desks(at), self.offices(at)
        station = None
        if work.lon is not None and work.lat is not None:
            station = self.station_at(work.lon, work.lat, at)
        for route in self._routes:
            if not holds(route.valid_from, route.valid_to, at) or not fits(route, work):
                continue
            if route.desk in desks:
                return route.desk, "route", route.id
            if route.desk is None and station is not None:
                own = next((desk.code for desk in desks.values() if desk.office == station.code), None)
                if own is not None:
                    return own, "station", route.id
        centres = {one.code for one in offices.values() if one.kind == OfficeKind.CENTRE}
        at_centre = (desk.code for desk in desks.values() if desk.office in centres)
        return next(at_centre, next(iter(desks), None)), "no_route", None


def fits(route: Route, work: Work) -> bool:
    """Whether a route is for this work; kilometres include both ends, whichever way they are written."""
    if route.domain not in ("", work.domain) or route.kind not in ("", work.kind):
        return False
    if not route.severity_from <= work.severity <= route.severity_to:
        return False
    if not route.river:
        return True
    if route.river != work.river:
        return False
    if route.km_from is None or route.km_to is None:
        return True
    low, high = sorted((route.km_from, route.km_to))
    return work.km is not None and low <= work.km <= high


_NAMED: Final = {"code": str, "name_zh": str, "name_en": str, "rank": int}
_OFFICE: Final = {**_NAMED, "kind": str, "parent": str, "geometry": dict, "desks": list}
_DESK: Final = {**_NAMED, "staffed": bool, "fallback": str}
_ROUTE: Final = {
    "desk": str, "rank": int, "domain": str, "kind": str, "severity_from": int, "severity_to": int, "river": str,
    "km_from": float, "km_to": float,
}  # fmt: skip

_MAY_BE_NONE: Final = frozenset({"parent", "geometry", "fallback", "desk", "km_from", "km_to"})


def is_plan(plan: Any) -> bool:
    """Whether `plan` has the shape of a house: {offices: [{code, kind, …, desks}], routes: [{desk, …}]}."""
    if not isinstance(plan, dict) or not plan.keys() <= {"offices", "routes"}:
        return False
    offices, routes = plan.get("offices"), plan.get("routes", [])
    if not isinstance(offices, list) or not isinstance(routes, list):
        return False
    needed = {"code", "name_zh", "name_en"}
    return (
        all(_has(one, _OFFICE, needed | {"kind"}) for one in offices)
        and all(_has(desk, _DESK, needed) for one in offices for desk in one.get("desks", ()))
        and all(_has(one, _ROUTE, {"desk"}) for one in routes)
    )


def _has(given: Any, kinds: dict[str, type], needed: set[str]) -> bool:
    if not isinstance(given, dict) or not needed <= given.keys() <= kinds.keys():
        return False
    return all(
        (value is None and name in _MAY_BE_NONE)
        or isinstance(value, (int, float) if kinds[name] is float else kinds[name])
        for name, value in given.items()
    )
