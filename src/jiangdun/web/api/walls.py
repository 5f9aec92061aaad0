"""Screens that only show: their keys, their sign-in, and how a person acts on one."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema, Status

from jiangdun.alliance import actions as alliance
from jiangdun.alliance import queries
from jiangdun.core import accounts, clock, networks, passkeys, passwords, walls
from jiangdun.core.trouble import NotFound, NotYours, Trouble
from jiangdun.web import actions, asking, desk, sessions
from jiangdun.web.api.account import closed
from jiangdun.web.api.session import Me, Second, begin, locked_out, refuse, shown_of

router = Router()


class Wall(Schema):
    """A screen: from where it may sign in."""

    account_id: UUID
    username: str
    name_zh: str
    name_en: str
    networks: list[str]
    made_at: datetime
    revoked_at: datetime | None


class NewWall(Schema):
    username: str = Field(min_length=1, max_length=accounts.NAME_MAX)
    name_zh: str = Field(min_length=1, max_length=accounts.NAME_MAX)
    name_en: str = Field("", max_length=accounts.NAME_MAX)
    agency: str = Field(min_length=1, max_length=32)
    networks: list[str] = Field(min_length=1, max_length=networks.NETWORKS_MAX)


class NewWallKey(Wall):
    key: str = Field(description="shown this once")


class WallKey(Schema):
    key: str = Field(min_length=1, max_length=128)


class Pin(Schema):
    pin: str = Field(min_length=1, max_length=32)


class Person(Second):
    """Who acts on the screen: the name, and what a key has signed, or a password or a PIN; with these a one-time
    code where two factors are asked for.
    """

    username: str = Field(min_length=1, max_length=accounts.NAME_MAX)
    password: str = Field("", max_length=passwords.PASSWORD_MAX)
    pin: str = Field("", max_length=walls.PIN_MAX)


class Named(Schema):
    username: str = Field(min_length=1, max_length=accounts.NAME_MAX)


class GivenPass(Schema):
    """Goes into the header X-Jiangdun-Pass of one request within a minute; that request is the person's."""

    token: str
    name_zh: str
    name_en: str


@router.get("/walls", response=list[Wall], **asking.needs("walls.read"))
async def listed(request: HttpRequest) -> list[dict[str, Any]]:
    """Every screen there is or was."""
    return await desk.read(lambda: [_wall(one) for one in walls.walls()])


@router.post("/walls", response={201: NewWallKey}, **asking.needs("walls.make", fresh=True))
async def make(request: HttpRequest, body: NewWall) -> Status[dict[str, Any]]:
    """Admit a screen of an agency, bound to its networks; it only shows."""
    by, now = asking.by_of(request), clock.now()
    await desk.read(lambda: queries.agency(body.agency))
    made, key = await desk.do(lambda: _make(body, by, now))
    return Status(201, {**_wall(made), "key": key})


@router.delete("/walls/{account_id}", response={204: None}, **asking.needs("walls.make"))
async def revoke(request: HttpRequest, account_id: UUID) -> Status[None]:
    """The screen's key opens nothing from now on, and what it shows ends."""
    by, now, own = asking.by_of(request), clock.now(), asking.signed_of(request).account.id
    await desk.do(lambda: walls.revoke(account_id, by=by, now=now))
    closed(await desk.do(lambda: actions.end_sessions(account_id, now=now, by=own)))
    return Status(204, None)


@router.post("/session/wall", response=Me, auth=None, openapi_extra={"x-verb": None})
async def sign_in(request: HttpRequest, response: HttpResponse, body: WallKey) -> dict[str, Any]:
    """A screen signs in by its key. No time ends that; revoking the key does."""
    asking.check_page(request)
    now, address = clock.now(), asking.address_of(request)
    wall: walls.Wall | None = await desk.read(lambda: walls.find(body.key))
    if wall is None or not wall.account.active:
        raise Trouble("key_unknown")
    if not networks.within(address, wall.networks):
        raise Trouble("wrong_place")
    former = await asking.session_of(request.COOKIES)
    replaces = former.session_id if former else None
    token = await desk.do(lambda: actions.sign_in_wall(wall, address, replaces=replaces, now=now))
    return await begin(request, response, token, former)


