"""The verbs that change units and zones: the only place that writes the picture's tables."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F

from jiangdun.alliance import queries as alliance
from jiangdun.core import ids, journal
from jiangdun.core.journal import By
from jiangdun.core.trouble import AlreadyThere, BadInput, NotFound, OverLimit, StaleVersion
from jiangdun.feeds.columns import track_id
from jiangdun.picture import facts, models, queries
from jiangdun.picture.units import UnitKind, UnitRecord, UnitState
from jiangdun.picture.zone_faults import Fault
from jiangdun.picture.zones import ZoneDraft, read

ZONES_MAX = 10_000
"""Zones in force at once."""
UNITS_MAX = 10_000
CAPABILITIES_MAX = 32


class ZonesRefused(BadInput):
    """A zone file was refused as a whole. `faults` lists what is wrong where, as {feature, name, code, zh,
    en}.
    """

    usual = "zones_refused"


@dataclass(frozen=True)
class ZonesTaken:
    """What an import did: `drawn` names zones that are new or changed, `same` counts those there already."""

    features: int
    drawn: tuple[str, ...]
    same: int


@transaction.atomic
def import_zones(data: str | bytes, *, by: By, now: datetime) -> ZonesTaken:
    """Take in a GeoJSON file of zones, whole or not at all; a changed zone gets a new version.

    Raises ZonesRefused with every fault found, OverLimit when too many zones would be in force.
    """
    drafts, faults = read(data)
    faults = faults or _unknown_agencies(drafts)
    if faults:
        raise ZonesRefused(count=len(faults), faults=[_told(fault) for fault in faults])
    held = {zone.zone_id: zone for zone in models.Zone.objects.filter(superseded_at=None)}
    changed = [
        draft
        for draft in drafts
        if draft.zone_id not in held or held[draft.zone_id].digest != _kept_digest(draft, by)
    ]
    total = len(held.keys() | {draft.zone_id for draft in changed})
    if total > ZONES_MAX:
        raise OverLimit(limit="ZONES_MAX", most=ZONES_MAX)
    raw = data if isinstance(data, bytes) else data.encode()
    digest = hashlib.sha256(raw).hexdigest()
    taken = ZonesTaken(len(drafts), tuple(d.zone_id for d in changed), len(drafts) - len(changed))
    imported = facts.ZonesImported(digest, len(raw), taken.features, len(changed), taken.same)
    cause = journal.record(imported, by=by, at=now, subject=f"zones:{digest[:16]}")
    for draft in changed:
        before = held.get(draft.zone_id)
        _draw(draft, before.version + 1 if before else 1, by, now, cause)
    return taken


def _draw(draft: ZoneDraft, version: int, by: By, now: datetime, cause: int) -> None:
    current = models.Zone.objects.filter(zone_id=draft.zone_id, superseded_at=None)
    current.update(superseded_at=now)
    digest = _kept_digest(draft, by)
    agency = draft.agency or by.agency or ""
    try:
        with transaction.atomic():
            models.Zone.objects.create(
                zone_id=draft.zone_id,
                version=version,
                kind=draft.kind,
                name_zh=draft.name_zh,
                name_en=draft.name_en,
                polygons=draft.polygons,
                axis=draft.axis,
                valid_from=draft.valid_from,
                valid_to=draft.valid_to,
                recorded_at=now,
                legal_basis=draft.legal_basis,
                agency=agency,
                area6=draft.area6,
                digest=digest,
            )
    except IntegrityError:  # another import of the same zone was quicker
        raise StaleVersion(what="zone", zone=draft.zone_id, version=version) from None
    fact = facts.ZoneDrawn(
        draft.zone_id, version, draft.kind, draft.name_zh, draft.name_en, agency, draft.legal_basis, digest
    )
    journal.record(fact, by=by, at=now, subject=f"zone:{draft.zone_id}", cause=cause)


def _kept_digest(draft: ZoneDraft, by: By) -> str:
    """A file that names no agency means the importer's, so the agency is part of what is compared."""
    return hashlib.sha256(f"{draft.digest}|{draft.agency or by.agency or ''}".encode()).hexdigest()


def _unknown_agencies(drafts: Iterable[ZoneDraft]) -> list[Fault]:
    known = {agency.code for agency in alliance.agencies()}
    return [
        Fault(number, draft.name_zh, "unknown_agency", draft.agency)
        for number, draft in enumerate(drafts, start=1)
        if draft.agency and draft.agency not in known
    ]


