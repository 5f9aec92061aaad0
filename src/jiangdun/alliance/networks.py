"""Alliances as a graph: who is in which, since when, under what; and how a sub-alliance narrows its scope.

An alliance may stand under several others (a local ring under a city's alliance and under a functional belt), so
this is a graph without circles, not a tree. Seats and links hold for days [from, to).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from shapely.geometry import MultiPolygon

from jiangdun.alliance.days import holds


class Kind(StrEnum):
    """What holds an alliance together."""

    RING = "ring"  # 一圈: neighbours on one stretch, of different trades
    BELT = "belt"  # 一带: the same trade, far apart
    REGIONAL = "regional"  # 区域化子联盟


class Role(StrEnum):
    LEAD = "lead"
    FOUNDER = "founder"
    JOINED = "joined"


@dataclass(frozen=True, slots=True)
class Seat:
    """An agency in an alliance with one role, for the days [from_on, to_on)."""

    alliance: str
    agency: str
    role: str
    from_on: date
    to_on: date | None


@dataclass(frozen=True, slots=True)
class Link:
    """`child` stands under `parent` for the days [from_on, to_on)."""

    child: str
    parent: str
    from_on: date
    to_on: date | None


@dataclass(frozen=True, slots=True)
class Scope:
    """What an alliance is about: None for a region or for fields is everything."""

    region: MultiPolygon | None = None
    domains: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """From this day on there were `count` members; who came and who went that day."""

    on: date
    count: int
    came: tuple[str, ...]
    went: tuple[str, ...]


def series(seats: Iterable[Seat]) -> list[Step]:
    """The number of members of one alliance over time. A change of role is no coming and no going.

    A day on which somebody came and somebody went is one step, also where the number stays.
    """
    spans = _spans(seats)
    days = sorted({day for span in spans for day in span[1:] if day is not None})
    steps: list[Step] = []
    for day in days:
        came = tuple(sorted(agency for agency, start, _ in spans if start == day))
        went = tuple(sorted(agency for agency, _, end in spans if end == day))
        count = len({agency for agency, start, end in spans if holds(start, end, day)})
        steps.append(Step(day, count, came, went))
    return steps


def joined_on(seats: Iterable[Seat], agency: str, on: date) -> date | None:
    """Since when `agency` has been a member without a break on day `on`; None where it is not."""
    for name, start, end in _spans(seat for seat in seats if seat.agency == agency):
        if name == agency and holds(start, end, on):
            return start
    return None


def _spans(seats: Iterable[Seat]) -> list[tuple[str, date, date | None]]:
    """(agency, first day, day after the last) with the seats that follow on each other as one."""
    by_agency: dict[str, list[Seat]] = defaultdict(list)
    for seat in seats:
        by_agency[seat.agency].append(seat)
    spans: list[tuple[str, date, date | None]] = []
    for agency, held in by_agency.items():
        held.sort(key=lambda seat: seat.from_on)
        start: date = held[0].from_on
        end: date | None = held[0].to_on
        for seat in held[1:]:
            if end is None or seat.from_on <= end:
                end = None if end is None or seat.to_on is None else max(end, seat.to_on)
            else:
                spans.append((agency, start, end))
                start, end = seat.from_on, seat.to_on
        spans.append((agency, start, end))
    return spans


def parents(links: Iterable[Link], child: str, on: date) -> list[str]:
    """What `child` stands directly under on day `on`, by code."""
    return sorted({ln.parent for ln in links if ln.child == child and holds(ln.from_on, ln.to_on, on)})


def above(links: Sequence[Link], child: str, on: date) -> list[str]:
    """Everything `child` stands under on day `on`, nearest first."""
    return _walk(child, lambda code: parents(links, code, on))


def below(links: Sequence[Link], parent: str, on: date) -> list[str]:
    """Everything that stands under `parent` on day `on`, nearest first."""

    def children(code: str) -> list[str]:
        return sorted({ln.child for ln in links if ln.parent == code and holds(ln.from_on, ln.to_on, on)})

    return _walk(parent, children)


def would_circle(links: Sequence[Link], child: str, parent: str) -> bool:
    """Whether `child` under `parent` would close a circle, on whatever day the links held."""
    always = [Link(link.child, link.parent, date.min, None) for link in links]
    return child == parent or parent in below(always, child, date.min)


def _walk(start: str, following: Callable[[str], list[str]]) -> list[str]:
    found: dict[str, None] = {}
    waiting = following(start)
    while waiting:
        code = waiting.pop(0)
        if code not in found and code != start:
            found[code] = None
            waiting += following(code)
    return list(found)


def narrowed(own: Scope, others: Iterable[Scope]) -> Scope:
    """`own` within every scope it stands under: regions are cut, fields are what all have."""
    region, domains = own.region, own.domains
    for other in others:
        if other.region is not None:
            region = other.region if region is None else _cut(region, other.region)
        if other.domains is not None:
            domains = other.domains if domains is None else domains & other.domains
    return Scope(region, domains)


def within(own: Scope, other: Scope) -> bool:
    """Whether `own` reaches nowhere beyond `other`. Saying nothing takes over what stands above."""
    region_fits = own.region is None or other.region is None or bool(other.region.covers(own.region))
    domains_fit = own.domains is None or other.domains is None or own.domains <= other.domains
    return region_fits and domains_fit


def _cut(a: MultiPolygon, b: MultiPolygon) -> MultiPolygon:
    common = a.intersection(b)
    parts = [part for part in getattr(common, "geoms", [common]) if part.geom_type == "Polygon"]
    return MultiPolygon(parts)
