"""What the demo's transponders and terminals say, as bytes, in order of time. Pure: past and present use the same.

Times are ms since the demo's start; `start_ms` is that start on the demo's clock, ms since 1970.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Protocol

from jiangdun.feeds.columns import DEGREE, Kind
from jiangdun.feeds.observations import Fix, Static
from jiangdun.feeds.simulators.ais import AisStation
from jiangdun.feeds.simulators.jt808 import Terminal, location

from . import cast, geometry, scenes, world
from .world import Motion, State, Vessel

STATIC_MS: Final = 360_000
"""AIS sends name and size every six minutes."""
TERMINAL_MS: Final = 15_000
KM_H: Final = 1.852
STATION_LINK: Final = "ais"


@dataclass(frozen=True, slots=True)
class Said:
    t_ms: int
    link: str  # "ais", or the phone number of a terminal: one connection each
    data: bytes


class Voice(Protocol):
    @property
    def every_ms(self) -> int: ...

    def say(self, t_ms: int) -> bytes: ...

    @property
    def link(self) -> str: ...


@dataclass
class ShipVoice:
    """A vessel heard by the one shore station of the demo."""

    vessel: Vessel
    station: AisStation
    start_ms: int
    shows: Callable[[int], bool] = field(default=lambda _: True)
    _static_at: int | None = None
    link: str = STATION_LINK

    @property
    def every_ms(self) -> int:
        return self.vessel.every_ms

    def say(self, t_ms: int) -> bytes:
        if not self.shows(t_ms):
            return b""
        now_ms = self.start_ms + t_ms
        said = b""
        if self._static_at is None or t_ms - self._static_at >= STATIC_MS:
            self._static_at = t_ms
            said += self.station.static(self._static(), now_ms, class_b=self.vessel.class_b)
        fix = _fix(self.vessel.mmsi, self.vessel.motion(t_ms))
        return said + self.station.fix(fix, now_ms, position_type=18 if self.vessel.class_b else 1)

    def _static(self) -> Static:
        v = self.vessel
        return Static(
            "ais", v.mmsi, name=v.name, kind=v.kind, length_dm=v.length_m * 10, beam_dm=v.beam_m * 10,
            draught_dm=round(v.draught_m * 10), destination="DEMO",
        )  # fmt: skip


def _fix(mmsi: str, state: State) -> Fix:
    return Fix(
        "ais",
        mmsi,
        round(state.point[0] * DEGREE),
        round(state.point[1] * DEGREE),
        sog_dkn=round(state.speed_kn * 10),
        cog_ddeg=round(state.course_deg * 10) % 3600,
        heading_ddeg=round(state.course_deg) % 360 * 10,
        nav=state.nav,
    )


@dataclass
class TerminalVoice:
    """A vehicle's terminal on a connection of its own."""

    terminal: Terminal
    ident: str
    motion: Motion
    start_ms: int
    load: Callable[[int], int] = field(default=lambda _: 0)
    every_ms: int = TERMINAL_MS

    @property
    def link(self) -> str:
        return self.ident

    def say(self, t_ms: int) -> bytes:
        state = self.motion(t_ms)
        lon, lat = state.point
        speed = state.speed_kn * KM_H
        said = location(lon, lat, self.start_ms + t_ms, speed, state.course_deg, load=self.load(t_ms))
        return self.terminal.say_location(said)


def _patrolling(unit: cast.CastUnit) -> Motion:
    """A few hundred metres up and down."""

    def motion(t_ms: int) -> State:
        swing = math.sin(t_ms / 180_000)
        up = math.cos(t_ms / 180_000) > 0
        if unit.kind != "boat":
            return State(geometry.at(unit.km, unit.left_m), 0.0, 0.0)
        return State(geometry.at(unit.km + 0.4 * swing, unit.left_m), 4.3 * abs(math.cos(t_ms / 180_000)),
                     geometry.course(unit.km, up))  # fmt: skip

    return motion


def voices(start_ms: int, codes: Mapping[str, str]) -> list[Voice]:
    """Everyone who speaks in the demo. `codes`: what each terminal authenticates with; without one it registers."""
    station = AisStation("AI", source="demo")
    found: list[Voice] = [ShipVoice(v, station, start_ms) for v in world.background()]
    for ship in scenes.ships():
        found.append(ShipVoice(ship, station, start_ms, shows=partial(scenes.shows, ship)))
    for unit in cast.UNITS:
        if unit.source == "ais":
            vessel = Vessel(
                unit.ident,
                "DEMO PATROL " + unit.ident[-3:],
                Kind.OFFICIAL,
                55,
                24,
                6,
                1.4,
                False,
                10_000,
                _patrolling(unit),
            )
            found.append(ShipVoice(vessel, station, start_ms))
        else:
            found.append(_terminal(unit.ident, "", _patrolling(unit), start_ms, codes))
    truck = _terminal(cast.TRUCK.ident, cast.TRUCK.plate, scenes.truck(), start_ms, codes)
    truck.load = lambda t: 3 if t < scenes.REACHES_PIT_MS + 8 * scenes.MINUTE else 0
    found.append(truck)
    for number, other in enumerate(cast.OTHER_TRUCKS):
        found.append(_terminal(other.ident, other.plate, scenes.honest_truck(number), start_ms, codes))
    return found


def _terminal(
    ident: str, plate: str, motion: Motion, start_ms: int, codes: Mapping[str, str]
) -> TerminalVoice:
    return TerminalVoice(Terminal(ident, plate, code=codes.get(ident, "")), ident, motion, start_ms)


def speech(speakers: list[Voice], from_ms: int, to_ms: int) -> Iterator[Said]:
    """What is said from `from_ms` on and before `to_ms`, in order of time; each keeps its own rhythm."""
    turns = []
    for number, voice in enumerate(speakers):
        phase = number * 7_919 % voice.every_ms
        first = from_ms + (phase - from_ms) % voice.every_ms
        turns.append((first, number))
    heapq.heapify(turns)
    while turns and turns[0][0] < to_ms:
        t_ms, number = turns[0]
        voice = speakers[number]
        heapq.heapreplace(turns, (t_ms + voice.every_ms, number))
        data = voice.say(t_ms)
        if data:
            yield Said(t_ms, voice.link, data)
