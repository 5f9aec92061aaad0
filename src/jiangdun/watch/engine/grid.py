"""The zone grid: which zones hold a point, exactly and in a few ns.

Two levels: blocks of 16 x 16 cells, kept only where a zone is. A cell lists the zones that cover it whole, then
those whose border touches it, each with only the edges that touch the cell and the side its reference point
lies on. A cell that lists no border needs no arithmetic at all. Of the zones that cover a cell whole, their hash is
kept: as long as it is the same, they need not be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .geometry import inside_cell, side
from .jit import SOURCES, Ints, Shorts, kernel, making_entry
from .layout import (
    BLOCK_SHIFT,
    G_BLOCKS_X,
    G_NX,
    G_NY,
    G_SHIFT,
    G_TIMED,
    G_X0,
    G_Y0,
    GRID_WIDTH,
    INTERIOR,
    REF_INSIDE,
    REF_OUTSIDE,
    Z_FROM,
    Z_TO,
)
from .limits import BLOCKS_MAX, CELL_ITEMS_MAX, VERTICES_MAX, ZONES_PER_CELL_MAX, LimitExceeded
from .outline import Outline

CELL_SHIFT_MIN = 10  # 1,024 units: about 190 m
CELL_SHIFT_MAX = 26
CELLS_AIM = 16_000_000
"""The finest cell size is taken at which the zones' boxes hold no more cells than this: 190 m up to 10,000 zones."""
WEST_OF_GRID, EAST_OF_GRID, SOUTH_OF_GRID, NORTH_OF_GRID = -1, -2, -3, -4
EMPTY_BLOCK = -5  # and below: EMPTY_BLOCK - number of the block


class Grid(NamedTuple):
    """What the kernels read. `cells[q]` = (first entry, first border entry, end of the border entries of
    zones whose crossing is asked for) of cell q; entries are (zone, side of the reference point, first edge, end
    of edges). Zones that are not always in force stand among the border entries of the cells they cover."""

    numbers: Ints  # G_*
    top: Shorts  # block -> its number, -1 = nothing there
    cells: Shorts  # (cells + 1, 3)
    sums: Ints  # (cells,) hash of the zones that cover the cell whole
    entries: Shorts  # (n, 4)
    cell_edges: Shorts  # (m, 4) edges as the entries list them
    edges: Shorts  # (k, 4) edges of each zone, one after another


def build(
    outlines: Sequence[Outline],
    crossed: npt.NDArray[np.bool_] | None = None,
    timed: npt.NDArray[np.bool_] | None = None,
) -> tuple[Grid, Ints]:
    """The grid over these zones, and (first edge, end of edges) of each in `Grid.edges`.

    `crossed`: zones whose crossing between two fixes is asked for; `timed`: those not always in force (None: any).
    """
    if not outlines:
        return _empty(), np.zeros((0, 2), np.int64)
    edges = np.ascontiguousarray(np.concatenate([o.edges for o in outlines]))
    if len(edges) > VERTICES_MAX:
        raise LimitExceeded("vertices of all zones", len(edges), VERTICES_MAX, "simplify the zones")
    zone_ends = np.cumsum([len(o.edges) for o in outlines])
    zone_edges = np.stack([np.r_[0, zone_ends[:-1]], zone_ends], axis=1).astype(np.int64)
    part_ends = np.concatenate([np.add(o.part_ends, z[0]) for o, z in zip(outlines, zone_edges, strict=True)])
    part_zone = np.repeat(np.arange(len(outlines)), [len(o.part_ends) for o in outlines])
    part_starts = np.r_[0, part_ends[:-1]].astype(np.int64)
    boxes = _boxes(edges, part_starts)
    numbers = _numbers(boxes)
    now_and_then = np.ones(len(outlines), bool) if timed is None else timed
    numbers[G_TIMED] = now_and_then.any()
    wanted = np.zeros(len(outlines), bool) if crossed is None else crossed

    size = raster(edges, part_starts, part_ends, numbers, np.empty(0, np.int64), np.empty(0, np.int32))
    if size > CELL_ITEMS_MAX:
        raise LimitExceeded(
            "border entries of the zone grid", int(size), CELL_ITEMS_MAX, "simplify the zones"
        )
    keys, owners = np.empty(size, np.int64), np.empty(size, np.int32)
    raster(edges, part_starts, part_ends, numbers, keys, owners)
    room = int(_box_cells(boxes, int(numbers[G_SHIFT])).sum())
    inner_keys, inner_parts = np.empty(room, np.int64), np.empty(room, np.int32)
    parts_of = np.searchsorted(part_ends, owners, side="right").astype(np.int64)
    starts = np.searchsorted(parts_of, np.arange(len(part_ends) + 1)).astype(np.int64)
    n = interior(edges, part_starts, part_ends, numbers, keys, starts, inner_keys, inner_parts)
    return _assemble(
        edges,
        part_starts,
        part_ends,
        part_zone,
        numbers,
        keys,
        owners,
        inner_keys[:n],
        inner_parts[:n],
        wanted,
        now_and_then,
    ), zone_edges


