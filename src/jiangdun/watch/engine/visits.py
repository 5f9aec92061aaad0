"""The visits of one track: each operator's step, what it completes, and the events that come of it."""

from __future__ import annotations

from . import layout as L
from .absence import step_absence
from .axis import course_met, speed_along
from .count import tally
from .cross import step_cross
from .drag import step_drag
from .enter import due_edge, step_edge
from .grid import Grid
from .identity import CHANGE, step_change, step_claims
from .jit import kernel
from .leave import crossed_at
from .limits import ALWAYS, FIXES_SHOWN, NEVER, VISIT_FIXES_OUT
from .sequence import begin_chain, clear_chain, follow, may_follow
from .speed import step_speed
from .stay import due_stay, step_stay
from .tables import Plan, Tables, chain_of, free_visit, lat_of, lon_of

ROLES = L.UNLESS + 1


@kernel
def step_visits(
    grid: Grid,
    plan: Plan,
    tables: Tables,
    p: int,
    slot: int,
    node: int,
    before: int,
    path: bool,
    token: int,
    same: bool,
) -> tuple[int, bool]:
    """Step the track's visits: (when the next report matters, whether a step of a sequence was done).

    `same`: the report lies in the zones of the one before and counts for the same operators: only what is due.
    """
    due = ALWAYS
    completed = False
    t = tables.pending[node, L.P_T]
    v = tables.hot[p, slot, L.H_VISITS]
    last = -1
    while v >= 0:
        after = tables.visits[v, L.V_NEXT]
        over = False
        if not same or t >= tables.visits[v, L.V_DUE]:
            pair = tables.visits[v, L.V_WATCH]
            tables.pair_seen[pair] = token
            zone = plan.watch[pair, L.A_ZONE]
            over = zone >= 0 and t >= plan.zones[zone, L.Z_TO]  # the zone is no longer in force
            if not over:
                done = step_visit(grid, plan, tables, p, slot, node, v, before, path, token, same)
                completed |= done
                over = (zone >= 0 and _ended(plan, tables, v)) or (not done and _idle(plan, tables, v, t))
        if over:
            if last < 0:
                tables.hot[p, slot, L.H_VISITS] = after
            else:
                tables.visits[last, L.V_NEXT] = after
            _disown(plan, tables, v, token)
            free_visit(tables, v)
        else:
            due = min(due, tables.visits[v, L.V_DUE])
            last = v
        v = after
    return due, completed


@kernel
def _ended(plan: Plan, tables: Tables, v: int) -> bool:
    """Outside for VISIT_FIXES_OUT fixes, and nothing of the operator is open."""
    if tables.visits[v, L.V_OUT] < VISIT_FIXES_OUT:
        return False
    kind = plan.operators[plan.watch[tables.visits[v, L.V_WATCH], L.A_OPERATOR], L.O_KIND]
    return kind == L.SPEED or kind == L.IDENTITY or tables.visits[v, L.V_FLAGS] & L.OPEN == 0


@kernel
def _idle(plan: Plan, tables: Tables, v: int, t: int) -> bool:
    """Whether a visit begun at the next report that matters would be the same: then it need not be kept.

    A stay that is not running; a border of which the track is confirmed to be on the side on which it lies; a
    window that holds nothing. Not where an alert has been given, for its cooldown stands in the visit.
    """
    visits = tables.visits
    if visits[v, L.V_FIRED] != NEVER:
        return False
    flags = visits[v, L.V_FLAGS]
    o = plan.watch[visits[v, L.V_WATCH], L.A_OPERATOR]
    kind = plan.operators[o, L.O_KIND]
    if kind == L.ENTER or kind == L.LEAVE:
        return visits[v, L.V_RUN] == 0 and (flags & L.OPEN != 0) == (flags & L.INSIDE != 0)
    if flags & L.OPEN != 0 or (flags & L.INSIDE != 0 and visits[v, L.V_DUE] == NEVER):
        return False  # it goes on, or must see every report
    if kind == L.STAY:
        return True
    if kind == L.SPEED:
        w = visits[v, L.V_WINDOW]
        n = tables.windows[w, L.W_COUNT]
        return n == 0 or tables.windows[w, L.W_ENTRIES + n - 1] >> 16 <= t - plan.operators[o, L.O_WINDOW]
    return False


