"""Which alert is an incident at once, and which waits for a person to say so.

Severity I and II, and rules marked `incident: auto`, become incidents in the reaction to the alert's fact,
and T0 is that fact's time. All else waits in triage as a *clue* with a clock of its own; T0 is then the
triage.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final


class Way(StrEnum):
    AUTO = "auto"
    TRIAGE = "triage"


class Priority(StrEnum):
    """How urgent: P1 life, collision, SOS, pollution … P4. The *level* I–IV is set by people only."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"


AUTO_SEVERITY: Final = 2
"""Severities up to this one (I, II) are incidents at once."""

WATER_DOMAINS: Final = frozenset({"water", "traffic", "port"})
"""Domains whose scenes lie on the water: the wider scene radius applies."""


def way(severity: int, incident: str) -> Way:
    """How an alert of this severity (1..4) under a rule's `incident` mark goes on."""
    return Way.AUTO if severity <= AUTO_SEVERITY or incident == "auto" else Way.TRIAGE


def priority(severity: int) -> Priority:
    """P1–P4 of severity I–IV."""
    return tuple(Priority)[min(max(severity, 1), 4) - 1]


class NotAnAlert(ValueError):
    """The fact's body lacks what an alert must say; `args[0]` names the field."""


@dataclass(frozen=True, slots=True)
class AlertSeen:
    """What response needs of an alert's fact. Degrees WGS-84; `lon` and `lat` are None without a place."""

    episode: str
    rule: str
    rule_version: int
    owner: str
    severity: int
    incident: str
    domain: str
    label: str
    zone_id: str
    place_zh: str
    place_en: str
    lon: float | None
    lat: float | None
    title_zh: str
    title_en: str
    why_zh: str
    why_en: str
    replaces: str

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> AlertSeen:
        """Read it from the body of `watch.AlertRaised`; NotAnAlert where a field is missing or wrong."""
        return cls(
            episode=_text(body, "episode", needed=True),
            rule=_text(body, "rule", needed=True),
            rule_version=int(_number(body, "rule_version") or 0),
            owner=_text(body, "owner", needed=True),
            severity=int(_number(body, "severity", needed=True) or 0),
            incident=_text(body, "incident"),
            domain=_text(body, "domain"),
            label=_text(body, "label"),
            zone_id=_text(body, "zone_id"),
            place_zh=_text(body, "zone_name_zh"),
            place_en=_text(body, "zone_name_en"),
            lon=_number(body, "lon"),
            lat=_number(body, "lat"),
            title_zh=_text(body, "title_zh") or _text(body, "rule"),
            title_en=_text(body, "title_en") or _text(body, "rule"),
            why_zh=_text(body, "why_zh"),
            why_en=_text(body, "why_en"),
            replaces=_text(body, "replaces"),
        )


def _text(body: Mapping[str, Any], name: str, *, needed: bool = False) -> str:
    value = body.get(name)
    if value is None and not needed:
        return ""
    if not isinstance(value, str | int) or (needed and value == ""):
        raise NotAnAlert(name)
    return str(value)


def _number(body: Mapping[str, Any], name: str, *, needed: bool = False) -> float | None:
    value = body.get(name)
    if value is None and not needed:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool) or value != value:
        raise NotAnAlert(name)
    return value
