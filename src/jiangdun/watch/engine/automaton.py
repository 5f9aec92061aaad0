"""One report of one track: what it changes, and which operators it completes.

Most reports change nothing: the same zones, the same condition bits, nothing due. Then no operator steps. Both
passes come this way; they differ in the order in which reports come, and in nothing else.
"""

from __future__ import annotations

from . import layout as L
from .geometry import touches
from .grid import Grid, add_whole, border_zones, cell_of, span, zones_at, zones_sum
from .jit import Ints, kernel
from .limits import ALWAYS, FORGET_MS, JUMP_UNITS, NEVER, SILENCE_MS_MAX
from .tables import Plan, Tables, count_visits, forget, lat_of, lon_of, new_visit
from .visits import counts_at, drop_idle, step_chains, step_visit, step_visits

AS_NOW = -1  # the zones that held the fix before are those that hold this one


@kernel
def judge(grid: Grid, plan: Plan, tables: Tables, p: int, slot: int, node: int) -> bool:
    """Take the report in; False, with nothing changed, when a table lacks room (N_WANT says how much)."""
    hot = tables.hot
    pending = tables.pending
    t = pending[node, L.P_T]
    xy = pending[node, L.P_XY]
    x = lon_of(xy)
    y = lat_of(xy)
    before = hot[p, slot, L.H_T]
    fresh = before == NEVER or t - before > FORGET_MS
    zones = hot[p, slot, L.H_ZONES]
    n_found = -1  # not looked for
    whole = False  # those that cover the cell are among them
    n_through = 0
    if pending[node, L.P_BEFORE] == before:  # the eager pass has looked, coming from the same fix
        cell = pending[node, L.P_CELL]
        zones = pending[node, L.P_ZONES]
    else:
        cell = cell_of(grid.numbers, grid.top, x, y)
        if (
            fresh
            or cell != hot[p, slot, L.H_CELL]
            or t >= hot[p, slot, L.H_INSTANT]
            or _has_border(grid, cell)
        ):
            n_found = border_zones(grid, plan.zones, cell, x, y, t, tables.found)
            zones = zones_sum(grid, cell, tables.found, n_found)
            if plan.crossed and not fresh and _is_path(hot[p, slot, L.H_XY], xy, t - before):
                n_through = _between(grid, plan, tables, p, slot, cell, xy, t)
                if n_through > 0:
                    whole = True
                    n_found = add_whole(grid, cell, tables.found, n_found)
                    n_through = _without(tables.through, n_through, tables.found, n_found)
        if n_through == 0:
            pending[node, L.P_BEFORE] = before
            pending[node, L.P_CELL] = cell
            pending[node, L.P_ZONES] = zones
    quiet = not fresh and t < hot[p, slot, L.H_INSTANT] and _same_mask(plan, tables, p, slot, node)
    same = quiet and n_through == 0 and zones == hot[p, slot, L.H_ZONES] and t - before <= SILENCE_MS_MAX
    due = hot[p, slot, L.H_DUE]
    if not same or t >= due:
        if n_found < 0:
            n_found = 0 if same else border_zones(grid, plan.zones, cell, x, y, t, tables.found)
        n_before = AS_NOW
        if not same:
            if not whole:
                n_found = add_whole(grid, cell, tables.found, n_found)
            if fresh:
                n_before = 0
            elif zones != hot[p, slot, L.H_ZONES] or hot[p, slot, L.H_CELL] == NEVER:  # or never looked at
                n_before = _zones_before(grid, plan, tables, p, slot)
        if not _room(plan, tables, p, slot, n_found + n_through + max(n_before, 0)):
            return False
        path = not fresh and _is_path(hot[p, slot, L.H_XY], xy, t - before)
        if fresh:
            forget(tables, p, slot, False)
            before = NEVER
        due = _step(
            grid, plan, tables, p, slot, node, before, path, same, quiet, n_found, n_through, n_before
        )
    hot[p, slot, L.H_T] = t
    hot[p, slot, L.H_XY] = xy
    hot[p, slot, L.H_CELL] = cell
    hot[p, slot, L.H_ZONES] = zones
    if not same:
        hot[p, slot, L.H_INSTANT] = _next_instant(plan, t)
        for k in range(plan.n_words):
            hot[p, slot, L.H_MASK + k] = tables.pending[node, L.P_MASK + k]
    hot[p, slot, L.H_DUE] = min(due, hot[p, slot, L.H_INSTANT])
    return True


