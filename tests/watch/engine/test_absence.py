"""What docs/operators.md says of absence and count, one sentence a test."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from watch.engine.test_operators import BAN, IN, OUT, SQUARE, at, seconds, settled
from watch.engine.world import T0, ZONES, Stream, box, path, rule

from jiangdun.feeds.columns import Chunk
from jiangdun.watch.engine import BadRule, Engine
from jiangdun.watch.engine.track_order import TrackOrder
from jiangdun.watch.rules import spec

MIN = 60
QUIET = spec.Absence(BAN, 15 * MIN * 1000, 1, 1_000.0)


def others(*seconds: int, track: int = 9, where: tuple[int, int] = (700, 700)) -> npt.NDArray[np.void]:
    return path(*((s, *where) for s in seconds), track=track)


def in_order(*parts: npt.NDArray[np.void]) -> npt.NDArray[np.void]:
    rows = np.concatenate(parts)
    return rows[np.argsort(rows["t"], kind="stable")]


def test_a_track_that_falls_silent_among_others_is_said_when_the_time_is_over() -> None:
    given = in_order(at((0, IN), (60, IN)), others(*range(0, 1_200, 60)))
    events = settled(QUIET, given)
    assert seconds(events) == [(60, 960)]
    assert (events[0].track, events[0].values["silent_s"], events[0].values["neighbours"]) == (1, 900, 1)


def test_where_nobody_is_heard_nobody_is_silent() -> None:
    far = in_order(at((0, IN), (60, IN)), others(*range(0, 1_200, 60), where=(50_000, 500)))
    assert settled(QUIET, far) == []
    before = in_order(at((0, IN), (60, IN)), others(0, 60, 1_100))
    assert settled(QUIET, before) == [], "those heard before and after it say nothing of the time between"


def test_neighbours_are_counted_by_track_and_none_may_be_asked_for() -> None:
    one, two = others(*range(0, 1_200, 60)), others(*range(0, 1_200, 60), track=8)
    pair = spec.Absence(BAN, 900_000, 2, 1_000.0)
    mine = at((0, IN), (60, IN))
    assert settled(pair, in_order(mine, one)) == []
    assert len(settled(pair, in_order(mine, one, two))) == 1
    alone = spec.Absence(BAN, 900_000, 0)
    assert seconds(settled(alone, in_order(mine, others(1_000, where=OUT)))) == [(60, 960)]


def test_a_report_at_the_very_end_of_the_time_breaks_the_silence() -> None:
    crowd = others(*range(0, 3_000, 60))
    assert settled(QUIET, in_order(at((0, IN), (900, IN), (1_800, OUT)), crowd)) == []
    assert seconds(settled(QUIET, in_order(at((0, IN), (901, IN), (1_800, OUT)), crowd))) == [(0, 900)]


def test_a_silence_is_said_once_and_the_next_is_another() -> None:
    crowd = others(*range(0, 9_000, 60))
    events = settled(QUIET, in_order(at((0, IN), (5_000, IN)), crowd))
    assert seconds(events) == [(0, 900), (5_000, 5_900)]
    assert len({e.episode for e in events}) == 2


def test_whoever_was_last_heard_elsewhere_is_not_missed() -> None:
    assert settled(QUIET, in_order(at((0, IN), (60, OUT)), others(*range(0, 1_200, 60)))) == []


def test_the_end_of_a_recording_is_no_silence() -> None:
    assert settled(QUIET, in_order(at((0, IN)), others(*range(0, 900, 60)))) == []


def test_it_fires_on_the_watermark_whoever_moves_it() -> None:
    engine = Engine([rule(QUIET)], [SQUARE])
    assert engine.take(Chunk(0, T0, in_order(at((0, IN)), others(60, 120, 600)))) == []
    assert engine.heartbeat(T0 + 900_000, 4) == []
    events = engine.heartbeat(T0 + 900_001, 4)
    assert [(e.verdict, e.settled, e.log_position) for e in events] == [("raised", True, 4)]
    assert engine.heartbeat(T0 + 9_900_001, 4) == []


def test_silence_longer_than_a_day_is_found_before_the_track_is_forgotten() -> None:
    long = in_order(at((0, IN), (200_000, IN)), others(*range(0, 200_060, 600)))
    for size in (7, len(long)):
        engine = Engine([rule(QUIET)], [SQUARE], eager=False)
        chunks = Stream(long, long["t"]).chunks(size)
        events = [e for chunk in chunks for e in engine.take(chunk)] + engine.finish()
        assert seconds(events) == [(0, 900)]


def test_it_is_judged_in_the_order_of_the_log_alone() -> None:
    with pytest.raises(BadRule, match="asks who else is heard"):
        TrackOrder([rule(QUIET)], [SQUARE])


@pytest.mark.parametrize(
    ("when", "why"),
    [
        (spec.Absence(BAN, 179_999), "absence takes 3 min or more"),
        (spec.Absence(BAN, 900_000, 101), "neighbours are 0 to 100"),
        (spec.Absence(BAN, 900_000, 1, 20_001.0), "within 20000 m"),
        (spec.Count(spec.Enter(BAN), 1, 1_000), "2 to 16 times, not 1"),
        (spec.Count(spec.Enter(BAN), 17, 1_000), "2 to 16 times, not 17"),
        (spec.Count(spec.Stay(BAN, -1), 2, 1_000), "cannot be negative"),
    ],
)
def test_what_cannot_be_run_is_refused(when: spec.Operator, why: str) -> None:
    with pytest.raises(BadRule, match=why):
        Engine([rule(when)], ZONES)


# count --------------------------------------------------------------------------------------------------

ONCE = spec.Enter(BAN, 1)
AWAY = (500, 3_500)


def visits(*starts: int, where: tuple[int, int] = IN) -> npt.NDArray[np.void]:
    """In and out again, three fixes away in between."""
    return at(
        *(
            m
            for s in starts
            for m in [(s, AWAY), (s + 10, where), (s + 20, AWAY), (s + 30, AWAY), (s + 40, AWAY)]
        )
    )


def test_a_count_is_complete_when_the_step_is_done_so_often_in_time() -> None:
    events = settled(spec.Count(ONCE, 3, 200_000), visits(0, 100, 200))
    assert [e.fired_at_ms - T0 for e in events] == [210_000]
    assert events[0].values["times"] == 3
    assert events[0].values["first_at_ms"] == T0 + 10_000
    assert events[0].started_at_ms < T0 + 10_000, "when the first of them began: at the border"
    assert settled(spec.Count(ONCE, 3, 199_999), visits(0, 100, 200)) == []


def test_a_count_begins_anew_when_it_is_complete() -> None:
    events = settled(spec.Count(ONCE, 2, 1_000_000), visits(0, 100, 200, 300, 400))
    assert [e.fired_at_ms - T0 for e in events] == [110_000, 310_000]
    assert len({e.episode for e in events}) == 2


def test_the_zones_of_a_place_are_counted_together_or_each_by_itself() -> None:
    two = [SQUARE, box("other", 3_000, 0, 1_000, 1_000)]
    there = (3_500, 500)
    given = np.concatenate([visits(0), visits(100, where=there), visits(200)])
    together = settled(spec.Count(ONCE, 2, 1_000_000), given, two)
    assert [(e.zone_id, e.fired_at_ms - T0) for e in together] == [("other", 110_000)]
    each = settled(spec.Count(ONCE, 2, 1_000_000, True), given, two)
    assert [(e.zone_id, e.fired_at_ms - T0) for e in each] == [("square", 210_000)]


def test_what_was_counted_outlives_a_day_of_silence() -> None:
    three_days = 3 * 86_400
    given = visits(0, 100_000, 200_000)
    assert len(settled(spec.Count(ONCE, 3, three_days * 1_000), given)) == 1
