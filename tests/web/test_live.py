"""The live wire, spoken to as the server would: every order of things that can go wrong is made to happen."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from jiangdun.core import accounts, clock, journal
from jiangdun.watch import facts as watch_facts
from jiangdun.web import live as live_module
from jiangdun.web import sessions
from jiangdun.web.api import board as board_api
from jiangdun.web.asgi import application
from jiangdun.web.lanes import HEADER
from jiangdun.web.live import Close, live

from .conftest import HOST, SYSTEM, Browser, Enter, here, in_house

SOON_S = 20


def acknowledged(episode: str) -> watch_facts.AlertAcknowledged:
    return watch_facts.AlertAcknowledged(episode)


def happen(*episodes: str) -> list[journal.Sealed]:
    """Facts are recorded, committed and sealed, but not yet published."""
    with transaction.atomic():
        for episode in episodes:
            journal.record(acknowledged(episode), by=SYSTEM, at=clock.now(), subject=f"alert:{episode}")
    return journal.seal_facts(clock.now())


def delta(seq: int, base: int, size: int = 8) -> bytes:
    return HEADER.pack(b"JDF1", 1, 1, 0, seq, 0, 0, base, 0) + b"d" * size


def snapshot(seq: int, size: int = 8) -> bytes:
    return HEADER.pack(b"JDF1", 0, 1, 0, seq, 0, 0, seq, 0) + b"s" * size


class Wire:
    """One WebSocket as the application sees it. `held` lets it take nothing more, as a slow reader does."""

    def __init__(self, browser: Browser, query: str, origin: str | None, host: str = HOST) -> None:
        headers = [(b"host", host.encode())]
        headers.append((b"cookie", "; ".join(f"{k}={v}" for k, v in browser.cookies.items()).encode()))
        if origin is not None:
            headers.append((b"origin", origin.encode()))
        self.scope = {
            "type": "websocket",
            "path": "/ws/live",
            "query_string": query.encode(),
            "headers": headers,
        }
        self.coming: asyncio.Queue[Any] = asyncio.Queue()
        self.coming.put_nowait({"type": "websocket.connect"})
        self.sent: asyncio.Queue[Any] = asyncio.Queue()
        self.flowing = asyncio.Event()
        self.flowing.set()
        self.got: list[Any] = []

    async def send(self, message: Any) -> None:
        await self.flowing.wait()
        await self.sent.put(dict(message))

    async def next(self) -> Any:
        message = await asyncio.wait_for(self.sent.get(), SOON_S)
        self.got.append(message)
        return message

    async def until(self, wanted: Callable[[Any], bool]) -> Any:
        while not wanted(message := await self.next()):
            pass
        return message

    async def fact(self) -> Any:
        message = await self.until(lambda m: '"lane":"fact"' in (m.get("text") or ""))
        return json.loads(message["text"])

    async def positions(self) -> bytes:
        message = await self.until(lambda m: m.get("bytes") is not None)
        data: bytes = message["bytes"]
        return data

    async def closed(self) -> int:
        message = await self.until(lambda m: m["type"] == "websocket.close")
        code: int = message["code"]
        return code

    def say(self, words: Any) -> None:
        text = words if isinstance(words, str) else json.dumps(words)
        self.coming.put_nowait({"type": "websocket.receive", "text": text})


@asynccontextmanager
async def wired(
    browser: Browser, query: str = "", origin: str | None = f"http://{HOST}", host: str = HOST
) -> AsyncIterator[Wire]:
    wire = Wire(browser, query, origin, host)
    task = asyncio.create_task(application(wire.scope, wire.coming.get, wire.send))
    try:
        yield wire
    finally:
        wire.flowing.set()
        wire.coming.put_nowait({"type": "websocket.disconnect", "code": 1001})
        await asyncio.wait_for(task, SOON_S)


async def joined(wire: Wire) -> None:
    """The wire is accepted and on the list of boards."""
    assert (await wire.next())["type"] == "websocket.accept"
    while not live.boards:
        await asyncio.sleep(0)


def test_facts_after_the_cursor_come_first_and_then_what_happens(enter: Enter) -> None:
    browser = enter("desk")

    async def run() -> None:
        await here(lambda: happen("a", "b"))
        cursor = await here(journal.head)
        await here(lambda: happen("c"))  # sealed before the board joins, never published to it
        async with wired(browser, f"after={cursor - 1}") as wire:
            assert (await wire.fact())["body"]["episode"] == "b"
            assert (await wire.fact())["body"]["episode"] == "c"
            live.publish_facts(await here(lambda: happen("d")))
            assert (await wire.fact())["body"]["episode"] == "d"

    in_house(run)


def test_a_board_without_cursor_hears_only_what_happens_from_now_on(enter: Enter) -> None:
    browser = enter("desk")

    async def run() -> None:
        live.publish_facts(await here(lambda: happen("before")))
        async with wired(browser) as wire:
            await joined(wire)
            live.publish_facts(await here(lambda: happen("after")))
            assert (await wire.fact())["body"]["episode"] == "after"

    in_house(run)


def test_what_happens_right_after_the_wire_opens_is_not_missed(enter: Enter) -> None:
    """A board may open its wire first and take its snapshot then: the wire begins at its opening, not later."""
    browser = enter("desk")

    async def run() -> None:
        wire = Wire(browser, "", f"http://{HOST}")

        async def send(message: Any) -> None:
            await wire.send(message)
            if message["type"] == "websocket.accept":
                live.publish_facts(await here(lambda: happen("at once")))

        task = asyncio.create_task(application(wire.scope, wire.coming.get, send))
        assert (await wire.fact())["body"]["episode"] == "at once"
        wire.coming.put_nowait({"type": "websocket.disconnect", "code": 1001})
        await asyncio.wait_for(task, SOON_S)

    in_house(run)


def test_what_happens_between_the_snapshot_and_the_wire_is_not_missed(
    enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The race is forced: a fact is committed after the cursor was read and before the tables are."""
    browser = enter("desk")
    read_head = journal.head
    raced: list[int] = []

    def head_then_commit() -> int:
        number = read_head()
        if not raced:
            raced.append(number)
            live.publish_facts(happen("in between"))
        return number

    async def run() -> None:
        monkeypatch.setattr(board_api.journal, "head", head_then_commit)
        answer = await browser.acall("GET", "/api/board")
        assert answer.status == 200, answer.body
        cursor = answer.body["cursor"]
        assert cursor == raced[0]
        async with wired(browser, f"after={cursor}") as wire:
            assert (await wire.fact())["body"]["episode"] == "in between"

    in_house(run)


