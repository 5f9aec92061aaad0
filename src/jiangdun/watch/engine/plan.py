"""Rules and zones made into the arrays the kernels read. What cannot be run is refused here, with its name."""

from __future__ import annotations

from collections.abc import Sequence as Many
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from jiangdun.feeds.columns import Kind
from jiangdun.watch.rules.several import conditions_of, places_of
from jiangdun.watch.rules.spec import (
    ABSENCE_MS_MIN,
    MARGIN_M_MAX,
    NEAR_M_MAX,
    SLACK_M_MAX,
    SWING_M_MAX,
    Absence,
    Condition,
    Count,
    Cross,
    Drag,
    Enter,
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

from . import layout as L
from .axis import AXIS_WIDTH, COSINES, axis_of
from .grid import Grid, build
from .jit import Ints
from .limits import (
    ALWAYS,
    CONDITION_WORDS_MAX,
    FIXES_MAX,
    NEIGHBOURS_MAX,
    NEVER,
    OPERATORS_MAX,
    SPEED_FIXES_MAX,
    STEPS_MAX,
    TIMES_MAX,
    BadRule,
    LimitExceeded,
)
from .outline import outline, units, widened
from .tables import Plan

Bits = tuple[str, str, str]  # watch, where, holds: what decides whether a report counts
NOT_MOVING = (Kind.AID_TO_NAVIGATION, Kind.BASE_STATION)
"""Kinds below 32 that are no vessels: rules for vessels do not see them."""


@dataclass(frozen=True, slots=True)
class Operator:
    """One operator of a rule: the whole of it, a step of its sequence, or what breaks the sequence."""

    rule: int
    role: int  # OWN, a step's index, UNLESS
    step: Part


@dataclass(frozen=True, slots=True)
class Asked:
    """A rule over several tracks, and the bits of what it asks: only `where`, `holds` of one, of the other."""

    rule: int
    known: int
    one: int
    other: int


@dataclass(slots=True)
class Compiled:
    rules: tuple[RuleSpec, ...]
    zones: tuple[ZoneSpec, ...]  # those that rules read, by zone id and version
    operators: list[Operator]
    conditions: list[Bits]
    texts: dict[str, Condition]
    plan: Plan
    grid: Grid
    unplaced: tuple[str, ...] = field(default=())  # rules that name a place no zone is, or need an axis there
    rule_numbers: dict[str, int] = field(default_factory=dict)
    several: tuple[Asked, ...] = field(default=())


def compile_plan(
    rules: Many[RuleSpec],
    zones: Many[ZoneSpec],
    rule_since: dict[str, int] | None = None,
    zone_since: dict[tuple[str, int], int] | None = None,
) -> Compiled:
    """Arrays of these rules and zones. Raises BadRule, BadZone, LimitExceeded.

    `rule_since`, `zone_since`: since when the engine knows a rule (by name) or zone (by id and version), where
    that is not from the start: what lay inside before is not taken to have entered.
    """
    rules = tuple(rules)
    _check_names(rules, zones)
    operators = [op for number, rule in enumerate(rules) for op in _operators(number, rule)]
    if len(operators) > OPERATORS_MAX:
        raise LimitExceeded("operators of all rules", len(operators), OPERATORS_MAX, "retire rules")
    read = {p for rule in rules for p in _places(rule)} | {p for r in rules for p in r.unless}
    kinds, ids = {p.kind for p in read}, {p.zone_id for p in read}
    used = tuple(
        sorted(
            (z for z in zones if z.kind in kinds or z.zone_id in ids), key=lambda z: (z.zone_id, z.version)
        )
    )
    conditions, texts, bits, keeps, several = _conditions(rules, operators)
    since = rule_since or {}
    table = np.array(
        [
            _operator_row(op, bit, lax, since.get(rules[op.rule].name, NEVER))
            for op, bit, lax in zip(operators, bits, keeps, strict=True)
        ],
        np.int64,
    ).reshape(-1, L.OPERATOR_WIDTH)
    watch, watch_of, pairs_max = _watch(operators, used)
    rule_rows, sequences, last_operators = _rule_rows(rules, operators)
    wide = _widen(operators, used, watch)
    exempt = np.pad(_exemptions(rules, used), ((0, len(wide)), (0, 0)))
    watch_of = np.insert(watch_of, len(used), [watch_of[-2]] * len(wide))
    used += wide  # they have no operators: those that have one look them up
    zone_rows = _zone_rows(used, zone_since or {}, table, watch)
    axes = _axes(used, zone_rows)
    timed = (zone_rows[:, L.Z_FROM] > 0) | (zone_rows[:, L.Z_TO] < ALWAYS)
    grid, zone_rows[:, [L.Z_EDGES, L.Z_EDGES_END]] = build(
        [outline(z) for z in used], zone_rows[:, L.Z_CROSSED] == 1, timed
    )
    found = {place for place in read if any(is_at(place, z) for z in used)}
    directed = {place for place in read if any(z.axis and is_at(place, z) for z in used)}
    lost = {r.name for r in rules if any(p not in found for p in _places(r))}
    lost |= {r.name for r in rules if isinstance(r.when, OfReadings)}  # nobody gives this engine readings
    lost |= {
        rules[op.rule].name for op in operators if _needs_axis(op.step) and op.step.place not in directed
    }
    return Compiled(
        rules,
        used,
        operators,
        conditions,
        texts,
        Plan(
            table,
            rule_rows,
            sequences,
            last_operators,
            zone_rows,
            watch,
            watch_of,
            exempt,
            _instants(rules, used),
            max(1, -(-len(conditions) // 64)),
            pairs_max,
            int(watch_of[-1] - watch_of[-2]),
            int(rule_rows[:, L.U_EACH].any()),
            int((table[:, L.O_KIND] == L.ABSENCE).any()),
            int(zone_rows[:, L.Z_CROSSED].any()),
            axes,
            np.array(COSINES, np.int64),
        ),
        grid,
        tuple(r.name for r in rules if r.name in lost),
        {r.name: i for i, r in enumerate(rules)},
        several,
    )


def _check_names(rules: Many[RuleSpec], zones: Many[ZoneSpec]) -> None:
    names = [r.name for r in rules]
    for name in names:
        if names.count(name) > 1:
            raise BadRule(name, "is given twice; give one version of each rule")
    keys = [(z.zone_id, z.version) for z in zones]
    if len(set(keys)) < len(keys):
        twice = next(k for k in keys if keys.count(k) > 1)
        raise BadRule(twice[0], f"zone version {twice[1]} is given twice")


def _places(rule: RuleSpec) -> list[Place]:
    named = [op.step.place for op in _operators(0, rule)]
    if isinstance(rule.when, Several):
        named += places_of(rule.when)
    return [p for p in named if p is not None]


def _operators(number: int, rule: RuleSpec) -> list[Operator]:
    when = rule.when
    if isinstance(when, Several | OfReadings):
        return []
    if isinstance(when, Count):
        if not 2 <= when.times <= TIMES_MAX:
            raise BadRule(rule.name, f"count takes 2 to {TIMES_MAX} times, not {when.times}")
        found = [Operator(number, L.OWN if when.each_zone else 0, when.step)]
    elif not isinstance(when, Sequence):
        found = [Operator(number, L.OWN, when)]
    else:
        if not 1 <= len(when.steps) <= STEPS_MAX:
            raise BadRule(rule.name, f"a sequence has 1 to {STEPS_MAX} steps, not {len(when.steps)}")
        found = [Operator(number, role, step) for role, step in enumerate(when.steps)]
        if when.unless is not None:
            found.append(Operator(number, L.UNLESS, when.unless))
    for op in found:
        _check(rule, op.step)
    return found


def shape_of(rule: RuleSpec) -> list[tuple[int, type[Part], Place | None]]:
    """What makes a new version of a rule ask about the same edges: its operators' roles, kinds and places."""
    return [(op.role, type(op.step), op.step.place) for op in _operators(0, rule)]


def _needs_axis(step: Part) -> bool:
    return (isinstance(step, Stay | Cross) and step.off_axis is not None) or (
        isinstance(step, Speed) and step.along
    )


def _check(rule: RuleSpec, step: Part) -> None:
    if isinstance(step, Identity) and not (
        0 < step.over_dkn <= 65_535 and 0 <= step.slack_m <= SLACK_M_MAX and 1 <= step.fixes <= FIXES_MAX
    ):
        raise BadRule(
            rule.name, f"identity takes a speed, a slack up to {SLACK_M_MAX} m, fixes up to {FIXES_MAX}"
        )
    if isinstance(step, Drag) and not (
        step.learn_ms >= 0
        and 0 < step.swing_m <= SWING_M_MAX
        and 0 <= step.margin_m <= SWING_M_MAX
        and 1 <= step.fixes <= FIXES_MAX
    ):
        raise BadRule(
            rule.name, f"drag takes a swing and a margin up to {SWING_M_MAX} m, fixes up to {FIXES_MAX}"
        )
    if isinstance(step, Absence):
        if step.for_ms < ABSENCE_MS_MIN:
            raise BadRule(rule.name, f"absence takes {ABSENCE_MS_MIN // 60_000} min or more")
        if not 0 <= step.neighbours <= NEIGHBOURS_MAX or not 0 < step.near_m <= NEAR_M_MAX:
            raise BadRule(rule.name, f"neighbours are 0 to {NEIGHBOURS_MAX} within {NEAR_M_MAX} m")
    if _needs_axis(step) and step.place is None:
        raise BadRule(rule.name, "an axis is that of a place; name the place")
    if isinstance(step, Stay | Cross) and (limits := step.off_axis) is not None:
        given = [limit for limit in (limits.over_ddeg, limits.under_ddeg) if limit is not None]
        if not given or not all(0 <= limit <= 1_800 for limit in given):
            raise BadRule(rule.name, "an angle off the axis is over or under 0 to 180 degrees")
    if isinstance(step, Enter | Leave):
        if not 1 <= step.fixes <= FIXES_MAX:
            raise BadRule(rule.name, f"fixes must be 1 to {FIXES_MAX}, not {step.fixes}")
    elif isinstance(step, Speed):
        if step.over_dkn is None and step.under_dkn is None:
            raise BadRule(rule.name, "speed needs a limit: over or under")
        if not 1 <= step.min_fixes <= SPEED_FIXES_MAX or step.window_ms <= 0:
            raise BadRule(rule.name, f"speed needs a window and min_fixes of 1 to {SPEED_FIXES_MAX}")
    elif isinstance(step, Stay) and (step.for_ms < 0 or step.tolerate_ms < 0):
        raise BadRule(rule.name, "for and tolerate cannot be negative")
    elif isinstance(step, Stay) and step.keep is not None and not 0 <= step.keep.margin_m <= MARGIN_M_MAX:
        raise BadRule(rule.name, f"a margin is 0 to {MARGIN_M_MAX} m, not {step.keep.margin_m}")
    for place in (step.place, *rule.unless):
        if place is not None and (place.kind is None) == (place.zone_id is None):
            raise BadRule(rule.name, "a place is either a class of zones or one zone")


def _conditions(
    rules: Many[RuleSpec], operators: Many[Operator]
) -> tuple[list[Bits], dict[str, Condition], list[int], list[int], tuple[Asked, ...]]:
    """Each different (watch, where, holds) has one bit. Conditions of one text are one condition.

    Then the bit of each operator, of what keeps its stay alive (-1 = nothing), and of rules over several tracks.
    """
    numbers: dict[Bits, int] = {}
    texts: dict[str, Condition] = {}

    def bit(rule: RuleSpec, holds: Condition | None) -> int:
        for condition in (rule.where, holds):
            if condition is not None:
                texts[condition.text] = condition
        key = (rule.watch, rule.where.text if rule.where else "", holds.text if holds else "")
        return numbers.setdefault(key, len(numbers))

    bits, keeps = [], []
    for op in operators:
        bits.append(bit(rules[op.rule], op.step.holds))
        keep = op.step.keep if isinstance(op.step, Stay) else None
        keeps.append(-1 if keep is None else bit(rules[op.rule], keep.holds or op.step.holds))
    several = []
    for number, rule in enumerate(rules):
        if isinstance(rule.when, Several):
            known, one, other = (bit(rule, holds) for holds in (None, *conditions_of(rule.when)))
            several.append(Asked(number, known, one, other))
    if len(numbers) > 64 * CONDITION_WORDS_MAX:
        raise LimitExceeded("different conditions", len(numbers), 64 * CONDITION_WORDS_MAX, "retire rules")
    return list(numbers), texts, bits, keeps, tuple(several)


def _operator_row(op: Operator, bit: int, keep: int, since: int) -> list[int]:
    row = [0] * L.OPERATOR_WIDTH
    row[L.O_RULE], row[L.O_ROLE], row[L.O_BIT], row[L.O_SINCE] = op.rule, op.role, bit, since
    row[L.O_KEEP] = keep
    row[L.O_OFF_OVER], row[L.O_OFF_UNDER] = -1, 1_801
    row[L.O_OVER] = row[L.O_UNDER] = -1
    step = op.step
    if isinstance(step, Stay | Cross) and (limits := step.off_axis) is not None:
        row[L.O_AXIS] = 1
        row[L.O_OFF_OVER] = -1 if limits.over_ddeg is None else limits.over_ddeg
        row[L.O_OFF_UNDER] = 1_801 if limits.under_ddeg is None else limits.under_ddeg
    if isinstance(step, Identity):
        row[L.O_KIND], row[L.O_WHAT] = L.IDENTITY, ("clone", "jump", "change").index(step.kind)
        row[L.O_OVER], row[L.O_SLACK], row[L.O_FIXES] = step.over_dkn, units(step.slack_m), step.fixes
    elif isinstance(step, Drag):
        row[L.O_KIND], row[L.O_FOR], row[L.O_FIXES] = L.DRAG, step.learn_ms, step.fixes
        row[L.O_SWING], row[L.O_MARGIN] = units(step.swing_m), units(step.margin_m)
        row[L.O_STILL], row[L.O_OVER], row[L.O_UNDER] = step.still_dkn, step.over_dkn, step.under_dkn
        row[L.O_OFF_OVER] = step.off_heading_ddeg
    elif isinstance(step, Absence):
        row[L.O_KIND], row[L.O_FOR] = L.ABSENCE, step.for_ms
    elif isinstance(step, Cross):
        row[L.O_KIND] = L.CROSS
    elif isinstance(step, Stay):
        row[L.O_KIND], row[L.O_FOR], row[L.O_TOLERATE] = L.STAY, step.for_ms, step.tolerate_ms
    elif isinstance(step, Speed):
        row[L.O_KIND], row[L.O_WINDOW], row[L.O_LEAST] = L.SPEED, step.window_ms, step.min_fixes
        row[L.O_OVER] = -1 if step.over_dkn is None else step.over_dkn
        row[L.O_UNDER] = -1 if step.under_dkn is None else step.under_dkn
        row[L.O_ALONG] = int(step.along)
    else:
        row[L.O_KIND], row[L.O_FIXES] = L.ENTER if isinstance(step, Enter) else L.LEAVE, step.fixes
    return row


def is_at(place: Place, zone: ZoneSpec) -> bool:
    return zone.kind == place.kind if place.kind is not None else zone.zone_id == place.zone_id


def _watch(operators: Many[Operator], zones: Many[ZoneSpec]) -> tuple[Ints, Ints, int]:
    """All (zone, operator) pairs, by zone; the operators of no place last."""
    by_kind: dict[str | None, list[int]] = {}
    by_id: dict[str | None, list[int]] = {}
    anywhere = []
    for number, op in enumerate(operators):
        place = op.step.place
        if place is None:
            anywhere.append(number)
        elif place.kind is not None:
            by_kind.setdefault(place.kind, []).append(number)
        else:
            by_id.setdefault(place.zone_id, []).append(number)
    of_zone = [sorted(by_kind.get(z.kind, []) + by_id.get(z.zone_id, [])) for z in zones]
    pairs = [(i, op, i) for i, ops in enumerate(of_zone) for op in ops] + [(-1, op, -1) for op in anywhere]
    counts = [len(ops) for ops in of_zone] + [len(anywhere)]
    return (
        np.array(pairs, np.int64).reshape(-1, L.WATCH_WIDTH),
        np.r_[0, np.cumsum(counts)].astype(np.int64),
        max(counts[:-1], default=0),
    )


def _widen(operators: Many[Operator], zones: Many[ZoneSpec], watch: Ints) -> tuple[ZoneSpec, ...]:
    """The zones with the margins that stays ask for; their numbers follow those of `zones`, in `watch`."""
    found: dict[tuple[int, float], int] = {}
    for pair in watch:
        step = operators[pair[L.A_OPERATOR]].step
        if (
            isinstance(step, Stay)
            and step.keep is not None
            and step.keep.margin_m > 0
            and pair[L.A_ZONE] >= 0
        ):
            key = (int(pair[L.A_ZONE]), step.keep.margin_m)
            pair[L.A_WIDE] = len(zones) + found.setdefault(key, len(found))
    return tuple(widened(zones[i], metres) for i, metres in found)


def _rule_rows(rules: Many[RuleSpec], operators: Many[Operator]) -> tuple[Ints, Ints, Ints]:
    rows = np.zeros((len(rules), L.RULE_WIDTH), np.int64)
    sequences: list[int] = []
    last: list[int] = []
    for i, rule in enumerate(rules):
        rows[i, [L.U_FROM, L.U_TO, L.U_COOLDOWN]] = rule.valid_from_ms, rule.valid_to_ms, rule.cooldown_ms
        rows[i, L.U_SEQUENCE] = -1
        if isinstance(rule.when, Count):
            rows[i, L.U_SEQUENCE] = len(sequences)
            rows[i, [L.U_WITHIN, L.U_TIMES, L.U_EACH]] = (
                rule.when.within_ms, rule.when.times, rule.when.each_zone,
            )  # fmt: skip
            sequences.append(i)
            last.append(next(n for n, op in enumerate(operators) if op.rule == i))
        if isinstance(rule.when, Sequence):
            rows[i, L.U_SEQUENCE] = len(sequences)
            rows[i, [L.U_STEPS, L.U_WITHIN]] = len(rule.when.steps), rule.when.within_ms
            sequences.append(i)
            role = len(rule.when.steps) - 1
            last.append(next(n for n, op in enumerate(operators) if (op.rule, op.role) == (i, role)))
    return rows, np.array(sequences, np.int64), np.array(last, np.int64)


def _zone_rows(
    zones: Many[ZoneSpec], since: dict[tuple[str, int], int], operators: Ints, watch: Ints
) -> Ints:
    rows = np.zeros((len(zones), L.ZONE_WIDTH), np.int64)
    for i, zone in enumerate(zones):
        rows[i, [L.Z_FROM, L.Z_TO]] = zone.valid_from_ms, zone.valid_to_ms
        rows[i, L.Z_SINCE] = since.get((zone.zone_id, zone.version), NEVER)
    ops = operators[watch[:, L.A_OPERATOR]]
    crossed = np.isin(ops[:, L.O_KIND], (L.ENTER, L.LEAVE)) & (ops[:, L.O_FIXES] == 1)
    crossed |= ops[:, L.O_KIND] == L.CROSS
    rows[watch[crossed, L.A_ZONE], L.Z_CROSSED] = 1
    return rows


def _axes(zones: Many[ZoneSpec], rows: Ints) -> Ints:
    """The pieces of all axes; `rows` learn which are theirs."""
    pieces: list[tuple[int, ...]] = []
    for row, zone in zip(rows, zones, strict=True):
        row[L.Z_AXIS] = len(pieces)
        pieces += axis_of(zone)
        row[L.Z_AXIS_END] = len(pieces)
    return np.array(pieces, np.int64).reshape(-1, AXIS_WIDTH)


def _exemptions(rules: Many[RuleSpec], zones: Many[ZoneSpec]) -> Ints:
    bits = np.zeros((len(zones), max(1, -(-len(rules) // 64))), np.uint64)
    for number, rule in enumerate(rules):
        for place in rule.unless:
            for i, zone in enumerate(zones):
                if is_at(place, zone):
                    bits[i, number >> 6] |= np.uint64(1 << (number & 63))
    return bits.view(np.int64)


def _instants(rules: Many[RuleSpec], zones: Many[ZoneSpec]) -> Ints:
    moments = {t for z in zones for t in (z.valid_from_ms, z.valid_to_ms)}
    moments |= {t for r in rules for t in (r.valid_from_ms, r.valid_to_ms)}
    return np.array([NEVER, *sorted(m for m in moments if NEVER < m < ALWAYS), ALWAYS], np.int64)


def watched(watch: str, kind: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Which reports a rule's `watch` sees, by their kind."""
    if watch == "vessel":
        return np.asarray(kind < Kind.VEHICLE) & ~np.isin(kind, NOT_MOVING)
    if watch == "vehicle":
        return np.asarray((kind >= Kind.VEHICLE) & (kind < Kind.PERSON))
    if watch == "person":
        return np.asarray((kind >= Kind.PERSON) & (kind < Kind.AIRCRAFT))
    return np.full(len(kind), watch == "any")
