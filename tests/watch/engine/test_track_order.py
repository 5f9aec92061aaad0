"""Reports in track order, stretch by stretch, say what the same log says as it came."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from watch.engine.world import (
    T0,
    ZONES,
    Stream,
    claims,
    counts,
    drags,
    hub_marks,
    path,
    rule,
    rule_sets,
    sequences,
    steps,
    streams,
)

from jiangdun.feeds.columns import COLUMNS, Chunk
from jiangdun.watch.engine import Engine
from jiangdun.watch.engine.episode import Tally
from jiangdun.watch.engine.limits import NEVER
from jiangdun.watch.engine.track_order import TrackOrder
from jiangdun.watch.rules import spec


def in_track_order(chunks: list[Chunk]) -> dict[str, np.ndarray]:
    rows = np.concatenate([chunk.rows for chunk in chunks])
    rows = rows[np.lexsort((np.arange(len(rows)), rows["t"], rows["track"]))]
    return {name: np.ascontiguousarray(rows[name]) for name in COLUMNS.names or ()}


@given(
    rule_sets(st.one_of(steps, sequences, counts, claims, drags)),
    streams,
    st.integers(1, 40),
    st.integers(1, 9),
)
def test_in_track_order_the_settled_alerts_are_those_of_the_log(
    rules: list[spec.RuleSpec], stream: Stream, size: int, stretch: int
) -> None:
    chunks = hub_marks(stream, size)
    engine = Engine(rules, ZONES, eager=False)
    for chunk in chunks:
        engine.take(chunk)
    engine.finish()
    sorted_, tally = TrackOrder(rules, ZONES), Tally()
    wm = NEVER
    for at in range(0, len(chunks), stretch):
        part = chunks[at : at + stretch]
        for event in sorted_.take(in_track_order(part), wm, part[-1].wm_ms):
            tally.add(event)
        wm = part[-1].wm_ms
    for event in sorted_.finish():
        tally.add(event)
    assert tally.digest() == engine.digest()
    for what in ("reports", "judged", "tracks", "late", "no_fix", "no_position", "duplicates"):
        assert sorted_.counts[what] == engine.counts[what], what


def test_tables_grow_as_tracks_and_visits_do() -> None:
    many = np.concatenate(
        [path((0, -50, 10), (10, 50, 10), (20, 9_000, 9_000), track=k) for k in range(3_000)]
    )
    rules = [rule(spec.Enter(spec.Place(zone_id="a"), 1)), rule(spec.Leave(spec.Place(kind="ban"), 1), "l")]
    engine = Engine(rules, ZONES, eager=False)
    engine.take(Chunk(0, T0, many))
    engine.finish()
    sorted_, tally = TrackOrder(rules, ZONES), Tally()
    for event in sorted_.take(in_track_order([Chunk(0, T0, many)])):
        tally.add(event)
    assert (tally.count, tally.digest()) == (6_000, engine.digest())
