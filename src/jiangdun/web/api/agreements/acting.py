"""The steps of an agreement: written, signed, renewed, stopped, woken. Each for the agency one serves in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from jiangdun.alliance import actions, drafting, queries
from jiangdun.alliance.agreements import Agreement
from jiangdun.alliance.drafting import Draft
from jiangdun.core import clock, vault
from jiangdun.core.journal import By
from jiangdun.web import asking, desk
from jiangdun.web.api.agreements import schemas
from jiangdun.web.api.agreements.reading import router, shown, thing

DRAFT, SIGN, STOP, WAKE = "agreement.draft", "agreement.sign", "agreement.suspend", "agreement.activate"


@router.post("/agreements", response=schemas.AgreementSeen, **asking.needs(DRAFT))
async def draft(request: HttpRequest, body: schemas.NewAgreement) -> dict[str, Any]:
    """Write a new agreement, one's own agency among its parties. It waits for every party's signature."""
    asking.require(request, DRAFT, {"agencies": tuple(body.parties)})
    written = await _draft(body)
    act = partial(actions.draft_agreement, body.template, written, alliance=body.alliance)
    return await _done(request, act)


@router.post("/agreements/{agreement_id}/revise", response=schemas.AgreementSeen, **asking.needs(DRAFT))
async def revise(request: HttpRequest, agreement_id: UUID, body: schemas.Revision) -> dict[str, Any]:
    """Write it anew. After a signature that is a new edition which all sign anew; the old one holds until then."""
    await _judge(request, DRAFT, agreement_id)
    written = await _draft(body)
    act = partial(actions.revise_agreement, agreement_id, written, version=body.version)
    return await _done(request, act)


@router.post("/agreements/{agreement_id}/renew", response=schemas.AgreementSeen, **asking.needs(DRAFT))
async def renew(request: HttpRequest, agreement_id: UUID, body: schemas.Renewal) -> dict[str, Any]:
    """Write the same for the time from its end to `valid_to`, to be signed by all."""
    await _judge(request, DRAFT, agreement_id)
    act = partial(actions.renew_agreement, agreement_id, body.valid_to, version=body.version)
    return await _done(request, act)


@router.post("/agreements/{agreement_id}/sign", response=schemas.AgreementSeen, **asking.needs(SIGN))
async def sign(request: HttpRequest, agreement_id: UUID, body: schemas.Signing) -> dict[str, Any]:
    """Sign the edition one has read, for the agency one serves in. The last signature puts it in force."""
    await _judge(request, SIGN, agreement_id)
    act = partial(actions.sign_agreement, agreement_id, edition=body.edition, digest=body.digest)
    return await _done(request, act)


@router.post("/agreements/{agreement_id}/suspend", response=schemas.AgreementSeen, **asking.needs(STOP))
async def suspend(request: HttpRequest, agreement_id: UUID, body: schemas.Stop) -> dict[str, Any]:
    """Stop it, or one annex, at once. Any party may."""
    await _judge(request, STOP, agreement_id)
    return await _done(request, partial(actions.suspend, agreement_id, body.annex, reason=body.reason))


@router.post("/agreements/{agreement_id}/resume", response=schemas.AgreementSeen, **asking.needs(STOP))
async def resume(request: HttpRequest, agreement_id: UUID, body: schemas.Resume) -> dict[str, Any]:
    """Let go on what one's own agency stopped."""
    await _judge(request, STOP, agreement_id)
    return await _done(request, partial(actions.resume, agreement_id, body.annex))


@router.post("/agreements/{agreement_id}/terminate", response=schemas.AgreementSeen, **asking.needs(SIGN))
async def terminate(request: HttpRequest, agreement_id: UUID, body: schemas.Reason) -> dict[str, Any]:
    """Leave it for good. Where fewer than two parties remain the whole agreement is over."""
    await _judge(request, SIGN, agreement_id)
    return await _done(request, partial(actions.terminate, agreement_id, reason=body.reason))


@router.post(
    "/agreements/{agreement_id}/annexes/{number}/activate",
    response=schemas.AgreementSeen,
    **asking.needs(WAKE),
)
async def activate(
    request: HttpRequest, agreement_id: UUID, number: int, body: schemas.Awakening
) -> dict[str, Any]:
    """Wake a dormant annex for a time; it sleeps again by itself."""
    await _judge(request, WAKE, agreement_id)
    until = clock.now() + timedelta(hours=body.hours)
    act = partial(actions.activate, agreement_id, number, until=until, reason=body.reason)
    return await _done(request, act)


@router.post(
    "/agreements/{agreement_id}/annexes/{number}/deactivate",
    response=schemas.AgreementSeen,
    **asking.needs(WAKE),
)
async def deactivate(request: HttpRequest, agreement_id: UUID, number: int) -> dict[str, Any]:
    """Put it to sleep before its time."""
    await _judge(request, WAKE, agreement_id)
    return await _done(request, partial(actions.deactivate, agreement_id, number))


@router.post(
    "/agreements/{agreement_id}/annexes/{number}/forwarding",
    response=schemas.AgreementSeen,
    **asking.needs(SIGN),
)
async def allow_forwarding(
    request: HttpRequest, agreement_id: UUID, number: int, body: schemas.Forwarding
) -> dict[str, Any]:
    """The provider's consent that the consumer passes the data on to one more agency."""
    await _judge(request, SIGN, agreement_id)
    act = partial(actions.allow_forwarding, agreement_id, number, body.to, reason=body.reason)
    return await _done(request, act)


@router.post(
    "/agreements/{agreement_id}/annexes/{number}/forwarding/withdraw",
    response=schemas.AgreementSeen,
    **asking.needs(SIGN),
)
async def withdraw_forwarding(
    request: HttpRequest, agreement_id: UUID, number: int, body: schemas.ForwardingEnd
) -> dict[str, Any]:
    """The provider takes that consent back."""
    await _judge(request, SIGN, agreement_id)
    return await _done(request, partial(actions.withdraw_forwarding, agreement_id, number, body.to))


async def _judge(request: HttpRequest, verb: str, agreement_id: UUID) -> None:
    held = await desk.read(lambda: queries.agreement(agreement_id))
    asking.require(request, verb, thing(held))


async def _draft(body: schemas.Wording) -> Draft:
    """What was written, its text in the vault. A file nobody refers to harms nothing where the draft is refused."""
    words = drafting.text(body.text)
    stored = await desk.read(lambda: vault.put(words.encode()))
    return Draft(
        title_zh=body.title_zh,
        title_en=body.title_en,
        scope=body.scope,
        text_sha256=stored.sha256,
        parties=tuple(body.parties),
        valid_from=body.valid_from,
        valid_to=body.valid_to,
        annexes=tuple(schemas.terms_of(annex) for annex in body.annexes),
    )


async def _done(request: HttpRequest, act: Callable[..., Agreement]) -> dict[str, Any]:
    """Do it in the writer; the answer shows how the agreement stands then."""
    asker, by, now = asking.asker_of(request), asking.by_of(request), clock.now()
    held = await desk.do(partial(_act, act, by, now))
    return await desk.read(lambda: shown(held, asker, now))


def _act(act: Callable[..., Agreement], by: By, now: datetime) -> Agreement:
    return act(by=by, now=now)