def _assemble(
    edges: Ints,
    part_starts: Ints,
    part_ends: Ints,
    part_zone: Ints,
    numbers: Ints,
    keys: Ints,
    owners: Shorts,
    inner_keys: Ints,
    inner_parts: Shorts,
    crossed: npt.NDArray[np.bool_],
    timed: npt.NDArray[np.bool_],
) -> Grid:
    order = np.argsort(keys, kind="stable")
    keys, owners = keys[order], owners[order]
    parts = np.searchsorted(part_ends, owners, side="right")
    new = np.ones(len(keys), bool)
    new[1:] = (keys[1:] != keys[:-1]) | (parts[1:] != parts[:-1])
    first = np.flatnonzero(new)
    end = np.r_[first[1:], len(keys)]
    group_key, group_part = keys[first], parts[first].astype(np.int64)
    sides = references(edges, part_starts, part_ends, numbers, group_key, group_part)
    zone = part_zone[group_part]
    inner_zone = part_zone[inner_parts]
    covered = np.isin(_pair(group_key, zone, len(crossed)), _pair(inner_keys, inner_zone, len(crossed)))
    entries = np.concatenate(
        [
            np.stack(
                [inner_zone, np.full_like(inner_zone, INTERIOR), inner_zone * 0, inner_zone * 0], axis=1
            ),
            np.stack([zone, sides, first, end], axis=1)[~covered],
        ]
    )
    top, cell, n_cells = _number_cells(np.concatenate([inner_keys, group_key[~covered]]), numbers)
    asked = (entries[:, 1] != INTERIOR) & crossed[entries[:, 0]]
    border = (entries[:, 1] != INTERIOR) | timed[entries[:, 0]]
    order = np.lexsort((entries[:, 0], ~asked, border, cell))
    cells, sorted_ = _cell_table(cell, border, asked, n_cells), entries[order].astype(np.int32)
    return Grid(
        numbers,
        top,
        cells,
        sums_of(cells, sorted_),
        sorted_,
        np.ascontiguousarray(edges[owners].astype(np.int32)),
        np.ascontiguousarray(edges.astype(np.int32)),
    )


def _pair(key: Ints, zone: Ints, zones: int) -> Ints:
    """(cell, zone) as one number: rows and columns of a grid are below 2^21, zones below 2^21."""
    return ((key >> 32 << 21) + (key & 0xFFFFFFFF)) * zones + zone


def _number_cells(key: Ints, numbers: Ints) -> tuple[Shorts, Ints, int]:
    """Number the cells of every block that holds something: (block -> number, cell of each entry, cells)."""
    row, column = key >> 32, key & 0xFFFFFFFF
    across = int(numbers[G_BLOCKS_X])
    used, number = np.unique((row >> BLOCK_SHIFT) * across + (column >> BLOCK_SHIFT), return_inverse=True)
    top = np.full(across * ((int(numbers[G_NY]) >> BLOCK_SHIFT) + 1), -1, np.int32)
    top[used] = np.arange(len(used), dtype=np.int32)
    mask = (1 << BLOCK_SHIFT) - 1
    cell = (number << (2 * BLOCK_SHIFT)) + ((row & mask) << BLOCK_SHIFT) + (column & mask)
    return top, cell, len(used) << (2 * BLOCK_SHIFT)


