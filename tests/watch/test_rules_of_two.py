"""A rule comes into force by two people, in versions, within its validity."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from jiangdun.core import journal
from jiangdun.core.journal import By
from jiangdun.core.trouble import NotFound, NotYours, OverLimit, WrongState
from jiangdun.watch import actions, queries
from jiangdun.watch.actions import rules as verbs
from jiangdun.watch.actions.rules import RuleRefused
from jiangdun.watch.engine import limits
from jiangdun.watch.models import Rule
from jiangdun.watch.rules import language

from .room import ANN, BEN, YAML

pytestmark = pytest.mark.django_db


def in_force(now):
    return [(spec.name, spec.version) for spec in queries.rules_in_force(now)]


def test_a_proposal_is_not_in_force_until_another_person_releases_it(now):
    spec = actions.propose_rule(YAML, by=ANN, now=now)
    assert (spec.name, spec.version, in_force(now)) == ("dike-stay", 1, [])
    with pytest.raises(NotYours) as refused:
        actions.release_rule("dike-stay", 1, by=ANN, now=now)
    assert refused.value.values["reason"] == "same_person"
    assert in_force(now) == []
    actions.release_rule("dike-stay", 1, by=BEN, now=now)
    assert in_force(now) == [("dike-stay", 1)]
    journal.seal(now)
    proposed, released = journal.after(0)
    assert (proposed.kind, released.kind, released.cause) == (
        "watch.RuleProposed",
        "watch.RuleReleased",
        proposed.fact_id,
    )
    assert released.body["proposed_by"] == "ann"


def test_a_part_of_the_system_is_not_one_of_the_two(now):
    with pytest.raises(NotYours):
        actions.propose_rule(YAML, by=By(system="demo"), now=now)
    actions.propose_rule(YAML, by=ANN, now=now)
    with pytest.raises(NotYours):
        actions.release_rule("dike-stay", 1, by=By(system="demo"), now=now)


def test_a_new_version_takes_the_place_of_the_old_one(now):
    actions.propose_rule(YAML, by=ANN, now=now)
    actions.release_rule("dike-stay", 1, by=BEN, now=now)
    assert actions.propose_rule(YAML.replace("3 min", "5 min"), by=BEN, now=now).version == 2
    assert in_force(now) == [("dike-stay", 1)]
    actions.release_rule("dike-stay", 2, by=ANN, now=now)
    assert in_force(now) == [("dike-stay", 2)]
    assert [(r.version, r.state) for r in queries.rules()] == [(2, "released"), (1, "retired")]
    with pytest.raises(WrongState):
        actions.release_rule("dike-stay", 1, by=BEN, now=now)


def test_the_same_text_is_proposed_once(now):
    for _ in range(3):
        assert actions.propose_rule(YAML, by=ANN, now=now).version == 1
    assert Rule.objects.count() == 1


def test_a_retired_rule_is_out_of_force_and_can_be_proposed_anew(now):
    actions.propose_rule(YAML, by=ANN, now=now)
    actions.release_rule("dike-stay", 1, by=BEN, now=now)
    actions.retire_rule("dike-stay", 1, by=ANN, now=now)
    assert in_force(now) == []
    with pytest.raises(WrongState):
        actions.retire_rule("dike-stay", 1, by=ANN, now=now)
    assert actions.propose_rule(YAML, by=ANN, now=now).version == 2


def test_the_engine_is_given_a_rule_before_its_first_day_and_not_after_its_last(now):
    """Between them the engine judges by the time of each report."""
    actions.propose_rule(YAML + "valid: {from: 2026-12-01, to: 2026-12-31}\n", by=ANN, now=now)
    spec = actions.release_rule("dike-stay", 1, by=BEN, now=now)
    midnight = datetime(2026, 11, 30, 16, tzinfo=UTC)
    assert spec.valid_from_ms == midnight.timestamp() * 1000
    assert in_force(midnight - timedelta(days=3)) == [("dike-stay", 1)]
    assert in_force(midnight + timedelta(days=31) - timedelta(seconds=1)) == [("dike-stay", 1)]
    assert in_force(midnight + timedelta(days=31)) == []


def test_a_document_that_is_no_rule_is_refused_with_every_fault_and_leaves_nothing(now):
    with pytest.raises(RuleRefused) as refused:
        actions.propose_rule(
            YAML.replace("severity: II", "severity: V").replace("is_night", "is_nite"), by=ANN, now=now
        )
    (fault,) = refused.value.values["problems"]
    assert (fault["line"], fault["what_en"]) == (5, "severity cannot be V")
    assert (Rule.objects.count(), journal.seal(now)) == (0, 0)


def test_there_is_no_release_of_what_is_not_there(now):
    with pytest.raises(NotFound):
        actions.release_rule("dike-stay", 1, by=ANN, now=now)


@pytest.mark.parametrize("limit", ["RULES_MAX", "STEPS_MAX", "CONDITIONS_MAX"])
def test_what_one_engine_holds_is_found_out_at_release(now, monkeypatch, limit):
    monkeypatch.setattr(verbs, limit, 1)
    for name, holds in (("one", "is_night"), ("two", "sos")):
        actions.propose_rule(YAML.replace("dike-stay", name).replace("is_night", holds), by=ANN, now=now)
    actions.release_rule("one", 1, by=BEN, now=now)
    with pytest.raises(OverLimit) as refused:
        actions.release_rule("two", 1, by=BEN, now=now)
    assert refused.value.values == {"limit": limit, "most": 1}
    actions.propose_rule(YAML.replace("dike-stay", "one").replace("3 min", "4 min"), by=ANN, now=now)
    actions.release_rule("one", 2, by=BEN, now=now)  # a new version takes the room of the old one


def test_the_engine_holds_what_may_be_released():
    assert verbs.STEPS_MAX <= limits.OPERATORS_MAX
    assert verbs.CONDITIONS_MAX <= 64 * limits.CONDITION_WORDS_MAX
    whole = language.schema()["$defs"]
    assert whole["fixes"]["maximum"] <= min(limits.FIXES_MAX, limits.SPEED_FIXES_MAX)
    assert whole["sequence"]["properties"]["sequence"]["maxItems"] <= limits.STEPS_MAX


def test_the_database_itself_keeps_one_released_version_of_a_rule(now):
    for text in (YAML, YAML.replace("3 min", "4 min")):
        actions.propose_rule(text, by=ANN, now=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Rule.objects.update(state="released")


def test_the_catalogue_is_proposed_once_and_comes_into_force_by_a_second_person(now):
    specs = actions.load_catalogue(by=ANN, now=now)
    assert len(specs) >= 5
    assert actions.load_catalogue(by=BEN, now=now) == specs
    assert in_force(now) == []
    for spec in specs:
        actions.release_rule(spec.name, spec.version, by=BEN, now=now)
    assert in_force(now) == sorted((spec.name, 1) for spec in specs)
    assert all(record.said_zh and record.said_en for record in queries.rules(state="released"))


def test_a_released_rule_that_no_longer_reads_is_left_out_and_says_why(now):
    for name in ("one", "two"):
        actions.propose_rule(YAML.replace("dike-stay", name), by=ANN, now=now)
        actions.release_rule(name, 1, by=BEN, now=now)
    Rule.objects.filter(name="one").update(yaml=YAML.replace("severity: II", "severity: V"))
    assert in_force(now) == [("two", 1)]
    assert "severity cannot be V" in queries.rule("one", 1).said_en
