"""The page for programs says what is there."""

from __future__ import annotations

import re
from pathlib import Path

from jiangdun.web import openapi
from jiangdun.web.lanes import BEHIND_MAX, RESUME_MAX
from jiangdun.web.live import BOARDS_MAX, BOARDS_PER_SESSION_MAX, WORDS_BYTES_MAX, WORDS_MAX, Close

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")
ROW = re.compile(r"^\| ([A-Z]+) \| `(/api/[^`]*)` \| (.*) \|$", re.MULTILINE)


def test_every_route_stands_there_with_its_verb() -> None:
    told = {(method, path): verb.strip("`") for method, path, verb in ROW.findall(PAGE)}
    there = {}
    for path, operations in openapi.schema()["paths"].items():
        for method, operation in operations.items():
            verb = operation.get("x-verb")
            there[method.upper(), path] = "open" if verb is None else verb or "–"
    assert told == there


def test_every_close_code_of_ours_says_what_to_do() -> None:
    for code in Close:
        if code is not Close.POLICY:
            assert str(int(code)) in PAGE


def test_the_limits_are_the_ones_in_force() -> None:
    for limit in (BEHIND_MAX, RESUME_MAX, BOARDS_MAX, BOARDS_PER_SESSION_MAX, WORDS_BYTES_MAX, WORDS_MAX):
        assert f"{limit:,}" in PAGE
