"""The people's accounts, as administrators and as their owners handle them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from jiangdun.core import accounts, clock, journal
from jiangdun.web import desk
from jiangdun.web.models import Session

from .conftest import OURS, PASSWORD, Browser, Enter, Hire
from .test_session import knock

NEW = "two rivers, one mouth 黄浦"


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Moves the clock on."""
    monkeypatch.setattr(clock, "_offset", clock.offset())

    def move(**by: float) -> None:
        clock.set_offset(clock.offset() + timedelta(**by))

    return move


def kinds() -> list[str]:
    return [f.kind for f in journal.after(0)]


def account_id(username: str) -> str:
    return next(str(a.id) for a in accounts.accounts() if a.username == username)


def test_a_person_gets_an_account_roles_and_their_own_password(enter: Enter) -> None:
    made = enter("admin_system").post("/api/people", {"username": "lin", "name_zh": "林演示"})
    assert made.status == 201
    security = enter("admin_security")
    joined = security.post(
        f"/api/people/{made.body['account_id']}/serves", {"agency": OURS, "roles": ["desk"]}
    )
    assert joined.body["roles"] == ["desk"]
    lin = Browser(lang="en")
    first = knock(lin, "lin", made.body["password"])
    assert (first.status, first.body["must"]) == (200, ["password"])
    refused = lin.get("/api/incidents")
    assert (refused.status, refused.body["code"]) == (403, "password_is_due")
    changed = lin.post("/api/account/password", {"old": made.body["password"], "new": NEW})
    assert changed.status == 204
    assert lin.get("/api/session").body["must"] == []
    assert lin.get("/api/incidents").status == 200
    assert knock(Browser(), "lin", made.body["password"]).status == 401
    assert knock(Browser(), "lin", NEW).status == 200


def test_two_people_get_two_first_passwords(enter: Enter) -> None:
    admin = enter("admin_system")
    drawn = {
        admin.post("/api/people", {"username": f"lin{n}", "name_zh": "林"}).body["password"] for n in range(3)
    }
    assert len(drawn) == 3


def test_a_password_reset_by_the_security_administrator_ends_sessions_and_is_temporary(enter: Enter) -> None:
    desk = enter("desk")
    security = enter("admin_security")
    given = security.post(f"/api/people/{account_id(f'desk@{OURS}')}/password").body["password"]
    assert desk.get("/api/session").status == 401
    assert knock(Browser(), f"desk@{OURS}").status == 401
    assert knock(Browser(), f"desk@{OURS}", given).body["must"] == ["password"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/password", {}),
        ("/switch", {"active": False}),
        ("/serves", {"agency": OURS, "roles": ["duty_commander"]}),
    ],
)
def test_nobody_administers_an_account_of_their_own(enter: Enter, path: str, body: Any) -> None:
    admin = enter("admin_security", lang="en")
    answer = admin.post(f"/api/people/{account_id(f'admin_security@{OURS}')}{path}", body)
    assert (answer.status, answer.body["code"]) == (403, "not_yours")
    assert "account of their own" in answer.body["text"]


@pytest.mark.parametrize("second", ["admin_security", "admin_audit", "desk", "duty_commander"])
def test_the_three_administrators_are_three_people(enter: Enter, hire: Hire, second: str) -> None:
    hire("sun", "admin_system")
    answer = enter("admin_security", lang="en").post(
        f"/api/people/{account_id('sun')}/serves", {"agency": "fishery", "roles": [second]}
    )
    assert (answer.status, answer.body["code"]) == (422, "bad_input")
    assert "different people" in answer.body["text"]


def test_roles_change_and_end_by_their_version_and_for_the_right_person(enter: Enter, hire: Hire) -> None:
    hire("sun", "desk")
    hire("mo", "desk")
    admin = enter("admin_security")
    people = {p["username"]: p for p in admin.get("/api/people").body}
    held = people["sun"]["serves"][0]
    path = f"/api/people/{people['sun']['account_id']}/serves/{held['membership_id']}"
    wrong = f"/api/people/{people['mo']['account_id']}/serves/{held['membership_id']}"
    other = {"roles": ["reviewer"], "version": held["version"]}
    assert admin.call("PUT", wrong, other).status == 404
    assert admin.call("PUT", path, other).body["roles"] == ["reviewer"]
    assert admin.call("PUT", path, other).body["code"] == "stale_version"
    assert admin.call("DELETE", f"{path}?version={held['version'] + 1}").status == 204
    assert "alliance.MemberLeft" in kinds()


def test_the_security_administrator_ends_what_somebody_has_open(enter: Enter) -> None:
    desk = enter("desk")
    admin = enter("admin_security")
    assert admin.call("DELETE", f"/api/people/{account_id(f'desk@{OURS}')}/sessions").status == 204
    assert desk.get("/api/session").status == 401
    last = journal.after(0)[-1]
    assert (last.kind, last.body["reason"]) == ("core.SignedOut", "ended")
    assert last.by.person == account_id(f"admin_security@{OURS}")


def test_an_account_switched_off_is_out_at_once_and_back_with_its_password(enter: Enter) -> None:
    desk, admin = enter("desk"), enter("admin_security")
    path = f"/api/people/{account_id(f'desk@{OURS}')}/switch"
    assert admin.post(path, {"active": False}).body["active"] is False
    assert desk.get("/api/session").status == 401
    assert knock(Browser(), f"desk@{OURS}").status == 401
    assert admin.post(path, {"active": True}).body["active"] is True
    assert knock(Browser(), f"desk@{OURS}").status == 200


