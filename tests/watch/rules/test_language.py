"""YAML rules: what is read, what is refused and how the author is told, and what a rule says of itself."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from jiangdun.watch.rules import RuleError, RuleSpec, read, schema, sentence
from jiangdun.watch.rules.document import MAX_CHARACTERS, MAX_DEPTH
from jiangdun.watch.rules.measures import day_ms, duration_ms, said_duration, speed_dkn
from jiangdun.watch.rules.spec import (
    Absence,
    Count,
    Cross,
    Drag,
    Enter,
    Identity,
    Keep,
    Leave,
    OffAxis,
    Place,
    Sequence,
    Severity,
    Speed,
    Stay,
)

RULE = """\
rule: sand-mining-at-night
title: {zh: 夜间疑似盗采江砂, en: Suspected sand mining at night}
domain: water
owner: water
severity: II
watch: vessel
where: kind IN ('dredger', 'sand_carrier') AND NOT has_permit('sand-mining')
when:
  inside: sand-ban
  holds: speed_kn < 1.5 AND is_night
  for: 20 min
  tolerate: 3 min
unless: [{inside: anchorage}]
cooldown: 2 h
incident: auto
act: at_once
valid: {from: 2026-03-01, to: 2026-03-31}
legal: [{law: 长江河道采砂管理条例, article: 第一条, from: 2023-07-20, mark: V}]
marks: {for: {mark: C, zh: 缺省值, en: default}}
"""
HEAD = """\
rule: r
title: {zh: 题, en: Title}
domain: traffic
owner: msa
severity: IV
watch: any
legal: [{law: 法}]
"""


def when(text: str) -> RuleSpec:
    return read(HEAD + "when:\n" + "".join(f"  {line}\n" for line in text.splitlines()))


def refused(text: str, file: str = "r.yaml") -> RuleError:
    with pytest.raises(RuleError) as caught:
        read(text, file)
    return caught.value


def fault(text: str) -> RuleError | None:
    try:
        read(text)
    except RuleError as error:
        return error
    return None


def test_a_whole_rule_is_read_into_values():
    spec = read(RULE, "sand.yaml", version=7, references={"sand-mining": frozenset({5})})
    assert (spec.name, spec.version, spec.owner, spec.severity) == (
        "sand-mining-at-night",
        7,
        "water",
        Severity.II,
    )
    assert isinstance(spec.when, Stay)
    assert (spec.when.place, spec.when.for_ms, spec.when.tolerate_ms) == (
        Place(kind="sand-ban"),
        1_200_000,
        180_000,
    )
    assert spec.when.holds is not None
    assert spec.when.holds.text == "speed_kn < 1.5 AND is_night"
    assert spec.unless == (Place(kind="anchorage"),)
    assert (spec.cooldown_ms, spec.incident, spec.act) == (7_200_000, "auto", "at_once")
    assert spec.valid_to_ms - spec.valid_from_ms == 31 * 86_400_000  # the last day is included
    assert spec.valid_from_ms % 86_400_000 == 16 * 3_600_000  # midnight at UTC+8
    assert (spec.legal[0].law, spec.legal[0].since) == ("长江河道采砂管理条例", "2023-07-20")
    assert spec.source == RULE


def test_what_is_left_out_takes_its_default():
    spec = when("enters: no-go")
    assert (spec.when, spec.where, spec.unless) == (Enter(Place(kind="no-go"), 3), None, ())
    assert (spec.cooldown_ms, spec.incident, spec.act) == (7_200_000, "triage", "settled")
    assert (spec.valid_from_ms, spec.valid_to_ms) == (0, 2**62)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("inside: berth\nfor: 90 s", Stay(Place(kind="berth"), 90_000)),
        (
            "inside: {zone: 7f-3}\nfor: 1.5 h\ntolerate: 30 秒",
            Stay(Place(zone_id="7f-3"), 5_400_000, None, 30_000),
        ),
        (
            "inside: berth\nfor: 10 min\nkeep: {margin: 0.1 km}",
            Stay(Place(kind="berth"), 600_000, None, 0, Keep(None, 100.0)),
        ),
        ("enters: {zone: a}\nfixes: 1", Enter(Place(zone_id="a"), 1)),
        ("crosses: lane-up", Cross(Place(kind="lane-up"))),
        ("crosses: lane-up\noff_axis: {over: 90}", Cross(Place(kind="lane-up"), OffAxis(900))),
        (
            "inside: lane-up\nfor: 1 min\noff_axis: {over: 30, under: 149.5}",
            Stay(Place(kind="lane-up"), 60_000, off_axis=OffAxis(300, 1_495)),
        ),
        (
            "inside: lane-up\nspeed: {under: 4 kn, along_axis: true}",
            Speed(Place(kind="lane-up"), None, 40, along=True),
        ),
        (
            "count: {enters: no-go, fixes: 1}\ntimes: 3\nwithin: 2 h",
            Count(Enter(Place(kind="no-go"), 1), 3, 7_200_000),
        ),
        (
            "count: {inside: berth, for: 1 min}\ntimes: 2\nwithin: 1 d\neach_zone: true",
            Count(Stay(Place(kind="berth"), 60_000), 2, 86_400_000, True),
        ),
        ("silent: 15 min", Absence(None, 900_000)),
        (
            "silent: 1 h\ninside: fishing-ban\nneighbours: 0\nnear: 500 m",
            Absence(Place(kind="fishing-ban"), 3_600_000, 0, 500.0),
        ),
        ("identity: change", Identity("change")),
        (
            "identity: clone\nfaster: 30 kn\nslack: 2 km\nfixes: 4\ninside: lane-up",
            Identity("clone", Place(kind="lane-up"), 300, 2_000.0, 4),
        ),
        ("drag: {}", Drag()),
        (
            "drag: {learn: 30 min, swing: 300 m, margin: 20 m, fixes: 4, still: 0.5 kn, over: 1 kn, under: 5 kn, "
            "off_heading: 60}\ninside: anchorage",
            Drag(Place(kind="anchorage"), 1_800_000, 300.0, 20.0, 4, 5, 10, 50, 600),
        ),
        ("leaves: work-site", Leave(Place(kind="work-site"), 3)),
        ("speed: {over: 15 km/h}\ninside: reserve-core", Speed(Place(kind="reserve-core"), over_dkn=81)),
        ("speed: {under: 2 kn, window: 3 min, fixes: 5}", Speed(None, None, 20, 180_000, 5)),
        (
            "sequence:\n- leaves: work-site\n- {inside: abandoned-pit, for: 15 min}\nwithin: 3 h\n"
            "unless: {inside: licensed-landfill, for: 10 min}",
            Sequence(
                (Leave(Place(kind="work-site")), Stay(Place(kind="abandoned-pit"), 900_000)),
                10_800_000,
                Stay(Place(kind="licensed-landfill"), 600_000),
            ),
        ),
    ],
)
def test_each_operator_is_read(text, wanted):
    assert when(text).when == wanted


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "what", "instead"),
    [
        ("inside: sand-ban", "insid: sand-ban", 9, 3, "no key insid", "did you mean inside?"),
        ("for: 20 min", "for: 20", 11, 8, "for has the wrong shape", "20 min"),
        (
            "for: 20 min",
            "for: 20 fortnights",
            11,
            8,
            "'20 fortnights' is not a duration",
            "20 min, 2 h, 90 s",
        ),
        ("for: 20 min", "for: 0 min", 11, 8, "duration is 0", "above 0"),
        ("  for: 20 min\n", "", 8, 1, "which operator", "for a stay write inside and for"),
        ("cooldown: 2 h", "cooldown: 40 d", 14, 11, "too long", "31 d"),
        ("domain: water", "domain: watr", 3, 9, "domain cannot be watr", "did you mean water?"),
        ("severity: II", "severity: 2", 5, 11, "severity cannot be 2", "I, II, III, IV"),
        ("rule: sand", "rule: Sand", 1, 7, "rule cannot be Sand", "small letters"),
        ("owner: water\n", "", 1, 1, "owner is missing", "add owner"),
        ("legal:", "lgal:", 1, 1, "legal is missing", "legal: [{law"),
        (
            "{zh: 夜间疑似盗采江砂, en: Suspected sand mining at night}",
            "x",
            2,
            8,
            "wrong shape",
            "{zh: …, en: …}",
        ),
        ("speed_kn <", "sped_kn <", 10, 10, "no column sped_kn", "speed_kn"),
        ("sand_carrier')", "sand_barge')", 7, 28, "no kind name 'sand_barge'", "sand_carrier"),
        ("unless: [{inside: anchorage}]", "unless: {inside: anchorage}", 13, 9, "wrong shape", "a list"),
        ("unless: [{inside: anchorage}]", "unless: [{near: anchorage}]", 13, 11, "no key near", "inside"),
        ("from: 2026-03-01", "from: 2026-04-01", 17, 8, "ends before it begins", "from or to"),
        ("from: 2026-03-01", "from: tomorrow", 17, 15, "'tomorrow' is not a date", "2026-03-01"),
        ("from: 2023-07-20", "from: 2023-17-20", 18, 47, "'2023-17-20' is not a date", "2023-07-20"),
        ("watch: vessel", "watch: vessel\nwatch: any", 7, 1, "watch is written twice", "delete"),
        ("owner: water", "owner: &a water", 4, 8, "& and *", "write it out"),
        ("owner: water", "owner: *a", 4, 8, "& and *", "write it out"),
        ("owner: water", "owner: !!python/name:os.system x", 4, 8, "tag", "plain text"),
        ("owner: water", "<<: {owner: water}", 4, 1, "not text", "text key"),
        ("owner: water", "1: water", 4, 1, "not text", "text key"),
        ("  inside: sand-ban", "\tinside: sand-ban", 9, 1, "not valid YAML", "indents"),
        ("act: at_once", "act: at_once\n---\nrule: other", 17, 1, "two documents", "one rule a file"),
        ("inside: sand-ban", "outside: sand-ban", 9, 3, "no key outside", "inside"),
        ("inside: sand-ban", "inside: {zone: ''}", 9, 18, "too short", "at least 1"),
        ("inside: sand-ban", "enters: sand-ban", 11, 3, "no key for", "enters, fixes, holds"),
    ],
)
def test_a_fault_is_told_with_its_place_and_what_to_write_instead(old, new, line, column, what, instead):
    assert old in RULE
    error = refused(RULE.replace(old, new, 1))
    at = [problem for problem in error.problems if (problem.line, problem.column) == (line, column)]
    assert at, error.text("en")
    assert what in at[0].what.en
    assert instead in at[0].instead.en
    assert error.file == "r.yaml"
    assert any("一" <= character <= "鿿" for character in at[0].what.zh + at[0].instead.zh)
    assert at[0].sentence("zh").startswith(f"r.yaml:{line}:{column}：")


def test_every_fault_is_told_at_once_first_by_line():
    error = refused(RULE.replace("domain: water", "domain: x").replace("act: at_once", "act: never"))
    assert [problem.line for problem in error.problems] == [3, 16]
    error = refused(RULE.replace("is_night", "is_nite").replace("cooldown: 2 h", "cooldown: soon"))
    assert [problem.line for problem in error.problems] == [10, 14]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("speed: {}", "either over or under"),
        ("speed: {over: 3 kn, under: 1 kn}", "either over or under"),
        ("speed: {over: 3}", "wrong shape"),
        ("speed: {over: 3 mph}", "not a speed"),
        ("speed: {over: 500 kn}", "out of range"),
        ("for: 3 min", "neither a place nor a condition"),
        ("sequence: [{leaves: a}]\nwithin: 1 h", "too short or few"),
        ("sequence: [{leaves: a}, {enters: b}]", "within is missing"),
        ("sequence: [{leaves: a}, {sequence: []}]\nwithin: 1 h", "cannot be a step"),
        ("sequence: [{leaves: a}, {enterz: b}]\nwithin: 1 h", "enterz"),
        ("sequence: [1, 2]\nwithin: 1 h", "wrong shape"),
        ("sequence: 3\nwithin: 1 h", "wrong shape"),
        ("absence: 15 min", "absence"),
        ("enters: [a]", "wrong shape"),
        ("inside: a\nfor: 1 min\nkeep: {}", "too short or few"),
        ("inside: a\nfor: 1 min\nkeep: {margin: 20 ft}", "'20 ft' is not a distance"),
        ("inside: a\nfor: 1 min\nkeep: {margin: 6 km}", "at most 5000 m"),
        ("inside: a\nfor: 1 min\nkeep: {holds: sos}", "no condition that could be laxer"),
        ("holds: sos\nfor: 1 min\nkeep: {margin: 20 m}", "a margin needs a place"),
        ("holds: sos\nfor: 1 min\nkeep: {holds: so}", "no column so"),
        ("enters: a\nfixes: 0", "too short or few"),
        ("identity: clown", "did you mean clone"),
        ("identity: change\nfaster: 30 kn", "a change has no use for faster"),
        ("identity: jump\nslack: 51 km", "at most 50000 m"),
        ("drag: {swing: 3 km}", "at most 2000 m"),
        ("drag: {over: 3 kn, under: 2 kn}", "no speed lies between them"),
        ("drag: {off_heading: 181}", "too long or many"),
        ("drag: {lern: 30 min}", "did you mean learn"),
        ("drag: 30 min", "wrong shape"),
        ("count: {enters: a}\ntimes: 1\nwithin: 1 h", "too short or few"),
        ("count: {enters: a}\ntimes: 17\nwithin: 1 h", "too long or many"),
        ("count: {enters: a}\ntimes: 2", "within is missing"),
        ("count: {silent: 1 h}\ntimes: 2\nwithin: 1 h", "silent cannot be a step"),
        ("count: enters\ntimes: 2\nwithin: 1 h", "wrong shape"),
        ("count: {entres: a}\ntimes: 2\nwithin: 1 h", "entres"),
        ("silent: 2 min", "less than 3 min"),
        ("silent: 15 min\nneighbours: -1", "too short or few"),
        ("silent: 15 min\nnear: 21 km", "at most 20000 m"),
        ("silent: 15 min\nholds: sped_kn > 3", "no column sped_kn"),
        ("crosses: a\nfixes: 3", "no key fixes"),
        ("crosses: a\noff_axis: {}", "too short or few"),
        ("crosses: a\noff_axis: {over: 181}", "too long or many"),
        ("crosses: a\noff_axis: {over: ninety}", "a number, as 90"),
        ("crosses: a\noff_axis: {over: 90, under: 30}", "no angle is over 90 and under 30"),
        ("holds: sos\nfor: 1 min\noff_axis: {over: 90}", "an axis is that of a place"),
        ("speed: {over: 3 kn, along_axis: true}", "an axis is that of a place"),
        ("speed: {over: 3 kn, along_axis: 1}\ninside: a", "true or false"),
        ("enters: a\nfixes: 99", "too long or many"),
        ("inside: a\nholds: 3\nfor: 1 min", "wrong shape"),
    ],
)
def test_an_operator_that_makes_no_sense_is_refused(text, what):
    with pytest.raises(RuleError) as caught:
        when(text)
    assert what in caught.value.text("en")
    assert all(problem.line > 7 for problem in caught.value.problems)


def test_a_condition_in_a_block_points_to_its_own_line():
    text = RULE.replace("holds: speed_kn < 1.5 AND is_night", "holds: |\n    speed_kn < 1.5\n    AND is_nite")
    error = refused(text)
    assert (error.line, error.column) == (12, 9)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "just text",
        "[1, 2]",
        "# nothing",
        "a: [" * 5_000,
        "[" * (MAX_DEPTH + 2) + "]" * (MAX_DEPTH + 2),
        "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]",
        "x" * (MAX_CHARACTERS + 1),
        "a: [" + "1, " * 2_000 + "]",
        "rule: 9999-99-99T99:99:99Z",
        "rule: " + "9" * 6_000,
        "rule: \ud800",
        "rule: \x00",
        "? {a: b}\n: c",
        "rule: .nan\nwhen: .inf",
    ],
)
def test_a_document_that_is_no_rule_is_refused_whatever_it_is(text):
    assert refused(text).problems


_NAMES = """rule title zh en when inside for holds sequence within unless legal law II vessel speed over
enters leaves fixes valid from 2026-01-01 marks zone a-b msa water traffic where severity domain owner"""
PARTS = st.sampled_from([*_NAMES.split(), "20 min", "3 kn", "speed_kn < 1"])
VALUES = st.recursive(
    PARTS | st.none() | st.booleans() | st.integers() | st.floats() | st.dates() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(PARTS | st.text(max_size=5), inner, max_size=6)
    ),
    max_leaves=15,
)
GOOD = yaml.safe_load(RULE)


@given(VALUES)
def test_any_yaml_at_all_raises_nothing_but_a_rule_error(value):
    error = fault(yaml.safe_dump(value, allow_unicode=True))
    assert error is not None
    assert error.text("zh")


@given(st.sampled_from(sorted(GOOD)), VALUES)
def test_a_good_rule_with_one_part_replaced_raises_nothing_but_a_rule_error(key, value):
    text = yaml.safe_dump({**GOOD, key: value}, allow_unicode=True)
    error = fault(text)
    assert error.text("en") if error else sentence(read(text), "zh")


@given(st.text(max_size=300))
def test_any_text_at_all_raises_nothing_but_a_rule_error(text):
    with pytest.raises(RuleError):
        read(text)


@given(st.integers(0, len(RULE) - 1), st.text(max_size=3), st.integers(0, 5))
def test_a_rule_with_a_slip_of_the_pen_is_read_or_refused_with_a_place_inside_the_file(at, typed, gone):
    text = RULE[:at] + typed + RULE[at + gone :]
    error = fault(text)
    problems = error.problems if error else ()
    assert all(1 <= problem.line <= text.count("\n") + 2 for problem in problems)


def test_the_shipped_schema_is_a_schema_and_takes_what_the_language_takes():
    Draft202012Validator.check_schema(dict(schema()))
    document = yaml.safe_load(RULE.replace("2026-03-01", "'2026-03-01'").replace("2026-03-31", "'2026-03-31'")
                              .replace("2023-07-20", "'2023-07-20'"))  # fmt: skip
    assert Draft202012Validator(dict(schema())).is_valid(document)
    document["when"] = {"insid": "sand-ban"}
    assert not Draft202012Validator(dict(schema())).is_valid(document)


def test_a_rule_says_itself_in_both_languages():
    spec = read(RULE)
    assert sentence(spec, "zh") == (
        "夜间疑似盗采江砂（II 级）：船舶"
        "（只看类型是采砂船 或 运砂船 且 没有“sand-mining”许可的）"
        "在禁采区内航速低于 1.5 节 且 夜间，持续满 20 分钟（3 分钟以内的相反报告不打断），即报警，"
        "直接立为事件；在锚地内的不算；同一目标同一次进入后 2 小时内不再报。由 water 负责；"
        "依据《长江河道采砂管理条例》第一条。"
    )
    assert sentence(spec, "en") == (
        "Suspected sand mining at night (severity II): when a vessel (kind is dredger or sand carrier and "
        "without the permit “sand-mining”) stays inside the sand-mining ban with speed below 1.5 kn and it "
        "is night for 20 min (contrary reports of up to 3 min do not end it), an incident is opened at once; "
        "inside the anchorage it does not count; not again for 2 h in the same visit. water answers for it; "
        "basis: 长江河道采砂管理条例 第一条."
    )


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        (
            "enters: no-go\nfixes: 1",
            "进入禁航区（两个定位之间穿越即算）",
            "enters the no-go area (crossing between two fixes",
        ),
        (
            "leaves: {zone: z1}",
            "离开“z1”（连续 3 个定位确认）",
            "leaves “z1” (confirmed by 3 fixes in a row)",
        ),
        (
            "speed: {over: 10 kn}\ninside: lane-up",
            "航速中位数超过 10.0 节（18.5 km/h）",
            "above 10.0 kn (18.5 km/h) inside",
        ),
        (
            "sequence: [{leaves: work-site}, {inside: abandoned-pit, for: 15 min}]\nwithin: 3 h",
            "先离开登记工地（连续 3 个定位确认），再于 3 小时内在废弃矿坑内停留持续满 15 分钟",
            "leaves the registered work site (confirmed by 3 fixes in a row), then within 3 h stays inside",
        ),
        (
            "inside: berth\nholds: speed_kn < 0.2\nfor: 1 h\nkeep: {holds: speed_kn < 0.5, margin: 30 米}",
            "持续满 1 小时（开始后，出界不超过 30 米且航速低于 0.5 节仍算停留）",
            "for 1 h (once begun it goes on while no further out than 30 m and with speed below 0.5 kn)",
        ),
        (
            "crosses: lane-down\noff_axis: {over: 30, under: 150}\nholds: speed_kn > 1",
            "在航速超过 1 节时穿越下行通航分道（穿越方向与轴线夹角大于 30°、小于 150°）",
            "goes through the downbound traffic lane while speed above 1 kn (its way more than 30° and less than 150°",
        ),
        (
            "inside: lane-down\noff_axis: {over: 90}\nfor: 60 s",
            "在下行通航分道内停留持续满 1 分钟（航向与轴线夹角大于 90°）",
            "stays inside the downbound traffic lane for 1 min (the course more than 90° off the axis)",
        ),
        (
            "speed: {under: 4 kn, along_axis: true}\ninside: lane-up",
            "在上行通航分道内 沿轴线 1 分钟的航速中位数低于 4.0 节",
            "below 4.0 kn (7.4 km/h) along the axis inside the upbound traffic lane",
        ),
        (
            "count: {enters: no-go, fixes: 1}\ntimes: 3\nwithin: 2 h\neach_zone: true",
            "2 小时内 3 次进入禁航区（两个定位之间穿越即算）（同一区域内）",
            "enters the no-go area (crossing between two fixes counts), 3 times within 2 h in one and the same zone",
        ),
        (
            "silent: 15 min\ninside: fishing-ban\nholds: speed_kn < 3",
            "最后报告在禁渔区内、航速低于 3 节、此后静默满 15 分钟，而其附近 2 公里内至少 1 个其他目标有信号",
            "is silent for 15 min, last heard inside the fishing ban and speed below 3 kn, while 1 or more others",
        ),
        (
            "identity: clone\nfaster: 20 kn",
            "同一号码交替出现在不可能往返的两处（快于 20.0 节（37.0 km/h），误差 1 公里，各至少 3 个报告）",
            "is heard by turns in two places that are further apart than 20.0 kn (37.0 km/h) (and 1 km) allow",
        ),
        ("identity: jump", "位置跳变（快于 35.0 节", "jumps further than 35.0 kn"),
        ("identity: change", "船长或类型与此前所报不同", "reports another length or kind than before"),
        (
            "drag: {}\ninside: anchorage",
            "在锚地内锚泊满 20 分钟后漂出回旋圈（半径 250 米，余量 30 米，连续 3 个报告渐远）",
            "drifts out of its swinging circle after 20 min at anchor inside the anchorage (radius 250 m, margin 30 m",
        ),
        (
            "inside: berth\nholds: NOT (sos OR is_night)\nfor: 1 h",
            "并非（设备报警求救 或 夜间）",
            "not (the device reports",
        ),
    ],
)
def test_each_operator_says_itself(text, zh, en):
    spec = when(text)
    assert zh in sentence(spec, "zh")
    assert en in sentence(spec, "en")


@pytest.mark.parametrize(
    ("text", "ms"),
    [("20 min", 1_200_000), ("2 h", 7_200_000), ("90 s", 90_000), ("1.5 h", 5_400_000), ("3 d", 259_200_000),
     ("30秒", 30_000), ("5 分钟", 300_000), ("250 ms", 250)],
)  # fmt: skip
def test_durations_are_written_as_people_write_them(text, ms):
    assert duration_ms(text) == ms


@given(st.integers(1, 31 * 86_400))
def test_a_duration_said_in_english_reads_back_to_within_one_of_its_smallest_unit(seconds):
    parts = said_duration(seconds * 1000, "en").split()
    assert len(parts) in (2, 4)
    back = sum(duration_ms(f"{n} {unit}") for n, unit in zip(parts[::2], parts[1::2], strict=True))
    assert 0 <= seconds * 1000 - back < duration_ms(f"1 {parts[-1]}")


def test_speeds_are_read_to_a_tenth_of_a_knot():
    assert [speed_dkn(text) for text in ("10 kn", "18.52 km/h", "15 km/h", "5 m/s", "8 节")] == [
        100,
        100,
        81,
        97,
        80,
    ]


def test_days_are_days_in_china():
    assert day_ms("1970-01-02") == 16 * 3_600_000
    assert day_ms("1970-01-02", after=True) == 40 * 3_600_000
    assert day_ms("2026-03-01T00:00:00+00:00") == day_ms("2026-03-01T08:00:00")
