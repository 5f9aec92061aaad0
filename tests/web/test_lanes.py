"""What is kept for all boards, and what one board needs next: plain values, no socket."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiangdun.core.journal import By, Sealed
from jiangdun.web.lanes import HEADER, BadFrame, Facts, Frame, Positions, Told
from jiangdun.web.scopes import Scoped

AT = datetime(2026, 1, 31, 15, 5, 0, 123_000, tzinfo=UTC)


def fact(number: int, kind: str = "watch.AlertRaised", **body: Any) -> Scoped:
    by = By(person="p1", agency="river-police")
    return Scoped(Sealed(number, number, kind, 1, AT, by, None, f"alert:{number}", body, False, "h"), {})


def frame(seq: int, base: int, snapshot: bool = False) -> Frame:
    head = HEADER.pack(b"JDF1", 0 if snapshot else 1, 1, 0, seq, 0, 1_000, base, 0)
    return Frame.read(head + b"body", snapshot)


def test_a_header_has_32_bytes() -> None:
    assert HEADER.size == 32


def test_facts_come_in_order_and_none_twice() -> None:
    lane = Facts()
    lane.add([fact(1), fact(2)])
    lane.add([fact(2), fact(3)])
    told = lane.after(0, 10)
    assert told is not None
    assert [one.number for one in told] == [1, 2, 3]
    assert lane.head == 3


def test_a_page_is_no_longer_than_asked() -> None:
    lane = Facts()
    lane.add([fact(n) for n in range(1, 11)])
    told = lane.after(3, 4)
    assert told is not None
    assert [one.number for one in told] == [4, 5, 6, 7]


def test_what_lies_before_the_window_is_read_from_the_journal() -> None:
    lane = Facts(kept=3)
    lane.add([fact(n) for n in range(1, 11)])
    assert lane.after(5, 10) is None
    told = lane.after(7, 10)
    assert told is not None
    assert [one.number for one in told] == [8, 9, 10]
    assert lane.after(10, 10) == []


def test_a_jump_begins_the_window_anew_so_that_no_number_is_skipped() -> None:
    lane = Facts()
    lane.add([fact(1), fact(2)])
    lane.add([fact(9)])
    assert lane.after(2, 10) is None
    told = lane.after(8, 10)
    assert told is not None
    assert [one.number for one in told] == [9]


def test_a_journal_longer_than_the_window_is_known_of() -> None:
    lane = Facts()
    lane.add([fact(1)])
    lane.know(5)
    assert lane.after(1, 10) is None


@given(
    st.lists(st.lists(st.integers(1, 60), max_size=8).map(sorted), max_size=12),
    st.integers(0, 60),
    st.integers(1, 20),
)
def test_a_window_never_skips_a_number(batches: list[list[int]], cursor: int, limit: int) -> None:
    lane = Facts(kept=7)
    for batch in batches:
        lane.add([fact(n) for n in dict.fromkeys(batch)])
    told = lane.after(cursor, limit)
    if told:
        numbers = [one.number for one in told]
        assert numbers == list(range(cursor + 1, cursor + 1 + len(numbers)))
        assert len(numbers) <= limit
    if told == []:
        assert cursor >= lane.head


def test_a_fact_is_encoded_once_for_all_who_see_the_same() -> None:
    told = Told(fact(7, label="苏州货001", secret="x"))
    assert told.text(None) is told.text(None)
    assert told.text(frozenset({"label"})) is told.text(frozenset({"label"}))


def test_a_fact_on_the_wire_says_who_what_and_when() -> None:
    said = json.loads(Told(fact(7, label="苏州货001")).text(None))
    assert said == {
        "lane": "fact",
        "no": 7,
        "kind": "watch.AlertRaised",
        "at": "2026-01-31T15:05:00.123Z",
        "subject": "alert:7",
        "by": {"person": "p1", "agency": "river-police"},
        "exercise": False,
        "body": {"label": "苏州货001"},
    }


def test_fields_that_may_not_be_seen_do_not_leave() -> None:
    assert json.loads(Told(fact(7, label="a", secret="b")).text(frozenset({"label"})))["body"] == {
        "label": "a"
    }


def test_a_board_without_anything_gets_the_snapshot_and_then_each_delta() -> None:
    lane = Positions()
    assert lane.next_after(None) is None
    assert lane.lost(None)
    lane.add(frame(4, 4, snapshot=True))
    lane.add(frame(5, 4))
    lane.add(frame(6, 5))
    seen: int | None = None
    got = []
    while (following := lane.next_after(seen)) is not None:
        got.append((following.is_snapshot, following.seq))
        seen = following.seq
    assert got == [(True, 4), (False, 5), (False, 6)]
    assert not lane.lost(seen)


def test_a_board_that_is_up_to_date_does_not_get_a_snapshot_made_for_another() -> None:
    lane = Positions()
    lane.add(frame(5, 4))
    lane.add(frame(5, 5, snapshot=True))
    assert lane.next_after(5) is None
    assert not lane.lost(5)


def test_a_board_that_missed_too_many_deltas_is_lost_until_a_snapshot_comes() -> None:
    lane = Positions(kept=2)
    for seq in range(1, 6):
        lane.add(frame(seq, seq - 1))
    assert lane.next_after(1) is None
    assert lane.lost(1)
    assert not lane.lost(3)


def test_a_snapshot_that_no_longer_leads_to_now_is_not_given() -> None:
    lane = Positions(kept=2)
    lane.add(frame(1, 1, snapshot=True))
    for seq in range(2, 6):
        lane.add(frame(seq, seq - 1))
    assert lane.next_after(None) is None
    assert lane.lost(None)


def test_ears_that_began_anew_leave_every_board_lost() -> None:
    lane = Positions()
    lane.add(frame(80, 80, snapshot=True))
    lane.add(frame(81, 80))
    lane.add(frame(1, 0))
    assert lane.lost(81)
    assert lane.next_after(None) is None
    lane.add(frame(1, 1, snapshot=True))
    following = lane.next_after(None)
    assert following is not None
    assert following.is_snapshot


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 3)), max_size=40), st.integers(1, 5))
def test_whatever_a_board_is_given_builds_on_what_it_has(steps: list[tuple[bool, int]], kept: int) -> None:
    """`steps`: is it a snapshot, and how many frames does the board miss before it looks again."""
    lane, seq, seen = Positions(kept), 0, None
    missing = 0
    for is_snapshot, skip in steps:
        if is_snapshot:
            lane.add(frame(seq, seq, snapshot=True))
        else:
            seq += 1
            lane.add(frame(seq, seq - 1))
        missing = skip if missing == 0 else missing - 1
        if missing:
            continue
        if lane.lost(seen):
            seen = None
        while (following := lane.next_after(seen)) is not None:
            assert following.is_snapshot or following.base == seen
            seen = following.seq
        assert seen in (None, seq)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"JDF1",
        HEADER.pack(b"JDF2", 1, 1, 0, 1, 0, 0, 0, 0),
        HEADER.pack(b"JDF1", 1, 2, 0, 1, 0, 0, 0, 0),
        HEADER.pack(b"JDF1", 0, 1, 0, 1, 0, 0, 0, 0),
        HEADER.pack(b"JDF1", 7, 1, 0, 1, 0, 0, 0, 0),
    ],
)
def test_what_is_not_a_delta_is_refused(data: bytes) -> None:
    with pytest.raises(BadFrame):
        Frame.read(data, is_snapshot=False)
