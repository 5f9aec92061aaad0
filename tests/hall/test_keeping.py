"""A backup read as something hostile: no name leads out, no bit changes unseen, nothing stands beside it."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jiangdun.core.trouble import Trouble
from jiangdun.hall.keeping import copying, manifest, sealing
from jiangdun.hall.keeping.manifest import File, Manifest

SECRET = b"a river bends twice"
EMPTY = Manifest(
    id="x", product="0.1.0", made_at="2026-11-25T08:00:00+00:00", database="sqlite", head=0, head_hash="",
    migrations=("core.0001_initial",), keys="left_out", archive=True, raw=False, files=(),
)  # fmt: skip


def nothing(size: int) -> None:
    """No progress is shown."""


def made(folder: Path) -> Manifest:
    """A small backup, with keys."""
    folder.mkdir(parents=True)
    home = folder.parent / "home"
    (home / "ca").mkdir(parents=True)
    (home / "secret.key").write_text("k" * 64)
    (home / "ca" / "ca.key").write_bytes(bytes(range(256)))
    work = copying.Copying(home, folder, nothing)
    work.put("anchor/journal.jsonl", b'{"number": 7}\n')
    work.put("database/jiangdun.sqlite3", os.urandom(3_000))
    work.put("vault/ab/cd/abcd.sm3", b"")
    told = replace(EMPTY, keys="sealed", files=tuple(work.files))
    work.put(manifest.SEALED_KEYS, sealing.seal(sealing.found(home), SECRET, told.bound))
    told = replace(told, files=tuple(work.files))
    manifest.write(folder, told)
    return told


@pytest.fixture(scope="module")
def backup(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keeping") / "backup"
    made(folder)
    return folder


def checked(folder: Path) -> Manifest:
    found, _ = manifest.read(folder)
    manifest.check(folder, found, nothing)
    return found


def test_a_whole_backup_is_whole(backup: Path) -> None:
    found = checked(backup)
    assert [file.path for file in found.files][-1] == manifest.SEALED_KEYS
    keys = sealing.opened((backup / manifest.SEALED_KEYS).read_bytes(), SECRET, found.bound)
    assert keys == {"secret.key": b"k" * 64, "ca/ca.key": bytes(range(256))}
    assert b"kkkk" not in (backup / manifest.SEALED_KEYS).read_bytes()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.data())
def test_a_bit_flipped_anywhere_is_found(backup: Path, data: st.DataObject) -> None:
    path = data.draw(
        st.sampled_from(sorted(p for p in backup.rglob("*") if p.is_file() and p.stat().st_size))
    )
    at = data.draw(st.integers(0, path.stat().st_size * 8 - 1))
    before = path.read_bytes()
    flipped = bytearray(before)
    flipped[at // 8] ^= 1 << at % 8
    path.write_bytes(flipped)
    try:
        with pytest.raises(Trouble) as found:
            checked(backup)
        assert found.value.code == "backup_damaged"
    finally:
        path.write_bytes(before)


def test_what_is_missing_cut_or_too_much_is_found(tmp_path: Path, backup: Path) -> None:
    def missing(folder: Path) -> None:
        (folder / "database" / "jiangdun.sqlite3").unlink()

    def cut(folder: Path) -> None:
        os.truncate(folder / "database" / "jiangdun.sqlite3", 100)

    def longer(folder: Path) -> None:
        with (folder / "vault/ab/cd/abcd.sm3").open("ab") as file:
            file.write(b"x")

    def beside(folder: Path) -> None:
        (folder / "vault" / "ab" / "more").write_bytes(b"")

    def link(folder: Path) -> None:
        path = folder / "database" / "jiangdun.sqlite3"
        shutil.move(path, tmp_path / "elsewhere")
        path.symlink_to(tmp_path / "elsewhere")

    def linked_folder(folder: Path) -> None:
        shutil.move(folder / "vault", tmp_path / "vault")
        (folder / "vault").symlink_to(tmp_path / "vault")

    def linked_manifest(folder: Path) -> None:
        shutil.move(folder / manifest.NAME, tmp_path / "manifest")
        (folder / manifest.NAME).symlink_to(tmp_path / "manifest")

    for count, harm in enumerate((missing, cut, longer, beside, link, linked_folder, linked_manifest)):
        folder = tmp_path / str(count)
        shutil.copytree(backup, folder, symlinks=True)
        checked(folder)
        harm(folder)
        with pytest.raises(Trouble) as found:
            checked(folder)
        assert found.value.code == "backup_damaged", harm.__name__


def test_what_was_broken_off_has_no_manifest(tmp_path: Path, backup: Path) -> None:
    for name in (manifest.NAME, manifest.SUM):
        shutil.copytree(backup, tmp_path / name)
        (tmp_path / name / name).unlink()
        with pytest.raises(Trouble) as found:
            checked(tmp_path / name)
        assert found.value.code == "backup_partial"


def forged(folder: Path, **changed: Any) -> None:
    """A manifest with a right sum, by somebody who can count."""
    text = json.dumps({**asdict(EMPTY), **changed}).encode()
    (folder / manifest.NAME).write_bytes(text)
    (folder / manifest.SUM).write_text(sha256(text).hexdigest() + "\n")


@pytest.mark.parametrize(
    "path",
    [
        "../evil", "vault/../../evil", "/etc/passwd", "vault//etc", "vault/./x", "vault\\..\\x", "C:/x", "vault/.ssh",
        "secret.key", "tls/server.key", "home/x", "vault", "vault/", "vault/a\0b", "vault/\u202ex",
        "vault/" + "x" * 300, "manifest.json", ".", "",
    ],
)  # fmt: skip
def test_no_name_leads_out(tmp_path: Path, path: str) -> None:
    forged(tmp_path, files=[{"path": path, "size": 0, "sha256": sha256(b"").hexdigest()}])
    with pytest.raises(Trouble) as found:
        manifest.read(tmp_path)
    assert found.value.code == "backup_damaged"


@given(st.text(max_size=60))
def test_a_safe_name_stays_below_its_folder(path: str) -> None:
    if manifest.safe(path):
        below = Path("/base", path)
        assert Path(os.path.normpath(below)) == below
        assert below.is_relative_to("/base")
        assert below.parts[2] in manifest.ROOTS or path == manifest.SEALED_KEYS


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.sampled_from(sorted(asdict(EMPTY))), _JSON)
def test_a_forged_manifest_is_read_or_refused(tmp_path: Path, field: str, value: Any) -> None:
    forged(tmp_path, **{field: value})
    try:
        found, _ = manifest.read(tmp_path)
    except Trouble:
        return
    assert all(manifest.safe(file.path) for file in found.files)


def test_a_newer_format_and_a_newer_product_are_known(tmp_path: Path) -> None:
    forged(tmp_path, format=2)
    with pytest.raises(Trouble) as found:
        manifest.read(tmp_path)
    assert found.value.code == "backup_newer"
    assert manifest.is_newer("0.2.0", "0.1.9")
    assert manifest.is_newer("0.10.0", "0.9.0")
    assert not manifest.is_newer("0.1.0", "0.1.0")


def test_the_seal_over_the_keys_holds_the_whole_backup(backup: Path) -> None:
    found, _ = manifest.read(backup)
    sealed = (backup / manifest.SEALED_KEYS).read_bytes()
    other = replace(found, files=(*found.files[:-1], File("vault/aa/bb/c", 1, "0" * 64)))
    for passphrase, bound in ((b"another one", found.bound), (SECRET, other.bound)):
        with pytest.raises(Trouble) as refused:
            sealing.opened(sealed, passphrase, bound)
        assert refused.value.code == "backup_passphrase"


@given(st.binary(max_size=200) | _JSON.map(lambda value: json.dumps(value).encode()))
def test_sealed_keys_that_are_none_are_refused(sealed: bytes) -> None:
    with pytest.raises(Trouble) as refused:
        sealing.opened(sealed, SECRET, b"")
    assert refused.value.code == "backup_damaged"


def test_a_costly_seal_is_refused_before_it_is_paid_for() -> None:
    told = json.loads(sealing.seal({}, SECRET, b""))
    with pytest.raises(Trouble) as refused:
        sealing.opened(json.dumps({**told, "n": 1 << 40}).encode(), SECRET, b"")
    assert refused.value.code == "backup_damaged"


@pytest.mark.parametrize(
    "name", ["../x.key", "/etc/x.key", "ca/../../x", "log/x", "tls/.x/y", "ca/" * 6 + "x"]
)
def test_sealed_keys_go_to_their_places_only(name: str) -> None:
    with pytest.raises(Trouble) as refused:
        sealing.opened(sealing.seal({name: b""}, SECRET, b""), SECRET, b"")
    assert refused.value.code == "backup_damaged"
