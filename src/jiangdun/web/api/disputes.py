"""校核纠错: "this is wrong", answered by the agency whose it is, in time."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema

from jiangdun.core import access, clock, disputes
from jiangdun.core.trouble import BadInput
from jiangdun.web import asking, desk, disputed

PAGE_MAX: Final = disputes.PAGE_MAX
TEXT_MAX: Final = disputes.TEXT_MAX
router = Router()


class Dispute(Schema):
    """`state`: open, corrected, upheld, withdrawn. `due_at`: the owner answers until then; `overdue_at`: it did not."""

    id: UUID
    subject: str
    field: str
    owner: str
    claim: str
    raised_by: str
    raised_agency: str
    raised_at: datetime
    due_at: datetime
    state: str
    answer: str
    answered_by: str
    answered_at: datetime | None
    reminded_at: datetime | None
    overdue_at: datetime | None
    version: int


class Raise(Schema):
    subject: str = Field(
        max_length=160, description="such as incident:<id>, alert:<episode>, unit:<id>, agency:<code>"
    )
    field: str = Field("", max_length=64, description="the field that is wrong, where it is one")
    claim: str = Field(min_length=1, max_length=TEXT_MAX, description="what is wrong, and what is right")


class Answer(Schema):
    corrected: bool
    answer: str = Field(min_length=1, max_length=TEXT_MAX, description="what was done, or why it stays")
    version: Annotated[int, Field(ge=1)]


@router.post("/disputes", response=Dispute, **asking.needs("disputes.raise"))
async def raise_it(request: HttpRequest, body: Raise) -> Any:
    """Say that something one may see is wrong; its agency has `disputes.answer_days` working days."""
    asker, now = asking.asker_of(request), clock.now()
    verb, thing = await desk.read(lambda: disputed.thing(body.subject))
    access.require(asker, verb, thing, now=now)
    disputed.check_field(body.subject, body.field)
    owner = str(thing["agency"])
    if owner == asker.agency:
        raise BadInput(field="subject", reason="own")
    act = partial(
        disputes.raise_it,
        body.subject,
        owner,
        body.claim,
        field=body.field,
        by=asking.by_of(request),
        now=now,
    )
    return await desk.do(act)


@router.get("/disputes", response=list[Dispute], **asking.needs("disputes.read"))
async def mine(
    request: HttpRequest,
    subject: Annotated[str, Field(max_length=160)] = "",
    state: Literal["", "open", "corrected", "upheld", "withdrawn"] = "",
    before: UUID | None = None,
    limit: Annotated[int, Field(ge=1, le=PAGE_MAX)] = 50,
) -> list[Any]:
    """Disputes one's agency raised or has to answer, newest first; for the auditor everybody's."""
    asker = asking.asker_of(request)
    everybodys = access.judge(asker, "disputes.read", {"agency": ""})
    page = partial(
        disputes.disputes, agency="" if everybodys else asker.agency or "-", subject=subject, state=state,
        before=before, limit=limit,
    )  # fmt: skip
    return list(await desk.read(page))


@router.get("/disputes/{dispute_id}", response=Dispute, **asking.needs("disputes.read"))
async def one(request: HttpRequest, dispute_id: UUID) -> Any:
    """One dispute, for the two agencies it is between."""
    found = await desk.read(lambda: disputes.find(dispute_id))
    asking.require(request, "disputes.read", found.as_thing())
    return found


@router.post("/disputes/{dispute_id}/answer", response=Dispute, **asking.needs("disputes.answer"))
async def answer(request: HttpRequest, dispute_id: UUID, body: Answer) -> Any:
    """The owner says what it did about it, or why it stays."""
    found = await desk.read(lambda: disputes.find(dispute_id))
    asking.require(request, "disputes.answer", {"agency": found.owner})
    act = partial(
        disputes.answer, dispute_id, corrected=body.corrected, text=body.answer, version=body.version,
        by=asking.by_of(request), now=clock.now(),
    )  # fmt: skip
    return await desk.do(act)


@router.post("/disputes/{dispute_id}/withdraw", response=Dispute, **asking.needs("disputes.raise"))
async def withdraw(request: HttpRequest, dispute_id: UUID) -> Any:
    """The agency that raised it takes it back."""
    found = await desk.read(lambda: disputes.find(dispute_id))
    asking.require(request, "disputes.raise", {"agency": found.raised_agency})
    return await desk.do(partial(disputes.withdraw, dispute_id, by=asking.by_of(request), now=clock.now()))
