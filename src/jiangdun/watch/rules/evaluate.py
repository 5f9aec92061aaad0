"""Evaluates a term column-wise, with SQL's three-valued logic.

A boolean is carried as two arrays (true, false): where neither holds it is NULL. AND, OR and NOT are then
plain array operations (Kleene). A number is carried as float64 with an array of where it is known, or None
for everywhere. A program is built once at rule load; at run time nothing looks at the tree.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from .columns import COLUMNS, Known, Raw, Type
from .terms import (
    Between,
    Both,
    Call,
    Compare,
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

Bools = npt.NDArray[np.bool_]
Program = Callable[[Raw], Bools]
Logic = tuple[Bools, Bools]
"""Where it is true, where it is false."""

Values = tuple[Any, Known]
"""Numbers or codes (an array, or one scalar for all) and where they are known."""


@dataclass(slots=True)
class _Batch:
    """The raw columns, and what was already derived of them."""

    raw: Raw
    size: int
    derived: dict[str, tuple[npt.NDArray[np.generic], Known]] = field(default_factory=dict)

    def column(self, name: str) -> tuple[npt.NDArray[np.generic], Known]:
        found = self.derived.get(name)
        if found is None:
            found = self.derived[name] = COLUMNS[name].derive(self.raw)
        return found


_Test = Callable[[_Batch], Logic]
_Reading = Callable[[_Batch], Values]

_COMPARE: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_SUM: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
}


def compiled(term: Term, references: Mapping[str, frozenset[int]]) -> Program:
    """The program of a boolean term: raw columns in, one bool a report out (NULL is False)."""
    test = _test(term, references)

    def program(raw: Raw) -> Bools:
        size = len(raw["t"])
        with np.errstate(all="ignore"):
            return test(_Batch(raw, size))[0]

    return program


def _and(one: Known, other: Known) -> Known:
    if one is None:
        return other
    return one if other is None else one & other


def _logic(truth: Any, known: Known, size: int) -> Logic:
    true = np.broadcast_to(np.asarray(truth, dtype=np.bool_), (size,))
    if known is None:
        return true, ~true
    return true & known, ~true & known


def _test(term: Term, refs: Mapping[str, frozenset[int]]) -> _Test:
    match term:
        case Truth(value):
            return lambda batch: _logic(value, None, batch.size)
        case Value(name):
            return lambda batch: _logic(*batch.column(name), batch.size)
        case HasPermit(permit):
            return _permit(np.array(sorted(refs.get(permit, frozenset())), dtype=np.int64))
        case Not(value):
            inner = _test(value, refs)
            return lambda batch: inner(batch)[::-1]
        case Both(left, right):
            return _both(_test(left, refs), _test(right, refs))
        case Either(left, right):
            return _either(_test(left, refs), _test(right, refs))
        case IsNull(value):
            return _is_null(value, refs)
        case Compare(op, left, right) if left.type is Type.BOOLEAN:
            return _same_truth(_test(left, refs), _test(right, refs), op == "=")
        case Compare(op, left, right):
            return _compare(_COMPARE[op], _reading(left, refs), _reading(right, refs))
        case Between(value, low, high):
            middle, bottom, top = (_reading(each, refs) for each in (value, low, high))
            return _both(_compare(operator.ge, middle, bottom), _compare(operator.le, middle, top))
        case OneOf(value, options):
            return _one_of(_reading(value, refs), options)
        case Call("coalesce", arguments):
            return _first_truth([_test(each, refs) for each in arguments])
    raise AssertionError(f"not a boolean term: {term}")


def _both(one: _Test, other: _Test) -> _Test:
    def test(batch: _Batch) -> Logic:
        true, false = one(batch)
        true2, false2 = other(batch)
        return true & true2, false | false2

    return test


def _either(one: _Test, other: _Test) -> _Test:
    def test(batch: _Batch) -> Logic:
        true, false = one(batch)
        true2, false2 = other(batch)
        return true | true2, false & false2

    return test


def _same_truth(one: _Test, other: _Test, wanted: bool) -> _Test:
    def test(batch: _Batch) -> Logic:
        true, false = one(batch)
        true2, false2 = other(batch)
        same, differ = (true & true2) | (false & false2), (true & false2) | (false & true2)
        return (same, differ) if wanted else (differ, same)

    return test


def _compare(op: Callable[[Any, Any], Any], one: _Reading, other: _Reading) -> _Test:
    def test(batch: _Batch) -> Logic:
        left, known = one(batch)
        right, known2 = other(batch)
        return _logic(op(left, right), _and(known, known2), batch.size)

    return test


def _one_of(inner: _Reading, options: tuple[Number | Word, ...]) -> _Test:
    codes = [option.value if isinstance(option, Number) else option.code for option in options]

    def test(batch: _Batch) -> Logic:
        values, known = inner(batch)
        found = values == codes[0]
        for code in codes[1:]:
            found = found | (values == code)
        return _logic(found, known, batch.size)

    return test


def _permit(holders: npt.NDArray[np.int64]) -> _Test:
    def test(batch: _Batch) -> Logic:
        track = batch.raw["track"].astype(np.int64, copy=False)
        if not holders.size:
            return _logic(False, None, batch.size)
        place = np.minimum(np.searchsorted(holders, track), holders.size - 1)
        return _logic(holders[place] == track, None, batch.size)

    return test


def _is_null(value: Term, refs: Mapping[str, frozenset[int]]) -> _Test:
    if value.type is Type.BOOLEAN:
        inner = _test(value, refs)

        def of_truth(batch: _Batch) -> Logic:
            true, false = inner(batch)
            known = true | false
            return ~known, known

        return of_truth
    reading = _reading(value, refs)

    def of_value(batch: _Batch) -> Logic:
        known = reading(batch)[1]
        return _logic(False if known is None else ~known, None, batch.size)

    return of_value


def _first_truth(tests: list[_Test]) -> _Test:
    def test(batch: _Batch) -> Logic:
        true, false = tests[0](batch)
        for each in tests[1:]:
            true2, false2 = each(batch)
            open_ = ~(true | false)
            true, false = true | (open_ & true2), false | (open_ & false2)
        return true, false

    return test


def _reading(term: Term, refs: Mapping[str, frozenset[int]]) -> _Reading:
    match term:
        case Number(value):
            return lambda _batch: (value, None)
        case Word(_, code):
            return lambda _batch: (code, None)
        case Value(name):
            return lambda batch: batch.column(name)
        case Sum(op, left, right):
            return _sum(_SUM[op], _reading(left, refs), _reading(right, refs))
        case Call("abs", arguments):
            inner = _reading(arguments[0], refs)
            return lambda batch: _absolute(inner(batch))
        case Call("coalesce", arguments):
            return _first_known([_reading(each, refs) for each in arguments])
        case Call(name, arguments):
            return _extreme(
                np.less if name == "least" else np.greater, [_reading(each, refs) for each in arguments]
            )
    raise AssertionError(f"not a value: {term}")


def _absolute(values: Values) -> Values:
    return np.abs(values[0]), values[1]


def _sum(op: Callable[[Any, Any], Any], one: _Reading, other: _Reading) -> _Reading:
    def reading(batch: _Batch) -> Values:
        left, known = one(batch)
        right, known2 = other(batch)
        values = op(left, right)
        finite = np.isfinite(values)
        if bool(np.all(finite)):
            return values, _and(known, known2)
        finite = np.broadcast_to(finite, (batch.size,))
        return np.where(finite, values, 0.0), _and(finite, _and(known, known2))

    return reading


def _full(values: Values, size: int) -> tuple[npt.NDArray[np.generic], Bools]:
    known = np.ones(size, dtype=np.bool_) if values[1] is None else values[1]
    return np.broadcast_to(np.asarray(values[0]), (size,)), known


def _first_known(readings: list[_Reading]) -> _Reading:
    def reading(batch: _Batch) -> Values:
        values, known = _full(readings[0](batch), batch.size)
        for each in readings[1:]:
            more, more_known = _full(each(batch), batch.size)
            values, known = np.where(known, values, more), known | more_known
        return values, known

    return reading


def _extreme(better: Callable[[Any, Any], Any], readings: list[_Reading]) -> _Reading:
    """Least or greatest of what is known (PostgreSQL); NULL where nothing is."""

    def reading(batch: _Batch) -> Values:
        values, known = _full(readings[0](batch), batch.size)
        for each in readings[1:]:
            more, more_known = _full(each(batch), batch.size)
            take = more_known & (~known | better(more, values))
            values, known = np.where(take, more, values), known | more_known
        return values, known

    return reading
