"""A condition as a typed tree: what the parser yields, and what is evaluated and read aloud."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .columns import Type

Arithmetic = Literal["+", "-", "*", "/"]
Comparison = Literal["=", "<>", "<", "<=", ">", ">="]


@dataclass(frozen=True, slots=True)
class Value:
    """A named column."""

    name: str
    type: Type


@dataclass(frozen=True, slots=True)
class Number:
    value: float
    type: Literal[Type.NUMBER] = Type.NUMBER


@dataclass(frozen=True, slots=True)
class Truth:
    value: bool
    type: Literal[Type.BOOLEAN] = Type.BOOLEAN


@dataclass(frozen=True, slots=True)
class Word:
    """A name such as 'dredger', already known to belong to the type it is compared with."""

    text: str
    code: int
    type: Type


@dataclass(frozen=True, slots=True)
class Sum:
    """`left op right` on numbers."""

    op: Arithmetic
    left: Term
    right: Term
    type: Literal[Type.NUMBER] = Type.NUMBER


@dataclass(frozen=True, slots=True)
class Call:
    """abs, coalesce, least, greatest."""

    name: Literal["abs", "coalesce", "least", "greatest"]
    arguments: tuple[Term, ...]
    type: Type


@dataclass(frozen=True, slots=True)
class HasPermit:
    """Whether the track stands in the named reference set."""

    permit: str
    type: Literal[Type.BOOLEAN] = Type.BOOLEAN


@dataclass(frozen=True, slots=True)
class Compare:
    op: Comparison
    left: Term
    right: Term
    type: Literal[Type.BOOLEAN] = Type.BOOLEAN


@dataclass(frozen=True, slots=True)
class Between:
    """low <= value <= high."""

    value: Term
    low: Term
    high: Term
    type: Literal[Type.BOOLEAN] = Type.BOOLEAN


@dataclass(frozen=True, slots=True)
class OneOf:
    value: Term
    options: tuple[Number | Word, ...]
    type: Literal[Type.BOOLEAN] = Type.BOOLEAN


@dataclass(frozen=True, slots=True)
class IsNull:
    value: Term
    type: Literal[Type.BOOLEAN] = Type.BOOLEAN


@dataclass(frozen=True, slots=True)
class Not:
    value: Term
    type: Literal[Type.BOOLEAN] = Type.BOOLEAN


@dataclass(frozen=True, slots=True)
class Both:
    left: Term
    right: Term
    type: Literal[Type.BOOLEAN] = Type.BOOLEAN


@dataclass(frozen=True, slots=True)
class Either:
    left: Term
    right: Term
    type: Literal[Type.BOOLEAN] = Type.BOOLEAN


Test = Truth | HasPermit | Compare | Between | OneOf | IsNull | Not | Both | Either
Term = Value | Number | Word | Sum | Call | Test
