"""Two people at once: one of them is first, the other is told, on both databases."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from jiangdun.core import journal
from jiangdun.core.journal import By
from jiangdun.core.trouble import Trouble
from jiangdun.watch import actions, queries

from .room import ANN, BEN, YAML, line

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = [By(person=f"p{index}", agency="msa") for index in range(6)]


def all_at_once(work):
    """Run `work(by)` for each person in a thread of its own, started together; what came of each."""
    gate, came = threading.Barrier(len(PEOPLE)), {}

    def run(by):
        try:
            gate.wait(10)
            came[by.person] = work(by)
        except Trouble as trouble:
            came[by.person] = trouble
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(by,)) for by in PEOPLE]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(came) == len(PEOPLE)
    return came


def kinds(now):
    journal.seal(now)
    return [fact.kind for fact in journal.after(0)]


def test_an_alert_is_acknowledged_by_one_of_many(now):
    actions.take_event(line(), 1, now)
    came = all_at_once(lambda by: actions.acknowledge("e1", by=by, now=now))
    first = [person for person, what in came.items() if not isinstance(what, Trouble)]
    assert first == [queries.alert("e1").acknowledged_by]
    assert kinds(now) == ["watch.AlertRaised", "watch.AlertAcknowledged"]


def test_a_rule_is_released_by_one_of_many(now):
    actions.propose_rule(YAML, by=ANN, now=now)
    came = all_at_once(lambda by: actions.release_rule("dike-stay", 1, by=by, now=now))
    assert sum(not isinstance(what, Trouble) for what in came.values()) == 1
    assert kinds(now) == ["watch.RuleProposed", "watch.RuleReleased"]


def test_the_same_line_taken_by_many_makes_one_alert(now):
    came = all_at_once(lambda by: actions.take_event(line(), 7, now))
    assert kinds(now) == ["watch.AlertRaised"]
    assert sum(isinstance(what, int) for what in came.values()) == 1
    assert queries.spool_position() == 7
    actions.dismiss("e1", "nothing", by=BEN, now=now)
