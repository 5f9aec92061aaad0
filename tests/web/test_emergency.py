"""Accounts nobody uses, and accounts under seal."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from jiangdun.core import accounts, clock, emergency, journal, timers, unused
from jiangdun.core import actions as core
from jiangdun.hall import wiring

from .conftest import OURS, SYSTEM, Browser, Enter, Hire
from .test_people import account_id
from .test_session import knock

DAY = timedelta(days=1)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Moves the clock on."""
    monkeypatch.setattr(clock, "_offset", clock.offset())

    def move(**by: float) -> None:
        clock.set_offset(clock.offset() + timedelta(**by))

    return move


def kinds() -> list[str]:
    journal.seal(clock.now())
    return [f.kind for f in journal.after(0)]


# -- unused


def test_an_account_nobody_uses_is_switched_off_after_ninety_days(hire: Hire) -> None:
    now = clock.now()
    hire("chen", "desk")
    hire("wang", "desk")
    accounts.complete(accounts.accounts()[1].id, "10.0.0.1", now + 30 * DAY)
    assert unused.switch_off(now + 89 * DAY) == 0
    assert unused.switch_off(now + 91 * DAY) == 1
    assert [a.active for a in accounts.accounts()] == [False, True]
    assert kinds()[-2:] == ["core.AccountUnused", "core.AccountSwitched"]
    accounts.switch(accounts.accounts()[0].id, active=True, by=SYSTEM, now=now + 92 * DAY)
    assert unused.switch_off(now + 93 * DAY) == 0, "switched on it has ninety days again"


def test_how_long_is_data_and_zero_is_never(hire: Hire) -> None:
    now = clock.now()
    hire("chen", "desk")
    core.set_parameter("people.unused_days", 0, by=SYSTEM, now=now)
    assert unused.switch_off(now + 4_000 * DAY) == 0
    core.set_parameter("people.unused_days", 10, by=SYSTEM, now=now + DAY)
    assert unused.switch_off(now + 12 * DAY) == 1


def test_the_timer_looks_each_day(hire: Hire) -> None:
    hire("chen", "desk")
    wiring.register_timers()
    now = clock.now()
    unused.begin(now)
    for day in range(95):
        timers.tick(now + day * DAY + timedelta(minutes=day))
    assert not accounts.accounts()[0].active


def test_the_report_names_who_is_unused_and_who_soon_will_be(enter: Enter, hire: Hire, later: Any) -> None:
    hire("chen", "desk")
    later(days=80)
    listed = {one["username"]: one for one in enter("admin_audit").get("/api/people/unused").body}
    assert list(listed) == ["chen"]
    assert listed["chen"]["active"]
    unused.switch_off(clock.now() + 11 * DAY)
    assert enter("admin_audit").get("/api/people/unused").body[0]["active"] is False


# -- under seal


def under_seal(enter: Enter) -> str:
    made = enter("admin_system").post("/api/emergency", {"username": "sealed-1", "name_zh": "应急账号"})
    assert made.status == 201, made.body
    path = f"/api/people/{made.body['account_id']}/serves"
    joined = enter("admin_security").post(path, {"agency": OURS, "roles": ["duty_commander"]})
    assert joined.status == 200
    return f"/api/emergency/{made.body['account_id']}"


WHY = {"reason": "指挥长与值班长均失联"}


@pytest.mark.parametrize(
    ("first", "second", "status"),
    [
        ("admin_security", "admin_audit", 200),
        ("admin_security", "duty_commander", 200),
        ("admin_audit", "admin_security", 200),
        ("duty_commander", "admin_security", 200),
        ("duty_commander", "admin_audit", 403),
        ("admin_security", "admin_security", 403),
        ("admin_security", "admin_system", 403),
        ("admin_security", "desk", 403),
    ],
)
def test_it_takes_two_persons_of_whom_one_is_the_security_administrator(
    enter: Enter, first: str, second: str, status: int
) -> None:
    path = under_seal(enter)
    assert enter(first).post(f"{path}/ask", WHY).status == 200
    assert enter(second).post(f"{path}/open").status == status


