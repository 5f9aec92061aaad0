"""sequence: steps one after another, each within T of the one before, no `unless` between. Words: docs/operators.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .jit import Ints, kernel
from .layout import C_STEPS, STEP_AT, STEP_FIRST_AT, STEP_START, STEP_WIDTH, STEP_ZONE
from .limits import NEVER, STEPS_MAX


@kernel
def clear_chain(chains: Ints, c: int) -> None:
    for i in range(STEPS_MAX):
        chains[c, C_STEPS + i * STEP_WIDTH + STEP_AT] = NEVER
        chains[c, C_STEPS + i * STEP_WIDTH + STEP_ZONE] = -1


@kernel
def begin_chain(chains: Ints, c: int, t: int, start: int, zone: int) -> None:
    """The first step is done."""
    chains[c, C_STEPS + STEP_AT] = t
    chains[c, C_STEPS + STEP_START] = start
    chains[c, C_STEPS + STEP_ZONE] = zone
    chains[c, C_STEPS + STEP_FIRST_AT] = t


@kernel
def may_follow(chains: Ints, c: int, step: int, t: int, within: int) -> bool:
    """Whether the step before is done, earlier than t and no more than `within` ago."""
    at = chains[c, C_STEPS + (step - 1) * STEP_WIDTH + STEP_AT]
    return at != NEVER and at < t and t - at <= within


@kernel
def follow(chains: Ints, c: int, step: int, t: int) -> None:
    """The step is done: its chain is the newest one that reached the step before."""
    here = C_STEPS + step * STEP_WIDTH
    before = here - STEP_WIDTH
    chains[c, here + STEP_AT] = t
    for k in (STEP_START, STEP_ZONE, STEP_FIRST_AT):
        chains[c, here + k] = chains[c, before + k]


@dataclass(frozen=True)
class Done:
    """A step that a report completed: in which zone (index in zone order), and since when."""

    zone: int
    start: int


@dataclass(frozen=True)
class Chain:
    at: int
    first: Done
    first_at: int


@dataclass
class PlainSequence:
    """The slow twin: one sequence of one track."""

    steps: int
    within_ms: int
    reached: dict[int, Chain] = field(default_factory=dict)

    def take(self, t: int, done: Mapping[int, Done], unless: bool) -> Chain | None:
        """`done`: the steps this report completes; the chain that is now whole, or None."""
        if unless:
            self.reached.clear()
        before = dict(self.reached)
        whole: Chain | None = None
        for step, what in done.items():
            chain = Chain(t, what, t) if step == 0 else None
            if step > 0 and step - 1 in before and t - before[step - 1].at <= self.within_ms:
                chain = Chain(t, before[step - 1].first, before[step - 1].first_at)
            if chain is None:
                continue
            if step == self.steps - 1:
                whole = chain
            else:
                self.reached[step] = chain
        if whole is not None:  # what came before is used up; what this report began by its first step stands
            fresh = {0: self.reached[0]} if 0 in done and self.steps > 1 else {}
            self.reached = fresh
        return whole
