"""The people of this installation: accounts by the system administrator, roles and locks by the security
administrator. Nobody does this to an account of their own.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from jiangdun.alliance import actions as alliance
from jiangdun.alliance import queries
from jiangdun.core import accounts, clock, factors, ids, passwords, unused
from jiangdun.core.trouble import NotYours
from jiangdun.web import actions, asking, desk
from jiangdun.web.api.account import closed

PEOPLE_MAX: Final = 1_000
"""People listed at once."""
FIRST_PASSWORD_BYTES: Final = 12
router = Router()


class Service(Schema):
    """In which agency somebody serves, with which roles."""

    membership_id: UUID
    agency: str
    roles: list[str]
    version: int


class Person(Schema):
    """An account as administrators see it."""

    account_id: UUID
    username: str
    name_zh: str
    name_en: str
    kind: str = Field(description="person, wall, emergency (under seal)")
    active: bool
    used_at: datetime | None = Field(description="the last good sign-in, or the last switch-on")
    password_temporary: bool
    second: list[str] = Field(description="what it has beside the password: totp, key, recovery")
    serves: list[Service]


class Unused(Schema):
    """An account nobody has used since `since`; where it is still `active` it is switched off at `off_at`."""

    account_id: UUID
    username: str
    since: datetime
    active: bool
    off_at: datetime


class NewPerson(Schema):
    username: str = Field(min_length=1, max_length=accounts.NAME_MAX)
    name_zh: str = Field(min_length=1, max_length=accounts.NAME_MAX)
    name_en: str = Field("", max_length=accounts.NAME_MAX)


class FirstPassword(Schema):
    """Shown this once, kept nowhere; it is changed at the first sign-in."""

    account_id: UUID
    username: str
    password: str


class Switch(Schema):
    active: bool


class Roles(Schema):
    agency: str = Field(max_length=32)
    roles: list[str] = Field(max_length=20)


class OtherRoles(Schema):
    roles: list[str] = Field(max_length=20)
    version: int


@router.get("/people", response=list[Person], **asking.needs("people.read"))
async def people(request: HttpRequest) -> list[dict[str, Any]]:
    """Every account, by name, with where it serves and when it was last used."""
    return await desk.read(lambda: [_person(one, clock.now()) for one in accounts.accounts(PEOPLE_MAX)])


@router.get("/people/unused", response=list[Unused], **asking.needs("people.read"))
async def unused_accounts(request: HttpRequest) -> list[dict[str, Any]]:
    """Accounts switched off, or soon to be, because nobody uses them (`people.unused_days`)."""
    return await desk.read(lambda: [asdict(one) for one in unused.report(clock.now())])


@router.post("/people", response={201: FirstPassword}, **asking.needs("accounts.create", fresh=True))
async def create(request: HttpRequest, body: NewPerson) -> Status[dict[str, Any]]:
    """Create an account with a password drawn here. It serves nowhere until the security administrator says so."""
    by, now, password = asking.by_of(request), clock.now(), ids.new_secret(FIRST_PASSWORD_BYTES)
    first = await desk.check_password(
        lambda: passwords.first(password, body.username, body.name_zh, body.name_en), known=True
    )
    made = await desk.do(
        lambda: accounts.create(
            body.username, first, name_zh=body.name_zh, name_en=body.name_en, by=by, now=now
        )
    )
    return Status(201, {"account_id": made.id, "username": made.username, "password": password})


@router.post(
    "/people/{account_id}/password", response=FirstPassword, **asking.needs("accounts.reset", fresh=True)
)
async def reset_password(request: HttpRequest, account_id: UUID) -> dict[str, Any]:
    """Give an account a password drawn here, changed at the next sign-in; its sessions end."""
    not_own(request, account_id)
    await _person_only(account_id)
    by, now, password = asking.by_of(request), clock.now(), ids.new_secret(FIRST_PASSWORD_BYTES)
    prepared = await desk.check_password(lambda: passwords.prepare(account_id, password, now), known=True)
    ended = await desk.do(lambda: _reset(request, prepared, by, now))
    closed(ended)
    account = await desk.read(lambda: accounts.account(account_id))
    return {"account_id": account_id, "username": account.username, "password": password}


@router.delete(
    "/people/{account_id}/second", response={204: None}, **asking.needs("accounts.reset", fresh=True)
)
async def forget_second(request: HttpRequest, account_id: UUID) -> Status[None]:
    """The telephone is lost: one-time codes, keys and recovery codes of this account are void, its sessions end."""
    not_own(request, account_id)
    by, now, own = asking.by_of(request), clock.now(), asking.signed_of(request).account.id
    await desk.read(lambda: accounts.account(account_id))
    await desk.do(lambda: factors.forget_all(account_id, by=by, now=now))
    closed(await desk.do(lambda: actions.end_sessions(account_id, now=now, by=own)))
    return Status(204, None)


@router.post("/people/{account_id}/switch", response=Person, **asking.needs("accounts.switch", fresh=True))
async def switch(request: HttpRequest, account_id: UUID, body: Switch) -> dict[str, Any]:
    """Switch an account off, which ends its sessions, or on again."""
    not_own(request, account_id)
    await _person_only(account_id)
    by, now = asking.by_of(request), clock.now()
    own = asking.signed_of(request).account.id
    await desk.do(lambda: accounts.switch(account_id, active=body.active, by=by, now=now))
    closed(await desk.do(lambda: actions.end_sessions(account_id, now=now, by=own)))
    return await desk.read(lambda: _person(accounts.account(account_id), now))


@router.delete("/people/{account_id}/sessions", response={204: None}, **asking.needs("sessions.end"))
async def end_sessions(request: HttpRequest, account_id: UUID) -> Status[None]:
    """End everything an account has open, at once."""
    now, own = clock.now(), asking.signed_of(request).account.id
    await desk.read(lambda: accounts.account(account_id))
    closed(await desk.do(lambda: actions.end_sessions(account_id, now=now, by=own)))
    return Status(204, None)


@router.post("/people/{account_id}/serves", response=Service, **asking.needs("members.join", fresh=True))
async def join(request: HttpRequest, account_id: UUID, body: Roles) -> dict[str, Any]:
    """Let a person serve in an agency with these roles. The three administrators are three people."""
    not_own(request, account_id)
    by, now = asking.by_of(request), clock.now()
    await desk.read(lambda: accounts.account(account_id))
    made = await desk.do(lambda: alliance.join(account_id, body.agency, body.roles, by=by, now=now))
    asking.forget()
    return _service(made)


@router.put(
    "/people/{account_id}/serves/{membership_id}",
    response=Service,
    **asking.needs("members.change", fresh=True),
)
async def change_roles(
    request: HttpRequest, account_id: UUID, membership_id: UUID, body: OtherRoles
) -> dict[str, Any]:
    """Give a person other roles in an agency."""
    not_own(request, account_id)
    by, now = asking.by_of(request), clock.now()
    changed = await desk.do(
        lambda: alliance.change_roles(
            membership_id, body.roles, version=body.version, of=account_id, by=by, now=now
        )
    )
    asking.forget()
    return _service(changed)


@router.delete(
    "/people/{account_id}/serves/{membership_id}",
    response={204: None},
    **asking.needs("members.change", fresh=True),
)
async def leave(request: HttpRequest, account_id: UUID, membership_id: UUID, version: int) -> Status[None]:
    """End a person's service in an agency."""
    not_own(request, account_id)
    by, now = asking.by_of(request), clock.now()
    await desk.do(lambda: alliance.leave(membership_id, version=version, of=account_id, by=by, now=now))
    asking.forget()
    return Status(204, None)


