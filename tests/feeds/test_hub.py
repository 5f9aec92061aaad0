"""The hub on real sockets, and the way of bytes behind it without any."""

from __future__ import annotations

import asyncio
import os
import random
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jiangdun.core import clock
from jiangdun.feeds.columns import Chunk, Flag, Kind, track_id
from jiangdun.feeds.datagrams import kernel_drops
from jiangdun.feeds.devices import Book
from jiangdun.feeds.hub import Hub, HubSettings, Limits, Listener
from jiangdun.feeds.ingest import Ingest
from jiangdun.feeds.log import Beat, ChunkLog, chunks
from jiangdun.feeds.observations import Device
from jiangdun.feeds.raw import RawLog, What, read
from jiangdun.feeds.simulators.jt808 import State, Terminal, location

AIS = "!AIVDM,1,1,,A,16:V?>00198C?1PA0sJ3N2lt0000,0*7E\r\n"
AIS_B = "!AIVDM,1,1,,A,B69vCeP0128dip4Vvr06CwV00000,0*2F\r\n"
NOW = 1_795_260_647_000
WAIT_S = 20.0
soak = pytest.mark.skipif(os.environ.get("HYPOTHESIS_PROFILE") != "soak", reason="run by make soak")


def devices(n: int) -> list[Device]:
    return [Device("jt808", str(13_900_000_000 + i), f"truck {i}", Kind.TRUCK, "code") for i in range(n)]


class Ears:
    """A hub with what came out of it."""

    def __init__(self, home: Path, known: list[Device], limits: Limits | None = None) -> None:
        self.home = home
        self.log = ChunkLog(home / "log")
        self.raw = RawLog(home / "raw")
        self.chunks: list[Chunk] = []
        self.beats: list[Beat] = []
        self.pending: list[Any] = []
        self.presence: list[Any] = []
        self.observations: list[Any] = []
        listeners = [
            Listener("ais", "127.0.0.1", 0),
            Listener("ais", "127.0.0.1", 0, "udp"),
            Listener("jt808", "127.0.0.1", 0),
        ]
        self.hub = Hub(
            HubSettings(listeners, limits or Limits(), cut_ms=20),
            Book(known),
            self.log,
            self.raw,
            clock.now_ms,
            on_chunk=self.chunks.append,
            on_observations=self.observations.extend,
            on_pending=self.pending.extend,
            on_presence=self.presence.extend,
            on_beat=self.beats.append,
        )

    @property
    def rows(self) -> int:
        return sum(len(chunk.rows) for chunk in self.chunks)

    def port(self, protocol: str, transport: str = "tcp") -> int:
        return self.hub.ports[(protocol, transport)]

    async def dial(self, protocol: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port(protocol))


@asynccontextmanager
async def ears(
    home: Path, known: list[Device] | None = None, limits: Limits | None = None
) -> AsyncIterator[Ears]:
    made = Ears(home, known or [], limits)
    await made.hub.start()
    try:
        yield made
    finally:
        await made.hub.stop()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not true():
            await asyncio.sleep(0.005)


def run(scene: Awaitable[None]) -> None:
    asyncio.run(scene)  # type: ignore[arg-type]


async def talk(
    terminal: Terminal, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, done: Callable[[], bool]
) -> None:
    """The terminal hears and answers until `done`."""
    async with asyncio.timeout(WAIT_S):
        while not done():
            data = await reader.read(4096)
            if not data:
                raise ConnectionError("closed")
            writer.write(terminal.take(data))


async def login(made: Ears, terminal: Terminal) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await made.dial("jt808")
    writer.write(terminal.hello())
    await talk(terminal, reader, writer, lambda: terminal.state in (State.ONLINE, State.REFUSED))
    return reader, writer


# -- over sockets -----------------------------------------------------------------------------------------


def test_a_terminal_on_a_socket_reports_and_what_is_acknowledged_is_logged(tmp_path: Path) -> None:
    async def scene() -> None:
        async with ears(tmp_path, devices(1)) as made:
            terminal = Terminal("13900000000", "苏L12345")
            reader, writer = await login(made, terminal)
            for n in range(20):
                writer.write(terminal.say_location(location(119.45 + n / 1000, 32.22, clock.now_ms(), 36)))
            await talk(terminal, reader, writer, lambda: terminal.acked == 20)
            # The file already holds what was acknowledged, whatever becomes of this process.
            logged = sum(len(chunk.rows) for chunk in chunks(tmp_path / "log"))
            assert logged == 20
            await until(lambda: made.rows == 20)
            assert set(made.chunks[0].rows["track"].tolist()) == {track_id("jt808", "13900000000")}
            assert [(p.ident, p.online) for p in made.presence] == [("13900000000", True)]
            writer.close()
            await until(lambda: len(made.presence) == 2)
            assert not made.presence[1].online

    run(scene())


