"""The sockets of the ears: listeners, links, limits, time-outs. What bytes mean is decided in `ingest`.

One asyncio loop, no Django, no SQL. A reading is stamped with the time of hearing as soon as it leaves the
kernel. When the disk refuses the logs, the hub stops reading (senders wait, nothing is acknowledged) and
tries again.

Limits, all named in `Limits`: links in all and by address, new links by address, bytes a second on a link,
unread answers, silence.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from .columns import Chunk
from .datagrams import Datagrams
from .devices import Book
from .ingest import Committed, Ingest, Link, Opener, Presence
from .intake import CUT_MS
from .log import Beat, ChunkLog
from .observations import Device, Observation, Unknown
from .raw import RawLog

READ_BYTES: Final = 64 << 10
RETRY_S: Final = 1.0
OPENS_WINDOW_MS: Final = 10_000

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Listener:
    """A port that one protocol listens on. Port 0: any free one."""

    protocol: str
    host: str
    port: int
    transport: Literal["tcp", "udp"] = "tcp"


@dataclass(frozen=True, slots=True)
class Limits:
    links: int = 10_000
    links_per_address: int = 2_000
    opens_per_address: int = 1_000  # within OPENS_WINDOW_MS
    bytes_per_s: int = 8 << 20  # of one link; above, its sender waits for the next second
    unread_bytes: int = 64 << 10  # answers a peer does not fetch; above, its link is closed
    idle_s: int = 900  # a link that says nothing for so long is closed
    udp_senders: int = 1_000  # the one unheard the longest is forgotten first


@dataclass(frozen=True, slots=True)
class HubSettings:
    listeners: Sequence[Listener]
    limits: Limits = field(default_factory=Limits)
    cut_ms: int = CUT_MS


class _Tcp(asyncio.BufferedProtocol):
    """One accepted connection. All share the hub's reading buffer, since there is one thread."""

    def __init__(self, hub: Hub, protocol: str) -> None:
        self._hub, self._name = hub, protocol
        self.transport: asyncio.Transport | None = None
        self.link: Link | None = None
        self.second_bytes = 0
        self.throttled = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        peer = transport.get_extra_info("peername") or ("?", 0)
        self.link = self._hub._accept(self, self._name, str(peer[0]), int(peer[1]))
        if self.link is None:
            transport.abort()

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's signature
        return self._hub._buffer

    def buffer_updated(self, nbytes: int) -> None:
        if self.link is not None:
            self._hub._heard_tcp(self, bytes(self._hub._buffer[:nbytes]))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        if self.link is not None:
            self._hub._lost(self)
        self.transport = None