def test_facts_sealed_but_not_yet_published_are_neither_missed_nor_doubled(enter: Enter) -> None:
    """A board joins between the commit and the publishing of the same facts."""
    browser = enter("desk")

    async def run() -> None:
        sealed = await here(lambda: happen("x", "y"))
        async with wired(browser, f"after={sealed[0].number - 1}") as wire:
            assert (await wire.fact())["body"]["episode"] == "x"
            assert (await wire.fact())["body"]["episode"] == "y"
            live.publish_facts(sealed)
            live.publish_facts(await here(lambda: happen("z")))
            assert (await wire.fact())["body"]["episode"] == "z"

    in_house(run)


def test_a_fact_the_role_may_not_see_is_not_sent_and_the_cursor_goes_on(enter: Enter) -> None:
    """A unit in the field sees incidents, not alerts."""
    browser = enter("field")

    async def run() -> None:
        async with wired(browser) as wire:
            await joined(wire)
            sealed = await here(lambda: happen("hidden"))
            live.publish_facts(sealed)
            board = next(iter(live.boards))
            while board.cursor < sealed[-1].number:
                await asyncio.sleep(0)
            live.pulse({"t_ms": 1, "sources": []})
            pulse = json.loads((await wire.next())["text"])
            assert pulse == {"lane": "pulse", "t_ms": 1, "sources": [], "no": sealed[-1].number}

    in_house(run)


def test_who_signed_in_when_is_not_for_boards(enter: Enter) -> None:
    browser = enter("desk")
    start = journal.head()

    async def run() -> None:
        async with wired(browser, f"after={0}") as wire:
            live.publish_facts(await here(lambda: happen("seen")))
            assert (await wire.fact())["kind"] == "watch.AlertAcknowledged"

    assert start > 0  # accounts, memberships and the sign-in stand before it
    in_house(run)


