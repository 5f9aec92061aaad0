"""drag: an anchored vessel leaves the circle it may swing in. Words: docs/operators.md."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

from . import layout as L
from .axis import COSINES, ONE, TURN, off_by
from .jit import Ints, kernel
from .layout import W_COUNT, W_ENTRIES
from .limits import ANCHOR_FIXES_MIN
from .sphere import TENTH, far2, plain_far2

SUM_X, SUM_Y, HEADED, FAR2, RADIUS, CENTRE_X, CENTRE_Y, AT_X, AT_Y = range(W_ENTRIES, W_ENTRIES + 9)
NOTHING: Final = -1


@kernel
def step_drag(
    visits: Ints,
    v: int,
    windows: Ints,
    cosines: Ints,
    operators: Ints,
    o: int,
    t: int,
    x: int,
    y: int,
    sog: int,
    cog: int,
    heading: int,
    inside: bool,
) -> int:
    """Take one report that counts and knows its speed: the radius of the circle it has left (units), or -1."""
    w = visits[v, L.V_WINDOW]
    flags = visits[v, L.V_FLAGS]
    if flags & L.DONE == 0:
        if not inside or sog > operators[o, L.O_STILL]:
            visits[v, L.V_FLAGS] = flags & ~L.OPEN
            return NOTHING
        if flags & L.OPEN == 0:
            visits[v, L.V_START] = t
            windows[w, W_COUNT] = 0
            for k in (SUM_X, SUM_Y, HEADED, FAR2):
                windows[w, k] = 0
            windows[w, AT_X] = x
            windows[w, AT_Y] = y
            flags |= L.OPEN
        windows[w, W_COUNT] += 1
        windows[w, SUM_X] += x
        windows[w, SUM_Y] += y
        if heading < TURN:  # the anchor lies ahead
            swing = operators[o, L.O_SWING]
            windows[w, HEADED] += 1
            level = max(1, cosines[abs(y) // TENTH])
            windows[w, SUM_X] += swing * _sine(cosines, heading) // level
            windows[w, SUM_Y] += swing * cosines[off_by(0, heading)] >> 15
        windows[w, FAR2] = max(windows[w, FAR2], far2(cosines, windows[w, AT_X], windows[w, AT_Y], x, y))
        n = windows[w, W_COUNT]
        if t - visits[v, L.V_START] >= operators[o, L.O_FOR] and n >= ANCHOR_FIXES_MIN:
            flags |= L.DONE
            visits[v, L.V_RUN] = 0
            windows[w, CENTRE_X] = windows[w, SUM_X] // n
            windows[w, CENTRE_Y] = windows[w, SUM_Y] // n
            windows[w, RADIUS] = _radius(windows, w, operators[o, L.O_SWING])
        visits[v, L.V_FLAGS] = flags
        return NOTHING
    if sog > operators[o, L.O_UNDER]:  # under way
        visits[v, L.V_FLAGS] = flags & ~(L.OPEN | L.DONE)
        return NOTHING
    far = far2(cosines, windows[w, CENTRE_X], windows[w, CENTRE_Y], x, y)
    limit = windows[w, RADIUS] + operators[o, L.O_MARGIN]
    drifting = sog >= operators[o, L.O_OVER] and (
        heading >= TURN or cog >= TURN or off_by(heading, cog) > operators[o, L.O_OFF_OVER]
    )
    if far <= limit * limit or not drifting or (visits[v, L.V_RUN] > 0 and far <= windows[w, FAR2]):
        visits[v, L.V_RUN] = 0
        return NOTHING
    if visits[v, L.V_RUN] == 0:
        visits[v, L.V_START] = t
    windows[w, FAR2] = far
    visits[v, L.V_RUN] += 1
    if visits[v, L.V_RUN] < operators[o, L.O_FIXES]:
        return NOTHING
    visits[v, L.V_FLAGS] = flags & ~(L.OPEN | L.DONE)
    visits[v, L.V_RUN] = 0
    return int(windows[w, RADIUS])


@kernel
def _sine(cosines: Ints, heading: int) -> int:
    return cosines[off_by(TURN // 4, heading)]


@kernel
def _radius(windows: Ints, w: int, swing: int) -> int:
    """As far as it may swing: all round an anchor that its heading shows, or on either side of where it lay."""
    if 2 * windows[w, HEADED] >= windows[w, W_COUNT]:
        return swing + int(math.sqrt(float(windows[w, FAR2]))) // 2
    return 2 * swing + int(math.sqrt(float(windows[w, FAR2])))


@dataclass
class PlainDrag:
    """The slow twin: one vessel at anchor."""

    learn_ms: int
    swing: int
    margin: int
    fixes: int
    still_dkn: int
    over_dkn: int
    under_dkn: int
    off_heading: int
    learnt: list[tuple[int, tuple[int, int], int]] = field(default_factory=list)  # t, where, heading
    circle: tuple[tuple[int, int], int] | None = None
    run: list[tuple[int, int]] = field(default_factory=list)  # t, squared distance
    start: int = 0
    radius: int = 0

    def take(self, t: int, at: tuple[int, int], sog: int, cog: int, heading: int, inside: bool) -> bool:
        if self.circle is None:
            if not inside or sog > self.still_dkn:
                self.learnt = []
                return False
            self.learnt.append((t, at, heading))
            if t - self.learnt[0][0] >= self.learn_ms and len(self.learnt) >= ANCHOR_FIXES_MIN:
                self.circle, self.run = self._circle(), []
            return False
        if sog > self.under_dkn:
            self.circle, self.learnt = None, []
            return False
        centre, radius = self.circle
        far = plain_far2(centre, at)
        steered = heading < TURN and cog < TURN and _between(heading, cog) <= self.off_heading
        out = far > (radius + self.margin) ** 2 and sog >= self.over_dkn and not steered
        if not out or (self.run and far <= self.run[-1][1]):
            self.run = []
            return False
        self.run.append((t, far))
        if len(self.run) < self.fixes:
            return False
        self.start, self.radius = self.run[0][0], radius
        self.circle, self.learnt, self.run = None, [], []
        return True

    def _circle(self) -> tuple[tuple[int, int], int]:
        xs = ys = headed = 0
        for _, (x, y), heading in self.learnt:
            xs, ys = xs + x, ys + y
            if heading < TURN:
                headed += 1
                xs += self.swing * COSINES[_between(900, heading)] // max(1, COSINES[abs(y) // TENTH])
                ys += self.swing * COSINES[_between(0, heading)] // ONE
        n = len(self.learnt)
        spread = int(math.sqrt(max(plain_far2(self.learnt[0][1], at) for _, at, _ in self.learnt)))
        radius = self.swing + spread // 2 if 2 * headed >= n else 2 * self.swing + spread
        return (xs // n, ys // n), radius

    @property
    def idle(self) -> bool:
        return self.circle is None and not self.learnt


def _between(a: int, b: int) -> int:
    turn = abs(a - b) % TURN
    return min(turn, TURN - turn)
