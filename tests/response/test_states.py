"""The pure state machine: what may follow what."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jiangdun.response.states import (
    ACTIVE,
    STATE_NAMES,
    STEP_NAMES,
    Duty,
    State,
    Step,
    after_review,
    allows,
    duty_after,
    field_state,
    next_step,
    permitted,
)

duties = st.lists(st.sampled_from(Duty), max_size=5)


def test_the_straight_way_from_new_to_closed():
    assert next_step(State.NEW) is Step.SIGN
    assert next_step(State.SIGNED) is Step.ASSIGN
    assert next_step(State.SIGNED, [Duty.REQUESTED]) is Step.ACCEPT
    assert next_step(State.DISPATCHED, [Duty.ORDERED]) is Step.ACKNOWLEDGE
    assert next_step(State.DISPATCHED, [Duty.ACKNOWLEDGED]) is Step.DEPART
    assert next_step(State.EN_ROUTE, [Duty.EN_ROUTE]) is Step.ARRIVE
    assert next_step(State.ON_SCENE, [Duty.ON_SCENE]) is Step.DISPOSE
    assert next_step(State.AWAITING_REVIEW, [Duty.DONE]) is Step.REVIEW
    assert next_step(State.CLOSED, [Duty.DONE]) is None


def test_nothing_is_permitted_once_closed():
    assert permitted(State.CLOSED, list(Duty)) == ()


def test_only_a_new_incident_is_signed_for():
    assert [state for state in State if allows(state, Step.SIGN)] == [State.NEW]


def test_a_unit_on_scene_can_no_longer_decline():
    assert duty_after(Step.DECLINE, Duty.ON_SCENE) is None
    assert duty_after(Step.DECLINE, Duty.ORDERED) is Duty.DECLINED


def test_arriving_without_a_word_before_it_is_taken():
    assert duty_after(Step.ARRIVE, Duty.ORDERED) is Duty.ON_SCENE


def test_a_request_to_another_agency_cannot_be_acknowledged_before_it_is_accepted():
    assert all(
        duty_after(step, Duty.REQUESTED) is None for step in (Step.ACKNOWLEDGE, Step.DEPART, Step.ARRIVE)
    )


def test_when_every_unit_has_declined_the_desk_has_it_again():
    assert field_state(State.DISPATCHED, [Duty.DECLINED, Duty.DECLINED]) is State.SIGNED


def test_a_request_is_no_dispatch_until_it_is_accepted():
    assert field_state(State.SIGNED, [Duty.REQUESTED]) is State.SIGNED
    assert field_state(State.SIGNED, [Duty.ORDERED]) is State.DISPATCHED


def test_a_review_closes_or_sends_back():
    assert after_review(True) is State.CLOSED
    assert after_review(False) is State.HANDLING


@given(st.sampled_from(State), duties)
def test_the_next_step_is_always_permitted_and_there_is_one_until_it_is_closed(
    state: State, held: list[Duty]
):
    step = next_step(state, held)
    if step is not None:
        assert step in permitted(state, held)
    assert (step is None) == (state is State.CLOSED) or state in (State.DISPATCHED, State.EN_ROUTE)


@given(st.sampled_from(State), duties, duties)
def test_units_never_move_an_incident_outside_the_field(state: State, held: list[Duty], more: list[Duty]):
    found = field_state(state, held)
    if state in (State.SIGNED, State.DISPATCHED, State.EN_ROUTE):
        assert found in (State.SIGNED, State.DISPATCHED, State.EN_ROUTE, State.ON_SCENE)
        assert (found is State.SIGNED) == (not (ACTIVE - {Duty.REQUESTED}) & set(held))
        order = list(State)
        assert order.index(field_state(state, held + more)) >= order.index(found), (
            "more units, never further back"
        )
    else:
        assert found is state


def test_every_state_and_step_has_both_names():
    assert set(STATE_NAMES) == set(State)
    assert set(STEP_NAMES) == set(Step)
