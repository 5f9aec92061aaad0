"""The verbs that change sessions. Like all writing they run in the one writer (`desk.do`)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from jiangdun.core import accounts, ids

from .models import Session
from .sessions import ABSOLUTE, key_of

KEPT: Final = timedelta(days=7)
"""Ended sessions are forgotten after this; that somebody signed in or out stays in the journal."""
TOKEN_BYTES: Final = 32
ADDRESS_CHARS_MAX: Final = 64


@transaction.atomic
def sign_in(
    username: str, known: UUID | None, address: str, *, replaces: str | None, now: datetime
) -> tuple[accounts.SignIn, str]:
    """Decide a try to sign in (`known` from `accounts.check`) and, where it went well, open a session.

    Returns the decision and the new token, which nobody but the caller ever sees; "" where there is none.
    """
    decided = accounts.note_sign_in(username, known, address, now)
    if decided.account is None:
        return decided, ""
    return decided, open_session(decided.account, address, replaces=replaces, now=now)


@transaction.atomic
def open_session(account: accounts.Account, address: str, *, replaces: str | None, now: datetime) -> str:
    """A new session with a new token; the one it replaces (a session id) ends."""
    Session.objects.filter(opened_at__lt=now - KEPT).delete()
    if replaces is not None:
        Session.objects.filter(pk=replaces, closed_at=None).update(closed_at=now)
    token = ids.new_secret(TOKEN_BYTES)
    Session.objects.create(
        id=key_of(token),
        account_id=account.id,
        account_version=account.version,
        opened_at=now,
        seen_at=now,
        address=address[:ADDRESS_CHARS_MAX],
    )
    return token


def touch_session(session_id: str, *, now: datetime) -> None:
    """Somebody is still there."""
    Session.objects.filter(pk=session_id, closed_at=None, seen_at__lt=now).update(seen_at=now)


@transaction.atomic
def close_session(session_id: str, *, now: datetime, reason: str = "asked") -> None:
    """The session ends now; closing it twice changes nothing. `reason`: asked, idle."""
    row = Session.objects.filter(pk=session_id, closed_at=None).first()
    if row is None:
        return
    Session.objects.filter(pk=session_id).update(closed_at=now)
    accounts.note_sign_out(row.account_id, now, reason)


def end_idle(*, now: datetime, limit: int = 200) -> list[str]:
    """End what nobody used for too long, so that the journal says when; the hall calls it each minute.

    Returns the ids of the sessions ended.
    """
    idle = Q(seen_at__lte=now - timedelta(seconds=settings.SESSION_IDLE_S)) | Q(opened_at__lte=now - ABSOLUTE)
    ended = list(Session.objects.filter(idle, closed_at=None).values_list("pk", flat=True)[:limit])
    for session_id in ended:
        close_session(session_id, now=now, reason="idle")
    return ended
