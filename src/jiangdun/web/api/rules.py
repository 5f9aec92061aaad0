"""Rules: read, proposed by one person, released by another."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated, Any, Final

from django.http import HttpRequest
from ninja import Field, Router, Schema

from jiangdun.core import clock
from jiangdun.watch import actions, queries
from jiangdun.watch.alerts import RuleRecord, RuleState
from jiangdun.web import asking, desk

PAGE_MAX: Final = 500
YAML_CHARS_MAX: Final = 65_536
router = Router()


class Rule(Schema):
    """One version of one rule, with the sentence it reads as."""

    name: str
    version: int
    state: str = Field(description="proposed, released, retired")
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


class Proposal(Schema):
    yaml: str = Field(min_length=1, max_length=YAML_CHARS_MAX)


@router.get("/rules", response=list[Rule], **asking.needs("rules.read"))
async def rules(
    request: HttpRequest,
    state: RuleState | None = None,
    limit: Annotated[int, Field(ge=1, le=PAGE_MAX)] = 100,
) -> list[RuleRecord]:
    """Versions of rules by name, newest first."""
    return await desk.read(partial(queries.rules, state=state, limit=limit))


@router.post("/rules", response=Rule, **asking.needs("rules.propose"))
async def propose(request: HttpRequest, body: Proposal) -> RuleRecord:
    """Keep a new version; it is in force once another person has released it."""
    act = partial(actions.propose_rule, body.yaml, by=asking.by_of(request), now=clock.now())
    spec = await desk.do(act)
    return await desk.read(lambda: queries.rule(spec.name, spec.version))


@router.post("/rules/{name}/{version}/release", response=Rule, **asking.needs("rules.release"))
async def release(request: HttpRequest, name: str, version: int) -> RuleRecord:
    """Put a proposed version in force, in the place of the one that was. Never by its proposer."""
    found = await desk.read(lambda: queries.rule(name, version))
    asking.require(request, "rules.release", {"proposed_by": found.proposed_by})
    await desk.do(partial(actions.release_rule, name, version, by=asking.by_of(request), now=clock.now()))
    return await desk.read(lambda: queries.rule(name, version))


@router.post("/rules/{name}/{version}/retire", response=Rule, **asking.needs("rules.release"))
async def retire(request: HttpRequest, name: str, version: int) -> Any:
    """Take a version out of force, or a proposal off the table."""
    await desk.do(partial(actions.retire_rule, name, version, by=asking.by_of(request), now=clock.now()))
    return await desk.read(lambda: queries.rule(name, version))
