"""The raw log: every byte that came in, with when and on which link, before anything is understood.

It is the evidence behind every report and the input of every replay: a decoder that learns more can read any
day again. Layout of a record's payload (in a `segments` file), little-endian: i64 heard_at ms, u32 link, u8
what (0 bytes, 1 the link was opened, 2 it was closed), u8 length of the protocol's name, name, data. The
data of an opened link is the address of its peer, so that evidence can say who sent it.
"""

from __future__ import annotations

import itertools
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Final

from .segments import SEGMENT_BYTES_MAX, Segments, scan

MAGIC: Final = b"JDRAW\x00\x00\x01"
SUFFIX: Final = "raw"
AGE_MS_MAX: Final = 3_600_000
KEEP_BYTES: Final = 64 << 30
"""Older segments go when all of them together are larger."""

_HEAD: Final = struct.Struct("<qIBB")


class What(IntEnum):
    BYTES = 0
    OPENED = 1
    CLOSED = 2


@dataclass(frozen=True, slots=True)
class Heard:
    """One reading of one link."""

    heard_at_ms: int
    link: int  # number of the link, counted from the start of the process that heard it
    protocol: str
    data: bytes
    what: What = What.BYTES


class RawLog:
    """The writing end. `put` collects, `flush` hands over to the kernel."""

    def __init__(
        self,
        directory: Path,
        bytes_max: int = SEGMENT_BYTES_MAX,
        age_ms_max: int = AGE_MS_MAX,
        keep_bytes: int = KEEP_BYTES,
        sync: bool = True,
    ) -> None:
        self._segments = Segments(directory, MAGIC, SUFFIX, bytes_max, sync)
        self._age_ms_max, self._keep_bytes = age_ms_max, keep_bytes
        self._began_ms: int | None = None
        self._first_ms: int | None = None  # of what is put and not flushed
        self.removed = 0
        """Segments removed since start because the raw log was larger than `keep_bytes`."""

    @property
    def torn(self) -> int:
        return self._segments.torn

    @property
    def torn_bytes(self) -> int:
        return self._segments.torn_bytes

    @property
    def sync_error(self) -> str:
        return self._segments.sync_error

    def put(self, heard_at_ms: int, link: int, protocol: str, data: bytes, what: What = What.BYTES) -> None:
        name = protocol.encode()
        self._segments.put(_HEAD.pack(heard_at_ms, link, what, len(name)), name, data)
        if self._first_ms is None:
            self._first_ms = heard_at_ms

    def flush(self) -> int:
        """Bytes written. Raises OSError, and what was put is kept for a retry."""
        first_ms = self._first_ms
        if first_ms is None:
            return 0
        if self._began_ms is None or first_ms - self._began_ms >= self._age_ms_max or self._segments.due():
            self._segments.begin(max(first_ms, 0))
            self._began_ms = first_ms
            self._prune()
        written = self._segments.flush()
        self._first_ms = None
        return written

    def close(self) -> None:
        self.flush()
        self._segments.close()

    def _prune(self) -> None:
        paths = Segments.paths(self._segments.directory, SUFFIX)
        sizes = [path.stat().st_size if path.exists() else 0 for path in paths]  # retention deletes beside us
        total = sum(sizes)
        for path, size in zip(paths[:-1], sizes, strict=False):
            if total <= self._keep_bytes:
                break
            path.unlink(missing_ok=True)
            total -= size
            self.removed += 1


def older_than(directory: Path, before_ms: int) -> list[Path]:
    """Segments in which nothing was heard at `before_ms` or later, oldest first; never the newest, which is written."""
    paths = Segments.paths(directory, SUFFIX)
    return [path for path, after in itertools.pairwise(paths) if Segments.key_of(after) <= before_ms]


def read(directory: Path, since_ms: int = 0, until_ms: int | None = None) -> Iterator[Heard]:
    """What was heard from `since_ms` on, before `until_ms`, in the order of hearing.

    A segment that is torn or damaged gives what stands before the damage; reading goes on with the next.
    """
    paths = Segments.paths(directory, SUFFIX)
    for path, after in zip(paths, [*paths[1:], None], strict=False):
        if after is not None and Segments.key_of(after) < since_ms:
            continue
        if until_ms is not None and Segments.key_of(path) >= until_ms:
            continue
        for _, payload in scan(path, MAGIC):
            heard_at_ms, link, what, size = _HEAD.unpack_from(payload)
            if heard_at_ms < since_ms or (until_ms is not None and heard_at_ms >= until_ms):
                continue
            name = payload[_HEAD.size : _HEAD.size + size].decode()
            yield Heard(heard_at_ms, link, name, payload[_HEAD.size + size :], What(what))
