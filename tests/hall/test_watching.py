"""Judging: killed at any record, on a full disk, with rules that come and go, nothing is lost and nothing is twice."""

from __future__ import annotations

import errno
import itertools
import os
from pathlib import Path
from typing import Any

import pytest
from hall import river
from hall.river import Writer, rule, zone

from jiangdun.feeds.columns import Chunk
from jiangdun.feeds.log import Reference
from jiangdun.hall import checkpoints
from jiangdun.hall.watching import Watching
from jiangdun.watch.engine import Engine, LimitExceeded
from jiangdun.watch.rules import AlertEvent


def label(track: int) -> str:
    return f"ship {track}"


def watch(home: Path) -> Watching:
    return Watching(home, label)


@pytest.fixture
def evening(tmp_path: Path) -> Writer:
    """Rules are released, replaced and retired, zones drawn and removed, while ships sail."""
    writer = Writer(tmp_path)
    writer.tell("zones", [zone("b"), zone("d", 119.47)]).tell("rules", [rule("in")]).sail(30)
    writer.tell("zones", [zone("a", 119.48), zone("b"), zone("d", 119.47)]).rest(30).sail(25)
    writer.tell("rules", [rule("in", 2, fixes=3), rule("other", fixes=1)]).sail(20)
    writer.tell("zones", [zone("a", 119.48)]).tell("rules", []).tell("rules", [rule("in", 3)]).sail(
        110
    ).rest()
    return writer


def straight(home: Path, evening: Writer) -> tuple[str, set[tuple[Any, ...]]]:
    """What one that never stopped says."""
    watching = watch(home / "straight")
    for record in evening.records:
        watching.take(record)
    return watching.engine.digest(), river.settled(watching.spool_path)


def test_the_evening_has_something_of_everything(evening: Writer, tmp_path: Path) -> None:
    _, events = straight(tmp_path, evening)
    assert {verdict for *_, verdict in events} >= {"raised", "confirmed"}
    assert {version for _, version, *_ in events} >= {1, 2, 3}


def test_killed_after_any_record_it_says_what_one_that_never_stopped_says(
    evening: Writer, tmp_path: Path
) -> None:
    digest, events = straight(tmp_path, evening)
    chosen = range(1, len(evening.records), 1 if os.environ.get("JIANGDUN_SOAK") else 6)
    edges = {n for n, record in enumerate(evening.records, 1) if isinstance(record, Reference)}
    for stop in sorted(edges | set(chosen)):
        home = tmp_path / str(stop)
        (home / "log").parent.mkdir()
        (home / "log").symlink_to(tmp_path / "log")
        before = watch(home)
        for number, record in enumerate(evening.records[:stop]):
            before.take(record)
            if number == stop // 2:
                before.checkpoint(0.0)
        before.close()  # as a kill would: no last checkpoint
        after = watch(home)
        after.recover()
        assert after.engine.digest() == digest, stop
        assert river.settled(after.spool_path) == events, stop
        after.close()


def test_a_checkpoint_at_any_record_is_taken_up_again(evening: Writer, tmp_path: Path) -> None:
    """Also between two reference records at one position, after a rule was retired, after a zone was removed."""
    digest, events = straight(tmp_path, evening)
    watching = watch(tmp_path)
    for number, record in enumerate(evening.records, 1):
        watching.take(record)
        watching.checkpoint(float(number))
        watching.close()
        watching = watch(tmp_path)
        rest = watching._load()
        assert watching.position == record.position + (len(record.rows) if hasattr(record, "rows") else 0)
        assert rest == sum(1 for _ in itertools.takewhile(lambda r: not hasattr(r, "rows"),
                                                          reversed(evening.records[:number])))  # fmt: skip
    assert watching.engine.digest() == digest
    assert river.settled(watching.spool_path) == events


def test_references_that_a_checkpoint_has_passed_are_not_read_a_second_time(tmp_path: Path) -> None:
    """A rule that left and came back at one position, and time that went on after: what it saw since is kept."""
    writer = Writer(tmp_path).tell("zones", [zone("b")]).tell("rules", [rule("in")]).sail(11)
    writer.tell("rules", []).tell("rules", [rule("in")]).rest(20)
    before = watch(tmp_path)
    before.recover()
    before.checkpoint(0.0)
    before.close()
    after, taken = watch(tmp_path), []
    after.recover(taken.append)
    assert taken == []
    writer.tell("rules", [rule("in", 2)])
    again = watch(tmp_path)
    again.recover(taken.append)
    assert [record.body["items"] for record in taken] == [[rule("in", 2)]], "what came later is read"


