"""The day's work through the front door: from an alert to a closed incident, by the right people only."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from jiangdun.core import clock, journal
from jiangdun.core.readers import Reader
from jiangdun.feeds.columns import track_id
from jiangdun.picture import actions as picture
from jiangdun.picture.units import UnitRecord
from jiangdun.response import actions as response
from jiangdun.watch import actions as watch
from jiangdun.watch import spool
from jiangdun.watch.rules import AlertEvent, ZoneSpec, read
from jiangdun.watch.rules.spec import FixSeen
from jiangdun.web.live import live

from .conftest import OURS, SYSTEM, THEIRS, Browser, Ears, Enter

RULE = """\
rule: dike-stay
title: {zh: 滞留顺坝, en: Staying at the dike}
domain: traffic
owner: river-police
severity: %s
watch: vessel
when: {inside: danger-dike, for: 3 min}
incident: %s
legal: [{law: 航行规则, article: 第三条}]
"""
ZONE = ZoneSpec(
    "z1", 1, "danger-dike", "演示顺坝", "Demo dike", ((((115.6, 29.8), (115.7, 29.8), (115.7, 29.9)),),)
)
Raise = Callable[..., None]


@pytest.fixture
def warn(enter: Enter) -> Raise:
    """Raises an alert as the engine's spool would, and lets response take it in."""
    reader = Reader("response", response.READS)

    def go(episode: str, severity: str = "II", incident: str = "auto") -> None:
        now = clock.now()
        fired = int(now.timestamp() * 1000)
        spec = read(RULE % (severity, incident), "dike.yaml")
        event = AlertEvent(
            episode=episode,
            settled=False,
            verdict="raised",
            rule=spec.name,
            rule_version=1,
            track=413_950_001,
            zone_id="z1",
            started_at_ms=fired - 190_000,
            fired_at_ms=fired,
            log_position=7,
            values={"speed_kn": 8.3, "stayed_s": 190.0},
            fixes=(FixSeen(fired, 69_390_600, 17_910_300, 83, 65_535),),
        )
        watch.take_event(spool.from_line(spool.to_line(event, spec, ZONE, "演示货船")), 1, now)
        journal.seal(now)
        reader.run_once()
        journal.seal(now)

    return go


@pytest.fixture
def boat(enter: Enter, now: datetime) -> UnitRecord:
    enter("desk")  # the agencies are there
    return picture.add_unit(
        OURS, "艇01", "boat", by=SYSTEM, now=now, crew=3, source="jt808", ident="13900000001"
    )


def board(browser: Browser) -> Any:
    answer = browser.get("/api/board")
    assert answer.status == 200, answer.body
    return answer.body


def test_the_board_shows_what_there_is(enter: Enter, warn: Raise, boat: UnitRecord, ears: Ears) -> None:
    warn("e1")
    warn("e2", "III", "triage")
    track = str(track_id("jt808", "13900000001"))
    ears.answers["handles"] = {"413950001": 12}
    ears.answers["sources"] = [{"code": "ais", "state": "heard", "last_heard_ms": 5}]
    live.pulse(
        {"t_ms": 1, "units": {track: {"handle": 3, "lon": 115.65, "lat": 29.85, "heard_at_ms": 1_000}}}
    )
    shown = board(enter("desk"))
    assert shown["cursor"] == journal.head()
    assert shown["demo"] is True
    assert shown["me"]["agency"] == OURS
    assert [(a["code"], a["index"]) for a in shown["agencies"]] == [(THEIRS, 2), (OURS, 1)]
    assert {a["episode"]: a["handle"] for a in shown["alerts"]} == {"e1": 12, "e2": 12}
    assert [c["episode"] for c in shown["clues"]] == ["e2"]
    assert [i["episode"] for i in shown["incidents"]] == ["e1"]
    clocks = shown["incidents"][0]["clocks"]
    assert [(c["clock"], c["limit_s"], c["amber_share"]) for c in clocks] == [
        ("sign", 60, 0.7),
        ("notify", 180, 0.7),
        ("arrive", 600, 0.7),
    ]
    unit = shown["units"][0]
    assert (unit["call_sign"], unit["track"], unit["handle"], unit["lon"]) == ("艇01", track, 3, 115.65)
    assert unit["heard_at"] == "1970-01-01T00:00:01Z"
    assert shown["sources"][0]["state"] == "heard"


