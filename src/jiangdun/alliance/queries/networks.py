"""What may be asked of the alliances: who is in which on a day, how many were when, what an alliance is about."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Q

from jiangdun.alliance import models, networks
from jiangdun.alliance.days import holds
from jiangdun.alliance.networks import Link, Scope, Seat, Step
from jiangdun.core.shapes import shape_of
from jiangdun.core.trouble import NotFound

ALLIANCES_MAX = 500
"""Alliances one installation may have."""


@dataclass(frozen=True)
class Alliance:
    """A ring, a belt or a regional sub-alliance; no polygons, no domains: all of what stands above it."""

    code: str
    name_zh: str
    name_en: str
    kind: str
    polygons: Any
    domains: tuple[str, ...]
    founded_on: date
    ended_on: date | None
    demo: bool
    version: int


@dataclass(frozen=True)
class Member:
    """An agency in an alliance on a day: `joined_on` since when without a break, `seat` its present seat."""

    seat: UUID
    agency: str
    role: str
    joined_on: date
    since_on: date
    version: int


def alliance(code: str) -> Alliance:
    """The alliance called `code`. Raises NotFound."""
    row = models.Alliance.objects.filter(code=code).first()
    if row is None:
        raise NotFound(what="alliance", code=code)
    return _alliance(row)


def alliances() -> list[Alliance]:
    """Every alliance, ended ones too, the oldest first."""
    rows = models.Alliance.objects.order_by("founded_on", "code")[:ALLIANCES_MAX]
    return [_alliance(row) for row in rows]


def seats(alliance: str | None = None, agency: str | None = None) -> list[Seat]:
    """Every seat there ever was, in an alliance or of an agency, by day."""
    return [_seat(row) for row in _seat_rows(alliance, agency)]


def seat(seat_id: UUID) -> Seat:
    """One seat. Raises NotFound."""
    row = models.Seat.objects.select_related("alliance", "agency").filter(id=seat_id).first()
    if row is None:
        raise NotFound(what="seat")
    return _seat(row)


@dataclass(frozen=True)
class View:
    """An alliance on a day, with everything a page shows of it. `scope` is narrowed by all it stands under."""

    alliance: Alliance
    under: list[str]
    over: list[str]
    scope: Scope
    members: list[Member]
    steps: list[Step]


def views(on: date, code: str | None = None) -> list[View]:
    """Every alliance (or the one called `code`) on a day, the oldest first. Raises NotFound for an unknown code."""
    known = {one.code: one for one in alliances()}
    if code is not None and code not in known:
        raise NotFound(what="alliance", code=code)
    all_links, scopes = links(), {name: own_scope(one) for name, one in known.items()}
    rows: dict[str, list[models.Seat]] = defaultdict(list)
    for row in _seat_rows(code):
        rows[row.alliance.code].append(row)
    return [
        View(
            one,
            networks.parents(all_links, name, on),
            networks.below(all_links, name, on),
            networks.narrowed(scopes[name], (scopes[up] for up in networks.above(all_links, name, on))),
            _members(rows[name], on),
            networks.series(_seat(row) for row in rows[name]),
        )
        for name, one in known.items()
        if code in (None, name)
    ]


def members(alliance: str, on: date) -> list[Member]:
    """The members on a day: the lead first, then the founders, then by joining day and code."""
    return _members(_seat_rows(alliance), on)


def _members(rows: list[models.Seat], on: date) -> list[Member]:
    held = [_seat(row) for row in rows]
    ranks = [str(role) for role in networks.Role]
    found = []
    for row in rows:
        if holds(row.from_on, row.to_on, on):
            joined = networks.joined_on(held, row.agency.code, on)
            assert joined is not None, "whoever sits has joined"
            found.append(Member(row.id, row.agency.code, row.role, joined, row.from_on, row.version))
    return sorted(found, key=lambda m: (ranks.index(m.role), m.joined_on, m.agency))


def member_steps(alliance: str) -> list[Step]:
    """How many members there were from which day on, who came and who went."""
    return networks.series(seats(alliance))


def links() -> list[Link]:
    """What stands under what, ended links too."""
    rows = models.AllianceLink.objects.select_related("child", "parent").order_by("from_on", "id")
    return [Link(row.child.code, row.parent.code, row.from_on, row.to_on) for row in rows]


def scope(code: str, on: date) -> Scope:
    """What an alliance is about on a day: its own region and fields within those of all it stands under."""
    known = {row.code: own_scope(_alliance(row)) for row in models.Alliance.objects.all()[:ALLIANCES_MAX]}
    if code not in known:
        raise NotFound(what="alliance", code=code)
    return networks.narrowed(known[code], (known[above] for above in networks.above(links(), code, on)))


def own_scope(alliance: Alliance) -> Scope:
    """What an alliance says of itself."""
    region = shape_of(alliance.polygons) if alliance.polygons else None
    return Scope(region, frozenset(alliance.domains) or None)


def _seat_rows(alliance: str | None = None, agency: str | None = None) -> list[models.Seat]:
    wanted = Q()
    if alliance is not None:
        wanted &= Q(alliance__code=alliance)
    if agency is not None:
        wanted &= Q(agency__code=agency)
    rows = models.Seat.objects.filter(wanted).select_related("alliance", "agency")
    return list(rows.order_by("from_on", "agency__code"))


def _seat(row: models.Seat) -> Seat:
    return Seat(row.alliance.code, row.agency.code, row.role, row.from_on, row.to_on)


def _alliance(row: models.Alliance) -> Alliance:
    return Alliance(
        row.code, row.name_zh, row.name_en, row.kind, row.polygons, tuple(row.domains),
        row.founded_on, row.ended_on, row.demo, row.version,
    )  # fmt: skip
