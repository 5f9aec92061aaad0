"""JT/T 808 messages that come in parts: kept until whole, dropped when they will never be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from jiangdun.feeds.observations import BadFrame

from .jt808_frame import Frame

MESSAGES_HALF_MAX: Final = 8
"""Messages in parts at once on one link."""
PARTS_MAX: Final = 64
"""Parts of one message: 64 KiB."""
WAIT_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class Whole:
    body: bytes
    serials: tuple[int, ...]


@dataclass(slots=True)
class _Half:
    parts: int
    since_ms: int
    got: dict[int, Frame] = field(default_factory=dict)


class Parts:
    """The half-received messages of one link. Parts of one message have consecutive serials."""

    def __init__(self) -> None:
        self._halves: dict[tuple[str, int, int], _Half] = {}
        self._dropped: list[BadFrame] = []

    def add(self, frame: Frame, now_ms: int) -> Whole | None:
        """The whole message when this part completes it. Raises BadFrame("parts") above `PARTS_MAX`."""
        if frame.parts > PARTS_MAX:
            raise BadFrame("parts", f"{frame.parts} parts, the limit is {PARTS_MAX}")
        key = (frame.ident, frame.msg_id, frame.serial - frame.part + 1 & 0xFFFF)
        half = self._halves.get(key)
        if half is None or half.parts != frame.parts:
            if half is None and len(self._halves) >= MESSAGES_HALF_MAX:
                self._drop(next(iter(self._halves)))
            half = self._halves[key] = _Half(frame.parts, now_ms)
        half.got[frame.part] = frame
        if len(half.got) < half.parts:
            return None
        del self._halves[key]
        inorder = [half.got[part] for part in range(1, half.parts + 1)]
        return Whole(b"".join(f.body for f in inorder), tuple(f.serial for f in inorder))

    def expire(self, now_ms: int) -> list[BadFrame]:
        for key in [k for k, half in self._halves.items() if now_ms - half.since_ms > WAIT_MS]:
            self._drop(key)
        return self.dropped()

    def dropped(self) -> list[BadFrame]:
        """What was given up since last asked."""
        dropped, self._dropped = self._dropped, []
        return dropped

    def _drop(self, key: tuple[str, int, int]) -> None:
        half = self._halves.pop(key)
        detail = f"{half.parts - len(half.got)} of {half.parts} never came"
        self._dropped.append(BadFrame("parts_missing", detail, ident=key[0]))
