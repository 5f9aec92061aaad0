"""The columns readings travel in. What a station measures is named by a code, a hash of the name the rule uses."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

READINGS: Final = np.dtype(
    [
        ("station", "<i8"),  # `feeds.columns.track_id("station", its id)`
        ("t", "<i8"),  # ms since 1970, UTC: the end of the time the value stands for
        ("what", "<u4"),  # `code_of` its name: pm25, wind-speed, wind-direction, coal-in
        ("value", "<f8"),  # in the unit of its name; NaN = not known
        ("flags", "<u2"),  # `Flag`
    ]
)
"""One packed row, 30 bytes."""


class Flag(IntEnum):
    """Bits of the `flags` column."""

    LATE = 1  # t < the watermark stamped on its chunk; decided once, for ever
    NOT_NORMAL = 2  # calibration, maintenance, fault (HJ 212: any flag but N): kept, not judged


@dataclass(frozen=True, slots=True)
class ReadingChunk:
    """Readings that arrived together: row i is reading `position + i` of their log."""

    position: int
    wm_ms: int
    rows: npt.NDArray[np.void]  # dtype READINGS


@dataclass(frozen=True, slots=True)
class StationSpec:
    """A station or site, degrees WGS-84."""

    station: int
    name_zh: str
    name_en: str
    lon: float
    lat: float


def code_of(name: str) -> int:
    """The code of what is measured: 32 bits of a hash of its name."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=4).digest(), "little")
