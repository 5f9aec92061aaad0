"""The verbs that build the joint house of an alliance: offices, desks, routes."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from jiangdun.alliance import facts, models
from jiangdun.alliance.actions import checks, duty
from jiangdun.alliance.actions.networks import running
from jiangdun.alliance.queries import offices as asked
from jiangdun.alliance.structure import Desk, Office, OfficeKind, Route, is_plan
from jiangdun.core import journal
from jiangdun.core.journal import By
from jiangdun.core.trouble import AlreadyThere, BadInput, NotFound, OverLimit, StaleVersion

OFFICES_MAX = 200
DESKS_MAX = 500
ROUTES_MAX = 500
RANK_MAX = 10_000


@transaction.atomic
def open_office(
    alliance: str,
    code: str,
    kind: str,
    name_zh: str,
    name_en: str,
    *,
    by: By,
    now: datetime,
    parent: str | None = None,
    rank: int = 0,
    geometry: object = None,
) -> Office:
    """Open an office under another. Raises NotFound, AlreadyThere, BadInput, AreaRefused, OverLimit, WrongState."""
    home = running(alliance)
    checks.code("code", code)
    checks.one_of("kind", kind, OfficeKind)
    name_zh, name_en = checks.names(name_zh, name_en)
    polygons = None if geometry is None else checks.area(geometry)
    above = None if parent is None else _office(alliance, parent)
    if models.Office.objects.filter(alliance=home, valid_to=None).count() >= OFFICES_MAX:
        raise OverLimit(limit="OFFICES_MAX", most=OFFICES_MAX)
    try:
        with transaction.atomic():
            row = models.Office.objects.create(
                alliance=home, code=code, kind=kind, name_zh=name_zh, name_en=name_en, parent=above,
                rank=_rank(rank), polygons=polygons, valid_from=now,
            )  # fmt: skip
    except IntegrityError:
        raise AlreadyThere(what="office", code=code) from None
    checks.mark("structure")
    fact = facts.OfficeOpened(row.id, alliance, code, kind, name_zh, name_en, parent, checks.digest(polygons))
    journal.record(fact, by=by, at=now, subject=f"office:{row.id}")
    return asked.structure(alliance).offices(now)[code]


@transaction.atomic
def change_office(
    office_id: UUID,
    *,
    version: int,
    by: By,
    now: datetime,
    name_zh: str,
    name_en: str,
    parent: str | None = None,
    rank: int = 0,
    geometry: object = None,
) -> Office:
    """Give an office these names, this place above it and this area. Raises NotFound, StaleVersion, BadInput."""
    row = _standing(models.Office, office_id, "office", version)
    alliance = row.alliance.code
    name_zh, name_en = checks.names(name_zh, name_en)
    polygons = None if geometry is None else checks.area(geometry)
    above = None if parent is None else _office(alliance, parent)
    _check_no_circle(row, above)
    same = models.Office.objects.filter(id=office_id, version=version)
    values = {"name_zh": name_zh, "name_en": name_en, "parent": above, "polygons": polygons}
    if not same.update(**values, rank=_rank(rank), version=version + 1):
        raise StaleVersion(what="office", version=row.version)
    checks.mark("structure")
    fact = facts.OfficeChanged(
        row.id, alliance, row.code, name_zh, name_en, parent, checks.digest(polygons), version + 1
    )
    journal.record(fact, by=by, at=now, subject=f"office:{row.id}")
    return asked.structure(alliance).offices(now)[row.code]


@transaction.atomic
def close_office(office_id: UUID, *, version: int, by: By, now: datetime) -> None:
    """Close an office and its desks; nothing may stand under it any more. Raises NotFound, StaleVersion, WrongState."""
    row = _standing(models.Office, office_id, "office", version)
    if models.Office.objects.filter(parent=row, valid_to=None).exists():
        raise BadInput(field="office", reason="others_below")
    desks = list(models.Desk.objects.filter(office=row, valid_to=None).order_by("code"))
    if not models.Office.objects.filter(id=office_id, version=version).update(
        valid_to=now, version=version + 1
    ):
        raise StaleVersion(what="office", version=row.version)
    alliance = row.alliance.code
    fact = facts.OfficeClosed(row.id, alliance, row.code, [desk.code for desk in desks])
    cause = journal.record(fact, by=by, at=now, subject=f"office:{row.id}")
    for desk in desks:
        _close(desk, alliance, by, now, cause)
    checks.mark("structure")


@transaction.atomic
def open_desk(
    office_id: UUID,
    code: str,
    name_zh: str,
    name_en: str,
    *,
    by: By,
    now: datetime,
    rank: int = 0,
    staffed: bool = False,
    fallback: str | None = None,
) -> Desk:
    """Put a desk into an office; one that must be staffed is unattended until somebody sits down.

    Raises NotFound, AlreadyThere, BadInput, OverLimit.
    """
    office = _standing(models.Office, office_id, "office")
    checks.code("code", code)
    name_zh, name_en = checks.names(name_zh, name_en)
    alliance = office.alliance.code
    instead = None if fallback is None else _desk(alliance, fallback)
    if models.Desk.objects.filter(alliance=office.alliance, valid_to=None).count() >= DESKS_MAX:
        raise OverLimit(limit="DESKS_MAX", most=DESKS_MAX)
    try:
        with transaction.atomic():
            row = models.Desk.objects.create(
                alliance=office.alliance, office=office, code=code, name_zh=name_zh, name_en=name_en,
                rank=_rank(rank), staffed=staffed, fallback=instead, valid_from=now,
            )  # fmt: skip
    except IntegrityError:
        raise AlreadyThere(what="desk", code=code) from None
    checks.mark("structure")
    fact = facts.DeskOpened(row.id, alliance, office.code, code, name_zh, name_en, staffed, fallback)
    cause = journal.record(fact, by=by, at=now, subject=f"desk:{row.id}")
    duty.watch(row.id, by=by, now=now, cause=cause)
    return asked.desk(row.id)


@transaction.atomic
def change_desk(
    desk_id: UUID,
    *,
    version: int,
    by: By,
    now: datetime,
    name_zh: str,
    name_en: str,
    rank: int = 0,
    staffed: bool = False,
    fallback: str | None = None,
) -> Desk:
    """Give a desk these names, this duty and this fallback. Raises NotFound, StaleVersion, BadInput."""
    row = _standing(models.Desk, desk_id, "desk", version)
    alliance = row.alliance.code
    name_zh, name_en = checks.names(name_zh, name_en)
    instead = None if fallback is None else _desk(alliance, fallback)
    if instead is not None and instead.id == row.id:
        raise BadInput(field="fallback", reason="circle")
    same = models.Desk.objects.filter(id=desk_id, version=version)
    values = {"name_zh": name_zh, "name_en": name_en, "staffed": staffed, "fallback": instead}
    if not same.update(**values, rank=_rank(rank), version=version + 1):
        raise StaleVersion(what="desk", version=row.version)
    checks.mark("structure")
    fact = facts.DeskChanged(row.id, alliance, row.code, name_zh, name_en, staffed, fallback, version + 1)
    cause = journal.record(fact, by=by, at=now, subject=f"desk:{row.id}")
    duty.watch(row.id, by=by, now=now, cause=cause)
    return asked.desk(row.id)


@transaction.atomic
def close_desk(desk_id: UUID, *, version: int, by: By, now: datetime) -> None:
    """Close a desk: whoever sits there stands up, routes to it end. Raises NotFound, StaleVersion."""
    row = _standing(models.Desk, desk_id, "desk", version)
    _close(row, row.alliance.code, by, now, None)
    checks.mark("structure")


def _close(row: models.Desk, alliance: str, by: By, now: datetime, cause: int | None) -> None:
    same = models.Desk.objects.filter(id=row.id, version=row.version)
    if not same.update(valid_to=now, unattended_since=None, version=row.version + 1):
        raise StaleVersion(what="desk", version=row.version)
    fact = facts.DeskClosed(row.id, alliance, row.code)
    closed = journal.record(fact, by=by, at=now, subject=f"desk:{row.id}", cause=cause)
    models.Desk.objects.filter(fallback=row).update(fallback=None)
    for sitting in models.Sitting.objects.filter(desk=row, stood_at=None):
        duty.stand(sitting, "desk_closed", "", by=by, now=now, cause=closed)
    for route in models.Route.objects.filter(desk=row, valid_to=None):
        _end_route(route, alliance, by, now, closed)


@transaction.atomic
def set_route(
    alliance: str,
    desk: str | None,
    *,
    by: By,
    now: datetime,
    rank: int = 100,
    domain: str = "",
    kind: str = "",
    severity_from: int = 1,
    severity_to: int = 4,
    river: str = "",
    km_from: float | None = None,
    km_to: float | None = None,
) -> Route:
    """Let work of a kind go to a desk, or (None) to the station in whose area it lies; lower ranks are tried first.

    Raises NotFound, BadInput, OverLimit.
    """
    home = running(alliance)
    target = None if desk is None else _desk(alliance, desk)
    domain = checks.words("domain", domain, 32, needed=False)
    kind = checks.words("kind", kind, 32, needed=False)
    river = checks.words("river", river, 32, needed=False)
    if not 1 <= severity_from <= severity_to <= 4:
        raise BadInput(field="severity_from", reason="range", least=1, most=4)
    if (km_from is None) != (km_to is None) or (km_from is not None and not river):
        raise BadInput(field="km_from", reason="needed")
    if models.Route.objects.filter(alliance=home, valid_to=None).count() >= ROUTES_MAX:
        raise OverLimit(limit="ROUTES_MAX", most=ROUTES_MAX)
    row = models.Route.objects.create(
        alliance=home, rank=_rank(rank), domain=domain, kind=kind, severity_from=severity_from,
        severity_to=severity_to, river=river, km_from=km_from, km_to=km_to, desk=target, valid_from=now,
    )  # fmt: skip
    checks.mark("structure")
    fact = facts.RouteSet(
        row.id, alliance, rank, domain, kind, severity_from, severity_to, river, km_from, km_to, desk
    )
    journal.record(fact, by=by, at=now, subject=f"alliance:{alliance}")
    return next(route for route in asked.routes(alliance, now) if route.id == row.id)


@transaction.atomic
def end_route(route_id: UUID, *, version: int, by: By, now: datetime) -> None:
    """Let a route hold no longer. Raises NotFound, StaleVersion."""
    row = _standing(models.Route, route_id, "route", version)
    _end_route(row, row.alliance.code, by, now, None)
    checks.mark("structure")


def _end_route(row: models.Route, alliance: str, by: By, now: datetime, cause: int | None) -> None:
    same = models.Route.objects.filter(id=row.id, version=row.version)
    if not same.update(valid_to=now, version=row.version + 1):
        raise StaleVersion(what="route", version=row.version)
    fact = facts.RouteEnded(row.id, alliance)
    journal.record(fact, by=by, at=now, subject=f"alliance:{alliance}", cause=cause)


@transaction.atomic
def set_up_structure(alliance: str, plan: Any, *, by: By, now: datetime) -> None:
    """Build a whole house from a plan, where none stands yet; whole or not at all.

    `plan`: {offices: [{code, kind, name_zh, name_en, parent?, geometry?, desks?: [{code, name_zh, name_en, staffed?,
    fallback?}]}], routes?: [{desk, rank?, domain?, kind?, …}]}, each office after the one above it, as in
    `plans/169.yaml`. Raises whatever the single verbs raise, BadInput for a plan of another shape.
    """
    if models.Office.objects.filter(alliance=running(alliance), valid_to=None).exists():
        raise AlreadyThere(what="structure", code=alliance)
    if not is_plan(plan):
        raise BadInput(field="plan", reason="shape")
    for rank, given in enumerate(plan["offices"]):
        own = {name: value for name, value in given.items() if name != "desks"}
        office = open_office(alliance, **{"rank": rank, **own}, by=by, now=now)
        for place, desk in enumerate(given.get("desks", ())):
            open_desk(office.id, **{"rank": rank * 10 + place, **desk}, by=by, now=now)
    for rank, route in enumerate(plan.get("routes", ())):
        set_route(alliance, **{"rank": rank, **route}, by=by, now=now)


def _check_no_circle(row: models.Office, above: models.Office | None) -> None:
    while above is not None:
        if above.id == row.id:
            raise BadInput(field="parent", reason="circle")
        above = above.parent


def _standing(model: Any, thing_id: UUID, what: str, version: int | None = None) -> Any:
    row = model.objects.select_related("alliance").filter(id=thing_id, valid_to=None).first()
    if row is None:
        raise NotFound(what=what)
    if version is not None and row.version != version:
        raise StaleVersion(what=what, version=row.version)
    return row


def _office(alliance: str, code: str) -> models.Office:
    row = models.Office.objects.filter(alliance__code=alliance, code=code, valid_to=None).first()
    if row is None:
        raise NotFound(what="office", code=code)
    return row


def _desk(alliance: str, code: str) -> models.Desk:
    row = models.Desk.objects.filter(alliance__code=alliance, code=code, valid_to=None).first()
    if row is None:
        raise NotFound(what="desk", code=code)
    return row


def _rank(rank: int) -> int:
    if not 0 <= rank <= RANK_MAX:
        raise BadInput(field="rank", reason="range", least=0, most=RANK_MAX)
    return rank
