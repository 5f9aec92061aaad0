"""Zones and lanes as the operators over several tracks ask for them."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from jiangdun.feeds.columns import DEGREE
from jiangdun.watch.engine.grid import locate
from jiangdun.watch.engine.jit import Ints, making_entry
from jiangdun.watch.engine.limits import AXIS_POINTS_MAX, LimitExceeded
from jiangdun.watch.engine.plan import Compiled, is_at
from jiangdun.watch.rules.spec import Place, RuleSpec, ZoneSpec

from .plane import LAT_MAX, PLANE, Floats, Plane, lat_at, north_of
from .snapshot import SOURCES, Snapshot

Bools = npt.NDArray[np.bool_]


class Axis(NamedTuple):
    """A lane's middle line on the plane: corners, way along it at each, direction of each leg."""

    x: Floats
    y: Floats
    along: Floats
    east: Floats
    north: Floats


class Lanes(NamedTuple):
    """Where each track lies on its lane: the lane's number (-1 = on none), way along the axis, distance to the
    left of it, and its speed in these."""

    lane: Ints
    s: Floats
    n: Floats
    vs: Floats
    vn: Floats
    axes: dict[int, Axis]

    def places(self, lane: Ints, s: Floats, n: Floats) -> tuple[Floats, Floats]:
        """Places of the plane, of places on lanes."""
        x, y = np.empty(len(s)), np.empty(len(s))
        for k in range(len(s)):
            axis = self.axes[int(lane[k])]
            leg = min(max(int(np.searchsorted(axis.along, s[k], "right")) - 1, 0), len(axis.east) - 1)
            rest = s[k] - axis.along[leg]
            x[k] = axis.x[leg] + axis.east[leg] * rest - axis.north[leg] * n[k]
            y[k] = axis.y[leg] + axis.north[leg] * rest + axis.east[leg] * n[k]
        return x, y


def _entry_points(sources: str):  # type: ignore[no-untyped-def]
    @making_entry
    def lats_at(plane: Plane, y: Floats) -> Ints:
        len(sources)
        out = np.empty(len(y), np.int64)
        for i in range(len(y)):
            out[i] = lat_at(plane, y[i])
        return out

    @making_entry
    def norths_of(plane: Plane, lats: Ints) -> Floats:
        out = np.empty(len(lats))
        for i in range(len(lats)):
            out[i] = north_of(plane, lats[i])
        return out

    @making_entry
    def follow(
        ax: Floats, ay: Floats, along: Floats, east: Floats, north: Floats, x: Floats, y: Floats
    ) -> tuple[Ints, Floats, Floats]:
        """(leg, way along, distance to the left) of each point: of the nearest point of the axis, whose first and
        last legs go on for ever; of equal ones the first."""
        len(sources)
        leg = np.zeros(len(x), np.int64)
        s = np.zeros(len(x))
        n = np.zeros(len(x))
        legs = len(east)
        for i in range(len(x)):
            best = np.inf
            for k in range(legs):
                dx = x[i] - ax[k]
                dy = y[i] - ay[k]
                rest = dx * east[k] + dy * north[k]
                if k > 0:
                    rest = max(rest, 0.0)
                if k < legs - 1:
                    rest = min(rest, along[k + 1] - along[k])
                fx = dx - east[k] * rest
                fy = dy - north[k] * rest
                d2 = fx * fx + fy * fy
                if d2 < best:
                    best = d2
                    leg[i] = k
                    s[i] = along[k] + rest
                    left = east[k] * dy - north[k] * dx
                    n[i] = math.sqrt(d2) if left >= 0.0 else -math.sqrt(d2)
        return leg, s, n

    return lats_at, norths_of, follow


lats_at, norths_of, follow = _entry_points(SOURCES)


class World:
    """Places of the rules in force, over the zones of one plan."""

    def __init__(self, compiled: Compiled) -> None:
        self.zones = compiled.zones
        self._grid, self._rows = compiled.grid, compiled.plan.zones
        self._asked: dict[Place, Bools] = {}
        self._axes: dict[int, Axis] = {}

    def at(self, place: Place) -> Bools:
        """Which zones the place is."""
        if place not in self._asked:
            self._asked[place] = np.array([is_at(place, z) for z in self.zones], bool)
        return self._asked[place]

    def first_zone(self, place: Place | None, lon: Ints, lat: Ints, tick: int) -> Ints:
        """The first zone of the place, in the order of ids, that each point lies in; -1 = none."""
        if place is None:
            return np.full(len(lon), -1, np.int64)
        return self._first_of(self.at(place), lon, lat, tick)

    def pairs(self, lon: Ints, lat: Ints, tick: int) -> Bools:
        """(points, zones): which point lies in which zone."""
        inside = np.zeros((len(lon), len(self.zones)), bool)
        if len(lon):
            inside[locate(self._grid, self._rows, lon, lat, tick)] = True
        return inside

    def exempt(self, rule: RuleSpec, lon: Ints, lat: Ints, tick: int) -> Bools:
        """Which points lie in a place of the rule's `unless`."""
        out = np.zeros(len(lon), bool)
        for place in rule.unless:
            out |= self.first_zone(place, lon, lat, tick) >= 0
        return out

    def lanes(self, along: Place, seen: Snapshot, vx: Floats, vy: Floats, tick: int) -> Lanes:
        """Where each track lies on the first lane of the place that has an axis and holds its last fix."""
        has = [of and len(self._axis(k).east) > 0 for k, of in enumerate(self.at(along).tolist())]
        lane = self._first_of(np.array(has, bool), seen.lon, seen.lat, tick)
        s, n, vs, vn = (np.zeros(len(lane)) for _ in range(4))
        for number in np.unique(lane[lane >= 0]).tolist():
            axis = self._axis(number)
            own = np.flatnonzero(lane == number)
            leg, s[own], n[own] = follow(*axis, seen.px[own], seen.py[own])
            east, north = axis.east[leg], axis.north[leg]
            vs[own] = vx[own] * east + vy[own] * north
            vn[own] = vy[own] * east - vx[own] * north
        return Lanes(lane, s, n, vs, vn, self._axes)

    def _first_of(self, wanted: Bools, lon: Ints, lat: Ints, tick: int) -> Ints:
        found = np.full(len(lon), len(self.zones), np.int64)
        if wanted.any() and len(lon):
            points, zones = locate(self._grid, self._rows, lon, lat, tick)
            np.minimum.at(found, points[wanted[zones]], zones[wanted[zones]])
        return np.where(found < len(self.zones), found, -1)

    def _axis(self, number: int) -> Axis:
        if number not in self._axes:
            self._axes[number] = axis_of(self.zones[number])
        return self._axes[number]


def axis_of(zone: ZoneSpec) -> Axis:
    """The zone's axis on the plane; corners that coincide are one. Raises LimitExceeded."""
    if len(zone.axis) > AXIS_POINTS_MAX:
        raise LimitExceeded("corners of an axis", len(zone.axis), AXIS_POINTS_MAX, "simplify it")
    points = [(round(lon * DEGREE), round(lat * DEGREE)) for lon, lat in zone.axis]
    points = [p for k, p in enumerate(points) if abs(p[1]) <= LAT_MAX and (k == 0 or p != points[k - 1])]
    x = np.array([float(lon) for lon, _ in points])
    y = norths_of(PLANE, np.array([lat for _, lat in points], np.int64))
    dx, dy = np.diff(x), np.diff(y)
    long = np.sqrt(dx * dx + dy * dy)
    return Axis(x, y, np.r_[0.0, np.cumsum(long)], dx / long, dy / long)
