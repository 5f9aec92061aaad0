"""Recordings read back: files of AIS sentences, tables of positions, JT/T 808 frames; gzipped or not.

Bytes go through the same sessions as a live link's. The clock of a recording is its own: each line was heard

1. when its tag block says (`c:`),
2. else when the `$PGHP` line before it says (a store-and-forward receiver's stamp for the next sentence),
3. else when the Unix time behind its checksum says,
4. else when the newest of these so far said,
5. else, in a file with no time at all, at `start_ms` and 10 ms a line from there.

`Recording.times` counts the lines of each, `Recording.time_source` names what the clock rests on.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections import Counter, deque
from collections.abc import Iterator
from datetime import UTC, datetime
from heapq import heappop, heappush
from itertools import chain
from pathlib import Path
from typing import IO, Final, Literal, NamedTuple, cast

from .observations import Taken
from .protocols.nmea import Lines, read_tag, unix_ms
from .table import read_table

Format = Literal["nmea", "csv", "808"]
FORMATS: Final[tuple[Format, ...]] = ("nmea", "csv", "808")

BLOCK_BYTES: Final = 65_536
LINE_MS: Final = 10
"""Between two lines of a recording without any time."""

HEAD_LINES: Final = 4_096
"""So many lines are looked at for the first time, which lines before it then have."""

FRAME_LINE_MAX: Final = 65_536
"""Bytes of a line of a file of 808 frames."""

BACK_MS: Final = 7 * 86_400_000
"""A time so much older than the newest one is the truth, and the newest one was wrong."""

REORDER_ROWS: Final = 65_536
"""Rows of a table that are held so as to be told in order of time."""

DAMAGED: Final = (EOFError, gzip.BadGzipFile, zlib.error)
"""What a gzip raises that was cut short or damaged."""

_TAG: Final = re.compile(rb"\\([^\\]*)\*([0-9A-Fa-f]{2})\\")
_TRAILING: Final = re.compile(rb"\*[0-9A-Fa-f]{2}[^!]*,([0-9]{9,10})(?:\.[0-9]+)?\s*\Z")
_AIS: Final = re.compile(rb"!..VD[MO],")


class Said(NamedTuple):
    """Bytes of a recording, and when they were heard."""

    heard_at_ms: int
    link: str
    data: bytes


class Told(NamedTuple):
    """Rows of a table: nobody need decode them any more."""

    heard_at_ms: int
    link: str
    taken: Taken


def guess_format(path: Path) -> Format:
    """By the name, then by the first bytes; `nmea` where neither tells."""
    name = path.name.removesuffix(".gz").lower()
    if name.endswith(".csv"):
        return "csv"
    if name.endswith((".808", ".hex", ".jt808")):
        return "808"
    try:
        with _open(path) as file:
            head = file.read(512)
    except DAMAGED:
        return "nmea"
    if head[:1] == b"\x7e" or head[:2].lower() == b"7e" or b'"hex"' in head:
        return "808"
    return "nmea"


def _open(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        gzipped = file.read(2) == b"\x1f\x8b"
    return cast(IO[bytes], gzip.open(path, "rb")) if gzipped else path.open("rb")


class Recording:
    """One file. Iterate once over `said` (nmea, 808) or `told` (csv).

    Raises OSError where the file cannot be read, `table.TableError` where a table lacks a column it needs.
    What is wrong inside (a gzip cut short, a bad row) is counted in `wrong` by its reason.
    """

    def __init__(self, path: Path, format: Format | None = None, start_ms: int = 0) -> None:
        self.path = path
        self.format: Format = format or guess_format(path)
        self.start_ms = start_ms
        self.link = path.name
        self.times: Counter[str] = Counter()
        self.wrong: Counter[str] = Counter()
        self.size_bytes = path.stat().st_size
        self._file: IO[bytes] | None = None

    @property
    def done(self) -> float:
        """How much of the file is read, 0 to 1: for a progress bar."""
        if self._file is None or not self.size_bytes:
            return 0.0
        # Of a gzip its underlying file tells: that is what the size is of.
        raw = cast(IO[bytes], getattr(self._file, "fileobj", None) or self._file)
        try:
            return min(1.0, raw.tell() / self.size_bytes)
        except (ValueError, OSError):  # closed: read to its end
            return 1.0

    @property
    def time_source(self) -> str:
        """`tag`, `pghp`, `trailing`, `heard_at`, `column` or `start`: what most lines' clock rests on."""
        named = [(n, source) for source, n in self.times.items() if source != "carried"]
        return max(named)[1] if named else "start"

    def said(self) -> Iterator[Said]:
        """Bytes, a line or a frame at a time."""
        assert self.format != "csv", "a table is told, not said"
        with _open(self.path) as file:
            self._file = file
            yield from self._nmea() if self.format == "nmea" else self._frames()

    def told(self) -> Iterator[Told]:
        """Observations of a table, a row at a time in order of time, counted as a session counts.

        A row that stands more than `REORDER_ROWS` rows too late in the file comes late.
        """
        assert self.format == "csv", "bytes are said, not told"
        waiting: list[tuple[int, int, Taken]] = []
        with _open(self.path) as file:
            self._file = file
            try:
                for number, (heard_ms, taken) in enumerate(read_table(file)):
                    self.times["column"] += 1
                    heappush(waiting, (heard_ms, number, taken))
                    if len(waiting) > REORDER_ROWS:
                        yield self._earliest(waiting)
            except DAMAGED:
                self.wrong["gzip"] += 1
        while waiting:
            yield self._earliest(waiting)

    def _earliest(self, waiting: list[tuple[int, int, Taken]]) -> Told:
        heard_ms, _, taken = heappop(waiting)
        return Told(heard_ms, self.link, taken)

    def _blocks(self) -> Iterator[bytes]:
        assert self._file is not None
        try:
            while block := self._file.read(BLOCK_BYTES):
                yield block
        except DAMAGED:
            self.wrong["gzip"] += 1  # what came before it counts

    def _lines(self) -> Iterator[bytes]:
        lines = Lines()
        for block in self._blocks():
            yield from lines.take(block)
        yield from lines.end()

    def _nmea(self) -> Iterator[Said]:
        clock = _Clock(self.start_ms, self.times)
        source = self._lines()
        head: deque[bytes] = deque()
        for line in source:
            head.append(line)
            if clock.look(line) or len(head) >= HEAD_LINES:
                break
        while head:
            line = head.popleft()
            yield Said(clock.of(line), self.link, line + b"\n")
        for line in source:
            yield Said(clock.of(line), self.link, line + b"\n")

    def _frames(self) -> Iterator[Said]:
        """Frames as lines of hex, JSON lines with `hex` (and `heard_at_ms`), or as on the wire."""
        now_ms = self.start_ms
        blocks = self._blocks()
        first = next(blocks, b"")
        if first.startswith(b"\x7e"):
            for block in chain([first], blocks):
                self.times["start"] += 1
                yield Said(now_ms, self.link, block)
                now_ms += LINE_MS
            return
        for line in _text_lines(chain([first], blocks)):
            data, heard_ms = _frame(line)
            if data is None:
                self.wrong["line"] += bool(line.strip())
                continue
            self.times["start" if heard_ms is None else "heard_at"] += 1
            now_ms = heard_ms if heard_ms is not None else now_ms
            yield Said(now_ms, self.link, data)
            now_ms += LINE_MS


