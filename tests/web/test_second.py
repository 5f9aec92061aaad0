"""Signing in by two steps: who has to, what goes on, what does not."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
from plugins.authenticator import Authenticator

from jiangdun.core import accounts, clock, journal, passwords
from jiangdun.core import actions as core
from jiangdun.web import actions as web
from jiangdun.web import steps
from jiangdun.web.models import Session, Step

from .conftest import OURS, PASSWORD, SYSTEM, Browser, Enter, Hire
from .test_people import account_id
from .test_session import knock

NAME = "localhost:8600"


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, settings: Any) -> None:
    settings.HOME = tmp_path


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Moves the real clock on: the code of a telephone moves with it."""
    begins, moved = clock.now, timedelta(0)

    def move(**by: float) -> None:
        nonlocal moved
        moved += timedelta(**by)

    monkeypatch.setattr(clock, "now", lambda: begins() + moved)
    return move


class Phone:
    """Shows codes by the clock of these tests."""

    def __init__(self, secret: str) -> None:
        self.secret = secret

    @property
    def code(self) -> str:
        return pyotp.TOTP(self.secret).at(clock.now() - clock.offset())


def add_totp(browser: Browser) -> tuple[Phone, list[str]]:
    begun = browser.post("/api/account/totp")
    assert begun.status == 200, begun.body
    phone = Phone(begun.body["secret"])
    assert begun.body["svg"].startswith("<svg")
    confirmed = browser.post("/api/account/totp/confirm", {"code": phone.code})
    assert confirmed.status == 200, confirmed.body
    return phone, confirmed.body["codes"]


def test_with_a_second_factor_the_password_alone_opens_nothing(enter: Enter, later: Any) -> None:
    phone, _ = add_totp(enter("desk"))
    browser = Browser()
    half = knock(browser, f"desk@{OURS}")
    assert half.status == 202
    assert half.body["ways"] == ["totp", "recovery"]
    assert "jiangdun_session" not in browser.cookies
    assert "jiangdun_desk" not in browser.cookies, "a password alone makes no desk known"
    assert browser.get("/api/incidents").status == 401
    assert browser.post("/api/session/second", {"code": phone.code}).body["code"] == "second_wrong", "used"
    later(seconds=60)
    done = browser.post("/api/session/second", {"code": phone.code})
    assert done.status == 200
    assert done.body["username"] == f"desk@{OURS}"
    assert browser.get("/api/incidents").status == 200
    assert browser.post("/api/session/second", {"code": phone.code}).body["code"] == "step_gone"
    kinds = [f.kind for f in journal.after(0)]
    assert kinds[-2:] == ["core.SecondStepTaken", "core.SignedIn"]


def test_a_code_is_good_for_one_sign_in(enter: Enter, later: Any) -> None:
    phone, _ = add_totp(enter("desk"))
    later(seconds=60)
    one, other = Browser(), Browser()
    for browser in (one, other):
        knock(browser, f"desk@{OURS}")
    assert one.post("/api/session/second", {"code": phone.code}).status == 200
    assert other.post("/api/session/second", {"code": phone.code}).status == 401


def test_a_recovery_code_opens_once(enter: Enter) -> None:
    _, codes = add_totp(enter("desk"))
    for expected in (200, 401):
        browser = Browser()
        knock(browser, f"desk@{OURS}")
        assert browser.post("/api/session/second", {"recovery": codes[0]}).status == expected


def test_five_wrong_codes_and_the_password_begins_anew_and_has_to_wait(enter: Enter) -> None:
    desk = enter("desk")
    add_totp(desk)
    browser = Browser(address="203.0.113.5", lang="en")
    knock(browser, f"desk@{OURS}")
    statuses = [browser.post("/api/session/second", {"code": "000000"}).status for _ in range(6)]
    assert statuses == [401] * 6
    assert knock(browser, f"desk@{OURS}").status == 429, "whoever has the password guesses no codes"
    assert knock(desk, f"desk@{OURS}").status == 202, "the desk itself is not locked by that"


