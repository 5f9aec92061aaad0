"""What of the chunk log may go: what is judged, archived and no longer shown. The rest of it must stand by itself.

So each segment of the log gets the rules and zones in force put down near its beginning: whichever segments go, a
reader of what is left knows what to judge by.
"""

from __future__ import annotations

import structlog

from jiangdun.feeds.log import SUFFIX, ChunkLog
from jiangdun.feeds.segments import Segments

from .archiving import Archiving
from .showing import BACK_REPORTS
from .watching import KINDS, Watching

log = structlog.get_logger()


class Forgetting:
    def __init__(self, chunk_log: ChunkLog, watching: Watching, archiving: Archiving) -> None:
        self._log, self._watching, self._archiving = chunk_log, watching, archiving
        self._segment = ""  # the last that got its references

    def look(self) -> int:
        """After a checkpoint; segments removed. Raises OSError, to be tried again."""
        paths = Segments.paths(self._log.directory, SUFFIX)
        if not paths:
            return 0
        if paths[-1].name != self._segment:
            self._put_down_again()
            self._segment = paths[-1].name
        gone = self._log.forget_before(self.horizon)
        if gone:
            log.info("the log forgot what is judged and archived", segments=gone, before=self.horizon)
        return gone

    @property
    def horizon(self) -> int:
        """Reports before this position are needed by nobody: engine, archive, and picture after a restart."""
        return min(
            self._watching.needed_from, self._archiving.covered, max(0, self._log.position - BACK_REPORTS)
        )

    def _put_down_again(self) -> None:
        for kind in KINDS:
            told = self._watching.told(kind)
            if told is not None:
                self._watching.take(self._log.refer(kind, {"items": told}))
