"""The arrays the kernels work on, and the free lists they are taken from."""

from __future__ import annotations

from typing import NamedTuple

from .jit import Ints, kernel
from .layout import (
    C_COUNT,
    C_NEXT,
    C_SEQUENCE,
    C_ZONE,
    EAGER,
    H_CELL,
    H_DUE,
    H_T,
    H_VISITS,
    N_CHAINS_FREE,
    N_CHAINS_HEAD,
    N_TRACKS,
    N_VISITS_FREE,
    N_VISITS_HEAD,
    N_WINDOWS_FREE,
    N_WINDOWS_HEAD,
    T_CHAINS,
    T_COUNT,
    T_HEAD,
    T_SEEN,
    T_STALE,
    T_TAIL,
    T_TRACK,
    V_DUE,
    V_FIRED,
    V_FLAGS,
    V_HELD,
    V_NEXT,
    V_OUT,
    V_RUN,
    V_START,
    V_WATCH,
    V_WINDOW,
    W_COUNT,
    W_LINK,
)
from .limits import ALWAYS, NEVER
from .sequence import clear_chain


class Plan(NamedTuple):
    """Rules and zones as arrays; see layout.py for the columns."""

    operators: Ints  # (o, OPERATOR_WIDTH)
    rules: Ints  # (r, RULE_WIDTH)
    sequences: Ints  # sequence -> rule
    last_operators: Ints  # sequence -> the operator of its last step
    zones: Ints  # (z, ZONE_WIDTH)
    watch: Ints  # (w, 2): zone, operator; ordered by zone, those of no zone last
    watch_of: Ints  # (z + 2,): the pairs of zone z are watch_of[z]..watch_of[z + 1]; of no zone: the last
    exempt: Ints  # (z, words): bits of the rules that the zone exempts from
    instants: Ints  # when a zone or rule comes into or goes out of force, ascending, NEVER first, ALWAYS last
    n_words: int  # words of a condition mask
    pairs_max: int  # operators of one zone, at most
    pairs_anywhere: int  # operators of no place
    counted: int  # 1 = some operator counts in each zone by itself
    listens: int  # 1 = some operator asks who is silent
    crossed: int  # 1 = some operator asks for crossings between fixes
    axes: Ints  # pieces of the axes of zones, see axis.py
    cosines: Ints


class Tables(NamedTuple):
    """State, and scratch that means nothing between calls (from `found` on)."""

    numbers: Ints  # N_*
    keys: Ints  # (n, 2) open addressing: track id (-1 = free), its slot
    hot: Ints  # (2 passes, tracks, H_MASK + words)
    tracks: Ints  # (tracks, TRACK_WIDTH)
    fixes: Ints  # (tracks, FIXES_SHOWN, 4): t, xy, motion, rest, of the settled pass
    pending: Ints  # (reports, P_MASK + words)
    waiting: Ints  # (reports,): t of each waiting report, ALWAYS = a free row
    oldest: Ints  # per block of `waiting`: no t in it is smaller
    visits: Ints
    chains: Ints
    windows: Ints
    silent: Ints  # (tracks,) no absence of the track is complete before this time
    heard: Ints  # (reports, 3) of this settling: minute, square, track
    found: Ints  # zones at a point
    before: Ints  # zones at the fix before
    through: Ints  # zones a way passes through between two fixes outside
    zone_seen: Ints  # (z, 3): token of the report that found it inside, passed through, around the fix before
    pair_seen: Ints  # (w,)
    exempted: Ints  # words
    done: Ints  # (sequences * 9, 5): token, zone, start, visit, its last alert
    sorted: Ints  # speeds
    ahead: Ints  # (AHEAD, 4): of the next reports: row, slot or visit, neighbour in the track's list, slot
    events: Ints
    event_fixes: Ints  # (events, FIXES_SHOWN, 3)


@kernel
def lon_of(xy: int) -> int:
    return xy >> 32


@kernel
def lat_of(xy: int) -> int:
    return ((xy & 0xFFFFFFFF) ^ 0x80000000) - 0x80000000


@kernel
def find_slot(keys: Ints, track: int) -> int:
    """Where the track stands, or would stand, in the open addressing table."""
    mask = len(keys) - 1
    z = track * -7046029254386353131  # 2^64 / golden ratio, as int64; wraps
    at = ((z >> 32) ^ z) & mask
    while keys[at, 0] != track and keys[at, 0] != -1:
        at = (at + 1) & mask
    return at


@kernel
def add_track(tables: Tables, at: int, track: int) -> int:
    slot = tables.numbers[N_TRACKS]
    tables.numbers[N_TRACKS] += 1
    tables.keys[at, 0] = track
    tables.keys[at, 1] = slot
    tables.tracks[slot, T_TRACK] = track
    tables.tracks[slot, T_HEAD] = -1
    tables.tracks[slot, T_TAIL] = -1
    tables.tracks[slot, T_COUNT] = 0
    tables.tracks[slot, T_STALE] = 0
    tables.tracks[slot, T_SEEN] = 0
    tables.silent[slot] = ALWAYS
    for p in range(EAGER + 1):
        tables.hot[p, slot, H_T] = NEVER
        tables.hot[p, slot, H_CELL] = NEVER
        tables.hot[p, slot, H_DUE] = NEVER
        tables.hot[p, slot, H_VISITS] = -1
        tables.tracks[slot, T_CHAINS + p] = -1
    return slot


@kernel
def new_window(tables: Tables) -> int:
    w = tables.numbers[N_WINDOWS_HEAD]
    tables.numbers[N_WINDOWS_HEAD] = tables.windows[w, W_LINK]
    tables.numbers[N_WINDOWS_FREE] -= 1
    tables.windows[w, W_COUNT] = 0
    return w


