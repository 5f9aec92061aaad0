"""The wire between *ears* and *desk* on one box: framed messages over a unix socket.

A frame is u32 length, u8 kind, payload. Ears listens, desk calls (again and again, until it is answered). Positions are
lossy: when desk is slow, ears drops frames and desk asks for a snapshot. Reference records are acknowledged by key.
What the other end cannot make sense of is logged and passed over; the link stays.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import struct
from collections.abc import Awaitable, Callable
from enum import IntEnum
from pathlib import Path
from typing import Any, Final

import structlog

FRAME_BYTES_MAX: Final = 32 << 20
BACKLOG_BYTES_MAX: Final = 8 << 20
"""More than this unsent towards a slow desk: positions are dropped until it has caught up."""
CALL_EVERY_S: Final = 0.25

_HEAD = struct.Struct("<IB")
log = structlog.get_logger()


class Word(IntEnum):
    """The kinds of frame."""

    FRAME = 1  # ears to desk: live delta
    SNAPSHOT = 2  # ears to desk: live snapshot
    ALERTS = 3  # ears to desk: the spool has grown
    PULSE = 4  # ears to desk, each second: sources, counters, own units' positions
    ANSWER = 5  # ears to desk: {"id", "value"}
    KEPT = 6  # ears to desk: {"key"}: a reference record is kept
    REFERENCE = 7  # desk to ears: {"key", "what", "value"}
    ASK = 8  # desk to ears: {"id", "what", ...}
    WANT_SNAPSHOT = 9  # desk to ears


LOSSY: Final = frozenset((Word.FRAME, Word.SNAPSHOT, Word.ALERTS, Word.PULSE))
"""Dropped towards a crowded desk: each comes again, and the spool is looked at in any case."""

Take = Callable[[Word, bytes], Awaitable[None]]


class Wire:
    """One end of an open link."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    def send(self, word: Word, payload: bytes) -> bool:
        """True when the frame is on its way. One too large is logged and stays here: the other end would hang up."""
        if len(payload) > FRAME_BYTES_MAX:
            log.error(
                "link frame too large, not sent", word=word.name, length=len(payload), limit=FRAME_BYTES_MAX
            )
            return False
        if word in LOSSY and self.crowded:
            return False
        self._writer.write(_HEAD.pack(len(payload), word) + payload)
        return True

    def tell(self, word: Word, value: Any) -> bool:
        return self.send(word, json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())

    @property
    def crowded(self) -> bool:
        return self._writer.transport.get_write_buffer_size() > BACKLOG_BYTES_MAX

    async def read_on(self, take: Take) -> None:
        """Give every frame to `take` until the other end is gone."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                length, word = _HEAD.unpack(await self._reader.readexactly(_HEAD.size))
                if length > FRAME_BYTES_MAX:
                    log.error("link frame too large, closing", length=length, limit=FRAME_BYTES_MAX)
                    return
                await _give(take, word, await self._reader.readexactly(length))

    def close(self) -> None:
        with contextlib.suppress(Exception):
            self._writer.close()


class Listener:
    """Ears' end: at most one desk is spoken to, the newest."""

    def __init__(self, path: Path, take: Take, on_open: Callable[[], None] | None = None) -> None:
        self._path, self._take, self._on_open = path, take, on_open
        self._wire: Wire | None = None
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, self._path)
        self._path.chmod(0o600)

    async def stop(self) -> None:
        if self._wire:
            self._wire.close()
        if self._server:
            self._server.close()
        self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = Wire(reader, writer)
        if self._wire:
            self._wire.close()
        self._wire = wire
        if self._on_open:
            self._on_open()
        try:
            await wire.read_on(self._take)
        finally:
            if self._wire is wire:
                self._wire = None
            wire.close()

    def send(self, word: Word, payload: bytes) -> bool:
        """True when the frame is on its way; what is lossy is dropped for a crowded desk (False)."""
        return self._wire is not None and self._wire.send(word, payload)

    def tell(self, word: Word, value: Any) -> bool:
        return self._wire is not None and self._wire.tell(word, value)


class Caller:
    """Desk's end: keeps calling, hands out what comes, knows whether ears is there."""

    def __init__(self, path: Path, take: Take, on_open: Callable[[], None]) -> None:
        self._path, self._take, self._on_open = path, take, on_open
        self._wire: Wire | None = None

    @property
    def open(self) -> bool:
        return self._wire is not None

    async def run(self) -> None:
        while True:
            try:
                reader, writer = await asyncio.open_unix_connection(self._path)
            except OSError:
                await asyncio.sleep(CALL_EVERY_S)
                continue
            self._wire = Wire(reader, writer)
            try:
                self._on_open()
                await self._wire.read_on(self._take)
            finally:
                self._wire.close()
                self._wire = None
            await asyncio.sleep(CALL_EVERY_S)

    def tell(self, word: Word, value: Any) -> bool:
        return self._wire is not None and self._wire.tell(word, value)


async def _give(take: Take, word: int, payload: bytes) -> None:
    try:
        await take(Word(word), payload)
    except Exception:
        log.exception("a frame of the link could not be taken", word=word, length=len(payload))
