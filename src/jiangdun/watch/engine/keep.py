"""What must outlive the process or a change of rules: taken out of the tables by name, and put back."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt

from jiangdun.feeds.columns import COLUMNS
from jiangdun.watch.rules.spec import ZoneSpec

from . import layout as L
from .columns import masks
from .jit import Ints
from .limits import ALWAYS, FIXES_SHOWN, NEVER, SPEED_FIXES_MAX
from .passes import place_tracks
from .plan import Compiled
from .state import CHAIN_WIDTH, WINDOW_WIDTH, make
from .tables import Tables

VISIT_FIELDS = (L.V_FLAGS, L.V_START, L.V_HELD, L.V_FIRED, L.V_RUN, L.V_OUT)
Arrays = dict[str, npt.NDArray[Any]]


def take_out(tables: Tables) -> Arrays:
    """The settled state and the waiting reports."""
    n = int(tables.numbers[L.N_TRACKS])
    hot = tables.hot[L.SETTLED, :n]
    tracks = np.stack(
        [
            tables.tracks[:n, L.T_TRACK],
            hot[:, L.H_T],
            hot[:, L.H_XY],
            tables.tracks[:n, L.T_SEEN],
            tables.tracks[:n, L.T_STALE],
        ],
        axis=1,
    )
    slots, rows = _walk(hot[:, L.H_VISITS], tables.visits, L.V_NEXT, L.V_WATCH)
    windows = tables.visits[rows, L.V_WINDOW]
    has = windows >= 0
    numbered = np.where(has, np.cumsum(has) - 1, -1)
    visits = np.column_stack(
        [slots, tables.visits[rows, L.V_WATCH], numbered, tables.visits[rows][:, VISIT_FIELDS]]
    )
    chain_slots, chain_rows = _walk(tables.tracks[:n, L.T_CHAINS], tables.chains, L.C_NEXT, L.C_SEQUENCE)
    chains = tables.chains[chain_rows].copy()
    chains[:, L.C_NEXT] = chain_slots
    waiting, positions = _waiting(tables)
    return {
        "tracks": tracks,
        "fixes": tables.fixes[:n],
        "visits": visits,
        "windows": tables.windows[windows[has]],
        "chains": chains,
        "waiting": waiting,
        "positions": positions,
    }


def _walk(heads: Ints, rows: Ints, link: int, key: int) -> tuple[Ints, Ints]:
    """All lists at once: (list, row) of every member, ordered by list and by column `key`."""
    lists, members = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    at, owner = heads, np.arange(len(heads))
    while len(at := at[(alive := at >= 0)]):
        owner = owner[alive]
        lists.append(owner)
        members.append(at)
        at = rows[at, link]
    owners, found = np.concatenate(lists), np.concatenate(members)
    order = np.lexsort((rows[found, key], owners))
    return owners[order], found[order]


def _waiting(tables: Tables) -> tuple[npt.NDArray[np.void], Ints]:
    """The waiting reports as they came, in the order of the log, and their positions."""
    p = tables.pending[np.flatnonzero(tables.waiting != ALWAYS)]
    p = p[np.argsort(p[:, L.P_POSITION], kind="stable")]
    track = tables.tracks[p[:, L.P_TRACK], L.T_TRACK]
    rows = _rows(track, p[:, L.P_T], p[:, L.P_XY], p[:, L.P_MOTION], p[:, L.P_REST])
    return rows, p[:, L.P_POSITION].copy()


def _rows(track: Ints, t: Ints, xy: Ints, motion: Ints, rest: Ints) -> npt.NDArray[np.void]:
    """Reports as they came, of what the tables hold of them."""
    rows = np.zeros(len(track), COLUMNS)
    rows["track"], rows["t"] = track, t
    rows["lon"] = xy >> 32
    rows["lat"] = (xy & 0xFFFFFFFF).astype(np.uint32).view(np.int32)
    rows["sog_dkn"], rows["cog_ddeg"], rows["rank"] = motion & 0xFFFF, motion >> 16 & 0xFFFF, motion >> 32
    rows["heading_ddeg"], rows["length_dm"] = rest & 0xFFFF, rest >> 16 & 0xFFFF
    rows["kind"], rows["nav"], rows["flags"] = rest >> 32 & 0xFF, rest >> 40 & 0xFF, rest >> 48 & 0xFFFF
    return rows


def _last_rows(kept: Arrays) -> npt.NDArray[np.void]:
    """The last settled report of every track; what a track without one says means nothing."""
    tracks, n = kept["tracks"], len(kept["tracks"])
    newest = kept["fixes"][np.arange(n), (tracks[:, 3] - 1) % FIXES_SHOWN]
    return _rows(tracks[:, 0], tracks[:, 1], tracks[:, 2], newest[:, 2], newest[:, 3])


def put_back(kept: Arrays, compiled: Compiled, pairs: Ints, sequences: Ints, zones: Ints) -> Tables:
    """Tables with the settled state in them; the waiting reports are the caller's to take in again.

    `pairs`, `sequences`, `zones`: the new number of each old one, -1 = gone.
    """
    tracks = kept["tracks"]
    n = len(tracks)
    visits, windows = _renumbered(kept["visits"], kept["windows"], pairs)
    chains = kept["chains"].copy()
    chains[:, L.C_SEQUENCE] = sequences[chains[:, L.C_SEQUENCE]] if len(chains) else 0
    at = chains[:, L.C_ZONE]
    gone = (at >= 0) & (np.r_[zones, -1][np.minimum(at, len(zones))] < 0)
    chains[:, L.C_ZONE] = np.where(at >= 0, np.r_[zones, -1][np.minimum(at, len(zones))], -1)
    chains = chains[(chains[:, L.C_SEQUENCE] >= 0) & ~gone]
    zone_columns = (
        L.C_STEPS + L.STEP_WIDTH * np.arange((CHAIN_WIDTH - L.C_STEPS) // L.STEP_WIDTH) + L.STEP_ZONE
    )
    steps = np.ix_(chains[:, L.C_COUNT] < 0, zone_columns)
    old = chains[steps]
    chains[steps] = np.where(old >= 0, np.r_[zones, -1][np.minimum(old, len(zones))], -1)
    room = 1 << max(10, n.bit_length())
    tables = make(
        compiled, room, max(4_096, 2 << len(kept["waiting"]).bit_length()), max(1_024, 2 * len(visits))
    )
    tables = tables._replace(
        windows=_refill(windows, WINDOW_WIDTH, L.W_LINK, tables.numbers, L.N_WINDOWS_FREE),
        chains=_refill(chains, CHAIN_WIDTH, L.C_NEXT, tables.numbers, L.N_CHAINS_FREE),
    )
    numbers = tables.numbers
    numbers[L.N_TRACKS] = n
    numbers[L.N_NEWEST] = tracks[tracks[:, 3] > 0, 1].max(initial=NEVER)
    tables.tracks[:n] = np.column_stack(
        [tracks[:, 0], np.full((n, 2), -1), np.zeros(n, np.int64), tracks[:, [4, 3]], np.full((n, 2), -1)]
    )
    place_tracks(tables.keys, tables.tracks, n)
    tables.fixes[:n] = kept["fixes"]
    tables.silent[:n] = numbers[L.N_SILENT] = NEVER  # found anew when the watermark moves
    for p in (L.SETTLED, L.EAGER):
        hot = tables.hot[p]
        hot[:n, L.H_T], hot[:n, L.H_XY] = tracks[:, 1], tracks[:, 2]
        hot[:n, [L.H_DUE, L.H_INSTANT, L.H_CELL]] = NEVER  # cell and zones are found anew at the next report
        hot[:n, L.H_VISITS] = -1
    if compiled.several:  # stage 2 asks what the last report of a track counts for
        tables.hot[L.SETTLED, :n, L.H_MASK :] = masks(compiled, _last_rows(kept))
    m = len(visits)
    tables.visits[:m, L.V_WATCH], tables.visits[:m, L.V_WINDOW] = visits[:, 1], visits[:, 2]
    tables.visits[:m, VISIT_FIELDS] = visits[:, 3:]
    numbers[L.N_VISITS_FREE], numbers[L.N_VISITS_HEAD] = len(tables.visits) - m, m
    _relink(tables.hot[L.SETTLED, :, L.H_VISITS], tables.visits, L.V_NEXT, visits[:, 0])
    _relink(tables.tracks[:, L.T_CHAINS], tables.chains, L.C_NEXT, chains[:, L.C_NEXT].copy())
    return tables


def _renumbered(visits: Ints, windows: Ints, pairs: Ints) -> tuple[Ints, Ints]:
    """Visits of pairs that are still watched, ordered by track, with their windows in that order."""
    visits = visits.copy()
    visits[:, 1] = pairs[visits[:, 1]] if len(visits) else 0
    visits = visits[visits[:, 1] >= 0]
    has = visits[:, 2] >= 0
    windows = windows[visits[has, 2]]
    visits[:, 2] = np.where(has, np.cumsum(has) - 1, -1)
    return visits, windows


def _refill(rows: Ints, width: int, link: int, numbers: Ints, free: int) -> Ints:
    """A table with these rows at its head and a free list behind them."""
    n = len(rows)
    out = np.zeros((2 * n + SPEED_FIXES_MAX + len(numbers), width), np.int64)
    out[:n] = rows
    out[n:, link] = np.r_[np.arange(n + 1, len(out)), -1]
    numbers[free], numbers[free + 1] = len(out) - n, n
    return out


def _relink(heads: Ints, rows: Ints, link: int, owners: Ints) -> None:
    """Chain row i into the list of owners[i]."""
    for i, owner in enumerate(owners.tolist()):
        rows[i, link] = heads[owner]
        heads[owner] = i


def renumber(old: Compiled, new: Compiled) -> tuple[Ints, Ints, Ints]:
    """What became of each watched pair, sequence and zone of the old plan: its new number, or -1.

    A zone is carried while it keeps its id and its border; a visit while its rule keeps the name, and the
    operator its place in the rule and its kind.
    """
    zones = _zones(old.zones, new.zones)
    found = {name: i for i, name in enumerate(_pairs(new, np.arange(len(new.zones))))}
    pairs = [-1 if name[3] == GONE else found.get(name, -1) for name in _pairs(old, zones)]
    chains = {name: i for i, name in enumerate(_sequences(new))}
    return (
        np.array(pairs, np.int64),
        np.array([chains.get(name, -1) for name in _sequences(old)], np.int64),
        zones,
    )


ANYWHERE, GONE = -1, -2
Pair = tuple[str, int, str, int]  # rule, role, kind of operator, zone


def _pairs(compiled: Compiled, zones: Ints) -> list[Pair]:
    names = []
    for zone, o, _ in compiled.plan.watch.tolist():
        op = compiled.operators[o]
        where = ANYWHERE if zone < 0 else int(zones[zone]) if zones[zone] >= 0 else GONE
        names.append((compiled.rules[op.rule].name, op.role, type(op.step).__name__, where))
    return names


def _sequences(compiled: Compiled) -> list[tuple[str, int, tuple[str, ...]]]:
    """Each sequence and count: its rule, -1 = sequence, 1 = counts in each zone, else 0, the kinds of its steps."""
    kinds: dict[int, list[str]] = {}
    for op in compiled.operators:
        kinds.setdefault(op.rule, []).append(type(op.step).__name__)
    each = compiled.plan.rules[:, L.U_EACH] - (compiled.plan.rules[:, L.U_TIMES] == 0)
    return [(compiled.rules[i].name, int(each[i]), tuple(kinds[i])) for i in compiled.plan.sequences.tolist()]


def _zones(old: tuple[ZoneSpec, ...], new: tuple[ZoneSpec, ...]) -> Ints:
    same = {(z.zone_id, z.version, z.polygons): i for i, z in enumerate(new)}
    border = {(z.zone_id, z.polygons): i for i, z in enumerate(new)}
    found = [
        same.get((z.zone_id, z.version, z.polygons), border.get((z.zone_id, z.polygons), -1)) for z in old
    ]
    return np.array(found, np.int64)


def identity(compiled: Compiled) -> str:
    """A digest of all that the numbers in a kept state stand for."""
    said = [
        _pairs(compiled, np.arange(len(compiled.zones))),
        _sequences(compiled),
        [(z.zone_id, z.version, z.polygons, z.axis) for z in compiled.zones],
        [(r.name, r.version) for r in compiled.rules],
    ]
    return hashlib.sha256(repr(said).encode()).hexdigest()


def remask(compiled: Compiled, kept: Arrays) -> Ints:
    """Condition bits of the waiting reports under this plan."""
    return masks(compiled, kept["waiting"])
