"""The kernels say what the plain twin says: every operator, both passes, on random streams."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from watch.engine.world import (
    ZONES,
    Stream,
    absences,
    along,
    claims,
    counts,
    crosses,
    drags,
    enters,
    leaves,
    rule_sets,
    said,
    sequences,
    speeds,
    stays,
    steered,
    streams,
)

from jiangdun.watch.engine import Engine
from jiangdun.watch.engine.twin import Twin
from jiangdun.watch.rules.spec import RuleSpec


def agree(rules: list[RuleSpec], stream: Stream, size: int, eager: bool) -> int:
    """Both say the same of every chunk, eager and settled, word for word; how many events there were."""
    engine, twin = Engine(rules, ZONES, eager=eager), Twin(rules, ZONES, eager=eager)
    n = 0
    for chunk in stream.chunks(size):
        found = engine.take(chunk)
        assert said(found) == said(twin.take(chunk))
        n += len(found)
    found = engine.finish()
    assert said(found) == said(twin.finish())
    assert engine.digest() == twin.digest()
    return n + len(found)


EACH = pytest.mark.parametrize(
    "operator",
    [stays, enters, leaves, speeds, crosses, steered, along, counts, absences, claims, drags, sequences],
    ids=[
        "stay",
        "enter",
        "leave",
        "speed",
        "cross",
        "steered stay",
        "speed along the axis",
        "count",
        "absence",
        "identity",
        "drag",
        "sequence",
    ],
)


TRIES = settings(max_examples=max(200, settings.default.max_examples if settings.default else 0))
"""Random streams an operator is tried on: 200, and 2,000 in `make soak`."""


@EACH
@TRIES
@given(st.data())
def test_each_operator_says_what_its_twin_says(operator: st.SearchStrategy, data: st.DataObject) -> None:
    rules = data.draw(rule_sets(operator))
    agree(rules, data.draw(streams), data.draw(st.sampled_from([1, 3, 10, 1_000])), data.draw(st.booleans()))
