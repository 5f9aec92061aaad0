"""A zone on the lattice: its corners snapped, its edges made canonical."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

from jiangdun.feeds.columns import DEGREE
from jiangdun.watch.rules.spec import ZoneSpec

from .jit import Ints
from .limits import BadZone

Ring = Sequence[tuple[float, float]]
UNIT_M: Final = 1_852 / 10_000
"""1/600000 degree of latitude is a 10,000th of a nautical mile."""


@dataclass(frozen=True, slots=True)
class Outline:
    """One zone on the lattice: edges of all its parts, canonical, and where each part ends."""

    edges: Ints  # (n, 4)
    part_ends: tuple[int, ...]


def snap(degrees: npt.ArrayLike) -> Ints:
    """Degrees to 1/600000 degree: nearest, halves to even."""
    return np.rint(np.asarray(degrees, np.float64) * DEGREE).astype(np.int64)


def units(metres: float) -> int:
    """Metres in units of latitude, rounded."""
    return round(metres / UNIT_M)


def outline(spec: ZoneSpec) -> Outline:
    """Snap a zone. Raises BadZone where nothing is left of it, or a vertex lies off the globe."""
    edges: list[Ints] = []
    ends: list[int] = []
    for polygon in spec.polygons:
        for at, ring in enumerate(polygon):
            found = _ring_edges(spec.zone_id, ring)
            if found is None:
                if at == 0:
                    raise BadZone(
                        spec.zone_id, "a polygon has fewer than three different corners; draw it larger"
                    )
                continue  # a hole smaller than the lattice is no hole
            edges.append(found)
        ends.append(sum(len(e) for e in edges))
    if not edges:
        raise BadZone(spec.zone_id, "it has no polygon")
    return Outline(np.concatenate(edges), tuple(ends))


def _ring_edges(zone_id: str, ring: Ring) -> Ints | None:
    points = np.asarray(ring, np.float64).reshape(-1, 2)
    if not np.isfinite(points).all() or (np.abs(points) > (180.0, 90.0)).any():
        raise BadZone(zone_id, "a corner lies off the globe; give (longitude, latitude) in degrees, WGS-84")
    corners = snap(points)
    corners = corners[np.any(corners != np.roll(corners, 1, axis=0), axis=1)]
    if len(np.unique(corners, axis=0)) < 3:
        return None
    edges = np.concatenate([corners, np.roll(corners, -1, axis=0)], axis=1)
    turn = (edges[:, 1] > edges[:, 3]) | ((edges[:, 1] == edges[:, 3]) & (edges[:, 0] > edges[:, 2]))
    edges[turn] = edges[turn][:, [2, 3, 0, 1]]
    return edges


def widened(spec: ZoneSpec, metres: float) -> ZoneSpec:
    """The zone and all that lies within `metres` of it (of no class, so that no rule names it).

    Drawn in the plane that touches the globe at the zone's middle latitude, corners rounded by 8 chords a
    quarter, snapped: what comes out is a zone like any other, and as exact.
    """
    outer = np.concatenate([np.asarray(polygon[0], np.float64).reshape(-1, 2) for polygon in spec.polygons])
    if not np.isfinite(outer).all():
        raise BadZone(
            spec.zone_id, "a corner lies off the globe; give (longitude, latitude) in degrees, WGS-84"
        )
    level = max(0.01, float(np.cos(np.radians((outer[:, 1].min() + outer[:, 1].max()) / 2))))
    scale = np.array([level, 1.0])
    parts = [
        shapely.Polygon(*_rings(polygon, scale)) for polygon in spec.polygons if len(set(polygon[0])) >= 3
    ]
    shape = shapely.buffer(
        shapely.make_valid(shapely.union_all(parts)), metres / UNIT_M / DEGREE, quad_segs=8
    )
    found = [p for p in getattr(shape, "geoms", [shape]) if not p.is_empty]
    return replace(spec, kind="", polygons=tuple(_drawn(p, scale) for p in found))


def _rings(polygon: Sequence[Ring], scale: npt.NDArray[np.float64]) -> tuple[Ring, list[Ring]]:
    rings = [[(x, y) for x, y in np.asarray(ring, np.float64) * scale] for ring in polygon]
    return rings[0], [ring for ring in rings[1:] if len(ring) >= 3]


def _drawn(
    polygon: shapely.Polygon, scale: npt.NDArray[np.float64]
) -> tuple[tuple[tuple[float, float], ...], ...]:
    low, high = np.array([-180.0, -90.0]), np.array([180.0, 90.0])
    rings = (polygon.exterior, *polygon.interiors)
    corners = (np.clip(shapely.get_coordinates(ring) / scale, low, high) for ring in rings)
    return tuple(tuple((x, y) for x, y in (snap(ring) / DEGREE).tolist()) for ring in corners)
