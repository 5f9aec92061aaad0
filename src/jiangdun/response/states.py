"""What may follow what: an incident's way from new to closed, and a unit's way through its assignment.

    new → signed → dispatched → en_route → on_scene → (handling) → awaiting_review → closed

`handling` is where a review sends an incident back to. Side states (re-assigned, level raised, suspended,
false alarm, merged, made a case) are not here yet: each will be one more `State`, its steps one more row of
`_STEPS`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Final


class State(StrEnum):
    NEW = "new"  # 新建
    SIGNED = "signed"  # 已签收
    DISPATCHED = "dispatched"  # 已派遣
    EN_ROUTE = "en_route"  # 途中
    ON_SCENE = "on_scene"  # 到场
    HANDLING = "handling"  # 处置中
    AWAITING_REVIEW = "awaiting_review"  # 待复核
    CLOSED = "closed"  # 闭环


class Step(StrEnum):
    SIGN = "sign"
    ASSIGN = "assign"
    ACCEPT = "accept"  # the unit's own agency takes on a request of another
    ACKNOWLEDGE = "acknowledge"
    DEPART = "depart"
    ARRIVE = "arrive"
    DECLINE = "decline"
    DISPOSE = "dispose"
    REVIEW = "review"


class Duty(StrEnum):
    """Where an assignment stands."""

    REQUESTED = "requested"  # asked of another agency, not yet an order
    ORDERED = "ordered"
    ACKNOWLEDGED = "acknowledged"
    EN_ROUTE = "en_route"
    ON_SCENE = "on_scene"
    DONE = "done"
    DECLINED = "declined"
    RELEASED = "released"  # the incident was handled before the unit was there


ACTIVE: Final[frozenset[Duty]] = frozenset(
    {Duty.REQUESTED, Duty.ORDERED, Duty.ACKNOWLEDGED, Duty.EN_ROUTE, Duty.ON_SCENE}
)

_FIELD: Final = frozenset({State.DISPATCHED, State.EN_ROUTE, State.ON_SCENE, State.HANDLING})

_STEPS: Final[Mapping[Step, frozenset[State]]] = {
    Step.SIGN: frozenset({State.NEW}),
    Step.ASSIGN: _FIELD | {State.SIGNED},
    Step.ACCEPT: _FIELD | {State.SIGNED},
    Step.ACKNOWLEDGE: _FIELD,
    Step.DEPART: _FIELD,
    Step.ARRIVE: _FIELD,
    Step.DECLINE: _FIELD | {State.SIGNED},
    Step.DISPOSE: frozenset({State.ON_SCENE, State.HANDLING}),
    Step.REVIEW: frozenset({State.AWAITING_REVIEW}),
}

_DUTY: Final[Mapping[Step, tuple[frozenset[Duty], Duty]]] = {
    Step.ACCEPT: (frozenset({Duty.REQUESTED}), Duty.ORDERED),
    Step.ACKNOWLEDGE: (frozenset({Duty.ORDERED}), Duty.ACKNOWLEDGED),
    Step.DEPART: (frozenset({Duty.ORDERED, Duty.ACKNOWLEDGED}), Duty.EN_ROUTE),
    Step.ARRIVE: (frozenset({Duty.ORDERED, Duty.ACKNOWLEDGED, Duty.EN_ROUTE}), Duty.ON_SCENE),
    Step.DECLINE: (frozenset({Duty.REQUESTED, Duty.ORDERED, Duty.ACKNOWLEDGED}), Duty.DECLINED),
}


def allows(state: State, step: Step) -> bool:
    return state in _STEPS[step]


def duty_after(step: Step, duty: Duty) -> Duty | None:
    """Where `step` brings an assignment, or None where it may not be taken.

    Departing or arriving without a word before it acknowledges the order by the deed.
    """
    sources, target = _DUTY[step]
    return target if duty in sources else None


def permitted(state: State, duties: Collection[Duty] = ()) -> tuple[Step, ...]:
    """What may be done now, in the order of `Step`. `duties` are those of the incident's assignments."""
    return tuple(
        step
        for step in Step
        if allows(state, step) and (step not in _DUTY or any(duty_after(step, duty) for duty in duties))
    )


def next_step(state: State, duties: Collection[Duty] = ()) -> Step | None:
    """The one thing to do now: what a full-width button would say. None when it is closed."""
    open_steps = permitted(state, duties)
    if state is State.SIGNED:
        return Step.ACCEPT if Step.ACCEPT in open_steps else Step.ASSIGN
    if state in (State.ON_SCENE, State.HANDLING):
        return Step.DISPOSE
    for step in (
        Step.SIGN,
        Step.REVIEW,
        Step.ACCEPT,
        Step.ACKNOWLEDGE,
        Step.DEPART,
        Step.ARRIVE,
        Step.ASSIGN,
    ):
        if step in open_steps:
            return step
    return None


def field_state(state: State, duties: Collection[Duty]) -> State:
    """The incident's state after something changed about its units.

    The furthest unit leads; a request is no dispatch until it is accepted. When all have declined before one
    was on scene, it is back with the desk; from `on_scene` on, units no longer move it.
    """
    if state not in (State.SIGNED, State.DISPATCHED, State.EN_ROUTE):
        return state
    active = ACTIVE & set(duties)
    if Duty.ON_SCENE in active:
        return State.ON_SCENE
    if Duty.EN_ROUTE in active:
        return State.EN_ROUTE
    return State.DISPATCHED if active - {Duty.REQUESTED} else State.SIGNED


def after_review(passed: bool) -> State:
    return State.CLOSED if passed else State.HANDLING


STATE_NAMES: Final[Mapping[State, tuple[str, str]]] = {
    State.NEW: ("新建", "new"),
    State.SIGNED: ("已签收", "signed for"),
    State.DISPATCHED: ("已派遣", "dispatched"),
    State.EN_ROUTE: ("途中", "en route"),
    State.ON_SCENE: ("到场", "on scene"),
    State.HANDLING: ("处置中", "being handled"),
    State.AWAITING_REVIEW: ("待复核", "awaiting review"),
    State.CLOSED: ("闭环", "closed"),
}

STEP_NAMES: Final[Mapping[Step, tuple[str, str]]] = {
    Step.SIGN: ("签收", "sign for"),
    Step.ASSIGN: ("派遣", "assign a unit"),
    Step.ACCEPT: ("接受请求", "accept the request"),
    Step.ACKNOWLEDGE: ("确认指令", "acknowledge the order"),
    Step.DEPART: ("出发", "depart"),
    Step.ARRIVE: ("到场", "on scene"),
    Step.DECLINE: ("退回", "decline"),
    Step.DISPOSE: ("处置完成", "report it handled"),
    Step.REVIEW: ("复核", "review"),
}

RESULTS: Final[Mapping[str, tuple[str, str]]] = {
    "verified": ("属实,已处置", "true, dealt with"),
    "partly": ("部分属实", "partly true"),
    "unfounded": ("不属实", "not true"),
    "warned": ("劝离/警告", "warned off"),
    "gone": ("到场未见", "gone on arrival"),
    "handed_over": ("移交其他机关", "handed over to another agency"),
    "case": ("建议立案", "to be made a case"),
}
"""Result codes of a disposition (处置结果), with what people read."""
