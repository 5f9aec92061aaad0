"""The positions of the live wire: the latest wins, and what comes always fits what is there."""

from __future__ import annotations

import asyncio

from jiangdun.web.live import live

from .conftest import Enter, here, in_house
from .wires import delta, happen, joined, snapshot, wired


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
