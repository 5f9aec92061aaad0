"""The board itself: what it draws, how it says that something is missing, how it reads on after a break."""

from __future__ import annotations

import base64
import os
import re
import signal
from pathlib import Path
from typing import Any, Final

import pytest
from conftest import ROOT, Demo, Desk
from playwright.sync_api import WebSocketRoute, expect

FOUND_MS: Final = 120_000
WALL: Final = {"width": 1920, "height": 1080}


COUNT_COLOURS: Final = """async (png) => {
    const image = new Image()
    image.src = `data:image/png;base64,${png}`
    await image.decode()
    const canvas = document.createElement('canvas')
    canvas.width = image.width
    canvas.height = image.height
    const drawing = canvas.getContext('2d')
    drawing.drawImage(image, 0, 0)
    const data = drawing.getImageData(0, 0, image.width, image.height).data
    const seen = new Set()
    for (let i = 0; i < data.length; i += 4) {
        seen.add((data[i] >> 4) * 256 + (data[i + 1] >> 4) * 16 + (data[i + 2] >> 4))
    }
    return seen.size
}"""


def _picture(desk: Desk, name: str) -> None:
    """Kept in the documentation where JIANGDUN_PICTURES asks for it."""
    if os.environ.get("JIANGDUN_PICTURES"):
        desk.page.wait_for_timeout(3_000)  # the flight has ended, names are laid out anew
        desk.page.screenshot(path=str(ROOT / f"docs/images/{name}.png"))


def test_the_map_shows_the_river_and_what_moves_on_it(demo: Demo, desks: Any) -> None:
    desk = desks(size=WALL)
    desk.sign_in("duty", demo.password("duty"))
    desk.wait_for_map()
    expect(desk.page.get_by_test_id("target-count")).to_have_text(
        re.compile(r"^[23]\d\d 个目标$"), timeout=FOUND_MS
    )
    expect(desk.page.get_by_test_id("link")).to_have_attribute("data-up", "true")
    expect(desk.page.get_by_test_id("demo")).to_have_text("演示")
    expect(desk.page.get_by_test_id("clock")).to_have_text(re.compile(r"^23:[0-5]\d:[0-5]\d$"))
    picture = base64.b64encode(desk.page.get_by_test_id("map").screenshot()).decode()
    colours = desk.page.evaluate(COUNT_COLOURS, picture)
    assert colours > 20  # ground, water, lanes, and symbols of several kinds
    assert desk.serious() == []


@pytest.mark.parametrize(
    ("what", "name"), [("incidents] [data-incident", "incident"), ("alerts] [data-episode", "board")]
)
def test_the_map_goes_to_what_is_chosen_and_back(demo: Demo, desks: Any, what: str, name: str) -> None:
    desk = desks(size=WALL)
    desk.sign_in("mine-desk", demo.password("mine-desk"))
    desk.wait_for_map()
    card = desk.page.locator(f"[data-testid={what}]").first
    card.wait_for(timeout=FOUND_MS)
    card.click()
    desk.page.locator(".map-pin").wait_for()
    desk.page.mouse.move(900, 1060)
    _picture(desk, f"{name}.zh-CN")
    desk.speak("en")
    _picture(desk, f"{name}.en")
    card.click()
    desk.page.locator(".map-pin").wait_for(state="detached")


def test_a_hand_on_the_map_locks_the_view_until_the_star_is_pressed(demo: Demo, desks: Any) -> None:
    desk = desks()
    desk.sign_in("duty", demo.password("duty"))
    desk.wait_for_map()
    locked = desk.page.get_by_text("视图已锁定")
    expect(locked).to_have_count(0)
    desk.page.mouse.move(660, 400)
    desk.page.mouse.down()
    desk.page.mouse.move(720, 440, steps=6)
    desk.page.mouse.up()
    expect(locked).to_be_visible()
    desk.page.get_by_role("button", name="回到所选").click()
    expect(locked).to_have_count(0)


