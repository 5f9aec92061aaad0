"""The joint house: who sits where, where work goes and why, and the alarm of a desk nobody sits at."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import jiangdun.alliance
from jiangdun.alliance import actions, queries
from jiangdun.alliance.structure import Desk, Office, Route, Structure, Work, is_plan
from jiangdun.core import accounts, journal
from jiangdun.core.trouble import AlreadyThere, BadInput, NotFound, StaleVersion, WrongState

from .ground import BY, NOW, TODAY, found, square

PLAN = Path(jiangdun.alliance.__file__).parent / "plans" / "169.yaml"


def kinds() -> list[str]:
    journal.seal(NOW)
    wanted = ("Desk", "Agency")
    names = [f.kind.removeprefix("alliance.") for f in journal.after(0)]
    return [name for name in names if name.startswith(wanted) and name not in ("DeskOpened", "AgencyFounded")]


@pytest.fixture
def house(db: None) -> None:
    found("police", "msa")
    actions.found_alliance("anji", "生态警务", "Joint", "ring", date(2024, 1, 1), by=BY, now=NOW)
    for agency in ("police", "msa"):
        actions.take_in("anji", agency, "founder", date(2024, 1, 1), by=BY, now=NOW)
    actions.set_up_structure("anji", yaml.safe_load(PLAN.read_text("utf-8")), by=BY, now=NOW)


def person(name: str, agency: str) -> UUID:
    account = accounts.create(name, "three boats at dawn", name_zh=name, by=BY, now=NOW)
    actions.join(account.id, agency, ["desk"], by=BY, now=NOW)
    return account.id


def desk(code: str, now: datetime = NOW) -> Desk:
    return queries.structure("anji").desks(now)[code]


def sit(code: str, account: UUID, agency: str, now: datetime = NOW) -> queries.Sitter:
    return actions.sit_down(desk(code, now).id, account, agency, by=BY, now=now)


def test_the_plan_is_one_centre_six_sections_nine_stations(house: None) -> None:
    offices = queries.structure("anji").offices(NOW).values()
    counts = {kind: sum(o.kind == kind for o in offices) for kind in ("centre", "section", "station")}
    assert counts == {"centre": 1, "section": 6, "station": 9}
    named = {o.name_zh for o in offices if o.kind == "section" and "待定名" not in o.name_zh}
    assert named == {"综合治理区", "指挥调度区", "情报研判区"}
    with pytest.raises(AlreadyThere):
        actions.set_up_structure("anji", {"offices": []}, by=BY, now=NOW)


def test_a_desk_that_must_be_staffed_is_an_alarm_once_until_somebody_sits(house: None) -> None:
    assert [d.code for d in queries.unattended("anji", NOW)] == ["centre-duty", "command-desk"]
    assert kinds().count("DeskUnattended") == 2
    li = person("li", "police")
    sit("centre-duty", li, "police", NOW + timedelta(minutes=5))
    assert [d.code for d in queries.unattended("anji", NOW + timedelta(hours=1))] == ["command-desk"]
    held = queries.on_desk("anji", NOW + timedelta(hours=1))
    assert [(s.desk, s.agency, s.account_id) for s in held] == [("centre-duty", "police", li)]
    actions.stand_up(held[0].sitting, "", version=held[0].version, by=BY, now=NOW + timedelta(hours=2))
    assert kinds()[-5:] == ["DeskUnattended", "DeskTaken", "DeskAttended", "DeskLeft", "DeskUnattended"]
    assert queries.on_desk("anji", NOW + timedelta(hours=3)) == []


def test_a_desk_is_handed_over_with_a_note_and_never_empty(house: None) -> None:
    li, wang = person("li", "police"), person("wang", "msa")
    held = sit("centre-duty", li, "police")
    with pytest.raises(BadInput):
        actions.hand_over(held.sitting, wang, "msa", " ", version=1, by=BY, now=NOW)
    with pytest.raises(BadInput):
        actions.hand_over(held.sitting, li, "police", "自己", version=1, by=BY, now=NOW)
    before = kinds().count("DeskUnattended")
    actions.hand_over(held.sitting, wang, "msa", "三号泵故障", version=1, by=BY, now=NOW)
    assert kinds().count("DeskUnattended") == before
    now = queries.on_desk("anji", NOW)
    assert [(s.agency, s.note) for s in now] == [("msa", "三号泵故障")]
    with pytest.raises(NotFound):  # the other screen
        actions.stand_up(held.sitting, "", version=1, by=BY, now=NOW)
    with pytest.raises(StaleVersion):
        actions.stand_up(now[0].sitting, "", version=7, by=BY, now=NOW)


def test_who_may_not_sit(house: None) -> None:
    li = person("li", "police")
    found("fishery")
    chen = person("chen", "fishery")
    with pytest.raises(BadInput) as refused:
        sit("centre-duty", chen, "fishery")
    assert refused.value.values["reason"] == "not_a_member"
    with pytest.raises(BadInput) as refused:
        sit("centre-duty", li, "msa")
    assert refused.value.values["reason"] == "serves_not_there"
    sit("centre-duty", li, "police")
    with pytest.raises(WrongState) as elsewhere:
        sit("command-desk", li, "police")
    assert elsewhere.value.code == "sits_elsewhere"


def test_whoever_serves_no_longer_does_not_count(house: None) -> None:
    li = person("li", "police")
    sit("centre-duty", li, "police")
    held = queries.memberships(li, NOW)[0]
    actions.leave(held.id, version=held.version, by=BY, now=NOW + timedelta(hours=1))
    assert len(queries.on_desk("anji", NOW)) == 1
    assert queries.on_desk("anji", NOW + timedelta(hours=1)) == []


def test_a_member_that_leaves_leaves_its_desks(house: None) -> None:
    sit("centre-duty", person("li", "police"), "police")
    seat = next(m for m in queries.members("anji", TODAY) if m.agency == "police")
    actions.let_go(seat.seat, TODAY, "机构改革", version=seat.version, by=BY, now=NOW)
    assert kinds()[-3:] == ["AgencyLeft", "DeskLeft", "DeskUnattended"]
    journal.seal(NOW)
    left = next(f for f in journal.after(0) if f.kind == "alliance.AgencyLeft")
    assert left.body["desks"] == ["centre-duty"]
    stood = next(f for f in journal.after(0) if f.kind == "alliance.DeskLeft")
    assert (stood.cause, stood.body["reason"]) == (left.fact_id, "agency_left")


def test_work_goes_to_its_desk_or_upwards_to_where_somebody_sits(house: None) -> None:
    stations = [o for o in queries.structure("anji").offices(NOW).values() if o.kind == "station"]
    first = stations[0]
    actions.change_office(
        first.id, version=1, by=BY, now=NOW, name_zh="大余村站", name_en="Dayu", parent="centre",
        rank=first.rank, geometry=square(119.0, 30.0),
    )  # fmt: skip
    work = Work(domain="water", severity=3, lon=119.05, lat=30.05)
    nobody = queries.route("anji", work, NOW)
    assert (nobody.desk, nobody.attended) == ("station-1-desk", False)
    assert [(s.desk, s.why) for s in nobody.steps] == [
        ("station-1-desk", "station"),
        ("centre-duty", "above"),
    ]
    li = person("li", "police")
    held = sit("centre-duty", li, "police")
    assert queries.route("anji", work, NOW).desk == "centre-duty"
    actions.stand_up(held.sitting, "", version=1, by=BY, now=NOW)
    sit("station-1-desk", li, "police")
    assert queries.route("anji", work, NOW).steps[0].attended
    grave = queries.route("anji", Work(domain="water", severity=1, lon=119.05, lat=30.05), NOW)
    assert grave.steps[0].desk == "command-desk"
    nowhere = queries.route("anji", Work(domain="water", severity=3, lon=100.0, lat=30.0), NOW)
    assert nowhere.steps[0].desk == "governance-desk"


def test_routes_name_reaches_and_end(house: None) -> None:
    route = actions.set_route(
        "anji", "intelligence-desk", by=BY, now=NOW, rank=0, river="xitiao", km_from=12.0, km_to=3.0
    )
    there = Work(severity=3, river="xitiao", km=12.0)
    assert queries.route("anji", there, NOW).steps[0].desk == "intelligence-desk"
    assert (
        queries.route("anji", Work(severity=3, river="xitiao", km=12.1), NOW).steps[0].desk
        != "intelligence-desk"
    )
    with pytest.raises(StaleVersion):
        actions.end_route(route.id, version=3, by=BY, now=NOW)
    actions.end_route(route.id, version=1, by=BY, now=NOW + timedelta(hours=1))
    assert queries.route("anji", there, NOW + timedelta(hours=1)).steps[0].desk != "intelligence-desk"
    for wrong in ({"severity_from": 3, "severity_to": 2}, {"km_from": 1.0}, {"km_from": 1.0, "km_to": 2.0}):
        with pytest.raises(BadInput):
            actions.set_route("anji", None, by=BY, now=NOW, **wrong)  # type: ignore[arg-type]


def test_a_desk_closes_with_its_routes_and_whoever_sits_there(house: None) -> None:
    sit("intelligence-desk", person("li", "police"), "police")
    closing = desk("intelligence-desk")
    actions.close_desk(closing.id, version=closing.version, by=BY, now=NOW + timedelta(hours=1))
    later = NOW + timedelta(hours=1)
    assert queries.on_desk("anji", later) == []
    assert "intelligence-desk" not in queries.structure("anji").desks(later)
    assert "intelligence-desk" in queries.structure("anji").desks(NOW)
    assert queries.route("anji", Work(kind="clue", severity=3), later).steps[0].desk != "intelligence-desk"
    centre = queries.structure("anji").offices(NOW)["centre"]
    with pytest.raises(BadInput) as refused:
        actions.close_office(centre.id, version=1, by=BY, now=NOW)
    assert refused.value.values["reason"] == "others_below"
    with pytest.raises(BadInput):
        actions.change_office(
            centre.id, version=1, by=BY, now=NOW, name_zh="中心", name_en="C", parent="governance"
        )


@pytest.mark.parametrize(
    "plan", [{}, {"offices": [{"code": "aa"}]}, {"offices": 7}, [], {"offices": [{"no": 1}]}]
)
def test_a_plan_of_another_shape_is_refused(db: None, plan: Any) -> None:
    actions.found_alliance("anji", "生态警务", "Joint", "ring", date(2024, 1, 1), by=BY, now=NOW)
    with pytest.raises(BadInput):
        actions.set_up_structure("anji", plan, by=BY, now=NOW)


codes = st.integers(0, 5).map(lambda n: f"d{n}")


@st.composite
def houses(draw: st.DrawFn) -> tuple[Structure, dict[str, tuple[int, str | None]]]:
    """A house of at most six offices in a line or a tree, with desks and fallbacks as they come."""
    count = draw(st.integers(1, 6))
    parents = [None, *(draw(st.integers(0, n - 1)) for n in range(1, count))]
    offices = [
        Office(UUID(int=n), f"o{n}", "centre" if n == 0 else "station", "", "",
               None if parent is None else f"o{parent}", n, None, NOW, None, 1)
        for n, parent in enumerate(parents)
    ]  # fmt: skip
    placed = draw(st.dictionaries(codes, st.tuples(st.integers(0, count - 1), st.none() | codes), max_size=6))
    desks = [
        Desk(UUID(int=n), code, f"o{office}", "", "", n, False, fallback, None, NOW, None, 1)
        for n, (code, (office, fallback)) in enumerate(placed.items())
    ]
    routes = [
        Route(UUID(int=n), n, "", "", 1, 4, "", None, None, code, NOW, None, 1)
        for n, code in enumerate(sorted(placed)[:1])
    ]
    return Structure(offices, desks, routes), placed


@given(houses(), st.sets(codes))
def test_every_way_ends_and_visits_no_desk_twice(drawn: Any, attended: set[str]) -> None:
    house, placed = drawn
    routed = house.route(Work(), attended, NOW)
    way = [step.desk for step in routed.steps]
    assert len(way) == len(set(way))
    assert set(way) <= placed.keys()
    assert (routed.desk is None) == (not placed)
    if routed.attended:
        assert routed.desk in attended
        assert [step.attended for step in routed.steps] == [False] * (len(way) - 1) + [True]
    else:
        assert not attended & set(way)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 9) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["offices", "routes", "desks", "code", "kind", "name_zh", "name_en", "desk"]),
            inner,
        )
    ),
    max_leaves=12,
)


@given(json_values)
def test_whatever_is_given_as_a_plan_is_a_plan_or_not(plan: Any) -> None:
    if is_plan(plan):
        assert all(isinstance(office["code"], str) for office in plan["offices"])
        assert all("desk" in route for route in plan.get("routes", []))