def test_a_board_that_reads_too_slowly_is_closed_and_finds_everything_again(
    enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = enter("desk")
    monkeypatch.setattr(live_module, "BEHIND_MAX", 10)
    monkeypatch.setattr(live_module, "CLOSING_S", 0.01)

    async def run() -> None:
        async with wired(browser) as wire:
            await joined(wire)
            live.publish_facts(await here(lambda: happen("seen")))
            seen = (await wire.fact())["no"]
            wire.flowing.clear()
            live.publish_facts(await here(lambda: happen(*(f"e{n}" for n in range(11)))))
            while live.boards:
                await asyncio.sleep(0)
            wire.flowing.set()
        async with wired(browser, f"after={seen}") as again:
            assert [(await again.fact())["body"]["episode"] for _ in range(11)] == [
                f"e{n}" for n in range(11)
            ]

    in_house(run)


def test_the_close_says_behind(enter: Enter, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = enter("desk")
    monkeypatch.setattr(live_module, "BEHIND_MAX", 0)

    async def run() -> None:
        async with wired(browser) as wire:
            await joined(wire)
            board = next(iter(live.boards))
            while not board.caught_up:
                await asyncio.sleep(0)
            live.publish_facts(await here(lambda: happen("one")))
            assert await wire.closed() == Close.BEHIND == 4008

    in_house(run)


def test_a_board_far_behind_at_its_start_is_not_closed_for_it(
    enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = enter("desk")
    monkeypatch.setattr(live_module, "BEHIND_MAX", 5)

    async def run() -> None:
        sealed = await here(lambda: happen(*(f"e{n}" for n in range(30))))
        async with wired(browser, f"after={sealed[0].number - 1}") as wire:
            got = [(await wire.fact())["body"]["episode"] for _ in range(30)]
            assert got == [f"e{n}" for n in range(30)]

    in_house(run)


@pytest.mark.parametrize("query", ["after=-1", "after=x", "after=9999999", "after=" + "9" * 30, "after=１"])
def test_a_cursor_that_leads_nowhere_asks_for_a_new_snapshot(enter: Enter, query: str) -> None:
    browser = enter("desk")

    async def run() -> None:
        async with wired(browser, query) as wire:
            assert await wire.closed() == Close.STALE_CURSOR

    in_house(run)


def test_a_cursor_too_far_back_asks_for_a_new_snapshot(enter: Enter, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = enter("desk")
    monkeypatch.setattr(live_module, "RESUME_MAX", 3)

    async def run() -> None:
        await here(lambda: happen(*"abcde"))
        async with wired(browser, "after=0") as wire:
            assert await wire.closed() == Close.STALE_CURSOR

    in_house(run)


def test_positions_begin_with_a_snapshot_that_is_asked_for_once(enter: Enter) -> None:
    browser = enter("desk")
    asked: list[int] = []

    async def run() -> None:
        live.need_snapshot = lambda: asked.append(1)
        async with wired(browser) as one, wired(browser) as two:
            await joined(one)
            await joined(two)
            live.publish_frame(delta(5, 4), False)
            while not asked:
                await asyncio.sleep(0)
            live.publish_frame(snapshot(5), True)
            live.publish_frame(delta(6, 5), False)
            for wire in (one, two):
                assert [await wire.positions(), await wire.positions()] == [snapshot(5), delta(6, 5)]
        assert asked == [1]

    in_house(run)


def test_every_board_is_sent_the_very_same_bytes(enter: Enter) -> None:
    browser = enter("desk")
    encoded = snapshot(1, size=100_000)

    async def run() -> None:
        async with wired(browser) as one, wired(browser) as two:
            await joined(one)
            await joined(two)
            live.publish_frame(encoded, True)
            assert await one.positions() is encoded
            assert await two.positions() is encoded

    in_house(run)


def test_a_board_that_missed_deltas_gets_a_snapshot_next(enter: Enter) -> None:
    browser = enter("desk")
    asked: list[int] = []

    async def run() -> None:
        live.need_snapshot = lambda: asked.append(1)
        async with wired(browser) as wire:
            await joined(wire)
            live.publish_frame(snapshot(1), True)
            assert await wire.positions() == snapshot(1)
            wire.flowing.clear()
            for seq in range(2, 12):
                live.publish_frame(delta(seq, seq - 1), False)
                for _ in range(5):
                    await asyncio.sleep(0)
            wire.flowing.set()
            assert await wire.positions() == delta(2, 1)  # it was already on its way
            while not asked:
                await asyncio.sleep(0)
            live.publish_frame(snapshot(11), True)
            assert await wire.positions() == snapshot(11)
            live.publish_frame(delta(12, 11), False)
            assert await wire.positions() == delta(12, 11)

    in_house(run)


def test_a_board_may_ask_for_a_snapshot(enter: Enter) -> None:
    browser = enter("desk")

    async def run() -> None:
        async with wired(browser) as wire:
            await joined(wire)
            live.publish_frame(snapshot(1), True)
            assert await wire.positions() == snapshot(1)
            wire.say({"ask": "snapshot"})
            assert await wire.positions() == snapshot(1)

    in_house(run)


def test_a_frame_that_is_none_is_counted_and_harms_nobody(enter: Enter) -> None:
    browser = enter("desk")

    async def run() -> None:
        async with wired(browser) as wire:
            await joined(wire)
            live.publish_frame(b"noise", False)
            live.publish_frame(snapshot(1), True)
            assert await wire.positions() == snapshot(1)
        assert live.bad_frames == 1

    in_house(run)


def test_facts_do_not_wait_behind_positions(enter: Enter) -> None:
    browser = enter("desk")

    async def run() -> None:
        async with wired(browser) as wire:
            await joined(wire)
            live.publish_frame(snapshot(1), True)
            await wire.positions()
            sealed = await here(lambda: happen("urgent"))
            for seq in (2, 3, 4):
                live.publish_frame(delta(seq, seq - 1), False)
            live.publish_facts(sealed)
            assert '"lane":"fact"' in (await wire.next()).get("text", "")

    in_house(run)


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "",
        "null",
        "http://evil.example",
        f"http://{HOST}.evil.example",
        "http://127.0.0.1:1",
        f"ftp://{HOST}",
    ],
)
def test_a_page_from_elsewhere_gets_no_wire(enter: Enter, origin: str | None) -> None:
    browser = enter("desk")

    async def run() -> None:
        async with wired(browser, origin=origin) as wire:
            first = await wire.next()
            assert first["type"] == "websocket.close"  # before any accept: the server answers 403

    in_house(run)


def test_a_host_that_is_not_ours_gets_no_wire(enter: Enter) -> None:
    browser = enter("desk")

    async def run() -> None:
        async with wired(browser, origin="http://evil.example", host="evil.example") as wire:
            assert (await wire.next())["type"] == "websocket.close"

    in_house(run)


def test_nobody_gets_a_wire_without_signing_in(house: None) -> None:
    async def run() -> None:
        async with wired(Browser(cookies={"jiangdun_session": "planted"})) as wire:
            assert await wire.closed() == Close.SIGNED_OUT == 4001

    in_house(run)


def test_a_role_without_the_board_gets_no_wire(enter: Enter) -> None:
    browser = enter("admin_audit")

    async def run() -> None:
        async with wired(browser) as wire:
            assert await wire.closed() == Close.NOT_YOURS

    in_house(run)


def test_signing_out_closes_every_wire_of_the_session_at_once(enter: Enter) -> None:
    browser = enter("desk")

    async def run() -> None:
        async with wired(browser) as one, wired(browser) as two:
            await joined(one)
            await joined(two)
            assert (await browser.acall("DELETE", "/api/session")).status == 204
            assert await one.closed() == Close.SIGNED_OUT
            assert await two.closed() == Close.SIGNED_OUT

    in_house(run)


@pytest.fixture
def recheck_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_module, "RECHECK_S", 0.01)


def test_a_session_that_ends_elsewhere_closes_its_wire(enter: Enter, recheck_at_once: None) -> None:
    browser = enter("desk")

    async def run() -> None:
        async with wired(browser) as wire:
            await joined(wire)
            account = (await here(accounts.accounts))[0]
            await here(lambda: accounts.switch(account.id, active=False, by=SYSTEM, now=clock.now()))
            assert await wire.closed() == Close.SIGNED_OUT

    in_house(run)


def test_a_wire_alone_does_not_keep_a_session_alive(
    enter: Enter, recheck_at_once: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = enter("desk")
    monkeypatch.setattr(clock, "_offset", clock.offset())

    async def run() -> None:
        async with wired(browser) as wire:
            await joined(wire)
            clock.set_offset(clock.offset() + timedelta(seconds=settings.SESSION_IDLE_S + 61))
            assert await wire.closed() == Close.SIGNED_OUT

    in_house(run)


def test_a_hand_at_the_desk_keeps_the_session_alive(enter: Enter, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = enter("desk")
    monkeypatch.setattr(clock, "_offset", clock.offset())

    def seen_at() -> datetime:
        found = sessions.find(browser.cookies["jiangdun_session"])
        assert found is not None
        return found.seen_at

    async def run() -> None:
        async with wired(browser) as wire:
            await joined(wire)
            before = await here(seen_at)
            clock.set_offset(clock.offset() + timedelta(seconds=120))
            wire.say({"ask": "here"})
            while await here(seen_at) == before:
                await asyncio.sleep(0)

    in_house(run)


def test_a_role_taken_away_closes_the_wire(enter: Enter, recheck_at_once: None) -> None:
    from jiangdun.alliance import actions as alliance
    from jiangdun.alliance import queries

    browser = enter("desk")

    def dismiss() -> None:
        held = queries.memberships(accounts.accounts()[0].id, clock.now())[0]
        alliance.leave(held.id, version=held.version, by=SYSTEM, now=clock.now())

    async def run() -> None:
        async with wired(browser) as wire:
            await joined(wire)
            await here(dismiss)
            assert await wire.closed() == Close.NOT_YOURS

    in_house(run)


@pytest.mark.parametrize(
    "words", ["", "{", "[]", "7", '{"ask":7}', '{"ask":"moon"}', "null", '"ask"', "\ud800"]
)
def test_words_that_mean_nothing_are_passed_over(enter: Enter, words: str) -> None:
    browser = enter("desk")

    async def run() -> None:
        async with wired(browser) as wire:
            await joined(wire)
            wire.say(words)
            live.publish_facts(await here(lambda: happen("still here")))
            assert (await wire.fact())["body"]["episode"] == "still here"

    in_house(run)


def test_a_board_that_talks_too_long_or_too_much_is_closed(enter: Enter) -> None:
    browser = enter("desk")

    async def run() -> None:
        async with wired(browser) as wire:
            await joined(wire)
            wire.say("x" * 300)
            assert await wire.closed() == Close.TOO_BIG
        async with wired(browser) as wire:
            await joined(wire)
            for _ in range(live_module.WORDS_MAX + 1):
                wire.say({"ask": "moon"})
            assert await wire.closed() == Close.TOO_LOUD

    in_house(run)


def test_one_session_holds_only_so_many_wires(enter: Enter, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = enter("desk")
    monkeypatch.setattr(live_module, "BOARDS_PER_SESSION_MAX", 1)

    async def run() -> None:
        async with wired(browser) as one:
            await joined(one)
            async with wired(browser) as two:
                assert await two.closed() == Close.TOO_MANY

    in_house(run)


def test_a_server_that_goes_down_says_so(enter: Enter) -> None:
    browser = enter("desk")

    async def run() -> None:
        async with wired(browser) as wire:
            await joined(wire)
            live.stop()
            assert await wire.closed() == Close.GOING_AWAY

    in_house(run)


def test_other_sockets_are_refused(house: None) -> None:
    async def run() -> None:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        async def receive() -> Any:
            return {"type": "websocket.connect"}

        await application({"type": "websocket", "path": "/ws/other", "headers": []}, receive, send)
        assert [m["type"] for m in sent] == ["websocket.close"]

    in_house(run)
