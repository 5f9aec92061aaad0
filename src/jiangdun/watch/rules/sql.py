"""The text of a condition, let through an allow-list of words and parsed by sqlglot.

Length, number of words and depth are bounded before the parser sees anything.
"""

from __future__ import annotations

from typing import Final

import sqlglot
from sqlglot import exp
from sqlglot.dialects import Postgres
from sqlglot.errors import ParseError, SqlglotError
from sqlglot.tokens import Token, TokenType  # type: ignore[attr-defined]

from .errors import Problem, RuleError, clipped, wrong

MAX_TEXT: Final = 2_000
MAX_TOKENS: Final = 300
MAX_DEPTH: Final = 32

FUNCTIONS: Final = ("abs", "coalesce", "least", "greatest", "has_permit")
PREFIX: Final = "SELECT 1 WHERE "  # some column names (load) would open a statement of their own
_WORDS: Final = (
    "NUMBER STRING VAR LOAD L_PAREN R_PAREN COMMA DOT EQ NEQ LT LTE GT GTE PLUS DASH STAR SLASH "
    "AND OR NOT IN BETWEEN IS NULL TRUE FALSE"
)
_ALLOWED: Final = frozenset(TokenType[name] for name in _WORDS.split())
OPERATORS: Final = "=, <>, <, <=, >, >=, IN, BETWEEN, AND, OR, NOT, IS NULL, +, -, *, /"


def _tokens(text: str) -> list[Token]:
    if len(text) > MAX_TEXT:
        raise RuleError(
            wrong(
                f"条件长 {len(text)} 个字符，最多 {MAX_TEXT}",
                f"the condition has {len(text)} characters, at most {MAX_TEXT} are taken",
                "请拆成两条规则",
                "split it into two rules",
            )
        )
    if not text.strip():
        raise RuleError(
            wrong(
                "条件是空的",
                "the condition is empty",
                "请写如 speed_kn < 1.5",
                "write for example speed_kn < 1.5",
            )
        )
    try:
        tokens = list(Postgres().tokenize(PREFIX + text))[3:]
    except (SqlglotError, RecursionError, ValueError) as error:
        raise RuleError(_unreadable(text, 0)) from error
    if len(tokens) > MAX_TOKENS:
        raise RuleError(
            wrong(
                f"条件有 {len(tokens)} 个词，最多 {MAX_TOKENS}",
                f"the condition has {len(tokens)} words, at most {MAX_TOKENS} are taken",
                "请拆成两条规则",
                "split it into two rules",
            )
        )
    _check_tokens(text, tokens)
    return tokens


def _check_tokens(text: str, tokens: list[Token]) -> None:
    depth = nots = 0
    for token in tokens:
        start = token.start - len(PREFIX)
        if token.comments:
            raise RuleError(
                at(
                    text,
                    start,
                    wrong(
                        "条件里不能有注释",
                        "a comment cannot stand in a condition",
                        "请写成 YAML 注释 #",
                        "write it as a YAML comment, #",
                    ),
                )
            )
        if token.token_type not in _ALLOWED:
            raise RuleError(at(text, start, _refused(token)))
        depth += {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}.get(token.token_type, 0)
        nots += token.token_type in (TokenType.NOT, TokenType.DASH, TokenType.PLUS)
        if depth < 0 or depth > MAX_DEPTH or nots > 2 * MAX_DEPTH:
            raise RuleError(at(text, start, _unreadable(text, start) if depth < 0 else too_deep()))
    if depth:
        raise RuleError(
            at(
                text,
                len(text),
                wrong("括号没有闭合", "a parenthesis is not closed", "请补上 )", "add the missing )"),
            )
        )


def _refused(token: Token) -> Problem:
    word = clipped(token.text)
    if token.token_type is TokenType.IDENTIFIER:
        return wrong(
            f'双引号 "{word}" 在 SQL 里是列名',
            f'double quotes make "{word}" a column name in SQL',
            f"文字请写单引号 '{word}'",
            f"write text in single quotes: '{word}'",
        )
    return wrong(
        f"条件里不能用 {word}",
        f"{word} cannot be used in a condition",
        f"可用的运算：{OPERATORS}；函数：{', '.join(FUNCTIONS)}",
        f"use {OPERATORS} and the functions {', '.join(FUNCTIONS)}",
    )


def too_deep() -> Problem:
    return wrong(
        f"嵌套超过 {MAX_DEPTH} 层", f"nested deeper than {MAX_DEPTH}", "请写得平一些", "write it flatter"
    )


def _unreadable(text: str, start: int) -> Problem:
    near = clipped(text[start : start + 30])
    return wrong(
        f"读不懂这个条件，在“{near}”附近",
        f"the condition cannot be read near '{near}'",
        "请写 SQL 布尔表达式，如 speed_kn < 1.5 AND is_night",
        "write an SQL boolean expression such as speed_kn < 1.5 AND is_night",
    )


def parsed(text: str) -> exp.Expression:
    """The root of sqlglot's tree; RuleError places are counted within `text`."""
    tokens = _tokens(text)
    try:
        statements = sqlglot.parse(PREFIX + text, dialect="postgres")
    except ParseError as error:
        raise RuleError(_at_parse_error(text, error)) from error
    except (SqlglotError, RecursionError, ValueError) as error:
        raise RuleError(_unreadable(text, 0)) from error
    start = tokens[0].start - len(PREFIX) if tokens else 0
    if len(statements) != 1 or not isinstance(statements[0], exp.Select):
        raise RuleError(at(text, start, _unreadable(text, start)))
    select = statements[0]
    if {name for name, value in select.args.items() if value} != {"expressions", "where"}:
        raise RuleError(at(text, start, _unreadable(text, start)))
    root = select.args["where"].this
    assert isinstance(root, exp.Expression)
    return root


def _at_parse_error(text: str, error: ParseError) -> Problem:
    said = error.errors[0] if error.errors else {}
    line, column = said.get("line") or 1, said.get("col") or 1
    lines = (PREFIX + text).split("\n")
    before = sum(len(one) + 1 for one in lines[: line - 1])
    start = max(0, min(before + column - len(said.get("highlight") or "") - len(PREFIX), len(text)))
    return at(text, start, _unreadable(text, start))


def at(text: str, start: int, problem: Problem) -> Problem:
    """The problem, placed at character `start` of `text` (lines and columns from 1)."""
    start = max(0, min(start, len(text)))
    before = text[:start]
    line = before.count("\n") + 1
    return Problem(problem.what, problem.instead, line, start - (before.rfind("\n") + 1) + 1)
