"""SQL boolean expressions over report columns: read by sqlglot, let through an allow-list, typed, compiled.

An expression means what it means in PostgreSQL, but for three things, so that no report can raise: division
by zero and results that are no finite number are NULL; all numbers are double precision; NULL at the very
end counts as false. `docs/rules.md` lists columns and functions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
from sqlglot import exp

from .columns import COLUMNS, WORDS, Type
from .errors import Problem, RuleError, clipped, nearest, wrong
from .evaluate import Program, compiled
from .sql import FUNCTIONS, MAX_DEPTH, OPERATORS, PREFIX, at, parsed, too_deep
from .terms import (
    Between,
    Both,
    Call,
    Compare,
    Comparison,
    Either,
    HasPermit,
    IsNull,
    Not,
    Number,
    OneOf,
    Sum,
    Term,
    Truth,
    Value,
    Word,
)

MAX_NUMBER: Final = 1e15

References = Mapping[str, frozenset[int]]
"""Named sets of tracks, such as the holders of a permit. A set nobody put down is empty."""

_COMPARISONS: Final[Mapping[type[exp.Expression], Comparison]] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_SUMS: Final[Mapping[type[exp.Expression], str]] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/"}
_TYPES_ZH: Final = {
    Type.NUMBER: "数字",
    Type.BOOLEAN: "真假值",
    Type.KIND: "类型名",
    Type.LOAD: "载货状态名",
}


@dataclass(frozen=True)
class Expression:
    """A compiled condition. Satisfies `spec.Condition`."""

    text: str
    term: Term
    references: References = field(default_factory=dict, repr=False, compare=False)
    _program: Program = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_program", compiled(self.term, self.references))

    def evaluate(self, columns: Mapping[str, npt.NDArray[np.generic]]) -> npt.NDArray[np.bool_]:
        """One bool a report, NULL as False. `columns`: arrays of `COLUMNS` of one length, left unchanged."""
        return self._program(columns)

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        """Another process reads it anew: a program is no value."""
        return read_condition, (self.text, dict(self.references))

    @property
    def permits(self) -> frozenset[str]:
        """The reference sets that the condition asks for."""
        return frozenset(permits_of(self.term))


def read_condition(text: str, references: References | None = None) -> Expression:
    """Parse and check; a RuleError counts line and column within `text`."""
    term = _Reader(text).boolean(parsed(text))
    return Expression(text=text, term=term, references=references or {})


def permits_of(term: object) -> set[str]:
    """Names in has_permit('…') anywhere in the tree."""
    if isinstance(term, HasPermit):
        return {term.permit}
    if isinstance(term, tuple):
        return set().union(*(permits_of(part) for part in term))
    names = getattr(type(term), "__dataclass_fields__", {})
    return set().union(*(permits_of(getattr(term, name)) for name in names)) if names else set()


def columns_of(term: object) -> set[str]:
    """Names of the columns anywhere in the tree."""
    if isinstance(term, Value):
        return {term.name}
    if isinstance(term, tuple):
        return set().union(*(columns_of(part) for part in term))
    names = getattr(type(term), "__dataclass_fields__", {})
    return set().union(*(columns_of(getattr(term, name)) for name in names)) if names else set()


class _Reader:
    """Walks sqlglot's tree once; every node it does not know is refused."""

    def __init__(self, text: str) -> None:
        self.text = text

    def boolean(self, node: exp.Expression) -> Term:
        return self._typed(node, self.term(node, 0), Type.BOOLEAN)

    def term(self, node: exp.Expression, depth: int, like: Type | None = None) -> Term:
        """`like`: the type that a quoted word takes from what it stands beside."""
        if depth > MAX_DEPTH:
            raise self._error(node, too_deep())
        handler = _HANDLERS.get(type(node))
        if handler is None:
            raise self._error(node, self._unknown(node))
        known = {"this", "expression", "expressions", *_SPARE_ARGS.get(type(node), ())}
        if any(value for name, value in node.args.items() if name not in known):
            raise self._error(node, self._unknown(node))
        return handler(self, node, depth + 1, like)

    def _unknown(self, node: exp.Expression) -> Problem:
        name = node.name if isinstance(node, exp.Anonymous) else type(node).__name__.upper()
        if isinstance(node, exp.Func):
            close = nearest(name.lower(), FUNCTIONS)
            return wrong(
                f"没有函数 {clipped(name)}", f"there is no function {clipped(name)}", close.zh, close.en
            )
        return wrong(
            f"条件里不能用 {clipped(name)}",
            f"{clipped(name)} cannot be used in a condition",
            f"可用的运算：{OPERATORS}",
            f"use {OPERATORS}",
        )

    def _error(self, node: exp.Expression, problem: Problem) -> RuleError:
        starts = [int(each.meta["start"]) for each in node.walk() if "start" in each.meta]
        return RuleError(at(self.text, min(starts, default=len(PREFIX)) - len(PREFIX), problem))

    def _typed(self, node: exp.Expression, term: Term, wanted: Type) -> Term:
        if term.type is wanted:
            return term
        hint = ("请写比较，如 speed_kn < 1.5", "write a comparison such as speed_kn < 1.5")
        if wanted is not Type.BOOLEAN:
            hint = (f"请在这里写{_TYPES_ZH[wanted]}", f"write a {wanted.value} here")
        raise self._error(
            node,
            wrong(
                f"这里要{_TYPES_ZH[wanted]}，却是{_TYPES_ZH[term.type]}",
                f"a {wanted.value} is wanted here, this is a {term.type.value}",
                *hint,
            ),
        )

    # every handler: (node, depth, like) -> Term

    def paren(self, node: exp.Expression, depth: int, like: Type | None) -> Term:
        return self.term(node.this, depth, like)

    def column(self, node: exp.Expression, _depth: int, _like: Type | None) -> Term:
        name = node.name.lower()
        column = COLUMNS.get(name)
        if column is None or node.args.get("table"):
            close = nearest(name, COLUMNS)
            raise self._error(
                node,
                wrong(f"没有列 {clipped(name)}", f"there is no column {clipped(name)}", close.zh, close.en),
            )
        return Value(name, column.type)

    def literal(self, node: exp.Expression, _depth: int, like: Type | None) -> Term:
        if _is_quoted(node):
            return self._word(node, like)
        try:
            number = float(node.name)
        except ValueError:
            number = math.inf
        if not abs(number) <= MAX_NUMBER:
            raise self._error(
                node,
                wrong(
                    "数字太大",
                    "the number is too large",
                    f"请写 {MAX_NUMBER:g} 以内的数",
                    f"write at most {MAX_NUMBER:g}",
                ),
            )
        return Number(number)

    def _word(self, node: exp.Expression, like: Type | None) -> Term:
        word = node.name
        words = WORDS.get(like) if like else None
        if like is None or words is None:
            raise self._error(
                node,
                wrong(
                    f"这里不能用文字 '{clipped(word)}'",
                    f"the text '{clipped(word)}' cannot stand here",
                    "文字只能与 kind 或 load 比较",
                    "text compares with kind or load alone",
                ),
            )
        if word not in words:
            close = nearest(word, words)
            raise self._error(
                node,
                wrong(
                    f"没有{_TYPES_ZH[like]} '{clipped(word)}'",
                    f"there is no {like.value} '{clipped(word)}'",
                    close.zh,
                    close.en,
                ),
            )
        return Word(word, words[word], like)

    def boolean_literal(self, node: exp.Expression, _depth: int, _like: Type | None) -> Term:
        return Truth(bool(node.this))

    def null(self, node: exp.Expression, _depth: int, _like: Type | None) -> Term:
        raise self._error(
            node,
            wrong(
                "NULL 只能写在 IS NULL 里",
                "NULL stands in IS NULL alone",
                "请写 … IS NULL 或 … IS NOT NULL",
                "write … IS NULL or … IS NOT NULL",
            ),
        )

    def sum(self, node: exp.Expression, depth: int, _like: Type | None) -> Term:
        left = self._typed(node, self.term(node.this, depth), Type.NUMBER)
        right = self._typed(node, self.term(node.expression, depth), Type.NUMBER)
        return Sum(_SUMS[type(node)], left, right)  # type: ignore[arg-type]

    def minus(self, node: exp.Expression, depth: int, _like: Type | None) -> Term:
        value = self._typed(node, self.term(node.this, depth), Type.NUMBER)
        return Number(-value.value) if isinstance(value, Number) else Sum("-", Number(0.0), value)

    def compare(self, node: exp.Expression, depth: int, _like: Type | None) -> Term:
        op = _COMPARISONS[type(node)]
        left, right = self._alike((node.this, node.expression), depth)
        if left.type is not Type.NUMBER and op not in ("=", "<>"):
            raise self._error(
                node,
                wrong(
                    f"{_TYPES_ZH[left.type]}没有大小",
                    f"a {left.type.value} has no order",
                    "请用 =、<> 或 IN",
                    "use =, <> or IN",
                ),
            )
        return Compare(op, left, right)

    def _alike(self, nodes: tuple[exp.Expression, ...], depth: int) -> tuple[Term, ...]:
        """Terms of one type; quoted words take it from the first that is not a quoted word."""
        read = {i: self.term(node, depth) for i, node in enumerate(nodes) if not _is_quoted(node)}
        like = next(iter(read.values())).type if read else None
        terms = tuple(read.get(i) or self.term(node, depth, like) for i, node in enumerate(nodes))
        for node, term in zip(nodes, terms, strict=True):
            self._typed(node, term, terms[0].type)
        return terms

    def between(self, node: exp.Expression, depth: int, _like: Type | None) -> Term:
        parts = (node.this, node.args["low"], node.args["high"])
        value, low, high = (self._typed(part, self.term(part, depth), Type.NUMBER) for part in parts)
        return Between(value, low, high)

    def one_of(self, node: exp.Expression, depth: int, _like: Type | None) -> Term:
        value = self.term(node.this, depth)
        options = [self.term(each, depth, value.type) for each in node.expressions]
        for each, option in zip(node.expressions, options, strict=True):
            if not isinstance(option, Number | Word):
                raise self._error(
                    each,
                    wrong(
                        "IN 里只能写数字或文字",
                        "IN lists numbers or names alone",
                        "如 kind IN ('dredger', 'cargo')",
                        "as kind IN ('dredger', 'cargo')",
                    ),
                )
            self._typed(each, option, value.type)
        if not options:
            raise self._error(node, self._unknown(node))
        return OneOf(value, tuple(option for option in options if isinstance(option, Number | Word)))

    def is_null(self, node: exp.Expression, depth: int, _like: Type | None) -> Term:
        if not isinstance(node.expression, exp.Null):
            raise self._error(
                node,
                wrong(
                    "IS 后面只能是 NULL",
                    "IS goes with NULL alone",
                    "请写 is_night 或 NOT is_night",
                    "write is_night or NOT is_night",
                ),
            )
        term: Term = IsNull(self.term(node.this, depth))
        return Not(term) if node.args.get("negate") else term

    def negation(self, node: exp.Expression, depth: int, _like: Type | None) -> Term:
        return Not(self._typed(node.this, self.term(node.this, depth), Type.BOOLEAN))

    def join(self, node: exp.Expression, depth: int, _like: Type | None) -> Term:
        """A chain `a AND b AND c` comes as a deep left comb: walk it flat, so that length is not depth."""
        parts, kind = [], type(node)
        while type(node) is kind:
            parts.append(node.expression)
            node = node.this
        parts.append(node)
        terms = [self._typed(part, self.term(part, depth), Type.BOOLEAN) for part in reversed(parts)]
        while len(terms) > 1:  # a balanced tree of them
            pairs = zip(terms[::2], terms[1::2], strict=False)
            odd = terms[-1:] if len(terms) % 2 else []
            terms = [(Both if kind is exp.And else Either)(one, other) for one, other in pairs] + odd
        return terms[0]

    def call(self, node: exp.Expression, depth: int, like: Type | None) -> Term:
        name = type(node).__name__.lower()
        parts = (node.this, *node.expressions)
        if name == "coalesce":
            given = like and tuple(self.term(part, depth, like) for part in parts)
            terms = given or self._alike(parts, depth)
            for part, term in zip(parts, terms, strict=True):
                self._typed(part, term, terms[0].type)
            return Call("coalesce", terms, terms[0].type)
        terms = tuple(self._typed(part, self.term(part, depth), Type.NUMBER) for part in parts)
        return Call(name, terms, Type.NUMBER)  # type: ignore[arg-type]

    def named_call(self, node: exp.Expression, _depth: int, _like: Type | None) -> Term:
        if node.name.lower() != "has_permit":
            raise self._error(node, self._unknown(node))
        parts = node.expressions
        if len(parts) != 1 or not _is_quoted(parts[0]):
            raise self._error(
                node,
                wrong(
                    "has_permit 要一个名字",
                    "has_permit takes one name",
                    "如 has_permit('sand-mining')",
                    "as has_permit('sand-mining')",
                ),
            )
        return HasPermit(parts[0].name)


