"""station: a value far above the station's own past and its neighbours', and the wind it came with.

Words: docs/operators.md. Rolling median + 3 x 1.4826 MAD and 1.5 x the neighbours [C]; the conditional probability
function m / n of each wind sector as in the literature (Ashbaugh 1985), calm dropped, sectors below 10 hours left out.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from jiangdun.watch.engine.jit import Ints, making_entry, sources_digest

Floats = npt.NDArray[np.float64]
SOURCES = sources_digest("readings")

SECTORS: Final = 16
"""Wind sectors of 22.5 degrees, the first around north."""
CALM_MS: Final = 1.0
"""Slower wind comes from nowhere: such hours are dropped."""
SAMPLES_MIN: Final = 10
"""A sector with fewer hours has no probability."""
MAD_TO_SIGMA: Final = 1.4826
"""Of a normal distribution, sigma / MAD."""


class Level(NamedTuple):
    """What a value is held against."""

    median: float
    mad: float
    samples: int


def _entry_points(sources: str):  # type: ignore[no-untyped-def]
    @making_entry
    def median_and_mad(values: Floats) -> tuple[float, float]:
        """The median of the values, and of their distances from it. There is at least one."""
        len(sources)
        n = len(values)
        ordered = np.sort(values)
        median = (ordered[(n - 1) // 2] + ordered[n // 2]) / 2.0
        for i in range(n):
            ordered[i] = abs(values[i] - median)
        ordered = np.sort(ordered)
        return median, (ordered[(n - 1) // 2] + ordered[n // 2]) / 2.0

    @making_entry
    def sector_counts(
        values: Floats, speeds: Floats, bearings: Floats, limit: float, calm: float, sectors: int
    ) -> tuple[Ints, Ints]:
        """Of each wind sector: hours with wind from it, and those of them with a value above the limit."""
        hours = np.zeros(sectors, np.int64)
        above = np.zeros(sectors, np.int64)
        width = 360.0 / sectors
        for i in range(len(values)):
            if speeds[i] >= calm:
                sector = int(math.floor(bearings[i] / width + 0.5)) % sectors  # noqa: RUF046 - a float in numba
                hours[sector] += 1
                above[sector] += values[i] > limit
        return hours, above

    return median_and_mad, sector_counts


median_and_mad, sector_counts = _entry_points(SOURCES)


def level(values: Floats) -> Level:
    """Median and MAD of the station's own past."""
    median, mad = median_and_mad(values)
    return Level(float(median), float(mad), len(values))


def is_spike(value: float, own: Level, neighbours: Sequence[float], mads: float, times: float) -> bool:
    """Whether a value stands out of its past, and of its neighbours where there are any."""
    if not value > own.median + mads * MAD_TO_SIGMA * own.mad:
        return False
    return not neighbours or value >= times * statistics.median(neighbours)


def percentile(values: Floats, above: int) -> float:
    """The value below which `above` percent of the values lie, straight between the two next to it."""
    ordered = np.sort(values)
    at = (len(ordered) - 1) * above / 100
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return float(ordered[low] + (ordered[high] - ordered[low]) * (at - low))


def probabilities(values: Floats, speeds: Floats, bearings: Floats, above: int) -> list[tuple[float, int]]:
    """(CPF, hours) of each sector; NaN where it has too few."""
    if not len(values):
        return [(math.nan, 0)] * SECTORS
    hours, high = sector_counts(values, speeds, bearings, percentile(values, above), CALM_MS, SECTORS)
    return [
        (h / n if n >= SAMPLES_MIN else math.nan, n)
        for h, n in zip(high.tolist(), hours.tolist(), strict=True)
    ]


def ranked(cpf: Sequence[tuple[float, int]]) -> list[int]:
    """Sectors that have a probability: the greatest first, of equal ones that with more hours, then by number."""
    known = [k for k, (p, _) in enumerate(cpf) if not math.isnan(p)]
    return sorted(known, key=lambda k: (-cpf[k][0], -cpf[k][1], k))


def bearing_deg(lon: float, lat: float, to_lon: float, to_lat: float) -> float:
    """From one place to another near it, 0 = north, clockwise: on the plane at the first one's latitude."""
    east = (to_lon - lon) * math.cos(math.radians(lat))
    return math.degrees(math.atan2(east, to_lat - lat)) % 360.0


def distance_m(lon: float, lat: float, to_lon: float, to_lat: float) -> float:
    """Between two places near one another (60 nautical miles a degree)."""
    east = (to_lon - lon) * math.cos(math.radians((lat + to_lat) / 2))
    return math.hypot(east, to_lat - lat) * 60 * 1852.0


def sector_of(bearing: float) -> int:
    """The wind sector that blows from there."""
    return math.floor(bearing / (360.0 / SECTORS) + 0.5) % SECTORS
