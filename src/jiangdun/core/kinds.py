"""Kinds of fact: their names, their versions, and how an old body is read today.

A fact is a frozen dataclass of JSON-able fields, marked once:

    @fact("response.IncidentSigned", version=2)
    @dataclass(frozen=True)
    class IncidentSigned: ...

    @upcast("response.IncidentSigned", from_version=1)
    def _add_channel(body: dict) -> dict: return {**body, "channel": "board"}
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from typing import Any, TypeVar

from jiangdun.core import canonical

BODY_MAX = 65_536
"""Characters a fact's body may have; what is larger belongs in the vault, and its hash in the fact."""

_NAME = re.compile(r"[a-z]+\.[A-Z][A-Za-z0-9]+")
_T = TypeVar("_T", bound=type)
Body = dict[str, Any]
Upcaster = Callable[[Body], Body]

_kinds: dict[str, tuple[type, int]] = {}
_upcasters: dict[tuple[str, int], Upcaster] = {}


def fact(kind: str, version: int = 1) -> Callable[[_T], _T]:
    """Mark a frozen dataclass as the fact `kind` (`room.PastTense`) in its newest `version`."""
    assert _NAME.fullmatch(kind), f"{kind!r} is not room.PastTense"
    assert version >= 1

    def mark(cls: _T) -> _T:
        held = _kinds.get(kind)
        assert held is None or held[0].__qualname__ == cls.__qualname__, f"{kind} is already taken by {held}"
        cls.fact_kind, cls.fact_version = kind, version  # type: ignore[attr-defined]
        _kinds[kind] = (cls, version)
        return cls

    return mark


def upcast(kind: str, from_version: int) -> Callable[[Upcaster], Upcaster]:
    """Mark the function that turns a body of `from_version` into one of the next version."""

    def mark(function: Upcaster) -> Upcaster:
        assert (kind, from_version) not in _upcasters, f"{kind} has an upcaster from {from_version}"
        _upcasters[kind, from_version] = function
        return function

    return mark


def known() -> dict[str, int]:
    """Every kind of fact that was declared, with its newest version."""
    return {kind: version for kind, (_, version) in sorted(_kinds.items())}


def body_text(value: object) -> tuple[str, int, str]:
    """(kind, version, body as canonical JSON) of a fact. Raises TypeError or ValueError naming what is
    wrong.
    """
    cls = type(value)
    if not hasattr(cls, "fact_kind") or not dataclasses.is_dataclass(value) or isinstance(value, type):
        raise TypeError(f"{cls.__name__} is no fact: mark a frozen dataclass with @fact")
    fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    body = canonical.text(fields)
    if len(body) > BODY_MAX:
        raise ValueError(f"the body of {cls.fact_kind} has {len(body)} characters, more than {BODY_MAX}")
    return cls.fact_kind, _kinds[cls.fact_kind][1], body


def read_today(kind: str, version: int, body: Body) -> tuple[int, Body]:
    """(newest version, body) after every upcaster from `version` on; an unknown kind comes back as it is.

    Raises LookupError where the chain of upcasters has a hole: that is a bug of the release.
    """
    newest = _kinds[kind][1] if kind in _kinds else version
    while version < newest:
        step = _upcasters.get((kind, version))
        if step is None:
            raise LookupError(f"{kind} has no upcaster from version {version}")
        body, version = step(body), version + 1
    return version, body
