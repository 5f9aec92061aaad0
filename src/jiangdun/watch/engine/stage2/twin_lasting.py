"""The slow plain twins of what lasts: rendezvous, group and cover. Words: docs/operators.md."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from jiangdun.feeds.columns import NO_SPEED
from jiangdun.watch.engine.limits import FORGET_MS, NEVER
from jiangdun.watch.rules.spec import Cover, Group, Rendezvous, RuleSpec

from .cover import FRESH_MS as COVER_FRESH_MS
from .found import MINUTE_MS
from .group import FRESH_MS as GROUP_FRESH_MS
from .plane import DKN_PER_UNIT_S, UNIT_M
from .rendezvous import FRESH_MS as RENDEZVOUS_FRESH_MS
from .twin_seen import PlainFound, PlainSeen, first_zone, north

if TYPE_CHECKING:
    from jiangdun.watch.engine.plain import PlainZone


def far(a: PlainSeen, b: PlainSeen) -> float:
    """Square of the distance between two last fixes."""
    (ax, ay), (bx, by) = a.place, b.place
    return (bx - ax) * (bx - ax) + (by - ay) * (by - ay)


def within(a: PlainSeen, square: float, metres: float) -> bool:
    limit = metres / UNIT_M * a.scale
    return square <= limit * limit


@dataclass
class PlainEncounter:
    seen: int
    came: bool
    start: int | None = None
    held: int = NEVER
    done: bool = False
    fired: int = NEVER
    zone: int = -1


class PlainEncounters:
    """One rendezvous rule."""

    every = MINUTE_MS

    def __init__(self, rule: RuleSpec, when: Rendezvous, number: int, zones: list[PlainZone]) -> None:
        self.rule, self.when, self.number, self.zones = rule, when, number, zones
        self.met: dict[tuple[int, int], PlainEncounter] = {}
        self.known: dict[int, int] = {}

    def step(self, tick: int, seen: list[PlainSeen]) -> list[PlainFound]:
        in_force = self.rule.valid_from_ms <= tick < self.rule.valid_to_ms
        seen = [s for s in seen if s.asked[self.number][0] and tick - s.t <= RENDEZVOUS_FRESH_MS and in_force]
        before = {track for track, last in self.known.items() if tick - last <= FORGET_MS}
        self.known |= {s.track: tick for s in seen}
        found = []
        for k, a in enumerate(seen):
            for b in seen[k + 1 :]:
                key = a.track, b.track
                if not within(a, far(a, b), self.when.apart_m):
                    self._part(key, tick)
                    continue
                met = self.met.get(key)
                if met is None or tick - met.seen > FORGET_MS:
                    came = a.track in before and b.track in before
                    met = self.met[key] = PlainEncounter(tick, came)
                met.seen = tick
                if self._near(a, b, tick) and met.came:
                    found += self._together(met, a, b, tick)
        return found

    def _part(self, key: tuple[int, int], tick: int) -> None:
        met = self.met.pop(key, None)
        if met is None or tick - met.seen > FORGET_MS or met.fired == NEVER:
            return
        if tick - met.fired < self.rule.cooldown_ms:
            self.met[key] = PlainEncounter(tick, True, fired=met.fired)

    def _near(self, a: PlainSeen, b: PlainSeen, tick: int) -> bool:
        (_, a1, a2), (_, b1, b2) = a.asked[self.number], b.asked[self.number]
        if not (a1 and b2) and not (b1 and a2):
            return False
        if not within(a, far(a, b), self.when.nearer_m):
            return False
        if any(first_zone(self.zones, p, s.at, tick) >= 0 for p in self.rule.unless for s in (a, b)):
            return False
        place = self.when.place
        return place is None or all(first_zone(self.zones, place, s.at, tick) >= 0 for s in (a, b))

    def _together(self, met: PlainEncounter, a: PlainSeen, b: PlainSeen, tick: int) -> list[PlainFound]:
        if met.start is None or tick - met.held > self.when.tolerate_ms:
            met.start, met.done = tick, False
            place = self.when.place
            met.zone = -1 if place is None else first_zone(self.zones, place, a.at, tick)
        met.held = tick
        if met.done or tick - met.start < self.when.for_ms:
            return []
        met.done = True
        if met.fired != NEVER and tick - met.fired < self.rule.cooldown_ms:
            return []
        met.fired = tick
        values: dict[str, float | int | str] = {
            "nearer_m": self.when.nearer_m, "distance_m": round(math.sqrt(far(a, b)) * (UNIT_M / a.scale), 1),
            "together_s": (tick - met.start) / 1000, "other_track": str(b.track),
        }  # fmt: skip
        speeds = {"speed_kn": a.sog, "other_speed_kn": b.sog}
        values |= {name: sog / 10 for name, sog in speeds.items() if sog != NO_SPEED}
        return [PlainFound(met.start, met.zone, (a, b), values)]


@dataclass
class PlainBand:
    start: int
    last: int
    founder: int
    zone: int
    members: set[int]
    done: bool = False


class PlainBands:
    """One group rule."""

    every = MINUTE_MS

    def __init__(self, rule: RuleSpec, when: Group, number: int, zones: list[PlainZone]) -> None:
        self.rule, self.when, self.number, self.zones = rule, when, number, zones
        self.bands: list[PlainBand] = []

    def step(self, tick: int, seen: list[PlainSeen]) -> list[PlainFound]:
        parts = self._parts(tick, [s for s in seen if self._counts(s, tick)])
        patience = max(self.when.tolerate_ms, MINUTE_MS)
        self.bands = [b for b in self.bands if tick - b.last <= patience]
        found, ended = [], []
        for part in parts:
            tracks = {s.track for s in part}
            heirs = [b for b in self.bands if 2 * len(b.members & tracks) > len(b.members)]
            heirs.sort(key=lambda b: (b.start, b.founder))
            ended += heirs[1:]
            if heirs:
                band = heirs[0]
            else:
                place = self.when.place
                zone = -1 if place is None else first_zone(self.zones, place, part[0].at, tick)
                band = PlainBand(tick, tick, part[0].track, zone, tracks)
                self.bands.append(band)
            band.last, band.members = tick, tracks
            if not band.done and tick - band.start >= self.when.for_ms:
                band.done = True
                found.append(self._found(tick, part, band))
        self.bands = [b for b in self.bands if b not in ended]
        return found

    def _counts(self, s: PlainSeen, tick: int) -> bool:
        if not self.rule.valid_from_ms <= tick < self.rule.valid_to_ms or tick - s.t > GROUP_FRESH_MS:
            return False
        if not s.asked[self.number][1] or s.sog == NO_SPEED or s.sog < self.when.moving_dkn or s.cog >= 3_600:
            return False
        if any(first_zone(self.zones, p, s.at, tick) >= 0 for p in self.rule.unless):
            return False
        return self.when.place is None or first_zone(self.zones, self.when.place, s.at, tick) >= 0

    def _parts(self, tick: int, seen: list[PlainSeen]) -> list[list[PlainSeen]]:
        """Those that hang together, in the order of their lowest track."""
        left, parts = list(seen), []
        while left:
            part, front = [], [left.pop(0)]
            while front:
                one = front.pop()
                part.append(one)
                beside = [s for s in left if self._linked(tick, one, s)]
                front += beside
                left = [s for s in left if s not in beside]
            if len(part) >= self.when.members:
                parts.append(sorted(part, key=lambda s: s.track))
        return parts

    def _linked(self, tick: int, *two: PlainSeen) -> bool:
        a, b = sorted(two, key=lambda s: s.track)
        (ax, ay), (bx, by), (au, av), (bu, bv) = a.by_now(tick), b.by_now(tick), a.velocity, b.velocity
        if not within(a, (bx - ax) * (bx - ax) + (by - ay) * (by - ay), self.when.nearer_m):
            return False
        most = self.when.alike_dkn / DKN_PER_UNIT_S * a.scale
        return (bu - au) * (bu - au) + (bv - av) * (bv - av) <= most * most

    def _found(self, tick: int, part: list[PlainSeen], band: PlainBand) -> PlainFound:
        values: dict[str, float | int | str] = {
            "members": len(part), "nearer_m": self.when.nearer_m, "together_s": (tick - band.start) / 1000,
            "founder": str(band.founder), "speed_kn": round(sum(s.sog for s in part) / len(part) / 10, 1),
        }  # fmt: skip
        return PlainFound(band.start, band.zone, tuple(part), values, (band.founder,))


class PlainUncovered:
    """One cover rule."""

    every = MINUTE_MS

    def __init__(self, rule: RuleSpec, when: Cover, number: int, zones: list[PlainZone]) -> None:
        self.rule, self.when, self.number, self.zones = rule, when, number, zones
        self.since: dict[int, int] = {}
        self.said: set[int] = set()
        self.fired: dict[int, int] = {}

    def step(self, tick: int, seen: list[PlainSeen]) -> list[PlainFound]:
        in_force = self.rule.valid_from_ms <= tick < self.rule.valid_to_ms
        units = [s for s in seen if s.asked[self.number][1] and tick - s.t <= COVER_FRESH_MS]
        units = [
            s for s in units if not any(first_zone(self.zones, p, s.at, tick) >= 0 for p in self.rule.unless)
        ]
        reach = self.when.pace_dkn / DKN_PER_UNIT_S * UNIT_M * (self.when.reach_ms / 1000)
        found = []
        for number, zone in enumerate(self.zones):
            place = self.when.place
            named = (
                place.kind == zone.spec.kind if place.kind is not None else place.zone_id == zone.spec.zone_id
            )
            if not named:
                continue
            nearest = min((self._far(zone, s) for s in units), default=math.inf)
            if not in_force or not zone.in_force(tick) or nearest <= reach:
                self.since.pop(number, None)
                self.said.discard(number)
                continue
            since = self.since.setdefault(number, tick)
            if number in self.said or tick - since < self.when.for_ms:
                continue
            self.said.add(number)
            if number in self.fired and tick - self.fired[number] < self.rule.cooldown_ms:
                continue
            self.fired[number] = tick
            values: dict[str, float | int | str] = {
                "units": len(units), "reach_s": self.when.reach_ms / 1000, "uncovered_s": (tick - since) / 1000,
            }  # fmt: skip
            values |= {"nearest_m": round(nearest, 1)} if math.isfinite(nearest) else {}
            found.append(PlainFound(since, number, (), values, (0,)))
        return found

    def _far(self, zone: PlainZone, s: PlainSeen) -> float:
        if zone.covers(s.at):
            return 0.0
        x, y = s.place
        best = math.inf
        for ring in (ring for polygon in zone.polygons for ring in polygon):
            for (ax, ay), (bx, by) in pairwise([*ring, ring[0]]):
                x0, y0, x1, y1 = float(ax), north(ay), float(bx), north(by)
                dx, dy, px, py = x1 - x0, y1 - y0, x - x0, y - y0
                long = dx * dx + dy * dy
                share = min(max((px * dx + py * dy) / long, 0.0), 1.0) if long > 0 else 0.0
                ox, oy = px - dx * share, py - dy * share
                best = min(best, ox * ox + oy * oy)
        return math.sqrt(best) * (UNIT_M / s.scale)
