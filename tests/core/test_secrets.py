"""Sealed values: opened by whoever holds the key file, as what they were sealed for, and by nobody else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from core.facts_of_tests import BY
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jiangdun.core import journal, secrets
from jiangdun.core.trouble import Trouble


@pytest.fixture
def shelf() -> Iterator[dict[str, str]]:
    """A table of sealed values: what they are about → sealed."""
    held: dict[str, str] = {}

    def again(once_more: secrets.Again) -> int:
        changed = {about: once_more(sealed, about) for about, sealed in held.items()}
        count = sum(changed[about] != held[about] for about in held)
        held.update(changed)
        return count

    secrets.holder("shelf")(again)
    yield held
    del secrets._holders["shelf"]


@given(value=st.binary(max_size=200), about=st.text(max_size=20))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_was_sealed_opens_again(home: Path, value: bytes, about: str) -> None:
    sealed = secrets.seal(value, about=about)
    assert secrets.unseal(sealed, about=about) == value
    assert secrets.seal(value, about=about) != sealed, "the same value never looks the same"


def test_it_opens_only_as_what_it_was_sealed_for(home: Path) -> None:
    sealed = secrets.seal(b"1", about="totp:a")
    with pytest.raises(Trouble, match="sealed_damaged"):
        secrets.unseal(sealed, about="totp:b")


@given(place=st.integers(9, 60), sign=st.sampled_from("abcXYZ012-_=é"))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_one_changed_sign_and_it_does_not_open(home: Path, place: int, sign: str) -> None:
    sealed = secrets.seal(b"a value of some length, so that there is a place", about="x")
    changed = sealed[:place] + sign + sealed[place + 1 :]
    if changed != sealed:
        with pytest.raises(Trouble, match="sealed_damaged"):
            secrets.unseal(changed, about="x")


def test_the_key_lies_in_a_file_of_its_own_that_only_its_owner_reads(home: Path) -> None:
    secrets.seal(b"1", about="x")
    assert secrets.key_file().stat().st_mode & 0o777 == 0o600
    assert [path.name for path in home.iterdir()] == ["master.key"], "no draft is left"
    secrets.key_file().chmod(0o644)
    with pytest.raises(Trouble, match="key_file_open"):
        secrets.seal(b"1", about="x")


def test_without_the_key_file_nothing_opens(home: Path) -> None:
    sealed = secrets.seal(b"1", about="x")
    kept = secrets.key_file().read_text()
    secrets.key_file().unlink()
    with pytest.raises(secrets.KeyMissing):
        secrets.unseal(sealed, about="x")
    secrets.key_file().write_text(kept)
    assert secrets.unseal(sealed, about="x") == b"1"


def test_a_digest_is_the_same_here_and_another_elsewhere(home: Path) -> None:
    here = secrets.digest("phone", "13812345678")
    assert secrets.digest("phone", "13812345678") == here
    assert secrets.digest("id", "13812345678") != here
    secrets.key_file().unlink()
    assert secrets.digest("phone", "13812345678") != here


@pytest.mark.django_db
def test_after_a_rotation_everything_opens_and_the_old_key_is_gone(
    home: Path, shelf: dict[str, str], now: datetime
) -> None:
    for n in range(5):
        shelf[f"n:{n}"] = secrets.seal(str(n).encode(), about=f"n:{n}")
    before, digest, old = dict(shelf), secrets.digest("phone", "1"), secrets.ring().current
    assert secrets.rotate(by=BY, now=now) == 5
    assert [secrets.unseal(shelf[f"n:{n}"], about=f"n:{n}") for n in range(5)] == [
        b"0",
        b"1",
        b"2",
        b"3",
        b"4",
    ]
    assert secrets.digest("phone", "1") == digest, "who was found before is found still"
    with pytest.raises(secrets.KeyMissing):
        secrets.unseal(before["n:0"], about="n:0")
    assert list(json.loads(secrets.key_file().read_text())["keys"]) == [secrets.ring().current] != [old]
    journal.seal(now)
    fact = journal.after(0)[-1]
    assert (fact.kind, fact.body["old"], fact.body["resealed"]) == ("core.MasterKeyRotated", old, 5)


@pytest.mark.django_db
def test_a_rotation_that_broke_off_loses_nothing_and_is_ended_by_another(
    home: Path, shelf: dict[str, str], now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf["n:0"] = secrets.seal(b"0", about="n:0")
    with monkeypatch.context() as patch:
        patch.setattr(secrets, "_seal_all_again", lambda: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            secrets.rotate(by=BY, now=now)
    assert secrets.unseal(shelf["n:0"], about="n:0") == b"0"
    assert secrets.rotate(by=BY, now=now) == 1
    assert secrets.unseal(shelf["n:0"], about="n:0") == b"0"
    assert len(secrets.ring().keys) == 1


@pytest.mark.django_db
def test_rotate_by_command(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from jiangdun.hall.cli import main

    old = secrets.ring().current
    assert main(["keys", "rotate"]) == 0
    assert secrets.ring().current in capsys.readouterr().out
    assert secrets.ring().current != old
