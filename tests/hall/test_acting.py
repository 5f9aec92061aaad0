"""Desk owes ears what changed: told in order, and told again until ears says that it is kept."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from jiangdun.core import clock, journal
from jiangdun.hall import gathering, parts
from jiangdun.hall.acting import Desk
from jiangdun.hall.link import Word
from jiangdun.hall.parts import Parts

WITHIN_S = 20.0


class Link:
    """An open link that notes what goes out."""

    def __init__(self) -> None:
        self.open = True
        self.said: list[dict[str, Any]] = []

    def tell(self, word: Word, value: Any) -> bool:
        assert word is Word.REFERENCE
        self.said.append(value)
        return True


def run(story: Callable[[Desk, Link], Coroutine[Any, Any, None]]) -> None:
    async def whole() -> None:
        desk, link = Desk(), Link()
        desk._link = link  # type: ignore[assignment]
        async with asyncio.timeout(WITHIN_S):
            await story(desk, link)

    asyncio.run(whole())


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the database says, by kind."""
    values: dict[str, Any] = dict.fromkeys(gathering.KINDS, 0)
    kinds = {what: lambda now, what=what: values[what] for what in gathering.KINDS}
    monkeypatch.setattr(gathering, "KINDS", kinds)
    return values


async def kept(desk: Desk, key: str) -> None:
    await desk._from_ears(Word.KEPT, json.dumps({"key": key}).encode())


def test_all_is_told_in_its_order_when_ears_come_and_again_until_it_is_kept(world: dict[str, Any]) -> None:
    async def story(desk: Desk, link: Link) -> None:
        desk._ears_came()
        await desk._tell_ears()
        assert [one["what"] for one in link.said] == list(gathering.KINDS)
        for one in link.said[:-1]:
            await kept(desk, one["key"])
        unkept = link.said[-1]
        link.said.clear()
        await desk._tell_ears()
        assert [one["what"] for one in link.said] == [unkept["what"]]
        await kept(desk, link.said[0]["key"])
        link.said.clear()
        await desk._tell_ears()
        assert link.said == []

    run(story)


def test_nothing_is_told_to_ears_that_are_not_there_and_nothing_is_forgotten(world: dict[str, Any]) -> None:
    async def story(desk: Desk, link: Link) -> None:
        link.open = False
        desk._owe(["rules"])
        await desk._tell_ears()
        assert link.said == []
        link.open = True
        await desk._tell_ears()
        assert "rules" in [one["what"] for one in link.said]

    run(story)


def test_a_change_while_the_former_is_under_way_is_told_too(world: dict[str, Any]) -> None:
    async def story(desk: Desk, link: Link) -> None:
        desk._owed.clear()
        desk._owe(["rules"])
        await desk._tell_ears()
        world["rules"] = 1
        desk._owe(["rules"])  # a fact is sealed before ears answers
        await kept(desk, link.said[0]["key"])
        await desk._tell_ears()
        assert [one["value"] for one in link.said] == [0, 1]

    run(story)


def test_a_change_while_the_former_is_read_is_told_too(
    world: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The value was read, the fact is sealed, and only then the value goes out."""
    reads, go = threading.Event(), threading.Event()

    def slow(now: Any) -> Any:
        value = world["rules"]
        reads.set()
        assert go.wait(WITHIN_S)
        return value

    monkeypatch.setitem(gathering.KINDS, "rules", slow)

    async def story(desk: Desk, link: Link) -> None:
        desk._owed.clear()
        desk._owe(["rules"])
        telling = asyncio.create_task(desk._tell_ears())
        await asyncio.to_thread(reads.wait, WITHIN_S)
        world["rules"] = 1
        desk._owe(["rules"])
        go.set()
        await telling
        await kept(desk, link.said[0]["key"])
        await desk._tell_ears()
        assert [one["value"] for one in link.said] == [0, 1]

    run(story)


def test_what_could_not_be_read_stays_owed(world: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(now: Any) -> Any:
        raise OSError("the database does not answer")

    async def story(desk: Desk, link: Link) -> None:
        desk._owed.clear()
        desk._owe(["devices"])
        with monkeypatch.context() as patch:
            patch.setitem(gathering.KINDS, "devices", refuses)
            with pytest.raises(OSError, match="does not answer"):
                await desk._tell_ears()
        await desk._tell_ears()
        assert [one["what"] for one in link.said] == ["devices"]

    run(story)


def test_a_question_nobody_answers_leaves_nothing_behind() -> None:
    async def story(desk: Desk, link: Link) -> None:
        link.tell = lambda word, value: True
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(desk._ask("track", handle=1), 0.05)
        assert desk._counts()["asked"] == 0
        link.tell = lambda word, value: False
        with pytest.raises(ConnectionError):
            await desk._ask("track", handle=1)
        assert desk._counts()["asked"] == 0

    run(story)


@pytest.mark.django_db(transaction=True)
def test_a_program_that_is_not_as_released_is_shown_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "check", lambda: Parts("wheel", 200, 2, ("a.py", "+ b.py")))

    async def story(desk: Desk, link: Link) -> None:
        desk._writer.start()
        try:
            await desk._look_at_program()
        finally:
            await asyncio.to_thread(desk._writer.stop)
        assert desk._counts()["program"] == {
            "level": "fail", "kind": "wheel", "checked": 200, "wrong": ["a.py", "+ b.py"],
        }  # fmt: skip
        assert desk._counts()["certificate"] is None, "plain text, in a test"

    run(story)
    while journal.seal(clock.now()):
        pass
    [fact] = journal.about("installation:program")
    assert (fact.kind, fact.body["found"], fact.body["files"]) == (
        "core.ProgramDiffers",
        2,
        ["a.py", "+ b.py"],
    )