@kernel
def drop_idle(plan: Plan, tables: Tables, p: int, slot: int, v: int, t: int) -> bool:
    """Take the visit at the head of the track's list out again, if nothing is to be kept of it."""
    if not _idle(plan, tables, v, t):
        return False
    tables.hot[p, slot, L.H_VISITS] = tables.visits[v, L.V_NEXT]
    free_visit(tables, v)
    return True


@kernel
def counts_at(plan: Plan, tables: Tables, o: int, node: int) -> bool:
    """Whether the report counts for the operator, were it inside; for a course that must be met this says nothing."""
    rule = plan.operators[o, L.O_RULE]
    exempt = tables.exempted[rule >> 6] >> (rule & 63) & 1 == 1
    t = tables.pending[node, L.P_T]
    return not exempt and _counts(plan, tables, o, plan.operators[o, L.O_BIT], node, t)


@kernel
def _disown(plan: Plan, tables: Tables, v: int, token: int) -> None:
    """The visit ends with this report: a step it has just done for a sequence stands, without it."""
    o = plan.watch[tables.visits[v, L.V_WATCH], L.A_OPERATOR]
    role = plan.operators[o, L.O_ROLE]
    if role != L.OWN:
        row = plan.rules[plan.operators[o, L.O_RULE], L.U_SEQUENCE] * ROLES + role
        if tables.done[row, 0] == token and tables.done[row, 3] == v:
            tables.done[row, 3] = -1


@kernel
def step_visit(
    grid: Grid,
    plan: Plan,
    tables: Tables,
    p: int,
    slot: int,
    node: int,
    v: int,
    before: int,
    path: bool,
    token: int,
    same: bool,
) -> bool:
    """One operator in one zone takes one report; True when that has done a step of a sequence.

    `same`: it lies in the zones of the one before, so that inside and exempt are as they were.
    """
    visits = tables.visits
    pair = visits[v, L.V_WATCH]
    zone = plan.watch[pair, L.A_ZONE]
    o = plan.watch[pair, L.A_OPERATOR]
    kind = plan.operators[o, L.O_KIND]
    t = tables.pending[node, L.P_T]
    if same:
        inside = visits[v, L.V_FLAGS] & L.INSIDE != 0
        exempt = visits[v, L.V_FLAGS] & L.EXEMPT != 0
        wide = visits[v, L.V_FLAGS] & L.WIDE != 0
    else:
        rule = plan.operators[o, L.O_RULE]
        inside = zone < 0 or tables.zone_seen[zone, 0] == token
        exempt = tables.exempted[rule >> 6] >> (rule & 63) & 1 == 1
        wide = zone < 0 or tables.zone_seen[plan.watch[pair, L.A_WIDE], 0] == token
    through = not same and zone >= 0 and tables.zone_seen[zone, 1] == token
    counts = not exempt and _counts(plan, tables, o, plan.operators[o, L.O_BIT], node, t)
    was = visits[v, L.V_FLAGS] & L.INSIDE != 0
    visits[v, L.V_FLAGS] &= ~(L.INSIDE | L.EXEMPT | L.WIDE)
    visits[v, L.V_FLAGS] |= (
        (L.INSIDE if inside else 0) | (L.EXEMPT if exempt else 0) | (L.WIDE if wide else 0)
    )
    visits[v, L.V_OUT] = 0 if inside else min(visits[v, L.V_OUT] + 1, VISIT_FIXES_OUT)
    done = False
    value = 0
    due = NEVER if zone >= 0 and not inside and visits[v, L.V_OUT] < VISIT_FIXES_OUT else ALWAYS
    if kind == L.STAY:
        lax = plan.operators[o, L.O_KEEP]
        keeps = lax >= 0 and wide and not exempt and _counts(plan, tables, o, lax, node, t)
        if plan.operators[o, L.O_AXIS] == 1 and (counts or keeps):
            steered = _steered(plan, tables, o, zone, node)
            counts = counts and steered
            keeps = keeps and steered
            due = NEVER  # the course may turn at every report
        done = step_stay(visits, v, plan.operators, o, inside and counts, keeps, t, before)
        due = min(due, due_stay(visits, v, plan.operators, o))
    elif kind == L.SPEED:
        sog = tables.pending[node, L.P_MOTION] & 0xFFFF
        if inside and counts:
            due = NEVER
            if plan.operators[o, L.O_ALONG] == 1:
                sog = _along(plan, tables, zone, node)
            if sog != 0xFFFF:
                value = step_speed(visits, v, tables.windows, plan.operators, o, t, sog, tables.sorted)
                done = value >= 0
    elif kind == L.IDENTITY:
        if inside and counts:
            due = NEVER
            value = _step_identity(plan, tables, node, v, o, t)
            done = value >= 0
    elif kind == L.DRAG:
        if counts:
            due = NEVER
            value = _step_drag(plan, tables, node, v, o, t, inside)
            done = value >= 0
    elif kind == L.ABSENCE:
        step_absence(tables, p, slot, v, plan.operators[o, L.O_FOR], inside and counts, t)
    elif kind == L.CROSS:
        value = step_cross(grid, plan, tables, p, slot, node, v, before, path, was, inside, through, counts)
        done = value >= 0
    else:
        done = _step_edge(grid, plan, tables, p, slot, node, v, before, path, inside, through, counts)
        due = min(due, due_edge(visits, v))
    visits[v, L.V_DUE] = due
    if not done:
        return False
    if plan.operators[o, L.O_ROLE] != L.OWN:
        _note_step(plan, tables, o, zone, v, token)
        return True
    if plan.rules[plan.operators[o, L.O_RULE], L.U_EACH] == 1:
        _count_in(plan, tables, p, slot, node, o, zone, v)
    elif _cooled(plan, tables, o, v, t):
        emit(tables, p, slot, node, o, zone, visits[v, L.V_START], value, 0, 0)
    return False


