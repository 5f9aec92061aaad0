"""The main job on the real board: an alert is acknowledged, a truck's incident is brought to its end.

Two people, each in a browser of their own, and every state read in Chinese and in English.
"""

from __future__ import annotations

import re
from typing import Any

from conftest import Demo, Desk
from playwright.sync_api import expect

FOUND_MS = 120_000


def _state(desk: Desk, zh: str, en: str) -> None:
    """The chosen incident's state, in both languages."""
    state = desk.page.get_by_test_id("selected").get_by_test_id("state")
    desk.speak("zh")
    expect(state).to_have_text(zh)
    desk.speak("en")
    expect(state).to_have_text(en)


def _next(desk: Desk, step: str) -> None:
    desk.page.locator(f"[data-testid=next][data-step={step}]").click()


def test_an_alert_is_acknowledged_by_key(demo: Demo, desks: Any) -> None:
    desk = desks()
    desk.sign_in("msa-desk", demo.password("msa-desk"))
    first = desk.page.locator("[data-testid=alerts] [data-episode]").filter(has_text="未确认").first
    first.wait_for(timeout=FOUND_MS)
    episode = first.get_attribute("data-episode")
    card = desk.page.locator(f"[data-episode='{episode}']")
    card.click()
    why = desk.page.get_by_test_id("why")
    expect(why).to_have_text(re.compile(r"[\u4e00-\u9fff]"))
    desk.speak("en")
    expect(why).to_have_text(re.compile(r"^[\x20-\x7e\u2010-\u2030°·′″]*(?:演示[^A-Za-z]*)?", re.S))
    expect(card).to_contain_text("New")
    desk.page.keyboard.press("a")
    expect(card).to_contain_text("Acknowledged")
    log = desk.page.get_by_test_id("log")
    expect(log).to_contain_text("Acknowledged the alert")
    desk.speak("zh")
    expect(log).to_contain_text("确认告警")
    desk.page.reload()
    expect(desk.page.locator(f"[data-episode='{episode}']")).to_contain_text("已确认")


def test_an_incident_is_signed_handled_and_reviewed_by_another_person(demo: Demo, desks: Any) -> None:
    mine: Desk = desks()
    mine.sign_in("mine-desk", demo.password("mine-desk"))
    mine.wait_for_map()
    card = (
        mine.page.locator("[data-testid=incidents] [data-incident][data-state=new]")
        .filter(has_text="演A00101")
        .first
    )
    card.wait_for(timeout=FOUND_MS)
    incident = card.get_attribute("data-incident")
    # A second person has the board open all the while, and sees each step without doing anything.
    other: Desk = desks(lang="en-GB")
    other.sign_in("reviewer", demo.password("reviewer"))
    seen = other.page.locator(f"[data-testid=incidents] [data-incident='{incident}']")
    expect(seen).to_contain_text("To sign")

    card.click()
    _state(mine, "待签收", "To sign")
    assert mine.serious() == []
    mine.page.keyboard.press("s")
    _state(mine, "已签收", "Signed")
    expect(seen).to_contain_text("Signed")
    assert mine.page.locator("[data-testid=selected] [data-clock=sign]").get_attribute("data-mood") in (
        "met",
        "met-late",
    )

    mine.page.keyboard.press("d")
    mine.page.locator("[data-unit='演示治矿车1']").click()
    assert mine.serious() == []
    mine.page.get_by_test_id("assign-submit").click()
    _state(mine, "已派遣", "Dispatched")
    _next(mine, "order-acknowledged")
    expect(mine.page.locator("[data-testid=selected] [data-clock=notify]")).to_have_attribute(
        "data-mood", re.compile("^met")
    )
    _next(mine, "depart")
    _state(mine, "途中", "En route")
    _next(mine, "arrive")
    _state(mine, "到场", "On scene")
    _next(mine, "dispose")
    form = mine.page.get_by_test_id("dispose-form")
    mine.page.get_by_test_id("dispose-submit").click()
    expect(form.get_by_role("alert")).to_have_text("Choose a finding")  # nothing was sent
    form.get_by_text("True, dealt with").click()
    form.locator("textarea[name=account]").fill("现场查实，已责令停止并清运。")
    form.locator("input[name=without]").fill("执法记录仪影像待上传")
    mine.page.get_by_test_id("dispose-submit").click()
    _state(mine, "待复核", "To review")
    expect(mine.page.get_by_test_id("next")).to_be_disabled()  # nobody reviews their own work
    expect(seen).to_contain_text("To review")

    seen.click()
    expect(other.page.get_by_test_id("log")).to_contain_text("现场查实")
    _next(other, "review")
    other.page.get_by_test_id("review-pass").click()
    _state(other, "已闭环", "Closed")
    log = other.page.get_by_test_id("log")
    expect(log).to_contain_text("Reviewed and closed")
    other.speak("zh")
    expect(log).to_contain_text("复核通过，闭环")
    expect(mine.page.locator(f"[data-testid=incidents] [data-incident='{incident}']")).to_have_count(0)