def test_an_alert_says_why_where_and_by_which_law(enter: Enter, warn: Raise) -> None:
    browser = enter("desk")
    analyst, other = enter("analyst"), enter("duty_commander")
    assert analyst.post("/api/rules", {"yaml": RULE % ("II", "auto")}).status == 200
    warn("e1")
    alert = browser.get("/api/alerts/e1").body
    assert alert["severity"] == 2
    assert alert["why_zh"]
    assert alert["why_en"]
    assert alert["track"] == "413950001"
    assert alert["fixes"][0]["lon"] == pytest.approx(115.651)
    assert (alert["fixes"][0]["sog"], alert["fixes"][0]["cog"]) == (8.3, None)
    assert alert["legal"] == [{"law": "航行规则", "article": "第三条"}]
    assert other.get("/api/rules").body[0]["said_zh"]


def test_from_an_alert_to_a_closed_incident(enter: Enter, warn: Raise, boat: UnitRecord) -> None:
    warn("e1")
    desk, field, commander = enter("desk"), enter("field"), enter("duty_commander")
    incident = board(desk)["incidents"][0]
    where = f"/api/incidents/{incident['id']}"
    assert (incident["state"], incident["next_step"]) == ("new", "sign")

    incident = desk.post(f"{where}/sign", {"version": incident["version"]}).body
    assert incident["state"] == "signed"
    incident = desk.post(f"{where}/assign", {"version": incident["version"], "unit_id": str(boat.id)}).body
    assert incident["state"] == "dispatched"
    order = incident["assignments"][0]["id"]
    for step, state in (("order-acknowledged", "dispatched"), ("depart", "en_route"), ("arrive", "on_scene")):
        answer = field.post(f"{where}/{step}", {"version": incident["version"], "assignment_id": order})
        assert answer.status == 200, answer.body
        incident = answer.body
        assert incident["state"] == state
    assert [c["on_time"] for c in incident["clocks"]] == [True, True, True]
    incident = desk.post(
        f"{where}/dispose",
        {
            "version": incident["version"],
            "result": "warned",
            "evidence": [{"kind": "alert", "ref": "e1"}],
        },
    ).body
    assert incident["state"] == "awaiting_review"
    incident = commander.post(f"{where}/review", {"version": incident["version"], "passed": True}).body
    assert (incident["state"], incident["next_step"], incident["timeline"]) == ("closed", None, None)
    incident = desk.get(where).body
    told = [line["kind"] for line in incident["timeline"]]
    assert told[0] == "watch.AlertRaised"
    assert told[-1] == "response.IncidentClosed"
    assert board(desk)["incidents"] == []
    assert desk.get("/api/incidents?state=closed").body[0]["id"] == incident["id"]


