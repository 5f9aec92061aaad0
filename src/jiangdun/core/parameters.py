"""Adjustable values: what differs between agencies, reaches and seasons, with the moment from which each
holds.

A room names its parameter once, with the value that holds until somebody sets another:

    TRIES = parameter("signin.tries", 5, lambda v: isinstance(v, int) and 1 <= v <= 100)
    ...
    TRIES.at(now)
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.db import transaction

from jiangdun.core import canonical, journal
from jiangdun.core.facts import ParameterSet
from jiangdun.core.models import Parameter as Row
from jiangdun.core.trouble import BadInput, NotFound

_T = TypeVar("_T")
_known: dict[str, Parameter[Any]] = {}


@dataclass(frozen=True)
class Parameter(Generic[_T]):
    """`default` holds until another value is set; `check` says whether a value may be set."""

    name: str
    default: _T
    check: Callable[[Any], bool]

    def at(self, now: datetime) -> _T:
        """The value that holds at `now`."""
        newest = Row.objects.filter(name=self.name, valid_from__lte=now).order_by("-valid_from")
        text = newest.values_list("value", flat=True).first()
        return self.default if text is None else json.loads(text)


def parameter(name: str, default: _T, check: Callable[[Any], bool]) -> Parameter[_T]:
    """Declare a parameter; its name is `room.words` and unique."""
    assert name not in _known, f"{name} is declared twice"
    assert check(default), f"the default of {name} does not pass its own check"
    found = Parameter(name, default, check)
    _known[name] = found
    return found


def known() -> list[Parameter[Any]]:
    """Every declared parameter, by name."""
    return [_known[name] for name in sorted(_known)]


@transaction.atomic
def set_parameter(
    name: str, value: object, *, by: journal.By, now: datetime, valid_from: datetime | None = None
) -> None:
    """Let `value` hold from `valid_from` (now, if not given). Raises NotFound for an unknown name, BadInput.

    What held before stays on record; a moment that has passed cannot be given another value.
    """
    if name not in _known:
        raise NotFound(what="parameter", name=name)
    begins = valid_from or now
    if begins < now:
        raise BadInput(field="valid_from", reason="past")
    if not _known[name].check(value):
        raise BadInput(field="value", reason="out_of_range", name=name)
    Row.objects.update_or_create(name=name, valid_from=begins, defaults={"value": canonical.text(value)})
    journal.record(ParameterSet(name, value, begins), by=by, at=now, subject=f"parameter:{name}")
