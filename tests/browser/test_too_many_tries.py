"""Locked out. Last by its name: the lock holds for the address too, and all browsers here share one."""

from __future__ import annotations

import re
from typing import Any

from conftest import Demo
from playwright.sync_api import expect

TRIES_MAX = 5  # those of tests before this one count


def test_after_several_wrong_tries_the_page_says_how_long_to_wait(demo: Demo, desks: Any) -> None:
    desk = desks(expected=(r"429 .*/api/session",))
    desk.page.goto(demo.url)
    trouble = desk.page.get_by_test_id("sign-in-trouble")
    submit = desk.page.get_by_test_id("sign-in-submit")
    desk.page.locator("input[name=username]").fill("nobody-of-that-name")
    for tries in range(TRIES_MAX + 1):
        desk.page.locator("input[name=password]").fill("wrong")
        with desk.page.expect_response("**/api/session") as answered:
            submit.click()
        if answered.value.status == 429:
            break
        assert tries < TRIES_MAX
        expect(trouble).to_contain_text("不对")
        expect(submit).to_be_enabled()
    expect(trouble).to_contain_text(re.compile(r"已锁定，1[0-5]:\d\d 后可再试"))
    expect(submit).to_be_disabled()
    desk.speak("en")
    expect(trouble).to_contain_text(re.compile(r"try again in 1[0-5]:\d\d"))
