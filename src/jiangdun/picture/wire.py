"""The live picture as bytes, "JDF1": a head of 32 bytes, then entries by ascending handle, little-endian.

    head    'JDF1', u8 type (0 snapshot, 1 delta), u8 version 1, u16 scope, u32 seq, u32 count, i64 t_ms,
            u32 base (the seq this delta builds on), u32 0
    entry   varint g = handle gap << 2 | has_meta << 1 | has_motion; gap = handle - the handle before - 1,
            from -1
            zigzag varint dlon, dlat in 1/600000 degree against the value sent last (snapshot: against 0)
            with has_motion: varint speed in 0.1 kn + 1, varint course in 2 degrees + 1; 0 = not known
            with has_meta: u8 kind, u8 agency, u8 status (1 own unit, 2 SOS, 4 no fix), varint age in s

A varint holds 7 bits a byte, least first; the top bit says that more follow. A delta holds every target heard
since the frame before; one without meta was heard just now. Who gets a delta whose base is not the seq it has
asks for a snapshot.
"""

from __future__ import annotations

import struct
from typing import Any, Final

import numba
import numpy as np
import numpy.typing as npt

from jiangdun.feeds.columns import NO_COURSE, NO_SPEED

MAGIC: Final = b"JDF1"
VERSION: Final = 1
SNAPSHOT: Final = 0
DELTA: Final = 1

HEAD: Final = struct.Struct("<4sBBHIIqII")
ENTRY_BYTES_MAX: Final = 33
"""Five varints of five bytes, one of three and one of two, and three bytes: no entry is longer."""

FRESH_MS: Final = 10_000
"""A report so young counts as heard just now; an older one is told with its age."""

NOW: Final = np.dtype(
    [
        ("track", "<i8"),
        ("t", "<i8"),
        ("lon", "<i4"),
        ("lat", "<i4"),
        ("sog", "<u2"),
        ("cog", "<u2"),
        ("heading", "<u2"),
        ("length", "<u2"),
        ("kind", "u1"),
        ("nav", "u1"),
        ("rank", "u1"),
        ("status", "u1"),
        ("agency", "u1"),
        ("placed", "u1"),  # has a position
        ("heard", "u1"),  # since the last frame
        ("retired", "u1"),  # its track has a newer handle
    ],
    align=True,
)
"""What is so of each handle; units as in `feeds.columns`."""

TOLD: Final = np.dtype(
    [
        ("heard_ms", "<i8"),  # as receivers have it
        ("lon", "<i4"),
        ("lat", "<i4"),
        ("speed", "<u4"),  # 0.1 kn + 1, 0 = not known
        ("course", "<u2"),  # 2 degrees + 1, 0 = not known
        ("kind", "u1"),
        ("agency", "u1"),
        ("status", "u1"),
        ("ever", "u1"),  # 1: receivers know this handle
    ],
    align=True,
)
"""What receivers know of each handle: what a delta is told against, and what a snapshot repeats."""


@numba.njit(cache=True, nogil=True, inline="always")
def _varint(out: Any, at: Any, value: Any) -> Any:
    while value >= 128:
        out[at] = (value & 127) | 128
        at += 1
        value >>= 7
    out[at] = value
    return at + 1


@numba.njit(cache=True, nogil=True, inline="always")
def _zigzag(out: Any, at: Any, value: Any) -> Any:
    return _varint(out, at, (value << 1) ^ (value >> 63))


