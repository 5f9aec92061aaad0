"""What pair means, in scenes: who meets, who does not, and when it is said."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pytest
from watch.engine.fleet import AXIS, gone
from watch.engine.world import BOUND_MS, T0, box, path, rows, rule

from jiangdun.feeds.columns import Chunk
from jiangdun.watch import offline
from jiangdun.watch.engine import Engine
from jiangdun.watch.rules import spec

NEAR = spec.Pair(80, 180_000)
RIVER = spec.ZoneSpec(
    "r", 1, "reach", "", "", box("r", -50_000, -50_000, 100_000, 100_000).polygons, axis=AXIS
)


def straight(
    track: int,
    x: float,
    y: float,
    dkn: int,
    ddeg: int,
    seconds: Sequence[int] = range(0, 400, 5),
    **more: int,
) -> npt.NDArray[np.void]:
    """A track in units from the corner of the world that keeps its speed and course."""
    fixes = [(s, *(round(c) for c in gone(x, y, dkn, ddeg, s))) for s in seconds]
    return path(*fixes, track=track, sog_dkn=dkn, cog_ddeg=ddeg, **more)


def found(
    when: spec.Pair, *tracks: npt.NDArray[np.void], zones: Sequence[spec.ZoneSpec] = (), **more: object
) -> tuple[spec.AlertEvent, ...]:
    all_rows = np.concatenate(tracks)
    all_rows = all_rows[np.argsort(all_rows["t"], kind="stable")]
    chunks = [
        Chunk(a, int(all_rows["t"][a : a + 50].max()) - BOUND_MS, all_rows[a : a + 50])
        for a in range(0, len(all_rows), 50)
    ]
    return offline.run([rule(when, **more)], zones, chunks).alerts


def head_on(beside: float = 0, **more: int) -> list[npt.NDArray[np.void]]:
    """Two at 10 kn, 4,000 m apart: they meet after about 390 s."""
    return [
        straight(1, 0, 0, 100, 0, **more), straight(2, beside, 4_000 / 0.1852, 100, 1_800, **more),
    ]  # fmt: skip


def test_two_head_on_are_found_once_as_soon_as_the_time_left_is_short_enough() -> None:
    (event,) = found(NEAR, *head_on())
    assert (event.track, [o.track for o in event.others]) == (1, [2])
    left = 4_000 / (20 * 1852 / 3600)
    first = math.ceil((left - 180) / 5) * 5
    assert (event.started_at_ms - T0) / 1000 == pytest.approx(first, abs=5)
    assert event.fired_at_ms == event.started_at_ms + 5_000
    values: Mapping[str, object] = event.values
    assert values["tcpa_s"] == pytest.approx(left - (event.fired_at_ms - T0) / 1000, abs=2)
    assert values["cpa_m"] == pytest.approx(0, abs=1)
    assert len(event.fixes) == len(event.others[0].fixes) == 16
    assert event.fixes[-1].t_ms <= event.fired_at_ms


def test_they_pass_with_room_enough() -> None:
    assert found(NEAR, *head_on(beside=100 / 0.1852)) == ()
    assert len(found(NEAR, *head_on(beside=60 / 0.1852))) == 1


def test_moored_neighbours_do_not_meet_though_their_positions_wander() -> None:
    wander = np.random.default_rng(3)
    tracks = []
    for k in range(6):
        fixes = [
            (s, k * 60 + int(wander.integers(-30, 30)), int(wander.integers(-30, 30)))
            for s in range(0, 900, 10)
        ]
        lying = path(*fixes, track=k + 1)
        lying["sog_dkn"], lying["cog_ddeg"] = wander.integers(0, 5, 90), wander.integers(0, 3_600, 90)
        tracks.append(lying)
    assert found(NEAR, *tracks) == ()
    assert found(spec.Pair(80, 180_000, lying=True), *tracks) == ()


def test_one_under_way_meets_one_that_lies_still_only_where_it_is_asked_for() -> None:
    tracks = [straight(1, 0, 0, 100, 0), straight(2, 0, 5_000, 0, 0)]
    assert found(NEAR, *tracks) == ()
    assert len(found(spec.Pair(80, 180_000, lying=True), *tracks)) == 1


def test_two_that_keep_their_distance_have_no_closest_point() -> None:
    tracks = [straight(1, 0, 0, 100, 0), straight(2, 200, 0, 100, 0)]
    assert found(spec.Pair(200, 600_000), *tracks) == ()


def test_overtaking_slowly_on_the_same_course_is_traffic_and_not_a_meeting() -> None:
    slow, fast = straight(1, 0, 3_000, 80, 0), straight(2, 100, 0, 105, 50)
    assert found(NEAR, slow, fast) == ()
    assert len(found(NEAR, slow, straight(2, 100, 0, 115, 10))) == 1


def test_a_tug_and_its_barge_are_a_convoy_however_their_courses_jump() -> None:
    chance = np.random.default_rng(5)
    ways = [straight(k, 60 * k, 0, 20, 0, range(0, 900, 5)) for k in (1, 2)]
    for way in ways:
        way["cog_ddeg"] = (chance.integers(-450, 450, len(way))) % 3_600
    after = [e for e in found(spec.Pair(80, 180_000, ticks=1), *ways, cooldown_ms=0)
             if e.fired_at_ms > T0 + 150_000]  # fmt: skip
    assert after == []
    apart = ways[1].copy()
    apart["lon"] += 300  # 48 m: no convoy
    apart = found(spec.Pair(80, 180_000, ticks=1), ways[0], apart, cooldown_ms=0)
    assert [e for e in apart if e.fired_at_ms > T0 + 150_000]


def test_in_a_bend_ways_follow_the_axis() -> None:
    """Upbound and downbound keep to their sides of a bend: straight on they would collide, along it they pass."""
    from jiangdun.watch.engine.stage2.plane import PLANE
    from jiangdun.watch.engine.stage2.world import axis_of, lats_at

    axis = axis_of(RIVER)

    def sail(track: int, begin: float, side: float, dkn: int) -> npt.NDArray[np.void]:
        """Along the axis from `begin` on, `side` units left of it."""
        out = []
        for s in range(0, 600, 5):
            along = begin + dkn / 3.6 * 1.17 * s
            leg = int(np.clip(np.searchsorted(axis.along, along, "right") - 1, 0, 2))
            rest = along - axis.along[leg]
            x = axis.x[leg] + axis.east[leg] * rest - axis.north[leg] * side
            y = axis.y[leg] + axis.north[leg] * rest + axis.east[leg] * side
            turn = math.degrees(math.atan2(axis.east[leg], axis.north[leg])) + (180 if dkn < 0 else 0)
            at = {"lon": round(x), "lat": int(lats_at(PLANE, np.array([y]))[0])}
            out.append(
                rows({"s": s, "track": track, "sog_dkn": abs(dkn), "cog_ddeg": round(turn * 10) % 3_600} | at)
            )
        return np.concatenate(out)

    sides = [sail(1, 0, -400, 100), sail(2, 15_000, 400, -100)]
    along = spec.Pair(80, 180_000, along=spec.Place(kind="reach"))
    assert found(along, *sides, zones=[RIVER]) == ()
    assert found(spec.Pair(250, 180_000), *sides, zones=[RIVER])  # straight on
    assert found(along, sail(1, 0, -100, 100), sail(2, 15_000, -50, -100), zones=[RIVER])


def test_where_they_will_meet_decides_about_the_place() -> None:
    here = box("m", -500, 9_000, 1_000, 4_000, "no-meeting")
    when = spec.Pair(80, 180_000, spec.Place(kind="no-meeting"))
    (event,) = found(when, *head_on(), zones=[here])
    assert event.zone_id == "m"
    assert event.fixes[-1].lat - 19_000_000 < 9_000  # neither is there yet
    assert found(when, *head_on(), zones=[box("m", -500, 0, 1_000, 4_000, "no-meeting")]) == ()
    berth = box("b", -500, -500, 1_000, 20_000, "berth")
    assert found(NEAR, *head_on(), zones=[berth], unless=(spec.Place(kind="berth"),)) == ()


def test_the_eager_pass_says_it_first_and_the_settled_one_confirms() -> None:
    tracks = np.concatenate(head_on())
    tracks = tracks[np.argsort(tracks["t"], kind="stable")]
    engine = Engine([rule(NEAR)], [])
    said = []
    for a in range(0, len(tracks), 2):
        said += engine.take(Chunk(a, int(tracks["t"][a]) - BOUND_MS, tracks[a : a + 2]))
    said += engine.finish()
    assert [(e.verdict, e.settled) for e in said] == [("raised", False), ("confirmed", True)]
    assert said[0].episode == said[1].episode
