"""The one writer: a thread that owns one database connection and commits actions in groups.

    writer = Writer(); writer.start()
    incident = await writer.do(lambda: response.actions.sign(incident_id, by=by, now=clock.now()))

Each action runs inside a savepoint, so the error of one does not touch the others; all of a group are
committed together (one fsync), sealed in the same transaction, and answered after the commit. SQLite has no
second writer; on PostgreSQL the same thread works the same way and other processes may write beside it.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import structlog
from django.db import DatabaseError, IntegrityError, InterfaceError, connection, transaction

from jiangdun.core import clock, journal
from jiangdun.core.folding import folded, has_failed
from jiangdun.core.journal import Sealed
from jiangdun.core.trouble import Busy

QUEUE_MAX = 10_000
"""Actions that may wait; one more is refused with `Busy`."""
SEAL_MS = 50
"""The longest pause between two looks for facts to seal."""
SEAL_PAUSE_S = 1.0
"""Seconds until the next look after sealing failed: a database that is away is not asked 20 times a
second.
"""

_T = TypeVar("_T")
_log = structlog.get_logger(__name__)


@dataclass
class _Work:
    run: Callable[[], Any]
    answer: Future[Any]
    value: Any = None
    error: BaseException | None = None

    def settle(self) -> None:
        if self.error is not None:
            self.answer.set_exception(self.error)
        else:
            self.answer.set_result(self.value)


@dataclass
class Counts:
    """What the writer has done since it started."""

    actions: int = 0
    failed: int = 0
    groups: int = 0
    sealed: int = 0
    seal_troubles: int = 0


class Writer:
    """See the module. Commits up to `group_max` actions together, and waits at most `group_ms` for company.

    `on_sealed` is called in the writer's thread, after the commit, with the facts just sealed, in order. It
    must be quick. `on_lag` is called there too, before anybody has an answer, after a commit that left facts
    without a number: sealing failed, another sealer was at work, or there were too many. On PostgreSQL facts
    may also be sealed by another process: a reader by number misses none.
    """

    def __init__(
        self,
        group_max: int = 32,
        group_ms: float = 5,
        *,
        on_sealed: Callable[[list[Sealed]], None] | None = None,
        on_lag: Callable[[], None] | None = None,
        now: Callable[[], datetime] = clock.now,
        queue_max: int = QUEUE_MAX,
    ) -> None:
        self.counts = Counts()
        self.on_sealed = on_sealed
        self.on_lag = on_lag
        self._group_max = group_max
        self._group_s = group_ms / 1000
        self._now = now
        self._queue: queue.Queue[_Work | None] = queue.Queue(queue_max)
        self._thread: threading.Thread | None = None
        self._open = False
        self._gate = threading.Lock()
        self._looked = 0.0
        self._crowded = False

    def start(self) -> None:
        """Begin to take actions."""
        assert self._thread is None, "this writer runs already"
        self._open = True
        self._thread = threading.Thread(target=self._loop, name="writer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Take no more, finish what was taken, seal it, and end the thread."""
        with self._gate:
            if not self._open:
                return
            self._open = False
        self._queue.put(None)
        assert self._thread is not None
        self._thread.join()
        self._thread = None

    def waiting(self) -> int:
        """Actions in the queue, for the health page."""
        return self._queue.qsize()

    def submit(self, run: Callable[[], _T]) -> Future[_T]:
        """Let `run` be done by the writer; the answer (or its error) comes after the commit.

        `run` changes the database and nothing else: it is run a second time when a group must be split up.
        Raises `Busy` when QUEUE_MAX actions wait, RuntimeError when the writer is stopped.
        """
        assert threading.current_thread() is not self._thread, (
            "an action is already in the writer: call it directly"
        )
        work = _Work(run, Future())
        with self._gate:
            if not self._open:
                raise RuntimeError("the writer is stopped")
            try:
                self._queue.put_nowait(work)
            except queue.Full:
                raise Busy(limit="QUEUE_MAX") from None
        return work.answer

    async def do(self, run: Callable[[], _T]) -> _T:
        """`submit` for a coroutine: await the answer."""
        return await asyncio.wrap_future(self.submit(run))

    def _loop(self) -> None:
        try:
            while True:
                group, last = self._gather()
                if group:
                    self._commit(group)
                elif self._seal_is_due():
                    self._seal_alone()
                if last:
                    break
            self._seal_alone()
        finally:
            self._leave()
            connection.close()

    def _leave(self) -> None:
        """Answer whatever still waits: nothing after `stop`, everything if the loop itself broke."""
        with self._gate:
            self._open = False
        while not self._queue.empty():
            work = self._queue.get_nowait()
            if work is not None:
                work.answer.set_exception(RuntimeError("the writer has ended"))

    def _gather(self) -> tuple[list[_Work], bool]:
        """The next group, and whether it is the last. Waits for company only when there was some before."""
        group: list[_Work] = []
        until = clock.monotonic() + SEAL_MS / 1000
        while len(group) < self._group_max:
            try:
                pause = until - clock.monotonic()
                work = self._queue.get(timeout=pause) if pause > 0 else self._queue.get_nowait()
            except queue.Empty:
                break
            if work is None:
                return group, True
            if not work.answer.set_running_or_notify_cancel():
                continue
            if not group:
                until = clock.monotonic() + (self._group_s if self._crowded else 0)
            group.append(work)
        self._crowded = len(group) > 1
        return group, False

    def _commit(self, group: list[_Work]) -> None:
        try:
            self._commit_together(group)
        except IntegrityError:
            # A constraint checked only at COMMIT failed, and does not say whose: each alone, then.
            for work in group:
                self._commit_one(work)
        except Exception as error:
            self._fail(group, error)
        self.counts.groups += 1
        self.counts.actions += len(group)
        self.counts.failed += sum(work.error is not None for work in group)
        for work in group:
            work.settle()

    def _commit_one(self, work: _Work) -> None:
        try:
            self._commit_together([work])
        except Exception as error:
            self._fail([work], error)

    def _commit_together(self, group: list[_Work]) -> None:
        committed = False
        sealed: list[Sealed] = []

        def note() -> None:
            nonlocal committed
            committed = True

        try:
            with folded(connection), transaction.atomic():
                transaction.on_commit(note)  # first in line: later hooks may raise, after the commit
                for work in group:
                    self._run(work)
                sealed = self._seal_inside()
                assert not has_failed(connection), "an action hid an error of the database"
        except Exception:
            if not committed:
                raise
            _log.exception("something hooked onto the commit failed after it")
        self._tell(sealed)
        self._tell_lag()

    def _run(self, work: _Work) -> None:
        work.value, work.error = None, None
        try:
            with transaction.atomic():
                work.value = work.run()
        except InterfaceError:
            raise  # the connection is gone, and the whole group with it
        except BaseException as error:  # nothing an action does may end the thread
            if isinstance(error, DatabaseError) and not connection.is_usable():
                raise
            work.error = error

    def _fail(self, group: list[_Work], error: Exception) -> None:
        _log.exception("a group could not be committed", actions=len(group))
        for work in group:
            work.error = work.error or error
        self._mend_connection()

    def _mend_connection(self) -> None:
        """A connection that broke is closed, so that the next group opens a new one."""
        try:
            if not connection.is_usable():
                connection.close()
        except Exception:
            connection.close()

    def _seal_inside(self) -> list[Sealed]:
        """Seal within the group's transaction: no second fsync, and nobody waits 50 ms for a number."""
        self._looked = clock.monotonic()
        guard = transaction.atomic() if connection.in_atomic_block else nullcontext()
        try:
            with guard:
                return journal.seal_facts(self._now())
        except Exception:
            self.counts.seal_troubles += 1
            self._looked += SEAL_PAUSE_S
            _log.exception("sealing failed; the facts stay unsealed until the next look")
            return []

    def _seal_is_due(self) -> bool:
        return clock.monotonic() - self._looked >= SEAL_MS / 1000

    def _seal_alone(self) -> None:
        """Seal what others left: a late commit on PostgreSQL, facts of a command or of a crashed run."""
        troubles = self.counts.seal_troubles
        sealed = self._seal_inside()
        if self.counts.seal_troubles > troubles:
            self._mend_connection()
        self._tell(sealed)

    def _tell_lag(self) -> None:
        if self.on_lag is None:
            return
        try:
            behind = journal.waiting() > 0
        except Exception:
            behind = True  # nobody can say: as if
        try:
            if behind:
                self.on_lag()
        except Exception:
            _log.exception("the listener for facts without a number failed")

    def _tell(self, sealed: list[Sealed]) -> None:
        self.counts.sealed += len(sealed)
        if not sealed or self.on_sealed is None:
            return
        try:
            self.on_sealed(sealed)
        except Exception:
            _log.exception("the listener for sealed facts failed", first=sealed[0].number)
