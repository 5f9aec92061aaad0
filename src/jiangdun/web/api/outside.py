"""Signing in through the OpenID provider of the settings, where there is one."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from ninja import Field, Router, Schema, Status

from jiangdun.core import accounts, clock, ids, outside
from jiangdun.core.trouble import NotFound, Trouble
from jiangdun.web import actions, asking, desk, oidc, steps
from jiangdun.web.api.people import not_own
from jiangdun.web.live import live

RETURN = "/api/session/outside/return"
COOKIE = "jiangdun_errand"
router = Router()


class Offer(Schema):
    """The provider's host; "" where there is none."""

    provider: str


class Going(Schema):
    """Where the browser goes to sign in."""

    url: str


class Subject(Schema):
    subject: str = Field(min_length=1, max_length=outside.SUBJECT_MAX)


class Link(Schema):
    """An account is tied to somebody at the provider."""

    link_id: UUID
    issuer: str
    made_at: datetime


@router.get("/session/outside", response=Offer, auth=None, openapi_extra={"x-verb": None})
async def offer(request: HttpRequest) -> dict[str, str]:
    """Whether one may sign in through another provider."""
    return {"provider": urlsplit(oidc.issuer()).hostname or ""}


@router.post("/session/outside", response=Going, auth=None, openapi_extra={"x-verb": None})
async def go(request: HttpRequest, response: HttpResponse) -> dict[str, str]:
    """Begin a sign-in at the provider."""
    asking.check_page(request)
    if not oidc.issuer():
        raise NotFound(what="provider")
    back_to = f"{request.scheme}://{request.get_host()}{RETURN}"
    provider = await asyncio.to_thread(oidc.discover)
    errand, url = oidc.begin(provider, back_to, clock.now())
    # Lax: the browser comes back from the provider's site.
    response.set_cookie(
        COOKIE,
        errand.sealed(),
        max_age=oidc.WAITS_S,
        path=RETURN,
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )
    return {"url": url}


@router.get("/session/outside/return", auth=None, openapi_extra={"x-verb": None})
async def come_back(request: HttpRequest, code: str = "", state: str = "") -> HttpResponse:
    """The browser comes back from the provider; it goes on to the board, or to the sign-in page with a reason."""
    try:
        answer = await _let_in(request, code, state)
    except Trouble as trouble:
        reason = str(trouble.values.get("reason") or trouble.code)
        if oidc.issuer():
            await desk.do(lambda: outside.note_refused(reason, clock.now()))
        answer = HttpResponseRedirect("/?outside=refused")
    answer.delete_cookie(COOKIE, path=RETURN, samesite="Lax")
    return answer


@router.post(
    "/people/{account_id}/outside", response={201: Link}, **asking.needs("accounts.link", fresh=True)
)
async def link(request: HttpRequest, account_id: UUID, body: Subject) -> Status[dict[str, Any]]:
    """Tie an account to the subject by which the provider names somebody."""
    not_own(request, account_id)
    if not oidc.issuer():
        raise NotFound(what="provider")
    by, now = asking.by_of(request), clock.now()
    made = await desk.do(lambda: outside.link(account_id, oidc.issuer(), body.subject, by=by, now=now))
    return Status(201, _link(made))


@router.get("/people/{account_id}/outside", response=list[Link], **asking.needs("people.read"))
async def links(request: HttpRequest, account_id: UUID) -> list[dict[str, Any]]:
    """The ties of an account."""
    return await desk.read(lambda: [_link(one) for one in outside.links(account_id)])


@router.delete(
    "/people/{account_id}/outside/{link_id}",
    response={204: None},
    **asking.needs("accounts.link", fresh=True),
)
async def unlink(request: HttpRequest, account_id: UUID, link_id: UUID) -> Status[None]:
    """Cut a tie."""
    not_own(request, account_id)
    by, now = asking.by_of(request), clock.now()
    await desk.do(lambda: outside.unlink(account_id, link_id, by=by, now=now))
    return Status(204, None)


async def _let_in(request: HttpRequest, code: str, state: str) -> HttpResponse:
    if not oidc.issuer() or not code:
        raise Trouble("outside_wrong", reason="state")
    now, address, held = clock.now(), asking.address_of(request), asking.desk_of(request)
    errand = oidc.errand_of(request.COOKIES.get(COOKIE, ""), state, now)
    provider = await asyncio.to_thread(oidc.discover)
    subject = await asyncio.to_thread(oidc.finish, provider, errand, code, now)
    account = await desk.read(lambda: outside.find(oidc.issuer(), subject))
    if account is None:
        raise Trouble("outside_wrong", reason="unknown")
    former = await asking.session_of(request.COOKIES)
    stands = await desk.read(lambda: accounts.standing(account.username, address, now, held))
    new_desk = held if stands.at_known_desk else ids.new_secret()
    decided, token, half_way = await desk.do(
        lambda: actions.let_in(
            account,
            address,
            desk=held,
            new_desk=new_desk,
            replaces=former.session_id if former else None,
            now=now,
        )
    )
    if decided.account is None:
        raise Trouble("outside_wrong", reason="place")
    answer = HttpResponseRedirect("/?outside=second" if half_way else "/")
    if half_way:
        assert await desk.read(lambda: steps.find(token)), "a step just begun is found"
        asking.set_step(request, answer, token)
        return answer
    if former is not None:
        live.sign_out(former.session_id)
    asking.set_cookie(request, answer, token)
    asking.set_desk(request, answer, new_desk)
    asking.give_page_token(request, answer, fresh=True)
    return answer


def _link(one: outside.Link) -> dict[str, Any]:
    return {"link_id": one.id, "issuer": one.issuer, "made_at": one.made_at}
