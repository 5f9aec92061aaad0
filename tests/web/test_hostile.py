"""Hostile input: whatever the description of the API allows, and much that it does not, is answered and breaks nothing.

Cases are drawn by schemathesis from the OpenAPI description; the rest are attacks with a name. Sessions, pages from
elsewhere and sockets have their own files (`test_session`, `test_live_doors`).
"""

from __future__ import annotations

import json
import os
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.generation import GenerationMode

from jiangdun.core import journal
from jiangdun.web import openapi

from .conftest import Enter, role_with
from .test_doors import PUBLIC

SCHEMA = openapi.schema()
CASES = 60 if os.environ.get("JIANGDUN_SOAK") else 3
"""Cases of each kind drawn for each route."""
OPERATIONS = [
    pytest.param(found.ok(), id=f"{found.ok().method.upper()} {found.ok().path}")
    for found in schemathesis.openapi.from_dict(SCHEMA).get_all_operations()
    if (found.ok().method.upper(), found.ok().path) not in PUBLIC
]
ATTACKS = (
    "' OR 1=1 --",
    '"; DROP TABLE core_fact; --',
    "../../../../etc/passwd",
    "..%2f..%2fsecret.key",
    "<script>alert(1)</script>",
    "{{7*7}}${7*7}",
    "=cmd|' /C calc'!A0",
    "\x00",
    "\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
    "A" * 5_000,
    "🚤" * 200,
    '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
    "http://127.0.0.1:8600/api/session",
)


def _address(path: str, parameters: dict[str, Any], query: dict[str, Any]) -> str:
    for name, value in parameters.items():
        path = path.replace("{" + name + "}", quote(str(value), safe=""))
    return path + ("?" + urlencode(query, doseq=True) if query else "")


@pytest.mark.parametrize("operation", OPERATIONS)
def test_no_route_breaks_under_what_its_description_allows(enter: Enter, operation: Any) -> None:
    verb = operation.definition.raw.get("x-verb")
    browser = enter(*([role_with(verb)] if verb else []))

    @given(
        case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
        | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
    )
    @settings(
        max_examples=CASES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Any) -> None:
        given_body = case.body if isinstance(case.body, dict | list | str | int | float | bool) else None
        body = None if given_body is None else json.dumps(given_body).encode()
        where = _address(operation.path, dict(case.path_parameters or {}), dict(case.query or {}))
        answer = browser.call(operation.method.upper(), where, body)
        assert answer.status < 500, (operation.method, where, given_body, answer.body)

    ask()


@pytest.mark.parametrize("attack", ATTACKS, ids=range(len(ATTACKS)))
def test_an_attack_in_any_place_of_any_reading_finds_nothing(enter: Enter, attack: str) -> None:
    browser = enter("duty_commander")
    for path, operations in SCHEMA["paths"].items():
        if "get" not in operations or ("GET", path) in PUBLIC:
            continue
        parameters = operations["get"].get("parameters", ())
        filled = {p["name"]: attack for p in parameters if p["in"] == "path"}
        query = {p["name"]: attack for p in parameters if p["in"] == "query"}
        answer = browser.get(_address(path, filled, query))
        assert answer.status < 500, (path, answer.body)
        assert b"root:x:0" not in answer.raw
        assert b"<script>alert(1)" not in answer.raw or answer.headers["content-type"].startswith(
            "application/json"
        )
    assert journal.verify().ok


@pytest.mark.parametrize("attack", ATTACKS, ids=range(len(ATTACKS)))
def test_words_of_an_attack_are_kept_as_words_or_refused(enter: Enter, attack: str) -> None:
    browser = enter("desk")
    answer = browser.post("/api/session/proof", {"password": attack})
    assert answer.status in (400, 401, 403, 422, 429), answer.body
    answer = browser.post("/api/alerts/none/dismiss", {"reason": attack})
    assert answer.status in (400, 404, 422), answer.body


def test_a_body_nested_without_end_is_refused(enter: Enter) -> None:
    browser = enter("desk")
    deep = b'{"reason":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    answer = browser.call("POST", "/api/alerts/none/dismiss", deep)
    assert answer.status in (400, 422), answer.body
