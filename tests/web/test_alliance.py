"""The register through the front door."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from jiangdun.alliance.days import day_of
from jiangdun.core import clock

from .conftest import OURS, THEIRS, Enter

RING = {"type": "Polygon", "coordinates": [[[119, 32], [119.1, 32], [119.1, 32.1], [119, 32.1], [119, 32]]]}
LAW = "长江保护法"


def founded(browser: Any, code: str = "river-ring", **more: Any) -> Any:
    body = {
        "code": code, "name_zh": "江盾", "name_en": "Ring", "kind": "ring", "founded_on": "2021-03-01", **more
    }  # fmt: skip
    return browser.post("/api/alliance/alliances", body)


def test_the_secretariat_keeps_the_register_and_a_desk_reads_it(enter: Enter) -> None:
    office, desk = enter("secretariat"), enter("desk")
    area = office.post(
        f"/api/alliance/agencies/{OURS}/areas", {"name_zh": "辖区", "name_en": "Area", "geometry": RING}
    )
    assert area.status == 200, area.body
    power = office.post(f"/api/alliance/agencies/{OURS}/powers", {"act": "fine", "legal_basis": LAW})
    assert power.status == 200, power.body
    here = desk.get("/api/alliance/who?act=fine&lon=119.1&lat=32.05")
    assert [one["power"]["agency"] for one in here.body] == [OURS]
    assert here.body[0]["areas"][0]["id"] == area.body["id"]
    assert desk.get("/api/alliance/who?act=fine&lon=119.2&lat=32.05").body == []
    page = desk.get(f"/api/alliance/agencies/{OURS}").body
    assert [p["legal_basis"] for p in page["powers"]] == [LAW]
    assert len(desk.get("/api/alliance/areas").body["features"]) == 1
    gone = office.post(f"/api/alliance/powers/{power.body['id']}/end", {"version": 1})
    assert gone.status == 200
    assert desk.get("/api/alliance/who?act=fine&lon=119.1&lat=32.05").body == []
    assert desk.post(f"/api/alliance/agencies/{OURS}/powers", {}).status == 403


def test_a_bad_border_is_told_in_words(enter: Enter) -> None:
    bow = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}
    body = {"name_zh": "辖区", "name_en": "Area", "geometry": bow}
    refused = enter("secretariat").post(f"/api/alliance/agencies/{OURS}/areas", body)
    assert (refused.status, refused.body["code"]) == (422, "area_refused")
    assert "自相交" in refused.body["faults"][0]["text"]


def test_two_people_change_one_agency_and_the_second_is_told(enter: Enter) -> None:
    first, second = enter("secretariat"), enter("admin_system")
    path = f"/api/alliance/agencies/{OURS}"
    assert first.post(path, {"version": 1, "duty_phone": "0511-110"}).body["version"] == 2
    late = second.post(path, {"version": 1, "duty_phone": "0511-119"})
    assert (late.status, late.body["code"]) == (409, "stale_version")
    assert first.get(path).body["agency"]["duty_phone"] == "0511-110"


def test_members_come_and_go_and_the_past_can_be_asked(enter: Enter) -> None:
    office = enter("secretariat")
    assert founded(office).status == 200
    path = "/api/alliance/alliances/river-ring"
    for agency, role, day in ((OURS, "lead", "2021-03-01"), (THEIRS, "joined", "2022-03-01")):
        answer = office.post(f"{path}/members", {"agency": agency, "role": role, "joined_on": day})
        assert answer.status == 200, answer.body
    assert [step["count"] for step in answer.body["steps"]] == [1, 2]
    assert len(office.get(f"{path}?on=2021-12-31").body["members"]) == 1
    theirs = next(m for m in answer.body["members"] if m["agency"] == THEIRS)
    leave = f"/api/alliance/seats/{theirs['seat']}/leave"
    tomorrow = (day_of(clock.now()) + timedelta(days=1)).isoformat()
    assert office.post(leave, {"version": 1, "left_on": tomorrow, "reason": "x"}).status == 422
    left = office.post(leave, {"version": 1, "left_on": "2023-03-01", "reason": "改制"})
    assert [step["count"] for step in left.body["steps"]] == [1, 2, 1]
    assert office.post(leave, {"version": 1, "left_on": "2023-03-01", "reason": "x"}).status == 409


def test_a_sub_alliance_may_not_reach_beyond(enter: Enter) -> None:
    office = enter("secretariat", lang="en")
    assert founded(office, domains=["water", "port"]).status == 200
    sub = founded(office, "sub", parents=["river-ring"], domains=["port"])
    assert (sub.body["under"], sub.body["fields"]) == (["river-ring"], ["port"])
    wide = founded(office, "wide", parents=["river-ring"], domains=["mine"])
    assert wide.status == 422
    assert "reaches beyond" in wide.body["text"]
    circle = office.post("/api/alliance/alliances/river-ring/under", {"parent": "sub", "on": "2022-01-01"})
    assert circle.status == 422


def test_one_sits_down_for_oneself_and_a_commander_may_send_people_of_the_agency_home(enter: Enter) -> None:
    office, desk, commander = enter("secretariat"), enter("desk"), enter("duty_commander")
    stranger = enter("duty_commander", agency=THEIRS)
    assert founded(office).status == 200
    path = "/api/alliance/alliances/river-ring"
    member = {"agency": OURS, "role": "lead", "joined_on": "2021-03-01"}
    assert office.post(f"{path}/members", member).status == 200
    plan = {
        "offices": [
            {"code": "centre", "kind": "centre", "name_zh": "中心", "name_en": "Centre", "desks": [
                {"code": "duty", "name_zh": "值班席", "name_en": "Duty", "staffed": True}]}
        ]
    }  # fmt: skip
    built = office.post(f"{path}/structure", plan)
    assert built.status == 200, built.body
    assert built.body["desks"][0]["unattended_since"] is not None
    sit = f"/api/alliance/desks/{built.body['desks'][0]['id']}/sit"
    assert office.post(sit).status == 403
    taken = desk.post(sit)
    assert taken.status == 200, taken.body
    sitter = taken.body["desks"][0]["sitters"][0]
    assert (sitter["agency"], taken.body["desks"][0]["unattended_since"]) == (OURS, None)
    routed = desk.get(f"{path}/route?severity=1").body
    assert (routed["desk"], routed["attended"]) == ("duty", True)
    stand = f"/api/alliance/sittings/{sitter['sitting']}/stand-up"
    assert stranger.post(stand, {"version": 1}).status == 403
    assert commander.post(stand, {"version": 1, "note": "换岗"}).status == 204
    assert stranger.post(sit).body["code"] == "bad_input"  # no member of this alliance
    again = desk.post(sit)
    assert again.body["desks"][0]["sitters"][0]["note"] == "换岗"


def test_a_plan_that_is_wrong_builds_nothing(enter: Enter) -> None:
    office = enter("secretariat")
    assert founded(office).status == 200
    path = "/api/alliance/alliances/river-ring/structure"
    good = {"code": "centre", "kind": "centre", "name_zh": "中心", "name_en": "Centre"}
    for wrong in (
        {"code": "x", "kind": "tower"},
        {"desks": []},
        {**good, "by": "me"},
        {**good, "code": "c!"},
    ):
        answer = office.post(path, {"offices": [good, wrong]})
        assert (answer.status, answer.body["code"]) == (422, "bad_input"), answer.body
    assert office.get(path).body["offices"] == []


def test_a_table_of_chiefs_is_tried_then_taken_and_asked_by_place(enter: Enter) -> None:
    office, desk = enter("secretariat"), enter("desk")
    line = [[117.0 + n / 10, 39.0, 10.0 * n] for n in range(3)]
    named = office.post(
        "/api/alliance/rivers", {"code": "haihe", "name_zh": "海河", "name_en": "Haihe", "centreline": line}
    )
    assert named.status == 200, named.body
    text = (
        "河段编号,河流,区县,街镇,起点里程,终点里程,河长,任期起\n"
        "r1,haihe,河东区,一街,0,10,张三,2024-01-01\n"
        "r2,haihe,河西区,二街,12,20,,\n"
    )
    tried = office.post("/api/alliance/chiefs/import?dry_run=true", text.encode("gb18030"))
    assert (tried.status, tried.body["gaps"]) == (200, ["r2"]), tried.body
    assert desk.get("/api/alliance/chiefs").body["answers"] == []
    assert office.post("/api/alliance/chiefs/import", text.encode("gb18030")).status == 200
    page = desk.get("/api/alliance/chiefs").body
    assert [a["chief"] and a["chief"]["name_zh"] for a in page["answers"]] == ["张三", None]
    assert page["answers"][1]["gap_since"]
    assert {(h["km_from"], h["km_to"]) for h in page["holes"]} == {(10, 12)}
    here = desk.get("/api/alliance/chief-at?lon=117.05&lat=39.0")
    assert [a["reach"]["code"] for a in here.body] == ["r1"]
    assert desk.get("/api/alliance/chief-at?river=haihe&km=15&bank=left").body[0]["chief"] is None
    assert desk.get("/api/alliance/chief-at?river=haihe").status == 422
    bad = office.post("/api/alliance/chiefs/import", text.replace("一街", "").encode())
    assert (bad.status, bad.body["code"]) == (422, "chiefs_refused")
    assert bad.body["faults"][0]["where"] == "2:4"
    reach = page["answers"][1]["reach"]["id"]
    chief = office.post(
        f"/api/alliance/reaches/{reach}/chief", {"name_zh": "李四", "term_from": "2024-01-01"}
    )
    assert chief.status == 200, chief.body
    end = f"/api/alliance/terms/{chief.body['id']}/end"
    assert office.post(end, {"version": 1, "term_to": "2024-06-01"}).body["version"] == 2
    assert office.post(end, {"version": 1, "term_to": "2024-06-01"}).status == 409
    assert office.post(f"/api/alliance/reaches/{reach}/end", {"version": 1}).status == 204


def test_joint_work_is_kept_by_its_host_and_counted_for_everybody(enter: Enter) -> None:
    office, commander = enter("secretariat"), enter("duty_commander")
    assert founded(office).status == 200
    path = "/api/alliance/alliances/river-ring"
    for agency in (OURS, THEIRS):
        member = {"agency": agency, "role": "founder", "joined_on": "2021-03-01"}
        assert office.post(f"{path}/members", member).status == 200
    today = day_of(clock.now()).isoformat()
    body = {
        "title": "联合巡航", "theme": "enforcement", "line": "enforcing", "category": "work", "module": "checks",
        "host": OURS, "members": [THEIRS], "planned_on": today,
    }  # fmt: skip
    planned = commander.post(f"{path}/activities", body)
    assert planned.status == 200, planned.body
    assert commander.post(f"{path}/activities", {**body, "host": THEIRS}).status == 403
    step = f"/api/alliance/activities/{planned.body['id']}"
    assert commander.post(step, {"version": 1, "step": "planned"}).status == 422
    assert commander.post(step, {"version": 1, "step": "held"}).body["state"] == "held"
    raised = office.post(
        f"{path}/proposals",
        {"title": "共享", "category": "information", "words": "理由", "owner": OURS, "due_on": today},
    )
    assert raised.status == 200, raised.body
    move = {"version": 1, "stage": "consulted", "words": "同意", "owner": THEIRS, "due_on": today}
    assert commander.post(f"/api/alliance/proposals/{raised.body['id']}", move).status == 200
    report = enter("desk").get(f"{path}/joint-report").body
    assert (report["categories"]["work"], report["categories"]["information"]) == (1, 1)
    assert {(t["agency"], t["count"]) for t in report["themes"]} == {(OURS, 1), (THEIRS, 1)}
    assert sum(m["count"] for m in report["modules"]) == 1


def test_what_members_say_is_for_members_and_a_stranger_gives_them_no_task(enter: Enter) -> None:
    office, member = enter("secretariat"), enter("duty_commander")
    stranger, keeper = enter("duty_commander", agency=THEIRS), enter("secretariat", agency=THEIRS)
    assert founded(office).status == 200
    path, today = "/api/alliance/alliances/river-ring", day_of(clock.now()).isoformat()
    lead = {"agency": OURS, "role": "lead", "joined_on": "2021-03-01"}
    assert office.post(f"{path}/members", lead).status == 200
    raised = {"title": "共享", "category": "information", "words": "内部理由", "owner": OURS, "due_on": today}
    refused = stranger.post(f"{path}/proposals", raised)
    assert (refused.status, refused.body["code"]) == (403, "not_yours")
    assert member.post(f"{path}/proposals", raised).status == 200
    plan = {
        "title": "巡航", "theme": "enforcement", "line": "enforcing", "category": "work", "module": "checks",
        "host": OURS, "planned_on": today,
    }  # fmt: skip
    step = f"/api/alliance/activities/{member.post(f'{path}/activities', plan).body['id']}"
    assert member.post(step, {"version": 1, "step": "held"}).status == 200
    assert member.post(step, {"version": 2, "step": "minuted", "words": "内部纪要"}).status == 200
    assert [a["minutes"] for a in member.get(f"{path}/activities").body] == ["内部纪要"]
    assert [a["minutes"] for a in keeper.get(f"{path}/activities").body] == ["内部纪要"]
    assert [(a["title"], a["minutes"]) for a in stranger.get(f"{path}/activities").body] == [("巡航", "")]
    assert member.get(f"{path}/proposals").body[0]["moves"][0]["words"] == "内部理由"
    assert stranger.get(f"{path}/proposals").body[0]["moves"][0]["words"] == ""


def test_notes_left_at_a_desk_are_for_members(enter: Enter) -> None:
    office, desk, stranger = enter("secretariat"), enter("desk"), enter("duty_commander", agency=THEIRS)
    assert founded(office).status == 200
    path = "/api/alliance/alliances/river-ring"
    lead = {"agency": OURS, "role": "lead", "joined_on": "2021-03-01"}
    assert office.post(f"{path}/members", lead).status == 200
    duty = {"code": "duty", "name_zh": "值班席", "name_en": "Duty", "staffed": True}
    centre = {"code": "centre", "kind": "centre", "name_zh": "中心", "name_en": "Centre", "desks": [duty]}
    built = office.post(f"{path}/structure", {"offices": [centre]}).body
    sit = f"/api/alliance/desks/{built['desks'][0]['id']}/sit"
    sitting = desk.post(sit).body["desks"][0]["sitters"][0]["sitting"]
    left = desk.post(f"/api/alliance/sittings/{sitting}/stand-up", {"version": 1, "note": "注意三号泊位"})
    assert (left.status, desk.post(sit).status) == (204, 200)
    notes = [b.get(f"{path}/structure").body["desks"][0]["sitters"][0]["note"] for b in (desk, stranger)]
    assert notes == ["注意三号泊位", ""]
