"""Signing in and out."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema, Status

from jiangdun.core import access, accounts, clock, ids
from jiangdun.core.passwords import PASSWORD_MAX
from jiangdun.core.trouble import LockedOut, WrongCredentials
from jiangdun.web import actions, asking, desk, sessions
from jiangdun.web.live import live

PATH: Final = "/api/session"
router = Router()


class Credentials(Schema):
    username: str = Field(min_length=1, max_length=accounts.NAME_MAX)
    password: str = Field(min_length=1, max_length=PASSWORD_MAX)


class Me(Schema):
    """Who is signed in. `verbs` is what the screens may offer; each act is judged anew with its thing."""

    account_id: UUID
    username: str
    name_zh: str
    name_en: str
    agency: str
    roles: list[str]
    verbs: list[str]
    must: list[str] = Field(description="what has to be done before anything else: password")
    opened_at: datetime
    ends_at: datetime = Field(description="if nobody does anything from now on")


def me_of(session: sessions.Signed) -> dict[str, Any]:
    """`Me` of a session."""
    asker, account = session.asker, session.account
    return {
        "account_id": account.id,
        "username": account.username,
        "name_zh": account.name_zh,
        "name_en": account.name_en,
        "agency": asker.agency or "",
        "roles": sorted(asker.roles),
        "verbs": sorted(access.verbs(asker)),
        "must": list(session.must),
        "opened_at": session.opened_at,
        "ends_at": session.ends_at(),
    }


@router.get("/session", response=Me, **asking.needs(None, early=True))
async def who(request: HttpRequest, response: HttpResponse) -> dict[str, Any]:
    """Who is signed in here; 401 where nobody is. Either way it sets the `csrftoken` cookie."""
    asking.give_page_token(request, response)
    return me_of(asking.signed_of(request))


@router.post("/session", response=Me, auth=None, openapi_extra={"x-verb": None})
async def sign_in(request: HttpRequest, response: HttpResponse, body: Credentials) -> dict[str, Any]:
    """Sign in. The session begins anew: whatever cookie came with the request opens nothing afterwards."""
    asking.check_page(request)
    now, address, held = clock.now(), asking.address_of(request), asking.desk_of(request)
    former = await asking.session_of(request.COOKIES)
    stands = await desk.read(lambda: accounts.standing(body.username, address, now, held))
    known = None
    if stands.until is None:
        known = await desk.check_password(
            lambda: accounts.check(body.username, body.password), known=stands.at_known_desk
        )
    elif not stands.news:
        raise locked_out(stands.until, now)  # nothing to write: a flood of knocks costs reads only
    token_of_desk = held if stands.at_known_desk else ids.new_secret()
    replaces = former.session_id if former else None
    decided, token = await desk.do(
        lambda: actions.sign_in(
            body.username, known, address, desk=held, new_desk=token_of_desk, replaces=replaces, now=now
        )
    )
    if decided.until is not None:
        raise locked_out(decided.until, now)
    if decided.account is None:
        raise WrongCredentials
    asking.set_desk(request, response, token_of_desk)
    return await begin(request, response, token, former)


async def begin(
    request: HttpRequest, response: HttpResponse, token: str, former: sessions.Signed | None
) -> dict[str, Any]:
    """Answer with a session just opened: its cookie, a new page token, and `Me`."""
    if former is not None:
        live.sign_out(former.session_id)
    session = await desk.read(lambda: sessions.find(token))
    assert session is not None, "a session just opened is found"
    asking.set_cookie(request, response, token)
    asking.give_page_token(request, response, fresh=True)
    return me_of(session)


@router.delete("/session", response={204: None}, **asking.needs(None, early=True))
async def sign_out(request: HttpRequest, response: HttpResponse) -> Status[None]:
    """Sign out: the session ends here, on every wire it holds open, at once."""
    session_id, now = asking.signed_of(request).session_id, clock.now()
    await desk.do(lambda: actions.close_session(session_id, now=now))
    live.sign_out(session_id)
    asking.drop_cookies(response)
    return Status(204, None)


def after_refusal(request: HttpRequest, response: HttpResponse) -> None:
    """A page that is refused here still needs the token with which to sign in."""
    asking.give_page_token(request, response)


def locked_out(until: datetime, now: datetime) -> LockedOut:
    """The refusal of somebody who has to wait."""
    return LockedOut(until=until, minutes=max(1, math.ceil((until - now).total_seconds() / 60)))
