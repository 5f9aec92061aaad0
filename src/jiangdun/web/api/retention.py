"""How long things are kept, what is due, what went each night, and what holds it up."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema

from jiangdun.core import access, clock, holds, retention
from jiangdun.core.trouble import NotYours
from jiangdun.web import asking, desk

router = Router()


class KeptClass(Schema):
    """A class of things. `days` null: each item says itself. `due`: items that would go tonight, null where nothing
    of the class is ever deleted (`why`)."""

    code: str
    name_zh: str
    name_en: str
    days: int | None
    before: datetime
    due: int | None
    size: int
    held: bool
    why_zh: str
    why_en: str


class Went(Schema):
    kept: str
    before: datetime
    items: int
    size: int
    held: bool


class Night(Schema):
    due_at: datetime
    done_at: datetime | None
    found: list[Went]


class Hold(Schema):
    """A legal hold; it stands until `released_at`. `target`: a class, an item such as person:<id>, or *."""

    id: UUID
    target: str
    reason: str
    held_by: str
    held_at: datetime
    confirmed_by: str
    confirmed_at: datetime | None
    release_reason: str
    release_by: str
    release_at: datetime | None
    released_by: str
    released_at: datetime | None
    version: int


class NewHold(Schema):
    target: str = Field(min_length=1, max_length=160)
    reason: str = Field(min_length=1, max_length=holds.REASON_MAX)


class Release(Schema):
    reason: str = Field(min_length=1, max_length=holds.REASON_MAX)


@router.get("/retention", response=list[KeptClass], **asking.needs("retention.read"))
async def classes(request: HttpRequest) -> list[dict[str, Any]]:
    """Every class, and what would go tonight: nothing is deleted by asking."""
    return await desk.read(lambda: _classes(clock.now()))


@router.get("/retention/runs", response=list[Night], **asking.needs("retention.read"))
async def runs(request: HttpRequest) -> list[dict[str, Any]]:
    """The last nights and what went; the journal has the proof (`core.DeletionDone`)."""
    return await desk.read(retention.runs)


@router.get("/retention/holds", response=list[Hold], **asking.needs("retention.read"))
async def all_holds(request: HttpRequest) -> list[Any]:
    """Legal holds, those that stand first."""
    return list(await desk.read(holds.holds))


@router.post("/retention/holds", response=Hold, **asking.needs("retention.hold"))
async def hold(request: HttpRequest, body: NewHold) -> Any:
    """Stop deletion of something, at once; another person confirms."""
    _person(request)
    act = partial(holds.hold, body.target, body.reason, by=asking.by_of(request), now=clock.now())
    return await desk.do(act)


@router.post("/retention/holds/{hold_id}/confirm", response=Hold, **asking.needs("retention.confirm"))
async def confirm(request: HttpRequest, hold_id: UUID) -> Any:
    """A second person stands by it."""
    found = await desk.read(lambda: holds.find(hold_id))
    access.require(asking.asker_of(request), "retention.confirm", found.as_thing())
    return await desk.do(partial(holds.confirm, hold_id, by=asking.by_of(request), now=clock.now()))


@router.post("/retention/holds/{hold_id}/ask-release", response=Hold, **asking.needs("retention.hold"))
async def ask_release(request: HttpRequest, hold_id: UUID, body: Release) -> Any:
    """Say why it may end; it stands until another person agrees."""
    _person(request)
    act = partial(holds.ask_release, hold_id, body.reason, by=asking.by_of(request), now=clock.now())
    return await desk.do(act)


@router.post("/retention/holds/{hold_id}/release", response=Hold, **asking.needs("retention.release"))
async def release(request: HttpRequest, hold_id: UUID) -> Any:
    """Another person agrees: it ends, and the next night deletes what is due."""
    found = await desk.read(lambda: holds.find(hold_id))
    access.require(asking.asker_of(request), "retention.release", found.as_thing())
    return await desk.do(partial(holds.release, hold_id, by=asking.by_of(request), now=clock.now()))


def _person(request: HttpRequest) -> None:
    if asking.asker_of(request).person is None:
        raise NotYours(reason="person_needed", verb="retention.hold")


def _classes(now: datetime) -> list[dict[str, Any]]:
    found = {one.kept: one for one in retention.run(now, dry=True)}
    return [
        {
            **vars(kept),
            "days": None if kept.days is None else kept.days.at(now),
            "before": retention.before(kept, now),
            "due": None if kept.due is None or kept.code not in found else found[kept.code].items,
            "size": found[kept.code].size if kept.code in found else 0,
            "held": kept.code in found and found[kept.code].held,
        }
        for kept in retention.known()
    ]
