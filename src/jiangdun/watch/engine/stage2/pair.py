"""pair: two that will soon be too close, going on as they do (CPA and TCPA). Words: docs/operators.md.

TCPA = -(dp . dv) / |dv|^2, DCPA = |dp + dv TCPA| (two-step alerts of JAT 2020, 5271794; docs/operators.md).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from jiangdun.feeds.columns import DEGREE, NO_SPEED
from jiangdun.watch.engine.jit import Ints, making_entry
from jiangdun.watch.engine.limits import ALWAYS, NEVER
from jiangdun.watch.engine.plan import Asked
from jiangdun.watch.rules.spec import Pair, RuleSpec

from .found import TICK_MS, Found, renumbered
from .near import BLOCK, near_pairs, run_of, runs, sort
from .plane import DKN_PER_UNIT_S, PLANE, UNIT_M, Floats, units
from .snapshot import COURSES, SOURCES, Snapshot
from .world import Lanes, World, lats_at

FRESH_MS: Final = 60_000
"""An older fix is not carried on to the tick."""
STILL_DKN: Final = 5
"""Slower than 0.5 kn lies still."""
CLOSING_KN: Final = 30.0
"""Two are looked at while they are no further apart than they could come, closing at this, within the rule's time."""
ZERO_DKN: Final = 1
"""Moving apart or together by less than 0.1 kn, two keep their distance: there is no closest point to come."""
ALIKE_DKN: Final = 30
ALIKE_DDEG: Final = 150
"""Courses less than 15 degrees apart and speeds that differ by less than 3 kn are one direction of traffic [C]."""
CONVOY_M: Final = 30
CONVOY_MS: Final = 120_000
CONVOY_GAP_MS: Final = 60_000
"""Within 30 m for two minutes is a convoy, until they were further apart for a minute [C]."""
ZERO2: Final = (ZERO_DKN / DKN_PER_UNIT_S) ** 2
ALIKE2: Final = (ALIKE_DKN / DKN_PER_UNIT_S) ** 2
GAP_MS: Final = 30_000
"""A meeting that is not seen for longer is over."""

A, B, START, LAST, RUN, FIRED, ZONE = range(7)
WIDTH: Final = 7
"""A row of the state: lower track, higher track, first tick, last tick, ticks in a row, last alert, zone."""


def own_memory_ms(within_ms: int) -> int:
    """How far back a fix can matter to a meeting of now."""
    return max(within_ms + GAP_MS, CONVOY_MS + CONVOY_GAP_MS) + FRESH_MS


