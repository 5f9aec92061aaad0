"""Every route there is, tried by everybody who should not get through.

Taken from the OpenAPI description, so that a new route is tried on the day it is written.
"""

from __future__ import annotations

from typing import Any

import pytest

from jiangdun.web import openapi

from .conftest import Browser, Enter, role_with, role_without

SCHEMA = openapi.schema()
PUBLIC = {
    ("POST", "/api/session"),
    ("POST", "/api/session/second"),
    ("POST", "/api/session/second/key"),
    ("POST", "/api/session/wall"),
    ("GET", "/api/session/second"),
    ("GET", "/api/session/outside"),
    ("POST", "/api/session/outside"),
    ("GET", "/api/session/outside/return"),
    ("GET", "/api/health"),
}
FILLED = {
    "{activity_id}": "018f0000-0000-7000-8000-000000000000",
    "{proposal_id}": "018f0000-0000-7000-8000-000000000000",
    "{reach_id}": "018f0000-0000-7000-8000-000000000000",
    "{chief_id}": "018f0000-0000-7000-8000-000000000000",
    "{office_id}": "018f0000-0000-7000-8000-000000000000",
    "{desk_id}": "018f0000-0000-7000-8000-000000000000",
    "{route_id}": "018f0000-0000-7000-8000-000000000000",
    "{sitting_id}": "018f0000-0000-7000-8000-000000000000",
    "{agency}": "no-such-agency",
    "{alliance}": "no-such-alliance",
    "{area_id}": "018f0000-0000-7000-8000-000000000000",
    "{power_id}": "018f0000-0000-7000-8000-000000000000",
    "{seat_id}": "018f0000-0000-7000-8000-000000000000",
    "{incident_id}": "018f0000-0000-7000-8000-000000000000",
    "{account_id}": "018f0000-0000-7000-8000-000000000000",
    "{membership_id}": "018f0000-0000-7000-8000-000000000000",
    "{session_handle}": "0123456789abcdef",
    "{program_id}": "018f0000-0000-7000-8000-000000000000",
    "{parameter}": "signin.tries",
    "{link_id}": "018f0000-0000-7000-8000-000000000000",
    "{key_id}": "018f0000-0000-7000-8000-000000000000",
    "{export_id}": "018f0000-0000-7000-8000-000000000000",
    "{hold_id}": "018f0000-0000-7000-8000-000000000000",
    "{dispute_id}": "018f0000-0000-7000-8000-000000000000",
    "{person_id}": "018f0000-0000-7000-8000-000000000000",
    "{unit_id}": "018f0000-0000-7000-8000-000000000000",
    "{handle}": "7",
    "{episode}": "e0",
    "{name}": "no-such-rule",
    "{version}": "1",
    "{agreement_id}": "018f0000-0000-7000-8000-000000000000",
    "{number}": "1",
}
ROUTES = [
    pytest.param(method.upper(), path, operation, id=f"{method} {path}")
    for path, operations in SCHEMA["paths"].items()
    for method, operation in operations.items()
]
CLOSED = [param for param in ROUTES if param.values[:2] not in PUBLIC]


def address(path: str, operation: dict[str, Any]) -> str:
    for name, value in FILLED.items():
        path = path.replace(name, value)
    assert "{" not in path, f"tell FILLED what to put into {path}"
    needed = [p["name"] for p in operation.get("parameters", ()) if p["in"] == "query" and p["required"]]
    return path + ("?" + "&".join(f"{name}=x" for name in needed) if needed else "")


@pytest.mark.parametrize(("method", "path", "operation"), CLOSED)
def test_nobody_gets_in_without_signing_in(house: None, method: str, path: str, operation: Any) -> None:
    answer = Browser().call(method, address(path, operation))
    assert answer.status == 401
    assert answer.body["code"] == "not_signed_in"


@pytest.mark.parametrize(("method", "path", "operation"), CLOSED)
def test_a_route_says_which_verb_it_asks_for(method: str, path: str, operation: Any) -> None:
    assert isinstance(operation.get("x-verb"), str), f"{method} {path} lacks **needs(...)"


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [p for p in CLOSED if p.values[2].get("x-verb")],  # type: ignore[union-attr]
)
def test_the_wrong_role_is_turned_away(enter: Enter, method: str, path: str, operation: Any) -> None:
    role = role_without(operation["x-verb"])
    browser = enter(*([role] if role else []))
    answer = browser.call(method, address(path, operation), {} if method != "GET" else None)
    assert answer.status == 403
    assert answer.body["code"] == "not_yours"


@pytest.mark.parametrize(("method", "path", "operation"), [p for p in CLOSED if p.values[0] != "GET"])
def test_a_change_needs_the_token_of_our_page(enter: Enter, method: str, path: str, operation: Any) -> None:
    browser = enter(*([role_with(operation["x-verb"])] if operation["x-verb"] else []))
    browser.token = False
    answer = browser.call(method, address(path, operation), {})
    assert (answer.status, answer.body["code"]) == (403, "csrf_failed")


def test_only_these_are_open_to_everybody() -> None:
    open_routes = {
        (method.upper(), path)
        for path, operations in SCHEMA["paths"].items()
        for method, operation in operations.items()
        if operation.get("x-verb") is None
    }
    assert open_routes == PUBLIC


def test_every_verb_asked_for_is_granted_to_somebody() -> None:
    from jiangdun.alliance.grants import GRANTS

    granted = {grant.verb for grants in GRANTS.values() for grant in grants}
    asked = {op["x-verb"] for ops in SCHEMA["paths"].values() for op in ops.values() if op.get("x-verb")}
    assert asked <= granted


def test_the_description_is_the_same_every_time() -> None:
    assert openapi.text() == openapi.text()


def test_the_description_is_for_whoever_is_signed_in(enter: Enter) -> None:
    answer = enter("desk").get("/api/openapi.json")
    assert answer.status == 200
    assert answer.body["paths"].keys() == SCHEMA["paths"].keys()
