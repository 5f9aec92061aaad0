"""The office beside the board: its pages, its ways in and out."""

from __future__ import annotations

import os
import re
from typing import Any

from conftest import ROOT, Demo, Desk
from playwright.sync_api import expect


def _picture(desk: Desk, name: str) -> None:
    """Kept in the documentation where JIANGDUN_PICTURES asks for it."""
    if os.environ.get("JIANGDUN_PICTURES"):
        desk.page.screenshot(path=str(ROOT / f"docs/images/{name}.png"))


def test_one_goes_from_the_board_to_the_alliance_and_back(demo: Demo, desks: Any) -> None:
    desk = desks()
    desk.sign_in("duty", demo.password("duty"))
    desk.page.get_by_test_id("alerts").wait_for()
    desk.page.get_by_test_id("to-office").click()
    member = desk.page.get_by_test_id("alliance").locator("[data-agency=msa]")
    expect(member).to_contain_text("演示江城海事局")
    desk.page.reload()  # the address keeps the page
    expect(desk.page.get_by_test_id("alliance")).to_be_visible()
    desk.speak("en")
    expect(member).to_contain_text("Demo Rivertown Maritime Safety")
    desk.page.get_by_test_id("to-board").press("Enter")
    desk.page.get_by_test_id("alerts").wait_for()
    desk.page.go_back()
    expect(desk.page.get_by_test_id("alliance")).to_be_visible()


def test_the_alliance_shows_how_it_grew_who_may_who_sits_and_who_answers(demo: Demo, desks: Any) -> None:
    desk = desks(size={"width": 1440, "height": 900})
    page = desk.page
    desk.sign_in("desk", demo.password("desk"))
    page.get_by_test_id("to-office").click()
    expect(page.get_by_test_id("growth")).to_have_attribute("aria-label", re.compile("7 个.*10 个"))
    assert desk.serious() == []
    _picture(desk, "alliance.zh-CN")
    page.locator("[data-part=networks]").click()
    expect(page.get_by_test_id("several")).to_contain_text("演示水上公安分局")
    assert desk.serious() == []
    page.locator("[data-part=powers]").click()
    page.get_by_test_id("who-ask").click()
    expect(page.get_by_test_id("who")).to_contain_text("演示江城海事局")
    assert desk.serious() == []
    page.locator("[data-part=chiefs]").click()
    expect(page.get_by_test_id("reaches")).to_have_text("11 个区县，65 个河段")
    expect(page.get_by_test_id("gaps")).to_have_text("2 个河段没有河长")
    page.locator("[name=only-gaps]").check()
    expect(page.locator("[data-reach]")).to_have_count(2)
    assert desk.serious() == []
    page.locator("[data-part=house]").click()
    expect(page.get_by_test_id("unattended")).to_contain_text("指挥调度席")
    place = page.locator("[data-desk=command-desk]")
    place.get_by_test_id("sit-down").press("Enter")
    expect(place).to_contain_text("演示坐席")
    expect(page.get_by_test_id("unattended")).to_have_count(0)
    assert desk.serious() == []
    desk.speak("en")
    _picture(desk, "duty.en")
    place.get_by_test_id("leave-desk").click()
    place.locator("form input").fill("泵站三号机检修")
    place.locator("form [type=submit]").click()
    expect(page.get_by_test_id("unattended")).to_contain_text("Dispatch desk")
