"""Any order of steps by anyone: what is allowed moves on by one version, all else changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from response.scene import World, after, alert

from jiangdun.core import journal, timers
from jiangdun.core.journal import By
from jiangdun.core.trouble import Trouble
from jiangdun.picture import queries as picture
from jiangdun.response import actions, queries
from jiangdun.response.actions import EvidenceRef
from jiangdun.response.states import ACTIVE, Duty, State, Step, duty_after

people = st.sampled_from(["desk", "desk2", "commander", "police"])
order = list(State)
_NEXT = {
    State.NEW: {State.NEW, State.SIGNED},
    State.SIGNED: {State.SIGNED, State.DISPATCHED},
    State.DISPATCHED: {State.DISPATCHED, State.SIGNED, State.EN_ROUTE, State.ON_SCENE},
    State.EN_ROUTE: {State.EN_ROUTE, State.ON_SCENE},
    State.ON_SCENE: {State.ON_SCENE, State.AWAITING_REVIEW},
    State.AWAITING_REVIEW: {State.AWAITING_REVIEW, State.CLOSED, State.HANDLING},
    State.HANDLING: {State.HANDLING, State.AWAITING_REVIEW},
    State.CLOSED: {State.CLOSED},
}
"""Written by hand, not taken from the code under test."""


_PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
"""A failing story of 25 steps reads well enough; making it shorter takes minutes of database work."""

reached: set[State] = set()
"""The test must have seen every state, or it proves little."""


class AnyOrder(RuleBasedStateMachine):
    """Anyone tries anything; the world says what came of it."""

    world: World

    @initialize()
    def begin(self) -> None:
        self.point = transaction.savepoint()
        self.seconds, self.steps = 0, 0
        actions.take_in_alert(alert("any"))
        self.incident = self.world.of("any")
        self.handler = ""

    def teardown(self) -> None:
        if hasattr(self, "point"):
            transaction.savepoint_rollback(self.point)

    def view(self) -> queries.IncidentView:
        return self.world.view(self.incident, after(self.seconds))

    def by(self, name: str) -> By:
        found: By = getattr(self.world, name)
        return found

    def attempt(self, step: Step, act: Callable[..., Any], *given: Any, **values: Any) -> bool:
        """Take a step: either it is one version on and was permitted, or nothing has changed."""
        self.seconds += 7
        facts, view = self.facts(), self.view()
        try:
            with transaction.atomic():
                act(*given, now=after(self.seconds), **values)
        except Trouble:
            assert self.facts() == facts, "a refused step leaves no fact"
            assert self.view().version == view.version
            return False
        assert step in view.may
        after_it = self.view().state
        assert after_it in _NEXT[view.state], (view.state, after_it)
        reached.update((view.state, after_it))
        assert self.view().version == view.version + 1
        assert self.facts() > facts
        return True

    def facts(self) -> int:
        while journal.seal(after(self.seconds)):
            pass
        return len(journal.about(f"incident:{self.incident}"))

    def units(self) -> list[queries.AssignmentView]:
        return list(self.view().assignments)

    @rule(name=people)
    def sign(self, name: str) -> None:
        self.attempt(Step.SIGN, actions.sign, self.incident, by=self.by(name))

    @rule(
        name=people, unit=st.sampled_from(["car", "car2", "police_car"]), basis=st.sampled_from(["", "协议"])
    )
    def assign(self, name: str, unit: str, basis: str) -> None:
        unit_id = getattr(self.world, unit)
        self.attempt(Step.ASSIGN, actions.assign, self.incident, unit_id, by=self.by(name), legal_basis=basis)

    @precondition(lambda self: self.units())
    @rule(name=people, which=st.integers(0, 9))
    def accept(self, name: str, which: int) -> None:
        self.attempt(Step.ACCEPT, actions.accept, self.one(which), by=self.by(name))

    @precondition(lambda self: self.units())
    @rule(name=people, which=st.integers(0, 9))
    def acknowledge(self, name: str, which: int) -> None:
        self.attempt(
            Step.ACKNOWLEDGE, actions.acknowledge_order, self.one(which), source="device", by=self.by(name)
        )

    @precondition(lambda self: self.units())
    @rule(name=people, which=st.integers(0, 9))
    def depart(self, name: str, which: int) -> None:
        self.attempt(Step.DEPART, actions.depart, self.one(which), by=self.by(name))

    @precondition(lambda self: self.units())
    @rule(name=people, which=st.integers(0, 9), source=st.sampled_from(["button", "geofence"]))
    def arrive(self, name: str, which: int, source: str) -> None:
        self.attempt(Step.ARRIVE, actions.arrive, self.one(which), source=source, by=self.by(name))

    @precondition(lambda self: self.units())
    @rule(name=people, which=st.integers(0, 9))
    def decline(self, name: str, which: int) -> None:
        self.attempt(Step.DECLINE, actions.decline, self.one(which), "不能前往", by=self.by(name))

    @rule(name=people, proof=st.booleans())
    def dispose(self, name: str, proof: bool) -> None:
        evidence = [EvidenceRef("photo", f"{self.seconds}")] if proof else []
        done = self.attempt(
            Step.DISPOSE,
            actions.dispose,
            self.incident,
            result="verified",
            evidence=evidence,
            by=self.by(name),
        )
        if done:
            self.handler = self.by(name).person or ""

    @rule(name=people, passed=st.booleans())
    def review(self, name: str, passed: bool) -> None:
        done = self.attempt(
            Step.REVIEW, actions.review, self.incident, passed=passed, note="意见", by=self.by(name)
        )
        assert not done or self.by(name).person != self.handler, "nobody reviews their own work"

    @precondition(lambda self: self.view().next is not None)
    @rule(passed=st.booleans(), once_more=st.booleans())
    def do_the_next_thing(self, passed: bool, once_more: bool) -> None:
        """What the board offers as the one thing to do now can be done, by somebody competent."""
        self.the_next_thing(passed)
        if once_more and self.view().next is not None:
            self.the_next_thing(passed)

    def the_next_thing(self, passed: bool) -> None:
        view, desk = self.view(), self.by("desk")
        own = {"by": desk}
        match view.next:
            case Step.SIGN:
                done = self.attempt(Step.SIGN, actions.sign, self.incident, **own)
            case Step.ASSIGN:
                done = self.attempt(Step.ASSIGN, actions.assign, self.incident, self.world.car, **own)
            case Step.DISPOSE:
                evidence = [EvidenceRef("photo", f"{self.seconds}")]
                done = self.attempt(
                    Step.DISPOSE, actions.dispose, self.incident, result="gone", evidence=evidence, **own
                )
                self.handler = desk.person or ""
            case Step.REVIEW:
                other = self.by("desk2" if view.handled_by == desk.person else "desk")
                done = self.attempt(
                    Step.REVIEW, actions.review, self.incident, passed=passed, note="意见", by=other
                )
            case step:
                assert step is not None
                done = self.unit_step(step, view)
        assert done, f"{view.next} is offered and cannot be done in {view.state}"

    def unit_step(self, step: Step, view: queries.IncidentView) -> bool:
        unit = next(item for item in view.assignments if duty_after(step, item.state) is not None)
        by = self.by("police" if unit.agency == "police" else "desk")
        match step:
            case Step.ACCEPT:
                return self.attempt(step, actions.accept, unit.id, by=by)
            case Step.ACKNOWLEDGE:
                return self.attempt(step, actions.acknowledge_order, unit.id, source="phone", by=by)
            case Step.DEPART:
                return self.attempt(step, actions.depart, unit.id, by=by)
        return self.attempt(step, actions.arrive, unit.id, source="phone", by=by)

    @rule(seconds=st.sampled_from([30, 120, 600]))
    def time_passes(self, seconds: int) -> None:
        self.seconds += seconds
        timers.tick(after(self.seconds))

    def one(self, which: int) -> Any:
        units = self.units()
        return units[which % len(units)].id

    @invariant()
    def the_story_holds_together(self) -> None:
        if not hasattr(self, "incident"):
            return
        view = self.view()
        busy = [item.unit_id for item in view.assignments if item.state in ACTIVE]
        assert len(busy) == len(set(busy)), "a unit is there once"
        for item in view.assignments:
            if item.state is Duty.ON_SCENE:
                assert picture.unit(item.unit_id).state == "on_scene"
        if view.state in (State.AWAITING_REVIEW, State.CLOSED):
            assert not busy, "every sub-task is closed"
        if view.state is State.CLOSED:
            assert view.reviewed_by not in ("", view.handled_by)
        met = {clock.clock: clock.at for clock in view.clocks}
        assert (view.state is State.NEW) == (met["sign"] is None)
        if order.index(view.state) >= order.index(State.ON_SCENE):
            assert met["notify"] is not None
            assert met["arrive"] is not None
        bodies = [fact.body for fact in journal.about(f"incident:{self.incident}")]
        for clock in met:
            breaches = [body for body in bodies if body.get("clock") == clock and "reason_due_at" in body]
            assert len(breaches) <= 1, "a breach is announced once"


@pytest.mark.django_db
def test_any_order_of_steps_by_anyone_keeps_the_story_whole(world: World):
    AnyOrder.world = world
    budget = settings.default.max_examples if settings.default else 50
    run_state_machine_as_test(
        AnyOrder,
        settings=settings(
            max_examples=max(budget // 5, 10),
            stateful_step_count=25,
            deadline=None,
            phases=_PHASES,
            derandomize=budget < 1_000,
        ),
    )
    assert reached == set(State)
