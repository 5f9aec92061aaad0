"""The second factors of one's own account: one-time codes, recovery codes, keys."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Field, Router, Schema, Status

from jiangdun.core import clock, factors, passkeys
from jiangdun.web import actions, asking, desk, qr
from jiangdun.web.api.account import OwnKey, key_of

router = Router()


class NewTotp(Schema):
    """Shown this once. `svg` is `uri` as a QR code, drawn here."""

    secret: str
    uri: str
    svg: str


class Code(Schema):
    code: str = Field(min_length=6, max_length=16)


class RecoveryCodes(Schema):
    """Shown this once: each opens the door one time in place of the telephone."""

    codes: list[str]


class NewKey(Schema):
    """`credential` is what the browser's `PublicKeyCredential.toJSON()` says."""

    name: str = Field(min_length=1, max_length=passkeys.NAME_MAX)
    credential: dict[str, Any]


@router.post("/account/totp", response=NewTotp, **asking.needs(None, early=True, fresh=True))
async def begin_totp(request: HttpRequest) -> dict[str, Any]:
    """Begin with one-time codes: scan the picture, then confirm with the first code."""
    account_id, now = asking.signed_of(request).account.id, clock.now()
    begun = await desk.do(lambda: factors.begin_totp(account_id, now))
    return {"secret": begun.secret, "uri": begun.uri, "svg": qr.svg(begun.uri)}


@router.post("/account/totp/confirm", response=RecoveryCodes, **asking.needs(None, early=True))
async def confirm_totp(request: HttpRequest, body: Code) -> dict[str, Any]:
    """The first code is right: from now on sign-in asks for one. Gives new recovery codes."""
    account_id, by, now = asking.signed_of(request).account.id, asking.by_of(request), clock.now()
    codes = await desk.do(lambda: factors.confirm_totp(account_id, body.code, by=by, now=now))
    asking.forget()
    return {"codes": list(codes)}


@router.delete("/account/totp", response={204: None}, **asking.needs(None, fresh=True))
async def remove_totp(request: HttpRequest) -> Status[None]:
    """No one-time codes any more."""
    account_id, by, now = asking.signed_of(request).account.id, asking.by_of(request), clock.now()
    await desk.do(lambda: factors.remove_totp(account_id, by=by, now=now))
    asking.forget()
    return Status(204, None)


@router.post("/account/recovery", response=RecoveryCodes, **asking.needs(None, fresh=True))
async def draw_recovery(request: HttpRequest) -> dict[str, Any]:
    """New recovery codes; those before are void."""
    account_id, by, now = asking.signed_of(request).account.id, asking.by_of(request), clock.now()
    codes = await desk.do(lambda: factors.draw_recovery(account_id, by=by, now=now))
    return {"codes": list(codes)}


@router.post("/account/keys/ask", response=dict[str, Any], **asking.needs(None, early=True, fresh=True))
async def ask_key(request: HttpRequest) -> dict[str, Any]:
    """What the browser needs to make a key (PublicKeyCredentialCreationOptions as JSON)."""
    signed, site, challenge = asking.signed_of(request), asking.site_of(request), passkeys.new_challenge()
    await desk.do(lambda: actions.ask_session(signed.session_id, challenge, now=clock.now()))
    return await desk.read(lambda: passkeys.to_register(signed.account.id, site, challenge))


@router.post("/account/keys", response={201: OwnKey}, **asking.needs(None, early=True))
async def add_key(request: HttpRequest, body: NewKey) -> Status[dict[str, Any]]:
    """Keep the key just made."""
    signed, site = asking.signed_of(request), asking.site_of(request)
    by, now, credential = asking.by_of(request), clock.now(), json.dumps(body.credential)
    key = await desk.do(
        lambda: actions.add_key(
            signed.session_id, signed.account.id, body.name, credential, site, by=by, now=now
        )
    )
    asking.forget()
    return Status(201, key_of(key))


@router.delete("/account/keys/{key_id}", response={204: None}, **asking.needs(None, fresh=True))
async def remove_key(request: HttpRequest, key_id: UUID) -> Status[None]:
    """The key opens nothing from now on."""
    account_id, by, now = asking.signed_of(request).account.id, asking.by_of(request), clock.now()
    await desk.do(lambda: passkeys.remove(account_id, key_id, by=by, now=now))
    asking.forget()
    return Status(204, None)
