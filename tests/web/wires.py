"""A board's end of the live wire, as the server would carry it, and things that happen meanwhile."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from django.db import transaction

from jiangdun.core import clock, journal
from jiangdun.core.journal import By
from jiangdun.watch import facts as watch_facts
from jiangdun.web import scopes
from jiangdun.web.asgi import application
from jiangdun.web.lanes import HEADER
from jiangdun.web.live import live

from .conftest import HOST, OURS, Browser

SOON_S = 20
OUR_DESK = By(system="test", agency=OURS)


def acknowledged(episode: str) -> watch_facts.AlertAcknowledged:
    return watch_facts.AlertAcknowledged(episode)


def happen(*episodes: str) -> list[scopes.Scoped]:
    """Facts are recorded, committed and sealed, but not yet published."""
    with transaction.atomic():
        for episode in episodes:
            journal.record(acknowledged(episode), by=OUR_DESK, at=clock.now(), subject=f"alert:{episode}")
    return scopes.about(journal.seal_facts(clock.now()))


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
