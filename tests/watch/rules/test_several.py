"""The operators over several tracks in the language: what is read, refused, and said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jiangdun.watch import spool, why
from jiangdun.watch.rules import read, sentence
from jiangdun.watch.rules.checking import permits, places
from jiangdun.watch.rules.conditions import read_condition
from jiangdun.watch.rules.spec import Cover, Group, Other, Pair, Place, Rendezvous
from watch.room import EVENT, ZONE
from watch.rules.test_language import HEAD, refused, when

FERRY = read_condition("kind = 'ferry'")
OTHERS = (Other(413_000_002, EVENT.fixes),)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "pair: {closer: 0.5 km, within: 3 min, along: vts, other: kind = 'ferry', lying: true, ticks: 3}\n"
            "inside: {zone: x-1}",
            Pair(500, 180_000, Place(zone_id="x-1"), None, FERRY, Place(kind="vts"), True, 3),
        ),
        ("pair: {closer: 80 m, within: 3 min}", Pair(80, 180_000)),
        (
            "rendezvous: {nearer: 80 m, other: kind = 'ferry'}\nfor: 10 min\ninside: sand-ban",
            Rendezvous(80, 600_000, 240, Place(kind="sand-ban"), None, FERRY, 300_000),
        ),
        (
            "rendezvous: {nearer: 80 m, apart: 1 km}\nfor: 10 min\ntolerate: 1 min",
            Rendezvous(80, 600_000, 1_000, None, None, None, 60_000),
        ),
        (
            "group: {members: 4, nearer: 150 m, alike: 3 kn, moving: 0.5 kn}\nfor: 5 min\ninside: {zone: x}",
            Group(4, 150, 300_000, Place(zone_id="x"), None, 30, 5, 120_000),
        ),
        (
            "cover: {of: reserve-core, within: 15 min, pace: 20 kn}\nfor: 10 min\nholds: kind = 'ferry'",
            Cover(Place(kind="reserve-core"), 900_000, 200, 600_000, FERRY),
        ),
    ],
)
def test_each_is_read(text, wanted):
    assert when(text).when == wanted


@pytest.mark.parametrize(
    ("text", "column", "what", "instead"),
    [
        ("pair: {closer: 80 m}", 9, "within is missing", "within: 3 h"),
        ("pair: {closer: 80 m, within: 0 s}", 32, "duration is 0", "above 0"),
        ("pair: {closer: 80 ft, within: 1 min}", 18, "'80 ft' is not a distance", "0.3 nm"),
        ("pair: {closer: 200 km, within: 1 min}", 18, "200 km", "100000 m"),
        ("pair: {closr: 80 m, within: 1 min}", 10, "no key closr", "did you mean closer?"),
        ("pair: {closer: 80 m, within: 1 min, lying: 3}", 46, "wrong shape", "true or false"),
        ("pair: {closer: 80 m, within: 1 min, other: kind = 3}", 53, "a kind name is wanted", "kind name"),
        ("rendezvous: {nearer: 80 m, apart: 80 m}\n  for: 1 min", 37, "not more than nearer", "apart: 240 m"),
        ("{rendezvous: {nearer: 80 m}}", 3, "for is missing", "for: 20 min"),
        ("{group: {members: 1, nearer: 8 m}, for: 1 min}", 21, "too short or few", "at least 2"),
        ("{group: {members: 3, nearer: 8 m, alike: 3}, for: 1 min}", 44, "wrong shape", "10 kn"),
        ("{cover: {within: 8 min, pace: 9 kn}, for: 1 min}", 11, "of is missing", "add of"),
        ("{cover: {of: a, within: 8 min, pace: fast}, for: 1 min}", 40, "'fast' is not a speed", "10 kn"),
        ("{cover: {of: a, within: 8 min, pace: 9 kn}, for: 1 min, inside: b}", 59, "no key inside", "holds"),
        ("{pair: {closer: 80 m, within: 1 min}, fixes: 3}", 41, "no key fixes", "holds, inside, pair"),
        (
            "{sequence: [{leaves: a}, {pair: {closer: 80 m, within: 1 min}}], within: 1 h}",
            28,
            "pair cannot be a step",
            "a rule of its own",
        ),
    ],
)
def test_a_fault_is_told_with_its_place_and_what_to_write_instead(text, column, what, instead):
    error = refused(HEAD + f"when:\n  {text}\n")
    told = [p for p in error.problems if what in p.what.en and instead in p.instead.en]
    assert told, error.text("en")
    assert (told[0].line, told[0].column) == (9, column), error.text("en")


def test_places_and_permits_of_both_are_found():
    spec = when(
        "pair: {closer: 1 km, within: 1 min, along: vts, other: has_permit('x')}\nholds: has_permit('y')"
    )
    assert (places(spec), permits(spec)) == ((Place(kind="vts"),), {"x", "y"})


SAID = [
    (
        "pair: {closer: 80 m, within: 3 min, along: vts, other: "
        "kind = 'ferry', lying: true}\ninside: crossing-area",
        "将于 3 分钟内在横驶区内与另一目标相距不足 80 米（另一方类型为 渡船）（照目前航速航向推算，"
        "沿VTS 覆盖水域推算，一方可以停着）",
        "will within 3 min come closer than 80 m to another inside the crossing area (the other with kind is ferry) "
        "(as both now move, along the water covered by a VTS, one of them may lie still)",
        {"cpa_m": 41.4, "tcpa_s": 95.2, "distance_m": 903.0},
        "与“B”照目前航速航向，11月21日 23:10:22 起 95 秒后在“演示顺坝”内最近距离 41 米，限值 80 米；现相距 903 米",
        "and “B”, going on as they do, will be 41 m apart inside “Demo dike” 95 s after 21 Nov 23:10:22, "
        "the limit is 80 m; now they are 903 m apart",
    ),
    (
        "rendezvous: {nearer: 80 m, other: kind = 'ferry'}\nfor: 10 min\ninside: sand-ban\nholds: speed_kn < 2",
        "在禁采区内与另一目标从 240 米以外靠到 80 米以内（一方航速低于 2 "
        "节，另一方类型为 渡船），持续满 10 分钟，中断不超过 5 分钟不算",
        "comes from over 240 m to within 80 m of another inside the sand-mining ban (one with speed below 2 kn, "
        "the other "
        "with kind is ferry) and stays so for 10 min (breaks of up to 5 min do not end it)",
        {"together_s": 720.0, "distance_m": 33.3},
        "自 11月21日 23:07:12 起在“演示顺坝”内与“B”靠在一起 12 分钟，达到限值 10 分钟；现相距 33 米",
        "and “B” have been together inside “Demo dike” for 12 min since 21 Nov 23:07:12, the limit is 10 min; now they "
        "are 33 m apart",
    ),
    (
        "group: {members: 4, nearer: 150 m}\nfor: 5 min\nholds: kind = 'ferry'",
        "至少 4 个结队而行（各自类型为 渡船，相邻不超过 150 米，速度",
        "goes in a group of 4 or more (each with kind is ferry, no further than 150 m from the next, velocities "
        "alike to "
        "2.0 kn (3.7 km/h), no slower than 1.0 kn (1.9 km/h)) for 5 min",
        {"together_s": 300.0, "members": 4},
        "与“B”共 4 个自 11月21日 23:07:12 起在“演示顺坝”内结队而行 5 分钟",
        "has gone inside “Demo dike” in a group of 4 for 5 min since 21 Nov 23:07:12, with “B”",
    ),
    (
        "cover: {of: reserve-core, within: 15 min, pace: 20 kn}\nfor: 10 min\nholds: kind = 'ferry'",
        "没有一个类型为 渡船且能以 20.0 节（37.0 km/h）在 15 分钟内赶到保护区核心区，持续满 10 分钟",
        "that could reach the reserve, core within 15 min at 20.0 "
        "kn (37.0 km/h) with kind is ferry is missing for 10 min",
        {"uncovered_s": 600.0, "units": 1, "nearest_m": 9_300.0},
        "“演示顺坝”自 11月21日 23:07:12 起 10 分钟没有力量能以 20.0 "
        "节（37.0 km/h）在 15 分钟内赶到；最近的在 9.3 公里外",
        "“Demo dike” has had nobody who could reach it within 15 min at 20.0 kn (37.0 km/h) for 10 min since 21 Nov "
        "23:07:12; the nearest is 9.3 km away",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "zh", "en", "values", "why_zh", "why_en"), SAID)
def test_a_rule_says_itself_and_its_reason(text, zh, en, values, why_zh, why_en):
    spec = when(text)
    assert zh in sentence(spec, "zh")
    assert en in sentence(spec, "en")
    event = replace(EVENT, rule=spec.name, values=values, others=OTHERS)
    assert why_zh in why.sentence(event, spec, ZONE, "A", "zh", ["B"])
    assert why_en in why.sentence(event, spec, ZONE, "A", "en", ["B"])


def test_the_spool_carries_the_other_tracks():
    spec = replace(read(HEAD + "when: {pair: {closer: 80 m, within: 1 min}}\n"), name=EVENT.rule)
    event = replace(EVENT, others=OTHERS)
    fields = spool.from_line(spool.to_line(event, spec, ZONE, "A", ["B"]))
    assert spool.event_of(fields) == event
    assert "“B”" in fields["why_en"]
    many = replace(EVENT, others=tuple(Other(k, EVENT.fixes * 40) for k in range(100)))
    line = spool.to_line(many, spec, ZONE, "A")
    assert len(line) < spool.MAX_LINE
    assert len(spool.event_of(spool.from_line(line)).others) == spool.MAX_OTHERS
