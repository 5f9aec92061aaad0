"""Two people at once, on real connections: one wins, the other is told who; nothing happens twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from response.scene import T0, World, after, alert, bodies, kinds

from jiangdun.core import journal, timers
from jiangdun.core.readers import Reader
from jiangdun.core.trouble import AlreadySigned, Trouble, WrongState
from jiangdun.core.writer import Writer
from jiangdun.response import actions
from jiangdun.watch.facts import AlertRaised

pytestmark = pytest.mark.django_db(transaction=True)
Aside = Callable[[Callable[[], Any]], threading.Thread]


def at_once(aside: Aside, *works: Callable[[], Any]) -> list[Any]:
    """What each work returned or raised, all begun at the same moment."""
    gate, answers = threading.Barrier(len(works)), [None] * len(works)

    def run(index: int, work: Callable[[], Any]) -> None:
        gate.wait(20)
        try:
            answers[index] = work()
        except Exception as error:
            answers[index] = error

    threads = [aside(lambda i=i, w=w: run(i, w)) for i, w in enumerate(works)]
    for thread in threads:
        thread.join(30)
    for answer in answers:
        if isinstance(answer, Exception) and not isinstance(answer, Trouble):
            raise answer
    return answers


def test_of_two_desks_that_sign_at_once_one_wins_and_the_other_is_told_who(
    committed_world: World, aside: Aside
):
    world = committed_world
    for round_ in range(5):
        incident = world.opened(f"e{round_}")
        answers = at_once(
            aside,
            lambda incident=incident: actions.sign(incident, by=world.desk, now=after(5), version=1),
            lambda incident=incident: actions.sign(incident, by=world.desk2, now=after(5), version=1),
        )
        [refused] = [answer for answer in answers if isinstance(answer, Trouble)]
        assert isinstance(refused, AlreadySigned)
        winner = world.view(incident).signed_by
        assert refused.values["by"] == winner
        assert refused.values["name_en"].startswith("Officer desk")
        assert kinds(f"incident:{incident}").count("IncidentSigned") == 1
        assert len(bodies(f"incident:{incident}", "ClockMet")) == 1


def test_through_the_one_writer_the_second_signer_is_told_too(committed_world: World):
    world = committed_world
    incident = world.opened()
    writer = Writer(now=lambda: T0)
    writer.start()
    try:
        futures = [
            writer.submit(lambda by=by: actions.sign(incident, by=by, now=after(5), version=1))
            for by in (world.desk, world.desk2)
        ]
        assert futures[0].result(20).version == 2
        assert isinstance(futures[1].exception(20), AlreadySigned)
    finally:
        writer.stop()
    assert kinds(f"incident:{incident}").count("IncidentSigned") == 1


def test_one_unit_ordered_by_two_desks_at_once_goes_to_one_incident(committed_world: World, aside: Aside):
    world = committed_world
    first, second = world.opened("a"), world.opened("b")
    for incident in (first, second):
        actions.sign(incident, by=world.desk, now=after(5))

    def order(incident: UUID) -> Any:
        return actions.assign(incident, world.car, by=world.desk, now=after(10))

    answers = at_once(aside, lambda: order(first), lambda: order(second))
    [refused] = [answer for answer in answers if isinstance(answer, Trouble)]
    assert (type(refused), refused.code) == (WrongState, "unit_busy")
    held = [view for view in (world.view(first), world.view(second)) if view.assignments]
    assert [view.number for view in held] == [refused.values["number"]]


WORDS = ("track", "label", "why_zh", "why_en")
"""What the scene's alert says and its fact does not."""


def test_two_readers_and_a_crash_between_make_one_incident(committed_world: World, aside: Aside):
    """The alert's fact is read by two processes at once, and once more by one that lost its place."""
    world = committed_world
    values = {name: value for name, value in alert().body.items() if name not in WORDS}
    raised = AlertRaised(
        **values, track="7", title_zh="倾倒", title_en="Dumping", started_at=T0, fired_at=T0, settled=False
    )
    with transaction.atomic():
        journal.record(raised, by=world.desk, at=T0, subject="alert:e1")
    journal.seal(T0)
    reader = Reader("response", actions.READS)
    at_once(aside, reader.run_once, reader.run_once)
    Reader("response again", actions.READS).run_once()
    [view] = world.board(T0)
    assert (view.title_en, view.t0, view.episode) == ("Dumping", T0, "e1")
    assert not [fact for fact in journal.after(0) if fact.kind == "core.ReaderFailed"]


def test_a_timer_and_a_signature_at_the_same_moment_announce_one_breach(committed_world: World, aside: Aside):
    world = committed_world
    for round_ in range(5):
        incident = world.opened(f"e{round_}")
        answers = at_once(
            aside,
            lambda: timers.tick(after(61)),
            lambda incident=incident: actions.sign(incident, by=world.desk, now=after(61)),
        )
        assert not isinstance(answers[1], Trouble)
        timers.tick(after(75))
        breached = [body["clock"] for body in bodies(f"incident:{incident}", "ClockBreached")]
        assert breached.count("sign") == 1
        assert world.view(incident).state == "signed"


def test_numbers_drawn_at_once_are_all_different(committed_world: World, aside: Aside):
    world = committed_world
    at_once(aside, *(lambda n=n: actions.take_in_alert(alert(f"n{n}")) for n in range(6)))
    numbers = [view.number for view in world.board(T0)]
    assert len(set(numbers)) == len(numbers) == 6


def test_a_promotion_and_the_end_of_triage_at_the_same_moment_do_not_wait_for_each_other(
    committed_world: World, aside: Aside
):
    world = committed_world
    for round_ in range(5):
        episode = f"e{round_}"
        actions.take_in_alert(alert(episode, severity=4))
        answers = at_once(
            aside,
            lambda: timers.tick(after(600)),
            lambda episode=episode: actions.promote(episode, by=world.desk, now=after(600)),
        )
        assert not isinstance(answers[1], Trouble)
        assert kinds(f"alert:{episode}").count("ClockBreached") == answers[0]
        timers.tick(after(600))
