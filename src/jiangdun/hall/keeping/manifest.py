"""What a backup holds, and whether it still does: format, versions, and every file with its size and SHA-256.

The manifest is written last, so a backup that was broken off has none. Its own hash lies beside it, so no bit of the
folder is without a sum. Names are read as hostile: none may lead out of the folder, or out of the home it goes to.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from jiangdun.core import canonical
from jiangdun.core.trouble import Trouble

FORMAT: Final = 1
NAME: Final = "manifest.json"
SUM: Final = "manifest.sha256"
SEALED_KEYS: Final = "keys.sealed"
BYTES_MAX: Final = 256 << 20
FILES_MAX: Final = 5_000_000
CHUNK: Final = 1 << 20
ROOTS: Final = frozenset(("database", "anchor", "log", "run", "archive", "raw", "spool", "vault"))
"""Folders a backup may hold; beside them lie the manifest and the sealed keys."""
_PART: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
_SHA: Final = re.compile(r"[0-9a-f]{64}")
_VERSION: Final = re.compile(r"(\d{1,6})\.(\d{1,6})\.(\d{1,6})")

Progress = Callable[[int], None]
"""Told how many bytes were worked through since it was told last."""


@dataclass(frozen=True, slots=True)
class File:
    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """`keys` is sealed or left_out; `head` and `head_hash` are of the journal's last seal in the database."""

    id: str
    product: str
    made_at: str
    database: str
    head: int
    head_hash: str
    migrations: tuple[str, ...]
    keys: str
    archive: bool
    raw: bool
    files: tuple[File, ...]
    format: int = FORMAT

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)

    @property
    def bound(self) -> bytes:
        """What the seal over the keys also vouches for: everything in the manifest but the sealed keys themselves."""
        told = asdict(self)
        told["files"] = [one for one in told["files"] if one["path"] != SEALED_KEYS]
        return hashlib.sha256(canonical.text(told).encode()).digest()


def safe(path: str) -> bool:
    """Whether a name may stand in a manifest: parts of plain characters, below a folder of ours, no way up."""
    parts = path.split("/")
    if path == SEALED_KEYS:
        return True
    return len(parts) > 1 and parts[0] in ROOTS and all(_PART.fullmatch(part) for part in parts)


def write(folder: Path, manifest: Manifest) -> str:
    """The manifest and its hash, which is returned. The disk has both."""
    text = canonical.text(asdict(manifest)).encode()
    digest = hashlib.sha256(text).hexdigest()
    for name, data in ((SUM, f"{digest}\n".encode()), (NAME, text)):
        with (folder / name).open("xb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    return digest


def read(folder: Path) -> tuple[Manifest, str]:
    """The manifest and its hash. Raises Trouble: not there (broken off), not as it was, of a newer format."""
    try:
        text = _small(folder / NAME, BYTES_MAX)
        said = _small(folder / SUM, 256)
    except FileNotFoundError:
        raise Trouble("backup_partial", value=str(folder)) from None
    digest = hashlib.sha256(text).hexdigest()
    if said != f"{digest}\n".encode():
        raise Trouble("backup_damaged", value=NAME)
    try:
        return _manifest(json.loads(text)), digest
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
        raise Trouble("backup_damaged", value=NAME) from None


def _small(path: Path, most: int) -> bytes:
    if not stat.S_ISREG(path.lstat().st_mode) or path.lstat().st_size > most:
        raise Trouble("backup_damaged", value=path.name)
    return path.read_bytes()


def _manifest(told: dict[str, Any]) -> Manifest:
    if told["format"] != FORMAT:
        raise Trouble("backup_newer", value=f"format {int(told['format'])}")
    files = tuple(File(str(one["path"]), int(one["size"]), str(one["sha256"])) for one in told["files"])
    found = Manifest(
        id=str(told["id"]),
        product=str(told["product"]),
        made_at=str(told["made_at"]),
        database=str(told["database"]),
        head=int(told["head"]),
        head_hash=str(told["head_hash"]),
        migrations=tuple(str(one) for one in told["migrations"]),
        keys=str(told["keys"]),
        archive=bool(told["archive"]),
        raw=bool(told["raw"]),
        files=files,
    )
    for file in files:
        if not safe(file.path) or file.size < 0 or not _SHA.fullmatch(file.sha256):
            raise Trouble("backup_damaged", value=file.path[:200])
    paths = {file.path for file in files}
    if len(paths) != len(files) or len(files) > FILES_MAX or found.database not in ("sqlite", "postgresql"):
        raise Trouble("backup_damaged", value=NAME)
    if (found.keys == "sealed") != (SEALED_KEYS in paths) or not _VERSION.fullmatch(found.product):
        raise Trouble("backup_damaged", value=NAME)
    return found


def check(folder: Path, manifest: Manifest, progress: Progress) -> None:
    """Read every file. Raises Trouble naming the first that is missing, changed, not a file, or not in the manifest."""
    expected = {file.path for file in manifest.files}
    for path in _all(folder):
        name = path.relative_to(folder).as_posix()
        if name not in expected and name not in (NAME, SUM):
            raise Trouble("backup_damaged", value=name[:200])
    for file in manifest.files:
        path = folder / file.path
        try:
            about = path.lstat()
        except OSError:
            raise Trouble("backup_damaged", value=file.path) from None
        if not stat.S_ISREG(about.st_mode) or about.st_size != file.size:
            raise Trouble("backup_damaged", value=file.path)
        if digest(path, progress) != file.sha256:
            raise Trouble("backup_damaged", value=file.path)


def _all(folder: Path) -> Iterator[Path]:
    """Everything below that is not a plain folder; a link to a folder is not followed but found."""
    for entry in sorted(os.scandir(folder), key=lambda one: one.name):
        if entry.is_dir(follow_symlinks=False):
            yield from _all(Path(entry.path))
        else:
            yield Path(entry.path)


def digest(path: Path, progress: Progress) -> str:
    """SHA-256 of a file."""
    total = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            total.update(chunk)
            progress(len(chunk))
    return total.hexdigest()


def is_newer(product: str, than: str) -> bool:
    """Whether one version, of three numbers, comes after another; a suffix (`.dev1`) is passed over."""
    return _version(product) > _version(than)


def _version(text: str) -> tuple[int, ...]:
    found = _VERSION.match(text)
    assert found, f"{text!r} is no version of three numbers"
    return tuple(int(part) for part in found.groups())