def test_who_handled_it_does_not_review_it(enter: Enter, warn: Raise, boat: UnitRecord) -> None:
    warn("e1")
    one = enter("duty_commander", lang="en")
    incident = board(one)["incidents"][0]
    where = f"/api/incidents/{incident['id']}"
    incident = one.post(f"{where}/sign", {"version": incident["version"]}).body
    incident = one.post(f"{where}/assign", {"version": incident["version"], "unit_id": str(boat.id)}).body
    order = {"assignment_id": incident["assignments"][0]["id"]}
    incident = one.post(f"{where}/arrive", {"version": incident["version"], **order}).body
    incident = one.post(
        f"{where}/dispose",
        {"version": incident["version"], "result": "gone", "no_evidence_reason": "nobody there"},
    ).body
    answer = one.post(f"{where}/review", {"version": incident["version"], "passed": True})
    assert (answer.status, answer.body["code"]) == (403, "not_yours")
    assert "another person" in answer.body["text"]


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_the_slower_of_two_desks_is_told_so(enter: Enter, warn: Raise, lang: str) -> None:
    warn("e1")
    quick, slow = enter("desk"), enter("duty_commander", lang=lang)
    incident = board(slow)["incidents"][0]
    where = f"/api/incidents/{incident['id']}/sign"
    assert quick.post(where, {"version": incident["version"]}).status == 200
    answer = slow.post(where, {"version": incident["version"]})
    assert (answer.status, answer.body["code"]) == (409, "already_signed")
    assert answer.body["text"].isascii() == (lang == "en")


def test_another_agencys_desk_may_look_and_not_sign(enter: Enter, warn: Raise) -> None:
    warn("e1")
    stranger = enter("desk", agency=THEIRS)
    incident = board(stranger)["incidents"][0]
    answer = stranger.post(f"/api/incidents/{incident['id']}/sign", {"version": incident["version"]})
    assert (answer.status, answer.body["code"]) == (403, "not_yours")
    assert "其他单位" in answer.body["text"]


def test_an_order_of_another_incident_is_not_found_here(enter: Enter, warn: Raise, boat: UnitRecord) -> None:
    warn("e1")
    warn("e2")
    desk = enter("desk")
    one, two = board(desk)["incidents"]
    one = desk.post(f"/api/incidents/{one['id']}/sign", {"version": one["version"]}).body
    one = desk.post(
        f"/api/incidents/{one['id']}/assign", {"version": one["version"], "unit_id": str(boat.id)}
    ).body
    answer = desk.post(
        f"/api/incidents/{two['id']}/arrive",
        {"version": two["version"], "assignment_id": one["assignments"][0]["id"]},
    )
    assert (answer.status, answer.body["code"]) == (404, "not_found")


def test_nobody_claims_a_geofence(enter: Enter, warn: Raise) -> None:
    warn("e1")
    desk = enter("desk")
    incident = board(desk)["incidents"][0]
    body = {"version": 1, "assignment_id": incident["id"], "source": "geofence"}
    answer = desk.post(f"/api/incidents/{incident['id']}/arrive", body)
    assert (answer.status, answer.body["faults"][0]["where"]) == (422, "body.source")


def test_an_alert_is_acknowledged_once(enter: Enter, warn: Raise) -> None:
    warn("e2", "III", "triage")
    desk = enter("desk")
    alert = desk.post("/api/alerts/e2/acknowledge").body
    assert alert["state"] == "acknowledged"
    assert alert["acknowledged_by"] == desk.get("/api/session").body["account_id"]
    again = enter("duty_commander").post("/api/alerts/e2/acknowledge")
    assert (again.status, again.body["code"]) == (409, "wrong_state")


def test_an_alert_is_dismissed_with_a_reason(enter: Enter, warn: Raise) -> None:
    warn("e2", "III", "triage")
    desk = enter("desk")
    assert desk.post("/api/alerts/e2/dismiss", {"reason": ""}).status == 422
    alert = desk.post("/api/alerts/e2/dismiss", {"reason": "锚泊检修"}).body
    assert (alert["state"], alert["dismissed_reason"]) == ("dismissed", "锚泊检修")
    assert "锚泊检修" not in json.dumps([s.body for s in journal.after(0)], ensure_ascii=False, default=str)
    assert desk.get("/api/alerts").body == []
    assert [a["episode"] for a in desk.get("/api/alerts?state=dismissed").body] == ["e2"]


