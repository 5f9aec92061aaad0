"""What units do: asked or ordered, acknowledged, en route, on scene, declined, ended."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction

from jiangdun.core import ids, journal
from jiangdun.core.journal import By
from jiangdun.core.trouble import BadInput, NotFound, WrongState
from jiangdun.picture import actions as picture_actions
from jiangdun.picture import queries as picture
from jiangdun.picture.units import UnitRecord, UnitState
from jiangdun.response import facts
from jiangdun.response.actions import clockwork, moves
from jiangdun.response.actions.moves import Moved
from jiangdun.response.clocks import Clock, Source, bounded
from jiangdun.response.models import Assignment, Incident
from jiangdun.response.states import ACTIVE, Duty, State, Step, allows, duty_after, field_state

ASSIGNMENTS_MAX: Final = 100
"""Assignments of one incident, declined ones too."""


@transaction.atomic
def assign(
    incident_id: UUID,
    unit_id: UUID,
    *,
    by: By,
    now: datetime,
    version: int | None = None,
    legal_basis: str = "",
) -> Moved:
    """派遣: order a unit of one's own agency, or ask another agency for one of its units.

    A request names its legal basis and is no order until that agency accepts: nobody commands another
    agency's people. Raises WrongState (also codes unit_off, unit_busy), NotFound, NotYours, BadInput,
    StaleVersion.
    """
    incident = moves.find(incident_id)
    person = moves.person_of(by)
    moves.check(incident, Step.ASSIGN, version)
    unit = picture.unit(unit_id)
    moves.check_competent(by, incident.owner, unit.agency)
    own = unit.agency == by.agency
    basis = legal_basis.strip()
    if (not own and not basis) or len(basis) > 200:
        raise BadInput(field="legal_basis", reason="needed" if not basis else "length", most=200)
    _check_free(incident, unit)
    duty = Duty.ORDERED if own else Duty.REQUESTED
    state = field_state(State(incident.state), [*moves.duties(incident), duty])
    assignment_id = ids.new_id()
    common = (incident.id, assignment_id, unit.id, unit.call_sign, unit.agency)
    fact: object = facts.UnitRequested(*common, basis, state, incident.version + 1)
    if own:
        fact = facts.UnitAssigned(*common, state, incident.version + 1)
    moved = moves.advance(incident, fact, by, now, state=state)
    try:
        with transaction.atomic():
            Assignment.objects.create(
                id=assignment_id,
                incident=incident,
                unit_id=unit.id,
                call_sign=unit.call_sign,
                agency=unit.agency,
                state=duty,
                legal_basis=basis,
                assigned_by=person,
                assigned_at=now,
                ordered_at=now if own else None,
                order_fact=moved.fact,
            )
    except IntegrityError:  # another desk was quicker
        raise _busy(unit) from None
    return moved


@transaction.atomic
def accept(assignment_id: UUID, *, by: By, now: datetime, version: int | None = None) -> Moved:
    """The unit's own agency takes on another's request: from now on it is an order."""
    assignment, incident, duty = _judged(assignment_id, Step.ACCEPT, version)
    moves.person_of(by)
    moves.check_competent(by, assignment.agency)
    state = _state_with(incident, assignment, duty)
    fact = facts.RequestAccepted(
        incident.id, assignment.id, assignment.unit_id, assignment.agency, state, incident.version + 1
    )
    moved = moves.advance(incident, fact, by, now, cause=assignment.order_fact, state=state)
    moves.advance_assignment(assignment, state=duty, ordered_at=now, order_fact=moved.fact)
    return moved


@transaction.atomic
def acknowledge_order(
    assignment_id: UUID,
    *,
    source: str,
    by: By,
    now: datetime,
    version: int | None = None,
    instant: datetime | None = None,
) -> Moved:
    """The order is delivered and acknowledged: T3. `source`: device, button, or phone (read out, recorded).

    `instant` is the device's own time of the tap, kept within order and now.
    """
    assignment, incident, duty = _judged(assignment_id, Step.ACKNOWLEDGE, version)
    return _go(assignment, incident, Step.ACKNOWLEDGE, duty, _source(source), by, now, instant)


@transaction.atomic
def depart(
    assignment_id: UUID,
    *,
    by: By,
    now: datetime,
    source: str = Source.BUTTON,
    version: int | None = None,
    instant: datetime | None = None,
) -> Moved:
    """The unit is on its way; where it had said nothing before, that acknowledges the order (T3)."""
    assignment, incident, duty = _judged(assignment_id, Step.DEPART, version)
    return _go(assignment, incident, Step.DEPART, duty, _source(source), by, now, instant)


@transaction.atomic
def arrive(
    assignment_id: UUID,
    *,
    source: str,
    by: By,
    now: datetime,
    version: int | None = None,
    instant: datetime | None = None,
) -> Moved:
    """The unit is on the scene: T10 for the first one. `source`: button, geofence, phone or device."""
    assignment, incident, duty = _judged(assignment_id, Step.ARRIVE, version)
    return _go(assignment, incident, Step.ARRIVE, duty, _source(source), by, now, instant)


@transaction.atomic
def decline(assignment_id: UUID, reason: str, *, by: By, now: datetime, version: int | None = None) -> Moved:
    """The unit, or its agency, does not take it, with a reason. The clocks run on."""
    assignment, incident, duty = _judged(assignment_id, Step.DECLINE, version)
    moves.person_of(by)
    moves.check_competent(by, assignment.agency)
    words = moves.write(incident, "declined", reason, by, now, field="reason")
    state = _state_with(incident, assignment, duty)
    fact = facts.AssignmentDeclined(
        incident.id,
        assignment.id,
        assignment.unit_id,
        words.note_id,
        words.digest,
        state,
        incident.version + 1,
    )
    moved = moves.advance(incident, fact, by, now, cause=assignment.order_fact, state=state)
    moves.advance_assignment(assignment, state=duty, ended_at=now)
    return moved


def end_all(incident: Incident, by: By, now: datetime, cause: int) -> None:
    """The incident is handled: units on scene are done, those still on the way released; all stand by."""
    for assignment in incident.assignments.filter(state__in=sorted(ACTIVE)).order_by("assigned_at", "id"):
        duty = Duty.DONE if assignment.state == Duty.ON_SCENE else Duty.RELEASED
        fact = facts.AssignmentEnded(incident.id, assignment.id, assignment.unit_id, duty)
        subject = f"incident:{incident.id}"
        ended = journal.record(fact, by=by, at=now, subject=subject, cause=cause, exercise=incident.exercise)
        moves.advance_assignment(assignment, state=duty, ended_at=now)
        _show_unit(assignment, incident, UnitState.STANDBY, by, now, ended)


def _go(
    assignment: Assignment,
    incident: Incident,
    step: Step,
    duty: Duty,
    source: Source,
    by: By,
    now: datetime,
    claimed: datetime | None,
) -> Moved:
    """A unit moves one step on, with its instant and where that came from."""
    moves.check_competent(by, incident.owner, assignment.agency)
    instant = bounded(claimed, assignment.ordered_at or assignment.assigned_at, now)
    state = _state_with(incident, assignment, duty)
    announce, stem, unit_state = _STEPS[step]
    fact = announce(
        incident.id, assignment.id, assignment.unit_id, instant, source, state, incident.version + 1
    )
    moved = moves.advance(incident, fact, by, now, cause=assignment.order_fact, state=state)
    changes: dict[str, Any] = {f"{stem}_at": instant, f"{stem}_source": source}
    if assignment.acknowledged_at is None:
        changes |= {"acknowledged_at": instant, "acknowledged_source": source}
    moves.advance_assignment(assignment, state=duty, **changes)
    clockwork.meet(incident, Clock.NOTIFY, instant, source, by, now, moved.fact)
    if step is Step.ARRIVE:
        clockwork.meet(incident, Clock.ARRIVE, instant, source, by, now, moved.fact)
    if unit_state is not None:
        _show_unit(assignment, incident, unit_state, by, now, moved.fact)
    return moved


_STEPS: Final[dict[Step, tuple[Any, str, UnitState | None]]] = {
    Step.ACKNOWLEDGE: (facts.OrderAcknowledged, "acknowledged", None),
    Step.DEPART: (facts.UnitDeparted, "departed", UnitState.EN_ROUTE),
    Step.ARRIVE: (facts.UnitArrived, "arrived", UnitState.ON_SCENE),
}


def _judged(assignment_id: UUID, step: Step, version: int | None) -> tuple[Assignment, Incident, Duty]:
    """The assignment, its incident, and where the step brings it; WrongState where it may not be."""
    assignment = Assignment.objects.select_related("incident").filter(id=assignment_id).first()
    if assignment is None:
        raise NotFound(what="assignment")
    incident = assignment.incident
    duty = duty_after(step, Duty(assignment.state))
    if duty is None or not allows(State(incident.state), step):
        raise moves.refusal(incident, step)
    moves.check_version(incident, version)
    return assignment, incident, duty


def _source(given: str) -> Source:
    if given not in list(Source):
        raise BadInput(field="source", reason="unknown", allowed=list(Source))
    return Source(given)


def _state_with(incident: Incident, assignment: Assignment, duty: Duty) -> State:
    others = incident.assignments.exclude(id=assignment.id).values_list("state", flat=True)
    return field_state(State(incident.state), [duty, *(Duty(other) for other in others)])


def _check_free(incident: Incident, unit: UnitRecord) -> None:
    if unit.state is UnitState.OFF:
        raise WrongState("unit_off", unit=unit.call_sign)
    if Assignment.objects.filter(unit_id=unit.id, state__in=sorted(ACTIVE)).exists():
        raise _busy(unit)
    if incident.assignments.count() >= ASSIGNMENTS_MAX:
        raise WrongState("too_many_assignments", most=ASSIGNMENTS_MAX)


def _busy(unit: UnitRecord) -> WrongState:
    held = Assignment.objects.filter(unit_id=unit.id, state__in=sorted(ACTIVE))
    number = held.values_list("incident__number", flat=True).first() or ""
    return WrongState("unit_busy", unit=unit.call_sign, number=number)


def _show_unit(
    assignment: Assignment, incident: Incident, state: UnitState, by: By, now: datetime, cause: int
) -> None:
    picture_actions.set_unit_state(
        assignment.unit_id, state, by=by, now=now, cause=cause, exercise=incident.exercise
    )
