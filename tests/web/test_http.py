"""What holds for every answer: headers, limits, and one shape for everything that does not go."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jiangdun.web import asgi, desk, headers, openapi, pages
from jiangdun.web.api import board as board_api

from .conftest import HOST, Browser, Ears, Enter

SCHEMA = openapi.schema()


def test_nothing_may_come_from_elsewhere(enter: Enter) -> None:
    for path in ("/", "/api/session", "/api/board", "/nowhere", "/static/board/nothing.js"):
        told = enter("desk").get(path).headers
        policy = dict(part.strip().partition(" ")[::2] for part in told["content-security-policy"].split(";"))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == "'self'"
        assert policy["frame-ancestors"] == "'none'"
        assert policy["connect-src"] == "'self' ws://127.0.0.1:8600 wss://127.0.0.1:8600"
        assert "unsafe-inline" not in policy["script-src"] + policy["worker-src"]
        assert told["x-content-type-options"] == "nosniff"
        assert told["referrer-policy"] == "same-origin"
        assert told["x-frame-options"] == "DENY"


def test_what_the_interface_says_is_kept_by_no_cache(enter: Enter) -> None:
    assert enter("desk").get("/api/session").headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "", "127.0.0.1:8600@evil.example", "a b"]
)
def test_a_host_that_is_not_ours_is_refused(house: None, host: str) -> None:
    answer = Browser(host=host).get("/api/health")
    assert (answer.status, answer.body["code"]) == (400, "wrong_host")
    assert "evil" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/nothing-here", 404, "not_found"),
        ("GET", "/api/", 404, "not_found"),
        ("GET", "/nothing-here", 404, "not_found"),
        ("PUT", "/api/session", 405, "method_not_allowed"),
        ("POST", "/", 405, "method_not_allowed"),
        ("GET", "/api/incidents/018f0000-0000-7000-8000-000000000000", 404, "not_found"),
        ("GET", "/api/alerts/none", 404, "not_found"),
        ("GET", "/api/tracks/7", 404, "not_found"),
        ("GET", "/api/tracks/99999999999999999999", 404, "not_found"),
    ],
)
def test_what_is_not_there_is_said_in_the_askers_language(
    enter: Enter, lang: str, method: str, path: str, status: int, code: str
) -> None:
    answer = enter("desk", lang=lang).call(method, path)
    assert (answer.status, answer.body["code"]) == (status, code)
    assert answer.body["text"].isascii() == (lang == "en")
    assert answer.body["next"]


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_a_form_with_faults_names_each(enter: Enter, lang: str) -> None:
    browser = enter("desk", lang=lang)
    path = "/api/incidents/018f0000-0000-7000-8000-000000000000/assign"
    answer = browser.post(path, {"version": "x", "legal_basis": "a" * 300})
    assert (answer.status, answer.body["code"]) == (422, "invalid")
    said = {fault["where"]: fault["text"] for fault in answer.body["faults"]}
    assert said.keys() == {"body.version", "body.unit_id", "body.legal_basis"}
    assert all(text.isascii() == (lang == "en") for text in said.values())
    assert "200" in said["body.legal_basis"]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"nul", b'{"a":' * 3000, b"[" * 100_000])
def test_a_body_that_cannot_be_read_is_refused(enter: Enter, body: bytes) -> None:
    path = "/api/incidents/018f0000-0000-7000-8000-000000000000/sign"
    answer = enter("desk").call("POST", path, body)
    assert answer.status in (400, 422)
    assert answer.body["code"] in ("bad_request", "invalid")


def test_a_body_over_the_limit_is_refused_before_it_is_read(enter: Enter) -> None:
    browser = enter("desk", lang="en")
    answer = browser.call("POST", "/api/alerts/e/dismiss", b"", headers={"content-length": str(2 << 20)})
    assert (answer.status, answer.body["code"]) == (413, "too_large")
    assert "1 MiB" in answer.body["text"]


def test_a_body_that_lies_about_its_length_is_stopped_at_the_limit(enter: Enter) -> None:
    browser = enter("desk")
    answer = browser.call(
        "POST", "/api/alerts/e/dismiss", b" " * (asgi.BODY_BYTES_MAX + 1), headers={"content-length": "5"}
    )
    assert (answer.status, answer.body["code"]) == (413, "too_large")


def test_a_body_that_does_not_come_is_not_waited_for(house: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi, "BODY_S", 0.01)
    sent: list[Any] = []

    async def receive() -> Any:
        if not sent:
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", HOST.encode()), (b"accept-language", b"en")]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/session",
        "query_string": b"",
        "headers": headers,
    }
    asyncio.run(asgi.application(scope, receive, send))
    assert sent[0]["status"] == 408
    assert json.loads(sent[1]["body"])["code"] == "too_slow"


def test_an_asker_who_goes_while_sending_harms_nothing(house: None) -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/", "headers": [(b"host", HOST.encode())]}
    asyncio.run(asgi.application(scope, receive, send))
    assert sent == []


def test_a_zone_file_may_be_larger(enter: Enter) -> None:
    browser = enter("analyst")
    answer = browser.call("POST", "/api/zones/import", b" " * (asgi.BODY_BYTES_MAX + 1))
    assert answer.body["code"] == "zones_refused"
    answer = browser.call("POST", "/api/zones/import", b" " * (asgi.UPLOAD_BYTES_MAX + 1))
    assert answer.body["code"] == "too_large"


def test_when_we_are_wrong_the_asker_gets_a_number_and_no_inner_words(
    enter: Enter, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    inner = "a secret " * 2

    def broken(*_: Any) -> None:
        raise RuntimeError(inner)

    monkeypatch.setattr(board_api, "_read", broken)
    answer = enter("desk", lang="en").get("/api/board")
    assert (answer.status, answer.body["code"]) == (500, "failed")
    assert inner not in answer.raw.decode()
    assert inner not in capsys.readouterr().out
    number = answer.body["text"].split()[-1].rstrip(".")
    assert len(number) == 36


def test_too_many_reads_at_once_are_told_to_come_back(enter: Enter, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = enter("desk")
    monkeypatch.setattr(desk, "READS_WAITING_MAX", 0)
    answer = browser.get("/api/units")
    assert (answer.status, answer.body["code"]) == (503, "busy")


def test_silent_ears_are_said_and_do_not_darken_the_board(enter: Enter, ears: Ears) -> None:
    async def silent(what: str, **_: Any) -> Any:
        raise ConnectionError

    browser = enter("desk")
    desk.bind(ears=silent)
    answer = browser.get("/api/tracks?q=x")
    assert (answer.status, answer.body["code"]) == (503, "ears_silent")
    assert browser.get("/api/board").status == 200


def test_the_page_stands_at_the_root_and_at_login(
    house: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "index.html").write_text("<!doctype html><title>江盾</title>", "utf-8")
    monkeypatch.setattr(pages, "BOARD", tmp_path)
    for path in ("/", "/login"):
        answer = Browser().get(path)
        assert answer.status == 200
        assert "江盾" in answer.raw.decode()
        assert answer.cookies["csrftoken"].value
        assert answer.headers["cache-control"] == "no-cache"


def test_an_unbuilt_page_says_what_to_do_in_both_languages(
    house: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(pages, "BOARD", tmp_path)
    answer = Browser().get("/")
    assert answer.status == 503
    assert answer.raw.decode().count("make web") == 2


def test_health_says_little_to_strangers_and_much_to_those_who_may(enter: Enter, ears: Ears) -> None:
    stranger = Browser().get("/api/health").body
    assert stranger["ok"] is True
    assert stranger["detail"] is None
    assert enter("desk").get("/api/health").body["detail"] is None
    detail = enter("admin_audit").get("/api/health").body["detail"]
    assert detail["ears"] == {"lines": 0}
    assert detail["journal_head"] > 0


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
CHANGES = sorted(
    (method.upper(), path)
    for path, operations in SCHEMA["paths"].items()
    for method, operation in operations.items()
    if method != "get"
    and "$ref"
    in operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
)


@st.composite
def forms(draw: st.DrawFn) -> tuple[str, str, Any]:
    """A route with a body, and a body of the right names with values that may be anything."""
    method, path = draw(st.sampled_from(CHANGES))
    content = SCHEMA["paths"][path][method.lower()]["requestBody"]["content"]
    name = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
    names = SCHEMA["components"]["schemas"][name]["properties"]
    body = draw(st.one_of(JSON, st.fixed_dictionaries({}, optional=dict.fromkeys(names, JSON))))
    for gap in ("{incident_id}", "{unit_id}"):
        path = path.replace(gap, "018f0000-0000-7000-8000-000000000000")
    return method, path.replace("{episode}", "e").replace("{name}", "n").replace("{version}", "1"), body


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
@given(form=forms())
def test_no_form_breaks_us(enter: Enter, form: tuple[str, str, Any]) -> None:
    method, path, body = form
    browser = enter("duty_commander")
    answer = browser.call(method, path, json.dumps(body).encode())
    assert answer.status < 500, answer.body
    assert answer.status >= 400
    assert answer.body["text"]


@given(st.text(max_size=60), st.text(max_size=30))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
def test_no_cookie_and_no_language_breaks_us(house: None, token: str, lang: str) -> None:
    browser = Browser(cookies={"jiangdun_session": token.encode().decode("latin-1").replace(";", "")})
    browser.lang = lang.encode().decode("latin-1")
    assert browser.get("/api/board").status == 401


def test_a_built_file_is_served_with_its_type_and_kept_for_ever(house: None) -> None:
    kept = (b"cache-control", b"max-age=31536000, public, immutable")
    assert kept in headers.of("h", "/static/board/assets/index-B1x_9-Zq.js", False)
    assert kept not in headers.of("h", "/static/board/assets/index-B1x_9-Zq.js", False, 404)
    assert kept not in headers.of("h", "/static/board/index.html", False)
    built = sorted((pages.BOARD / "assets").glob("*.js"))
    if not built:
        pytest.skip("the board is not built")
    answer = Browser().get(f"/static/board/assets/{built[0].name}")
    assert answer.status == 200
    assert "javascript" in answer.headers["content-type"]
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in answer.headers
