"""Episodes: what the kernel found becomes alert events, and the settled pass speaks of what the eager pass said."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from jiangdun.feeds.columns import NO_SPEED, Kind
from jiangdun.watch.rules.spec import (
    Absence,
    AlertEvent,
    Count,
    Cross,
    Drag,
    Enter,
    FixSeen,
    Identity,
    Leave,
    Other,
    Part,
    Sequence,
    Speed,
    Stay,
)

from . import layout as L
from .jit import Ints
from .limits import OPEN_EAGER_MAX
from .outline import UNIT_M
from .plan import Compiled

DIGEST_MODULUS = 1 << 256


def episode_id(rule: str, track: int | list[int], zone_id: str, started_at_ms: int) -> str:
    """One thing that goes on: of one rule, one track (or some), one zone, since one moment. 24 hex digits."""
    text = json.dumps([rule, track, zone_id, started_at_ms], ensure_ascii=False)
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def materialise(compiled: Compiled, row: Ints, fixes: Ints) -> AlertEvent:
    """The event of one kernel row. Fixes come newest first and leave oldest first."""
    operator = compiled.operators[int(row[L.E_OPERATOR])]
    rule = compiled.rules[operator.rule]
    zone_id = _zone_id(compiled, int(row[L.E_ZONE]))
    track, started = int(row[L.E_TRACK]), int(row[L.E_START])
    settled = int(row[L.E_PASS]) == L.SETTLED
    return AlertEvent(
        episode_id(rule.name, track, zone_id, started),
        settled,
        "raised",
        rule.name,
        rule.version,
        track,
        zone_id,
        started,
        int(row[L.E_AT]),
        int(row[L.E_POSITION]),
        _values(compiled, rule.when, operator.step, row),
        tuple(fix_seen(*f) for f in fixes[int(row[L.E_FIXES]) - 1 :: -1].tolist()),
    )


def _zone_id(compiled: Compiled, zone: int) -> str:
    return compiled.zones[zone].zone_id if zone >= 0 else ""


def fix_seen(t: int, xy: int, motion: int) -> FixSeen:
    lat = ((xy & 0xFFFFFFFF) ^ 0x80000000) - 0x80000000
    return FixSeen(t, xy >> 32, lat, motion & 0xFFFF, motion >> 16 & 0xFFFF)


def _values(compiled: Compiled, when: object, step: Part, row: Ints) -> Mapping[str, float | int | str]:
    """What the sentence needs. Seconds, knots, ms since 1970."""
    at, sog = int(row[L.E_AT]), int(row[L.E_SOG])
    values: dict[str, float | int | str] = {} if sog == NO_SPEED else {"speed_kn": sog / 10}
    if isinstance(when, Sequence):
        values["steps"] = len(when.steps)
        values["first_zone_id"] = _zone_id(compiled, int(row[L.E_A]))
        values["first_at_ms"] = int(row[L.E_B])
        since = int(row[L.E_C])
    elif isinstance(when, Count):
        values["times"], values["first_at_ms"] = int(row[L.E_A]), int(row[L.E_B])
        since = int(row[L.E_C])
    else:
        since = int(row[L.E_START])
    if isinstance(step, Identity):
        values |= identity_values(step, int(row[L.E_A]))
    elif isinstance(step, Drag):
        values["radius_m"] = round(int(row[L.E_A]) * UNIT_M, 1)
    elif isinstance(step, Absence):
        values["silent_s"] = (at - since) / 1000
    elif isinstance(step, Stay):
        values["stayed_s"] = (at - since) / 1000
    elif isinstance(step, Enter):
        values["entered_at_ms"] = since
    elif isinstance(step, Leave):
        values["left_at_ms"] = since
    elif isinstance(step, Cross):
        values["entered_at_ms"] = since
        if not isinstance(when, Sequence | Count):
            values["left_at_ms"] = int(row[L.E_A])
    elif isinstance(step, Speed) and not isinstance(when, Sequence | Count):
        twice = int(row[L.E_A])
        values["speed_kn"] = twice / 20
        over = step.over_dkn is not None and twice > 2 * step.over_dkn
        limit = step.over_dkn if over else step.under_dkn
        values["limit_kn"] = (limit or 0) / 10
        values["bound"] = "over" if over else "under"
    return values


def identity_values(step: Identity, found: int) -> dict[str, float | int | str]:
    """What was known before a change; of a clone or jump `started_at` says it all."""
    if step.kind != "change":
        return {}
    return {"length_before_m": (found >> 8) / 10, "kind_before": Kind(found & 0xFF).name.lower()}


def _weight(event: AlertEvent) -> int:
    """A number of what the event says, but for where it stood in the log and for what others said of it."""
    said = [
        event.episode,
        event.rule,
        event.rule_version,
        event.track,
        event.zone_id,
        event.started_at_ms,
        event.fired_at_ms,
        sorted(event.values.items()),
        [(f.t_ms, f.lon, f.lat, f.sog_dkn, f.cog_ddeg) for f in event.fixes],
    ]
    if event.others:
        said.append([asdict(other) for other in event.others])
    return int.from_bytes(hashlib.sha256(json.dumps(said).encode()).digest(), "big")


def _subject(event: AlertEvent) -> tuple[object, ...]:
    return event.rule, event.track, tuple(other.track for other in event.others), event.zone_id


def _told(event: AlertEvent) -> tuple[object, ...]:
    return event.fired_at_ms, event.values, event.fixes, event.others


@dataclass(slots=True)
class Tally:
    """A digest of a set of events that does not depend on their order."""

    count: int = 0
    total: int = 0

    def add(self, event: AlertEvent) -> None:
        self.count += 1
        self.total = (self.total + _weight(event)) % DIGEST_MODULUS

    def digest(self) -> str:
        return hashlib.sha256(f"{self.count}:{self.total:064x}".encode()).hexdigest()


Verdict = Literal["raised", "confirmed", "changed"]


@dataclass(slots=True)
class Ledger:
    """What the eager pass said and the settled pass has not yet spoken of."""

    open: dict[str, AlertEvent] = field(default_factory=dict)  # by episode, in the order raised
    settled: Tally = field(default_factory=Tally)
    eager: Tally = field(default_factory=Tally)
    counts: dict[str, int] = field(default_factory=dict)

    def _count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1

    def take_eager(self, events: Iterable[AlertEvent]) -> list[AlertEvent]:
        """Those that are news: a rolled back track says again what it said before."""
        news = []
        for event in events:
            if event.episode in self.open:
                continue
            if len(self.open) >= OPEN_EAGER_MAX:
                self._count("eager_dropped")
                continue
            self.open[event.episode] = event
            self.eager.add(event)
            self._count("eager_raised")
            news.append(event)
        return news

    def take_settled(self, events: Iterable[AlertEvent], wm: int) -> list[AlertEvent]:
        """Verdicts on what is settled up to wm, and withdrawals of what did not come true by then."""
        said = []
        for event in sorted(events, key=lambda e: (e.fired_at_ms, e.log_position, e.rule, e.zone_id)):
            self.settled.add(event)
            verdict, earlier = self._judge(event, wm)
            self._count(verdict)
            moved = earlier.episode if earlier is not None and earlier.episode != event.episode else None
            said.append(replace(event, verdict=verdict, replaces=moved))
        for event in [e for e in self.open.values() if e.fired_at_ms < wm]:
            del self.open[event.episode]
            self._count("withdrawn")
            said.append(replace(event, settled=True, verdict="withdrawn"))
        return said

    def _judge(self, event: AlertEvent, wm: int) -> tuple[Verdict, AlertEvent | None]:
        """Of the same episode: confirmed, or changed. Else it stands for one of the same rule, track and zone
        that should have come true by now: the first such one."""
        earlier = self.open.pop(event.episode, None)
        if earlier is not None:
            same = _told(earlier) == _told(event)
            return ("confirmed" if same else "changed"), earlier
        for other in self.open.values():
            if _subject(other) == _subject(event) and other.fired_at_ms < wm:
                return "changed", self.open.pop(other.episode)
        return "raised", None

    def to_json(self) -> dict[str, Any]:
        return {
            "open": [asdict(e) for e in self.open.values()],
            "settled": [self.settled.count, hex(self.settled.total)],
            "eager": [self.eager.count, hex(self.eager.total)],
            "counts": self.counts,
        }

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Ledger:
        ledger = cls(counts=dict(said["counts"]))
        ledger.settled = Tally(said["settled"][0], int(said["settled"][1], 16))
        ledger.eager = Tally(said["eager"][0], int(said["eager"][1], 16))
        for event in said["open"]:
            fixes = tuple(FixSeen(**f) for f in event["fixes"])
            others = tuple(
                Other(o["track"], tuple(FixSeen(**f) for f in o["fixes"])) for o in event["others"]
            )
            ledger.open[event["episode"]] = AlertEvent(**{**event, "fixes": fixes, "others": others})
        return ledger