@kernel
def _has_border(grid: Grid, cell: int) -> bool:
    return cell >= 0 and grid.cells[cell, 1] != grid.cells[cell + 1, 0]


@kernel
def _zones_before(grid: Grid, plan: Plan, tables: Tables, p: int, slot: int) -> int:
    """Write the zones that held the fix before to `before`; how many."""
    xy = tables.hot[p, slot, L.H_XY]
    x = lon_of(xy)
    y = lat_of(xy)
    cell = cell_of(grid.numbers, grid.top, x, y)
    return zones_at(grid, plan.zones, cell, x, y, tables.hot[p, slot, L.H_T], tables.before)


@kernel
def _without(zones: Ints, n: int, others: Ints, n_others: int) -> int:
    """Take `others` out of the first n `zones`; how many are left."""
    kept = 0
    for i in range(n):
        if not _listed(others, n_others, zones[i]):
            zones[kept] = zones[i]
            kept += 1
    return kept


@kernel
def _same_mask(plan: Plan, tables: Tables, p: int, slot: int, node: int) -> bool:
    for k in range(plan.n_words):  # noqa: SIM110 - numba has no `all` over a generator
        if tables.hot[p, slot, L.H_MASK + k] != tables.pending[node, L.P_MASK + k]:
            return False
    return True


@kernel
def _step(
    grid: Grid,
    plan: Plan,
    tables: Tables,
    p: int,
    slot: int,
    node: int,
    before: int,
    path: bool,
    same: bool,
    quiet: bool,
    n_found: int,
    n_through: int,
    n_before: int,
) -> int:
    """Step the operators the report matters to; when the next one matters if it changes nothing else.

    `quiet`: it counts for the same operators as the one before.
    """
    tables.numbers[L.N_SLOW] += 1
    tables.numbers[L.N_TOKEN] += 1
    token = tables.numbers[L.N_TOKEN]
    if not same:
        for k in range(len(tables.exempted)):
            tables.exempted[k] = 0
    for i in range(0 if same else n_found):
        zone = tables.found[i]
        tables.zone_seen[zone, 0] = token
        for k in range(len(tables.exempted)):
            tables.exempted[k] |= plan.exempt[zone, k]
    for i in range(n_through):
        tables.zone_seen[tables.through[i], 1] = token
    for i in range(n_before):
        zone = tables.before[i]
        tables.zone_seen[zone, 2] = token
        quiet = quiet and (tables.zone_seen[zone, 0] == token or not _exempts(plan, zone))
    for i in range(n_found if n_before >= 0 else 0):
        zone = tables.found[i]
        quiet = quiet and (tables.zone_seen[zone, 2] == token or not _exempts(plan, zone))
    due, completed = step_visits(grid, plan, tables, p, slot, node, before, path, token, same)
    if not same:
        due_new, completed_new = _begin_visits(
            grid, plan, tables, p, slot, node, before, path, token, quiet, n_found, n_through, n_before
        )
        due = min(due, due_new)
        completed |= completed_new
    if completed:
        step_chains(plan, tables, p, slot, node, token)
    return due


@kernel
def _exempts(plan: Plan, zone: int) -> bool:
    for k in range(plan.exempt.shape[1]):  # noqa: SIM110 - numba has no `any` over a generator
        if plan.exempt[zone, k] != 0:
            return True
    return False


