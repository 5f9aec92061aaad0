"""The two passes over one log: reports come in (and the eager pass steps), the watermark settles them."""

from __future__ import annotations

from typing import Any

from jiangdun.feeds.columns import DEGREE, Flag

from . import layout as L
from .absence import fall_silent, hear
from .ahead import read_ahead_rows, read_ahead_waiting
from .automaton import judge
from .grid import Grid
from .jit import SOURCES, Ints, entry, kernel
from .limits import ALWAYS, FIXES_SHOWN, RING_MAX
from .tables import Plan, Tables, add_track, copy_settled, count_chains, find_slot

DONE = 0
WANTS_VISITS = 1  # or chains, windows, events
WANTS_TRACKS = 2
WANTS_PENDING = 3

AHEAD_SHIFT = 5
assert 1 << AHEAD_SHIFT == L.AHEAD
LATE = int(Flag.LATE)
NO_FIX = int(Flag.NO_FIX)
LON_MAX = 180 * DEGREE
LAT_MAX = 90 * DEGREE


@kernel
def gate(tables: Tables, flags: int, t: int, lon: int, lat: int, wm: int) -> bool:
    """Whether the report is one to judge; what is not is counted by its reason."""
    numbers = tables.numbers
    if flags & NO_FIX:
        numbers[L.N_NO_FIX] += 1
    elif flags & LATE:
        numbers[L.N_LATE] += 1
    elif t < wm:
        numbers[L.N_LATE_UNSAID] += 1
    elif not (
        -LON_MAX <= lon <= LON_MAX and -LAT_MAX <= lat <= LAT_MAX
    ):  # abs() of the least int32 is itself
        numbers[L.N_NO_POSITION] += 1
    else:
        return True
    return False


@kernel
def _write(tables: Tables, node: int, row: Any, masks: Ints, i: int, position: int) -> None:
    pending = tables.pending
    pending[node, L.P_T] = row["t"]
    pending[node, L.P_XY] = (int(row["lon"]) << 32) | (int(row["lat"]) & 0xFFFFFFFF)
    pending[node, L.P_MOTION] = int(row["sog_dkn"]) | (int(row["cog_ddeg"]) << 16) | (int(row["rank"]) << 32)
    pending[node, L.P_POSITION] = position
    pending[node, L.P_REST] = (
        int(row["heading_ddeg"])
        | (int(row["length_dm"]) << 16)
        | (int(row["kind"]) << 32)
        | (int(row["nav"]) << 40)
        | (int(row["flags"]) << 48)
    )
    pending[node, L.P_BEFORE] = L.UNSEEN
    for k in range(masks.shape[1]):
        pending[node, L.P_MASK + k] = masks[i, k]


@kernel
def _link(tables: Tables, slot: int, node: int, after: int) -> None:
    """Put a report into its track's list, which is ordered by t, after `after` (-1 = first)."""
    pending = tables.pending
    tracks = tables.tracks
    before = tracks[slot, L.T_HEAD] if after < 0 else pending[after, L.P_NEXT]
    pending[node, L.P_PREV] = after
    pending[node, L.P_NEXT] = before
    if after < 0:
        tracks[slot, L.T_HEAD] = node
    else:
        pending[after, L.P_NEXT] = node
    if before < 0:
        tracks[slot, L.T_TAIL] = node
    else:
        pending[before, L.P_PREV] = node
    tracks[slot, L.T_COUNT] += 1
    pending[node, L.P_TRACK] = slot
    tables.waiting[node] = pending[node, L.P_T]
    tables.oldest[node >> L.BLOCK] = min(tables.oldest[node >> L.BLOCK], tables.waiting[node])
    tables.numbers[L.N_NEXT_T] = min(tables.numbers[L.N_NEXT_T], tables.waiting[node])


@kernel
def _new_node(tables: Tables) -> int:
    """The next free row: rows are taken in turn, so that what came together lies together; -1 = make room."""
    numbers = tables.numbers
    rows = len(tables.waiting)
    if 4 * numbers[L.N_WAITING] >= 3 * rows:
        return -1
    node = numbers[L.N_NEXT_NODE]
    while tables.waiting[node] != ALWAYS:
        node = node + 1 if node + 1 < rows else 0
    numbers[L.N_NEXT_NODE] = node + 1 if node + 1 < rows else 0
    numbers[L.N_WAITING] += 1
    return node


