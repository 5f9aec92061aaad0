"""One's own account: a telephone's codes and a key open the door; the password is changed."""

from __future__ import annotations

import re
import time
from typing import Any

import pyotp
import pytest
from conftest import Demo
from playwright.sync_api import expect

REFUSED = r"(401|403|409|422) .*/api/(session|account)"


def begin(desk: Any, demo: Demo, username: str, url: str = "") -> None:
    """Name and password, whatever comes then."""
    desk.page.goto(url or demo.url)
    desk.page.locator("input[name=username]").fill(username)
    desk.page.locator("input[name=password]").fill(demo.password(username))
    desk.page.get_by_test_id("sign-in-submit").click()


def new_code(secret: str, last: str) -> str:
    """A code that was not given before; a step lasts 30 s."""
    phone = pyotp.TOTP(secret)
    while phone.now() == last:
        time.sleep(0.5)
    return phone.now()


@pytest.mark.parametrize("lang", ["zh-CN", "en-GB"])
def test_a_telephone_is_added_and_asked_for_at_the_next_sign_in(demo: Demo, desks: Any, lang: str) -> None:
    desk = desks(lang=lang, expected=(REFUSED,))
    begin(desk, demo, "reviewer")
    desk.page.get_by_test_id("me").click()
    card = desk.page.get_by_test_id("totp")
    desk.page.get_by_test_id("totp-add").click()
    secret = desk.page.get_by_test_id("totp-secret").inner_text()
    picture = card.locator("img.qr")
    expect(picture).to_be_visible()
    assert picture.evaluate("img => img.naturalWidth") > 0, "the picture is drawn"
    assert desk.serious() == []
    code = pyotp.TOTP(secret).now()
    card.locator("input[name=code]").fill(code)
    desk.page.get_by_test_id("totp-confirm").locator("button").click()
    codes = desk.page.get_by_test_id("recovery-codes").locator("li")
    expect(codes).to_have_count(10)
    recovery = codes.first.inner_text()
    desk.page.get_by_test_id("recovery-kept").click()
    desk.page.get_by_test_id("sign-out").click()

    begin(desk, demo, "reviewer")
    second = desk.page.get_by_test_id("second-step")
    second.locator("input[name=second]").fill("000000")
    desk.page.get_by_test_id("second-submit").click()
    words = "验证码或密钥不对" if lang == "zh-CN" else "not right"
    expect(desk.page.get_by_test_id("second-trouble")).to_contain_text(words)
    assert desk.serious() == []
    second.locator("input[name=second]").fill(new_code(secret, code))
    desk.page.get_by_test_id("second-submit").click()
    desk.page.get_by_test_id("me").wait_for()
    desk.page.get_by_test_id("sign-out").click()

    begin(desk, demo, "reviewer")
    desk.page.get_by_test_id("second-other").click()
    second.locator("input[name=second]").fill(recovery)
    desk.page.get_by_test_id("second-submit").click()
    desk.page.get_by_test_id("me").click()
    name = "移除" if lang == "zh-CN" else "Remove"
    card.get_by_role("button", name=name).click()
    desk.page.get_by_test_id("totp-add").wait_for()


def test_a_key_is_added_and_opens_the_door(demo: Demo, desks: Any) -> None:
    desk = desks(expected=(REFUSED,))
    wire = desk.page.context.new_cdp_session(desk.page)
    wire.send("WebAuthn.enable")
    wire.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": False,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    url = desk.url = demo.url.replace("127.0.0.1", "localhost")
    begin(desk, demo, "analyst", url)
    desk.page.get_by_test_id("me").click()
    card = desk.page.get_by_test_id("keys")
    card.locator("input[name=key-name]").fill("演示密钥")
    card.locator("form button").click()
    expect(card.locator("li")).to_contain_text("演示密钥")
    desk.page.get_by_test_id("sign-out").click()
    begin(desk, demo, "analyst", url)
    desk.page.get_by_test_id("second-key").click()
    desk.page.get_by_test_id("me").click()
    expect(card.locator("li")).to_contain_text(re.compile("上次使用"))
    card.get_by_role("button", name="移除").click()
    expect(card.locator("li")).to_have_count(0)


def test_the_page_of_the_account_says_where_one_is_signed_in(demo: Demo, desks: Any) -> None:
    here, there = desks(), desks(expected=(r"40[13] .*/api/", r"/ws/live"))
    for desk in (there, here):
        begin(desk, demo, "mine-desk")
        desk.page.get_by_test_id("me").wait_for()
    here.page.get_by_test_id("me").click()
    listed = here.page.get_by_test_id("sessions").locator("li")
    listed.nth(1).wait_for()
    assert here.serious() == []
    here.page.get_by_test_id("end-others").click()
    expect(listed).to_have_count(1)
    there.page.get_by_test_id("sign-in").wait_for()
