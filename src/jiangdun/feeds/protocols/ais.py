"""AIS over TCP, UDP or from a file: NMEA sentences in, observations out.

What is counted (`Taken.counts`, each key the number added by this call):

    lines       line ends seen, and sentences that begin in the midst of a line; blank lines too
    other       lines without an AIS sentence: comments, GPS, alarms of the receiver, noise
    sentences   VDM and VDO sentences, good or not
    parts       sentences that became part of a message of several, but for the one that made it whole
    duplicates  sentences (of several parts: the last) whose message was heard within 15 s before
    decoded     sentences (of several parts: the last) whose message was understood

so that, with `Taken.rejects` and `AisSession.waiting` (parts that wait for the rest, 0 after `end`):

    lines     = sentences + other
    sentences = parts + duplicates + decoded + len(rejects) + waiting

Reasons of rejects: truncated, checksum, fields, armour, incomplete (the rest never came), length,
type, part (of a type 24), mmsi (none, a maker's placeholder, above nine digits).
Beside these, and in no sum: `unused_<type>` (understood, nothing for us in it), `no_fix_default` (91/181),
`no_fix_zero` (0, 0), `no_fix_range`, `no_fix_silent` (the ship lost its GNSS), `coarse` (a type 27 while
finer positions are heard), `tag_checksum` (a tag block not believed; its sentence has its own checksum).
"""

from __future__ import annotations

from typing import Final

from jiangdun.feeds.observations import BadFrame, Taken

from . import ais_bits as bits
from .ais_kinds import MMSI_MAX, PLACEHOLDERS
from .ais_memory import AisMemory, Parts
from .ais_messages import READERS, Message, count
from .nmea import Lines, Sentence, Tag, read_tag, sentences

_NO_TAG: Final = Tag()


class AisSession:
    """One link of AIS sentences; a `ProtocolSession`.

    `memory` is shared by all links of an installation, so that a second receiver's copy is known.
    `datagrams`: each call's bytes are whole (UDP), a missing line end at their end is one.
    """

    def __init__(self, memory: AisMemory | None = None, *, datagrams: bool = False) -> None:
        self._memory = memory or AisMemory()
        self._datagrams = datagrams
        self._lines = Lines()
        self._parts = Parts()

    @property
    def waiting(self) -> int:
        """Sentences that wait for the rest of their message."""
        return self._parts.waiting

    def take(self, data: bytes, heard_at_ms: int) -> Taken:
        taken = Taken()
        if self._parts.waiting:
            self._expire(heard_at_ms, taken)
        lines = self._lines.take(data)
        if self._datagrams:
            lines += self._lines.end()
        if lines:
            self._read(lines, heard_at_ms, taken)
        return taken

    def idle(self, now_ms: int) -> Taken:
        """Gives up messages whose parts never came."""
        taken = Taken()
        self._expire(now_ms, taken)
        return taken

    def end(self, now_ms: int) -> Taken:
        """The link closed or the file is at its end: what waits is decided now."""
        taken = Taken()
        self._read(self._lines.end(), now_ms, taken)
        self._parts.end()
        self._lost(taken)
        return taken

    def _read(self, lines: list[bytes], heard_ms: int, taken: Taken) -> None:
        extra = other = 0  # sentences beyond the first of a line, lines without one
        for line in lines:
            found = sentences(line)
            extra += len(found) - 1
            if not found:
                other += 1
                continue
            for sentence in found:
                if isinstance(sentence, BadFrame):
                    taken.rejects.append(sentence)
                    continue
                try:
                    self._sentence(sentence, heard_ms, taken)
                except BadFrame as bad:
                    taken.rejects.append(bad)
        sum_of_sentences = len(lines) + extra
        count(taken.counts, "lines", sum_of_sentences + other)
        if other:
            count(taken.counts, "other", other)
        if sum_of_sentences:
            count(taken.counts, "sentences", sum_of_sentences)

    def _sentence(self, sentence: Sentence, heard_ms: int, taken: Taken) -> None:
        tag = _NO_TAG
        if sentence.tag is not None:
            tag = read_tag(sentence.tag, sentence.tag_sum)
            if not tag.sound:
                count(taken.counts, "tag_checksum")
        if sentence.total == b"1":
            self._message(sentence.payload, int(sentence.fill), tag.time_ms, heard_ms, taken)
            return
        key = (tag.group or tag.source, sentence.talker, sentence.total, sentence.sequence, sentence.channel)
        whole = self._parts.add(
            key, int(sentence.number), int(sentence.total), sentence.payload, int(sentence.fill),
            tag.time_ms, heard_ms,
        )  # fmt: skip
        if self._parts.repeats:
            count(taken.counts, "duplicates", self._parts.repeats)
            self._parts.repeats = 0
        if self._parts.lost:
            self._lost(taken)
        if whole is not None:
            count(taken.counts, "parts", int(sentence.total) - 1)
            self._message(whole.payload, whole.fill, whole.time_ms, heard_ms, taken)

    def _message(self, payload: bytes, fill: int, time_ms: int | None, heard_ms: int, taken: Taken) -> None:
        payloads = self._memory.payloads
        if payloads.knows(payload, heard_ms):
            count(taken.counts, "duplicates")
            return
        value, length = bits.unarmour(payload, fill)
        if length < 38:
            raise BadFrame("length", f"{length} bits")
        head = value >> (length - 38)  # type 6 bits, repeat 2, MMSI 30
        kind, mmsi = head >> 32, head & 0x3FFFFFFF
        if mmsi > MMSI_MAX or mmsi in PLACEHOLDERS:
            raise BadFrame("mmsi", f"{mmsi:09d}")
        reader = READERS.get(kind)
        if reader is None:
            self._unused(kind, length, taken)
        elif kind != 27 or not self._coarse(mmsi, heard_ms, taken):
            reader(Message(value, length, f"{mmsi:09d}", mmsi, time_ms, taken))
            if kind <= 3:
                self._memory.precise.note(mmsi, heard_ms)
        payloads.note(payload, heard_ms)  # of what was understood only: noise must not fill the memory
        count(taken.counts, "decoded")

    @staticmethod
    def _unused(kind: int, length: int, taken: Taken) -> None:
        shortest = bits.UNUSED.get(kind)
        if shortest is None:
            raise BadFrame("type", str(kind))
        if length < shortest:
            raise BadFrame("length", f"{length} bits")
        count(taken.counts, f"unused_{kind}")

    def _coarse(self, mmsi: int, heard_ms: int, taken: Taken) -> bool:
        """Whether a long-range position says less than what is known: the one place where it is dropped."""
        if not self._memory.precise.knows(mmsi, heard_ms):
            return False
        count(taken.counts, "coarse")
        return True

    def _expire(self, now_ms: int, taken: Taken) -> None:
        self._parts.expire(now_ms)
        self._lost(taken)

    def _lost(self, taken: Taken) -> None:
        for _ in range(self._parts.lost):
            taken.rejects.append(BadFrame("incomplete", "the other parts never came"))
        self._parts.lost = 0
