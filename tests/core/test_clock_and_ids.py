"""The clock and the ids."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from jiangdun.core import clock, ids


@pytest.fixture(autouse=True)
def _offset() -> Iterator[None]:
    held = clock.offset()
    yield
    clock.set_offset(held)


def test_the_clock_speaks_utc_and_adds_its_constant() -> None:
    before = datetime.now(UTC)
    clock.set_offset(timedelta(hours=8))
    assert clock.now().tzinfo is UTC
    assert clock.now() - before >= timedelta(hours=8)
    assert clock.now() - before < timedelta(hours=9)
    assert abs(clock.now_ms() / 1000 - clock.now().timestamp()) < 60


def test_ids_are_version_7_and_rise_even_when_the_clock_steps_back() -> None:
    drawn = [ids.new_id() for _ in range(5000)]
    clock.set_offset(clock.offset() - timedelta(days=1))
    drawn += [ids.new_id() for _ in range(5000)]
    assert drawn == sorted(drawn)
    assert len(set(drawn)) == len(drawn)
    assert {(each.version, each.variant) for each in drawn} == {(7, "specified in RFC 4122")}


def test_an_id_holds_its_moment() -> None:
    clock.set_offset(timedelta(days=365))
    ms = ids.new_id().int >> 80
    assert abs(ms - clock.now_ms()) < 60_000


def test_ids_of_many_threads_are_all_different() -> None:
    with ThreadPoolExecutor(8) as pool:
        drawn = [
            each
            for batch in pool.map(lambda _: [ids.new_id() for _ in range(500)], range(16))
            for each in batch
        ]
    assert len(set(drawn)) == 8000


def test_secrets_are_long_and_never_the_same() -> None:
    drawn = {ids.new_secret() for _ in range(1000)}
    assert len(drawn) == 1000
    assert all(len(each) >= 32 for each in drawn)
