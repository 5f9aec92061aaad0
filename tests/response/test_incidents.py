"""From an alert to a closed incident, in tables and facts."""

from __future__ import annotations

from uuid import uuid4

import pytest
from response.scene import T0, World, after, alert, bodies, kinds

from jiangdun.core import journal
from jiangdun.core.access import Asker
from jiangdun.core.trouble import AlreadySigned, BadInput, NotFound, NotYours, StaleVersion, WrongState
from jiangdun.picture import queries as picture
from jiangdun.response import actions, queries
from jiangdun.response.actions import EvidenceRef

PHOTO = EvidenceRef("photo", "ab" * 32, "坑口")


def test_the_whole_way_from_alert_to_closed_with_every_step_a_fact(world: World):
    """Scene 2's end: signed in 48 s, notified in 2 min 10 s, on scene in 9 min 20 s."""
    incident = world.opened()
    actions.sign(incident, by=world.desk, now=after(48), version=1)
    actions.assign(incident, world.car, by=world.desk, now=after(70), version=2)
    unit = world.view(incident).assignments[0].id
    actions.acknowledge_order(unit, source="device", by=world.desk, now=after(130), version=3)
    actions.depart(unit, by=world.desk, now=after(150), version=4)
    assert picture.unit(world.car).state == "en_route"
    actions.arrive(unit, source="geofence", by=journal.By(system="geofence"), now=after(560))
    assert picture.unit(world.car).state == "on_scene"
    actions.dispose(
        incident, result="verified", note="倾倒渣土属实", evidence=[PHOTO], by=world.desk, now=after(1_500)
    )
    assert picture.unit(world.car).state == "standby"
    closed = actions.review(incident, passed=True, by=world.commander, now=after(3_000), version=7)
    assert (closed.state, closed.version) == ("closed", 8)

    assert kinds(f"incident:{incident}") == [
        "IncidentOpened",
        "IncidentSigned",
        "ClockMet",
        "UnitAssigned",
        "OrderAcknowledged",
        "ClockMet",
        "UnitDeparted",
        "UnitArrived",
        "ClockMet",
        "EvidenceAttached",
        "IncidentHandled",
        "AssignmentEnded",
        "IncidentClosed",
    ]
    view = world.view(incident, after(3_000))
    assert [(clock.clock, clock.elapsed_s, clock.on_time, clock.source) for clock in view.clocks] == [
        ("sign", 48, True, "button"),
        ("notify", 130, True, "device"),
        ("arrive", 560, True, "geofence"),
    ]
    assert (view.result, view.next, view.may) == ("verified", None, ())
    assert not world.board(after(3_000)), "a closed incident leaves the board"
    assert [found.number for found in queries.incidents(world.asker, T0)] == [view.number]


def test_an_auto_incident_begins_at_the_alerts_fact_with_three_clocks_running(world: World):
    view = world.view(world.opened(at=after(-3)), T0)
    assert view.t0 == after(-3)
    assert [(clock.clock, clock.due_at) for clock in view.clocks] == [
        ("sign", after(57)),
        ("notify", after(177)),
        ("arrive", after(597)),
    ]
    assert (view.priority, view.level, view.owner, view.label) == ("P2", "", "mine", "演A12345")
    assert view.next == "sign"


def test_numbers_carry_day_and_area_and_are_never_used_twice(world: World):
    """23:10 in China is 15:10 UTC of the same day; half past midnight is the next."""
    first, second = world.view(world.opened("a")), world.view(world.opened("b"))
    assert [first.number, second.number] == ["20261121-000000-0001", "20261121-000000-0002"]
    actions.take_in_alert(alert("c", at=after(3_600)))
    assert world.view(world.of("c")).number == "20261122-000000-0001"


def test_the_same_alert_taken_in_twice_is_one_incident(world: World):
    world.opened()
    actions.take_in_alert(alert())
    assert len(world.board(T0)) == 1


def test_a_lesser_alert_waits_in_triage_and_its_t0_is_the_triage(world: World):
    actions.take_in_alert(alert(severity=3))
    actions.take_in_alert(alert(severity=3))
    assert not world.board(T0)
    [clue] = queries.clues(world.asker, after(60))
    assert (clue.episode, clue.clock.due_at, clue.clock.remaining_s) == ("e1", after(600), 540)
    moved = actions.promote("e1", by=world.desk, now=after(90))
    assert not queries.clues(world.asker, after(90))
    view = world.view(moved.incident_id, after(90))
    assert (view.t0, view.priority) == (after(90), "P3")
    assert kinds("alert:e1") == ["ClueReceived"]
    assert bodies(f"incident:{moved.incident_id}", "IncidentOpened")[0]["way"] == "triage"


