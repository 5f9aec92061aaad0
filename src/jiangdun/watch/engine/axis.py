"""The axis of a lane: the way its traffic runs, what lies off it, what speed is along it. Words: docs/operators.md."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from jiangdun.feeds.columns import NO_COURSE
from jiangdun.watch.rules.spec import OffAxis, ZoneSpec

from .jit import Ints, kernel
from .limits import BadZone
from .outline import snap

ONE: Final = 1 << 15
TURN: Final = 3_600
COSINES: Final = tuple(round(math.cos(math.radians(tenth / 10)) * ONE) for tenth in range(TURN // 2 + 1))
"""Of 0 to 180 degrees by tenths, in 2^-15: whole numbers, so that every machine finds the same."""
AXIS_WIDTH: Final = 6
X0, Y0, X1, Y1, BEARING, LEVEL = range(AXIS_WIDTH)  # from, to, its bearing (0.1 degree), cos(latitude) * 2^15


def axis_of(spec: ZoneSpec) -> list[tuple[int, ...]]:
    """The pieces of a zone's axis as rows of AXIS_WIDTH; none where it has no axis.

    Raises BadZone for an axis off the globe, or one that is a single spot.
    """
    points = np.asarray(spec.axis, np.float64).reshape(-1, 2)
    if not len(points):
        return []
    if not np.isfinite(points).all() or (np.abs(points) > (180.0, 90.0)).any():
        raise BadZone(
            spec.zone_id, "its axis lies off the globe; give (longitude, latitude) in degrees, WGS-84"
        )
    level = round(math.cos(math.radians((points[:, 1].min() + points[:, 1].max()) / 2)) * ONE)
    corners = snap(points).tolist()
    rows: list[tuple[int, ...]] = []
    for (x0, y0), (x1, y1) in pairwise(corners):
        if (x0, y0) != (x1, y1):
            bearing = math.degrees(math.atan2((x1 - x0) * level / ONE, y1 - y0))
            rows.append((x0, y0, x1, y1, round(bearing * 10) % TURN, level))
    if not rows:
        raise BadZone(
            spec.zone_id, "its axis is a single spot; give two points or more, the way traffic runs"
        )
    return rows


@kernel
def nearest_piece(axes: Ints, first: int, end: int, x: int, y: int) -> int:
    """The piece of the axis that is nearest to a point; the first of several as near."""
    best = first
    if end - first == 1:
        return best
    least = 0.0
    for a in range(first, end):
        level = axes[a, LEVEL] / ONE
        ux = (axes[a, X1] - axes[a, X0]) * level
        uy = float(axes[a, Y1] - axes[a, Y0])
        vx = (x - axes[a, X0]) * level
        vy = float(y - axes[a, Y0])
        share = min(max((ux * vx + uy * vy) / (ux * ux + uy * uy), 0.0), 1.0)
        dx = vx - share * ux
        dy = vy - share * uy
        far = dx * dx + dy * dy
        if a == first or far < least:
            best = a
            least = far
    return best


@kernel
def off_by(bearing: int, course: int) -> int:
    """The angle between two directions, 0 to 1800 tenths of a degree."""
    angle = abs(bearing - course)
    return TURN - angle if angle > TURN // 2 else angle


@kernel
def course_met(axes: Ints, first: int, end: int, x: int, y: int, course: int, over: int, under: int) -> bool:
    """Whether a course at a point lies between the limits off the axis; never, where either is not known."""
    if first == end or course >= TURN:
        return False
    return over < off_by(axes[nearest_piece(axes, first, end, x, y), BEARING], course) < under


@kernel
def speed_along(
    axes: Ints, cosines: Ints, first: int, end: int, x: int, y: int, course: int, speed: int
) -> int:
    """The part of a speed that runs along the axis, 0 against it; NO_COURSE where it is not known."""
    if first == end or course >= TURN or speed == NO_COURSE:
        return NO_COURSE
    share = cosines[off_by(axes[nearest_piece(axes, first, end, x, y), BEARING], course)]
    return max(0, (speed * share + ONE // 2) >> 15)


@kernel
def way_met(
    axes: Ints, cosines: Ints, first: int, end: int, ax: int, ay: int, bx: int, by: int, over: int, under: int
) -> bool:
    """Whether the way a-b lies between the limits off the axis, taken where the middle of the way is."""
    if first == end or (ax == bx and ay == by):
        return False
    piece = nearest_piece(axes, first, end, (ax + bx) >> 1, (ay + by) >> 1)
    bearing = axes[piece, BEARING]
    dx = (bx - ax) * (axes[piece, LEVEL] / ONE)
    dy = float(by - ay)
    along = dx * cosines[off_by(bearing, TURN // 4)] + dy * cosines[off_by(bearing, 0)]
    length = np.sqrt(dx * dx + dy * dy)
    if over >= 0 and not along < length * cosines[over]:
        return False
    return not (under <= TURN // 2 and not along > length * cosines[under])


class PlainAxis:
    """The slow twin: directions as lists, one point at a time."""

    def __init__(self, spec: ZoneSpec) -> None:
        self.pieces = axis_of(spec)

    def _nearest(self, x: int, y: int) -> tuple[int, ...]:
        return min(self.pieces, key=lambda piece: self._far(piece, x, y))

    @staticmethod
    def _far(piece: Sequence[int], x: int, y: int) -> float:
        level = piece[LEVEL] / ONE
        ux, uy = (piece[X1] - piece[X0]) * level, float(piece[Y1] - piece[Y0])
        vx, vy = (x - piece[X0]) * level, float(y - piece[Y0])
        share = min(max((ux * vx + uy * vy) / (ux * ux + uy * uy), 0.0), 1.0)
        dx, dy = vx - share * ux, vy - share * uy
        return dx * dx + dy * dy

    def off(self, at: tuple[int, int], course: int) -> int | None:
        """Tenths of a degree between a course and the axis."""
        if not self.pieces or course >= TURN:
            return None
        turn = (course - self._nearest(*at)[BEARING]) % TURN
        return min(turn, TURN - turn)

    def met(self, limits: OffAxis, at: tuple[int, int], course: int) -> bool:
        off = self.off(at, course)
        if off is None:
            return False
        return (limits.over_ddeg is None or off > limits.over_ddeg) and (
            limits.under_ddeg is None or off < limits.under_ddeg
        )

    def way_met(self, limits: OffAxis, a: tuple[int, int], b: tuple[int, int]) -> bool:
        if not self.pieces or a == b:
            return False
        piece = self._nearest((a[0] + b[0]) // 2, (a[1] + b[1]) // 2)
        dx, dy = (b[0] - a[0]) * (piece[LEVEL] / ONE), float(b[1] - a[1])
        along = dx * _cosine(piece[BEARING] - TURN // 4) + dy * _cosine(piece[BEARING])
        length = math.sqrt(dx * dx + dy * dy)
        return (limits.over_ddeg is None or along < length * _cosine(limits.over_ddeg)) and (
            limits.under_ddeg is None or along > length * _cosine(limits.under_ddeg)
        )

    def speed_along(self, at: tuple[int, int], course: int, speed_dkn: int) -> int | None:
        off = self.off(at, course)
        if off is None:
            return None
        return max(0, math.floor(speed_dkn * _cosine(off) / ONE + 0.5))


def _cosine(tenths: int) -> int:
    turn = tenths % TURN
    return COSINES[min(turn, TURN - turn)]
