"""What stage 2 sees of stage 1 at a tick: of every track its last fix, where it is, how it moves, what it counts for.

This is the whole interface between the stages. On a cluster each shard makes the snapshot of its tracks, and they are
joined again by cell of the plane; nothing in the operators would change (docs/decisions/).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from jiangdun.feeds.columns import NO_SPEED
from jiangdun.watch.engine import layout as L
from jiangdun.watch.engine.jit import Ints, kernel, making_entry, sources_digest
from jiangdun.watch.engine.limits import FIXES_SHOWN
from jiangdun.watch.engine.tables import Tables, lat_of, lon_of

from .plane import DKN_PER_UNIT_S, LAT_MAX, Floats, Plane, north_of, row_of

COURSES = 3_600
SOURCES = sources_digest("stage2")


class Snapshot(NamedTuple):
    """Rows of one tick, ascending by track. Places and speeds in units of the plane; see `plane.py`."""

    track: Ints
    t: Ints  # of the fix, ms
    lon: Ints  # of the fix, 1/600000 degree
    lat: Ints
    sog: Ints  # 0.1 kn, NO_SPEED = not known
    cog: Ints  # 0.1 degree, 3600 and more = not known
    x: Floats  # where the fix was
    y: Floats
    px: Floats  # where it is by now, if it went on so; the fix itself where speed or course is not known
    py: Floats
    vx: Floats  # units a second, 0 where not known
    vy: Floats
    scale: Floats
    slot: Ints  # of stage 1's tables: for the fixes to show
    counts: Ints  # (n, words): bit b = the fix counts for condition b

    def only(self, wanted: npt.NDArray[np.bool_]) -> Snapshot:
        """The rows where `wanted`."""
        return Snapshot._make(column[wanted] for column in self)

    def bit(self, bit: int) -> npt.NDArray[np.bool_]:
        """Which rows count for a condition."""
        return np.asarray((self.counts[:, bit >> 6] >> (bit & 63)) & 1, bool)


@kernel
def _last(tables: Tables, eager: bool, slot: int, tick: int) -> int:
    """The newest waiting report of the track that is not younger than the tick, or -1: the settled fix."""
    if not eager:
        return -1
    node = tables.tracks[slot, L.T_TAIL]
    while node >= 0 and tables.pending[node, L.P_T] > tick:
        node = tables.pending[node, L.P_PREV]
    return node


def _entry_points(sources: str):  # type: ignore[no-untyped-def]
    @making_entry
    def fill(
        plane: Plane, tables: Tables, order: Ints, tick: int, oldest: int, eager: bool, words: int
    ) -> tuple[Ints, Floats, Ints]:
        """(whole numbers, real numbers, conditions) of the tracks in `order` whose last fix is not older than
        `oldest`."""
        len(sources)
        n_max = len(order)
        whole = np.empty((7, n_max), np.int64)
        real = np.empty((7, n_max), np.float64)
        counts = np.empty((n_max, words), np.int64)
        n = 0
        for k in range(n_max):
            slot = order[k]
            node = _last(tables, eager, slot, tick)
            if node >= 0:
                t = tables.pending[node, L.P_T]
            elif tables.tracks[slot, L.T_SEEN] > 0:
                t = tables.hot[L.SETTLED, slot, L.H_T]
            else:
                continue
            if t < oldest or t > tick:
                continue
            if node >= 0:
                xy = tables.pending[node, L.P_XY]
                motion = tables.pending[node, L.P_MOTION]
                for w in range(words):
                    counts[n, w] = tables.pending[node, L.P_MASK + w]
            else:
                last = (tables.tracks[slot, L.T_SEEN] - 1) % FIXES_SHOWN
                xy = tables.fixes[slot, last, 1]
                motion = tables.fixes[slot, last, 2]
                for w in range(words):
                    counts[n, w] = tables.hot[L.SETTLED, slot, L.H_MASK + w]
            lat = lat_of(xy)
            if abs(lat) > LAT_MAX:
                continue
            sog = motion & 0xFFFF
            cog = (motion >> 16) & 0xFFFF
            whole[0, n] = tables.tracks[slot, L.T_TRACK]
            whole[1, n] = t
            whole[2, n] = lon_of(xy)
            whole[3, n] = lat
            whole[4, n] = sog
            whole[5, n] = cog
            whole[6, n] = slot
            scale = plane.scale[row_of(lat)]
            x = float(lon_of(xy))
            y = north_of(plane, lat)
            vx = 0.0
            vy = 0.0
            if sog != NO_SPEED and cog < COURSES:
                vx = sog * plane.sine[cog] * scale / DKN_PER_UNIT_S
                vy = sog * plane.cosine[cog] * scale / DKN_PER_UNIT_S
            since = (tick - t) / 1000.0
            real[0, n] = x
            real[1, n] = y
            real[2, n] = x + vx * since
            real[3, n] = y + vy * since
            real[4, n] = vx
            real[5, n] = vy
            real[6, n] = scale
            n += 1
        return whole[:, :n], real[:, :n], counts[:n]

    return fill


fill = _entry_points(SOURCES)


def take(
    plane: Plane, tables: Tables, order: Ints, tick: int, oldest: int, *, eager: bool, words: int
) -> Snapshot:
    """The snapshot of a tick. `order`: slots by track."""
    whole, real, counts = fill(plane, tables, order, tick, oldest, eager, words)
    track, t, lon, lat, sog, cog, slot = whole
    x, y, px, py, vx, vy, scale = real
    return Snapshot(track, t, lon, lat, sog, cog, x, y, px, py, vx, vy, scale, slot, counts)
