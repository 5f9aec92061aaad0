"""The archive beside the hearing, and what of the log may go."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import structlog
from hall import river
from hall.river import Writer, rule, zone

from jiangdun.feeds.log import SUFFIX, ChunkLog, Reference, chunks, read
from jiangdun.feeds.segments import Segments
from jiangdun.hall import forgetting
from jiangdun.hall.archiving import Archiving
from jiangdun.hall.forgetting import Forgetting
from jiangdun.hall.watching import Watching
from jiangdun.picture.archiver import read_manifest

DAY = 1_200
"""Steps of ten seconds: more than three hours."""


def sailed(home: Path) -> Writer:
    return Writer(home).tell("zones", [zone("b")]).tell("rules", [rule("in")]).sail(DAY)


def take(archiving: Archiving, writer: Writer) -> None:
    for record in writer.records:
        if hasattr(record, "rows"):
            archiving.take(record)
            if archiving.due:
                archiving.write()


def segments(home: Path) -> list[tuple[int, int, bytes]]:
    return [
        (one.from_position, one.to_position, (home / "archive" / one.file).read_bytes())
        for one in read_manifest(home)
    ]


def test_killed_and_started_again_it_writes_the_same_segments(tmp_path: Path) -> None:
    writer = sailed(tmp_path)
    take(Archiving(tmp_path), writer)
    straight = segments(tmp_path)
    assert len(straight) >= 3
    shutil.rmtree(tmp_path / "archive")
    half = Archiving(tmp_path)
    for record in writer.records[: DAY // 2]:
        if hasattr(record, "rows"):
            half.take(record)
    again = Archiving(tmp_path)
    again.recover()
    assert segments(tmp_path) == straight
    assert again.covered == straight[-1][1]


def test_a_disk_that_refuses_is_said_once_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer, archiving = sailed(tmp_path), Archiving(tmp_path)
    for record in writer.records[: DAY // 2]:
        if hasattr(record, "rows"):
            archiving.take(record)
    assert archiving.due

    def refuse() -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, structlog.testing.capture_logs() as said:
        patch.setattr(archiving._archiver, "write", refuse)
        archiving.write()
        archiving.write()
    assert "No space left" in archiving.health()["trouble"]
    assert len(said) == 1
    archiving.write()
    assert archiving.health()["trouble"] == ""
    assert archiving.covered > 0


def test_one_that_fell_behind_catches_up_from_the_log(tmp_path: Path) -> None:
    writer = sailed(tmp_path)
    other = tmp_path / "other"
    (other).mkdir()
    (other / "log").symlink_to(tmp_path / "log")
    take(Archiving(tmp_path), writer)
    slow = Archiving(other)
    for record in writer.records:
        if hasattr(record, "rows"):
            slow.take(record)  # nobody writes
    assert slow.health()["behind"] or slow.due
    slow.catch_up_if_behind()
    while slow.due:
        slow.write()
    assert [one[:2] for one in segments(other)] == [one[:2] for one in segments(tmp_path)]


# -- forgetting


def keep(
    home: Path, monkeypatch: pytest.MonkeyPatch, back: int = 40
) -> tuple[ChunkLog, Watching, Archiving, Forgetting]:
    """Ears' parts over a log of small segments, `back` reports kept for the picture."""
    monkeypatch.setattr(forgetting, "BACK_REPORTS", back)
    log = ChunkLog(home / "log", bytes_max=4_096, sync=False)
    watching, archiving = Watching(home, str), Archiving(home)
    return log, watching, archiving, Forgetting(log, watching, archiving)


def sail(
    writer: Writer, log: ChunkLog, parts: tuple[Watching, Archiving, Forgetting], steps: int, look_each: int
) -> int:
    watching, archiving, forgets = parts
    writer.log, gone, at = log, 0, len(writer.records)
    writer.sail(steps)
    for number, record in enumerate(writer.records[at:], 1):
        watching.take(record)
        archiving.take(record)
        if archiving.due:
            archiving.write()
        if number % look_each == 0 and number == steps:
            watching.checkpoint(float(number))
            gone += forgets.look()
    return gone


def test_what_is_judged_and_archived_goes_and_what_is_left_stands_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, watching, archiving, forgets = keep(tmp_path, monkeypatch)
    writer = Writer.__new__(Writer)
    writer.log, writer.records, writer._step = log, [], 0
    for record in writer.tell("zones", [zone("b")]).tell("rules", [rule("in")]).records:
        watching.take(record)
    parts = (watching, archiving, forgets)
    gone = sum(sail(writer, log, parts, 100, 100) for _ in range(12))
    assert gone > 5
    first = next(chunks(tmp_path / "log"))
    assert 0 < first.position <= forgets.horizon
    told = {record.kind for record in read(tmp_path / "log") if isinstance(record, Reference)}
    assert told == {"rules", "zones"}
    kept = [record for record in read(tmp_path / "log", forgets.horizon) if hasattr(record, "rows")]
    assert kept[0].position == forgets.horizon
    assert sum(len(record.rows) for record in kept) == log.position - forgets.horizon
    again = Watching(tmp_path, str)
    again.recover()
    assert again.engine.digest() == watching.engine.digest()


def test_nothing_goes_that_the_archive_has_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log, watching, archiving, forgets = keep(tmp_path, monkeypatch)
    writer = Writer.__new__(Writer)
    writer.log, writer.records, writer._step = log, [], 0
    for _ in range(4):
        writer.sail(60)
        for record in writer.records[-60:]:
            watching.take(record)
        watching.checkpoint(0.0)
        assert forgets.look() == 0
    assert len(Segments.paths(tmp_path / "log", SUFFIX)) > 3
    assert archiving.covered == 0


def test_nothing_goes_that_the_older_checkpoint_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, watching, archiving, forgets = keep(tmp_path, monkeypatch)
    writer = Writer.__new__(Writer)
    writer.log, writer.records, writer._step = log, [], 0
    writer.sail(DAY)
    for record in writer.records:
        watching.take(record)
        archiving.take(record)
        if archiving.due:
            archiving.write()
    watching.checkpoint(0.0)
    assert archiving.covered > 0
    assert forgets.look() == 0, "the one checkpoint there is may be damaged"
    watching.checkpoint(1.0)
    assert forgets.look() > 0
    damaged = tmp_path / "run" / "checkpoint.bin"
    damaged.write_bytes(b"")
    again = Watching(tmp_path, str)
    assert again.recover() == 0
    assert again.engine.digest() == watching.engine.digest()


def test_the_log_is_told_its_rules_once_a_segment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log, watching, _, forgets = keep(tmp_path, monkeypatch)
    writer = Writer.__new__(Writer)
    writer.log, writer.records, writer._step = log, [], 0
    for record in writer.tell("rules", [rule("in")]).sail(3).records:
        watching.take(record)
    digest, position = watching.engine.digest(), watching.position
    for _ in range(5):
        forgets.look()
    told = [record for record in read(tmp_path / "log") if isinstance(record, Reference)]
    assert len(told) == 2
    assert (watching.engine.digest(), watching.position) == (digest, position)


def test_a_log_without_anything_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, _, _, forgets = keep(tmp_path, monkeypatch)
    assert forgets.look() == 0


def test_the_ships_of_these_tests_sail_for_hours() -> None:
    assert np.ptp([river.rows(0)["t"][0], river.rows(DAY - 1)["t"][0]]) > 3 * 3_600_000
