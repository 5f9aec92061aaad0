"""Accounts under seal: asked for by one person, opened by another, closed by anybody of them or by the clock."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from jiangdun.core import accounts, clock, emergency
from jiangdun.web import actions, asking, desk
from jiangdun.web.api.account import closed

router = Router()


class Sealed(Schema):
    """An account under seal; `asked_at` while one person's word waits for another's."""

    account_id: UUID
    username: str
    name_zh: str
    name_en: str
    asked_by: UUID | None
    asked_at: datetime | None
    reason: str
    open_until: datetime | None


class NewSealed(Schema):
    username: str = Field(min_length=1, max_length=accounts.NAME_MAX)
    name_zh: str = Field(min_length=1, max_length=accounts.NAME_MAX)
    name_en: str = Field("", max_length=accounts.NAME_MAX)


class Why(Schema):
    reason: str = Field(min_length=1, max_length=emergency.REASON_MAX)


class Opened(Sealed):
    """The password is shown this once; it is void at `open_until`."""

    password: str


@router.get("/emergency", response=list[Sealed], **asking.needs("emergency.read"))
async def listed(request: HttpRequest) -> list[dict[str, Any]]:
    """Every account under seal."""
    return await desk.read(lambda: [_sealed(one) for one in emergency.all_sealed()])


@router.post("/emergency", response={201: Sealed}, **asking.needs("accounts.create", fresh=True))
async def seal(request: HttpRequest, body: NewSealed) -> Status[dict[str, Any]]:
    """Put an account under seal; the security administrator gives it the roles it will have."""
    by, now = asking.by_of(request), clock.now()
    made = await desk.do(
        lambda: emergency.seal(body.username, name_zh=body.name_zh, name_en=body.name_en, by=by, now=now)
    )
    return Status(201, _sealed(made))


@router.post("/emergency/{account_id}/ask", response=Sealed, **asking.needs("emergency.open", fresh=True))
async def ask(request: HttpRequest, account_id: UUID, body: Why) -> dict[str, Any]:
    """The first person's word, with the reason."""
    by, now, own = asking.by_of(request), clock.now(), asking.signed_of(request).account.id
    security = _is_security(request)
    return _sealed(
        await desk.do(lambda: emergency.ask(account_id, body.reason, own, security=security, by=by, now=now))
    )


@router.post("/emergency/{account_id}/open", response=Opened, **asking.needs("emergency.open", fresh=True))
async def unseal(request: HttpRequest, account_id: UUID) -> dict[str, Any]:
    """The second person's word: it is open for a while, and its password is shown once."""
    by, now, own = asking.by_of(request), clock.now(), asking.signed_of(request).account.id
    security = _is_security(request)
    await desk.read(lambda: emergency.sealed(account_id))
    password, prepared = await desk.check_password(lambda: emergency.draw(account_id, now), known=True)
    opened = await desk.do(
        lambda: emergency.unseal(account_id, prepared, own, security=security, by=by, now=now)
    )
    asking.forget()
    return {**_sealed(opened), "password": password}


@router.post("/emergency/{account_id}/close", response={204: None}, **asking.needs("emergency.open"))
async def close(request: HttpRequest, account_id: UUID) -> Status[None]:
    """Under seal again, before its time."""
    by, now, own = asking.by_of(request), clock.now(), asking.signed_of(request).account.id
    await desk.do(lambda: emergency.close(account_id, by=by, now=now))
    closed(await desk.do(lambda: actions.end_sessions(account_id, now=now, by=own)))
    return Status(204, None)


def _is_security(request: HttpRequest) -> bool:
    return "admin_security" in asking.asker_of(request).roles


def _sealed(one: emergency.Sealed) -> dict[str, Any]:
    return {
        "account_id": one.account.id,
        "username": one.account.username,
        "name_zh": one.account.name_zh,
        "name_en": one.account.name_en,
        "asked_by": one.asked_by,
        "asked_at": one.asked_at,
        "reason": one.reason,
        "open_until": one.open_until,
    }
