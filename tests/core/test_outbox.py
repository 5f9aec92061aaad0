"""The outbox: at least once, never lost, the key against doubles."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Barrier, Lock, Thread
from typing import Any

import pytest
from django.db import connection, transaction

from jiangdun.core import journal, outbox
from jiangdun.core.models import OutboxRow

MINUTE = timedelta(minutes=1)
Aside = Callable[[Callable[[], Any]], Thread]


@pytest.mark.django_db
def test_a_letter_is_sent_once_with_its_key(now: datetime) -> None:
    sent: list[tuple[str, Any]] = []
    senders = {"sms": lambda key, payload: sent.append((key, payload))}
    assert outbox.put("sms", "fact-7", {"to": "ref", "text": "离开"}, now)
    assert not outbox.put("sms", "fact-7", {"to": "ref", "text": "again"}, now)
    assert outbox.put("vhf", "fact-7", {}, now)
    assert outbox.run_once(senders, now) == 1
    assert outbox.run_once(senders, now + 9 * MINUTE) == 0
    assert sent == [("fact-7", {"to": "ref", "text": "离开"})]
    assert outbox.counts() == {"sent": 1, "queued": 1}


@pytest.mark.django_db(transaction=True)
def test_a_letter_of_a_change_that_did_not_happen_is_not_sent(now: datetime) -> None:
    with transaction.atomic():
        outbox.put("sms", "a", {}, now)
        transaction.set_rollback(True)
    assert outbox.run_once({"sms": lambda *_: None}, now) == 0


@pytest.mark.django_db
def test_a_letter_not_taken_is_tried_again_with_growing_pauses_and_harms_no_other(now: datetime) -> None:
    tries: list[datetime] = []
    moment = now

    def sender(key: str, payload: Any) -> None:
        if key == "bad":
            tries.append(moment)
            raise ConnectionRefusedError("gateway down")

    outbox.put("sms", "bad", {}, now)
    outbox.put("sms", "good", {}, now)
    assert outbox.run_once({"sms": sender}, now) == 1
    for second in range(1, 40):
        moment = now + timedelta(seconds=second)
        outbox.run_once({"sms": sender}, moment)
    assert [(at - now).seconds for at in tries] == [0, 2, 6, 14, 30]
    assert "gateway down" in OutboxRow.objects.get(key="bad").trouble


@pytest.mark.django_db
def test_a_letter_nobody_takes_is_given_up_with_a_fact(now: datetime) -> None:
    def sender(key: str, payload: Any) -> None:
        raise TimeoutError

    outbox.put("sms", "bad", {}, now)
    for step in range(outbox.ATTEMPTS_MAX + 5):
        outbox.run_once({"sms": sender}, now + step * timedelta(hours=1))
    assert outbox.counts() == {"dead": 1}
    journal.seal(now)
    (given_up,) = journal.after(0)
    assert (given_up.kind, given_up.body["attempts"]) == ("core.LetterGivenUp", outbox.ATTEMPTS_MAX)


@pytest.mark.django_db
def test_a_letter_taken_up_by_a_run_that_died_is_sent_again_after_the_lease(now: datetime) -> None:
    outbox.put("sms", "a", {}, now)
    (letter,) = outbox.claim(["sms"], now)
    assert letter.attempt == 1
    sent: list[str] = []
    senders = {"sms": lambda key, _: sent.append(key)}
    assert outbox.run_once(senders, now + outbox.LEASE / 2) == 0
    assert outbox.run_once(senders, now + outbox.LEASE) == 1
    assert sent == ["a"]


@pytest.mark.django_db
def test_nothing_is_sent_inside_a_transaction_of_ours(now: datetime) -> None:
    inside: list[bool] = []
    open_now = False

    def write(work: Any) -> Any:
        nonlocal open_now
        open_now = True
        try:
            return work()
        finally:
            open_now = False

    outbox.put("sms", "a", {}, now)
    outbox.run_once({"sms": lambda *_: inside.append(open_now)}, now, write=write)
    assert inside == [False]


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_send_each_letter_once(now: datetime, aside: Aside) -> None:
    for n in range(40):
        outbox.put("sms", str(n), {}, now)
    sent: list[str] = []
    lock, start = Lock(), Barrier(2)

    def sender(key: str, payload: Any) -> None:
        with lock:
            sent.append(key)

    def run() -> None:
        start.wait(20)
        while outbox.run_once({"sms": sender}, now, limit=5):
            pass
        connection.close()

    for thread in [aside(run) for _ in range(2)]:
        thread.join(60)
    outbox.run_once({"sms": sender}, now)
    assert sorted(sent, key=int) == [str(n) for n in range(40)]