def _entry_points(sources: str):  # type: ignore[no-untyped-def]
    @making_entry
    def approach(
        x: Floats,
        y: Floats,
        vx: Floats,
        vy: Floats,
        scale: Floats,
        cells: Ints,
        starts: Ints,
        far: float,
        close: float,
        soon: float,
        out: Ints,
    ) -> int:
        """Pairs that come closer than `close` within `soon` seconds, by the greater scale of both: how many, the
        first written to `out`. The caller looks at each again, by the scale that counts."""
        len(sources)
        n = 0
        hit = np.zeros(BLOCK, np.uint8)
        ends = (0, 0, 0, 0, 0)
        far2 = far * far
        close2 = close * close
        for c in range(len(cells)):
            ends = runs(cells, c, ends)
            for i in range(starts[c], starts[c + 1]):
                xi = x[i]
                yi = y[i]
                ui = vx[i]
                vi = vy[i]
                ki = scale[i]
                for part in range(3):
                    a, b = run_of(starts, ends, i, part)
                    for first in range(a, b, BLOCK):
                        m = min(BLOCK, b - first)
                        some = 0
                        for k in range(m):
                            j = first + k
                            dx = x[j] - xi
                            dy = y[j] - yi
                            du = vx[j] - ui
                            dv = vy[j] - vi
                            d2 = dx * dx + dy * dy
                            w = du * du + dv * dv
                            toward = -(dx * du + dy * dv)
                            limit = max(ki, scale[j])
                            limit = limit * limit
                            hit[k] = (
                                (toward >= 0.0)
                                & (toward <= soon * w)
                                & (d2 * w - toward * toward < close2 * limit * w)
                                & (d2 <= far2 * limit)
                            )
                            some |= hit[k]
                        if some:
                            for k in range(m):
                                if hit[k]:
                                    if n < len(out):
                                        out[n, 0] = i
                                        out[n, 1] = first + k
                                    n += 1
        return n

    @making_entry
    def keep_pairs(
        rows: Ints, a: Ints, b: Ints, zone: Ints, tick: int, gap: int, cooldown: int, ticks: int
    ) -> tuple[Ints, Ints]:
        """The state after a tick at which the pairs (a, b) were seen, and (pair, its row) of those that complete
        the rule.

        `rows` and the pairs are ascending by (a, b), and so is what leaves.
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
            cooling = known and rows[r, FIRED] != NEVER and tick - rows[r, FIRED] < cooldown
            going_on = known and tick - rows[r, LAST] <= gap
            if not seen:
                if cooling or going_on:
                    out[n] = rows[r]
                    n += 1
                r += 1
                continue
            out[n, A] = a[p]
            out[n, B] = b[p]
            out[n, LAST] = tick
            out[n, START] = rows[r, START] if going_on else tick
            out[n, RUN] = rows[r, RUN] + 1 if going_on else 1
            out[n, ZONE] = rows[r, ZONE] if going_on else zone[p]
            out[n, FIRED] = rows[r, FIRED] if known else NEVER
            if out[n, RUN] == ticks and not cooling:
                out[n, FIRED] = tick
                fired[m, 0] = p
                fired[m, 1] = n
                m += 1
            n += 1
            p += 1
            if known:
                r += 1
        return out[:n], fired[:m]

    return approach, keep_pairs


approach, keep_pairs = _entry_points(SOURCES)


def empty() -> Ints:
    return np.empty((0, WIDTH), np.int64)


def can_meet(seen: Snapshot, tick: int, *, lying: bool) -> npt.NDArray[np.bool_]:
    """Whose way can be foretold: a fresh fix, a known speed, and a course unless it lies still."""
    still = seen.sog < STILL_DKN
    moving = (seen.sog != NO_SPEED) & ~still & (seen.cog < COURSES)
    return np.asarray((tick - seen.t <= FRESH_MS) & (moving | (still & lying)))


def velocities(seen: Snapshot) -> tuple[Floats, Floats]:
    """Of those that move; what lies still has none."""
    still = seen.sog < STILL_DKN
    return np.where(still, 0.0, seen.vx), np.where(still, 0.0, seen.vy)


def candidates(given: Sequence[Floats], group: Ints, closer_m: float, within_s: float) -> Ints:
    """(n, 2) pairs i < j of one group that may come closer than `closer_m` within `within_s`, in no order.

    `given`: x, y, vx, vy, scale.
    """
    if len(group) < 2:
        return np.empty((0, 2), np.int64)
    far, close = units(reach_m(closer_m, within_s)), units(closer_m)
    order, cells, starts = sort(given[0], given[1], given[4], group, far)
    given = [column[order] for column in given]
    out = np.empty((max(1_024, len(group)), 2), np.int64)
    n = approach(*given, cells, starts, far, close, within_s, out)
    if n > len(out):
        out = np.empty((n, 2), np.int64)
        approach(*given, cells, starts, far, close, within_s, out)
    return np.sort(order[out[:n]], axis=1)


def reach_m(closer_m: float, within_s: float) -> float:
    """Two further apart are not looked at."""
    return closer_m + within_s * CLOSING_KN * 1852.0 / 3600.0


class Meetings:
    """One rule's pairs, as one pass knows them."""

    every_ms: Final = TICK_MS
    fresh_ms: Final = FRESH_MS
    eager: Final = True

    def __init__(self, rule: RuleSpec, when: Pair, asked: Asked, world: World) -> None:
        self.rule, self.when, self.asked, self.world = rule, when, asked, world
        self.rows, self.convoys = empty(), empty()

    def arrays(self) -> dict[str, Ints]:
        return {"rows": self.rows, "convoys": self.convoys}

    def restore(self, kept: Mapping[str, Ints], zones: Ints) -> None:
        """`zones`: the new number of each old zone, -1 = gone."""
        self.rows, self.convoys = kept["rows"], kept["convoys"]
        self.rows[:, ZONE] = renumbered(self.rows[:, ZONE], zones)

    def idle_due(self, _tick: int) -> int:
        """Nothing happens while nobody is heard."""
        return ALWAYS

    def step(self, tick: int, seen: Snapshot) -> list[Found]:
        """The pairs that complete the rule at this tick."""
        in_force = self.rule.valid_from_ms <= tick < self.rule.valid_to_ms
        one, other = seen.bit(self.asked.one), seen.bit(self.asked.other)
        wanted = (one | other) & can_meet(seen, tick, lying=self.when.lying)
        seen, one, other = seen.only(wanted & in_force), one[wanted & in_force], other[wanted & in_force]
        met = self._met(tick, seen)
        i, j = met.pairs[:, 0], met.pairs[:, 1]
        counts = (one[i] & other[j]) | (one[j] & other[i])
        exempt = self.world.exempt(self.rule, seen.lon, seen.lat, tick)
        counts &= ~(exempt[i] | exempt[j])
        zone = self.world.first_zone(self.when.place, *met.where(), tick)
        counts &= ~self._convoy(tick, seen, met.pairs)
        if self.when.place is not None:
            counts &= zone >= 0
        met, zone = met.only(counts), zone[counts]
        a, b = seen.track[met.pairs[:, 0]], seen.track[met.pairs[:, 1]]
        self.rows, fired = keep_pairs(
            self.rows, a, b, zone, tick, GAP_MS, self.rule.cooldown_ms, self.when.ticks
        )
        lon, lat = met.where()
        return [self._found(seen, met, p, self.rows[r], lon[p], lat[p]) for p, r in fired.tolist()]

    def _met(self, tick: int, seen: Snapshot) -> Met:
        """Those that will be too close, ascending by tracks."""
        vx, vy = velocities(seen)
        whole = np.zeros(len(seen.track), np.int64)
        straight = decide(
            seen, seen.px, seen.py, vx, vy, self._candidates(seen, seen.px, seen.py, vx, vy, whole), self.when
        )
        if self.when.along is None:
            return straight.ordered()
        lanes = self.world.lanes(self.when.along, seen, vx, vy, tick)
        in_one = lanes.lane[straight.pairs[:, 0]] == lanes.lane[straight.pairs[:, 1]]
        straight = straight.only(~in_one | (lanes.lane[straight.pairs[:, 0]] < 0))
        found = self._candidates(seen, lanes.s, lanes.n, lanes.vs, lanes.vn, lanes.lane)
        bent = decide(seen, lanes.s, lanes.n, lanes.vs, lanes.vn, found, self.when)
        return straight.joined(bent.on(lanes)).ordered()

    def _candidates(self, seen: Snapshot, x: Floats, y: Floats, vx: Floats, vy: Floats, group: Ints) -> Ints:
        own = np.flatnonzero(group >= 0)
        reals = [column[own] for column in (x, y, vx, vy, seen.scale)]
        return own[candidates(reals, group[own], self.when.closer_m, self.when.within_ms / 1000)]

    def _convoy(self, tick: int, seen: Snapshot, pairs: Ints) -> npt.NDArray[np.bool_]:
        """Which pairs go together, after this tick."""
        own = np.flatnonzero(seen.sog >= STILL_DKN)
        close = own[near_pairs(seen.px[own], seen.py[own], seen.scale[own], units(CONVOY_M))]
        a, b = seen.track[close[:, 0]], seen.track[close[:, 1]]
        self.convoys, _ = keep_pairs(self.convoys, a, b, np.full(len(a), -1), tick, CONVOY_GAP_MS, 0, 1)
        together = self.convoys[self.convoys[:, LAST] - self.convoys[:, START] >= CONVOY_MS]
        known = {(int(row[A]), int(row[B])) for row in together}
        return np.array(
            [(a, b) in known for a, b in seen.track[pairs].tolist()] if known else [False] * len(pairs), bool
        )

    def _found(self, seen: Snapshot, met: Met, p: int, row: Ints, lon: int, lat: int) -> Found:
        i, j = (int(k) for k in met.pairs[p])
        per_m = UNIT_M / float(seen.scale[i])
        values: dict[str, float | int | str] = {
            "closer_m": self.when.closer_m,
            "within_s": self.when.within_ms / 1000,
            "cpa_m": round(math.sqrt(met.then2[p]) * per_m, 1),
            "tcpa_s": round(float(met.soon[p]), 1),
            "distance_m": round(math.sqrt(met.now2[p]) * per_m, 1),
            "other_track": str(seen.track[j]),
            "other_speed_kn": int(seen.sog[j]) / 10,
            "speed_kn": int(seen.sog[i]) / 10,
            "meeting_lon": round(int(lon) / DEGREE, 6),
            "meeting_lat": round(int(lat) / DEGREE, 6),
        }
        return Found(int(row[START]), int(row[ZONE]), (int(seen.slot[i]), int(seen.slot[j])), values)