@kernel
def _begin_visits(
    grid: Grid,
    plan: Plan,
    tables: Tables,
    p: int,
    slot: int,
    node: int,
    before: int,
    path: bool,
    token: int,
    quiet: bool,
    n_found: int,
    n_through: int,
    n_before: int,
) -> tuple[int, bool]:
    """Visits of zones the report lies in, has left, or passed through on its way, that the track has none of.

    Only where something is to be kept: what lies in a zone as it did, and counts for nothing, has no visit.
    """
    due = ALWAYS
    completed = False
    t = tables.pending[node, L.P_T]
    end_through = n_found + n_through
    end = end_through + max(n_before, 0)
    for i in range(end + 1):
        zone = len(plan.zones)  # the operators of no place come last
        held = False
        if i < n_found:
            zone = tables.found[i]
            held = n_before == AS_NOW or tables.zone_seen[zone, 2] == token
            if held and quiet:
                continue
        elif i < end_through:
            zone = tables.through[i - n_found]
        elif i < end:
            zone = tables.before[i - end_through]
            if tables.zone_seen[zone, 0] == token or t >= plan.zones[zone, L.Z_TO]:
                continue
        elif quiet:
            continue
        for pair in range(plan.watch_of[zone], plan.watch_of[zone + 1]):
            if tables.pair_seen[pair] == token:
                continue
            o = plan.watch[pair, L.A_OPERATOR]
            kind = plan.operators[o, L.O_KIND]
            edge = kind == L.ENTER or kind == L.LEAVE
            between = kind == L.CROSS or (edge and plan.operators[o, L.O_FIXES] == 1)
            left = end_through <= i < end
            if n_found <= i < end_through and not between:
                continue
            if left and not edge:
                continue
            # where it was before is not known: it has neither come in nor gone out
            unknown = i < end and before < _known_since(plan, zone, o)
            if edge and ((i < n_found and (held or unknown)) or (left and unknown)):
                continue
            if (kind == L.STAY or kind == L.SPEED) and not counts_at(plan, tables, o, node):
                continue
            v = new_visit(tables, p, slot, pair, kind == L.SPEED or kind == L.IDENTITY or kind == L.DRAG)
            if left:
                tables.visits[v, L.V_FLAGS] |= L.OPEN | L.INSIDE
            if kind == L.CROSS and i < n_found and unknown:
                tables.visits[v, L.V_RUN] = 1  # it did not come in
            done = step_visit(grid, plan, tables, p, slot, node, v, before, path, token, False)
            completed |= done
            if done or not drop_idle(plan, tables, p, slot, v, t):
                due = min(due, tables.visits[v, L.V_DUE])
    return due, completed


@kernel
def _known_since(plan: Plan, zone: int, o: int) -> int:
    return max(plan.zones[zone, L.Z_FROM], plan.zones[zone, L.Z_SINCE], plan.operators[o, L.O_SINCE])


@kernel
def _room(plan: Plan, tables: Tables, p: int, slot: int, n_zones: int) -> bool:
    """Whether every visit, chain, window and event this report might make has its place."""
    new = n_zones * plan.pairs_max + plan.pairs_anywhere
    numbers = tables.numbers
    free = len(tables.events) - numbers[L.N_EVENTS]
    steps = len(plan.watch)  # a track has one visit a pair at most
    if free < steps:
        steps = new + count_visits(tables, p, slot)
    chains = len(plan.sequences)
    if plan.counted:
        chains += new + count_visits(tables, p, slot)
    if (
        free >= steps
        and numbers[L.N_VISITS_FREE] >= new
        and numbers[L.N_WINDOWS_FREE] >= new
        and numbers[L.N_CHAINS_FREE] >= chains
    ):
        return True
    numbers[L.N_WANT] = max(steps, new, chains)
    return False


@kernel
def _is_path(xy0: int, xy1: int, gap: int) -> bool:
    """Whether the straight line between two fixes may be taken for the way between them."""
    far = max(abs(lon_of(xy1) - lon_of(xy0)), abs(lat_of(xy1) - lat_of(xy0)))
    return gap <= SILENCE_MS_MAX and 10 * (far - JUMP_UNITS) <= 3 * gap  # JUMP_UNITS_PER_MS = 0.3


