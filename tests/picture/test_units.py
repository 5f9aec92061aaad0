"""Units and zones in the tables: what is added, changed, imported, and what is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from jiangdun.alliance import actions as alliance
from jiangdun.core import journal
from jiangdun.core.journal import By
from jiangdun.core.trouble import AlreadyThere, BadInput, NotFound, OverLimit, StaleVersion
from jiangdun.feeds.columns import track_id
from jiangdun.picture import actions, queries
from jiangdun.picture.actions import ZonesRefused

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)
BY = By(person="p1", agency="msa")
SQUARE = [[116.0, 29.7], [116.1, 29.7], [116.1, 29.8], [116.0, 29.8], [116.0, 29.7]]


@pytest.fixture(autouse=True)
def _agency() -> None:
    alliance.found_agency("msa", "演示海事", "Demo MSA", "water", by=BY, now=NOW, demo=True)


def kinds(subject: str) -> list[str]:
    journal.seal(NOW)
    return [fact.kind for fact in journal.about(subject)]


def file_of(*zones: dict[str, Any]) -> str:
    features = [
        {
            "type": "Feature",
            "properties": {"kind": "anchorage", "name_zh": "锚地", "name_en": "Anchorage"} | zone,
            "geometry": {"type": "Polygon", "coordinates": [zone.get("ring", SQUARE)]},
        }
        for zone in zones
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)


def test_a_unit_is_added_with_the_track_its_terminal_is_heard_under():
    boat = actions.add_unit(
        "msa",
        "海巡01",
        "boat",
        by=BY,
        now=NOW,
        crew=4,
        capabilities=["tow", "search"],
        source="ais",
        ident="413000001",
    )
    assert (boat.track, boat.state, boat.capabilities) == (413_000_001, "standby", ("search", "tow"))
    car = actions.add_unit("msa", "海巡车1", "car", by=BY, now=NOW, source="jt808", ident="013900000001")
    assert car.track == track_id("jt808", "013900000001")
    assert [unit.call_sign for unit in queries.units("msa")] == ["海巡01", "海巡车1"]
    assert queries.units("police") == []
    assert kinds(f"unit:{boat.id}") == ["picture.UnitAdded"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"call_sign": " "}, "call_sign"),
        ({"kind": "submarine"}, "kind"),
        ({"state": "asleep"}, "state"),
        ({"crew": -1}, "crew"),
        ({"capabilities": [""]}, "capabilities"),
        ({"source": "ais", "ident": "12"}, "ident"),
        ({"source": "ais", "ident": "４１３０００００１"}, "ident"),
        ({"source": "ais"}, "ident"),
    ],
)
def test_a_unit_that_cannot_be_is_refused_by_field(changes: dict[str, Any], field: str):
    given = {"agency": "msa", "call_sign": "海巡01", "kind": "boat"} | changes
    with pytest.raises(BadInput) as refused:
        actions.add_unit(**given, by=BY, now=NOW)
    assert refused.value.values["field"] == field
    assert not queries.units()


def test_a_call_sign_or_terminal_is_used_once():
    actions.add_unit("msa", "海巡01", "boat", by=BY, now=NOW, source="ais", ident="413000001")
    with pytest.raises(AlreadyThere):
        actions.add_unit("msa", "海巡01", "car", by=BY, now=NOW)
    with pytest.raises(AlreadyThere):
        actions.add_unit("msa", "海巡02", "boat", by=BY, now=NOW, source="ais", ident="413000001")
    with pytest.raises(NotFound):
        actions.add_unit("nobody", "海巡03", "boat", by=BY, now=NOW)
    assert len(queries.units()) == 1


def test_a_units_state_is_a_fact_and_saying_it_twice_is_one():
    unit = actions.add_unit("msa", "海巡01", "boat", by=BY, now=NOW)
    for _ in range(2):
        changed = actions.set_unit_state(unit.id, "off", by=BY, now=NOW)
    assert (changed.state, changed.version) == ("off", 2)
    assert kinds(f"unit:{unit.id}") == ["picture.UnitAdded", "picture.UnitStateSet"]
    with pytest.raises(StaleVersion):
        actions.set_unit_state(unit.id, "standby", by=BY, now=NOW, version=1)
    with pytest.raises(BadInput):
        actions.set_unit_state(unit.id, "flying", by=BY, now=NOW)
    with pytest.raises(NotFound):
        actions.set_unit_state(uuid4(), "off", by=BY, now=NOW)


def test_an_import_draws_new_zones_and_new_versions_of_changed_ones_only():
    first = actions.import_zones(file_of({"zone_id": "a"}, {"zone_id": "b"}), by=BY, now=NOW)
    assert (first.features, first.drawn, first.same) == (2, ("a", "b"), 0)
    again = actions.import_zones(file_of({"zone_id": "a"}, {"zone_id": "b"}), by=BY, now=NOW)
    assert (again.drawn, again.same) == ((), 2)
    later = NOW + timedelta(days=1)
    changed = actions.import_zones(
        file_of({"zone_id": "a", "legal_basis": "新规"}, {"zone_id": "b"}), by=BY, now=later
    )
    assert (changed.drawn, changed.same) == (("a",), 1)
    assert [(spec.zone_id, spec.version) for spec in queries.zone_specs(later)] == [("a", 2), ("b", 1)]
    assert kinds("zone:a") == ["picture.ZoneDrawn", "picture.ZoneDrawn"]


def test_what_the_engine_gets_is_what_was_drawn_snapped_and_with_its_validity():
    ring = [[116.00000012, 29.7], [116.1, 29.7], [116.1, 29.8], [116.00000012, 29.7]]
    actions.import_zones(
        file_of({"zone_id": "a", "ring": ring, "valid_from": "2026-12-01T00:00:00Z"}), by=BY, now=NOW
    )
    [spec] = queries.zone_specs(NOW)
    ring_kept = ((116.0, 29.7), (116.1, 29.7), (116.1, 29.8), (116.0, 29.7))
    assert spec.polygons == ((ring_kept,),)
    assert spec.valid_from_ms == 1_796_083_200_000
    assert spec.valid_to_ms == 2**62
    assert spec.agency == "msa", "a file that names no agency means the importer's"


def test_zones_that_have_ended_are_not_shown_but_kept():
    actions.import_zones(file_of({"zone_id": "a", "valid_to": "2026-12-01T00:00:00Z"}), by=BY, now=NOW)
    after_it = datetime(2026, 12, 1, tzinfo=UTC)
    assert queries.zone_specs(NOW)
    assert not queries.zone_specs(after_it)
    assert not queries.zones_geojson("zh", after_it)["features"]
    assert queries.zone("a").zone_id == "a"


def test_geojson_comes_back_in_the_askers_language_and_can_be_imported_again():
    actions.import_zones(file_of({"zone_id": "a", "area6": "421182", "axis_deg": 90}), by=BY, now=NOW)
    zh, en = (queries.zones_geojson(lang, NOW)["features"][0] for lang in ("zh-hans", "en"))
    assert (zh["properties"]["name"], zh["properties"]["kind_name"]) == ("锚地", "锚地")
    assert (en["properties"]["name"], en["properties"]["kind_name"]) == ("Anchorage", "anchorage")
    assert zh["geometry"]["coordinates"] == [[SQUARE]]
    assert queries.area6_of("a") == "421182"
    [west, east] = queries.zone("a").axis
    assert (west[1] == east[1], west[0] < east[0]) == (True, True)
    assert zh["properties"]["axis"] == [list(west), list(east)]
    assert queries.area6_of("nowhere") == ""
    back = actions.import_zones(json.dumps(queries.zones_geojson("zh", NOW)), by=BY, now=NOW)
    assert (back.features, back.same) == (1, 1)


def test_one_wrong_feature_and_nothing_is_imported():
    with pytest.raises(ZonesRefused) as refused:
        actions.import_zones(file_of({"zone_id": "a"}, {"zone_id": "b", "kind": "anchorige"}), by=BY, now=NOW)
    values = refused.value.values
    assert values["count"] == 1
    [fault] = values["faults"]
    assert (fault["feature"], fault["code"]) == (2, "unknown_kind")
    assert "anchorage" in fault["en"]
    assert "未知类别" in fault["zh"]
    assert not queries.zone_specs(NOW)
    with pytest.raises(ZonesRefused) as refused:
        actions.import_zones(file_of({"agency": "nobody"}), by=BY, now=NOW)
    assert refused.value.values["faults"][0]["code"] == "unknown_agency"


def test_more_zones_than_may_be_in_force_are_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(actions, "ZONES_MAX", 1)
    actions.import_zones(file_of({"zone_id": "a"}), by=BY, now=NOW)
    with pytest.raises(OverLimit):
        actions.import_zones(file_of({"zone_id": "b"}), by=BY, now=NOW)
    assert [spec.zone_id for spec in queries.zone_specs(NOW)] == ["a"]
