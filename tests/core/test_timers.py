"""Timers: stored moments, fired once, whatever happens in between."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread
from typing import Any
from urllib.parse import quote

import pytest
from core.facts_of_tests import count
from django.conf import settings
from django.db import connection

from jiangdun.core import journal, timers
from jiangdun.core.models import Timer

Fired = list[tuple[str, Any, datetime, datetime]]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def fired(monkeypatch: pytest.MonkeyPatch) -> Fired:
    """What timers of the kind `bell` did, as their handler was told."""
    found: Fired = []
    monkeypatch.setattr(timers, "_handlers", {})
    timers.register("bell", lambda *told: found.append(told))
    return found


@pytest.mark.django_db
def test_a_timer_fires_once_when_it_is_due_and_is_told_when_that_was(now: datetime, fired: Fired) -> None:
    timers.set("bell", "a", now + MINUTE, {"n": 1})
    assert timers.tick(now) == 0
    assert timers.tick(now + 3 * MINUTE) == 1
    assert timers.tick(now + 3 * MINUTE) == 0
    assert fired == [("a", {"n": 1}, now + MINUTE, now + 3 * MINUTE)]


@pytest.mark.django_db
def test_due_timers_fire_oldest_first_and_no_more_than_the_limit(now: datetime, fired: Fired) -> None:
    for n in (3, 1, 2, 0):
        timers.set("bell", str(n), now + n * MINUTE)
    assert timers.tick(now + 9 * MINUTE, limit=3) == 3
    assert timers.tick(now + 9 * MINUTE, limit=3) == 1
    assert [key for key, *_ in fired] == ["0", "1", "2", "3"]


@pytest.mark.django_db
def test_setting_again_moves_a_waiting_timer_and_repeats_no_fired_one(now: datetime, fired: Fired) -> None:
    timers.set("bell", "a", now)
    timers.set("bell", "a", now + MINUTE, "later")
    assert timers.tick(now) == 0
    assert timers.tick(now + MINUTE) == 1
    timers.set("bell", "a", now + MINUTE, "said twice")
    assert timers.tick(now + 9 * MINUTE) == 0
    timers.set("bell", "a", now + 2 * MINUTE, "really again")
    assert timers.tick(now + 9 * MINUTE) == 1
    assert [payload for _, payload, *_ in fired] == ["later", "really again"]


@pytest.mark.django_db
def test_a_cancelled_timer_stays_silent_until_it_is_set_again(now: datetime, fired: Fired) -> None:
    timers.set("bell", "a", now)
    assert timers.cancel("bell", "a")
    assert not timers.cancel("bell", "a")
    assert timers.tick(now) == 0
    timers.set("bell", "a", now)
    assert timers.tick(now) == 1


@pytest.mark.django_db
def test_a_timer_nobody_answers_for_waits_and_blocks_no_other(now: datetime, fired: Fired) -> None:
    timers.set("unknown", "a", now - MINUTE)
    timers.set("bell", "b", now)
    assert timers.tick(now, limit=1) == 1
    assert timers.waiting(now) == timers.Waiting(pending=1, due=1, failing=0)


@pytest.mark.django_db
def test_a_failing_handler_is_undone_journaled_once_and_tried_again(now: datetime, fired: Fired) -> None:
    broken = True

    def handle(key: str, payload: Any, due_at: datetime, at: datetime) -> None:
        count(key, at)
        if broken:
            raise AssertionError("we are wrong")

    timers.register("fragile", handle)
    timers.set("fragile", "a", now)
    timers.set("bell", "b", now)
    assert timers.tick(now) == 1
    assert timers.tick(now) == 0
    assert timers.tick(now + MINUTE) == 0
    assert timers.waiting(now).failing == 1
    broken = False
    assert timers.tick(now + 5 * MINUTE) == 1
    journal.seal(now)
    assert [f.kind for f in journal.after(0)] == ["core.TimerFailed", "test.Counted"]


@pytest.mark.django_db(transaction=True)
def test_two_ticks_at_once_fire_each_timer_once(now: datetime, fired: Fired) -> None:
    timers.register("bell", lambda key, *_: count(key, now))
    for n in range(40):
        timers.set("bell", str(n), now)
    start = Barrier(3)

    def tick() -> None:
        start.wait(20)
        timers.tick(now)
        connection.close()

    threads = [Thread(target=tick) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    journal.seal(now)
    assert sorted(f.body["n"] for f in journal.after(0)) == sorted(str(n) for n in range(40))
    assert Timer.objects.filter(state=Timer.FIRED).count() == 40


TIMERS = 150
VICTIM = """
import sys
import time
from datetime import UTC, datetime, timedelta
import django
django.setup()
from django.core.management import call_command
from django.db import transaction
from core.facts_of_tests import count
from jiangdun.core import journal, timers
from jiangdun.core.models import Timer
from jiangdun.core.writer import Writer

