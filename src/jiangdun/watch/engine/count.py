"""count: a step done so many times within T. Words: docs/operators.md."""

from __future__ import annotations

from dataclasses import dataclass, field

from .jit import Ints, kernel
from .layout import C_COUNT, C_STEPS


@kernel
def tally(chains: Ints, c: int, t: int, start: int, within: int, times: int) -> bool:
    """The step is done once more; True when it is so often enough, and `chains` holds all of them."""
    n = chains[c, C_COUNT]
    gone = 0
    while gone < n and t - chains[c, C_STEPS + 2 * gone] > within:
        gone += 1
    if gone > 0:
        n -= gone
        for k in range(2 * n):
            chains[c, C_STEPS + k] = chains[c, C_STEPS + 2 * gone + k]
    chains[c, C_STEPS + 2 * n] = t
    chains[c, C_STEPS + 2 * n + 1] = start
    chains[c, C_COUNT] = n + 1
    return n + 1 >= times


@dataclass
class PlainCount:
    """The slow twin: how often one track has done one step."""

    times: int
    within_ms: int
    done: list[tuple[int, int]] = field(default_factory=list)

    def take(self, t: int, start: int) -> list[tuple[int, int]] | None:
        """(when done, since when) of all that count, oldest first, when they are enough; then it begins anew."""
        self.done = [d for d in self.done if t - d[0] <= self.within_ms] + [(t, start)]
        if len(self.done) < self.times:
            return None
        whole, self.done = self.done, []
        return whole
