"""The slow plain twin of the whole engine: dictionaries, lists and fractions, every report against every zone.

It is what the kernels are held to by property tests, and it reads like docs/operators.md. It shares with the
engine the values of `watch.rules.spec`, the limits, and the ledger of episodes.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from collections.abc import Sequence as Many
from dataclasses import dataclass, field

import numpy as np

from jiangdun.feeds.columns import COLUMNS, DEGREE, NO_SPEED, Chunk, Flag, Kind
from jiangdun.watch.rules.spec import (
    Absence,
    AlertEvent,
    Condition,
    Count,
    Cross,
    Drag,
    Enter,
    FixSeen,
    Identity,
    Leave,
    OfReadings,
    Part,
    Place,
    RuleSpec,
    Sequence,
    Several,
    Speed,
    Stay,
    ZoneSpec,
)

from .absence import PlainAbsence, near_box
from .count import PlainCount
from .cross import PlainCross
from .drag import PlainDrag
from .enter import PlainEdge
from .episode import Ledger, episode_id, identity_values
from .identity import PlainChange, PlainClaims
from .limits import (
    ALWAYS,
    FIXES_SHOWN,
    FORGET_MS,
    JUMP_UNITS,
    NEVER,
    RING_MAX,
    SILENCE_MS_MAX,
    VISIT_FIXES_OUT,
)
from .outline import UNIT_M, units, widened
from .plain import PlainZone, Point
from .sequence import Done, PlainSequence
from .speed import PlainSpeed
from .stage2.plane import LAT_MAX
from .stage2.twin import PlainStage2
from .stage2.twin_seen import PlainSeen
from .stay import PlainStay

Machine = (
    PlainAbsence | PlainClaims | PlainChange | PlainDrag | PlainStay | PlainEdge | PlainSpeed | PlainCross
)
ANYWHERE = -1


@dataclass(frozen=True)
class Report:
    t: int
    at: Point
    sog: int
    cog: int
    heading: int
    length: int
    kind: int
    rank: int
    position: int
    counts: tuple[bool, ...]  # per operator: watch, where and holds
    keeps: tuple[bool, ...]  # per operator: watch, where and what keeps it alive
    asked: tuple[tuple[bool, ...], ...]  # per rule over several tracks: known, one, other

    @property
    def seen(self) -> FixSeen:
        return FixSeen(self.t, self.at[0], self.at[1], self.sog, self.cog)


@dataclass(frozen=True)
class Operator:
    rule: RuleSpec
    role: int | str  # "own", a step's index, "unless"
    step: Part


@dataclass(frozen=True)
class Silence:
    op: Operator
    track: int
    zone: int
    last: Report
    at: int
    seen: tuple[FixSeen, ...]


@dataclass
class Visit:
    machine: Machine
    out: int = 0
    fired: int = NEVER
    before: tuple[int, int] | None = None  # identity: what was known before a change

    @property
    def over(self) -> bool:
        return self.out >= VISIT_FIXES_OUT and (
            isinstance(self.machine, PlainSpeed | PlainClaims | PlainChange) or self.machine.idle
        )


@dataclass
class PlainTrack:
    """What one pass knows of one track."""

    last: Report | None = None
    visits: dict[tuple[int, int], Visit] = field(default_factory=dict)
    sequences: dict[str, PlainSequence] = field(default_factory=dict)
    counts: dict[tuple[str, int], PlainCount] = field(default_factory=dict)
    seen: list[FixSeen] = field(default_factory=list)


@dataclass
class Waiting:
    """Both passes of a track, and its reports that wait for the watermark."""

    settled: PlainTrack = field(default_factory=PlainTrack)
    eager: PlainTrack = field(default_factory=PlainTrack)
    reports: list[Report] = field(default_factory=list)
    stale: bool = False


class Twin:
    """The same promises as `Engine`, but for bytes and change."""

    def __init__(self, rules: Many[RuleSpec], zones: Many[ZoneSpec], *, eager: bool = True) -> None:
        self.zones = [PlainZone(z) for z in sorted(zones, key=lambda z: (z.zone_id, z.version))]
        self.operators = [op for rule in rules for op in _operators(rule)]
        self.wide = {
            (number, zone): PlainZone(widened(self.zones[zone].spec, op.step.keep.margin_m))
            for number, op in enumerate(self.operators)
            if isinstance(op.step, Stay) and op.step.keep is not None and op.step.keep.margin_m > 0
            for zone in self._places(op.step.place)
            if zone != ANYWHERE
        }
        self.eager = eager
        self.wm = NEVER
        self.position = 0
        self.tracks: dict[int, Waiting] = {}
        self.ledger = Ledger()
        self.heard: list[tuple[int, Point, int]] = []
        self.stage2 = PlainStage2(rules, self.zones)

    def take(self, chunk: Chunk) -> list[AlertEvent]:
        found: list[AlertEvent] = []
        self.position = chunk.position + len(chunk.rows)
        for i in range(len(chunk.rows)):
            row = chunk.rows[i : i + 1]
            if _wanted(row, self.wm):
                found += self._arrive(int(row["track"][0]), self._report(row, chunk.position + i))
        self.position = chunk.position + len(chunk.rows)
        if self.eager:
            tick = self.stage2.early_tick(chunk.wm_ms)
            found += (
                [] if tick is None else self.stage2.step(tick, self._seen(tick, True), self.position, False)
            )
        return self.ledger.take_eager(found) + self._settle(chunk.wm_ms, chunk.wm_ms)

    def finish(self) -> list[AlertEvent]:
        wm = self.wm
        last = [r.t for w in self.tracks.values() for r in (*w.reports, w.settled.last) if r is not None]
        tick = self.stage2.last_tick(max(last, default=NEVER))
        return self._settle(ALWAYS, tick + 1, lambda: max([wm, *(t for t, _, _ in self.heard)]))

    def digest(self) -> str:
        return self.ledger.settled.digest()

    def _report(self, row: np.ndarray, position: int) -> Report:
        columns = {name: np.ascontiguousarray(row[name]) for name in COLUMNS.names or ()}
        values = {name: int(row[name][0]) for name in columns}

        def met(rule: RuleSpec, holds: Condition | None) -> bool:
            return _watched(rule.watch, values["kind"]) and all(
                c is None or bool(c.evaluate(columns)[0]) for c in (rule.where, holds)
            )

        counts = tuple(met(op.rule, op.step.holds) for op in self.operators)
        keeps = tuple(
            isinstance(op.step, Stay)
            and op.step.keep is not None
            and met(op.rule, op.step.keep.holds or op.step.holds)
            for op in self.operators
        )
        at = (values["lon"], values["lat"])
        asked = tuple(
            tuple(met(rule, holds) for holds in conditions) for rule, conditions in self.stage2.asks
        )
        return Report(
            values["t"],
            at,
            values["sog_dkn"],
            values["cog_ddeg"],
            values["heading_ddeg"],
            values["length_dm"],
            values["kind"],
            values["rank"],
            position,
            counts,
            keeps,
            asked,
        )
        return Report(
            values["t"], at, values["sog_dkn"], values["cog_ddeg"], values["rank"], position, counts, keeps,
            asked,
        )  # fmt: skip

    def _seen(self, tick: int, eager: bool) -> list[PlainSeen]:
        """Of every track its last report up to a tick, and those it would show."""
        out = []
        for track, waiting in sorted(self.tracks.items()):
            reports = [r for r in waiting.reports if eager and r.t <= tick]
            last = reports[-1] if reports else waiting.settled.last
            fixes = [*waiting.settled.seen, *(r.seen for r in reports)][-FIXES_SHOWN:]
            if last is not None and last.t <= tick and abs(last.at[1]) <= LAT_MAX:
                out.append(PlainSeen(track, last.t, last.at, last.sog, last.cog, last.asked, tuple(fixes)))
        return out

    def _arrive(self, track: int, report: Report) -> list[AlertEvent]:
        waiting = self.tracks.setdefault(track, Waiting())
        twins = [r for r in waiting.reports if r.t == report.t]
        if twins and twins[0].rank <= report.rank:
            return []
        in_order = not twins and all(r.t < report.t for r in waiting.reports)
        waiting.reports = sorted(
            [r for r in waiting.reports if r.t != report.t] + [report], key=lambda r: r.t
        )
        if not self.eager:
            return []
        if in_order and not waiting.stale:
            return self._step(waiting.eager, track, report, settled=False)
        waiting.stale = len(waiting.reports) > RING_MAX
        if waiting.stale:
            return []
        waiting.eager = copy.deepcopy(waiting.settled)
        return [e for r in waiting.reports for e in self._step(waiting.eager, track, r, settled=False)]

    def _settle(self, wm: int, ticks_before: int, until: Callable[[], int] | None = None) -> list[AlertEvent]:
        self.wm = max(self.wm, wm)
        found: list[AlertEvent] = []
        silent: list[Silence] = []
        first = min((r.t for w in self.tracks.values() for r in w.reports), default=ALWAYS)
        for tick in self.stage2.ticks(first, ticks_before):
            found += self._settle_to(tick + 1, silent)
            found += self.stage2.step(tick, self._seen(tick, False), self.position, True)
        found += self._settle_to(self.wm, silent)
        for track, waiting in self.tracks.items():
            silent += self._silences(waiting.settled, track, until() if until else self.wm)
        return self.ledger.take_settled(found + [e for s in silent for e in self._judged(s)], self.wm)

    def _settle_to(self, wm: int, silent: list[Silence]) -> list[AlertEvent]:
        found = []
        for track, waiting in self.tracks.items():
            for report in [r for r in waiting.reports if r.t < wm]:
                silent += self._silences(waiting.settled, track, report.t)
                found += self._step(waiting.settled, track, report, settled=True)
                self.heard.append((report.t, report.at, track))
            waiting.reports = [r for r in waiting.reports if r.t >= wm]
        return found

    def _silences(self, state: PlainTrack, track: int, until: int) -> list[Silence]:
        """Absences of one track that are complete before `until`, whether they mean something or not."""
        found = []
        for (number, zone), visit in state.visits.items():
            op, machine = self.operators[number], visit.machine
            if not isinstance(machine, PlainAbsence) or state.last is None:
                continue
            at = machine.silent_at(state.last.t, until)
            if at is None or not op.rule.valid_from_ms <= at < op.rule.valid_to_ms:
                continue
            if zone == ANYWHERE or at < self.zones[zone].spec.valid_to_ms:
                found.append(Silence(op, track, zone, state.last, at, tuple(state.seen)))
        return found

    def _judged(self, silence: Silence) -> list[AlertEvent]:
        """The event of a silence, if enough others were heard near by, in whole minutes of it."""
        op, track, start, at = silence.op, silence.track, silence.last.t, silence.at
        assert isinstance(op.step, Absence)
        west, east, south, north = near_box(*silence.last.at, op.step.near_m)
        others = {
            other
            for t, p, other in self.heard
            if other != track
            and t // 60_000 * 60_000 > start
            and (t // 60_000 + 1) * 60_000 <= at + 1
            and west <= (p[0] + 180 * DEGREE) // 2_048 <= east
            and south <= (p[1] + 90 * DEGREE) // 2_048 <= north
        }
        if len(others) < op.step.neighbours:
            return []
        zone_id = "" if silence.zone == ANYWHERE else self.zones[silence.zone].spec.zone_id
        values = {"silent_s": (at - start) / 1000, "neighbours": min(len(others), op.step.neighbours)}
        return [
            AlertEvent(
                episode_id(op.rule.name, track, zone_id, start), True, "raised", op.rule.name,
                op.rule.version, track, zone_id, start, at, self.position, values, silence.seen,
            )
        ]  # fmt: skip

    def _step(self, state: PlainTrack, track: int, report: Report, *, settled: bool) -> list[AlertEvent]:
        before = state.last
        if before is None or report.t - before.t > FORGET_MS:
            state.visits, state.sequences, before = {}, {}, None
        state.seen = [*state.seen, report.seen][-FIXES_SHOWN:]
        inside = [z.in_force(report.t) and z.covers(report.at) for z in self.zones]
        done: dict[str, dict[int | str, tuple[Done, Visit]]] = {}
        found: list[AlertEvent] = []

        def alert(
            op: Operator, visit: Visit, zone: int, start: int, values: dict[str, float | int | str]
        ) -> None:
            if visit.fired != NEVER and report.t - visit.fired < op.rule.cooldown_ms:
                return
            visit.fired = report.t
            zone_id = "" if zone == ANYWHERE else self.zones[zone].spec.zone_id
            episode = episode_id(op.rule.name, track, zone_id, start)
            speed = {} if report.sog == NO_SPEED else {"speed_kn": report.sog / 10}
            found.append(
                AlertEvent(
                    episode, settled, "raised", op.rule.name, op.rule.version, track, zone_id, start, report.t,
                    report.position, {**speed, **values}, tuple(state.seen),
                )
            )  # fmt: skip

        for number, op in enumerate(self.operators):
            for zone in self._places(op.step.place):
                visit = self._visit(state, number, op, zone, before, report, inside)
                if visit is None:
                    continue
                exempt = any(
                    inside[z] and any(_is_at(place, self.zones[z].spec) for place in op.rule.unless)
                    for z in range(len(self.zones))
                )
                in_force = op.rule.valid_from_ms <= report.t < op.rule.valid_to_ms
                counts = report.counts[number] and not exempt and in_force
                is_in = zone == ANYWHERE or inside[zone]
                if isinstance(visit.machine, PlainStay):
                    wide = self.wide.get((number, zone))
                    near = is_in if wide is None else wide.in_force(report.t) and wide.covers(report.at)
                    keeps = report.keeps[number] and not exempt and in_force and near
                    if isinstance(op.step, Stay) and op.step.off_axis is not None:
                        steered = self.zones[zone].axis.met(op.step.off_axis, report.at, report.cog)
                        counts, keeps = counts and steered, keeps and steered
                    held = visit.machine.take(report.t, before.t if before else None, is_in and counts, keeps)
                    start = visit.machine.start if held else None
                elif isinstance(visit.machine, PlainAbsence):
                    visit.machine.take(is_in and counts)
                    start = None
                elif isinstance(visit.machine, PlainClaims | PlainChange | PlainDrag):
                    start = _claimed(visit, op.step, report, is_in, counts)
                else:
                    start = self._take(visit, op.step, zone, before, report, is_in, counts)
                if start is None:
                    pass
                elif isinstance(op.rule.when, Count) and op.role == "own":
                    self._count(state, op, visit, zone, Done(zone, start), report, alert)
                elif op.role == "own":
                    alert(op, visit, zone, start, _values(op.step, visit, start, report))
                else:
                    done.setdefault(op.rule.name, {}).setdefault(op.role, (Done(zone, start), visit))
        for name, steps in done.items():
            op = next(o for o in self.operators if o.rule.name == name)
            when = op.rule.when
            if isinstance(when, Count):
                last, visit = steps[0]
                self._count(state, op, visit, ANYWHERE, last, report, alert)
                continue
            assert isinstance(when, Sequence)
            machine = state.sequences.setdefault(name, PlainSequence(len(when.steps), when.within_ms))
            whole = machine.take(
                report.t, {k: d for k, (d, _) in steps.items() if isinstance(k, int)}, "unless" in steps
            )
            if whole is not None:
                last, visit = steps[len(when.steps) - 1]
                first_zone = "" if whole.first.zone == ANYWHERE else self.zones[whole.first.zone].spec.zone_id
                values = {
                    "steps": len(when.steps), "first_zone_id": first_zone, "first_at_ms": whole.first_at,
                    **_values(when.steps[-1], None, last.start, report),
                }  # fmt: skip
                alert(op, visit, last.zone, whole.first.start, values)
        state.visits = {
            (op, zone): v
            for (op, zone), v in state.visits.items()
            if zone == ANYWHERE or (not v.over and report.t < self.zones[zone].spec.valid_to_ms)
        }
        state.last = report
        return found

    def _count(
        self,
        state: PlainTrack,
        op: Operator,
        visit: Visit,
        where: int,
        done: Done,
        report: Report,
        alert: Callable[[Operator, Visit, int, int, dict[str, float | int | str]], None],
    ) -> None:
        """The step is done once more, in the whole place or in the zone `where`."""
        when = op.rule.when
        assert isinstance(when, Count)
        machine = state.counts.setdefault((op.rule.name, where), PlainCount(when.times, when.within_ms))
        whole = machine.take(report.t, done.start)
        if whole is not None:
            values = {
                "times": len(whole),
                "first_at_ms": whole[0][0],
                **_values(when.step, None, done.start, report),
            }
            alert(op, visit, done.zone, whole[0][1], values)

    def _places(self, place: Place | None) -> list[int]:
        if place is None:
            return [ANYWHERE]
        return [i for i, z in enumerate(self.zones) if _is_at(place, z.spec)]

    def _visit(
        self,
        state: PlainTrack,
        number: int,
        op: Operator,
        zone: int,
        before: Report | None,
        report: Report,
        inside: list[bool],
    ) -> Visit | None:
        """The visit the operator is in, or begins, with this report."""
        visit = state.visits.get((number, zone))
        is_in = zone == ANYWHERE or inside[zone]
        if zone != ANYWHERE and report.t >= self.zones[zone].spec.valid_to_ms:
            return None
        if visit is None:
            if not is_in and self._passed(op.step, zone, before, report, is_in) is None:
                return None
            visit = Visit(_machine(op.step))
            if isinstance(visit.machine, PlainEdge) and is_in:
                visit.machine.confirmed = before is None or before.t < self.zones[zone].spec.valid_from_ms
            elif isinstance(visit.machine, PlainCross) and is_in:
                visit.machine.unknown = before is None or before.t < self.zones[zone].spec.valid_from_ms
            state.visits[number, zone] = visit
        visit.out = 0 if is_in else visit.out + 1
        return visit

    def _take(
        self,
        visit: Visit,
        step: Part,
        zone: int,
        before: Report | None,
        report: Report,
        inside: bool,
        counts: bool,
    ) -> int | None:
        """Since when what the operator asks for was so, if this report completes it."""
        machine = visit.machine
        assert isinstance(machine, PlainSpeed | PlainCross | PlainEdge)
        if isinstance(machine, PlainSpeed):
            sog: int | None = None if report.sog == NO_SPEED else report.sog
            if sog is not None and isinstance(step, Speed) and step.along:
                sog = self.zones[zone].axis.speed_along(report.at, report.cog, sog)
            if inside and counts and sog is not None and machine.take(report.t, sog):
                return machine.start
            return None
        if isinstance(machine, PlainCross):
            assert isinstance(step, Cross)
            return self._through(machine, step, zone, before, report, inside, counts)
        leaving = isinstance(step, Leave)
        passed = self._passed(step, zone, before, report, inside) if not machine.confirmed else None
        crossed = report.t if before is None else self._crossed(zone, before, report, leaving)
        turned = machine.take(inside, counts, crossed)
        if passed is not None:
            return passed if counts else None
        return machine.crossed_at if turned == (-1 if leaving else 1) and machine.counted else None

    def _through(
        self,
        machine: PlainCross,
        step: Cross,
        zone: int,
        before: Report | None,
        report: Report,
        inside: bool,
        counts: bool,
    ) -> int | None:
        passed = self._passed(step, zone, before, report, inside) if not machine.was else None
        came = None
        if before is not None and _is_path(before, report):
            came = (before.at, self._crossed(zone, before, report, False))
        done = machine.take(inside, counts, came)
        if passed is not None and before is not None:
            machine.origin, machine.began, done = before.at, passed, counts
        if not done or before is None or machine.origin is None:
            return None
        axis = self.zones[zone].axis
        if step.off_axis is not None and not axis.way_met(step.off_axis, machine.origin, report.at):
            return None
        machine.left = self._crossed(zone, before, report, True)
        return machine.began

    def _crossed(self, zone: int, before: Report, report: Report, last: bool) -> int:
        met = self.zones[zone].touches(before.at, report.at) if _is_path(before, report) else []
        if not met:
            return report.t
        return before.t + int((max(met) if last else min(met)) * (report.t - before.t))

    def _passed(
        self, step: Part, zone: int, before: Report | None, report: Report, inside: bool
    ) -> int | None:
        """When the way between two fixes outside first (leave: last) touched the zone; None if it did not."""
        if before is None or inside:
            return None
        if not isinstance(step, Cross) and not (isinstance(step, Enter | Leave) and step.fixes == 1):
            return None
        z = self.zones[zone]
        if not (z.in_force(before.t) and z.in_force(report.t)) or z.covers(before.at):
            return None
        if not _is_path(before, report) or not z.touches(before.at, report.at):
            return None
        return self._crossed(zone, before, report, isinstance(step, Leave))


def _is_path(before: Report, report: Report) -> bool:
    far = max(abs(report.at[0] - before.at[0]), abs(report.at[1] - before.at[1]))
    gap = report.t - before.t
    return gap <= SILENCE_MS_MAX and 10 * (far - JUMP_UNITS) <= 3 * gap


def _operators(rule: RuleSpec) -> list[Operator]:
    if isinstance(rule.when, Count):
        return [Operator(rule, "own" if rule.when.each_zone else 0, rule.when.step)]
    if isinstance(rule.when, Several | OfReadings):
        return []
    if not isinstance(rule.when, Sequence):
        return [Operator(rule, "own", rule.when)]
    found = [Operator(rule, i, step) for i, step in enumerate(rule.when.steps)]
    return found if rule.when.unless is None else [*found, Operator(rule, "unless", rule.when.unless)]


def _claimed(visit: Visit, step: Part, report: Report, inside: bool, counts: bool) -> int | None:
    """identity and drag: since when, if this report completes it."""
    machine = visit.machine
    if isinstance(machine, PlainDrag):
        if not counts or report.sog == NO_SPEED:
            return None
        left = machine.take(report.t, report.at, report.sog, report.cog, report.heading, inside)
        return machine.start if left else None
    if not (inside and counts):
        return None
    if isinstance(machine, PlainChange):
        visit.before = machine.take(report.length, report.kind)
        return None if visit.before is None else report.t
    assert isinstance(machine, PlainClaims)
    assert isinstance(step, Identity)
    return (machine.jump if step.kind == "jump" else machine.clone)(report.t, report.at)


def _machine(step: Part) -> Machine:
    if isinstance(step, Identity):
        claims = PlainClaims(step.over_dkn, units(step.slack_m), step.fixes)
        return PlainChange() if step.kind == "change" else claims
    if isinstance(step, Drag):
        return PlainDrag(
            step.learn_ms, units(step.swing_m), units(step.margin_m), step.fixes,
            step.still_dkn, step.over_dkn, step.under_dkn, step.off_heading_ddeg,
        )  # fmt: skip
    if isinstance(step, Absence):
        return PlainAbsence(step.for_ms)
    if isinstance(step, Stay):
        return PlainStay(step.for_ms, step.tolerate_ms)
    if isinstance(step, Speed):
        return PlainSpeed(step.over_dkn, step.under_dkn, step.window_ms, step.min_fixes)
    if isinstance(step, Cross):
        return PlainCross()
    return PlainEdge(step.fixes)


def _values(step: Part, visit: Visit | None, start: int, report: Report) -> dict[str, float | int | str]:
    if isinstance(step, Identity):
        return identity_values(step, visit.before[0] << 8 | visit.before[1] if visit and visit.before else 0)
    if isinstance(step, Drag) and visit is not None and isinstance(visit.machine, PlainDrag):
        return {"radius_m": round(visit.machine.radius * UNIT_M, 1)}
    if isinstance(step, Stay):
        return {"stayed_s": (report.t - start) / 1000}
    if isinstance(step, Enter):
        return {"entered_at_ms": start}
    if isinstance(step, Leave):
        return {"left_at_ms": start}
    if isinstance(step, Cross):
        left = {"left_at_ms": visit.machine.left} if visit and isinstance(visit.machine, PlainCross) else {}
        return {"entered_at_ms": start, **left}
    if visit is None or not isinstance(visit.machine, PlainSpeed) or not isinstance(step, Speed):
        return {}
    median = visit.machine.median_dkn
    over = step.over_dkn is not None and median > step.over_dkn
    limit = step.over_dkn if over else step.under_dkn
    return {"speed_kn": median / 10, "limit_kn": (limit or 0) / 10, "bound": "over" if over else "under"}


def _is_at(place: Place, zone: ZoneSpec) -> bool:
    return zone.kind == place.kind if place.kind is not None else zone.zone_id == place.zone_id


def _watched(watch: str, kind: int) -> bool:
    if watch == "vessel":
        return kind < Kind.VEHICLE and kind not in (Kind.AID_TO_NAVIGATION, Kind.BASE_STATION)
    if watch == "vehicle":
        return Kind.VEHICLE <= kind < Kind.PERSON
    return watch == "any" or Kind.PERSON <= kind < Kind.AIRCRAFT


def _wanted(row: np.ndarray, wm: int) -> bool:
    """The gate: a position, in time."""
    flags = int(row["flags"][0])
    on_globe = abs(int(row["lon"][0])) <= 180 * DEGREE and abs(int(row["lat"][0])) <= 90 * DEGREE
    return not flags & (Flag.NO_FIX | Flag.LATE) and int(row["t"][0]) >= wm and on_globe
