"""The verbs that change the register: agencies, where they are competent, what they may do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from jiangdun.alliance import facts, models, queries
from jiangdun.alliance.actions import checks
from jiangdun.alliance.powers import Area, Power
from jiangdun.alliance.queries import register
from jiangdun.core import journal
from jiangdun.core.journal import By
from jiangdun.core.trouble import AlreadyThere, BadInput, NotFound, OverLimit, StaleVersion

AREAS_MAX = 64
"""Areas of one agency that have not ended."""
POWERS_MAX = 500
"""Powers of one agency that have not ended."""
_CHANGEABLE = ("name_zh", "name_en", "domain", "duty_phone", "office_phone", "radio", "address")


@transaction.atomic
def found_agency(
    code: str, name_zh: str, name_en: str, domain: str, *, by: By, now: datetime, demo: bool = False
) -> queries.Agency:
    """Take an agency into the register. Raises AlreadyThere, BadInput, OverLimit."""
    checks.code("code", code)
    name_zh, name_en = checks.names(name_zh, name_en)
    domain = checks.words("domain", domain, 32)
    if models.Agency.objects.filter(code=code).exists():
        raise AlreadyThere(what="agency", code=code)
    if models.Agency.objects.count() >= register.AGENCIES_MAX:
        raise OverLimit(limit="AGENCIES_MAX", most=register.AGENCIES_MAX)
    row = models.Agency.objects.create(
        code=code, name_zh=name_zh, name_en=name_en, domain=domain, demo=demo, founded_at=now
    )
    fact = facts.AgencyFounded(row.id, code, name_zh, name_en, domain, demo)
    journal.record(fact, by=by, at=now, subject=f"agency:{row.id}")
    return queries.agency(code)


@transaction.atomic
def change_agency(
    code: str, given: Mapping[str, str], *, version: int, by: By, now: datetime
) -> queries.Agency:
    """Change names, field of work or office contact: `given` has the new values of the fields named in it.

    Raises NotFound, StaleVersion, BadInput. A person's telephone number does not belong here.
    """
    row = _agency(code)
    values = {name: _checked(name, value) for name, value in given.items()}
    changed = sorted(name for name, value in values.items() if getattr(row, name) != value)
    if row.version != version:
        raise StaleVersion(what="agency", version=row.version)
    if not changed:
        return queries.agency(code)
    same = models.Agency.objects.filter(id=row.id, version=version)
    if not same.update(**values, version=version + 1):
        raise StaleVersion(what="agency", version=row.version)
    kept = {name: values.get(name, getattr(row, name)) for name in _CHANGEABLE}
    fact = facts.AgencyChanged(code=code, changed=changed, version=version + 1, **kept)
    journal.record(fact, by=by, at=now, subject=f"agency:{row.id}")
    return queries.agency(code)


def _checked(name: str, value: str) -> str:
    match name:
        case "name_zh" | "domain" | "name_en":
            return checks.words(name, value, {"name_zh": 80, "domain": 32, "name_en": 120}[name])
        case "duty_phone" | "office_phone":
            return checks.phone(name, value)
        case "radio" | "address":
            return checks.words(name, value, {"radio": 32, "address": 200}[name], needed=False)
    raise BadInput(field=name, reason="unknown")


@transaction.atomic
def draw_area(
    agency: str,
    name_zh: str,
    name_en: str,
    geometry: object,
    *,
    by: By,
    now: datetime,
    domain: str = "",
    legal_basis: str = "",
    valid_from: datetime | None = None,
    valid_to: datetime | None = None,
) -> Area:
    """Let `agency` be competent in a GeoJSON (Multi)Polygon. Raises NotFound, BadInput, AreaRefused, OverLimit."""
    home = _agency(agency)
    name_zh, name_en = checks.names(name_zh, name_en)
    domain = checks.words("domain", domain, 32, needed=False)
    basis = checks.words("legal_basis", legal_basis, 300, needed=False)
    begins = valid_from or now
    checks.period(begins, valid_to)
    polygons = checks.area(geometry)
    if models.Area.objects.filter(agency=home).exclude(valid_to__lte=now).count() >= AREAS_MAX:
        raise OverLimit(limit="AREAS_MAX", most=AREAS_MAX)
    row = models.Area.objects.create(
        agency=home, name_zh=name_zh, name_en=name_en, domain=domain, polygons=polygons, legal_basis=basis,
        valid_from=begins, valid_to=valid_to, recorded_at=now,
    )  # fmt: skip
    checks.mark("powers")
    fact = facts.AreaDrawn(
        row.id, agency, name_zh, name_en, domain, basis, begins, valid_to, checks.digest(polygons)
    )
    journal.record(fact, by=by, at=now, subject=f"agency:{home.id}")
    return register.area(row.id)


@transaction.atomic
def end_area(area_id: UUID, *, version: int, by: By, now: datetime, valid_to: datetime | None = None) -> Area:
    """Let an area hold no longer from `valid_to` (now) on. Raises NotFound, StaleVersion, BadInput."""
    row = models.Area.objects.select_related("agency").filter(id=area_id).first()
    if row is None:
        raise NotFound(what="area")
    ends = _ending(row, "area", version, now, valid_to)
    if not models.Area.objects.filter(id=area_id, version=version).update(valid_to=ends, version=version + 1):
        raise StaleVersion(what="area", version=row.version)
    checks.mark("powers")
    fact = facts.AreaEnded(area_id, row.agency.code, ends)
    journal.record(fact, by=by, at=now, subject=f"agency:{row.agency_id}")
    return register.area(area_id)


@transaction.atomic
def give_power(
    agency: str,
    act: str,
    legal_basis: str,
    *,
    by: By,
    now: datetime,
    cause_zh: str = "",
    cause_en: str = "",
    domain: str = "",
    area: UUID | None = None,
    valid_from: datetime | None = None,
    valid_to: datetime | None = None,
) -> Power:
    """Let `agency` do `act` by law, in one of its areas or (None) in all. Raises NotFound, BadInput, OverLimit."""
    home = _agency(agency)
    checks.one_of("act", act, [known["code"] for known in register.acts(now)])
    basis = checks.words("legal_basis", legal_basis, 300)
    cause_zh = checks.words("cause_zh", cause_zh, 120, needed=False)
    cause_en = checks.words("cause_en", cause_en, 120, needed=False)
    domain = checks.words("domain", domain, 32, needed=False)
    begins = valid_from or now
    checks.period(begins, valid_to)
    if area is not None and not models.Area.objects.filter(id=area, agency=home).exists():
        raise NotFound(what="area")
    if models.Power.objects.filter(agency=home).exclude(valid_to__lte=now).count() >= POWERS_MAX:
        raise OverLimit(limit="POWERS_MAX", most=POWERS_MAX)
    row = models.Power.objects.create(
        agency=home, act=act, cause_zh=cause_zh, cause_en=cause_en, domain=domain, area_id=area,
        legal_basis=basis, valid_from=begins, valid_to=valid_to, recorded_at=now,
    )  # fmt: skip
    checks.mark("powers")
    fact = facts.PowerGiven(row.id, agency, act, cause_zh, domain, area, basis, begins, valid_to)
    journal.record(fact, by=by, at=now, subject=f"agency:{home.id}")
    return register.power(row.id)


@transaction.atomic
def end_power(
    power_id: UUID, *, version: int, by: By, now: datetime, valid_to: datetime | None = None
) -> Power:
    """Let a power hold no longer from `valid_to` (now) on. Raises NotFound, StaleVersion, BadInput."""
    row = models.Power.objects.select_related("agency").filter(id=power_id).first()
    if row is None:
        raise NotFound(what="power")
    ends = _ending(row, "power", version, now, valid_to)
    same = models.Power.objects.filter(id=power_id, version=version)
    if not same.update(valid_to=ends, version=version + 1):
        raise StaleVersion(what="power", version=row.version)
    checks.mark("powers")
    fact = facts.PowerEnded(power_id, row.agency.code, row.act, ends)
    journal.record(fact, by=by, at=now, subject=f"agency:{row.agency_id}")
    return register.power(power_id)


def _ending(
    row: models.Area | models.Power, what: str, version: int, now: datetime, valid_to: datetime | None
) -> datetime:
    """The moment it ends, or why it cannot: what has passed is not changed afterwards."""
    if row.version != version:
        raise StaleVersion(what=what, version=row.version)
    if row.valid_to is not None and row.valid_to <= now:
        raise NotFound(what=what)
    ends = valid_to or max(now, row.valid_from)
    if ends < now:
        raise BadInput(field="valid_to", reason="past")
    if ends < row.valid_from:
        raise BadInput(field="valid_to", reason="before_valid_from")
    return ends


def _agency(code: str) -> models.Agency:
    row = models.Agency.objects.filter(code=code).first()
    if row is None:
        raise NotFound(what="agency", code=code)
    return row