def _told(fault: Fault) -> dict[str, Any]:
    return {
        "feature": fault.feature,
        "name": fault.name,
        "code": fault.code,
        "zh": fault.say("zh"),
        "en": fault.say("en"),
    }


@transaction.atomic
def add_unit(
    agency: str,
    call_sign: str,
    kind: str,
    *,
    by: By,
    now: datetime,
    crew: int = 0,
    capabilities: Iterable[str] = (),
    source: str = "",
    ident: str = "",
    state: str = UnitState.STANDBY,
) -> UnitRecord:
    """Add a unit of `agency`; `source` and `ident` name its terminal (ais and an MMSI, jt808 and a phone
    number).

    Raises NotFound for the agency, BadInput, AlreadyThere for a call sign or terminal already in use,
    OverLimit.
    """
    alliance.agency(agency)
    skills = _checked_unit(call_sign, kind, state, crew, capabilities)
    track = _track(source, ident)
    if models.Unit.objects.count() >= UNITS_MAX:
        raise OverLimit(limit="UNITS_MAX", most=UNITS_MAX)
    unit_id = ids.new_id()
    try:
        with transaction.atomic():
            models.Unit.objects.create(
                id=unit_id,
                agency=agency,
                call_sign=call_sign,
                kind=kind,
                state=state,
                crew=crew,
                capabilities=skills,
                source=source,
                ident=ident,
                track=track,
                changed_at=now,
            )
    except IntegrityError:
        raise AlreadyThere(what="unit", code=call_sign) from None
    fact = facts.UnitAdded(unit_id, agency, call_sign, kind, state)
    journal.record(fact, by=by, at=now, subject=f"unit:{unit_id}")
    return queries.unit(unit_id)


def _checked_unit(call_sign: str, kind: str, state: str, crew: int, capabilities: Iterable[str]) -> list[str]:
    if not call_sign.strip() or len(call_sign) > 60:
        raise BadInput(field="call_sign", reason="length", most=60)
    if kind not in list(UnitKind):
        raise BadInput(field="kind", reason="unknown", allowed=list(UnitKind))
    if state not in list(UnitState):
        raise BadInput(field="state", reason="unknown", allowed=list(UnitState))
    if not 0 <= crew <= 1_000:
        raise BadInput(field="crew", reason="range", least=0, most=1_000)
    skills = sorted(set(capabilities))
    if len(skills) > CAPABILITIES_MAX or any(not skill or len(skill) > 64 for skill in skills):
        raise BadInput(field="capabilities", reason="length", most=CAPABILITIES_MAX)
    return skills


def _track(source: str, ident: str) -> int | None:
    if not source and not ident:
        return None
    if not source or not ident or len(source) > 16 or len(ident) > 40:
        raise BadInput(field="ident", reason="length", most=40)
    if source == "ais" and not (ident.isascii() and ident.isdigit() and len(ident) == 9):
        raise BadInput(field="ident", reason="mmsi")
    return track_id(source, ident)


@transaction.atomic
def set_unit_state(
    unit_id: UUID,
    state: str,
    *,
    by: By,
    now: datetime,
    version: int | None = None,
    cause: int | None = None,
    exercise: bool = False,
) -> UnitRecord:
    """Say what a unit is doing; saying the same again changes nothing. Raises NotFound, BadInput,
    StaleVersion.
    """
    if state not in list(UnitState):
        raise BadInput(field="state", reason="unknown", allowed=list(UnitState))
    row = models.Unit.objects.filter(id=unit_id).first()
    if row is None:
        raise NotFound(what="unit")
    if version is not None and version != row.version:
        raise StaleVersion(what="unit", version=row.version)
    if row.state != state:
        same = models.Unit.objects.filter(id=unit_id, version=row.version)
        if not same.update(state=state, changed_at=now, version=F("version") + 1):
            raise StaleVersion(what="unit", version=row.version)
        fact = facts.UnitStateSet(unit_id, row.agency, row.call_sign, state, row.state, row.version + 1)
        subject = f"unit:{unit_id}"
        journal.record(fact, by=by, at=now, subject=subject, cause=cause, exercise=exercise)
    return queries.unit(unit_id)