class Hub:
    """Callbacks run in the hub's loop, after the commit, in this order: replies, `on_chunk` for each chunk,
    `on_observations`, `on_pending`, `on_presence`; `on_beat` when nothing was heard. One that raises is
    logged and counted, and the hub goes on.
    """

    def __init__(
        self,
        settings: HubSettings,
        book: Book,
        log: ChunkLog,
        raw: RawLog,
        clock: Callable[[], int],
        *,
        openers: Mapping[str, Opener] | None = None,
        on_chunk: Callable[[Chunk], None] | None = None,
        on_observations: Callable[[list[Observation]], None] | None = None,
        on_pending: Callable[[list[Unknown]], None] | None = None,
        on_presence: Callable[[list[Presence]], None] | None = None,
        on_beat: Callable[[Beat], None] | None = None,
    ) -> None:
        self.settings = settings
        self.ingest = Ingest(book, log, raw, openers, settings.cut_ms)
        self.on_chunk, self.on_observations = on_chunk, on_observations
        self.on_pending, self.on_presence, self.on_beat = on_pending, on_presence, on_beat
        self.ports: dict[tuple[str, str], int] = {}
        """(protocol, transport) -> port that is listened on."""
        self.log_error = ""
        """What the disk said when it last refused; empty while all is well."""
        self.clock = clock
        self._buffer = memoryview(bytearray(READ_BYTES))
        self._servers: list[asyncio.Server] = []
        self._sockets: list[Datagrams] = []
        self._wires: dict[Link, _Tcp] = {}
        self._by_address: dict[str, int] = {}
        self._opens: dict[str, int] = {}
        self._opens_since_ms = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._ticking: asyncio.Task[None] | None = None
        self._links_max = settings.limits.links
        self._stopped = False

    # -- from outside -----------------------------------------------------------------------------------

    async def start(self) -> None:
        """Opens every listener. Raises OSError naming the port that is taken; then nothing listens."""
        self._loop = asyncio.get_running_loop()
        self._links_max = min(self.settings.limits.links, _allow_files(self.settings.limits.links))
        try:
            for listener in self.settings.listeners:
                await self._listen(listener)
        except OSError:
            await self.stop()
            raise
        self._ticking = asyncio.create_task(self._tick_forever(), name="hub tick")

    async def stop(self) -> None:
        """Stops listening, writes and answers what was heard, closes the links and both logs."""
        self._stopped = True
        if self._ticking is not None:
            self._ticking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._ticking
        for server in self._servers:
            server.close()
        for udp in self._sockets:
            udp.close()
        self._commit()
        for wire in list(self._wires.values()):
            if wire.transport is not None:
                wire.transport.close()
        await asyncio.sleep(0)
        for link in list(self.ingest.links.values()):
            self.ingest.close(link, self.clock())
        self._commit()
        if self._timer is not None:
            self._timer.cancel()
        for closing in (self.ingest.log, self.ingest.raw):
            try:
                closing.close()
            except OSError as error:
                logger.error("a log could not be closed in peace: %s", error)

    def set_devices(self, devices: Sequence[Device]) -> None:
        """The admitted devices, anew."""
        self.ingest.set_devices(Book(devices))

    def health(self) -> dict[str, Any]:
        """Plain values for the health page; see `Ingest.health`."""
        found = self.ingest.health()
        found["udp_dropped"] = sum(udp.dropped for udp in self._sockets)
        found["log_error"] = self.log_error
        found["ports"] = {f"{name}/{transport}": port for (name, transport), port in self.ports.items()}
        return found

    def commit_at(self, now_ms: int) -> None:
        """Write and give out what waits, as of `now_ms`: for a past that is heard before the sockets open,
        and before a reference record. Raises OSError when the disk refuses.
        """
        self._give_out(self.ingest.commit(now_ms))

    # -- listening --------------------------------------------------------------------------------------

    async def _listen(self, listener: Listener) -> None:
        assert self._loop is not None
        try:
            if listener.transport == "udp":
                udp = Datagrams(self, listener.protocol, listener.host, listener.port)
                udp.reading(True)
                self._sockets.append(udp)
                port = udp.port
            else:
                server = await self._loop.create_server(
                    lambda: _Tcp(self, listener.protocol), listener.host, listener.port, backlog=1024
                )
                self._servers.append(server)
                port = server.sockets[0].getsockname()[1]
        except OSError as error:
            where = f"{listener.protocol} {listener.transport} {listener.host}:{listener.port}"
            raise OSError(error.errno, f"cannot listen for {where}: {error.strerror}") from error
        self.ports[(listener.protocol, listener.transport)] = port

    def _accept(self, wire: _Tcp, protocol: str, address: str, port: int) -> Link | None:
        now_ms = self.clock()
        if now_ms - self._opens_since_ms >= OPENS_WINDOW_MS or now_ms < self._opens_since_ms:
            self._opens.clear()
            self._opens_since_ms = now_ms
        limits = self.settings.limits
        opens = self._opens[address] = self._opens.get(address, 0) + 1
        refusal = ""
        if self._stopped or len(self._wires) >= self._links_max:
            refusal = "refused_links"
        elif self._by_address.get(address, 0) >= limits.links_per_address:
            refusal = "refused_address"
        elif opens > limits.opens_per_address:
            refusal = "refused_opens"
        if refusal:
            self.ingest.counters.add(protocol, refusal)
            return None
        link = self.ingest.open(protocol, f"{address}:{port}", now_ms)
        self._wires[link] = wire
        self._by_address[address] = self._by_address.get(address, 0) + 1
        assert wire.transport is not None
        wire.transport.set_write_buffer_limits(high=limits.unread_bytes)
        if self.log_error:
            wire.transport.pause_reading()
        self._arm()
        return link

    def _lost(self, wire: _Tcp) -> None:
        link = wire.link
        if link is None or self._wires.pop(link, None) is None:
            return
        left = self._by_address[link.address] - 1
        if left:
            self._by_address[link.address] = left
        else:
            del self._by_address[link.address]
        self.ingest.close(link, self.clock())
        self._arm()

    # -- hearing ----------------------------------------------------------------------------------------

    def _heard_tcp(self, wire: _Tcp, data: bytes) -> None:
        assert wire.link is not None
        wire.second_bytes += len(data)
        if wire.second_bytes > self.settings.limits.bytes_per_s and not wire.throttled and wire.transport:
            wire.throttled = True
            wire.transport.pause_reading()
            self.ingest.counters.add(wire.link.protocol, "throttled")
        self.heard(wire.link, data)

    def heard(self, link: Link, data: bytes) -> None:
        now_ms = self.clock()
        self.ingest.take(link, data, now_ms)
        if self.ingest.intake.due(now_ms):
            self._commit()
        else:
            self._arm()

    def _arm(self) -> None:
        """Something waits: commit within the time a chunk may wait."""
        if self._timer is None and self.ingest.waiting and self._loop is not None:
            self._timer = self._loop.call_later(self.settings.cut_ms / 1000, self._commit)

    def _commit(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        try:
            ready = self.ingest.commit(self.clock())
        except OSError as error:
            if not self.log_error:
                logger.error("the log cannot be written, reading stops: %s", error)
            self.log_error = str(error)
            self._reading(False)
            if self._loop is not None and not self._stopped:
                self._timer = self._loop.call_later(RETRY_S, self._commit)
            return
        if self.log_error:
            logger.warning("the log is written again")
            self.log_error = ""
            self._reading(True)
        self._give_out(ready)

    def _give_out(self, ready: Committed) -> None:
        for link, reply in ready.replies:
            wire = self._wires.get(link)
            if wire is not None and wire.transport is not None and not wire.transport.is_closing():
                wire.transport.write(reply)
                if wire.transport.get_write_buffer_size() > self.settings.limits.unread_bytes:
                    self.ingest.counters.add(link.protocol, "slow_reader")
                    wire.transport.abort()
        for link in ready.closing:
            self._hang_up(link)
        for chunk in ready.chunks:
            self._call(self.on_chunk, chunk)
        if ready.observations:
            self._call(self.on_observations, ready.observations)
        if ready.unknown:
            self._call(self.on_pending, ready.unknown)
        if ready.presence:
            self._call(self.on_presence, ready.presence)

    def _call(self, callback: Callable[[Any], None] | None, value: object) -> None:
        if callback is None:
            return
        try:
            callback(value)
        except Exception:  # our own mistake, in a part that listens; hearing goes on
            logger.exception("a listener of the hub failed")
            self.ingest.counters.add("hub", "callback_failed")

    def _hang_up(self, link: Link) -> None:
        wire = self._wires.get(link)
        if wire is not None and wire.transport is not None:
            wire.transport.close()
        elif not link.closed:
            self.ingest.close(link, self.clock())

    def _reading(self, go: bool) -> None:
        for wire in self._wires.values():
            if wire.transport is None or wire.transport.is_closing() or wire.throttled:
                continue
            if go:
                wire.transport.resume_reading()
            else:
                wire.transport.pause_reading()
        for udp in self._sockets:
            udp.reading(go)

    # -- once a second ----------------------------------------------------------------------------------

    async def _tick_forever(self) -> None:
        while True:
            await asyncio.sleep(1)
            try:
                self.tick()
            except Exception:  # our own mistake; the next second comes all the same
                logger.exception("the hub's tick failed")
                self.ingest.counters.add("hub", "tick_failed")

    def tick(self) -> None:
        """Time-outs, throttles, dropped datagrams, heartbeats of the log."""
        now_ms = self.clock()
        self.ingest.idle(now_ms)
        for link, wire in list(self._wires.items()):
            wire.second_bytes = 0
            if wire.throttled and wire.transport is not None:
                wire.throttled = False
                if not self.log_error and not wire.transport.is_closing():
                    wire.transport.resume_reading()
            if now_ms - link.heard_ms > self.settings.limits.idle_s * 1000:
                self.ingest.counters.add(link.protocol, "idle_closed")
                self._hang_up(link)
        for udp in self._sockets:
            udp.tick(now_ms)
        self._arm()
        if self.log_error:
            return
        try:
            beat = self.ingest.beat(now_ms)
        except OSError as error:
            logger.error("no heartbeat written: %s", error)
            return
        if beat is not None:
            self._call(self.on_beat, beat)


def _allow_files(wanted: int) -> int:
    """Raises this process's limit of open files as far as it may; how many links fit, 200 files kept for
    others.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    target = wanted + 200 if hard == resource.RLIM_INFINITY else min(hard, wanted + 200)
    if soft != resource.RLIM_INFINITY and soft < target:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (target, hard))
            soft = target
    return wanted if soft == resource.RLIM_INFINITY else max(soft - 200, 1)
