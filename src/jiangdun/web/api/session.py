"""Signing in and out."""

from __future__ import annotations

import json
import math
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema, Status

from jiangdun.core import access, accounts, clock, ids, passkeys
from jiangdun.core.passwords import PASSWORD_MAX
from jiangdun.core.trouble import LockedOut, Trouble, WrongCredentials
from jiangdun.web import actions, asking, desk, sessions, steps
from jiangdun.web.live import live

PATH: Final = "/api/session"
router = Router()


class Credentials(Schema):
    username: str = Field(min_length=1, max_length=accounts.NAME_MAX)
    password: str = Field(min_length=1, max_length=PASSWORD_MAX)


class SecondStep(Schema):
    """The password was right; the second factor is awaited until `ends_at`, by one of `ways`."""

    ways: list[str] = Field(description="totp, key, recovery")
    ends_at: datetime


class Second(Schema):
    """One of three: a one-time `code`, a `recovery` code, or the `credential` a key has signed (as the browser's
    `PublicKeyCredential.toJSON()` says it).
    """

    code: str = Field("", max_length=16)
    recovery: str = Field("", max_length=40)
    credential: dict[str, Any] | None = None


class Me(Schema):
    """Who is signed in. `verbs` is what the screens may offer; each act is judged anew with its thing."""

    account_id: UUID
    username: str
    name_zh: str
    name_en: str
    agency: str
    roles: list[str]
    verbs: list[str]
    must: list[str] = Field(description="what has to be done before anything else: password, second")
    elsewhere: int = Field(description="at how many other addresses the account is signed in")
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
        "elsewhere": session.elsewhere,
        "opened_at": session.opened_at,
        "ends_at": session.ends_at(),
    }


@router.get("/session", response=Me, **asking.needs(None, early=True))
async def who(request: HttpRequest, response: HttpResponse) -> dict[str, Any]:
    """Who is signed in here; 401 where nobody is. Either way it sets the `csrftoken` cookie."""
    asking.give_page_token(request, response)
    return me_of(asking.signed_of(request))


@router.post("/session", response={200: Me, 202: SecondStep}, auth=None, openapi_extra={"x-verb": None})
async def sign_in(request: HttpRequest, response: HttpResponse, body: Credentials) -> Any:
    """Sign in. The session begins anew: whatever cookie came with the request opens nothing afterwards.

    202 where the account has a second factor: go on with `POST /api/session/second`.
    """
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
    new_desk = held if stands.at_known_desk else ids.new_secret()
    replaces = former.session_id if former else None
    decided, token, half_way = await desk.do(
        lambda: actions.sign_in(
            body.username, known, address, desk=held, new_desk=new_desk, replaces=replaces, now=now
        )
    )
    refuse(decided, now)
    if half_way:
        return await _go_on(request, response, token)
    asking.set_desk(request, response, new_desk)
    return await begin(request, response, token, former)


@router.post("/session/second", response=Me, auth=None, openapi_extra={"x-verb": None})
async def second(request: HttpRequest, response: HttpResponse, body: Second) -> dict[str, Any]:
    """The second step of a sign-in: a one-time code, a recovery code, or what a key has signed."""
    asking.check_page(request)
    now, address, held = clock.now(), asking.address_of(request), asking.desk_of(request)
    half = await half_of(request)
    former = await asking.session_of(request.COOKIES)
    stands = await desk.read(lambda: accounts.standing(half.account.username, address, now, held))
    new_desk = held if stands.at_known_desk else ids.new_secret()
    replaces = former.session_id if former else None
    shown = shown_of(request, body)
    decided, token = await desk.do(
        lambda: actions.take_step(
            half, shown, address, desk=held, new_desk=new_desk, replaces=replaces, now=now
        )
    )
    if decided.reason in ("credentials", "gone"):
        raise Trouble("second_wrong" if decided.reason == "credentials" else "step_gone")
    refuse(decided, now)
    asking.set_desk(request, response, new_desk)
    asking.drop_step(response)
    return await begin(request, response, token, former)


@router.get("/session/second", response=SecondStep, auth=None, openapi_extra={"x-verb": None})
async def which(request: HttpRequest) -> dict[str, Any]:
    """The second step that is awaited of this browser."""
    half = await half_of(request)
    return {"ways": list(half.ways), "ends_at": half.ends_at}


@router.post("/session/second/key", response=dict[str, Any], auth=None, openapi_extra={"x-verb": None})
async def ask_key(request: HttpRequest) -> dict[str, Any]:
    """What a key has to sign (PublicKeyCredentialRequestOptions as JSON) in the second step."""
    asking.check_page(request)
    half, site, challenge = await half_of(request), asking.site_of(request), passkeys.new_challenge()
    await desk.do(lambda: actions.ask_step(half.step_id, challenge))
    return await desk.read(lambda: passkeys.to_sign(half.account.id, site, challenge))


async def half_of(request: HttpRequest) -> steps.Half:
    """The sign-in that goes on. Raises Trouble("step_gone")."""
    token = asking.step_of(request)
    half: steps.Half | None = await desk.read(lambda: steps.find(token))
    if half is None:
        raise Trouble("step_gone")
    return half


def shown_of(request: HttpRequest, body: Second) -> actions.Shown:
    """The second factor that was sent."""
    if body.credential is not None:
        return actions.Shown("key", json.dumps(body.credential), asking.site_of(request))
    if body.recovery:
        return actions.Shown("recovery", body.recovery)
    return actions.Shown("totp", body.code)


def refuse(decided: accounts.SignIn, now: datetime) -> None:
    """Say why nobody is in; nothing where somebody is."""
    if decided.until is not None:
        raise locked_out(decided.until, now)
    if decided.reason == "place":
        raise Trouble("wrong_place")
    if decided.account is None:
        raise WrongCredentials


async def _go_on(request: HttpRequest, response: HttpResponse, token: str) -> Status[dict[str, Any]]:
    half = await desk.read(lambda: steps.find(token))
    assert half is not None, "a step just begun is found"
    asking.set_step(request, response, token)
    return Status(202, {"ways": list(half.ways), "ends_at": half.ends_at})


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
