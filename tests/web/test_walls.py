"""Walls: they only show, from their place, without end; whoever acts on one does it by name."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest

from jiangdun.core import accounts, clock, journal, passkeys
from jiangdun.core import actions as core
from jiangdun.core.models import Wall as WallRow
from jiangdun.picture import actions as picture
from jiangdun.web import actions as web
from jiangdun.web.models import Pass
from jiangdun.web.sessions import key_of

from .conftest import OURS, PASSWORD, SYSTEM, Answer, Browser, Enter
from .test_people import account_id
from .test_second import NAME, add_key, add_totp
from .test_session import knock

PIN = "402913"
OFF = {"state": "off", "version": 1}


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, settings: Any) -> None:
    settings.HOME = tmp_path


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Any:
    begins, moved = clock.now, timedelta(0)

    def move(**by: float) -> None:
        nonlocal moved
        moved += timedelta(**by)

    monkeypatch.setattr(clock, "now", lambda: begins() + moved)
    return move


@pytest.fixture
def unit(enter: Enter) -> str:
    boat = picture.add_unit(OURS, "演示艇", "boat", by=SYSTEM, now=clock.now(), crew=2, capabilities=())
    return f"/api/units/{boat.id}/state"


def admit(enter: Enter) -> dict[str, Any]:
    body = {"username": "wall-1", "name_zh": "一号大屏", "agency": OURS, "networks": ["10.9.0.0/24"]}
    made = enter("admin_system").post("/api/walls", body)
    assert made.status == 201, made.body
    found: dict[str, Any] = made.body
    return found


def hang(enter: Enter, lang: str = "en") -> Browser:
    """A wall that is on."""
    key = admit(enter)["key"]
    wall = Browser(address="10.9.0.7", lang=lang)
    wall.get("/api/session")
    assert wall.post("/api/session/wall", {"key": key}).status == 200
    return wall


def show(wall: Browser, **who: Any) -> Answer:
    return wall.post("/api/session/wall/pass", {"username": f"desk@{OURS}", **who})


def test_a_wall_shows_and_no_time_ends_it(enter: Enter, later: Any) -> None:
    wall = hang(enter)
    assert wall.get("/api/session").body["roles"] == ["wall"]
    later(days=30)
    assert web.end_idle(now=clock.now()) != [wall.session]
    enter("desk")  # old sessions are pruned at a sign-in
    assert wall.get("/api/incidents").status == 200
    assert wall.get("/api/people").status == 403


def test_a_walls_key_works_at_its_place_only(enter: Enter) -> None:
    key = admit(enter)["key"]
    elsewhere = Browser(address="10.9.1.7")
    elsewhere.get("/api/session")
    assert elsewhere.post("/api/session/wall", {"key": key}).body["code"] == "wrong_place"
    assert elsewhere.post("/api/session/wall", {"key": "jw_made-up"}).body["code"] == "key_unknown"
    elsewhere.address = "10.9.0.7"
    assert elsewhere.post("/api/session/wall", {"key": key}).status == 200
    elsewhere.address = "10.9.1.7"
    assert elsewhere.get("/api/incidents").body["code"] == "wrong_place", (
        "a stolen cookie shows nothing elsewhere"
    )
    assert key not in str(list(WallRow.objects.values()))


def test_a_revoked_wall_goes_dark(enter: Enter) -> None:
    wall = hang(enter)
    admin = enter("admin_system")
    path = f"/api/walls/{account_id('wall-1')}"
    assert admin.call("DELETE", path).status == 204
    assert wall.get("/api/incidents").status == 401
    assert admin.call("DELETE", path).status == 404
    assert [w["revoked_at"] is not None for w in admin.get("/api/walls").body] == [True]


def test_nothing_is_done_on_a_wall_without_a_person(enter: Enter, unit: str) -> None:
    wall = hang(enter)
    refused = wall.post(unit, OFF)
    assert (refused.status, refused.body["code"]) == (403, "person_asked")
    assert wall.post(unit, OFF, headers={"X-Jiangdun-Pass": "made up"}).body["code"] == "person_asked"


@pytest.mark.parametrize("way", ["password", "pin"])
def test_an_act_on_a_wall_is_the_persons(enter: Enter, unit: str, way: str) -> None:
    desk = enter("desk")
    assert desk.post("/api/account/pin", {"pin": PIN}).status == 204
    wall = hang(enter)
    given = show(wall, **{way: PASSWORD if way == "password" else PIN})
    assert given.status == 200, given.body
    token = {"X-Jiangdun-Pass": given.body["token"]}
    assert wall.post(unit, OFF, headers=token).status == 200
    journal.seal(clock.now())
    *_, acted, moved = journal.after(0)
    person = account_id(f"desk@{OURS}")
    assert (acted.kind, acted.body["way"], moved.by.person) == ("core.ActedOnWall", way, person)
    again = wall.post(unit, {"state": "standby", "version": 2}, headers=token)
    assert again.body["code"] == "person_asked", "a pass is good for one act"
    assert wall.get("/api/session").body["roles"] == ["wall"], "the wall stays a wall"


def test_a_person_does_on_a_wall_what_their_role_allows(enter: Enter, unit: str) -> None:
    enter("reviewer")
    wall = hang(enter)
    given = show(wall, username=f"reviewer@{OURS}", password=PASSWORD)
    answer = wall.post(unit, OFF, headers={"X-Jiangdun-Pass": given.body["token"]})
    assert (answer.status, answer.body["code"]) == (403, "not_yours")


def test_a_pass_waits_a_minute_and_is_for_its_wall(enter: Enter, unit: str, later: Any) -> None:
    enter("desk")
    wall = hang(enter)
    token = {"X-Jiangdun-Pass": show(wall, password=PASSWORD).body["token"]}
    desk = enter("desk")
    assert desk.post(unit, {"state": "off", "version": 9}, headers=token).body["code"] == "stale_version"
    later(seconds=61)
    assert wall.post(unit, OFF, headers=token).body["code"] == "person_asked"
    show(wall, password=PASSWORD)
    assert Pass.objects.count() == 1


def test_guessing_on_a_wall_is_counted_at_the_door(enter: Enter) -> None:
    desk = enter("desk")
    desk.post("/api/account/pin", {"pin": PIN})
    wall = hang(enter)
    for _ in range(5):
        assert show(wall, pin="111222").status == 401
    assert show(wall, pin=PIN).status == 429
    assert desk.get("/api/session").status == 200
    assert knock(desk, f"desk@{OURS}").status == 200, "the person's own desk is not locked by that"


@pytest.mark.parametrize(
    "pin", ["12345", "1234567890123", "abcdef", "000000", "123456", "987654", "１２３４５７"]
)
def test_a_pin_is_six_digits_and_not_the_first_one_tries(enter: Enter, pin: str) -> None:
    assert enter("desk").post("/api/account/pin", {"pin": pin}).status == 422


def test_whoever_has_a_second_factor_shows_it_on_a_wall(enter: Enter, unit: str, later: Any) -> None:
    desk = enter("desk")
    secret = desk.post("/api/account/totp").body["secret"]
    phone = pyotp.TOTP(secret)
    desk.post("/api/account/totp/confirm", {"code": phone.at(clock.now() - clock.offset())})
    wall = hang(enter)
    assert show(wall, password=PASSWORD).body["code"] == "second_at_wall"
    later(seconds=60)
    code = phone.at(clock.now() - clock.offset())
    assert show(wall, code=code).body["code"] == "second_at_wall", "a code alone is half a proof"
    assert show(wall, password="not the password", code=code).status == 401
    given = show(wall, password=PASSWORD, code=code)
    assert given.status == 200
    assert wall.post(unit, OFF, headers={"X-Jiangdun-Pass": given.body["token"]}).status == 200
    assert show(wall, password=PASSWORD, code="000000").body["code"] == "second_wrong"


def test_a_pin_and_a_code_are_two_proofs(enter: Enter, later: Any) -> None:
    desk = enter("desk")
    desk.post("/api/account/pin", {"pin": PIN})
    phone, _ = add_totp(desk)
    wall = hang(enter)
    later(seconds=60)
    assert show(wall, pin=PIN).body["code"] == "second_at_wall"
    assert show(wall, pin=PIN, code=phone.code).status == 200


def test_a_key_stands_alone_on_a_wall(enter: Enter, unit: str) -> None:
    desk = enter("desk")
    desk.host = NAME
    key = add_key(desk)
    wall = hang(enter)
    wall.host = NAME
    asked = wall.post("/api/session/wall/key", {"username": f"desk@{OURS}"}).body
    given = show(wall, credential=key.sign(asked))
    assert given.status == 200, given.body
    assert wall.post(unit, OFF, headers={"X-Jiangdun-Pass": given.body["token"]}).status == 200


def test_an_administrator_acts_on_a_wall_from_where_administrators_work(enter: Enter) -> None:
    wall = hang(enter)
    core.set_parameter("signin.admin_networks", ["10.1.2.0/24"], by=SYSTEM, now=clock.now())
    given = show(wall, username=f"admin_system@{OURS}", password=PASSWORD)
    token = {"X-Jiangdun-Pass": given.body["token"]}
    body = {"username": "wall-2", "name_zh": "二号大屏", "agency": OURS, "networks": ["10.9.0.0/24"]}
    assert wall.post("/api/walls", body, headers=token).body["code"] == "wrong_place"
    core.set_parameter("signin.admin_networks", ["10.9.0.0/24"], by=SYSTEM, now=clock.now())
    given = show(wall, username=f"admin_system@{OURS}", password=PASSWORD)
    token = {"X-Jiangdun-Pass": given.body["token"]}
    assert wall.post("/api/walls", body, headers=token).status == 201


def test_guesses_sent_at_once_are_judged_one_after_the_other(enter: Enter) -> None:
    """All were let through the door before any was counted; where they are written the lock is seen."""
    enter("desk")
    wall, person = hang(enter), accounts.named(f"desk@{OURS}")
    assert person is not None
    session, screen = key_of(wall.cookies["jiangdun_session"]), accounts.named("wall-1")
    assert screen is not None
    shown = web.Shown("key", "{}", passkeys.Site("localhost", f"http://{NAME}"))
    tried = [
        web.pass_by_key(session, screen.id, person, shown, "10.9.0.7", now=clock.now())[0].reason
        for _ in range(8)
    ]
    assert tried == ["second"] * 5 + ["locked"] * 3


def test_a_commander_is_asked_for_two_factors_on_a_wall_too(enter: Enter) -> None:
    enter("duty_commander")
    wall = hang(enter)
    core.set_parameter("signin.second_factor_roles", ["duty_commander"], by=SYSTEM, now=clock.now())
    answer = show(wall, username=f"duty_commander@{OURS}", password=PASSWORD)
    assert answer.body["code"] == "second_at_wall"


def test_only_a_wall_gives_passes(enter: Enter) -> None:
    assert show(enter("desk"), password=PASSWORD).body["code"] == "not_yours"


def test_nobody_signs_in_with_a_walls_name(enter: Enter) -> None:
    admit(enter)
    assert knock(Browser(), "wall-1", "").status == 422
    assert knock(Browser(), "wall-1", "whatever it is").status == 401