class Met(NamedTuple):
    """Pairs i < j that will be too close: squares of the distance now and then, when (s), and where (plane)."""

    pairs: Ints
    now2: Floats
    soon: Floats
    then2: Floats
    x: Floats
    y: Floats

    def only(self, wanted: npt.NDArray[np.bool_] | Ints) -> Met:
        return Met._make(column[wanted] for column in self)

    def joined(self, more: Met) -> Met:
        return Met._make(np.concatenate(both) for both in zip(self, more, strict=True))

    def ordered(self) -> Met:
        return self.only(np.lexsort((self.pairs[:, 1], self.pairs[:, 0])))

    def on(self, lanes: Lanes) -> Met:
        """The same with places of the lane (way along, distance from it) made places of the plane."""
        lane = lanes.lane[self.pairs[:, 0]]
        x, y = lanes.places(lane, self.x, self.y)
        return self._replace(x=x, y=y)

    def where(self) -> tuple[Ints, Ints]:
        """Longitude and latitude in the middle between both when they are closest, 1/600000 degree."""
        return np.floor(self.x + 0.5).astype(np.int64), lats_at(PLANE, self.y)


def decide(seen: Snapshot, x: Floats, y: Floats, vx: Floats, vy: Floats, pairs: Ints, when: Pair) -> Met:
    """Which of the pairs will be too close, by the scale of the lower track."""
    i, j = pairs[:, 0], pairs[:, 1]
    k2 = seen.scale[i] * seen.scale[i]
    within_s = when.within_ms / 1000
    far, close = units(reach_m(when.closer_m, within_s)), units(when.closer_m)
    dx, dy, du, dv = x[j] - x[i], y[j] - y[i], vx[j] - vx[i], vy[j] - vy[i]
    now2, w = dx * dx + dy * dy, du * du + dv * dv
    toward = -(dx * du + dy * dv)
    meet = (w >= ZERO2 * k2) & (toward >= 0) & (toward <= within_s * w)
    meet &= (now2 * w - toward * toward < close * close * k2 * w) & (now2 <= far * far * k2)
    moving = (seen.sog[i] >= STILL_DKN) & (seen.sog[j] >= STILL_DKN)
    turn = np.abs(seen.cog[i] - seen.cog[j])
    alike = moving & (np.minimum(turn, COURSES - turn) < ALIKE_DDEG) & (w < ALIKE2 * k2)
    meet &= ~alike
    pairs, i, j = pairs[meet], i[meet], j[meet]
    now2, w, toward = now2[meet], w[meet], toward[meet]
    soon = toward / w
    then2 = np.maximum(now2 - toward * toward / w, 0.0)
    at_x = (x[i] + vx[i] * soon + x[j] + vx[j] * soon) / 2
    at_y = (y[i] + vy[i] * soon + y[j] + vy[j] * soon) / 2
    return Met(pairs, now2, soon, then2, at_x, at_y)