now = datetime(2026, 11, 21, 15, 5, tzinfo=UTC)


def ring(key, payload, due_at, at):
    time.sleep(0.01)  # a wide door for the kill, between the claim and its effect
    count(key, at, "timer:" + key)


timers.register("bell", ring)
if sys.argv[1] == "prepare":
    call_command("migrate", "core", verbosity=0, skip_checks=True)
    with transaction.atomic():
        for n in range(int(sys.argv[2])):
            timers.set("bell", str(n), now - timedelta(seconds=n))
elif sys.argv[1] == "writer":
    writer = Writer(now=lambda: now)
    writer.start()
    writer.submit(lambda: timers.tick(now, limit=3)).result()
    print("working", flush=True)
    while writer.submit(lambda: timers.tick(now, limit=3)).result():
        pass
    writer.stop()
elif sys.argv[1] == "alone":
    timers.tick(now, limit=3)
    print("working", flush=True)
    while timers.tick(now, limit=3):
        pass
elif sys.argv[1] == "report":
    while journal.seal(now):
        pass
    facts = journal.after(0, limit=5000)
    verdict = journal.verify(now=now + timedelta(hours=1))
    print(len(facts), len({f.subject for f in facts}), timers.waiting(now).pending, verdict.ok)
"""


@pytest.fixture
def victim(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts the program above on a database of its own, of the kind this run of the tests uses."""
    env = {**os.environ, "JIANGDUN_HOME": str(tmp_path), "DJANGO_SETTINGS_MODULE": "jiangdun.hall.settings"}
    env["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    env["DATABASE_URL"] = ""
    chosen = settings.DATABASES["default"]
    server = None
    if "postgresql" in chosen["ENGINE"]:
        import psycopg

        name, host = f"jiangdun_victim_{os.getpid()}", chosen["HOST"] or "localhost"
        login = f"{quote(chosen['USER'])}:{quote(chosen['PASSWORD'])}@{host}:{chosen['PORT'] or 5432}"
        server = psycopg.connect(f"postgres://{login}/postgres", autocommit=True)
        server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        server.execute(f'CREATE DATABASE "{name}"')
        env["DATABASE_URL"] = f"postgres://{login}/{name}"

    def start(*words: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", VICTIM, *words]
        return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)

    yield start
    if server is not None:
        server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        server.close()


def finish(process: subprocess.Popen[str]) -> str:
    words = process.communicate(timeout=120)[0]
    assert process.returncode == 0
    return words.strip()


def kill_at_random_moments(victim: Callable[..., subprocess.Popen[str]], kills: int, size: int) -> None:
    chance = random.Random(20261121)
    finish(victim("prepare", str(size)))
    killed = 0
    for turn in range(kills):
        process = victim(("alone", "writer")[turn % 2])
        assert process.stdout is not None
        assert process.stdout.readline() == "working\n"
        try:
            process.wait(timeout=chance.uniform(0.0, 0.1))
        except subprocess.TimeoutExpired:
            process.kill()
            killed += 1
        process.communicate(timeout=60)
    assert killed > kills // 2, "the work was over before it could be killed: give it more timers"
    finish(victim("writer"))
    assert finish(victim("report")) == f"{size} {size} 0 True"


def test_killed_at_random_moments_no_timer_is_lost_and_none_fires_twice(
    victim: Callable[..., subprocess.Popen[str]],
) -> None:
    kill_at_random_moments(victim, 6, TIMERS)


@pytest.mark.soak
def test_killed_very_often_no_timer_is_lost_and_none_fires_twice(
    victim: Callable[..., subprocess.Popen[str]],
) -> None:
    if os.environ.get("HYPOTHESIS_PROFILE") != "soak":
        pytest.skip("forty kills take a minute: make soak")
    kill_at_random_moments(victim, 40, 600)