def test_ais_is_heard_over_tcp_and_udp_and_every_byte_is_kept(tmp_path: Path) -> None:
    async def scene() -> None:
        async with ears(tmp_path) as made:
            _, writer = await made.dial("ais")
            writer.write(AIS.encode()[:20])
            await writer.drain()
            await asyncio.sleep(0.05)
            writer.write(AIS.encode()[20:])
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.sendto(AIS_B.encode(), ("127.0.0.1", made.port("ais", "udp")))
            await until(lambda: made.rows == 2)
            assert {row["track"] for chunk in made.chunks for row in chunk.rows} == {413765432, 413111222}
            writer.close()
            await until(lambda: len(made.hub.ingest.links) == 1)
        heard = list(read(tmp_path / "raw"))
        assert b"".join(h.data for h in heard if h.what is What.BYTES and h.link == 1).decode() == AIS
        assert next(h.data for h in heard if h.what is What.OPENED).startswith(b"127.0.0.1:")

    run(scene())


def test_five_hundred_terminals_reconnect_at_once(tmp_path: Path) -> None:
    async def scene() -> None:
        known = devices(500)
        terminals = [Terminal(device.ident) for device in known]

        async with ears(tmp_path, known) as made:

            async def one(terminal: Terminal, n: int) -> asyncio.StreamWriter:
                reader, writer = await login(made, terminal)
                writer.write(terminal.say_location(location(119 + n / 1000, 32, clock.now_ms())))
                acked = terminal.acked
                await talk(terminal, reader, writer, lambda: terminal.acked > acked)
                return writer

            for _ in range(2):
                writers = await asyncio.gather(*(one(t, n) for n, t in enumerate(terminals)))
                assert made.hub.ingest.online == 500
                for writer in writers:
                    writer.transport.abort()
                await until(lambda: made.hub.ingest.online == 0)
            await until(lambda: made.rows == 1_000)
            assert made.hub.health()["links"] == {}

    run(scene())


def test_bad_company_harms_nobody(tmp_path: Path) -> None:
    """Half frames, noise, clocks in 1970, strangers: the good terminal beside them is heard all the time."""

    async def scene() -> None:
        async with ears(tmp_path, devices(2)) as made:
            good, old = Terminal("13900000000"), Terminal("13900000001")
            reader, writer = await login(made, good)
            old_reader, old_writer = await login(made, old)
            _, half = await made.dial("jt808")
            half.write(Terminal("13900000000").hello()[:20])
            noise = random.Random(3).randbytes(64 << 10)
            for protocol in ("jt808", "ais"):
                _, noisy = await made.dial(protocol)
                noisy.write(noise)
            stranger = Terminal("19999999999", "苏X00001")
            await login(made, stranger)
            assert stranger.state is State.REFUSED
            old_writer.write(old.say_location(location(119.45, 32.22, 86_400_000 * 365)))
            await talk(old, old_reader, old_writer, lambda: old.acked == 1)
            writer.write(good.say_location(location(119.46, 32.22, clock.now_ms())))
            await talk(good, reader, writer, lambda: good.acked == 1)
            await until(lambda: made.rows == 2)
            flags = {int(r["track"]): int(r["flags"]) for c in made.chunks for r in c.rows}
            assert flags[track_id("jt808", "13900000001")] & Flag.HEARD_TIME
            assert not flags[track_id("jt808", "13900000000")] & Flag.HEARD_TIME
            health = made.hub.health()
            assert health["pending"] == 1
            assert made.pending[0].detail.startswith("苏X00001")
            assert sum(health["counters"]["jt808"]["rejects"].values()) > 1
            assert health["intake"]["clock_ahead"] == 1  # BCD years are of this century

    run(scene())