def test_a_rule_retired_while_its_alert_is_open_is_spoken_of_after_a_restart(tmp_path: Path) -> None:
    writer = Writer(tmp_path).tell("zones", [zone("b")]).tell("rules", [rule("in", fixes=1)]).sail(11)
    writer.tell("rules", []).tell("zones", [])
    before = watch(tmp_path)
    before.recover()
    said = river.said(before.spool_path)
    still_open = {e["episode"] for e in said} - {e["episode"] for e in said if e["settled"]}
    assert still_open
    before.checkpoint(0.0)
    before.close()
    after = watch(tmp_path)
    after._load()
    for record in writer.rest(120).records[-1:]:
        after.take(record)
    spoken = river.said(after.spool_path)[len(said) :]
    assert {event["episode"] for event in spoken} == still_open
    assert {(event["rule"], event["rule_version"]) for event in spoken} == {("in", 1)}
    assert {event["zone_name_en"] for event in spoken} == {"Zone b"}
    assert after.unsayable == 0


@pytest.mark.parametrize("damage", ["flipped", "cut", "empty", "of another version"])
def test_a_damaged_checkpoint_costs_the_way_from_the_one_before(
    evening: Writer, tmp_path: Path, damage: str
) -> None:
    digest, events = straight(tmp_path, evening)
    watching = watch(tmp_path)
    for number, record in enumerate(evening.records, 1):
        watching.take(record)
        if number in (40, 80):
            assert watching.checkpoint(float(number))
    older = evening.records[40].position
    assert watching.needed_from == older
    watching.close()
    path = tmp_path / "run" / "checkpoint.bin"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x10
    path.write_bytes(
        {"flipped": bytes(data), "cut": data[:200], "empty": b"", "of another version": b"JDCHECK0" * 9}[
            damage
        ]
    )
    again = watch(tmp_path)
    assert again.recover() == evening.log.position - older
    assert again.engine.digest() == digest
    assert river.settled(again.spool_path) == events
    assert path.with_suffix(".bin.damaged").exists(), "it may be evidence"


def test_both_checkpoints_lost_the_log_has_everything(evening: Writer, tmp_path: Path) -> None:
    digest, events = straight(tmp_path, evening)
    watching = watch(tmp_path)
    for number, record in enumerate(evening.records, 1):
        watching.take(record)
        if number in (40, 80):
            watching.checkpoint(float(number))
    watching.close()
    path = tmp_path / "run" / "checkpoint.bin"
    path.write_bytes(b"nothing")
    checkpoints.older(path).write_bytes(b"nothing")
    again = watch(tmp_path)
    assert again.recover() == evening.log.position
    assert again.engine.digest() == digest
    assert river.settled(again.spool_path) == events


def test_killed_between_the_two_moves_of_a_checkpoint_the_older_one_is_taken(
    evening: Writer, tmp_path: Path
) -> None:
    watching = watch(tmp_path)
    watching.recover()
    watching.checkpoint(0.0)
    path = tmp_path / "run" / "checkpoint.bin"
    path.replace(checkpoints.older(path))
    again = watch(tmp_path)
    assert again.recover() == 0
    assert again.engine.digest() == watching.engine.digest()


