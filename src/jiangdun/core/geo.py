"""Places on the earth: three Chinese coordinate systems, the grid positions are kept on, distances, river
chainage.

Everything is kept as WGS-84 longitude, latitude in degrees (CGCS2000 counts as equal). GCJ-02 is WGS-84
shifted by some hundred metres inside China, BD-09 is GCJ-02 shifted again. The shift is the widely
published one (a = 6378245, ee = 0.00669342162296594323); inverses are iterated until they agree within 1e-9
degree.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

Point = tuple[float, float]
"""Longitude, latitude in degrees."""
Crs = Literal["wgs84", "cgcs2000", "gcj02", "bd09"]
Bank = Literal["left", "right", "middle"]

UNITS_PER_DEGREE = 600_000
"""The grid positions are kept on: 1/10,000 of a minute, as AIS sends them (about 0.18 m)."""
EARTH_M = 6_371_008.8
"""Mean radius of the earth, metres (IUGG)."""

_A = 6_378_245.0
_EE = 0.00669342162296594323
_BD_PI = math.pi * 3000.0 / 180.0
_ENOUGH = 1e-9
_STEPS_MAX = 30


def in_china_box(lon: float, lat: float) -> bool:
    """Whether GCJ-02 shifts here: the rectangle its published code uses, which is larger than China."""
    return 72.004 <= lon <= 137.8347 and 0.8293 <= lat <= 55.8271


def to_wgs84(lon: float, lat: float, crs: Crs) -> Point:
    """A point given in `crs`, as WGS-84."""
    match crs:
        case "gcj02":
            return gcj02_to_wgs84(lon, lat)
        case "bd09":
            return bd09_to_wgs84(lon, lat)
    return lon, lat


def from_wgs84(lon: float, lat: float, crs: Crs) -> Point:
    """A WGS-84 point as `crs` has it."""
    match crs:
        case "gcj02":
            return wgs84_to_gcj02(lon, lat)
        case "bd09":
            return wgs84_to_bd09(lon, lat)
    return lon, lat


def wgs84_to_gcj02(lon: float, lat: float) -> Point:
    """WGS-84 to GCJ-02; outside the box nothing moves."""
    if not in_china_box(lon, lat):
        return lon, lat
    return _shifted(lon, lat)


def gcj02_to_wgs84(lon: float, lat: float) -> Point:
    """GCJ-02 to WGS-84, within 1e-9 degree of what `wgs84_to_gcj02` would bring back.

    In the narrow strip along the box's edge where two answers are possible, the one inside the box is given.
    """
    guess = _undo(_shifted, lon, lat)
    return guess if in_china_box(*guess) else (lon, lat)


def gcj02_to_bd09(lon: float, lat: float) -> Point:
    """GCJ-02 to BD-09."""
    radius = math.hypot(lon, lat) + 0.00002 * math.sin(lat * _BD_PI)
    angle = math.atan2(lat, lon) + 0.000003 * math.cos(lon * _BD_PI)
    return radius * math.cos(angle) + 0.0065, radius * math.sin(angle) + 0.006


def bd09_to_gcj02(lon: float, lat: float) -> Point:
    """BD-09 to GCJ-02."""
    return _undo(gcj02_to_bd09, lon, lat)


def wgs84_to_bd09(lon: float, lat: float) -> Point:
    """WGS-84 to BD-09."""
    return gcj02_to_bd09(*wgs84_to_gcj02(lon, lat))


def bd09_to_wgs84(lon: float, lat: float) -> Point:
    """BD-09 to WGS-84."""
    return gcj02_to_wgs84(*bd09_to_gcj02(lon, lat))


def snap(degrees: float) -> int:
    """Degrees on the grid: the nearest whole number of 1/600,000 degree."""
    return round(degrees * UNITS_PER_DEGREE)


def unsnap(units: int) -> float:
    """Units of the grid as degrees."""
    return units / UNITS_PER_DEGREE


def distance_m(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Metres between two points over the sphere (haversine; within 0.6 % of the ellipsoid)."""
    phi1, phi2 = math.radians(lat1), math.radians(lat2)
    d_phi, d_lambda = phi2 - phi1, math.radians(lon2 - lon1)
    h = math.sin(d_phi / 2) ** 2 + math.cos(phi1) * math.cos(phi2) * math.sin(d_lambda / 2) ** 2
    return 2 * EARTH_M * math.asin(math.sqrt(min(1.0, h)))


