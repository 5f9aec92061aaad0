"""A zone on the lattice: its corners snapped, its edges made canonical."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from jiangdun.feeds.columns import DEGREE
from jiangdun.watch.rules.spec import ZoneSpec

from .jit import Ints
from .limits import BadZone

Ring = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Outline:
    """One zone on the lattice: edges of all its parts, canonical, and where each part ends."""

    edges: Ints  # (n, 4)
    part_ends: tuple[int, ...]


def snap(degrees: npt.ArrayLike) -> Ints:
    """Degrees to 1/600000 degree: nearest, halves to even."""
    return np.rint(np.asarray(degrees, np.float64) * DEGREE).astype(np.int64)


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
