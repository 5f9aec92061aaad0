"""Reading the access ledger: who looked at what, for the auditor."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated, Any, Final

from django.http import HttpRequest
from ninja import Field, Router, Schema

from jiangdun.core import clock
from jiangdun.core import ledger as kept
from jiangdun.web import asking, desk, ledger

PAGE_MAX: Final = kept.PAGE_MAX
router = Router()

Word = Annotated[str, Field(max_length=160)]


class Look(Schema):
    """One look. `kind`: open, list, export, unmask, live_start, live_end, denied. `owner` is whose it was, `annexes`
    let it be seen (none: no agreement was needed), `shown` the fields where not all were shown."""

    no: int
    at: datetime
    kind: str
    person: str
    agency: str
    roles: list[str]
    verb: str
    subject: str
    owner: str
    annexes: list[str]
    purpose: str
    shown: list[str]
    count: int
    allowed: bool
    reason: str
    address: str = Field(description="salted digest")
    hash: str


class Looks(Schema):
    """Newest first. `before` is what to ask the next page with, null at the end."""

    looks: list[Look]
    before: int | None
    head: int


@router.get("/access", response=Looks, **asking.needs("access.read"))
async def read(
    request: HttpRequest,
    person: Word = "",
    subject: Word = "",
    agency: Annotated[str, Field(max_length=64, description="who looked")] = "",
    owner: Annotated[str, Field(max_length=64, description="whose things")] = "",
    kind: Annotated[str, Field(max_length=16)] = "",
    before: Annotated[int | None, Field(ge=1, le=2**62)] = None,
    limit: Annotated[int, Field(ge=1, le=PAGE_MAX)] = 100,
) -> dict[str, Any]:
    """Looks, newest first. Reading them is a look too."""
    asked = {"person": person, "subject": subject, "agency": agency, "owner": owner, "kind": kind}
    rows = await desk.read(partial(kept.page, **asked, before=before, limit=limit))
    ledger.note(request, "access.read", "access:*", "*", count=len(rows))
    return {
        "looks": [_look(row) for row in rows],
        "before": rows[-1].number if len(rows) == limit else None,
        "head": await desk.read(kept.head),
    }


def _look(row: kept.Kept) -> dict[str, Any]:
    return {**vars(row), "no": row.number}


class Whole(Schema):
    """Whether a chain is whole: rows checked, the newest anchored number, and what was found wrong (codes)."""

    ok: bool
    checked: int
    head: int
    anchored: int
    found: int
    problems: list[str]
    checked_at: datetime


@router.get("/access/verify", response=Whole, **asking.needs("journal.verify"))
async def verify(request: HttpRequest) -> dict[str, Any]:
    """Walk the ledger's chain from its beginning, as `jiangdun journal verify` does. One walk at a time."""
    verdict = await desk.walk(kept.verify)
    return {
        "ok": verdict.ok,
        "checked": verdict.checked,
        "head": verdict.head,
        "anchored": verdict.anchored,
        "found": verdict.found,
        "problems": [f"{problem.what} {problem.number}" for problem in verdict.problems],
        "checked_at": clock.now(),
    }
