"""What docs/operators.md says of identity and drag, one sentence a test."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from watch.engine.test_operators import BAN, SQUARE, at, seconds, settled
from watch.engine.world import SLOW, T0, X0, path, rule

from jiangdun.feeds.columns import DEGREE, Kind
from jiangdun.watch.engine import BadRule, Engine
from jiangdun.watch.engine.identity import split
from jiangdun.watch.rules import spec

HERE, THERE = (0, 0), (60_000, 0)
CLONE = spec.Identity("clone", None, 350, 1_000.0, 2)
JUMP = spec.Identity("jump", None, 350, 1_000.0)


def test_two_places_by_turns_are_a_clone_since_the_later_was_first_heard() -> None:
    given = at((0, HERE), (10, HERE), (20, THERE), (30, THERE), (40, HERE))
    assert seconds(settled(CLONE, given)) == [(20, 40)]


def test_a_clone_is_said_once() -> None:
    given = at(*((10 * i, (HERE, THERE)[i // 2 % 2]) for i in range(40)))
    assert seconds(settled(CLONE, given, cooldown_ms=0)) == [(20, 40)]


def test_a_third_ship_is_another_clone() -> None:
    far = (0, 90_000)
    given = at((0, HERE), (1, HERE), (2, THERE), (3, THERE), (4, HERE), (5, far), (6, far), (7, HERE))
    assert seconds(settled(CLONE, given, cooldown_ms=0)) == [(2, 4), (5, 7)]


def test_a_stray_position_is_a_jump_there_and_back_and_no_clone() -> None:
    given = at((0, HERE), (10, HERE), (20, THERE), (30, HERE), (40, HERE))
    assert settled(CLONE, given) == []
    assert seconds(settled(JUMP, given, cooldown_ms=0)) == [(10, 20), (20, 30)]


def test_a_vessel_reaches_what_lies_within_slack_and_speed_and_no_more() -> None:
    # 5,400 units of slack; 36 kn are 100 units a second; a degree of longitude is 0.851 of one of latitude here
    jump = spec.Identity("jump", None, 360, 1_000.08)
    assert settled(jump, at((0, (0, 0)), (10, (0, 6_400)))) == []
    assert seconds(settled(jump, at((0, (0, 0)), (10, (0, 6_401))))) == [(0, 10)]
    assert settled(jump, at((0, (0, 0)), (10, (7_500, 0)))) == []
    assert len(settled(jump, at((0, (0, 0)), (10, (7_540, 0))))) == 1


def test_after_eight_hours_it_may_be_anywhere() -> None:
    assert seconds(settled(JUMP, at((0, (0, 0)), (28_800, (9_000_000, 0))))) == [(0, 28_800)]
    assert settled(JUMP, at((0, (0, 0)), (28_801, (9_000_000, 0)))) == []


def test_the_date_line_is_no_distance() -> None:
    west, east = 180 * DEGREE - X0 - 100, -180 * DEGREE - X0 + 100
    assert settled(JUMP, at((0, (west, 0)), (10, (east, 0)))) == []
    assert len(settled(JUMP, at((0, (west, 0)), (10, (east + 20_000, 0))))) == 1


def test_reports_that_do_not_count_are_of_no_vessel() -> None:
    given = at((0, HERE), (10, HERE), (20, THERE), (30, THERE), (40, HERE))
    given["sog_dkn"] = [0, 0, 99, 99, 0]
    assert settled(spec.Identity("clone", None, 350, 1_000.0, 2, SLOW), given) == []


def test_another_length_or_kind_is_a_change_and_what_is_not_known_is_none() -> None:
    given = at(*((10 * i, HERE) for i in range(7)))
    given["length_dm"] = [0, 900, 0, 900, 1_200, 1_200, 1_200]
    given["kind"] = [Kind.UNKNOWN_VESSEL, 1, 1, Kind.UNKNOWN_VESSEL, 1, 1, Kind.DREDGER]
    events = settled(spec.Identity("change"), given, cooldown_ms=0)
    assert [(e.started_at_ms - T0, e.values["length_before_m"], e.values["kind_before"]) for e in events] == [
        (40_000, 90.0, "cargo"),
        (60_000, 120.0, "cargo"),
    ]


def test_split_numbers_the_vessels_as_they_are_first_heard() -> None:
    fixes = [(0, *HERE), (10_000, *THERE), (20_000, *HERE), (30_000, *THERE)]
    assert split(fixes) == [0, 1, 0, 1]


# drag ---------------------------------------------------------------------------------------------------

SWING, MARGIN = 540, 162  # 100 m and 30 m in units
DRAG = spec.Drag(None, 600_000, 100.0, 30.0, 3)


def anchored(
    *after: tuple[int, int, int], sog: int = 10, heading: int = 0, cog: int = 1_800
) -> npt.NDArray[np.void]:
    """At (0, 0) for ten minutes with the head north, then fixes (seconds, x, y) with this motion."""
    still = path(*((s, 0, 0) for s in range(0, 660, 60)), sog_dkn=0, heading_ddeg=heading, cog_ddeg=0)
    return np.concatenate([still, path(*after, sog_dkn=sog, heading_ddeg=heading, cog_ddeg=cog)])


def south(*metres: int) -> list[tuple[int, int, int]]:
    """Fixes so far south of where it lay, each half minute."""
    return [(700 + 30 * i, 0, -round(m / 0.1852)) for i, m in enumerate(metres)]


def test_a_vessel_that_drifts_out_of_its_circle_drags() -> None:
    events = settled(DRAG, anchored(*south(20, 35, 50, 65)))
    assert seconds(events) == [(730, 790)]
    assert events[0].values["radius_m"] == pytest.approx(100, abs=0.2)


def test_within_the_margin_it_does_not_drag() -> None:
    assert settled(DRAG, anchored(*south(10, 20, 29, 29, 29))) == []


def test_a_swing_to_the_other_side_of_the_anchor_is_no_drag() -> None:
    around = [
        (700 + 30 * i, round(634 * np.sin(a)), round(540 - 540 * np.cos(a)))
        for i, a in enumerate(np.linspace(0.2, np.pi, 12))
    ]
    assert settled(DRAG, anchored(*around, sog=15, cog=900)) == []


def test_whoever_sails_off_does_not_drag() -> None:
    assert settled(DRAG, anchored(*south(35, 50, 65, 80), heading=1_800)) == []
    assert settled(DRAG, anchored(*south(35, 50, 65, 80), sog=31)) == []


def test_each_fix_must_be_further_out() -> None:
    assert settled(DRAG, anchored(*south(35, 50, 45, 60, 55, 70))) == []


def test_without_headings_the_circle_is_twice_as_wide() -> None:
    blind = 65_535
    assert settled(DRAG, anchored(*south(50, 100, 150, 200, 229), heading=blind)) == []
    events = settled(DRAG, anchored(*south(150, 231, 240, 250), heading=blind))
    assert [e.values["radius_m"] for e in events] == [pytest.approx(200, abs=0.4)]


def test_the_place_is_that_of_the_anchorage_not_of_the_drift() -> None:
    inside = spec.Drag(BAN, 600_000, 100.0, 30.0, 3)
    given = anchored(*south(35, 50, 65))
    given["lon"] += 500
    given["lat"] += 100
    assert len(settled(inside, given, [SQUARE])) == 1
    given["lat"] -= 200
    assert settled(inside, given, [SQUARE]) == []


def test_what_was_learned_ends_when_the_vessel_is_under_way() -> None:
    given = anchored((700, 0, 0), *((730 + 30 * i, 0, -300 * i) for i in range(4)))
    given["sog_dkn"][11] = 50
    assert settled(DRAG, given) == []


@pytest.mark.parametrize(
    ("when", "why"),
    [
        (spec.Identity("clone", None, 0), "identity takes a speed"),
        (spec.Identity("jump", None, 350, 50_001.0), "slack up to 50000 m"),
        (spec.Drag(None, -1), "drag takes a swing"),
        (spec.Drag(None, 1, 2_001.0), "up to 2000 m"),
    ],
)
def test_what_cannot_be_run_is_refused(when: spec.Operator, why: str) -> None:
    with pytest.raises(BadRule, match=why):
        Engine([rule(when)], [])
