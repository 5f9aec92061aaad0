"""Showing a thing to somebody: what may be seen of it, in the shape its schema asks for.

What is hidden stands there as nothing (empty text, null, an empty list) and is named in `hidden`, so that a
screen can say "not shared" where it would else say "none".
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from ninja import Field, Schema

from jiangdun.core import masking, redaction
from jiangdun.core.access import Allowed
from jiangdun.core.datasets import DataSet

_NOTHING: Final[Mapping[type, Any]] = {str: "", bool: False, int: 0, float: 0.0, list: [], dict: {}}


class Partial(Schema):
    """A thing of which some may not be seen."""

    hidden: list[str] = Field(default_factory=list, description="fields that are not shared with the asker")


def show(schema: type[Schema], row: Mapping[str, Any], allowed: Allowed, data: DataSet) -> dict[str, Any]:
    """`row` as the asker may see it, complete for `schema`."""
    seen = redaction.redact(row, allowed, data, masking.mask)
    for name in seen["hidden"]:
        if name in schema.model_fields:
            seen[name] = _nothing(schema)[name]
    return seen


@cache
def _nothing(schema: type[Schema]) -> Mapping[str, Any]:
    """What stands where a field is hidden."""
    return {name: _empty(field.annotation) for name, field in schema.model_fields.items()}


def _empty(annotation: Any) -> Any:
    origin = typing.get_origin(annotation)
    if origin in (types.UnionType, typing.Union) and type(None) in typing.get_args(annotation):
        return None
    return _NOTHING.get(origin or annotation)
