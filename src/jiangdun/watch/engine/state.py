"""The engine's tables: made, grown, and kept as bytes."""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from . import layout as L
from .jit import Ints
from .limits import (
    ALWAYS,
    FIXES_SHOWN,
    NEVER,
    PENDING_MAX,
    SPEED_FIXES_MAX,
    STEPS_MAX,
    TRACKS_MAX,
    VISITS_MAX,
    ZONES_PER_CELL_MAX,
    BadState,
    LimitExceeded,
)
from .passes import place_tracks
from .plan import Compiled
from .tables import Tables

MAGIC: Final = b"JDWATCH1"
KERNEL_VERSION: Final = 2
"""Raised when the meaning of the kept state changes: older bytes are then refused."""
HEAD: Final = struct.Struct("<8sIIQ")  # magic, kernel version, length of the index, length of the payload
CHAIN_WIDTH: Final = L.C_STEPS + STEPS_MAX * L.STEP_WIDTH
WINDOW_WIDTH: Final = L.W_ENTRIES + SPEED_FIXES_MAX + 6  # whole cache lines


def _chained(n: int, width: int, link: int, first: int = 0) -> Ints:
    """A table whose rows from `first` on are a free list through column `link`."""
    rows = np.zeros((n, width), np.int64)
    rows[first:, link] = np.arange(first + 1, n + 1)
    if n > first:
        rows[n - 1, link] = -1
    return rows


def make(compiled: Compiled, tracks: int = 1_024, pending: int = 4_096, visits: int = 1_024) -> Tables:
    """Empty tables for a plan."""
    plan = compiled.plan
    zones, words, sequences = len(plan.zones), plan.n_words, len(plan.sequences)
    chains = max(64, 4 * sequences)
    events = max(1_024, min(16_384, 2 * len(plan.watch)))
    numbers = np.zeros(L.NUMBERS, np.int64)
    numbers[L.N_VISITS_FREE], numbers[L.N_CHAINS_FREE], numbers[L.N_WINDOWS_FREE] = visits, chains, 64
    numbers[L.N_NEXT_T] = numbers[L.N_SILENT] = ALWAYS
    numbers[L.N_NEWEST] = NEVER
    return Tables(
        numbers=numbers,
        keys=np.full((4 * tracks, 2), -1, np.int64),
        hot=np.zeros((2, tracks, L.H_MASK + words), np.int64),
        tracks=np.zeros((tracks, L.TRACK_WIDTH), np.int64),
        fixes=np.zeros((tracks, FIXES_SHOWN, 4), np.int64),
        pending=np.zeros((pending, L.P_MASK + words), np.int64),
        waiting=np.full(pending, ALWAYS, np.int64),
        oldest=np.full(pending >> L.BLOCK, ALWAYS, np.int64),
        visits=_chained(visits, L.VISIT_WIDTH, L.V_NEXT),
        chains=_chained(chains, CHAIN_WIDTH, L.C_NEXT),
        windows=_chained(64, WINDOW_WIDTH, L.W_LINK),
        silent=np.full(tracks, ALWAYS, np.int64),
        heard=np.zeros((pending if plan.listens else 0, 3), np.int64),
        found=np.zeros(ZONES_PER_CELL_MAX, np.int64),
        before=np.zeros(ZONES_PER_CELL_MAX, np.int64),
        through=np.zeros(ZONES_PER_CELL_MAX, np.int64),
        zone_seen=np.zeros((zones, 3), np.int64),
        pair_seen=np.zeros(len(plan.watch), np.int64),
        exempted=np.zeros(plan.exempt.shape[1], np.int64),
        done=np.zeros((sequences * (L.UNLESS + 1), 5), np.int64),
        sorted=np.zeros(SPEED_FIXES_MAX, np.int64),
        ahead=np.zeros((L.AHEAD, 4), np.int64),
        events=np.zeros((events, L.EVENT_WIDTH), np.int64),
        event_fixes=np.zeros((events, FIXES_SHOWN, 3), np.int64),
    )


def _more(rows: npt.NDArray[Any], to: int, fill: int = 0) -> npt.NDArray[Any]:
    out = np.full((to, *rows.shape[1:]), fill, rows.dtype)
    out[: len(rows)] = rows
    return out


def grow_tracks(tables: Tables) -> Tables:
    n = len(tables.tracks)
    if n >= TRACKS_MAX:
        raise LimitExceeded(
            "tracks", n + 1, TRACKS_MAX, "start the engine anew, or split the stream by shard"
        )
    hot = np.zeros((2, 2 * n, tables.hot.shape[2]), np.int64)
    hot[:, :n] = tables.hot
    keys = np.full((8 * n, 2), -1, np.int64)
    place_tracks(keys, tables.tracks, int(tables.numbers[L.N_TRACKS]))
    return tables._replace(
        keys=keys,
        hot=hot,
        tracks=_more(tables.tracks, 2 * n),
        fixes=_more(tables.fixes, 2 * n),
        silent=_more(tables.silent, 2 * n, ALWAYS),
    )


