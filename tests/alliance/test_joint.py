"""Joint work: from plan to outcome, from proposal to review, and the fixed grids."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from jiangdun.alliance import actions, joint, queries
from jiangdun.core.journal import By
from jiangdun.core.trouble import BadInput, StaleVersion, WrongState

from .ground import BY, DAY, NOW, TODAY, found

POLICE, MSA = By(person="p1", agency="police"), By(person="p2", agency="msa")


@pytest.fixture
def ring(db: None) -> None:
    found("police", "msa", "fishery")
    actions.found_alliance("ring", "联盟", "Ring", "ring", date(2021, 3, 1), by=BY, now=NOW)
    for agency in ("police", "msa"):
        actions.take_in("ring", agency, "founder", date(2021, 3, 1), by=BY, now=NOW)


def plan(**more: Any) -> joint.Activity:
    given = {
        "title": "联合巡航", "theme": "enforcement", "line": "enforcing", "category": "work", "host": "police",
        "planned_on": TODAY, "members": ["msa"], "module": "checks", **more,
    }  # fmt: skip
    return actions.plan_activity("ring", by=POLICE, now=NOW, **given)


def held(on: date, **more: Any) -> joint.Activity:
    return actions.hold_activity(plan(**more).id, on, version=1, by=POLICE, now=NOW)


def test_an_activity_goes_from_plan_to_outcome_and_no_step_is_left_out(ring: None) -> None:
    one = plan()
    with pytest.raises(WrongState):
        actions.minute_activity(one.id, "纪要", version=1, by=POLICE, now=NOW)
    with pytest.raises(BadInput):
        actions.hold_activity(one.id, TODAY + DAY, version=1, by=POLICE, now=NOW)
    actions.hold_activity(one.id, TODAY, version=1, by=POLICE, now=NOW)
    with pytest.raises(StaleVersion):
        actions.minute_activity(one.id, "纪要", version=1, by=MSA, now=NOW)
    actions.minute_activity(one.id, "到场四单位", version=2, by=POLICE, now=NOW)
    done = actions.finish_activity(one.id, "查获一起", version=3, by=POLICE, now=NOW)
    assert (done.state, done.minutes, done.outcome) == ("done", "到场四单位", "查获一起")
    with pytest.raises(WrongState):
        actions.cancel_activity(one.id, "x", version=4, by=POLICE, now=NOW)


def test_only_members_take_part_and_only_known_words_are_taken(ring: None) -> None:
    for wrong in (
        {"members": ["fishery"]}, {"host": "fishery"}, {"theme": "party"}, {"category": "x"}, {"module": "x"},
        {"line": ""}, {"title": ""},
    ):  # fmt: skip
        with pytest.raises(BadInput):
            plan(**wrong)


def test_the_grids_count_what_was_held_and_nothing_else(ring: None) -> None:
    held(date(2026, 10, 1))
    held(date(2026, 11, 20), members=[], theme="study", category="training", module="publicity")
    held(date(2026, 9, 30))
    plan()
    off = plan(theme="service")
    actions.cancel_activity(off.id, "台风", version=1, by=POLICE, now=NOW)
    actions.raise_proposal(
        "ring", "共享锚地视频", "information", "理由", "msa", TODAY + DAY, by=POLICE, now=NOW
    )
    every, raised = queries.activities("ring"), queries.proposals("ring")
    start, end = joint.quarter_of(TODAY)
    assert (start, end) == (date(2026, 10, 1), date(2027, 1, 1))
    assert joint.by_theme(every, start, end) == {
        ("enforcement", "police"): 1,
        ("enforcement", "msa"): 1,
        ("study", "police"): 1,
    }
    report = joint.three_by_two(every, raised, start, end)
    assert list(report) == list(joint.CATEGORIES)
    assert report == {**dict.fromkeys(joint.CATEGORIES, 0), "work": 1, "training": 1, "information": 1}
    assert {channel for _, _, channel in joint.CATEGORIES.values()} == joint.CHANNELS.keys()
    months = joint.by_module(every, 2026)
    assert len(months) == 5 * 12
    assert {key: n for key, n in months.items() if n} == {
        ("checks", 9): 1, ("checks", 10): 1, ("publicity", 11): 1,
    }  # fmt: skip


def test_a_proposal_goes_through_its_stages_and_another_agency_reviews(ring: None) -> None:
    one = actions.raise_proposal("ring", "共享视频", "information", "理由", "msa", TODAY, by=POLICE, now=NOW)
    steps: list[tuple[str, By]] = [("consulted", MSA), ("decided", MSA), ("done", MSA)]
    with pytest.raises(WrongState):
        actions.move_proposal(one.id, "decided", "x", "msa", TODAY, version=1, by=MSA, now=NOW)
    for version, (stage, by) in enumerate(steps, start=1):
        actions.move_proposal(one.id, stage, "办", "msa", TODAY, version=version, by=by, now=NOW)
    with pytest.raises(BadInput) as refused:
        actions.move_proposal(one.id, "reviewed", "好", "msa", TODAY, version=4, by=MSA, now=NOW)
    assert refused.value.values["reason"] == "reviewed_by_another"
    assert [p.id for p in queries.overdue("ring", TODAY + DAY)] == [one.id]
    with pytest.raises(StaleVersion):
        actions.move_proposal(one.id, "reviewed", "好", "msa", TODAY, version=3, by=POLICE, now=NOW)
    over = actions.move_proposal(one.id, "reviewed", "好", "police", TODAY, version=4, by=POLICE, now=NOW)
    assert [(m.stage, m.agency) for m in over.moves] == [
        ("raised", "police"), ("consulted", "msa"), ("decided", "msa"), ("done", "msa"), ("reviewed", "police"),
    ]  # fmt: skip
    assert queries.overdue("ring", TODAY + DAY) == []
    with pytest.raises(WrongState):
        actions.move_proposal(one.id, "dropped", "x", "msa", TODAY, version=5, by=POLICE, now=NOW)


@pytest.mark.parametrize(
    ("day", "start", "end"),
    [
        (date(2026, 1, 1), date(2026, 1, 1), date(2026, 4, 1)),
        (date(2026, 12, 31), date(2026, 10, 1), date(2027, 1, 1)),
        (date(2024, 2, 29), date(2024, 1, 1), date(2024, 4, 1)),
    ],
)
def test_a_quarter_begins_and_ends_on_its_days(day: date, start: date, end: date) -> None:
    assert joint.quarter_of(day) == (start, end)
