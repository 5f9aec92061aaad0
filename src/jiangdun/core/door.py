"""How often one may knock, so that guessing is hopeless and a stranger silences nobody.

A try is counted by where it comes from:

* at a **desk** the account knows (its browser holds a token from an earlier sign-in): under (account, desk) alone;
* else at an **address** the account knows: under (account, address) alone, the `pair`;
* else it is a **stranger's**: under the account and under the address. An address where others sign in well, a
  station behind one wall, bears `signin.crowd_tries` of them.

After `signin.tries` within `signin.window_s` a mark takes no try for `signin.lock_s`. So whoever knows a name, or
sits at a station's address, locks out other strangers and themselves, never a desk that is at work. Only digests
are kept, one row for each mark, and no more than `ROWS_MAX` rows.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from jiangdun.core import facts, journal
from jiangdun.core.digests import digest
from jiangdun.core.journal import By
from jiangdun.core.models import Knock, KnownPlace
from jiangdun.core.parameters import parameter

TRIES = parameter("signin.tries", 5, lambda v: type(v) is int and 1 <= v <= 100)
CROWD_TRIES = parameter("signin.crowd_tries", 50, lambda v: type(v) is int and 1 <= v <= 1_000)
WINDOW_S = parameter("signin.window_s", 900, lambda v: type(v) is int and 1 <= v <= 86_400)
LOCK_S = parameter("signin.lock_s", 900, lambda v: type(v) is int and 1 <= v <= 86_400)
KNOWN_DAYS = parameter("signin.known_days", 90, lambda v: type(v) is int and 1 <= v <= 400)

ROWS_MAX = 10_000
"""Marks kept at one time; of more the oldest that lock nothing are forgotten."""
PLACES_MAX = 20
"""Desks, and addresses, one account is known at; of more the oldest are forgotten."""
KNOCK_S = 60
"""Tries refused because of a lock are journaled once in so many seconds for each mark."""
STRANGERS_TOLD = 60
"""Tries of strangers with a line of their own in the journal within `STRANGERS_S`; the rest is counted."""
STRANGERS_S = 60
DOOR = By(system="door")


@dataclass(frozen=True)
class Mark:
    """Under what a try is counted, and how many bad ones it bears."""

    scope: str
    digest: str
    tries: int


@dataclass(frozen=True)
class Place:
    """Where a try came from: the digest of its address, that of its desk ("" for none), and its marks."""

    address: str
    desk: str
    marks: tuple[Mark, ...]

    @property
    def known(self) -> bool:
        """True for a desk or an address this account has signed in at before."""
        return self.marks[0].scope in ("desk", "pair")


@dataclass(frozen=True)
class Lock:
    """No try is taken before `until`; `news` when the journal has not said so within `KNOCK_S`."""

    until: datetime
    scope: str
    digest: str
    news: bool


def place(username: str, account_id: UUID | None, address: str, desk: str, now: datetime) -> Place:
    """Where a try for `username` comes from; `desk` is the token the browser holds, "" for none."""
    at, token = digest("address", network_of(address)), desk_digest(desk)
    tries, since = TRIES.at(now), now - timedelta(days=KNOWN_DAYS.at(now))
    known = KnownPlace.objects.filter(at__gt=since)
    if account_id is not None:
        own = known.filter(account_id=account_id)
        if token and own.filter(scope="desk", digest=token).exists():
            return Place(at, token, (Mark("desk", digest("desk", f"{account_id} {token}"), tries),))
        if own.filter(scope="address", digest=at).exists():
            return Place(at, token, (Mark("pair", digest("pair", f"{account_id} {at}"), tries),))
    lived_in = known.filter(scope="address", digest=at).exists()
    name = digest("account", username.strip().casefold())
    crowd = max(tries, CROWD_TRIES.at(now)) if lived_in else tries
    return Place(at, token, (Mark("account", name, tries), Mark("address", at, crowd)))


def lock_of(where: Place, now: datetime) -> Lock | None:
    """The lock that stands before this place, the longest of several."""
    locks = []
    for mark in where.marks:
        row = _row(mark)
        if row is not None and row.until is not None and now < row.until:
            news = row.told_at is None or row.told_at <= now - timedelta(seconds=KNOCK_S)
            locks.append(Lock(row.until, row.scope, row.digest, news))
    return max(locks, key=lambda lock: lock.until, default=None)


def told(lock: Lock, now: datetime) -> None:
    """The journal has said that somebody knocks at this lock."""
    Knock.objects.filter(scope=lock.scope, digest=lock.digest).update(told_at=now)


def note_failure(where: Place, now: datetime) -> list[Lock]:
    """Count a bad try; the marks it has locked."""
    window, lock_s = timedelta(seconds=WINDOW_S.at(now)), timedelta(seconds=LOCK_S.at(now))
    Knock.objects.filter(at__lt=now - max(window, lock_s)).delete()
    locked = []
    for mark in where.marks:
        row = _row(mark) or Knock(scope=mark.scope, digest=mark.digest)
        since = _ms(now - window)
        row.moments = [*(ms for ms in row.moments if ms >= since), _ms(now)][-mark.tries :]
        row.at = now
        if len(row.moments) == mark.tries:
            row.until, row.moments = now + lock_s, []
            locked.append(Lock(row.until, mark.scope, mark.digest, True))
        row.save()
    _forget_some(now)
    return locked


def welcome(where: Place, account_id: UUID, desk: str, now: datetime) -> bool:
    """Somebody is in: their bad tries are forgotten, this desk (its new token) and address are known from now on.

    True where the account was known somewhere, and neither here nor at this desk.
    """
    for mark in where.marks:
        if mark.scope != "address":  # one who has an account does not wash a stranger's address clean
            Knock.objects.filter(scope=mark.scope, digest=mark.digest).delete()
    mine = KnownPlace.objects.filter(account_id=account_id)
    new = mine.exists() and not where.known
    for scope, known in (("desk", desk_digest(desk)), ("address", where.address)):
        if not known:
            continue
        KnownPlace.objects.update_or_create(
            account_id=account_id, scope=scope, digest=known, defaults={"at": now}
        )
        newest = mine.filter(scope=scope).order_by("-at", "-id")
        mine.filter(id__in=list(newest.values_list("id", flat=True)[PLACES_MAX:])).delete()
    mine.filter(at__lt=now - timedelta(days=KNOWN_DAYS.at(now))).delete()
    return new


def forget_desks(account_id: UUID) -> None:
    """No desk is known to this account any more: somebody else set its password, or switched it off."""
    KnownPlace.objects.filter(account_id=account_id, scope="desk").delete()


def desk_is_known(desk: str, now: datetime) -> bool:
    """Whether anybody signed in well at the desk that holds this token."""
    since = now - timedelta(days=KNOWN_DAYS.at(now))
    return (
        bool(desk)
        and KnownPlace.objects.filter(scope="desk", digest=desk_digest(desk), at__gt=since).exists()
    )


def may_tell(where: Place, now: datetime) -> bool:
    """Whether a refusal gets its own line in the journal. What strangers left unsaid is told here as a number."""
    if where.known:
        return True
    row = Knock.objects.filter(scope="told", digest="").first() or Knock(scope="told", digest="")
    since = _ms(now - timedelta(seconds=STRANGERS_S))
    row.moments, row.at = [ms for ms in row.moments if ms > since], now
    says = len(row.moments) < STRANGERS_TOLD
    if says:
        row.moments.append(_ms(now))
        if row.unsaid:
            journal.record(facts.SignInsRefused(row.unsaid), by=DOOR, at=now, subject="door:strangers")
            row.unsaid = 0
    else:
        row.unsaid += 1
    row.save()
    return says


def network_of(address: str) -> str:
    """What counts as one address: an IPv6 site is a /64, an IPv4 written as IPv6 is the IPv4."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    if ip.ipv4_mapped:
        return str(ip.ipv4_mapped)
    return str(ipaddress.ip_network((ip, 64), strict=False).network_address)


def desk_digest(desk: str) -> str:
    return digest("desk", desk) if desk else ""


def _row(mark: Mark) -> Knock | None:
    return Knock.objects.filter(scope=mark.scope, digest=mark.digest).first()


def _forget_some(now: datetime) -> None:
    over = Knock.objects.count() - ROWS_MAX
    if over > 0:
        loose = Knock.objects.exclude(until__gt=now).exclude(scope="told").order_by("at", "id")
        Knock.objects.filter(id__in=list(loose.values_list("id", flat=True)[:over])).delete()


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
