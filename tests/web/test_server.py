"""The real thing: uvicorn, the one writer, reading threads, a WebSocket client; nothing is stood in for."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import uvicorn
import websockets
from django.conf import settings as django_settings
from django.db import connection

from jiangdun.alliance import actions as alliance
from jiangdun.alliance.grants import GRANTS
from jiangdun.core import access, accounts, clock, journal
from jiangdun.core.writer import Writer
from jiangdun.watch import facts as watch_facts
from jiangdun.web import desk, scopes
from jiangdun.web.asgi import application
from jiangdun.web.lanes import HEADER
from jiangdun.web.live import Close, live

from .conftest import OURS, PASSWORD, SYSTEM, Ears
from .wires import OUR_DESK

SOON_S = 20


@dataclass
class Server:
    port: int
    writer: Writer

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def happen(self, *episodes: str) -> None:
        """Facts, through the writer, as actions record them."""

        def record() -> None:
            for episode in episodes:
                fact = watch_facts.AlertAcknowledged(episode)
                journal.record(fact, by=OUR_DESK, at=clock.now(), subject=f"alert:{episode}")

        self.writer.submit(record).result(SOON_S)


@pytest.fixture
def server(transactional_db: None) -> Iterator[Server]:
    access.bind(GRANTS)
    writer = Writer(on_sealed=lambda facts: live.publish_facts(scopes.about(facts)))
    writer.start()
    desk.bind(writer=writer.do, ears=Ears())
    live.__init__()  # type: ignore[misc]

    def people() -> None:
        now = clock.now()
        alliance.found_agency(OURS, "水上公安", "River police", "water", by=SYSTEM, now=now)
        account = accounts.create("chen", PASSWORD, name_zh="陈演示", by=SYSTEM, now=now, temporary=False)
        alliance.join(account.id, OURS, ["desk"], by=SYSTEM, now=now)

    writer.submit(people).result(SOON_S)
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        application, log_level="warning", access_log=False, proxy_headers=False, ws_per_message_deflate=False
    )
    serving = uvicorn.Server(config)
    thread = threading.Thread(target=serving.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield Server(listener.getsockname()[1], writer)
    serving.should_exit = True
    thread.join(SOON_S)
    writer.stop()
    for pool in (desk._readers, *desk._passwords.values()):
        close_connections(pool)
    desk.unbind()
    access.bind(None)


def close_connections(pool: ThreadPoolExecutor) -> None:
    """Close the database connection of every thread of a pool: all are busy at once, so each gets a turn."""
    threads = len(pool._threads)
    together = threading.Barrier(max(threads, 1))

    def close() -> None:
        together.wait(SOON_S)
        connection.close()

    for done in [pool.submit(close) for _ in range(threads)]:
        done.result(SOON_S)


@asynccontextmanager
async def signed_in(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"http://{server.host}", timeout=SOON_S) as client:
        await client.get("/api/session")
        client.headers["x-csrftoken"] = client.cookies["csrftoken"]
        answer = await client.post("/api/session", json={"username": "chen", "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        client.headers["x-csrftoken"] = client.cookies["csrftoken"]
        yield client


def wire(server: Server, client: httpx.AsyncClient, query: str = "", origin: str | None = None) -> Any:
    cookie = "; ".join(f"{one.name}={one.value}" for one in client.cookies.jar)
    return websockets.connect(
        f"ws://{server.host}/ws/live{query}",
        additional_headers={"Cookie": cookie},
        origin=origin or f"http://{server.host}",  # type: ignore[arg-type]
        max_size=8 << 20,
    )


async def facts(socket: Any, count: int) -> list[str]:
    found: list[str] = []
    while len(found) < count:
        message = await asyncio.wait_for(socket.recv(), SOON_S)
        if isinstance(message, str) and (said := json.loads(message))["lane"] == "fact":
            found.append(said["body"]["episode"])
    return found


def test_a_board_signs_in_takes_its_snapshot_and_reads_on(server: Server) -> None:
    async def run() -> None:
        async with signed_in(server) as client:
            snapshot = (await client.get("/api/board")).json()
            await asyncio.to_thread(server.happen, "a", "b")
            async with wire(server, client, f"?after={snapshot['cursor']}") as socket:
                assert await facts(socket, 2) == ["a", "b"]
                await asyncio.to_thread(server.happen, "c")
                assert await facts(socket, 1) == ["c"]
            await asyncio.to_thread(server.happen, "d")
            async with wire(server, client, f"?after={snapshot['cursor'] + 2}") as socket:
                assert await facts(socket, 2) == ["c", "d"]

    asyncio.run(run())


def test_many_boards_get_every_fact_in_order_and_the_positions(server: Server) -> None:
    frame = HEADER.pack(b"JDF1", 0, 1, 0, 1, 0, 0, 1, 0) + bytes(400_000)
    wanted = [f"e{n}" for n in range(300)]

    async def board(client: httpx.AsyncClient, cursor: int, ready: asyncio.Event) -> None:
        async with wire(server, client, f"?after={cursor}") as socket:
            ready.set()
            seen, positions = [], 0
            while len(seen) < len(wanted) or not positions:
                message = await asyncio.wait_for(socket.recv(), SOON_S)
                if isinstance(message, bytes):
                    assert message == frame
                    positions += 1
                elif (said := json.loads(message))["lane"] == "fact":
                    seen.append(said["body"]["episode"])
            assert seen == wanted

    async def run() -> None:
        async with signed_in(server) as client:
            cursor = (await client.get("/api/board")).json()["cursor"]
            ready = [asyncio.Event() for _ in range(8)]
            boards = [asyncio.create_task(board(client, cursor, one)) for one in ready]
            await asyncio.gather(*(asyncio.wait_for(one.wait(), SOON_S) for one in ready))
            live.publish_frame(frame, True)
            for start in range(0, 300, 50):
                await asyncio.to_thread(server.happen, *wanted[start : start + 50])
            await asyncio.gather(*boards)

    asyncio.run(run())


def test_a_page_from_elsewhere_is_answered_403(server: Server) -> None:
    async def run() -> None:
        async with signed_in(server) as client:
            with pytest.raises(websockets.InvalidStatus) as refused:
                await wire(server, client, origin="http://evil.example")
            assert refused.value.response.status_code == 403

    asyncio.run(run())


def test_signing_out_closes_the_wire_with_4001(server: Server) -> None:
    async def run() -> None:
        async with signed_in(server) as client, wire(server, client) as socket:
            assert (await client.delete("/api/session")).status_code == 204
            await asyncio.wait_for(socket.wait_closed(), SOON_S)
            assert socket.close_code == Close.SIGNED_OUT

    asyncio.run(run())


def test_a_board_that_stops_reading_does_not_hold_up_the_others(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its buffers fill, it falls behind and is let go; the other board misses nothing."""
    from jiangdun.web import live as live_module

    monkeypatch.setattr(live_module, "BEHIND_MAX", 50)
    monkeypatch.setattr(live_module, "CLOSING_S", 0.1)

    async def run() -> None:
        async with signed_in(server) as client:
            stuck = await wire(server, client)
            stuck.transport.pause_reading()
            async with wire(server, client) as socket:
                await asyncio.to_thread(server.happen, "first")
                assert await facts(socket, 1) == ["first"]
                big = 0
                while len(live.boards) == 2:
                    big += 1
                    seq = HEADER.pack(b"JDF1", 1, 1, 0, big, 0, 0, big - 1, 0)
                    live.publish_frame(seq + bytes(1_000_000), False)
                    live.publish_frame(
                        HEADER.pack(b"JDF1", 0, 1, 0, big, 0, 0, big, 0) + bytes(1_000_000), True
                    )
                    await asyncio.to_thread(server.happen, f"e{big}")
                    assert await facts(socket, 1) == [f"e{big}"]
                    assert big < 2_000
            stuck.transport.abort()

    asyncio.run(run())


def test_fifty_people_at_once_are_all_answered(server: Server) -> None:
    async def run() -> None:
        async with signed_in(server) as client:
            answers = await asyncio.gather(*(client.get("/api/session") for _ in range(50)))
            assert {answer.status_code for answer in answers} == {200}

    asyncio.run(run())


def test_the_tests_run_on_a_database_that_threads_share() -> None:
    assert "memory" not in str(django_settings.DATABASES["default"]["NAME"])
