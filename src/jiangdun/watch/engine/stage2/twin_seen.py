"""What the plain twins of stage 2 see at a tick, in plain numbers. Words: docs/operators.md.

The formulas of the plane (its tables, and the order in which numbers are taken) are the definition, and so are shared.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jiangdun.feeds.columns import NO_SPEED
from jiangdun.watch.rules.spec import FixSeen, Place

from .plane import DKN_PER_UNIT_S, LAT_MAX, PARTS, PLANE, STEP

if TYPE_CHECKING:
    from jiangdun.watch.engine.plain import PlainZone

Point = tuple[float, float]


@dataclass(frozen=True)
class PlainSeen:
    """The last report of one track, as a tick sees it."""

    track: int
    t: int
    at: tuple[int, int]
    sog: int
    cog: int
    asked: tuple[tuple[bool, ...], ...]
    fixes: tuple[FixSeen, ...]

    @property
    def scale(self) -> float:
        return float(PLANE.scale[min((self.at[1] + LAT_MAX) // STEP, len(PLANE.scale) - 1)])

    @property
    def place(self) -> Point:
        return float(self.at[0]), north(self.at[1])

    @property
    def velocity(self) -> Point:
        if self.sog == NO_SPEED or self.cog >= 3_600:
            return 0.0, 0.0
        east = self.sog * float(PLANE.sine[self.cog]) * self.scale / DKN_PER_UNIT_S
        return east, self.sog * float(PLANE.cosine[self.cog]) * self.scale / DKN_PER_UNIT_S

    def by_now(self, tick: int) -> Point:
        since = (tick - self.t) / 1000.0
        return self.place[0] + self.velocity[0] * since, self.place[1] + self.velocity[1] * since


def north(lat: int) -> float:
    i = min((lat + LAT_MAX) // STEP, len(PLANE.scale) - 1)
    low, high = int(PLANE.north[i]), int(PLANE.north[i + 1])
    return (low + (high - low) * (lat + LAT_MAX - i * STEP) // STEP) / PARTS


def lat_of(y: float) -> int:
    at = math.floor(y * PARTS)
    table = PLANE.north.tolist()
    low = min(max(bisect_right(table, at) - 1, 0), len(table) - 2)
    rest = (at - table[low]) * STEP // (table[low + 1] - table[low])
    return int(min(max(low * STEP + rest - LAT_MAX, -LAT_MAX), LAT_MAX))


@dataclass(frozen=True)
class PlainFound:
    start: int
    zone: int
    seen: tuple[PlainSeen, ...]
    values: dict[str, float | int | str]
    subject: tuple[int, ...] = ()


def first_zone(zones: list[PlainZone], place: Place, at: tuple[int, int], tick: int) -> int:
    for number, zone in enumerate(zones):
        named = zone.spec.kind == place.kind if place.kind is not None else zone.spec.zone_id == place.zone_id
        if named and zone.in_force(tick) and zone.covers(at):
            return number
    return -1
