"""River chiefs: who answers where, gaps that are told once, and tables as offices keep them."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiangdun.alliance import actions, chief_table, queries
from jiangdun.alliance.chiefs import Bank, ChiefMap, Reach
from jiangdun.core import journal, personal, timers
from jiangdun.core.trouble import AlreadyThere, BadInput, NotFound, StaleVersion

from .ground import BY, DAY, NOW, TODAY, square

LINE = [
    [117.0 + n / 10, 39.0, 10.0 * n] for n in range(11)
]  # due east; marks rise downstream or up, as named


@pytest.fixture
def river(db: None) -> None:
    actions.name_river("haihe", "海河", "Haihe", by=BY, now=NOW, centreline=LINE)


def draw(code: str, km: tuple[float, float] | None = (0.0, 10.0), **more: Any) -> Reach:
    marks = {} if km is None else {"km_from": km[0], "km_to": km[1]}
    return actions.draw_reach(code, "haihe", "河东区", f"{code}街", by=BY, now=NOW, **{**marks, **more})


def appoint(reach: Reach, name: str = "张三", **more: Any) -> Any:
    given_values = {"term_from": date(2026, 1, 1), **more}
    return actions.appoint(reach.id, name, by=BY, now=NOW, **given_values)


def told(kind: str) -> list[dict[str, Any]]:
    journal.seal(NOW)
    return [f.body for f in journal.after(0, 10_000) if f.kind == f"alliance.{kind}"]


def names(answers: list[Any]) -> list[str | None]:
    return [answer.chief and answer.chief.name_zh for answer in answers]


def test_a_mark_and_a_point_lead_to_the_same_chief(river: None) -> None:
    appoint(draw("r1", (0, 10)))
    appoint(draw("r2", (20.0, 10.0), bank="left"), "李四")  # written from either end
    appoint(draw("r3", (10, 20), bank="right"), "王五")
    at = queries.chief_at
    assert names(at(TODAY, river="haihe", km=5)) == ["张三"]
    assert names(at(TODAY, river="haihe", km=10)) == ["张三", "李四", "王五"]
    assert names(at(TODAY, river="haihe", km=15, bank="left")) == ["李四"]
    assert names(at(TODAY, lon=117.05, lat=39.001)) == ["张三"]
    both = names(at(TODAY, lon=117.15, lat=39.005)), names(at(TODAY, lon=117.15, lat=38.995))
    assert sorted(both) == [["李四"], ["王五"]]
    assert at(TODAY, lon=117.05, lat=39.1) == []  # 11 km off
    assert at(TODAY, river="other", km=5) == []


def test_an_area_ends_where_it_was_drawn(river: None) -> None:
    appoint(draw("lake", (0, 100), geometry=square(117.3, 38.95)), "湖长")
    assert names(queries.chief_at(TODAY, lon=117.3, lat=39.0)) == ["湖长"]
    assert names(queries.chief_at(TODAY, lon=117.4, lat=39.05)) == ["湖长"]  # its corner
    assert queries.chief_at(TODAY, lon=117.6, lat=39.0) == []


def test_a_gap_is_told_once_and_closed_once(river: None) -> None:
    reach = draw("r1")
    assert [gap.code for gap in queries.gaps()] == ["r1"]
    draw("r1", (0, 9), version=1)
    assert len(told("ChiefMissing")) == 1
    chief = appoint(reach)
    assert queries.gaps() == []
    assert len(told("ChiefFound")) == 1
    assert names(queries.chief_at(date(2025, 12, 31), river="haihe", km=5)) == [None]
    actions.end_term(chief.id, TODAY, version=1, by=BY, now=NOW)
    assert len(told("ChiefMissing")) == 2
    with pytest.raises(StaleVersion):
        actions.end_term(chief.id, TODAY + DAY, version=1, by=BY, now=NOW)


@pytest.mark.usefixtures("_timers")
def test_the_day_a_term_ends_is_noticed_by_itself(river: None) -> None:
    appoint(draw("r1"), term_to=TODAY + 2 * DAY)
    appoint(draw("r2"), term_to=TODAY + 2 * DAY)
    r2 = next(a.reach for a in queries.responsibilities(TODAY) if a.reach.code == "r2")
    appoint(r2, "李四", term_from=TODAY + 3 * DAY)
    for day in range(5):
        timers.tick(NOW + day * DAY)
    assert [gap.code for gap in queries.gaps()] == ["r1"]
    assert [(body["code"]) for body in told("ChiefMissing")] == ["r1", "r2", "r1", "r2"]  # drawn, then ended
    assert [body["code"] for body in told("ChiefFound")] == ["r1", "r2", "r2"]


def test_a_successor_ends_the_term_before(river: None) -> None:
    reach = draw("r1")
    appoint(reach)
    appoint(reach, "李四", term_from=TODAY)
    assert [c.name_zh for c in queries.chiefs(reach.id)] == ["李四", "张三"]
    assert names(queries.chief_at(TODAY - DAY, river="haihe", km=5)) == ["张三"]
    assert names(queries.chief_at(TODAY, river="haihe", km=5)) == ["李四"]
    assert told("ChiefAppointed")[1]["before"] is not None
    assert not any("张三" in str(f.body) or "李四" in str(f.body) for f in journal.after(0, 10_000))


def test_a_telephone_number_is_sealed(river: None, settings: Any, tmp_path: Any) -> None:
    settings.HOME = tmp_path
    chief = appoint(draw("r1"), phone="13800138000")
    assert chief.person is not None
    assert personal.masked(chief.person).values["phone"] != "13800138000"


def test_holes_are_shown_for_each_bank(river: None) -> None:
    draw("r1", (0, 10))
    draw("r2", (10, 20), bank="left")
    draw("r3", (30, 40))
    found = [(hole.bank, hole.km_from, hole.km_to) for hole in queries.holes()]
    assert found == [("left", 20.0, 30.0), ("right", 10.0, 30.0)]


def test_what_is_wrong_with_a_reach_is_said(river: None) -> None:
    draw("r1")
    with pytest.raises(AlreadyThere):
        draw("r1")
    with pytest.raises(StaleVersion):
        draw("r1", version=9)
    with pytest.raises(NotFound):
        actions.draw_reach("r9", "no-river", "区", "街", by=BY, now=NOW)
    for wrong in ({"km_to": None}, {"bank": "north"}, {"km_from": -1.0}, {"geometry": {}}):
        with pytest.raises(BadInput):
            draw("r2", **wrong)
    for line in ([[1, 2, 3]] * 2, [["a", 1, 2], [1, 2, 3]], [[200, 0, 1], [0, 0, 2]]):
        with pytest.raises(BadInput):
            actions.name_river("x1", "河", "R", by=BY, now=NOW, centreline=line)  # type: ignore[arg-type]


HEADING = "河段编号,河流,区县,街镇,起点里程,终点里程,岸别,河长,职务,任期起,任期止,备注"


def table(*lines: str) -> bytes:
    return "\n".join([HEADING, *lines]).encode()


def eleven_districts() -> bytes:
    """11 districts, 65 street units, as along the rivers of the source; every ninth has no chief yet."""
    lines = []
    for n in range(65):
        chief = "" if n % 9 == 8 else f"河长{n},镇长,2026-01-01,2028-12-31"
        start = f"K{n}+500"
        lines.append(f"hh-{n:02d},haihe,{n % 11 + 1}区,{n}镇,{start},{n + 1.5},两岸,{chief or ',,,'},x")
    return table(*lines)


def test_a_table_of_eleven_districts_and_65_units_comes_in_whole(river: None) -> None:
    data = eleven_districts()
    trial = actions.import_chiefs(data, by=BY, now=NOW, dry_run=True)
    assert (trial.reaches_new, trial.chiefs_new, len(trial.gaps), trial.dry_run) == (65, 58, 7, True)
    assert queries.responsibilities(TODAY) == []
    assert told("ChiefsImported") == []
    taken = actions.import_chiefs(data, by=BY, now=NOW)
    assert (taken.reaches_new, taken.chiefs_new, taken.gaps) == (65, 58, trial.gaps)
    answers = queries.responsibilities(TODAY)
    assert len({a.reach.district for a in answers}) == 11
    assert sum(a.chief is None for a in answers) == 7 == len(queries.gaps())
    last = next(a.chief for a in answers if a.chief)
    assert last.term_to == date(2029, 1, 1)
    again = actions.import_chiefs(data, by=BY, now=NOW)
    assert (again.same, again.reaches_changed, again.chiefs_new) == (65, 0, 0)
    assert len(told("ChiefMissing")) == 7  # of those only that have nobody


@pytest.mark.django_db
def test_every_fault_of_a_table_is_told_with_its_line_and_column() -> None:
    data = table(
        "R1,haihe,河东区,一街,1,2,两岸,张三,街长,2026-01-01,,",
        "r2,haihe,,一街,1,,北岸,张三,街长,,2026-13-01,",
        "r3,haihe,河东区,一街,x,2,,,,,,",
        "r4,haihe,河东区,一街,1,2,,张三,,2026-01-02,2025-01-01,",
        "r4,haihe,河东区,一街,1,2,,,,,,",
        "r4,haihe,河东区,一街,1,2,,,,,,",
    )
    rows, faults = chief_table.read(data)
    assert [(f.line, f.column) for f in faults] == [(2, 1), (3, 3), (3, 7), (3, 11), (4, 5), (5, 11), (7, 1)]
    assert len(rows) == 1
    with pytest.raises(actions.ChiefsRefused) as refused:
        actions.import_chiefs(table("r1,nile,区,街,1,2,,,,,,"), by=BY, now=NOW)
    assert "nile" in refused.value.values["faults"][0]["what_zh"]


def test_offices_write_gb_18030_and_days_as_they_like(river: None) -> None:
    text = f"{HEADING}\r\nr1,haihe,河东区,“一街”,0,K9+500,左岸,张三,街长,2026年1月1日,2026/12/31,x\r\n"
    for data in (text.encode("gb18030"), text.encode("utf-8-sig")):
        rows, faults = chief_table.read(data)
        assert faults == []
        row = rows[0]
        assert (row.km_to, row.bank, row.term_from, row.term_to) == (
            9.5,
            Bank.LEFT,
            date(2026, 1, 1),
            date(2027, 1, 1),
        )
    assert chief_table.read(b"\x00\x01\xff")[1][0].line == 1
    assert {f.what_en for f in chief_table.read(b"a,b\n")[1]} >= {"no column reach"}
    assert chief_table.read(b'reach,"x\n')[1]


@given(
    st.binary(max_size=300)
    | st.text(max_size=300).map(lambda s: (HEADING + "\n" + s).encode("utf-8", "replace"))
)
def test_whatever_lies_in_a_file_is_read_or_told(data: bytes) -> None:
    rows, faults = chief_table.read(data)
    assert rows or faults or data.strip() == b"" or len(data.split(b"\n")) >= 1
    for fault in faults:
        assert fault.line >= 1
        assert fault.column >= 0
        assert fault.what_zh
        assert fault.instead_en


cell = st.sampled_from(
    ["", "r1", "r2", "haihe", "1", "K2+300", "nan", "1e9", "左岸", "2026-01-01", "9999-12-31", "x" * 90]
)


@given(st.lists(st.lists(cell, min_size=11, max_size=12).map(",".join), max_size=5))
def test_rows_that_are_read_can_be_kept(lines: list[str]) -> None:
    for row in chief_table.read(table(*lines))[0]:
        assert row.reach
        assert row.street
        assert (row.km_from is None) == (row.km_to is None)
        assert not row.chief or row.term_from is not None
        assert row.term_to is None or row.term_from is None or row.term_from < row.term_to


mark = st.integers(0, 12)
pieces = st.lists(st.tuples(mark, mark, st.sampled_from(list(Bank))), max_size=6)


@given(pieces, mark)
def test_marks_are_answered_like_by_a_slow_twin_and_holes_are_where_nobody_answers(
    drawn: list[tuple[int, int, Bank]], km: int
) -> None:
    reaches = [
        Reach(UUID(int=n), f"r{n}", "haihe", float(a), float(b), bank, "", "", None, 1)
        for n, (a, b, bank) in enumerate(drawn)
    ]
    known = ChiefMap({}, reaches, [])
    for bank in Bank:
        found = {answer.reach.code for answer in known.at_km("haihe", km, TODAY, bank)}
        assert found == {
            f"r{n}"
            for n, (a, b, own) in enumerate(drawn)
            if min(a, b) <= km <= max(a, b) and (own == bank or Bank.BOTH in (own, bank))
        }
    ends = [value for a, b, _ in drawn for value in (a, b)]
    for half in (n + 0.5 for n in range(12)):
        for bank in (Bank.LEFT, Bank.RIGHT):
            in_hole = any(h.bank == bank and h.km_from < half < h.km_to for h in known.holes())
            inside = bool(ends) and min(ends) < half < max(ends)
            assert in_hole == (inside and not known.at_km("haihe", half, TODAY, bank))
