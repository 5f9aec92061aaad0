"""The catalogue: every rule reads, says itself, and does on its tracks what it is there for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jiangdun.picture.zones import ZONE_KINDS
from jiangdun.watch import trials
from jiangdun.watch.rules import check, read

CATALOGUE = Path(trials.__file__).parent / "catalogue"
FILES = sorted(CATALOGUE.glob("*.yaml"))


def test_the_demo_rules_are_there():
    assert {file.stem for file in FILES} >= {
        "dike-danger-at-night",
        "dike-danger-stay",
        "illegal-dumping",
        "overspeed-in-lane",
        "sand-mining-at-night",
    }


def test_the_whole_catalogue_reads_without_a_warning_and_says_itself():
    report = check([CATALOGUE], zone_kinds=ZONE_KINDS)
    assert report.ok, "\n".join(report.lines("en"))
    assert all(spec.name == Path(each.file).stem for each in report.files if (spec := each.spec))
    assert [each.warnings for each in report.files] == [()] * len(FILES)
    assert len(list(report.lines("zh"))) == 2 * len(FILES) + 1


def test_every_rule_names_its_law_and_where_its_numbers_come_from():
    for file in FILES:
        text = file.read_text("utf-8")
        assert read(text).legal
        assert "mark: " in text
        assert "\nmarks:" in text


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_rule_alerts_on_its_positive_tracks_and_keeps_silent_on_its_negative_ones(file):
    spec = read(file.read_text("utf-8"), file.name)
    outcomes = trials.try_out(spec, CATALOGUE / "tracks" / f"{file.stem}.json")
    assert any(outcome.wanted for outcome in outcomes)
    assert any(not outcome.wanted for outcome in outcomes)
    wrong = [
        f"{each.name}: {len(each.alerts)} alerts, wanted {each.wanted}" for each in outcomes if not each.ok
    ]
    assert wrong == []


def test_every_file_of_tracks_belongs_to_a_rule():
    assert {file.stem for file in (CATALOGUE / "tracks").glob("*.json")} == {file.stem for file in FILES}


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"tracks": []}, "no tracks"),
        ({"zones": [{"id": "a", "kind": "b", "box": [1, 2, 3]}]}, "ValueError"),
        ({"tracks": [{"name": "x", "alerts": 1, "kind": "cargo", "start": "2026-01-01T00:00:00",
                      "legs": []}]}, "its time zone"),
        ({"tracks": [{"name": "x", "alerts": 1, "kind": "spaceship", "start": "2026-01-01T00:00:00Z",
                      "legs": [[0, 1, 2], [1, 1, 2]]}]}, "SPACESHIP"),
        ({"tracks": [{"name": "x", "alerts": 1, "kind": "cargo", "start": "2026-01-01T00:00:00Z",
                      "legs": [[1, 1, 2], [0, 1, 2]]}]}, "later than"),
        ({"tracks": 3}, "TypeError"),
    ],
)  # fmt: skip
def test_a_file_of_tracks_that_is_none_says_what_is_wrong(tmp_path, changed, what):
    good = json.loads((CATALOGUE / "tracks" / "dike-danger-stay.json").read_text("utf-8"))
    file = tmp_path / "t.json"
    file.write_text(json.dumps({**good, **changed}))
    with pytest.raises(trials.BadTrial, match=what):
        trials.read_tracks(file)


def test_a_file_that_is_not_there_or_no_json_is_said(tmp_path):
    for name, text in (("none.json", None), ("bad.json", "{")):
        file = tmp_path / name
        if text:
            file.write_text(text)
        with pytest.raises(trials.BadTrial, match=name):
            trials.read_tracks(file)