def test_what_is_sensitive_asks_again_who_it_is(enter: Enter, later: Any) -> None:
    admin = enter("admin_system", lang="en")
    later(minutes=9)
    assert admin.post("/api/people", {"username": "a", "name_zh": "甲"}).status == 201
    later(minutes=2)
    stale = admin.post("/api/people", {"username": "b", "name_zh": "乙"})
    assert (stale.status, stale.body["code"]) == (403, "prove_again")
    assert admin.get("/api/people").status == 200, "looking is not sensitive"
    assert admin.post("/api/session/proof", {"password": "not it"}).status == 401
    assert admin.post("/api/people", {"username": "b", "name_zh": "乙"}).status == 403
    assert admin.post("/api/session/proof", {"password": PASSWORD}).status == 204
    assert admin.post("/api/people", {"username": "b", "name_zh": "乙"}).status == 201


def test_a_proof_is_counted_at_the_door_like_a_sign_in(enter: Enter) -> None:
    desk = enter("desk")
    for _ in range(5):
        assert desk.post("/api/session/proof", {"password": "not it"}).status == 401
    assert desk.post("/api/session/proof", {"password": PASSWORD}).status == 429
    assert desk.get("/api/session").status == 200, "whoever is in stays in"


def test_changing_ones_password_ends_the_other_sessions_and_not_this(enter: Enter) -> None:
    here, there = enter("desk"), enter("desk")
    assert here.post("/api/account/password", {"old": "not it", "new": NEW}).status == 401
    weak = here.post("/api/account/password", {"old": PASSWORD, "new": PASSWORD})
    assert "用过" in weak.body["text"]
    assert here.post("/api/account/password", {"old": PASSWORD, "new": NEW}).status == 204
    assert here.get("/api/session").status == 200
    assert there.get("/api/session").status == 401


def test_one_sees_where_one_is_signed_in_and_ends_it(enter: Enter) -> None:
    here, there, third = enter("desk"), enter("desk"), enter("desk")
    listed = here.get("/api/account").body["sessions"]
    assert [one["here"] for one in listed].count(True) == 1
    handle = there.session[:16]
    assert here.call("DELETE", f"/api/account/sessions/{handle}").status == 204
    assert there.get("/api/session").status == 401
    assert here.call("DELETE", f"/api/account/sessions/{handle}").status == 404
    assert here.call("DELETE", "/api/account/sessions/0").status == 404, "no prefix ends several"
    assert here.call("DELETE", "/api/account/sessions").status == 204
    assert third.get("/api/session").status == 401
    assert here.get("/api/session").status == 200


def test_of_too_many_sessions_the_one_unused_for_longest_ends(enter: Enter, later: Any) -> None:
    desks = []
    for _ in range(6):
        desks.append(enter("desk"))
        later(seconds=1)
    assert [one.get("/api/session").status for one in desks] == [401] + [200] * 5
    assert [f.body["reason"] for f in journal.after(0) if f.kind == "core.SignedOut"] == ["too_many"]


def test_use_from_two_places_at_one_time_is_a_fact(enter: Enter) -> None:
    here = enter("desk")
    assert here.get("/api/session").body["elsewhere"] == 0
    there = knock(Browser(address="203.0.113.9"), f"desk@{OURS}")
    assert there.body["elsewhere"] == here.get("/api/session").body["elsewhere"] == 1
    told = [f for f in journal.after(0) if f.kind == "core.UsedFromSeveralPlaces"]
    assert [f.body["others"] for f in told] == [1]
    assert "203.0.113.9" not in str(told)


def test_nothing_of_a_session_is_left_after_signing_out(enter: Enter) -> None:
    desk = enter("desk")
    desk.call("DELETE", "/api/session")
    assert not Session.objects.exists()
    assert "jiangdun_desk" in desk.cookies, "the desk stays known; that opens nothing"
    assert desk.get("/api/incidents").status == 401


def test_the_desk_is_known_by_its_cookie_and_not_locked_by_a_stranger(enter: Enter) -> None:
    desk = enter("desk")
    for n in range(6):
        knock(Browser(address=f"203.0.113.{n}"), f"desk@{OURS}", "not it")
    assert knock(Browser(address="203.0.113.99"), f"desk@{OURS}").status == 429
    assert knock(desk, f"desk@{OURS}").status == 200


def test_knocking_on_at_a_locked_door_is_not_written(hire: Hire, monkeypatch: pytest.MonkeyPatch) -> None:
    from jiangdun.web import desk

    hire("chen", "desk")
    for n in range(7):
        knock(Browser(address=f"203.0.113.{n}"), "chen", "not it")
    written: list[bool] = []
    write = desk._writer
    assert write is not None

    async def counted(fn: Any) -> Any:
        written.append(True)
        return await write(fn)

    desk.bind(writer=counted)
    for n in range(20):
        assert knock(Browser(address=f"203.0.113.{n}"), "chen", "not it").status == 429
    assert written == []


def test_a_first_password_is_hashed_away_from_the_writer(
    enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The writer would stand still for as long as the hash takes; a screen has none to hash."""
    from argon2 import low_level

    inside: list[bool] = []
    writing, write, real = False, desk._writer, low_level.hash_secret
    assert write is not None

    async def watched(fn: Any) -> Any:
        def run() -> Any:
            nonlocal writing
            writing = True
            try:
                return fn()
            finally:
                writing = False

        return await write(run)

    def noted(*a: Any, **k: Any) -> Any:
        inside.append(writing)
        return real(*a, **k)

    admin = enter("admin_system")
    desk.bind(writer=watched)
    monkeypatch.setattr(low_level, "hash_secret", noted)
    made = admin.post("/api/people", {"username": "new", "name_zh": "新人"})
    assert (made.status, inside) == (201, [False])
    body = {"username": "wall-1", "name_zh": "大屏", "agency": OURS, "networks": ["10.9.0.0/24"]}
    assert (admin.post("/api/walls", body).status, inside) == (201, [False])
