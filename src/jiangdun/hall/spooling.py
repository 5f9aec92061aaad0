"""*Desk* reading the spool that *ears* writes: each whole line once, its cursor moved with what it changed."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

import structlog

from jiangdun.feeds.observations import BadFrame
from jiangdun.watch import actions, queries, spool

LINES_MAX: Final = 64
"""Lines taken in one transaction, so that people's actions need not wait long."""

log = structlog.get_logger()


class Spooling:
    def __init__(self, path: Path) -> None:
        self._path = path

    def take_some(self, now: datetime) -> int:
        """Take in up to `LINES_MAX` lines; how many. Runs in the writer."""
        position = queries.spool_position()
        taken = 0
        for line, end in self._lines(position):
            try:
                event = spool.from_line(line)
            except BadFrame as bad:
                log.error("a line of the spool is not one of ours", position=position, why=str(bad))
                actions.refuse_line(end, str(bad), now)
            else:
                actions.take_event(event, end, now)
            taken += 1
        return taken

    def _lines(self, position: int) -> list[tuple[bytes, int]]:
        """Whole lines from `position` on, each with the position after it."""
        try:
            with self._path.open("rb") as file:
                if position > file.seek(0, 2):
                    log.error("the spool is shorter than what was read of it; reading from its beginning")
                    position = 0
                file.seek(position)
                found: list[tuple[bytes, int]] = []
                while len(found) < LINES_MAX and (line := file.readline(spool.MAX_LINE + 1)).endswith(b"\n"):
                    position += len(line)
                    if line != b"\n":
                        found.append((line[:-1], position))
                return found
        except FileNotFoundError:
            return []