def test_ten_thousand_strangers_are_borne(tmp_path: Path) -> None:
    async def scene() -> None:
        async with ears(tmp_path, devices(1)) as made:
            good = Terminal("13900000000")
            reader, writer = await login(made, good)
            _, crowd = await made.dial("jt808")
            for n in range(10_050):
                crowd.write(Terminal(str(18_000_000_000 + n)).say_heartbeat())
            await crowd.drain()
            counters = made.hub.ingest.counters
            await until(lambda: counters.rejected("jt808", "unknown_device") == 10_050)
            assert made.hub.health()["pending"] == 10_000
            assert made.hub.health()["pending_pushed_out"] == 50
            writer.write(good.say_location(location(119.45, 32.22, clock.now_ms())))
            await talk(good, reader, writer, lambda: good.acked == 1)

    run(scene())


def test_too_many_links_of_one_address_are_refused_and_counted(tmp_path: Path) -> None:
    async def scene() -> None:
        async with ears(tmp_path, limits=replace(Limits(), links_per_address=3)) as made:
            dialled = [await made.dial("ais") for _ in range(5)]
            counters = made.hub.ingest.counters
            await until(lambda: counters.get("ais", "refused_address") == 2)
            assert len(made.hub.ingest.links) == 3
            dialled[0][1].close()
            await until(lambda: len(made.hub.ingest.links) == 2)
            await made.dial("ais")
            await until(lambda: len(made.hub.ingest.links) == 3)

    run(scene())


def test_a_peer_that_floods_is_slowed_and_loses_nothing(tmp_path: Path) -> None:
    async def scene() -> None:
        async with ears(tmp_path, limits=replace(Limits(), bytes_per_s=100_000)) as made:
            _, writer = await made.dial("ais")
            writer.write(AIS.encode() * 6_000)
            counters = made.hub.ingest.counters
            await until(lambda: counters.get("ais", "throttled") > 0)
            for _ in range(20):
                made.hub.tick()
                await asyncio.sleep(0.02)
            await until(lambda: counters.get("ais", "lines") == 6_000)

    run(scene())


def test_a_silent_link_is_closed(tmp_path: Path) -> None:
    async def scene() -> None:
        async with ears(tmp_path, limits=replace(Limits(), idle_s=0)) as made:
            reader, _ = await made.dial("ais")
            async with asyncio.timeout(WAIT_S):
                assert await reader.read() == b""
            assert made.hub.ingest.counters.get("ais", "idle_closed") >= 1

    run(scene())


def test_a_peer_that_never_fetches_its_answers_is_closed(tmp_path: Path) -> None:
    async def scene() -> None:
        async with ears(tmp_path, devices(1), replace(Limits(), unread_bytes=1_000)) as made:
            _, writer = await login(made, Terminal("13900000000"))
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            beat = Terminal("13900000000").say_heartbeat() * 1_000
            counters = made.hub.ingest.counters
            async with asyncio.timeout(WAIT_S):
                while not counters.get("jt808", "slow_reader"):
                    writer.write(beat)
                    await asyncio.sleep(0.01)
            await until(lambda: not made.hub.ingest.links)
            writer.transport.abort()

    run(scene())


def test_senders_of_datagrams_are_bounded(tmp_path: Path) -> None:
    async def scene() -> None:
        async with ears(tmp_path, limits=replace(Limits(), udp_senders=3)) as made:
            for _ in range(10):
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                    sender.sendto(AIS.encode(), ("127.0.0.1", made.port("ais", "udp")))
            counters = made.hub.ingest.counters
            await until(lambda: counters.get("ais", "lines") == 10)
            assert len(made.hub.ingest.links) == 3
            assert counters.get("ais", "udp_senders_forgotten") == 7

    run(scene())


def test_a_full_disk_stops_the_reading_and_acknowledges_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        async with ears(tmp_path, devices(1)) as made:
            terminal = Terminal("13900000000")
            reader, writer = await login(made, terminal)
            write, append = os.write, made.log.append

            def full(chunk: Chunk) -> None:
                raise OSError(28, "No space left on device")

            monkeypatch.setattr(made.log, "append", full)
            writer.write(terminal.say_location(location(119.45, 32.22, clock.now_ms())))
            await until(lambda: made.hub.health()["log_error"] != "")
            writer.write(terminal.say_location(location(119.46, 32.22, clock.now_ms())))
            await asyncio.sleep(0.1)
            assert terminal.acked == 0
            assert made.rows == 0
            monkeypatch.setattr(made.log, "append", append)
            assert os.write is write
            await talk(terminal, reader, writer, lambda: terminal.acked == 2)
            await until(lambda: made.rows == 2)
            assert made.hub.health()["log_error"] == ""

    run(scene())