def test_a_clue_is_promoted_once(world: World):
    actions.take_in_alert(alert(severity=4))
    number = actions.promote("e1", by=world.desk, now=T0).number
    with pytest.raises(WrongState) as refused:
        actions.promote("e1", by=world.desk2, now=T0)
    assert (refused.value.code, refused.value.values["number"]) == ("already_promoted", number)
    with pytest.raises(NotFound):
        actions.promote("nothing", by=world.desk, now=T0)


def test_a_dismissed_alert_ends_its_clue_and_it_cannot_be_promoted(world: World):
    actions.take_in_alert(alert(severity=3))
    actions.take_in_revision(alert(kind="watch.AlertDismissed"))
    assert not queries.clues(world.asker, T0)
    with pytest.raises(WrongState) as refused:
        actions.promote("e1", by=world.desk, now=T0)
    assert refused.value.code == "already_decided"
    assert kinds("alert:e1") == ["ClueReceived", "ClueDismissed"]


@pytest.mark.parametrize(
    ("verdict", "proposal"),
    [("Withdrawn", "mark_false"), ("Changed", "look_again"), ("Dismissed", "mark_false")],
)
def test_a_revised_alert_leaves_a_proposal_and_closes_nothing(world: World, verdict: str, proposal: str):
    incident = world.opened()
    actions.take_in_revision(alert(kind=f"watch.Alert{verdict}"))
    view = world.view(incident)
    assert (view.state, view.proposal, view.version) == ("new", proposal, 2)
    assert kinds(f"incident:{incident}")[-1] == "AlertRevised"


def test_an_alert_whose_start_moved_takes_over_the_incident_of_the_one_it_replaces(world: World):
    incident = world.opened("old")
    actions.take_in_alert(alert("new", replaces="old"))
    assert [view.id for view in world.board(T0)] == [incident]
    assert world.view(incident).episode == "new"
    actions.take_in_alert(alert("new", replaces="old"))
    assert len(world.board(T0)) == 1


def test_the_second_to_sign_is_told_who_was_first(world: World):
    incident = world.opened()
    actions.sign(incident, by=world.desk, now=after(5), version=1)
    with pytest.raises(AlreadySigned) as refused:
        actions.sign(incident, by=world.desk2, now=after(6), version=1)
    values = refused.value.values
    assert (values["by"], values["name_zh"], values["agency"]) == (world.desk.person, "值班员desk", "mine")
    assert kinds(f"incident:{incident}").count("IncidentSigned") == 1


def test_an_illegal_step_is_refused_with_what_may_be_done(world: World):
    incident = world.opened()
    with pytest.raises(WrongState) as refused:
        actions.assign(incident, world.car, by=world.desk, now=T0)
    assert refused.value.values["may"] == ["sign"]
    with pytest.raises(WrongState):
        actions.dispose(incident, result="verified", by=world.desk, now=T0, no_evidence_reason="x")
    with pytest.raises(WrongState):
        actions.review(incident, passed=True, by=world.commander, now=T0)
    assert world.view(incident).version == 1


def test_a_step_on_an_older_version_is_refused(world: World):
    incident = world.opened()
    actions.sign(incident, by=world.desk, now=after(5), version=1)
    with pytest.raises(StaleVersion) as refused:
        actions.assign(incident, world.car, by=world.desk, now=after(6), version=1)
    assert refused.value.values["version"] == 2


def test_another_agency_cannot_sign_and_the_platform_is_nobody(world: World):
    incident = world.opened()
    with pytest.raises(NotYours):
        actions.sign(incident, by=world.police, now=T0)
    with pytest.raises(NotYours):
        actions.sign(incident, by=journal.By(system="x"), now=T0)


