"""One-time codes, recovery codes and keys: each good once, and none read from the database."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plugins.authenticator import Authenticator

from jiangdun.core import accounts, clock, factors, journal, passkeys, secrets
from jiangdun.core.journal import By
from jiangdun.core.models import FactRow, PassKey, RecoveryCode, Totp
from jiangdun.core.trouble import AlreadyThere, BadInput, NotFound, OverLimit, Trouble, WrongState

BY = By(system="test")
STEP = timedelta(seconds=30)
SITE = passkeys.Site("localhost", "http://localhost:8600")
pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def zhou(now: datetime, db: None) -> accounts.Account:
    return accounts.create("zhou", "three boats at dawn", name_zh="周", by=BY, now=now)


def with_totp(account: accounts.Account, now: datetime) -> tuple[pyotp.TOTP, tuple[str, ...]]:
    begun = factors.begin_totp(account.id, now)
    phone = pyotp.TOTP(begun.secret)
    return phone, factors.confirm_totp(account.id, phone.at(now), by=BY, now=now)


def kinds() -> list[str]:
    return list(FactRow.objects.order_by("id").values_list("kind", flat=True))


def test_a_secret_counts_once_the_first_code_was_right(zhou: accounts.Account, now: datetime) -> None:
    phone = pyotp.TOTP(factors.begin_totp(zhou.id, now).secret)
    assert factors.factors(zhou.id).ways == ()
    assert not factors.use_code(zhou.id, phone.at(now), now)
    with pytest.raises(WrongState):
        factors.confirm_totp(zhou.id, "000000" if phone.at(now) != "000000" else "111111", by=BY, now=now)
    codes = factors.confirm_totp(zhou.id, phone.at(now), by=BY, now=now)
    assert len(set(codes)) == 10
    assert factors.factors(zhou.id) == factors.Factors(True, 0, 10)
    with pytest.raises(WrongState):
        factors.begin_totp(zhou.id, now)
    assert kinds()[-2:] == ["core.SecondFactorAdded", "core.RecoveryCodesDrawn"]


def test_no_code_is_taken_twice_nor_one_before_it(zhou: accounts.Account, now: datetime) -> None:
    phone, _ = with_totp(zhou, now)
    assert not factors.use_code(zhou.id, phone.at(now), now), "it confirmed the secret"
    later = now + 4 * STEP
    assert factors.use_code(zhou.id, phone.at(later), later)
    assert not factors.use_code(zhou.id, phone.at(later), later)
    assert not factors.use_code(zhou.id, phone.at(later - STEP), later)
    assert factors.use_code(zhou.id, phone.at(later + STEP), later + STEP)


@pytest.mark.parametrize(("steps", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_telephone_may_be_a_step_early_or_late(
    zhou: accounts.Account, now: datetime, steps: int, good: bool
) -> None:
    phone, _ = with_totp(zhou, now)
    later = now + 10 * STEP
    assert factors.use_code(zhou.id, phone.at(later + steps * STEP), later) is good


def test_a_demo_that_sets_its_clock_takes_the_codes_of_real_time(
    zhou: accounts.Account, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "_offset", timedelta(hours=-7))
    begun = factors.begin_totp(zhou.id, now)
    real = now + timedelta(hours=7)
    assert factors.confirm_totp(zhou.id, pyotp.TOTP(begun.secret).at(real), by=BY, now=now)


@given(code=st.text(max_size=20))
def test_whatever_is_typed_is_right_or_not_and_never_breaks(code: str) -> None:
    raw = b"12345678901234567890"
    row = Totp(account_id=None, last_step=0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(secrets, "unseal", lambda *_, **__: raw)
        step = factors._step_of(row, code, datetime(1970, 1, 1, 0, 0, 59).astimezone())
    assert step is None or code.strip().isdigit()


def test_the_codes_are_those_of_the_standard() -> None:
    """RFC 6238 appendix B, SHA-1, the last six digits."""
    row = Totp(account_id=None, last_step=0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(secrets, "unseal", lambda *_, **__: b"12345678901234567890")
        for seconds, code in ((59, "287082"), (1111111109, "081804"), (20000000000, "353130")):
            moment = datetime.fromtimestamp(seconds).astimezone()
            assert factors._step_of(row, code, moment) == seconds // 30


def test_the_secret_does_not_lie_in_the_database_and_survives_another_master_key(
    zhou: accounts.Account, now: datetime
) -> None:
    phone, codes = with_totp(zhou, now)
    kept = json.dumps([list(Totp.objects.values()), list(RecoveryCode.objects.values())], default=str)
    facts_said = json.dumps(list(FactRow.objects.values()), default=str)
    for secret in (phone.secret, *codes):
        assert secret not in kept + facts_said
        assert secret.replace("-", "") not in kept + facts_said
    secrets.rotate(by=BY, now=now)
    later = now + 4 * STEP
    assert factors.use_code(zhou.id, phone.at(later), later)


def test_a_recovery_code_opens_once_however_it_is_written(zhou: accounts.Account, now: datetime) -> None:
    _, codes = with_totp(zhou, now)
    assert factors.use_recovery(zhou.id, f" {codes[0].upper().replace('-', ' ')} ", now)
    assert not factors.use_recovery(zhou.id, codes[0], now)
    assert not factors.use_recovery(zhou.id, "", now)
    assert factors.factors(zhou.id).recovery == 9
    again = factors.draw_recovery(zhou.id, by=BY, now=now)
    assert not factors.use_recovery(zhou.id, codes[1], now)
    assert factors.use_recovery(zhou.id, again[1], now)
    journal.seal(now)
    assert [f.body["left"] for f in journal.after(0) if f.kind == "core.RecoveryCodeUsed"] == [9, 9]


def test_a_recovery_code_of_one_opens_nothing_of_another(zhou: accounts.Account, now: datetime) -> None:
    _, codes = with_totp(zhou, now)
    wu = accounts.create("wu", "three boats at dawn", name_zh="吴", by=BY, now=now)
    assert not factors.use_recovery(wu.id, codes[0], now)


def test_when_the_telephone_is_lost_everything_is_void(zhou: accounts.Account, now: datetime) -> None:
    with_totp(zhou, now)
    with_key(zhou, now)
    factors.forget_all(zhou.id, by=BY, now=now)
    assert factors.factors(zhou.id) == factors.Factors(False, 0, 0)
    assert kinds()[-3:] == ["core.SecondFactorRemoved"] * 3
    with pytest.raises(NotFound):
        factors.remove_totp(zhou.id, by=BY, now=now)


# -- keys


def with_key(account: accounts.Account, now: datetime, **given: Any) -> Authenticator:
    key, challenge = Authenticator(**given), passkeys.new_challenge()
    made = key.make(passkeys.to_register(account.id, SITE, challenge))
    passkeys.register(account.id, "蓝色密钥", json.dumps(made), challenge, SITE, by=BY, now=now)
    return key


def signs(account: accounts.Account, key: Authenticator, now: datetime, site: passkeys.Site = SITE) -> bool:
    challenge = passkeys.new_challenge()
    signed = key.sign(passkeys.to_sign(account.id, SITE, challenge))
    return passkeys.use(account.id, json.dumps(signed), challenge, site, now)


def test_a_key_signs_and_its_counter_rises(zhou: accounts.Account, now: datetime) -> None:
    key = with_key(zhou, now)
    assert factors.factors(zhou.id).ways == ("key",)
    assert signs(zhou, key, now)
    assert signs(zhou, key, now)
    assert PassKey.objects.get().sign_count == 2


def test_a_key_without_a_counter_is_a_key(zhou: accounts.Account, now: datetime) -> None:
    key = with_key(zhou, now, counts=False)
    assert signs(zhou, key, now)
    assert signs(zhou, key, now)


def test_a_copy_of_a_key_is_refused_and_told(zhou: accounts.Account, now: datetime) -> None:
    key = with_key(zhou, now)
    assert signs(zhou, key, now)
    key.count = 0
    assert not signs(zhou, key, now)
    assert kinds()[-1] == "core.KeyCopied"


def test_a_signature_is_for_one_challenge_one_site_one_account(zhou: accounts.Account, now: datetime) -> None:
    key = with_key(zhou, now)
    challenge = passkeys.new_challenge()
    signed = json.dumps(key.sign(passkeys.to_sign(zhou.id, SITE, challenge)))
    wu = accounts.create("wu", "three boats at dawn", name_zh="吴", by=BY, now=now)
    assert not passkeys.use(zhou.id, signed, passkeys.new_challenge(), SITE, now)
    assert not passkeys.use(zhou.id, signed, "", SITE, now)
    assert not passkeys.use(zhou.id, signed, challenge, passkeys.Site("elsewhere", "https://elsewhere"), now)
    assert not passkeys.use(wu.id, signed, challenge, SITE, now)
    assert passkeys.use(zhou.id, signed, challenge, SITE, now)
    assert not passkeys.use(zhou.id, signed, challenge, SITE, now), "the counter has not risen"


def test_a_page_of_another_origin_gets_no_signature_that_counts(
    zhou: accounts.Account, now: datetime
) -> None:
    key = with_key(zhou, now)
    key.origin = "http://localhost:9999"
    assert not signs(zhou, key, now)


def test_an_owner_who_was_not_verified_is_refused(zhou: accounts.Account, now: datetime) -> None:
    with pytest.raises(Trouble):
        with_key(zhou, now, verifies=False)
    key = with_key(zhou, now)
    key.verifies = False
    assert not signs(zhou, key, now)


@pytest.mark.parametrize("name", ["", " ", "x" * 41, "a\nb"])
def test_a_key_has_a_short_name(zhou: accounts.Account, now: datetime, name: str) -> None:
    challenge = passkeys.new_challenge()
    made = json.dumps(Authenticator().make(passkeys.to_register(zhou.id, SITE, challenge)))
    with pytest.raises(BadInput):
        passkeys.register(zhou.id, name, made, challenge, SITE, by=BY, now=now)


def test_a_key_is_kept_once_and_an_account_has_so_many(zhou: accounts.Account, now: datetime) -> None:
    with_key(zhou, now)
    with pytest.raises(AlreadyThere):
        with_key(zhou, now)
    for n in range(1, passkeys.KEYS_MAX):
        with_key(zhou, now, credential_id=f"key {n}".encode())
    with pytest.raises(OverLimit):
        with_key(zhou, now, credential_id=b"one too many")
    listed = passkeys.keys(zhou.id)
    passkeys.remove(zhou.id, listed[0].id, by=BY, now=now)
    with pytest.raises(NotFound):
        passkeys.remove(zhou.id, listed[0].id, by=BY, now=now)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@pytest.fixture
def keyed(zhou: accounts.Account, now: datetime) -> tuple[accounts.Account, Authenticator]:
    return zhou, with_key(zhou, now)


def test_junk_in_place_of_a_signature_opens_nothing(
    keyed: tuple[accounts.Account, Authenticator], now: datetime
) -> None:
    account, key = keyed
    challenge = passkeys.new_challenge()
    good = key.sign(passkeys.to_sign(account.id, SITE, challenge))

    @given(
        junk=JSON, where=st.sampled_from(["", "response", "signature", "authenticatorData", "clientDataJSON"])
    )
    def tried(junk: Any, where: str) -> None:
        sent: Any = {**good, "response": {**good["response"], "userHandle": "x"}}
        if where == "":
            sent = junk
        elif where == "response":
            sent["response"] = junk
        else:
            sent["response"][where] = junk
        assert not passkeys.use(account.id, json.dumps(sent), challenge, SITE, now)
        with pytest.raises(Trouble):
            passkeys.register(account.id, "k", json.dumps(sent), challenge, SITE, by=BY, now=now)

    tried()


def test_the_key_file_is_not_in_the_database(home: Path, zhou: accounts.Account, now: datetime) -> None:
    with_totp(zhou, now)
    assert (home / "master.key").stat().st_mode & 0o077 == 0