def not_own(request: HttpRequest, account_id: UUID) -> None:
    """Nobody administers an account of their own. Raises NotYours."""
    if asking.signed_of(request).account.id == account_id:
        raise NotYours(reason="own_account")


async def _person_only(account_id: UUID) -> None:
    """A wall has a key, and what is under seal is opened by two: neither is switched or given a password here."""
    account = await desk.read(lambda: accounts.account(account_id))
    if account.kind != accounts.PERSON:
        raise NotYours(reason="not_a_person")


def _reset(request: HttpRequest, prepared: passwords.Prepared, by: Any, now: datetime) -> list[str]:
    passwords.keep(prepared, by=by, now=now, temporary=True)
    return actions.end_sessions(prepared.account_id, now=now, by=asking.signed_of(request).account.id)


def _person(account: accounts.Account, now: datetime) -> dict[str, Any]:
    return {
        "account_id": account.id,
        "username": account.username,
        "name_zh": account.name_zh,
        "name_en": account.name_en,
        "kind": account.kind,
        "active": account.active,
        "used_at": account.used_at,
        "password_temporary": account.password_temporary,
        "second": list(factors.factors(account.id).ways),
        "serves": [_service(one) for one in queries.memberships(account.id, now)],
    }


def _service(held: queries.Membership) -> dict[str, Any]:
    return {
        "membership_id": held.id,
        "agency": held.agency,
        "roles": sorted(held.roles),
        "version": held.version,
    }
