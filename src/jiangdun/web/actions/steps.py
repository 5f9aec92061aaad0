"""A sign-in in two steps: the password, then a one-time code, a key, or a recovery code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from django.db import transaction
from django.db.models import F

from jiangdun.alliance import queries
from jiangdun.core import accounts, emergency, factors, ids, networks, passkeys
from jiangdun.core.journal import By
from jiangdun.web.models import Session, Step
from jiangdun.web.sessions import key_of, networks_of
from jiangdun.web.steps import STEPS_MAX, TRIES, WAITS, Half, challenge_of

from .sessions import ADDRESS_CHARS_MAX, TOKEN_BYTES, open_session, prove_session

Way = Literal["totp", "key", "recovery"]


@dataclass(frozen=True)
class Shown:
    """What somebody shows as the second factor: the way, and the code or the key's answer (JSON text)."""

    way: Way
    text: str
    site: passkeys.Site | None = None


@transaction.atomic
def sign_in(
    username: str,
    known: accounts.Known | None,
    address: str,
    *,
    desk: str = "",
    new_desk: str = "",
    replaces: str | None,
    now: datetime,
) -> tuple[accounts.SignIn, str, bool]:
    """Decide a try to sign in (`known` from `accounts.check`) and, where it went well, open a session, or begin the
    second step where the account has a second factor.

    Returns the decision, the new token, which nobody but the caller ever sees ("" where there is none), and
    whether it is that of a second step.
    """
    decided = accounts.note_sign_in(username, known, address, now, desk, more=True)
    account = decided.account
    if account is None:
        return decided, "", False
    return let_in(account, address, desk=desk, new_desk=new_desk, replaces=replaces, now=now)


@transaction.atomic
def let_in(
    account: accounts.Account, address: str, *, desk: str, new_desk: str, replaces: str | None, now: datetime
) -> tuple[accounts.SignIn, str, bool]:
    """The first step went well, by a password or elsewhere: open the session, or begin the second step.

    Answers as `sign_in` does; `place` where somebody with these roles does not work from there.
    """
    if not _right_place(account, address, now):
        accounts.note_wrong(account.id, address, now, desk, "place")
        return accounts.SignIn(None, "place"), "", False
    if account.kind == accounts.PERSON and factors.factors(account.id).ways:
        return accounts.SignIn(account), begin_step(account, address, now=now), True
    until = emergency.sealed(account.id).open_until if account.kind == accounts.EMERGENCY else None
    account = accounts.complete(account.id, address, now, desk, new_desk)
    token = open_session(account, address, replaces=replaces, now=now, until=until)
    return accounts.SignIn(account), token, False


def _right_place(account: accounts.Account, address: str, now: datetime) -> bool:
    return networks.within(address, networks_of(queries.asker(account.id, now), now))


@transaction.atomic
def begin_step(account: accounts.Account, address: str, *, now: datetime) -> str:
    """The password was right: wait for the second factor. Returns the token with which to go on."""
    Step.objects.filter(opened_at__lte=now - WAITS).delete()
    own = Step.objects.filter(account_id=account.id).order_by("-opened_at")
    Step.objects.filter(pk__in=list(own.values_list("pk", flat=True)[STEPS_MAX - 1 :])).delete()
    token = ids.new_secret(TOKEN_BYTES)
    Step.objects.create(
        id=key_of(token),
        account_id=account.id,
        account_version=account.version,
        opened_at=now,
        address=address[:ADDRESS_CHARS_MAX],
    )
    return token


def ask_step(step_id: str, challenge: str) -> None:
    """A key is asked to sign this."""
    Step.objects.filter(pk=step_id).update(challenge=challenge)


def ask_session(session_id: str, challenge: str, *, now: datetime) -> None:
    """A key of whoever sits there is asked to sign this."""
    Session.objects.filter(pk=session_id).update(challenge=challenge, challenge_at=now)


@transaction.atomic
def take_step(
    half: Half,
    shown: Shown,
    address: str,
    *,
    desk: str,
    new_desk: str,
    replaces: str | None,
    now: datetime,
) -> tuple[accounts.SignIn, str]:
    """Judge the second factor and, where it holds, open the session; the decision and the token, "" where not.

    `gone` where the step is over, the account is another since the password, or somebody goes on from elsewhere.
    Wrong ones are counted at the door like wrong passwords. Does not raise: what it writes must be kept.
    """
    account = accounts.account(half.account.id)
    until = accounts.standing(account.username, address, now, desk).until
    if until is not None:
        return accounts.SignIn(None, "locked", until), ""
    step = Step.objects.filter(pk=half.step_id, tries__lt=TRIES).first()
    if step is None or not account.active or not _goes_on(step, account, address):
        return accounts.SignIn(None, "gone"), ""
    Step.objects.filter(pk=half.step_id).update(tries=F("tries") + 1, challenge="")
    if not shows(account.id, shown, step.challenge, now):
        accounts.note_wrong(account.id, address, now, desk, "second")
        return accounts.SignIn(None, "credentials"), ""
    Step.objects.filter(pk=half.step_id).delete()
    account = accounts.complete(account.id, address, now, desk, new_desk)
    return accounts.SignIn(account), open_session(account, address, replaces=replaces, now=now)


def _goes_on(step: Step, account: accounts.Account, address: str) -> bool:
    return (step.account_version, step.address) == (account.version, address[:ADDRESS_CHARS_MAX])


@transaction.atomic
def prove_by_factor(
    session_id: str, account: accounts.Account, shown: Shown, address: str, *, desk: str, now: datetime
) -> accounts.SignIn:
    """Whoever sits there shows the second factor again; a wrong one is counted at the door.

    The lock is looked at here, in the order of writing. Does not raise: what it writes must be kept.
    """
    until = accounts.standing(account.username, address, now, desk).until
    if until is not None:
        return accounts.SignIn(None, "locked", until)
    challenge = challenge_of(session_id, now)
    Session.objects.filter(pk=session_id).update(challenge="", challenge_at=None)
    if not shows(account.id, shown, challenge, now):
        accounts.note_wrong(account.id, address, now, desk, "second")
        return accounts.SignIn(None, "second")
    prove_session(session_id, now=now)
    return accounts.SignIn(account)


@transaction.atomic
def add_key(
    session_id: str,
    account_id: UUID,
    name: str,
    credential: str,
    site: passkeys.Site,
    *,
    by: By,
    now: datetime,
) -> passkeys.Key:
    """Keep the key that answered what this session asked. Raises what `passkeys.register` raises."""
    challenge = challenge_of(session_id, now)
    Session.objects.filter(pk=session_id).update(challenge="", challenge_at=None)
    return passkeys.register(account_id, name, credential, challenge, site, by=by, now=now)


def shows(account_id: UUID, shown: Shown, challenge: str, now: datetime) -> bool:
    """Whether this second factor holds; it is used up by that, and the journal says so."""
    if shown.way == "totp":
        good = factors.use_code(account_id, shown.text, now)
    elif shown.way == "recovery":
        good = factors.use_recovery(account_id, shown.text, now)
    else:
        site = shown.site
        good = site is not None and passkeys.use(account_id, shown.text, challenge, site, now)
    if good:
        factors.note_step(account_id, shown.way, now)
    return good
