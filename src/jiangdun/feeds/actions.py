"""The verbs that change who may speak. The ears learn of it through `queries.device_book`."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from jiangdun.core import journal
from jiangdun.core.digests import digest
from jiangdun.core.ids import new_id
from jiangdun.core.journal import By
from jiangdun.core.trouble import AlreadyThere, BadInput, NotFound, OverLimit, StaleVersion, WrongState
from jiangdun.feeds import devices, facts, models, queries
from jiangdun.feeds.columns import Kind

CRS: Final = ("wgs84", "gcj02", "bd09")
SOURCES: Final = ("jt808", "ais")
ADMITTED, BLOCKED = "admitted", "blocked"


@transaction.atomic
def admit_device(
    source: str,
    ident: str,
    label: str,
    kind: Kind,
    *,
    agency: str = "",
    unit_id: UUID | None = None,
    crs: str = "wgs84",
    by: By,
    now: datetime,
) -> queries.DeviceView:
    """Let a device speak. One that was blocked comes back with a new code.

    Raises BadInput, AlreadyThere (it is admitted), OverLimit.
    """
    if source not in SOURCES:
        raise BadInput(field="source", reason="one_of", values=list(SOURCES))
    ident = _ident(source, ident)
    _check(label, agency, crs)
    row = models.Device.objects.filter(source=source, ident=ident).first()
    if row is None:
        if models.Device.objects.count() >= queries.DEVICES_MAX:
            raise OverLimit(limit="DEVICES_MAX", most=queries.DEVICES_MAX)
        row = models.Device(id=new_id(), source=source, ident=ident)
    elif row.state == ADMITTED:
        raise AlreadyThere(what="device", source=source, ident=ident)
    else:
        row.generation += 1
        row.version += 1
    row.label, row.kind, row.agency, row.unit_id, row.crs = label.strip(), int(kind), agency, unit_id, crs
    row.state, row.reason = ADMITTED, ""
    row.admitted_at = row.changed_at = now
    row.save()
    fact = facts.DeviceAdmitted(
        row.id, source, digest("phone", ident), row.kind, agency, unit_id, crs, row.generation
    )
    journal.record(fact, by=by, at=now, subject=f"device:{row.id}")
    return queries.view(row)


@transaction.atomic
def change_device(
    device_id: UUID,
    version: int,
    label: str,
    kind: Kind,
    *,
    agency: str = "",
    unit_id: UUID | None = None,
    crs: str = "wgs84",
    by: By,
    now: datetime,
) -> queries.DeviceView:
    """Change what is said of an admitted device; its code stays.

    Raises BadInput, NotFound, StaleVersion, WrongState (it is blocked).
    """
    _check(label, agency, crs)
    row = _row(device_id)
    if row.state != ADMITTED:
        raise WrongState(what="device", state=row.state)
    changed = models.Device.objects.filter(pk=device_id, version=version).update(
        label=label.strip(),
        kind=int(kind),
        agency=agency,
        unit_id=unit_id,
        crs=crs,
        changed_at=now,
        version=version + 1,
    )
    if not changed:
        raise StaleVersion(what="device", version=row.version)
    fact = facts.DeviceChanged(device_id, int(kind), agency, unit_id, crs, version + 1)
    journal.record(fact, by=by, at=now, subject=f"device:{device_id}")
    return queries.device(device_id)


@transaction.atomic
def block_device(device_id: UUID, reason: str, *, by: By, now: datetime) -> queries.DeviceView:
    """Take a device's voice; its code is void from now on. Raises BadInput, NotFound, WrongState."""
    reason = reason.strip()
    if not 1 <= len(reason) <= 200:
        raise BadInput(field="reason", reason="length", most=200)
    row = _row(device_id)
    changed = models.Device.objects.filter(pk=device_id, state=ADMITTED, version=row.version).update(
        state=BLOCKED, reason=reason, changed_at=now, version=row.version + 1
    )
    if not changed:
        raise WrongState(what="device", state=row.state)
    fact = facts.DeviceBlocked(device_id, row.source, digest("phone", row.ident), reason)
    journal.record(fact, by=by, at=now, subject=f"device:{device_id}")
    return queries.device(device_id)


def _row(device_id: UUID) -> models.Device:
    row = models.Device.objects.filter(pk=device_id).first()
    if row is None:
        raise NotFound(what="device", id=str(device_id))
    return row


def _check(label: str, agency: str, crs: str) -> None:
    if not 1 <= len(label.strip()) <= 60:
        raise BadInput(field="label", reason="length", most=60)
    if len(agency) > 64:
        raise BadInput(field="agency", reason="length", most=64)
    if crs not in CRS:
        raise BadInput(field="crs", reason="one_of", values=list(CRS))


def _ident(source: str, ident: str) -> str:
    """As the session will know it: a phone without leading zeros, an MMSI of nine digits."""
    found = devices.normal(source, ident)
    if found is None:
        raise BadInput(field="ident", reason="digits", source=source)
    return found
