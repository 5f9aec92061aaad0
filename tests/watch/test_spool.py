"""The spool line: whole in itself, the same event on both sides, and nothing else is believed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jiangdun.feeds.observations import BadFrame
from jiangdun.watch import spool
from jiangdun.watch.rules.spec import AlertEvent, FixSeen

from .room import EVENT, RULE, ZONE, line

fixes = st.builds(
    FixSeen,
    st.integers(0, 4_000_000_000_000),
    st.integers(-108_000_000, 108_000_000),
    st.integers(-54_000_000, 54_000_000),
    st.integers(0, 65_535),
    st.integers(0, 65_535),
)
numbers = st.integers(-9, 9) | st.floats(-9, 9)
events = st.builds(
    AlertEvent,
    episode=st.text("0123456789abcdef", min_size=1, max_size=32),
    settled=st.booleans(),
    verdict=st.sampled_from(["raised", "confirmed", "changed", "withdrawn"]),
    rule=st.just(RULE.name),
    rule_version=st.integers(1, 1_000),
    track=st.integers(0, 2**63 - 1),
    zone_id=st.sampled_from(["", "z1"]),
    started_at_ms=st.integers(0, 4_000_000_000_000),
    fired_at_ms=st.integers(0, 4_000_000_000_000),
    log_position=st.integers(0, 2**62),
    values=st.dictionaries(st.text("abc_江", max_size=8), numbers | st.text("ab江", max_size=5), max_size=3),
    fixes=st.lists(fixes, max_size=4).map(tuple),
    replaces=st.none() | st.just("e0"),
)


@given(events, st.text(max_size=100))
@example(EVENT, "\0")
def test_what_is_written_is_read_back(event, label):
    text = spool.to_line(event, RULE, ZONE, label)
    assert text.isascii()
    assert "\n" not in text
    assert len(text) <= spool.MAX_LINE
    fields = spool.from_line(text.encode())
    assert spool.event_of(fields) == event
    assert fields["label"]
    assert fields["why_zh"].endswith("。")


def test_a_line_holds_what_the_desk_would_otherwise_look_up():
    fields = line()
    assert (fields["owner"], fields["severity"], fields["incident"], fields["zone_name_en"]) == (
        "msa",
        2,
        "auto",
        "Demo dike",
    )
    assert (fields["lon"], fields["lat"]) == (115.651, 29.8505)


def test_only_the_last_fixes_are_kept():
    many = tuple(replace(EVENT.fixes[0], t_ms=index) for index in range(100))
    fields = spool.from_line(spool.to_line(replace(EVENT, fixes=many), RULE, None, ""))
    assert len(fields["fixes"]) == spool.MAX_FIXES
    assert fields["fixes"][-1][0] == 99
    assert fields["label"] == str(EVENT.track)


@given(st.binary(max_size=200))
def test_any_bytes_at_all_are_refused_as_a_bad_frame(data):
    with pytest.raises(BadFrame) as caught:
        spool.from_line(data)
    assert caught.value.reason == "spool_line"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(sorted(line())), JSON)
def test_a_line_with_one_field_replaced_is_refused_or_still_makes_an_event(name, value):
    text = json.dumps({**line(), name: value})
    try:
        fields = spool.from_line(text)
    except BadFrame:
        return
    assert isinstance(spool.event_of(fields), AlertEvent)


@pytest.mark.parametrize(
    "text", ["[" * 60_000, "x" * 70_000, '{"episode": NaN}', "{}", "null", '{"a": 1e999}']
)
def test_hostile_lines_are_refused(text):
    with pytest.raises(BadFrame):
        spool.from_line(text)
