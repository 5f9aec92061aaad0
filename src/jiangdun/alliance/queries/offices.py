"""What may be asked of the joint house: what there is, who sits where now, where work goes and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from jiangdun.alliance import models
from jiangdun.alliance.queries.kept import Kept
from jiangdun.alliance.structure import Desk, Office, Route, Routed, Structure, Work
from jiangdun.core.trouble import NotFound

SITTERS_PER_DESK_MAX = 8


@dataclass(frozen=True)
class Sitter:
    """Somebody at a desk since `sat_at`; `note` is what the one before left."""

    sitting: UUID
    desk: str
    account_id: UUID
    agency: str
    sat_at: datetime
    note: str
    version: int


def structure(alliance: str) -> Structure:
    """The joint house of an alliance, kept in memory until it changes. Raises NotFound."""
    found = _houses.value().get(alliance)
    if found is None:
        if not models.Alliance.objects.filter(code=alliance).exists():
            raise NotFound(what="alliance", code=alliance)
        return Structure((), (), ())
    return found


def desk(desk_id: UUID) -> Desk:
    """One desk as it is now. Raises NotFound."""
    row = models.Desk.objects.select_related("office", "fallback").filter(id=desk_id).first()
    if row is None:
        raise NotFound(what="desk")
    return _desk(row)


def desk_alliance(desk_id: UUID) -> str:
    """The alliance a desk stands in. Raises NotFound."""
    code = models.Desk.objects.filter(id=desk_id).values_list("alliance__code", flat=True).first()
    if code is None:
        raise NotFound(what="desk")
    return code


def sitting(sitting_id: UUID) -> Sitter:
    """One sitting that has not ended. Raises NotFound."""
    rows = models.Sitting.objects.select_related("desk", "agency")
    row = rows.filter(id=sitting_id, stood_at=None).first()
    if row is None:
        raise NotFound(what="sitting")
    return _sitter(row, "")


def routes(alliance: str, at: datetime) -> list[Route]:
    """The routes that hold at a moment, in the order in which they are tried."""
    rows = models.Route.objects.select_related("desk").filter(alliance__code=alliance, valid_from__lte=at)
    found = [_route(row) for row in rows.order_by("rank", "id")]
    return [route for route in found if route.valid_to is None or at < route.valid_to]


def on_desk(alliance: str, now: datetime) -> list[Sitter]:
    """Who of which agency sits at which desk at `now`, by desk and time.

    Whoever serves in the agency no longer, or whose agency left the alliance, does not count, whatever was pressed.
    """
    rows = models.Sitting.objects.filter(desk__alliance__code=alliance, stood_at=None, sat_at__lte=now)
    rows = rows.select_related("desk", "agency").order_by("desk__rank", "desk__code", "sat_at")
    serving = set(
        models.Membership.objects.filter(account_id__in=[row.account_id for row in rows], valid_from__lte=now)
        .exclude(valid_to__lte=now)
        .values_list("account_id", "agency_id")
    )
    here = [row for row in rows if (row.account_id, row.agency_id) in serving]
    notes = _last_notes({row.desk_id for row in here})
    return [_sitter(row, notes.get(row.desk_id, "")) for row in here]


def unattended(alliance: str, now: datetime) -> list[Desk]:
    """Desks that must be staffed and are not, the longest first."""
    rows = models.Desk.objects.select_related("office", "fallback")
    rows = rows.filter(alliance__code=alliance, unattended_since__lte=now, valid_to=None)
    return [_desk(row) for row in rows.order_by("unattended_since", "code")]


def route(alliance: str, work: Work, now: datetime) -> Routed:
    """The desk that takes `work` at `now`, and the way there. Raises NotFound."""
    house = structure(alliance)
    return house.route(work, {sitter.desk for sitter in on_desk(alliance, now)}, now)


def _make() -> dict[str, Structure]:
    """Every house by the code of its alliance."""
    offices: dict[str, list[Office]] = {}
    desks: dict[str, list[Desk]] = {}
    routes_of: dict[str, list[Route]] = {}
    for office in models.Office.objects.select_related("alliance", "parent").order_by("rank", "code"):
        offices.setdefault(office.alliance.code, []).append(_office(office))
    for desk_row in models.Desk.objects.select_related("alliance", "office", "fallback"):
        desks.setdefault(desk_row.alliance.code, []).append(_desk(desk_row))
    for route_row in models.Route.objects.select_related("alliance", "desk"):
        routes_of.setdefault(route_row.alliance.code, []).append(_route(route_row))
    return {
        code: Structure(offices.get(code, ()), desks.get(code, ()), routes_of.get(code, ()))
        for code in offices
    }


_houses: Kept[dict[str, Structure]] = Kept("structure", _make)


def _last_notes(desks: set[UUID]) -> dict[UUID, str]:
    """The note the last one to stand up left at each desk."""
    rows = models.Sitting.objects.filter(desk_id__in=desks).exclude(stood_at=None)
    return dict(rows.exclude(note="").order_by("stood_at").values_list("desk_id", "note"))


def _office(row: models.Office) -> Office:
    parent = None if row.parent is None else row.parent.code
    return Office(
        row.id, row.code, row.kind, row.name_zh, row.name_en, parent, row.rank, row.polygons,
        row.valid_from, row.valid_to, row.version,
    )  # fmt: skip


def _desk(row: models.Desk) -> Desk:
    fallback = None if row.fallback is None else row.fallback.code
    return Desk(
        row.id, row.code, row.office.code, row.name_zh, row.name_en, row.rank, row.staffed, fallback,
        row.unattended_since, row.valid_from, row.valid_to, row.version,
    )  # fmt: skip


def _route(row: models.Route) -> Route:
    return Route(
        row.id, row.rank, row.domain, row.kind, row.severity_from, row.severity_to, row.river, row.km_from,
        row.km_to, None if row.desk is None else row.desk.code, row.valid_from, row.valid_to, row.version,
    )  # fmt: skip


def _sitter(row: models.Sitting, note: str) -> Sitter:
    return Sitter(row.id, row.desk.code, row.account_id, row.agency.code, row.sat_at, note, row.version)
