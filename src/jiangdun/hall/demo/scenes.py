"""The two scenes, as motions: two cargo ships at a training dike, and a truck between a site and an abandoned pit.

Times are ms since the demo's start, 23:05 on the demo's clock; the truck's evening began an hour before.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Final

from jiangdun.feeds.columns import Kind

from . import geometry
from .world import Motion, Vessel, along, river_leg

MINUTE: Final = 60_000
CYCLE_MS: Final = 40 * MINUTE
"""The dike's scene comes again so often, with other ships, as long as the demo runs."""
CYCLES: Final = 30


def _turns_away(t0: int) -> Motion:
    """Downbound out of her lane, into the dike's danger area, warned, and out again after about a minute."""
    return river_leg(
        (
            (t0 - 45 * MINUTE, 843.4, 190.0),
            (t0 - 4 * MINUTE, 834.0, 200.0),
            (t0, 833.15, 430.0),
            (t0 + MINUTE, 832.93, 450.0),
            (t0 + 2 * MINUTE, 832.72, 330.0),
            (t0 + 4 * MINUTE, 832.2, 195.0),
            (t0 + 110 * MINUTE, 805.0, 195.0),
        )
    )


def _goes_on(t0: int) -> Motion:
    """The same water, but she holds on and lies in the danger area for a quarter of an hour."""
    return river_leg(
        (
            (t0 - 45 * MINUTE, 843.4, 210.0),
            (t0 - 3 * MINUTE, 834.0, 220.0),
            (t0, 833.15, 440.0),
            (t0 + 2 * MINUTE, 832.9, 480.0),
            (t0 + 14 * MINUTE, 831.6, 500.0),
            (t0 + 17 * MINUTE, 830.5, 200.0),
            (t0 + 120 * MINUTE, 804.0, 200.0),
        )
    )


@cache
def ships() -> tuple[Vessel, ...]:
    """The ships of scene 1: a pair each cycle. The first enters 10 s after the start, the second 90 s after."""
    fleet: list[Vessel] = []
    for cycle in range(CYCLES):
        begin = cycle * CYCLE_MS
        pair = ((10_000, _turns_away, "TURNS"), (90_000, _goes_on, "HOLDS ON"))
        for index, (after, motion, word) in enumerate(pair):
            fleet.append(
                Vessel(
                    mmsi=f"4139{50_000 + cycle * 2 + index:05d}",
                    name=f"DEMO {word} {cycle:02d}",
                    kind=Kind.CARGO,
                    ship_type=70,
                    length_m=87,
                    beam_m=15,
                    draught_m=4.1,
                    class_b=False,
                    every_ms=10_000,
                    motion=motion(begin + after),
                )
            )
    return tuple(fleet)


def shows(vessel: Vessel, t_ms: int) -> bool:
    """A ship of scene 1 is heard from 45 minutes before her entry until two hours after."""
    cycle = (int(vessel.mmsi[-5:]) - 50_000) // 2
    return cycle * CYCLE_MS - 44 * MINUTE <= t_ms <= cycle * CYCLE_MS + 100 * MINUTE


LEAVES_SITE_MS: Final = -55 * MINUTE
REACHES_PIT_MS: Final = -15 * MINUTE + 55_000
LEAVES_PIT_MS: Final = 25 * MINUTE


def _road(
    start_ms: int, end_ms: int, points: tuple[geometry.Point, ...]
) -> tuple[tuple[int, geometry.Point], ...]:
    """Steady speed over the road's legs."""
    lengths = [((b[0] - a[0]) ** 2 * 0.75 + (b[1] - a[1]) ** 2) ** 0.5 for a, b in pairwise(points)]
    done, legs = 0.0, [(start_ms, points[0])]
    for length, point in zip(lengths, points[1:], strict=True):
        done += length
        legs.append((start_ms + round((end_ms - start_ms) * done / sum(lengths)), point))
    return tuple(legs)


@cache
def truck() -> Motion:
    """Scene 2: leaves the site at 22:10, reaches the pit at 22:50:55 (and its border half a minute earlier), lies there
    until 23:30, drives back.
    """
    there = _road(LEAVES_SITE_MS, REACHES_PIT_MS, geometry.ROAD)
    back = _road(LEAVES_PIT_MS, LEAVES_PIT_MS + 40 * MINUTE, tuple(reversed(geometry.ROAD)))
    return along((*there, *back))


@cache
def honest_truck(number: int) -> Motion:
    """Other trucks drive a stretch of the road and back, and never stop at the pit."""
    stretch = geometry.ROAD[1:5]
    legs: list[tuple[int, geometry.Point]] = []
    t = -80 * MINUTE + number * 7 * MINUTE
    for turn in range(40):
        points = stretch if turn % 2 == 0 else tuple(reversed(stretch))
        legs += _road(t, t + 22 * MINUTE, points)
        t += 27 * MINUTE
    return along(tuple(legs))