class _Clock:
    """The time of each line of a log of sentences."""

    def __init__(self, start_ms: int, times: Counter[str]) -> None:
        self._next_ms = start_ms
        self._newest: int | None = None
        self._stamp: int | None = None  # of a $PGHP whose sentence has not come yet
        self._times = times

    def look(self, line: bytes) -> bool:
        """Whether the line has a time; it is the time of the lines before it, too."""
        if self._newest is None:
            self._newest = _stamp(line) or _own(line)[0]
        return self._newest is not None

    def of(self, line: bytes) -> int:
        if line.startswith(b"$PGHP,"):
            self._stamp = _stamp(line) or self._stamp
            if self._stamp is not None:
                return self._known(self._stamp, "pghp")
        moment, source = _own(line)
        if self._stamp is not None and _AIS.search(line):
            if source != "tag":
                moment, source = self._stamp, "pghp"
            self._stamp = None
        if moment is not None:
            return self._known(moment, source)
        if self._newest is not None:
            self._times["carried"] += 1
            return self._newest
        self._times["start"] += 1
        self._next_ms += LINE_MS
        return self._next_ms - LINE_MS

    def _known(self, moment: int, source: str) -> int:
        self._times[source] += 1
        if self._newest is None or moment > self._newest or moment < self._newest - BACK_MS:
            self._newest = moment
        return moment


def _own(line: bytes) -> tuple[int | None, str]:
    """What a line says about its own time."""
    if line.startswith(b"\\"):
        tag = _TAG.match(line)
        if tag is not None:
            time_ms = read_tag(tag[1], tag[2]).time_ms
            if time_ms is not None:
                return time_ms, "tag"
    if line[-1:].isdigit() or line[-1:].isspace():
        found = _TRAILING.search(line)
        if found is not None:
            return unix_ms(found[1]), "trailing"
    return None, ""


def _stamp(line: bytes) -> int | None:
    """UTC of `$PGHP,1,year,month,day,hour,minute,second,ms,...`; None where it is none."""
    if not line.startswith(b"$PGHP,"):
        return None
    try:
        year, month, day, hour, minute, second, ms = (int(x) for x in line.split(b",")[2:9])
        moment = datetime(year, month, day, hour, minute, second, ms * 1_000, tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return int(moment.timestamp()) * 1_000 + ms if moment.year >= 1970 else None


def _text_lines(blocks: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        yield from lines
        if len(rest) > FRAME_LINE_MAX:
            yield rest
            rest = b""
    yield rest


def _frame(line: bytes) -> tuple[bytes | None, int | None]:
    """Bytes and time of one line; None where it is neither hex nor JSON with `hex`."""
    text = line.strip()
    heard_ms: int | None = None
    try:
        if text.startswith(b"{"):
            body = json.loads(text)
            given = body.get("heard_at_ms")
            heard_ms = given if isinstance(given, int) and 0 <= given < 4_102_444_800_000 else None
            text = str(body["hex"]).encode()
        return bytes.fromhex(text.decode("ascii")) or None, heard_ms
    except (ValueError, KeyError, RecursionError):  # JSON and Unicode errors are ValueErrors
        return None, None
