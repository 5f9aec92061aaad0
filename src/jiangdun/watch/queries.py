"""What may be asked of the watch: plain records, in pages."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import structlog
from django.db.models import Q

from jiangdun.core.trouble import NotFound

from .alerts import WAITING, AlertRecord, AlertState, RuleRecord, RuleState, thing
from .models import Alert, Rule, SpoolCursor
from .rules import RuleError, RuleSpec, language

PAGE_MAX: Final = 500
"""Alerts or rules one question may bring back."""

_log = structlog.get_logger(__name__)
_FIELDS: Final = tuple(AlertRecord.__dataclass_fields__)
_ORDER: Final = ("severity", "-raised_at", "episode")


def open_alerts(
    *,
    states: Collection[AlertState | str] = WAITING,
    owners: Collection[str] | None = None,
    limit: int = 200,
    offset: int = 0,
) -> list[AlertRecord]:
    """Alerts in the given states, gravest first, then newest; those that another stands for are left out.

    `owners`: only those agencies' alerts; None = all. `limit` is at most PAGE_MAX.
    """
    found = Alert.objects.filter(state__in=[str(state) for state in states], replaced_by="")
    if owners is not None:
        found = found.filter(owner__in=list(owners))
    offset = max(offset, 0)
    rows = found.order_by(*_ORDER)[offset : offset + min(max(limit, 0), PAGE_MAX)]
    return [_record(row) for row in rows]


def alert(episode: str) -> AlertRecord:
    """One alert; NotFound where there is none."""
    row = Alert.objects.filter(episode=episode).first()
    if row is None:
        raise NotFound(what="alert", episode=episode)
    return _record(row)


def things(episodes: Collection[str]) -> dict[str, dict[str, Any]]:
    """By episode: what `core.access` judges."""
    rows = Alert.objects.filter(episode__in=episodes)
    return {
        episode: thing(owner, lon, lat, raised_at)
        for episode, owner, lon, lat, raised_at in rows.values_list(
            "episode", "owner", "lon", "lat", "raised_at"
        )
    }


def words(episode: str) -> dict[str, str]:
    """What an alert's target is called and why it fired, in both languages; empty where there is no alert.

    They may name a person's vehicle, so no fact carries them.
    """
    row = Alert.objects.filter(episode=episode).values("label", "why_zh", "why_en").first()
    return {name: str(text) for name, text in row.items()} if row else {}


def alerts_of_track(track: int, limit: int = 50) -> list[AlertRecord]:
    """What a target was warned of before, newest first."""
    rows = Alert.objects.filter(track=track).order_by("-fired_at")[: min(max(limit, 0), PAGE_MAX)]
    return [_record(row) for row in rows]


def rules(*, state: RuleState | str | None = None, limit: int = PAGE_MAX) -> list[RuleRecord]:
    """Versions of rules by name, newest first, each with its sentences."""
    found = Rule.objects.all() if state is None else Rule.objects.filter(state=str(state))
    return [_rule_record(row) for row in found.order_by("name", "-version")[: min(max(limit, 0), PAGE_MAX)]]


def rule(name: str, version: int) -> RuleRecord:
    """One version of one rule; NotFound where there is none."""
    row = Rule.objects.filter(name=name, version=version).first()
    if row is None:
        raise NotFound(what="rule", rule=name, version=version)
    return _rule_record(row)


def rules_in_force(now: datetime) -> list[RuleSpec]:
    """Released and not past their validity, by name: what the engine is to run.

    One that is valid from a later day is among them: the engine judges by the time of each report. One that
    the language of this release no longer reads is left out and said so; `rules` shows why.
    """
    valid = Q(valid_to=None) | Q(valid_to__gt=now)
    rows = Rule.objects.filter(valid, state=RuleState.RELEASED).order_by("name")
    return [spec for row in rows if (spec := _in_force(row)) is not None]


def spool_position(name: str = "alerts") -> int:
    """How far the spool was read; 0 where nothing was."""
    position = SpoolCursor.objects.filter(name=name).values_list("position", flat=True).first()
    return position or 0


@lru_cache(maxsize=1_024)
def _spec(yaml: str, name: str, version: int) -> RuleSpec:
    return language.read(yaml, name, version=version)


def _in_force(row: Rule) -> RuleSpec | None:
    try:
        return _spec(row.yaml, row.name, row.version)
    except RuleError as error:
        _log.error("a released rule cannot be read", rule=row.name, version=row.version, why=str(error))
        return None


def _said(row: Rule) -> tuple[str, str]:
    """The rule's sentences, or why it has none."""
    try:
        spec = _spec(row.yaml, row.name, row.version)
    except RuleError as error:
        return error.text("zh"), error.text("en")
    return language.sentence(spec, "zh"), language.sentence(spec, "en")


def _record(row: Alert) -> AlertRecord:
    values: dict[str, Any] = {name: getattr(row, name) for name in _FIELDS}
    return AlertRecord(**values)


def _rule_record(row: Rule) -> RuleRecord:
    said_zh, said_en = _said(row)
    return RuleRecord(
        name=row.name,
        version=row.version,
        state=row.state,
        yaml=row.yaml,
        said_zh=said_zh,
        said_en=said_en,
        proposed_by=row.proposed_by,
        proposed_at=row.proposed_at,
        released_by=row.released_by,
        released_at=row.released_at,
        retired_at=row.retired_at,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )
