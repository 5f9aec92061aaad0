"""*Desk* reading the spool that *ears* writes: each whole line once, its cursor moved with what it changed."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final

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
        taken = 0
        for line, end in self._lines(queries.spool_position()):
            try:
                event = spool.from_line(line)
            except BadFrame as bad:
                log.error("a line of the spool is not one of ours", until=end, why=str(bad))
                actions.refuse_line(end, str(bad), now)
            else:
                actions.take_event(event, end, now)
            taken += 1
        return taken

    def _lines(self, position: int) -> list[tuple[bytes, int]]:
        """Whole lines from `position` on, each with the position after it."""
        try:
            with self._path.open("rb") as file:
                if position > file.seek(0, os.SEEK_END):
                    log.error("the spool is shorter than what was read of it; reading from its beginning")
                    position = 0
                file.seek(position)
                found: list[tuple[bytes, int]] = []
                while len(found) < LINES_MAX and (line := _line(file)):
                    if line != b"\n":
                        found.append((line[:-1], file.tell()))
                if found:
                    # The cursor will be on the disk: a power cut must not leave it behind the spool's end.
                    os.fsync(file.fileno())
                return found
        except FileNotFoundError:
            return []


def _line(file: BinaryIO) -> bytes:
    """The next whole line with its end, empty where there is none yet. One too long is passed over to its end and
    given cut, to be refused: it must not stand in the way of those behind it.
    """
    line = rest = file.readline(spool.MAX_LINE + 2)
    while rest and not rest.endswith(b"\n"):
        rest = file.readline(spool.MAX_LINE)
    if not rest:
        return b""
    return line if line.endswith(b"\n") else line + b"\n"
