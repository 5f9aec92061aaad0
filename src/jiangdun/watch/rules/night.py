"""When it is night at a place: from sunset + 30 min to sunrise - 30 min, by the sun's position.

Declination and equation of time follow the NOAA solar calculator (Meeus, *Astronomical Algorithms*, ch. 25),
taken once per UTC hour; half the day's arc is tabled per hour and 0.01 degree of latitude in whole seconds.
After that only integers are compared, so a chunk cut anywhere gives the same answer. Within 60 degrees of the
equator the result agrees with the full formula to about 10 s.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from jiangdun.feeds.columns import DEGREE

DAY_MS: Final = 86_400_000
HOUR_MS: Final = 3_600_000
TWILIGHT_MS: Final = 30 * 60_000
"""Navigation and hunting texts count dusk and dawn as day: half an hour on either side."""

HORIZON_DEG: Final = -0.833
"""Height of the sun's centre at rise and set: refraction and its half diameter."""

_LAT_CELL: Final = DEGREE // 100
_ALIGN: Final = 64
_TABLE_MAX: Final = 250_000
"""Entries of one table (2 MB); what spreads wider is computed report by report."""

Ints = npt.NDArray[np.int64]


def sun(hour: Ints) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Declination in radians and equation of time in minutes, at hours since 1970 (UTC)."""
    century = (hour.astype(np.float64) / 24.0 + 2_440_587.5 - 2_451_545.0) / 36_525.0
    mean_long = np.radians((280.46646 + century * (36_000.76983 + century * 0.0003032)) % 360.0)
    anomaly = np.radians(357.52911 + century * (35_999.05029 - 0.0001537 * century))
    eccentric = 0.016708634 - century * (0.000042037 + 0.0000001267 * century)
    centre = (
        np.sin(anomaly) * (1.914602 - century * (0.004817 + 0.000014 * century))
        + np.sin(2 * anomaly) * (0.019993 - 0.000101 * century)
        + np.sin(3 * anomaly) * 0.000289
    )
    node = np.radians(125.04 - 1_934.136 * century)
    apparent = mean_long + np.radians(centre - 0.00569 - 0.00478 * np.sin(node))
    tilt = np.radians(
        23.0
        + (26.0 + (21.448 - century * (46.815 + century * (0.00059 - century * 0.001813))) / 60.0) / 60.0
        + 0.00256 * np.cos(node)
    )
    declination = np.arcsin(np.sin(tilt) * np.sin(apparent))
    y = np.tan(tilt / 2) ** 2
    equation = 4 * np.degrees(
        y * np.sin(2 * mean_long)
        - 2 * eccentric * np.sin(anomaly)
        + 4 * eccentric * y * np.sin(anomaly) * np.cos(2 * mean_long)
        - 0.5 * y * y * np.sin(4 * mean_long)
        - 1.25 * eccentric * eccentric * np.sin(2 * anomaly)
    )
    return declination, equation


def half_day_ms(hour: Ints, lat_cell: Ints) -> Ints:
    """From solar noon to sunset, whole seconds in ms; 0 = the sun stays down, half a day = it stays up."""
    declination, _ = sun(hour)
    lat = np.radians((lat_cell.astype(np.float64) + 0.5) / 100.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        cosine = (np.sin(np.radians(HORIZON_DEG)) - np.sin(lat) * np.sin(declination)) / (
            np.cos(lat) * np.cos(declination)
        )
    arc = np.arccos(np.clip(np.nan_to_num(cosine, nan=1.0), -1.0, 1.0))
    seconds: Ints = np.rint(arc / (2 * np.pi) * 86_400.0).astype(np.int64)
    return seconds * 1_000


def solar_equation_ms(hour: Ints) -> Ints:
    """Equation of time in ms, whole seconds."""
    return np.rint(sun(hour)[1] * 60.0).astype(np.int64) * 1_000


def is_night(t: npt.ArrayLike, lon: npt.ArrayLike, lat: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Whether it is night at each report. `t` in ms since 1970, `lon` and `lat` in 1/600000 degree."""
    when, east, north = (np.asarray(a, dtype=np.int64) for a in (t, lon, lat))
    if when.size == 0:
        return np.zeros(when.shape, dtype=np.bool_)
    hour = when // HOUR_MS
    cell = np.clip(north, -90 * DEGREE, 90 * DEGREE) // _LAT_CELL
    half, equation = _looked_up(hour, cell)
    solar = (when + (east * 2) // 5 + equation) % DAY_MS  # 4 min a degree = 0.4 ms a unit
    from_noon = np.abs(solar - DAY_MS // 2)
    night: npt.NDArray[np.bool_] = from_noon >= half + TWILIGHT_MS
    return night


def _looked_up(hour: Ints, cell: Ints) -> tuple[Ints, Ints]:
    first_hour, hours = int(hour.min()), int(hour.max()) - int(hour.min()) + 1
    first_cell = int(cell.min()) // _ALIGN * _ALIGN
    cells = (int(cell.max()) - first_cell) // _ALIGN * _ALIGN + _ALIGN
    if hours * cells > max(_TABLE_MAX, hour.size):
        return half_day_ms(hour, cell), solar_equation_ms(hour)
    table, equation = _table(first_hour, hours, first_cell, cells)
    row = hour - first_hour
    return table[row * cells + (cell - first_cell)], equation[row]


@lru_cache(maxsize=32)
def _table(first_hour: int, hours: int, first_cell: int, cells: int) -> tuple[Ints, Ints]:
    """Half days by hour and cell in one row after another, and the equation of time by hour.

    Live chunks come ten a second from one reach: without the cache each would compute the same few suns.
    """
    hour = np.arange(first_hour, first_hour + hours, dtype=np.int64)
    cell = np.arange(first_cell, first_cell + cells, dtype=np.int64)
    table, equation = half_day_ms(hour[:, None], cell[None, :]).ravel(), solar_equation_ms(hour)
    table.flags.writeable = equation.flags.writeable = False
    return table, equation