@kernel
def new_visit(tables: Tables, p: int, slot: int, pair: int, windowed: bool) -> int:
    """A visit at the head of the track's list. There is room: the caller has seen to it."""
    v = tables.numbers[N_VISITS_HEAD]
    tables.numbers[N_VISITS_HEAD] = tables.visits[v, V_NEXT]
    tables.numbers[N_VISITS_FREE] -= 1
    tables.visits[v, V_NEXT] = tables.hot[p, slot, H_VISITS]
    tables.hot[p, slot, H_VISITS] = v
    tables.visits[v, V_WATCH] = pair
    tables.visits[v, V_FLAGS] = 0
    tables.visits[v, V_START] = 0
    tables.visits[v, V_HELD] = NEVER
    tables.visits[v, V_FIRED] = NEVER
    tables.visits[v, V_RUN] = 0
    tables.visits[v, V_OUT] = 0
    tables.visits[v, V_DUE] = NEVER
    tables.visits[v, V_WINDOW] = new_window(tables) if windowed else -1
    return v


@kernel
def free_visit(tables: Tables, v: int) -> None:
    w = tables.visits[v, V_WINDOW]
    if w >= 0:
        tables.windows[w, W_LINK] = tables.numbers[N_WINDOWS_HEAD]
        tables.numbers[N_WINDOWS_HEAD] = w
        tables.numbers[N_WINDOWS_FREE] += 1
    tables.visits[v, V_NEXT] = tables.numbers[N_VISITS_HEAD]
    tables.numbers[N_VISITS_HEAD] = v
    tables.numbers[N_VISITS_FREE] += 1


@kernel
def chain_of(tables: Tables, p: int, slot: int, sequence: int, zone: int, counts: bool, make: bool) -> int:
    """The track's chain of a sequence (or count, in a zone); -1 where it has none and none is to be made."""
    c = tables.tracks[slot, T_CHAINS + p]
    while c >= 0:
        if tables.chains[c, C_SEQUENCE] == sequence and tables.chains[c, C_ZONE] == zone:
            return c
        c = tables.chains[c, C_NEXT]
    if not make:
        return -1
    c = tables.numbers[N_CHAINS_HEAD]
    tables.numbers[N_CHAINS_HEAD] = tables.chains[c, C_NEXT]
    tables.numbers[N_CHAINS_FREE] -= 1
    tables.chains[c, C_NEXT] = tables.tracks[slot, T_CHAINS + p]
    tables.tracks[slot, T_CHAINS + p] = c
    tables.chains[c, C_SEQUENCE] = sequence
    tables.chains[c, C_ZONE] = zone
    tables.chains[c, C_COUNT] = 0 if counts else -1
    if not counts:
        clear_chain(tables.chains, c)
    return c


@kernel
def forget(tables: Tables, p: int, slot: int, wholly: bool) -> None:
    """Give back all visits and chains of a track; but what is counted only `wholly`."""
    v = tables.hot[p, slot, H_VISITS]
    while v >= 0:
        after = tables.visits[v, V_NEXT]
        free_visit(tables, v)
        v = after
    kept = -1
    c = tables.tracks[slot, T_CHAINS + p]
    while c >= 0:
        after = tables.chains[c, C_NEXT]
        if tables.chains[c, C_COUNT] > 0 and not wholly:
            tables.chains[c, C_NEXT] = kept
            kept = c
        else:
            tables.chains[c, C_NEXT] = tables.numbers[N_CHAINS_HEAD]
            tables.numbers[N_CHAINS_HEAD] = c
            tables.numbers[N_CHAINS_FREE] += 1
        c = after
    tables.hot[p, slot, H_VISITS] = -1
    tables.tracks[slot, T_CHAINS + p] = kept


@kernel
def count_chains(tables: Tables, p: int, slot: int) -> int:
    n = 0
    c = tables.tracks[slot, T_CHAINS + p]
    while c >= 0:
        n += 1
        c = tables.chains[c, C_NEXT]
    return n


@kernel
def count_visits(tables: Tables, p: int, slot: int) -> int:
    n = 0
    v = tables.hot[p, slot, H_VISITS]
    while v >= 0:
        n += 1
        v = tables.visits[v, V_NEXT]
    return n


@kernel
def copy_settled(tables: Tables, slot: int) -> None:
    """The eager pass goes back to where the settled pass stands. There is room: the caller has seen to it."""
    forget(tables, EAGER, slot, True)
    v = tables.hot[0, slot, H_VISITS]
    while v >= 0:
        copy = new_visit(tables, EAGER, slot, tables.visits[v, V_WATCH], tables.visits[v, V_WINDOW] >= 0)
        for k in (V_FLAGS, V_START, V_HELD, V_FIRED, V_RUN, V_OUT, V_DUE):
            tables.visits[copy, k] = tables.visits[v, k]
        if tables.visits[v, V_WINDOW] >= 0:
            for k in range(tables.windows.shape[1]):
                tables.windows[tables.visits[copy, V_WINDOW], k] = tables.windows[
                    tables.visits[v, V_WINDOW], k
                ]
        v = tables.visits[v, V_NEXT]
    c = tables.tracks[slot, T_CHAINS]
    while c >= 0:
        copy = chain_of(
            tables, EAGER, slot, tables.chains[c, C_SEQUENCE], tables.chains[c, C_ZONE], False, True
        )
        for k in range(C_COUNT, tables.chains.shape[1]):
            tables.chains[copy, k] = tables.chains[c, k]
        c = tables.chains[c, C_NEXT]
    for k in range(tables.hot.shape[2]):
        if k != H_VISITS:
            tables.hot[EAGER, slot, k] = tables.hot[0, slot, k]
