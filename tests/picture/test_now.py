"""The live picture and its wire: fast = slow twin, snapshot + deltas = state, gaps seen, limits kept."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from picture.wire_plain import Board, PlainPicture, Seen

from jiangdun.feeds.columns import COLUMNS, NO_COURSE, NO_SPEED, Chunk, Flag, Kind, track_id
from jiangdun.feeds.observations import Static
from jiangdun.picture.identities import Identities
from jiangdun.picture.now import EXPIRE_S, MARGIN_S, LivePicture

NOW = 1_780_000_000_000


def rows(*values: dict[str, Any]) -> np.ndarray:
    """Rows of COLUMNS; what is not given is a ship at rest near Zhenjiang, heard NOW."""
    usual = {
        "track": 413_000_001,
        "t": NOW,
        "lon": 71_670_000,
        "lat": 19_332_000,
        "sog_dkn": NO_SPEED,
        "cog_ddeg": NO_COURSE,
        "kind": int(Kind.CARGO),
    }
    out = np.zeros(len(values), COLUMNS)
    for i, value in enumerate(values):
        for name, number in (usual | value).items():
            out[name][i] = number
    return out


def chunk(*values: dict[str, Any]) -> Chunk:
    return Chunk(0, 0, rows(*values))


def board_of(picture: LivePicture, now_ms: int) -> Board:
    board = Board()
    assert board.take(picture.snapshots(now_ms)[0])
    return board


step = st.fixed_dictionaries(
    {
        "wait": st.sampled_from([0, 1_000, 1_000, 9_999, 10_001, 60_000, 1_650_000, 1_750_000, 1_900_000]),
        "rows": st.lists(
            st.fixed_dictionaries(
                {
                    "track": st.integers(0, 6),
                    "ago": st.sampled_from([-4_000, 0, 0, 500, 15_000, 1_799_999, 1_800_000, 2_000_000]),
                    "lon": st.one_of(st.integers(-(2**31), 2**31 - 1), st.integers(71_000_000, 71_000_500)),
                    "lat": st.integers(-54_000_000, 54_000_000),
                    "sog_dkn": st.sampled_from([0, 1, 126, 127, 1_022, 65_534, NO_SPEED]),
                    "cog_ddeg": st.sampled_from([0, 9, 10, 1_800, 3_589, 3_590, 3_599, NO_COURSE]),
                    "kind": st.sampled_from([int(kind) for kind in Kind]),
                    "rank": st.integers(0, 2),
                    "flags": st.sampled_from([0, 0, int(Flag.SOS), int(Flag.NO_FIX), int(Flag.LATE)]),
                }
            ),
            max_size=6,
        ),
        "describe": st.none() | st.tuples(st.integers(0, 6), st.integers(0, 255), st.booleans()),
    }
)


@given(st.lists(step, max_size=12))
def test_the_fast_encoder_writes_what_the_plain_one_writes(steps: list[dict[str, Any]]) -> None:
    fast, plain, now = LivePicture(), PlainPicture(), NOW
    for one in steps:
        now += one["wait"]
        if one["describe"]:
            track, agency, own = one["describe"]
            fast.describe(track, agency, own)
            plain.describe(track, agency, own)
        taken = rows(*_without_ago(one["rows"], now))
        fast.take(Chunk(0, 0, taken))
        plain.take(taken)
        assert fast.frames(now) == plain.frames(now)


def _without_ago(given: list[dict[str, Any]], now: int) -> list[dict[str, Any]]:
    return [{key: row[key] for key in row if key != "ago"} | {"t": now - row["ago"]} for row in given]


@given(st.lists(step, max_size=10), st.integers(0, 10))
def test_snapshot_and_deltas_together_are_the_state(steps: list[dict[str, Any]], joins_at: int) -> None:
    picture, first, now = LivePicture(), Board(), NOW
    late: Board | None = None
    assert first.take(picture.snapshots(now)[0])
    for i, one in enumerate(steps):
        now += one["wait"]
        picture.take(chunk(*_without_ago(one["rows"], now)))
        frame = picture.frames(now)[0]
        assert first.take(frame)
        if late is not None:
            assert late.take(frame)
        elif i >= joins_at:
            late = board_of(picture, now)
    for board in (first, late):
        if board is None:
            continue
        board.expire(now, EXPIRE_S * 1_000 - 2_000)  # ages are told in whole seconds
        for handle, seen in board.targets.items():
            target = picture.meta(handle)
            if target is None:
                assert now - seen.heard_ms >= (EXPIRE_S - MARGIN_S) * 1_000 - 1_000  # heard again, elsewhere
                continue
            assert (seen.lon, seen.lat, seen.kind) == (target.lon, target.lat, target.kind)
            assert seen.speed == (0 if target.sog_dkn == NO_SPEED else target.sog_dkn + 1)
    if late is not None:
        for handle in late.targets.keys() & first.targets.keys():
            a, b = late.targets[handle], first.targets[handle]
            assert abs(a.heard_ms - b.heard_ms) < 1_000
            assert {**vars(a), "heard_ms": 0} == {**vars(b), "heard_ms": 0}


def test_a_missed_frame_is_a_gap_and_a_snapshot_mends_it() -> None:
    picture = LivePicture()
    board = board_of(picture, NOW)
    picture.take(chunk({}))
    picture.frames(NOW)
    picture.take(chunk({"t": NOW + 1_000, "lon": 71_670_300}))
    second = picture.frames(NOW + 1_000)[0]
    assert not board.take(second)
    assert board.targets == {}
    assert board.take(picture.snapshots(NOW + 1_500)[0])
    assert board.targets[0].lon == 71_670_300
    assert board.take(picture.frames(NOW + 2_000)[0])


def test_a_target_heard_but_not_moved_restarts_its_age_in_three_bytes() -> None:
    picture = LivePicture()
    board = Board()
    board.take(picture.snapshots(NOW)[0])
    picture.take(chunk({}))
    board.take(picture.frames(NOW)[0])
    picture.take(chunk({"t": NOW + 1_000}))
    frame = picture.frames(NOW + 1_000)[0]
    assert len(frame) == 32 + 3
    assert board.take(frame)
    assert board.targets[0].heard_ms == NOW + 1_000


def test_a_report_without_a_fix_leaves_the_target_where_it_was_and_says_so() -> None:
    picture = LivePicture()
    picture.take(chunk({}, {"t": NOW + 1, "lon": 0, "lat": 0, "flags": int(Flag.NO_FIX)}))
    picture.frames(NOW + 1)[0]
    seen = board_of(picture, NOW + 1).targets[0]
    assert (seen.lon, seen.lat, seen.status) == (71_670_000, 19_332_000, 4)


def test_a_track_that_never_had_a_fix_is_not_drawn() -> None:
    picture = LivePicture()
    picture.take(chunk({"flags": int(Flag.NO_FIX)}))
    picture.frames(NOW)
    assert board_of(picture, NOW).targets == {}
    assert picture.meta(0) is None
    assert picture.track(0) == 413_000_001


def test_units_of_ours_carry_their_agency_and_state() -> None:
    picture = LivePicture()
    picture.describe(413_000_001, 3, True)
    picture.take(chunk({"flags": int(Flag.SOS)}))
    picture.frames(NOW)
    board = Board()
    assert board.take(picture.snapshots(NOW)[1])
    assert board.targets[0] == Seen(71_670_000, 19_332_000, 0, 0, 1, 3, 1 | 2, NOW)
    picture.describe(413_000_001, 0, False)
    picture.frames(NOW)
    assert board_of(picture, NOW).targets[1].status == 2
    target = picture.meta(1)
    assert target is not None
    assert (target.own_unit, target.sos, target.agency) == (False, True, 0)


def test_an_agency_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match="agency index 256"):
        LivePicture().describe(1, 256, False)


def test_of_equal_times_the_better_source_wins() -> None:
    picture = LivePicture()
    picture.take(chunk({"rank": 1, "lon": 1}, {"rank": 0, "lon": 2}, {"rank": 1, "lon": 3}))
    target = picture.meta(0)
    assert target is not None
    assert target.lon == 2


def test_boards_agree_about_a_target_that_only_one_of_them_had_dropped() -> None:
    picture = LivePicture()
    stays = Board()
    stays.take(picture.snapshots(NOW)[0])
    picture.take(chunk({}))
    stays.take(picture.frames(NOW)[0])
    later = NOW + EXPIRE_S * 1_000 - 1
    dropped = Board()
    dropped.take(picture.snapshots(later)[0])
    dropped.expire(later + 2, EXPIRE_S * 1_000 - 1_000)
    assert dropped.targets == {}
    picture.take(chunk({"t": later + 3, "lon": 71_700_000}))
    frame = picture.frames(later + 3)[0]
    assert stays.take(frame)
    assert dropped.take(frame)
    assert stays.targets[1].lon == dropped.targets[1].lon == 71_700_000
    assert picture.track(0) is None
    assert picture.handle(413_000_001) == 1


def test_more_tracks_than_handles_drop_those_unheard_for_longest_and_boards_notice() -> None:
    picture = LivePicture(targets_max=10, handles_max=20)
    board = board_of(picture, NOW)
    for i in range(100):
        picture.take(chunk({"track": 413_000_000 + i, "t": NOW + i}))
        if not board.take(picture.frames(NOW + i)[0]):
            assert board.take(picture.snapshots(NOW + i)[0])
    assert len(picture) <= 20
    assert picture.dropped > 0
    assert picture.renumbered > 0
    assert picture.handle(413_000_099) is not None
    assert picture.handle(413_000_000) is None
    for handle in board.targets:
        assert picture.track(handle) is not None


def test_a_chunk_with_more_tracks_than_there_is_room_for_is_taken() -> None:
    picture = LivePicture(targets_max=10, handles_max=20)
    picture.take(chunk(*({"track": i, "t": NOW + i} for i in range(1, 200))))
    assert len(picture) <= 20
    assert picture.handle(199) is not None


def test_the_head_of_a_message_is_as_agreed() -> None:
    picture = LivePicture()
    picture.describe(413_000_001, 7, True)
    picture.take(chunk({}))
    open_scope, head = picture.frames(NOW)
    assert open_scope[:8] == b"JDF1\x01\x01\x00\x00"
    assert len(open_scope) == 32
    assert head[:8] == b"JDF1\x01\x01\x07\x00"
    assert int.from_bytes(head[8:12], "little") == 1
    assert int.from_bytes(head[16:24], "little") == NOW


def test_each_scope_has_its_own_frames_and_a_board_of_one_sees_nothing_of_another() -> None:
    picture, everybody, police = LivePicture(), Board(), Board()
    picture.describe(413_000_001, 3, True)
    picture.take(chunk({"track": 413_000_000}, {"track": 413_000_001}, {"track": 413_000_002}))
    picture.frames(NOW)
    shared, own = picture.snapshots(NOW)
    assert everybody.take(shared)
    assert police.take(own)
    assert everybody.targets.keys() == {0, 2}
    assert police.targets.keys() == {1}
    picture.take(chunk({"track": 413_000_000, "t": NOW + 1_000}))
    assert len(picture.frames(NOW + 1_000)) == 1, "a scope in which nothing was heard costs nothing"
    picture.take(chunk({"track": 413_000_001, "t": NOW + 2_000}))
    news, own_news = picture.frames(NOW + 2_000)
    assert police.take(own_news)
    assert len(news) == 32


def test_a_target_that_changes_hands_is_forgotten_where_it_was() -> None:
    picture, everybody, police = LivePicture(), Board(), Board()
    picture.take(chunk({"track": 413_000_001}))
    picture.frames(NOW)
    assert everybody.take(picture.snapshots(NOW)[0])
    picture.describe(413_000_001, 3, True)
    assert picture.handle(413_000_001) == 1
    gap, _ = picture.frames(NOW + 1_000)
    assert not everybody.take(gap)
    shared, own = picture.snapshots(NOW + 1_000)
    assert everybody.take(shared)
    assert police.take(own)
    assert everybody.targets == {}
    assert police.targets.keys() == {1}


def test_what_is_said_of_a_track_adds_up() -> None:
    known = Identities()
    known.take(Static("ais", "413765432", name="JIANG HUI 66"))
    one = known.take(Static("ais", "413765432", kind=Kind.DREDGER, length_dm=800))
    assert (one.name, one.kind, one.length_dm, one.label) == (
        "JIANG HUI 66",
        Kind.DREDGER,
        800,
        "JIANG HUI 66",
    )
    assert known.get(413_765_432) == one


def test_labels_are_names_plates_or_numbers() -> None:
    known = Identities()
    known.take(Static("jt808", "013912345678", plate="苏L12345"))
    assert known.label(track_id("jt808", "013912345678")) == "苏L12345"
    assert known.label(4_131_200) == "004131200"
    assert known.take(Static("ais", "413765432")).label == "413765432"


def test_tracks_are_found_by_any_of_their_names() -> None:
    known = Identities()
    known.take(Static("ais", "413765432", name="HAI JIANG", call_sign="BSYG"))
    known.take(Static("ais", "413765433", name="JIANG HUI 66"))
    known.take(Static("jt808", "013912345678", plate="苏L12345"))
    assert [one.ident for one in known.find(" jiang")] == ["413765433", "413765432"]
    assert [one.ident for one in known.find("bsyg")] == ["413765432"]
    assert [one.ident for one in known.find("L123")] == ["013912345678"]
    assert known.find("") == []
    assert len(known.find("4137", limit=1)) == 1


def test_identities_have_a_limit() -> None:
    known = Identities(limit=3)
    for i in range(10):
        known.take(Static("ais", str(i)))
    assert len(known) == 3
    assert known.get(9) is not None


def test_warming_compiles_every_kernel() -> None:
    from jiangdun.picture import now, wire

    now.warm()
    assert all(kernel.signatures for kernel in (now._update, wire._delta, wire._snapshot))
