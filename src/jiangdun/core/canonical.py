"""One value, one text: canonical JSON, the form in which facts are stored and hashed.

Keys sorted, no white space, UTF-8 characters as they are, no NaN or infinity. Two equal values always give
the same characters, so a hash over the text is a hash over the value.
"""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any
from uuid import UUID


def text(value: object) -> str:
    """`value` as canonical JSON. Raises TypeError for what JSON cannot say exactly, ValueError for NaN or
    infinity.
    """
    return json.dumps(
        plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )


def plain(value: object) -> Any:
    """`value` in JSON's own types: UUID and datetime as text (datetime aware, in UTC), tuples as lists.

    Raises TypeError for any other type and for keys that are not text, ValueError for a naive datetime, for
    NaN and infinity, and for text no database can keep (lone surrogates, U+0000).
    """
    match value:
        case None | bool() | int():
            return value
        case str():
            if "\0" in value:
                raise ValueError("text with the character U+0000 cannot be stored")
            value.encode()  # a lone surrogate raises UnicodeEncodeError, which is a ValueError
            return str(value)
        case float():
            if not math.isfinite(value):
                raise ValueError(f"{value} has no place in JSON; use None")
            return value
        case UUID():
            return str(value)
        case datetime():
            return moment(value)
        case list() | tuple():
            return [plain(item) for item in value]
        case dict():
            for key in value:
                if not isinstance(key, str):
                    raise TypeError(f"a key must be text, not {type(key).__name__}")
            return {plain(key): plain(item) for key, item in value.items()}
    raise TypeError(
        f"{type(value).__name__} has no canonical JSON; use str, int, float, bool, None, UUID, datetime"
    )


def moment(at: datetime) -> str:
    """An aware datetime as ISO 8601 in UTC with microseconds. Raises ValueError for a naive one."""
    if at.tzinfo is None:
        raise ValueError("a moment without an offset is not a moment: give an aware datetime")
    return at.astimezone(UTC).isoformat(timespec="microseconds")
