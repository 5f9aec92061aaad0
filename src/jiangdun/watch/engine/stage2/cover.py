"""cover: a zone that no capable unit could reach in time. Words: docs/operators.md."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import numpy as np

from jiangdun.feeds.columns import DEGREE
from jiangdun.watch.engine.jit import Ints, making_entry
from jiangdun.watch.engine.limits import ALWAYS, NEVER
from jiangdun.watch.engine.plan import Asked
from jiangdun.watch.rules.spec import Cover, RuleSpec, ZoneSpec

from .found import MINUTE_MS, Found, renumbered
from .plane import DKN_PER_UNIT_S, LAT_MAX, PLANE, UNIT_M, Floats
from .snapshot import SOURCES, Snapshot
from .world import Bools, World, norths_of

FRESH_MS: Final = 360_000
"""A unit not heard for longer is not counted on [C]."""

ZONE, SINCE, DONE, FIRED = range(4)
WIDTH: Final = 4
"""A row of the state: zone, first tick without cover (NEVER = covered), whether it was said, last alert."""


def own_memory_ms(for_ms: int) -> int:
    """How far back a fix can matter to a zone without cover."""
    return for_ms + FRESH_MS + MINUTE_MS


def _entry_points(sources: str):  # type: ignore[no-untyped-def]
    @making_entry
    def square_to_edges(edges: Floats, x: float, y: float) -> float:
        """Square of the distance from a point to the nearest of the edges (x0, y0, x1, y1)."""
        len(sources)
        best = np.inf
        for e in range(len(edges)):
            dx = edges[e, 2] - edges[e, 0]
            dy = edges[e, 3] - edges[e, 1]
            px = x - edges[e, 0]
            py = y - edges[e, 1]
            long = dx * dx + dy * dy
            share = 0.0
            if long > 0.0:
                share = min(max((px * dx + py * dy) / long, 0.0), 1.0)
            ox = px - dx * share
            oy = py - dy * share
            best = min(best, ox * ox + oy * oy)
        return best

    return square_to_edges


square_to_edges = _entry_points(SOURCES)


class Uncovered:
    """One rule's zones, as the settled pass knows them."""

    every_ms: Final = MINUTE_MS
    fresh_ms: Final = FRESH_MS
    eager: Final = False

    def __init__(self, rule: RuleSpec, when: Cover, asked: Asked, world: World) -> None:
        self.rule, self.when, self.asked, self.world = rule, when, asked, world
        self.zones = [k for k, of in enumerate(world.at(when.place)) if of]
        self._edges = {k: edges_of(world.zones[k]) for k in self.zones}
        self.rows = np.array([[k, NEVER, 0, NEVER] for k in self.zones], np.int64).reshape(-1, WIDTH)

    def arrays(self) -> dict[str, Ints]:
        return {"rows": self.rows}

    def restore(self, kept: Mapping[str, Ints], zones: Ints) -> None:
        """`zones`: the new number of each old zone, -1 = gone."""
        old = kept["rows"]
        old[:, ZONE] = renumbered(old[:, ZONE], zones)
        for row in self.rows:
            same = old[old[:, ZONE] == row[ZONE]]
            if len(same):
                row[:] = same[0]

    def idle_due(self, tick: int) -> int:
        """When something happens though no unit is heard: now, where a zone is not yet without cover."""
        if tick < self.rule.valid_from_ms:
            return self.rule.valid_from_ms
        if tick >= self.rule.valid_to_ms:
            return tick if (self.rows[:, SINCE] != NEVER).any() else ALWAYS
        due = ALWAYS
        for zone, since, done, _ in self.rows.tolist():
            spec = self.world.zones[zone]
            if tick < spec.valid_from_ms:
                due = min(due, spec.valid_from_ms)
            elif tick >= spec.valid_to_ms:
                due = min(due, tick if since != NEVER else ALWAYS)
            elif since == NEVER:
                return tick
            elif not done:
                due = min(due, since + self.when.for_ms)
        return due

    def step(self, tick: int, seen: Snapshot) -> list[Found]:
        """The zones that complete the rule at this tick."""
        in_force = self.rule.valid_from_ms <= tick < self.rule.valid_to_ms
        units = seen.only(seen.bit(self.asked.one) & (tick - seen.t <= FRESH_MS))
        units = units.only(~self.world.exempt(self.rule, units.lon, units.lat, tick))
        inside = self.world.pairs(units.lon, units.lat, tick)
        found = []
        for row in self.rows:
            zone = self.world.zones[row[ZONE]]
            if not in_force or not zone.valid_from_ms <= tick < zone.valid_to_ms:
                row[[SINCE, DONE]] = NEVER, 0
                continue
            nearest_m = self._nearest_m(int(row[ZONE]), units, inside)
            if nearest_m <= self._reach_m():
                row[[SINCE, DONE]] = NEVER, 0
                continue
            if row[SINCE] == NEVER:
                row[SINCE] = tick
            if not row[DONE] and tick - row[SINCE] >= self.when.for_ms:
                row[DONE] = 1
                if row[FIRED] == NEVER or tick - row[FIRED] >= self.rule.cooldown_ms:
                    row[FIRED] = tick
                    found.append(self._found(tick, row, len(units.track), nearest_m))
        return found

    def _reach_m(self) -> float:
        return self.when.pace_dkn / DKN_PER_UNIT_S * UNIT_M * (self.when.reach_ms / 1000)

    def _nearest_m(self, zone: int, units: Snapshot, inside: Bools) -> float:
        """How far the nearest unit is from the zone, straight over land and water."""
        nearest = math.inf
        for u in range(len(units.track)):
            if inside[u, zone]:
                return 0.0
            d2 = square_to_edges(self._edges[zone], units.x[u], units.y[u])
            nearest = min(nearest, math.sqrt(d2) * (UNIT_M / float(units.scale[u])))
        return nearest

    def _found(self, tick: int, row: Ints, units: int, nearest_m: float) -> Found:
        values: dict[str, float | int | str] = {
            "units": units,
            "reach_s": self.when.reach_ms / 1000,
            "uncovered_s": (tick - int(row[SINCE])) / 1000,
        }
        if math.isfinite(nearest_m):
            values["nearest_m"] = round(nearest_m, 1)
        return Found(int(row[SINCE]), int(row[ZONE]), (), values, (0,))


def edges_of(zone: ZoneSpec) -> Floats:
    """(n, 4) the zone's edges on the plane; what lies beyond it is left out."""
    out = []
    for polygon in zone.polygons:
        for ring in polygon:
            points = [(round(lon * DEGREE), round(lat * DEGREE)) for lon, lat in ring]
            points = [p for p in points if abs(p[1]) <= LAT_MAX]
            if not points:
                continue
            x = np.array([float(lon) for lon, _ in points])
            y = norths_of(PLANE, np.array([lat for _, lat in points], np.int64))
            out.append(np.column_stack([x, y, np.roll(x, -1), np.roll(y, -1)]))
    return np.concatenate(out) if out else np.empty((0, 4))
