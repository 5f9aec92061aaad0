"""Zone files: what is right is read whole, what is wrong says what to do."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiangdun.picture import zones
from jiangdun.picture.zone_faults import Fault
from jiangdun.picture.zones import ZONE_KINDS, read

SQUARE = [[116.0, 29.7], [116.1, 29.7], [116.1, 29.8], [116.0, 29.8], [116.0, 29.7]]


def feature(ring: Any = None, **properties: Any) -> dict[str, Any]:
    given_properties = {"kind": "anchorage", "name": "一号锚地"} | properties
    geometry = {"type": "Polygon", "coordinates": [SQUARE if ring is None else ring]}
    return {"type": "Feature", "properties": given_properties, "geometry": geometry}


def collection(*features: Any) -> str:
    return json.dumps({"type": "FeatureCollection", "features": list(features)}, ensure_ascii=False)


def faults_of(*features: Any) -> list[Fault]:
    return read(collection(*features))[1]


def test_a_zone_is_read_with_its_kind_names_validity_and_legal_basis():
    drafts, faults = read(
        collection(
            feature(
                zone_id="z1",
                name_en="Anchorage 1",
                valid_from="2026-03-01",
                valid_to="2026-07-01T00:00:00+08:00",
                legal_basis="长江干线航行规则",
                area6="360400",
            )
        )
    )
    assert not faults
    draft = drafts[0]
    assert (draft.zone_id, draft.kind, draft.name_zh, draft.name_en) == (
        "z1",
        "anchorage",
        "一号锚地",
        "Anchorage 1",
    )
    assert draft.valid_from == datetime(2026, 2, 28, 16, tzinfo=UTC), "a bare date is a day in China"
    assert draft.valid_to == datetime(2026, 6, 30, 16, tzinfo=UTC)
    assert draft.polygons[0][0][0] == (116.0, 29.7)


def test_an_axis_is_a_line_or_a_bearing_the_way_traffic_runs():
    drafts, faults = read(
        collection(feature(axis=[[116.0, 29.75], [116.1, 29.76]]), feature(zone_id="b", axis_deg=90))
    )
    assert not faults
    assert drafts[0].axis == ((116.0, 29.75), (116.1, 29.76))
    west, east = drafts[1].axis
    assert west[1] == east[1] == 29.75
    assert west[0] < 116.05 < east[0]
    plain = read(collection(feature()))[0][0]
    assert plain.axis == ()
    assert len({draft.digest for draft in (plain, *drafts)}) == 3


@pytest.mark.parametrize(
    ("given_properties", "code"),
    [
        ({"axis": [[116, 29.7]]}, "bad_axis"),
        ({"axis": [[116, 29.7], [116, 29.7]]}, "bad_axis"),
        ({"axis": "north"}, "bad_axis"),
        ({"axis": [[116, 29.7], [29.7, 116]]}, "swapped"),
        ({"axis_deg": 360}, "bad_bearing"),
        ({"axis_deg": "90"}, "bad_bearing"),
        ({"axis_deg": True}, "bad_bearing"),
        ({"axis_deg": 90, "axis": [[116, 29.7], [116.1, 29.7]]}, "two_axes"),
    ],
)
def test_an_axis_that_is_none_says_what_to_do(given_properties, code):
    found = faults_of(feature(**given_properties))
    assert [fault.code for fault in found] == [code]
    assert found[0].say("zh")
    assert found[0].say("en")


def test_a_chinese_kind_name_means_its_code():
    drafts, faults = read(collection(feature(kind="横驶区")))
    assert not faults
    assert drafts[0].kind == "crossing-area"


@pytest.mark.parametrize(
    ("ring", "code"),
    [
        ([[116, 29.7], [116.1, 29.8], [116.1, 29.7], [116, 29.8], [116, 29.7]], "self_crossing"),
        (SQUARE[:-1], "not_closed"),
        ([[y, x] for x, y in SQUARE], "swapped"),
        ([[30.0, 80.0], [30.1, 80.0], [30.1, 80.1], [30.0, 80.0]], "swapped"),
        ([[190, 29.7], [190.1, 29.7], [190.1, 29.8], [190, 29.7]], "outside_world"),
        ([[116, 29.7], [116.1, 29.7], [116, 29.7]], "too_few"),
        ([[116, 29.7], [116.1, 29.7], [116.2, 29.7], [116, 29.7]], "self_crossing"),
        ([[116, 29.7], [116.1, "29.7"], [116.2, 29.8], [116, 29.7]], "bad_position"),
        ([[116, 29.7], [116.1], [116.2, 29.8], [116, 29.7]], "bad_position"),
        ([[116, 29.7], [True, 29.7], [116.2, 29.8], [116, 29.7]], "bad_position"),
        ([[116, 29.7], [116 + 1e-7, 29.7], [116 + 1e-7, 29.7 + 1e-7], [116, 29.7]], "too_thin"),
        ("ring", "bad_position"),
    ],
)
def test_a_wrong_shape_names_its_fault(ring: Any, code: str):
    assert [fault.code for fault in faults_of(feature(ring))] == [code]


def test_swapped_axes_show_the_position_as_it_should_be():
    fault = faults_of(feature([[y, x] for x, y in SQUARE]))[0]
    assert fault.say("en") == (
        "feature 1 “一号锚地”: position [29.7, 116] has latitude first; write [116, 29.7]"
    )
    assert "经纬度颠倒,应为 [116, 29.7]" in fault.say("zh")


def test_an_unknown_kind_is_answered_with_the_nearest_ones():
    assert "anchorage" in faults_of(feature(kind="anchorige"))[0].say("en")
    assert "anchorage" in faults_of(feature(kind="锚泊地"))[0].hint
    assert faults_of(feature(kind="qqqq"))[0].hint == ", ".join(ZONE_KINDS)


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"kind": None}, "no_kind"),
        ({"kind": 7}, "not_words"),
        ({"name": ""}, "no_name"),
        ({"name": "江" * 201}, "too_long"),
        ({"valid_from": "next spring"}, "bad_date"),
        ({"valid_from": "2026-03-01", "valid_to": "2026-02-01"}, "empty_validity"),
        ({"valid_from": "0001-01-01"}, "bad_date"),
        ({"area6": "12345"}, "bad_area6"),
        ({"legal_basis": ["law"]}, "not_words"),
        ({"legal_basis": 1.5}, "not_words"),
    ],
)
def test_a_wrong_property_names_its_fault(properties: dict[str, Any], code: str):
    assert [fault.code for fault in faults_of(feature(**properties))] == [code]


def test_every_feature_that_is_wrong_is_named_and_counted_from_one():
    faults = faults_of(feature(zone_id="a"), feature(SQUARE[:-1]), feature(kind="x"), feature(zone_id="a"), 5)
    assert [(fault.feature, fault.code) for fault in faults] == [
        (2, "not_closed"),
        (3, "unknown_kind"),
        (4, "same_id"),
        (5, "not_feature"),
    ]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not_json"),
        (b"\xff\xfe{", "not_text"),
        ("[" * 100_000, "not_json"),
        ('{"type":"FeatureCollection","features":[NaN]}', "not_json"),
        ("[]", "not_collection"),
        ('{"type":"Feature"}', "not_collection"),
        ('{"type":"FeatureCollection","features":[]}', "empty"),
        ('{"type":"FeatureCollection","features":{"a":1}}', "empty"),
        (
            '{"type":"FeatureCollection","crs":{"properties":{"name":"EPSG:2436"}},"features":[1]}',
            "wrong_datum",
        ),
        ("\ud800", "not_text"),
        ("9" * 5_000, "not_json"),
    ],
)
def test_a_wrong_file_is_refused_as_a_whole(data: str | bytes, code: str):
    drafts, faults = read(data)
    assert not drafts
    assert [(fault.feature, fault.code) for fault in faults] == [(0, code)]
    assert faults[0].say("zh")
    assert faults[0].say("en")


def test_limits_on_size_features_and_vertices(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(zones, "MAX_IMPORT_BYTES", 2_000)
    assert read("x" * 2_001)[1][0].code == "too_big"
    monkeypatch.setattr(zones, "MAX_FEATURES", 2)
    assert read(collection(1, 2, 3))[1][0].code == "too_many"
    monkeypatch.setattr(zones, "MAX_ZONE_VERTICES", 4)
    assert faults_of(feature())[0].code == "too_many_vertices"
    monkeypatch.setattr(zones, "MAX_ZONE_VERTICES", 100)
    monkeypatch.setattr(zones, "MAX_VERTICES", 9)
    assert faults_of(feature(zone_id="a"), feature(zone_id="b"))[0].code == "too_many_vertices"
    monkeypatch.setattr(zones, "MAX_FAULTS", 1)
    assert len(faults_of(1, 2)) == 1


def test_cgcs2000_is_taken_as_wgs84():
    document = json.loads(collection(feature()))
    document["crs"] = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}
    assert not read(json.dumps(document))[1]


def test_a_hole_outside_its_zone_is_refused():
    hole = [[x + 1, y] for x, y in SQUARE]
    wrong = feature()
    wrong["geometry"]["coordinates"].append(hole)
    assert faults_of(wrong)[0].code == "self_crossing"


def test_a_line_or_point_is_told_to_become_an_area():
    wrong = feature()
    wrong["geometry"] = {"type": "LineString", "coordinates": SQUARE}
    assert faults_of(wrong)[0].code == "not_area"


def test_the_digest_is_of_everything_in_the_zone():
    plain = read(collection(feature(zone_id="a")))[0][0]
    same = read(collection(feature(zone_id="a")))[0][0]
    other = read(collection(feature(zone_id="a", legal_basis="law")))[0][0]
    assert plain.digest == same.digest != other.digest


def test_every_kind_has_both_names():
    assert all(zh and en for zh, en in ZONE_KINDS.values())
    assert len({zh for zh, _ in ZONE_KINDS.values()}) == len(ZONE_KINDS)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(
            st.sampled_from(["type", "kind", "name", "coordinates", "geometry", "properties", "id", "area6"]),
            inner | st.sampled_from(["Polygon", "MultiPolygon", "anchorage", "Feature"]),
            max_size=6,
        )
    ),
    max_leaves=30,
)


@given(st.lists(json_values, min_size=1, max_size=4))
def test_any_features_give_drafts_or_sentences_and_never_an_exception(features: list[Any]):
    drafts, faults = read(json.dumps({"type": "FeatureCollection", "features": features}))
    assert len(drafts) + len(faults) >= 1
    assert all(fault.say("zh") and fault.say("en") for fault in faults)


@given(json_values, json_values, st.lists(st.lists(st.floats() | st.integers(), max_size=3), max_size=6))
def test_any_geometry_gives_drafts_or_sentences(kind: Any, identity: Any, ring: list[Any]):
    wrong = feature(ring, zone_id=identity)
    wrong["id"] = kind
    _, faults = read(json.dumps({"type": "FeatureCollection", "features": [wrong]}))
    assert all(fault.say("zh") and fault.say("en") for fault in faults)


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_noise_is_refused_with_one_sentence(noise: bytes | str):
    drafts, faults = read(noise)
    assert not drafts
    assert len(faults) == 1


def test_a_legal_basis_may_be_a_list_of_laws_and_articles():
    draft = read(
        collection(feature(legal_basis=[{"law": "长江保护法", "article": "第二十八条"}, {"law": "B"}]))
    )[0][0]
    assert draft.legal_basis == "长江保护法 第二十八条; B"
