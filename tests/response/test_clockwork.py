"""Clocks in the tables: warned of, breached, met late, explained; after a restart, after a jump."""

from __future__ import annotations

from datetime import timedelta

import pytest
from response.scene import T0, World, after, alert, bodies, kinds

from jiangdun.core import journal, timers
from jiangdun.core.journal import By
from jiangdun.core.trouble import BadInput, NotYours, WrongState
from jiangdun.response import actions, queries


def told(world: World, subject: str) -> list[tuple[str, str]]:
    """Which clock was warned of or breached, in order."""
    kinds(subject)
    return [
        (fact.kind.removeprefix("response.Clock"), fact.body["clock"])
        for fact in journal.about(subject)
        if fact.kind in ("response.ClockWarned", "response.ClockBreached")
    ]


def test_half_the_limit_calls_the_commander_and_the_whole_the_on_call_lead(world: World):
    incident = world.opened()
    assert timers.tick(after(29)) == 0
    assert timers.tick(after(30)) == 1
    assert timers.tick(after(60)) == 1
    subject = f"incident:{incident}"
    assert told(world, subject) == [("Warned", "sign"), ("Breached", "sign")]
    assert bodies(subject, "ClockWarned")[0]["tell"] == ["desk", "duty_commander"]
    assert bodies(subject, "ClockBreached")[0]["tell"] == ["desk", "duty_commander", "on_call_lead"]
    sign = world.view(incident, after(61)).clocks[0]
    assert (sign.face, sign.reason_owed, sign.reason_due_at) == ("late", True, after(60 + 86_400))


def test_after_a_restart_every_overdue_clock_fires_exactly_once(world: World):
    """The box was down from T0 to T0 + 1 h."""
    incident = world.opened()
    assert timers.tick(after(3_600)) == 3
    assert timers.tick(after(3_600)) == 0
    breached = [("Breached", "sign"), ("Breached", "notify"), ("Breached", "arrive")]
    assert told(world, f"incident:{incident}") == breached, "in order, and no warning after the end"
    due = [body["due_at"][11:19] for body in bodies(f"incident:{incident}", "ClockBreached")]
    assert due == ["15:11:00", "15:13:00", "15:20:00"], "the moment each was due, not when it was found"


def test_a_restart_between_warning_and_end_announces_both(world: World):
    incident = world.opened()
    timers.tick(after(100))
    assert timers.tick(after(100)) == 0
    timers.tick(after(599))
    timers.tick(after(600))
    assert told(world, f"incident:{incident}") == [
        ("Breached", "sign"),
        ("Warned", "notify"),
        ("Breached", "notify"),
        ("Warned", "arrive"),
        ("Breached", "arrive"),
    ]


def test_a_clock_met_in_time_calls_nobody(world: World):
    incident = world.opened()
    unit = world.assigned(incident, 15)
    actions.arrive(unit, source="button", by=world.desk, now=after(25))
    assert timers.tick(after(90_000)) == 0
    assert told(world, f"incident:{incident}") == []


def test_an_instant_that_comes_late_before_the_timer_announces_the_breach_itself_and_once(world: World):
    incident = world.opened()
    actions.sign(incident, by=world.desk, now=after(75))
    timers.tick(after(80))
    subject = f"incident:{incident}"
    assert told(world, subject) == [("Breached", "sign")]
    [met] = bodies(subject, "ClockMet")
    assert (met["elapsed_s"], met["on_time"]) == (75, False)
    sign = world.view(incident, after(80)).clocks[0]
    assert (sign.face, sign.on_time, sign.at, sign.reason_owed) == ("late", False, after(75), True)


def test_a_tap_from_a_phone_without_signal_counts_at_its_own_time_and_takes_the_breach_back(world: World):
    incident = world.opened()
    unit = world.assigned(incident)
    actions.acknowledge_order(unit, source="phone", by=world.desk, now=after(40))
    timers.tick(after(700))
    actions.arrive(unit, source="button", by=world.desk, now=after(900), instant=after(560))
    subject = f"incident:{incident}"
    assert ("Breached", "arrive") in told(world, subject)
    met = bodies(subject, "ClockMet")[-1]
    assert (met["elapsed_s"], met["on_time"], met["breach_withdrawn"]) == (560, True, True)
    arrive = world.view(incident, after(900)).clocks[2]
    assert (arrive.face, arrive.reason_owed) == ("met", False)
    assert timers.tick(after(200_000)) == 0, "no reason is owed for it"
    with pytest.raises(WrongState):
        actions.explain_breach(incident, "arrive", "x", by=world.desk, now=after(950))


def test_a_device_clock_far_off_wins_no_time(world: World):
    incident = world.opened()
    unit = world.assigned(incident, 20)
    actions.arrive(unit, source="button", by=world.desk, now=after(700), instant=T0 - timedelta(days=300))
    arrive = world.view(incident, after(700)).clocks[2]
    assert arrive.at == after(20), "not before the order"