@kernel
def _next_instant(plan: Plan, t: int) -> int:
    """The first moment after t at which a zone or rule comes into or goes out of force."""
    low = 0
    high = len(plan.instants) - 1
    while high - low > 1:
        middle = (low + high) // 2
        if plan.instants[middle] <= t:
            low = middle
        else:
            high = middle
    return plan.instants[high]


@kernel
def _between(grid: Grid, plan: Plan, tables: Tables, p: int, slot: int, cell: int, xy: int, t: int) -> int:
    """Zones that do not hold the fix before and that the way from it touches, written to `through`; how many."""
    xy0 = tables.hot[p, slot, L.H_XY]
    before = tables.hot[p, slot, L.H_T]
    x0 = lon_of(xy0)
    y0 = lat_of(xy0)
    x1 = lon_of(xy)
    y1 = lat_of(xy)
    if _side_by_side(grid, x0, y0, x1, y1):  # no other cell lies between
        cell0 = tables.hot[p, slot, L.H_CELL]
        if cell0 != NEVER and not _is_crossed(grid, cell0) and not _is_crossed(grid, cell):
            return 0
    n = 0
    shift = grid.numbers[L.G_SHIFT]
    ax, ay, bx, by = (
        x0 - grid.numbers[L.G_X0],
        y0 - grid.numbers[L.G_Y0],
        x1 - grid.numbers[L.G_X0],
        y1 - grid.numbers[L.G_Y0],
    )
    if ay > by:
        ax, ay, bx, by = bx, by, ax, ay
    for row in range(max(0, (ay - 1) >> shift), min(grid.numbers[L.G_NY] - 1, by >> shift) + 1):
        c0, c1 = span(ax, ay, bx, by, row, shift)
        for column in range(c0, c1 + 1):
            here = cell_of(
                grid.numbers,
                grid.top,
                grid.numbers[L.G_X0] + (column << shift),
                grid.numbers[L.G_Y0] + (row << shift),
            )
            if here < 0:
                continue
            for k in range(grid.cells[here, 1], grid.cells[here, 2]):
                zone = int(grid.entries[k, 0])
                if n == len(tables.through):
                    continue
                if before < plan.zones[zone, L.Z_FROM] or t >= plan.zones[zone, L.Z_TO]:
                    continue
                if before < plan.zones[zone, L.Z_SINCE] or _listed(tables.through, n, zone):
                    continue
                for e in range(grid.entries[k, 2], grid.entries[k, 3]):
                    if touches(
                        int(grid.cell_edges[e, 0]),
                        int(grid.cell_edges[e, 1]),
                        int(grid.cell_edges[e, 2]),
                        int(grid.cell_edges[e, 3]),
                        x0,
                        y0,
                        x1,
                        y1,
                    ):
                        tables.through[n] = zone
                        n += 1
                        break
    if n == 0:
        return 0
    # a zone that held the fix before is left, not passed through
    return _without(tables.through, n, tables.before, _zones_before(grid, plan, tables, p, slot))


@kernel
def _side_by_side(grid: Grid, x0: int, y0: int, x1: int, y1: int) -> bool:
    """Whether two points lie in one cell, or in two that share a side."""
    shift = grid.numbers[L.G_SHIFT]
    columns = abs((x1 - grid.numbers[L.G_X0] >> shift) - (x0 - grid.numbers[L.G_X0] >> shift))
    rows = abs((y1 - grid.numbers[L.G_Y0] >> shift) - (y0 - grid.numbers[L.G_Y0] >> shift))
    return columns + rows <= 1


@kernel
def _is_crossed(grid: Grid, cell: int) -> bool:
    """Whether the border of a zone whose crossing is asked for touches the cell."""
    return cell >= 0 and grid.cells[cell, 1] != grid.cells[cell, 2]


@kernel
def _listed(zones: Ints, n: int, zone: int) -> bool:
    for i in range(n):  # noqa: SIM110 - numba has no `any` over a generator
        if zones[i] == zone:
            return True
    return False
