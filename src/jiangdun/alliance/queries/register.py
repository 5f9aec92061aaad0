"""What may be asked of the register: agencies, areas, powers, and who may do what where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from jiangdun.alliance import models
from jiangdun.alliance.powers import ACTS, Area, Holding, Power, PowerMap
from jiangdun.alliance.queries.kept import Kept
from jiangdun.core.parameters import parameter
from jiangdun.core.trouble import NotFound

AGENCIES_MAX = 1_000
"""Agencies one installation may have."""
ACTS_MAX = 100


def _are_acts(value: Any) -> bool:
    keys = {"code", "zh", "en"}
    return (
        isinstance(value, list | tuple)
        and 0 < len(value) <= ACTS_MAX
        and all(isinstance(one, dict) and one.keys() == keys and all(one.values()) for one in value)
        and len({one["code"] for one in value}) == len(value)
    )


_ACTS = parameter("alliance.acts", list(ACTS), _are_acts)


@dataclass(frozen=True)
class Agency:
    """A member of the alliance."""

    id: UUID
    code: str
    name_zh: str
    name_en: str
    domain: str
    demo: bool
    version: int
    duty_phone: str = ""
    office_phone: str = ""
    radio: str = ""
    address: str = ""


def agency(code: str) -> Agency:
    """The agency called `code`. Raises NotFound."""
    row = models.Agency.objects.filter(code=code).first()
    if row is None:
        raise NotFound(what="agency", code=code)
    return _agency(row)


def agencies() -> list[Agency]:
    """Every agency, by code."""
    return [_agency(row) for row in models.Agency.objects.order_by("code")[:AGENCIES_MAX]]


def acts(now: datetime) -> list[dict[str, str]]:
    """The acts a power may name at `now`: {code, zh, en}."""
    return _ACTS.at(now)


def area(area_id: UUID) -> Area:
    """One area. Raises NotFound."""
    row = models.Area.objects.select_related("agency").filter(id=area_id).first()
    if row is None:
        raise NotFound(what="area")
    return _area(row)


def power(power_id: UUID) -> Power:
    """One power. Raises NotFound."""
    row = models.Power.objects.select_related("agency").filter(id=power_id).first()
    if row is None:
        raise NotFound(what="power")
    return _power(row)


def areas(agency: str | None = None) -> list[Area]:
    """Areas of one agency or of all, those that ended too, by agency and beginning."""
    rows = models.Area.objects.select_related("agency").order_by("agency__code", "valid_from", "id")
    return [_area(row) for row in (rows if agency is None else rows.filter(agency__code=agency))]


def powers(agency: str | None = None) -> list[Power]:
    """Powers of one agency or of all, those that ended too, by agency, act and beginning."""
    rows = models.Power.objects.select_related("agency").order_by("agency__code", "act", "valid_from", "id")
    return [_power(row) for row in (rows if agency is None else rows.filter(agency__code=agency))]


def who(act: str, lon: float, lat: float, at: datetime, domain: str | None = None) -> list[Holding]:
    """Who may do `act` at the point (degrees WGS-84, border included) at `at`, by agency.

    Answered from a map in memory, made anew after a change of the register.
    """
    return _map.value().who(act, lon, lat, at, domain)


_map: Kept[PowerMap] = Kept("powers", lambda: PowerMap(areas(), powers()))


def on_the_wire() -> list[str]:
    """Codes in the order in which live positions number them, from 1. Agencies are only ever added at the end:
    a number never comes to mean another agency.
    """
    return list(models.Agency.objects.order_by("id").values_list("code", flat=True)[:AGENCIES_MAX])


def _agency(row: models.Agency) -> Agency:
    return Agency(
        row.id, row.code, row.name_zh, row.name_en, row.domain, row.demo, row.version,
        row.duty_phone, row.office_phone, row.radio, row.address,
    )  # fmt: skip


def _area(row: models.Area) -> Area:
    return Area(
        row.id, row.agency.code, row.name_zh, row.name_en, row.domain, row.polygons, row.legal_basis,
        row.valid_from, row.valid_to, row.version,
    )  # fmt: skip


def _power(row: models.Power) -> Power:
    return Power(
        row.id, row.agency.code, row.act, row.cause_zh, row.cause_en, row.domain, row.area_id,
        row.legal_basis, row.valid_from, row.valid_to, row.version,
    )  # fmt: skip