def test_the_board_is_worked_without_a_mouse(demo: Demo, desks: Any) -> None:
    desk = desks()
    desk.sign_in("mine-desk", demo.password("mine-desk"))
    desk.page.locator("[data-testid=incidents] [data-incident]").first.wait_for(timeout=FOUND_MS)
    for _ in range(40):  # to the end of alerts and incidents, wherever that is
        desk.page.keyboard.press("j")
    desk.page.keyboard.press("Enter")
    expect(desk.page.get_by_test_id("selected").locator("[data-incident]")).to_be_visible()
    desk.page.keyboard.press("Escape")
    expect(desk.page.get_by_test_id("selected-title")).to_have_count(0)


def test_the_link_turns_red_within_five_seconds_and_the_board_reads_on(demo: Demo, desks: Any) -> None:
    desk = desks()
    held: list[WebSocketRoute] = []
    silent = {"now": False}

    def between(route: WebSocketRoute) -> None:
        server = route.connect_to_server()
        held.append(server)
        server.on_message(lambda message: None if silent["now"] else route.send(message))

    desk.page.route_web_socket(re.compile(r"/ws/live"), between)
    desk.sign_in("duty", demo.password("duty"))
    link = desk.page.get_by_test_id("link")
    expect(link).to_have_attribute("data-up", "true")
    silent["now"] = True  # the wire stays open and nothing comes
    expect(link).to_have_attribute("data-up", "false", timeout=5_000)
    expect(link).to_have_text("已断开")
    silent["now"] = False
    expect(link).to_have_attribute("data-up", "true", timeout=20_000)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds the process in /proc")
def test_the_board_outlives_the_desk(demo: Demo, desks: Any) -> None:
    desk = desks(expected=(r"WebSocket connection", r"ERR_CONNECTION", r"503 "))
    desk.sign_in("duty", demo.password("duty"))
    desk.wait_for_map()
    link = desk.page.get_by_test_id("link")
    expect(link).to_have_attribute("data-up", "true")
    os.kill(demo.child("jiangdun.hall.desk"), signal.SIGKILL)
    expect(link).to_have_attribute("data-up", "false", timeout=5_000)
    expect(link).to_have_attribute("data-up", "true", timeout=60_000)
    count = desk.page.get_by_test_id("target-count")
    expect(count).to_have_text(re.compile(r"^[23]\d\d 个目标$"), timeout=30_000)
    assert desk.page.get_by_test_id("alerts").count() == 1  # nobody had to sign in again


def test_a_board_that_cannot_be_read_does_not_look_empty(demo: Demo, desks: Any) -> None:
    desk = desks(expected=(r"503 .*/api/board",))
    body = '{"code": "busy", "text": "系统正忙，请求未被受理。", "next": "请几秒后重试。"}'
    desk.page.route(
        "**/api/board", lambda route: route.fulfill(status=503, content_type="application/json", body=body)
    )
    desk.sign_in("duty", demo.password("duty"))
    waiting = desk.page.get_by_test_id("waiting")
    expect(waiting).to_contain_text("系统正忙")
    assert desk.page.get_by_test_id("alerts").count() == 0
    desk.page.unroute("**/api/board")
    desk.page.get_by_test_id("alerts").wait_for()


def test_the_command_line_finds_a_unit(demo: Demo, desks: Any) -> None:
    desk = desks()
    desk.sign_in("duty", demo.password("duty"))
    desk.page.get_by_test_id("alerts").wait_for()
    desk.page.keyboard.press("/")
    command = desk.page.get_by_test_id("command")
    expect(command).to_be_focused()
    command.press_sequentially("u 760")
    command.press("Enter")
    expect(desk.page.get_by_test_id("selected-title")).to_have_text("演示水警760")
    desk.page.keyboard.press("Escape")
    expect(desk.page.get_by_test_id("selected-title")).to_have_count(0)


def test_a_unit_reports_its_state_by_radio(demo: Demo, desks: Any) -> None:
    desk = desks()
    desk.sign_in("msa-desk", demo.password("msa-desk"))
    desk.page.get_by_test_id("alerts").wait_for()
    selected = desk.page.get_by_test_id("selected")
    for short, state in (("off", "离线"), ("sb", "待命")):
        desk.page.keyboard.press("/")
        desk.page.get_by_test_id("command").press_sequentially(f"s 海巡01 {short}")
        desk.page.get_by_test_id("command").press("Enter")
        expect(selected).to_contain_text(state)
