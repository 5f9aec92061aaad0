"""What may be asked of units and zones."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from jiangdun.core.shapes import Polygons
from jiangdun.core.trouble import NotFound
from jiangdun.picture import models
from jiangdun.picture.units import UnitKind, UnitRecord, UnitState
from jiangdun.picture.zones import ZONE_KINDS, ZoneRecord

UNITS_PAGE = 10_000


def unit(unit_id: UUID) -> UnitRecord:
    """The unit of that id. Raises NotFound."""
    row = models.Unit.objects.filter(id=unit_id).first()
    if row is None:
        raise NotFound(what="unit")
    return _unit(row)


def units(agency: str | None = None) -> list[UnitRecord]:
    """Every unit (of `agency`, where given), by agency and call sign."""
    rows = models.Unit.objects.order_by("agency", "call_sign")
    if agency is not None:
        rows = rows.filter(agency=agency)
    return [_unit(row) for row in rows[:UNITS_PAGE]]


def zone_specs(now: datetime) -> list[ZoneRecord]:
    """Every zone in force at `now` or later, as the engine needs it, by zone id."""
    return [_record(row) for row in _current(now).order_by("zone_id")]


def zone_versions() -> list[tuple[ZoneRecord, int, int | None]]:
    """Every version of every zone: as the engine needs it, when it was recorded, and when another took its place
    (None: it is still known so); ms since 1970. For a backtest, which asks what was known then.
    """
    rows = models.Zone.objects.order_by("zone_id", "version")
    return [
        (
            _record(row),
            _ms(row.recorded_at, 0),
            None if row.superseded_at is None else _ms(row.superseded_at, 0),
        )
        for row in rows
    ]


def zone(zone_id: str) -> ZoneRecord:
    """The zone as it is known now. Raises NotFound."""
    row = models.Zone.objects.filter(zone_id=zone_id, superseded_at=None).first()
    if row is None:
        raise NotFound(what="zone")
    return _record(row)


def area6_of(zone_id: str) -> str:
    """The six-digit area code (GB/T 2260) a zone lies in; "" where it is not said."""
    row = models.Zone.objects.filter(zone_id=zone_id, superseded_at=None).values_list("area6", flat=True)
    return row.first() or ""


def zones_geojson(lang: str, now: datetime) -> dict[str, Any]:
    """Zones in force as a GeoJSON FeatureCollection with names in `lang` (zh or en)."""
    zh = lang.startswith("zh")
    features = [
        {
            "type": "Feature",
            "id": row.zone_id,
            "properties": {
                "zone_id": row.zone_id,
                "version": row.version,
                "kind": row.kind,
                "kind_name": ZONE_KINDS[row.kind][0 if zh else 1] if row.kind in ZONE_KINDS else row.kind,
                "name": row.name_zh if zh else row.name_en,
                "name_zh": row.name_zh,
                "name_en": row.name_en,
                "agency": row.agency,
                "legal_basis": row.legal_basis,
                "area6": row.area6,
                "axis": row.axis or None,
                "valid_from": row.valid_from.isoformat() if row.valid_from else None,
                "valid_to": row.valid_to.isoformat() if row.valid_to else None,
            },
            "geometry": {"type": "MultiPolygon", "coordinates": row.polygons},
        }
        for row in _current(now).order_by("zone_id")
    ]
    return {"type": "FeatureCollection", "features": features}


def _current(now: datetime) -> Any:
    rows = models.Zone.objects.filter(superseded_at=None)
    return rows.filter(Q(valid_to=None) | Q(valid_to__gt=now))


def _unit(row: models.Unit) -> UnitRecord:
    return UnitRecord(
        id=row.id,
        agency=row.agency,
        call_sign=row.call_sign,
        kind=UnitKind(row.kind),
        state=UnitState(row.state),
        crew=row.crew,
        capabilities=tuple(row.capabilities),
        source=row.source,
        ident=row.ident,
        track=row.track,
        version=row.version,
    )


def _record(row: models.Zone) -> ZoneRecord:
    return ZoneRecord(
        zone_id=row.zone_id,
        version=row.version,
        kind=row.kind,
        name_zh=row.name_zh,
        name_en=row.name_en,
        polygons=_polygons(row.polygons),
        valid_from_ms=_ms(row.valid_from, 0),
        valid_to_ms=_ms(row.valid_to, 2**62),
        agency=row.agency,
        axis=tuple((x, y) for x, y in row.axis),
    )


def _polygons(stored: list[Any]) -> Polygons:
    return tuple(tuple(tuple((x, y) for x, y in ring) for ring in rings) for rings in stored)


def _ms(moment: datetime | None, otherwise: int) -> int:
    return otherwise if moment is None else int(moment.timestamp() * 1000)