def grow_pending(tables: Tables) -> Tables:
    n = len(tables.pending)
    if n >= PENDING_MAX:
        raise LimitExceeded(
            "reports before the watermark", n + 1, PENDING_MAX, "cut the input into smaller chunks"
        )
    return tables._replace(
        pending=_more(tables.pending, 2 * n),
        waiting=_more(tables.waiting, 2 * n, ALWAYS),
        oldest=_more(tables.oldest, 2 * n >> L.BLOCK, ALWAYS),
        heard=_more(tables.heard, 2 * len(tables.heard)),
    )


def grow_visits(tables: Tables) -> Tables:
    """Room for what the kernel wants: visits, windows, chains and events."""
    numbers = tables.numbers
    want = int(numbers[L.N_WANT])
    if len(tables.visits) > VISITS_MAX:
        raise LimitExceeded("visits", len(tables.visits), VISITS_MAX, "retire rules, or merge zones")
    if numbers[L.N_VISITS_FREE] < want:
        tables = tables._replace(visits=_extend(tables.visits, want, numbers, L.V_NEXT, L.N_VISITS_FREE))
    if numbers[L.N_WINDOWS_FREE] < want:
        tables = tables._replace(windows=_extend(tables.windows, want, numbers, L.W_LINK, L.N_WINDOWS_FREE))
    if numbers[L.N_CHAINS_FREE] < want:
        tables = tables._replace(chains=_extend(tables.chains, want, numbers, L.C_NEXT, L.N_CHAINS_FREE))
    if len(tables.events) - numbers[L.N_EVENTS] < want:
        n = 2 * len(tables.events) + want
        tables = tables._replace(events=_more(tables.events, n), event_fixes=_more(tables.event_fixes, n))
    return tables


def _extend(rows: Ints, want: int, numbers: Ints, link: int, free: int) -> Ints:
    """Double the table (at least by `want`) and put the new rows at the head of its free list."""
    n = len(rows)
    out = _chained(2 * n + want, rows.shape[1], link, n)
    out[:n] = rows
    head = free + 1  # N_..._HEAD follows N_..._FREE
    out[-1, link] = numbers[head] if numbers[free] else -1
    numbers[head] = n
    numbers[free] += n + want
    return out


@dataclass(slots=True)
class Kept:
    """What must outlive the process. Rows are in the order of tracks; waiting reports in the order of the log."""

    about: dict[str, Any]  # JSON: pairs and sequences by name, ledger, wm, counts
    arrays: dict[str, npt.NDArray[Any]]

    def to_bytes(self) -> bytes:
        index = {
            "about": self.about,
            "arrays": [
                [name, a.dtype.descr if a.dtype.names else a.dtype.str, a.shape]
                for name, a in self.arrays.items()
            ],
        }
        head = json.dumps(index, ensure_ascii=False).encode()
        payload = b"".join(np.ascontiguousarray(a).tobytes() for a in self.arrays.values())
        body = HEAD.pack(MAGIC, KERNEL_VERSION, len(head), len(payload)) + head + payload
        return body + struct.pack("<I", zlib.crc32(body))

    @classmethod
    def from_bytes(cls, data: bytes) -> Kept:
        """Raises BadState for bytes that are cut, changed, or of another kernel version."""
        if len(data) < HEAD.size + 4 or data[:8] != MAGIC:
            raise BadState("these bytes are no engine state")
        _, version, n_head, n_payload = HEAD.unpack_from(data)
        if version != KERNEL_VERSION:
            raise BadState(
                f"state of kernel version {version}, this is {KERNEL_VERSION}; replay the log instead"
            )
        if len(data) != HEAD.size + n_head + n_payload + 4:
            raise BadState("the state is cut short; take the checkpoint before it")
        if zlib.crc32(data[:-4]) != struct.unpack("<I", data[-4:])[0]:
            raise BadState("the state is damaged (CRC); take the checkpoint before it")
        index = json.loads(data[HEAD.size : HEAD.size + n_head])
        at = HEAD.size + n_head
        arrays = {}
        for name, dtype, shape in index["arrays"]:
            kind = np.dtype([tuple(f) for f in dtype]) if isinstance(dtype, list) else np.dtype(dtype)
            size = int(np.prod(shape)) * kind.itemsize
            arrays[name] = np.frombuffer(data[at : at + size], kind).reshape(shape).copy()
            at += size
        return cls(index["about"], arrays)
