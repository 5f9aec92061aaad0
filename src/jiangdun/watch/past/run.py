"""`backtest`: rules over a period of an archive, in this process or in several.

Tracks are judged one after another, as they lie in the archive; each process takes some of them. Rules that look at
several tracks at once go through the live engine chunk by chunk, in one process. What is found is what the settled
pass of a live run says, and the digest is the same.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from dataclasses import replace
from typing import Any, Final

from jiangdun.picture.then import Archive
from jiangdun.watch.engine.episode import Tally
from jiangdun.watch.engine.memory import memory_ms
from jiangdun.watch.offline import warn_of_unplaced
from jiangdun.watch.rules.spec import RuleSpec, ZoneSpec

from . import shard
from .labels import Label
from .outcome import SHIFT_H, Backtest
from .shard import Part, Task

ROWS_A_WORKER: Final = 5_000_000
"""Fewer reports are not worth the seconds that a process takes to start."""
LOOK_EVERY_S: Final = 0.2

Progress = Callable[[int, int], None]
"""(reports judged, reports in all), now and then."""


class Cancelled(Exception):
    """`cancelled` said so; nothing was found."""


def backtest(
    rules: Sequence[RuleSpec],
    archive: Archive,
    period: tuple[int, int],
    zones: Sequence[ZoneSpec],
    *,
    labels: Sequence[Label] = (),
    labels_complete: bool = False,
    shift_h: int = SHIFT_H,
    workers: int | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Backtest:
    """The settled alerts that `rules` give from period[0] on and before period[1] (ms since 1970, UTC).

    It begins as long before as the rules remember (`memory_ms`) and drops what fires before the period. `zones`: as
    they were known then (`as_known`, which is what the live engine saw), or as corrected. `workers`: processes; 1 =
    this one alone, None = as many as the archive is worth. They are spawned, so a script needs its
    `if __name__ == "__main__":`. `progress` and `cancelled` are called in this process, several times a second.

    Raises Cancelled; BadRule, BadZone, LimitExceeded as `Engine`; OSError, pyarrow.ArrowInvalid for a damaged archive.
    """
    from_ms, to_ms = period
    if from_ms >= to_ms:
        raise ValueError(f"the period is empty: {from_ms} to {to_ms}; give (from, to) in ms since 1970")
    begin = from_ms - max((memory_ms(rule) for rule in rules), default=0)
    alone = tuple(rule for rule in rules if shard.in_track_order(rule))
    several = tuple(rule for rule in rules if not shard.in_track_order(rule))
    stretches = archive.stretches(begin, to_ms)
    rows = sum(one.to_position - one.from_position for one in stretches)
    task = Task(alone, tuple(zones), archive.home, archive.log_directory, begin, to_ms)
    tasks = [
        (shard.judge, replace(task, low=low, high=high))
        for low, high in _ranges(archive, stretches, rows, workers)
    ]
    if several:
        tasks.append((shard.judge_in_log_order, replace(task, rules=several)))
    if not alone and several:
        tasks = tasks[-1:]
    watch = _Watch(rows * (1 + bool(alone and several)), progress, cancelled)
    if len(tasks) == 1 or workers == 1:
        parts = [judge(one, watch.said) for judge, one in tasks]
    else:
        parts = _spread(tasks, watch)
    watch.end()
    return _summed(tuple(rules), period, parts, several, tuple(labels), labels_complete, shift_h)


def _ranges(
    archive: Archive, stretches: Sequence[Any], rows: int, workers: int | None
) -> list[tuple[int, int]]:
    worth = min(os.cpu_count() or 1, rows // ROWS_A_WORKER)
    return shard.cut(archive, stretches, max(1, worth if workers is None else workers))


def _summed(
    rules: tuple[RuleSpec, ...],
    period: tuple[int, int],
    parts: Sequence[Part],
    several: tuple[RuleSpec, ...],
    labels: tuple[Label, ...],
    complete: bool,
    shift_h: int,
) -> Backtest:
    found = [a for part in parts for a in part.alerts if period[0] <= a.fired_at_ms < period[1]]
    found.sort(key=lambda a: (a.fired_at_ms, a.rule, a.track, a.zone_id))
    tally = Tally()
    for alert in found:
        tally.add(alert)
    counts: Counter[str] = Counter()
    for part in parts[: len(parts) - bool(several)] or parts:  # reports judged by both engines count once
        counts.update(part.counts)
    unplaced = tuple(sorted({name for part in parts for name in part.unplaced}))
    warn_of_unplaced(unplaced)
    return Backtest(
        *period, rules, tuple(found), tally.digest(), dict(counts), unplaced, labels, complete, shift_h
    )


class _Watch:
    """Counts what is judged, tells `progress`, asks `cancelled`."""

    def __init__(self, rows: int, progress: Progress | None, cancelled: Callable[[], bool] | None) -> None:
        self._rows, self._progress, self._cancelled = rows, progress, cancelled
        self._done = 0

    def said(self, more: int) -> None:
        self._done += more
        if self._progress is not None:
            self._progress(min(self._done, self._rows), self._rows)
        if self._cancelled is not None and self._cancelled():
            raise Cancelled

    def end(self) -> None:
        if self._progress is not None:
            self._progress(self._rows, self._rows)


_TOLD: Any = None
_STOP: Any = None


def _begin(told: Any, stop: Any) -> None:
    global _TOLD, _STOP
    _TOLD, _STOP = told, stop


def _said_there(more: int) -> None:
    _TOLD.put(more)
    if _STOP.is_set():
        raise Cancelled


def _work(judge: Callable[[Task, shard.Said], Part], task: Task) -> Part:
    return judge(task, _said_there)


def _spread(tasks: Sequence[tuple[Callable[[Task, shard.Said], Part], Task]], watch: _Watch) -> list[Part]:
    """Each task in a process of its own, spawned: no state of this one is carried along."""
    context = multiprocessing.get_context("spawn")
    told, stop = context.Queue(), context.Event()
    with ProcessPoolExecutor(len(tasks), context, _begin, (told, stop)) as pool:
        waiting = [pool.submit(_work, judge, task) for judge, task in tasks]
        pending: set[Future[Part]] = set(waiting)
        try:
            while pending:
                done, pending = wait(pending, LOOK_EVERY_S)
                watch.said(_drained(told))
                for future in done:
                    future.result()  # the first trouble ends all
        except BaseException:
            stop.set()
            raise
        return [future.result() for future in waiting]


def _drained(told: Any) -> int:
    more = 0
    try:
        while True:
            more += told.get_nowait()
    except queue.Empty:
        return more
