"""`make demo-check`: does the demo do its main job? Asked through the front door, as a browser would."""

from __future__ import annotations

import http.cookiejar
import json
import threading
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any, Final

from jiangdun.core import clock

WITHIN_S: Final = 75.0


class Visitor:
    """Somebody with a browser: cookies, the CSRF token, JSON."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._jar))

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data, method=method)  # noqa: S310  (our own address)
        request.add_header("Content-Type", "application/json")
        request.add_header("Accept-Language", "zh-CN")
        request.add_header("Origin", self._url)
        for cookie in self._jar:
            if cookie.name == "csrftoken" and cookie.value:
                request.add_header("X-CSRFToken", cookie.value)
        try:
            with self._opener.open(request, timeout=10) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read().decode()[:300]}") from None
        return json.loads(text) if text else None

    def cookies(self) -> str:
        """As a Cookie header, for whoever goes on by WebSocket."""
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._jar)

    def sign_in(self, username: str, password: str) -> None:
        with self._opener.open(self._url, timeout=10) as page:  # brings the token a form must show
            assert b"<div" in page.read(), "no page"
        self.ask("POST", "/api/session", {"username": username, "password": password})


def check(url: str, logins: Mapping[str, Mapping[str, str]]) -> int:
    """Each line is one thing a newcomer would see; the first that fails ends it with exit code 1."""
    desk = Visitor(url)
    steps: list[tuple[str, Callable[[], Any]]] = [
        (
            "登录 the page opens, one may sign in",
            lambda: desk.sign_in("mine-desk", logins["mine-desk"]["password"]),
        ),
        ("目标 vessels are heard", lambda: _until(lambda: _heard(desk))),
        ("预警 a vessel is warned about", lambda: _until(lambda: _warned(desk))),
        ("警情 the truck's incident waits to be signed", lambda: _until(lambda: _waiting(desk))),
        ("签收 it is signed", lambda: _sign(desk)),
    ]
    for name, step in steps:
        begun = clock.monotonic()
        try:
            step()
        except Exception as error:
            print(f"✘ {name}: {error}", flush=True)
            return 1
        print(f"✔ {name} ({clock.monotonic() - begun:.1f} s)", flush=True)
    return 0


def _until(asked: Callable[[], Any]) -> Any:
    begun = clock.monotonic()
    while True:
        found = asked()
        if found:
            return found
        if clock.monotonic() - begun > WITHIN_S:
            raise AssertionError(f"not within {WITHIN_S:.0f} s")
        threading.Event().wait(0.5)


def _heard(desk: Visitor) -> bool:
    sources = desk.ask("GET", "/api/board")["sources"]
    return {s["code"]: s["state"] for s in sources} == {"ais": "heard", "jt808": "heard"}


def _warned(desk: Visitor) -> bool:
    return any(alert["rule"] == "dike-danger-at-night" for alert in desk.ask("GET", "/api/board")["alerts"])


def _waiting(desk: Visitor) -> Any:
    board = desk.ask("GET", "/api/board")
    return next(
        (i for i in board["incidents"] if i["kind"] == "illegal-dumping" and i["state"] == "new"), None
    )


def _sign(desk: Visitor) -> None:
    incident = _waiting(desk)
    signed = desk.ask("POST", f"/api/incidents/{incident['id']}/sign", {"version": incident["version"]})
    assert signed["state"] == "signed", signed["state"]