def _is_quoted(node: exp.Expression) -> bool:
    return isinstance(node, exp.Literal) and bool(node.args.get("is_string"))


_HANDLERS: Final[
    Mapping[type[exp.Expression], Callable[[_Reader, exp.Expression, int, Type | None], Term]]
] = {
    exp.Paren: _Reader.paren,
    exp.Column: _Reader.column,
    exp.Literal: _Reader.literal,
    exp.Boolean: _Reader.boolean_literal,
    exp.Null: _Reader.null,
    exp.Add: _Reader.sum,
    exp.Sub: _Reader.sum,
    exp.Mul: _Reader.sum,
    exp.Div: _Reader.sum,
    exp.Neg: _Reader.minus,
    **dict.fromkeys(_COMPARISONS, _Reader.compare),
    exp.Between: _Reader.between,
    exp.In: _Reader.one_of,
    exp.Is: _Reader.is_null,
    exp.Not: _Reader.negation,
    exp.And: _Reader.join,
    exp.Or: _Reader.join,
    exp.Abs: _Reader.call,
    exp.Coalesce: _Reader.call,
    exp.Least: _Reader.call,
    exp.Greatest: _Reader.call,
    exp.Anonymous: _Reader.named_call,
}
_SPARE_ARGS: Final[Mapping[type[exp.Expression], tuple[str, ...]]] = {
    exp.Literal: ("is_string",),
    exp.Column: ("table", "db", "catalog"),  # refused with a better word in `column`
    exp.Div: ("typed", "safe"),
    exp.Between: ("low", "high"),
    exp.Is: ("negate",),
    exp.Least: ("ignore_nulls",),
    exp.Greatest: ("ignore_nulls",),
}
