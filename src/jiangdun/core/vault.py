"""The vault: files kept under the SHA-256 of their content, written once, never changed.

`<home>/vault/ab/cd/abcd…` holds the bytes and `abcd….sm3` beside it the SM3 of the same bytes, where this
Python can do SM3. A file appears under its name only when the disk has all of it. Files are read and
written in chunks.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from jiangdun.core import chain, ids
from jiangdun.core.trouble import NotFound, OverLimit

CHUNK = 1 << 20
FILE_MAX = 8 << 30
"""Bytes one file may have."""
_HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True)
class Stored:
    """A file in the vault: its hashes (`sm3` is None where this Python cannot do SM3) and its size in
    bytes.
    """

    sha256: str
    sm3: str | None
    size: int


@dataclass(frozen=True)
class Damage:
    """A file whose content is not what its name says (`changed`), or whose SM3 differs (`sm3`), or a stray
    (`stray`).
    """

    path: str
    what: str


def put(data: bytes | Path | BinaryIO) -> Stored:
    """Keep `data` and say under which hash. Keeping the same content again changes nothing. Raises
    OverLimit.
    """
    if isinstance(data, Path):
        with data.open("rb") as file:
            return _put(file)
    return _put(io.BytesIO(data) if isinstance(data, bytes) else data)


def open(sha256: str) -> BinaryIO:
    """The kept file, for reading. Raises NotFound, also for what is no hash."""
    try:
        return path(sha256).open("rb")
    except FileNotFoundError:
        raise NotFound(what="file", sha256=sha256) from None


def path(sha256: str) -> Path:
    """Where the file with this hash lies, or would lie. Raises NotFound for what is no hash."""
    if len(sha256) != 64 or not _HEX.issuperset(sha256):
        raise NotFound(what="file", sha256=sha256[:64])
    return _root() / sha256[:2] / sha256[2:4] / sha256


def stored(sha256: str) -> Stored:
    """What is known of a kept file. Raises NotFound."""
    place = path(sha256)
    if not place.exists():
        raise NotFound(what="file", sha256=sha256)
    beside = place.with_suffix(".sm3")
    return Stored(sha256, beside.read_text().strip() if beside.exists() else None, place.stat().st_size)


def verify() -> Iterator[Damage]:
    """Read every kept file and yield those that are damaged. What lies unfinished from a crash is no
    damage.
    """
    for place in sorted(_root().glob("??/??/*")):
        if place.suffix == ".sm3":
            if not place.with_suffix("").exists():
                yield Damage(str(place), "stray")
            continue
        with place.open("rb") as file:
            sha256, sm3, _ = _hashes(file, None)
        if sha256 != place.name:
            yield Damage(str(place), "changed")
        beside = place.with_suffix(".sm3")
        if sm3 is not None and beside.exists() and beside.read_text().strip() != sm3:
            yield Damage(str(place), "sm3")


def _root() -> Path:
    return Path(settings.HOME) / "vault"


def _put(source: BinaryIO) -> Stored:
    unfinished = _root() / "unfinished"
    unfinished.mkdir(parents=True, exist_ok=True)
    draft = unfinished / str(ids.new_id())
    try:
        with draft.open("xb") as target:
            sha256, sm3, size = _hashes(source, target)
            target.flush()
            os.fsync(target.fileno())
        place = path(sha256)
        place.parent.mkdir(parents=True, exist_ok=True)
        if sm3 is not None:
            _write_beside(place.with_suffix(".sm3"), sm3)
        if not place.exists():
            draft.chmod(0o440)
            draft.rename(place)
        _sync_folders(place.parent)
    finally:
        draft.unlink(missing_ok=True)
    return Stored(sha256, sm3, size)


def _hashes(source: BinaryIO, target: BinaryIO | None) -> tuple[str, str | None, int]:
    """Read `source` to its end, copying to `target` if there is one: (SHA-256, SM3 or None, size)."""
    sha256 = hashlib.sha256()
    sm3 = hashlib.new(chain.SM3) if chain.sm3_here() else None
    size = 0
    while chunk := source.read(CHUNK):
        size += len(chunk)
        if size > FILE_MAX and target is not None:
            raise OverLimit(limit="FILE_MAX", most=FILE_MAX)
        sha256.update(chunk)
        if sm3 is not None:
            sm3.update(chunk)
        if target is not None:
            target.write(chunk)
    return sha256.hexdigest(), sm3.hexdigest() if sm3 else None, size


def _write_beside(place: Path, sm3: str) -> None:
    draft = _root() / "unfinished" / f"{ids.new_id()}.sm3"
    with draft.open("x") as file:
        file.write(sm3 + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.rename(place)


def _sync_folders(folder: Path) -> None:
    """Make the new names last through a power cut: the folder itself and the two above it."""
    for each in (folder, folder.parent, folder.parent.parent):
        handle = os.open(each, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