@kernel
def _roll_back(grid: Grid, plan: Plan, tables: Tables, slot: int) -> bool:
    """Take the eager pass back to the settled state of the track and run its waiting reports again."""
    numbers = tables.numbers
    n = 0
    v = tables.hot[L.SETTLED, slot, L.H_VISITS]
    while v >= 0:
        n += 1
        v = tables.visits[v, L.V_NEXT]
    chains = count_chains(tables, L.SETTLED, slot)
    if min(numbers[L.N_VISITS_FREE], numbers[L.N_WINDOWS_FREE]) < n or numbers[L.N_CHAINS_FREE] < chains:
        numbers[L.N_WANT] = max(n, chains)
        return False
    copy_settled(tables, slot)
    tables.tracks[slot, L.T_STALE] = 0
    node = tables.tracks[slot, L.T_HEAD]
    while node >= 0:
        if not judge(grid, plan, tables, L.EAGER, slot, node):
            return False
        node = tables.pending[node, L.P_NEXT]
    return True


@kernel
def _settle_track(grid: Grid, plan: Plan, tables: Tables, slot: int, wm: int) -> bool:
    """Step the settled pass over the track's waiting reports before wm; False when a table lacks room."""
    pending = tables.pending
    tracks = tables.tracks
    node = tracks[slot, L.T_HEAD]
    while node >= 0 and pending[node, L.P_T] < wm:
        t = pending[node, L.P_T]
        if plan.listens and tables.silent[slot] < t and not fall_silent(plan, tables, slot, t):
            return False
        if not judge(grid, plan, tables, L.SETTLED, slot, node):
            return False
        if plan.listens:
            hear(tables, slot, node)
        seen = tracks[slot, L.T_SEEN]
        tracks[slot, L.T_SEEN] = seen + 1
        tables.numbers[L.N_NEWEST] = max(tables.numbers[L.N_NEWEST], pending[node, L.P_T])
        tables.fixes[slot, seen % FIXES_SHOWN, 0] = pending[node, L.P_T]
        tables.fixes[slot, seen % FIXES_SHOWN, 1] = pending[node, L.P_XY]
        tables.fixes[slot, seen % FIXES_SHOWN, 2] = pending[node, L.P_MOTION]
        tables.fixes[slot, seen % FIXES_SHOWN, 3] = pending[node, L.P_REST]
        after = pending[node, L.P_NEXT]
        tracks[slot, L.T_HEAD] = after
        if after < 0:
            tracks[slot, L.T_TAIL] = -1
        else:
            pending[after, L.P_PREV] = -1
        tracks[slot, L.T_COUNT] -= 1
        tables.waiting[node] = ALWAYS
        tables.numbers[L.N_WAITING] -= 1
        node = after
    return True


@kernel
def _settle_part(grid: Grid, plan: Plan, tables: Tables, start: int, wm: int) -> bool:
    """Settle the tracks of the waiting reports in AHEAD rows; False when a table lacks room."""
    n = 0
    for i in range(start, start + L.AHEAD):
        if tables.waiting[i] < wm:
            tables.ahead[n, 0] = i
            n += 1
    read_ahead_waiting(tables, n)
    for j in range(n):
        i = tables.ahead[j, 0]
        if tables.waiting[i] < wm and not _settle_track(grid, plan, tables, tables.pending[i, L.P_TRACK], wm):
            return False
    return True


