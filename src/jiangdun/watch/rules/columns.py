"""The columns a condition may name: one table for the parser, the evaluator, the sentences and the docs.

Each column is derived from `jiangdun.feeds.columns.COLUMNS`. An array that stands for "not known" in the wire
format is NULL here, and NULL compares to nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np
import numpy.typing as npt

from jiangdun.feeds.columns import (
    DEGREE,
    NO_COURSE,
    NO_HEADING,
    NO_LENGTH,
    NO_NAV_STATUS,
    NO_SPEED,
    Flag,
    Kind,
)

from .errors import Said
from .night import DAY_MS, HOUR_MS, is_night

Raw = Mapping[str, npt.NDArray[np.generic]]
Known = npt.NDArray[np.bool_] | None
"""Where a value is known; None = everywhere."""

UTC_OFFSET_MS: Final = 8 * HOUR_MS
"""Local time on the whole river (China has one time and no summer time)."""


class Type(Enum):
    NUMBER = "number"
    BOOLEAN = "boolean"
    KIND = "kind name"
    LOAD = "load name"


KINDS: Final[Mapping[str, int]] = {kind.name.lower(): int(kind) for kind in Kind}
LOADS: Final[Mapping[str, int]] = {"empty": 0, "half": 1, "full": 2}
WORDS: Final[Mapping[Type, Mapping[str, int]]] = {Type.KIND: KINDS, Type.LOAD: LOADS}
"""The names that stand for the values of a word column, with the code each is compared by."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: `derive` gives values and where they are known, from the raw columns of a chunk."""

    name: str
    type: Type
    unit: Said
    said: Said
    how: str
    derive: Callable[[Raw], tuple[npt.NDArray[np.generic], Known]]


def _scaled(
    name: str, divisor: float, unknown: int | None
) -> Callable[[Raw], tuple[npt.NDArray[np.generic], Known]]:
    def derive(raw: Raw) -> tuple[npt.NDArray[np.generic], Known]:
        values = raw[name]
        known = None if unknown is None else values != unknown
        if known is not None and bool(known.all()):
            known = None
        return np.divide(values, divisor, dtype=np.float64), known

    return derive


def _kind(raw: Raw) -> tuple[npt.NDArray[np.generic], Known]:
    return raw["kind"].astype(np.int64), None


def _hour_local(raw: Raw) -> tuple[npt.NDArray[np.generic], Known]:
    t = raw["t"].astype(np.int64)
    return ((t + UTC_OFFSET_MS) % DAY_MS) / float(HOUR_MS), None


def _is_night(raw: Raw) -> tuple[npt.NDArray[np.generic], Known]:
    return is_night(raw["t"], raw["lon"], raw["lat"]), None


def _sos(raw: Raw) -> tuple[npt.NDArray[np.generic], Known]:
    return (raw["flags"].astype(np.int64) & int(Flag.SOS)) != 0, None


def _load(raw: Raw) -> tuple[npt.NDArray[np.generic], Known]:
    flags = raw["flags"].astype(np.int64)
    full, half = (flags & int(Flag.LOAD_FULL)) != 0, (flags & int(Flag.LOAD_HALF)) != 0
    codes = np.where(full, LOADS["full"], np.where(half, LOADS["half"], LOADS["empty"]))
    return codes, (flags & int(Flag.LOAD_KNOWN)) != 0


_KN, _DEG, _M, _NONE = Said("节", "kn"), Said("度", "deg"), Said("米", "m"), Said("", "")

_TABLE: Final = (
    Column("speed_kn", Type.NUMBER, _KN, Said("航速", "speed"), "sog_dkn / 10, NULL at 65535",
           _scaled("sog_dkn", 10.0, NO_SPEED)),
    Column("course_deg", Type.NUMBER, _DEG, Said("航向", "course"), "cog_ddeg / 10, NULL at 65535",
           _scaled("cog_ddeg", 10.0, NO_COURSE)),
    Column("heading_deg", Type.NUMBER, _DEG, Said("船首向", "heading"), "heading_ddeg / 10, NULL at 65535",
           _scaled("heading_ddeg", 10.0, NO_HEADING)),
    Column("length_m", Type.NUMBER, _M, Said("长度", "length"), "length_dm / 10, NULL at 0",
           _scaled("length_dm", 10.0, NO_LENGTH)),
    Column("kind", Type.KIND, _NONE, Said("类型", "kind"), "name of kind in lower case", _kind),
    Column("nav_status", Type.NUMBER, _NONE, Said("航行状态码", "navigational status"),
           "nav (ITU-R M.1371), NULL at 15", _scaled("nav", 1.0, NO_NAV_STATUS)),
    Column("lon", Type.NUMBER, _DEG, Said("经度", "longitude"), "lon / 600000, WGS-84",
           _scaled("lon", float(DEGREE), None)),
    Column("lat", Type.NUMBER, _DEG, Said("纬度", "latitude"), "lat / 600000, WGS-84",
           _scaled("lat", float(DEGREE), None)),
    Column("hour_local", Type.NUMBER, Said("时", "h"), Said("本地时刻", "local hour"),
           "hours since local midnight at UTC+8, 0 <= h < 24; 22.5 is 22:30", _hour_local),
    Column("is_night", Type.BOOLEAN, _NONE, Said("夜间", "it is night"),
           "sunset + 30 min to sunrise - 30 min at the report's t, lon, lat (NOAA formula)", _is_night),
    Column("sos", Type.BOOLEAN, _NONE, Said("设备报警求救", "the device reports an emergency"),
           "flag SOS", _sos),
    Column("load", Type.LOAD, _NONE, Said("载货状态", "load"),
           "'empty', 'half' or 'full' from the flags, NULL where the device does not say", _load),
)  # fmt: skip

COLUMNS: Final[Mapping[str, Column]] = {column.name: column for column in _TABLE}
