"""Two agencies agree, each at its own browser: what is signed is seen, what is suspended is gone at once."""

from __future__ import annotations

import os
from typing import Any

from conftest import ROOT, Demo, Desk
from playwright.sync_api import Locator, expect

THEIR_BOAT = "演示海巡01"
UNITS = """() => fetch('/api/board').then((r) => r.json()).then((b) => b.units.map((u) => u.call_sign))"""


def _units(desk: Desk) -> list[str]:
    """Call signs the board is given."""
    found: list[str] = desk.page.evaluate(UNITS)
    return found


def _open(desk: Desk, title: str) -> Locator:
    """The page of the agreement called so."""
    desk.page.goto(f"{desk.url}/#/agreements")
    desk.page.reload()
    desk.page.get_by_role("link", name=title).click()
    return desk.page.get_by_test_id("agreement-state")


def _suspend(desk: Desk, why: str) -> None:
    desk.page.get_by_test_id("suspend").click()
    desk.page.get_by_test_id("reason-form").locator("textarea").fill(why)
    desk.page.get_by_test_id("reason-send").press("Enter")


def test_two_agencies_sign_and_see_and_one_click_stops_it(demo: Demo, desks: Any) -> None:
    ours, theirs = desks(), desks(lang="en-GB")
    ours.sign_in("duty", demo.password("duty"))
    theirs.sign_in("msa-duty", demo.password("msa-duty"))
    assert THEIR_BOAT in _units(ours), "the demo's ring shows it"

    state = _open(theirs, "Demo joint building agreement of the Rivertown agencies")
    expect(theirs.page.get_by_test_id("annexes")).to_contain_text("Each party shows every other: units")
    theirs.page.get_by_test_id("suspend").click()
    theirs.page.get_by_test_id("reason-send").click()
    expect(theirs.page.get_by_role("alert")).to_contain_text("Please give a reason")
    theirs.page.get_by_test_id("reason-form").get_by_role("button", name="Cancel").click()
    _suspend(theirs, "Question about the purpose")
    expect(state).to_have_attribute("data-state", "suspended")
    assert THEIR_BOAT not in _units(ours)

    ours.page.goto(f"{ours.url}/#/agreements")
    ours.page.get_by_test_id("draft").click()
    form = ours.page.get_by_test_id("draft-form")
    form.locator("[value=ring]").check()
    form.locator("[name=title_zh]").fill("演示双方共享协议")
    form.locator("[data-party=msa]").check()
    ours.page.get_by_test_id("draft-send").click()
    expect(ours.page.get_by_test_id("unsigned")).to_contain_text("演示江城海事局")
    ours.page.get_by_test_id("sign").press("Enter")
    expect(ours.page.get_by_test_id("agreement-state")).to_have_attribute("data-state", "signing")
    assert THEIR_BOAT not in _units(ours)
    state = _open(theirs, "演示双方共享协议")
    theirs.page.get_by_test_id("sign").click()
    expect(state).to_have_attribute("data-state", "in_force")
    assert THEIR_BOAT in _units(ours), "both have signed"

    ours.page.reload()
    units = ours.page.locator("[data-other=msa] [data-cell=units] [data-way=weSee]")
    expect(units).to_have_attribute("data-state", "active")
    assert ours.serious() == []
    if os.environ.get("JIANGDUN_PICTURES"):
        ours.page.screenshot(path=str(ROOT / "docs/images/agreements.png"))

    _suspend(theirs, "Enough for today")
    expect(state).to_have_attribute("data-state", "suspended")
    assert THEIR_BOAT not in _units(ours)
    ours.page.reload()
    expect(units).to_have_attribute("data-state", "suspended")

    state = _open(theirs, "Demo joint building agreement of the Rivertown agencies")
    theirs.page.get_by_test_id("resume").click()
    expect(state).to_have_attribute("data-state", "in_force")
    assert THEIR_BOAT in _units(ours)
    assert theirs.serious() == []