def _cell_table(
    cell: Ints, border: npt.NDArray[np.bool_], asked: npt.NDArray[np.bool_], n_cells: int
) -> Shorts:
    """(first entry, first border entry, end of the crossed ones) of each cell; a last row closes the table."""
    count = np.bincount(cell, minlength=n_cells)
    if count.max() > ZONES_PER_CELL_MAX:
        raise LimitExceeded(
            "zones over one spot", int(count.max()), ZONES_PER_CELL_MAX, "take out zones that no rule needs"
        )
    starts = np.r_[0, np.cumsum(count)]
    inner = starts + np.r_[np.bincount(cell[~border], minlength=n_cells), 0]
    ends = inner + np.r_[np.bincount(cell[asked], minlength=n_cells), 0]
    return np.stack([starts, inner, ends], axis=1).astype(np.int32)


def _empty() -> Grid:
    numbers = np.zeros(GRID_WIDTH, np.int64)
    none = np.zeros((0, 4), np.int32)
    top, cells = np.full(1, -1, np.int32), np.zeros((1, 3), np.int32)
    return Grid(numbers, top, cells, np.zeros(1, np.int64), none, none.copy(), none.copy())


def _boxes(edges: Ints, part_starts: Ints) -> Ints:
    lows = np.minimum(edges[:, :2], edges[:, 2:])
    highs = np.maximum(edges[:, :2], edges[:, 2:])
    return np.concatenate(
        [np.minimum.reduceat(lows, part_starts, axis=0), np.maximum.reduceat(highs, part_starts, axis=0)],
        axis=1,
    )


def _box_cells(boxes: Ints, shift: int) -> Ints:
    return ((boxes[:, 2] - boxes[:, 0] >> shift) + 3) * ((boxes[:, 3] - boxes[:, 1] >> shift) + 3)


def _numbers(boxes: Ints) -> Ints:
    """Origin, cell size and extent: the finest cells that stay within CELLS_AIM."""
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    for shift in range(CELL_SHIFT_MIN, CELL_SHIFT_MAX + 1):
        x0, y0 = low - (1 << shift)
        nx, ny = (((high - (x0, y0)) >> shift) + 2).tolist()
        across = (nx >> BLOCK_SHIFT) + 1
        blocks = across * ((ny >> BLOCK_SHIFT) + 1)
        if blocks <= BLOCKS_MAX and _box_cells(boxes, shift).sum() <= max(CELLS_AIM, 64 * len(boxes)):
            break
    return np.array([x0, y0, shift, nx, ny, across, 0], np.int64)


@kernel
def cell_of(numbers: Ints, top: Shorts, x: int, y: int) -> int:
    """The cell of a point: its number; below 0 where no zone is near: EMPTY_BLOCK - block, or a side of the grid.

    Each number stands for a convex area: a way between two points of one number stays in it.
    """
    shift = numbers[G_SHIFT]
    column = (x - numbers[G_X0]) >> shift
    row = (y - numbers[G_Y0]) >> shift
    if column < 0:
        return WEST_OF_GRID
    if column >= numbers[G_NX]:
        return EAST_OF_GRID
    if row < 0:
        return SOUTH_OF_GRID
    if row >= numbers[G_NY]:
        return NORTH_OF_GRID
    block = (row >> BLOCK_SHIFT) * numbers[G_BLOCKS_X] + (column >> BLOCK_SHIFT)
    number = int(top[block])
    if number < 0:
        return EMPTY_BLOCK - block
    mask = (1 << BLOCK_SHIFT) - 1
    return (number << (2 * BLOCK_SHIFT)) + ((row & mask) << BLOCK_SHIFT) + (column & mask)


@kernel
def mixed(zone: int) -> int:
    """64 bits of a zone (splitmix64). Two sets of zones that a track meets in turn differ in the sum of them."""
    z = (zone + 1) * -7046029254386353131
    z = (z ^ (z >> 30 & 0x3FFFFFFFF)) * -4658895280553007687
    z = (z ^ (z >> 27 & 0x1FFFFFFFFF)) * -7723592293110705685
    return 1 + (z ^ (z >> 31 & 0x1FFFFFFFF))


