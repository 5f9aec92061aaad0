"""`rules check`: every file gets its sentences or its errors, and no file stops the next."""

from __future__ import annotations

import pytest

from jiangdun.watch.rules import check, read
from jiangdun.watch.rules.checking import helped_by, reads
from jiangdun.watch.rules.document import MAX_CHARACTERS

from .test_language import RULE


def files(folder, **texts):
    for name, text in texts.items():
        path = folder / f"{name}.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def test_a_good_file_says_its_rule_in_both_languages(tmp_path):
    report = check([files(tmp_path, sand=RULE)])
    lines = list(report.lines())
    assert report.ok
    assert [spec.name for spec in report.rules] == ["sand-mining-at-night"]
    assert lines[0].endswith("sand.yaml: sand-mining-at-night")
    assert lines[1].startswith("  夜间疑似盗采江砂（II 级）")
    assert lines[2].startswith("  Suspected sand mining at night (severity II)")
    assert lines[-1] == "1 ok, 0 wrong / 1 条可用，0 条有误"
    assert len(list(report.lines("en"))) == 3


@pytest.mark.parametrize(
    ("when", "needs", "uses"),
    [
        ("{inside: berth, for: 1 h}", set(), set()),
        (
            "{inside: berth, holds: speed_kn < 1, for: 1 h, keep: {holds: heading_deg < 9}}",
            {"speed_kn", "heading_deg"},
            set(),
        ),
        ("{inside: lane-up, for: 1 min, off_axis: {over: 90}}", {"course_deg"}, set()),
        ("{speed: {over: 9 kn, along_axis: true}, inside: lane-up}", {"speed_kn", "course_deg"}, set()),
        ("{count: {speed: {over: 9 kn}}, times: 2, within: 1 h}", {"speed_kn"}, set()),
        ("{identity: clone}", set(), set()),
        ("{identity: change}", {"length_m", "kind"}, set()),
        ("{drag: {}}", {"speed_kn"}, {"course_deg", "heading_deg"}),
        ("{silent: 15 min, holds: length_m > 5}", {"length_m"}, set()),
    ],
)
def test_a_rule_says_which_columns_it_reads(when, needs, uses):
    head = RULE[: RULE.index("where:")]
    spec = read(f"{head}when: {when}\nlegal: [{{law: 法}}]\n")
    assert (reads(spec), helped_by(spec)) == (needs, uses)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (RULE.replace("domain: water", "domain: watr"), "domain cannot be watr"),
        (b"\xff\xfe\x00", "cannot be read (UnicodeDecodeError)"),
        ("", "holds no rule"),
        ("x" * (MAX_CHARACTERS + 1), "characters"),
        (b"\xe6\xb1\x9f" * 2 * MAX_CHARACTERS, "characters"),
    ],
)
def test_a_bad_file_is_told_and_the_good_one_beside_it_still_reads(tmp_path, content, what):
    report = check([files(tmp_path, a=content, b=RULE)])
    assert not report.ok
    assert [len(each.problems) > 0 for each in report.files] == [True, False]
    assert what in "\n".join(report.lines("en"))
    assert str(tmp_path / "a.yaml") in report.files[0].problems[0].sentence("zh")


def test_a_path_that_is_not_there_is_told(tmp_path):
    report = check([tmp_path / "nowhere"])
    assert not report.ok
    assert "no such file" in next(report.lines("en"))


def test_two_files_cannot_hold_rules_of_one_name(tmp_path):
    report = check([files(tmp_path, a=RULE, b=RULE)])
    assert [bool(each.problems) for each in report.files] == [False, True]
    assert "is taken by" in report.files[1].problems[0].what.en


def test_unknown_zone_classes_and_lists_are_warned_of_and_do_not_stop_a_rule(tmp_path):
    report = check(
        [files(tmp_path, a=RULE)], zone_kinds=("sand-bar", "berth"), references={"waste": frozenset()}
    )
    assert report.ok
    warned = [problem.what.en for problem in report.files[0].warnings]
    assert warned == [
        "no zone has the class anchorage",
        "no zone has the class sand-ban",
        "there is no list of permits sand-mining: nobody holds it",
    ]
    assert report.files[0].warnings[1].instead.en == "did you mean sand-bar?"


def test_only_rule_files_of_a_folder_are_read(tmp_path):
    files(tmp_path, a=RULE)
    (tmp_path / "notes.txt").write_text("not a rule")
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "b.yml").write_text(RULE.replace("sand-mining-at-night", "other"))
    assert [spec.name for spec in check([tmp_path]).rules] == ["sand-mining-at-night", "other"]
    assert check([tmp_path / "a.yaml"]).ok