def test_giving_the_password_again_does_not_wash_wrong_codes_away(enter: Enter) -> None:
    add_totp(enter("desk"))
    outcomes = []
    for _ in range(3):
        browser = Browser(address="203.0.113.5")
        if knock(browser, f"desk@{OURS}").status == 429:
            break
        outcomes += [browser.post("/api/session/second", {"code": "000000"}).status for _ in range(2)]
    assert outcomes.count(401) == 5


def test_the_second_step_waits_five_minutes(enter: Enter, later: Any) -> None:
    phone, _ = add_totp(enter("desk"))
    browser = Browser()
    knock(browser, f"desk@{OURS}")
    later(minutes=5, seconds=1)
    answer = browser.post("/api/session/second", {"code": phone.code})
    assert (answer.status, answer.body["code"]) == (401, "step_gone")
    knock(browser, f"desk@{OURS}")
    assert Step.objects.count() == 1, "what is too old is gone"


def test_of_one_account_so_many_steps_wait_and_no_more(enter: Enter) -> None:
    add_totp(enter("desk"))
    for _ in range(8):
        assert knock(Browser(), f"desk@{OURS}").status == 202
    assert Step.objects.count() == 5


def test_a_new_password_ends_a_sign_in_half_way(enter: Enter, later: Any) -> None:
    phone, _ = add_totp(enter("desk"))
    later(seconds=60)
    browser = Browser()
    knock(browser, f"desk@{OURS}")
    accounts.set_password(accounts.accounts()[0].id, "another long river 黄河", by=SYSTEM, now=clock.now())
    assert browser.post("/api/session/second", {"code": phone.code}).body["code"] == "step_gone"


@pytest.mark.parametrize("role", ["duty_commander", "admin_system", "admin_security", "admin_audit"])
def test_commanders_and_administrators_add_one_before_anything_else(hire: Hire, role: str) -> None:
    core.set_parameter("signin.second_factor_roles", [role], by=SYSTEM, now=clock.now())
    hire("zhou", role)
    browser = Browser(lang="en")
    assert knock(browser, "zhou").body["must"] == ["second"]
    refused = browser.get("/api/people" if role.startswith("admin") else "/api/incidents")
    assert (refused.status, refused.body["code"]) == (403, "second_factor_is_due")
    assert browser.get("/api/health").body["detail"] is None
    add_totp(browser)
    assert browser.get("/api/session").body["must"] == []
    assert browser.get("/api/people" if role.startswith("admin") else "/api/incidents").status == 200


def test_who_needs_two_factors_is_data_and_has_the_standards_default(hire: Hire) -> None:
    from jiangdun.web.sessions import SECOND_ROLES

    assert set(SECOND_ROLES.default) == {"duty_commander", "admin_system", "admin_security", "admin_audit"}
    hire("wu", "desk")
    core.set_parameter("signin.second_factor_roles", ["duty_commander"], by=SYSTEM, now=clock.now())
    assert knock(Browser(), "wu").body["must"] == []


def test_the_last_factor_of_a_commander_cannot_be_left_off(hire: Hire) -> None:
    core.set_parameter("signin.second_factor_roles", ["duty_commander"], by=SYSTEM, now=clock.now())
    hire("zhou", "duty_commander")
    browser = Browser()
    knock(browser, "zhou")
    add_totp(browser)
    assert browser.call("DELETE", "/api/account/totp").status == 204
    assert browser.get("/api/session").body["must"] == ["second"]


