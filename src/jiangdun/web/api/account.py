"""One's own account: the password, and where one is signed in. Its second factors are in `factors`."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from jiangdun.core import accounts, clock, factors, passkeys, passwords
from jiangdun.core.journal import By
from jiangdun.core.trouble import StaleVersion, Trouble
from jiangdun.web import actions, asking, desk, sessions
from jiangdun.web.api.session import Second, locked_out, refuse, shown_of
from jiangdun.web.live import live

router = Router()


class NewPassword(Schema):
    old: str = Field(min_length=1, max_length=passwords.PASSWORD_MAX)
    new: str = Field(min_length=1, max_length=passwords.PASSWORD_MAX)


class Proof(Second):
    """The password, or what would do as a second factor."""

    password: str = Field("", max_length=passwords.PASSWORD_MAX)


class OwnKey(Schema):
    """A key; it works only where the page is opened by the host name `rp_id`."""

    key_id: UUID
    name: str
    rp_id: str
    added_at: datetime
    used_at: datetime | None


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
    totp: bool
    recovery: int = Field(description="recovery codes that are left")
    keys: list[OwnKey]
    second_needed: bool = Field(description="the role signs in with two factors")
    fresh: bool = Field(description="what is sensitive may be done now without another proof")
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
    """Show again who sits here, before something sensitive: the password, a one-time code, or a key."""
    signed, now = asking.signed_of(request), clock.now()
    if body.password:
        await check_own_password(request, body.password)
        await desk.do(lambda: actions.prove_session(signed.session_id, now=now))
    else:
        await _show_factor(request, shown_of(request, body))
    asking.forget()
    return Status(204, None)


@router.post("/session/proof/key", response=dict[str, Any], **asking.needs(None, early=True))
async def ask_key(request: HttpRequest) -> dict[str, Any]:
    """What a key has to sign (PublicKeyCredentialRequestOptions as JSON) for a proof."""
    signed, site, challenge = asking.signed_of(request), asking.site_of(request), passkeys.new_challenge()
    await desk.do(lambda: actions.ask_session(signed.session_id, challenge, now=clock.now()))
    return await desk.read(lambda: passkeys.to_sign(signed.account.id, site, challenge))


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
    """Whether this is the password of whoever is signed in. Counted at the door like a sign-in, and the lock is
    looked at again where it is written. Raises WrongCredentials, LockedOut.
    """
    signed, now = asking.signed_of(request), clock.now()
    address, held = await _at_the_door(request, now)
    known = await desk.check_password(lambda: accounts.check(signed.account.username, password), known=True)
    decided = await desk.do(
        lambda: accounts.note_sign_in(signed.account.username, known, address, now, held, more=True)
    )
    refuse(decided, now)


async def _show_factor(request: HttpRequest, shown: actions.Shown) -> None:
    signed, now = asking.signed_of(request), clock.now()
    address, held = await _at_the_door(request, now)
    decided = await desk.do(
        lambda: actions.prove_by_factor(signed.session_id, signed.account, shown, address, desk=held, now=now)
    )
    if decided.reason == "second":
        raise Trouble("second_wrong")
    refuse(decided, now)


async def _at_the_door(request: HttpRequest, now: datetime) -> tuple[str, str]:
    """The address and the desk this comes from. Raises LockedOut."""
    username = asking.signed_of(request).account.username
    address, held = asking.address_of(request), asking.desk_of(request)
    stands = await desk.read(lambda: accounts.standing(username, address, now, held))
    if stands.until is not None:
        raise locked_out(stands.until, now)
    return address, held


def closed(session_ids: list[str]) -> None:
    """Sessions have ended: what was read of them is forgotten, their wires close."""
    asking.forget()
    for session_id in session_ids:
        live.sign_out(session_id)


def _change(signed: sessions.Signed, prepared: passwords.Prepared, now: datetime) -> list[str]:
    by = By(person=str(signed.account.id), agency=signed.asker.agency)
    if prepared.version != signed.account.version:
        raise StaleVersion(what="account")  # reset after the old password was looked at
    version = passwords.keep(prepared, by=by, now=now)
    actions.renew_session(signed.session_id, version, now=now)
    return actions.end_sessions(signed.account.id, now=now, but=signed.session_id)


def _own(signed: sessions.Signed, now: datetime) -> dict[str, Any]:
    here = sessions.handle_of(signed.session_id)
    open_now = sessions.open_sessions(signed.account.id, now)
    has = factors.factors(signed.account.id)
    return {
        "account_id": signed.account.id,
        "username": signed.account.username,
        "password_at": signed.account.password_at,
        "totp": has.totp,
        "recovery": has.recovery,
        "keys": [key_of(key) for key in passkeys.keys(signed.account.id)],
        "second_needed": not signed.asker.roles.isdisjoint(sessions.SECOND_ROLES.at(now)),
        "fresh": signed.is_fresh(now),
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


def key_of(key: passkeys.Key) -> dict[str, Any]:
    """`OwnKey` of a key."""
    return {
        "key_id": key.id,
        "name": key.name,
        "rp_id": key.rp_id,
        "added_at": key.added_at,
        "used_at": key.used_at,
    }


def _handle(given: str) -> str:
    """A handle as the list gave it; what is shorter would name several sessions."""
    return given if len(given) == sessions.HANDLE_CHARS else "?"
