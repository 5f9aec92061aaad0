"""What docs/operators.md says of each operator, one sentence a test."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt
import pytest
from watch.engine.world import SLOW, T0, X0, Y0, Below, box, path, rows, rule

from jiangdun.feeds.columns import DEGREE, NO_COURSE, Chunk, Kind
from jiangdun.watch.engine import BadRule, Engine
from jiangdun.watch.engine.twin import Twin
from jiangdun.watch.rules import spec

BAN = spec.Place(kind="ban")
SQUARE = box("square", 0, 0, 1_000, 1_000)
IN, OUT = (500, 500), (500, 1_500)
MIN = 60


def settled(
    when: spec.Operator, given: npt.NDArray[np.void], zones: list[spec.ZoneSpec] | None = None, **more: object
) -> list[spec.AlertEvent]:
    """Settled alerts of one rule; the plain twin must say the same."""
    rules, where = [rule(when, **more)], zones or [SQUARE]
    engine, twin = Engine(rules, where, eager=False), Twin(rules, where, eager=False)
    found = engine.take(Chunk(0, T0, given)) + engine.finish()
    assert found == twin.take(Chunk(0, T0, given)) + twin.finish()
    return found


def at(*moments: tuple[int, tuple[int, int]], **more: int) -> npt.NDArray[np.void]:
    """(seconds, place) fixes."""
    return path(*((s, x, y) for s, (x, y) in moments), **more)


def seconds(events: list[spec.AlertEvent]) -> list[tuple[float, float]]:
    """(started, fired) from T0."""
    return [((e.started_at_ms - T0) / 1000, (e.fired_at_ms - T0) / 1000) for e in events]


# stay ---------------------------------------------------------------------------------------------------


def test_a_stay_is_complete_at_the_first_holding_report_at_or_after_for() -> None:
    events = settled(spec.Stay(BAN, 600_000), at((0, IN), (599, IN), (601, IN), (900, IN)))
    assert seconds(events) == [(0, 601)]
    assert events[0].values["stayed_s"] == 601


def test_a_stay_is_not_complete_without_a_report_that_shows_it() -> None:
    assert settled(spec.Stay(BAN, 600_000), at((0, IN), (300, IN), (601, OUT))) == []


def test_with_no_tolerance_any_contrary_report_ends_the_stay() -> None:
    assert settled(spec.Stay(BAN, 600_000), at((0, IN), (300, OUT), (301, IN), (700, IN))) == []


def test_contrary_reports_within_the_tolerance_do_not_end_the_stay() -> None:
    events = settled(spec.Stay(BAN, 600_000, None, 180_000), at((0, IN), (300, IN), (480, OUT), (600, IN)))
    assert seconds(events) == [(0, 600)]


def test_a_contrary_report_later_than_the_tolerance_ends_the_stay() -> None:
    assert (
        settled(spec.Stay(BAN, 600_000, None, 180_000), at((0, IN), (300, IN), (481, OUT), (600, IN))) == []
    )


def test_silence_longer_than_the_tolerance_does_not_end_the_stay() -> None:
    assert seconds(settled(spec.Stay(BAN, 600_000, None, 180_000), at((0, IN), (900, IN)))) == [(0, 900)]


def test_silence_longer_than_a_quarter_of_an_hour_ends_the_stay() -> None:
    assert settled(spec.Stay(BAN, 600_000), at((0, IN), (901, IN))) == []


def test_a_longer_tolerance_also_bears_longer_silence() -> None:
    assert seconds(settled(spec.Stay(BAN, 600_000, None, 1_200_000), at((0, IN), (1_200, IN)))) == [
        (0, 1_200)
    ]


def test_a_stay_holds_only_while_its_condition_does() -> None:
    given = at((0, IN), (300, IN), (600, IN), (900, IN), (1_200, IN))
    given["sog_dkn"] = [0, 99, 0, 0, 0]
    assert seconds(settled(spec.Stay(BAN, 600_000, SLOW), given)) == [(600, 1_200)]


def test_a_report_in_an_exempt_place_does_not_count() -> None:
    free = box("free", 400, 400, 200, 200, "free")
    given = at((0, IN), (300, IN), (600, (100, 100)), (900, (100, 100)), (1_200, (100, 100)))
    unless = (spec.Place(zone_id="free"),)
    assert seconds(settled(spec.Stay(BAN, 600_000), given, [SQUARE, free], unless=unless)) == [(600, 1_200)]


def test_a_stay_in_no_place_is_a_stay_anywhere() -> None:
    events = settled(spec.Stay(None, 600_000), at((0, IN), (300, OUT), (600, (99_000, 99_000))))
    assert [(e.zone_id, *s) for e, s in zip(events, seconds(events), strict=True)] == [("", 0, 600)]


def test_the_border_is_inside_and_the_inside_of_a_hole_is_not() -> None:
    holed = box("holed", 0, 0, 1_000, 1_000, hole=True)  # the hole: 250 to 750
    for place, fires in [((0, 0), 1), ((1_000, 333), 1), ((250, 400), 1), ((251, 400), 0), ((1_001, 5), 0)]:
        assert len(settled(spec.Stay(BAN, 0), at((0, place)), [holed])) == fires, place


CREEP = Below("sog_dkn", 100)
QUAY = spec.Stay(BAN, 600_000, SLOW, 0, spec.Keep(CREEP, 100))


def test_what_keeps_a_stay_alive_does_not_begin_it() -> None:
    given = at((0, IN), (300, IN), (600, IN), (900, IN), (1_200, IN))
    given["sog_dkn"] = [60, 0, 60, 60, 60]
    assert seconds(settled(QUAY, given)) == [(300, 900)]
    given["sog_dkn"] = [60, 0, 60, 100, 60]
    assert settled(QUAY, given) == [], "too fast to be kept alive, and what comes after cannot begin anew"


def test_a_stay_is_complete_at_a_report_that_only_keeps_it() -> None:
    given = at((0, IN), (600, (500, 1_400)))
    given["sog_dkn"] = [0, 60]
    assert seconds(settled(QUAY, given)) == [(0, 600)]


def test_the_margin_is_in_metres_all_around_and_corners_are_round() -> None:
    for (x, y), fires in [
        ((500, 1_539), 1), ((500, 1_541), 0), ((1_632, 500), 1), ((1_636, 500), 0), ((1_600, 1_500), 0),
    ]:  # fmt: skip
        given = at((0, IN), (600, (x, y)), sog_dkn=0)  # 100 m are 540 units north, 634 east at 31.7 degrees
        assert len(settled(QUAY, given)) == fires, (x, y)


def test_within_the_margin_but_not_in_the_place_no_stay_begins() -> None:
    assert settled(QUAY, at((0, (500, 1_400)), (600, (500, 1_400)), (1_200, (500, 1_400)), sog_dkn=0)) == []


def test_an_exempt_place_ends_a_stay_that_would_be_kept_alive() -> None:
    free = box("free", 0, 1_001, 1_000, 1_000, "free")
    given = at((0, IN), (300, (500, 1_400)), (600, IN), sog_dkn=0)
    assert len(settled(QUAY, given)) == 1
    assert settled(QUAY, given, [SQUARE, free], unless=(spec.Place(kind="free"),)) == []


def test_a_margin_closes_small_holes_and_is_cut_at_the_date_line() -> None:
    holed = box("holed", 0, 0, 1_000, 1_000, hole=True)
    assert len(settled(QUAY, at((0, (100, 100)), (600, (500, 500)), sog_dkn=0), [holed])) == 1
    edge = dataclasses.replace(
        SQUARE, polygons=((((179.999, 0), (180.0, 0), (180.0, 0.001), (179.999, 0.001)),),)
    )
    east = 180 * DEGREE - X0
    assert len(settled(QUAY, at((0, (east, 300 - Y0)), (600, (east, 700 - Y0)), sog_dkn=0), [edge])) == 1


# enter, leave -------------------------------------------------------------------------------------------


def test_enter_wants_its_fixes_one_after_another_and_dates_the_crossing_between_two_fixes() -> None:
    given = at((0, OUT), (10, IN), (20, IN), (30, OUT), (40, IN), (50, IN), (60, IN), (70, IN))
    events = settled(spec.Enter(BAN, 3), given)
    assert seconds(events) == [(35, 60)]
    assert events[0].values["entered_at_ms"] == T0 + 35_000


def test_the_time_of_crossing_is_the_exact_share_rounded_down() -> None:
    given = at((0, (500, 1_007)), (10, (500, 0)))  # 7 / 1007 of 10 s
    assert [e.started_at_ms - T0 for e in settled(spec.Enter(BAN, 1), given)] == [69]


def test_a_track_that_is_inside_when_first_heard_has_not_entered() -> None:
    assert settled(spec.Enter(BAN, 1), at((0, IN), (10, IN))) == []
    assert seconds(settled(spec.Leave(BAN, 1), at((0, IN), (10, OUT)))) == [(5, 10)]


def test_two_fixes_on_either_side_of_a_lane_are_found_at_one_fix_and_not_at_two() -> None:
    lane = box("lane", 0, 900, 5_000, 20)
    given = at((0, (500, 400)), (10, (500, 1_400)), (20, (500, 1_400)))
    assert seconds(settled(spec.Enter(BAN, 1), given, [lane])) == [(5, 10)]
    assert seconds(settled(spec.Leave(BAN, 1), given, [lane])) == [(5.2, 10)]
    assert settled(spec.Enter(BAN, 2), given, [lane]) == []


def test_a_way_that_only_touches_a_corner_passes_through() -> None:
    given = at((0, (-100, 100)), (10, (100, -100)))
    assert seconds(settled(spec.Enter(BAN, 1), given)) == [(5, 10)]


@pytest.mark.parametrize(("gap", "x"), [(901, 2_000), (1, 30_000)], ids=["silence", "jump"])
def test_silence_and_jumps_are_no_way(gap: int, x: int) -> None:
    assert settled(spec.Enter(BAN, 1), at((0, (-2_000, 500)), (gap, (x, 500)))) == []
    entered = settled(spec.Enter(BAN, 1), at((0, (-30_000, 500)), (gap, IN)))
    assert seconds(entered) == [(gap, gap)], "that it is now inside is seen, when it crossed is not"


def test_a_vessel_that_entered_before_the_condition_held_does_not_enter_when_it_does() -> None:
    given = at((0, OUT), (10, IN), (20, IN), (30, IN), (40, IN))
    given["sog_dkn"] = [0, 99, 0, 0, 0]
    assert settled(spec.Enter(BAN, 2, SLOW), given) == []
    given["sog_dkn"] = [99, 0, 0, 99, 99]
    assert seconds(settled(spec.Enter(BAN, 2, SLOW), given)) == [(5, 20)]


def test_a_zone_that_comes_into_force_around_a_track_is_not_entered_and_one_that_ends_is_not_left() -> None:
    closing = box("closing", 0, 0, 1_000, 1_000, valid_from_ms=T0 + 15_000, valid_to_ms=T0 + 35_000)
    given = at((0, OUT), (10, IN), (20, IN), (30, IN), (40, IN), (50, OUT))
    assert settled(spec.Enter(BAN, 1), given, [closing]) == []
    assert settled(spec.Leave(BAN, 1), given, [closing]) == []


# speed --------------------------------------------------------------------------------------------------


def test_speed_fires_when_the_median_of_the_window_breaks_the_limit() -> None:
    given = at(*((10 * i, IN) for i in range(8)))
    given["sog_dkn"] = [50, 120, 50, 110, 115, 130, 40, 40]
    events = settled(spec.Speed(BAN, over_dkn=100, window_ms=60_000, min_fixes=3), given)
    assert seconds(events) == [(0, 40)]
    assert {k: events[0].values[k] for k in ("speed_kn", "limit_kn", "bound")} == {
        "speed_kn": 11.0, "limit_kn": 10.0, "bound": "over",
    }  # fmt: skip


def test_one_wild_speed_is_no_median_and_unknown_speeds_are_none() -> None:
    given = at(*((10 * i, IN) for i in range(6)))
    given["sog_dkn"] = [50, 900, 50, 65_535, 65_535, 50]
    assert settled(spec.Speed(BAN, over_dkn=100, window_ms=60_000, min_fixes=3), given) == []


def test_a_window_holds_the_newest_sixty_four_speeds() -> None:
    given = at(*((i, IN) for i in range(400)))
    given["sog_dkn"] = np.random.default_rng(1).integers(0, 200, 400)
    events = settled(spec.Speed(BAN, over_dkn=100, window_ms=300_000, min_fixes=1), given, cooldown_ms=0)
    assert len(events) > 3
    assert max(fired - started for started, fired in seconds(events)) == 63


def test_slower_than_a_limit_is_found_too() -> None:
    given = at(*((10 * i, IN) for i in range(3)), sog_dkn=20)
    events = settled(spec.Speed(BAN, under_dkn=40), given)
    assert (seconds(events), events[0].values["bound"]) == ([(0, 20)], "under")


# axes ---------------------------------------------------------------------------------------------------

LANE = box("lane", 0, 0, 1_000, 20_000, "lane", axis=[(500, 0), (500, 20_000)])  # northbound
AGAINST, ACROSS = spec.OffAxis(900), spec.OffAxis(300, 1_500)
WRONG_WAY = spec.Stay(spec.Place(kind="lane"), 60_000, None, 0, None, AGAINST)


def north(*courses: int, **more: int) -> npt.NDArray[np.void]:
    """A report each half minute inside the lane with these courses."""
    given = at(*((30 * i, (500, 500 + 100 * i)) for i in range(len(courses))), **more)
    given["cog_ddeg"] = courses
    return given


def test_a_stay_off_the_axis_lasts_while_the_course_does() -> None:
    assert seconds(settled(WRONG_WAY, north(901, 1_800, 2_699), [LANE])) == [(0, 60)]
    assert settled(WRONG_WAY, north(900, 2_700, 0, 3_599), [LANE]) == []
    assert settled(WRONG_WAY, north(1_800, 1_800, 0, 1_800, 1_800), [LANE]) == []


def test_a_course_that_is_not_known_and_a_lane_without_axis_are_off_no_axis() -> None:
    assert settled(WRONG_WAY, north(1_800, NO_COURSE, 1_800, 1_800), [LANE]) == []
    bare = dataclasses.replace(LANE, axis=())
    assert settled(WRONG_WAY, north(1_800, 1_800, 1_800), [bare]) == []
    assert Engine([rule(WRONG_WAY)], [bare]).unplaced == ("r",)
    assert Engine([rule(WRONG_WAY)], [LANE, dataclasses.replace(bare, zone_id="bare")]).unplaced == ()


def test_the_axis_of_a_bend_is_that_of_its_nearest_piece() -> None:
    bend = box("bend", 0, 0, 4_000, 4_000, "lane", axis=[(0, 500), (3_500, 500), (3_500, 4_000)])
    for place, course, fires in [
        ((1_000, 500), 2_700, 1), ((1_000, 500), 900, 0), ((3_500, 3_000), 1_800, 1), ((3_500, 3_000), 0, 0),
    ]:  # fmt: skip
        given = at((0, place), (60, place), cog_ddeg=course)
        assert len(settled(WRONG_WAY, given, [bend])) == fires, (place, course)


def test_the_median_speed_along_the_axis_counts_what_runs_that_way() -> None:
    slow = spec.Speed(spec.Place(kind="lane"), None, 60, 60_000, 1, None, True)
    events = settled(slow, at((0, (500, 500)), sog_dkn=100, cog_ddeg=600), [LANE])  # cos 60 = 1/2
    assert [e.values["speed_kn"] for e in events] == [5.0]
    assert settled(slow, at((0, (500, 500)), sog_dkn=100, cog_ddeg=450), [LANE]) == []
    events = settled(slow, at((0, (500, 500)), sog_dkn=100, cog_ddeg=1_800), [LANE])
    assert [e.values["speed_kn"] for e in events] == [0.0], "against the axis is no way made"
    assert settled(slow, at((0, (500, 500)), sog_dkn=10, cog_ddeg=NO_COURSE), [LANE]) == []


# cross --------------------------------------------------------------------------------------------------

THROUGH = spec.Cross(spec.Place(kind="lane"))


def test_a_crossing_is_complete_at_the_first_fix_outside_and_dated_at_the_border() -> None:
    events = settled(THROUGH, at((0, (-500, 500)), (10, (500, 500)), (20, (1_500, 500))), [LANE])
    assert seconds(events) == [(5, 20)]
    assert (events[0].values["entered_at_ms"], events[0].values["left_at_ms"]) == (T0 + 5_000, T0 + 15_000)


def test_a_lane_that_lies_between_two_fixes_is_crossed() -> None:
    events = settled(THROUGH, at((0, (-500, 500)), (20, (1_500, 500))), [LANE])
    assert seconds(events) == [(5, 20)]
    assert events[0].values["left_at_ms"] == T0 + 15_000


def test_a_crossing_is_one_in_the_direction_that_is_asked_for() -> None:
    against, across = spec.Cross(THROUGH.place, AGAINST), spec.Cross(THROUGH.place, ACROSS)
    level = at((0, (-500, 500)), (20, (1_500, 500)))
    assert len(settled(across, level, [LANE])) == 1
    assert settled(against, level, [LANE]) == [], "at right angles is not against"
    down = at((0, (500, 20_500)), (600, (500, 10_000)), (1_200, (500, -500)))
    assert len(settled(against, down, [LANE])) == 1
    assert settled(across, down, [LANE]) == []
    slanting = at((0, (-10, 5_000)), (20, (1_010, 3_000)))  # the longitude is shorter: cos 31.7 degrees
    assert len(settled(spec.Cross(THROUGH.place, spec.OffAxis(1_564, 1_567)), slanting, [LANE])) == 1


def test_whoever_was_inside_when_first_heard_or_came_by_no_way_has_not_crossed() -> None:
    assert settled(THROUGH, at((0, (500, 500)), (10, (1_500, 500))), [LANE]) == []
    silent = at((0, (-500, 500)), (901, (500, 500)), (911, (1_500, 500)))
    assert settled(THROUGH, silent, [LANE]) == []
    jumped = at((0, (-9_000, 500)), (1, (500, 500)), (11, (1_500, 500)))
    assert settled(THROUGH, jumped, [LANE]) == []


def test_a_crossing_counts_when_every_fix_of_it_does() -> None:
    given = at((0, (-500, 500)), (10, (300, 500)), (20, (600, 500)), (30, (1_500, 500)))
    slow = spec.Cross(THROUGH.place, None, SLOW)
    for speeds, fires in [([99, 0, 0, 0], 1), ([0, 99, 0, 0], 0), ([0, 0, 99, 0], 0), ([0, 0, 0, 99], 0)]:
        given["sog_dkn"] = speeds
        assert len(settled(slow, given, [LANE])) == fires, speeds


def test_silence_inside_does_not_undo_a_crossing() -> None:
    given = at((0, (-500, 500)), (10, (500, 500)), (3_600, (500, 600)), (3_610, (1_500, 600)))
    assert seconds(settled(THROUGH, given, [LANE])) == [(5, 3_610)]


# sequence -----------------------------------------------------------------------------------------------

SITE, PIT = box("site", 0, 0, 1_000, 1_000, "site"), box("pit", 5_000, 0, 1_000, 1_000, "pit")
DUMP = spec.Sequence(
    (spec.Leave(spec.Place(kind="site"), 1), spec.Stay(spec.Place(kind="pit"), 900_000)), 10_800_000
)
INSIDE_PIT = (5_500, 500)


def truck(start: int) -> list[tuple[int, tuple[int, int]]]:
    return [(start, IN), (start + MIN, (2_000, 500))] + [
        (start + (40 + 5 * i) * MIN, INSIDE_PIT) for i in range(5)
    ]


def test_a_truck_that_leaves_a_site_and_stays_in_a_pit_is_found() -> None:
    events = settled(DUMP, at(*truck(0), kind=Kind.TRUCK), [SITE, PIT], watch="vehicle")
    assert seconds(events) == [(20, 55 * MIN)], "since it crossed the site's border"
    assert (events[0].zone_id, events[0].values["first_zone_id"], events[0].values["stayed_s"]) == (
        "pit",
        "site",
        900,
    )


def test_steps_too_far_apart_are_no_sequence() -> None:
    slow = spec.Sequence(DUMP.steps, 50 * MIN * 1000)
    assert settled(slow, at(*truck(0)), [SITE, PIT]) == []


def test_what_comes_between_breaks_a_sequence() -> None:
    weigh = box("weigh", 3_000, 0, 500, 1_000, "weigh")
    broken = spec.Sequence(DUMP.steps, DUMP.within_ms, spec.Stay(spec.Place(kind="weigh"), 0))
    given = sorted([*truck(0), (10 * MIN, (3_100, 500))])
    assert settled(broken, at(*given), [SITE, PIT, weigh]) == []
    assert len(settled(DUMP, at(*given), [SITE, PIT, weigh])) == 1


def test_each_whole_sequence_is_an_episode_of_its_own() -> None:
    events = settled(DUMP, at(*truck(0), (80 * MIN, OUT), *truck(90 * MIN)), [SITE, PIT])
    assert len({e.episode for e in events}) == len(events) == 2


# alerts -------------------------------------------------------------------------------------------------


def test_cooldown_belongs_to_the_visit() -> None:
    twice = at((0, OUT), (10, IN), (20, OUT), (30, IN), (40, OUT), (50, OUT), (60, OUT), (70, IN))
    assert seconds(settled(spec.Enter(BAN, 1), twice)) == [(5, 10), (65, 70)]
    assert seconds(settled(spec.Enter(BAN, 1), twice, cooldown_ms=20_000)) == [(5, 10), (25, 30), (65, 70)]


def test_the_kind_of_track_decides_which_rules_watch_it() -> None:
    for kind, seen in [
        (Kind.CARGO, "vessel"),
        (Kind.TRUCK, "vehicle"),
        (Kind.OFFICER, "person"),
        (Kind.DRONE, ""),
        (Kind.BASE_STATION, ""),
    ]:
        for watch in ("vessel", "vehicle", "person", "any"):
            fires = len(settled(spec.Stay(BAN, 0), at((0, IN), kind=kind), watch=watch))
            assert fires == (watch in (seen, "any")), (kind, watch)


def test_an_alert_carries_the_newest_sixteen_fixes_oldest_first() -> None:
    given = at(*((10 * i, (500, 500 + i)) for i in range(30)))
    for eager in (True, False):
        engine = Engine([rule(spec.Stay(BAN, 250_000))], [SQUARE], eager=eager)
        chunks = [Chunk(k, T0 + 10_000 * k - 30_000, given[k : k + 1]) for k in range(30)]
        events = [e for c in chunks for e in engine.take(c)] + engine.finish()
        assert len(events) == (2 if eager else 1)
        for event in events:
            assert [f.lat - Y0 - 500 for f in event.fixes] == list(range(10, 26))
            assert {f.lon for f in event.fixes} == {500 + X0}


def test_equal_times_are_won_by_the_smaller_rank_and_then_by_the_first() -> None:
    a, b = at((10, IN), rank=1), at((10, OUT), rank=1)
    first, better = at((0, OUT)), at((10, OUT), rank=0)
    assert len(settled(spec.Enter(BAN, 1), np.concatenate([first, a, b]))) == 1
    assert len(settled(spec.Enter(BAN, 1), np.concatenate([first, b, a]))) == 0
    assert len(settled(spec.Enter(BAN, 1), np.concatenate([first, a, better]))) == 0


# two passes ---------------------------------------------------------------------------------------------


def verdicts(engine: Engine, *chunks: tuple[int, npt.NDArray[np.void]]) -> list[tuple[str, bool, float]]:
    """(verdict, settled, fired) of chunks given as (watermark in s, rows)."""
    found, position = [], 0
    for wm, given in chunks:
        found += engine.take(Chunk(position, T0 + wm * 1000, given))
        position += len(given)
    return [(e.verdict, e.settled, (e.fired_at_ms - T0) / 1000) for e in found + engine.finish()]


def test_an_eager_alert_is_confirmed_when_it_is_settled() -> None:
    engine = Engine([rule(spec.Enter(BAN, 2))], [SQUARE])
    assert verdicts(engine, (0, at((0, OUT), (10, IN), (20, IN)))) == [
        ("raised", False, 20),
        ("confirmed", True, 20),
    ]


def test_an_eager_alert_is_withdrawn_when_a_late_fix_breaks_it() -> None:
    engine = Engine([rule(spec.Enter(BAN, 2))], [SQUARE])
    late = at((15, OUT))
    assert verdicts(engine, (0, at((0, OUT), (10, IN), (20, IN))), (0, late)) == [
        ("raised", False, 20),
        ("withdrawn", True, 20),
    ]
    assert engine.counts["rollbacks"] == 1


def test_an_alert_whose_start_moved_stands_for_the_one_before() -> None:
    engine = Engine([rule(spec.Enter(BAN, 2), cooldown_ms=0)], [SQUARE])
    given = at((0, OUT), (10, IN), (20, IN))
    first = engine.take(Chunk(0, T0, given))
    second = engine.take(Chunk(3, T0, at((5, (500, 1_100)))))
    last = engine.finish()
    assert [e.verdict for e in first + second + last] == ["raised", "raised", "confirmed", "withdrawn"]
    settled_only = [e for e in last if e.verdict != "withdrawn"]
    assert settled_only[0].started_at_ms != first[0].started_at_ms


def test_what_the_eager_pass_could_not_judge_is_raised_by_the_settled_one() -> None:
    engine = Engine([rule(spec.Enter(BAN, 2))], [SQUARE])
    many = at(*((i, OUT) for i in range(10, 80)), (5, OUT), (80, IN), (81, IN))
    assert verdicts(engine, (0, many)) == [("raised", True, 81)]
    assert engine.counts["eager_waits"] > 0


# rules that cannot be run -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "why"),
    [
        (spec.Enter(BAN, 0), "fixes must be 1 to 1000, not 0"),
        (spec.Speed(BAN), "speed needs a limit"),
        (spec.Speed(BAN, 10, None, 60_000, 65), "min_fixes of 1 to 64"),
        (spec.Stay(BAN, -1), "cannot be negative"),
        (spec.Stay(None, 1, SLOW, 0, None, spec.OffAxis(900)), "axis is that of a place"),
        (spec.Speed(None, 1, along=True), "axis is that of a place"),
        (spec.Cross(BAN, spec.OffAxis()), "0 to 180 degrees"),
        (spec.Cross(BAN, spec.OffAxis(1_801)), "0 to 180 degrees"),
        (spec.Stay(BAN, 1, None, 0, spec.Keep(None, 5_001)), "a margin is 0 to 5000 m"),
        (spec.Stay(spec.Place(), 1), "either a class of zones or one zone"),
        (spec.Sequence((), 1), "1 to 8 steps, not 0"),
        (spec.Sequence((spec.Stay(BAN, 1),) * 9, 1), "1 to 8 steps, not 9"),
    ],
)
def test_a_rule_that_cannot_be_run_is_refused_with_its_name(when: spec.Operator, why: str) -> None:
    with pytest.raises(BadRule, match=rf"rule odd: .*{why}"):
        Engine([rule(when, "odd")], [SQUARE])


def test_rules_with_a_place_that_no_zone_is_are_named() -> None:
    assert Engine(
        [rule(spec.Stay(BAN, 0), "a"), rule(spec.Stay(spec.Place(kind="moon"), 0), "b")], [SQUARE]
    ).unplaced == ("b",)


# change -------------------------------------------------------------------------------------------------


def test_a_new_version_of_a_rule_does_not_alert_again_on_an_open_episode() -> None:
    engine = Engine([rule(spec.Stay(BAN, 60_000))], [SQUARE])
    assert len(engine.take(Chunk(0, T0 + 100_000, at((0, IN), (60, IN), (90, IN))))) == 2
    engine.change(rules=[rule(spec.Stay(BAN, 30_000), version=2)], at_position=3)
    assert engine.take(Chunk(3, T0 + 200_000, at((120, IN), (180, IN)))) + engine.finish() == []


def test_a_new_rule_and_a_new_zone_do_not_take_what_lies_inside_to_have_entered() -> None:
    engine = Engine([rule(spec.Stay(BAN, 10**9), "old")], [SQUARE])
    engine.take(Chunk(0, T0 + 15_000, at((0, OUT), (10, IN))))
    engine.change(rules=[rule(spec.Enter(BAN, 1), "new")], zones=[SQUARE, box("again", 0, 0, 1_000, 1_000)])
    assert engine.take(Chunk(2, T0 + 20_000, at((20, IN)))) + engine.finish() == []


def test_a_change_is_made_where_the_log_stands() -> None:
    with pytest.raises(ValueError, match="stands at 0, not 7"):
        Engine([], []).change(rules=[], at_position=7)


def test_rows_without_reports_only_move_the_watermark() -> None:
    engine = Engine([rule(spec.Stay(BAN, 0))], [SQUARE])
    engine.take(Chunk(0, T0 - 30_000, at((0, IN))))
    assert [e.verdict for e in engine.heartbeat(T0, 1)] == []
    assert [e.verdict for e in engine.heartbeat(T0 + 1, 1)] == ["confirmed"]
    assert engine.take(Chunk(1, T0, rows())) == []