def test_a_listener_that_fails_does_not_stop_the_hearing(tmp_path: Path) -> None:
    async def scene() -> None:
        async with ears(tmp_path) as made:

            def fail(chunk: Chunk) -> None:
                raise RuntimeError("our own mistake")

            made.hub.on_chunk = fail
            _, writer = await made.dial("ais")
            writer.write((AIS + AIS_B).encode())
            await until(lambda: made.log.position == 2)
            await until(lambda: made.hub.ingest.counters.get("hub", "callback_failed") >= 1)

    run(scene())


def test_a_quiet_hub_writes_heartbeats(tmp_path: Path) -> None:
    async def scene() -> None:
        async with ears(tmp_path) as made:
            await until(lambda: len(made.beats) >= 2)
            assert made.beats[-1].wm_ms == made.log.wm_ms > made.beats[0].wm_ms

    run(scene())


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    async def scene() -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            log, raw = ChunkLog(tmp_path / "log"), RawLog(tmp_path / "raw")
            settings = HubSettings([Listener("ais", "127.0.0.1", port)])
            hub = Hub(settings, Book(), log, raw, clock.now_ms)
            with pytest.raises(OSError, match=f"ais tcp 127.0.0.1:{port}"):
                await hub.start()
            log.close()
            raw.close()

    run(scene())


def test_what_the_kernel_drops_is_found() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as heard:
        heard.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        heard.bind(("127.0.0.1", 0))
        inode = os.fstat(heard.fileno()).st_ino
        if kernel_drops(inode) is None:
            pytest.skip("this kernel has no /proc/net/udp")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for _ in range(500):
                sender.sendto(b"x" * 500, heard.getsockname())
        got = 0
        heard.setblocking(False)
        try:
            while True:
                heard.recv(1_000)
                got += 1
        except BlockingIOError:
            pass
        assert got < 500
        assert kernel_drops(inode) == 500 - got
    assert kernel_drops(inode) is None


# -- without sockets --------------------------------------------------------------------------------------


def ingest(home: Path, known: list[Device]) -> Ingest:
    return Ingest(Book(known), ChunkLog(home / "log", sync=False), RawLog(home / "raw", sync=False))


def drive(made: Ingest, terminal: Terminal, peer: str, now_ms: int = NOW) -> Any:
    """Logs a terminal in; its link."""
    link = made.open("jt808", peer, now_ms)
    said = terminal.hello()
    while said:
        made.take(link, said, now_ms)
        said = b""
        for to, reply in made.commit(now_ms).replies:
            if to is link:
                said += terminal.take(reply)
    return link


def test_answers_are_held_back_until_the_chunk_is_written(tmp_path: Path) -> None:
    made = ingest(tmp_path, devices(1))
    terminal = Terminal("13900000000")
    link = drive(made, terminal, "10.0.0.1:5000")
    made.take(link, terminal.say_location(location(119.45, 32.22, NOW)), NOW)
    assert made.waiting
    assert not made.due(NOW + 99)
    assert made.due(NOW + 100)
    assert list(chunks(tmp_path / "log")) == []
    done = made.commit(NOW + 100)
    assert len(done.replies) == 1
    assert [len(chunk.rows) for chunk in chunks(tmp_path / "log")] == [1]
    assert not made.waiting


def test_a_second_login_takes_over_and_another_address_is_a_clash(tmp_path: Path) -> None:
    made = ingest(tmp_path, devices(1))
    first = drive(made, Terminal("13900000000"), "10.0.0.1:5000")
    again = Terminal("13900000000")
    second = made.open("jt808", "10.0.0.1:5001", NOW)
    made.take(second, Terminal("13900000000", code="code").hello(), NOW)
    assert made.commit(NOW).closing == [first]
    assert not made.clashes
    third = made.open("jt808", "10.9.9.9:5000", NOW)
    again.code = "code"
    made.take(third, again.hello(), NOW)
    done = made.commit(NOW)
    assert done.closing == [second]
    assert [(c.address, c.old_address) for c in made.clashes] == [("10.9.9.9", "10.0.0.1")]
    assert made.counters.device("jt808", "13900000000") == {"identity_clash": 1}
    assert done.presence == []  # it never was off line
    # What the old link still says is not believed any more.
    made.take(second, Terminal("13900000000").say_location(location(1, 1, NOW)), NOW)
    assert made.commit(NOW).chunks == []
    made.close(first, NOW)
    made.close(second, NOW)
    assert made.is_online("jt808", "13900000000")
    made.close(third, NOW)
    assert [p.online for p in made.commit(NOW).presence] == [False]


