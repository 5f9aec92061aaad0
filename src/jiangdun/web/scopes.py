"""Who sees which fact, on the live wire and in the journal: one verb for each room's facts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from jiangdun.core import access
from jiangdun.core.access import Allowed, Asker, Denied
from jiangdun.core.journal import Sealed

VERBS: Final[Mapping[str, str]] = {
    "watch": "alerts.read",
    "response": "incidents.read",
    "picture": "zones.read",
    "feeds": "sources.read",
    "alliance": "journal.verify",  # who serves where, and who signed in when: for the auditor
    "core": "journal.verify",
}
"""The verb that shows the facts of a room. A room that is not here shows nothing."""


def judge(asker: Asker, sealed: Sealed) -> Allowed | Denied:
    """Whether `asker` sees this fact, and which fields of its body."""
    verb = VERBS.get(sealed.kind.partition(".")[0])
    if verb is None:
        return Denied("verb")
    return access.judge(asker, verb, _thing(sealed))


def _thing(sealed: Sealed) -> dict[str, Any]:
    body = sealed.body
    owners = (body.get("agency"), body.get("owner"), sealed.by.agency)
    agencies = tuple(owner for owner in owners if isinstance(owner, str))
    return {"agencies": agencies, "person": sealed.by.person}
