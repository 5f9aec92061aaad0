"""What the tests of the floor share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.db import connection

NOW = datetime(2026, 11, 21, 15, 5, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def home(tmp_path: Path, settings: Any) -> Path:
    """A home of this test's own: its vault and its anchors."""
    settings.HOME = tmp_path
    return tmp_path


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
        thread.join(20)
        assert not thread.is_alive(), "a thread of this test did not end"