def test_neither_a_third_agency_nor_anyone_without_duty_moves_a_unit(world: World):
    unit = world.assigned(world.opened())
    for step in (actions.acknowledge_order, actions.arrive):
        with pytest.raises(NotYours):
            step(unit, source="button", by=world.police, now=after(30))
    with pytest.raises(NotYours):
        actions.depart(unit, by=world.police, now=after(30))
    with pytest.raises(NotYours):
        actions.decline(unit, "x", by=world.police, now=after(30))


def test_the_board_shows_the_oldest_first(world: World):
    for second, name in enumerate("abc"):
        world.opened(name, at=after(second))
    assert [view.episode for view in world.board(T0)] == ["a", "b", "c"]


def test_another_agencys_unit_is_asked_for_with_a_legal_basis_and_goes_only_when_accepted(world: World):
    incident = world.opened()
    actions.sign(incident, by=world.desk, now=after(10))
    with pytest.raises(BadInput) as refused:
        actions.assign(incident, world.police_car, by=world.desk, now=after(20))
    assert refused.value.values["field"] == "legal_basis"
    asked = actions.assign(
        incident, world.police_car, by=world.desk, now=after(20), legal_basis="联动协议第三条"
    )
    assert asked.state == "signed", "a request is no dispatch"
    request = world.view(incident).assignments[0].id
    with pytest.raises(WrongState):
        actions.acknowledge_order(request, source="phone", by=world.desk, now=after(21))
    with pytest.raises(NotYours):
        actions.accept(request, by=world.desk, now=after(22))
    assert actions.accept(request, by=world.police, now=after(30)).state == "dispatched"
    view = world.view(incident)
    assert (view.agencies, view.assignments[0].ordered_at) == (("mine", "police"), after(30))
    actions.arrive(request, source="button", by=world.police, now=after(300))
    actions.dispose(
        incident, result="verified", by=world.police, now=after(400), no_evidence_reason="夜间无光"
    )
    assert kinds(f"incident:{incident}")[-2:] == ["IncidentHandled", "AssignmentEnded"]


def test_a_unit_is_on_one_incident_at_a_time_and_an_absent_one_on_none(world: World):
    first, second = world.opened("a"), world.opened("b")
    world.assigned(first)
    actions.sign(second, by=world.desk, now=after(30))
    with pytest.raises(WrongState) as refused:
        actions.assign(second, world.car, by=world.desk, now=after(31))
    assert (refused.value.code, refused.value.values["number"]) == ("unit_busy", world.view(first).number)
    from jiangdun.picture.actions import set_unit_state

    set_unit_state(world.car2, "off", by=world.desk, now=after(32))
    with pytest.raises(WrongState) as refused:
        actions.assign(second, world.car2, by=world.desk, now=after(33))
    assert refused.value.code == "unit_off"
    with pytest.raises(NotFound):
        actions.assign(second, uuid4(), by=world.desk, now=after(33))


def test_arriving_without_a_word_acknowledges_the_order_by_the_deed(world: World):
    incident = world.opened()
    unit = world.assigned(incident)
    actions.arrive(unit, source="button", by=world.desk, now=after(100))
    view = world.view(incident, after(100))
    assert (view.state, [clock.at for clock in view.clocks]) == (
        "on_scene",
        [after(10), after(100), after(100)],
    )


def test_when_the_only_unit_declines_the_desk_has_it_again_and_the_unit_is_free(world: World):
    incident = world.opened()
    unit = world.assigned(incident)
    with pytest.raises(BadInput):
        actions.decline(unit, "  ", by=world.desk, now=after(30))
    assert actions.decline(unit, "车辆故障", by=world.desk, now=after(30)).state == "signed"
    assert actions.assign(incident, world.car, by=world.desk, now=after(40)).state == "dispatched"
    story = queries.incident(incident, world.asker, after(40)).timeline
    kinds(f"incident:{incident}")
    story = queries.incident(incident, world.asker, after(40)).timeline
    assert [entry.words for entry in story if entry.kind.endswith("AssignmentDeclined")] == ["车辆故障"]


def test_units_not_there_when_it_is_handled_are_released(world: World):
    incident = world.opened()
    there = world.assigned(incident)
    world.assigned(incident, 30, world.car2)
    actions.arrive(there, source="button", by=world.desk, now=after(100))
    actions.dispose(incident, result="gone", by=world.desk, now=after(200), no_evidence_reason="无")
    view = world.view(incident)
    assert [assignment.state for assignment in view.assignments] == ["done", "released"]


