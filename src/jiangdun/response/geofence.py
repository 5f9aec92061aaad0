"""Has a unit reached its scene? Pure: positions and scenes in, arrivals out.

The radius is data (200 m on water, 100 m on land by default, `limits`). One fresh fix inside is enough for
T10; a fix from before the order, or older than `fix_age_s`, says nothing about now.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from jiangdun.core.geo import distance_m


@dataclass(frozen=True, slots=True)
class UnitPosition:
    """A unit's last fix: degrees WGS-84, aware UTC."""

    unit_id: str
    lon: float
    lat: float
    at: datetime


@dataclass(frozen=True, slots=True)
class Scene:
    """Where an assigned unit is expected, since when."""

    incident_id: UUID
    assignment_id: UUID
    unit_id: str
    lon: float
    lat: float
    radius_m: float
    since: datetime


@dataclass(frozen=True, slots=True)
class Arrival:
    incident_id: UUID
    assignment_id: UUID
    unit_id: str
    at: datetime
    distance_m: float


def arrivals(
    positions: Iterable[UnitPosition], scenes: Iterable[Scene], now: datetime, fix_age_s: float = 60
) -> list[Arrival]:
    """Every assignment whose unit is at its scene, once, in the order of `scenes`. The border is inside."""
    fresh = {
        position.unit_id: position
        for position in sorted(positions, key=lambda position: position.at)
        if (now - position.at).total_seconds() <= fix_age_s
    }
    found = []
    for scene in scenes:
        position = fresh.get(scene.unit_id)
        if position is None or position.at < scene.since:
            continue
        away = distance_m(position.lon, position.lat, scene.lon, scene.lat)
        if away <= scene.radius_m:
            found.append(Arrival(scene.incident_id, scene.assignment_id, scene.unit_id, position.at, away))
    return found
