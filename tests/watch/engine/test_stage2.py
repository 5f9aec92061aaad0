"""Operators over several tracks: each says what its plain twin says, and one log gives one digest."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from watch.engine.fleet import ZONES, covers, fleets, groups, pairs, rendezvous, rule_sets, several
from watch.engine.world import Stream, said, stays

from jiangdun.watch.engine import Engine
from jiangdun.watch.engine.twin import Twin
from jiangdun.watch.rules.spec import RuleSpec

EACH = pytest.mark.parametrize(
    "operator", [pairs, rendezvous, groups, covers], ids=["pair", "rendezvous", "group", "cover"]
)
MANY = settings(max_examples=1_000 if os.environ.get("HYPOTHESIS_PROFILE") == "soak" else 200)
SIZES = st.sampled_from([1, 3, 10, 1_000])


@EACH
@MANY
@given(st.data())
def test_each_operator_says_what_its_twin_says(operator: st.SearchStrategy, data: st.DataObject) -> None:
    rules, stream, eager = data.draw(rule_sets(operator)), data.draw(fleets), data.draw(st.booleans())
    engine, twin = Engine(rules, ZONES, eager=eager), Twin(rules, ZONES, eager=eager)
    for chunk in stream.chunks(data.draw(SIZES)):
        assert said(engine.take(chunk)) == said(twin.take(chunk))
    assert said(engine.finish()) == said(twin.finish())
    assert engine.digest() == twin.digest()


@given(rule_sets(several), fleets, st.integers(0, 999))
def test_one_log_gives_one_digest_however_it_is_cut_and_shuffled(
    rules: list[RuleSpec], stream: Stream, seed: int
) -> None:
    def digest(stream: Stream, size: int, *, eager: bool = True) -> str:
        engine = Engine(rules, ZONES, eager=eager)
        for chunk in stream.chunks(size):
            engine.take(chunk)
        engine.finish()
        return engine.digest()

    one = digest(stream, 1)
    assert {digest(stream, size) for size in (7, 2_000)} == {one}
    assert digest(stream, 3, eager=False) == one
    keys = stream.rows[["track", "t", "rank"]]
    if len(np.unique(keys)) == len(keys):
        assert digest(stream.shuffled(seed), 5) == one


@given(rule_sets(st.one_of(several, stays)), fleets, st.integers(1, 40))
def test_an_engine_restored_at_any_cut_says_what_one_that_never_stopped_says(
    rules: list[RuleSpec], stream: Stream, size: int
) -> None:
    through, stopped = Engine(rules, ZONES), Engine(rules, ZONES)
    for chunk in stream.chunks(size):
        stopped = Engine.from_bytes(stopped.to_bytes(), rules, ZONES)
        assert said(stopped.take(chunk)) == said(through.take(chunk))
    assert said(stopped.finish()) == said(through.finish())
    assert (stopped.digest(), stopped.eager_digest()) == (through.digest(), through.eager_digest())


@given(rule_sets(several), rule_sets(st.one_of(several, stays)), fleets, st.integers(1, 40))
def test_rules_that_stay_do_not_notice_that_others_come_and_go(
    rules: list[RuleSpec], others: list[RuleSpec], stream: Stream, size: int
) -> None:
    from dataclasses import replace

    renamed = [replace(other, name=f"other{i}") for i, other in enumerate(others)]
    alone, changed = Engine(rules, ZONES), Engine(rules, ZONES)
    expected, found = [], []
    for i, chunk in enumerate(stream.chunks(size)):
        expected += alone.take(chunk)
        found += changed.take(chunk)
        found += changed.change(rules=renamed + rules if i % 2 == 0 else rules)
    expected, found = expected + alone.finish(), found + changed.finish()
    names = {r.name for r in rules}
    assert said(expected) == said([e for e in found if e.rule in names])