def test_handling_needs_evidence_or_a_reason_and_a_known_result(world: World):
    incident = world.opened()
    actions.arrive(world.assigned(incident), source="phone", by=world.desk, now=after(100))
    with pytest.raises(BadInput) as refused:
        actions.dispose(incident, result="verified", by=world.desk, now=after(200))
    assert refused.value.values["field"] == "no_evidence_reason"
    with pytest.raises(BadInput):
        actions.dispose(incident, result="whatever", by=world.desk, now=after(200), evidence=[PHOTO])
    with pytest.raises(BadInput):
        actions.dispose(
            incident, result="gone", by=world.desk, now=after(200), evidence=[EvidenceRef("photo", " ")]
        )
    assert world.view(incident).state == "on_scene"
    assert actions.attach(incident, [PHOTO, PHOTO], by=world.desk, now=after(150)) == 1
    assert (
        actions.dispose(incident, result="verified", by=world.desk, now=after(200)).state == "awaiting_review"
    )


def test_nobody_reviews_their_own_work_and_a_review_may_send_it_back(world: World):
    incident = world.opened()
    actions.arrive(world.assigned(incident), source="phone", by=world.desk, now=after(100))
    actions.dispose(incident, result="verified", evidence=[PHOTO], by=world.desk, now=after(200))
    with pytest.raises(NotYours) as refused:
        actions.review(incident, passed=True, by=world.desk, now=after(300))
    assert refused.value.values["reason"] == "same_person"
    with pytest.raises(BadInput):
        actions.review(incident, passed=False, by=world.commander, now=after(300))
    back = actions.review(incident, passed=False, note="缺现场全景照片", by=world.commander, now=after(300))
    assert back.state == "handling"
    actions.dispose(incident, result="verified", by=world.commander, now=after(400))
    with pytest.raises(NotYours):
        actions.review(incident, passed=True, by=world.commander, now=after(500))
    assert actions.review(incident, passed=True, by=world.desk2, now=after(500)).state == "closed"


def test_a_note_stands_in_the_timeline_and_its_words_not_in_the_journal(world: World):
    incident = world.opened()
    actions.note(incident, "司机自称张三", by=world.desk, now=after(5))
    kinds(f"incident:{incident}")
    entry = queries.incident(incident, world.asker, after(6)).timeline[-1]
    assert entry.words == "司机自称张三"
    assert "张三" not in str(entry.body)
    with pytest.raises(BadInput):
        actions.note(incident, "x" * 4_001, by=world.desk, now=after(5))


def test_every_fact_names_its_cause_and_a_drill_marks_them_all(world: World):
    incident = world.opened(exercise=True)
    actions.arrive(world.assigned(incident), source="phone", by=world.desk, now=after(100))
    kinds(f"incident:{incident}")
    facts = journal.about(f"incident:{incident}")
    known = {fact.fact_id for fact in facts} | {1}
    assert all(fact.cause in known for fact in facts)
    assert all(fact.exercise for fact in facts)


def test_the_board_is_shown_to_those_with_a_grant_only(world: World):
    world.opened()
    with pytest.raises(NotYours):
        queries.board_incidents(Asker(None, "x", "mine", frozenset({"admin_system"})), T0)
    with pytest.raises(NotFound):
        queries.incident(uuid4(), world.asker, T0)


def test_pages_of_incidents_go_on_where_the_last_one_ended(world: World):
    for name in "abcde":
        world.opened(name)
    first = queries.incidents(world.asker, T0, limit=2)
    second = queries.incidents(world.asker, T0, limit=2, before=first[-1].number)
    assert [view.episode for view in first + second] == ["e", "d", "c", "b"]


def test_scenes_of_units_under_way_are_there_for_the_geofence(world: World):
    incident = world.opened()
    unit = world.assigned(incident)
    assert not queries.scenes(after(30)), "nobody has acknowledged yet: standing near is no arrival"
    actions.acknowledge_order(unit, source="device", by=world.desk, now=after(40))
    [scene] = queries.scenes(after(50))
    assert (scene.assignment_id, scene.radius_m, scene.since) == (unit, 100, after(20))
    water = world.opened("w", domain="water")
    actions.depart(world.assigned(water, 60, world.car2), by=world.desk, now=after(70))
    assert {scene.radius_m for scene in queries.scenes(after(80))} == {100, 200}
