"""The second step of a sign-in: whether there is one, how long it waits, and for what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from jiangdun.core import accounts, clock, factors

from .models import Session, Step
from .sessions import TOKEN_CHARS_MAX, key_of

WAITS: Final = timedelta(minutes=5)
"""So long after the password the second factor is waited for."""
TRIES: Final = 5
"""So many wrong second factors, and the password has to be given again."""
STEPS_MAX: Final = 5
"""Sign-ins of one account that are half-way at one time; of more the oldest are void."""
CHALLENGE_WAITS: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Half:
    """A sign-in half-way: whose, and by which ways it goes on."""

    step_id: str
    account: accounts.Account
    ways: tuple[str, ...]
    challenge: str
    ends_at: datetime


def find(token: str) -> Half | None:
    """The sign-in this token goes on with; None where there is none, or no longer."""
    if not token or len(token) > TOKEN_CHARS_MAX:
        return None
    row = Step.objects.filter(pk=key_of(token)).first()
    if row is None or row.opened_at + WAITS <= clock.now() or row.tries >= TRIES:
        return None
    account = accounts.account(row.account_id)
    if not account.active or account.version != row.account_version:
        return None
    ways = factors.factors(account.id).ways
    return Half(row.pk, account, ways, row.challenge, row.opened_at + WAITS)


def challenge_of(session_id: str, now: datetime) -> str:
    """What a key was asked to sign in this session; "" where nothing was, or too long ago."""
    row = Session.objects.filter(pk=session_id, challenge_at__gt=now - CHALLENGE_WAITS).first()
    return row.challenge if row else ""
