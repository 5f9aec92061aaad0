"""Alerts come from the engine's spool; people acknowledge and dismiss them. Nothing here is ever deleted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F

from jiangdun.core import ids, journal
from jiangdun.core.journal import By
from jiangdun.core.trouble import BadInput, NotFound, NotYours, StaleVersion, WrongState
from jiangdun.watch import facts
from jiangdun.watch.alerts import WAITING, AlertState
from jiangdun.watch.models import Alert, SpoolCursor

REASON_MAX: Final = 500
"""Characters of a dismissal's reason."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SAID: Final = (
    "rule_version", "started_at_ms", "fired_at_ms", "lon", "lat", "why_zh", "why_en", "values", "fixes",
)  # fmt: skip
"""What a revision may move."""


@transaction.atomic
def take_event(
    event: Mapping[str, Any], spool_position: int, now: datetime, *, name: str = "alerts"
) -> int | None:
    """Take in one checked line of the spool (`spool.from_line`) and move the cursor to `spool_position`.

    Returns the id of the fact recorded, or None where the event says nothing new: taking the same line again
    changes nothing. A withdrawn alert keeps its row and what people made of it.
    """
    SpoolCursor.objects.update_or_create(name=name, defaults={"position": spool_position})
    alert = Alert.objects.filter(episode=event["episode"]).first()
    if alert is None:
        return None if event["verdict"] == "withdrawn" else _raise(event, now)
    return _revise(alert, event, now)


@transaction.atomic
def refuse_line(spool_position: int, reason: str, now: datetime, *, name: str = "alerts") -> int:
    """Pass over a line that `spool.from_line` refused, with a fact that says so."""
    SpoolCursor.objects.update_or_create(name=name, defaults={"position": spool_position})
    said = facts.SpoolLineRefused(name, spool_position, reason[:200])
    return journal.record(said, by=By(system="watch"), at=now, subject=f"spool:{name}")


@transaction.atomic
def acknowledge(episode: str, *, by: By, now: datetime) -> int:
    """Somebody has seen it. Raises NotFound, WrongState where it is no longer open."""
    person, alert = _person(by), _alert(episode)
    opened = Alert.objects.filter(episode=episode, state=AlertState.OPEN)
    changed = {"state": AlertState.ACKNOWLEDGED, "acknowledged_by": person, "acknowledged_at": now}
    if not opened.update(**changed, version=F("version") + 1):
        raise WrongState(episode=episode, state=alert.state, by=alert.acknowledged_by)
    return _note(alert, facts.AlertAcknowledged(episode), by, now)


@transaction.atomic
def dismiss(episode: str, reason: str, *, by: By, now: datetime) -> int:
    """It is nothing, for a reason. Raises BadInput without one, NotFound, WrongState where it is decided."""
    person, words = _person(by), " ".join(reason.split())
    if not words or len(words) > REASON_MAX or "\0" in words:
        raise BadInput(field="reason", reason="empty" if not words else "too_long", most=REASON_MAX)
    alert = _alert(episode)
    waiting = Alert.objects.filter(episode=episode, state__in=WAITING)
    salt = ids.new_id()
    changed = {
        "state": AlertState.DISMISSED,
        "dismissed_by": person,
        "dismissed_at": now,
        "dismissed_reason": words,
        "dismissal_id": salt,
    }
    if not waiting.update(**changed, version=F("version") + 1):
        raise WrongState(episode=episode, state=alert.state, by=alert.dismissed_by)
    digest = hashlib.sha256(f"{salt}:{words}".encode()).hexdigest()
    return _note(alert, facts.AlertDismissed(episode, digest), by, now)


@transaction.atomic
def mark_promoted(
    episode: str, incident_id: UUID, *, by: By, now: datetime, cause: int | None = None
) -> int | None:
    """An incident was opened from it (the hall calls this on `response.IncidentOpened`); None where known."""
    alert = _alert(episode)
    if alert.incident_id == incident_id:
        return None
    Alert.objects.filter(episode=episode).update(
        state=AlertState.PROMOTED, incident_id=incident_id, version=F("version") + 1
    )
    return _note(alert, facts.AlertPromoted(episode, incident_id), by, now, cause)


def _raise(event: Mapping[str, Any], now: datetime) -> int:
    replaced = Alert.objects.filter(episode=event["replaces"] or "").first()
    fact = journal.record(
        _raised(event),
        by=_rule_of(event),
        at=now,
        subject=f"alert:{event['episode']}",
        cause=replaced.last_fact if replaced else None,
        exercise=bool(event.get("exercise")),
    )
    texts = (
        "rule",
        "rule_version",
        "title_zh",
        "title_en",
        "owner",
        "domain",
        "severity",
        "incident",
        "track",
    )
    more = ("label", "zone_id", "zone_name_zh", "zone_name_en", "lon", "lat", "settled", "verdict")
    reasons = ("why_zh", "why_en", "values", "fixes")
    try:
        with transaction.atomic():
            Alert.objects.create(
                episode=event["episode"],
                **{name: event[name] for name in (*texts, *more, *reasons)},
                started_at=_moment(event["started_at_ms"]),
                fired_at=_moment(event["fired_at_ms"]),
                raised_at=now,
                digest=_digest(event),
                replaces=event["replaces"] or "",
                exercise=bool(event.get("exercise")),
                last_fact=fact,
                **_inherited(replaced),
            )
    except IntegrityError:
        raise StaleVersion(episode=event["episode"]) from None
    if replaced is not None:
        Alert.objects.filter(episode=replaced.episode).update(
            replaced_by=event["episode"], version=F("version") + 1
        )
    return fact