@kernel
def border_zones(grid: Grid, zones: Ints, cell: int, x: int, y: int, t: int, out: Ints) -> int:
    """Write the zones in force at t that hold (x, y) and do not cover its whole cell to `out`; how many."""
    n = 0
    if cell < 0:
        return n
    last = -1
    numbers = grid.numbers
    timed = numbers[G_TIMED] != 0
    shift = numbers[G_SHIFT]
    half = 1 << shift
    column = (x - numbers[G_X0]) >> shift
    row = (y - numbers[G_Y0]) >> shift
    rx = 2 * (numbers[G_X0] + (column << shift)) + half + 1
    ry = 2 * (numbers[G_Y0] + (row << shift)) + half + 1
    for k in range(grid.cells[cell, 1], grid.cells[cell + 1, 0]):
        zone = int(grid.entries[k, 0])
        kind = int(grid.entries[k, 1])
        if zone == last or (timed and (t < zones[zone, Z_FROM] or t >= zones[zone, Z_TO])):
            continue
        if kind == INTERIOR or inside_cell(
            grid.cell_edges, int(grid.entries[k, 2]), int(grid.entries[k, 3]), kind, rx, ry, x, y
        ):
            out[n] = zone
            n += 1
            last = zone
    return n


@kernel
def add_whole(grid: Grid, cell: int, out: Ints, n: int) -> int:
    """Write the zones that cover the whole cell to `out` behind the n there; how many there are then."""
    if cell < 0:
        return n
    last = -1
    for k in range(grid.cells[cell, 0], grid.cells[cell, 1]):
        zone = int(grid.entries[k, 0])
        if zone != last:
            out[n] = zone
            n += 1
            last = zone
    return n


@kernel
def zones_at(grid: Grid, zones: Ints, cell: int, x: int, y: int, t: int, out: Ints) -> int:
    """Write the zones in force at t that hold (x, y) to `out`; how many. `cell` = cell_of(x, y)."""
    return add_whole(grid, cell, out, border_zones(grid, zones, cell, x, y, t, out))


@kernel
def zones_sum(grid: Grid, cell: int, border: Ints, n: int) -> int:
    """The hash of the zones at a point: of its cell's and of the n that `border_zones` found."""
    total = grid.sums[cell] if cell >= 0 else 0
    for i in range(n):
        total += mixed(border[i])
    return total


@kernel
def span(ax: int, ay: int, bx: int, by: int, row: int, shift: int) -> tuple[int, int]:
    """First and last column of the cells in `row` that the segment may touch (a few too many, never too few)."""
    if ay == by:
        x0 = min(ax, bx)
        x1 = max(ax, bx)
    else:
        low = max(ay, row << shift)
        high = min(by, (row + 1) << shift)
        at_low = ax + (low - ay) * (bx - ax) // (by - ay)
        at_high = ax + (high - ay) * (bx - ax) // (by - ay)
        x0 = min(at_low, at_high)
        x1 = max(at_low, at_high) + 1
    return (x0 - 1) >> shift, x1 >> shift


