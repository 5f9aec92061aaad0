"""What cannot be judged is refused by name, or has a limit that is stated."""

from __future__ import annotations

import numpy as np
import pytest
from watch.engine.test_operators import BAN, SQUARE, at
from watch.engine.world import T0, Below, box, path, rule

from jiangdun.feeds.columns import COLUMNS, DEGREE, Chunk
from jiangdun.watch.engine import BadRule, BadZone, Engine, LimitExceeded, WrongColumns, limits, plan, state
from jiangdun.watch.engine.outline import widened
from jiangdun.watch.rules import spec

IN = (500, 500)


def wide(**values: float) -> np.ndarray:
    """One report in float64 columns, with these values."""
    row = path((0, 0, 0)).astype([(name, "<f8") for name in COLUMNS.names or ()])
    for name, value in values.items():
        row[name] = value
    return row


@pytest.mark.parametrize("name", ["lon", "lat", "t", "sog_dkn", "cog_ddeg", "track", "flags"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), 1e300, 0.5])
def test_a_value_that_is_no_value_of_its_column_is_refused(name: str, value: float) -> None:
    with pytest.raises(WrongColumns, match=rf"{name}\[0\]"):
        Engine([], []).take(Chunk(0, 0, wide(**{name: value})))


@pytest.mark.parametrize("t", [-1, 1 << 46, 1 << 62, -(1 << 62)])
def test_a_time_before_1970_or_after_all_ages_is_refused(t: int) -> None:
    engine = Engine([rule(spec.Stay(BAN, 0))], [SQUARE])
    given = at((0, IN))
    given["t"] = t
    with pytest.raises(WrongColumns, match=r"t\[0\]"):
        engine.take(Chunk(0, 0, given))
    assert engine.counts["reports"] == 0


def test_contradictory_times_are_decided_once_and_counted() -> None:
    """Two places at one time: the better source; older than what is settled: too late; both are counted."""
    engine = Engine([rule(spec.Stay(BAN, 0))], [SQUARE], eager=False)
    engine.take(Chunk(0, T0 + 20_000, at((10, IN), rank=1)))
    engine.take(
        Chunk(
            1, T0 + 20_000, np.concatenate([at((30, IN), rank=1), at((30, (9_000, 0)), rank=2), at((5, IN))])
        )
    )
    engine.finish()
    assert (engine.counts["duplicates"], engine.counts["late_unflagged"]) == (1, 1)


@pytest.mark.parametrize(
    "corner", [(float("nan"), 0.0), (float("inf"), 0.0), (0.0, float("-inf")), (180.1, 0.0), (0.0, 90.1)]
)
def test_a_corner_or_an_axis_off_the_globe_is_refused(corner: tuple[float, float]) -> None:
    ring = ((0.0, 0.0), (0.1, 0.0), corner)
    stay = [rule(spec.Stay(BAN, 0))]
    with pytest.raises(BadZone, match="off the globe"):
        Engine(stay, [spec.ZoneSpec("z", 1, "ban", "", "", ((ring,),))])
    axis = spec.ZoneSpec("z", 1, "ban", "", "", SQUARE.polygons, axis=((0.0, 0.0), corner))
    with pytest.raises(BadZone, match="axis lies off the globe"):
        Engine(stay, [axis])


def test_an_axis_of_one_spot_is_refused() -> None:
    spot = spec.ZoneSpec("z", 1, "ban", "", "", SQUARE.polygons, axis=((0.0, 0.0), (0.0, 1e-9)))
    with pytest.raises(BadZone, match="single spot"):
        Engine([rule(spec.Stay(BAN, 0))], [spot])


def test_a_margin_around_nothing_is_refused() -> None:
    with pytest.raises(BadZone, match="off the globe"):
        widened(spec.ZoneSpec("z", 1, "ban", "", "", ((((0.0, float("nan")), (1.0, 0.0), (0.0, 1.0)),),)), 10)


def test_4097_zones_over_one_spot_are_refused_and_4096_are_not() -> None:
    zones = [box(f"z{i}", 0, 0, 100, 100) for i in range(limits.ZONES_PER_CELL_MAX + 1)]
    with pytest.raises(LimitExceeded, match="zones over one spot: 4,097 is more than 4,096; take out"):
        Engine([rule(spec.Stay(BAN, 0))], zones)
    engine = Engine([rule(spec.Stay(BAN, 0))], zones[1:], eager=False)
    assert len(engine.take(Chunk(0, 0, at((0, (50, 50))))) + engine.finish()) == limits.ZONES_PER_CELL_MAX


def test_more_tracks_than_it_holds_are_refused_and_what_came_before_stands(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert limits.TRACKS_MAX == 1 << 20, "2**31 tracks are not one engine's: split the stream by shard"
    monkeypatch.setattr(state, "TRACKS_MAX", 2_048)
    engine = Engine([rule(spec.Stay(BAN, 0))], [SQUARE], eager=False)
    engine.take(Chunk(0, 0, np.concatenate([path((0, *IN), track=k) for k in range(2_000)])))
    with pytest.raises(LimitExceeded, match="tracks: 2,049 is more than 2,048; start the engine anew"):
        engine.take(Chunk(2_000, 0, np.concatenate([path((1, *IN), track=k) for k in range(2_000, 2_100)])))
    assert len(engine.finish()) >= 2_000


@pytest.mark.parametrize("track", [0, 2**31, 2**62 + 5, 2**63 - 1, -1])
def test_any_track_id_but_the_one_that_stands_for_none_is_a_track(track: int) -> None:
    engine = Engine([rule(spec.Stay(BAN, 0))], [SQUARE], eager=False)
    given = at((0, IN))
    given["track"] = track
    if track == -1:
        with pytest.raises(WrongColumns, match=r"track\[0\] = -1"):
            engine.take(Chunk(0, 0, given))
        return
    assert [e.track for e in engine.take(Chunk(0, 0, given)) + engine.finish()] == [track]


def test_a_rule_set_beyond_its_limits_is_refused_by_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [rule(spec.Stay(BAN, i), f"r{i}") for i in range(limits.OPERATORS_MAX + 1)]
    with pytest.raises(LimitExceeded, match="operators of all rules: 4,097 is more than 4,096; retire rules"):
        Engine(many, [SQUARE])
    conditions = [rule(spec.Stay(BAN, 0, Below("sog_dkn", i)), f"r{i}") for i in range(1_025)]
    with pytest.raises(LimitExceeded, match="different conditions: 1,025 is more than 1,024"):
        Engine(conditions, [SQUARE])
    assert plan.compile_plan(conditions[:-1], [SQUARE]).plan.n_words == limits.CONDITION_WORDS_MAX


def test_a_rule_or_zone_given_twice_is_refused() -> None:
    twice = [rule(spec.Stay(BAN, 0)), rule(spec.Enter(BAN))]
    with pytest.raises(BadRule, match="given twice"):
        Engine(twice, [SQUARE])
    with pytest.raises(BadRule, match="zone version 1 is given twice"):
        Engine(twice[:1], [SQUARE, SQUARE])


def test_positions_off_the_globe_are_counted_not_judged() -> None:
    engine = Engine([rule(spec.Stay(BAN, 0))], [SQUARE], eager=False)
    given = at((0, IN), (1, IN), (2, IN))
    given["lon"][:2], given["lat"][2] = [181 * DEGREE, -(2**31)], 91 * DEGREE
    assert engine.take(Chunk(0, 0, given)) + engine.finish() == []
    assert engine.counts["no_position"] == 3
