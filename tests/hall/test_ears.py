"""Ears: what desk tells reaches log, engine and devices; what fails in one part keeps nothing from the others."""

from __future__ import annotations

import asyncio
import errno
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hall.river import Writer, rows, rule, zone

from jiangdun.feeds.columns import Chunk
from jiangdun.feeds.log import Reference, read
from jiangdun.hall.ears import Ears
from jiangdun.hall.link import Word

UNIT = {
    "unit_id": "u1",
    "call_sign": "巡逻车 1",
    "agency": "police",
    "source": "jt808",
    "ident": "13800000001",
}
DEVICE = {"source": "jt808", "ident": "13800000001", "label": "苏L12345", "kind": 34, "auth_code": "secret"}


@pytest.fixture
def ears(tmp_path: Path) -> Iterator[Ears]:
    found = Ears(tmp_path)
    yield found
    found.hub.ingest.log.close()
    found.hub.ingest.raw.close()


def tell(ears: Ears, what: str, value: Any, key: str = "k:1") -> list[Any]:
    """As desk's word comes in; what ears answers."""
    answers: list[Any] = []
    ears.link.tell = lambda word, said: answers.append((word, said)) or True  # type: ignore[method-assign]
    ears._take_reference({"key": key, "what": what, "value": value})
    return answers


def references(home: Path) -> list[tuple[str, int]]:
    return [(one.kind, len(one.body["items"])) for one in read(home / "log") if isinstance(one, Reference)]


def chunk(ears: Ears, step: int) -> Chunk:
    made = Chunk(ears.hub.ingest.log.position, 1_760_000_000_000 + step * 10_000 - 30_000, rows(step))
    ears.hub.ingest.log.append(made)
    return made


def test_rules_told_go_into_the_log_once_and_are_judged_by(ears: Ears, tmp_path: Path) -> None:
    tell(ears, "zones", [zone("b")])
    for number in range(3):  # desk comes again and again
        assert tell(ears, "rules", [rule("in")], f"rules:{number}") == [
            (Word.KEPT, {"key": f"rules:{number}"})
        ]
    assert references(tmp_path) == [("zones", 1), ("rules", 1)]
    for step in range(40):
        ears._chunk(chunk(ears, step))
    assert ears.watching.alerts > 0


def test_rules_told_while_running_are_in_force_from_the_next_report(ears: Ears, tmp_path: Path) -> None:
    tell(ears, "zones", [zone("b")])
    tell(ears, "rules", [])
    for step in range(5):
        ears._chunk(chunk(ears, step))
    tell(ears, "rules", [rule("in")])
    for step in range(5, 120):
        ears._chunk(chunk(ears, step))
    assert ears.watching.alerts > 0
    again = Ears(tmp_path)
    again.watching.recover()
    assert again.watching.engine.digest() == ears.watching.engine.digest()


def test_devices_and_units_reach_those_who_need_them_and_not_the_log(ears: Ears, tmp_path: Path) -> None:
    tell(ears, "agencies", ["police"])
    tell(ears, "devices", [DEVICE])
    tell(ears, "units", [UNIT])
    assert ears.hub.ingest.book.find("jt808", "13800000001") is not None
    assert [unit.call_sign for unit in ears.showing._units.values()] == ["巡逻车 1"]
    assert references(tmp_path) == []
    assert (tmp_path / "run" / "reference.json").stat().st_mode & 0o077 == 0, "codes of devices stand in it"
    tell(ears, "devices", [])
    assert ears.hub.ingest.book.find("jt808", "13800000001") is None, "it lost its voice"


def test_what_was_told_is_known_after_a_restart_without_desk(ears: Ears, tmp_path: Path) -> None:
    for what, value in (
        ("rules", [rule("in")]),
        ("zones", [zone("b")]),
        ("devices", [DEVICE]),
        ("units", [UNIT]),
    ):
        tell(ears, what, value)
    again = Ears(tmp_path)
    assert again.kept == {"rules": [rule("in")], "zones": [zone("b")], "devices": [DEVICE], "units": [UNIT]}


def test_rules_the_log_lost_are_put_down_again_when_desk_tells_them(ears: Ears, tmp_path: Path) -> None:
    """A power cut may take the log's last second, while what is kept beside it was on the disk at once."""
    tell(ears, "rules", [rule("in")])
    for path in (tmp_path / "log").iterdir():
        path.unlink()
    again = Ears(tmp_path)
    again.watching.recover()
    assert again.kept["rules"] == [rule("in")]
    tell(again, "rules", [rule("in")])
    assert references(tmp_path) == [("rules", 1)]
    assert again.watching.told("rules") == [rule("in")]


def test_rules_that_could_not_be_kept_are_not_confirmed(ears: Ears, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(kind: str, body: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(ears.hub.ingest.log, "refer", full)
        with pytest.raises(OSError, match="No space"):
            tell(ears, "rules", [rule("in")])
    assert "rules" not in ears.kept
    assert tell(ears, "rules", [rule("in")]) == [(Word.KEPT, {"key": "k:1"})]


@pytest.mark.parametrize("failing", ["showing", "archiving"])
def test_a_part_that_fails_keeps_nothing_from_the_others(
    ears: Ears, failing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Any) -> None:
        raise RuntimeError("our own mistake")

    tell(ears, "zones", [zone("b")])
    tell(ears, "rules", [rule("in")])
    monkeypatch.setattr(getattr(ears, failing), "take", fail)
    for step in range(40):
        ears._chunk(chunk(ears, step))
    assert ears.watching.alerts > 0
    assert ears.watching.position == 160
    if failing == "archiving":
        assert ears.showing.targets(0) == 4
    else:
        assert ears.archiving.health()["position"] == 160


@pytest.mark.parametrize(
    "asked",
    [
        {"what": "handles", "tracks": ["12; DROP"]},
        {"what": "track", "handle": "x"},
        {"what": "tracks"},
        {"what": "nothing known"},
    ],
)
def test_a_question_that_makes_no_sense_is_answered_with_nothing(ears: Ears, asked: dict[str, Any]) -> None:
    answers: list[Any] = []
    ears.link.tell = lambda word, said: answers.append(said) or True  # type: ignore[method-assign]
    asyncio.run(ears._told(Word.ASK, json.dumps({"id": 7, **asked}).encode()))
    assert answers == [{"id": 7, "value": None}]


def test_a_full_disk_stops_no_checkpoint_loop(ears: Ears, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: float) -> bool:
        raise OSError(errno.ENOSPC, "No space left on device")

    ears._chunk(chunk(ears, 0))
    monkeypatch.setattr(ears.watching, "checkpoint", full)
    monkeypatch.setattr(ears.watching, "checkpoint_due", lambda _: True)

    async def story() -> None:
        keeping = asyncio.create_task(ears._keep())
        async with asyncio.timeout(20):
            while not ears._keep_error:
                await asyncio.sleep(0.05)
        assert not keeping.done()
        monkeypatch.undo()
        async with asyncio.timeout(20):
            while ears._keep_error:
                await asyncio.sleep(0.05)
        keeping.cancel()

    asyncio.run(story())


def test_a_log_written_before_is_taken_up(tmp_path: Path) -> None:
    writer = Writer(tmp_path).tell("zones", [zone("b")]).tell("rules", [rule("in")]).sail(40)
    writer.log.close()
    ears = Ears(tmp_path)
    assert ears.watching.recover() == 160
    assert tell(ears, "rules", [rule("in")]) == [(Word.KEPT, {"key": "k:1"})]
    assert references(tmp_path) == [("zones", 1), ("rules", 1)], (
        "what stands in the log is not put down again"
    )
