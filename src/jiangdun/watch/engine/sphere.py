"""Distances on the lattice, in units of latitude: the plane at the middle latitude, whole numbers throughout."""

from __future__ import annotations

from typing import Final

from jiangdun.feeds.columns import DEGREE

from .axis import COSINES, ONE
from .jit import Ints, kernel

ROUND: Final = 360 * DEGREE
TENTH: Final = DEGREE // 10


@kernel
def far2(cosines: Ints, x0: int, y0: int, x1: int, y1: int) -> int:
    """The square of the distance between two points, over the date line where that is shorter."""
    dx = abs(x1 - x0)
    if 2 * dx > ROUND:
        dx = ROUND - dx
    dx = dx * cosines[abs((y0 + y1) >> 1) // TENTH] >> 15
    return dx * dx + (y1 - y0) * (y1 - y0)


def plain_far2(a: tuple[int, int], b: tuple[int, int]) -> int:
    """The slow twin of `far2`."""
    apart = abs(a[0] - b[0])
    wide = min(apart, ROUND - apart) * COSINES[abs((a[1] + b[1]) // 2) // TENTH] // ONE
    return wide**2 + (a[1] - b[1]) ** 2
