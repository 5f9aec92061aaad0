"""The facts of the live wire: in order, none missed, none twice, whatever happens in whichever order."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from jiangdun.core import journal
from jiangdun.web import live as live_module
from jiangdun.web.api import board as board_api
from jiangdun.web.asgi import application
from jiangdun.web.live import Close, live

from .conftest import HOST, Enter, here, in_house
from .wires import SOON_S, Wire, happen, joined, wired


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
