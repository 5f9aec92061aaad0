"""The chunk log: what was understood, in the order in which it was heard. Everything later is a function of
it.

Three kinds of record (in a `segments` file), each with the head `JDC1`, u8 kind, u8 version, u16 0, u64
position, i64 watermark ms, u32 n, little-endian:

* *chunk*: n reports as columns, one array after another in the order of `columns.COLUMNS`;
* *heartbeat*: no report, a newer watermark: it moves quiet shards;
* *reference*: zones, rules or devices as JSON, valid from this position on; n is the length of its kind's
  name, which stands before the JSON.

`position` counts reports: it is the number of reports before this record. Watermarks never fall.
"""

from __future__ import annotations

import itertools
import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from .columns import COLUMNS, Chunk
from .segments import SEGMENT_BYTES_MAX, Segments, scan

MAGIC: Final = b"JDLOG\x00\x00\x01"
SUFFIX: Final = "log"
CHUNK_ROWS_MAX: Final = 65_536

_HEAD: Final = struct.Struct("<4sBBHQqI")
_MARK: Final = b"JDC1"
_CHUNK, _HEARTBEAT, _REFERENCE = 1, 2, 3
_NAMES: Final = COLUMNS.names or ()


@dataclass(frozen=True, slots=True)
class Beat:
    """Time went on without a report."""

    position: int
    wm_ms: int


@dataclass(frozen=True, slots=True)
class Reference:
    """A versioned record put into the log, such as zones or rules, known from `position` on."""

    position: int
    wm_ms: int
    kind: str
    body: Mapping[str, Any]


Record = Chunk | Beat | Reference


class ChunkLog:
    """The writing end. When `append`, `beat` or `refer` return, the kernel has the record (write(2))."""

    def __init__(self, directory: Path, bytes_max: int = SEGMENT_BYTES_MAX, sync: bool = True) -> None:
        self._segments = Segments(directory, MAGIC, SUFFIX, bytes_max, sync)
        self.position = 0
        """Of the next report."""
        self.wm_ms = 0
        """The newest watermark."""
        self._recover(directory)

    @property
    def directory(self) -> Path:
        return self._segments.directory

    @property
    def torn(self) -> int:
        return self._segments.torn

    @property
    def torn_bytes(self) -> int:
        return self._segments.torn_bytes

    @property
    def sync_error(self) -> str:
        return self._segments.sync_error

    def append(self, chunk: Chunk) -> None:
        """Raises OSError (disk full, say) with the log as it was before; the same chunk may be tried
        again.
        """
        assert chunk.position == self.position, f"chunk of {chunk.position} where {self.position} is next"
        assert 0 < len(chunk.rows) <= CHUNK_ROWS_MAX
        columns = [chunk.rows[name].tobytes() for name in _NAMES]
        self._write(_CHUNK, chunk.wm_ms, len(chunk.rows), columns)
        self.position += len(chunk.rows)

    def beat(self, wm_ms: int) -> None:
        self._write(_HEARTBEAT, wm_ms, 0, [])

    def refer(self, kind: str, body: Mapping[str, Any], wm_ms: int | None = None) -> Reference:
        """Puts a reference record down; at the newest watermark when none is given."""
        wm_ms = self.wm_ms if wm_ms is None else wm_ms
        name = kind.encode()
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
        self._write(_REFERENCE, wm_ms, len(name), [name, text])
        return Reference(self.position, wm_ms, kind, body)

    def forget_before(self, position: int) -> int:
        """Removes the segments that hold nothing from `position` on; how many. For when archive, engine and
        picture have all passed it: reference records go as well, so put those in force down again before.
        """
        paths = Segments.paths(self.directory, SUFFIX)
        gone = [path for path, after in itertools.pairwise(paths) if Segments.key_of(after) <= position]
        for path in gone:
            path.unlink()
        return len(gone)

    def close(self) -> None:
        self._segments.close()

    def _write(self, kind: int, wm_ms: int, n: int, pieces: list[bytes]) -> None:
        assert wm_ms >= self.wm_ms, "watermarks never fall"
        if self._segments.due():
            self._segments.begin(self.position)
        self._segments.put(_HEAD.pack(_MARK, kind, 1, 0, self.position, wm_ms, n), *pieces)
        try:
            self._segments.flush()
        except OSError:
            self._segments.forget()
            raise
        self.wm_ms = wm_ms

    def _recover(self, directory: Path) -> None:
        """Where the log ends. The newest segment may hold no record at all, so look at the one before as
        well.
        """
        for path in reversed(Segments.paths(directory, SUFFIX)):
            last = None
            for _, payload in scan(path, MAGIC):
                last = payload[: _HEAD.size]
            if last is not None:
                _, kind, _, _, position, self.wm_ms, n = _HEAD.unpack(last)
                self.position = position + (n if kind == _CHUNK else 0)
                return


def read(directory: Path, from_position: int = 0) -> Iterator[Record]:
    """Every record from the chunk that holds `from_position` on, and references and heartbeats at or after
    it.

    That first chunk is cut so that it begins at `from_position`. A damaged segment gives what stands before
    the damage; a gap in positions after it is for the caller to see.
    """
    paths = Segments.paths(directory, SUFFIX)
    for path, after in zip(paths, [*paths[1:], None], strict=False):
        if after is not None and Segments.key_of(after) < from_position:
            continue
        for _, payload in scan(path, MAGIC):
            mark, kind, _, _, position, wm_ms, n = _HEAD.unpack_from(payload)
            if mark != _MARK:
                break
            if kind == _CHUNK:
                if position + n <= from_position:
                    continue
                skip = max(from_position - position, 0)
                yield Chunk(position + skip, wm_ms, _rows(payload, n)[skip:])
            elif position >= from_position:
                if kind == _HEARTBEAT:
                    yield Beat(position, wm_ms)
                elif kind == _REFERENCE:
                    at = _HEAD.size + n
                    name = payload[_HEAD.size : at].decode()
                    yield Reference(position, wm_ms, name, json.loads(payload[at:]))


def chunks(directory: Path, from_position: int = 0) -> Iterator[Chunk]:
    """The chunks alone."""
    return (record for record in read(directory, from_position) if isinstance(record, Chunk))


def _rows(payload: bytes, n: int) -> np.ndarray[Any, np.dtype[np.void]]:
    rows = np.empty(n, dtype=COLUMNS)
    at = _HEAD.size
    for name in _NAMES:
        dtype = COLUMNS[name]
        rows[name] = np.frombuffer(payload, dtype=dtype, count=n, offset=at)
        at += n * dtype.itemsize
    return rows