def test_a_silent_device_goes_off_line_and_comes_back_once(tmp_path: Path) -> None:
    made = ingest(tmp_path, devices(1))
    seen = []
    drive(made, Terminal("13900000000"), "10.0.0.1:5000")
    seen += made.commit(NOW).presence
    for second in range(1, 400):
        made.idle(NOW + second * 1_000)
        seen += made.commit(NOW + second * 1_000).presence
    assert [(p.online, p.at_ms) for p in seen] == [(False, NOW + 181_000)]
    drive(made, Terminal("13900000000", code="code"), "10.0.0.1:6000", NOW + 500_000)
    assert made.is_online("jt808", "13900000000")


def test_a_link_given_up_is_believed_no_more_and_named_once(tmp_path: Path) -> None:
    made = ingest(tmp_path, devices(1))
    link = made.open("jt808", "10.0.0.1:1", NOW)
    for second in range(40):
        made.idle(NOW + second * 1_000)
    assert made.commit(NOW + 40_000).closing == [link]
    assert made.counters.rejected("jt808", "login_timeout") == 1
    made.take(link, Terminal("13900000000", code="code").hello(), NOW + 41_000)
    assert made.commit(NOW + 41_000).replies == []
    assert not made.is_online("jt808", "13900000000")


def test_a_session_that_fails_gives_up_its_link_alone(tmp_path: Path) -> None:
    class Broken:
        def take(self, data: bytes, heard_at_ms: int) -> Any:
            raise ZeroDivisionError

        def idle(self, now_ms: int) -> Any:
            raise ZeroDivisionError

    log, raw = ChunkLog(tmp_path / "log", sync=False), RawLog(tmp_path / "raw", sync=False)
    made = Ingest(Book(), log, raw, {"broken": lambda _: Broken()})
    link = made.open("broken", "10.0.0.1:1", NOW)
    made.take(link, b"x", NOW)
    assert made.commit(NOW).closing == [link]
    assert made.counters.rejected("broken", "internal_error") == 1
    assert [h.data for h in read(tmp_path / "raw") if h.what is What.BYTES] == [b"x"]


def test_the_raw_log_played_again_gives_the_same_chunks(tmp_path: Path) -> None:
    made = ingest(tmp_path / "live", devices(3))
    terminals = [Terminal(device.ident) for device in devices(3)]
    links = [drive(made, terminal, f"10.0.0.{n}:1") for n, terminal in enumerate(terminals)]
    for step in range(200):
        now = NOW + step * 70
        for link, terminal in zip(links, terminals, strict=True):
            made.take(link, terminal.say_location(location(119 + step / 1000, 32, now - 200, 30)), now)
            if made.due(now):
                made.commit(now)
    made.commit(NOW + 200 * 70)
    made.raw.close()

    again = ingest(tmp_path / "again", devices(3))
    opened: dict[int, Any] = {}
    for heard in read(tmp_path / "live/raw"):
        if heard.what is What.OPENED:
            opened[heard.link] = again.open(heard.protocol, heard.data.decode(), heard.heard_at_ms)
        else:
            again.take(opened[heard.link], heard.data, heard.heard_at_ms)
        if again.due(heard.heard_at_ms):
            again.commit(heard.heard_at_ms)
    again.commit(NOW + 200 * 70)
    first, second = (
        np.concatenate([chunk.rows for chunk in chunks(tmp_path / name / "log")])
        for name in ("live", "again")
    )
    assert len(first) == 600
    assert first.tobytes() == second.tobytes()


HEARING = """
import asyncio, sys
from pathlib import Path
from jiangdun.core import clock
from jiangdun.feeds.columns import Kind
from jiangdun.feeds.devices import Book
from jiangdun.feeds.hub import Hub, HubSettings, Listener
from jiangdun.feeds.log import ChunkLog
from jiangdun.feeds.observations import Device
from jiangdun.feeds.raw import RawLog

async def main(home):
    book = Book([Device("jt808", "13900000000", "truck", Kind.TRUCK, "code")])
    settings = HubSettings([Listener("jt808", "127.0.0.1", 0)], cut_ms=5)
    hub = Hub(settings, book, ChunkLog(home / "log"), RawLog(home / "raw"), clock.now_ms)
    await hub.start()
    print(hub.ports[("jt808", "tcp")], flush=True)
    await asyncio.sleep(600)

asyncio.run(main(Path(sys.argv[1])))
"""


