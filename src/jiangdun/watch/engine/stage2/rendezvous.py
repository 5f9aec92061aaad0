"""rendezvous: two that were apart come together and stay so. Words: docs/operators.md.

Defaults from pipe-encounters (500 m, 2 h, median speed below 2 kn), taken to a river (80 m, 10 min) [C].
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from jiangdun.feeds.columns import NO_SPEED
from jiangdun.watch.engine.jit import Ints, making_entry
from jiangdun.watch.engine.limits import ALWAYS, FORGET_MS, NEVER
from jiangdun.watch.engine.plan import Asked
from jiangdun.watch.rules.spec import Rendezvous, RuleSpec

from .found import MINUTE_MS, Found, renumbered
from .near import near_pairs
from .plane import UNIT_M, units
from .snapshot import SOURCES, Snapshot
from .world import World

FRESH_MS: Final = 360_000
"""A vessel at anchor reports every 3 min (ITU-R M.1371); one report may be lost."""

A, B, SEEN, CAME, START, HELD, DONE, FIRED, ZONE = range(9)
WIDTH: Final = 9
"""A row of the state: lower and higher track, last tick at which both were seen within `apart`, whether they came from
further, since when they are near (NEVER = they are not), last tick near, whether it was said, last alert, zone."""

Bools = npt.NDArray[np.bool_]


def own_memory_ms(for_ms: int, tolerate_ms: int) -> int:
    """How far back a fix can matter: whether they were apart, and how long they are together."""
    return FORGET_MS + for_ms + tolerate_ms + FRESH_MS


def _entry_points(sources: str):  # type: ignore[no-untyped-def]
    @making_entry
    def keep_rows(
        rows: Ints,
        both: Bools,
        a: Ints,
        b: Ints,
        near: Bools,
        came: Bools,
        zone: Ints,
        tick: int,
        lasting: int,
        tolerate: int,
        cooldown: int,
    ) -> tuple[Ints, Ints]:
        """The state after a tick at which the pairs (a, b) were within `apart`, and (pair, its row) of those that
        complete the rule.

        `both`: of each row, whether both tracks are known at this tick. All is ascending by (lower, higher) track.
        """
        len(sources)
        out = np.empty((len(rows) + len(a), WIDTH), np.int64)
        fired = np.empty((len(a), 2), np.int64)
        n = 0
        m = 0
        r = 0
        p = 0
        while r < len(rows) or p < len(a):
            known = r < len(rows)
            if known and p < len(a):
                known = rows[r, A] < a[p] or (rows[r, A] == a[p] and rows[r, B] <= b[p])
            seen = p < len(a) and (not known or (rows[r, A] == a[p] and rows[r, B] == b[p]))
            fresh = known and tick - rows[r, SEEN] <= FORGET_MS
            cooling = fresh and rows[r, FIRED] != NEVER and tick - rows[r, FIRED] < cooldown
            if not seen:
                if both[r]:  # seen apart: all that is kept of it is that it was told
                    if cooling:
                        out[n] = rows[r]
                        out[n, CAME] = 1
                        out[n, START] = NEVER
                        out[n, SEEN] = tick
                        n += 1
                elif fresh:
                    out[n] = rows[r]
                    n += 1
                r += 1
                continue
            if fresh:
                out[n] = rows[r]
            else:
                out[n, A] = a[p]
                out[n, B] = b[p]
                out[n, CAME] = came[p]
                out[n, START] = NEVER
                out[n, HELD] = NEVER
                out[n, DONE] = 0
                out[n, FIRED] = NEVER
                out[n, ZONE] = -1
            out[n, SEEN] = tick
            if near[p] and out[n, CAME] == 1:
                if out[n, START] == NEVER or tick - out[n, HELD] > tolerate:
                    out[n, START] = tick
                    out[n, ZONE] = zone[p]
                    out[n, DONE] = 0
                out[n, HELD] = tick
                if out[n, DONE] == 0 and tick - out[n, START] >= lasting:
                    out[n, DONE] = 1
                    if not cooling:
                        out[n, FIRED] = tick
                        fired[m, 0] = p
                        fired[m, 1] = n
                        m += 1
            n += 1
            p += 1
            if known:
                r += 1
        return out[:n], fired[:m]

    return keep_rows


keep_rows = _entry_points(SOURCES)


class Encounters:
    """One rule's pairs, as the settled pass knows them, and when each track was last seen."""

    every_ms: Final = MINUTE_MS
    fresh_ms: Final = FRESH_MS
    eager: Final = False

    def __init__(self, rule: RuleSpec, when: Rendezvous, asked: Asked, world: World) -> None:
        self.rule, self.when, self.asked, self.world = rule, when, asked, world
        self.rows = np.empty((0, WIDTH), np.int64)
        self.known = np.empty((0, 2), np.int64)  # track, last tick

    def arrays(self) -> dict[str, Ints]:
        return {"rows": self.rows, "known": self.known}

    def restore(self, kept: Mapping[str, Ints], zones: Ints) -> None:
        """`zones`: the new number of each old zone, -1 = gone."""
        self.rows, self.known = kept["rows"], kept["known"]
        self.rows[:, ZONE] = renumbered(self.rows[:, ZONE], zones)

    def idle_due(self, _tick: int) -> int:
        """Nothing happens while nobody is heard."""
        return ALWAYS

    def step(self, tick: int, seen: Snapshot) -> list[Found]:
        """The pairs that complete the rule at this tick."""
        in_force = self.rule.valid_from_ms <= tick < self.rule.valid_to_ms
        seen = seen.only(seen.bit(self.asked.known) & (tick - seen.t <= FRESH_MS) & in_force)
        pairs = near_pairs(seen.x, seen.y, seen.scale, units(self.when.apart_m))
        i, j = pairs[:, 0], pairs[:, 1]
        dx, dy = seen.x[j] - seen.x[i], seen.y[j] - seen.y[i]
        limit = units(self.when.nearer_m) * seen.scale[i]
        d2 = dx * dx + dy * dy
        near, zone = self._near(tick, seen, pairs, d2 <= limit * limit)
        before = self._before(tick, seen.track)
        both = np.isin(self.rows[:, A], seen.track) & np.isin(self.rows[:, B], seen.track)
        self.rows, fired = keep_rows(
            self.rows, both, seen.track[i], seen.track[j], near, before[i] & before[j], zone,
            tick, self.when.for_ms, self.when.tolerate_ms, self.rule.cooldown_ms,
        )  # fmt: skip
        return [
            self._found(tick, seen, int(i[p]), int(j[p]), float(d2[p]), self.rows[r])
            for p, r in fired.tolist()
        ]

    def _near(self, tick: int, seen: Snapshot, pairs: Ints, near: Bools) -> tuple[Bools, Ints]:
        """Which of the pairs count as near, and the zone of each."""
        i, j = pairs[:, 0], pairs[:, 1]
        one, other = seen.bit(self.asked.one), seen.bit(self.asked.other)
        near = near & ((one[i] & other[j]) | (one[j] & other[i]))
        own = np.unique(pairs[near])  # zones are looked for only where they matter
        lon, lat = seen.lon[own], seen.lat[own]
        exempt, zone = np.zeros(len(seen.track), bool), np.full(len(seen.track), -1)
        exempt[own] = self.world.exempt(self.rule, lon, lat, tick)
        zone[own] = self.world.first_zone(self.when.place, lon, lat, tick)
        near &= ~(exempt[i] | exempt[j])
        if self.when.place is not None:
            near &= (zone[i] >= 0) & (zone[j] >= 0)
        return near, zone[i]

    def _before(self, tick: int, track: Ints) -> Bools:
        """Which tracks were seen at an earlier tick, less than a day ago; and they are seen at this one."""
        old = self.known[tick - self.known[:, 1] <= FORGET_MS]
        before = np.isin(track, old[:, 0])
        merged = np.union1d(old[:, 0], track)
        last = np.full(len(merged), NEVER)
        last[np.searchsorted(merged, old[:, 0])] = old[:, 1]
        last[np.searchsorted(merged, track)] = tick
        self.known = np.column_stack([merged, last])
        return before

    def _found(self, tick: int, seen: Snapshot, i: int, j: int, d2: float, row: Ints) -> Found:
        values: dict[str, float | int | str] = {
            "nearer_m": self.when.nearer_m,
            "distance_m": round(math.sqrt(d2) * (UNIT_M / float(seen.scale[i])), 1),
            "together_s": (tick - int(row[START])) / 1000,
            "other_track": str(seen.track[j]),
        }
        for name, k in (("speed_kn", i), ("other_speed_kn", j)):
            if seen.sog[k] != NO_SPEED:
                values[name] = int(seen.sog[k]) / 10
        return Found(int(row[START]), int(row[ZONE]), (int(seen.slot[i]), int(seen.slot[j])), values)
