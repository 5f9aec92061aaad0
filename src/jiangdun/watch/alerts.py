"""An alert as other rooms and the board see it: plain values, no table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from jiangdun.core.datasets import DataSet, data_set

ALERTS: Final[DataSet] = data_set(
    "alerts",
    "预警",
    "alerts",
    always={
        "episode", "owner", "state", "version", "exercise", "severity", "raised_at", "started_at", "fired_at",
    },
    fields={
        "verdict", "settled", "revision", "rule", "rule_version", "title_zh", "title_en", "domain",
        "incident", "track", "handle", "label", "zone_id", "zone_name_zh", "zone_name_en", "lon", "lat",
        "why_zh", "why_en", "acknowledged_at", "acknowledged_by",
        "dismissed_at", "dismissed_by", "dismissed_reason", "incident_id", "replaces", "replaced_by", "fixes",
        "legal",
    },
    acts={"alert.acknowledge", "alert.dismiss", "alert.promote"},
)  # fmt: skip
"""What an annex may grant of another agency's alerts."""


class AlertState(StrEnum):
    """What people made of it. What the engine makes of it is the verdict, and the two do not mix."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    DISMISSED = "dismissed"
    PROMOTED = "promoted"


WAITING: Final = (AlertState.OPEN, AlertState.ACKNOWLEDGED)
"""States in which somebody still has to decide."""


class RuleState(StrEnum):
    PROPOSED = "proposed"
    RELEASED = "released"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class AlertRecord:
    """One alert in its newest revision.

    `lon`, `lat` in degrees WGS-84. A row of `fixes`: [t_ms, lon, lat (1/600000 degree), 0.1 kn, 0.1 degree].
    `track` may exceed 2^53: send it as text to a browser.
    """

    episode: str
    rule: str
    rule_version: int
    title_zh: str
    title_en: str
    owner: str
    domain: str
    severity: int
    incident: str
    track: int
    label: str
    zone_id: str
    zone_name_zh: str
    zone_name_en: str
    lon: float | None
    lat: float | None
    started_at: datetime
    fired_at: datetime
    raised_at: datetime
    state: str
    settled: bool
    verdict: str
    revision: int
    why_zh: str
    why_en: str
    values: Mapping[str, Any]
    fixes: list[list[int]]
    replaces: str
    replaced_by: str
    acknowledged_by: str
    acknowledged_at: datetime | None
    dismissed_by: str
    dismissed_at: datetime | None
    dismissed_reason: str
    incident_id: UUID | None
    exercise: bool
    version: int

    def as_thing(self) -> dict[str, Any]:
        """What `core.access` judges: whose it is, where and when."""
        return thing(self.owner, self.lon, self.lat, self.raised_at)


def thing(owner: str, lon: float | None, lat: float | None, raised_at: datetime) -> dict[str, Any]:
    """An alert as `core.access` judges it."""
    place = None if lon is None or lat is None else (lon, lat)
    return {"data": ALERTS.code, "agency": owner, "place": place, "at": raised_at}


@dataclass(frozen=True, slots=True)
class RuleRecord:
    """One version of one rule, with what it says of itself."""

    name: str
    version: int
    state: str
    yaml: str
    said_zh: str
    said_en: str
    proposed_by: str
    proposed_at: datetime
    released_by: str
    released_at: datetime | None
    retired_at: datetime | None
    valid_from: datetime
    valid_to: datetime | None
