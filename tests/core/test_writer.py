"""The one writer: groups, savepoints, answers after the commit, and nobody hurt by a neighbour's mistake."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from datetime import datetime
from typing import Any

import pytest
from core.facts_of_tests import BY, Counted, count
from django.db import DatabaseError, IntegrityError, connection, transaction

from jiangdun.core import journal
from jiangdun.core.journal import Sealed
from jiangdun.core.models import ReaderCursor, Seal
from jiangdun.core.trouble import Busy, WrongState
from jiangdun.core.writer import Writer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def started(now: datetime) -> Iterator[Callable[..., Writer]]:
    """Starts writers as a test wants them, and stops them whatever becomes of the test."""
    writers: list[Writer] = []

    def start(**wishes: Any) -> Writer:
        writers.append(Writer(now=lambda: now, **wishes))
        writers[-1].start()
        return writers[-1]

    yield start
    for writer in writers:
        writer.stop()


@pytest.fixture
def writer(started: Callable[..., Writer]) -> Writer:
    return started()


class Hold:
    """Keeps the writer busy until let go, so that what is submitted meanwhile forms groups."""

    def __init__(self, writer: Writer) -> None:
        self._go = threading.Event()
        started = threading.Event()

        def wait() -> None:
            started.set()
            assert self._go.wait(20)

        self.held = writer.submit(wait)
        assert started.wait(20)

    def let_go(self) -> None:
        self._go.set()
        self.held.result(20)


def names() -> set[str]:
    return set(ReaderCursor.objects.values_list("name", flat=True))


def test_an_action_is_committed_sealed_and_answered(writer: Writer, now: datetime) -> None:
    fact_id = writer.submit(lambda: count(7, now)).result(20)
    (sealed,) = journal.after(0)
    assert (sealed.fact_id, sealed.number, sealed.body) == (fact_id, 1, {"n": 7})


def test_an_answer_comes_after_the_commit(writer: Writer, now: datetime) -> None:
    seen: list[bool] = []
    answers: list[Future[Any]] = []
    hold = Hold(writer)
    for n in range(5):
        answers.append(writer.submit(lambda n=n: ReaderCursor.objects.create(name=f"r{n}")))
    # The callback runs in the writer's thread at the moment of the answer: no transaction may be open then.
    answers[0].add_done_callback(lambda _: seen.append(connection.in_atomic_block))
    hold.let_go()
    for answer in answers:
        answer.result(20)
    assert names() == {f"r{n}" for n in range(5)}
    assert seen == [False]


def test_what_waits_together_is_committed_together_up_to_the_limit(
    started: Callable[..., Writer], now: datetime
) -> None:
    writer = started(group_max=8)
    hold = Hold(writer)
    answers = [writer.submit(lambda n=n: count(n, now)) for n in range(20)]
    hold.let_go()
    for answer in answers:
        answer.result(20)
    writer.stop()
    assert writer.counts.actions == 21
    assert 4 <= writer.counts.groups <= 6
    assert [f.body["n"] for f in journal.after(0)] == list(range(20))


def test_the_error_of_one_action_undoes_it_alone(writer: Writer, now: datetime) -> None:
    def bad() -> None:
        ReaderCursor.objects.create(name="bad")
        count("bad", now)
        raise WrongState(state="closed")

    def worse() -> None:
        ReaderCursor.objects.create(name="one")  # the name is taken: the database itself refuses

    hold = Hold(writer)
    first = writer.submit(lambda: ReaderCursor.objects.create(name="one"))
    second, third = writer.submit(bad), writer.submit(worse)
    fourth = writer.submit(lambda: count("good", now))
    hold.let_go()
    with pytest.raises(WrongState):
        second.result(20)
    with pytest.raises(IntegrityError):
        third.result(20)
    first.result(20)
    fourth.result(20)
    assert names() == {"one"}
    assert [f.body["n"] for f in journal.after(0)] == ["good"]
    assert writer.counts.failed == 2


def test_a_constraint_that_fails_only_at_the_commit_hurts_its_own_action_alone(
    writer: Writer, now: datetime
) -> None:
    def dangling() -> None:
        row = {"algorithms": "sha256", "previous": "", "hash": "", "sm3": ""}
        Seal.objects.create(number=999, fact_id=999_999, sealed_at=now, **row)

    hold = Hold(writer)
    before, wrong = writer.submit(lambda: count("before", now)), writer.submit(dangling)
    after = writer.submit(lambda: count("after", now))
    hold.let_go()
    before.result(20)
    after.result(20)
    with pytest.raises(IntegrityError):
        wrong.result(20)
    assert [f.body["n"] for f in journal.after(0)] == ["before", "after"]
    assert journal.verify(now=now).ok


def test_a_hook_that_fails_after_the_commit_does_not_undo_or_repeat(writer: Writer, now: datetime) -> None:
    def hooked() -> None:
        count("once", now)
        transaction.on_commit(lambda: 1 / 0)

    writer.submit(hooked).result(20)
    writer.submit(lambda: count("next", now)).result(20)
    writer.stop()
    assert [f.body["n"] for f in journal.after(0)] == ["once", "next"]


def test_even_an_exit_raised_by_an_action_does_not_end_the_thread(writer: Writer, now: datetime) -> None:
    def leave() -> None:
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        writer.submit(leave).result(20)
    writer.submit(lambda: count(1, now)).result(20)


def test_sealed_facts_are_told_in_order_after_their_commit_and_a_bad_listener_harms_nothing(
    started: Callable[..., Writer], now: datetime
) -> None:
    told: list[Sealed] = []

    def listen(sealed: list[Sealed]) -> None:
        assert not connection.in_atomic_block
        told.extend(sealed)
        raise RuntimeError("the listener is broken")

    writer = started(on_sealed=listen)
    for n in range(10):
        writer.submit(lambda n=n: count(n, now)).result(20)
    writer.stop()
    assert told == journal.after(0)
    assert [f.number for f in told] == list(range(1, 11))


def test_facts_of_others_are_sealed_without_any_action(started: Callable[..., Writer], now: datetime) -> None:
    told = threading.Event()
    count("left by a command", now)
    writer = started(on_sealed=lambda _: told.set())
    assert told.wait(20)
    writer.stop()
    assert journal.head() == 1


def test_stop_finishes_what_was_taken_and_takes_no_more(
    started: Callable[..., Writer], now: datetime
) -> None:
    writer = started()
    hold = Hold(writer)
    answers = [writer.submit(lambda n=n: count(n, now)) for n in range(100)]
    stopping = threading.Thread(target=writer.stop)
    stopping.start()
    hold.let_go()
    stopping.join(20)
    assert all(answer.done() and answer.exception() is None for answer in answers)
    assert journal.head() == 100
    with pytest.raises(RuntimeError, match="stopped"):
        writer.submit(lambda: None)
    writer.stop()


def test_a_full_queue_refuses_at_once(started: Callable[..., Writer], now: datetime) -> None:
    writer = started(queue_max=3)
    hold = Hold(writer)
    answers = [writer.submit(lambda: count(1, now)) for _ in range(3)]
    with pytest.raises(Busy):
        writer.submit(lambda: count(1, now))
    hold.let_go()
    for answer in answers:
        answer.result(20)
    writer.stop()


def test_an_action_called_off_while_it_waits_is_not_done(writer: Writer, now: datetime) -> None:
    hold = Hold(writer)
    off, on = writer.submit(lambda: count("off", now)), writer.submit(lambda: count("on", now))
    assert off.cancel()
    hold.let_go()
    on.result(20)
    assert [f.body["n"] for f in journal.after(0)] == ["on"]


def test_an_action_that_submits_again_is_told_so_instead_of_waiting_for_ever(writer: Writer) -> None:
    with pytest.raises(AssertionError, match="already in the writer"):
        writer.submit(lambda: writer.submit(lambda: None)).result(20)


def test_a_coroutine_awaits_its_answer(writer: Writer, now: datetime) -> None:
    async def many() -> list[int]:
        return await asyncio.gather(*(writer.do(lambda n=n: count(n, now)) for n in range(40)))

    ids = asyncio.run(many())
    assert sorted(f.fact_id for f in journal.after(0)) == sorted(ids)


def test_actions_from_many_threads_leave_one_whole_chain(writer: Writer, now: datetime) -> None:
    def client(who: int) -> None:
        for n in range(20):
            writer.submit(lambda n=n: count([who, n], now)).result(20)

    threads = [threading.Thread(target=client, args=[who]) for who in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    sealed = journal.after(0)
    assert [f.number for f in sealed] == list(range(1, 161))
    assert sorted(f.body["n"] for f in sealed) == [[who, n] for who in range(8) for n in range(20)]
    assert journal.verify(now=now).ok


def test_a_connection_that_broke_is_answered_with_an_error_and_opened_again(
    writer: Writer, now: datetime
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no server that could hang up")

    def own_backend() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            return int(cursor.fetchone()[0])

    backend = writer.submit(own_backend).result(20)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [backend])
    for _ in range(20):
        answer = writer.submit(lambda: count("again", now))
        if answer.exception(20) is None:
            break
    assert [f.body["n"] for f in journal.after(0)] == ["again"]
    assert writer.submit(own_backend).result(20) != backend


def test_a_fact_needs_no_transaction_of_its_own_in_the_writer(writer: Writer, now: datetime) -> None:
    writer.submit(lambda: journal.record(Counted(1), by=BY, at=now, subject="test:1")).result(20)
    assert journal.head() == 1


def test_an_action_that_hides_an_error_of_the_database_is_answered_with_it(
    writer: Writer, now: datetime
) -> None:
    def hide() -> None:
        with contextlib.suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute("SELECT * FROM no_such_table")
        ReaderCursor.objects.create(name="after the error")

    hold = Hold(writer)
    before, hidden = writer.submit(lambda: count("before", now)), writer.submit(hide)
    after = writer.submit(lambda: count("after", now))
    hold.let_go()
    before.result(20)
    after.result(20)
    if connection.vendor == "postgresql":  # there a transaction is lost with its first error
        with pytest.raises(DatabaseError):
            hidden.result(20)
    assert [f.body["n"] for f in journal.after(0)] == ["before", "after"]


def test_savepoints_inside_an_action_still_undo_what_they_hold(writer: Writer, now: datetime) -> None:
    def half(name: str) -> None:
        ReaderCursor.objects.create(name=f"{name} kept")
        with contextlib.suppress(WrongState), transaction.atomic():
            with transaction.atomic():
                count(f"{name} gone", now)
            raise WrongState
        with contextlib.suppress(WrongState), transaction.atomic():
            raise WrongState  # nothing was done inside: the savepoint was never needed
        with contextlib.suppress(IntegrityError), transaction.atomic():
            ReaderCursor.objects.create(name=f"{name} kept")
        for each in ReaderCursor.objects.filter(name__startswith=name).iterator():
            count(each.name, now)

    hold = Hold(writer)
    answers = [writer.submit(lambda n=n: half(f"r{n}")) for n in range(5)]
    hold.let_go()
    for answer in answers:
        answer.result(20)
    assert names() == {f"r{n} kept" for n in range(5)}
    assert [f.body["n"] for f in journal.after(0)] == [f"r{n} kept" for n in range(5)]
    assert journal.verify(now=now).ok


def test_on_postgresql_a_savepoint_costs_no_message_of_its_own(
    writer: Writer, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite is spoken to without messages")
    from psycopg import ClientCursor

    sent: list[str] = []
    execute = ClientCursor.execute

    def spy(self: Any, query: Any, *rest: Any, **more: Any) -> Any:
        if threading.current_thread().name == "writer" and "core_unsealed" not in str(query):
            sent.append(str(query))
        return execute(self, query, *rest, **more)

    monkeypatch.setattr(ClientCursor, "execute", spy)

    def act() -> list[str]:
        sent.clear()
        count("a", now)
        count("b", now)
        return list(sent)

    messages = writer.submit(act).result(20)
    assert len(messages) == 2
    assert all("INSERT" in message and "SAVEPOINT" in message for message in messages)
