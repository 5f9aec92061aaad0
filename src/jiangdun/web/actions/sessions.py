"""A session opens, is touched, is proved anew, and closes; with it goes its row, so that no token outlives it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from jiangdun.core import accounts, door, ids
from jiangdun.core.trouble import NotFound
from jiangdun.web.models import Session
from jiangdun.web.sessions import ABSOLUTE, KEPT, MOST, key_of

TOKEN_BYTES: Final = 32
ADDRESS_CHARS_MAX: Final = 64


@transaction.atomic
def open_session(
    account: accounts.Account,
    address: str,
    *,
    replaces: str | None,
    now: datetime,
    until: datetime | None = None,
    lasting: bool = False,
) -> str:
    """A new session with a new token; the one it replaces (a session id) ends, and of too many the oldest.

    `until`: the session ends then, whatever happens; `lasting`: no time ends it.
    """
    Session.objects.filter(opened_at__lt=now - KEPT, lasting=False).delete()
    if replaces is not None:
        Session.objects.filter(pk=replaces).delete()
    own = Session.objects.filter(account_id=account.id).order_by("-seen_at", "-opened_at")
    for old in list(own.values_list("pk", flat=True)[MOST.at(now) - 1 :]):
        close_session(old, now=now, reason="too_many")
    elsewhere = {door.network_of(place) for place in own.values_list("address", flat=True)}
    if elsewhere - {door.network_of(address)}:
        accounts.note_elsewhere(account.id, address, len(elsewhere), now)
    token = ids.new_secret(TOKEN_BYTES)
    Session.objects.create(
        id=key_of(token),
        account_id=account.id,
        account_version=account.version,
        opened_at=now,
        seen_at=now,
        proved_at=now,
        until=until,
        lasting=lasting,
        address=address[:ADDRESS_CHARS_MAX],
    )
    return token


def touch_session(session_id: str, *, now: datetime) -> None:
    """Somebody is still there."""
    Session.objects.filter(pk=session_id, seen_at__lt=now).update(seen_at=now)


def prove_session(session_id: str, *, now: datetime) -> None:
    """Whoever sits there has just shown again who they are."""
    Session.objects.filter(pk=session_id).update(proved_at=now, seen_at=now)


def renew_session(session_id: str, account_version: int, *, now: datetime) -> None:
    """The account has a new version by its own doing: this one session of it goes on, the others end."""
    Session.objects.filter(pk=session_id).update(account_version=account_version, proved_at=now, seen_at=now)


@transaction.atomic
def close_session(session_id: str, *, now: datetime, reason: str = "asked") -> None:
    """The session ends now; closing it twice changes nothing. `reason`: asked, idle, too_many, ended."""
    row = Session.objects.filter(pk=session_id).first()
    if row is None:
        return
    row.delete()
    accounts.note_sign_out(row.account_id, now, reason)


@transaction.atomic
def end_sessions(
    account_id: UUID,
    *,
    now: datetime,
    handle: str | None = None,
    but: str | None = None,
    by: UUID | None = None,
) -> list[str]:
    """End the sessions of an account: the one with this `handle`, or all `but` one. Returns the ids ended.

    `by` is the account that does it, where it is another's. Raises NotFound for a handle nobody has.
    """
    own = Session.objects.filter(account_id=account_id).exclude(pk=but or "")
    ended = [pk for pk in own.values_list("pk", flat=True) if handle is None or pk.startswith(handle)]
    if handle is not None and not ended:
        raise NotFound(what="session")
    for session_id in ended:
        Session.objects.filter(pk=session_id).delete()
        accounts.note_sign_out(account_id, now, "ended", by=by)
    return ended


def end_idle(*, now: datetime, limit: int = 200) -> list[str]:
    """End what nobody used for too long, so that the journal says when; the hall calls it each minute.

    Returns the ids of the sessions ended.
    """
    idle = (
        Q(seen_at__lte=now - timedelta(seconds=settings.SESSION_IDLE_S))
        | Q(opened_at__lte=now - ABSOLUTE)
        | Q(until__lte=now)
    )
    ended = list(Session.objects.filter(idle, lasting=False).values_list("pk", flat=True)[:limit])
    for session_id in ended:
        close_session(session_id, now=now, reason="idle")
    return ended