@numba.njit(cache=True, nogil=True)
def _delta(now: Any, told: Any, scope: int, now_ms: int, since_ms: int, out: Any) -> tuple[int, int]:
    """Tells what of the scope was heard since the last call and is younger than `since_ms`; returns bytes and entries.

    What came late enough to be expired already is history, not news.
    """
    at, count, before = 0, 0, -1
    for handle in range(now.shape[0]):
        new = now[handle]
        if new["heard"] == 0 or new["agency"] != scope:
            continue
        new["heard"] = 0
        if new["placed"] == 0 or new["t"] <= since_ms:
            continue
        old = told[handle]
        first = old["ever"] == 0
        speed = 0 if new["sog"] == NO_SPEED else np.int64(new["sog"]) + 1
        course = 0 if new["cog"] == NO_COURSE else (np.int64(new["cog"]) + 10) // 20 % 180 + 1
        age_ms = max(now_ms - new["t"], 0)
        motion = first or speed != old["speed"] or course != old["course"]
        meta = (
            first
            or age_ms > FRESH_MS
            or new["kind"] != old["kind"]
            or new["agency"] != old["agency"]
            or new["status"] != old["status"]
        )
        at = _varint(out, at, ((handle - before - 1) << 2) | (np.int64(meta) << 1) | np.int64(motion))
        at = _zigzag(out, at, np.int64(new["lon"]) - np.int64(old["lon"]))
        at = _zigzag(out, at, np.int64(new["lat"]) - np.int64(old["lat"]))
        old["lon"], old["lat"], old["heard_ms"], old["ever"] = new["lon"], new["lat"], now_ms, 1
        if motion:
            at = _varint(out, at, speed)
            at = _varint(out, at, course)
            old["speed"], old["course"] = speed, course
        if meta:
            out[at], out[at + 1], out[at + 2] = new["kind"], new["agency"], new["status"]
            at = _varint(out, at + 3, age_ms // 1_000)
            old["kind"], old["agency"], old["status"] = new["kind"], new["agency"], new["status"]
            old["heard_ms"] = now_ms - age_ms // 1_000 * 1_000
        before = handle
        count += 1
    return at, count


@numba.njit(cache=True, nogil=True)
def _snapshot(now: Any, told: Any, scope: int, now_ms: int, since_ms: int, out: Any) -> tuple[int, int]:
    """Repeats what receivers of the scope know and heard after `since_ms`, with today's kinds, agencies and states."""
    at, count, before = 0, 0, -1
    for handle in range(now.shape[0]):
        new, old = now[handle], told[handle]
        if old["ever"] == 0 or new["retired"] == 1 or old["heard_ms"] <= since_ms or new["agency"] != scope:
            continue
        at = _varint(out, at, ((handle - before - 1) << 2) | 3)
        at = _zigzag(out, at, np.int64(old["lon"]))
        at = _zigzag(out, at, np.int64(old["lat"]))
        at = _varint(out, at, np.int64(old["speed"]))
        at = _varint(out, at, np.int64(old["course"]))
        out[at], out[at + 1], out[at + 2] = new["kind"], new["agency"], new["status"]
        at = _varint(out, at + 3, max(now_ms - old["heard_ms"], 0) // 1_000)
        before = handle
        count += 1
    return at, count


def delta(
    now: npt.NDArray[np.void],
    told: npt.NDArray[np.void],
    *,
    scope: int,
    seq: int,
    base: int,
    now_ms: int,
    since_ms: int,
) -> bytes:
    """A message of what `now` (NOW) marks as heard and belongs to the agency numbered `scope` (0: to none); takes
    the marks off, brings `told` (TOLD) up to it.
    """
    out = np.empty(
        HEAD.size + ENTRY_BYTES_MAX * int(np.count_nonzero(now["heard"][now["agency"] == scope])), np.uint8
    )
    n, count = _delta(now, told, scope, now_ms, since_ms, out[HEAD.size :])
    return _message(out, n, DELTA, scope, seq, count, now_ms, base)


def snapshot(
    now: npt.NDArray[np.void], told: npt.NDArray[np.void], *, scope: int, seq: int, now_ms: int, since_ms: int
) -> bytes:
    """A message of all that receivers of the delta `seq` know; changes nothing."""
    out = np.empty(
        HEAD.size + ENTRY_BYTES_MAX * int(np.count_nonzero(told["ever"][now["agency"] == scope])), np.uint8
    )
    n, count = _snapshot(now, told, scope, now_ms, since_ms, out[HEAD.size :])
    return _message(out, n, SNAPSHOT, scope, seq, count, now_ms, seq)


def _message(
    out: npt.NDArray[np.uint8], n: int, kind: int, scope: int, seq: int, count: int, now_ms: int, base: int
) -> bytes:
    head = HEAD.pack(MAGIC, kind, VERSION, scope, seq, count, now_ms, base, 0)
    return head + out[HEAD.size : HEAD.size + n].tobytes()
