"""The settled pass over reports that lie in track order, as the archive holds them: no waiting list, few misses.

What `passes.settle` does with each track's waiting reports, for one track after the other. A stretch of the log ends at
a watermark; what is not older waits (`held`) and is merged with the next stretch.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from . import layout as L
from .automaton import judge
from .grid import Grid
from .jit import SOURCES, Ints, entry, kernel
from .limits import FIXES_SHOWN
from .passes import DONE, WANTS_TRACKS, WANTS_VISITS, gate
from .tables import Plan, Tables, add_track, find_slot

A: Final = 0  # cursor: next of those held, next of the fresh ones, how many are kept for the next stretch,
B: Final = 1
KEPT: Final = 2
CHOSEN: Final = 3  # the row whose turn it is: its number, or NONE; those held are below 0: -1 - number
CURSOR_WIDTH: Final = 4
NONE: Final = 1 << 62


class Sorted(NamedTuple):
    """Columns of `feeds.columns` and condition bits, in the order (track, t, log)."""

    track: Ints
    t: Ints
    lon: npt.NDArray[np.int32]
    lat: npt.NDArray[np.int32]
    sog_dkn: npt.NDArray[np.uint16]
    cog_ddeg: npt.NDArray[np.uint16]
    heading_ddeg: npt.NDArray[np.uint16]
    length_dm: npt.NDArray[np.uint16]
    kind: npt.NDArray[np.uint8]
    nav: npt.NDArray[np.uint8]
    rank: npt.NDArray[np.uint8]
    flags: npt.NDArray[np.uint16]
    mask: Ints  # (n, words)


@kernel
def _write(tables: Tables, rows: Sorted, i: int) -> None:
    """The one waiting row there is. Its place in the log is not known here: -1."""
    pending = tables.pending
    pending[0, L.P_T] = rows.t[i]
    pending[0, L.P_XY] = (int(rows.lon[i]) << 32) | (int(rows.lat[i]) & 0xFFFFFFFF)
    pending[0, L.P_MOTION] = int(rows.sog_dkn[i]) | (int(rows.cog_ddeg[i]) << 16) | (int(rows.rank[i]) << 32)
    pending[0, L.P_POSITION] = -1
    pending[0, L.P_NEXT] = -1
    pending[0, L.P_PREV] = -1
    pending[0, L.P_REST] = (
        int(rows.heading_ddeg[i])
        | (int(rows.length_dm[i]) << 16)
        | (int(rows.kind[i]) << 32)
        | (int(rows.nav[i]) << 40)
        | (int(rows.flags[i]) << 48)
    )
    pending[0, L.P_BEFORE] = L.UNSEEN
    for k in range(rows.mask.shape[1]):
        pending[0, L.P_MASK + k] = rows.mask[i, k]


@kernel
def _choose(tables: Tables, held: Sorted, fresh: Sorted, cursor: Ints, from_wm: int) -> int:
    """Of the reports of the next (track, t) the one that counts: smallest rank, then first; NONE where none does."""
    a = cursor[A]
    b = cursor[B]
    from_held = a < len(held.t) and (
        b >= len(fresh.t)
        or held.track[a] < fresh.track[b]
        or (held.track[a] == fresh.track[b] and held.t[a] <= fresh.t[b])
    )
    track = held.track[a] if from_held else fresh.track[b]
    t = held.t[a] if from_held else fresh.t[b]
    chosen = NONE
    rank = 0
    while a < len(held.t) and held.track[a] == track and held.t[a] == t:
        chosen = -1 - a  # the best of them is all that was kept
        rank = int(held.rank[a])
        a += 1
    while b < len(fresh.t) and fresh.track[b] == track and fresh.t[b] == t:
        if gate(tables, int(fresh.flags[b]), t, int(fresh.lon[b]), int(fresh.lat[b]), from_wm):
            if chosen != NONE:
                tables.numbers[L.N_DUPLICATES] += 1
            if chosen == NONE or int(fresh.rank[b]) < rank:
                chosen = b
                rank = int(fresh.rank[b])
        b += 1
    cursor[A] = a
    cursor[B] = b
    return chosen


def _entry_points(sources: str):  # type: ignore[no-untyped-def]
    @entry
    def walk(
        grid: Grid,
        plan: Plan,
        tables: Tables,
        held: Sorted,
        fresh: Sorted,
        kept: Ints,
        cursor: Ints,
        from_wm: int,
        to_wm: int,
    ) -> int:
        """Judge all rows with t < to_wm; the numbers of the others are left in `kept`.

        Fresh rows with t < from_wm came too late. Returns DONE, or what is wanted to go on.
        """
        len(sources)
        numbers = tables.numbers
        track = -1
        slot = -1
        while cursor[CHOSEN] != NONE or cursor[A] < len(held.t) or cursor[B] < len(fresh.t):
            if cursor[CHOSEN] == NONE:
                cursor[CHOSEN] = _choose(tables, held, fresh, cursor, from_wm)
                if cursor[CHOSEN] == NONE:
                    continue
            chosen = cursor[CHOSEN]
            if chosen < 0:
                track_now = held.track[-1 - chosen]
                t = held.t[-1 - chosen]
            else:
                track_now = fresh.track[chosen]
                t = fresh.t[chosen]
            if t >= to_wm:
                kept[cursor[KEPT]] = chosen
                cursor[KEPT] += 1
                cursor[CHOSEN] = NONE
                continue
            if track_now != track:
                at = find_slot(tables.keys, track_now)
                if tables.keys[at, 0] == -1:
                    if numbers[L.N_TRACKS] == len(tables.tracks):
                        return WANTS_TRACKS
                    add_track(tables, at, track_now)
                track = track_now
                slot = tables.keys[at, 1]
            if chosen < 0:
                _write(tables, held, -1 - chosen)
            else:
                _write(tables, fresh, chosen)
            if not judge(grid, plan, tables, L.SETTLED, slot, 0):
                return WANTS_VISITS
            numbers[L.N_JUDGED] += 1
            seen = tables.tracks[slot, L.T_SEEN]
            tables.tracks[slot, L.T_SEEN] = seen + 1
            tables.fixes[slot, seen % FIXES_SHOWN, 0] = t
            tables.fixes[slot, seen % FIXES_SHOWN, 1] = tables.pending[0, L.P_XY]
            tables.fixes[slot, seen % FIXES_SHOWN, 2] = tables.pending[0, L.P_MOTION]
            cursor[CHOSEN] = NONE
        return DONE

    return walk


walk = _entry_points(SOURCES)
