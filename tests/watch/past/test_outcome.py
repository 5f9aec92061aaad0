"""What is counted of a backtest, labels, and which zones were known when."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiangdun.watch.past import Backtest, BadLabels, Label, ZoneVersion, as_corrected, as_known, read_labels
from jiangdun.watch.past.outcome import HOUR_MS, judge
from jiangdun.watch.rules import spec
from watch.engine.world import box, rule

T = 1_780_012_800_000 // (24 * HOUR_MS) * 24 * HOUR_MS - 8 * HOUR_MS  # midnight of the river
LABELS = """\
rule,track,from,to,real,zone,note
a,1,2026-03-02T23:10:00+08:00,2026-03-03T01:40:00+08:00,yes,,caught
a,苏连货1,2026-03-02T22:00:00Z,2026-03-02T22:50:00Z,否,ban-7,"dredging, for the port"
"""


def alert(name: str, track: int, start: int, fired: int, zone: str = "z") -> spec.AlertEvent:
    said = (name, 1, track, zone, start, fired, -1, {}, ())
    return spec.AlertEvent(f"{name}{track}{start}", True, "raised", *said)


def test_labels_are_read_with_their_zone_of_time(tmp_path: Path) -> None:
    one, other = read_labels(LABELS)
    assert one == Label("a", 1, 1_772_464_200_000, 1_772_473_200_000, True)
    assert (other.real, other.zone_id, other.track > 2**62) == (False, "ban-7", True)
    file = tmp_path / "labels.csv"
    file.write_text("\ufeff" + LABELS, "utf-8")
    assert read_labels(file) == [one, other]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("rule,track", "rule,mmsi", "line 1: no column track"),
        ("yes", "maybe", "line 2: real is 'maybe'; write yes or no"),
        ("T23:10:00+08:00", "T23:10:00", "line 2: from is .*with its zone"),
        ("2026-03-03T01", "2026-03-01T01", "line 2: it ends before it begins"),
        ("a,1,", ",1,", "line 2: rule is empty"),
        ('"dredging, for the port"', '"dredging', "unexpected end"),
    ],
)
def test_a_bad_label_is_named_with_its_line(old: str, new: str, said: str) -> None:
    with pytest.raises(BadLabels, match=said):
        read_labels(LABELS.replace(old, new, 1))


@given(st.text(max_size=200))
def test_no_file_of_labels_does_more_than_be_refused(text: str) -> None:
    for given_text in (text, LABELS + text):
        try:
            read_labels(given_text)
        except BadLabels:
            continue


def test_right_and_wrong_are_counted_as_shares_of_what_is_known() -> None:
    alerts = [
        alert("r", 1, 100, 200),  # touches a real one, and one that is not
        alert("r", 2, 100, 200),  # not real
        alert("r", 3, 100, 200),  # nobody knows
        alert("r", 4, 100, 200),  # of another zone: nobody knows
        alert("r", 5, 100, 200),  # its label ends where it begins
    ]
    labels = [
        Label("r", 1, 150, 400, True),
        Label("r", 1, 0, 400, False),
        Label("r", 2, 200, 300, False),
        Label("r", 3, 201, 300, True),
        Label("r", 4, 0, 300, True, "other"),
        Label("r", 5, 0, 100, True),
    ]
    found = judge(alerts, labels)
    assert (found.right, found.wrong, found.unlabelled, found.found, found.real) == (2, 1, 2, 2, 4)
    assert (found.precision, found.recall) == (2 / 3, 0.5)
    whole = judge(alerts, labels, complete=True)
    assert (whole.right, whole.wrong, whole.unlabelled) == (2, 3, 0)
    nothing = judge([], [])
    assert (nothing.precision, nothing.recall) == (None, None)


def outcome() -> Backtest:
    made = (
        ("auto", "o", spec.Severity.III),
        ("triage", "p", spec.Severity.III),
        ("grave", "p", spec.Severity.II),
    )
    rules = tuple(
        replace(
            rule(spec.Stay(None, 0), name),
            owner=owner,
            severity=severity,
            incident="auto" if name == "auto" else "triage",
        )
        for name, owner, severity in made
    )
    alerts = (
        alert("auto", 1, T, T + HOUR_MS),
        alert("auto", 2, T, T + 9 * HOUR_MS),
        alert("auto", 3, T, T + 10 * HOUR_MS),
        alert("triage", 1, T, T + 25 * HOUR_MS),
        alert("grave", 1, T, T + 47 * HOUR_MS),
    )
    labels = (Label("auto", 1, T, T + HOUR_MS, True), Label("auto", 9, 0, T - 1, True))
    return Backtest(T, T + 48 * HOUR_MS, rules, alerts, "d", {"reports": 9}, labels=labels)


def test_hits_days_and_the_load_of_each_shift() -> None:
    found = outcome()
    assert found.hits == {"auto": 3, "triage": 1, "grave": 1}
    assert list(found.hits_a_day().values()) == [3, 2]
    assert list(found.hits_a_day("triage").values()) == [0, 1]
    own, other = found.load
    assert (own.owner, own.shifts, own.incidents, own.to_decide) == ("o", 6, 3, 0)
    assert (own.incidents_a_shift, own.most, own.busiest_ms) == (0.5, 2, T + 8 * HOUR_MS)
    assert (other.owner, other.incidents, other.to_decide, other.busiest_ms) == ("p", 1, 1, T + 40 * HOUR_MS)


def test_what_is_printed_says_n_of_n() -> None:
    said = outcome().as_dict()
    assert said["rules"]["auto"] | {"a_day": 0} == {
        "hits": 3, "a_day": 0, "precision": 1.0, "right": 1, "wrong": 0, "unlabelled": 2, "recall": 1.0, "found": 1,
        "real": 1,
    }  # fmt: skip
    assert "precision" not in said["rules"]["grave"]
    assert said["hits_a_day"] == 2.5
    table = outcome().table()
    assert table["label"].to_list() == ["real", "", "", "", ""]


def version(zone: spec.ZoneSpec, recorded: int, superseded: int | None = None) -> ZoneVersion:
    return ZoneVersion(zone, recorded, superseded)


def test_zones_as_known_and_as_corrected() -> None:
    small, large = box("a", 0, 0, 10, 10, version=1), box("a", 0, 0, 99, 99, version=2, valid_from_ms=50)
    gone = box("b", 0, 0, 10, 10)
    versions = [version(large, 100), version(small, 20, 100), version(gone, 30, 70)]
    known = as_known(versions)
    assert [(z.zone_id, z.version, z.valid_from_ms, z.valid_to_ms) for z in known] == [
        ("a", 1, 20, 100), ("a", 2, 100, 2**62), ("b", 1, 30, 70),
    ]  # fmt: skip
    assert [(z.version, z.valid_from_ms) for z in as_corrected(versions)] == [(2, 50)]


def test_a_version_that_only_changes_a_name_is_the_same_zone() -> None:
    old, new = box("a", 0, 0, 10, 10, version=1), box("a", 0, 0, 10, 10, version=2)
    assert [
        (z.version, z.valid_from_ms, z.valid_to_ms) for z in as_known([version(old, 5, 9), version(new, 9)])
    ] == [(2, 5, 2**62)]
    apart = as_known([version(old, 5, 9), version(new, 12)])
    assert [(z.version, z.valid_from_ms) for z in apart] == [(1, 5), (2, 12)]
    never = box("a", 0, 0, 10, 10, valid_to_ms=3)
    assert as_known([version(never, 5)]) == []
