"""The door: guessing is hopeless, and a stranger silences nobody."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from jiangdun.core import accounts, door, journal
from jiangdun.core.journal import By
from jiangdun.core.models import FactRow, Knock, KnownPlace
from jiangdun.core.trouble import LockedOut, WrongCredentials

GOOD = "three boats at dawn"
BY = By(system="test")
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
STATION, ELSEWHERE = "10.0.0.7", "203.0.113.9"
DESK, OTHER_DESK = "the token of chen's desk", "the token of another desk"


@pytest.fixture
def chen(now: datetime, db: None) -> accounts.Account:
    return accounts.create("chen", GOOD, name_zh="陈", by=BY, now=now)


@pytest.fixture
def wang(now: datetime, db: None) -> accounts.Account:
    return accounts.create("wang", GOOD, name_zh="王", by=BY, now=now)


def enter(username: str, now: datetime, address: str = STATION, desk: str = "") -> accounts.Account:
    return accounts.sign_in(username, GOOD, address, now, desk=desk)


def guess(username: str, now: datetime, address: str = STATION, desk: str = "") -> str:
    try:
        accounts.sign_in(username, "wrong password", address, now, desk=desk)
    except LockedOut:
        return "locked"
    except WrongCredentials:
        return "wrong"
    raise AssertionError("a wrong password opened")


def locks(now: datetime) -> list[str]:
    journal.seal(now)
    return [f.body["scope"] for f in journal.after(0) if f.kind == "core.AccountLocked"]


def test_whoever_knows_the_name_locks_out_strangers_and_not_the_desk(
    chen: accounts.Account, now: datetime
) -> None:
    enter("chen", now, desk=DESK)
    for n in range(50):
        guess("chen", now, address=f"203.0.113.{n}")
    assert accounts.locked_until("chen", "198.51.100.1", now) is not None
    assert enter("chen", now, desk=DESK) == chen, "at the desk, wherever the desk is today"
    assert enter("chen", now, address="198.51.100.1", desk=DESK) == chen
    assert enter("chen", now) == chen, "at the station, on a machine that is new"
    assert locks(now) == ["account"]


def test_whoever_guesses_from_the_station_locks_out_none_who_work_there(
    chen: accounts.Account, wang: accounts.Account, now: datetime
) -> None:
    enter("chen", now, desk=DESK)
    enter("wang", now, desk=OTHER_DESK)
    for n in range(200):
        guess(f"name{n % 40}", now)
    assert accounts.locked_until("name99", STATION, now), "of strangers there it has had enough"
    assert enter("chen", now, desk=DESK) == chen
    assert enter("wang", now) == wang, "with a fresh browser at the known address"


def test_a_colleague_at_the_same_address_silences_no_desk(chen: accounts.Account, now: datetime) -> None:
    enter("chen", now, desk=DESK)
    assert [guess("chen", now) for _ in range(7)] == ["wrong"] * 5 + ["locked"] * 2
    assert enter("chen", now, desk=DESK) == chen
    assert locks(now) == ["pair"]


def test_five_wrong_passwords_at_ones_own_desk_lock_that_desk_for_a_quarter_of_an_hour(
    chen: accounts.Account, now: datetime
) -> None:
    enter("chen", now, desk=DESK)
    assert [guess("chen", now, desk=DESK) for _ in range(6)] == ["wrong"] * 5 + ["locked"]
    with pytest.raises(LockedOut) as locked:
        enter("chen", now + 14 * MINUTE, desk=DESK)
    assert locked.value.values["until"] == now + 15 * MINUTE
    assert enter("chen", now + 15 * MINUTE, desk=DESK) == chen
    assert locks(now) == ["desk"]


def test_anothers_desk_is_no_way_around_the_count(
    chen: accounts.Account, wang: accounts.Account, now: datetime
) -> None:
    """Wang may make new desks by signing in; each lets him guess at chen no more than before."""
    enter("chen", now, address=ELSEWHERE)
    outcomes = []
    for n in range(4):
        enter("wang", now, desk=f"desk {n}")
        outcomes += [guess("chen", now, desk=f"desk {n}") for _ in range(3)]
    assert outcomes == ["wrong"] * 5 + ["locked"] * 7


def test_a_token_nobody_gave_out_is_worth_nothing(chen: accounts.Account, now: datetime) -> None:
    enter("chen", now, desk=DESK)
    for n in range(6):
        guess("chen", now, address=ELSEWHERE, desk=f"made up {n}")
    assert accounts.locked_until("chen", ELSEWHERE, now, "made up 9")


def test_a_desk_is_forgotten_when_unused_or_when_somebody_else_sets_the_password(
    chen: accounts.Account, now: datetime
) -> None:
    enter("chen", now, desk=DESK)
    assert door.place("chen", chen.id, ELSEWHERE, DESK, now + 89 * DAY).known
    assert not door.place("chen", chen.id, ELSEWHERE, DESK, now + 91 * DAY).known
    accounts.set_password(chen.id, "another dawn, more boats", by=BY, now=now, temporary=True)
    assert not door.place("chen", chen.id, ELSEWHERE, DESK, now).known


def test_an_account_is_known_at_so_many_desks_and_the_oldest_is_forgotten(
    chen: accounts.Account, now: datetime
) -> None:
    for n in range(door.PLACES_MAX + 5):
        enter("chen", now + n * SECOND, address=f"10.0.1.{n}", desk=f"desk {n}")
    assert KnownPlace.objects.filter(scope="desk").count() == door.PLACES_MAX
    assert KnownPlace.objects.filter(scope="address").count() == door.PLACES_MAX
    later = now + MINUTE
    assert door.place("chen", chen.id, ELSEWHERE, "desk 24", later).known
    assert not door.place("chen", chen.id, ELSEWHERE, "desk 0", later).known


def test_signing_in_somewhere_new_is_told_but_not_the_first_time(
    chen: accounts.Account, now: datetime
) -> None:
    def new() -> int:
        return FactRow.objects.filter(kind="core.SignedInFromNewPlace").count()

    enter("chen", now, desk=DESK)
    enter("chen", now, address=ELSEWHERE, desk=DESK)
    enter("chen", now, desk=OTHER_DESK)
    assert new() == 0
    enter("chen", now, address="198.51.100.1", desk="a third desk")
    assert new() == 1


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::5", "2001:db8:1:2:ffff::1", True),
        ("2001:db8:1:2::5", "2001:db8:1:3::5", False),
        ("::ffff:10.0.0.7", "10.0.0.7", True),
        ("fe80::1%eth0", "fe80::2", True),
        ("10.0.0.7", "10.0.0.8", False),
    ],
)
def test_an_ipv6_site_is_one_address(one: str, other: str, same: bool) -> None:
    assert (door.network_of(one) == door.network_of(other)) is same


def storm(now: datetime, count: int, shape: str) -> tuple[int, dict[str, int]]:
    """`count` wrong passwords within ten minutes; (passwords hashed, outcomes)."""
    outcomes: dict[str, int] = {}
    hashed = 0
    check = accounts.check

    def counted(username: str, password: str) -> Any:
        nonlocal hashed
        hashed += 1
        return check(username, password)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accounts, "check", counted)
        for n in range(count):
            username, address = {
                "one name from the station": ("chen", STATION),
                "one name from everywhere": ("chen", f"203.0.{n >> 8}.{n & 255}"),
                "many names from the station": (f"name{n}", STATION),
                "many names from everywhere": (f"name{n}", f"203.0.{n >> 8}.{n & 255}"),
            }[shape]
            outcome = guess(username, now + n * timedelta(milliseconds=60), address)
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
    return hashed, outcomes


@pytest.mark.parametrize(
    ("shape", "count", "hashed_most"),
    [
        ("one name from everywhere", 10_000, 5),
        ("one name from the station", 1_000, 5),
        ("many names from the station", 1_000, 50),
    ],
)
def test_ten_thousand_wrong_passwords_cost_little_and_the_desk_signs_in(
    chen: accounts.Account, now: datetime, shape: str, count: int, hashed_most: int
) -> None:
    enter("chen", now, desk=DESK)
    facts = FactRow.objects.count()
    hashed, outcomes = storm(now, count, shape)
    assert hashed == hashed_most
    assert outcomes == {"wrong": hashed_most, "locked": count - hashed_most}
    assert Knock.objects.count() <= hashed_most + 3
    assert FactRow.objects.count() - facts <= hashed_most + 1 + 10, "five tries, the lock, a line a minute"
    assert enter("chen", now + 9 * MINUTE, desk=DESK) == chen
    assert enter(
        "chen", now + 9 * MINUTE, desk=OTHER_DESK, address="10.0.0.8" if "station" in shape else STATION
    )


def test_a_storm_of_names_from_everywhere_leaves_bounded_traces(
    chen: accounts.Account, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing can be locked; each costs its hash. Rows and facts stay bounded all the same."""
    monkeypatch.setattr(door, "ROWS_MAX", 400)
    enter("chen", now, desk=DESK)
    facts = FactRow.objects.count()
    hashed, _ = storm(now, 1_000, "many names from everywhere")
    assert hashed == 1_000
    assert Knock.objects.count() <= 401
    assert FactRow.objects.count() - facts <= 2 * (door.STRANGERS_TOLD + 1), "one minute"
    journal.seal(now)
    told = [f for f in journal.after(0) if f.kind == "core.SignInRefused"]
    counted = sum(f.body["count"] for f in journal.after(0) if f.kind == "core.SignInsRefused")
    unsaid = Knock.objects.get(scope="told").unsaid
    assert len(told) + counted + unsaid == 1_000, "none is lost"
    assert enter("chen", now + 3 * MINUTE, desk=DESK) == chen
