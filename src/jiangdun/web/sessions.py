"""How long a sign-in lasts: pure answers, and the reading of it. `actions` opens, touches and closes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings

from jiangdun.alliance import queries
from jiangdun.alliance.grants import ADMIN_ROLES, ROLES
from jiangdun.core import accounts, clock, door, factors, walls
from jiangdun.core.access import Asker
from jiangdun.core.networks import are_networks
from jiangdun.core.parameters import parameter

from .models import Session

ABSOLUTE: Final = timedelta(hours=12)
"""However busy, a session ends so long after sign-in."""
TOUCH_EVERY: Final = timedelta(minutes=1)
"""`seen_at` is written at most so often."""
KEPT: Final = timedelta(days=7)
"""The row of a session nobody closed is deleted after this at the latest."""
TOKEN_CHARS_MAX: Final = 128
HANDLE_CHARS: Final = 16
"""By so many digits of its id a session is named to its owner: enough to end it, no use as a token."""
MOST = parameter("session.at_once", 5, lambda v: type(v) is int and 1 <= v <= 1_000)
"""Sessions one account has at one time; one more ends the one unused for longest."""
FRESH_S = parameter("session.fresh_s", 600, lambda v: type(v) is int and 60 <= v <= 43_200)
"""So long after a proof of who it is somebody may do what is sensitive."""
SECOND_ROLES = parameter(
    "signin.second_factor_roles",
    ["duty_commander", "admin_system", "admin_security", "admin_audit"],
    lambda v: type(v) is list and all(type(role) is str for role in v) and set(v) <= ROLES,
)
"""Whoever holds one of these signs in with two factors (GB/T 22239 level 3); until they have one they add it."""

_ANYWHERE: list[str] = []
ADMIN_NETWORKS = parameter("signin.admin_networks", _ANYWHERE, are_networks)
"""From where administrators work (GB/T 22239 level 3); empty: from anywhere."""


@dataclass(frozen=True, slots=True)
class Signed:
    """Somebody who is signed in: the session, and who asks through it.

    `must` names what has to be done before anything else: `password` (change it), `second` (add a factor).
    """

    session_id: str
    account: accounts.Account
    asker: Asker
    opened_at: datetime
    seen_at: datetime
    proved_at: datetime
    until: datetime | None
    must: tuple[str, ...]
    fresh_s: int
    networks: tuple[str, ...] = ()
    """From where this session may be used; empty: from anywhere."""
    elsewhere: int = 0
    """At how many other addresses the account is signed in."""

    def ends_at(self) -> datetime:
        return ends_at(self.opened_at, self.seen_at, self.until)

    def is_fresh(self, now: datetime) -> bool:
        """Whether whoever sits there has shown lately who they are."""
        return now - self.proved_at <= timedelta(seconds=self.fresh_s)


@dataclass(frozen=True, slots=True)
class Open:
    """A session as its owner, or a security administrator, sees it."""

    handle: str
    account_id: UUID
    opened_at: datetime
    seen_at: datetime
    address: str


def key_of(token: str) -> str:
    """The primary key of the session that `token` opens."""
    return hashlib.sha256(token.encode()).hexdigest()


def handle_of(session_id: str) -> str:
    return session_id[:HANDLE_CHARS]


def ends_at(opened_at: datetime, seen_at: datetime, until: datetime | None = None) -> datetime:
    """When a session ends if nobody does anything from now on."""
    ends = min(seen_at + timedelta(seconds=settings.SESSION_IDLE_S), opened_at + ABSOLUTE)
    return min(ends, until) if until else ends


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
    row = Session.objects.filter(pk=session_id).first()
    if row is None or (not row.lasting and ends_at(row.opened_at, row.seen_at, row.until) <= now):
        return None
    account = accounts.account(row.account_id)
    if not account.active or account.version != row.account_version:
        return None  # switched off, or another password since
    asker = queries.asker(row.account_id, now)
    return Signed(
        row.pk,
        account,
        asker,
        row.opened_at,
        row.seen_at,
        row.proved_at or row.opened_at,
        row.until,
        musts(account, asker, now),
        FRESH_S.at(now),
        walls.wall(account.id).networks if account.kind == accounts.WALL else networks_of(asker, now),
        _elsewhere(row, now),
    )


def acting_at(wall: Signed, account_id: UUID) -> Signed | None:
    """A person who acts once through the session of a wall, from where their own roles work; None where the account
    is off.
    """
    now, account = clock.now(), accounts.account(account_id)
    asker = queries.asker(account_id, now)
    due = musts(account, asker, now)
    if not account.active:
        return None
    places = networks_of(asker, now)
    return replace(wall, account=account, asker=asker, proved_at=now, must=due, networks=places)


def musts(account: accounts.Account, asker: Asker, now: datetime) -> tuple[str, ...]:
    """What somebody who signs in has to do before anything else."""
    if account.kind != accounts.PERSON:
        return ()
    due = ["password"] if account.password_is_due(now) else []
    if not asker.roles.isdisjoint(SECOND_ROLES.at(now)) and not factors.factors(account.id).ways:
        due.append("second")
    return tuple(due)


def needs_second(account_id: UUID, now: datetime) -> bool:
    """Whether this account shows more than a password or a PIN: its role asks for it, or it has something to show."""
    asker = queries.asker(account_id, now)
    return bool(factors.factors(account_id).ways) or not asker.roles.isdisjoint(SECOND_ROLES.at(now))


def networks_of(asker: Asker, now: datetime) -> tuple[str, ...]:
    """From where somebody with these roles may work; empty: from anywhere."""
    return () if asker.roles.isdisjoint(ADMIN_ROLES) else tuple(ADMIN_NETWORKS.at(now))


def _elsewhere(here: Session, now: datetime) -> int:
    others = Session.objects.filter(account_id=here.account_id).exclude(pk=here.pk)
    live = others.filter(seen_at__gt=now - timedelta(seconds=settings.SESSION_IDLE_S))
    places = {door.network_of(address) for address in live.values_list("address", flat=True)}
    return len(places - {door.network_of(here.address)})


def open_sessions(account_id: UUID, now: datetime) -> list[Open]:
    """The sessions of an account that hold at `now`, the newest first."""
    rows = Session.objects.filter(account_id=account_id).order_by("-opened_at")
    return [
        Open(handle_of(row.pk), account_id, row.opened_at, row.seen_at, row.address)
        for row in rows
        if row.lasting or ends_at(row.opened_at, row.seen_at, row.until) > now
    ]