@kernel
def _counts(plan: Plan, tables: Tables, o: int, bit: int, node: int, t: int) -> bool:
    """Whether the report counts for the operator: condition `bit` holds and its rule is in force."""
    rule = plan.operators[o, L.O_RULE]
    return (
        tables.pending[node, L.P_MASK + (bit >> 6)] >> (bit & 63) & 1 == 1
        and plan.rules[rule, L.U_FROM] <= t < plan.rules[rule, L.U_TO]
    )


@kernel
def _step_identity(plan: Plan, tables: Tables, node: int, v: int, o: int, t: int) -> int:
    """What it finds, or -1; V_START is since when."""
    w = tables.visits[v, L.V_WINDOW]
    what = plan.operators[o, L.O_WHAT]
    if what == CHANGE:
        rest = tables.pending[node, L.P_REST]
        tables.visits[v, L.V_START] = t
        return step_change(tables.windows, w, rest >> 16 & 0xFFFF, rest >> 32 & 0xFF)
    since = step_claims(
        tables.windows,
        w,
        plan.cosines,
        t,
        tables.pending[node, L.P_XY],
        plan.operators[o, L.O_OVER],
        plan.operators[o, L.O_SLACK],
        plan.operators[o, L.O_FIXES],
        what,
    )
    if since >= 0:
        tables.visits[v, L.V_START] = since
    return since


@kernel
def _step_drag(plan: Plan, tables: Tables, node: int, v: int, o: int, t: int, inside: bool) -> int:
    xy = tables.pending[node, L.P_XY]
    motion = tables.pending[node, L.P_MOTION]
    if motion & 0xFFFF == 0xFFFF:
        return -1
    return step_drag(
        tables.visits,
        v,
        tables.windows,
        plan.cosines,
        plan.operators,
        o,
        t,
        lon_of(xy),
        lat_of(xy),
        motion & 0xFFFF,
        motion >> 16 & 0xFFFF,
        tables.pending[node, L.P_REST] & 0xFFFF,
        inside,
    )


@kernel
def _steered(plan: Plan, tables: Tables, o: int, zone: int, node: int) -> bool:
    """Whether the course of the report lies within the limits off the axis of the zone."""
    xy = tables.pending[node, L.P_XY]
    return course_met(
        plan.axes,
        plan.zones[zone, L.Z_AXIS],
        plan.zones[zone, L.Z_AXIS_END],
        lon_of(xy),
        lat_of(xy),
        tables.pending[node, L.P_MOTION] >> 16 & 0xFFFF,
        plan.operators[o, L.O_OFF_OVER],
        plan.operators[o, L.O_OFF_UNDER],
    )


@kernel
def _along(plan: Plan, tables: Tables, zone: int, node: int) -> int:
    """The part of the report's speed that runs along the axis of the zone."""
    xy = tables.pending[node, L.P_XY]
    return speed_along(
        plan.axes,
        plan.cosines,
        plan.zones[zone, L.Z_AXIS],
        plan.zones[zone, L.Z_AXIS_END],
        lon_of(xy),
        lat_of(xy),
        tables.pending[node, L.P_MOTION] >> 16 & 0xFFFF,
        tables.pending[node, L.P_MOTION] & 0xFFFF,
    )