def test_two_security_administrators_are_one_office(enter: Enter) -> None:
    path = under_seal(enter)
    enter("admin_security").post(f"{path}/ask", WHY)
    other = enter("admin_security", agency="fishery", lang="en").post(f"{path}/open")
    assert (other.status, other.body["code"]) == (403, "not_yours")
    assert "two persons" in other.body["text"]


def test_opened_it_works_for_an_hour_and_everything_is_marked(enter: Enter, later: Any) -> None:
    path = under_seal(enter)
    assert knock(Browser(), "sealed-1", "whatever it is").status == 401
    enter("admin_security").post(f"{path}/ask", WHY)
    opened = enter("duty_commander").post(f"{path}/open").body
    assert "core.EmergencyOpened" in kinds()
    told = [f.body for f in journal.after(0) if f.kind in ("core.EmergencyAsked", "core.EmergencyOpened")]
    assert len(told) == 2
    for body in told:
        assert emergency.reasons(UUID(opened["account_id"]))[body["reason"]] == WHY["reason"]
        assert WHY["reason"] not in str(body)
    acting = Browser()
    assert knock(acting, "sealed-1", opened["password"]).body["must"] == []
    rule = acting.post("/api/account/password", {"old": opened["password"], "new": "a river in flood 洪水"})
    assert rule.status == 204
    journal.seal(clock.now())
    last = [f for f in journal.after(0) if f.kind == "core.PasswordChanged"][-1]
    assert last.by.person == opened["account_id"]
    later(minutes=14)
    assert acting.get("/api/session").status == 200
    for _ in range(4):
        later(minutes=11)
        acting.get("/api/session")
    assert acting.get("/api/session").status == 200
    later(minutes=3)
    assert acting.get("/api/session").status == 401, "an hour is over"
    wiring.register_timers()
    timers.tick(clock.now())
    assert kinds()[-1] == "core.EmergencyClosed"
    assert knock(Browser(), "sealed-1", "a river in flood 洪水").status == 401


def test_what_is_done_under_it_is_marked_in_the_journal(enter: Enter) -> None:
    from jiangdun.picture import actions as picture

    path = under_seal(enter)
    enter("admin_security").post(f"{path}/ask", WHY)
    opened = enter("duty_commander").post(f"{path}/open").body
    acting = Browser()
    knock(acting, "sealed-1", opened["password"])
    boat = picture.add_unit(OURS, "演示艇", "boat", by=SYSTEM, now=clock.now(), crew=2, capabilities=())
    done = acting.post(f"/api/units/{boat.id}/state", {"state": "off", "version": 1})
    assert done.status == 200, done.body
    journal.seal(clock.now())
    assert journal.after(0)[-1].by.system == emergency.MARK


def test_it_is_closed_by_hand_and_its_sessions_end(enter: Enter) -> None:
    path = under_seal(enter)
    enter("admin_audit").post(f"{path}/ask", WHY)
    opened = enter("admin_security").post(f"{path}/open").body
    acting = Browser()
    knock(acting, "sealed-1", opened["password"])
    assert enter("admin_audit").post(f"{path}/close").status == 204
    assert acting.get("/api/session").status == 401
    assert knock(Browser(), "sealed-1", opened["password"]).status == 401


def test_a_word_waits_half_an_hour_for_the_other(enter: Enter, later: Any) -> None:
    path = under_seal(enter)
    assert enter("admin_audit").post(f"{path}/open").body["code"] == "emergency_not_asked"
    enter("admin_security").post(f"{path}/ask", WHY)
    later(minutes=31)
    assert enter("admin_audit").post(f"{path}/open").body["code"] == "emergency_not_asked"


def test_no_administrator_goes_around_the_seal(enter: Enter) -> None:
    under_seal(enter)
    admin = enter("admin_security")
    for path, body in (("password", {}), ("switch", {"active": True})):
        answer = admin.post(f"/api/people/{account_id('sealed-1')}/{path}", body)
        assert (answer.status, answer.body["code"]) == (403, "not_yours")


def test_an_account_under_seal_is_not_switched_off_as_unused(enter: Enter, later: Any) -> None:
    path = under_seal(enter)
    later(days=200)
    unused.switch_off(clock.now())
    enter_again = [f for f in kinds() if f == "core.AccountUnused"]
    assert len(enter_again) == 2, "the two administrators; not the one under seal"
    assert emergency.sealed(accounts.accounts()[-1].id)
    assert path
