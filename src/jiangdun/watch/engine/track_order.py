"""The engine over stretches of an archive in track order: the settled pass alone, and the same digest.

judge = TrackOrder(rules, zones)
for stretch in archive: events = judge.take(columns, from_wm, to_wm)
events = judge.finish()
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from jiangdun.feeds.columns import COLUMNS
from jiangdun.watch.rules.spec import Absence, AlertEvent, RuleSpec, ZoneSpec

from . import layout as L
from . import passes
from .columns import bits
from .episode import materialise
from .jit import Ints
from .limits import ALWAYS, NEVER, BadRule
from .plan import compile_plan
from .run import COUNTED
from .state import grow_tracks, grow_visits, make
from .walk import CHOSEN, CURSOR_WIDTH, KEPT, NONE, Sorted, walk

BITS_ROWS: Final = 16_384
"""Rows whose conditions are evaluated at a time: their columns stay in the cache."""

Columns = Mapping[str, npt.NDArray[np.generic]]


class TrackOrder:
    """Rules and zones over reports that lie in the order (track, t, log), stretch by stretch of the log.

    Says what `Engine` says in its settled pass, but for the place in the log, which is -1. Raises BadRule, BadZone,
    LimitExceeded as that does.
    """

    def __init__(self, rules: Sequence[RuleSpec], zones: Sequence[ZoneSpec]) -> None:
        self._compiled = compile_plan(tuple(rules), tuple(zones))
        for rule in rules:
            if isinstance(rule.when, Absence):
                raise BadRule(rule.name, "asks who else is heard; judge it in the order of the log")
        self._tables = make(self._compiled)
        self._held = _sorted(self._compiled.plan.n_words, 0)
        self._found: list[AlertEvent] = []
        self._reports = 0

    @property
    def unplaced(self) -> tuple[str, ...]:
        """As `Engine.unplaced`."""
        return self._compiled.unplaced

    @property
    def counts(self) -> dict[str, int]:
        """Reports by what became of them, and tracks."""
        numbers = self._tables.numbers
        said = {"reports": self._reports, "tracks": int(numbers[L.N_TRACKS])}
        return said | {name: int(numbers[number]) for name, number in COUNTED.items()}

    def take(self, columns: Columns, from_wm: int = NEVER, to_wm: int = ALWAYS) -> list[AlertEvent]:
        """Judge a stretch: `columns` of `feeds.columns`, contiguous, each of its dtype, in track order.

        `from_wm`, `to_wm`: the watermark before it and at its end. Reports from `to_wm` on wait for the next
        stretch, or for `finish`.
        """
        fresh = self._with_bits(columns)
        self._reports += len(fresh.t)
        self._walk(fresh, from_wm, to_wm)
        found, self._found = self._found, []
        return found

    def finish(self, to_ms: int = ALWAYS) -> list[AlertEvent]:
        """Judge what waits and is older than `to_ms`."""
        self._walk(_sorted(self._compiled.plan.n_words, 0), NEVER, to_ms)
        found, self._found = self._found, []
        return found

    def _with_bits(self, columns: Columns) -> Sorted:
        n = len(columns["t"])
        mask = np.empty((n, self._compiled.plan.n_words), np.int64)
        for at in range(0, n, BITS_ROWS):
            part = {name: values[at : at + BITS_ROWS] for name, values in columns.items()}
            mask[at : at + BITS_ROWS] = bits(self._compiled, part, len(part["t"]))
        given = {name: np.ascontiguousarray(columns[name], COLUMNS[name]) for name in COLUMNS.names or ()}
        return Sorted(**given, mask=mask)

    def _walk(self, fresh: Sorted, from_wm: int, to_wm: int) -> None:
        plan, grid, held = self._compiled.plan, self._compiled.grid, self._held
        kept = np.empty(len(held.t) + len(fresh.t), np.int64)
        cursor = np.zeros(CURSOR_WIDTH, np.int64)
        cursor[CHOSEN] = NONE
        while code := walk(grid, plan, self._tables, held, fresh, kept, cursor, from_wm, to_wm):
            if code == passes.WANTS_TRACKS:
                self._tables = grow_tracks(self._tables)
            else:
                self._drain()
                self._tables = grow_visits(self._tables)
        self._drain()
        self._held = _gather(held, fresh, kept[: cursor[KEPT]])

    def _drain(self) -> None:
        numbers = self._tables.numbers
        for i in range(int(numbers[L.N_EVENTS])):
            self._found.append(
                materialise(self._compiled, self._tables.events[i], self._tables.event_fixes[i])
            )
        numbers[L.N_EVENTS] = 0


def _sorted(words: int, n: int) -> Sorted:
    empty = {name: np.empty(n, COLUMNS[name]) for name in COLUMNS.names or ()}
    return Sorted(**empty, mask=np.empty((n, words), np.int64))


def _gather(held: Sorted, fresh: Sorted, rows: Ints) -> Sorted:
    """The rows kept: of those held where below 0 (-1 - number), else of the fresh ones."""
    old = rows < 0
    parts: dict[str, npt.NDArray[Any]] = {}
    for name in Sorted._fields:
        before: npt.NDArray[Any] = getattr(held, name)
        parts[name] = np.empty((len(rows), *before.shape[1:]), before.dtype)
        parts[name][old] = before[-1 - rows[old]]
        parts[name][~old] = getattr(fresh, name)[rows[~old]]
    return Sorted(**parts)
