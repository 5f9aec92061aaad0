"""How long a sign-in lasts: pure answers, and the reading of it. `actions` opens, touches and closes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from jiangdun.alliance import queries
from jiangdun.core import accounts, clock
from jiangdun.core.access import Asker

from .models import Session

ABSOLUTE: Final = timedelta(hours=12)
"""However busy, a session ends so long after sign-in."""
TOUCH_EVERY: Final = timedelta(minutes=1)
"""`seen_at` is written at most so often."""
TOKEN_CHARS_MAX: Final = 128


@dataclass(frozen=True, slots=True)
class Signed:
    """Somebody who is signed in: the session, and who asks through it."""

    session_id: str
    account: accounts.Account
    asker: Asker
    opened_at: datetime
    seen_at: datetime

    def ends_at(self) -> datetime:
        return ends_at(self.opened_at, self.seen_at)


def key_of(token: str) -> str:
    """The primary key of the session that `token` opens."""
    return hashlib.sha256(token.encode()).hexdigest()


def ends_at(opened_at: datetime, seen_at: datetime) -> datetime:
    """When a session ends if nobody does anything from now on."""
    return min(seen_at + timedelta(seconds=settings.SESSION_IDLE_S), opened_at + ABSOLUTE)


def needs_touch(session: Signed, now: datetime) -> bool:
    return now - session.seen_at >= TOUCH_EVERY


def find(token: str) -> Signed | None:
    """Who holds this token, None where it opens nothing (never did, ended, or the account is closed)."""
    if not token or len(token) > TOKEN_CHARS_MAX:
        return None
    return find_by_id(key_of(token))


def find_by_id(session_id: str) -> Signed | None:
    """As `find`, for one who knows the session's id; reads the roles anew."""
    now = clock.now()
    row = Session.objects.filter(pk=session_id, closed_at=None).first()
    if row is None or ends_at(row.opened_at, row.seen_at) <= now:
        return None
    account = accounts.account(row.account_id)
    if not account.active or account.version != row.account_version:
        return None  # switched off, or another password since
    asker = queries.asker(row.account_id, now)
    return Signed(row.pk, account, asker, row.opened_at, row.seen_at)
