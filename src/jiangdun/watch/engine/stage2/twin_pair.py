"""The slow plain twin of pair: every pair of every tick. Words: docs/operators.md."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from jiangdun.feeds.columns import DEGREE, NO_SPEED
from jiangdun.watch.engine.limits import NEVER
from jiangdun.watch.rules.spec import Pair, RuleSpec

from . import pair as P
from .found import TICK_MS
from .plane import UNIT_M
from .twin_seen import PlainFound, PlainSeen, Point, first_zone, lat_of, north

if TYPE_CHECKING:
    from jiangdun.watch.engine.plain import PlainZone


@dataclass
class PlainMeeting:
    start: int
    last: int
    run: int
    zone: int
    fired: int = NEVER


class PlainMeetings:
    """One pair rule in one pass."""

    every = TICK_MS

    def __init__(self, rule: RuleSpec, when: Pair, number: int, zones: list[PlainZone]) -> None:
        self.rule, self.when, self.number, self.zones = rule, when, number, zones
        self.met: dict[tuple[int, int], PlainMeeting] = {}
        self.close: dict[tuple[int, int], tuple[int, int]] = {}  # since, last

    def step(self, tick: int, seen: list[PlainSeen]) -> list[PlainFound]:
        if not self.rule.valid_from_ms <= tick < self.rule.valid_to_ms:
            seen = []
        fit = [s for s in seen if any(s.asked[self.number][1:]) and self._can_meet(s, tick)]
        pairs = [(a, b) for k, a in enumerate(fit) for b in fit[k + 1 :]]
        self._convoys(tick, pairs)
        found = []
        for a, b in pairs:
            values = self._meet(a, b, tick)
            if values is not None and self._counts(a, b, tick):
                done = self._see(a, b, tick, values)
                found += [] if done is None else [done]
        return found

    def _can_meet(self, s: PlainSeen, tick: int) -> bool:
        if tick - s.t > P.FRESH_MS or s.sog == NO_SPEED:
            return False
        return self.when.lying if s.sog < P.STILL_DKN else s.cog < 3_600

    def _convoys(self, tick: int, pairs: list[tuple[PlainSeen, PlainSeen]]) -> None:
        for a, b in pairs:
            if min(a.sog, b.sog) < P.STILL_DKN:
                continue
            (ax, ay), (bx, by) = a.by_now(tick), b.by_now(tick)
            limit = P.CONVOY_M / UNIT_M * a.scale
            if (bx - ax) * (bx - ax) + (by - ay) * (by - ay) <= limit * limit:
                since, last = self.close.get((a.track, b.track), (tick, tick))
                self.close[a.track, b.track] = (since if tick - last <= P.CONVOY_GAP_MS else tick, tick)
        self.close = {k: v for k, v in self.close.items() if tick - v[1] <= P.CONVOY_GAP_MS}

    def _counts(self, a: PlainSeen, b: PlainSeen, tick: int) -> bool:
        (_, a1, a2), (_, b1, b2) = a.asked[self.number], b.asked[self.number]
        if not (a1 and b2) and not (b1 and a2):
            return False
        since, last = self.close.get((a.track, b.track), (tick, tick))
        if last - since >= P.CONVOY_MS:
            return False
        return not any(first_zone(self.zones, p, s.at, tick) >= 0 for p in self.rule.unless for s in (a, b))

    def _meet(self, a: PlainSeen, b: PlainSeen, tick: int) -> dict[str, float | int | str] | None:
        """What is said of a pair that will be too close."""
        lane = self._lane(a, tick)
        if lane < 0 or lane != self._lane(b, tick):
            lane = -1
        (ax, ay, au, av), (bx, by, bu, bv) = self._motion(a, tick, lane), self._motion(b, tick, lane)
        k2 = a.scale * a.scale
        dx, dy, du, dv = bx - ax, by - ay, bu - au, bv - av
        now2, w = dx * dx + dy * dy, du * du + dv * dv
        toward = -(dx * du + dy * dv)
        soon, close = self.when.within_ms / 1000, self.when.closer_m / UNIT_M
        far = P.reach_m(self.when.closer_m, soon) / UNIT_M
        if w < P.ZERO2 * k2 or toward < 0 or toward > soon * w or now2 > far * far * k2:
            return None
        if not now2 * w - toward * toward < close * close * k2 * w:
            return None
        turn = abs(a.cog - b.cog)
        both_move = min(a.sog, b.sog) >= P.STILL_DKN
        if both_move and min(turn, 3_600 - turn) < P.ALIKE_DDEG and w < P.ALIKE2 * k2:
            return None
        then = toward / w
        where = ((ax + au * then + bx + bu * then) / 2, (ay + av * then + by + bv * then) / 2)
        x, y = where if lane < 0 else self._on_plane(lane, where)
        lon, lat = math.floor(x + 0.5), lat_of(y)
        if self.when.place is not None and first_zone(self.zones, self.when.place, (lon, lat), tick) < 0:
            return None
        then2 = max(now2 - toward * toward / w, 0.0)
        per_m = UNIT_M / a.scale
        return {
            "closer_m": self.when.closer_m, "within_s": soon, "cpa_m": round(math.sqrt(then2) * per_m, 1),
            "tcpa_s": round(then, 1), "distance_m": round(math.sqrt(now2) * per_m, 1),
            "other_track": str(b.track), "other_speed_kn": b.sog / 10, "speed_kn": a.sog / 10,
            "meeting_lon": round(lon / DEGREE, 6), "meeting_lat": round(lat / DEGREE, 6),
        }  # fmt: skip

    def _see(
        self, a: PlainSeen, b: PlainSeen, tick: int, values: dict[str, float | int | str]
    ) -> PlainFound | None:
        key = a.track, b.track
        known = self.met.get(key)
        if known is None or tick - known.last > P.GAP_MS:
            at = round(float(values["meeting_lon"]) * DEGREE), round(float(values["meeting_lat"]) * DEGREE)
            zone = -1 if self.when.place is None else first_zone(self.zones, self.when.place, at, tick)
            fired = known.fired if known is not None else NEVER
            known = self.met[key] = PlainMeeting(tick, tick, 0, zone, fired)
        known.last, known.run = tick, known.run + 1
        if known.run != self.when.ticks:
            return None
        if known.fired != NEVER and tick - known.fired < self.rule.cooldown_ms:
            return None
        known.fired = tick
        return PlainFound(known.start, known.zone, (a, b), values)

    # -- lanes

    def _lane(self, s: PlainSeen, tick: int) -> int:
        if self.when.along is None:
            return -1
        with_axis = [z if len(z.spec.axis) > 1 else None for z in self.zones]
        for number, zone in enumerate(with_axis):
            if zone is not None and first_zone([zone], self.when.along, s.at, tick) == 0:
                return number
        return -1

    def _axis(self, lane: int) -> list[Point]:
        points = [(round(x * DEGREE), round(y * DEGREE)) for x, y in self.zones[lane].spec.axis]
        return [(float(x), north(y)) for k, (x, y) in enumerate(points) if k == 0 or (x, y) != points[k - 1]]

    def _legs(self, lane: int) -> list[tuple[Point, float, float, float, float]]:
        """(corner, way along at it, length, direction) of each leg."""
        axis, along, out = self._axis(lane), 0.0, []
        for (x0, y0), (x1, y1) in pairwise(axis):
            dx, dy = x1 - x0, y1 - y0
            long = math.sqrt(dx * dx + dy * dy)
            out.append(((x0, y0), along, along + long, dx / long, dy / long))
            along += long
        return out

    def _motion(self, s: PlainSeen, tick: int, lane: int) -> tuple[float, float, float, float]:
        x, y = s.by_now(tick)
        vx, vy = (0.0, 0.0) if s.sog < P.STILL_DKN else s.velocity
        if lane < 0:
            return x, y, vx, vy
        legs, near = self._legs(lane), []
        for k, ((x0, y0), along, end, east, nor) in enumerate(legs):
            dx, dy = x - x0, y - y0
            rest = dx * east + dy * nor
            rest = rest if k == 0 else max(rest, 0.0)
            rest = rest if k == len(legs) - 1 else min(rest, end - along)
            fx, fy = dx - east * rest, dy - nor * rest
            off = math.sqrt(fx * fx + fy * fy)
            near.append((fx * fx + fy * fy, k, along + rest, off if east * dy - nor * dx >= 0 else -off))
        _, k, along, off = min(near)
        east, nor = legs[k][3:]
        return along, off, vx * east + vy * nor, vy * east - vx * nor

    def _on_plane(self, lane: int, where: Point) -> Point:
        legs = self._legs(lane)
        s, n = where
        (x, y), along, _, east, nor = [leg for k, leg in enumerate(legs) if k == 0 or leg[1] <= s][-1]
        return x + east * (s - along) - nor * n, y + nor * (s - along) + east * n
