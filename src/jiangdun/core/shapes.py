"""Areas on the earth as GeoJSON has them, read strictly: what is wrong says where it is and what to do.

Coordinates are degrees WGS-84, longitude first (RFC 7946), snapped to the grid positions are kept on.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Final

import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.validation import explain_validity

from jiangdun.core.geo import UNITS_PER_DEGREE as GRID

VERTICES_MAX: Final = 10_000
"""Vertices one area may have."""

Ring = tuple[tuple[float, float], ...]
Polygons = tuple[tuple[Ring, ...], ...]
"""Coordinates of a GeoJSON MultiPolygon."""

SAY: Final[Mapping[str, tuple[str, str]]] = {
    "not_area": (
        "几何类型 {value} 不是面,请用 Polygon 或 MultiPolygon",
        "geometry {value} is not an area; use Polygon or MultiPolygon",
    ),
    "bad_position": ("坐标 {value} 不是 [经度, 纬度]", "position {value} is not [longitude, latitude]"),
    "swapped": (
        "坐标 {value} 的经纬度颠倒,应为 [{hint}]",
        "position {value} has latitude first; write [{hint}]",
    ),
    "outside_world": ("坐标 {value} 不在地球上", "position {value} is outside the world"),
    "too_few": (
        "环至少需要 4 个点(首尾相同),现有 {value} 个",
        "a ring needs 4 positions or more, it has {value}",
    ),
    "not_closed": (
        "环未闭合,请在末尾重复第一个点 [{value}]",
        "the ring is not closed; repeat its first position [{value}] at its end",
    ),
    "self_crossing": (
        "边界自相交或孔洞有误({value}),请在该处修改边界",
        "the boundary crosses itself or a hole is wrong ({value}); mend it there",
    ),
    "too_thin": ("面积为零或窄于网格,请核对坐标", "its area is nothing on our grid; check the coordinates"),
    "too_many_vertices": ("顶点超过 {value} 个,请抽稀", "more than {value} vertices; simplify it"),
}
"""Code of a refusal → (中文, English), with gaps for `value` and `hint`."""


class Refused(Exception):
    """What cannot be taken as an area: `code` names the sentence in `SAY`, `value` and `hint` fill it."""

    def __init__(self, code: str, value: object = "", hint: str = "") -> None:
        super().__init__(code)
        self.code, self.value, self.hint = code, str(value)[:120], hint

    def say(self, lang: str) -> str:
        """The sentence a person reads: `lang` zh or en."""
        return SAY[self.code][0 if lang.startswith("zh") else 1].format(value=self.value, hint=self.hint)


def count_vertices(polygons: Polygons) -> int:
    return sum(len(ring) for polygon in polygons for ring in polygon)


def polygons_of(geometry: object, vertices_max: int = VERTICES_MAX) -> Polygons:
    """The polygons of a GeoJSON Polygon or MultiPolygon, snapped to the grid. Raises Refused."""
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    coordinates = geometry.get("coordinates") if isinstance(geometry, dict) else None
    if kind == "Polygon":
        coordinates = [coordinates]
    elif kind != "MultiPolygon":
        raise Refused("not_area", kind)
    if not isinstance(coordinates, list) or not coordinates:
        raise Refused("too_few", 0)
    vertices = 0
    polygons = []
    for given in coordinates:
        if not isinstance(given, list) or not given:
            raise Refused("too_few", 0)
        rings = []
        for ring in given:
            vertices += len(ring) if isinstance(ring, list) else 0
            if vertices > vertices_max:
                raise Refused("too_many_vertices", vertices_max)
            rings.append(_ring(ring))
        polygons.append(tuple(rings))
    _check_shape(tuple(polygons))
    return _snapped(tuple(polygons))


def line_of(positions: Iterable[object]) -> Ring:
    """Positions one after another, snapped to the grid. Raises Refused."""
    return _snapped([[tuple(_position(position) for position in positions)]])[0][0]


def _ring(given: object) -> Ring:
    if not isinstance(given, list):
        raise Refused("bad_position", given)
    if len(given) < 3:
        raise Refused("too_few", len(given))
    ring = tuple(_position(position) for position in given)
    if ring[0] != ring[-1]:
        raise Refused("not_closed", f"{ring[0][0]:g}, {ring[0][1]:g}")
    if len(ring) < 4:
        raise Refused("too_few", len(ring))
    return ring


def _position(given: object) -> tuple[float, float]:
    if not isinstance(given, list) or len(given) < 2 or any(isinstance(n, bool) for n in given[:2]):
        raise Refused("bad_position", given)
    try:
        lon, lat = float(given[0]), float(given[1])
    except (TypeError, ValueError, OverflowError):
        raise Refused("bad_position", given) from None
    if isinstance(given[0], str) or isinstance(given[1], str):
        raise Refused("bad_position", given)
    if not (math.isfinite(lon) and math.isfinite(lat)):
        raise Refused("outside_world", f"[{lon}, {lat}]")
    # Latitudes of 73 to 90 with the longitudes of 3 to 54 would be ice; it is China with its axes swapped.
    if abs(lon) <= 90 < abs(lat) <= 180 or (3 <= lon <= 54 and 73 <= lat <= 90):
        raise Refused("swapped", f"[{lon:g}, {lat:g}]", f"{lat:g}, {lon:g}")
    if abs(lon) > 180 or abs(lat) > 90:
        raise Refused("outside_world", f"[{lon:g}, {lat:g}]")
    return lon, lat


def _check_shape(polygons: Polygons) -> None:
    shape = shape_of(polygons)
    if not shapely.is_valid(shape):
        raise Refused("self_crossing", explain_validity(shape))
    snapped = shape_of(_snapped(polygons))
    if snapped.is_empty or snapped.area <= 0:
        raise Refused("too_thin")
    if not shapely.is_valid(snapped):
        raise Refused("self_crossing", explain_validity(snapped))


def shape_of(polygons: Polygons) -> MultiPolygon:
    """The polygons as shapely has them."""
    return MultiPolygon([Polygon(rings[0], rings[1:]) for rings in polygons])


def _snapped(polygons: Iterable[Iterable[Ring]]) -> Polygons:
    return tuple(
        tuple(tuple((round(x * GRID) / GRID, round(y * GRID) / GRID) for x, y in ring) for ring in rings)
        for rings in polygons
    )
