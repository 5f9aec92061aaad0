"""Which alerts are incidents at once; reading an alert's fact; limits in force; who is at the scene."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiangdun.response.geofence import Scene, UnitPosition, arrivals
from jiangdun.response.limits import DEFAULTS, Limit, UnknownLimit, in_force
from jiangdun.response.promotion import AlertSeen, NotAnAlert, Priority, Way, priority, way

INCIDENT, ASSIGNMENT = UUID(int=1), UUID(int=2)
NOW = datetime(2026, 3, 1, 15, 5, tzinfo=UTC)
BODY: dict[str, Any] = {
    "episode": "e1",
    "rule": "dike-approach",
    "owner": "msa",
    "severity": 2,
    "lon": 116.0,
    "lat": 29.7,
}


@pytest.mark.parametrize(
    ("severity", "mark", "expected"),
    [
        (1, "triage", Way.AUTO),
        (2, "triage", Way.AUTO),
        (3, "triage", Way.TRIAGE),
        (4, "triage", Way.TRIAGE),
        (3, "auto", Way.AUTO),
        (4, "auto", Way.AUTO),
    ],
)
def test_grave_alerts_and_rules_marked_auto_are_incidents_at_once(severity: int, mark: str, expected: Way):
    assert way(severity, mark) is expected


def test_severity_gives_priority():
    assert [priority(severity) for severity in (1, 2, 3, 4)] == list(Priority)


def test_an_alert_is_read_from_its_fact():
    seen = AlertSeen.of(BODY)
    assert (seen.episode, seen.owner, seen.severity, seen.lon, seen.title_zh) == (
        "e1",
        "msa",
        2,
        116.0,
        "dike-approach",
    )


@pytest.mark.parametrize("field", ["episode", "rule", "owner", "severity"])
def test_an_alert_without_a_needed_field_is_refused_by_name(field: str):
    with pytest.raises(NotAnAlert, match=field):
        AlertSeen.of({name: value for name, value in BODY.items() if name != field})


@given(
    st.dictionaries(
        st.sampled_from([*BODY, "label", "replaces"]), st.none() | st.integers() | st.floats() | st.text()
    )
)
def test_any_body_is_an_alert_or_refused(body: dict[str, Any]):
    try:
        AlertSeen.of(body)
    except NotAnAlert:
        return
    assert body["episode"] != ""


def test_the_defaults_are_1310_and_say_where_they_come_from():
    assert [DEFAULTS[f"clock.{name}_s"].value for name in ("sign", "notify", "arrive")] == [60, 180, 600]
    assert DEFAULTS["clock.sign_s"].mark == "V"
    assert DEFAULTS["clock.triage_s"].mark == "C"
    assert all(limit.least <= limit.value <= limit.most for limit in DEFAULTS.values())


def changed(value: float, **fields: Any) -> Limit:
    return Limit("clock.sign_s", value, "s", "依据", "basis", "C", 5, 86_400, **fields)


def test_a_row_of_the_agency_wins_over_one_for_all_over_the_default():
    rows = [
        changed(90, version=1),
        changed(45, agency="msa", version=1),
        changed(50, agency="msa", version=2),
    ]
    assert in_force(rows, "clock.sign_s", NOW, "msa").value == 50
    assert in_force(rows, "clock.sign_s", NOW, "police").value == 90
    assert in_force([], "clock.sign_s", NOW, "police").value == 60
    newer_for_all = [*rows, changed(70, version=9)]
    assert in_force(newer_for_all, "clock.sign_s", NOW, "msa").value == 50


def test_a_limit_binds_only_while_it_is_valid():
    rows = [changed(90, version=1, valid_from=NOW, valid_to=NOW + timedelta(days=1))]
    moments = [NOW - timedelta(seconds=1), NOW, NOW + timedelta(days=1)]
    assert [in_force(rows, "clock.sign_s", at).value for at in moments] == [60, 90, 60]


def test_an_unknown_limit_is_an_error():
    with pytest.raises(UnknownLimit):
        in_force([], "clock.lunch_s", NOW)


def scene(radius_m: float = 200) -> Scene:
    return Scene(INCIDENT, ASSIGNMENT, "u", 116.0, 29.7, radius_m, NOW - timedelta(minutes=5))


def position(north_m: float, age_s: float = 1) -> UnitPosition:
    return UnitPosition("u", 116.0, 29.7 + north_m / 111_195, NOW - timedelta(seconds=age_s))


def test_a_unit_within_the_radius_has_arrived():
    found = arrivals([position(199)], [scene()], NOW)
    assert [(arrival.assignment_id, round(arrival.distance_m)) for arrival in found] == [(ASSIGNMENT, 199)]
    assert not arrivals([position(201)], [scene()], NOW)
    assert not arrivals([position(101)], [scene(100)], NOW)


def test_old_fixes_and_fixes_from_before_the_order_say_nothing():
    assert not arrivals([position(0, age_s=61)], [scene()], NOW)
    early = Scene(INCIDENT, ASSIGNMENT, "u", 116.0, 29.7, 200, NOW)
    assert not arrivals([position(0, age_s=1)], [early], NOW)


def test_the_newest_fix_of_a_unit_counts():
    assert not arrivals([position(500, age_s=1), position(0, age_s=30)], [scene()], NOW)
    assert arrivals([position(500, age_s=30), position(0, age_s=1)], [scene()], NOW)
