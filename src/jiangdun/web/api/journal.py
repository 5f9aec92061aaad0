"""Reading the journal, in pages, by seal number."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

from django.http import HttpRequest
from ninja import Field, Router, Schema

from jiangdun.core import journal
from jiangdun.core.access import Allowed, Asker
from jiangdun.web import asking, desk, scopes
from jiangdun.web.scopes import Scoped

PAGE_MAX: Final = 500
router = Router()


class Doer(Schema):
    """Who did it, by ids and codes: a person of an agency, a rule in a version, or a part of the system."""

    person: str | None = None
    agency: str | None = None
    rule: str | None = None
    system: str | None = None


class Entry(Schema):
    no: int
    fact_id: int
    kind: str
    at: datetime
    by: Doer
    cause: int | None = None
    subject: str
    exercise: bool
    body: dict[str, Any]
    hash: str


class Page(Schema):
    """`next` is the `after` of the next page; `head` the last number there is. Facts the asker may not
    see are left out, so a page may hold fewer entries than it spans."""

    entries: list[Entry]
    next: int
    head: int


@router.get("/journal", response=Page, **asking.needs("journal.read"))
async def read(
    request: HttpRequest,
    after: Annotated[int, Field(ge=0, le=2**62)] = 0,
    subject: Annotated[str, Field(max_length=160, description="such as incident:<id>; empty for all")] = "",
    limit: Annotated[int, Field(ge=1, le=PAGE_MAX)] = 100,
) -> dict[str, Any]:
    """Facts numbered above `after`, oldest first."""
    asker = asking.asker_of(request)
    return await desk.read(lambda: _page(asker, after, subject, limit))


def _page(asker: Asker, after: int, subject: str, limit: int) -> dict[str, Any]:
    head = journal.head()
    found = journal.about(subject, after, limit) if subject else journal.after(after, limit)
    entries = [entry for one in scopes.about(found) if (entry := entry_of(asker, one)) is not None]
    return {"entries": entries, "next": found[-1].number if found else max(after, head), "head": head}


def entry_of(asker: Asker, scoped: Scoped) -> dict[str, Any] | None:
    """`Entry` as the asker may see it, None where not at all."""
    verdict = scopes.judge(asker, scoped)
    if not isinstance(verdict, Allowed):
        return None
    sealed, shown = scoped.sealed, verdict.fields
    return {
        "no": sealed.number,
        "fact_id": sealed.fact_id,
        "kind": sealed.kind,
        "at": sealed.at,
        "by": {
            "person": sealed.by.person if shown is None else None,
            "agency": sealed.by.agency,
            "rule": sealed.by.rule,
            "system": sealed.by.system,
        },
        "cause": sealed.cause,
        "subject": sealed.subject,
        "exercise": sealed.exercise,
        "body": {k: v for k, v in sealed.body.items() if shown is None or k in shown},
        "hash": sealed.hash,
    }
