"""Who may come in, and what those read who may not."""

from __future__ import annotations

import re
from typing import Any

from conftest import Demo
from playwright.sync_api import expect


def test_a_wrong_password_is_said_in_the_language_of_the_page(demo: Demo, desks: Any) -> None:
    desk = desks(lang="en-GB")
    desk.page.goto(demo.url)
    expect(desk.page.get_by_role("heading", name="Sign in to the duty board")).to_be_visible()
    desk.page.locator("input[name=username]").fill("analyst")
    desk.page.locator("input[name=password]").fill("not it")
    desk.page.get_by_test_id("sign-in-submit").click()
    trouble = desk.page.get_by_test_id("sign-in-trouble")
    expect(trouble).to_contain_text(re.compile("wrong", re.I))
    desk.speak("zh")
    desk.page.locator("input[name=password]").fill("还是不对")
    desk.page.get_by_test_id("sign-in-submit").click()
    expect(trouble).to_contain_text("不对")
    assert desk.serious() == []


def test_signing_out_leaves_nothing_of_the_board(demo: Demo, desks: Any) -> None:
    desk = desks()
    desk.sign_in("mine-desk", demo.password("mine-desk"))
    desk.page.get_by_test_id("sign-out").click()
    desk.page.get_by_test_id("sign-in").wait_for()
    desk.page.reload()
    desk.page.get_by_test_id("sign-in").wait_for()
    assert desk.page.get_by_test_id("me").count() == 0


def test_an_administrator_works_in_the_office_and_has_no_board(demo: Demo, desks: Any) -> None:
    desk = desks()
    desk.sign_in("sysadmin", demo.password("sysadmin"))
    expect(desk.page.get_by_test_id("office")).to_be_visible()
    assert desk.page.get_by_test_id("to-board").count() == 0
    desk.page.goto(f"{demo.url}/#/no-such-page")
    expect(desk.page.get_by_test_id("office")).to_be_visible()
    desk.page.get_by_test_id("sign-out").click()
    desk.page.get_by_test_id("sign-in").wait_for()