def near_m(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Metres between two points on a flat map: quicker, and within 0.1 % of `distance_m` up to 50 km (to
    60° lat).
    """
    east, north = _flat(lon2 - lon1, lat2 - lat1, (lat1 + lat2) / 2)
    return math.hypot(east, north)


def bearing(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """The first direction from one point to another, degrees from north, [0, 360)."""
    phi1, phi2, d_lambda = math.radians(lat1), math.radians(lat2), math.radians(lon2 - lon1)
    east = math.sin(d_lambda) * math.cos(phi2)
    north = math.cos(phi1) * math.sin(phi2) - math.sin(phi1) * math.cos(phi2) * math.cos(d_lambda)
    turned = math.degrees(math.atan2(east, north)) % 360.0
    return 0.0 if turned == 360.0 else turned


@dataclass(frozen=True)
class Chainage:
    """A place by the river: kilometre mark, metres from the centreline, and the side seen downstream."""

    km: float
    offset_m: float
    bank: Bank


class Centreline:
    """The middle of a river as a line of points with kilometre marks.

    `points` are WGS-84 and `km` their marks, rising or falling along the line (Yangtze marks rise upstream).
    `downstream` says which way water flows: towards smaller marks unless told "rising". Raises ValueError.
    """

    def __init__(
        self,
        points: Sequence[Point],
        km: Sequence[float],
        downstream: Literal["falling", "rising"] = "falling",
    ) -> None:
        if len(points) != len(km) or len(points) < 2:
            raise ValueError("a centreline needs two points or more, and one km mark for each")
        pairs = sorted(zip(km, points, strict=True), reverse=downstream == "falling")
        self._km = [float(mark) for mark, _ in pairs]
        self._points = [point for _, point in pairs]  # in the order the water takes
        if any(a == b for a, b in zip(self._km, self._km[1:], strict=False)):
            raise ValueError("two points of a centreline have the same km mark")
        if list(km) not in (self._km, self._km[::-1]):
            raise ValueError("the km marks of a centreline must rise or fall all along it")

    def chainage(self, lon: float, lat: float) -> Chainage:
        """The nearest place on the line. Beyond an end the end's mark is given, with the distance to it.

        Left and right are those of someone looking downstream; within 1 m of the line it is the middle.
        """
        best = (math.inf, 0.0, 0.0)
        for index in range(len(self._points) - 1):
            squared, share, side = self._against(index, lon, lat)
            if squared < best[0]:
                mark = self._km[index] + share * (self._km[index + 1] - self._km[index])
                best = (squared, mark, side)
        offset = math.sqrt(best[0])
        bank: Bank = "middle" if offset < 1.0 else "left" if best[2] > 0 else "right"
        return Chainage(best[1], offset, bank)

    def point(self, km: float) -> Point:
        """The point of the line at a mark. Raises ValueError for a mark beyond its ends."""
        order = self._km if self._km[0] < self._km[-1] else self._km[::-1]
        points = self._points if order is self._km else self._points[::-1]
        if not order[0] <= km <= order[-1]:
            raise ValueError(f"km {km} is not between {order[0]} and {order[-1]}")
        index = min(bisect_right(order, km), len(order) - 1)
        share = (km - order[index - 1]) / (order[index] - order[index - 1])
        (lon1, lat1), (lon2, lat2) = points[index - 1], points[index]
        return lon1 + share * (lon2 - lon1), lat1 + share * (lat2 - lat1)

    def _against(self, index: int, lon: float, lat: float) -> tuple[float, float, float]:
        """(metres squared to a piece of the line, share of it passed, side: above 0 is left)."""
        (lon1, lat1), (lon2, lat2) = self._points[index], self._points[index + 1]
        along_x, along_y = _flat(lon2 - lon1, lat2 - lat1, lat)
        off_x, off_y = _flat(lon - lon1, lat - lat1, lat)
        length = along_x**2 + along_y**2
        share = min(1.0, max(0.0, (along_x * off_x + along_y * off_y) / length)) if length else 0.0
        gap_x, gap_y = off_x - share * along_x, off_y - share * along_y
        return gap_x**2 + gap_y**2, share, along_x * off_y - along_y * off_x


def _flat(d_lon: float, d_lat: float, at_lat: float) -> Point:
    """A small step in degrees as metres east and north at a latitude."""
    metres = math.radians(1.0) * EARTH_M
    return ((d_lon + 180.0) % 360.0 - 180.0) * metres * math.cos(math.radians(at_lat)), d_lat * metres


def _undo(forward: Callable[[float, float], Point], lon: float, lat: float) -> Point:
    guess_lon, guess_lat = lon, lat
    for _ in range(_STEPS_MAX):
        there_lon, there_lat = forward(guess_lon, guess_lat)
        guess_lon += lon - there_lon
        guess_lat += lat - there_lat
        if abs(there_lon - lon) < _ENOUGH and abs(there_lat - lat) < _ENOUGH:
            break
    return guess_lon, guess_lat


def _shifted(lon: float, lat: float) -> Point:
    """The GCJ-02 shift itself, wherever the point lies."""
    x, y = lon - 105.0, lat - 35.0
    root, waves = math.sqrt(abs(x)), 20.0 * math.sin(6.0 * x * math.pi) + 20.0 * math.sin(2.0 * x * math.pi)
    d_lat = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    d_lat += 2.0 / 3.0 * (waves + 20.0 * math.sin(y * math.pi) + 40.0 * math.sin(y / 3.0 * math.pi))
    d_lat += 2.0 / 3.0 * (160.0 * math.sin(y / 12.0 * math.pi) + 320.0 * math.sin(y * math.pi / 30.0))
    d_lon = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    d_lon += 2.0 / 3.0 * (waves + 20.0 * math.sin(x * math.pi) + 40.0 * math.sin(x / 3.0 * math.pi))
    d_lon += 2.0 / 3.0 * (150.0 * math.sin(x / 12.0 * math.pi) + 300.0 * math.sin(x / 30.0 * math.pi))
    phi = math.radians(lat)
    magic = 1.0 - _EE * math.sin(phi) ** 2
    d_lat = d_lat * 180.0 / (_A * (1.0 - _EE) / (magic * math.sqrt(magic)) * math.pi)
    d_lon = d_lon * 180.0 / (_A / math.sqrt(magic) * math.cos(phi) * math.pi)
    return lon + d_lon, lat + d_lat
