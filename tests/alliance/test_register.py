"""Agencies' contacts, areas and powers; and who may do what where, against a slow twin."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from jiangdun.alliance import actions, queries
from jiangdun.alliance.powers import Area, Holding, Power, PowerMap
from jiangdun.core import actions as core
from jiangdun.core import journal
from jiangdun.core.shapes import polygons_of, shape_of
from jiangdun.core.trouble import BadInput, NotFound, StaleVersion

from .ground import BY, DAY, NOW, found, square

LAW = "中华人民共和国长江保护法"


def give(agency: str, act: str = "fine", **more: Any) -> Power:
    return actions.give_power(agency, act, LAW, by=BY, now=NOW, **more)


def draw(agency: str, geometry: object, **more: Any) -> Area:
    return actions.draw_area(agency, "辖区", "Area", geometry, by=BY, now=NOW, **more)


def names(found: list[Holding]) -> list[str]:
    return [holding.power.agency for holding in found]


@pytest.mark.django_db
def test_contacts_are_the_offices_and_change_under_a_version() -> None:
    found("demo-police")
    changed = actions.change_agency(
        "demo-police", {"duty_phone": "0511-110", "radio": "VHF 9"}, version=1, by=BY, now=NOW
    )
    assert (changed.duty_phone, changed.radio, changed.version) == ("0511-110", "VHF 9", 2)
    with pytest.raises(StaleVersion):
        actions.change_agency("demo-police", {"radio": "VHF 6"}, version=1, by=BY, now=NOW)
    same = actions.change_agency("demo-police", {"radio": "VHF 9"}, version=2, by=BY, now=NOW)
    assert same.version == 2
    for wrong in ({"duty_phone": "call me"}, {"name_zh": ""}, {"boss": "x"}, {"address": "\ud800"}):
        with pytest.raises(BadInput):
            actions.change_agency("demo-police", wrong, version=2, by=BY, now=NOW)
    journal.seal(NOW)
    body = next(f.body for f in journal.after(0) if f.kind == "alliance.AgencyChanged")
    assert body["changed"] == ["duty_phone", "radio"]


@pytest.mark.django_db
def test_a_border_belongs_to_both_sides() -> None:
    found("west", "east")
    draw("west", square(119.0, 32.0))
    draw("east", square(119.1, 32.0))
    give("west")
    give("east")
    assert names(queries.who("fine", 119.05, 32.05, NOW)) == ["west"]
    assert names(queries.who("fine", 119.1, 32.05, NOW)) == ["east", "west"]
    assert names(queries.who("fine", 119.1, 32.1, NOW)) == ["east", "west"]  # the corner
    assert names(queries.who("fine", 118.9, 32.05, NOW)) == []
    assert names(queries.who("board", 119.05, 32.05, NOW)) == []


@pytest.mark.django_db
def test_field_area_and_time_all_count() -> None:
    found("fishery")
    lake = draw("fishery", square(119.0, 32.0), domain="water")
    draw("fishery", square(119.5, 32.0), valid_to=NOW + DAY)
    give("fishery", domain="water", valid_from=NOW)
    give("fishery", "board", area=lake.id)
    ask = queries.who
    assert ask("fine", 119.05, 32.05, NOW, "water")
    assert ask("fine", 119.05, 32.05, NOW)
    assert not ask("fine", 119.05, 32.05, NOW, "mine")
    assert not ask("fine", 119.05, 32.05, NOW - timedelta(seconds=1), "water")
    assert ask("fine", 119.55, 32.05, NOW, "water")
    assert not ask("fine", 119.55, 32.05, NOW + DAY, "water")
    assert ask("board", 119.05, 32.05, NOW)
    assert not ask("board", 119.55, 32.05, NOW)


@pytest.mark.django_db
def test_an_answer_is_never_older_than_the_register() -> None:
    found("aa")
    area = draw("aa", square(119.0, 32.0))
    power = give("aa")
    assert names(queries.who("fine", 119.05, 32.05, NOW)) == ["aa"]
    ended = actions.end_power(power.id, version=power.version, by=BY, now=NOW + DAY)
    assert names(queries.who("fine", 119.05, 32.05, NOW)) == ["aa"]  # it did hold then
    assert names(queries.who("fine", 119.05, 32.05, NOW + DAY)) == []
    with pytest.raises(NotFound):
        actions.end_power(power.id, version=ended.version, by=BY, now=NOW + 2 * DAY)
    with pytest.raises(StaleVersion):
        actions.end_area(area.id, version=5, by=BY, now=NOW)
    give("aa", valid_from=NOW + DAY)
    assert names(queries.who("fine", 119.05, 32.05, NOW + DAY)) == ["aa"]
    actions.end_area(area.id, version=area.version, by=BY, now=NOW + 2 * DAY)
    assert names(queries.who("fine", 119.05, 32.05, NOW + 3 * DAY)) == []


@pytest.mark.django_db
def test_what_is_wrong_with_an_area_is_said() -> None:
    found("aa", "ab")
    bow = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}
    for geometry, code in (
        (bow, "self_crossing"),
        ({"type": "Point", "coordinates": [1, 2]}, "not_area"),
        (square(32.0, 119.0), "swapped"),
        (None, "not_area"),
    ):
        with pytest.raises(actions.AreaRefused) as refused:
            draw("aa", geometry)
        assert refused.value.values["faults"][0]["code"] == code
    other = draw("ab", square(119.0, 32.0))
    with pytest.raises(NotFound):
        give("aa", area=other.id)
    with pytest.raises(BadInput):
        give("aa", "fly")
    with pytest.raises(BadInput):
        draw("aa", square(119.0, 32.0), valid_to=NOW)


@pytest.mark.django_db
def test_acts_are_data() -> None:
    found("aa")
    acts = [*queries.acts(NOW), {"code": "fly", "zh": "放飞", "en": "fly a drone"}]
    core.set_parameter("alliance.acts", acts, by=BY, now=NOW)
    assert give("aa", "fly").act == "fly"
    with pytest.raises(BadInput):
        core.set_parameter("alliance.acts", [{"code": "x"}], by=BY, now=NOW)


def slow_who(
    areas: list[Area], powers: list[Power], act: str, lon: float, lat: float, at: Any, domain: str | None
) -> set[tuple[UUID, UUID]]:
    """(power, area) pairs by going through everything."""
    found = set()
    for power in powers:
        for area in areas:
            own = power.agency == area.agency and power.act == act
            then = all(
                one.valid_from <= at and (one.valid_to is None or at < one.valid_to) for one in (power, area)
            )
            field = all(domain is None or one.domain in ("", domain) for one in (power, area))
            there = shape_of(area.polygons).covers(shapely.Point(lon, lat))
            meant = (
                power.area == area.id if power.area else not power.domain or area.domain in ("", power.domain)
            )
            if own and then and field and there and meant:
                found.add((power.id, area.id))
    return found


corner = st.integers(0, 6)
when = st.integers(0, 5)
area_values = st.tuples(
    st.sampled_from("ab"),
    corner,
    corner,
    st.integers(1, 3),
    st.sampled_from(["", "x", "y"]),
    when,
    st.none() | when,
)
power_values = st.tuples(
    st.sampled_from("ab"), st.sampled_from(["", "x"]), st.none() | st.integers(0, 3), when, st.none() | when
)


@given(
    st.lists(area_values, max_size=6),
    st.lists(power_values, max_size=6),
    corner,
    corner,
    when,
    st.sampled_from([None, "x", "y"]),
)
def test_the_map_answers_like_its_slow_twin(
    drawn: list[Any], given_powers: list[Any], x: int, y: int, hour: int, domain: str | None
) -> None:
    def moment(h: int | None) -> Any:
        return None if h is None else NOW + timedelta(hours=h)

    areas = [
        Area(
            UUID(int=n), agency, "", "", field, polygons_of(square(110 + cx, 30 + cy, side)), "",
            moment(start), moment(end), 1,
        )
        for n, (agency, cx, cy, side, field, start, end) in enumerate(drawn)
    ]  # fmt: skip
    powers = [
        Power(
            UUID(int=100 + n), agency, "fine", "", "", field,
            areas[index].id if index is not None and index < len(areas) else None, "", moment(start),
            moment(end), 1,
        )
        for n, (agency, field, index, start, end) in enumerate(given_powers)
    ]  # fmt: skip
    powers = [p for p in powers if p.area is None or areas[p.area.int].agency == p.agency]
    asked = ("fine", 110.0 + x, 30.0 + y, moment(hour), domain)
    quick = {(h.power.id, area.id) for h in PowerMap(areas, powers).who(*asked) for area in h.areas}
    assert quick == slow_who(areas, powers, *asked)
