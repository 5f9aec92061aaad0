"""The product as a person meets it: the demo really running, Chromium really drawing.

In a pytest process of its own (`tools/test.py` starts it): Playwright's sync API leaves an event loop.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

from jiangdun.hall.demo.check import Visitor

ROOT: Final = Path(__file__).resolve().parents[2]
CHROMIUM: Final = (
    os.environ.get("JIANGDUN_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome") or ""
)
AXE: Final = ROOT / "frontend/node_modules/axe-core/axe.min.js"
BUILT: Final = ROOT / "src/jiangdun/web/static/board/index.html"
UP_WITHIN_S: Final = 120
EARS_WITHIN_S: Final = 240
FLAGS: Final = (
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--autoplay-policy=no-user-gesture-required",
)
SCREEN: Final = {"width": 1366, "height": 768}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not CHROMIUM:
        reason = "Chromium is missing. On Debian: sudo apt-get install chromium fonts-noto-cjk"
    elif not BUILT.exists():
        reason = "the board is not built: make web"
    else:
        return
    for item in items:
        item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": list(FLAGS)}


@dataclass(frozen=True)
class Demo:
    """A demo of our own: its address, and the log-ins drawn for it, by username."""

    url: str
    logins: dict[str, dict[str, str]]
    home: Path
    pid: int

    def password(self, username: str) -> str:
        return self.logins[username]["password"]

    def child(self, module: str) -> int:
        """The process of the demo that runs `module` now."""
        for entry in Path("/proc").iterdir():
            try:
                words = (entry / "cmdline").read_text().split("\0")
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError):
                continue  # not a process, or gone meanwhile
            if parent == self.pid and module in words:
                return int(entry.name)
        raise AssertionError(f"the demo runs no {module}")


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """`jiangdun demo` in a throw-away home, on ports nobody uses."""
    home = tmp_path_factory.mktemp("demo")
    ours = {k: v for k, v in os.environ.items() if not k.startswith("JIANGDUN_") and k != "DATABASE_URL"}
    ours.pop("DJANGO_SETTINGS_MODULE", None)
    log = home / "demo.log"
    with log.open("w") as file:
        process = subprocess.Popen(
            [
                str(Path(sys.executable).parent / "jiangdun"),
                "demo",
                "--home",
                str(home / "home"),
                "--port",
                "0",
                "--json",
            ],
            cwd=ROOT,
            env=ours,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        said = _first_object(process, log)
        _wait_for_ears(said)
        yield Demo(said["url"], said["logins"], home / "home", process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def _first_object(process: subprocess.Popen[bytes], log: Path) -> dict[str, Any]:
    """The JSON object the demo prints once it is up."""
    for _ in range(UP_WITHIN_S * 5):
        for line in log.read_text().splitlines(keepends=True):
            if line.startswith("{") and line.endswith("}\n"):
                found: dict[str, Any] = json.loads(line)
                return found
        if process.poll() is not None:
            break
        time.sleep(0.2)
    raise AssertionError(f"the demo did not come up:\n{log.read_text()[-4_000:]}")


def _wait_for_ears(said: dict[str, Any]) -> None:
    """Until the evening so far has been heard and the sources speak: the machine may have other work."""
    visitor = Visitor(said["url"])
    visitor.sign_in("duty", said["logins"]["duty"]["password"])
    for _ in range(EARS_WITHIN_S):
        sources = visitor.ask("GET", "/api/board")["sources"]
        if sources and all(source["state"] == "heard" for source in sources):
            return
        time.sleep(1)
    raise AssertionError(f"the sources did not speak within {EARS_WITHIN_S} s: {sources}")


@dataclass
class Desk:
    """A page of the board, watched: what it logs as errors, and whom it speaks to."""

    page: Page
    url: str
    errors: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()

    def watch(self) -> None:
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._console)
        self.page.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        where = message.location.get("url", "")
        if message.type == "error" and not any(
            re.search(e, f"{message.text} {where}") for e in self.expected
        ):
            self.errors.append(f"{message.text} {where}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self.url, self.url.replace("http", "ws", 1), "blob:", "data:")):
            self.strangers.append(request.url)

    def sign_in(self, username: str, password: str) -> None:
        self.page.goto(self.url)
        self.page.locator("input[name=username]").fill(username)
        self.page.locator("input[name=password]").fill(password)
        self.page.get_by_test_id("sign-in-submit").click()
        self.page.get_by_test_id("me").wait_for()

    def wait_for_map(self) -> None:
        self.page.locator("[data-testid=map][data-loaded=true]").wait_for(timeout=60_000)

    def speak(self, lang: str) -> None:
        """Switch to `zh` or `en` where the page is not in it yet."""
        now = self.page.evaluate("document.documentElement.lang")
        if not now.startswith(lang):
            self.page.get_by_test_id("language").click()

    def serious(self) -> list[str]:
        """What axe finds that is serious or critical."""
        self.page.evaluate(AXE.read_text())  # by the debugger: the page's own policy lets no such script in
        found = self.page.evaluate(
            "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']})"
        )
        return [
            f"{v['id']}: {n['html'][:160]} {n.get('failureSummary', '')[:300]}"
            for v in found["violations"]
            if v["impact"] in ("serious", "critical")
            for n in v["nodes"]
        ]

    def assert_clean(self) -> None:
        assert self.errors == []
        assert self.strangers == []


# Not being signed in yet is an answer, not an error; browsers log it all the same.
NOT_SIGNED_IN: Final = r"401 .*/api/session"


@pytest.fixture
def desks(browser: Browser, demo: Demo) -> Iterator[Any]:
    """Makes a desk: a browser of its own for each person, so that two may work at one time."""
    opened: list[BrowserContext] = []
    made: list[Desk] = []

    def desk(lang: str = "zh-CN", size: dict[str, int] = SCREEN, expected: tuple[str, ...] = ()) -> Desk:
        context = browser.new_context(locale=lang, viewport=size, timezone_id="America/Lima")
        opened.append(context)
        context.set_default_timeout(20_000)
        one = Desk(context.new_page(), demo.url, expected=(NOT_SIGNED_IN, *expected))
        one.watch()
        made.append(one)
        return one

    yield desk
    for one in made:
        one.assert_clean()
    for context in opened:
        context.close()
