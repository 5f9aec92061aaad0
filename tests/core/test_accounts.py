"""Accounts: passwords, signing in, and how often one may knock."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from jiangdun.core import accounts, actions, door, journal, parameters, passwords
from jiangdun.core.models import Account, FactRow, Knock, KnownPlace, PastPassword
from jiangdun.core.trouble import AlreadyThere, BadInput, LockedOut, NotFound, StaleVersion, WrongCredentials

GOOD = "three boats at dawn"
BY = journal.By(system="test")
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def zhou(now: datetime, db: None) -> accounts.Account:
    return accounts.create("zhou", GOOD, name_zh="周指挥", name_en="Commander Zhou", by=BY, now=now)


def kinds(now: datetime) -> list[str]:
    journal.seal(now)
    return [f.kind for f in journal.after(0)]


def fail(now: datetime, username: str = "zhou", address: str = "10.0.0.7") -> None:
    with pytest.raises(WrongCredentials):
        accounts.sign_in(username, "wrong password", address, now)


def test_the_right_password_opens_and_is_kept_as_argon2(zhou: accounts.Account, now: datetime) -> None:
    assert accounts.sign_in("zhou", GOOD, "10.0.0.7", now) == zhou
    accounts.note_sign_out(zhou.id, now, "idle")
    assert Account.objects.get().password.startswith("argon2$")
    assert kinds(now) == ["core.AccountCreated", "core.SignedIn", "core.SignedOut"]


def test_a_wrong_name_a_wrong_password_and_an_account_switched_off_look_alike(
    zhou: accounts.Account, now: datetime
) -> None:
    fail(now, "nobody", "10.0.0.1")
    fail(now, "zhou", "10.0.0.2")
    accounts.switch(zhou.id, active=False, by=BY, now=now)
    with pytest.raises(WrongCredentials):
        accounts.sign_in("zhou", GOOD, "10.0.0.3", now)
    assert kinds(now).count("core.SignInRefused") == 3


def test_after_five_bad_tries_the_account_waits_even_with_the_right_password(
    zhou: accounts.Account, now: datetime
) -> None:
    for n in range(5):
        fail(now + n * SECOND, address=f"10.0.0.{n}")
    last = now + 4 * SECOND
    with pytest.raises(LockedOut) as locked:
        accounts.sign_in("ZHOU ", GOOD, "10.9.9.9", last + 14 * MINUTE)
    assert locked.value.values["until"] == last + 15 * MINUTE
    assert accounts.sign_in("zhou", GOOD, "10.9.9.9", last + 15 * MINUTE) == zhou
    journal.seal(now)
    (fact,) = [f for f in journal.after(0) if f.kind == "core.AccountLocked"]
    assert (fact.body["scope"], fact.body["account"]) == ("account", str(zhou.id))


def test_after_five_bad_tries_the_address_waits_whatever_name_it_gives(
    zhou: accounts.Account, now: datetime
) -> None:
    for n in range(5):
        fail(now, username=f"guess{n}")
    with pytest.raises(LockedOut):
        accounts.sign_in("zhou", GOOD, "10.0.0.7", now)
    assert accounts.sign_in("zhou", GOOD, "10.0.0.8", now) == zhou


def test_five_bad_tries_spread_over_more_than_the_window_lock_nothing(
    zhou: accounts.Account, now: datetime
) -> None:
    for n in range(5):
        fail(now + n * 4 * MINUTE)
    assert accounts.sign_in("zhou", GOOD, "10.0.0.7", now + 17 * MINUTE) == zhou


def test_a_right_password_makes_the_account_forget_bad_tries_but_not_the_address(
    zhou: accounts.Account, now: datetime
) -> None:
    parameters.set_parameter("signin.crowd_tries", 5, by=BY, now=now)
    for _ in range(4):
        fail(now)
    accounts.sign_in("zhou", GOOD, "10.0.0.7", now)
    fail(now, username="other")
    with pytest.raises(LockedOut):
        accounts.sign_in("other", GOOD, "10.0.0.7", now)
    assert accounts.sign_in("zhou", GOOD, "10.0.0.7", now) == zhou, "who is known there is not locked"


def test_of_guesses_sent_at_once_only_as_many_count_as_are_allowed(
    zhou: accounts.Account, now: datetime
) -> None:
    """All were checked before any was written down; the sixth is right, and comes too late."""
    for n in range(5):
        accounts.note_sign_in("zhou", None, f"10.0.0.{n}", now)
    known = accounts.check("zhou", GOOD)
    assert known == accounts.Known(zhou.id, zhou.version)
    assert accounts.note_sign_in("zhou", known, "10.0.0.9", now).reason == "locked"


def test_a_lock_is_not_prolonged_by_knocking_on(zhou: accounts.Account, now: datetime) -> None:
    for n in range(5):
        fail(now, address=f"10.0.0.{n}")
    for second in range(10, 14 * 60, 10):
        with pytest.raises(LockedOut):
            accounts.sign_in("zhou", "wrong again", f"10.1.1.{second % 50}", now + second * SECOND)
    assert kinds(now).count("core.SignInRefused") == 5 + 14, "the journal hears of knocking once a minute"
    assert accounts.sign_in("zhou", GOOD, "10.1.1.2", now + 15 * MINUTE) == zhou


def test_the_thresholds_are_data(zhou: accounts.Account, now: datetime) -> None:
    parameters.set_parameter("signin.tries", 2, by=BY, now=now, valid_from=now + MINUTE)
    fail(now)
    fail(now)
    assert accounts.locked_until("zhou", "10.0.0.7", now) is None
    fail(now + MINUTE, address="10.0.0.8")
    assert accounts.locked_until("zhou", "10.0.0.9", now + MINUTE) is not None


def test_no_name_address_or_password_stands_in_a_fact_or_beside_a_bad_try(
    zhou: accounts.Account, now: datetime
) -> None:
    for n in range(6):
        with pytest.raises((WrongCredentials, LockedOut)):
            accounts.sign_in("zhou", "wrong password", "203.0.113.77", now)
        with pytest.raises((WrongCredentials, LockedOut)):
            accounts.sign_in("李四", f"wrong {n}", "203.0.113.77", now)
    accounts.sign_in("zhou", GOOD, "203.0.113.78", now + 16 * MINUTE)
    written = json.dumps(
        [list(FactRow.objects.values()), list(Knock.objects.values()), list(KnownPlace.objects.values())],
        default=str,
    )
    for secret in ("203.0.113.77", "203.0.113.78", "李四", "zhou", "周", "wrong"):
        assert secret not in written.replace("\\u674e\\u56db", "李四")


def test_old_bad_tries_are_forgotten(zhou: accounts.Account, now: datetime) -> None:
    fail(now)
    fail(now + timedelta(days=3), address="10.0.0.9")
    assert Knock.objects.exclude(scope="told").count() == 2
    assert accounts.locked_until("zhou", "10.0.0.7", now + timedelta(days=3)) is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("short 9ch", "password_too_short"),
        ("password123", "password_too_common"),
        ("8172635490182", "password_entirely_numeric"),
        ("li.minghua1", "password_too_similar"),
        ("x" * 257, "password_too_long"),
    ],
)
def test_a_weak_password_is_refused_with_its_reason(now: datetime, password: str, reason: str) -> None:
    with pytest.raises(BadInput) as refused:
        accounts.create("li.minghua", password, name_zh="李", by=BY, now=now)
    assert reason in refused.value.values["reasons"]
    assert not Account.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("username", "name"), [("", "李"), ("a" * 65, "李"), ("a\nb", "李"), ("a", " "), ("a", "李" * 65)]
)
def test_a_bad_name_is_refused(now: datetime, username: str, name: str) -> None:
    with pytest.raises(BadInput):
        accounts.create(username, GOOD, name_zh=name, by=BY, now=now)


def test_a_name_is_taken_whatever_its_letters_case(zhou: accounts.Account, now: datetime) -> None:
    with pytest.raises(AlreadyThere):
        accounts.create("Zhou", GOOD, name_zh="周", by=BY, now=now)


def test_a_new_password_replaces_the_old_and_is_a_fact(zhou: accounts.Account, now: datetime) -> None:
    actions.set_password(zhou.id, "another dawn, more boats", by=BY, now=now)
    assert accounts.check("zhou", GOOD) is None
    assert accounts.check("zhou", "another dawn, more boats") == accounts.Known(zhou.id, zhou.version + 1)
    assert kinds(now)[-1] == "core.PasswordChanged"
    with pytest.raises(NotFound):
        actions.set_password(UUID(int=1), GOOD, by=BY, now=now)


def test_none_of_the_last_five_passwords_is_taken_again(zhou: accounts.Account, now: datetime) -> None:
    used = [GOOD, *(f"boats and dawn number {n}" for n in range(1, 6))]
    for n, password in enumerate(used[1:]):
        actions.set_password(zhou.id, password, by=BY, now=now + n * MINUTE)
        for former in used[max(0, n - 3) : n + 2]:
            with pytest.raises(BadInput) as refused:
                passwords.prepare(zhou.id, former, now + n * MINUTE)
            assert refused.value.values["reasons"] == ["password_used_before"]
    later = now + 10 * MINUTE
    actions.set_password(zhou.id, GOOD, by=BY, now=later)  # five others came between
    assert PastPassword.objects.count() == 5


def test_what_was_prepared_for_an_older_state_of_the_account_is_not_kept(
    zhou: accounts.Account, now: datetime
) -> None:
    prepared = passwords.prepare(zhou.id, "boats, a second dawn", now)
    accounts.switch(zhou.id, active=False, by=BY, now=now)
    with pytest.raises(StaleVersion):
        passwords.keep(prepared, by=BY, now=now)


def test_a_password_given_by_somebody_else_and_an_old_one_are_due(
    zhou: accounts.Account, now: datetime
) -> None:
    assert zhou.password_is_due(now), "an administrator drew it"
    actions.set_password(zhou.id, "boats, a second dawn", by=BY, now=now)
    own = accounts.account(zhou.id)
    assert not own.password_is_due(now + 90 * DAY)
    assert own.password_is_due(now + 91 * DAY)
    actions.set_parameter("password.max_age_days", 0, by=BY, now=now)
    assert not own.password_is_due(now + 9_999 * DAY)


@pytest.mark.django_db
@pytest.mark.parametrize("value", [0, 101, True, "5", None, 2.5])
def test_a_parameter_out_of_range_is_refused(now: datetime, value: Any) -> None:
    with pytest.raises(BadInput):
        parameters.set_parameter("signin.tries", value, by=BY, now=now)
    with pytest.raises(NotFound):
        parameters.set_parameter("signin.unknown", 5, by=BY, now=now)


@pytest.mark.django_db
def test_a_parameter_cannot_be_changed_for_the_past(now: datetime) -> None:
    with pytest.raises(BadInput):
        parameters.set_parameter("signin.tries", 3, by=BY, now=now, valid_from=now - SECOND)
    assert door.TRIES.at(now) == 5