def test_adding_and_removing_asks_for_a_proof(enter: Enter, later: Any) -> None:
    browser = enter("desk")
    later(minutes=11)
    browser.get("/api/session")
    for method, path in (
        ("POST", "/api/account/totp"),
        ("DELETE", "/api/account/totp"),
        ("POST", "/api/account/recovery"),
        ("POST", "/api/account/keys/ask"),
    ):
        assert browser.call(method, path, {}).body["code"] == "prove_again"
    browser.post("/api/session/proof", {"password": PASSWORD})
    phone, _ = add_totp(browser)
    later(minutes=11)
    browser.get("/api/session")
    assert browser.post("/api/session/proof", {"code": "000000"}).status == 401
    assert browser.post("/api/session/proof", {"code": phone.code}).status == 204
    assert browser.call("DELETE", "/api/account/totp").status == 204


def test_a_lost_telephone_is_voided_by_the_security_administrator(enter: Enter) -> None:
    desk = enter("desk")
    add_totp(desk)
    admin = enter("admin_security")
    listed = {p["username"]: p for p in admin.get("/api/people").body}
    assert listed[f"desk@{OURS}"]["second"] == ["totp", "recovery"]
    assert admin.call("DELETE", f"/api/people/{account_id(f'desk@{OURS}')}/second").status == 204
    assert desk.get("/api/session").status == 401
    assert knock(Browser(), f"desk@{OURS}").status == 200


# -- keys


def named(enter: Enter) -> Browser:
    """Somebody who opened the page by the host's name."""
    browser = enter("desk")
    browser.host = NAME
    return browser


def add_key(browser: Browser) -> Authenticator:
    key = Authenticator(origin=f"http://{NAME}")
    options = browser.post("/api/account/keys/ask")
    assert options.status == 200, options.body
    assert options.body["authenticatorSelection"]["userVerification"] == "required"
    made = browser.post("/api/account/keys", {"name": "蓝色密钥", "credential": key.make(options.body)})
    assert made.status == 201, made.body
    return key


def test_a_key_opens_the_second_step(enter: Enter) -> None:
    key = add_key(named(enter))
    browser = Browser(host=NAME)
    assert knock(browser, f"desk@{OURS}").body["ways"] == ["key"]
    options = browser.post("/api/session/second/key").body
    assert [c["id"] for c in options["allowCredentials"]]
    answer = key.sign(options)
    assert browser.post("/api/session/second", {"credential": answer}).status == 200
    other = Browser(host=NAME)
    knock(other, f"desk@{OURS}")
    assert other.post("/api/session/second", {"credential": answer}).status == 401, "of another sign-in"


def test_a_challenge_is_good_once(enter: Enter) -> None:
    key = add_key(named(enter))
    browser = Browser(host=NAME)
    knock(browser, f"desk@{OURS}")
    options = browser.post("/api/session/second/key").body
    wrong = key.sign({**options, "challenge": "AAAA"})
    assert browser.post("/api/session/second", {"credential": wrong}).status == 401
    assert browser.post("/api/session/second", {"credential": key.sign(options)}).status == 401


def test_a_key_is_a_proof(enter: Enter, later: Any) -> None:
    browser = named(enter)
    key = add_key(browser)
    later(minutes=11)
    browser.get("/api/session")
    assert browser.post("/api/account/recovery").body["code"] == "prove_again"
    options = browser.post("/api/session/proof/key").body
    assert browser.post("/api/session/proof", {"credential": key.sign(options)}).status == 204
    assert browser.post("/api/account/recovery").status == 200
    listed = browser.get("/api/account").body
    assert [k["name"] for k in listed["keys"]] == ["蓝色密钥"]
    key_id = listed["keys"][0]["key_id"]
    assert browser.call("DELETE", f"/api/account/keys/{key_id}").status == 204
    assert browser.get("/api/account").body["keys"] == []


def test_a_page_opened_by_a_bare_address_says_why_it_takes_no_key(enter: Enter) -> None:
    answer = enter("desk", lang="en").post("/api/account/keys/ask")
    assert (answer.status, answer.body["code"]) == (409, "keys_need_a_name")
    assert "127.0.0.1" in answer.body["text"]


