"""Who sees which fact, on the live wire and in the journal.

A fact of an incident or an alert is seen by whoever may see that incident or alert now: whose it is and who takes
part is read for all facts of a batch at once (`about`), since facts themselves do not repeat it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from jiangdun.core import access, clock, datasets
from jiangdun.core.access import Allowed, Asker, Denied
from jiangdun.core.journal import Sealed
from jiangdun.core.redaction import PLACE
from jiangdun.picture.units import UNITS
from jiangdun.response import queries as response
from jiangdun.response.views import INCIDENTS
from jiangdun.watch import queries as watch
from jiangdun.watch.alerts import ALERTS

Thing = Mapping[str, Any]

VERBS: Final[Mapping[str, str]] = {
    "watch.Alert": "alerts.read",
    "watch.": "rules.read",
    "response.Limit": "rules.read",
    "response.": "incidents.read",
    "picture.Unit": "units.read",
    "picture.": "zones.read",
    "feeds.": "sources.read",
    "alliance.": "journal.verify",  # who serves where, and who signed in when: for the auditor
    "core.": "journal.verify",
}
"""The verb that shows facts whose kind begins so; the first that fits. A kind that fits none shows nothing."""

DATA: Final[Mapping[str, str]] = {
    "watch.Alert": ALERTS.code,
    "response.": INCIDENTS.code,
    "picture.Unit": UNITS.code,
}
"""The data set of facts whose kind begins so: what an agreement must share."""


@dataclass(frozen=True, slots=True)
class Scoped:
    """A fact with the thing it is about, as `core.access` judges it."""

    sealed: Sealed
    thing: Thing

    @property
    def number(self) -> int:
        return self.sealed.number


def about(facts: Sequence[Sealed]) -> list[Scoped]:
    """The facts with what they are about: a few readings for all of them, in a thread that may read."""
    incidents = response.things({found for fact in facts if (found := _incident(fact)) is not None})
    alerts = watch.things({name for fact in facts if (name := _named(fact, "alert")) is not None})
    return [Scoped(fact, _thing(fact, incidents, alerts)) for fact in facts]


def judge(asker: Asker, scoped: Scoped) -> Allowed | Denied:
    """Whether `asker` sees this fact, and which fields of its body."""
    kind = scoped.sealed.kind
    verb = next((verb for prefix, verb in VERBS.items() if kind.startswith(prefix)), None)
    if verb is None:
        return Denied("verb")
    verdict = access.judge(asker, verb, scoped.thing, now=clock.now())
    if isinstance(verdict, Allowed) and verdict.fields is not None:
        return Allowed(_fields(verdict, scoped.thing), by=verdict.by)
    return verdict


def _fields(allowed: Allowed, thing: Thing) -> frozenset[str]:
    """Fields of a body that a share shows as they are; what it shows masked or coarse is read with the thing."""
    data = datasets.find(str(thing.get("data", "")))
    unclear = {*allowed.masks, *(PLACE if allowed.precision_m else ())}
    always = data.always if data is not None else frozenset[str]()
    return ((allowed.fields or frozenset()) - unclear) | always | {"incident_id", "unit_id"}


def _thing(fact: Sealed, incidents: Mapping[UUID, Thing], alerts: Mapping[str, Thing]) -> Thing:
    incident, alert = _incident(fact), _named(fact, "alert")
    if incident is not None and incident in incidents:
        return incidents[incident]
    if alert is not None and alert in alerts:
        return alerts[alert]
    body = fact.body
    owners = tuple(o for o in (body.get("agency"), body.get("owner"), fact.by.agency) if isinstance(o, str))
    data = next((code for prefix, code in DATA.items() if fact.kind.startswith(prefix)), "")
    return {
        "data": data,
        "agency": owners[0] if owners else None,
        "agencies": owners,
        "person": fact.by.person,
    }


def _incident(fact: Sealed) -> UUID | None:
    named = _named(fact, "incident")
    try:
        return None if named is None else UUID(named)
    except ValueError:
        return None


def _named(fact: Sealed, what: str) -> str | None:
    kind, _, name = fact.subject.partition(":")
    return name if kind == what and name else None