def test_triage_makes_an_incident(enter: Enter, warn: Raise) -> None:
    warn("e2", "III", "triage")
    desk = enter("desk")
    incident = desk.post("/api/alerts/e2/promote").body
    assert (incident["episode"], incident["state"]) == ("e2", "new")
    again = desk.post("/api/alerts/e2/promote")
    assert (again.status, again.body["code"]) == (409, "already_promoted")
    assert incident["number"] in again.body["text"]


def test_a_note_stands_in_the_story_and_not_in_the_journal(enter: Enter, warn: Raise) -> None:
    warn("e1")
    desk = enter("desk")
    where = f"/api/incidents/{board(desk)['incidents'][0]['id']}"
    assert desk.post(f"{where}/note", {"text": "船主姓王"}).status == 200
    told = desk.get(where).body["timeline"]
    assert told[-1]["words"] == "船主姓王"
    page = desk.get(f"/api/journal?subject=incident:{UUID(where[-36:])}").body
    assert "姓王" not in json.dumps(page, ensure_ascii=False)
    assert page["entries"][-1]["kind"] == "response.IncidentNoted"


def test_the_journal_is_read_in_pages(enter: Enter, warn: Raise) -> None:
    for n in range(5):
        warn(f"e{n}", "III", "triage")
    desk = enter("desk")
    seen: list[int] = []
    after = 0
    while True:
        page = desk.get(f"/api/journal?after={after}&limit=3").body
        seen += [entry["no"] for entry in page["entries"]]
        if page["next"] == after or page["next"] >= page["head"]:
            break
        after = page["next"]
    assert len(seen) == len(set(seen)) == 10  # each alert: raised, clue received
    assert seen == sorted(seen)


def test_the_desk_does_not_read_who_signed_in_and_the_auditor_does(enter: Enter) -> None:
    desk, auditor = enter("desk"), enter("admin_audit")
    assert desk.get("/api/journal?limit=500").body["entries"] == []
    kinds = {entry["kind"] for entry in auditor.get("/api/journal?limit=500").body["entries"]}
    assert {"core.SignedIn", "alliance.MemberJoined"} <= kinds


def test_a_zone_file_is_taken_in_or_refused_as_a_whole(enter: Enter) -> None:
    analyst = enter("analyst", lang="en")
    square = [[[115.6, 29.8], [115.7, 29.8], [115.7, 29.9], [115.6, 29.9], [115.6, 29.8]]]
    feature = {
        "type": "Feature",
        "id": "z-1",
        "properties": {"kind": "danger-dike", "name_zh": "演示区", "name_en": "Demo", "legal_basis": "演示"},
        "geometry": {"type": "Polygon", "coordinates": square},
    }
    taken = analyst.post("/api/zones/import", {"type": "FeatureCollection", "features": [feature]})
    assert taken.status == 200, taken.body
    assert taken.body["drawn"] == ["z-1"]
    shown = analyst.get("/api/zones").body["features"]
    assert shown[0]["properties"]["name_zh"] == "演示区"
    refused = analyst.post("/api/zones/import", {"type": "FeatureCollection", "features": [{"a": 1}]})
    assert (refused.status, refused.body["code"]) == (422, "zones_refused")
    assert refused.body["faults"][0]["text"].isascii()
    assert len(analyst.get("/api/zones").body["features"]) == 1


def test_a_rule_needs_two_people(enter: Enter) -> None:
    one, commander = enter("analyst", lang="en"), enter("duty_commander")
    rule = one.post("/api/rules", {"yaml": RULE % ("II", "auto")}).body
    assert (rule["name"], rule["version"], rule["state"]) == ("dike-stay", 1, "proposed")
    where = "/api/rules/dike-stay/1/release"
    assert one.post(where).body["code"] == "not_yours"
    assert commander.post(where).status == 403  # releases nothing at all
    other = enter("analyst", agency=THEIRS)
    assert other.post(where).body["state"] == "released"
    assert [r["name"] for r in commander.get("/api/rules?state=released").body] == ["dike-stay"]
    assert other.post("/api/rules/dike-stay/1/retire").body["state"] == "retired"


