"""Inside readers: exactly once, and no fact stops the next."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from threading import Barrier, Thread
from typing import Any

import pytest
from core.facts_of_tests import count
from django.db import OperationalError, connection

from jiangdun.core import journal
from jiangdun.core.journal import Sealed
from jiangdun.core.models import ReaderCursor, Timer
from jiangdun.core.readers import Reader

Aside = Callable[[Callable[[], Any]], Thread]


def mark(fact: Sealed) -> None:
    """The change a reader makes: one row for each fact, which may exist once."""
    moment = fact.at
    key = str(fact.body["n"])
    Timer.objects.create(kind="mark", key=key, due_at=moment, next_at=moment, payload="null", state="fired")


def marks() -> list[str]:
    return list(Timer.objects.filter(kind="mark").order_by("id").values_list("key", flat=True))


@pytest.mark.django_db
def test_a_reader_takes_each_fact_of_its_kinds_once_in_order(now: datetime) -> None:
    reader = Reader("test", {"test.Counted": mark})
    assert reader.run_once() == 0
    for n in range(5):
        count(n, now)
    journal.seal(now)
    assert reader.behind() == 5
    assert [reader.run_once(limit=2) for _ in range(4)] == [2, 2, 1, 0]
    assert marks() == ["0", "1", "2", "3", "4"]
    assert reader.behind() == 0


@pytest.mark.django_db
def test_facts_not_sealed_yet_are_not_read_and_other_kinds_are_read_past(now: datetime) -> None:
    deaf, reader = Reader("deaf", {}), Reader("test", {"test.Counted": mark})
    count(1, now)
    assert reader.run_once() == 0
    journal.seal(now)
    assert (deaf.run_once(), deaf.run_once()) == (1, 0)
    assert (reader.run_once(), marks()) == (1, ["1"])


@pytest.mark.django_db
def test_a_handler_that_fails_is_undone_journaled_and_passed_over(now: datetime) -> None:
    def fragile(fact: Sealed) -> None:
        mark(fact)
        assert fact.body["n"] != 1, "we are wrong"

    reader = Reader("fragile", {"test.Counted": fragile})
    ids = [count(n, now) for n in range(3)]
    journal.seal(now)
    assert reader.run_once() == 3
    assert marks() == ["0", "2"]
    journal.seal(now)
    failed = journal.after(3)[0]
    assert (failed.kind, failed.cause, failed.body["number"], failed.body["error"]) == (
        "core.ReaderFailed", ids[1], 2, "AssertionError",
    )  # fmt: skip


@pytest.mark.django_db
def test_a_reader_of_failures_that_fails_itself_does_not_feed_itself(now: datetime) -> None:
    def wrong(fact: Sealed) -> None:
        raise AssertionError("always wrong")

    reader = Reader("wrong", {"test.Counted": wrong, "core.ReaderFailed": wrong})
    count(1, now)
    for _ in range(5):
        journal.seal(now)
        reader.run_once()
    assert journal.head() == 2


@pytest.mark.django_db(transaction=True)
def test_when_the_database_goes_away_the_whole_batch_is_read_again(now: datetime) -> None:
    away = True

    def handle(fact: Sealed) -> None:
        mark(fact)
        if away and fact.body["n"] == 2:
            raise OperationalError("server closed the connection")

    reader = Reader("test", {"test.Counted": handle})
    for n in range(4):
        count(n, now)
    journal.seal(now)
    with pytest.raises(OperationalError):
        reader.run_once()
    assert (marks(), reader.behind()) == ([], 4)
    away = False
    assert reader.run_once() == 4
    assert marks() == ["0", "1", "2", "3"]


@pytest.mark.django_db(transaction=True)
def test_the_same_reader_in_two_places_still_takes_each_fact_once(now: datetime, aside: Aside) -> None:
    ReaderCursor.objects.create(name="test")
    for n in range(60):
        count(n, now)
    journal.seal(now)
    start = Barrier(3)

    def read() -> None:
        reader = Reader("test", {"test.Counted": mark})
        start.wait(20)
        while reader.behind():
            reader.run_once(limit=4)
        connection.close()

    for thread in [aside(read) for _ in range(3)]:
        thread.join(60)
    journal.seal(now)
    assert sorted(marks(), key=int) == [str(n) for n in range(60)]
    assert journal.head() == 60, "no ReaderFailed: nobody met a fact twice"
