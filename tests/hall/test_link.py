"""The wire between ears and desk, over a real unix socket."""

from __future__ import annotations

import asyncio
import json
import struct
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from jiangdun.hall import link
from jiangdun.hall.link import Caller, Listener, Word

WITHIN_S = 20.0


@pytest.fixture
def path() -> Iterator[Path]:
    """Short: a unix socket's path has 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="jd-") as folder:
        yield Path(folder, "run", "ears.sock")


class End:
    """What came to one end."""

    def __init__(self) -> None:
        self.came: list[tuple[Word, bytes]] = []
        self.opened = 0

    async def take(self, word: Word, payload: bytes) -> None:
        if payload == b'"stumble"':
            raise ValueError("our own mistake")
        self.came.append((word, payload))

    def open(self) -> None:
        self.opened += 1

    def words(self) -> list[Word]:
        return [word for word, _ in self.came]


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not true():
            await asyncio.sleep(0.01)


def run(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(story)


async def called(path: Path) -> tuple[End, Listener, End, Caller, asyncio.Task[None]]:
    ears, desk = End(), End()
    listener, caller = Listener(path, ears.take, ears.open), Caller(path, desk.take, desk.open)
    await listener.start()
    calling = asyncio.create_task(caller.run())
    await until(lambda: ears.opened and caller.open)
    return ears, listener, desk, caller, calling


async def hang_up(listener: Listener, calling: asyncio.Task[None]) -> None:
    calling.cancel()
    await asyncio.gather(calling, return_exceptions=True)
    await listener.stop()


def test_both_ends_hear_each_other_in_order(path: Path) -> None:
    async def story() -> None:
        ears, listener, desk, caller, calling = await called(path)
        assert caller.tell(Word.REFERENCE, {"key": "rules:1", "what": "rules", "value": ["长江"]})
        assert listener.send(Word.FRAME, b"\x00\xff")
        assert listener.tell(Word.KEPT, {"key": "rules:1"})
        await until(lambda: len(desk.came) == 2 and ears.came)
        assert json.loads(ears.came[0][1])["value"] == ["长江"]
        assert desk.came == [(Word.FRAME, b"\x00\xff"), (Word.KEPT, b'{"key":"rules:1"}')]
        assert path.stat().st_mode & 0o777 == 0o600
        await hang_up(listener, calling)

    run(story())


def test_nobody_there_means_nothing_is_sent_and_it_is_said(path: Path) -> None:
    async def story() -> None:
        listener = Listener(path, End().take)
        await listener.start()
        assert not listener.send(Word.FRAME, b"")
        assert not listener.tell(Word.KEPT, {})
        assert not Caller(path, End().take, End().open).tell(Word.ASK, {})
        await listener.stop()
        assert not path.exists()

    run(story())


def test_a_desk_that_reads_nothing_loses_what_comes_again_and_nothing_else(path: Path) -> None:
    async def story() -> None:
        listener = Listener(path, End().take)
        await listener.start()
        reader, writer = await asyncio.open_unix_connection(path, limit=1)
        await until(lambda: listener.tell(Word.KEPT, {"n": 0}))
        sent = 0
        while listener.send(Word.FRAME, bytes(1 << 20)):
            sent += 1
            await asyncio.sleep(0)
            assert sent < 100, "a queue without an end"
        assert not listener.send(Word.SNAPSHOT, b"")
        assert not listener.tell(Word.PULSE, {})
        assert not listener.tell(Word.ALERTS, {})
        assert listener.tell(Word.ANSWER, {"id": 1})
        frames, last = 0, b""
        async with asyncio.timeout(WITHIN_S):
            while last != b'{"id":1}':
                length, word = struct.unpack("<IB", await reader.readexactly(5))
                last = await reader.readexactly(length)
                frames += word == Word.FRAME
        assert frames == sent, "what was said to be on its way arrives"
        assert listener.send(Word.FRAME, b"again")
        writer.close()
        await listener.stop()

    run(story())


def test_what_the_other_end_cannot_take_is_passed_over(path: Path) -> None:
    async def story() -> None:
        ears, listener, desk, caller, calling = await called(path)
        for payload in ("stumble", "well"):
            caller.tell(Word.ASK, payload)
            listener.tell(Word.ANSWER, payload)
        await until(lambda: ears.came and desk.came)
        assert ears.came == [(Word.ASK, b'"well"')]
        assert desk.came == [(Word.ANSWER, b'"well"')]
        assert ears.opened == desk.opened == 1, "the link stayed"
        await hang_up(listener, calling)

    run(story())


def test_a_word_nobody_knows_is_passed_over(path: Path) -> None:
    async def story() -> None:
        ears = End()
        listener = Listener(path, ears.take)
        await listener.start()
        _, writer = await asyncio.open_unix_connection(path)
        writer.write(struct.pack("<IB", 2, 250) + b"{}" + struct.pack("<IB", 2, Word.ASK) + b"{}")
        await until(lambda: ears.came)
        assert ears.words() == [Word.ASK]
        writer.close()
        await listener.stop()

    run(story())


def test_a_frame_too_large_stays_here_and_the_link_lives(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "FRAME_BYTES_MAX", 1_000)

    async def story() -> None:
        ears, listener, desk, caller, calling = await called(path)
        assert not listener.send(Word.SNAPSHOT, bytes(1_001))
        assert not caller.tell(Word.REFERENCE, "x" * 1_000)
        assert listener.send(Word.SNAPSHOT, bytes(1_000))
        await until(lambda: desk.came)
        assert ears.opened == 1
        await hang_up(listener, calling)

    run(story())


def test_who_announces_a_frame_too_large_is_hung_up_on(path: Path) -> None:
    async def story() -> None:
        ears = End()
        listener = Listener(path, ears.take)
        await listener.start()
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(struct.pack("<IB", link.FRAME_BYTES_MAX + 1, Word.ASK))
        async with asyncio.timeout(WITHIN_S):
            assert await reader.read() == b""
        assert ears.came == []
        writer.close()
        await listener.stop()

    run(story())


def test_ears_that_come_again_are_called_again(path: Path) -> None:
    async def story() -> None:
        _, listener, desk, caller, calling = await called(path)
        await listener.stop()
        await until(lambda: not caller.open)
        again = End()
        listener = Listener(path, again.take, again.open)
        await listener.start()
        await until(lambda: again.opened and desk.opened == 2)
        assert caller.tell(Word.WANT_SNAPSHOT, {})
        await until(lambda: again.came)
        await hang_up(listener, calling)

    run(story())


def test_a_socket_left_by_a_killed_process_is_no_hindrance(path: Path) -> None:
    async def story() -> None:
        path.parent.mkdir(parents=True)
        dead = await asyncio.start_unix_server(lambda *_: None, path)
        dead.close()
        path.touch()
        _, listener, _, _, calling = await called(path)
        await hang_up(listener, calling)

    run(story())


def test_the_newest_desk_is_spoken_to(path: Path) -> None:
    async def story() -> None:
        _, listener, _, _, calling = await called(path)
        calling.cancel()
        new = End()
        again = asyncio.create_task(Caller(path, new.take, new.open).run())
        await until(lambda: new.opened)
        await until(lambda: listener.tell(Word.ALERTS, {}) and new.came)
        assert new.words()[0] == Word.ALERTS
        await hang_up(listener, again)

    run(story())