def _entry_points(sources: str):  # type: ignore[no-untyped-def]
    @making_entry
    def raster(edges: Ints, starts: Ints, ends: Ints, numbers: Ints, keys: Ints, owners: Shorts) -> int:
        """Cells each edge touches: (row << 32 | column, edge), part by part. With empty arrays only counts."""
        len(sources)
        n = 0
        shift = numbers[G_SHIFT]
        for part in range(len(starts)):
            for e in range(starts[part], ends[part]):
                ax = edges[e, 0] - numbers[G_X0]
                ay = edges[e, 1] - numbers[G_Y0]
                bx = edges[e, 2] - numbers[G_X0]
                by = edges[e, 3] - numbers[G_Y0]
                for row in range((ay - 1) >> shift, (by >> shift) + 1):
                    c0, c1 = span(ax, ay, bx, by, row, shift)
                    for column in range(c0, c1 + 1):
                        if len(keys):
                            keys[n] = (row << 32) | column
                            owners[n] = e
                        n += 1
        return n

    @making_entry
    def interior(
        edges: Ints,
        starts: Ints,
        ends: Ints,
        numbers: Ints,
        keys: Ints,
        key_starts: Ints,
        out: Ints,
        out_part: Shorts,
    ) -> int:
        """Cells that lie wholly inside a part: in the box, not touched by its edges, reference point inside."""
        len(sources)
        n = 0
        shift = numbers[G_SHIFT]
        for part in range(len(starts)):
            k0 = key_starts[part]
            k1 = key_starts[part + 1]
            c0 = keys[k0] & 0xFFFFFFFF
            c1 = c0
            r0 = keys[k0] >> 32
            r1 = r0
            for k in range(k0, k1):
                column = keys[k] & 0xFFFFFFFF
                row = keys[k] >> 32
                c0 = min(c0, column)
                c1 = max(c1, column)
                r0 = min(r0, row)
                r1 = max(r1, row)
            touched = np.zeros((r1 - r0 + 1, c1 - c0 + 1), np.uint8)
            flips = np.zeros((r1 - r0 + 1, c1 - c0 + 1), np.int32)
            for k in range(k0, k1):
                touched[(keys[k] >> 32) - r0, (keys[k] & 0xFFFFFFFF) - c0] = 1
            for e in range(starts[part], ends[part]):
                ax = edges[e, 0] - numbers[G_X0]
                ay = edges[e, 1] - numbers[G_Y0]
                bx = edges[e, 2] - numbers[G_X0]
                by = edges[e, 3] - numbers[G_Y0]
                for row in range(ay >> shift, (by >> shift) + 1):
                    ry = 2 * (row << shift) + (1 << shift) + 1
                    if 2 * ay < ry < 2 * by:
                        x = 2 * ax + (ry - 2 * ay) * (bx - ax) // (by - ay)
                        flips[row - r0, (x >> (shift + 1)) - c0] += 1
            for row in range(r1 - r0 + 1):
                odd = 0
                for column in range(c1 - c0 + 1):
                    odd ^= flips[row, column] & 1
                    if odd and not touched[row, column]:
                        out[n] = ((row + r0) << 32) | (column + c0)
                        out_part[n] = part
                        n += 1
        return n

    @making_entry
    def references(edges: Ints, starts: Ints, ends: Ints, numbers: Ints, keys: Ints, parts: Ints) -> Ints:
        """On which side of the part the reference point of each cell lies."""
        len(sources)
        out = np.empty(len(keys), np.int64)
        half = 1 << numbers[G_SHIFT]
        for k in range(len(keys)):
            rx = 2 * (numbers[G_X0] + ((keys[k] & 0xFFFFFFFF) << numbers[G_SHIFT])) + half + 1
            ry = 2 * (numbers[G_Y0] + ((keys[k] >> 32) << numbers[G_SHIFT])) + half + 1
            odd = False
            for e in range(starts[parts[k]], ends[parts[k]]):
                ay = 2 * edges[e, 1]
                by = 2 * edges[e, 3]
                if ay < ry < by and side(2 * edges[e, 0], ay, 2 * edges[e, 2], by, rx, ry) > 0:
                    odd = not odd
            out[k] = REF_INSIDE if odd else REF_OUTSIDE
        return out

    @making_entry
    def sums_of(cells: Shorts, entries: Shorts) -> Ints:
        """The hash of the zones that cover each cell whole."""
        len(sources)
        out = np.zeros(len(cells), np.int64)
        for cell in range(len(cells) - 1):
            last = -1
            for k in range(cells[cell, 0], cells[cell, 1]):
                if entries[k, 0] != last:
                    out[cell] += mixed(int(entries[k, 0]))
                    last = entries[k, 0]
        return out

    @making_entry
    def locate(grid: Grid, zones: Ints, xs: Ints, ys: Ints, t: int) -> tuple[Ints, Ints]:
        """(point, zone) pairs of all points that lie in a zone in force at t."""
        len(sources)
        found = np.empty(ZONES_PER_CELL_MAX, np.int64)
        points = np.empty(len(xs) + ZONES_PER_CELL_MAX, np.int64)
        hits = np.empty(len(xs) + ZONES_PER_CELL_MAX, np.int64)
        n = 0
        for i in range(len(xs)):
            cell = cell_of(grid.numbers, grid.top, xs[i], ys[i])
            m = zones_at(grid, zones, cell, xs[i], ys[i], t, found)
            if n + m > len(points):
                points = np.concatenate((points, np.empty_like(points)))
                hits = np.concatenate((hits, np.empty_like(hits)))
            for k in range(m):
                points[n] = i
                hits[n] = found[k]
                n += 1
        return points[:n], hits[:n]

    return raster, interior, references, sums_of, locate


raster, interior, references, sums_of, locate = _entry_points(SOURCES)
