"""The verbs of river chiefs: name a river, draw a reach, appoint, end a term, take in a table."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from jiangdun.alliance import chief_table, facts, models
from jiangdun.alliance.actions import checks
from jiangdun.alliance.chief_table import KM_MAX, Row
from jiangdun.alliance.chiefs import Bank, Chief, Reach
from jiangdun.alliance.days import begin_of, day_of, holds
from jiangdun.alliance.queries import reaches as asked
from jiangdun.core import journal, personal, timers
from jiangdun.core.geo import Centreline
from jiangdun.core.journal import By
from jiangdun.core.trouble import AlreadyThere, BadInput, NotFound, OverLimit, StaleVersion

TIMER = "alliance.chief"
POINTS_MAX = 20_000
PURPOSE = "river_chief"


class ChiefsRefused(BadInput):
    """A table was refused as a whole. `faults` lists what is wrong by line and column."""

    usual = "chiefs_refused"


@dataclass(frozen=True)
class Taken:
    """What an import did, or (dry run) would do. `gaps`: reaches of the table without a chief today."""

    rows: int
    reaches_new: int
    reaches_changed: int
    chiefs_new: int
    same: int
    gaps: tuple[str, ...]
    dry_run: bool


class _Undo(Exception):
    """Ends a dry run: everything is rolled back."""


@transaction.atomic
def name_river(
    code: str,
    name_zh: str,
    name_en: str,
    *,
    by: By,
    now: datetime,
    centreline: Sequence[Sequence[float]] | None = None,
) -> None:
    """Name a river, or give it other names and another centreline [[lon, lat, km], …]. Raises BadInput, OverLimit."""
    checks.code("code", code)
    name_zh, name_en = checks.names(name_zh, name_en)
    line = None if centreline is None else _line(centreline)
    row = models.River.objects.filter(code=code).first()
    if row is None and models.River.objects.count() >= asked.RIVERS_MAX:
        raise OverLimit(limit="RIVERS_MAX", most=asked.RIVERS_MAX)
    version = 1 if row is None else row.version + 1
    models.River.objects.update_or_create(
        code=code,
        defaults={"name_zh": name_zh, "name_en": name_en, "centreline": line, "version": version},
    )
    checks.mark("chiefs")
    fact = facts.RiverNamed(code, name_zh, name_en, len(line or ()), version)
    journal.record(fact, by=by, at=now, subject=f"river:{code}")


@transaction.atomic
def draw_reach(
    code: str,
    river: str,
    district: str,
    street: str,
    *,
    by: By,
    now: datetime,
    km_from: float | None = None,
    km_to: float | None = None,
    bank: str = Bank.BOTH,
    geometry: object = None,
    version: int | None = None,
) -> Reach:
    """Draw a reach by marks or by an area, or (with its `version`) draw it anew. Without a chief it is a gap at once.

    Raises NotFound for the river, AlreadyThere, StaleVersion, BadInput, AreaRefused, OverLimit.
    """
    values = _reach_values(code, river, district, street, km_from, km_to, bank, geometry)
    row = models.Reach.objects.filter(code=code, valid_to=None).first()
    if row is not None and version is None:
        raise AlreadyThere(what="reach", code=code)
    if row is not None and row.version != version:
        raise StaleVersion(what="reach", version=row.version)
    if row is None and version is not None:
        raise NotFound(what="reach")
    return _draw(row, code, values, by, now)


@transaction.atomic
def end_reach(reach_id: UUID, *, version: int, by: By, now: datetime) -> None:
    """A reach is no more; its past stays. Raises NotFound, StaleVersion."""
    row = _open_reach(reach_id)
    same = models.Reach.objects.filter(id=reach_id, version=version, valid_to=None)
    if not same.update(valid_to=now, version=version + 1):
        raise StaleVersion(what="reach", version=row.version)
    models.Gap.objects.filter(reach=row, closed_at=None).update(closed_at=now)
    timers.cancel(TIMER, str(reach_id))
    checks.mark("chiefs")
    fact = facts.ReachEnded(reach_id, row.code)
    journal.record(fact, by=by, at=now, subject=f"reach:{reach_id}")


@transaction.atomic
def appoint(
    reach_id: UUID,
    name_zh: str,
    *,
    by: By,
    now: datetime,
    term_from: date,
    term_to: date | None = None,
    name_en: str = "",
    title: str = "",
    phone: str = "",
) -> Chief:
    """Let somebody answer for a reach on the days [term_from, term_to); whoever is in office then ends that day.

    A telephone number is sealed as a personal value. Raises NotFound, BadInput.
    """
    row = _open_reach(reach_id)
    name_zh = checks.words("name_zh", name_zh, 80)
    name_en = checks.words("name_en", name_en, 120, needed=False)
    title = checks.words("title", title, 80, needed=False)
    if term_to is not None and term_to <= term_from:
        raise BadInput(field="term_to", reason="before_valid_from")
    held = models.Chief.objects.filter(reach=row, term_from__lt=term_from).exclude(term_to__lte=term_from)
    before = held.order_by("-term_from").first()
    held.update(term_to=term_from)
    kept = None
    if phone:
        until = None if term_to is None else begin_of(term_to)
        kept = personal.keep(
            {"phone": checks.phone("phone", phone)}, agency=by.agency or "", purpose=PURPOSE, by=by, now=now,
            keep_until=until,
        )  # fmt: skip
    chief = models.Chief.objects.create(
        reach=row,
        name_zh=name_zh,
        name_en=name_en,
        title=title,
        person=kept,
        term_from=term_from,
        term_to=term_to,
    )
    ends = None if term_to is None else term_to.isoformat()
    fact = facts.ChiefAppointed(
        chief.id, row.id, row.code, title, term_from.isoformat(), ends, None if before is None else before.id
    )
    cause = journal.record(fact, by=by, at=now, subject=f"reach:{row.id}")
    _changed(row, by, now, cause)
    return asked.chief(chief.id)


@transaction.atomic
def end_term(chief_id: UUID, term_to: date, *, version: int, by: By, now: datetime) -> Chief:
    """Let a chief's term end on a day. Raises NotFound, StaleVersion, BadInput."""
    row = models.Chief.objects.select_related("reach").filter(id=chief_id).first()
    if row is None:
        raise NotFound(what="chief")
    if term_to <= row.term_from:
        raise BadInput(field="term_to", reason="before_valid_from")
    same = models.Chief.objects.filter(id=chief_id, version=version)
    if not same.update(term_to=term_to, version=version + 1):
        raise StaleVersion(what="chief", version=row.version)
    fact = facts.ChiefResigned(chief_id, row.reach_id, row.reach.code, term_to.isoformat())
    cause = journal.record(fact, by=by, at=now, subject=f"reach:{row.reach_id}")
    _changed(row.reach, by, now, cause)
    return asked.chief(chief_id)


