"""The way of bytes, without sockets: links and their sessions, the intake, both logs, the answers held back.

The hub puts sockets before it; a replay, the demo's past and the stories of the tests call it themselves,
with the time of hearing they want. Nothing here asks the clock.

An answer is an acknowledgement, so it leaves `commit` only after the bytes it answers, and the chunk made of
them, were given to the kernel.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, cast

from .columns import Chunk
from .counters import Counters
from .devices import Book, Pending
from .intake import CUT_MS, CUT_ROWS, Intake
from .log import Beat, ChunkLog
from .observations import Observation, ProtocolSession, Taken, Unknown
from .protocols.ais import AisSession
from .protocols.ais_memory import AisMemory
from .protocols.jt808 import SOURCE as JT808
from .protocols.jt808 import Jt808Session
from .raw import RawLog, What

BEAT_MS: Final = 1_000
CLASHES_KEPT: Final = 100

logger = logging.getLogger(__name__)

Opener = Callable[[bool], ProtocolSession]
"""Opens a session; told whether each reading is a whole datagram."""


def protocols(book: Book) -> dict[str, Opener]:
    """Every protocol the ears understand. To add one, write its file and add its line here."""
    memory = AisMemory()
    return {
        "ais": lambda datagrams: AisSession(memory, datagrams=datagrams),
        JT808: lambda _: Jt808Session(book),
    }


class _Terminals(Protocol):
    """What a session offers whose devices log in: one device speaks on one link at a time."""

    joined: list[str]
    left: list[str]

    @property
    def idents(self) -> list[str]: ...

    def leave(self, ident: str, now_ms: int) -> bool: ...


@dataclass(eq=False, slots=True)
class Link:
    """One connection, or one sender of datagrams."""

    number: int
    protocol: str
    peer: str  # address and port, as the raw log keeps it
    session: ProtocolSession
    terminals: _Terminals | None
    opened_ms: int
    heard_ms: int
    readings: int = 0
    bytes: int = 0
    rejects: int = 0
    closing: bool = False  # given up: what it still sends is kept raw and believed no more
    closed: bool = False

    @property
    def address(self) -> str:
        return self.peer.rsplit(":", 1)[0]


@dataclass(frozen=True, slots=True)
class Presence:
    """A device came on line or went off line."""

    source: str
    ident: str
    online: bool
    at_ms: int


@dataclass(frozen=True, slots=True)
class Clash:
    """Two addresses spoke for one device at once; the newer one was believed."""

    source: str
    ident: str
    address: str
    old_address: str
    at_ms: int


@dataclass(slots=True)
class Committed:
    """What is safe by now, and what follows from it."""

    chunks: list[Chunk] = field(default_factory=list)
    observations: list[Observation] = field(default_factory=list)
    unknown: list[Unknown] = field(default_factory=list)
    presence: list[Presence] = field(default_factory=list)
    replies: list[tuple[Link, bytes]] = field(default_factory=list)
    closing: list[Link] = field(default_factory=list)  # to be closed once the replies are out


class Ingest:
    """All links of one process, in one thread."""

    def __init__(
        self,
        book: Book,
        log: ChunkLog,
        raw: RawLog,
        openers: Mapping[str, Opener] | None = None,
        cut_ms: int = CUT_MS,
        cut_rows: int = CUT_ROWS,
    ) -> None:
        self.book, self.log, self.raw = book, log, raw
        self.counters = Counters()
        self.pending = Pending()
        self.intake = Intake(log.position, log.wm_ms, cut_ms, cut_rows)
        self.links: dict[int, Link] = {}
        self.clashes: deque[Clash] = deque(maxlen=CLASHES_KEPT)
        self.last_heard_ms: dict[str, int] = {}
        """By protocol: when something understood was last heard."""
        self._openers = dict(openers) if openers is not None else protocols(book)
        self._live: dict[tuple[str, str], Link] = {}
        self._next = 0
        self._ready = Committed()
        self._unwritten: Chunk | None = None
        self._stirred = False  # something waits for a commit
        self._since_ms: int | None = None
        self._cut_ms = cut_ms
        self._beat_ms = 0

    # -- links ------------------------------------------------------------------------------------------

    def open(self, protocol: str, peer: str, now_ms: int, datagrams: bool = False) -> Link:
        self._next += 1
        session = self._openers[protocol](datagrams)
        terminals = cast(_Terminals, session) if hasattr(session, "joined") else None
        link = Link(self._next, protocol, peer, session, terminals, now_ms, now_ms)
        self.links[link.number] = link
        self.raw.put(now_ms, link.number, protocol, peer.encode(), What.OPENED)
        self.counters.add(protocol, "links_opened")
        self._stir(now_ms)
        return link

    def take(self, link: Link, data: bytes, heard_at_ms: int) -> None:
        """Bytes of a link. What comes of them waits for `commit`."""
        self.raw.put(heard_at_ms, link.number, link.protocol, data)
        link.heard_ms = heard_at_ms
        link.readings += 1
        link.bytes += len(data)
        self._stir(heard_at_ms)
        self._said(link, lambda: link.session.take(data, heard_at_ms), heard_at_ms)

    def idle(self, now_ms: int) -> None:
        """Once a second: the sessions' own time-outs."""
        for link in list(self.links.values()):
            self._said(link, lambda link=link: link.session.idle(now_ms), now_ms)  # type: ignore[misc]

    def close(self, link: Link, now_ms: int) -> None:
        """The connection is gone."""
        if self.links.pop(link.number, None) is None:
            return
        end = getattr(link.session, "end", None)
        if end is not None:
            self._said(link, lambda: end(now_ms), now_ms)
        link.closed = True
        self.raw.put(now_ms, link.number, link.protocol, b"", What.CLOSED)
        self._stir(now_ms)
        for ident in link.terminals.idents if link.terminals else ():
            self._gone(link, ident, now_ms)

    @property
    def online(self) -> int:
        """Devices logged in now."""
        return len(self._live)

    def is_online(self, source: str, ident: str) -> bool:
        return (source, ident) in self._live

    def set_devices(self, book: Book) -> None:
        """The admitted devices changed. Blocked ones lose their voice with their next frame."""
        self.book.replace(book.devices)
        self.pending.drop_known(self.book)

    # -- commits ----------------------------------------------------------------------------------------

    def due(self, now_ms: int) -> bool:
        """Something waits and has waited for long enough, or is enough."""
        if not self._stirred:
            return False
        waited = self._since_ms is None or now_ms - self._since_ms >= self._cut_ms
        return waited or self.intake.due(now_ms)

    @property
    def waiting(self) -> bool:
        return self._stirred

    def commit(self, now_ms: int) -> Committed:
        """Writes both logs, then gives out what may be known now.

        Raises OSError when the disk refuses (full, say): nothing is given out and nothing is lost; stop
        reading, then call again.
        """
        self.raw.flush()
        while True:
            chunk = self._unwritten = self._unwritten or self.intake.cut(now_ms)
            if chunk is None:
                break
            self.log.append(chunk)
            self._unwritten = None
            self._ready.chunks.append(chunk)
            self._beat_ms = now_ms
        ready, self._ready = self._ready, Committed()
        self._stirred, self._since_ms = False, None
        return ready

    def beat(self, now_ms: int) -> Beat | None:
        """A heartbeat record, when nothing was logged for `BEAT_MS`: time goes on for whoever waits."""
        if now_ms - self._beat_ms < BEAT_MS or self._unwritten is not None or self.intake.waiting:
            return None
        self._beat_ms = now_ms
        wm_ms = self.intake.beat(now_ms)
        self.log.beat(wm_ms)
        return Beat(self.log.position, wm_ms)

    def health(self) -> dict[str, Any]:
        """Plain values for the health page."""
        links: dict[str, int] = {}
        for link in self.links.values():
            links[link.protocol] = links.get(link.protocol, 0) + 1
        return {
            "links": links,
            "online": self.online,
            "counters": self.counters.snapshot(),
            "devices_worst": self.counters.worst(),
            "intake": dict(self.intake.counts),
            "lag_p99_s": {source: self.intake.lag_s(source) for source in self.intake.lags},
            "last_heard_ms": dict(self.last_heard_ms),
            "pending": len(self.pending),
            "pending_pushed_out": self.pending.pushed_out,
            "clashes": [
                {"source": c.source, "ident": c.ident, "address": c.address, "old_address": c.old_address}
                for c in self.clashes
            ],
            "position": self.log.position,
            "wm_ms": self.log.wm_ms,
            "torn_bytes": self.log.torn_bytes + self.raw.torn_bytes,
            "raw_segments_removed": self.raw.removed,
            "sync_error": self.log.sync_error or self.raw.sync_error,
        }

    # -- inside -----------------------------------------------------------------------------------------

    def _stir(self, now_ms: int) -> None:
        self._stirred = True
        if self._since_ms is None:
            self._since_ms = now_ms

    def _said(self, link: Link, ask: Callable[[], Taken], now_ms: int) -> None:
        """Asks a session and puts what it says where it belongs."""
        if link.closing:
            return
        try:
            taken = ask()
        except Exception:  # our own mistake: this link is given up, the others go on
            logger.exception("session of link %d (%s, %s) failed", link.number, link.protocol, link.peer)
            self.counters.reject(link.protocol, "internal_error")
            self._give_up(link, now_ms)
            return
        for what, n in taken.counts.items():
            self.counters.add(link.protocol, what, n)
        for bad in taken.rejects:
            self.counters.reject(link.protocol, bad.reason, bad.ident)
        link.rejects += len(taken.rejects)
        if taken.observations:
            self.last_heard_ms[link.protocol] = now_ms
            self.intake.take(taken.observations, now_ms)
            self._ready.observations += taken.observations
            for said in taken.observations:
                if type(said) is Unknown:
                    self.pending.see(said, now_ms)
                    self._ready.unknown.append(said)
        if taken.replies:
            self._ready.replies += [(link, reply) for reply in taken.replies]
        if taken.observations or taken.replies:
            self._stir(now_ms)
        if taken.close:
            self._give_up(link, now_ms)
        if link.terminals is not None and (link.terminals.joined or link.terminals.left):
            self._presence(link, link.terminals, now_ms)

    def _give_up(self, link: Link, now_ms: int) -> None:
        if not link.closing:
            link.closing = True
            self._ready.closing.append(link)
            self._stir(now_ms)

    def _presence(self, link: Link, terminals: _Terminals, now_ms: int) -> None:
        joined, left = terminals.joined[:], terminals.left[:]
        terminals.joined.clear()
        terminals.left.clear()
        for ident in left:
            self._gone(link, ident, now_ms)
        for ident in joined:
            self._came(link, ident, now_ms)

    def _came(self, link: Link, ident: str, now_ms: int) -> None:
        """The newer login of a device replaces the older one."""
        key = (link.protocol, ident)
        old = self._live.get(key)
        self._live[key] = link
        if old is None:
            self._ready.presence.append(Presence(link.protocol, ident, True, now_ms))
            return
        if old is link:
            return
        self.counters.add(link.protocol, "replaced")
        if old.address != link.address:
            self.counters.add(link.protocol, "identity_clash")
            self.counters.add_device(link.protocol, ident, "identity_clash")
            self.clashes.append(Clash(link.protocol, ident, link.address, old.address, now_ms))
        assert old.terminals is not None
        if old.terminals.leave(ident, now_ms):
            self._give_up(old, now_ms)
        old.terminals.left.clear()

    def _gone(self, link: Link, ident: str, now_ms: int) -> None:
        key = (link.protocol, ident)
        if self._live.get(key) is link:
            del self._live[key]
            self._ready.presence.append(Presence(link.protocol, ident, False, now_ms))
