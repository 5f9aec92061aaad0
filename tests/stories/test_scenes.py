"""Scenes 1 and 2 of the demo, from device bytes to the journal."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from jiangdun.core import journal
from jiangdun.core.trouble import NotYours
from jiangdun.feeds.columns import track_id
from jiangdun.hall.demo import cast
from jiangdun.picture import queries as picture
from jiangdun.response import actions
from jiangdun.watch import queries as watch

from .river import River, kinds, person

pytestmark = pytest.mark.django_db
MINUTE = 60_000


@pytest.fixture
def dike(tmp_path: Path) -> River:
    """Scene 1: two ships come down to the training dike."""
    return River(tmp_path, {"DEMO TURNS 00", "DEMO HOLDS ON 00", "DEMO CARGO 000"}, -5 * MINUTE)


@pytest.fixture
def pit(tmp_path: Path) -> River:
    """Scene 2: the truck and an honest one."""
    return River(tmp_path, {cast.TRUCK.ident, cast.OTHER_TRUCKS[0].ident}, -70 * MINUTE)


def test_a_ship_that_turns_away_is_warned_about_once_and_makes_no_incident(dike: River) -> None:
    dike.until(80_000)
    raised = [f for f in dike.facts("watch.AlertRaised") if f.body["track"] == "413950000"]
    assert [f.body["rule"] for f in raised] == ["dike-danger-at-night"]
    assert dike.facts("response.IncidentOpened") == []
    alert = watch.alert(raised[0].body["episode"])
    assert "413950000" in alert.why_zh
    assert alert.why_zh != alert.why_en


def test_the_ship_that_holds_on_becomes_an_incident_of_maritime_safety(dike: River) -> None:
    dike.until(8 * MINUTE)
    opened = dike.facts("response.IncidentOpened")
    assert [(f.body["kind"], f.body["owner"]) for f in opened] == [("dike-danger-stay", "msa")]
    alert = next(f for f in dike.facts("watch.AlertRaised") if f.fact_id == opened[0].cause)
    assert alert.body["track"] == "413950001"
    assert opened[0].at == alert.at, "T0 is the alert's fact, not the sensor's time"


def test_what_the_eager_pass_raised_the_settled_pass_confirms(dike: River) -> None:
    dike.until(8 * MINUTE)
    raised = {f.body["episode"] for f in dike.facts("watch.AlertRaised")}
    confirmed = {f.body["episode"] for f in dike.facts("watch.AlertConfirmed")}
    assert raised
    assert raised == confirmed
    assert dike.facts("watch.AlertWithdrawn") == []


def test_a_truck_that_leaves_a_site_and_lies_at_a_pit_becomes_an_incident_that_is_closed(pit: River) -> None:
    pit.until(0)
    assert pit.facts("watch.AlertRaised") == [], "fourteen minutes are not fifteen"
    pit.until(MINUTE)
    opened = pit.facts("response.IncidentOpened")
    assert [(f.body["kind"], f.body["owner"]) for f in opened] == [("illegal-dumping", "mine")]
    incident_id = opened[0].body["incident_id"]

    desk, reviewer = person("mine-desk", "mine"), person("reviewer", "centre")
    unit = next(u for u in picture.units("mine"))
    t0 = opened[0].at
    key = UUID(incident_id)
    actions.sign(key, by=desk, now=t0 + timedelta(seconds=48))
    actions.assign(key, unit.id, by=desk, now=t0 + timedelta(seconds=90), legal_basis="")
    pit.settle()
    ordered = next(f for f in pit.facts("response.UnitAssigned"))
    assignment_id = UUID(ordered.body["assignment_id"])
    actions.acknowledge_order(assignment_id, source="phone", by=desk, now=t0 + timedelta(seconds=130))
    actions.arrive(assignment_id, source="button", by=desk, now=t0 + timedelta(seconds=560))
    handled = {"result": "verified", "note": "现场核查属实", "no_evidence_reason": "现场已拍照,另行归档"}
    actions.dispose(key, **handled, by=desk, now=t0 + timedelta(minutes=30))
    with pytest.raises(NotYours):
        actions.review(key, passed=True, by=desk, now=t0 + timedelta(minutes=40))
    actions.review(key, passed=True, by=reviewer, now=t0 + timedelta(minutes=40))
    pit.settle()

    story = pit.facts("response.")
    met = {f.body["clock"]: f.body for f in story if f.kind == "response.ClockMet"}
    assert {clock: body["elapsed_s"] for clock, body in met.items()} == {
        "sign": 48,
        "notify": 130,
        "arrive": 560,
    }
    assert all(body["on_time"] for body in met.values())
    assert kinds(story, f"incident:{incident_id}")[-1] == "response.IncidentClosed"
    assert journal.verify(now=pit.now).ok


def test_an_honest_truck_raises_nothing(pit: River) -> None:
    pit.until(20 * MINUTE)
    tracks = {f.body["track"] for f in pit.facts("watch.AlertRaised")}
    assert tracks == {str(track_id("jt808", cast.TRUCK.ident))}


def test_an_unsigned_incident_warns_and_breaches_in_the_journal(pit: River) -> None:
    pit.until(MINUTE)
    pit.wait(61)
    breached = pit.facts("response.ClockBreached")
    assert [f.body["clock"] for f in breached] == ["sign"]