@pytest.mark.parametrize("seed", range(3))
def test_a_killed_hub_has_logged_every_report_it_acknowledged(tmp_path: Path, seed: int) -> None:
    """The terminal sends without waiting for answers; the process dies at some moment in the middle of it."""
    kill_after = random.Random(seed).randrange(50, 400)
    acked: set[int] = set()
    t0 = clock.now_ms() // 1000 * 1000
    terminal = Terminal("13900000000", code="code")

    def hear(wire: socket.socket) -> bool:
        """Whether the other end lives."""
        try:
            data = wire.recv(65_536)
        except BlockingIOError:
            return True
        except ConnectionResetError:
            return False
        terminal.take(data)
        acked.update(a.serial - 1 for a in terminal.answers if (a.msg_id, a.result) == (0x0200, 0))
        return bool(data)

    command = [sys.executable, "-c", HEARING, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with socket.create_connection(("127.0.0.1", port), timeout=WAIT_S) as wire:
            wire.sendall(terminal.hello())
            while terminal.state is not State.ONLINE:
                hear(wire)
            for n in range(kill_after):
                wire.sendall(terminal.say_location(location(119 + n / 10_000, 32, t0 - n * 1000)))
                wire.settimeout(0 if n - len(acked) < 30 else WAIT_S)  # never more than 30 ahead
                hear(wire)
                wire.settimeout(WAIT_S)
            process.kill()
            while hear(wire):
                pass
    assert len(acked) > kill_after - 40
    logged = {(t0 - int(t)) // 1000 for chunk in chunks(tmp_path / "log") for t in chunk.rows["t"]}
    assert acked <= logged


BAD_FRAMES = """
import random, resource, sys
from pathlib import Path
from jiangdun.feeds.devices import Book
from jiangdun.feeds.ingest import Ingest
from jiangdun.feeds.log import ChunkLog
from jiangdun.feeds.raw import RawLog
from jiangdun.feeds.simulators.jt808 import Terminal

home, frames = Path(sys.argv[1]), int(sys.argv[2])
made = Ingest(Book(), ChunkLog(home / "log"), RawLog(home / "raw", keep_bytes=32 << 20))
draw = random.Random(5)

def rss():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

def bad(n):
    kind = n % 4
    if kind == 0:
        return "jt808", Terminal(str(10**10 + draw.randrange(10**10))).hello()
    if kind == 1:
        return "jt808", b"\\x7e" + draw.randbytes(60) + b"\\x7e"
    if kind == 2:
        return "ais", b"!AIVDM,1,1,,A," + draw.randbytes(28).hex().encode() + b",0*00\\r\\n"
    return "ais", b"!AIVDM,2,1,%d,A," % (n % 10) + draw.randbytes(20).hex().encode() + b",0*11\\r\\n"

links = {}
after_few = 0
for n in range(frames):
    protocol, data = bad(n)
    now = 1_795_260_647_000 + n
    if n % 5_000 == 0:
        for link in links.values():
            made.close(link, now)
        links = {p: made.open(p, f"10.0.{n % 250}.1:1", now) for p in ("jt808", "ais")}
    made.take(links[protocol], data, now)
    if made.due(now):
        made.commit(now)
    if n % 1_000 == 0:
        made.idle(now)
    if n == 10_000:
        after_few = rss()
print(after_few, rss(), made.counters.rejected("jt808") + made.counters.rejected("ais"), made.log.position)
"""


def grown_by(home: Path, frames: int) -> int:
    """Bytes of memory between 10,000 and `frames` bad frames."""
    command = [sys.executable, "-c", BAD_FRAMES, str(home), str(frames)]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    few, many, rejected, reports = map(int, found)
    assert rejected >= frames * 0.9
    assert reports == 0
    return many - few


def test_bad_frames_do_not_eat_memory(tmp_path: Path) -> None:
    assert grown_by(tmp_path, 100_000) <= 20 << 20


@soak
def test_a_million_bad_frames_do_not_eat_memory(tmp_path: Path) -> None:
    assert grown_by(tmp_path, 1_000_000) <= 20 << 20
