"""Desk reads the spool: each line once, whatever stops it and whatever stands in the file."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from hall.river import Writer, rule, zone

from jiangdun.core import clock, journal
from jiangdun.hall import spooling
from jiangdun.hall.spooling import LINES_MAX, Spooling
from jiangdun.hall.watching import Watching
from jiangdun.watch import actions, queries, spool

NOW = datetime(2026, 11, 21, 15, 10, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """Real lines, as the engine's process writes them."""
    home = tmp_path_factory.mktemp("ears")
    Writer(home).tell("zones", [zone("b"), zone("d", 119.47)]).tell(
        "rules", [rule("in"), rule("by", fixes=1)]
    ).sail(360).rest()
    watching = Watching(home, lambda track: f"ship {track}")
    watching.recover()
    watching.close()
    found = watching.spool_path.read_bytes().splitlines(keepends=True)
    assert len(found) > 2 * LINES_MAX
    return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "alerts.jsonl"


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool, str]]:
    """Every event given to the watch room."""
    given: list[tuple[str, bool, str]] = []
    real = actions.take_event

    def note(event: dict[str, Any], end: int, now: datetime) -> Any:
        given.append((event["episode"], event["settled"], event["verdict"]))
        return real(event, end, now)

    monkeypatch.setattr(spooling.actions, "take_event", note)
    return given


def key(line: bytes) -> tuple[str, bool, str]:
    event = json.loads(line)
    return event["episode"], event["settled"], event["verdict"]


def refused() -> int:
    journal.seal(clock.now(), limit=10_000)
    return sum(one.kind == "watch.SpoolLineRefused" for one in journal.after(0, 10_000))


def test_no_spool_yet_is_nothing_to_take(path: Path) -> None:
    assert Spooling(path).take_some(NOW) == 0


def test_each_line_is_taken_once_across_restarts(path: Path, lines: list[bytes], taken: list[Any]) -> None:
    path.write_bytes(b"".join(lines))
    batches = []
    while count := Spooling(path).take_some(NOW):  # a new one each time: all it knows is in the database
        batches.append(count)
    assert taken == [key(line) for line in lines]
    assert max(batches) == LINES_MAX
    assert queries.spool_position() == path.stat().st_size


def test_a_transaction_undone_takes_its_lines_again(path: Path, lines: list[bytes], taken: list[Any]) -> None:
    path.write_bytes(b"".join(lines[:10]))
    with transaction.atomic():  # killed before the commit
        Spooling(path).take_some(NOW)
        transaction.set_rollback(True)
    assert queries.spool_position() == 0
    assert Spooling(path).take_some(NOW) == 10
    assert taken == 2 * [key(line) for line in lines[:10]]


def test_half_a_line_waits_for_its_end(path: Path, lines: list[bytes], taken: list[Any]) -> None:
    path.write_bytes(lines[0] + lines[1][:50])
    assert Spooling(path).take_some(NOW) == 1
    assert Spooling(path).take_some(NOW) == 0
    with path.open("ab") as file:
        file.write(lines[1][50:])
    assert Spooling(path).take_some(NOW) == 1
    assert taken == [key(line) for line in lines[:2]]


@pytest.mark.parametrize(
    "bad",
    [b'{"episode":"half', b"\xff\xfe", b"[]", b"null", b"{" * 60_000, b"x" * (3 * spool.MAX_LINE), b"{}"],
)
def test_a_line_that_is_none_of_ours_is_counted_and_stands_in_nobodys_way(
    path: Path, lines: list[bytes], taken: list[Any], bad: bytes
) -> None:
    path.write_bytes(lines[0] + bad + b"\n" + lines[1])
    while Spooling(path).take_some(NOW):
        pass
    assert taken == [key(line) for line in lines[:2]]
    assert refused() == 1
    assert queries.spool_position() == path.stat().st_size


def test_a_line_too_long_that_has_no_end_yet_is_waited_for(
    path: Path, lines: list[bytes], taken: list[Any]
) -> None:
    path.write_bytes(lines[0] + b"x" * (2 * spool.MAX_LINE))
    Spooling(path).take_some(NOW)
    assert Spooling(path).take_some(NOW) == 0
    assert len(taken) == 1
    assert refused() == 0
    with path.open("ab") as file:
        file.write(b"\n" + lines[1])
    while Spooling(path).take_some(NOW):
        pass
    assert len(taken) == 2
    assert refused() == 1


def test_empty_lines_are_passed_over(path: Path, lines: list[bytes], taken: list[Any]) -> None:
    path.write_bytes(b"\n" + lines[0] + b"\n\n" + lines[1] + b"\n")
    while Spooling(path).take_some(NOW):
        pass
    assert len(taken) == 2
    assert refused() == 0


def test_a_spool_shorter_than_what_was_read_is_read_from_its_beginning_and_changes_nothing_twice(
    path: Path, lines: list[bytes], taken: list[Any]
) -> None:
    path.write_bytes(b"".join(lines[:20]))
    Spooling(path).take_some(NOW)
    journal.seal(clock.now(), limit=10_000)
    facts = journal.head()
    path.write_bytes(b"".join(lines[:15]))
    assert Spooling(path).take_some(NOW) == 15
    journal.seal(clock.now(), limit=10_000)
    assert [one.kind for one in journal.after(facts, 100)] == [], "known episodes say nothing new"


def test_what_the_cursor_covers_is_on_the_disk_first(
    path: Path, lines: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a power cut leaves the cursor behind the spool's end, and what ears writes then is never read."""
    steps: list[str] = []
    real = actions.take_event
    monkeypatch.setattr(os, "fsync", lambda handle: steps.append(os.readlink(f"/proc/self/fd/{handle}")))
    monkeypatch.setattr(spooling.actions, "take_event", lambda *a: (steps.append("taken"), real(*a)))
    path.write_bytes(b"".join(lines[:3]))
    Spooling(path).take_some(NOW)
    assert steps == [str(path), "taken", "taken", "taken"]
