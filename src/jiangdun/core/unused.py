"""Accounts nobody uses any more are switched off: a door less to guard (GB/T 22239 level 3).

A timer looks once a day. Only persons' accounts: a wall has a key, and what is under seal is unused on purpose.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce

from jiangdun.core import accounts, facts, journal, timers
from jiangdun.core.journal import By
from jiangdun.core.models import Account
from jiangdun.core.parameters import parameter

DAYS = parameter("people.unused_days", 90, lambda v: type(v) is int and 0 <= v <= 3_650)
"""An account unused for so many days is switched off; 0: never."""
SOON_DAYS: Final = 14
"""So many days before, it stands in the report."""
AT_ONCE_MAX: Final = 500
"""Accounts switched off in one go; the rest the next day."""
TIMER: Final = "core.unused_accounts"
LOOK_EVERY: Final = timedelta(days=1)
_BY: Final = By(system="unused accounts")


@dataclass(frozen=True)
class Unused:
    """An account nobody has used since `since`; it is switched off at `off_at` where it is still on."""

    account_id: UUID
    username: str
    since: datetime
    active: bool
    off_at: datetime


def report(now: datetime) -> list[Unused]:
    """Accounts switched off or soon to be because nobody uses them, the longest unused first."""
    days = DAYS.at(now)
    if not days:
        return []
    rows = _people().filter(since__lte=now - timedelta(days=max(0, days - SOON_DAYS))).order_by("since")
    whole = timedelta(days=days)
    return [Unused(row.id, row.username, row.since, row.is_active, row.since + whole) for row in rows[:1_000]]


@transaction.atomic
def switch_off(now: datetime) -> int:
    """Switch off what nobody has used for too long; how many."""
    days = DAYS.at(now)
    if not days:
        return 0
    rows = list(_people().filter(is_active=True, since__lte=now - timedelta(days=days))[:AT_ONCE_MAX])
    for row in rows:
        told = facts.AccountUnused(row.id, row.since)
        journal.record(told, by=_BY, at=now, subject=f"account:{row.id}")
        accounts.switch(row.id, active=False, by=_BY, now=now)
    return len(rows)


def begin(now: datetime) -> None:
    """Look once a day from now on, whoever looked before."""
    timers.set(TIMER, "daily", now)


def on_timer(key: str, payload: Any, due_at: datetime, now: datetime) -> None:  # noqa: ARG001  (a handler's form)
    """The daily look, and the next."""
    switch_off(now)
    timers.set(TIMER, key, now + LOOK_EVERY)


def _people() -> Any:
    since = Coalesce(F("used_at"), F("created_at"))
    return Account.objects.filter(kind=accounts.PERSON).annotate(since=since)
