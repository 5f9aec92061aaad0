"""The archive in *ears*: each chunk is taken as it is logged, full segments are written beside the hearing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import structlog

from jiangdun.feeds import log as chunk_log
from jiangdun.feeds.columns import Chunk
from jiangdun.picture.archiver import Archiver

log = structlog.get_logger()


class Archiving:
    def __init__(self, home: Path) -> None:
        self._log_dir = home / "log"
        self._archiver = Archiver(home)
        self._trouble = ""

    def recover(self) -> int:
        """Take what was logged since the last segment; returns the segments written meanwhile."""
        return self._archiver.catch_up(chunk_log.chunks(self._log_dir, self._archiver.position))

    def take(self, chunk: Chunk) -> None:
        self._archiver.take(chunk)

    @property
    def due(self) -> bool:
        return self._archiver.due

    @property
    def covered(self) -> int:
        """Reports before this log position are in segments on the disk."""
        return self._archiver.covered

    def write(self) -> None:
        """For a thread of its own. A disk that refuses is said once and tried again."""
        try:
            self._archiver.write()
            self._trouble = ""
        except OSError as error:
            if not self._trouble:
                log.error("the archive cannot be written and will be tried again", why=str(error))
            self._trouble = str(error)

    def catch_up_if_behind(self) -> None:
        if self._archiver.behind:
            self.recover()

    def health(self) -> dict[str, Any]:
        return {
            "position": self._archiver.position,
            "covered": self._archiver.covered,
            "behind": self._archiver.behind,
            "trouble": self._trouble,
        }