@kernel
def _step_edge(
    grid: Grid,
    plan: Plan,
    tables: Tables,
    p: int,
    slot: int,
    node: int,
    v: int,
    before: int,
    path: bool,
    inside: bool,
    through: bool,
    counts: bool,
) -> bool:
    """enter and leave: True when done; V_START is when the border was crossed."""
    visits = tables.visits
    zone = plan.watch[visits[v, L.V_WATCH], L.A_ZONE]
    o = plan.watch[visits[v, L.V_WATCH], L.A_OPERATOR]
    leaving = plan.operators[o, L.O_KIND] == L.LEAVE
    fresh_run = visits[v, L.V_RUN] == 0
    was = visits[v, L.V_FLAGS] & L.OPEN != 0
    turned = step_edge(visits, v, plan.operators, o, inside, counts)
    passed = through and not was and plan.operators[o, L.O_FIXES] == 1
    if passed or (fresh_run and inside != was and inside != leaving):
        t = tables.pending[node, L.P_T]
        visits[v, L.V_START] = t
        if path:
            xy0 = tables.hot[p, slot, L.H_XY]
            xy1 = tables.pending[node, L.P_XY]
            visits[v, L.V_START] = crossed_at(
                grid.edges,
                plan.zones,
                zone,
                lon_of(xy0),
                lat_of(xy0),
                lon_of(xy1),
                lat_of(xy1),
                before,
                t,
                leaving,
            )
    if passed:
        return counts
    return turned == (-1 if leaving else 1) and visits[v, L.V_FLAGS] & L.COUNTED != 0


@kernel
def _note_step(plan: Plan, tables: Tables, o: int, zone: int, v: int, token: int) -> None:
    """A step of a sequence is done; of several zones at one report the first in order counts."""
    row = plan.rules[plan.operators[o, L.O_RULE], L.U_SEQUENCE] * ROLES + plan.operators[o, L.O_ROLE]
    if tables.done[row, 0] == token and tables.done[row, 1] <= zone:
        return
    tables.done[row, 0] = token
    tables.done[row, 1] = zone
    tables.done[row, 2] = tables.visits[v, L.V_START]
    tables.done[row, 3] = v
    tables.done[row, 4] = tables.visits[v, L.V_FIRED]


@kernel
def _cooled(plan: Plan, tables: Tables, o: int, v: int, t: int) -> bool:
    """Whether an alert may leave in this visit; if so it is noted."""
    fired = tables.visits[v, L.V_FIRED]
    if fired != NEVER and t - fired < plan.rules[plan.operators[o, L.O_RULE], L.U_COOLDOWN]:
        return False
    tables.visits[v, L.V_FIRED] = t
    return True


@kernel
def step_chains(plan: Plan, tables: Tables, p: int, slot: int, node: int, token: int) -> None:
    """Sequences take the steps this report has done: `unless` first, then the last step, ..., then the first."""
    t = tables.pending[node, L.P_T]
    for sequence in range(len(plan.sequences)):
        row = sequence * ROLES
        rule = plan.sequences[sequence]
        steps = plan.rules[rule, L.U_STEPS]
        if plan.rules[rule, L.U_TIMES] > 0:
            if tables.done[row, 0] == token:
                c = chain_of(tables, p, slot, sequence, -1, True, True)
                within, times = plan.rules[rule, L.U_WITHIN], plan.rules[rule, L.U_TIMES]
                if tally(tables.chains, c, t, tables.done[row, 2], within, times):
                    v = tables.done[row, 3]
                    fired = tables.done[row, 4]
                    _fire_count(plan, tables, p, slot, node, sequence, c, tables.done[row, 1], v, fired)
            continue
        if tables.done[row + L.UNLESS, 0] == token:
            c = chain_of(tables, p, slot, sequence, -1, False, False)
            if c >= 0:
                clear_chain(tables.chains, c)
        for step in range(steps - 1, -1, -1):
            if tables.done[row + step, 0] != token:
                continue
            c = chain_of(tables, p, slot, sequence, -1, False, True)
            if step == 0:
                begin_chain(tables.chains, c, t, tables.done[row, 2], tables.done[row, 1])
            elif may_follow(tables.chains, c, step, t, plan.rules[rule, L.U_WITHIN]):
                follow(tables.chains, c, step, t)
            else:
                continue
            if step == steps - 1:
                _fire_chain(plan, tables, p, slot, node, sequence, c, row + step)


