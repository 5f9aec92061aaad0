"""Datagrams of the hub: one socket, a session for each sender, and a count of what the kernel dropped."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from typing import TYPE_CHECKING, Any, Final

from .ingest import Link

if TYPE_CHECKING:
    from .hub import Hub

DATAGRAMS_AT_ONCE: Final = 256
DATAGRAM_BYTES_MAX: Final = 64 << 10
RECEIVE_BYTES: Final = 4 << 20

logger = logging.getLogger(__name__)


class Datagrams:
    """A socket of datagrams. Each sender has a session of its own, so that parts of messages do not mix."""

    def __init__(self, hub: Hub, protocol: str, host: str, port: int) -> None:
        self._hub, self._protocol = hub, protocol
        self._limits = hub.settings.limits
        self._senders: dict[tuple[str, int], Link] = {}  # the one heard last stands last
        self.dropped = 0
        """Datagrams the kernel threw away because its queue was full."""
        info = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        self._socket = socket.socket(info[0], socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
        try:
            self._socket.bind(info[4])
        except OSError:
            self._socket.close()
            raise
        self.port: int = self._socket.getsockname()[1]
        self._inode = os.fstat(self._socket.fileno()).st_ino
        self._open = True

    def reading(self, go: bool) -> None:
        if not self._open:
            return
        loop = asyncio.get_running_loop()
        if go:
            loop.add_reader(self._socket, self._readable)
        else:
            loop.remove_reader(self._socket)  # the kernel's queue fills, and it counts what it drops

    def close(self) -> None:
        if self._open:
            self.reading(False)
            self._open = False
            self._socket.close()

    def tick(self, now_ms: int) -> None:
        dropped = kernel_drops(self._inode)
        if dropped is not None and dropped > self.dropped:
            self._hub.ingest.counters.add(self._protocol, "udp_dropped", dropped - self.dropped)
            self.dropped = dropped
        for sender, link in list(self._senders.items()):
            if link.closed or now_ms - link.heard_ms > self._limits.idle_s * 1000:
                self._hub.ingest.close(link, now_ms)
                del self._senders[sender]

    def _readable(self) -> None:
        for _ in range(DATAGRAMS_AT_ONCE):
            try:
                data, address = self._socket.recvfrom(DATAGRAM_BYTES_MAX)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                logger.warning("udp %s: %s", self._protocol, error)
                return
            if self._hub.log_error:
                self._hub.ingest.counters.add(self._protocol, "udp_dropped")
                continue
            self._hub.heard(self._link(address), data)

    def _link(self, address: tuple[Any, ...]) -> Link:
        sender = (str(address[0]), int(address[1]))
        link = self._senders.pop(sender, None)
        if link is None or link.closed:
            now_ms = self._hub.clock()
            if len(self._senders) >= self._limits.udp_senders:
                oldest = next(iter(self._senders))
                self._hub.ingest.close(self._senders.pop(oldest), now_ms)
                self._hub.ingest.counters.add(self._protocol, "udp_senders_forgotten")
            link = self._hub.ingest.open(self._protocol, f"{sender[0]}:{sender[1]}", now_ms, datagrams=True)
        self._senders[sender] = link
        return link


def kernel_drops(inode: int) -> int | None:
    """Datagrams the kernel dropped on the socket of this inode since it was opened; None where it does not
    say.
    """
    for table in ("/proc/net/udp", "/proc/net/udp6"):
        try:
            with open(table) as file:
                next(file)
                for line in file:
                    columns = line.split()
                    if int(columns[9]) == inode:
                        return int(columns[12])
        except (OSError, StopIteration, ValueError, IndexError):
            continue
    return None
