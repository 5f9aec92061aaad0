"""Plane geometry the slow plain way, with fractions: what the kernels of geometry.py and grid.py are held to."""

from __future__ import annotations

from fractions import Fraction

from jiangdun.feeds.columns import DEGREE
from jiangdun.watch.rules.spec import ZoneSpec

from .axis import PlainAxis

Point = tuple[int, int]


class PlainZone:
    """A zone as rings of lattice points."""

    def __init__(self, spec: ZoneSpec) -> None:
        self.spec = spec
        self.axis = PlainAxis(spec)
        self.polygons = [
            [[(round(x * DEGREE), round(y * DEGREE)) for x, y in ring] for ring in polygon]
            for polygon in spec.polygons
        ]

    def in_force(self, t: int) -> bool:
        return self.spec.valid_from_ms <= t < self.spec.valid_to_ms

    def covers(self, p: Point) -> bool:
        return any(self._polygon_covers(polygon, p) for polygon in self.polygons)

    def _polygon_covers(self, polygon: list[list[Point]], p: Point) -> bool:
        odd = False
        for a, b in (edge for ring in polygon for edge in sides(ring)):
            if on_line(a, b, p):
                return True
            if (a[1] > p[1]) != (b[1] > p[1]):
                at = a[0] + Fraction((p[1] - a[1]) * (b[0] - a[0]), b[1] - a[1])
                odd ^= at > p[0]
        return odd

    def touches(self, p: Point, q: Point) -> list[Fraction]:
        """Where on the way p-q (0 to 1) it meets an edge of the zone; a shared stretch gives its two ends."""
        found = []
        for ring in (ring for polygon in self.polygons for ring in polygon):
            for a, b in sides(ring):
                found += meet(a, b, p, q)
        return found


def sides(ring: list[Point]) -> list[tuple[Point, Point]]:
    return [(a, b) for a, b in zip(ring, ring[1:] + ring[:1], strict=True) if a != b]


def on_line(a: Point, b: Point, p: Point) -> bool:
    level = (b[0] - a[0]) * (p[1] - a[1]) == (b[1] - a[1]) * (p[0] - a[0])
    return level and min(a[0], b[0]) <= p[0] <= max(a[0], b[0]) and min(a[1], b[1]) <= p[1] <= max(a[1], b[1])


def meet(a: Point, b: Point, p: Point, q: Point) -> list[Fraction]:
    """Shares of the way p-q at which it meets the segment a-b."""
    dx, dy, ex, ey = q[0] - p[0], q[1] - p[1], b[0] - a[0], b[1] - a[1]
    cross = dx * ey - dy * ex
    if cross:
        s = Fraction((a[0] - p[0]) * ey - (a[1] - p[1]) * ex, cross)
        u = Fraction((a[0] - p[0]) * dy - (a[1] - p[1]) * dx, cross)
        return [s] if 0 <= s <= 1 and 0 <= u <= 1 else []
    found = [_share(e, p, q) for e in (a, b) if on_line(p, q, e)] if p != q else []
    return found + [Fraction(k) for k, end in enumerate((p, q)) if on_line(a, b, end)]


def _share(e: Point, p: Point, q: Point) -> Fraction:
    return Fraction(e[0] - p[0], q[0] - p[0]) if q[0] != p[0] else Fraction(e[1] - p[1], q[1] - p[1])
