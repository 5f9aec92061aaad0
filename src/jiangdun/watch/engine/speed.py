"""speed: the median over a window is over or under a limit. Words: docs/operators.md."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field

from .jit import Ints, kernel
from .layout import (
    O_LEAST,
    O_OVER,
    O_UNDER,
    O_WINDOW,
    OPEN,
    V_FLAGS,
    V_START,
    V_WINDOW,
    W_COUNT,
    W_ENTRIES,
)
from .limits import SPEED_FIXES_MAX


@kernel
def step_speed(
    visits: Ints, v: int, windows: Ints, operators: Ints, o: int, t: int, sog: int, sorted_: Ints
) -> int:
    """Take one report that counts: twice the median when the limit has just been broken, else -1."""
    w = visits[v, V_WINDOW]
    n = windows[w, W_COUNT]
    oldest = t - operators[o, O_WINDOW]
    gone = 0
    while gone < n and (n - gone == SPEED_FIXES_MAX or windows[w, W_ENTRIES + gone] >> 16 <= oldest):
        gone += 1
    for k in range(gone, n if gone > 0 else 0):  # moved up, not a ring: what is read stays in few cache lines
        windows[w, W_ENTRIES + k - gone] = windows[w, W_ENTRIES + k]
    n -= gone
    windows[w, W_ENTRIES + n] = (t << 16) | sog
    n += 1
    windows[w, W_COUNT] = n
    over = operators[o, O_OVER]
    under = operators[o, O_UNDER]
    broken = False
    twice = -1
    if n >= operators[o, O_LEAST]:
        # the median can only be over (under) a limit when half of the values are
        above = 0
        below = 0
        for k in range(n):
            value = windows[w, W_ENTRIES + k] & 0xFFFF
            above += value > over
            below += value < under
        if (over >= 0 and 2 * above >= n) or (under >= 0 and 2 * below >= n):
            for k in range(n):
                value = windows[w, W_ENTRIES + k] & 0xFFFF
                at = k
                while at > 0 and sorted_[at - 1] > value:
                    sorted_[at] = sorted_[at - 1]
                    at -= 1
                sorted_[at] = value
            twice = sorted_[(n - 1) // 2] + sorted_[n // 2]
            broken = (over >= 0 and twice > 2 * over) or (under >= 0 and twice < 2 * under)
    was = visits[v, V_FLAGS] & OPEN != 0
    if not broken:
        visits[v, V_FLAGS] &= ~OPEN
        return -1
    visits[v, V_FLAGS] |= OPEN
    if was:
        return -1
    visits[v, V_START] = windows[w, W_ENTRIES] >> 16
    return twice


@dataclass
class PlainSpeed:
    """The slow twin: one speed window of one track in one zone."""

    over_dkn: int | None
    under_dkn: int | None
    window_ms: int
    min_fixes: int
    seen: list[tuple[int, int]] = field(default_factory=list)
    broken: bool = False
    start: int = 0
    median_dkn: float = 0.0

    def take(self, t: int, sog_dkn: int) -> bool:
        self.seen = [(at, sog) for at, sog in self.seen if at > t - self.window_ms][1 - SPEED_FIXES_MAX :]
        self.seen.append((t, sog_dkn))
        was = self.broken
        self.broken = False
        if len(self.seen) >= self.min_fixes:
            median = statistics.median(sog for _, sog in self.seen)
            self.broken = (self.over_dkn is not None and median > self.over_dkn) or (
                self.under_dkn is not None and median < self.under_dkn
            )
            if self.broken and not was:
                self.start, self.median_dkn = self.seen[0][0], median
        return self.broken and not was
