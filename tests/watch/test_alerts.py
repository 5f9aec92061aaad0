"""Alerts: taken in once, revised, never deleted, acknowledged and dismissed by people, each step a fact."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from jiangdun.core import journal
from jiangdun.core.journal import By
from jiangdun.core.trouble import BadInput, NotFound, NotYours, WrongState
from jiangdun.response.promotion import AlertSeen
from jiangdun.watch import actions, queries
from jiangdun.watch.models import Alert

from .room import ANN, BEN, EVENT, START, line

pytestmark = pytest.mark.django_db
INCIDENT = UUID("01890000-0000-7000-8000-000000000001")


def said(now):
    """Every fact, sealed, oldest first."""
    journal.seal(now)
    return journal.after(0)


def kinds(now):
    return [fact.kind.removeprefix("watch.") for fact in said(now)]


def test_an_event_becomes_an_alert_and_a_fact_that_response_can_read(now):
    fact_id = actions.take_event(line(), 500, now)
    (raised,) = said(now)
    assert (raised.fact_id, raised.kind, raised.subject) == (fact_id, "watch.AlertRaised", "alert:e1")
    assert raised.by == By(rule="dike-stay/1", agency="msa")
    assert not {"label", "why_zh", "why_en"} & raised.body.keys(), "a plate may be a person's"
    words = queries.words("e1")
    assert words["label"] == "DEMO HOLDS ON"
    assert words["why_zh"].startswith("“DEMO HOLDS ON”自 11月21日 23:07:12 起在“演示顺坝”内停留 3 分钟 10 秒")
    assert raised.body["track"] == "413950001"
    seen = AlertSeen.of(raised.body)
    assert (seen.severity, seen.incident, seen.owner, seen.title_en) == (
        2,
        "auto",
        "msa",
        "Staying at the dike",
    )
    alert = queries.alert("e1")
    assert (alert.state, alert.verdict, alert.revision, alert.settled) == ("open", "raised", 1, False)
    assert (alert.started_at.isoformat(), alert.raised_at) == ("2026-11-21T15:07:12+00:00", now)
    assert (round(alert.lon, 4), round(alert.lat, 4)) == (115.651, 29.8505)
    assert alert.fixes == [[f.t_ms, f.lon, f.lat, f.sog_dkn, f.cog_ddeg] for f in EVENT.fixes]
    assert queries.spool_position() == 500


def test_the_same_line_taken_again_changes_nothing(now):
    for event in (line(), line(settled=True, verdict="confirmed")):
        assert actions.take_event(event, 1, now)
        before = queries.alert("e1")
        assert actions.take_event(event, 2, now) is None
        assert queries.alert("e1") == before
    assert actions.take_event(line(), 3, now) is None  # the eager word again, after the settled one
    assert kinds(now) == ["AlertRaised", "AlertConfirmed"]
    assert queries.spool_position() == 3


def test_a_confirmed_alert_says_so_without_a_new_revision(now):
    actions.take_event(line(), 1, now)
    actions.take_event(line(settled=True, verdict="confirmed"), 2, now)
    alert = queries.alert("e1")
    assert (alert.settled, alert.verdict, alert.revision) == (True, "confirmed", 1)
    raised, confirmed = said(now)
    assert confirmed.cause == raised.fact_id


def test_late_data_that_moves_an_alert_makes_a_revision_with_its_new_reason(now):
    actions.take_event(line(), 1, now)
    actions.take_event(line(settled=True, verdict="changed", fired_at_ms=START + 200_000), 2, now)
    alert = queries.alert("e1")
    assert (alert.verdict, alert.revision) == ("changed", 2)
    assert alert.fired_at - alert.started_at == timedelta(seconds=200)
    assert alert.why_en.startswith("Corrected after late data: ")
    assert kinds(now) == ["AlertRaised", "AlertChanged"]


def test_a_withdrawn_alert_stays_with_what_people_made_of_it_and_a_fact_more(now):
    actions.take_event(line(), 1, now)
    actions.acknowledge("e1", by=ANN, now=now)
    actions.take_event(line(settled=True, verdict="withdrawn"), 2, now)
    alert = queries.alert("e1")
    assert (alert.state, alert.verdict, alert.acknowledged_by) == ("acknowledged", "withdrawn", "ann")
    assert kinds(now) == ["AlertRaised", "AlertAcknowledged", "AlertWithdrawn"]
    assert Alert.objects.count() == 1


def test_what_was_never_raised_cannot_be_withdrawn_and_the_cursor_still_moves(now):
    assert actions.take_event(line(settled=True, verdict="withdrawn"), 9, now) is None
    assert (Alert.objects.count(), queries.spool_position(), said(now)) == (0, 9, [])


def test_what_the_eager_pass_missed_is_raised_by_the_settled_one(now):
    actions.take_event(line(settled=True), 1, now)
    assert queries.alert("e1").settled
    assert kinds(now) == ["AlertRaised"]


def test_an_episode_whose_start_moved_takes_over_what_people_made_of_the_first(now):
    first = actions.take_event(line(), 1, now)
    actions.mark_promoted("e1", INCIDENT, by=ANN, now=now)
    moved = line(episode="e2", settled=True, verdict="changed", replaces="e1", started_at_ms=START - 60_000)
    actions.take_event(moved, 2, now)
    old, new = queries.alert("e1"), queries.alert("e2")
    assert (old.replaced_by, new.replaces) == ("e2", "e1")
    assert (new.state, new.incident_id) == ("promoted", INCIDENT)
    promoted, raised = said(now)[1:]
    assert (promoted.cause, raised.body["replaces"]) == (first, "e1")


def test_a_line_that_cannot_be_read_is_passed_over_with_a_fact(now):
    actions.refuse_line(120, "not an object", now)
    assert queries.spool_position() == 120
    assert said(now)[0].body == {"spool": "alerts", "position": 120, "reason": "not an object"}


def test_an_alert_is_acknowledged_once(now):
    actions.take_event(line(), 1, now)
    actions.acknowledge("e1", by=ANN, now=now)
    with pytest.raises(WrongState) as refused:
        actions.acknowledge("e1", by=BEN, now=now)
    assert refused.value.values["by"] == "ann"
    assert queries.alert("e1").acknowledged_by == "ann"


def test_a_dismissal_needs_a_reason_which_stands_in_the_row_and_not_in_the_journal(now):
    actions.take_event(line(), 1, now)
    for reason in ("", "  \n", "x" * 501, "a\0b"):
        with pytest.raises(BadInput):
            actions.dismiss("e1", reason, by=ANN, now=now)
    actions.dismiss("e1", "  测试船,  已核实 ", by=ANN, now=now)
    alert = queries.alert("e1")
    assert (alert.state, alert.dismissed_reason) == ("dismissed", "测试船, 已核实")
    dismissed = said(now)[-1]
    assert dismissed.kind == "watch.AlertDismissed"
    assert "测试船" not in str(dismissed.body)
    assert len(dismissed.body["reason_digest"]) == 64
    with pytest.raises(WrongState):
        actions.dismiss("e1", "again", by=BEN, now=now)
    assert queries.open_alerts() == []


def test_only_a_person_decides_and_only_on_what_there_is(now):
    actions.take_event(line(), 1, now)
    with pytest.raises(NotYours):
        actions.acknowledge("e1", by=By(system="desk"), now=now)
    for verb in (actions.acknowledge, lambda e, **by: actions.dismiss(e, "x", **by)):
        with pytest.raises(NotFound):
            verb("nothing", by=ANN, now=now)
    with pytest.raises(NotFound):
        queries.alert("nothing")


def test_a_promotion_is_noted_once(now):
    actions.take_event(line(), 1, now)
    assert actions.mark_promoted("e1", INCIDENT, by=ANN, now=now, cause=42)
    assert actions.mark_promoted("e1", INCIDENT, by=ANN, now=now) is None
    assert kinds(now) == ["AlertRaised", "AlertPromoted"]
    assert said(now)[-1].cause == 42


def test_open_alerts_come_gravest_first_then_newest_in_pages(now):
    for index, (severity, seconds) in enumerate([(3, 0), (1, 1), (3, 2), (4, 3), (2, 4)]):
        event = {**line(episode=f"e{index}"), "severity": severity, "owner": "msa" if index % 2 else "mine"}
        actions.take_event(event, index, now + timedelta(seconds=seconds))
    assert [a.episode for a in queries.open_alerts()] == ["e1", "e4", "e2", "e0", "e3"]
    assert [a.episode for a in queries.open_alerts(limit=2, offset=1)] == ["e4", "e2"]
    assert [a.episode for a in queries.open_alerts(owners={"msa"})] == ["e1", "e3"]
    assert queries.open_alerts(owners=set()) == []
    assert len(queries.open_alerts(limit=10_000)) == 5
    assert {a.episode for a in queries.alerts_of_track(EVENT.track)} == {f"e{i}" for i in range(5)}


def test_an_exercise_stays_an_exercise_in_every_fact(now):
    actions.take_event({**line(), "exercise": True}, 1, now)
    actions.acknowledge("e1", by=ANN, now=now)
    assert [fact.exercise for fact in said(now)] == [True, True]


def test_events_of_any_order_and_number_leave_one_row_an_episode_and_end_alike(now):
    """Whatever was read twice after a crash, the last word is the same."""
    words = [
        line(),
        line(verdict="changed", fired_at_ms=START + 200_000),
        line(settled=True, verdict="withdrawn"),
    ]
    for upto in range(len(words)):
        for event in words[: upto + 1] * 2:
            actions.take_event(event, 1, now)
    alert = queries.alert("e1")
    assert (alert.verdict, alert.settled, Alert.objects.count()) == ("withdrawn", True, 1)
    assert kinds(now).count("AlertWithdrawn") == 1