def import_chiefs(data: bytes, *, by: By, now: datetime, dry_run: bool = False) -> Taken:
    """Take in a table (CSV) of reaches and chiefs, whole or not at all. A dry run does everything and undoes it.

    Raises ChiefsRefused with every fault found, OverLimit.
    """
    rows, faults = chief_table.read(data)
    faults = faults or _unknown_rivers(rows)
    if faults:
        raise ChiefsRefused(count=len(faults), faults=[asdict(fault) for fault in faults])
    taken: list[Taken] = []
    try:
        with transaction.atomic():
            taken.append(_take_in(rows, data, by, now, dry_run))
            if dry_run:
                raise _Undo
    except _Undo:
        pass
    return taken[0]


def _take_in(rows: list[Row], data: bytes, by: By, now: datetime, dry_run: bool) -> Taken:
    new = changed = appointed = same = 0
    for row in rows:
        held = models.Reach.objects.filter(code=row.reach, valid_to=None).first()
        values = _reach_values(
            row.reach, row.river, row.district, row.street, row.km_from, row.km_to, row.bank, None
        )
        if held is not None:
            values["polygons"] = held.polygons  # the table says nothing of areas
        came = _came(row, held)
        unlike = held is None or any(getattr(held, name) != value for name, value in values.items())
        reach_id = held.id if held is not None else None
        if unlike:
            reach_id = _draw(held, row.reach, values, by, now, alone=not came).id
            new, changed = new + (held is None), changed + (held is not None)
        assert reach_id is not None, "a reach that is unlike is drawn"
        if came:
            assert row.term_from is not None, "the table says when a chief's term begins"
            appoint(
                reach_id,
                row.chief,
                by=by,
                now=now,
                term_from=row.term_from,
                term_to=row.term_to,
                title=row.title,
            )
            appointed += 1
        same += not unlike and not came
    codes = {row.reach for row in rows}
    gaps = tuple(sorted(gap.code for gap in asked.gaps() if gap.code in codes))
    digest = hashlib.sha256(data).hexdigest()
    fact = facts.ChiefsImported(digest, len(rows), new, changed, appointed, same)
    journal.record(fact, by=by, at=now, subject=f"chiefs:{digest[:16]}")
    return Taken(len(rows), new, changed, appointed, same, gaps, dry_run)


def _came(row: Row, reach: models.Reach | None) -> bool:
    """Whether the table names a chief who is not in the register with this very term."""
    if not row.chief or row.term_from is None:
        return False
    held = models.Chief.objects.filter(
        reach=reach, name_zh=row.chief, title=row.title, term_from=row.term_from, term_to=row.term_to
    )
    return reach is None or not held.exists()


def _unknown_rivers(rows: list[Row]) -> list[chief_table.Fault]:
    known = set(models.River.objects.values_list("code", flat=True))
    words = (
        "河流“{0}”未登记",
        "river {0} is not known here",
        "请先登记河流，或改用：{1}",
        "name the river first, or use: {1}",
    )
    return [
        chief_table.Fault(row.line, 0, *(w.format(row.river, ", ".join(sorted(known)[:20])) for w in words))
        for row in rows
        if row.river not in known
    ][: chief_table.FAULTS_MAX]


