"""NMEA 0183 / IEC 61162-1 sentences and NMEA 4.10 tag blocks, cut out of a stream of bytes.

    \\g:1-2-73874,s:r003669945,c:1241544035*4A\\!AIVDM,2,1,4,B,55R3Vn82=ILT...,0*2A
    tag block: own checksum                     sentence: talker, formatter, fields, checksum

Only VDM and VDO (AIS) are read; every other line is somebody else's and counted as such.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from jiangdun.feeds.observations import BadFrame

LINE_MAX: Final = 1_024
"""Bytes of a line. IEC 61162 says 82 and a tag block; longer lines are seen. What is longer is cut in two."""

TAG_MAX: Final = 256
"""Bytes of a tag block between its backslashes."""

TIME_MAX_MS: Final = 4_102_444_800_000
"""2100: what claims to be later is no time."""

_SENTENCE: Final = re.compile(
    rb"(?:\\([^\\\r\n!]{0,%d})\*([0-9A-Fa-f]{2})\\)?"
    rb"!([^,!]{2})VD([MO]),([1-9]),([1-9]),([0-9]?),([0-9A-Z]?),([0-W`-w]*),([0-5])\*([0-9A-Fa-f]{2})"
    % TAG_MAX
)
_START: Final = re.compile(rb"(?:\\[^\\\r\n!]{0,%d}\\)?!(?=[^,!]{2}VD[MO],)" % (TAG_MAX + 3))
_TAG_BEFORE: Final = re.compile(rb"\\[^\\!]*\\\Z")
_USUAL_TAG: Final = re.compile(rb"s:([0-9A-Za-z_.-]{1,64}),c:([0-9]{10,13})")
_GROUP: Final = re.compile(rb"([0-9]{1,2})-([0-9]{1,2})-([0-9]{1,9})")


class Sentence(NamedTuple):
    """One VDM or VDO with a right checksum, as it stands on the wire."""

    tag: bytes | None  # inside of the tag block; None where there is none
    tag_sum: bytes | None  # its two hex digits, not yet judged; None where it has none
    talker: bytes
    own: bytes  # b"O": VDO, the receiver's own ship; b"M": VDM
    total: bytes
    number: bytes
    sequence: bytes
    channel: bytes
    payload: bytes  # armoured six-bit
    fill: bytes
    checksum: bytes


class Tag(NamedTuple):
    """What a tag block says; None where it says nothing or nothing of use."""

    source: str | None = None  # s: the station
    time_ms: int | None = None  # c: when the station heard it, seconds or ms since 1970 in the wild
    group: str | None = None  # g: part-total-id, here the id
    sound: bool = True  # its checksum is right


class Lines:
    """Cuts a stream into lines, whatever the pieces it arrives in.

    A line ends with CR LF, LF or CR. What runs past `LINE_MAX` without an end is cut there, at the last
    mark that may begin a sentence, so noise without line ends can neither fill the memory nor hide the
    sentence that follows it. At most `LINE_MAX` bytes are kept between two calls.
    """

    __slots__ = ("_after_cr", "_rest")

    def __init__(self) -> None:
        self._rest = b""
        self._after_cr = False

    def take(self, data: bytes) -> list[bytes]:
        """The lines completed by `data`, without their ends; blank ones too."""
        if not data:
            return []
        if self._after_cr and data.startswith(b"\n"):  # CR and LF came in two pieces
            data = data[1:]
            self._after_cr = False
            if not data:
                return []
        self._after_cr = data.endswith(b"\r")
        if b"\r" in data:
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        if len(self._rest) > LINE_MAX:
            *whole, self._rest = _cut(self._rest)
            lines = list(_bounded(lines)) + whole
        elif len(data) > LINE_MAX:
            lines = list(_bounded(lines))
        elif lines and len(lines[0]) > LINE_MAX:  # what was left over, made whole
            lines[:1] = _cut(lines[0])
        return lines

    def end(self) -> list[bytes]:
        """The line that never got an end: at the end of a file, a datagram or a link."""
        rest, self._rest, self._after_cr = self._rest, b"", False
        return [rest] if rest else []

    @property
    def waiting(self) -> int:
        """Bytes kept."""
        return len(self._rest)


def _bounded(lines: list[bytes]) -> Iterator[bytes]:
    for line in lines:
        if len(line) > LINE_MAX:
            yield from _cut(line)
        else:
            yield line


def _cut(line: bytes) -> list[bytes]:
    """Pieces of at most `LINE_MAX` bytes; where they are cut depends on the bytes before the cut alone."""
    pieces: list[bytes] = []
    start = 0
    while len(line) - start > LINE_MAX:
        end = _mark(line, start, start + LINE_MAX)
        pieces.append(line[start:end])
        start = end
    pieces.append(line[start:])
    return pieces


def _mark(line: bytes, start: int, end: int) -> int:
    """Where the last thing that may be a sentence begins, with its tag block; `end` where nothing does."""
    mark = max(line.rfind(b"!", start + 1, end), line.rfind(b"$", start + 1, end))
    slash = line.find(b"\\", max(mark, start) + 1, end)
    if slash > 0:  # a tag block whose sentence lies beyond `end`
        return slash
    if mark < 0:
        return end
    tag = _TAG_BEFORE.search(line, max(start + 1, mark - TAG_MAX - 5), mark)
    return tag.start() if tag else mark


def checksum(body: bytes) -> int:
    """XOR of all bytes: what stands between `!` and `*`.

    The bytes are folded as one long number, five times as fast as one by one.
    """
    value = int.from_bytes(body, "big")
    if len(body) > 128:
        width = 1 << (len(body) * 8).bit_length()
        while width > 1_024:
            width >>= 1
            value ^= value >> width
    value ^= value >> 512
    value ^= value >> 256
    value ^= value >> 128
    value ^= value >> 64
    value ^= value >> 32
    value ^= value >> 16
    return (value ^ value >> 8) & 255


def sentences(line: bytes) -> list[Sentence | BadFrame]:
    """The AIS sentences of one line, good or not; empty where there is none.

    What stands before the first or after a checksum is nobody's: time stamps and receivers' notes are seen.
    A sentence that begins in the midst of another ends that one.
    """
    match = _SENTENCE.match(line)
    if match is not None and line.find(b"!", match.end()) < 0:
        return [_judged(line, match)]
    starts = [found.start() for found in _START.finditer(line)]
    if not starts:
        return []
    ends = [*starts[1:], len(line)]
    return [_one(line[start:end]) for start, end in zip(starts, ends, strict=True)]


def _one(piece: bytes) -> Sentence | BadFrame:
    match = _SENTENCE.match(piece)
    if match is not None:
        return _judged(piece, match)
    start = piece.index(b"!")
    match = _SENTENCE.match(piece, start)
    if match is None:
        return _why_not(piece)
    found = _judged(piece, match)  # a spoilt tag block does not spoil the sentence behind it
    return found if isinstance(found, BadFrame) else found._replace(tag=piece[:start])


def _judged(line: bytes, match: re.Match[bytes]) -> Sentence | BadFrame:
    sentence: Sentence = tuple.__new__(Sentence, match.groups())
    said, found = int(sentence.checksum, 16), checksum(line[match.start(3) : match.end(10)])
    if said != found:
        return BadFrame("checksum", f"said {said:02X}, is {found:02X}")
    if sentence.number > sentence.total:
        return BadFrame("fields", "part number above the number of parts")
    return sentence


def _why_not(piece: bytes) -> BadFrame:
    """The reason why something that begins like an AIS sentence is none."""
    body, star, rest = piece[piece.index(b"!") + 1 :].partition(b"*")
    if not star or not re.match(rb"[0-9A-Fa-f]{2}", rest):
        return BadFrame("truncated", "no checksum")
    if checksum(body) != int(rest[:2], 16):
        return BadFrame("checksum", f"said {rest[:2].decode()}, is {checksum(body):02X}")
    fields = body.split(b",")
    if len(fields) != 7:
        return BadFrame("fields", f"{len(fields)} fields, not 7")
    if re.fullmatch(rb"[0-W`-w]*", fields[5]) is None:
        return BadFrame("armour", "a character that is no six-bit armour")
    return BadFrame("fields", "a field holds what it may not")


@lru_cache(maxsize=256)  # a station says the same second many times, and a recording asks for it twice
def read_tag(inside: bytes, said: bytes | None) -> Tag:
    """A tag block's content. One with a wrong checksum is not believed: neither its time nor its station."""
    if said is None or checksum(inside) != int(said, 16):
        return Tag(sound=False)
    usual = _USUAL_TAG.fullmatch(inside)
    if usual is not None:
        return Tag(usual[1].decode(), unix_ms(usual[2]))
    source = time_ms = group = None
    for item in inside.split(b","):
        code, _, value = item.partition(b":")
        if code == b"s":
            source = value.decode("ascii", "replace")
        elif code == b"c":
            time_ms = unix_ms(value)
        elif code == b"g":
            found = _GROUP.fullmatch(value)
            group = found[3].decode() if found else None
    return Tag(source, time_ms, group)


def unix_ms(digits: bytes) -> int | None:
    """Unix time in s or ms (told apart by its size) as ms; None where it is no time from 1970 to 2100."""
    if not digits.isdigit() or len(digits) > 13:
        return None
    value = int(digits)
    if value < 100_000_000_000:
        value *= 1_000
    return value if 0 < value < TIME_MAX_MS else None
