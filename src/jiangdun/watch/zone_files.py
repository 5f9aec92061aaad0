"""Zones of a GeoJSON file, as the board imports them, for the engine."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from jiangdun.picture import zones
from jiangdun.picture.zones import ZoneDraft

from .rules.spec import ZoneSpec

NEVER_MS = 2**62


class BadZoneFile(ValueError):
    """What is wrong with the file, a line a fault, in Chinese and English."""


def read_zones(source: Path | str | bytes) -> list[ZoneSpec]:
    """The zones of a file (a Path) or of GeoJSON text. All or none: raises BadZoneFile, OSError."""
    name = source.name if isinstance(source, Path) else "GeoJSON"
    drafts, faults = zones.read(source.read_bytes() if isinstance(source, Path) else source)
    if faults:
        raise BadZoneFile("\n".join(f"{name}: {fault.say('zh')} / {fault.say('en')}" for fault in faults))
    return [_spec(draft) for draft in drafts]


def _spec(draft: ZoneDraft) -> ZoneSpec:
    return ZoneSpec(
        zone_id=draft.zone_id,
        version=1,
        kind=draft.kind,
        name_zh=draft.name_zh,
        name_en=draft.name_en,
        polygons=draft.polygons,
        valid_from_ms=_ms(draft.valid_from, 0),
        valid_to_ms=_ms(draft.valid_to, NEVER_MS),
        agency=draft.agency,
        axis=draft.axis,
    )


def _ms(moment: datetime | None, otherwise: int) -> int:
    return otherwise if moment is None else round(moment.timestamp() * 1000)
