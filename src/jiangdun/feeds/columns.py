"""The columns every report travels in, from the hub to the engine and the archive.

A *report* is one position of one track. Reports never travel alone: the hub cuts a chunk of
columns at least every 100 ms. Values are rounded here, once, so that what the engine sees is
what the archive holds and a backtest can repeat it exactly.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

DEGREE: Final = 600_000
"""Units of `lon` and `lat` in one degree: AIS resolution, 1/10000 minute (ITU-R M.1371)."""

NO_SPEED: Final = 65_535
NO_COURSE: Final = 65_535
NO_HEADING: Final = 65_535
NO_LENGTH: Final = 0
NO_NAV_STATUS: Final = 15

COLUMNS: Final = np.dtype(
    [
        ("track", "<i8"),  # see `track_id`
        ("t", "<i8"),  # ms since 1970, UTC; decided once, in the hub
        ("lon", "<i4"),  # 1/600000 degree, WGS-84
        ("lat", "<i4"),
        ("sog_dkn", "<u2"),  # 0.1 kn over ground, NO_SPEED = not known
        ("cog_ddeg", "<u2"),  # 0.1 degree over ground, NO_COURSE = not known
        ("heading_ddeg", "<u2"),  # 0.1 degree, NO_HEADING = not known
        ("length_dm", "<u2"),  # last known length overall, 0 = not known
        ("kind", "u1"),  # `Kind`, last known
        ("nav", "u1"),  # AIS navigational status, 15 = not known
        ("rank", "u1"),  # source rank: the smaller wins where track and t are equal
        ("flags", "<u2"),  # `Flag`
    ]
)
"""One packed row, 37 bytes. Its fields are the names and dtypes of all columns, in order."""

Columns = dict[str, npt.NDArray[np.generic]]
"""Struct of arrays: each name of `COLUMNS` with an array of that dtype, all of one length."""


class Kind(IntEnum):
    """What moves. Vessels lie below 32, vehicles from 32, people from 48, aircraft from 56."""

    UNKNOWN_VESSEL = 0
    CARGO = 1
    TANKER = 2
    PASSENGER = 3
    FISHING = 4
    TUG = 5
    DREDGER = 6
    SAND_CARRIER = 7
    PLEASURE = 8
    HIGH_SPEED = 9
    OFFICIAL = 10
    PILOT = 11
    RESCUE = 12
    AID_TO_NAVIGATION = 13
    BASE_STATION = 14
    OTHER_VESSEL = 15
    FERRY = 16
    VEHICLE = 32
    TRUCK = 33
    CAR = 34
    PATROL_CAR = 35
    PERSON = 48
    OFFICER = 49
    AIRCRAFT = 56
    DRONE = 57


class Flag(IntEnum):
    """Bits of the `flags` column."""

    LATE = 1  # t < the watermark stamped on its chunk; decided once, for ever
    HEARD_TIME = 2  # the device's clock was no use, t is the time of hearing
    SOS = 4  # the device reports an emergency
    LOAD_HALF = 8  # JT/T 808 load bits 01
    LOAD_FULL = 16  # JT/T 808 load bits 11
    LOAD_KNOWN = 32
    NO_FIX = 64  # device says the position is not fixed: heard, never moved (not given to rules)


SHARDS: Final = 64


def shard_of(track: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
    """Shard of each track id (splitmix64 finaliser, modulo 64); fixed for the life of an archive."""
    z = track.astype(np.uint64)
    with np.errstate(over="ignore"):
        z = z + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((z ^ (z >> np.uint64(31))) % np.uint64(SHARDS)).astype(np.uint8)


def track_id(source: str, ident: str) -> int:
    """The track of a device: the MMSI itself for AIS, else 2^62 plus 60 bits of a hash of source and
    ident.
    """
    if source == "ais":
        return int(ident)
    digest = hashlib.blake2b(f"{source}:{ident}".encode(), digest_size=8).digest()
    return (1 << 62) | (int.from_bytes(digest, "big") & ((1 << 60) - 1))


@dataclass(frozen=True, slots=True)
class Chunk:
    """What the log carries: reports that arrived together, stamped.

    `position` counts reports: row i of this chunk is report `position + i` of the log.
    `wm_ms` is the watermark: max(ingest clock) - 30 s, monotone over the log.
    """

    position: int
    wm_ms: int
    rows: npt.NDArray[np.void]  # dtype COLUMNS

    @property
    def columns(self) -> Columns:
        """Contiguous arrays, one for each field."""
        return {name: np.ascontiguousarray(self.rows[name]) for name in COLUMNS.names or ()}
