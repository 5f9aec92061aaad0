"""Who gets a live wire, for how long, and what is done with one who talks too much."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from jiangdun.core import accounts, clock
from jiangdun.web import live as live_module
from jiangdun.web import sessions
from jiangdun.web.asgi import application
from jiangdun.web.live import Close, live

from .conftest import HOST, SYSTEM, Browser, Enter, here, in_house
from .wires import happen, joined, wired


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
