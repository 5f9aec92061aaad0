"""The plane in which distances between tracks are taken: Mercator's, with the scale at one of the two.

One unit is 1/600000 degree at the equator; on the ground it is 0.1852 m (1/10000 nautical mile) divided by the scale
1 / cos(latitude). Angles are true, so speed and course are one vector. The tables hold whole numbers or multiples of
2^-20, so that no two machines differ in the last bit of a sine.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from jiangdun.feeds.columns import DEGREE
from jiangdun.watch.engine.jit import Ints, kernel

LAT_MAX: Final = 75 * DEGREE
"""Further north or south nothing is looked at: the scale runs away there, and so does the ice."""
STEP: Final = DEGREE // 100
"""The tables have one entry in 0.01 degree."""
PARTS: Final = 16
"""`NORTH` counts in sixteenths of a unit."""
UNIT_M: Final = 0.1852
"""One unit on the ground at the equator: 1/10000 of a nautical mile, of which a minute of latitude is one."""
DKN_PER_UNIT_S: Final = 3.6
"""0.1 kn is 1 / 3.6 units a second."""

Floats = npt.NDArray[np.float64]


class Plane(NamedTuple):
    north: Ints  # y of each 0.01 degree of latitude from LAT_MAX south on, in sixteenths of a unit
    scale: Floats  # 1 / cos in the middle of each 0.01 degree
    sine: Floats  # of each 0.1 degree
    cosine: Floats


def _make() -> Plane:
    n = 2 * LAT_MAX // STEP
    lats = [math.radians((i * STEP - LAT_MAX) / DEGREE) for i in range(n + 1)]
    unit = math.degrees(1) * DEGREE * PARTS
    fine = 1 << 20
    return Plane(
        np.array([round(unit * math.asinh(math.tan(lat))) for lat in lats], np.int64),
        np.array([round(fine / math.cos((a + b) / 2)) / fine for a, b in pairwise(lats)]),
        np.array([round(fine * math.sin(math.radians(i / 10))) / fine for i in range(3_600)]),
        np.array([round(fine * math.cos(math.radians(i / 10))) / fine for i in range(3_600)]),
    )


PLANE: Final = _make()


@kernel
def row_of(lat: int) -> int:
    """The entry of the tables for a latitude of at most LAT_MAX."""
    return min((lat + LAT_MAX) // STEP, 2 * LAT_MAX // STEP - 1)


@kernel
def north_of(plane: Plane, lat: int) -> float:
    """y of a latitude, a multiple of 1/16 unit; straight between the entries of the table (2 cm at most)."""
    i = row_of(lat)
    rest = lat + LAT_MAX - i * STEP
    return (plane.north[i] + ((plane.north[i + 1] - plane.north[i]) * rest) // STEP) / PARTS


@kernel
def lat_at(plane: Plane, y: float) -> int:
    """The latitude of a y, rounded down to the lattice; the inverse of `north_of`."""
    at = math.floor(y * PARTS)
    low = 0
    high = len(plane.north) - 1
    while high - low > 1:
        middle = (low + high) // 2
        if plane.north[middle] <= at:
            low = middle
        else:
            high = middle
    rest = ((at - plane.north[low]) * STEP) // (plane.north[low + 1] - plane.north[low])
    return min(max(low * STEP + rest - LAT_MAX, -LAT_MAX), LAT_MAX)


@kernel
def units(metres: float) -> float:
    """Metres on the ground as units at the equator."""
    return metres / UNIT_M
