"""The engine as others see it: chunks in, alert events out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from jiangdun.feeds.columns import COLUMNS, Chunk
from jiangdun.watch.rules.spec import Absence, AlertEvent, Place, RuleSpec, Severity, Stay, ZoneSpec

from . import keep, passes
from . import layout as L
from .absence import Hearing, heard_by, longest_ms
from .columns import masks, pin
from .episode import Ledger, materialise
from .jit import Ints
from .limits import ALWAYS, NEVER, BadState, WrongColumns
from .plan import compile_plan, shape_of
from .stage2.stage import Stage2
from .state import Kept, grow_pending, grow_tracks, grow_visits, make

COUNTED = {
    "judged": L.N_JUDGED,
    "late": L.N_LATE,
    "late_unflagged": L.N_LATE_UNSAID,
    "no_fix": L.N_NO_FIX,
    "no_position": L.N_NO_POSITION,
    "duplicates": L.N_DUPLICATES,
    "rollbacks": L.N_ROLLBACKS,
    "eager_waits": L.N_WAITS,
}


TIME_MS_MAX = 1 << 46
"""The year 4199: windows keep a time in 47 bits."""
NO_TRACK = -1
"""Stands for a free row of the table of tracks."""


def _check(rows: npt.NDArray[np.void]) -> None:
    """Raises WrongColumns for a time or track that is none."""
    t, track = rows["t"], rows["track"]
    if len(rows) and (t.min() < 0 or t.max() >= TIME_MS_MAX):
        at = int(np.flatnonzero((t < 0) | (t >= TIME_MS_MAX))[0])
        raise WrongColumns(f"t[{at}] = {t[at]} is no time from 1970 to 4199; decide it at ingest")
    if len(rows) and (track == NO_TRACK).any():
        at = int(np.flatnonzero(track == NO_TRACK)[0])
        raise WrongColumns(f"track[{at}] = {NO_TRACK} is no track; see feeds.columns.track_id")


class Engine:
    """Rules and zones over a log of chunks: the eager pass as reports come, the settled pass at the watermark.

    Pure: no clock, no chance, no I/O. Not for several threads at once. Chunks come in the order of the log.
    Raises BadRule, BadZone and LimitExceeded for rules and zones it cannot run; nothing is taken in then.
    """

    def __init__(self, rules: Sequence[RuleSpec], zones: Sequence[ZoneSpec], *, eager: bool = True) -> None:
        self.eager = eager
        self.wm_ms = NEVER
        self.position = 0
        self._reports = 0
        self._rule_since: dict[str, int] = {}
        self._zone_since: dict[tuple[str, int], int] = {}
        self._rules, self._zones = tuple(rules), tuple(zones)
        self._compiled = compile_plan(self._rules, self._zones)
        self._tables = make(self._compiled)
        self._ledger = Ledger()
        self._found: list[AlertEvent] = []
        self._hearing = Hearing(longest_ms(self._rules))
        self._stage2 = Stage2(self._compiled) if self._compiled.several else None

    @property
    def unplaced(self) -> tuple[str, ...]:
        """Names of rules with a place that no zone is: they cannot fire there."""
        return self._compiled.unplaced

    @property
    def counts(self) -> Mapping[str, int]:
        """Reports by what became of them, tracks, and alerts by verdict."""
        numbers = self._tables.numbers
        said = {"reports": self._reports, "tracks": int(numbers[L.N_TRACKS])}
        said |= {name: int(numbers[number]) for name, number in COUNTED.items()}
        return said | self._ledger.counts

    def take(self, chunk: Chunk) -> list[AlertEvent]:
        """Take a chunk in: eager events of its reports, then what its watermark settles."""
        rows = pin(chunk.rows)
        _check(rows)
        self._reports += len(rows)
        self.position = chunk.position + len(rows)
        positions = np.arange(chunk.position, self.position, dtype=np.int64)
        self._take_in(rows, positions, masks(self._compiled, rows), self.wm_ms)
        return self._eager(chunk.wm_ms) + self._settle(chunk.wm_ms)

    def heartbeat(self, wm_ms: int, position: int) -> list[AlertEvent]:
        """No reports, but time went on: settle up to `wm_ms`."""
        self.position = max(self.position, position)
        return self._eager(wm_ms) + self._settle(wm_ms)

    def finish(self) -> list[AlertEvent]:
        """Settle everything: the end of a recording. Whatever came after would be late.

        Nobody is silent for longer than the recording lasts: up to its newest report, or its watermark. Nor are
        there ticks after the first that sees it.
        """
        wm = self.wm_ms
        last = self._stage2.last_tick(self._tables) if self._stage2 else NEVER
        found = self._settle_reports(ALWAYS, max(wm, last + 1))
        return found + self._fall_silent(max(wm, int(self._tables.numbers[L.N_NEWEST])))

    def digest(self) -> str:
        """Of all settled alerts: the same however the log was cut, and in whatever order within the bound."""
        return self._ledger.settled.digest()

    def eager_digest(self) -> str:
        """Of all eager alerts: the same for the same log."""
        return self._ledger.eager.digest()

    def change(
        self,
        rules: Sequence[RuleSpec] | None = None,
        zones: Sequence[ZoneSpec] | None = None,
        *,
        at_position: int | None = None,
    ) -> list[AlertEvent]:
        """From here on these rules and zones judge every report that is not yet settled.

        Visits of rules that keep their name and place go on, fired or not: a new version does not alert again
        on an open episode. Rules and zones that are new do not take what lay inside before to have entered.
        Returns eager events of waiting reports. `at_position` must be where the log stands now.
        """
        if at_position is not None and at_position != self.position:
            raise ValueError(
                f"the log stands at {self.position}, not {at_position}: take the chunks before it first"
            )
        old, kept, counts = self._compiled, keep.take_out(self._tables), self._counted()
        stage2 = self._stage2
        rules = self._rules if rules is None else tuple(rules)
        zones = self._zones if zones is None else tuple(zones)
        rule_since, zone_since = self._since(rules, zones)
        self._compiled = compile_plan(rules, zones, rule_since, zone_since)  # raises with nothing changed
        self._rules, self._zones, self._rule_since, self._zone_since = rules, zones, rule_since, zone_since
        numbers = keep.renumber(old, self._compiled)
        self._put_back(kept, *numbers)
        self._tables.numbers[list(COUNTED.values())] = counts
        self._hearing.keep_ms = longest_ms(rules)
        self._stage2 = Stage2(self._compiled) if self._compiled.several else None
        if stage2 is not None and self._stage2 is not None:
            self._stage2.restore(stage2.about(), stage2.arrays(), numbers[2])
        return self._ledger.take_eager(self._drained())

    def _since(
        self, rules: tuple[RuleSpec, ...], zones: tuple[ZoneSpec, ...]
    ) -> tuple[dict[str, int], dict[tuple[str, int], int]]:
        """Since when each rule and zone is known, where that is not from the start."""
        known_rules = {r.name: shape_of(r) for r in self._rules}
        known_zones = {(z.zone_id, z.version): z.polygons for z in self._zones}
        rule_since, zone_since = {}, {}
        for rule in rules:
            if known_rules.get(rule.name) != shape_of(rule):
                rule_since[rule.name] = self.wm_ms
            elif rule.name in self._rule_since:
                rule_since[rule.name] = self._rule_since[rule.name]
        for zone in zones:
            key = (zone.zone_id, zone.version)
            if known_zones.get(key) != zone.polygons:
                zone_since[key] = self.wm_ms
            elif key in self._zone_since:
                zone_since[key] = self._zone_since[key]
        return rule_since, zone_since

    def to_bytes(self) -> bytes:
        """The whole state: restore with the same rules and zones, and the log from `position` on."""
        about: dict[str, Any] = {
            "eager": self.eager,
            "wm_ms": self.wm_ms,
            "position": self.position,
            "reports": self._reports,
            "rule_since": self._rule_since,
            "zone_since": [[*k, v] for k, v in self._zone_since.items()],
            "identity": keep.identity(self._compiled),
            "counts": self._counted(),
            "ledger": self._ledger.to_json(),
            "stage2": self._stage2.about() if self._stage2 else None,
        }
        arrays = keep.take_out(self._tables) | {"heard": self._hearing.to_rows()}
        arrays |= self._stage2.arrays() if self._stage2 else {}
        return Kept(about, arrays).to_bytes()

    @classmethod
    def from_bytes(cls, data: bytes, rules: Sequence[RuleSpec], zones: Sequence[ZoneSpec]) -> Engine:
        """The engine as it was. Raises BadState for bytes that are damaged or of other rules and zones."""
        kept = Kept.from_bytes(data)
        about = kept.about
        engine = cls.__new__(cls)
        engine.eager, engine.wm_ms, engine.position = about["eager"], about["wm_ms"], about["position"]
        engine._reports = about["reports"]
        engine._rule_since = about["rule_since"]
        engine._zone_since = {(zone_id, version): t for zone_id, version, t in about["zone_since"]}
        engine._rules, engine._zones = tuple(rules), tuple(zones)
        engine._compiled = compile_plan(rules, zones, engine._rule_since, engine._zone_since)
        compiled = engine._compiled
        if about["identity"] != keep.identity(compiled):
            raise BadState("the state is of other rules or zones; restore with those, then change them")
        engine._ledger = Ledger.from_json(about["ledger"])
        engine._found = []
        engine._hearing = Hearing(longest_ms(rules))
        engine._hearing.take(kept.arrays["heard"])
        numbers = keep.renumber(compiled, compiled)
        engine._put_back(kept.arrays, *numbers)
        engine._stage2 = Stage2(compiled) if compiled.several else None
        if engine._stage2 is not None:
            engine._stage2.restore(about["stage2"], kept.arrays, numbers[2])
        engine._ledger.take_eager(engine._drained())  # all said before
        engine._tables.numbers[list(COUNTED.values())] = about["counts"]
        return engine

    def _counted(self) -> list[int]:
        return [int(n) for n in self._tables.numbers[list(COUNTED.values())]]

    def _put_back(self, arrays: keep.Arrays, pairs: Ints, sequences: Ints, zones: Ints) -> None:
        self._tables = keep.put_back(arrays, self._compiled, pairs, sequences, zones)
        eager, self.eager = self.eager, False
        self._take_in(arrays["waiting"], arrays["positions"], keep.remask(self._compiled, arrays), NEVER)
        self.eager = eager
        slot = 0
        while self.eager and slot >= 0:
            slot = passes.rebuild(self._compiled.grid, self._compiled.plan, self._tables, slot)
            if slot >= 0:
                self._make_room(passes.WANTS_VISITS)

    def _take_in(self, rows: npt.NDArray[np.void], positions: Ints, bits: Ints, wm: int) -> None:
        plan, grid = self._compiled.plan, self._compiled.grid
        self._tables.numbers[[L.N_ROW, L.N_AGAIN]] = 0
        while code := passes.take_in(grid, plan, self._tables, rows, bits, positions, wm, self.eager):
            self._make_room(code)

    def _eager(self, wm_ms: int) -> list[AlertEvent]:
        found = self._drained()
        if self._stage2 is not None and self.eager:
            found += self._stage2.hurry(wm_ms, self._tables, self.position)
        return self._ledger.take_eager(found)

    def _settle(self, wm_ms: int) -> list[AlertEvent]:
        return self._settle_reports(wm_ms, wm_ms) + self._fall_silent(self.wm_ms)

    def _settle_reports(self, wm_ms: int, ticks_before: int) -> list[AlertEvent]:
        self.wm_ms = max(self.wm_ms, wm_ms)
        found = self._settle_ticks(ticks_before)
        self._settle_to(self.wm_ms)
        return self._ledger.take_settled(self._drained() + found, self.wm_ms)

    def _settle_ticks(self, before: int) -> list[AlertEvent]:
        """Stage 1 up to each tick in turn, and stage 2 at it."""
        found: list[AlertEvent] = []
        while self._stage2 is not None:
            numbers = self._tables.numbers
            tick = self._stage2.next_tick(before, int(numbers[L.N_NEXT_T]), int(numbers[L.N_NEWEST]))
            if tick is None:
                break
            self._settle_to(tick + 1)
            found += self._stage2.settle(tick, self._tables, self.position)
        return found

    def _settle_to(self, wm_ms: int) -> None:
        if self._tables.numbers[L.N_NEXT_T] < wm_ms:
            while passes.settle(self._compiled.grid, self._compiled.plan, self._tables, wm_ms):
                self._make_room(passes.WANTS_VISITS)
        self._listen()

    def _listen(self) -> None:
        """Who was heard, before who is silent is judged."""
        numbers = self._tables.numbers
        if numbers[L.N_HEARD]:
            self._hearing.take(self._tables.heard[: numbers[L.N_HEARD]])
            numbers[L.N_HEARD] = 0

    def _fall_silent(self, until: int) -> list[AlertEvent]:
        """The absences that are complete before `until`, all before it being settled."""
        if not self._compiled.plan.listens:
            return []
        if self._tables.numbers[L.N_SILENT] < until:
            while passes.silence(self._compiled.plan, self._tables, until):
                self._make_room(passes.WANTS_VISITS)
        found = self._drained()
        self._hearing.forget(until)
        return self._ledger.take_settled(found, self.wm_ms)

    def _make_room(self, code: int) -> None:
        if code == passes.WANTS_TRACKS:
            self._tables = grow_tracks(self._tables)
        elif code == passes.WANTS_PENDING:
            self._tables = grow_pending(self._tables)
        else:
            self._drain()
            self._tables = grow_visits(self._tables)

    def _drain(self) -> None:
        numbers = self._tables.numbers
        for i in range(int(numbers[L.N_EVENTS])):
            self._found.append(
                materialise(self._compiled, self._tables.events[i], self._tables.event_fixes[i])
            )
        numbers[L.N_EVENTS] = 0

    def _drained(self) -> list[AlertEvent]:
        """All that was found; a silence only where others were heard, which is known when all is settled."""
        self._drain()
        found: list[AlertEvent] = []
        for event in self._found:
            when = self._rules[self._compiled.rule_numbers[event.rule]].when
            if isinstance(when, Absence):
                told = heard_by(self._hearing, event, when, self.position)
                found += [] if told is None else [told]
            else:
                found.append(event)
        self._found = []
        return found


def warm() -> None:
    """Compile every kernel once, or load it from the cache: for `make setup`, and before the first chunk."""
    corners = ((0.0, 0.0), (0.01, 0.0), (0.0, 0.01))
    zone = ZoneSpec("z", 1, "k", "", "", ((corners,),))
    engine = Engine(
        (RuleSpec("r", 1, "", "", "water", "", Severity.IV, "any", Stay(Place(kind="k"), 0)),), (zone,)
    )
    engine.take(Chunk(0, 0, np.zeros(1, COLUMNS)))
    engine.finish()
    Engine.from_bytes(engine.to_bytes(), engine._rules, engine._zones)
