"""Runs rules over reports that are already there: in a notebook, a test, a replay. Needs no database."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, TypeGuard

import numpy as np
import polars as pl

from jiangdun.feeds.columns import DEGREE, NO_SPEED, Chunk

from . import frames
from .engine import Engine
from .rules.spec import AlertEvent, RuleSpec, ZoneSpec

CHUNK_ROWS: Final = 65_536
"""Rows of a table that are judged at a time."""


@dataclass(frozen=True, slots=True)
class Ran:
    """Everything the engine said, in order, the digest of what is settled, and what became of the reports.

    `names`: the text of a track, where the table gave it as text. `counts` as `Engine.counts`: what was left
    out is counted there by its reason.
    """

    events: tuple[AlertEvent, ...]
    digest: str
    counts: Mapping[str, int] = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)

    @property
    def alerts(self) -> tuple[AlertEvent, ...]:
        """The last word on each episode that stands: settled, not withdrawn, not replaced by another."""
        last = {event.episode: event for event in self.events}
        gone = {event.replaces for event in self.events if event.replaces}
        return tuple(e for e in last.values() if e.verdict != "withdrawn" and e.episode not in gone)

    def table(self) -> pl.DataFrame:
        """The alerts that stand, a row each, by time of firing."""
        return alert_table(self.alerts, self.names)


def alert_table(alerts: Iterable[AlertEvent], names: Mapping[int, str] | None = None) -> pl.DataFrame:
    """rule, track, zone, when begun and fired (UTC), where (degrees), speed (kn), episode: a row an alert."""
    rows = [
        {
            "rule": event.rule,
            "track": (names or {}).get(event.track, str(event.track)),
            "zone": event.zone_id,
            "started_at": datetime.fromtimestamp(event.started_at_ms / 1000, UTC),
            "fired_at": datetime.fromtimestamp(event.fired_at_ms / 1000, UTC),
            "lon": event.fixes[-1].lon / DEGREE if event.fixes else None,
            "lat": event.fixes[-1].lat / DEGREE if event.fixes else None,
            "speed_kn": _speed(event),
            "episode": event.episode,
        }
        for event in sorted(alerts, key=lambda e: (e.fired_at_ms, e.rule, e.track, e.zone_id))
    ]
    return pl.DataFrame(rows, schema=_SCHEMA)


_MOMENT: Final = pl.Datetime("ms", "UTC")
_SCHEMA: Final[dict[str, Any]] = {
    "rule": pl.String,
    "track": pl.String,
    "zone": pl.String,
    "started_at": _MOMENT,
    "fired_at": _MOMENT,
    "lon": pl.Float64,
    "lat": pl.Float64,
    "speed_kn": pl.Float64,
    "episode": pl.String,
}


def _speed(event: AlertEvent) -> float | None:
    if not event.fixes or event.fixes[-1].sog_dkn == NO_SPEED:
        return None
    return event.fixes[-1].sog_dkn / 10


def run(
    rules: Sequence[RuleSpec], zones: Sequence[ZoneSpec], data: Iterable[Chunk] | Any, *, eager: bool = False
) -> Ran:
    """Every event of `data`, settled to its end.

    `data`: a table of any make with the columns `frames` names, in any order of rows; or chunks of a log, in
    order of position. Raises WrongColumns for a table that cannot be judged, BadRule, BadZone and LimitExceeded
    as `Engine` does; warns of rules that name a place which no zone is, for those cannot fire there.
    """
    names: Mapping[int, str] = {}
    chunks: Iterable[Chunk] = ()
    if frames.is_table(data):
        found = frames.reports(data, rules)
        names, chunks = found.names, _in_time(found.rows)
    elif _are_chunks(data):
        chunks = data
    engine = Engine(rules, zones, eager=eager)
    warn_of_unplaced(engine.unplaced)
    events: list[AlertEvent] = []
    for chunk in chunks:
        events += engine.take(chunk)
    events += engine.finish()
    return Ran(tuple(events), engine.digest(), dict(engine.counts), names)


def warn_of_unplaced(rules: Sequence[str]) -> None:
    if rules:
        said = f"no zone is at a place that these rules name, they cannot fire there: {', '.join(rules)}"
        warnings.warn(said, stacklevel=3)


def _are_chunks(data: object) -> TypeGuard[Iterable[Chunk]]:
    if isinstance(data, Iterable) and not isinstance(data, str | bytes):
        return True
    raise TypeError(f"{type(data).__name__} is no table (see jiangdun.watch.frames) and no chunks of a log")


def _in_time(rows: frames.Rows) -> Iterator[Chunk]:
    """Rows by time, each chunk's watermark its last time: nothing after it is older, so nothing is late."""
    rows = rows[np.argsort(rows["t"], kind="stable")]
    for at in range(0, len(rows), CHUNK_ROWS):
        part = rows[at : at + CHUNK_ROWS]
        yield Chunk(at, int(part["t"][-1]), part)
