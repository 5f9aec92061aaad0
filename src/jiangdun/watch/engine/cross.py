"""cross: through a zone, from outside to outside, whichever way its axis asks. Words: docs/operators.md."""

from __future__ import annotations

from dataclasses import dataclass

from . import layout as L
from .axis import way_met
from .grid import Grid
from .jit import kernel
from .leave import crossed_at
from .tables import Plan, Tables, lat_of, lon_of


@kernel
def step_cross(
    grid: Grid,
    plan: Plan,
    tables: Tables,
    p: int,
    slot: int,
    node: int,
    v: int,
    before: int,
    path: bool,
    was: bool,
    inside: bool,
    through: bool,
    counts: bool,
) -> int:
    """Take one report: when the track last touched the border going out, if it is through now; else -1.

    `was`: the report before lay inside. OPEN: it came in by a way that is known, from V_HELD, at V_START.
    """
    visits = tables.visits
    xy0 = tables.hot[p, slot, L.H_XY]
    xy1 = tables.pending[node, L.P_XY]
    t = tables.pending[node, L.P_T]
    if inside:
        if not was:
            if path and visits[v, L.V_RUN] == 0:
                visits[v, L.V_FLAGS] |= L.OPEN | L.COUNTED
                visits[v, L.V_HELD] = xy0
                visits[v, L.V_START] = _touched(grid, plan, tables, v, xy0, xy1, before, t, False)
            visits[v, L.V_RUN] = 0
        if not counts:
            visits[v, L.V_FLAGS] &= ~L.COUNTED
        return -1
    if was:
        came = visits[v, L.V_FLAGS] & L.OPEN != 0
        counts = counts and visits[v, L.V_FLAGS] & L.COUNTED != 0
        visits[v, L.V_FLAGS] &= ~(L.OPEN | L.COUNTED)
        if not came:
            return -1
    elif through:
        visits[v, L.V_HELD] = xy0
        visits[v, L.V_START] = _touched(grid, plan, tables, v, xy0, xy1, before, t, False)
    else:
        return -1
    if not (path and counts and _directed(plan, tables, v, xy1)):
        return -1
    return _touched(grid, plan, tables, v, xy0, xy1, before, t, True)


@kernel
def _touched(
    grid: Grid, plan: Plan, tables: Tables, v: int, xy0: int, xy1: int, before: int, t: int, last: bool
) -> int:
    zone = plan.watch[tables.visits[v, L.V_WATCH], L.A_ZONE]
    return crossed_at(
        grid.edges, plan.zones, zone, lon_of(xy0), lat_of(xy0), lon_of(xy1), lat_of(xy1), before, t, last
    )


@kernel
def _directed(plan: Plan, tables: Tables, v: int, xy1: int) -> bool:
    """Whether the way from the last fix before the zone to the first behind it runs as is asked."""
    pair = tables.visits[v, L.V_WATCH]
    o = plan.watch[pair, L.A_OPERATOR]
    zone = plan.watch[pair, L.A_ZONE]
    if plan.operators[o, L.O_AXIS] == 0:
        return True
    xy0 = tables.visits[v, L.V_HELD]
    return way_met(
        plan.axes,
        plan.cosines,
        plan.zones[zone, L.Z_AXIS],
        plan.zones[zone, L.Z_AXIS_END],
        lon_of(xy0),
        lat_of(xy0),
        lon_of(xy1),
        lat_of(xy1),
        plan.operators[o, L.O_OFF_OVER],
        plan.operators[o, L.O_OFF_UNDER],
    )


@dataclass
class PlainCross:
    """The slow twin: one passage of one track through one zone."""

    unknown: bool = False  # the zone or rule is new: how the track came in is not known
    origin: tuple[int, int] | None = None
    began: int = 0
    left: int = 0
    counted: bool = True
    was: bool = False

    def take(self, inside: bool, counts: bool, came: tuple[tuple[int, int], int] | None) -> bool:
        """`came`: the fix before and when the way from it first touched the zone, where that is a way.

        True when the track is out again, having come in by a way that is known; `origin` and `began` tell.
        """
        was, self.was = self.was, inside
        if inside and not was:
            self.origin = None
            if came is not None and not self.unknown:
                (self.origin, self.began), self.counted = came, True
            self.unknown = False
        self.counted = self.counted and counts
        return was and not inside and self.origin is not None and self.counted and came is not None

    @property
    def idle(self) -> bool:
        return not self.was
