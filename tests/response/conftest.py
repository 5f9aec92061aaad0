"""What the tests of response share: a world to act in, threads, and what the hall wires."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Thread
from typing import Any

import pytest
from django.db import connection
from response.scene import World, build
from sharing import everything_shared

from jiangdun.alliance.grants import CLEARANCES, GRANTS
from jiangdun.core import access, timers
from jiangdun.response import actions


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    """Nobody signs in here: argon2 would only take the time."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _wired() -> Iterator[None]:
    """What the hall does once: grants bound, timers registered."""
    access.bind(GRANTS, CLEARANCES)
    access.bind_shares(everything_shared(("mine", "police", "water", "fire")))
    for kind, handler in actions.TIMERS.items():
        timers.register(kind, handler)
    yield
    access.bind(None)


@pytest.fixture
def world(db: None) -> World:
    return build()


@pytest.fixture
def committed_world(transactional_db: None) -> World:
    """For tests with threads: what is done is seen by other connections."""
    return build()


@pytest.fixture
def aside() -> Iterator[Callable[[Callable[[], Any]], Thread]]:
    """Starts a function in a thread of its own, with a database connection of its own; joined at the end."""
    threads: list[Thread] = []

    def start(work: Callable[[], Any]) -> Thread:
        def run() -> None:
            try:
                work()
            finally:
                connection.close()

        threads.append(Thread(target=run, daemon=True))
        threads[-1].start()
        return threads[-1]

    yield start
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive(), "a thread of this test did not end"
