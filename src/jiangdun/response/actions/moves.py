"""What every step on an incident does: find it, judge whether it may be taken, move on by one version with
one fact.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F

from jiangdun.core import accounts, ids, journal
from jiangdun.core.journal import By
from jiangdun.core.trouble import AlreadySigned, BadInput, NotFound, NotYours, StaleVersion, WrongState
from jiangdun.response.models import Assignment, Incident, Note
from jiangdun.response.states import Duty, State, Step, allows, permitted

NOTE_MAX = 4_000
"""Characters of one note."""


@dataclass(frozen=True)
class Moved:
    """Where an incident stands after a step; `fact` is the id of the fact that says so."""

    incident_id: UUID
    number: str
    state: State
    version: int
    fact: int


@dataclass(frozen=True)
class Words:
    """A note that was written, and what its fact says of it."""

    note_id: UUID
    digest: str


def find(incident_id: UUID) -> Incident:
    incident = Incident.objects.filter(id=incident_id).first()
    if incident is None:
        raise NotFound(what="incident")
    return incident


def duties(incident: Incident) -> list[Duty]:
    return [Duty(state) for state in incident.assignments.values_list("state", flat=True)]


def check(incident: Incident, step: Step, version: int | None) -> None:
    """The step must be allowed now, and the asker must have seen the incident as it is."""
    if not allows(State(incident.state), step):
        raise refusal(incident, step)
    check_version(incident, version)


def check_version(incident: Incident, version: int | None) -> None:
    if version is not None and version != incident.version:
        raise StaleVersion(what="incident", number=incident.number, version=incident.version)


def refusal(incident: Incident, step: Step) -> WrongState:
    """Why `step` cannot be taken, who has signed, and what may be done now."""
    may = [str(other) for other in permitted(State(incident.state), duties(incident))]
    values: dict[str, Any] = {
        "number": incident.number,
        "state": str(incident.state),
        "step": str(step),
        "may": may,
    }
    if step is Step.SIGN and incident.signed_by:
        return AlreadySigned(agency=incident.signed_agency, **_named(incident.signed_by), **values)
    return WrongState(**values)


def _named(person: str) -> dict[str, str]:
    """Who that is, for the sentence "already taken by …"."""
    try:
        account = accounts.account(UUID(person))
    except (ValueError, NotFound):
        return {"by": person, "name_zh": person, "name_en": person}
    return {"by": person, "name_zh": account.name_zh, "name_en": account.name_en}


def person_of(by: By) -> str:
    """The person who acts: some steps no system may take."""
    if not by.person:
        raise NotYours(reason="person_needed")
    return by.person


def check_competent(by: By, *agencies: str) -> None:
    """A person acts for the owner of the incident or of the unit; the platform itself acts for nobody."""
    if by.person and by.agency not in agencies:
        raise NotYours(reason="agency", agencies=sorted(set(agencies)))


def advance(
    incident: Incident, fact: object, by: By, now: datetime, *, cause: int | None = None, **changes: Any
) -> Moved:
    """Record `fact` and write `changes`, if the incident is still the one that was read.

    Both stand in the caller's transaction: where another was quicker the fact goes with it, and the slower
    one is told what the other has done.
    """
    version = incident.version + 1
    number = journal.record(
        fact,
        by=by,
        at=now,
        subject=f"incident:{incident.id}",
        cause=incident.last_fact if cause is None else cause,
        exercise=incident.exercise,
    )
    same = Incident.objects.filter(id=incident.id, version=incident.version)
    if not same.update(**changes, last_fact=number, version=F("version") + 1):
        incident.refresh_from_db()
        if changes.get("signed_by"):
            raise refusal(incident, Step.SIGN)
        raise StaleVersion(what="incident", number=incident.number, version=incident.version)
    state = State(changes.get("state", incident.state))
    return Moved(incident.id, incident.number, state, version, number)


def advance_assignment(assignment: Assignment, **changes: Any) -> None:
    same = Assignment.objects.filter(id=assignment.id, version=assignment.version)
    if not same.update(**changes, version=F("version") + 1):
        raise StaleVersion(what="assignment", version=assignment.version)


def write(incident: Incident, kind: str, text: str, by: By, now: datetime, *, field: str = "note") -> Words:
    """Keep a person's words. The journal gets their digest, salted with the note's id, never the words."""
    words = text.strip()
    if not words:
        raise BadInput(field=field, reason="needed")
    if len(words) > NOTE_MAX:
        raise BadInput(field=field, reason="length", most=NOTE_MAX)
    if "\x00" in words:
        raise BadInput(field=field, reason="characters")
    note_id = ids.new_id()
    Note.objects.create(
        id=note_id,
        incident=incident,
        kind=kind,
        text=words,
        person=by.person or "",
        agency=by.agency or "",
        at=now,
    )
    return Words(note_id, digest_of(note_id, words))


def digest_of(note_id: UUID, text: str) -> str:
    """What a fact says of a note's words: SHA-256 of its id and the words."""
    return hashlib.sha256(f"{note_id}|{text}".encode()).hexdigest()
