"""How far a long work has come: one line that changes on a terminal, a line every few seconds elsewhere."""

from __future__ import annotations

import sys
from typing import Final

from jiangdun.core import clock

TERMINAL_S: Final = 0.2
ELSEWHERE_S: Final = 5.0


class Progress:
    """To stderr, so that stdout says only what came of it."""

    def __init__(self, what: str, total: int) -> None:
        self._what, self._total, self._done = what, max(total, 1), 0
        self._terminal = sys.stderr.isatty()
        self._said_s = clock.monotonic()

    def add(self, size: int) -> None:
        self._done += size
        self._say(self._done)

    def at(self, size: int) -> None:
        """Of the piece at work, whose whole is added later."""
        self._say(self._done + size)

    def end(self) -> None:
        if self._terminal:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def _say(self, done: int) -> None:
        now = clock.monotonic()
        if now - self._said_s < (TERMINAL_S if self._terminal else ELSEWHERE_S):
            return
        self._said_s = now
        percent = min(99, done * 100 // self._total)
        line = f"  {self._what} {percent:2d} %  {done / 1e6:,.0f} MB"
        sys.stderr.write(f"\r\x1b[K{line}" if self._terminal else f"{line}\n")
        sys.stderr.flush()
