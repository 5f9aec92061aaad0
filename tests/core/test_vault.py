"""The vault: what went in comes out, and a flipped bit is found."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jiangdun.core import chain, vault
from jiangdun.core.trouble import NotFound, OverLimit

pytestmark = pytest.mark.usefixtures("home")


def files(home: Path) -> list[Path]:
    return sorted(path for path in (home / "vault").rglob("*") if path.is_file())


def test_a_file_lies_under_its_hash_with_sm3_beside_it(home: Path) -> None:
    stored = vault.put(b"abc")
    assert stored.sha256 == hashlib.sha256(b"abc").hexdigest()
    assert stored.size == 3
    place = home / "vault" / stored.sha256[:2] / stored.sha256[2:4] / stored.sha256
    assert place.read_bytes() == b"abc"
    assert vault.stored(stored.sha256) == stored
    if chain.sm3_here():  # the published vector of GB/T 32905
        assert stored.sm3 == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
        assert place.with_suffix(".sm3").read_text().strip() == stored.sm3


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(data=st.binary(max_size=5000))
def test_what_went_in_comes_out_by_bytes_by_file_and_by_stream(data: bytes, home: Path) -> None:
    source = home / "source.bin"
    source.write_bytes(data)
    one, two, three = vault.put(data), vault.put(source), vault.put(io.BytesIO(data))
    assert one == two == three
    with vault.open(one.sha256) as file:
        assert file.read() == data


def test_a_large_file_is_read_in_chunks(home: Path) -> None:
    class Source(io.RawIOBase):
        left, most = 5 * vault.CHUNK + 17, 0

        def read(self, size: int = -1) -> bytes:
            assert size > 0, "somebody wants the whole file at once"
            self.most = max(self.most, size)
            size = min(size, self.left)
            self.left -= size
            return b"x" * size

    source = Source()
    assert vault.put(source).size == 5 * vault.CHUNK + 17  # type: ignore[arg-type]
    assert source.most <= vault.CHUNK


def test_the_same_content_is_kept_once(home: Path) -> None:
    vault.put(b"same")
    before = files(home)
    vault.put(b"same")
    assert files(home) == before


def test_a_flipped_bit_is_found_and_only_that_file_named(home: Path) -> None:
    stored = [vault.put(f"file {n}".encode() * 50) for n in range(4)]
    assert list(vault.verify()) == []
    place = vault.path(stored[2].sha256)
    data = bytearray(place.read_bytes())
    data[100] ^= 0x10
    place.chmod(0o600)
    place.write_bytes(data)
    damaged = list(vault.verify())
    assert {damage.path for damage in damaged} == {str(place)}
    assert "changed" in {damage.what for damage in damaged}


def test_a_changed_sm3_and_one_without_its_file_are_found(home: Path) -> None:
    if not chain.sm3_here():
        pytest.skip("this Python's OpenSSL has no SM3")
    one, two = vault.put(b"one"), vault.put(b"two")
    vault.path(one.sha256).with_suffix(".sm3").write_text("0" * 64)
    vault.path(two.sha256).unlink()
    assert sorted(damage.what for damage in vault.verify()) == ["sm3", "stray"]


def test_a_file_that_breaks_off_leaves_nothing_under_a_hash(home: Path) -> None:
    class Broken(io.RawIOBase):
        reads = 0

        def read(self, size: int = -1) -> bytes:
            self.reads += 1
            if self.reads > 2:
                raise ConnectionResetError
            return b"x" * 100

    with pytest.raises(ConnectionResetError):
        vault.put(Broken())  # type: ignore[arg-type]
    assert files(home) == []


def test_a_file_over_the_limit_is_refused_and_not_kept(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vault, "FILE_MAX", 1000)
    with pytest.raises(OverLimit):
        vault.put(b"x" * 1001)
    assert files(home) == []


@pytest.mark.parametrize("name", ["", "../../secret.key", "g" * 64, "a" * 63, "A" * 64, "a" * 64])
def test_a_name_that_is_no_kept_hash_finds_nothing(home: Path, name: str) -> None:
    with pytest.raises(NotFound):
        vault.open(name)
