"""Why an alert fired: names, values, units and local times, in both languages."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiangdun.watch import why
from jiangdun.watch.rules import read

from .room import EVENT, RULE, START, YAML, ZONE


def rule(when):
    return read(
        YAML.replace(
            "when: {inside: danger-dike, for: 3 min, tolerate: 30 s, holds: is_night}", f"when: {when}"
        )
    )


def both(event, spec, zone=ZONE):
    return tuple(why.sentence(event, spec, zone, "DEMO HOLDS ON", lang) for lang in ("zh", "en"))


def test_a_stay_says_since_when_how_long_and_the_limit():
    assert both(EVENT, RULE) == (
        "“DEMO HOLDS ON”自 11月21日 23:07:12 起在“演示顺坝”内停留 3 分钟 10 秒，达到限值 3 分钟，条件：夜间，"
        "航速 8.3 节（15.4 km/h），航向 245°（规则 dike-stay 第 1 版）。",
        "“DEMO HOLDS ON” has stayed inside “Demo dike” for 3 min 10 s since 21 Nov 23:07:12, "
        "the limit is 3 min, while it is night, speed 8.3 kn (15.4 km/h), course 245° "
        "(rule dike-stay version 1).",
    )


@pytest.mark.parametrize(
    ("when", "zh", "en"),
    [
        (
            "{enters: danger-dike}",
            "于 11月21日 23:07:12 驶入“演示顺坝”，航速 8.3 节",
            "entered “Demo dike” at 21 Nov 23:07:12, speed",
        ),
        (
            "{leaves: danger-dike}",
            "于 11月21日 23:07:12 离开“演示顺坝”",
            "left “Demo dike” at 21 Nov 23:07:12",
        ),
        (
            "{inside: danger-dike, speed: {over: 8 kn}}",
            "于 11月21日 23:10:22 在“演示顺坝”内1 分钟航速中位数 8.3 节（15.4 km/h），"
            "超过限值 8.0 节（14.8 km/h）",
            "had a median speed of 8.3 kn (15.4 km/h) over 1 min inside “Demo dike” at 21 Nov 23:10:22, "
            "above the limit of 8.0 kn",
        ),
        (
            "{sequence: [{leaves: work-site}, {inside: danger-dike, for: 15 min}], within: 3 h}",
            "11月21日 23:07:12 起，先离开登记工地，随后在“演示顺坝”内停留满 15 分钟，23:10:22 成立",
            "since 21 Nov 23:07:12 left the registered work site, then stayed inside “Demo dike” for 15 min, "
            "complete at 23:10:22",
        ),
    ],
)
def test_each_operator_says_its_reason(when, zh, en):
    said = both(EVENT, rule(when))
    assert zh in said[0]
    assert en in said[1]


def test_a_revision_says_that_it_is_one():
    for verdict, zh, en in (("withdrawn", "撤回", "Withdrawn"), ("changed", "更正", "Corrected")):
        said = both(replace(EVENT, verdict=verdict), RULE)
        assert zh in said[0][:12]
        assert said[1].startswith(en)


def test_what_is_not_known_is_left_out():
    bare = replace(EVENT, values={}, fixes=())
    zh, en = both(bare, rule("{speed: {under: 2 kn}}"), None)
    assert "航向" not in zh
    assert "course" not in en
    unknown = replace(EVENT, fixes=(replace(EVENT.fixes[0], sog_dkn=65_535, cog_ddeg=65_535),))
    assert "course" not in both(unknown, RULE)[1]


@given(st.text(max_size=200), st.integers(0, 10**13), st.sampled_from(["zh", "en"]))
def test_any_name_and_any_moment_can_be_said(label, moment, lang):
    event = replace(EVENT, started_at_ms=moment, fired_at_ms=moment + START % 1_000_000)
    said = why.sentence(event, RULE, ZONE, label, lang)
    assert 0 < len(said) <= why.MAX_SENTENCE
    assert "\n" not in said
