"""Append-only files of checked records: what the raw log and the chunk log are written in.

A segment is an 8-byte magic and then records: u32 CRC-32 of all that follows, u32 length of the payload,
payload; little-endian. `flush` returns when the kernel has the bytes (write(2)): they survive the death of
the process. A thread calls fsync every second, so a power cut costs at most about that second.

After a crash the newest segment may end in half a record. It is cut off at the last whole one and counted.
"""

from __future__ import annotations

import os
import struct
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

SEGMENT_BYTES_MAX: Final = 64 << 20
RECORD_BYTES_MAX: Final = 16 << 20
SYNC_S: Final = 1.0

_HEAD: Final = struct.Struct("<II")
_READ_BYTES: Final = 1 << 20


def scan(path: Path, magic: bytes) -> Iterator[tuple[int, bytes]]:
    """(end offset, payload) of every whole record, up to the first that is torn or wrong."""
    with path.open("rb") as file:
        if file.read(len(magic)) != magic:
            return
        buffer, at, start = b"", 0, len(magic)  # start: offset in the file of buffer[0]
        while True:
            if len(buffer) - at >= _HEAD.size:
                crc, size = _HEAD.unpack_from(buffer, at)
                if size > RECORD_BYTES_MAX:
                    return
                if len(buffer) - at >= _HEAD.size + size:
                    end = at + _HEAD.size + size
                    if zlib.crc32(memoryview(buffer)[at + 4 : end]) != crc:
                        return
                    yield start + end, buffer[at + _HEAD.size : end]
                    at = end
                    continue
            more = file.read(_READ_BYTES)
            if not more:
                return
            start, buffer, at = start + at, buffer[at:] + more, 0


class Segments:
    """The segments `<key>-<number>.<suffix>` of one directory, and the newest of them open for writing.

    `key` is what readers look for: 20 digits given by the writer when a segment begins.
    """

    def __init__(
        self,
        directory: Path,
        magic: bytes,
        suffix: str,
        bytes_max: int = SEGMENT_BYTES_MAX,
        sync: bool = True,
    ) -> None:
        assert len(magic) == 8
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.directory = directory
        self.torn = 0
        """Segments whose tail was cut off at opening."""
        self.torn_bytes = 0
        self.sync_error = ""
        """What the last fsync said, empty when it went well."""
        self._magic, self._suffix, self._bytes_max = magic, suffix, bytes_max
        self._buffer: list[bytes] = []
        self._file = -1
        self._size = 0
        self._number = 0
        self._lock = threading.Lock()  # over the descriptor, which the fsync thread also uses
        self._dirty = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._open_newest()
        if sync:
            self._thread = threading.Thread(target=self._sync_loop, name=f"fsync-{suffix}", daemon=True)
            self._thread.start()

    @staticmethod
    def paths(directory: Path, suffix: str) -> list[Path]:
        """Oldest first, by number: the clock that keys are taken from may have been set back."""
        return sorted(directory.glob(f"*.{suffix}"), key=lambda path: int(path.stem.split("-")[1]))

    @staticmethod
    def key_of(path: Path) -> int:
        return int(path.name.split("-")[0])

    @property
    def size(self) -> int:
        """Bytes of the open segment that are written."""
        return self._size

    @property
    def empty(self) -> bool:
        return self._file < 0

    def due(self) -> bool:
        """The open segment is full, or there is none: `begin` one before the next record."""
        return self._file < 0 or self._size >= self._bytes_max

    def begin(self, key: int) -> None:
        """Closes the open segment and begins the next one, which gets what was put and not flushed."""
        self._number += 1
        path = self.directory / f"{key:020d}-{self._number:08d}.{self._suffix}"
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        try:
            _write_all(file, self._magic)
        except OSError:
            os.close(file)
            path.unlink()
            raise
        with self._lock:
            old, self._file = self._file, file
            self._size = len(self._magic)
        if old >= 0:
            os.fsync(old)
            os.close(old)
        _sync_directory(self.directory)

    def put(self, *payload: bytes) -> None:
        """Adds a record, in pieces, to what the next `flush` writes."""
        size = sum(map(len, payload))
        assert size <= RECORD_BYTES_MAX
        crc = zlib.crc32(size.to_bytes(4, "little"))
        for piece in payload:
            crc = zlib.crc32(piece, crc)
        self._buffer.append(_HEAD.pack(crc, size))
        self._buffer.extend(payload)

    def flush(self) -> int:
        """Writes what was put, all or nothing; bytes written. Raises OSError, and what was put stays for a
        retry.
        """
        if not self._buffer:
            return 0
        data = b"".join(self._buffer)
        with self._lock:
            try:
                _write_all(self._file, data)
            except OSError:
                os.ftruncate(self._file, self._size)
                raise
            self._size += len(data)
        self._buffer.clear()
        self._dirty.set()
        return len(data)

    def forget(self) -> None:
        """Drop what was put and could not be written."""
        self._buffer.clear()

    def sync(self) -> None:
        """fsync now."""
        with self._lock:
            if self._file >= 0:
                os.fsync(self._file)

    def close(self) -> None:
        self.flush()
        self._stop.set()
        self._dirty.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self.sync()
        with self._lock:
            if self._file >= 0:
                os.close(self._file)
                self._file = -1

    def _open_newest(self) -> None:
        paths = self.paths(self.directory, self._suffix)
        if not paths:
            return
        path = paths[-1]
        self._number = int(path.stem.split("-")[1])
        end = len(self._magic)
        for end, _ in scan(path, self._magic):  # noqa: B007 - the last end is what is wanted
            pass
        size = path.stat().st_size
        if size < len(self._magic) or _first(path, len(self._magic)) != self._magic:
            end = 0
        if end < size:
            self.torn, self.torn_bytes = 1, size - end
            with path.open("rb") as file:
                file.seek(end)
                path.with_suffix(".torn").write_bytes(file.read())  # kept beside it: it may be evidence
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND)
        os.ftruncate(self._file, end)
        if end == 0:
            _write_all(self._file, self._magic)
            end = len(self._magic)
        os.fsync(self._file)
        self._size = end

    def _sync_loop(self) -> None:
        while not self._stop.is_set():
            self._dirty.wait()
            self._dirty.clear()
            # A copy of the descriptor, so that a slow disk holds up neither writing nor the next segment.
            with self._lock:
                file = os.dup(self._file) if self._file >= 0 else -1
            if file >= 0:
                try:
                    os.fsync(file)
                    self.sync_error = ""
                except OSError as error:
                    self.sync_error = str(error)
                finally:
                    os.close(file)
            self._stop.wait(SYNC_S)


def _first(path: Path, size: int) -> bytes:
    with path.open("rb") as file:
        return file.read(size)


def _write_all(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
