"""Agreements through the front door: two agencies sign, see, stop; and nobody else."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from jiangdun.alliance import actions, queries
from jiangdun.core import clock, datasets
from jiangdun.core.datasets import DataSet
from jiangdun.core.journal import By

from .conftest import OURS, SYSTEM, THEIRS, Browser, Enter

BOATS = DataSet("boats", "艇", "boats", frozenset({"id"}), frozenset({"call_sign", "lon", "lat"}))
WHY = "数据用途有疑问"
NOBODYS = "018f0000-0000-7000-8000-000000000000"


@pytest.fixture(autouse=True)
def _boats(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(settings, "HOME", tmp_path)
    monkeypatch.setattr(datasets, "_known", {**datasets._known, "boats": BOATS})


@pytest.fixture
def ours(enter: Enter) -> Browser:
    return enter("duty_commander")


@pytest.fixture
def theirs(enter: Enter) -> Browser:
    return enter("secretariat", agency=THEIRS, lang="en")


def body(now: datetime, **changes: Any) -> dict[str, Any]:
    annex = {
        "provider": "*",
        "consumer": "*",
        "data": "boats",
        "fields": ["*"],
        "purposes": ["command"],
        "basis": "政务数据共享条例",
    }
    said = {
        "template": "ring",
        "title_zh": "联创联建协议",
        "text": "一、共建内容。",
        "parties": [OURS, THEIRS],
        "valid_from": (now - timedelta(minutes=1)).isoformat(),
        "valid_to": (now + timedelta(days=365)).isoformat(),
        "annexes": [annex | changes.pop("annex", {})],
    }
    return said | changes


@pytest.fixture
def held(ours: Browser, now: datetime) -> dict[str, Any]:
    answer = ours.post("/api/agreements", body(now))
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.body
    return found


def sign(browser: Browser, held: dict[str, Any]) -> Any:
    """Sign the newest edition."""
    edition = held["editions"][-1]
    said = {"edition": edition["number"], "digest": edition["digest"]}
    return browser.post(f"/api/agreements/{held['id']}/sign", said)


@pytest.fixture
def signed(ours: Browser, theirs: Browser, held: dict[str, Any]) -> dict[str, Any]:
    assert sign(ours, held).status == 200
    found: dict[str, Any] = sign(theirs, held).body
    return found


def test_two_agencies_sign_each_for_itself_and_then_see(
    ours: Browser, theirs: Browser, held: dict[str, Any]
) -> None:
    assert (held["state"], held["unsigned"], held["waits_for_me"]) == ("draft", [THEIRS, OURS], True)
    assert [a["fields"] for a in held["annexes"]] == [["call_sign", "lat", "lon"]] * 2
    once = sign(ours, held).body
    assert (once["state"], once["unsigned"], once["waits_for_me"]) == ("signing", [THEIRS], False)
    assert [cell["state"] for cell in ours.get("/api/agreements/matrix").body] == ["unsigned", "unsigned"]
    (line,) = theirs.get("/api/agreements").body
    assert (line["state"], line["waits_for_me"]) == ("signing", True)
    both = sign(theirs, held).body
    assert (both["state"], both["unsigned"], both["days_left"]) == ("in_force", [], 365)
    cells = ours.get("/api/agreements/matrix").body
    assert [(c["provider"], c["consumer"], c["state"], len(c["fields"])) for c in cells] == [
        (OURS, THEIRS, "active", 3),
        (THEIRS, OURS, "active", 3),
    ]
    text = theirs.get(f"/api/agreements/{held['id']}/text").body
    assert (text["edition"], text["text"]) == (1, "一、共建内容。")


def test_one_click_stops_it_and_the_matrix_says_why(
    ours: Browser, theirs: Browser, signed: dict[str, Any]
) -> None:
    path = f"/api/agreements/{signed['id']}"
    assert theirs.post(f"{path}/suspend", {"reason": ""}).status == 422
    stopped = theirs.post(f"{path}/suspend", {"reason": WHY}).body
    assert (stopped["state"], stopped["suspended_by"]) == ("suspended", [THEIRS])
    assert {c["state"] for c in ours.get("/api/agreements/matrix").body} == {"suspended"}
    refused = ours.post(f"{path}/resume")
    assert (refused.status, refused.body["code"]) == (409, "not_suspended_by_you")
    assert theirs.post(f"{path}/resume").body["state"] == "in_force"
    one = ours.post(f"{path}/suspend", {"reason": WHY, "annex": 1}).body
    assert [a["state"] for a in one["annexes"]] == ["suspended", "active"]
    assert one["suspensions"][-1]["reason"] == WHY
    over = ours.post(f"{path}/terminate", {"reason": WHY}).body
    assert (over["state"], [d["agency"] for d in over["departures"]]) == ("ended", [OURS])


def test_a_change_of_a_signed_one_waits_beside_it(
    ours: Browser, signed: dict[str, Any], now: datetime
) -> None:
    path = f"/api/agreements/{signed['id']}"
    wider = body(now, version=signed["version"], annex={"fields": ["call_sign"]})
    del wider["template"]
    changed = ours.post(f"{path}/revise", wider).body
    assert (changed["state"], changed["draft"], changed["waits_for_me"]) == ("in_force", 2, True)
    assert [e["state"] for e in changed["editions"]] == ["in_force", "draft"]
    assert [a["fields"] for a in changed["draft_annexes"]] == [["call_sign"]] * 2
    assert {a["state"] for a in changed["annexes"]} == {"active"}
    again = ours.post(f"{path}/revise", wider)
    assert (again.status, again.body["code"]) == (409, "stale_version")
    later = (now + timedelta(days=700)).isoformat()
    renewed = ours.post(f"{path}/renew", {"version": changed["version"], "valid_to": later}).body
    assert renewed["editions"][-1]["valid_to"][:10] == later[:10]


def test_a_dormant_annex_is_woken_for_a_time_box(ours: Browser, theirs: Browser, now: datetime) -> None:
    held = ours.post("/api/agreements", body(now, annex={"dormant": True, "awakened_by": "either"})).body
    sign(ours, held)
    assert [a["state"] for a in sign(theirs, held).body["annexes"]] == ["dormant", "dormant"]
    path = f"/api/agreements/{held['id']}/annexes/1"
    refused = ours.post(f"{path}/activate", {"hours": 80, "reason": WHY})
    assert (refused.status, "72" in refused.body["text"]) == (422, True)
    assert ours.post(f"{path}/activate", {"hours": 0, "reason": WHY}).status == 422
    awake = ours.post(f"{path}/activate", {"hours": 72, "reason": WHY}).body
    assert [a["state"] for a in awake["annexes"]] == ["active", "dormant"]
    assert awake["annexes"][0]["awake_until"] is not None
    assert ours.post(f"{path}/deactivate").body["annexes"][0]["state"] == "dormant"


def test_the_provider_lets_data_be_passed_on(ours: Browser, theirs: Browser, signed: dict[str, Any]) -> None:
    mine = next(a["number"] for a in signed["annexes"] if a["provider"] == OURS)
    path = f"/api/agreements/{signed['id']}/annexes/{mine}/forwarding"
    actions.found_agency("port", "港口", "Port", "port", by=SYSTEM, now=clock.now())
    assert theirs.post(path, {"to": "port", "reason": WHY}).status == 403
    said = ours.post(path, {"to": "port", "reason": WHY}).body
    assert next(a["forwarding"] for a in said["annexes"] if a["number"] == mine) == ["port"]
    back = ours.post(f"{path}/withdraw", {"to": "port"}).body
    assert next(a["forwarding"] for a in back["annexes"] if a["number"] == mine) == []


def test_copies_that_left_are_listed_and_flagged(
    ours: Browser, theirs: Browser, signed: dict[str, Any]
) -> None:
    annex = signed["annexes"][0]
    by = By(person="x", agency=annex["consumer"])
    actions.note_copy([annex["id"]], "EX-7", rows=3, sha256="b" * 64, by=by, now=clock.now())
    path = f"/api/agreements/{signed['id']}/annexes/{annex['number']}/copies"
    assert [(c["export"], c["flag"]) for c in ours.get(path).body] == [("EX-7", "")]
    theirs.post(f"/api/agreements/{signed['id']}/suspend", {"reason": WHY})
    assert [(c["export"], c["flag"]) for c in ours.get(path).body] == [("EX-7", "suspended")]


def test_strangers_and_field_roles_see_nothing_and_the_auditor_sees_all(
    enter: Enter, ours: Browser, signed: dict[str, Any]
) -> None:
    actions.found_agency("port", "港口", "Port", "port", by=SYSTEM, now=clock.now())
    stranger = enter("duty_commander", agency="port")
    path = f"/api/agreements/{signed['id']}"
    assert stranger.get("/api/agreements").body == []
    assert stranger.get("/api/agreements/matrix").body == []
    for answer in (
        stranger.get(path),
        stranger.get(f"{path}/text"),
        stranger.post(f"{path}/suspend", {"reason": WHY}),
        stranger.post(f"{path}/terminate", {"reason": WHY}),
        sign(stranger, signed),
        enter("field").get("/api/agreements"),
        enter("desk").get(path),
    ):
        assert (answer.status, answer.body["code"]) == (403, "not_yours")
    auditor = enter("admin_audit")
    assert [line["id"] for line in auditor.get("/api/agreements").body] == [signed["id"]]
    assert len(auditor.get("/api/agreements/matrix").body) == 2
    assert auditor.post(f"{path}/suspend", {"reason": WHY}).status == 403
    assert ours.get(f"/api/agreements/{NOBODYS}").status == 404


def test_who_is_only_named_in_a_draft_reads_the_draft_alone(
    enter: Enter, ours: Browser, signed: dict[str, Any], now: datetime
) -> None:
    actions.found_agency("port", "港口", "Port", "port", by=SYSTEM, now=clock.now())
    guest, path = enter("duty_commander", agency="port"), f"/api/agreements/{signed['id']}"
    wider = body(now, version=signed["version"], parties=[OURS, THEIRS, "port"], text="二、更广。")
    del wider["template"]
    assert ours.post(f"{path}/revise", wider).status == 200
    assert [line["edition"] for line in guest.get("/api/agreements").body] == [2]
    seen = guest.get(path).body
    assert ([e["number"] for e in seen["editions"]], seen["state"]) == ([2], "draft")
    assert guest.get(f"{path}/text").body["text"] == "二、更广。"
    assert guest.get(f"{path}/text?edition=1").status == 404
    refused = guest.post(f"{path}/suspend", {"reason": WHY})
    assert (refused.status, refused.body["code"]) == (403, "not_yours")
    assert ours.get(path).body["state"] == "in_force"


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"parties": [OURS]}, "两方"),
        ({"parties": [THEIRS, "port"]}, "其他单位"),
        ({"title_zh": " "}, "必须填写"),
        ({"template": "sphere"}, "ring"),
        ({"annex": {"data": "submarines"}}, "submarines"),
        ({"annex": {"fields": ["draught"]}}, "draught"),
        ({"annex": {"provider": OURS, "consumer": OURS}}, "自己"),
        (
            {
                "annex": {
                    "area": {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}
                }
            },
            "自相交",
        ),
        ({"annex": {"purposes": ["curiosity"]}}, "command"),
        ({"valid_to": "2020-01-01T00:00:00Z"}, "生效"),
    ],
)
def test_a_wrong_draft_is_answered_in_words(
    ours: Browser, now: datetime, changes: dict[str, Any], word: str
) -> None:
    answer = ours.post("/api/agreements", body(now, **changes))
    assert answer.status in (403, 422)
    assert word in str(answer.body), answer.body
    assert answer.body["next"]
    assert queries.agreements() == []


@pytest.mark.parametrize(
    "changes",
    [
        {"title_zh": "长" * 121},
        {"text": "长" * 100_001},
        {"text": ""},
        {"valid_to": "2027-01-01T00:00:00"},
        {"annex": {"delay_s": -5}},
        {"annex": {"label": 9}},
        {"annexes": "all"},
    ],
)
def test_a_malformed_draft_is_answered_naming_the_place(
    ours: Browser, now: datetime, changes: dict[str, Any]
) -> None:
    answer = ours.post("/api/agreements", body(now, **changes))
    assert (answer.status, answer.body["code"]) == (422, "invalid")
    assert answer.body["faults"]


def test_what_agreements_may_be_made_of(ours: Browser) -> None:
    choices = ours.get("/api/agreements/choices").body
    assert {t["code"] for t in choices["templates"]} == {"ring", "belt"}
    assert "boats" in {d["code"] for d in choices["data_sets"]}
    assert "name" in choices["masks"]
