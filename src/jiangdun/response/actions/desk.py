"""What a desk does: sign, note, attach evidence, report handled, review."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction

from jiangdun.core import ids, journal
from jiangdun.core.journal import By
from jiangdun.core.labels import Label
from jiangdun.core.trouble import BadInput, NotYours, OverLimit, StaleVersion
from jiangdun.response import facts
from jiangdun.response.actions import clockwork, field, moves
from jiangdun.response.actions.moves import Moved
from jiangdun.response.clocks import Clock, Source
from jiangdun.response.models import Evidence, Incident
from jiangdun.response.states import RESULTS, State, Step, after_review

EVIDENCE_KINDS: Final = ("photo", "video", "audio", "document", "alert", "track", "record")
EVIDENCE_MAX: Final = 200
"""Items of evidence on one incident."""


@dataclass(frozen=True)
class EvidenceRef:
    """What proves something: `ref` is a vault hash, an alert's episode, a record's number elsewhere."""

    kind: str
    ref: str
    title: str = ""


@transaction.atomic
def sign(incident_id: UUID, *, by: By, now: datetime, version: int | None = None) -> Moved:
    """签收: this desk takes the incident; T1. Raises AlreadySigned naming who was first, NotYours,
    StaleVersion.
    """
    incident = moves.find(incident_id)
    person = moves.person_of(by)
    moves.check(incident, Step.SIGN, version)
    moves.check_competent(by, incident.owner)
    fact = facts.IncidentSigned(incident.id, incident.number, State.SIGNED, incident.version + 1)
    moved = moves.advance(
        incident, fact, by, now, state=State.SIGNED, signed_by=person, signed_agency=by.agency or ""
    )
    clockwork.meet(incident, Clock.SIGN, now, Source.BUTTON, by, now, moved.fact)
    return moved


@transaction.atomic
def note(incident_id: UUID, text: str, *, by: By, now: datetime) -> UUID:
    """Write a note on an incident, closed ones too. Returns the note's id; raises NotFound, BadInput."""
    incident = moves.find(incident_id)
    moves.person_of(by)
    words = moves.write(incident, "note", text, by, now, field="text")
    fact = facts.IncidentNoted(incident.id, words.note_id, "note", words.digest)
    journal.record(
        fact,
        by=by,
        at=now,
        subject=f"incident:{incident.id}",
        cause=incident.last_fact,
        exercise=incident.exercise,
    )
    return words.note_id


@transaction.atomic
def set_secrecy(
    incident_id: UUID, secrecy: int, reason: str, *, by: By, now: datetime, version: int | None = None
) -> Moved:
    """Say how sensitive an incident is, and why; from now on only those cleared for it see it.

    Raises NotFound, NotYours, BadInput, StaleVersion.
    """
    incident = moves.find(incident_id)
    moves.person_of(by)
    moves.check_competent(by, incident.owner)
    if version is not None and version != incident.version:
        raise StaleVersion(what="incident", number=incident.number, version=incident.version)
    if secrecy not in tuple(Label):
        raise BadInput(field="secrecy", reason="unknown", allowed=[int(label) for label in Label])
    words = moves.write(incident, "secrecy", reason, by, now, field="reason")
    fact = facts.IncidentLabelled(
        incident.id,
        incident.number,
        secrecy,
        incident.secrecy,
        words.note_id,
        words.digest,
        incident.version + 1,
    )
    return moves.advance(incident, fact, by, now, secrecy=secrecy)


@transaction.atomic
def attach(incident_id: UUID, evidence: Sequence[EvidenceRef], *, by: By, now: datetime) -> int:
    """Add evidence; a reference already there is passed over. Returns how many are new."""
    incident = moves.find(incident_id)
    moves.check_competent(by, incident.owner, *incident.assignments.values_list("agency", flat=True))
    return _attach(incident, evidence, by, now)


