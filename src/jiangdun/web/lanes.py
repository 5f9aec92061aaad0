"""The two lanes of the live wire, as plain values: what is kept for all boards, what one board needs next.

Nothing is kept per board but two numbers: the seal number of the last fact it was sent, and the sequence
number of the last positions it was sent. Facts are never dropped; of positions the latest wins.
"""

from __future__ import annotations

import json
import struct
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from jiangdun.core.journal import Sealed
from jiangdun.web.scopes import Scoped

FACTS_KEPT: Final = 2_048
"""Newest facts kept in memory for all boards together; a board further behind reads the journal."""
BEHIND_MAX: Final = 1_000
"""A board that was up to date and is further behind than this is closed; it comes back with its cursor."""
RESUME_MAX: Final = 50_000
"""A cursor further back than this is not worth reading on from: the board takes a new snapshot."""
DELTAS_KEPT: Final = 4
"""Deltas kept so that a short hiccup costs a few small frames, not a snapshot."""

HEADER: Final = struct.Struct("<4sBBHIIqII")
"""magic, type, version, scope, seq, count, t_ms, base, reserved (see `picture.now`)."""
MAGIC: Final = b"JDF1"


class BadFrame(ValueError):
    """These bytes are not a frame of positions."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One binary message of positions: the very bytes every board gets."""

    data: bytes
    is_snapshot: bool
    scope: int
    seq: int
    base: int

    @classmethod
    def read(cls, data: bytes, is_snapshot: bool) -> Frame:
        """Reads the header only. Raises `BadFrame`."""
        if len(data) < HEADER.size:
            raise BadFrame(f"{len(data)} bytes are shorter than a header")
        magic, kind, version, scope, seq, _count, _t_ms, base, _ = HEADER.unpack_from(data)
        if magic != MAGIC or version != 1:
            raise BadFrame(f"magic {magic!r}, version {version}")
        if kind != (0 if is_snapshot else 1):
            raise BadFrame(f"type {kind} where {'a snapshot' if is_snapshot else 'a delta'} was promised")
        return cls(data, is_snapshot, scope, seq, base)


@dataclass(slots=True)
class Told:
    """A fact on its way to boards: encoded once for each different view of it, not once for each board."""

    scoped: Scoped
    _texts: dict[frozenset[str] | None, str] = field(default_factory=dict)

    @property
    def number(self) -> int:
        return self.scoped.number

    def text(self, fields: frozenset[str] | None) -> str:
        """The text frame for everybody who may see these fields of the body (None: all of them)."""
        if fields not in self._texts:
            self._texts[fields] = _encode(self.scoped.sealed, fields)
        return self._texts[fields]


def _encode(sealed: Sealed, fields: frozenset[str] | None) -> str:
    body = sealed.body if fields is None else {k: v for k, v in sealed.body.items() if k in fields}
    return json.dumps(
        {
            "lane": "fact",
            "no": sealed.number,
            "kind": sealed.kind,
            "at": moment(sealed.at),
            "subject": sealed.subject,
            "by": {"person": sealed.by.person if fields is None else None, "agency": sealed.by.agency},
            "exercise": sealed.exercise,
            "body": body,
        },
        ensure_ascii=False,
        separators=(",", ":"),
        default=str,
    )


def moment(at: datetime) -> str:
    """An aware moment as the wire writes it: UTC, milliseconds, Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Facts:
    """The facts lane: a window on the newest facts, in seal order and without gaps."""

    def __init__(self, kept: int = FACTS_KEPT) -> None:
        self._window: deque[Told] = deque(maxlen=kept)
        self.head = 0

    def add(self, facts: Sequence[Scoped]) -> None:
        """Takes facts in seal order. Ones told before are passed over; a jump begins the window anew."""
        for told in map(Told, facts):
            last = self._window[-1].number if self._window else None
            if last is not None and told.number <= last:
                continue
            if last is not None and told.number != last + 1:
                self._window.clear()
            self._window.append(told)
            self.head = max(self.head, told.number)

    def forget(self) -> None:
        """Keep none: whoever reads on reads the journal."""
        self._window.clear()

    def know(self, head: int) -> None:
        """The journal is at least as long as this."""
        self.head = max(self.head, head)

    def after(self, number: int, limit: int) -> list[Told] | None:
        """Up to `limit` facts after `number`; None: the window does not reach so far, read the journal."""
        if number >= self.head:
            return []
        if not self._window or self._window[0].number > number + 1 or self._window[-1].number <= number:
            return None
        first = number + 1 - self._window[0].number
        return [self._window[i] for i in range(first, min(first + limit, len(self._window)))]


def emptied(scope: int) -> bytes:
    """A snapshot of a scope without a target: whoever gets it forgets what it was shown of that scope."""
    return HEADER.pack(MAGIC, 0, 1, scope, 0, 0, 0, 0, 0)


class Positions:
    """The positions of one scope: the last few deltas, the last snapshot, which of them a board needs next."""

    def __init__(self, kept: int = DELTAS_KEPT) -> None:
        self._deltas: deque[Frame] = deque(maxlen=kept)
        self._snapshot: Frame | None = None

    def add(self, frame: Frame) -> None:
        """Takes a frame in the order the ears made it. What no longer leads up to now is forgotten."""
        if frame.is_snapshot:
            self._snapshot = frame
            return
        if self._deltas and self._deltas[-1].seq != frame.base:
            self._deltas.clear()
        self._deltas.append(frame)
        if self._snapshot is not None and all(delta.base != self._snapshot.seq for delta in self._deltas):
            self._snapshot = None

    def next_after(self, seen: int | None) -> Frame | None:
        """The frame for a board whose last one was `seen` (None: it has nothing).

        None where it is up to date or has to wait for a snapshot; `lost` tells which.
        """
        if seen is None:
            return self._snapshot
        return next((delta for delta in self._deltas if delta.base == seen), None)

    def lost(self, seen: int | None) -> bool:
        """True where only a snapshot newer than any kept brings this board up to date."""
        if seen is None:
            return self._snapshot is None
        if self.next_after(seen) is not None:
            return False
        current = {self._deltas[-1].seq} if self._deltas else {seen}
        if self._snapshot is not None:
            current.add(self._snapshot.seq)
        return seen not in current
