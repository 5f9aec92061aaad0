"""What may be asked of the ears' tables."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from jiangdun.core.trouble import NotFound
from jiangdun.feeds import devices, models
from jiangdun.feeds.columns import Kind
from jiangdun.feeds.observations import Device

DEVICES_MAX: Final = 100_000
PAGE_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class DeviceView:
    """A device as people see it; its code is never shown."""

    id: UUID
    source: str
    ident: str
    label: str
    kind: Kind
    agency: str
    unit_id: UUID | None
    crs: str
    state: str
    reason: str
    admitted_at: datetime
    changed_at: datetime
    version: int


def view(row: models.Device) -> DeviceView:
    return DeviceView(
        row.id,
        row.source,
        row.ident,
        row.label,
        Kind(row.kind),
        row.agency,
        row.unit_id,
        row.crs,
        row.state,
        row.reason,
        row.admitted_at,
        row.changed_at,
        row.version,
    )


def device(device_id: UUID) -> DeviceView:
    """Raises NotFound."""
    row = models.Device.objects.filter(pk=device_id).first()
    if row is None:
        raise NotFound(what="device", id=str(device_id))
    return view(row)


def find(source: str, ident: str) -> DeviceView | None:
    row = models.Device.objects.filter(source=source, ident=ident).first()
    return None if row is None else view(row)


def page(
    state: str | None = None,
    text: str = "",
    limit: int = 100,
    offset: int = 0,
    agencies: Collection[str] | None = None,
) -> list[DeviceView]:
    """Devices by label; `text` looks in label and ident; at most `PAGE_MAX`. `agencies`: only theirs."""
    rows = models.Device.objects.order_by("label", "source", "ident")
    if agencies is not None:
        rows = rows.filter(agency__in=list(agencies))
    if state:
        rows = rows.filter(state=state)
    if text:
        rows = rows.filter(Q(label__icontains=text) | Q(ident__contains=text))
    return [view(row) for row in rows[offset : offset + min(limit, PAGE_MAX)]]


def device_book() -> list[Device]:
    """Every admitted device with its code: what the ears must know to let it speak. Keep it from people."""
    key = settings.SECRET_KEY.encode()
    rows = models.Device.objects.filter(state="admitted").order_by("source", "ident")[:DEVICES_MAX]
    return [
        Device(
            row.source,
            row.ident,
            row.label,
            Kind(row.kind),
            devices.auth_code(key, row.source, row.ident, row.generation),
            row.crs,
            None if row.unit_id is None else str(row.unit_id),
            row.agency or None,
        )
        for row in rows
    ]
