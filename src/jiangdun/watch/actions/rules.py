"""Rules come into force by two people: one proposes a version, another releases it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from django.db import IntegrityError, transaction

from jiangdun.core import ids, journal
from jiangdun.core.journal import By
from jiangdun.core.trouble import BadInput, NotFound, NotYours, OverLimit, StaleVersion, WrongState
from jiangdun.watch import facts, queries
from jiangdun.watch.alerts import RuleState
from jiangdun.watch.models import Rule
from jiangdun.watch.rules import RuleError, RuleSpec, language
from jiangdun.watch.rules.checking import steps as rule_steps
from jiangdun.watch.rules.several import conditions_of
from jiangdun.watch.rules.spec import Condition, Several

RULES_MAX: Final = 500
"""Rules released at once."""
STEPS_MAX: Final = 4_000
"""Steps of all released rules together: what one engine holds, and some room."""
CONDITIONS_MAX: Final = 1_000
"""Different conditions (of one step: watch, where, holds) of all released rules together."""
VERSIONS_MAX: Final = 10_000
"""Versions of one rule."""
CATALOGUE: Final = Path(__file__).parent.parent / "catalogue"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class RuleRefused(BadInput):
    """The document is no rule. `problems`: {line, column, what_zh, what_en, instead_zh, instead_en} each."""

    usual = "rule_refused"


@transaction.atomic
def propose_rule(yaml: str, *, by: By, now: datetime) -> RuleSpec:
    """Keep a new version of the rule that `yaml` holds; the same text as its newest version is kept once.

    Raises RuleRefused with every problem found.
    """
    person = _person(by)
    spec = _read(yaml)
    last = Rule.objects.filter(name=spec.name).order_by("-version").first()
    if last is not None and last.yaml == yaml and last.state != RuleState.RETIRED:
        return language.read(yaml, spec.name, version=last.version)
    version = last.version + 1 if last else 1
    if version > VERSIONS_MAX:
        raise OverLimit(limit="VERSIONS_MAX", most=VERSIONS_MAX)
    fact = journal.record(
        facts.RuleProposed(spec.name, version, _digest(yaml)), by=by, at=now, subject=f"rule:{spec.name}"
    )
    try:
        with transaction.atomic():
            Rule.objects.create(
                id=ids.new_id(),
                name=spec.name,
                version=version,
                yaml=yaml,
                proposed_by=person,
                proposed_at=now,
                valid_from=_moment(spec.valid_from_ms),
                valid_to=None if spec.valid_to_ms >= language.FOREVER_MS else _moment(spec.valid_to_ms),
                proposed_fact=fact,
            )
    except IntegrityError:
        raise StaleVersion(rule=spec.name, version=version) from None
    return language.read(yaml, spec.name, version=version)


@transaction.atomic
def release_rule(name: str, version: int, *, by: By, now: datetime) -> RuleSpec:
    """Put a proposed version in force in the place of the one that was.

    Raises NotFound, WrongState where it was released or retired before, NotYours (`same_person`) for its
    proposer, RuleRefused where the language no longer reads it, OverLimit.
    """
    person = _person(by)
    rule = _rule(name, version)
    if rule.state != RuleState.PROPOSED:
        raise WrongState(rule=name, version=version, state=rule.state)
    if rule.proposed_by == person:
        raise NotYours(reason="same_person", rule=name, version=version)
    spec = _read(rule.yaml, version)
    before = Rule.objects.filter(name=name, state=RuleState.RELEASED).first()
    _check_room([spec, *(each for each in queries.rules_in_force(now) if each.name != name)])
    fact = journal.record(
        facts.RuleReleased(
            name, version, _digest(rule.yaml), rule.proposed_by, before.version if before else 0
        ),
        by=by,
        at=now,
        subject=f"rule:{name}",
        cause=rule.proposed_fact,
    )
    if before is not None:
        Rule.objects.filter(id=before.id).update(state=RuleState.RETIRED, retired_by=person, retired_at=now)
    try:
        with transaction.atomic():
            released = Rule.objects.filter(id=rule.id, state=RuleState.PROPOSED).update(
                state=RuleState.RELEASED, released_by=person, released_at=now, released_fact=fact
            )
    except IntegrityError:
        released = 0
    if not released:
        raise StaleVersion(rule=name, version=version)
    return spec


@transaction.atomic
def retire_rule(name: str, version: int, *, by: By, now: datetime) -> None:
    """Take a version out of force, or a proposal off the table."""
    person = _person(by)
    rule = _rule(name, version)
    changed = Rule.objects.filter(id=rule.id).exclude(state=RuleState.RETIRED)
    if not changed.update(state=RuleState.RETIRED, retired_by=person, retired_at=now):
        raise WrongState(rule=name, version=version, state=RuleState.RETIRED)
    cause = rule.released_fact or rule.proposed_fact
    journal.record(facts.RuleRetired(name, version), by=by, at=now, subject=f"rule:{name}", cause=cause)


@transaction.atomic
def load_catalogue(*, by: By, now: datetime, paths: Iterable[Path] | None = None) -> list[RuleSpec]:
    """Propose every rule of the catalogue (or of `paths`: YAML files). What is proposed or released already
    stays. Each still needs its release by another person."""
    files = sorted(CATALOGUE.glob("*.yaml")) if paths is None else list(paths)
    return [propose_rule(file.read_text("utf-8"), by=by, now=now) for file in files]


def _check_room(specs: list[RuleSpec]) -> None:
    """What one engine holds must hold them all; found out here and not when they are to run."""
    steps = [
        (spec.watch, _text(spec.where), _text(holds))
        for spec in specs
        for holds in (
            *(step.holds for step in rule_steps(spec)),
            *((None, *conditions_of(spec.when)) if isinstance(spec.when, Several) else ()),
        )
    ]
    for limit, most, found in (
        ("RULES_MAX", RULES_MAX, len(specs)),
        ("STEPS_MAX", STEPS_MAX, len(steps)),
        ("CONDITIONS_MAX", CONDITIONS_MAX, len(set(steps))),
    ):
        if found > most:
            raise OverLimit(limit=limit, most=most)


def _text(condition: Condition | None) -> str:
    return condition.text if condition else ""


def _read(yaml: str, version: int = 1) -> RuleSpec:
    try:
        return language.read(yaml, version=version)
    except RuleError as error:
        told = [
            {
                "line": each.line,
                "column": each.column,
                "what_zh": each.what.zh,
                "what_en": each.what.en,
                "instead_zh": each.instead.zh,
                "instead_en": each.instead.en,
            }
            for each in error.problems[:100]
        ]
        raise RuleRefused(count=len(error.problems), problems=told) from error


def _rule(name: str, version: int) -> Rule:
    rule = Rule.objects.filter(name=name, version=version).first()
    if rule is None:
        raise NotFound(rule=name, version=version)
    return rule


def _person(by: By) -> str:
    """Two people answer for a rule; a part of the system is nobody."""
    if not by.person:
        raise NotYours(reason="nobody")
    return by.person


def _digest(yaml: str) -> str:
    return hashlib.sha256(yaml.encode()).hexdigest()


def _moment(ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=ms)
