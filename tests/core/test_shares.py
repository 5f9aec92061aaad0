"""Sharing: what an agreement lets one agency see of another's, to the field and to the second."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import box

from jiangdun.core import access, geo, redaction
from jiangdun.core.access import Allowed, Asker, Denied, Grant
from jiangdun.core.datasets import DataSet
from jiangdun.core.labels import Label
from jiangdun.core.shares import REASONS, Share, State

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
WANG = Asker(UUID(int=1), "wang", "police", frozenset({"desk"}))
SHARE = Share(
    "annex-1",
    "agreement-1",
    provider="msa",
    consumer="police",
    data="units",
    fields=frozenset({"call_sign", "lon", "lat"}),
    valid_from=NOW - timedelta(days=1),
    valid_to=NOW + timedelta(days=1),
)
BOAT = {"data": "units", "agency": "msa"}
DATA = DataSet("units", "力量", "units", frozenset({"id"}), frozenset({"call_sign", "lon", "lat", "captain"}))


@pytest.fixture(autouse=True)
def _bound() -> Iterator[None]:
    held = access._bound.grants, access._bound.clearances
    access.bind({"desk": (Grant("units.read", "shared"),)}, {"desk": Label.SENSITIVE})
    access.bind_shares([SHARE])
    yield
    access.bind(*held)


def judge(thing: dict[str, Any], now: datetime = NOW) -> Allowed | Denied:
    return access.judge(WANG, "units.read", thing, now=now)


def test_what_is_ones_own_is_seen_whole() -> None:
    assert judge({"data": "units", "agency": "police"}) == Allowed(None)
    assert judge({"data": "units", "agency": "msa", "agencies": ("police", "msa")}) == Allowed(None)


def test_what_is_anothers_is_seen_by_a_share_and_only_the_fields_it_names() -> None:
    assert judge(BOAT) == Allowed(SHARE.fields, by=("annex-1",))
    assert judge({**BOAT, "agency": "customs"}) == Denied("not_shared")
    assert judge({**BOAT, "data": "incidents"}) == Denied("not_shared")
    assert judge({"data": "units"}) == Denied("not_shared")


def test_a_share_goes_one_way() -> None:
    access.bind_shares([replace(SHARE, provider="police", consumer="msa")])
    assert judge(BOAT) == Denied("not_shared")


@pytest.mark.parametrize("state", ["unsigned", "suspended", "dormant", "ended"])
def test_a_share_that_is_not_active_says_why(state: State) -> None:
    access.bind_shares([replace(SHARE, state=state)])
    assert judge(BOAT) == Denied(state)


def test_it_holds_from_its_first_moment_to_before_its_last() -> None:
    second = timedelta(seconds=1)
    assert judge(BOAT, SHARE.valid_from - second) == Denied("not_yet")
    assert judge(BOAT, SHARE.valid_from)
    assert judge(BOAT, SHARE.valid_to - timedelta(microseconds=1))
    assert judge(BOAT, SHARE.valid_to) == Denied("expired")


def test_an_area_covers_its_border_and_nothing_without_a_place() -> None:
    access.bind_shares([replace(SHARE, area=box(116, 29, 117, 30))])
    assert judge({**BOAT, "place": (116.5, 29.5)})
    assert judge({**BOAT, "place": (117.0, 30.0)})
    assert judge({**BOAT, "place": (117.0001, 30.0)}) == Denied("outside_area")
    assert judge(BOAT) == Denied("outside_area")


def test_a_delay_hides_what_is_too_fresh() -> None:
    access.bind_shares([replace(SHARE, delay_s=600)])
    assert judge({**BOAT, "at": NOW - timedelta(seconds=599)}) == Denied("too_fresh")
    assert judge({**BOAT, "at": NOW - timedelta(seconds=600)})
    assert judge(BOAT) == Denied("too_fresh")


def test_a_label_is_stronger_than_any_share_or_role() -> None:
    access.bind_shares([replace(SHARE, label=Label.RESTRICTED)])
    assert judge({**BOAT, "label": Label.SENSITIVE})
    assert judge({**BOAT, "label": Label.RESTRICTED}) == Denied("label")
    assert judge({"agency": "police", "label": Label.RESTRICTED}) == Denied("label")
    access.bind_shares([SHARE])
    assert judge({**BOAT, "label": Label.SENSITIVE}) == Denied("label")


def test_of_several_shares_the_widest_and_clearest_wins() -> None:
    coarse = replace(SHARE, id="a", fields=frozenset({"call_sign", "captain"}), masks={"captain": "name"})
    coarse = replace(coarse, precision_m=500)
    clear = replace(
        SHARE, id="b", fields=frozenset({"captain", "lon"}), masks={"lon": "place"}, precision_m=10
    )
    access.bind_shares([coarse, clear])
    shown = judge(BOAT)
    assert isinstance(shown, Allowed)
    assert shown.fields == {"call_sign", "captain", "lon"}
    assert dict(shown.masks) == {"lon": "place"}
    assert (shown.precision_m, shown.by) == (10, ("a", "b"))


def test_of_several_reasons_the_nearest_is_told() -> None:
    access.bind_shares([replace(SHARE, state="ended"), replace(SHARE, delay_s=60)])
    assert judge({**BOAT, "at": NOW}) == Denied("too_fresh")
    assert REASONS.index("ended") < REASONS.index("suspended") < REASONS.index("too_fresh")


def test_a_list_reads_only_whom_it_may_see() -> None:
    access.bind_shares([SHARE, replace(SHARE, provider="customs", state="suspended")])
    seen = access.visible(WANG, "units.read", "units", NOW)
    assert (seen.everything, seen.agencies) == (False, {"police", "msa"})
    later = access.visible(WANG, "units.read", "units", SHARE.valid_to)
    assert later.agencies == {"police"}
    assert access.visible(WANG, "units.paint", "units", NOW) == access.Visible(False)


def test_a_key_of_a_program_is_good_for_its_verbs_only() -> None:
    program = replace(WANG, scopes=frozenset({"board.view"}))
    assert access.judge(program, "units.read") == Denied("scope")
    assert access.verbs(program) == frozenset()


def test_a_field_nobody_thought_of_stays_hidden() -> None:
    row = {"id": 1, "call_sign": "760", "captain": "张三", "invented_tomorrow": "secret", "lon": 1.0}
    shown = redaction.redact(row, Allowed(SHARE.fields), DATA, lambda how, value: "*")
    assert shown == {"id": 1, "call_sign": "760", "lon": 1.0, "hidden": ["captain", "invented_tomorrow"]}
    unlisted = Allowed(frozenset({"invented_tomorrow"}))
    assert "invented_tomorrow" not in redaction.redact(row, unlisted, DATA, lambda how, value: "*")
    assert redaction.redact(row, Allowed(None), DATA, lambda how, value: "*") == {**row, "hidden": []}


def test_masks_reach_into_lists_and_leave_what_is_empty() -> None:
    allowed = Allowed(frozenset({"captain", "call_sign"}), {"captain": "name", "call_sign": "plate"})
    row = {"id": 1, "captain": ["张三", "李四"], "call_sign": ""}
    shown = redaction.redact(row, allowed, DATA, lambda how, value: f"{how}:{value[0]}*")
    assert (shown["captain"], shown["call_sign"]) == (["name:张*", "name:李*"], "")


@given(lon=st.floats(-179, 179), lat=st.floats(-80, 80), precision_m=st.integers(10, 50_000))
def test_a_coarse_place_is_near_and_rounds_to_itself(lon: float, lat: float, precision_m: int) -> None:
    at = redaction.coarse(lon, lat, precision_m)
    assert geo.distance_m(lon, lat, *at) <= precision_m * 0.75 + 1
    again = redaction.coarse(*at, precision_m)
    assert geo.distance_m(*at, *again) < 1


def test_to_see_is_not_to_act() -> None:
    access.bind({"desk": (Grant("alert.dismiss", "shared"), Grant("alerts.read", "shared"))})
    alert = {"data": "alerts", "agency": "msa"}
    access.bind_shares([replace(SHARE, data="alerts")])
    assert access.judge(WANG, "alerts.read", alert, now=NOW)
    assert access.judge(WANG, "alert.dismiss", alert, now=NOW) == Denied("only_seen")
    access.bind_shares([replace(SHARE, data="alerts", acts=frozenset({"alert.dismiss"}))])
    assert access.judge(WANG, "alert.dismiss", alert, now=NOW)
    assert access.judge(WANG, "alert.dismiss", {"data": "alerts", "agency": "police"}, now=NOW)


def test_what_has_parts_is_hidden_where_something_is_masked_or_coarse() -> None:
    data = DataSet(
        "x", "x", "x", frozenset({"id"}), frozenset({"fixes", "lon", "lat", "story", "names", "label"})
    )
    row = {
        "id": 1,
        "fixes": [{"lon": 115.654321}],
        "story": [{"label": "张三"}],
        "names": ["张三", {"name": "李四"}],
        "lon": 115.654321,
        "lat": 29.854321,
        "label": "苏L12345",
    }
    every = frozenset(data.fields)
    coarse = redaction.redact(row, Allowed(every, precision_m=1_000), data, lambda how, value: "*")
    assert coarse["hidden"] == ["fixes", "names", "story"]
    assert (coarse["lon"], coarse["lat"]) != (row["lon"], row["lat"])
    lone = redaction.redact(row, Allowed(frozenset({"lon"}), precision_m=1_000), data, lambda how, value: "*")
    assert "lon" not in lone
    masked = redaction.redact(
        row,
        Allowed(every, {"label": "plate", "names": "name", "story": "name"}),
        data,
        lambda how, value: "*",
    )
    assert (masked["label"], masked["names"]) == ("*", ["*"])
    assert "李四" not in str(masked)
    assert "张三" not in str(masked)


def test_what_the_clock_alone_ended_is_told_when_shares_are_bound_again() -> None:
    assert access.bind_shares([SHARE], NOW) == {"police"}
    assert access.bind_shares([SHARE], NOW) == frozenset()
    assert access.bind_shares([SHARE], SHARE.valid_to) == {"police"}