@router.post("/session/wall/key", response=dict[str, Any], **asking.needs(None))
async def ask_key(request: HttpRequest, body: Named) -> dict[str, Any]:
    """What a key of this person has to sign (PublicKeyCredentialRequestOptions as JSON) for a pass."""
    signed, site, challenge = _at_wall(request), asking.site_of(request), passkeys.new_challenge()
    person = await desk.read(lambda: accounts.named(body.username))
    await desk.do(lambda: actions.ask_session(signed.session_id, challenge, now=clock.now()))
    if person is None:
        raise NotFound(what="account")
    return await desk.read(lambda: passkeys.to_sign(person.id, site, challenge))


@router.post("/session/wall/pass", response=GivenPass, **asking.needs(None))
async def give_pass(request: HttpRequest, body: Person) -> dict[str, Any]:
    """A person shows at a screen who they are, for one act, which is theirs."""
    signed, now, address = _at_wall(request), clock.now(), asking.address_of(request)
    stands = await desk.read(lambda: accounts.standing(body.username, address, now))
    if stands.until is not None:
        raise locked_out(stands.until, now)
    by_way = _by_key if body.credential is not None else _by_secret
    decided, token = await by_way(request, signed, body, now)
    if decided.reason in ("second", "second_at_wall"):
        raise Trouble("second_wrong" if decided.reason == "second" else "second_at_wall")
    refuse(decided, now)
    person = decided.account
    assert person is not None, "whoever is let in is somebody"
    return {"token": token, "name_zh": person.name_zh, "name_en": person.name_en}


@router.post("/account/pin", response={204: None}, **asking.needs(None, fresh=True))
async def set_pin(request: HttpRequest, body: Pin) -> Status[None]:
    """Set one's own PIN for acting on walls."""
    account_id, by, now = asking.signed_of(request).account.id, asking.by_of(request), clock.now()
    encoded = await desk.check_password(lambda: walls.hash_pin(body.pin), known=True)
    await desk.do(lambda: walls.set_pin(account_id, encoded, by=by, now=now))
    return Status(204, None)


async def _by_secret(
    request: HttpRequest, signed: sessions.Signed, body: Person, now: datetime
) -> tuple[accounts.SignIn, str]:
    secret, way = body.password or body.pin, "password" if body.password else "pin"
    if not secret:
        raise Trouble("second_at_wall")  # a one-time code alone is half a proof
    check = accounts.check if body.password else walls.check_pin
    known = await desk.check_password(lambda: check(body.username, secret), known=True)
    return await desk.do(
        lambda: actions.pass_by_secret(
            signed.session_id,
            signed.account.id,
            body.username,
            known,
            way,
            body.code,
            asking.address_of(request),
            now=now,
        )
    )


async def _by_key(
    request: HttpRequest, signed: sessions.Signed, body: Person, now: datetime
) -> tuple[accounts.SignIn, str]:
    person: accounts.Account | None = await desk.read(lambda: accounts.named(body.username))
    if person is None or not person.active or person.kind != accounts.PERSON:
        raise Trouble("second_wrong")
    shown, address = shown_of(request, body), asking.address_of(request)
    return await desk.do(
        lambda: actions.pass_by_key(signed.session_id, signed.account.id, person, shown, address, now=now)
    )


def _at_wall(request: HttpRequest) -> sessions.Signed:
    signed = asking.signed_of(request)
    if signed.account.kind != accounts.WALL:
        raise NotYours(reason="not_a_wall")
    return signed


def _make(body: NewWall, by: Any, now: datetime) -> tuple[walls.Wall, str]:
    made, key = walls.make(
        body.username, body.networks, name_zh=body.name_zh, name_en=body.name_en, by=by, now=now
    )
    alliance.join(made.account.id, body.agency, ["wall"], by=by, now=now)
    return made, key


def _wall(one: walls.Wall) -> dict[str, Any]:
    return {
        "account_id": one.account.id,
        "username": one.account.username,
        "name_zh": one.account.name_zh,
        "name_en": one.account.name_en,
        "networks": list(one.networks),
        "made_at": one.made_at,
        "revoked_at": one.revoked_at,
    }
