"""One's own account: the password, and where one is signed in."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from jiangdun.core import accounts, clock, passwords
from jiangdun.core.journal import By
from jiangdun.core.trouble import WrongCredentials
from jiangdun.web import actions, asking, desk, sessions
from jiangdun.web.api.session import locked_out
from jiangdun.web.live import live

router = Router()


class NewPassword(Schema):
    old: str = Field(min_length=1, max_length=passwords.PASSWORD_MAX)
    new: str = Field(min_length=1, max_length=passwords.PASSWORD_MAX)


class Proof(Schema):
    password: str = Field(min_length=1, max_length=passwords.PASSWORD_MAX)


class OpenSession(Schema):
    """Where somebody is signed in; `here` is the session that asks."""

    handle: str
    opened_at: datetime
    seen_at: datetime
    address: str
    here: bool


class Own(Schema):
    """One's own account."""

    account_id: UUID
    username: str
    password_at: datetime | None
    sessions: list[OpenSession]


@router.get("/account", response=Own, **asking.needs(None, early=True))
async def own(request: HttpRequest) -> dict[str, Any]:
    """One's own account: since when the password holds, and every place where one is signed in."""
    return await desk.read(lambda: _own(asking.signed_of(request), clock.now()))


@router.post("/account/password", response={204: None}, **asking.needs(None, early=True))
async def change_password(request: HttpRequest, body: NewPassword) -> Status[None]:
    """Change one's own password. This session goes on; the others of the account end."""
    signed, now = asking.signed_of(request), clock.now()
    await check_own_password(request, body.old)
    prepared = await desk.check_password(
        lambda: passwords.prepare(signed.account.id, body.new, now), known=True
    )
    ended = await desk.do(lambda: _change(signed, prepared, now))
    asking.forget()
    for session_id in ended:
        live.sign_out(session_id)
    return Status(204, None)


@router.post("/session/proof", response={204: None}, **asking.needs(None, early=True))
async def prove(request: HttpRequest, body: Proof) -> Status[None]:
    """Show again who sits here, before something sensitive."""
    signed = asking.signed_of(request)
    await check_own_password(request, body.password)
    await desk.do(lambda: actions.prove_session(signed.session_id, now=clock.now()))
    asking.forget()
    return Status(204, None)


@router.delete("/account/sessions/{session_handle}", response={204: None}, **asking.needs(None, early=True))
async def end_one(request: HttpRequest, session_handle: str) -> Status[None]:
    """End one of one's own sessions."""
    signed, now = asking.signed_of(request), clock.now()
    ended = await desk.do(
        lambda: actions.end_sessions(signed.account.id, now=now, handle=_handle(session_handle))
    )
    closed(ended)
    return Status(204, None)


@router.delete("/account/sessions", response={204: None}, **asking.needs(None, early=True))
async def end_others(request: HttpRequest) -> Status[None]:
    """End all of one's own sessions but this."""
    signed, now = asking.signed_of(request), clock.now()
    ended = await desk.do(lambda: actions.end_sessions(signed.account.id, now=now, but=signed.session_id))
    closed(ended)
    return Status(204, None)


async def check_own_password(request: HttpRequest, password: str) -> None:
    """Whether this is the password of whoever is signed in. Counted at the door like a sign-in. Raises
    WrongCredentials, LockedOut.
    """
    signed, now = asking.signed_of(request), clock.now()
    address, held, username = asking.address_of(request), asking.desk_of(request), signed.account.username
    stands = await desk.read(lambda: accounts.standing(username, address, now, held))
    if stands.until is not None:
        raise locked_out(stands.until, now)
    known = await desk.check_password(lambda: accounts.check(username, password), known=True)
    if known != signed.account.id:
        await desk.do(lambda: accounts.note_wrong(signed.account.id, address, now, held, "credentials"))
        raise WrongCredentials


def closed(session_ids: list[str]) -> None:
    """Sessions have ended: what was read of them is forgotten, their wires close."""
    asking.forget()
    for session_id in session_ids:
        live.sign_out(session_id)


def _change(signed: sessions.Signed, prepared: passwords.Prepared, now: datetime) -> list[str]:
    by = By(person=str(signed.account.id), agency=signed.asker.agency)
    version = passwords.keep(prepared, by=by, now=now)
    actions.renew_session(signed.session_id, version, now=now)
    return actions.end_sessions(signed.account.id, now=now, but=signed.session_id)


def _own(signed: sessions.Signed, now: datetime) -> dict[str, Any]:
    here = sessions.handle_of(signed.session_id)
    open_now = sessions.open_sessions(signed.account.id, now)
    return {
        "account_id": signed.account.id,
        "username": signed.account.username,
        "password_at": signed.account.password_at,
        "sessions": [
            {
                "handle": one.handle,
                "opened_at": one.opened_at,
                "seen_at": one.seen_at,
                "address": one.address,
                "here": one.handle == here,
            }
            for one in open_now
        ],
    }


def _handle(given: str) -> str:
    """A handle as the list gave it; what is shorter would name several sessions."""
    return given if len(given) == sessions.HANDLE_CHARS else "?"
