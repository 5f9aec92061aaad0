"""stay: inside a place with the condition true for at least `for`. Words: docs/operators.md."""

from __future__ import annotations

from dataclasses import dataclass

from .jit import Ints, kernel
from .layout import DONE, HOLDING, O_FOR, O_TOLERATE, OPEN, V_FLAGS, V_HELD, V_START
from .limits import ALWAYS, NEVER, SILENCE_MS_MAX


@kernel
def step_stay(
    visits: Ints, v: int, operators: Ints, o: int, holds: bool, keeps: bool, t: int, before: int
) -> bool:
    """Take one report; True when the stay has just reached `for`. `before` = the track's fix before it.

    `keeps`: it does not begin a stay, but is as good as a holding one to a stay that lasts.
    """
    flags = visits[v, V_FLAGS]
    tolerate = operators[o, O_TOLERATE]
    if flags & OPEN:
        if flags & HOLDING:  # reports that changed nothing were skipped: it held up to the last of them
            visits[v, V_HELD] = before
        if t - before > max(SILENCE_MS_MAX, tolerate) or (
            not (holds or keeps) and t - visits[v, V_HELD] > tolerate
        ):
            flags &= ~(OPEN | DONE)
    completed = False
    if holds or (keeps and flags & OPEN):
        if not flags & OPEN:
            flags |= OPEN
            visits[v, V_START] = t
        visits[v, V_HELD] = t
        flags |= HOLDING
        if not flags & DONE and t - visits[v, V_START] >= operators[o, O_FOR]:
            flags |= DONE
            completed = True
    else:
        flags &= ~HOLDING
    visits[v, V_FLAGS] = flags
    return completed


@kernel
def due_stay(visits: Ints, v: int, operators: Ints, o: int) -> int:
    """The first time at which a report like the last one would change something."""
    flags = visits[v, V_FLAGS]
    if not flags & OPEN:
        return ALWAYS
    if not flags & HOLDING:
        return visits[v, V_HELD] + operators[o, O_TOLERATE] + 1
    if flags & DONE:
        return ALWAYS
    return visits[v, V_START] + operators[o, O_FOR]


@dataclass
class PlainStay:
    """The slow twin: one stay of one track in one zone."""

    for_ms: int
    tolerate_ms: int
    start: int | None = None
    last_held: int = NEVER
    done: bool = False

    def take(self, t: int, before: int | None, holds: bool, keeps: bool = False) -> bool:
        if before is not None and t - before > max(SILENCE_MS_MAX, self.tolerate_ms):
            self.start = None
        if holds or (keeps and self.start is not None):
            if self.start is None:
                self.start, self.done = t, False
            self.last_held = t
            if not self.done and t - self.start >= self.for_ms:
                self.done = True
                return True
        elif self.start is not None and t - self.last_held > self.tolerate_ms:
            self.start = None
        return False

    @property
    def idle(self) -> bool:
        return self.start is None
