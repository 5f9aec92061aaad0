"""Each operator says how much history it needs; with so much, what follows is as with all of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from watch.engine.world import T0, ZONES, counts, path, rule, sequences, steps, streams

from jiangdun.feeds.columns import Chunk
from jiangdun.watch.engine import Engine, memory_ms
from jiangdun.watch.rules import spec

BAN = spec.Place(kind="ban")
DAY_MS = 86_400_000


@pytest.mark.parametrize(
    ("when", "ms"),
    [
        (spec.Stay(BAN, 600_000), 600_000 + 2 * 900_000),
        (spec.Stay(BAN, 600_000, None, 1_000_000), 600_000 + 4 * 1_000_000),
        (spec.Enter(BAN), 0),
        (spec.Speed(BAN, 10, None, 60_000), 60_000),
        (spec.Sequence((spec.Enter(BAN), spec.Leave(BAN), spec.Speed(None, 1)), 7_000), 74_000),
    ],
)
def test_a_rule_remembers_a_day_its_operator_and_its_cooldown(when: spec.Operator, ms: int) -> None:
    assert memory_ms(rule(when, cooldown_ms=5)) == DAY_MS + ms + 5


def fired(rules: list[spec.RuleSpec], given_rows: np.ndarray, since: int) -> list[str]:
    engine = Engine(rules, ZONES, eager=False)
    events = engine.take(Chunk(0, T0, given_rows)) + engine.finish()
    return sorted(f"{e.episode} {e.fired_at_ms} {dict(e.values)}" for e in events if e.fired_at_ms >= since)


@given(st.one_of(steps, sequences, counts), streams, st.integers(0, 100))
def test_what_came_before_the_memory_changes_nothing(when: spec.Operator, stream: object, share: int) -> None:
    """The stream twice, two memories apart; the second part is judged alike with and without the first."""
    rules = [rule(when)]
    first = stream.rows  # type: ignore[attr-defined]
    apart = int(first["t"].max()) - T0 + 2 * memory_ms(rules[0])
    second = first.copy()
    second["t"] += apart
    since = int(second["t"].min()) + share * int(np.ptp(second["t"])) // 100
    both = np.concatenate([first, second])
    kept = both[both["t"] >= since - memory_ms(rules[0])]
    assert fired(rules, both, since) == fired(rules, kept, since)


def test_a_stay_seen_from_its_middle_is_over_before_its_memory_is() -> None:
    rules = [rule(spec.Stay(spec.Place(zone_id="a"), 3_600_000), cooldown_ms=0)]
    long = path(*((s, 100, 100) for s in range(0, 200_000, 600)))
    since = T0 + 150_000_000
    kept = long[long["t"] >= since - memory_ms(rules[0])]
    assert len(kept) < len(long)
    assert fired(rules, kept, since) == fired(rules, long, since) == []
    assert len(fired(rules, kept, 0)) == 1
