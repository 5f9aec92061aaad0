"""Stage 2 as the engine holds it: when the next tick is, and what each rule over several tracks finds at it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from jiangdun.watch.engine import layout as L
from jiangdun.watch.engine.episode import episode_id, fix_seen
from jiangdun.watch.engine.jit import Ints
from jiangdun.watch.engine.limits import ALWAYS, EAGER_LEAD_MS, FIXES_SHOWN, NEVER
from jiangdun.watch.engine.plan import Asked, Compiled
from jiangdun.watch.engine.tables import Tables
from jiangdun.watch.rules.spec import AlertEvent, Cover, FixSeen, Group, Other, Pair, Rendezvous, RuleSpec

from . import snapshot
from .cover import Uncovered
from .found import TICK_MS, Found
from .group import Bands
from .pair import Meetings
from .plane import PLANE
from .rendezvous import Encounters
from .world import World

Run = Meetings | Encounters | Bands | Uncovered
Arrays = dict[str, npt.NDArray[Any]]
PREFIX: Final = "several"


class Stage2:
    """Rules over several tracks: eager ones at the newest tick of the ingest clock, all of them at every settled tick.

    A settled tick is due when the watermark has passed it. Ticks at which no track is fresh are passed over, but for
    those at which something falls due without any.
    """

    def __init__(self, compiled: Compiled) -> None:
        self.compiled = compiled
        world = World(compiled)
        self.settled = dict(_runs(compiled, world))
        self.early = {name: run for name, run in _runs(compiled, world) if run.eager}
        runs = self.settled.values()
        self._every = min(run.every_ms for run in runs)
        self._fresh = max(run.fresh_ms for run in runs)
        self._next: int | None = None  # None: no report has been settled yet
        self._early_tick = NEVER
        self._order = np.empty(0, np.int64)

    # -- settled

    def next_tick(self, before: int, next_t: int, newest: int) -> int | None:
        """The next tick to settle, if there is one before `before`. `next_t`: the oldest waiting report;
        `newest`: the newest settled one."""
        if self._next is None:
            if next_t >= before:
                return None
            self._next = _up(min(next_t, newest if newest > NEVER else next_t), self._every)
        tick = self._next
        if newest + self._fresh < tick:
            due = min(run.idle_due(tick) for run in self.settled.values())
            tick = max(tick, _up(min(next_t, due), self._every))
        if tick >= before:
            return None
        self._next = tick + self._every
        return tick

    def last_tick(self, tables: Tables) -> int:
        """The first tick that sees every report taken in so far."""
        waiting = tables.waiting[tables.waiting != ALWAYS]
        newest = max(int(tables.numbers[L.N_NEWEST]), int(waiting.max(initial=NEVER)))
        return _up(newest, self._every) if newest > NEVER else NEVER

    def settle(self, tick: int, tables: Tables, position: int) -> list[AlertEvent]:
        """What the rules find at a tick up to which stage 1 is settled, and no further."""
        return self._step(self.settled, tick, tables, position, settled=True)

    # -- eager

    def hurry(self, wm_ms: int, tables: Tables, position: int) -> list[AlertEvent]:
        """What the eager rules find at the newest tick of the ingest clock, if it is a new one."""
        tick = (wm_ms + EAGER_LEAD_MS) // TICK_MS * TICK_MS
        if not self.early or tick <= self._early_tick:
            return []
        self._early_tick = tick
        return self._step(self.early, tick, tables, position, settled=False)

    def _step(
        self, runs: Mapping[str, Run], tick: int, tables: Tables, position: int, *, settled: bool
    ) -> list[AlertEvent]:
        n = int(tables.numbers[L.N_TRACKS])
        if len(self._order) != n:
            self._order = np.argsort(tables.tracks[:n, L.T_TRACK])
        words = self.compiled.plan.n_words
        oldest = tick - self._fresh
        seen = snapshot.take(PLANE, tables, self._order, tick, oldest, eager=not settled, words=words)
        return [
            _event(self.compiled, run.rule, found, tables, tick, position, settled=settled)
            for run in runs.values()
            if tick % run.every_ms == 0
            for found in run.step(tick, seen)
        ]

    # -- what outlives the process, or a change of rules

    def about(self) -> dict[str, Any]:
        return {"next": self._next, "early_tick": self._early_tick}

    def arrays(self) -> Arrays:
        return {
            f"{PREFIX}/{which}/{name}/{part}": rows
            for which, runs in (("settled", self.settled), ("early", self.early))
            for name, run in runs.items()
            for part, rows in run.arrays().items()
        }

    def restore(self, about: Mapping[str, Any], arrays: Arrays, zones: Ints) -> None:
        """Take what an older stage kept: of rules that keep their name and kind. `zones`: their new numbers."""
        self._next, self._early_tick = about["next"], about["early_tick"]
        if self._next is not None:
            self._next = _up(self._next, self._every)
        for which, runs in (("settled", self.settled), ("early", self.early)):
            for name, run in runs.items():
                prefix = f"{PREFIX}/{which}/{name}/"
                kept = {key.removeprefix(prefix): a for key, a in arrays.items() if key.startswith(prefix)}
                if sorted(kept) == sorted(run.arrays()):
                    run.restore(kept, zones)


def _runs(compiled: Compiled, world: World) -> list[tuple[str, Run]]:
    rules = [(compiled.rules[asked.rule], asked) for asked in compiled.several]
    return [(rule.name, _run(rule, asked, world)) for rule, asked in rules]


def _run(rule: RuleSpec, asked: Asked, world: World) -> Run:
    match rule.when:
        case Pair():
            return Meetings(rule, rule.when, asked, world)
        case Rendezvous():
            return Encounters(rule, rule.when, asked, world)
        case Group():
            return Bands(rule, rule.when, asked, world)
        case Cover():
            return Uncovered(rule, rule.when, asked, world)
    raise AssertionError(f"{rule.name} is no rule over several tracks")


def _up(t: int, every: int) -> int:
    return -(-t // every) * every


def _event(
    compiled: Compiled,
    rule: RuleSpec,
    found: Found,
    tables: Tables,
    tick: int,
    position: int,
    *,
    settled: bool,
) -> AlertEvent:
    tracks = [int(tables.tracks[slot, L.T_TRACK]) for slot in found.slots] or [0]
    fixes = [_fixes(tables, slot, tick, eager=not settled) for slot in found.slots] or [()]
    zone_id = compiled.zones[found.zone].zone_id if found.zone >= 0 else ""
    return AlertEvent(
        episode_id(rule.name, list(found.subject) or tracks, zone_id, found.start),
        settled,
        "raised",
        rule.name,
        rule.version,
        tracks[0],
        zone_id,
        found.start,
        tick,
        position,
        found.values,
        fixes[0],
        others=tuple(Other(t, f) for t, f in zip(tracks[1:], fixes[1:], strict=True)),
    )


def _fixes(tables: Tables, slot: int, tick: int, *, eager: bool) -> tuple[FixSeen, ...]:
    """The newest fixes up to the tick, oldest first."""
    seen = int(tables.tracks[slot, L.T_SEEN])
    rows = [tables.fixes[slot, k % FIXES_SHOWN, :3].tolist() for k in range(max(0, seen - FIXES_SHOWN), seen)]
    if eager:
        node = int(tables.tracks[slot, L.T_HEAD])
        while node >= 0 and tables.pending[node, L.P_T] <= tick:
            rows.append(tables.pending[node, [L.P_T, L.P_XY, L.P_MOTION]].tolist())
            node = int(tables.pending[node, L.P_NEXT])
    return tuple(fix_seen(*row) for row in rows[-FIXES_SHOWN:])