@kernel
def _fire_chain(
    plan: Plan, tables: Tables, p: int, slot: int, node: int, sequence: int, c: int, row: int
) -> None:
    v = tables.done[row, 3]
    step = plan.rules[plan.sequences[sequence], L.U_STEPS] - 1
    here = L.C_STEPS + step * L.STEP_WIDTH
    chains = tables.chains
    o = plan.last_operators[sequence]
    t = tables.pending[node, L.P_T]
    fired = tables.done[row, 4]
    if fired == NEVER or t - fired >= plan.rules[plan.sequences[sequence], L.U_COOLDOWN]:
        if v >= 0:  # else the visit ended with this report
            tables.visits[v, L.V_FIRED] = t
        emit(
            tables,
            p,
            slot,
            node,
            o,
            tables.done[row, 1],
            chains[c, here + L.STEP_START],
            chains[c, here + L.STEP_ZONE],
            chains[c, here + L.STEP_FIRST_AT],
            tables.done[row, 2],
        )
    clear_chain(chains, c)


@kernel
def _count_in(plan: Plan, tables: Tables, p: int, slot: int, node: int, o: int, zone: int, v: int) -> None:
    """A step that is counted in each zone by itself is done in this one."""
    rule = plan.operators[o, L.O_RULE]
    sequence = plan.rules[rule, L.U_SEQUENCE]
    c = chain_of(tables, p, slot, sequence, zone, True, True)
    t = tables.pending[node, L.P_T]
    start = tables.visits[v, L.V_START]
    if tally(tables.chains, c, t, start, plan.rules[rule, L.U_WITHIN], plan.rules[rule, L.U_TIMES]):
        _fire_count(plan, tables, p, slot, node, sequence, c, zone, v, tables.visits[v, L.V_FIRED])


@kernel
def _fire_count(
    plan: Plan,
    tables: Tables,
    p: int,
    slot: int,
    node: int,
    sequence: int,
    c: int,
    zone: int,
    v: int,
    fired: int,
) -> None:
    chains = tables.chains
    t = tables.pending[node, L.P_T]
    if fired == NEVER or t - fired >= plan.rules[plan.sequences[sequence], L.U_COOLDOWN]:
        if v >= 0:
            tables.visits[v, L.V_FIRED] = t
        newest = L.C_STEPS + 2 * (chains[c, L.C_COUNT] - 1)
        emit(
            tables,
            p,
            slot,
            node,
            plan.last_operators[sequence],
            zone,
            chains[c, L.C_STEPS + 1],
            chains[c, L.C_COUNT],
            chains[c, L.C_STEPS],
            chains[c, newest + 1],
        )
    chains[c, L.C_COUNT] = 0


@kernel
def emit(
    tables: Tables, p: int, slot: int, node: int, o: int, zone: int, start: int, a: int, b: int, c: int
) -> None:
    """Write an event and the newest fixes of the track, newest first."""
    n = tables.numbers[L.N_EVENTS]
    tables.numbers[L.N_EVENTS] += 1
    events = tables.events
    pending = tables.pending
    events[n, L.E_PASS] = p
    events[n, L.E_OPERATOR] = o
    events[n, L.E_ZONE] = zone
    events[n, L.E_TRACK] = tables.tracks[slot, L.T_TRACK]
    events[n, L.E_START] = start
    events[n, L.E_AT] = pending[node, L.P_T]
    events[n, L.E_POSITION] = pending[node, L.P_POSITION]
    events[n, L.E_A] = a
    events[n, L.E_B] = b
    events[n, L.E_C] = c
    events[n, L.E_SOG] = pending[node, L.P_MOTION] & 0xFFFF
    k = 0
    while node >= 0 and k < FIXES_SHOWN:
        tables.event_fixes[n, k, 0] = pending[node, L.P_T]
        tables.event_fixes[n, k, 1] = pending[node, L.P_XY]
        tables.event_fixes[n, k, 2] = pending[node, L.P_MOTION]
        node = pending[node, L.P_PREV]
        k += 1
    seen = tables.tracks[slot, L.T_SEEN]
    for i in range(min(seen, FIXES_SHOWN - k)):
        for column in range(3):
            tables.event_fixes[n, k + i, column] = tables.fixes[slot, (seen - 1 - i) % FIXES_SHOWN, column]
    events[n, L.E_FIXES] = k + min(seen, FIXES_SHOWN - k)
