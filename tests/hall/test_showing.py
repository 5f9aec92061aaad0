"""The live picture in ears: names, own units, and what is shown again after a restart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from jiangdun.feeds.columns import COLUMNS, DEGREE, NO_COURSE, NO_HEADING, NO_SPEED, Chunk, Kind, track_id
from jiangdun.feeds.log import ChunkLog
from jiangdun.feeds.observations import Device, Static
from jiangdun.hall.reference import OwnUnit
from jiangdun.hall.showing import Showing
from jiangdun.picture.now import EXPIRE_S

NOW_MS = 1_760_000_000_000
SHIP = 413_000_001
CAR = track_id("jt808", "13800000001")
UNIT = OwnUnit("u1", "巡逻车 1", "river-police", "jt808", "13800000001")


def chunk(track: int, t_ms: int = NOW_MS, position: int = 0, kind: int = Kind.CARGO) -> Chunk:
    rows = np.zeros(1, COLUMNS)
    rows["track"], rows["t"], rows["kind"] = track, t_ms, kind
    rows["lon"], rows["lat"] = round(119.44 * DEGREE), round(32.22 * DEGREE)
    rows["sog_dkn"], rows["cog_ddeg"], rows["heading_ddeg"] = 85, 2_450, NO_HEADING
    return Chunk(position, t_ms - 30_000, rows)


@pytest.fixture
def showing(tmp_path: Path) -> Showing:
    return Showing(tmp_path)


def test_a_target_is_called_by_the_best_name_there_is(showing: Showing) -> None:
    assert str(SHIP) in showing.label(SHIP)
    showing.learn([Static("ais", str(SHIP), name="JIANG HUI 66")])
    assert showing.label(SHIP) == "JIANG HUI 66"
    showing.set_devices([Device("jt808", UNIT.ident, "苏L12345", Kind.PATROL_CAR)])
    assert showing.label(CAR) == "苏L12345"
    showing.set_units([UNIT], ["river-police"])
    assert showing.label(CAR) == "巡逻车 1"
    showing.set_units([], ["river-police"])
    assert showing.label(CAR) == "苏L12345", "a unit that was struck off is a device again"


def test_units_that_were_heard_are_where_they_were_heard(showing: Showing) -> None:
    showing.set_units(
        [UNIT, OwnUnit("u2", "巡逻车 2", "river-police", "jt808", "13800000002")], ["river-police"]
    )
    assert showing.units() == {}
    showing.take(chunk(CAR, kind=Kind.PATROL_CAR))
    (unit,) = showing.units().values()
    assert unit["unit_id"] == "u1"
    assert (unit["lon"], unit["lat"], unit["heard_at_ms"]) == (119.44, 32.22, NOW_MS)
    assert list(showing.units()) == [str(CAR)], "as text: it may exceed 2^53"


def test_a_track_says_what_is_known_of_it_and_nothing_of_what_is_not(showing: Showing) -> None:
    showing.learn([Static("ais", str(SHIP), name="JIANG HUI 66", call_sign="BXYZ")])
    unknown = chunk(SHIP)
    unknown.rows["sog_dkn"], unknown.rows["cog_ddeg"] = NO_SPEED, NO_COURSE
    showing.take(unknown)
    handle = showing.handles([str(SHIP), "999"])[str(SHIP)]
    told = showing.track(handle, NOW_MS + 4_000)
    assert told is not None
    assert (told["track"], told["label"], told["source"], told["ident"]) == (
        str(SHIP),
        "JIANG HUI 66",
        "ais",
        str(SHIP),
    )
    assert (told["sog_kn"], told["cog_deg"], told["length_m"], told["age_s"]) == (None, None, None, 4.0)
    assert told["details"] == {"name": "JIANG HUI 66", "call_sign": "BXYZ"}
    assert showing.track(handle + 1_000, NOW_MS) is None


def test_targets_are_found_by_name_plate_and_number_up_to_a_limit(showing: Showing) -> None:
    for ship in range(5):
        showing.learn([Static("ais", str(SHIP + ship), name=f"JIANG HUI {ship}")])
        showing.take(chunk(SHIP + ship, position=ship))
    showing.set_devices([Device("jt808", UNIT.ident, "苏L12345", Kind.PATROL_CAR)])
    assert showing.find("苏l123", 10, NOW_MS) == [], "it was never heard"
    showing.take(chunk(CAR, position=5))
    assert [one["label"] for one in showing.find("苏l123", 10, NOW_MS)] == ["苏L12345"]
    assert len(showing.find("jiang", 10, NOW_MS)) == 5
    assert len(showing.find("jiang", 2, NOW_MS)) == 2
    assert [one["label"] for one in showing.find(str(SHIP + 3), 10, NOW_MS)] == ["JIANG HUI 3"]


def test_after_a_restart_the_last_half_hour_is_shown_again(tmp_path: Path) -> None:
    log = ChunkLog(tmp_path / "log", sync=False)
    old = chunk(SHIP, NOW_MS - EXPIRE_S * 1000 - 60_000)
    new = chunk(SHIP + 1, NOW_MS - 60_000, position=1)
    for one in (old, new):
        log.append(one)
    again = Showing(tmp_path)
    again.recover(NOW_MS, log.position)
    assert again.targets(NOW_MS) == 1
    assert set(again.handles([str(SHIP), str(SHIP + 1)])) == {str(SHIP + 1)}


def test_an_agency_nobody_knows_is_shown_as_none(showing: Showing) -> None:
    showing.set_units([UNIT], [])
    showing.take(chunk(CAR))
    assert showing.frames(NOW_MS)[0]
    assert showing.snapshots(NOW_MS)[0]
