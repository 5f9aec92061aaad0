"""How much history each operator needs: a backtest begins so long before its period, and drops what fires before it."""

from __future__ import annotations

from jiangdun.watch.rules.spec import (
    Absence,
    Balance,
    Count,
    Cover,
    Cross,
    Drag,
    Enter,
    Group,
    Identity,
    Leave,
    Operator,
    Pair,
    Rendezvous,
    RuleSpec,
    Sequence,
    Speed,
    Station,
    Stay,
)

from .limits import ANCHOR_MS, CLAIM_MS, FORGET_MS, SILENCE_MS_MAX
from .readings.run import station_memory_ms as readings_memory_ms
from .stage2 import cover, group, pair, rendezvous


def memory_ms(rule: RuleSpec) -> int:
    """So long before a moment reports must be known for the rule's alerts from that moment on to be the right ones.

    A day, because a track starts afresh after a day of silence; what the operator itself looks back on; and the
    cooldown, because an alert given then silences one given now.
    """
    return FORGET_MS + own_memory_ms(rule.when) + rule.cooldown_ms


def own_memory_ms(when: Operator) -> int:
    """What one operator looks back on (docs/operators.md says it of each)."""
    match when:
        case Sequence(steps, within_ms, unless):
            parts = [*steps, *([unless] if unless else [])]
            return (len(steps) - 1) * within_ms + max(own_memory_ms(step) for step in parts)
        case Count(step, _, within_ms, _):
            return within_ms + own_memory_ms(step)
        case Absence():
            return when.for_ms
        case Identity():
            return CLAIM_MS
        case Drag():
            return ANCHOR_MS + when.learn_ms
        case Stay(_, for_ms, _, tolerate_ms):
            # reports of a stay that lasts are no further apart than this; one for its start, one for its end
            return for_ms + 2 * (tolerate_ms + max(SILENCE_MS_MAX, tolerate_ms))
        case Speed():
            return when.window_ms
        case Enter() | Leave() | Cross():
            return 0
        case Pair():
            return pair.own_memory_ms(when.within_ms)
        case Rendezvous():
            return rendezvous.own_memory_ms(when.for_ms, when.tolerate_ms)
        case Group():
            return group.own_memory_ms(when.for_ms, when.tolerate_ms)
        case Cover():
            return cover.own_memory_ms(when.for_ms)
        case Station() | Balance():
            return readings_memory_ms(when)