def _inherited(replaced: Alert | None) -> dict[str, Any]:
    """What people made of the episode that this one stands for."""
    if replaced is None:
        return {}
    names = (
        "state", "acknowledged_by", "acknowledged_at", "dismissed_by", "dismissed_at", "dismissed_reason",
        "dismissal_id", "incident_id",
    )  # fmt: skip
    return {name: getattr(replaced, name) for name in names}


def _revise(alert: Alert, event: Mapping[str, Any], now: datetime) -> int | None:
    if alert.settled and not event["settled"]:
        return None  # the eager pass speaks of what is settled: a line read twice
    verdict = "confirmed" if event["verdict"] == "raised" and event["settled"] else event["verdict"]
    digest = _digest(event)
    if (alert.settled, alert.verdict, alert.digest) == (event["settled"], verdict, digest):
        return None
    if verdict == "raised":
        verdict = "changed"  # the eager pass, stepped back by a late fix, came to the same episode otherwise
        if alert.digest == digest:
            return None
    if verdict == "confirmed" and alert.digest != digest:
        verdict = "changed"
    changed: dict[str, Any] = {"settled": event["settled"], "verdict": verdict, "digest": digest}
    if verdict == "changed":
        changed |= {name: event[name] for name in _SAID if not name.endswith("_ms")}
        changed |= {
            "started_at": _moment(event["started_at_ms"]),
            "fired_at": _moment(event["fired_at_ms"]),
        }
    revision = alert.revision + (verdict != "confirmed")
    held = Alert.objects.filter(episode=alert.episode, version=alert.version)
    if not held.update(**changed, revision=revision, version=F("version") + 1):
        raise StaleVersion(episode=alert.episode)
    return _note(alert, _revision(verdict, revision, event), _rule_of(event), now)


def _raised(event: Mapping[str, Any]) -> facts.AlertRaised:
    return facts.AlertRaised(
        episode=event["episode"],
        rule=event["rule"],
        rule_version=event["rule_version"],
        title_zh=event["title_zh"],
        title_en=event["title_en"],
        owner=event["owner"],
        severity=event["severity"],
        incident=event["incident"],
        domain=event["domain"],
        track=str(event["track"]),
        zone_id=event["zone_id"],
        zone_name_zh=event["zone_name_zh"],
        zone_name_en=event["zone_name_en"],
        lon=event["lon"],
        lat=event["lat"],
        started_at=_moment(event["started_at_ms"]),
        fired_at=_moment(event["fired_at_ms"]),
        settled=event["settled"],
        replaces=event["replaces"] or "",
    )


def _revision(verdict: str, revision: int, event: Mapping[str, Any]) -> object:
    episode = event["episode"]
    if verdict == "confirmed":
        return facts.AlertConfirmed(episode, revision)
    if verdict == "withdrawn":
        return facts.AlertWithdrawn(episode, revision)
    started, fired = _moment(event["started_at_ms"]), _moment(event["fired_at_ms"])
    return facts.AlertChanged(episode, revision, started, fired, event["lon"], event["lat"])


def _note(alert: Alert, what: object, by: By, now: datetime, cause: int | None = None) -> int:
    """Record a fact on an alert and make it the cause of the next."""
    fact = journal.record(
        what,
        by=by,
        at=now,
        subject=f"alert:{alert.episode}",
        cause=cause or alert.last_fact,
        exercise=alert.exercise,
    )
    Alert.objects.filter(episode=alert.episode).update(last_fact=fact)
    return fact


def _alert(episode: str) -> Alert:
    alert = Alert.objects.filter(episode=episode).first()
    if alert is None:
        raise NotFound(episode=episode)
    return alert


def _rule_of(event: Mapping[str, Any]) -> By:
    return By(rule=f"{event['rule']}/{event['rule_version']}", agency=event["owner"] or None)


def _person(by: By) -> str:
    if not by.person:
        raise NotYours(reason="nobody")
    return by.person


def _digest(event: Mapping[str, Any]) -> str:
    """Of what a revision may move, the sentences apart: they say 'corrected' or 'withdrawn' by themselves."""
    said = [event[name] for name in _SAID if not name.startswith("why_")]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _moment(ms: int) -> datetime:
    try:
        return _EPOCH + timedelta(milliseconds=ms)
    except OverflowError:
        return _EPOCH