@transaction.atomic
def dispose(
    incident_id: UUID,
    *,
    result: str,
    by: By,
    now: datetime,
    note: str = "",
    evidence: Sequence[EvidenceRef] = (),
    no_evidence_reason: str = "",
    version: int | None = None,
) -> Moved:
    """处置完成: report it handled, with a result code and evidence or the reason why there is none.

    Every unit still out is done, or released where it had not arrived. Raises WrongState, NotYours, BadInput.
    """
    incident = moves.find(incident_id)
    person = moves.person_of(by)
    moves.check(incident, Step.DISPOSE, version)
    moves.check_competent(by, incident.owner, *incident.assignments.values_list("agency", flat=True))
    if result not in RESULTS:
        raise BadInput(field="result", reason="unknown", allowed=sorted(RESULTS))
    _attach(incident, evidence, by, now)
    count = incident.evidence.count()
    why_none = None
    if not count:
        why_none = moves.write(
            incident, "no_evidence", no_evidence_reason, by, now, field="no_evidence_reason"
        ).note_id
    words = moves.write(incident, "handled", note, by, now) if note.strip() else None
    fact = facts.IncidentHandled(
        incident.id,
        incident.number,
        result,
        words.note_id if words else None,
        words.digest if words else "",
        count,
        why_none,
        State.AWAITING_REVIEW,
        incident.version + 1,
    )
    changes: dict[str, Any] = {"result": result, "handled_by": person, "handled_at": now}
    moved = moves.advance(incident, fact, by, now, state=State.AWAITING_REVIEW, **changes)
    field.end_all(incident, by, now, moved.fact)
    return moved


@transaction.atomic
def review(
    incident_id: UUID, *, passed: bool, by: By, now: datetime, note: str = "", version: int | None = None
) -> Moved:
    """复核, by another person than the handler: closed, or sent back with what is missing.

    Raises WrongState, NotYours (reason same_person), BadInput, StaleVersion.
    """
    incident = moves.find(incident_id)
    person = moves.person_of(by)
    moves.check(incident, Step.REVIEW, version)
    if person == incident.handled_by:
        raise NotYours(reason="same_person", number=incident.number)
    state = after_review(passed)
    if passed:
        if note.strip():
            _note_of_review(incident, note, by, now)
        closed = facts.IncidentClosed(
            incident.id, incident.number, incident.result, state, incident.version + 1
        )
        return moves.advance(incident, closed, by, now, state=state, reviewed_by=person, closed_at=now)
    words = moves.write(incident, "returned", note, by, now)
    returned = facts.IncidentReturned(
        incident.id, incident.number, words.note_id, words.digest, state, incident.version + 1
    )
    return moves.advance(incident, returned, by, now, state=state)


def _note_of_review(incident: Incident, text: str, by: By, now: datetime) -> None:
    words = moves.write(incident, "passed", text, by, now)
    fact = facts.IncidentNoted(incident.id, words.note_id, "passed", words.digest)
    subject = f"incident:{incident.id}"
    journal.record(fact, by=by, at=now, subject=subject, cause=incident.last_fact, exercise=incident.exercise)


def _attach(incident: Incident, evidence: Sequence[EvidenceRef], by: By, now: datetime) -> int:
    held = set(incident.evidence.values_list("ref", flat=True))
    new = [item for item in dict.fromkeys(evidence) if item.ref not in held]
    if len(held) + len(new) > EVIDENCE_MAX:
        raise OverLimit(limit="EVIDENCE_MAX", most=EVIDENCE_MAX)
    for item in new:
        _attach_one(incident, item, by, now)
    return len(new)


def _attach_one(incident: Incident, item: EvidenceRef, by: By, now: datetime) -> None:
    if item.kind not in EVIDENCE_KINDS:
        raise BadInput(field="evidence", reason="unknown", allowed=list(EVIDENCE_KINDS))
    if (
        not item.ref.strip()
        or len(item.ref) > 200
        or len(item.title) > 200
        or "\x00" in item.ref + item.title
    ):
        raise BadInput(field="evidence", reason="length", most=200)
    evidence_id = ids.new_id()
    try:
        with transaction.atomic():
            Evidence.objects.create(
                id=evidence_id,
                incident=incident,
                kind=item.kind,
                ref=item.ref,
                title=item.title,
                person=by.person or "",
                agency=by.agency or "",
                at=now,
            )
    except IntegrityError:  # the same reference came twice
        return
    fact = facts.EvidenceAttached(incident.id, evidence_id, item.kind, item.ref)
    subject = f"incident:{incident.id}"
    journal.record(fact, by=by, at=now, subject=subject, cause=incident.last_fact, exercise=incident.exercise)
