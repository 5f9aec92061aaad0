"""What a screen is told of incidents and clues: values without tables behind them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from jiangdun.core.access import Allowed
from jiangdun.core.datasets import DataSet, data_set
from jiangdun.core.journal import By
from jiangdun.core.labels import Label
from jiangdun.response.clocks import Clock, Reading
from jiangdun.response.promotion import AlertSeen
from jiangdun.response.states import Duty, State, Step

INCIDENTS: Final[DataSet] = data_set(
    "incidents",
    "警情",
    "incidents",
    always={"id", "number", "version", "state", "owner", "exercise", "priority", "t0"},
    fields={
        "next_step", "may", "level", "kind", "domain", "title_zh", "title_en", "place_zh",
        "place_en", "why_zh", "why_en", "agencies", "episode", "rule_version", "label", "zone_id", "lon",
        "lat", "signed_by", "signed_agency", "handled_by", "reviewed_by", "closed_at", "result", "proposal",
        "clocks", "assignments", "evidence", "timeline",
    },
    acts={"incident.review"},
)  # fmt: skip
"""What an annex may grant of incidents in which the agency takes no part; who takes part sees all."""


@dataclass(frozen=True)
class ClockView:
    """A clock's reading with what is owed: a breach without a reason has `reason_owed`."""

    clock: Clock
    face: str
    started_at: datetime
    due_at: datetime
    limit_s: float
    amber_at_s: float
    elapsed_s: float
    remaining_s: float
    at: datetime | None
    source: str
    on_time: bool | None
    breached_at: datetime | None
    reason_due_at: datetime | None
    reason_owed: bool
    reason: str


@dataclass(frozen=True)
class AssignmentView:
    id: UUID
    unit_id: UUID
    call_sign: str
    agency: str
    state: Duty
    legal_basis: str
    assigned_at: datetime
    ordered_at: datetime | None
    acknowledged_at: datetime | None
    acknowledged_source: str
    departed_at: datetime | None
    departed_source: str
    arrived_at: datetime | None
    arrived_source: str
    ended_at: datetime | None
    version: int


@dataclass(frozen=True)
class EvidenceView:
    id: UUID
    kind: str
    ref: str
    title: str
    person: str
    agency: str
    at: datetime


@dataclass(frozen=True)
class IncidentView:
    """An incident as a board shows it. `next` is the one thing to do now; `may` all that is permitted."""

    id: UUID
    number: str
    kind: str
    domain: str
    title_zh: str
    title_en: str
    owner: str
    agencies: tuple[str, ...]
    priority: str
    level: str
    state: State
    t0: datetime
    episode: str | None
    rule_version: int
    label: str
    zone_id: str
    place_zh: str
    place_en: str
    why_zh: str
    why_en: str
    lon: float | None
    lat: float | None
    signed_by: str
    signed_agency: str
    result: str
    handled_by: str
    reviewed_by: str
    closed_at: datetime | None
    proposal: str
    exercise: bool
    secrecy: int
    version: int
    clocks: tuple[ClockView, ...]
    assignments: tuple[AssignmentView, ...]
    next: Step | None
    may: tuple[Step, ...]
    allowed: Allowed = field(default_factory=Allowed)
    """What of it the asker may see: who shows it redacts it by this."""

    def as_thing(self) -> dict[str, Any]:
        """What `core.access` judges: where it belongs, and who did the step before a review."""
        return {
            **thing(self.owner, self.agencies, self.lon, self.lat, self.t0, self.secrecy),
            "disposed_by": self.handled_by,
        }


def thing(
    owner: str,
    agencies: tuple[str, ...],
    lon: float | None,
    lat: float | None,
    t0: datetime,
    secrecy: int,
) -> dict[str, Any]:
    """An incident as `core.access` judges it: whose, who takes part, how sensitive, where and when."""
    place = None if lon is None or lat is None else (lon, lat)
    return {
        "data": INCIDENTS.code,
        "agency": owner,
        "agencies": agencies,
        "label": Label(secrecy),
        "place": place,
        "at": t0,
    }


@dataclass(frozen=True)
class Entry:
    """One line of an incident's story: a fact, with the words of the note it refers to."""

    number: int
    kind: str
    at: datetime
    by: By
    cause: int | None
    fact_id: int
    body: dict[str, Any]
    words: str


@dataclass(frozen=True)
class IncidentStory:
    incident: IncidentView
    evidence: tuple[EvidenceView, ...]
    timeline: tuple[Entry, ...]


@dataclass(frozen=True)
class ClueView:
    """An alert that waits in triage."""

    id: UUID
    episode: str
    owner: str
    state: str
    received_at: datetime
    alert: AlertSeen
    clock: Reading
    exercise: bool
    version: int
