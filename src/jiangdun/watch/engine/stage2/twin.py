"""The slow plain twin of stage 2: when ticks are, and what each rule's twin says at them. Words: docs/operators.md."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from jiangdun.watch.engine.episode import episode_id
from jiangdun.watch.engine.limits import EAGER_LEAD_MS, NEVER
from jiangdun.watch.rules.several import conditions_of
from jiangdun.watch.rules.spec import AlertEvent, Condition, Group, Other, Pair, Rendezvous, RuleSpec, Several

from .found import MINUTE_MS, TICK_MS
from .twin_lasting import PlainBands, PlainEncounters, PlainUncovered
from .twin_pair import PlainMeetings
from .twin_seen import PlainFound, PlainSeen

if TYPE_CHECKING:
    from jiangdun.watch.engine.plain import PlainZone


class PlainStage2:
    """All rules over several tracks, both passes."""

    def __init__(self, rules: Sequence[RuleSpec], zones: list[PlainZone]) -> None:
        several = [(r, r.when) for r in rules if isinstance(r.when, Several)]
        self.zones = zones
        self.asks: list[tuple[RuleSpec, tuple[Condition | None, ...]]] = [
            (rule, (None, *conditions_of(when))) for rule, when in several
        ]
        self.runs = [
            {which: _plain(rule, when, number, zones) for which in (True, False)}
            for number, (rule, when) in enumerate(several)
        ]
        self.every = min((run[True].every for run in self.runs), default=MINUTE_MS)
        self.next: int | None = None
        self.early = NEVER

    def early_tick(self, wm: int) -> int | None:
        tick = (wm + EAGER_LEAD_MS) // TICK_MS * TICK_MS
        if not any(isinstance(run[False], PlainMeetings) for run in self.runs) or tick <= self.early:
            return None
        self.early = tick
        return tick

    def ticks(self, first: int, before: int) -> list[int]:
        """Those to settle before `before`."""
        if not self.runs:
            return []
        if self.next is None:
            if first >= before:
                return []
            self.next = -(-first // self.every) * self.every
        out = list(range(self.next, before, self.every))
        self.next = out[-1] + self.every if out else self.next
        return out

    def last_tick(self, newest: int) -> int:
        return -(-newest // self.every) * self.every if newest > NEVER else NEVER

    def step(self, tick: int, seen: list[PlainSeen], position: int, settled: bool) -> list[AlertEvent]:
        return [
            self._event(rule, found, tick, position, settled)
            for (rule, _), run in zip(self.asks, self.runs, strict=True)
            if tick % run[settled].every == 0 and (settled or isinstance(run[False], PlainMeetings))
            for found in run[settled].step(tick, seen)
        ]

    def _event(
        self, rule: RuleSpec, found: PlainFound, tick: int, position: int, settled: bool
    ) -> AlertEvent:
        tracks = [s.track for s in found.seen] or [0]
        zone_id = self.zones[found.zone].spec.zone_id if found.zone >= 0 else ""
        return AlertEvent(
            episode_id(rule.name, list(found.subject) or tracks, zone_id, found.start),
            settled, "raised", rule.name, rule.version,
            tracks[0], zone_id, found.start, tick, position, found.values,
            found.seen[0].fixes if found.seen else (),
            others=tuple(Other(s.track, s.fixes) for s in found.seen[1:]),
        )  # fmt: skip


def _plain(rule: RuleSpec, when: Several, number: int, zones: list[PlainZone]) -> Any:
    if isinstance(when, Pair):
        return PlainMeetings(rule, when, number, zones)
    if isinstance(when, Rendezvous):
        return PlainEncounters(rule, when, number, zones)
    if isinstance(when, Group):
        return PlainBands(rule, when, number, zones)
    return PlainUncovered(rule, when, number, zones)
