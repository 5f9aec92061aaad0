"""Where everything of the demo is at any moment: pure functions of time, so that past and present are one river.

Positions depend on the demo's seed and on milliseconds since the demo's start only. A run can be repeated exactly.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Final

from jiangdun.feeds.columns import Kind

from . import geometry
from .geometry import Point

VESSELS: Final = 300
KN: Final = 0.514444
SEED: Final = 12


@dataclass(frozen=True, slots=True)
class State:
    """Where and how fast, over ground."""

    point: Point
    speed_kn: float
    course_deg: float
    nav: int = 0  # AIS navigational status: 0 under way, 1 at anchor, 5 moored


Motion = Callable[[int], State]
"""From ms since the demo's start (negative for the past) to the state then."""


@dataclass(frozen=True, slots=True)
class Vessel:
    mmsi: str
    name: str
    kind: Kind
    ship_type: int
    length_m: int
    beam_m: int
    draught_m: float
    class_b: bool
    every_ms: int
    motion: Motion


SHIP_TYPES: Final[dict[Kind, int]] = {
    Kind.CARGO: 70,
    Kind.TANKER: 80,
    Kind.PASSENGER: 60,
    Kind.TUG: 52,
    Kind.DREDGER: 33,
    Kind.OFFICIAL: 55,
}


def _sailing(km0: float, speed_kn: float, upbound: bool, lane_m: float) -> Motion:
    """Up and down the reach for ever, changing lane while turning at its ends."""
    length_km = geometry.KM_LAST - geometry.KM_FIRST - 2.0
    start = (km0 - geometry.KM_FIRST - 1.0) if upbound else 2 * length_km - (km0 - geometry.KM_FIRST - 1.0)

    def motion(t_ms: int) -> State:
        run = (start + speed_kn * KN * t_ms / 1e6) % (2 * length_km)
        up = run < length_km
        km = geometry.KM_FIRST + 1.0 + (run if up else 2 * length_km - run)
        near_end = min(1.0, min(km - geometry.KM_FIRST - 1.0, geometry.KM_LAST - 1.0 - km) / 0.4 + 0.02)
        weave = 18.0 * math.sin(t_ms / 97_000 + km0)
        left_m = (-lane_m if up else lane_m) * near_end + weave
        gust = 0.25 * math.sin(t_ms / 61_000 + km0 * 3)
        return State(geometry.at(km, left_m), speed_kn + gust, geometry.course(km, up))

    return motion


def _lying(point: Point, seed: int, nav: int) -> Motion:
    """Riding to an anchor or to lines: a few metres of swing."""

    def motion(t_ms: int) -> State:
        angle = t_ms / 240_000 + seed
        lon = point[0] + 4e-5 * math.sin(angle)
        lat = point[1] + 3e-5 * math.cos(angle * 0.7)
        return State((lon, lat), 0.1 if seed % 3 else 0.0, (seed * 37) % 360, nav)

    return motion


def _berth(chance: random.Random) -> tuple[Point, int]:
    """Somewhere a vessel may lie all night without breaking a rule of the demo."""
    if chance.random() < 0.3:
        return geometry.at(chance.uniform(796.2, 798.8), chance.uniform(-690.0, -450.0)), 1
    while True:
        km = chance.uniform(geometry.KM_FIRST + 2, geometry.KM_LAST - 2)
        left_m = chance.choice([-1, 1]) * chance.uniform(640.0, 760.0)
        banned = 779 < km < 793 or 751 < km < 761 or 829 < km < 835 or 813.5 < km < 815.5
        if not banned:
            return geometry.at(km, left_m), 5


@cache
def background() -> tuple[Vessel, ...]:
    """The three hundred that sail and lie there all night."""
    chance = random.Random(SEED)  # noqa: S311  (a river, not a secret)
    fleet: list[Vessel] = []
    for number in range(VESSELS):
        kind = chance.choices([Kind.CARGO, Kind.TANKER, Kind.PASSENGER, Kind.TUG], [78, 12, 4, 6])[0]
        length = chance.randint(45, 129)
        class_b = length < 60
        if number < VESSELS * 0.6:
            upbound = chance.random() < 0.5
            speed = chance.uniform(4.5, 7.5) if upbound else chance.uniform(7.0, 10.5)
            motion = _sailing(chance.uniform(718.0, 842.0), speed, upbound, chance.uniform(110.0, 280.0))
            every = 30_000 if class_b else 10_000
        else:
            point, nav = _berth(chance)
            motion, every = _lying(point, number, nav), 180_000
        fleet.append(
            Vessel(
                mmsi=f"4139{10_000 + number:05d}",
                name=f"DEMO {kind.name} {number:03d}",
                kind=kind,
                ship_type=SHIP_TYPES[kind],
                length_m=length,
                beam_m=max(8, length // 6),
                draught_m=round(chance.uniform(2.2, 6.5), 1),
                class_b=class_b,
                every_ms=every,
                motion=motion,
            )
        )
    return tuple(fleet)


def along(legs: tuple[tuple[int, Point], ...], nav: int = 0) -> Motion:
    """A path given as (ms, point): straight and steady between them, still before the first and after the last."""

    def motion(t_ms: int) -> State:
        if t_ms <= legs[0][0]:
            return State(legs[0][1], 0.0, 0.0, nav)
        for (t_a, a), (t_b, b) in pairwise(legs):
            if t_ms < t_b:
                share = (t_ms - t_a) / (t_b - t_a)
                east = (b[0] - a[0]) * 111_320 * math.cos(math.radians(a[1]))
                north = (b[1] - a[1]) * 111_320
                metres = math.hypot(east, north)
                speed = metres / ((t_b - t_a) / 1000) / KN
                heading = math.degrees(math.atan2(east, north)) % 360 if metres > 1 else 0.0
                return State(
                    (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share), speed, heading, nav
                )
        return State(legs[-1][1], 0.0, 0.0, nav)

    return motion


def river_leg(stops: tuple[tuple[int, float, float], ...]) -> Motion:
    """A path given as (ms, km, left_m) that follows the river's bends between its stops."""

    def motion(t_ms: int) -> State:
        t_ms = min(max(t_ms, stops[0][0]), stops[-1][0])
        for (t_a, km_a, left_a), (t_b, km_b, left_b) in pairwise(stops):
            if t_ms <= t_b:
                share = (t_ms - t_a) / (t_b - t_a)
                km, left = km_a + (km_b - km_a) * share, left_a + (left_b - left_a) * share
                speed = abs(km_b - km_a) * 1e6 / (t_b - t_a) / KN
                sideways = math.degrees(math.atan2(left_b - left_a, abs(km_b - km_a) * 1000 or 1.0))
                ahead = geometry.course(km, km_b > km_a)
                heading = ahead + sideways if km_b > km_a else ahead - sideways
                return State(geometry.at(km, left), speed, heading % 360)
        raise AssertionError("stops are in order of time")

    return motion
