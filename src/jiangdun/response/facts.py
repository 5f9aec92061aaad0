"""What response announces, in the past tense. Subject: `incident:<id>`, or `alert:<episode>` while it is a
clue.

No words of a person and no name of a ship or plate stand in a body: it holds the id of the note and a digest
of it. `version` is that of the incident after the step; a board that shows an older one fetches it anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from jiangdun.core.journal import fact


@fact("response.ClueReceived", version=1)
@dataclass(frozen=True, slots=True)
class ClueReceived:
    clue_id: UUID
    episode: str
    owner: str
    due_at: datetime


@fact("response.ClueDismissed", version=1)
@dataclass(frozen=True, slots=True)
class ClueDismissed:
    """The alert of a waiting clue was dismissed."""

    clue_id: UUID
    episode: str


@fact("response.IncidentOpened", version=1)
@dataclass(frozen=True, slots=True)
class IncidentOpened:
    """T0. `way`: auto (by rule or severity) or triage (by a person). `limits_s`: each clock's limit, in
    seconds.
    """

    incident_id: UUID
    number: str
    way: str
    owner: str
    priority: str
    kind: str
    domain: str
    t0: datetime
    episode: str
    rule_version: int
    title_zh: str
    title_en: str
    place_zh: str
    place_en: str
    zone_id: str
    lon: float | None
    lat: float | None
    limits_s: dict[str, float]
    version: int


@fact("response.IncidentSigned", version=1)
@dataclass(frozen=True, slots=True)
class IncidentSigned:
    incident_id: UUID
    number: str
    state: str
    version: int


@fact("response.UnitRequested", version=1)
@dataclass(frozen=True, slots=True)
class UnitRequested:
    """A unit of another agency was asked for; it is not an order until that agency accepts."""

    incident_id: UUID
    assignment_id: UUID
    unit_id: UUID
    call_sign: str
    agency: str
    legal_basis: str
    state: str
    version: int


@fact("response.RequestAccepted", version=1)
@dataclass(frozen=True, slots=True)
class RequestAccepted:
    incident_id: UUID
    assignment_id: UUID
    unit_id: UUID
    agency: str
    state: str
    version: int


@fact("response.UnitAssigned", version=1)
@dataclass(frozen=True, slots=True)
class UnitAssigned:
    incident_id: UUID
    assignment_id: UUID
    unit_id: UUID
    call_sign: str
    agency: str
    state: str
    version: int


@fact("response.OrderAcknowledged", version=1)
@dataclass(frozen=True, slots=True)
class OrderAcknowledged:
    incident_id: UUID
    assignment_id: UUID
    unit_id: UUID
    instant: datetime
    source: str
    state: str
    version: int


@fact("response.UnitDeparted", version=1)
@dataclass(frozen=True, slots=True)
class UnitDeparted:
    incident_id: UUID
    assignment_id: UUID
    unit_id: UUID
    instant: datetime
    source: str
    state: str
    version: int


@fact("response.UnitArrived", version=1)
@dataclass(frozen=True, slots=True)
class UnitArrived:
    incident_id: UUID
    assignment_id: UUID
    unit_id: UUID
    instant: datetime
    source: str
    state: str
    version: int


@fact("response.AssignmentDeclined", version=1)
@dataclass(frozen=True, slots=True)
class AssignmentDeclined:
    incident_id: UUID
    assignment_id: UUID
    unit_id: UUID
    note_id: UUID
    digest: str
    state: str
    version: int


@fact("response.AssignmentEnded", version=1)
@dataclass(frozen=True, slots=True)
class AssignmentEnded:
    """`duty`: done, or released where the unit had not arrived."""

    incident_id: UUID
    assignment_id: UUID
    unit_id: UUID
    duty: str


@fact("response.EvidenceAttached", version=1)
@dataclass(frozen=True, slots=True)
class EvidenceAttached:
    incident_id: UUID
    evidence_id: UUID
    kind: str
    ref: str


@fact("response.IncidentNoted", version=1)
@dataclass(frozen=True, slots=True)
class IncidentNoted:
    incident_id: UUID
    note_id: UUID
    kind: str
    digest: str


@fact("response.IncidentHandled", version=1)
@dataclass(frozen=True, slots=True)
class IncidentHandled:
    """It awaits review. `evidence` counts its items; with none, `no_evidence_note` says why."""

    incident_id: UUID
    number: str
    result: str
    note_id: UUID | None
    digest: str
    evidence: int
    no_evidence_note: UUID | None
    state: str
    version: int


@fact("response.IncidentReturned", version=1)
@dataclass(frozen=True, slots=True)
class IncidentReturned:
    """The reviewer sent it back."""

    incident_id: UUID
    number: str
    note_id: UUID
    digest: str
    state: str
    version: int


@fact("response.IncidentLabelled", version=1)
@dataclass(frozen=True, slots=True)
class IncidentLabelled:
    """How sensitive it is was set anew: `secrecy` and `before` are labels, 0 open to 3 restricted."""

    incident_id: UUID
    number: str
    secrecy: int
    before: int
    note_id: UUID
    digest: str
    version: int


@fact("response.IncidentClosed", version=1)
@dataclass(frozen=True, slots=True)
class IncidentClosed:
    incident_id: UUID
    number: str
    result: str
    state: str
    version: int


@fact("response.ClockMet", version=1)
@dataclass(frozen=True, slots=True)
class ClockMet:
    """`breach_withdrawn`: the breach had been announced before a device without signal could send its
    instant.
    """

    clock: str
    instant: datetime
    source: str
    elapsed_s: float
    limit_s: float
    on_time: bool
    breach_withdrawn: bool


@fact("response.ClockWarned", version=1)
@dataclass(frozen=True, slots=True)
class ClockWarned:
    """Half the limit is gone. `tell`: who hears of it now."""

    clock: str
    owner: str
    due_at: datetime
    tell: list[str]


@fact("response.ClockBreached", version=1)
@dataclass(frozen=True, slots=True)
class ClockBreached:
    """The limit passed. A reason is owed by `reason_due_at` (None for a clue's triage clock)."""

    clock: str
    owner: str
    due_at: datetime
    reason_due_at: datetime | None
    tell: list[str]


@fact("response.BreachExplained", version=1)
@dataclass(frozen=True, slots=True)
class BreachExplained:
    incident_id: UUID
    clock: str
    note_id: UUID
    digest: str
    in_time: bool


@fact("response.ReasonOverdue", version=1)
@dataclass(frozen=True, slots=True)
class ReasonOverdue:
    incident_id: UUID
    clock: str
    owner: str


@fact("response.AlertRevised", version=1)
@dataclass(frozen=True, slots=True)
class AlertRevised:
    """The alert behind an incident changed or was withdrawn. Nothing is closed: `proposal` is for people."""

    incident_id: UUID
    verdict: str
    proposal: str
    episode: str
    version: int


@fact("response.LimitSet", version=1)
@dataclass(frozen=True, slots=True)
class LimitSet:
    key: str
    agency: str
    value: float
    unit: str
    basis_zh: str
    basis_en: str
    mark: str
    valid_from: datetime
    valid_to: datetime | None
    version: int
