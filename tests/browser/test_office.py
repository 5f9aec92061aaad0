"""The office beside the board: its pages, its ways in and out."""

from __future__ import annotations

from typing import Any

from conftest import Demo
from playwright.sync_api import expect


def test_one_goes_from_the_board_to_the_alliance_and_back(demo: Demo, desks: Any) -> None:
    desk = desks()
    desk.sign_in("duty", demo.password("duty"))
    desk.page.get_by_test_id("alerts").wait_for()
    desk.page.get_by_test_id("to-office").click()
    expect(desk.page.get_by_test_id("alliance").locator("[data-agency=msa]")).to_contain_text(
        "演示江城海事局"
    )
    desk.page.reload()  # the address keeps the page
    expect(desk.page.get_by_test_id("alliance")).to_be_visible()
    desk.speak("en")
    expect(desk.page.locator("[data-agency=msa]")).to_contain_text("Demo Rivertown Maritime Safety")
    assert desk.serious() == []
    desk.page.get_by_test_id("to-board").press("Enter")
    desk.page.get_by_test_id("alerts").wait_for()
    desk.page.go_back()
    expect(desk.page.get_by_test_id("alliance")).to_be_visible()
