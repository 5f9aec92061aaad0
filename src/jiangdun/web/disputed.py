"""What a dispute may be about: whose a thing is, judged for whoever says that it is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, Final
from uuid import UUID

from jiangdun.alliance import queries as alliance
from jiangdun.core.trouble import BadInput, NotFound
from jiangdun.picture import queries as picture
from jiangdun.picture.units import UNITS
from jiangdun.response import queries as response
from jiangdun.response.views import INCIDENTS
from jiangdun.watch import queries as watch
from jiangdun.watch.alerts import ALERTS

Thing = Mapping[str, Any]


def thing(subject: str) -> tuple[str, Thing]:
    """The verb that shows the thing called `subject` (kind:id), and the thing. Raises BadInput, NotFound. Reads."""
    kind, _, name = subject.partition(":")
    found = KINDS.get(kind)
    if found is None or not name:
        raise BadInput(field="subject", reason="one_of", values=", ".join(KINDS))
    verb, read = found
    return verb, read(name)


def check_field(subject: str, field: str) -> None:
    """A field of such a thing, or none: its name stands in a fact for ever. Raises BadInput."""
    known = FIELDS[subject.partition(":")[0]]
    if field and field not in known:
        raise BadInput(field="field", reason="one_of", values=", ".join(sorted(known)))


def _unit(name: str) -> Thing:
    return {"agency": picture.unit(_uuid(name, "unit")).agency, "data": UNITS.code}


def _agency(name: str) -> Thing:
    return {"agency": alliance.agency(name).code}


def _uuid(name: str, what: str) -> UUID:
    try:
        return UUID(name)
    except ValueError:
        raise NotFound(what=what) from None


KINDS: Final[Mapping[str, tuple[str, Callable[[str], Thing]]]] = {
    "incident": ("incidents.read", lambda name: response.thing(_uuid(name, "incident"))),
    "alert": ("alerts.read", lambda name: watch.alert(name).as_thing()),
    "unit": ("units.read", _unit),
    "agency": ("alliance.read", _agency),
}
"""Kind of thing → the verb that shows it, and how it is read."""

FIELDS: Final[Mapping[str, frozenset[str]]] = {
    "incident": INCIDENTS.always | INCIDENTS.fields,
    "alert": ALERTS.always | ALERTS.fields,
    "unit": UNITS.always | UNITS.fields,
    "agency": frozenset(one.name for one in fields(alliance.Agency)),
}
"""Kind of thing → the fields that may be wrong."""
