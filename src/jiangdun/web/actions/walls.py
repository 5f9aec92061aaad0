"""A screen signs in by its key; a person acts on it by a pass that is good for one act."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from jiangdun.core import accounts, ids, walls
from jiangdun.web.models import Pass, Session
from jiangdun.web.sessions import key_of
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
def pass_by_factor(
    session_id: str, wall_id: UUID, account: accounts.Account, shown: Shown, address: str, *, now: datetime
) -> str:
    """A pass by one-time code or key; "" where it does not hold, which is counted at the door."""
    challenge = challenge_of(session_id, now)
    Session.objects.filter(pk=session_id).update(challenge="", challenge_at=None)
    if not shows(account.id, shown, challenge, now):
        accounts.note_wrong(account.id, address, now, reason="second")
        return ""
    return give_pass(session_id, wall_id, account.id, shown.way, now=now)


@transaction.atomic
def take_pass(token: str, session_id: str, *, now: datetime) -> UUID | None:
    """The account this pass is of; it is void by that. None where it is none, or of another screen, or too old."""
    held = Pass.objects.filter(pk=key_of(token), session_id=session_id, made_at__gt=now - PASS_WAITS)
    account_id = held.values_list("account_id", flat=True).first()
    return account_id if held.delete()[0] else None
