"""Puts the log away: chunks in, hourly segments and a manifest out.

The chunk log is what a report is safe in; the archive may always be rebuilt from it. A segment is closed when
the hour of the watermark changes or it is full, which depends on the log alone: killed at any moment and
started again from the log at `position`, the archiver writes the same segments.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from pathlib import Path
from threading import Lock
from typing import Final

import numpy as np

from jiangdun.feeds.columns import COLUMNS, Chunk

from . import segment as segments
from .segment import Segment

HOUR_MS: Final = 3_600_000
SEGMENT_ROWS_MAX: Final = 2_097_152
"""Rows of a segment (78 MB of memory); at 580 reports a second an hour is full."""

CLOSED_MAX: Final = 2
"""Segments that wait to be written. Beyond it the archiver stops taking and must catch up from the log."""

MANIFEST: Final = "manifest.json"
DIRECTORY: Final = "archive"

_NAMES: Final = tuple(one.name for one in fields(Segment))


@dataclass(slots=True)
class _Open:
    """A segment that still grows."""

    position: int
    hour: int
    rows: bytearray = field(default_factory=bytearray)
    chunks: list[tuple[int, int]] = field(default_factory=list)


class Archiver:
    """One per installation. `take` is cheap and belongs where chunks are made; `write` takes its time and may
    be called in another thread. `sync=False` spares the fsyncs where nothing need outlive a power cut.
    """

    def __init__(self, home: Path, rows_max: int = SEGMENT_ROWS_MAX, sync: bool = True) -> None:
        self._directory = home / DIRECTORY
        self._directory.mkdir(parents=True, exist_ok=True)
        for draft in self._directory.glob("*.tmp"):
            draft.unlink()  # of a write that was killed
        self._bytes_max = rows_max * COLUMNS.itemsize
        self._sync = sync
        self._segments = read_manifest(home)
        self._open: _Open | None = None
        self._closed: deque[_Open] = deque()
        self._writing = Lock()
        self.position = self.covered
        """Log position of the next report it wants."""
        self.behind = False
        """It could not keep up and takes nothing until `catch_up`."""

    @property
    def covered(self) -> int:
        """Reports before this log position are in segments that the manifest names."""
        return self._segments[-1].to_position if self._segments else 0

    @property
    def due(self) -> bool:
        """A segment waits to be written."""
        return bool(self._closed)

    def take(self, chunk: Chunk) -> None:
        """The next chunk of the log; what is archived already is passed over."""
        end = chunk.position + len(chunk.rows)
        if self.behind or end <= self.position:
            return
        skip = max(self.position - chunk.position, 0)
        rows, position = chunk.rows[skip:], chunk.position + skip
        hour = chunk.wm_ms // HOUR_MS
        now = self._open
        full = now is not None and len(now.rows) + rows.nbytes > self._bytes_max
        if now is not None and (now.hour != hour or full or position != self.position):
            if len(self._closed) >= CLOSED_MAX:
                self.behind = True
                return
            self._closed.append(now)
            now = None
        if now is None:
            now = self._open = _Open(position, hour)
        now.rows += rows.tobytes()
        now.chunks.append((len(rows), chunk.wm_ms))
        self.position = end

    def write(self) -> Segment | None:
        """Writes the oldest closed segment and names it in the manifest; None where none waits.

        Raises OSError (disk full, say): the segment goes on waiting.
        """
        with self._writing:
            if not self._closed:
                return None
            full = self._closed[0]
            rows = np.frombuffer(full.rows, COLUMNS)
            file = f"{full.position:016d}.parquet"
            done = segments.write(self._directory, file, rows, full.chunks, full.position, self._sync)
            self._save([*self._segments, done])
            self._segments.append(done)
            self._closed.popleft()
            return done

    def catch_up(self, chunks: Iterable[Chunk]) -> int:
        """Takes chunks of the log from `position` on and writes what is full; returns how many segments.

        For the start, and after `behind`; give it `feeds.log.chunks(directory, archiver.position)`.
        """
        self.behind = False
        written = self._write_all()
        for chunk in chunks:
            self.take(chunk)
            written += self._write_all()
        return written

    def finish(self) -> int:
        """Closes and writes all, the unfinished hour too: for a replay, whose log ends. Returns how many."""
        if self._open is not None:
            self._closed.append(self._open)
            self._open = None
        return self._write_all()

    def _write_all(self) -> int:
        written = 0
        while self.write() is not None:
            written += 1
        return written

    def _save(self, named: list[Segment]) -> None:
        path = self._directory / MANIFEST
        draft = path.with_name(MANIFEST + ".tmp")
        named = [one for one in named if (self._directory / one.file).exists()]  # others were too old
        body = {
            "version": segments.VERSION,
            "covered": named[-1].to_position,
            "segments": [{name: getattr(one, name) for name in _NAMES} for one in named],
        }
        draft.write_text(json.dumps(body, separators=(",", ":")))
        segments.replace(draft, path, self._sync)
        if self._sync:
            segments.sync_directory(self._directory)


def read_manifest(home: Path) -> list[Segment]:
    """The segments of the archive in log order, but for those deleted as too old; none where there is no archive yet.

    Raises ValueError for a manifest of another version, or damaged.
    """
    path = home / DIRECTORY / MANIFEST
    try:
        body = json.loads(path.read_text())
    except FileNotFoundError:
        return []
    if body.get("version") != segments.VERSION:
        raise ValueError(f"{path}: version {body.get('version')} is not {segments.VERSION}")
    named = [Segment(**one) for one in body["segments"]]
    return [one for one in named if (path.parent / one.file).exists()]


def older_than(home: Path, before_ms: int) -> list[tuple[Path, Path]]:
    """The two files of each segment in which no report is of `before_ms` or later, oldest first; never of the newest,
    from which the archiver goes on.
    """
    directory = home / DIRECTORY
    old = [one for one in read_manifest(home)[:-1] if max(one.t_max, one.to_wm_ms) < before_ms]
    return [(directory / one.file, directory / one.chunks_file) for one in old]
