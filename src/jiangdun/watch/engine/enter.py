"""enter and leave: the two edges of one confirmed state. Words: docs/operators.md.

`leave.py` holds what differs for leaving.
"""

from __future__ import annotations

from dataclasses import dataclass

from .jit import Ints, kernel
from .layout import COUNTED, INSIDE, O_FIXES, OPEN, V_FLAGS, V_OUT, V_RUN
from .limits import ALWAYS, NEVER, VISIT_FIXES_OUT


@kernel
def step_edge(visits: Ints, v: int, operators: Ints, o: int, inside: bool, counts: bool) -> int:
    """Take one report: 1 = now confirmed inside, -1 = now confirmed outside, 0 = no change.

    The change stands only if every fix of the run counted (flag COUNTED).
    """
    flags = visits[v, V_FLAGS]
    confirmed = flags & OPEN != 0
    if inside == confirmed:
        visits[v, V_RUN] = 0
        return 0
    if visits[v, V_RUN] == 0:
        flags |= COUNTED
    if not counts:
        flags &= ~COUNTED
    visits[v, V_RUN] += 1
    turned = 0
    if visits[v, V_RUN] >= operators[o, O_FIXES]:
        visits[v, V_RUN] = 0
        flags ^= OPEN
        turned = 1 if inside else -1
    visits[v, V_FLAGS] = flags
    return turned


@kernel
def due_edge(visits: Ints, v: int) -> int:
    """While a run counts, every report matters."""
    if visits[v, V_RUN] > 0 or (visits[v, V_FLAGS] & INSIDE == 0 and visits[v, V_OUT] < VISIT_FIXES_OUT):
        return NEVER
    return ALWAYS


@dataclass
class PlainEdge:
    """The slow twin of enter and leave: is the track confirmed inside, and since which crossing?"""

    fixes: int
    confirmed: bool = False
    run: int = 0
    counted: bool = True
    crossed_at: int = 0

    def take(self, inside: bool, counts: bool, crossed_at: int) -> int:
        """`crossed_at`: when the way from the fix before crossed the border, should a run begin here."""
        if inside == self.confirmed:
            self.run = 0
            return 0
        if self.run == 0:
            self.counted, self.crossed_at = True, crossed_at
        self.counted = self.counted and counts
        self.run += 1
        if self.run < self.fixes:
            return 0
        self.run, self.confirmed = 0, inside
        return 1 if inside else -1

    @property
    def idle(self) -> bool:
        return not self.confirmed