def test_a_rule_that_is_none_says_which_line(enter: Enter) -> None:
    answer = enter("analyst").post("/api/rules", {"yaml": "rule: x\nwhen: {nowhere: 1}\n"})
    assert (answer.status, answer.body["code"]) == (422, "rule_refused")
    assert all(":" in fault["where"] for fault in answer.body["faults"])


def test_a_device_is_admitted_by_the_system_administrator(enter: Enter, ears: Ears) -> None:
    ears.answers["pending"] = [
        {
            "source": "jt808",
            "ident": "13911112222",
            "detail": "演A12345",
            "first_ms": 1,
            "last_ms": 2,
            "times": 3,
        }
    ]
    admin = enter("admin_system")
    knocking = admin.get("/api/devices/pending").body[0]
    admission = {"source": "jt808", "ident": knocking["ident"], "label": "演示渣土车", "kind": 33}
    device = admin.post("/api/devices/admit", admission).body
    assert (device["state"], device["label"]) == ("admitted", "演示渣土车")
    assert "code" not in device
    assert admin.get("/api/devices").body[0]["id"] == device["id"]
    again = admin.post("/api/devices/admit", admission)
    assert (again.status, again.body["code"]) == (409, "already_there")
    odd = admin.post("/api/devices/admit", {**admission, "ident": "13911113333", "kind": 200})
    assert (odd.status, odd.body["code"]) == (422, "bad_input")


def test_a_unit_says_what_it_is_doing(enter: Enter, boat: UnitRecord) -> None:
    where = f"/api/units/{boat.id}/state"
    unit = enter("field").post(where, {"state": "en_route", "version": boat.version}).body
    assert (unit["state"], unit["version"]) == ("en_route", boat.version + 1)
    stale = enter("field").post(where, {"state": "off", "version": boat.version})
    assert (stale.status, stale.body["code"]) == (409, "stale_version")
    strange = enter("desk", agency=THEIRS).post(where, {"state": "off", "version": unit["version"]})
    assert strange.status == 403


def test_targets_are_found_by_name(enter: Enter, ears: Ears) -> None:
    target = {
        "handle": 7, "track": "413950001", "kind": 1, "label": "演示货船", "sog_kn": 8.3,
        "details": {"imo": 1},
    }  # fmt: skip
    ears.answers |= {"tracks": [target], "track": target}
    browser = enter("wall")
    assert browser.get("/api/tracks?q=%E6%BC%94").body[0]["label"] == "演示货船"
    assert ears.asked[-1] == ("tracks", {"text": "演", "limit": 20})
    assert browser.get("/api/tracks/7").body["details"] == {"imo": 1}
    assert browser.get("/api/tracks?q=").status == 422
    assert browser.get("/api/tracks?q=x&limit=5000").status == 422


def test_a_late_clock_is_explained(enter: Enter, warn: Raise, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta

    from jiangdun.core import timers

    for kind, handler in response.TIMERS.items():
        timers.register(kind, handler)
    warn("e1")
    desk = enter("desk")
    incident = board(desk)["incidents"][0]
    monkeypatch.setattr(clock, "_offset", clock.offset() + timedelta(seconds=70))
    timers.tick(clock.now())
    incident = desk.get(f"/api/incidents/{incident['id']}").body
    sign = incident["clocks"][0]
    assert (sign["face"], sign["reason_owed"]) == ("late", True)
    where = f"/api/incidents/{incident['id']}/explain"
    told = desk.post(where, {"clock": "sign", "reason": "正在处置另一起"}).body
    assert (told["clocks"][0]["reason"], told["clocks"][0]["reason_owed"]) == ("正在处置另一起", False)
    again = desk.post(where, {"clock": "sign", "reason": "x"})
    assert (again.status, again.body["code"]) == (409, "no_reason_owed")
