"""Reading ahead: the memory of the next reports is asked for before they are judged.

Tracks come in no order, so nearly every read is a miss, and a report's misses wait for each other: its slot, its
row, its visits. Here the same reads are done for many reports side by side, so that the misses overlap. What is
read has no meaning; it is summed into a number so that the compiler keeps it.
"""

from __future__ import annotations

from typing import Any

from . import layout as L
from .grid import Grid, cell_of
from .jit import kernel
from .limits import FIXES_SHOWN
from .tables import Tables, find_slot


@kernel
def read_ahead_rows(grid: Grid, tables: Tables, rows: Any, start: int) -> None:
    """For the rows from `start` on: their tracks, visits of the eager pass, and places in the grid.

    Column 3 of `ahead` keeps their slots, -1 = a track not yet seen.
    """
    ahead = tables.ahead
    n = min(L.AHEAD, len(rows) - start)
    total = 0
    for j in range(n):
        at = find_slot(tables.keys, rows[start + j]["track"])
        ahead[j, 3] = ahead[j, 1] = tables.keys[at, 1] if tables.keys[at, 0] != -1 else -1
        ahead[j, 0] = cell_of(
            grid.numbers, grid.top, int(rows[start + j]["lon"]), int(rows[start + j]["lat"])
        )
    for j in range(n):
        ahead[j, 2] = tables.tracks[ahead[j, 1], L.T_TAIL] if ahead[j, 1] >= 0 else -1
    for j in range(n):
        if ahead[j, 0] >= 0:
            ahead[j, 0] = grid.cells[ahead[j, 0], 1] if _has_border(grid, ahead[j, 0]) else -1
    for j in range(n):
        if ahead[j, 2] >= 0:
            total += tables.pending[ahead[j, 2], L.P_T]
    for j in range(n):
        if ahead[j, 0] >= 0:
            ahead[j, 0] = grid.entries[ahead[j, 0], 2]
    for j in range(n):
        if ahead[j, 0] >= 0:
            total += int(grid.cell_edges[ahead[j, 0], 0])
    tables.numbers[L.N_TOUCHED] += total + _read_visits(tables, L.EAGER, n)


@kernel
def read_ahead_waiting(tables: Tables, n: int) -> None:
    """For the waiting reports numbered in `ahead`: their tracks and visits of the settled pass."""
    ahead = tables.ahead
    total = 0
    for j in range(n):
        ahead[j, 1] = tables.pending[ahead[j, 0], L.P_TRACK]
        ahead[j, 2] = tables.pending[ahead[j, 0], L.P_NEXT]
    for j in range(n):
        total += tables.fixes[ahead[j, 1], tables.tracks[ahead[j, 1], L.T_SEEN] % FIXES_SHOWN, 2]
    for j in range(n):
        if ahead[j, 2] >= 0:
            total += tables.pending[ahead[j, 2], L.P_T]
    tables.numbers[L.N_TOUCHED] += total + _read_visits(tables, L.SETTLED, n)


@kernel
def _read_visits(tables: Tables, p: int, n: int) -> int:
    """The first visit of each slot in `ahead`, and its window."""
    ahead = tables.ahead
    total = 0
    for j in range(n):
        if ahead[j, 1] >= 0:
            ahead[j, 1] = tables.hot[p, ahead[j, 1], L.H_VISITS]
    for j in range(n):
        if ahead[j, 1] >= 0:
            after = tables.visits[ahead[j, 1], L.V_NEXT]
            ahead[j, 1] = tables.visits[ahead[j, 1], L.V_WINDOW]
            if after >= 0:
                total += tables.visits[after, L.V_WATCH]
    for j in range(n):
        if ahead[j, 1] >= 0:
            total += tables.windows[ahead[j, 1], L.W_COUNT]
    return total


@kernel
def _has_border(grid: Grid, cell: int) -> bool:
    return grid.cells[cell, 1] != grid.cells[cell + 1, 0]
