"""The verbs that change the alliances: found, put under another, join, change role, leave. Nothing is deleted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q

from jiangdun.alliance import facts, models, networks
from jiangdun.alliance.actions import checks, duty, sharing
from jiangdun.alliance.days import day_of
from jiangdun.alliance.networks import Kind, Role, Scope
from jiangdun.alliance.queries import networks as asked
from jiangdun.core import journal
from jiangdun.core.digests import digest
from jiangdun.core.journal import By
from jiangdun.core.shapes import Polygons, shape_of
from jiangdun.core.trouble import AlreadyThere, BadInput, NotFound, OverLimit, StaleVersion, WrongState

SEATS_MAX = 500
"""Members one alliance may have at one time."""
PARENTS_MAX = 8


@transaction.atomic
def found_alliance(
    code: str,
    name_zh: str,
    name_en: str,
    kind: str,
    founded_on: date,
    *,
    by: By,
    now: datetime,
    parents: Iterable[str] = (),
    geometry: object = None,
    domains: Iterable[str] = (),
    demo: bool = False,
) -> asked.Alliance:
    """Found an alliance, under none, one or several others, with a region (GeoJSON) and fields no wider than theirs.

    Raises AlreadyThere, BadInput, AreaRefused, NotFound for a parent, OverLimit.
    """
    checks.code("code", code)
    name_zh, name_en = checks.names(name_zh, name_en)
    checks.one_of("kind", kind, Kind)
    checks.day("founded_on", founded_on, now)
    fields = checks.domains(domains)
    polygons = None if geometry is None else checks.area(geometry)
    over = sorted(set(parents))
    if len(over) > PARENTS_MAX:
        raise OverLimit(limit="PARENTS_MAX", most=PARENTS_MAX)
    if models.Alliance.objects.filter(code=code).exists():
        raise AlreadyThere(what="alliance", code=code)
    if models.Alliance.objects.count() >= asked.ALLIANCES_MAX:
        raise OverLimit(limit="ALLIANCES_MAX", most=asked.ALLIANCES_MAX)
    row = models.Alliance.objects.create(
        code=code, name_zh=name_zh, name_en=name_en, kind=kind, polygons=polygons, domains=fields,
        founded_on=founded_on, demo=demo,
    )  # fmt: skip
    for parent in over:
        above = running(parent)
        _check_narrower(_scope(polygons, fields), parent, founded_on)
        models.AllianceLink.objects.create(child=row, parent=above, from_on=founded_on)
    fact = facts.AllianceFounded(
        code, name_zh, name_en, kind, founded_on.isoformat(), over, fields, checks.digest(polygons), demo
    )
    journal.record(fact, by=by, at=now, subject=f"alliance:{code}")
    return asked.alliance(code)


@transaction.atomic
def change_alliance(
    code: str,
    *,
    version: int,
    by: By,
    now: datetime,
    name_zh: str,
    name_en: str,
    geometry: object = None,
    domains: Iterable[str] = (),
) -> asked.Alliance:
    """Give an alliance these names, region and fields. Raises NotFound, StaleVersion, BadInput, AreaRefused."""
    row = running(code, version)
    name_zh, name_en = checks.names(name_zh, name_en)
    fields = checks.domains(domains)
    polygons = None if geometry is None else checks.area(geometry)
    today = day_of(now)
    for parent in networks.parents(asked.links(), code, today):
        _check_narrower(_scope(polygons, fields), parent, today)
    same = models.Alliance.objects.filter(id=row.id, version=version)
    if not same.update(
        name_zh=name_zh, name_en=name_en, polygons=polygons, domains=fields, version=version + 1
    ):
        raise StaleVersion(what="alliance", version=row.version)
    fact = facts.AllianceChanged(code, name_zh, name_en, fields, checks.digest(polygons), version + 1)
    journal.record(fact, by=by, at=now, subject=f"alliance:{code}")
    return asked.alliance(code)


@transaction.atomic
def end_alliance(code: str, ended_on: date, *, version: int, by: By, now: datetime) -> asked.Alliance:
    """End an alliance: its seats and links end that day, its past stays. Raises NotFound, StaleVersion, BadInput."""
    row = running(code, version)
    checks.day("ended_on", ended_on, now, not_before=row.founded_on)
    seats = models.Seat.objects.filter(alliance=row, to_on=None)
    last = models.Seat.objects.filter(alliance=row).order_by("-from_on").first()
    if last is not None and last.from_on >= ended_on:
        raise BadInput(field="ended_on", reason="before_valid_from")
    members = sorted(seats.values_list("agency__code", flat=True))
    seats.update(to_on=ended_on)
    open_links = models.AllianceLink.objects.filter(Q(child=row) | Q(parent=row), to_on=None)
    open_links.update(to_on=ended_on)
    same = models.Alliance.objects.filter(id=row.id, version=version)
    if not same.update(ended_on=ended_on, version=version + 1):
        raise StaleVersion(what="alliance", version=row.version)
    fact = facts.AllianceEnded(code, ended_on.isoformat(), members)
    cause = journal.record(fact, by=by, at=now, subject=f"alliance:{code}")
    sharing.end_all(code, by=by, now=now, cause=cause)
    for agency in members:
        _leave_agreements(agency, None, by, now, cause)
    return asked.alliance(code)


@transaction.atomic
def put_under(child: str, parent: str, from_on: date, *, by: By, now: datetime) -> None:
    """Let an alliance stand under another from a day on. Raises NotFound, AlreadyThere, BadInput, OverLimit."""
    below, above = running(child), running(parent)
    checks.day("from_on", from_on, now, not_before=max(below.founded_on, above.founded_on))
    links = asked.links()
    if networks.would_circle(links, child, parent):
        raise BadInput(field="parent", reason="circle")
    if parent in networks.parents(links, child, from_on):
        raise AlreadyThere(what="alliance", code=parent)
    if len(networks.parents(links, child, from_on)) >= PARENTS_MAX:
        raise OverLimit(limit="PARENTS_MAX", most=PARENTS_MAX)
    _check_narrower(asked.own_scope(asked.alliance(child)), parent, from_on)
    try:
        with transaction.atomic():
            models.AllianceLink.objects.create(child=below, parent=above, from_on=from_on)
    except IntegrityError:
        raise AlreadyThere(what="alliance", code=parent) from None
    fact = facts.AlliancePutUnder(child, parent, from_on.isoformat())
    journal.record(fact, by=by, at=now, subject=f"alliance:{child}")


@transaction.atomic
def take_out(child: str, parent: str, to_on: date, *, by: By, now: datetime) -> None:
    """Let an alliance stand under another no longer from a day on. Raises NotFound, BadInput."""
    link = models.AllianceLink.objects.filter(child__code=child, parent__code=parent, to_on=None).first()
    if link is None:
        raise NotFound(what="alliance", code=parent)
    checks.day("to_on", to_on, now, not_before=link.from_on)
    if not models.AllianceLink.objects.filter(id=link.id, to_on=None).update(to_on=to_on):
        raise StaleVersion(what="alliance")
    fact = facts.AllianceTakenOut(child, parent, to_on.isoformat())
    journal.record(fact, by=by, at=now, subject=f"alliance:{child}")


@transaction.atomic
def take_in(alliance: str, agency: str, role: str, joined_on: date, *, by: By, now: datetime) -> asked.Member:
    """Let an agency sit in an alliance from a day on; whoever left may come back, on a later day.

    Founders are there on the founding day. Raises NotFound, AlreadyThere, BadInput, OverLimit.
    """
    home = running(alliance)
    unit = models.Agency.objects.filter(code=agency).first()
    if unit is None:
        raise NotFound(what="agency", code=agency)
    checks.one_of("role", role, Role)
    checks.day("joined_on", joined_on, now, not_before=home.founded_on)
    held = models.Seat.objects.filter(alliance=home, agency=unit)
    if held.filter(Q(to_on=None) | Q(to_on__gt=joined_on)).exists():
        raise AlreadyThere(what="seat", agency=agency)
    if role == Role.FOUNDER and joined_on != home.founded_on:
        raise BadInput(field="role", reason="founders_join_at_founding")
    if models.Seat.objects.filter(alliance=home, to_on=None).count() >= SEATS_MAX:
        raise OverLimit(limit="SEATS_MAX", most=SEATS_MAX)
    _check_lead(home, role)
    again = held.exists()
    try:
        with transaction.atomic():
            row = models.Seat.objects.create(alliance=home, agency=unit, role=role, from_on=joined_on)
    except IntegrityError:  # somebody was quicker
        raise AlreadyThere(what="seat", agency=agency) from None
    count = len(asked.members(alliance, joined_on))
    fact = facts.AgencyJoined(row.id, alliance, agency, role, joined_on.isoformat(), again, count)
    journal.record(fact, by=by, at=now, subject=f"alliance:{alliance}")
    return _member(alliance, row.id, joined_on)


@transaction.atomic
def change_seat(
    seat_id: UUID, role: str, from_on: date, *, version: int, by: By, now: datetime
) -> asked.Member:
    """Give a member another role from a day on: its seat ends, another begins. Raises NotFound, StaleVersion,
    AlreadyThere where another leads, BadInput."""
    row = _open_seat(seat_id, version)
    checks.one_of("role", role, Role)
    checks.day("from_on", from_on, now, not_before=row.from_on)
    alliance, agency = row.alliance.code, row.agency.code
    if role == row.role:
        return _member(alliance, row.id, from_on)
    was_there = models.Seat.objects.filter(
        alliance=row.alliance, agency=row.agency, from_on=row.alliance.founded_on
    ).exists()
    if role == Role.FOUNDER and not was_there:
        raise BadInput(field="role", reason="founders_join_at_founding")
    _check_lead(row.alliance, role)
    same = models.Seat.objects.filter(id=seat_id, version=version)
    if from_on == row.from_on:
        if not same.update(role=role, version=version + 1):
            raise StaleVersion(what="seat", version=row.version)
        new_id = row.id
    else:
        if not same.update(to_on=from_on, version=version + 1):
            raise StaleVersion(what="seat", version=row.version)
        new = models.Seat.objects.create(alliance=row.alliance, agency=row.agency, role=role, from_on=from_on)
        new_id = new.id
    fact = facts.AgencyRoleChanged(new_id, alliance, agency, role, row.role, from_on.isoformat())
    journal.record(fact, by=by, at=now, subject=f"alliance:{alliance}")
    return _member(alliance, new_id, from_on)


@transaction.atomic
def let_go(seat_id: UUID, left_on: date, reason: str, *, version: int, by: By, now: datetime) -> None:
    """Let a member leave; the fact says what follows: its people leave the desks of the alliance, and an agency that
    sits in no alliance any more leaves its agreements. Raises NotFound, StaleVersion, BadInput."""
    row = _open_seat(seat_id, version)
    reason = checks.words("reason", reason, 300)
    checks.day("left_on", left_on, now)
    if left_on <= row.from_on:
        raise BadInput(field="left_on", reason="before_valid_from")
    same = models.Seat.objects.filter(id=seat_id, version=version)
    if not same.update(to_on=left_on, left_why=reason, version=version + 1):
        raise StaleVersion(what="seat", version=row.version)
    alliance, agency = row.alliance.code, row.agency.code
    told = digest("reason", f"{seat_id}:{reason}")
    below = networks.below(asked.links(), alliance, left_on)
    desks = sorted({sitting.desk.code for sitting in duty.sittings_of(alliance, agency)})
    sits = {seat.alliance for seat in asked.seats(agency=agency) if seat.to_on is None}
    fact = facts.AgencyLeft(
        seat_id, alliance, agency, row.role, left_on.isoformat(), told,
        count=len(asked.members(alliance, left_on)), lead_vacant=row.role == Role.LEAD,
        still_in=sorted(sits & set(below)), desks=desks,
    )  # fmt: skip
    cause = journal.record(fact, by=by, at=now, subject=f"alliance:{alliance}")
    duty.stand_agency_up(alliance, agency, by=by, now=now, cause=cause)
    _leave_agreements(agency, alliance, by, now, cause)


def _leave_agreements(agency: str, alliance: str | None, by: By, now: datetime, cause: int) -> None:
    """Who left an alliance leaves the agreements among its members; who sits in none any more leaves all."""
    if not any(seat.to_on is None for seat in asked.seats(agency=agency)):
        sharing.leave_all(agency, by=by, now=now, cause=cause)
    elif alliance is not None:
        sharing.leave_all(agency, alliance=alliance, by=by, now=now, cause=cause)


def running(code: str, version: int | None = None) -> models.Alliance:
    """The row of an alliance that has not ended. Raises NotFound, StaleVersion, WrongState."""
    row = models.Alliance.objects.filter(code=code).first()
    if row is None:
        raise NotFound(what="alliance", code=code)
    if version is not None and row.version != version:
        raise StaleVersion(what="alliance", version=row.version)
    if row.ended_on is not None:
        raise WrongState("alliance_ended", alliance=code)
    return row


def _open_seat(seat_id: UUID, version: int) -> models.Seat:
    row = models.Seat.objects.select_related("alliance", "agency").filter(id=seat_id).first()
    if row is None:
        raise NotFound(what="seat")
    if row.version != version:
        raise StaleVersion(what="seat", version=row.version)
    if row.to_on is not None:
        raise NotFound(what="seat")
    return row


def _check_lead(alliance: models.Alliance, role: str) -> None:
    """One leads at a time: whoever did gives it up first."""
    if role == Role.LEAD and models.Seat.objects.filter(alliance=alliance, role=role, to_on=None).exists():
        raise AlreadyThere(what="lead")


def _check_narrower(own: Scope, parent: str, on: date) -> None:
    above = asked.scope(parent, on)
    if not networks.within(Scope(None, own.domains), above):
        raise BadInput(field="domains", reason="wider_than_above", parent=parent)
    if not networks.within(Scope(own.region, None), above):
        raise BadInput(field="geometry", reason="wider_than_above", parent=parent)


def _scope(polygons: Polygons | None, domains: list[str]) -> Scope:
    return Scope(shape_of(polygons) if polygons else None, frozenset(domains) or None)


def _member(alliance: str, seat_id: UUID, on: date) -> asked.Member:
    return next(m for m in asked.members(alliance, on) if m.seat == seat_id)
