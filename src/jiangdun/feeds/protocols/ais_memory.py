"""What AIS links must remember: parts that wait for the rest, and what was heard a moment ago."""

from __future__ import annotations

from typing import Final, Generic, NamedTuple, TypeVar

REPEAT_MS: Final = 15_000
"""The same payload again within this time is another receiver's copy (0 to 15 s are seen)."""

REPEATS_MAX: Final = 65_536
"""Payloads remembered in each of two generations: 15 s at 4,000 messages a second."""

PRECISE_MS: Final = 3_600_000
"""A long-range position (type 27, 1/10 minute) is dropped when a finer one is younger than this."""

PRECISE_MAX: Final = 65_536
"""Ships remembered for it in each of two generations."""

PARTS_MS: Final = 5_000
"""Parts of one message lie at most so far apart."""

PARTS_MAX: Final = 512
"""Messages of a link that wait for a part; the oldest goes."""

Key = TypeVar("Key", int, bytes)


class Recent(Generic[Key]):
    """When each key was last noted, for `window_ms`, in two generations of at most `limit` keys each.

    When the young one is full or old, it takes the old one's place: no key is ever looked for to be thrown
    out. Where more keys than `limit` come within the window the memory is shorter, never larger.
    """

    __slots__ = ("_born", "_limit", "_old", "_window", "_young")

    def __init__(self, window_ms: int, limit: int) -> None:
        self._window, self._limit = window_ms, limit
        self._young: dict[Key, int] = {}
        self._old: dict[Key, int] = {}
        self._born = 0

    def note(self, key: Key, now_ms: int) -> None:
        if len(self._young) >= self._limit or abs(now_ms - self._born) > self._window:
            self._old, self._young, self._born = self._young, {}, now_ms
        self._young[key] = now_ms

    def knows(self, key: Key, now_ms: int) -> bool:
        """Whether the key was noted within the window before (or, in logs out of order, after) `now_ms`."""
        noted = self._young.get(key)
        if noted is None:
            noted = self._old.get(key)
        return noted is not None and abs(now_ms - noted) <= self._window

    def __len__(self) -> int:
        return len(self._young) + len(self._old)


class AisMemory:
    """What several links share: the same ship is heard by several receivers. One thread at a time."""

    __slots__ = ("payloads", "precise")

    def __init__(self) -> None:
        self.payloads: Recent[bytes] = Recent(REPEAT_MS, REPEATS_MAX)
        self.precise: Recent[int] = Recent(PRECISE_MS, PRECISE_MAX)


GroupKey = tuple[str | None, bytes, bytes, bytes, bytes]
"""Station or tag group, talker, total, sequence number, channel."""


class Group:
    """Parts of one message that have come so far."""

    __slots__ = ("fill", "parts", "started_ms", "time_ms", "total")

    def __init__(self, total: int, started_ms: int) -> None:
        self.total = total
        self.started_ms = started_ms
        self.time_ms: int | None = None
        self.parts: dict[int, bytes] = {}
        self.fill = 0


class Whole(NamedTuple):
    """A message put together."""

    payload: bytes
    fill: int
    time_ms: int | None  # of the first part that had one


class Parts:
    """Joins messages of several sentences, across links that mix several stations.

    Every sentence given to `add` ends in exactly one of: part of a whole, a repeat, lost.
    `waiting` are those not yet decided.
    """

    __slots__ = ("_groups", "lost", "repeats", "waiting")

    def __init__(self) -> None:
        self._groups: dict[GroupKey, Group] = {}
        self.waiting = 0
        self.repeats = 0  # the same part again, while its message waits; for the caller to take
        self.lost = 0  # parts whose rest never came; for the caller to take

    def add(
        self,
        key: GroupKey,
        number: int,
        total: int,
        payload: bytes,
        fill: int,
        time_ms: int | None,
        heard_ms: int,
    ) -> Whole | None:
        """One part; the whole message if this was the last that was missing."""
        group = self._groups.get(key)
        if group is not None and number in group.parts:
            if group.parts[number] == payload:
                self.repeats += 1
                return None
            self._drop(key)  # the station began its next message
            group = None
        if group is None:
            if len(self._groups) >= PARTS_MAX:
                self._drop(next(iter(self._groups)))
            group = self._groups[key] = Group(total, heard_ms)
        group.parts[number] = payload
        self.waiting += 1
        if number == total:
            group.fill = fill
        if group.time_ms is None:
            group.time_ms = time_ms
        if len(group.parts) < total:
            return None
        del self._groups[key]
        self.waiting -= total
        return Whole(b"".join(group.parts[n] for n in range(1, total + 1)), group.fill, group.time_ms)

    def expire(self, now_ms: int) -> None:
        """Gives up messages begun more than `PARTS_MS` before (in logs that jump back: after) `now_ms`."""
        if not self._groups:
            return
        for key in [k for k, g in self._groups.items() if abs(now_ms - g.started_ms) > PARTS_MS]:
            self._drop(key)

    def end(self) -> None:
        """Gives up all."""
        for key in list(self._groups):
            self._drop(key)

    def _drop(self, key: GroupKey) -> None:
        group = self._groups.pop(key)
        self.waiting -= len(group.parts)
        self.lost += len(group.parts)