def test_a_full_disk_keeps_alerts_waiting_and_no_checkpoint_passes_them(
    evening: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, events = straight(tmp_path, evening)
    watching = watch(tmp_path)
    real, room = os.write, 100

    def full(handle: int, data: bytes) -> int:
        nonlocal room
        if handle != watching._spool:
            return real(handle, data)
        if not room:
            raise OSError(errno.ENOSPC, "No space left on device")
        room -= (written := real(handle, bytes(data[:room])))
        return written

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        for record in evening.records:
            watching.take(record)
        assert "No space left" in watching.spool_error
        assert not watching.checkpoint(0.0)
        assert not (tmp_path / "run" / "checkpoint.bin").exists()
    assert watching.spool_path.stat().st_size == 100, "a line was cut in the middle"
    assert watching.say_on()
    assert watching.spool_error == ""
    assert river.settled(watching.spool_path) == events
    assert watching.checkpoint(0.0)


def test_rules_and_zones_that_cannot_be_judged_by_leave_the_former_in_force(tmp_path: Path) -> None:
    """They stand in the log: neither the running process nor any start to come may fall over them."""
    writer = Writer(tmp_path).tell("zones", [zone("b")]).tell("rules", [rule("in")]).sail(20)
    flat = zone("flat")
    flat["polygons"] = [[[[119.45, 32.2], [119.46, 32.2], [119.45, 32.2]]]]
    writer.tell("zones", [zone("b"), flat]).sail(100).tell("zones", [{"broken": 1}]).rest()
    watching = watch(tmp_path)
    watching.recover()
    assert watching.refused
    assert watching.told("zones") == [{"broken": 1}], "so that the same is not put down again"
    said = river.said(watching.spool_path)
    assert {event["zone_name_en"] for event in said} == {"Zone b"}
    assert max(event["started_at_ms"] for event in said) > river.T0 + 20 * river.STEP_MS
    watching.checkpoint(0.0)
    again = watch(tmp_path)
    assert again.recover() == 0
    assert again.refused == watching.refused
    again.take(writer.log.refer("zones", {"items": [zone("b")]}))
    assert again.refused == ""


def test_the_same_rules_told_again_change_nothing(evening: Writer, tmp_path: Path) -> None:
    digest, events = straight(tmp_path, evening)
    watching = watch(tmp_path / "again")
    for record in evening.records:
        watching.take(record)
        for kind in ("rules", "zones"):
            items = watching.told(kind)
            if items is not None:
                watching.take(
                    Reference(watching.position, watching.engine.wm_ms, kind, river.keeps({"items": items}))
                )
    assert watching.engine.digest() == digest
    assert river.settled(watching.spool_path) == events


def test_an_alert_that_cannot_be_put_in_words_harms_none_beside_it(evening: Writer, tmp_path: Path) -> None:
    def stumbles(track: int) -> str:
        if track == 413_000_002:
            raise ValueError("no name")
        return label(track)

    _, events = straight(tmp_path, evening)
    watching = Watching(tmp_path, stumbles)
    for record in evening.records:
        watching.take(record)
    said = river.said(watching.spool_path)
    assert {event["track"] for event in said} == {413_000_001, 413_000_003, 413_000_004}
    assert watching.unsayable == len(evening_lines(tmp_path)) - len(said)
    assert river.settled(watching.spool_path) < events


def evening_lines(home: Path) -> list[dict[str, Any]]:
    return river.said(home / "straight" / "spool" / "alerts.jsonl")


def test_a_line_cut_off_by_a_crash_is_ended_so_that_the_next_stands_alone(tmp_path: Path) -> None:
    path = tmp_path / "spool" / "alerts.jsonl"
    path.parent.mkdir()
    path.write_bytes(b'{"episode":"half')
    Writer(tmp_path).tell("zones", [zone("b")]).tell("rules", [rule("in")]).sail(110).rest()
    watching = watch(tmp_path)
    watching.recover()
    first, *others = path.read_bytes().splitlines()
    assert first == b'{"episode":"half'
    assert len(others) == watching.alerts > 0


def test_a_checkpoint_is_due_after_time_or_many_reports_and_never_without_any(
    evening: Writer, tmp_path: Path
) -> None:
    watching = watch(tmp_path)
    assert not watching.checkpoint_due(1e9)
    watching.recover()
    assert watching.checkpoint_due(31.0)
    watching.checkpoint(31.0)
    assert not watching.checkpoint_due(1e9)
    watching.position += 1_000_000
    assert watching.checkpoint_due(31.1)


def test_an_engine_that_is_full_begins_anew_and_the_watch_goes_on(
    evening: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watching, real, full = watch(tmp_path / "full"), Engine.take, iter([True])

    def take(self: Engine, chunk: Chunk) -> list[AlertEvent]:
        if watching.position > 20 and next(full, False):
            raise LimitExceeded("tracks", 1_048_577, 1_048_576, "restart")
        return real(self, chunk)

    monkeypatch.setattr(Engine, "take", take)
    for record in evening.records:
        watching.take(record)
    assert watching.afresh == 1
    assert watching.position == max(r.position + len(r.rows) for r in evening.records if isinstance(r, Chunk))
    assert watching.alerts > 0
