"""What rendezvous, group and cover mean, in scenes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from watch.engine.test_meetings import found, straight
from watch.engine.world import T0, Below, box, path

from jiangdun.feeds.columns import Kind
from jiangdun.watch.rules import spec

ALONGSIDE = spec.Rendezvous(80, 600_000, 240)
BAND = spec.Group(3, 200, 300_000)
WATCHED = box("w", 0, 0, 2_000, 2_000, "core")
GUARD = spec.Cover(spec.Place(kind="core"), 600_000, 200, 300_000)
MINUTE = 60


def lying(track: int, x: int, y: int, minutes: Sequence[int], **more: int) -> npt.NDArray[np.void]:
    return path(*((m * MINUTE, x, y) for m in minutes), track=track, sog_dkn=0, cog_ddeg=0, **more)


def visit(track: int, come: int, go: int, until: int = 40, **more: int) -> npt.NDArray[np.void]:
    """4 km away, at the origin from minute `come` to minute `go`, away again."""
    return path(
        *((m * MINUTE, 0 if come <= m < go else 21_600, 60) for m in range(until)),
        track=track, sog_dkn=0, cog_ddeg=0, **more,
    )  # fmt: skip


def test_two_that_come_together_for_ten_minutes_are_said_once() -> None:
    (event,) = found(ALONGSIDE, lying(5, 0, 0, range(40)), visit(3, 10, 30))
    assert (event.track, [o.track for o in event.others]) == (3, [5])
    assert (event.started_at_ms - T0) / 60_000 == 10 + (-T0 % 60_000) / 60_000
    assert event.fired_at_ms - event.started_at_ms == 600_000
    assert event.values["together_s"] == 600
    assert event.values["distance_m"] == 11.1
    assert (event.settled, event.verdict) == (True, "raised")
    assert found(ALONGSIDE, lying(5, 0, 0, range(40)), visit(3, 10, 19)) == ()


def test_neighbours_since_the_log_began_have_not_come_together() -> None:
    assert found(ALONGSIDE, lying(1, 0, 0, range(60)), lying(2, 0, 60, range(60))) == ()
    silent = [m for m in range(300) if not 20 <= m < 200]
    assert found(ALONGSIDE, lying(1, 0, 0, range(300)), lying(2, 0, 60, silent)) == ()


def test_one_that_goes_silent_elsewhere_and_comes_back_beside_another_has_come() -> None:
    dark = np.concatenate([lying(2, 21_600, 0, range(10)), lying(2, 0, 60, range(60, 90))])
    assert len(found(ALONGSIDE, lying(1, 0, 0, range(90)), dark)) == 1


def test_a_break_no_longer_than_tolerate_does_not_end_it() -> None:
    def broken(minutes: int) -> npt.NDArray[np.void]:
        away = [m for m in range(40) if 15 <= m < 15 + minutes]
        return path(
            *((m * MINUTE, 0, 60 if m >= 10 and m not in away else (800 if m in away else 21_600)) for m in range(40)),
            track=3, sog_dkn=0, cog_ddeg=0,
        )  # fmt: skip

    short, long = (found(ALONGSIDE, lying(5, 0, 0, range(40)), broken(m))[0] for m in (4, 6))
    assert long.started_at_ms - short.started_at_ms == 11 * 60_000


def test_one_of_two_must_be_what_other_asks() -> None:
    when = spec.Rendezvous(80, 600_000, 240, None, Below("length_dm", 10), Below("kind", Kind.TUG))
    tug = lying(5, 0, 0, range(40), kind=Kind.TUG)
    assert found(when, tug, visit(3, 10, 30, kind=Kind.TUG)) == ()
    assert len(found(when, tug, visit(3, 10, 30))) == 1
    long = lying(5, 0, 0, range(40), kind=Kind.TUG, length_dm=200)
    assert found(when, long, visit(3, 10, 30, length_dm=200)) == ()


def test_a_berth_that_exempts_exempts_both() -> None:
    berth = box("b", -100, -100, 200, 150, "berth")
    ships = [lying(5, 0, 0, range(40)), visit(3, 10, 30)]
    assert found(ALONGSIDE, *ships, zones=[berth], unless=(spec.Place(kind="berth"),)) == ()
    inside = spec.Rendezvous(80, 600_000, 240, spec.Place(kind="berth"))
    assert found(inside, *ships, zones=[berth]) == ()  # one of them lies outside
    assert len(found(inside, *ships, zones=[box("b", -100, -100, 200, 300, "berth")])) == 1


def fleet(
    *tracks: int, seconds: Sequence[int] = range(0, 1_200, 10), apart: int = 100
) -> list[npt.NDArray[np.void]]:
    return [straight(t, apart * k, 0, 60, 0, seconds) for k, t in enumerate(tracks)]


def test_three_that_go_together_are_a_group_and_said_once() -> None:
    (event,) = found(BAND, *fleet(7, 4, 9))
    assert (event.track, [o.track for o in event.others]) == (4, [7, 9])
    assert event.values["members"] == 3
    assert event.values["founder"] == "4"
    assert event.fired_at_ms - event.started_at_ms == 300_000
    assert found(BAND, *fleet(7, 4)) == ()
    assert found(BAND, *fleet(7, 4, 9, apart=1_500)) == ()


def test_a_crowd_at_anchor_and_traffic_that_passes_are_no_group() -> None:
    assert found(BAND, *(lying(k, 60 * k, 0, range(30)) for k in range(1, 6))) == ()
    other_way = straight(9, 200, 20_000, 60, 1_800, range(0, 1_200, 10))
    assert found(BAND, *fleet(7, 4), other_way) == ()


def test_a_group_stays_the_same_while_more_than_half_of_it_remains() -> None:
    late = straight(1, 300, 0, 60, 0, range(240, 1_200, 10))
    left = straight(4, 0, 0, 60, 0, range(0, 240, 10))
    (event,) = found(spec.Group(3, 200, 600_000), left, *fleet(7, 9, 11), late)
    assert event.values["founder"] == "4"
    assert [event.track, *(o.track for o in event.others)] == [1, 7, 9, 11]


def test_of_two_groups_that_become_one_the_older_goes_on() -> None:
    first, second = fleet(11, 12, 13), fleet(1, 2, 3, seconds=range(130, 1_200, 10))
    events = found(spec.Group(3, 400, 300_000), *first, *second)
    assert [e.values["founder"] for e in events] == ["11"]
    assert events[0].track == 1


def test_a_zone_is_uncovered_when_its_guard_is_too_far_or_silent() -> None:
    near, far = lying(8, 10_000, 1_000, range(30)), lying(8, 60_000, 1_000, range(30))
    assert found(GUARD, near, zones=[WATCHED]) == ()
    (event,) = found(GUARD, far, zones=[WATCHED])
    assert (event.track, event.zone_id, event.fixes) == (0, "w", ())
    assert event.fired_at_ms - event.started_at_ms == 300_000
    assert 9_000 < float(event.values["nearest_m"]) < 10_000
    someone = lying(9, 0, 0, range(60), kind=Kind.TRUCK)
    (event,) = found(GUARD, near, someone, zones=[WATCHED], watch="vessel")
    assert (event.started_at_ms - T0) / 60_000 > 30
    assert "nearest_m" not in event.values


def test_a_zone_is_uncovered_by_the_watermark_alone() -> None:
    from watch.engine.world import rule

    from jiangdun.feeds.columns import Chunk
    from jiangdun.watch.engine import Engine

    engine = Engine([rule(GUARD)], [WATCHED])
    assert engine.take(Chunk(0, T0, lying(8, 1_000, 1_000, [0]))) == []
    said = engine.heartbeat(T0 + 11 * 60_000, 1)
    assert said == []
    (event,) = engine.heartbeat(T0 + 5_000 * 86_400_000, 1)
    assert event.fired_at_ms < T0 + 14 * 60_000
    assert engine.finish() == []
