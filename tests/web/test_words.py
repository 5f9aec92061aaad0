"""Whatever goes wrong is said in Chinese and in English, and says what to do."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import jiangdun
from jiangdun.core import shares, trouble
from jiangdun.core.trouble import NotFound, Trouble
from jiangdun.web import words
from jiangdun.web.texts import DENIALS, REASONS, THINGS, TROUBLES, VALIDATION, Words

HOUSE = Path(jiangdun.__file__).parent
HAN = re.compile(r"[\u4e00-\u9fff]")


def families() -> dict[str, str]:
    """Every class of trouble in the house with its usual code."""
    import jiangdun.picture.actions
    import jiangdun.response.actions
    import jiangdun.watch.actions  # noqa: F401

    found, waiting = {}, [Trouble]
    while waiting:
        cls = waiting.pop()
        found[cls.__name__] = cls.usual
        waiting += cls.__subclasses__()
    return found


def raised() -> Iterator[tuple[str, ast.Call]]:
    """(code, call) of every trouble that is made anywhere."""
    usual = families()
    for path in sorted(HOUSE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"), str(path))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in usual:
                first = node.args[0] if node.args else None
                yield (first.value if isinstance(first, ast.Constant) else usual[node.func.id]), node


def told(name: str) -> set[str]:
    """Every constant given to a trouble as the value `name`."""
    return {
        keyword.value.value
        for _, call in raised()
        for keyword in call.keywords
        if keyword.arg == name and isinstance(keyword.value, ast.Constant)
    }


def test_every_code_of_trouble_has_words() -> None:
    codes = {code for code, _ in raised()} | set(families().values())
    assert sorted(codes - TROUBLES.keys()) == []


def test_every_reason_has_words() -> None:
    denials = {
        keyword.value.value
        for code, call in raised()
        if code == "not_yours"
        for keyword in call.keywords
        if keyword.arg == "reason" and isinstance(keyword.value, ast.Constant)
    }
    assert sorted(denials - DENIALS.keys()) == []
    assert sorted(told("reason") - denials - REASONS.keys()) == []


def test_everything_not_found_has_a_name() -> None:
    assert sorted(told("what") - THINGS.keys()) == []


def test_denials_of_access_have_words() -> None:
    own = {"unbound", "nobody", "verb", "scope", "label", "agency", "person", "same_person"}
    assert own | set(shares.REASONS) <= DENIALS.keys()


@pytest.mark.parametrize("code", sorted(TROUBLES))
def test_words_are_chinese_on_one_side_and_english_on_the_other(code: str) -> None:
    said = TROUBLES[code]
    assert HAN.search(said.zh)
    assert HAN.search(said.zh_next)
    assert not HAN.search(said.en + said.en_next)
    assert 400 <= said.status < 600
    assert all(text.strip() for text in (said.zh, said.zh_next, said.en, said.en_next))


@pytest.mark.parametrize("table", [VALIDATION, REASONS, THINGS, DENIALS])
def test_every_pair_has_both_languages(table: dict[str, tuple[str, str]]) -> None:
    for zh, en in table.values():
        assert HAN.search(zh) or zh == ""
        assert not HAN.search(en)


@pytest.mark.parametrize("code", sorted(TROUBLES))
def test_both_languages_name_the_same_values(code: str) -> None:
    said: Words = TROUBLES[code]
    gap = re.compile(r"{(\w+)}")
    assert set(gap.findall(said.zh + said.zh_next)) == set(gap.findall(said.en + said.en_next))


def test_a_value_that_nobody_gave_does_not_break_the_sentence() -> None:
    status, body = words.answer("over_limit", {}, "en")
    assert status == 409
    assert "{limit}" in body["text"]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", "zh"),
        ("zh-CN", "zh"),
        ("en", "en"),
        ("en-US,en;q=0.9,zh;q=0.1", "en"),
        ("fr, en;q=0.5", "en"),
        ("fr", "zh"),
        ("zh-TW;q=0.9,en;q=0.8", "zh"),
        ("x" * 5000, "zh"),
        ("en;q=0", "zh"),
        (";;;,,,=", "zh"),
    ],
)
def test_the_language_is_the_one_the_browser_asks_for(header: str, expected: str) -> None:
    assert words.language(header) == expected


def test_the_words_of_a_reason_fill_its_sentence() -> None:
    _, body = words.answer("bad_input", {"field": "crew", "reason": "range", "least": 0, "most": 9}, "en")
    assert body["text"] == "“crew” cannot be used: it must lie between 0 and 9."
    _, body = words.answer("bad_input", {"field": "crew", "reason": "range", "least": 0, "most": 9}, "zh")
    assert body["text"] == "“crew”不合要求：应在 0 到 9 之间。"


def test_a_denial_says_why() -> None:
    _, body = words.answer("not_yours", {"reason": "same_person"}, "en")
    assert "another person" in body["text"]


def test_the_faults_of_a_file_are_told_one_by_one() -> None:
    fault = {"feature": 3, "name": "禁采区", "code": "ring", "zh": "环未闭合", "en": "the ring is not closed"}
    _, body = words.answer("zones_refused", {"count": 1, "faults": [fault]}, "en")
    assert body["faults"] == [{"where": "3 禁采区", "text": "the ring is not closed"}]


def test_the_problems_of_a_rule_say_where_and_what_instead() -> None:
    problem = {
        "line": 4, "column": 2, "what_zh": "不认识此词", "what_en": "this word is not known",
        "instead_zh": "写 inside", "instead_en": "write inside",
    }  # fmt: skip
    _, body = words.answer("rule_refused", {"count": 1, "problems": [problem]}, "zh")
    assert body["faults"] == [{"where": "4:2", "text": "不认识此词 写 inside"}]


def test_no_trouble_of_the_floor_was_forgotten() -> None:
    kinds = [cls for cls in vars(trouble).values() if isinstance(cls, type) and issubclass(cls, Trouble)]
    assert {cls.usual for cls in kinds} <= TROUBLES.keys()


def test_a_value_called_code_is_not_the_code_of_the_trouble() -> None:
    trouble = NotFound(what="agency", code="fishery")
    assert (trouble.code, trouble.values["code"]) == ("not_found", "fishery")
    assert words.answer(trouble.code, trouble.values, "en")[0] == 404