def _reach_values(
    code: str,
    river: str,
    district: str,
    street: str,
    km_from: float | None,
    km_to: float | None,
    bank: str,
    geometry: object,
) -> dict[str, Any]:
    checks.words("code", code, 32)
    checks.one_of("bank", bank, Bank)
    if (km_from is None) != (km_to is None):
        raise BadInput(field="km_to", reason="needed")
    for name, km in (("km_from", km_from), ("km_to", km_to)):
        if km is not None and not 0 <= km <= KM_MAX:
            raise BadInput(field=name, reason="range", least=0, most=KM_MAX)
    if not models.River.objects.filter(code=river).exists():
        raise NotFound(what="river", code=river)
    return {
        "river_id": river,
        "district": checks.words("district", district, 80),
        "street": checks.words("street", street, 80),
        "km_from": km_from,
        "km_to": km_to,
        "bank": str(bank),
        "polygons": None if geometry is None else checks.area(geometry),
    }


def _draw(
    row: models.Reach | None, code: str, values: dict[str, Any], by: By, now: datetime, *, alone: bool = True
) -> Reach:
    """Not `alone`: a chief is appointed next, so that there is no gap to tell."""
    if row is None:
        if models.Reach.objects.filter(valid_to=None).count() >= asked.REACHES_MAX:
            raise OverLimit(limit="REACHES_MAX", most=asked.REACHES_MAX)
        try:
            with transaction.atomic():
                row = models.Reach.objects.create(code=code, valid_from=now, **values)
        except IntegrityError:  # somebody was quicker
            raise AlreadyThere(what="reach", code=code) from None
        version = 1
    else:
        version = row.version + 1
        same = models.Reach.objects.filter(id=row.id, version=row.version, valid_to=None)
        if not same.update(**values, version=version):
            raise StaleVersion(what="reach", version=row.version)
    fact = facts.ReachDrawn(
        row.id, code, values["river_id"], values["km_from"], values["km_to"], values["bank"], values["district"],
        values["street"], checks.digest(values["polygons"]), version,
    )  # fmt: skip
    cause = journal.record(fact, by=by, at=now, subject=f"reach:{row.id}")
    if alone:
        _changed(row, by, now, cause)
    return asked.reach(row.id)


def _changed(row: models.Reach, by: By, now: datetime, cause: int | None) -> None:
    """Open or close the gap of a reach, and look again on the day on which somebody's term begins or ends."""
    checks.mark("chiefs")
    today = day_of(now)
    terms = list(models.Chief.objects.filter(reach=row))
    there = any(holds(term.term_from, term.term_to, today) for term in terms)
    gap = models.Gap.objects.filter(reach=row, closed_at=None).first()
    if not there and gap is None:
        gap = models.Gap.objects.create(reach=row, since=now)
        fresh = asked.reach(row.id)
        missing = facts.ChiefMissing(gap.id, row.id, row.code, fresh.river, fresh.district, fresh.street, now)
        journal.record(missing, by=by, at=now, subject=f"reach:{row.id}", cause=cause)
    elif there and gap is not None:
        models.Gap.objects.filter(id=gap.id).update(closed_at=now)
        found = facts.ChiefFound(gap.id, row.id, row.code, (now - gap.since).total_seconds())
        journal.record(found, by=by, at=now, subject=f"reach:{row.id}", cause=cause)
    days = {
        day for term in terms for day in (term.term_from, term.term_to) if day is not None and day > today
    }
    if days:
        timers.set(TIMER, str(row.id), begin_of(min(days)))
    else:
        timers.cancel(TIMER, str(row.id))


def _look_again(key: str, _payload: Any, _due_at: datetime, now: datetime) -> None:
    """The day has come on which a term begins or ends."""
    row = models.Reach.objects.filter(id=UUID(key), valid_to=None).first()
    if row is not None:
        _changed(row, By(system="timers"), now, None)


TIMERS = {TIMER: _look_again}


def _open_reach(reach_id: UUID) -> models.Reach:
    row = models.Reach.objects.filter(id=reach_id, valid_to=None).first()
    if row is None:
        raise NotFound(what="reach")
    return row


def _line(given: Sequence[Sequence[float]]) -> list[list[float]]:
    if not 2 <= len(given) <= POINTS_MAX:
        raise OverLimit(limit="POINTS_MAX", most=POINTS_MAX)
    try:
        points = [(float(lon), float(lat), float(km)) for lon, lat, km in given]
        Centreline([(lon, lat) for lon, lat, _ in points], [km for _, _, km in points])
    except (TypeError, ValueError):
        raise BadInput(field="centreline", reason="rising_or_falling") from None
    if not all(-180 <= lon <= 180 and -90 <= lat <= 90 for lon, lat, _ in points):
        raise BadInput(field="centreline", reason="out_of_range")
    return [list(point) for point in points]
