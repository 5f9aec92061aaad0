"""A screen signs in by its key; a person acts on it by a pass that is good for one act."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from jiangdun.core import accounts, ids, walls
from jiangdun.web.models import Pass, Session
from jiangdun.web.sessions import key_of, needs_second
from jiangdun.web.steps import challenge_of

from .sessions import TOKEN_BYTES, open_session
from .steps import Shown, shows

PASS_WAITS: Final = timedelta(seconds=60)
"""So long a pass waits for its act."""
PASSES_MAX: Final = 20
"""Passes of one screen that wait at one time; of more the oldest are void."""


@transaction.atomic
def sign_in_wall(wall: walls.Wall, address: str, *, replaces: str | None, now: datetime) -> str:
    """Open the screen's session, which no time ends. Returns its token."""
    account = accounts.complete(wall.account.id, address, now)
    return open_session(account, address, replaces=replaces, now=now, lasting=True)


@transaction.atomic
def give_pass(session_id: str, wall_id: UUID, account_id: UUID, way: str, *, now: datetime) -> str:
    """Somebody showed who they are at this screen: a pass for one act. Returns its token."""
    Pass.objects.filter(made_at__lte=now - PASS_WAITS).delete()
    own = Pass.objects.filter(session_id=session_id).order_by("-made_at")
    Pass.objects.filter(pk__in=list(own.values_list("pk", flat=True)[PASSES_MAX - 1 :])).delete()
    token = ids.new_secret(TOKEN_BYTES)
    Pass.objects.create(id=key_of(token), session_id=session_id, account_id=account_id, made_at=now)
    walls.note_act(account_id, wall_id, way, now)
    return token


@transaction.atomic
def pass_by_secret(
    session_id: str,
    wall_id: UUID,
    username: str,
    known: accounts.Known | None,
    way: str,
    code: str,
    address: str,
    *,
    now: datetime,
) -> tuple[accounts.SignIn, str]:
    """A pass by password or PIN (`known` from their check), with a one-time code for whoever needs two factors.

    The decision and the token, "" where there is none: `locked`, `credentials`, `second_at_wall` where a code is
    missing, `second` where it is wrong. Does not raise: what it writes must be kept.
    """
    decided = accounts.note_sign_in(username, known, address, now, more=True)
    account = decided.account
    if account is None or account.kind != accounts.PERSON:
        return (decided if account is None else accounts.SignIn(None, "credentials")), ""
    if needs_second(account.id, now):
        if not code:
            return accounts.SignIn(None, "second_at_wall"), ""
        if not shows(account.id, Shown("totp", code), "", now):
            accounts.note_wrong(account.id, address, now, reason="second")
            return accounts.SignIn(None, "second"), ""
    return decided, give_pass(session_id, wall_id, account.id, way, now=now)


@transaction.atomic
def pass_by_key(
    session_id: str, wall_id: UUID, account: accounts.Account, shown: Shown, address: str, *, now: datetime
) -> tuple[accounts.SignIn, str]:
    """A pass by a key, which asks its owner for finger, face or PIN and so stands alone; answers as
    `pass_by_secret`. What does not hold is counted at the door.
    """
    until = accounts.standing(account.username, address, now).until
    if until is not None:
        return accounts.SignIn(None, "locked", until), ""
    challenge = challenge_of(session_id, now)
    Session.objects.filter(pk=session_id).update(challenge="", challenge_at=None)
    if shown.way != "key" or not shows(account.id, shown, challenge, now):
        accounts.note_wrong(account.id, address, now, reason="second")
        return accounts.SignIn(None, "second"), ""
    return accounts.SignIn(account), give_pass(session_id, wall_id, account.id, shown.way, now=now)


@transaction.atomic
def take_pass(token: str, session_id: str, *, now: datetime) -> UUID | None:
    """The account this pass is of; it is void by that. None where it is none, or of another screen, or too old."""
    held = Pass.objects.filter(pk=key_of(token), session_id=session_id, made_at__gt=now - PASS_WAITS)
    account_id = held.values_list("account_id", flat=True).first()
    return account_id if held.delete()[0] else None
