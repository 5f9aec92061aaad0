"""Some of the tracks of an archive through the engine, stretch by stretch: what one process does of a backtest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from jiangdun.feeds.columns import COLUMNS
from jiangdun.picture.segment import Segment
from jiangdun.picture.then import Archive
from jiangdun.watch.engine import Engine
from jiangdun.watch.engine.limits import NEVER
from jiangdun.watch.engine.track_order import TrackOrder
from jiangdun.watch.rules import spec
from jiangdun.watch.rules.checking import conditions, helped_by, reads
from jiangdun.watch.rules.conditions import Expression
from jiangdun.watch.rules.spec import (
    AlertEvent,
    Enter,
    Leave,
    RuleSpec,
    Speed,
    Stay,
    ZoneSpec,
)

Said = Callable[[int], None]
"""Told how many more reports were judged; raises to stop."""

LOW_TRACK: Final = -(1 << 63)
HIGH_TRACK: Final = (1 << 63) - 1
SPARED: Final = {"heading_ddeg": "heading_deg", "length_dm": "length_m", "nav": "nav_status"}
"""Columns that are read only where a condition asks for them: no alert shows them."""


@dataclass(frozen=True, slots=True)
class Task:
    """What one process judges: all reports of tracks low <= track < high that were heard in the stretches."""

    rules: tuple[RuleSpec, ...]
    zones: tuple[ZoneSpec, ...]
    home: Path
    log: Path | None
    from_ms: int  # of the warm-up
    to_ms: int
    low: int = LOW_TRACK
    high: int = HIGH_TRACK


@dataclass(frozen=True, slots=True)
class Part:
    """What it found; alerts before the period are still among them."""

    alerts: tuple[AlertEvent, ...]
    counts: dict[str, int]
    unplaced: tuple[str, ...]


def in_track_order(rule: RuleSpec) -> bool:
    """Whether the rule asks of each track by itself, so that tracks may be judged one after another."""
    return isinstance(
        rule.when,
        Stay | Enter | Leave | Speed | spec.Cross | spec.Sequence | spec.Count | spec.Identity | spec.Drag,
    )


def judge(task: Task, said: Said) -> Part:
    """Judge one task."""
    archive = Archive(task.home, task.log)
    engine = TrackOrder(task.rules, task.zones)
    names = wanted(task.rules)
    alerts: list[AlertEvent] = []
    wm = NEVER
    for stretch in archive.stretches(task.from_ms, task.to_ms):
        columns = archive.read_sorted(stretch, task.low, task.high, names)
        alerts += engine.take(columns, wm, min(stretch.to_wm_ms, task.to_ms))
        wm = stretch.to_wm_ms
        said(len(columns["t"]))
    tail = _in_track_order(archive.tail(), task.low, task.high)
    alerts += engine.take(tail, wm, task.to_ms)
    alerts += engine.finish(task.to_ms)
    said(len(tail["t"]))
    return Part(tuple(alerts), engine.counts, engine.unplaced)


def judge_in_log_order(task: Task, said: Said) -> Part:
    """The same for rules that look at several tracks at once: chunks as they were heard, through the live engine."""
    archive = Archive(task.home, task.log)
    engine = Engine(task.rules, task.zones, eager=False)
    stretches = archive.stretches(task.from_ms, task.to_ms)
    events: list[AlertEvent] = []
    for chunk in archive.chunks(stretches[0].from_position if stretches else 0):
        if chunk.wm_ms >= task.to_ms:
            events += engine.heartbeat(task.to_ms, chunk.position)
            break
        events += engine.take(chunk)
        said(len(chunk.rows))
    else:
        events += engine.finish()
    return Part(tuple(e for e in events if e.settled), dict(engine.counts), engine.unplaced)


def wanted(rules: Sequence[RuleSpec]) -> tuple[str, ...]:
    """The columns that must be read: all but those that no rule asks for and no alert shows."""
    asked: set[str] = set()
    for rule in rules:
        if not all(isinstance(each, Expression) for each in conditions(rule)):
            return COLUMNS.names or ()
        asked |= reads(rule) | helped_by(rule)
    spared = {column for column, name in SPARED.items() if name not in asked}
    return tuple(name for name in COLUMNS.names or () if name not in spared)


def _in_track_order(rows: npt.NDArray[np.void], low: int, high: int) -> dict[str, npt.NDArray[Any]]:
    rows = rows[(rows["track"] >= low) & (rows["track"] < high)]
    rows = rows[np.lexsort((np.arange(len(rows)), rows["t"], rows["track"]))]
    return {name: np.ascontiguousarray(rows[name]) for name in COLUMNS.names or ()}


def cut(archive: Archive, stretches: Sequence[Segment], parts: int) -> list[tuple[int, int]]:
    """Ranges of tracks with about as many reports each, as the files' own statistics have it."""
    spans = sorted(span for stretch in stretches for span in archive.track_spans(stretch))
    rows = np.cumsum([n for _, n in spans])
    cuts = {int(spans[int(np.searchsorted(rows, share))][0]) for share in _shares(rows, parts)}
    edges = [LOW_TRACK, *sorted(cuts), HIGH_TRACK]
    return [(low, high) for low, high in pairwise(edges) if low < high]


def _shares(rows: npt.NDArray[Any], parts: int) -> list[float]:
    return [float(rows[-1]) * part / parts for part in range(1, parts)] if len(rows) else []
