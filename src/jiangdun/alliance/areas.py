"""Areas on the earth as people hand them in: GeoJSON, checked before anything is judged by it.

Degrees WGS-84, longitude first (RFC 7946). A ring that crosses itself has no inside that two people would agree
on, so it is refused and not mended.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from jiangdun.core.trouble import BadInput

VERTICES_MAX: Final = 2_000
POLYGONS_MAX: Final = 100


def read(given: object, field: str = "area") -> BaseGeometry:
    """The area `given` says: a Polygon or MultiPolygon. Raises BadInput naming `field` and what is wrong."""
    if not isinstance(given, Mapping) or given.get("type") not in ("Polygon", "MultiPolygon"):
        raise BadInput(field=field, reason="not_an_area")
    coordinates = given.get("coordinates")
    polygons = [coordinates] if given["type"] == "Polygon" else coordinates
    if not isinstance(polygons, list | tuple) or not 1 <= len(polygons) <= POLYGONS_MAX:
        raise BadInput(field=field, reason="not_an_area")
    count = sum(_vertices(polygon, field) for polygon in polygons)
    if count > VERTICES_MAX:
        raise BadInput(field=field, reason="too_many_points", most=VERTICES_MAX)
    area: BaseGeometry = shape({"type": given["type"], "coordinates": coordinates})
    if not area.is_valid or area.is_empty or not area.area > 0:
        raise BadInput(field=field, reason="crosses_itself")
    return area


def tidy(given: object, field: str = "area") -> dict[str, Any]:
    """`given`, checked, with nothing but its type and its coordinates: what is kept and signed."""
    read(given, field)
    assert isinstance(given, Mapping)
    return {"type": given["type"], "coordinates": _plain(given["coordinates"])}


def trusted(kept: Mapping[str, Any]) -> BaseGeometry:
    """An area `tidy` made, prepared for many questions."""
    area: BaseGeometry = shape(kept)
    shapely.prepare(area)
    return area


def _vertices(polygon: object, field: str) -> int:
    """How many points a polygon's rings have, each a closed ring of places on the earth."""
    if not isinstance(polygon, list | tuple) or not polygon:
        raise BadInput(field=field, reason="not_an_area")
    count = 0
    for ring in polygon:
        if not isinstance(ring, list | tuple):
            raise BadInput(field=field, reason="not_an_area")
        count += len(ring)
        if count > VERTICES_MAX:
            raise BadInput(field=field, reason="too_many_points", most=VERTICES_MAX)
        if not all(_is_place(point) for point in ring):
            raise BadInput(field=field, reason="not_a_place")
        if len(ring) < 4 or list(ring[0]) != list(ring[-1]):
            raise BadInput(field=field, reason="ring_is_open")
    return count


def _is_place(point: object) -> bool:
    if not isinstance(point, list | tuple) or len(point) != 2:
        return False
    if any(isinstance(value, bool) or not isinstance(value, int | float) for value in point):
        return False
    lon, lat = point
    return math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90


def _plain(coordinates: Any) -> Any:
    if isinstance(coordinates, list | tuple):
        return [_plain(one) for one in coordinates]
    return float(coordinates)