def _entry_points(sources: str):  # type: ignore[no-untyped-def]
    @entry
    def take_in(
        grid: Grid, plan: Plan, tables: Tables, rows: Any, masks: Ints, positions: Ints, wm: int, eager: bool
    ) -> int:
        """Rows of one chunk, in log order, from numbers[N_ROW] on. Returns DONE or what is wanted to go on."""
        len(sources)
        numbers = tables.numbers
        pending = tables.pending
        first = numbers[L.N_ROW]
        for i in range(first, len(rows)):
            if (i - first) % L.AHEAD == 0:
                read_ahead_rows(grid, tables, rows, i)
            row = rows[i]
            if numbers[L.N_AGAIN]:
                slot = tables.keys[find_slot(tables.keys, row["track"]), 1]
                in_order = False
            else:
                t = row["t"]
                if not gate(tables, int(row["flags"]), t, int(row["lon"]), int(row["lat"]), wm):
                    continue
                slot = tables.ahead[(i - first) % L.AHEAD, 3]
                if slot < 0:
                    at = find_slot(tables.keys, row["track"])
                    slot = tables.keys[at, 1]
                    if tables.keys[at, 0] == -1:
                        if numbers[L.N_TRACKS] == len(tables.tracks):
                            numbers[L.N_ROW] = i
                            return WANTS_TRACKS
                        slot = add_track(tables, at, row["track"])
                after = tables.tracks[slot, L.T_TAIL]
                in_order = True
                while after >= 0 and pending[after, L.P_T] > t:
                    after = pending[after, L.P_PREV]
                    in_order = False
                # of equal (track, t) the smallest rank counts, then the first
                if after >= 0 and pending[after, L.P_T] == t:
                    numbers[L.N_DUPLICATES] += 1
                    if int(row["rank"]) >= pending[after, L.P_MOTION] >> 32:
                        continue
                    _write(tables, after, row, masks, i, positions[i])
                    node = after
                    in_order = False
                else:
                    node = _new_node(tables)
                    if node < 0:
                        numbers[L.N_ROW] = i
                        return WANTS_PENDING
                    _write(tables, node, row, masks, i, positions[i])
                    _link(tables, slot, node, after)
                    numbers[L.N_JUDGED] += 1
                if not in_order and pending[node, L.P_NEXT] >= 0:
                    pending[pending[node, L.P_NEXT], L.P_BEFORE] = L.UNSEEN
                if not eager:
                    continue
                if in_order and not tables.tracks[slot, L.T_STALE]:
                    if not judge(grid, plan, tables, L.EAGER, slot, node):
                        numbers[L.N_AGAIN] = 1
                        numbers[L.N_ROW] = i
                        return WANTS_VISITS
                    continue
                if tables.tracks[slot, L.T_COUNT] > RING_MAX:
                    tables.tracks[slot, L.T_STALE] = 1
                    numbers[L.N_WAITS] += 1
                    continue
                numbers[L.N_ROLLBACKS] += 1
            if not _roll_back(grid, plan, tables, slot):
                numbers[L.N_AGAIN] = 1
                numbers[L.N_ROW] = i
                return WANTS_VISITS
            numbers[L.N_AGAIN] = 0
        numbers[L.N_ROW] = 0
        return DONE

    @entry
    def settle(grid: Grid, plan: Plan, tables: Tables, wm: int) -> int:
        """Step the settled pass over all waiting reports with t < wm, each track in order of t."""
        len(sources)
        numbers = tables.numbers
        next_t = ALWAYS
        for block in range(len(tables.oldest)):
            if tables.oldest[block] < wm:
                for part in range(1 << (L.BLOCK - AHEAD_SHIFT)):
                    if not _settle_part(grid, plan, tables, (block << L.BLOCK) + (part << AHEAD_SHIFT), wm):
                        return WANTS_VISITS
                left = ALWAYS
                for i in range(block << L.BLOCK, (block + 1) << L.BLOCK):
                    left = min(left, tables.waiting[i])
                tables.oldest[block] = left
            next_t = min(next_t, tables.oldest[block])
        numbers[L.N_NEXT_T] = next_t
        return DONE

    @entry
    def silence(plan: Plan, tables: Tables, until: int) -> int:
        """Say which absences are complete before `until`, all reports before it being settled."""
        len(sources)
        numbers = tables.numbers
        bound = ALWAYS
        for slot in range(numbers[L.N_TRACKS]):
            if tables.silent[slot] < until and not fall_silent(plan, tables, slot, until):
                return WANTS_VISITS
            bound = min(bound, tables.silent[slot])
        numbers[L.N_SILENT] = bound
        return DONE

    @entry
    def rebuild(grid: Grid, plan: Plan, tables: Tables, first: int) -> int:
        """Build the eager state of all tracks from `first` on anew; the slot to go on from, or -1 when done."""
        len(sources)
        for slot in range(first, tables.numbers[L.N_TRACKS]):
            if not tables.tracks[slot, L.T_STALE] and not _roll_back(grid, plan, tables, slot):
                return slot
        return -1

    @entry
    def place_tracks(keys: Ints, tracks: Ints, n: int) -> None:
        """Fill an empty table of track ids."""
        len(sources)
        for slot in range(n):
            at = find_slot(keys, tracks[slot, L.T_TRACK])
            keys[at, 0] = tracks[slot, L.T_TRACK]
            keys[at, 1] = slot

    return take_in, settle, silence, rebuild, place_tracks


take_in, settle, silence, rebuild, place_tracks = _entry_points(SOURCES)