def test_a_key_made_for_nothing_that_was_asked_is_refused(enter: Enter) -> None:
    browser = named(enter)
    options = browser.post("/api/account/keys/ask").body
    made = Authenticator(origin=f"http://{NAME}").make(options)
    assert browser.post("/api/account/keys", {"name": "k", "credential": made}).status == 201
    again = Authenticator(origin=f"http://{NAME}", credential_id=b"another").make(options)
    answer = browser.post("/api/account/keys", {"name": "k", "credential": again})
    assert (answer.status, answer.body["code"]) == (422, "key_refused")
    assert Session.objects.get().challenge == ""


# -- what happens at the same time


def test_proofs_sent_at_once_are_judged_one_after_the_other(enter: Enter) -> None:
    """The lock is seen where they are written, not only where they came in."""
    browser = enter("desk")
    add_totp(browser)
    account = accounts.named(f"desk@{OURS}")
    assert account is not None
    session, shown = str(browser.session), web.Shown("totp", "000000")
    tried = [
        web.prove_by_factor(session, account, shown, "10.9.9.9", desk="", now=clock.now()).reason
        for _ in range(8)
    ]
    assert tried == ["second"] * 5 + ["locked"] * 3


def test_own_passwords_sent_at_once_are_judged_one_after_the_other(
    enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = enter("desk")
    open_door = accounts.Standing(None, False, False)  # as the first look saw it, before any was counted
    monkeypatch.setattr(accounts, "standing", lambda *_: open_door)
    tried = [browser.post("/api/session/proof", {"password": f"guess {n}"}).status for n in range(7)]
    assert tried == [401] * 5 + [429] * 2
    assert browser.post("/api/session/proof", {"password": PASSWORD}).status == 429, "the right one waits too"


def reset_within(monkeypatch: pytest.MonkeyPatch, place: Any, name: str, *, before: bool) -> None:
    """While this slow thing runs, another sets a new password for the account."""
    slow = getattr(place, name)

    def slowly(*given: Any) -> Any:
        monkeypatch.setattr(place, name, slow)
        account_id = accounts.accounts()[0].id
        found = None if before else slow(*given)
        accounts.set_password(
            account_id, "another long river 黄河", by=SYSTEM, now=clock.now(), temporary=True
        )
        return slow(*given) if before else found

    monkeypatch.setattr(place, name, slowly)


def test_a_password_reset_while_it_was_looked_at_opens_nothing(
    hire: Hire, monkeypatch: pytest.MonkeyPatch
) -> None:
    hire("chen", "desk")
    reset_within(monkeypatch, accounts, "check", before=False)
    assert knock(Browser(), "chen").status == 401
    assert not Session.objects.exists()


def test_a_password_reset_while_the_new_one_is_hashed_stands(
    enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = enter("desk")
    reset_within(monkeypatch, passwords, "prepare", before=True)
    body = {"old": PASSWORD, "new": "a third river, 3 bends"}
    assert browser.post("/api/account/password", body).body["code"] == "stale_version"
    assert accounts.check(f"desk@{OURS}", "another long river 黄河") is not None


@pytest.mark.parametrize("what", ["version", "address"])
def test_a_second_step_goes_on_as_it_began(enter: Enter, later: Any, what: str) -> None:
    """The same account in the same version, from the same address: looked at where it is written."""
    phone, _ = add_totp(enter("desk"))
    later(seconds=60)
    browser = Browser()
    knock(browser, f"desk@{OURS}")
    half = steps.find(browser.cookies["jiangdun_step"])
    assert half is not None
    if what == "version":
        account_id = half.account.id
        accounts.set_password(
            account_id, "another long river 黄河", by=SYSTEM, now=clock.now(), temporary=True
        )
    address = browser.address if what == "version" else "203.0.113.5"
    told: dict[str, Any] = {"desk": "", "new_desk": "", "replaces": None, "now": clock.now()}
    decided, token = web.take_step(half, web.Shown("totp", phone.code), address, **told)
    assert (decided.reason, token) == ("gone", "")
