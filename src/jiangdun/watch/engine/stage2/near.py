"""Which of many points lie near one another: points sorted by cell, so that neighbours are runs of the same arrays.

Cells are half as wide as the distance asked for. In the order (group, row, column) the cells to be compared with one
are three runs: what follows it in its own row, and five cells of each of the two rows above. Points of different
groups are never compared.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from jiangdun.watch.engine.jit import Ints, kernel, making_entry

from .plane import Floats
from .snapshot import SOURCES

COLUMN_BITS = 24
ROW = 1 << COLUMN_BITS
GROUP_BITS = 48
WIDTH_MIN = 64.0
"""No cell is narrower (units), so that rows and columns of the whole globe fit their bits."""
BLOCK = 64
"""Pairs that are looked at before those found are written down: the loop over them has no branch."""

Bytes = npt.NDArray[np.uint8]


@kernel
def run_end(cells: Ints, c: int, last: int) -> int:
    """The first cell from c on whose key is greater than `last`."""
    while c < len(cells) and cells[c] <= last:
        c += 1
    return c


@kernel
def run_of(starts: Ints, ends: tuple[int, int, int, int, int], i: int, part: int) -> tuple[int, int]:
    """The points to compare with point i: after it in its own row, in the row above, in the one above that."""
    if part == 0:
        return i + 1, starts[ends[0]]
    if part == 1:
        return starts[ends[1]], starts[ends[2]]
    return starts[ends[3]], starts[ends[4]]


@kernel
def runs(cells: Ints, c: int, before: tuple[int, int, int, int, int]) -> tuple[int, int, int, int, int]:
    """Where the three runs of cells end and begin: end beside, begin and end above, begin and end over that.

    `before`: those of the cell before; they only move on.
    """
    key = cells[c]
    above = run_end(cells, max(before[1], c), key + ROW - 3)
    over = run_end(cells, max(before[3], above), key + 2 * ROW - 3)
    return (
        run_end(cells, c, key + 2),
        above,
        run_end(cells, above, key + ROW + 2),
        over,
        run_end(cells, over, key + 2 * ROW + 2),
    )


def _entry_points(sources: str):  # type: ignore[no-untyped-def]
    @making_entry
    def cell_keys(x: Floats, y: Floats, group: Ints, width: float) -> Ints:
        """The cell of each point; groups are numbered from 0 on."""
        len(sources)
        keys = np.empty(len(x), np.int64)
        west = np.inf
        south = np.inf
        for i in range(len(x)):
            west = min(west, x[i])
            south = min(south, y[i])
        for i in range(len(x)):
            # two spare columns to the left, so that a run never begins in the row below
            column = math.floor((x[i] - west) / width) + 2
            row = math.floor((y[i] - south) / width)
            keys[i] = (group[i] << GROUP_BITS) | (row << COLUMN_BITS) | column
        return keys

    @making_entry
    def cells_of(keys: Ints) -> tuple[Ints, Ints]:
        """(key, first point) of each cell of sorted keys; the starts have one more for the end."""
        cells = np.empty(len(keys), np.int64)
        starts = np.empty(len(keys) + 1, np.int64)
        n = 0
        for i in range(len(keys)):
            if i == 0 or keys[i] != keys[i - 1]:
                cells[n] = keys[i]
                starts[n] = i
                n += 1
        starts[n] = len(keys)
        return cells[:n], starts[: n + 1]

    @making_entry
    def near(x: Floats, y: Floats, scale: Floats, cells: Ints, starts: Ints, far: float, out: Ints) -> int:
        """Pairs whose distance is at most `far` times the greater scale: how many, the first written to `out`."""
        n = 0
        hit = np.zeros(BLOCK, np.uint8)
        ends = (0, 0, 0, 0, 0)
        for c in range(len(cells)):
            ends = runs(cells, c, ends)
            for i in range(starts[c], starts[c + 1]):
                for part in range(3):
                    a, b = run_of(starts, ends, i, part)
                    for first in range(a, b, BLOCK):
                        m = min(BLOCK, b - first)
                        some = 0
                        for k in range(m):
                            j = first + k
                            dx = x[j] - x[i]
                            dy = y[j] - y[i]
                            limit = far * max(scale[i], scale[j])
                            hit[k] = dx * dx + dy * dy <= limit * limit
                            some |= hit[k]
                        if some:
                            for k in range(m):
                                if hit[k]:
                                    if n < len(out):
                                        out[n, 0] = i
                                        out[n, 1] = first + k
                                    n += 1
        return n

    return cell_keys, cells_of, near


cell_keys, cells_of, near = _entry_points(SOURCES)


def sort(x: Floats, y: Floats, scale: Floats, group: Ints, far: float) -> tuple[Ints, Ints, Ints]:
    """(order of the points, cells, first point of each) for pairs at most `far` units on the ground apart."""
    width = far * float(scale.max()) / 2
    keys = cell_keys(x, y, group, max(width, WIDTH_MIN))
    order = np.argsort(keys)
    return order, *cells_of(keys[order])


def near_pairs(x: Floats, y: Floats, scale: Floats, far: float) -> Ints:
    """(n, 2) pairs i < j at most `far` units on the ground apart, by the scale of i; ascending."""
    if len(x) < 2:
        return np.empty((0, 2), np.int64)
    order, cells, starts = sort(x, y, scale, np.zeros(len(x), np.int64), far)
    xs, ys, scales = x[order], y[order], scale[order]
    out = np.empty((max(1_024, 4 * len(x)), 2), np.int64)
    n = near(xs, ys, scales, cells, starts, far, out)
    if n > len(out):
        out = np.empty((n, 2), np.int64)
        near(xs, ys, scales, cells, starts, far, out)
    pairs = np.sort(order[out[:n]], axis=1)
    i, j = pairs[:, 0], pairs[:, 1]
    dx, dy, limit = x[j] - x[i], y[j] - y[i], far * scale[i]
    pairs = pairs[dx * dx + dy * dy <= limit * limit]
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