def test_a_late_clock_owes_a_reason_within_a_day(world: World):
    incident = world.opened()
    timers.tick(after(60))
    with pytest.raises(WrongState) as refused:
        actions.explain_breach(incident, "arrive", "不晚", by=world.desk, now=after(61))
    assert refused.value.code == "no_reason_owed"
    with pytest.raises(BadInput):
        actions.explain_breach(incident, "sign", " ", by=world.desk, now=after(100))
    with pytest.raises(NotYours):
        actions.explain_breach(incident, "sign", "x", by=world.police, now=after(100))
    actions.explain_breach(incident, "sign", "值班席正在处置另一警情", by=world.desk, now=after(100))
    sign = world.view(incident, after(100)).clocks[0]
    assert (sign.reason_owed, sign.reason) == (False, "值班席正在处置另一警情")
    assert bodies(f"incident:{incident}", "BreachExplained")[0]["in_time"] is True
    with pytest.raises(WrongState):
        actions.explain_breach(incident, "sign", "again", by=world.desk, now=after(101))
    timers.tick(after(200_000))
    assert [body["clock"] for body in bodies(f"incident:{incident}", "ReasonOverdue")] == []


def test_a_reason_not_given_is_itself_announced_once_and_still_taken(world: World):
    incident = world.opened()
    timers.tick(after(60))
    timers.tick(after(60 + 86_400))
    overdue = [body["clock"] for body in bodies(f"incident:{incident}", "ReasonOverdue")]
    assert overdue == ["sign"]
    actions.explain_breach(incident, "sign", "迟到的说明", by=world.desk, now=after(90_000))
    assert bodies(f"incident:{incident}", "BreachExplained")[0]["in_time"] is False


def test_a_clue_left_in_triage_is_announced_when_its_ten_minutes_are_over(world: World):
    actions.take_in_alert(alert(severity=3))
    assert timers.tick(after(599)) == 0
    assert timers.tick(after(600)) == 1
    assert timers.tick(after(9_999)) == 0
    assert kinds("alert:e1") == ["ClueReceived", "ClockBreached"]
    actions.take_in_alert(alert("e2", severity=3))
    actions.promote("e2", by=world.desk, now=after(10))
    timers.tick(after(601))
    assert kinds("alert:e2") == ["ClueReceived"]


def test_a_wall_clock_that_jumps_ahead_fires_each_clock_once_and_one_set_back_takes_nothing_back(
    world: World,
):
    incident = world.opened()
    ahead = T0 + timedelta(days=365)
    assert timers.tick(ahead) == 3
    jumped = told(world, f"incident:{incident}")
    for moment in (after(10), after(61), after(700), ahead):
        timers.tick(moment)
    assert told(world, f"incident:{incident}") == jumped
    actions.sign(incident, by=world.desk, now=T0 - timedelta(hours=1))
    sign = world.view(incident, after(1)).clocks[0]
    assert (sign.elapsed_s, sign.on_time) == (0, True), "before T0 counts as T0"


def test_closing_late_clocks_of_a_drill_are_marked_as_drill(world: World):
    incident = world.opened(exercise=True)
    timers.tick(after(700))
    kinds(f"incident:{incident}")
    assert all(fact.exercise for fact in journal.about(f"incident:{incident}"))


def test_a_changed_limit_binds_incidents_from_then_on_and_only_its_agency(world: World):
    running = world.opened("a")
    version = actions.set_limit(
        "clock.sign_s",
        30,
        agency="mine",
        basis_zh="本局规定",
        basis_en="own rule",
        by=world.commander,
        now=T0,
    )
    assert version == 1
    fresh = world.opened("b", at=after(1))
    foreign = world.opened("c", at=after(1), owner="police")
    assert [world.view(i).clocks[0].limit_s for i in (running, fresh, foreign)] == [60, 30, 60]
    assert queries.limit("clock.sign_s", after(1), "mine").basis_en == "own rule"
    assert queries.limit("clock.sign_s", T0 - timedelta(seconds=1), "mine").value == 60


def test_a_limit_out_of_its_range_or_unknown_is_refused(world: World):
    good = {"basis_zh": "依据", "basis_en": "basis", "by": world.commander, "now": T0}
    for wrong in (0, 100_000, float("nan")):
        with pytest.raises(BadInput):
            actions.set_limit("clock.sign_s", wrong, **good)
    for key, changes in (
        ("clock.lunch_s", {}),
        ("clock.sign_s", {"basis_zh": ""}),
        ("clock.sign_s", {"mark": "X"}),
        ("clock.sign_s", {"valid_to": T0}),
    ):
        with pytest.raises(BadInput):
            actions.set_limit(key, 60, **(good | changes))


def test_the_geofence_acts_for_nobody_yet_its_instant_counts(world: World):
    incident = world.opened()
    unit = world.assigned(incident)
    actions.acknowledge_order(unit, source="device", by=world.desk, now=after(40))
    actions.arrive(unit, source="geofence", by=By(system="geofence"), now=after(300), instant=after(299))
    arrive = world.view(incident, after(300)).clocks[2]
    assert (arrive.at, arrive.source) == (after(299), "geofence")
    other = world.assigned(world.opened("x"), 310, world.car2)
    with pytest.raises(BadInput):
        actions.depart(other, source="sms", by=world.desk, now=after(320))
