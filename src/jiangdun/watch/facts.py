"""What the watch announces, in the past tense. Subjects: `alert:<episode>`, `rule:<name>`.

`track` is text: it may exceed what a browser can count. A person's words stand in the row; the fact holds
their digest, salted with an id that stands in the row alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from jiangdun.core.journal import fact


@fact("watch.RuleProposed", version=1)
@dataclass(frozen=True, slots=True)
class RuleProposed:
    """`digest` is the SHA-256 of the YAML."""

    rule: str
    rule_version: int
    digest: str


@fact("watch.RuleReleased", version=1)
@dataclass(frozen=True, slots=True)
class RuleReleased:
    """In force from now (within its validity); `retires` is the version it takes the place of, 0 = none."""

    rule: str
    rule_version: int
    digest: str
    proposed_by: str
    retires: int


@fact("watch.RuleRetired", version=1)
@dataclass(frozen=True, slots=True)
class RuleRetired:
    rule: str
    rule_version: int


@fact("watch.AlertRaised", version=1)
@dataclass(frozen=True, slots=True)
class AlertRaised:
    """A new episode. `incident` is auto or triage, severity 1..4; `replaces` is the episode it stands for.

    A plate may be a person's: what the target is called, and the sentence that calls it so, stand with the
    alert (`queries.words`), not here.
    """

    episode: str
    rule: str
    rule_version: int
    title_zh: str
    title_en: str
    owner: str
    severity: int
    incident: str
    domain: str
    track: str
    zone_id: str
    zone_name_zh: str
    zone_name_en: str
    lon: float | None
    lat: float | None
    started_at: datetime
    fired_at: datetime
    settled: bool
    replaces: str = ""


@fact("watch.AlertConfirmed", version=1)
@dataclass(frozen=True, slots=True)
class AlertConfirmed:
    """The settled pass says the same as the eager one."""

    episode: str
    revision: int


@fact("watch.AlertChanged", version=1)
@dataclass(frozen=True, slots=True)
class AlertChanged:
    """Late data moved it: these are its new moments and place."""

    episode: str
    revision: int
    started_at: datetime
    fired_at: datetime
    lon: float | None
    lat: float | None


@fact("watch.AlertWithdrawn", version=1)
@dataclass(frozen=True, slots=True)
class AlertWithdrawn:
    """Late data says it never was. What people made of it stands."""

    episode: str
    revision: int


@fact("watch.AlertAcknowledged", version=1)
@dataclass(frozen=True, slots=True)
class AlertAcknowledged:
    episode: str


@fact("watch.AlertDismissed", version=1)
@dataclass(frozen=True, slots=True)
class AlertDismissed:
    episode: str
    reason_digest: str


@fact("watch.AlertPromoted", version=1)
@dataclass(frozen=True, slots=True)
class AlertPromoted:
    """An incident was made of it."""

    episode: str
    incident_id: UUID


@fact("watch.SpoolLineRefused", version=1)
@dataclass(frozen=True, slots=True)
class SpoolLineRefused:
    """A line of the spool could not be read and was passed over; its bytes stay in the spool."""

    spool: str
    position: int
    reason: str
