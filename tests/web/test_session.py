"""Signing in and out: what the door lets through, what it remembers, and when it forgets."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings

from jiangdun.core import accounts, clock, journal
from jiangdun.web import actions, scopes, sessions
from jiangdun.web.models import Session

from .conftest import OURS, PASSWORD, SYSTEM, Browser, Enter, Hire, in_house


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Moves the clock on."""
    monkeypatch.setattr(clock, "_offset", clock.offset())

    def move(**by: float) -> datetime:
        clock.set_offset(clock.offset() + timedelta(**by))
        return clock.now()

    return move


def knock(browser: Browser, username: str, password: str = PASSWORD) -> Any:
    browser.get("/api/session")
    return browser.post("/api/session", {"username": username, "password": password})


def test_who_signs_in_is_told_who_they_are(hire: Hire) -> None:
    account = hire("chen", "desk")
    browser = Browser()
    answer = knock(browser, "chen")
    assert answer.status == 200
    assert answer.body["account_id"] == str(account.id)
    assert answer.body["agency"] == OURS
    assert answer.body["roles"] == ["desk"]
    assert "incident.sign" in answer.body["verbs"]
    assert browser.get("/api/session").body["username"] == "chen"


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(hire: Hire) -> None:
    hire("chen", "desk")
    cookie = knock(Browser(), "chen").cookies["jiangdun_session"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert not cookie["secure"]  # plain http on this machine


def test_over_https_the_cookie_is_secure_and_bound_to_the_host(hire: Hire) -> None:
    from django.http import HttpResponse
    from django.test import RequestFactory

    from jiangdun.web import asking

    response = HttpResponse()
    asking.set_cookie(RequestFactory().get("/", secure=True), response, "t")
    cookie = response.cookies["__Host-jiangdun_session"]
    assert cookie["secure"]


def test_the_token_itself_is_kept_nowhere(hire: Hire) -> None:
    hire("chen", "desk")
    browser = Browser()
    knock(browser, "chen")
    token = browser.cookies["jiangdun_session"]
    assert not Session.objects.filter(id=token).exists()
    assert Session.objects.get().id == sessions.key_of(token)


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_a_wrong_password_and_an_unknown_name_sound_alike(hire: Hire, lang: str) -> None:
    hire("chen", "desk")
    wrong = knock(Browser(lang=lang, address="10.0.0.1"), "chen", "not the password")
    unknown = knock(Browser(lang=lang, address="10.0.0.2"), "nobody-here", "not the password")
    assert (wrong.status, wrong.raw) == (unknown.status, unknown.raw)
    assert wrong.status == 401
    assert wrong.body["code"] == "wrong_credentials"


def test_an_unknown_name_costs_the_same_hash(hire: Hire, monkeypatch: pytest.MonkeyPatch) -> None:
    """Equal time by equal work: one hash for each, whoever exists."""
    hire("chen", "desk")
    hashes: list[str] = []
    from argon2 import low_level

    real = low_level.hash_secret
    real_verify = low_level.verify_secret

    def hashed(*a: Any, **k: Any) -> Any:
        hashes.append("hash")
        return real(*a, **k)

    def verified(*a: Any, **k: Any) -> Any:
        hashes.append("verify")
        return real_verify(*a, **k)

    monkeypatch.setattr(low_level, "hash_secret", hashed)
    monkeypatch.setattr("argon2._password_hasher.verify_secret", verified)
    accounts.check("chen", "not the password")
    known = len(hashes)
    accounts.check("nobody-here", "not the password")
    assert len(hashes) == 2 * known == 2


def test_five_wrong_tries_lock_the_account_even_for_the_right_password(hire: Hire, later: Any) -> None:
    hire("chen", "desk")
    for n in range(5):
        assert knock(Browser(address=f"10.0.0.{n}"), "chen", "not the password").status == 401
    locked = knock(Browser(address="10.0.0.99", lang="en"), "chen")
    assert locked.status == 429
    assert locked.body["code"] == "locked_out"
    assert 880 <= int(locked.headers["retry-after"]) <= 900
    assert "15 minutes" in locked.body["text"] + locked.body["next"]
    assert 0 < int(locked.headers["retry-after"]) <= 900
    later(minutes=16)
    assert knock(Browser(address="10.0.0.99"), "chen").status == 200


def test_five_wrong_tries_lock_the_address_for_every_account(hire: Hire) -> None:
    hire("chen", "desk")
    for n in range(5):
        knock(Browser(), f"guess-{n}", "not the password")
    assert knock(Browser(), "chen").status == 429
    assert knock(Browser(address="10.9.9.9"), "chen").status == 200


def test_the_address_is_the_peer_whatever_a_header_claims(hire: Hire) -> None:
    hire("chen", "desk")
    for n in range(5):
        browser = Browser()
        browser.get("/api/session")
        browser.post(
            "/api/session",
            {"username": f"guess-{n}", "password": "x"},
            headers={"x-forwarded-for": f"1.2.3.{n}", "forwarded": f"for=1.2.3.{n}"},
        )
    browser = Browser()
    browser.get("/api/session")
    answer = browser.post(
        "/api/session",
        {"username": "chen", "password": PASSWORD},
        headers={"x-forwarded-for": "8.8.8.8"},
    )
    assert answer.status == 429


def test_signing_in_needs_the_token_of_our_page(hire: Hire) -> None:
    hire("chen", "desk")
    answer = Browser().post("/api/session", {"username": "chen", "password": PASSWORD})
    assert (answer.status, answer.body["code"]) == (403, "csrf_failed")


def test_signing_in_begins_a_new_session_and_ends_the_one_that_came(hire: Hire) -> None:
    hire("chen", "desk")
    browser = Browser()
    knock(browser, "chen")
    first = dict(browser.cookies)
    knock(browser, "chen")
    assert browser.cookies["jiangdun_session"] != first["jiangdun_session"]
    assert browser.cookies["csrftoken"] != first["csrftoken"]
    assert Browser(cookies=first).get("/api/session").status == 401


def test_a_token_put_into_the_browser_beforehand_opens_nothing(hire: Hire) -> None:
    hire("chen", "desk")
    browser = Browser(cookies={"jiangdun_session": "planted"})
    knock(browser, "chen")
    assert browser.cookies["jiangdun_session"] != "planted"
    assert Browser(cookies={"jiangdun_session": "planted"}).get("/api/session").status == 401


def test_signing_out_ends_the_session_here_and_now(enter: Enter) -> None:
    browser = enter("desk")
    kept = dict(browser.cookies)
    assert browser.call("DELETE", "/api/session").status == 204
    assert "jiangdun_session" not in browser.cookies
    assert Browser(cookies=kept).get("/api/session").status == 401
    assert journal.after(0)[-1].kind == "core.SignedOut"


def test_a_session_that_nobody_uses_ends(enter: Enter, later: Any) -> None:
    browser = enter("desk")
    later(seconds=settings.SESSION_IDLE_S - 1)
    assert browser.get("/api/session").status == 200  # and that was a use
    later(seconds=settings.SESSION_IDLE_S - 1)
    assert browser.get("/api/session").status == 200
    later(seconds=settings.SESSION_IDLE_S + 61)
    assert browser.get("/api/session").status == 401


def test_however_busy_a_session_ends_after_twelve_hours(enter: Enter, later: Any) -> None:
    browser = enter("desk")
    for _ in range(12 * 6 - 1):
        later(minutes=10)
        assert browser.get("/api/session").status == 200
    later(minutes=10)
    assert browser.get("/api/session").status == 401


def test_being_there_is_written_at_most_once_a_minute(enter: Enter, later: Any) -> None:
    browser = enter("desk")
    before = Session.objects.get().seen_at
    later(seconds=59)
    browser.get("/api/session")
    assert Session.objects.get().seen_at == before
    now = later(seconds=2)
    browser.get("/api/session")
    assert Session.objects.get().seen_at >= now


def test_a_forgotten_session_is_closed_with_a_fact(enter: Enter, later: Any) -> None:
    browser = enter("desk")
    now = later(seconds=settings.SESSION_IDLE_S + 61)
    assert actions.end_idle(now=now) == [browser.session]
    assert actions.end_idle(now=now) == []
    journal.seal(now)
    last = journal.after(0)[-1]
    assert (last.kind, last.body["reason"]) == ("core.SignedOut", "idle")


def test_a_new_password_ends_every_session_of_the_account(enter: Enter, now: datetime) -> None:
    browser = enter("desk")
    account = accounts.accounts()[0]
    accounts.set_password(account.id, "another long river 黄河", by=SYSTEM, now=now)
    assert browser.get("/api/session").status == 401


def test_switching_an_account_off_ends_its_sessions_for_good(enter: Enter, now: datetime) -> None:
    browser = enter("desk")
    account = accounts.accounts()[0]
    accounts.switch(account.id, active=False, by=SYSTEM, now=now)
    assert browser.get("/api/session").status == 401
    accounts.switch(account.id, active=True, by=SYSTEM, now=now)
    assert browser.get("/api/session").status == 401


def test_a_role_taken_away_counts_at_once(enter: Enter, now: datetime) -> None:
    from jiangdun.alliance import actions as alliance
    from jiangdun.alliance import queries

    browser = enter("desk")
    assert browser.get("/api/incidents").status == 200
    held = queries.memberships(accounts.accounts()[0].id, now)[0]
    alliance.leave(held.id, version=held.version, by=SYSTEM, now=now)
    assert browser.get("/api/incidents").status == 403


def test_old_sessions_are_forgotten(enter: Enter, later: Any) -> None:
    enter("desk")
    later(days=8)
    enter("reviewer")
    assert Session.objects.count() == 1


def test_passwords_are_checked_away_from_the_writer(hire: Hire, monkeypatch: pytest.MonkeyPatch) -> None:
    """The writer would stand still for as long as the hash takes."""
    from jiangdun.web import desk

    hire("chen", "desk")
    inside: list[bool] = []
    writing = False
    write, check = desk._writer, accounts.check
    assert write is not None

    async def watched(fn: Any) -> Any:
        nonlocal writing

        def run() -> Any:
            nonlocal writing
            writing = True
            try:
                return fn()
            finally:
                writing = False

        return await write(run)

    def noted(*a: Any) -> Any:
        inside.append(writing)
        return check(*a)

    desk.bind(writer=watched)
    monkeypatch.setattr(accounts, "check", noted)
    assert knock(Browser(), "chen").status == 200
    assert inside == [False]


def test_a_storm_of_passwords_is_told_to_wait(hire: Hire, monkeypatch: pytest.MonkeyPatch) -> None:
    from jiangdun.web import desk

    hire("chen", "desk")
    monkeypatch.setitem(desk._passwords_waiting, False, desk.PASSWORDS_WAITING_MAX)
    answer = knock(Browser(), "chen")
    assert (answer.status, answer.body["code"]) == (503, "busy")


def test_before_the_writer_is_there_nothing_is_written(hire: Hire) -> None:
    from jiangdun.web import desk

    async def nothing() -> None:
        await desk.do(lambda: None)

    desk.unbind()
    with pytest.raises(Exception, match="not_ready"):
        in_house(nothing)


@pytest.fixture
def kept(enter: Enter, monkeypatch: pytest.MonkeyPatch) -> Browser:
    """Somebody signed in whose session is read once and then kept for as long as it may."""
    from jiangdun.web import asking

    monkeypatch.setattr(asking, "FRESH_S", 3_600.0)
    browser = enter("desk")
    assert browser.get("/api/units").status == 200
    return browser


def publish(now: datetime) -> None:
    from jiangdun.web.live import live

    live.publish_facts(scopes.about(journal.seal_facts(now)))


def test_a_session_is_not_read_for_every_request(kept: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(_: str) -> None:
        raise AssertionError("read again")

    monkeypatch.setattr(sessions, "find_by_id", never)
    assert kept.get("/api/units").status == 200


def test_a_kept_session_does_not_outlive_a_switched_off_account(kept: Browser, now: datetime) -> None:
    accounts.switch(accounts.accounts()[0].id, active=False, by=SYSTEM, now=now)
    publish(now)
    assert kept.get("/api/units").status == 401


def test_a_kept_session_does_not_outlive_a_role(kept: Browser, now: datetime) -> None:
    from jiangdun.alliance import actions as alliance
    from jiangdun.alliance import queries

    held = queries.memberships(accounts.accounts()[0].id, now)[0]
    alliance.leave(held.id, version=held.version, by=SYSTEM, now=now)
    publish(now)
    assert kept.get("/api/units").status == 403


def test_a_kept_session_does_not_outlive_its_end(kept: Browser) -> None:
    cookies = dict(kept.cookies)
    kept.call("DELETE", "/api/session")
    assert Browser(cookies=cookies).get("/api/units").status == 401
