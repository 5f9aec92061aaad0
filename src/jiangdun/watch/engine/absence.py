"""absence: silent for T while others near by are heard. Words: docs/operators.md.

The kernel says who is silent; `Hearing` remembers who was heard where, and says whether silence means something.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from jiangdun.feeds.columns import DEGREE
from jiangdun.watch.rules.spec import Absence, AlertEvent, RuleSpec

from . import layout as L
from .jit import Ints, kernel
from .limits import ALWAYS, FIXES_SHOWN, HEARD_MAX, NEVER, LimitExceeded
from .outline import UNIT_M
from .tables import Plan, Tables, count_visits, lat_of, lon_of

__all__ = ["Hearing", "PlainAbsence", "fall_silent", "hear", "heard_by", "longest_ms", "step_absence"]

MINUTE_MS: Final = 60_000
SQUARE_SHIFT: Final = 11
"""Squares of 2,048 units, about 380 m."""


@kernel
def square_of(x: int, y: int) -> int:
    """The square a point lies in: row << 32 | column, both counted from the south-west corner of the globe."""
    return ((y + 90 * DEGREE) >> SQUARE_SHIFT) << 32 | ((x + 180 * DEGREE) >> SQUARE_SHIFT)


@kernel
def step_absence(tables: Tables, p: int, slot: int, v: int, lasting: int, holds: bool, t: int) -> None:
    """Take one report: the track is watched from here on, or not."""
    tables.visits[v, L.V_FLAGS] &= ~(L.OPEN | L.DONE)
    if holds:
        tables.visits[v, L.V_FLAGS] |= L.OPEN
        if p == L.SETTLED:
            tables.silent[slot] = min(tables.silent[slot], t + lasting)
            tables.numbers[L.N_SILENT] = min(tables.numbers[L.N_SILENT], t + lasting)


@kernel
def hear(tables: Tables, slot: int, node: int) -> None:
    """A report is settled: its track was heard there, in that minute."""
    n = tables.numbers[L.N_HEARD]
    tables.numbers[L.N_HEARD] = n + 1
    t = tables.pending[node, L.P_T]
    xy = tables.pending[node, L.P_XY]
    tables.heard[n, 0] = t // MINUTE_MS
    tables.heard[n, 1] = square_of(lon_of(xy), lat_of(xy))
    tables.heard[n, 2] = tables.tracks[slot, L.T_TRACK]
    tables.numbers[L.N_NEWEST] = max(tables.numbers[L.N_NEWEST], t)


@kernel
def fall_silent(plan: Plan, tables: Tables, slot: int, until: int) -> bool:
    """Say which absences of the track are complete before `until`; False when the table of events lacks room.

    `silent` is only a bound: reports that changed nothing have moved the true time on.
    """
    numbers = tables.numbers
    last = tables.hot[L.SETTLED, slot, L.H_T]
    if len(tables.events) - numbers[L.N_EVENTS] < count_visits(tables, L.SETTLED, slot):
        numbers[L.N_WANT] = count_visits(tables, L.SETTLED, slot)
        return False
    bound = ALWAYS
    v = tables.hot[L.SETTLED, slot, L.H_VISITS]
    while v >= 0:
        pair = tables.visits[v, L.V_WATCH]
        o = plan.watch[pair, L.A_OPERATOR]
        flags = tables.visits[v, L.V_FLAGS]
        if plan.operators[o, L.O_KIND] == L.ABSENCE and flags & L.OPEN and not flags & L.DONE:
            at = last + plan.operators[o, L.O_FOR]
            if at >= until:
                bound = min(bound, at)
            else:
                tables.visits[v, L.V_FLAGS] = flags | L.DONE
                tables.visits[v, L.V_DUE] = NEVER  # the next report is not like the last one
                tables.hot[L.SETTLED, slot, L.H_DUE] = NEVER
                zone = plan.watch[pair, L.A_ZONE]
                rule = plan.operators[o, L.O_RULE]
                if plan.rules[rule, L.U_FROM] <= at < plan.rules[rule, L.U_TO] and (
                    zone < 0 or at < plan.zones[zone, L.Z_TO]
                ):
                    _emit_silence(tables, slot, o, zone, last, at)
        v = tables.visits[v, L.V_NEXT]
    tables.silent[slot] = bound
    return True


@kernel
def _emit_silence(tables: Tables, slot: int, o: int, zone: int, last: int, at: int) -> None:
    n = tables.numbers[L.N_EVENTS]
    tables.numbers[L.N_EVENTS] += 1
    events = tables.events
    events[n, L.E_PASS] = L.SETTLED
    events[n, L.E_OPERATOR] = o
    events[n, L.E_ZONE] = zone
    events[n, L.E_TRACK] = tables.tracks[slot, L.T_TRACK]
    events[n, L.E_START] = last
    events[n, L.E_AT] = at
    events[n, L.E_POSITION] = -1  # no report made it so: the engine puts the log's position
    events[n, L.E_SOG] = 0xFFFF
    seen = tables.tracks[slot, L.T_SEEN]
    for i in range(min(seen, FIXES_SHOWN)):
        for column in range(3):
            tables.event_fixes[n, i, column] = tables.fixes[slot, (seen - 1 - i) % FIXES_SHOWN, column]
    events[n, L.E_FIXES] = min(seen, FIXES_SHOWN)


def longest_ms(rules: Iterable[RuleSpec]) -> int:
    """The longest absence of these rules, 0 where none asks."""
    return max((r.when.for_ms for r in rules if isinstance(r.when, Absence)), default=0)


@dataclass(slots=True)
class Hearing:
    """Who was heard in which square in which minute, for as long as an absence may ask."""

    keep_ms: int
    minutes: dict[int, list[Ints]] = field(default_factory=dict)  # (square, track) rows
    _sorted: dict[int, Ints] = field(default_factory=dict)

    def take(self, rows: Ints) -> None:
        """(minute, square, track) rows of what has been settled. Raises LimitExceeded when they are too many."""
        for minute in np.unique(rows[:, 0]).tolist():
            new = np.unique(rows[rows[:, 0] == minute, 1:], axis=0)
            self.minutes.setdefault(minute, []).append(new)
            self._sorted.pop(minute, None)

    def forget(self, until: int) -> None:
        """Nothing that falls silent at `until` or later asks about what lies further back."""
        for minute in [m for m in self.minutes if (m + 1) * MINUTE_MS <= until - self.keep_ms]:
            del self.minutes[minute]
            self._sorted.pop(minute, None)
        count = sum(len(part) for parts in self.minutes.values() for part in parts)
        if count > HEARD_MAX:
            raise LimitExceeded("squares in which tracks were heard", count, HEARD_MAX, "shorten absences")

    def others(self, track: int, x: int, y: int, near_m: float, since: int, upto: int, enough: int) -> int:
        """Other tracks heard near (x, y) in whole minutes after `since` and up to `upto`; counted up to `enough`."""
        found: set[int] = set()
        west, east, south, north = near_box(x, y, near_m)
        if enough == 0:
            return 0
        for minute in range(since // MINUTE_MS + 1, (upto + 1) // MINUTE_MS):
            rows = self._of(minute)
            for row in range(south, north + 1) if len(rows) else ():
                low, high = np.searchsorted(rows[:, 0], [row << 32 | west, (row << 32 | east) + 1])
                found.update(rows[low:high, 1].tolist())
                found.discard(track)
                if len(found) >= enough:
                    return enough
        return len(found)

    def _of(self, minute: int) -> Ints:
        if minute not in self._sorted:
            parts = self.minutes.get(minute, [])
            rows = np.unique(np.concatenate(parts), axis=0) if parts else np.zeros((0, 2), np.int64)
            if parts:
                self.minutes[minute] = [rows]
            self._sorted[minute] = rows
        return self._sorted[minute]

    def to_rows(self) -> Ints:
        parts = [
            np.insert(part, 0, minute, axis=1)
            for minute in sorted(self.minutes)
            for part in [self._of(minute)]
        ]
        return np.concatenate(parts) if parts else np.zeros((0, 3), np.int64)


def heard_by(hearing: Hearing, event: AlertEvent, when: Absence, position: int) -> AlertEvent | None:
    """The event of a silence, if it means something: enough others were heard near the track's last fix."""
    last = event.fixes[-1]
    found = hearing.others(
        event.track, last.lon, last.lat, when.near_m, event.started_at_ms, event.fired_at_ms, when.neighbours
    )
    if found < when.neighbours:
        return None
    return replace(event, log_position=position, values={**event.values, "neighbours": found})


def near_box(x: int, y: int, near_m: float) -> tuple[int, int, int, int]:
    """First and last column, first and last row of the squares that a box of so many metres around a point touches."""
    high = math.ceil(near_m / UNIT_M)
    wide = math.ceil(near_m / UNIT_M / max(0.01, math.cos(math.radians(y / DEGREE))))
    columns = ((x + 180 * DEGREE + side) >> SQUARE_SHIFT for side in (-wide, wide))
    rows = ((y + 90 * DEGREE + side) >> SQUARE_SHIFT for side in (-high, high))
    west, east = columns
    south, north = rows
    return max(0, west), east, max(0, south), north


@dataclass
class PlainAbsence:
    """The slow twin: whether one track in one zone is watched, and whether its silence has been said."""

    for_ms: int
    watched: bool = False
    said: bool = False

    def take(self, holds: bool) -> None:
        self.watched, self.said = holds, False

    def silent_at(self, last: int, until: int) -> int | None:
        """When the silence since `last` was complete, if that is before `until` and not said."""
        if not self.watched or self.said or last + self.for_ms >= until:
            return None
        self.said = True
        return last + self.for_ms

    @property
    def idle(self) -> bool:
        return not self.watched
