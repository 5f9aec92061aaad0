"""The home's files into a backup while they grow: what is copied belongs together whatever happens meanwhile.

The order carries it. The anchor comes before the database, which may only know more. After the database: the vault,
which then holds every file a row names; the checkpoint and the archive's list, and then log and spool, which then
reach at least as far. The log's files are opened before the checkpoint is read, so that none it needs can be forgotten
in between.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

from jiangdun.core.trouble import Trouble

from .manifest import CHUNK, File, Progress

CHECKPOINTS: Final = ("run/checkpoint.bin", "run/checkpoint.old")
ARCHIVE_LIST: Final = "archive/manifest.json"
KEPT: Final = frozenset(
    (
        "anchor",
        "archive",
        "ca",
        "jiangdun.sqlite3",
        "keys",
        "log",
        "raw",
        "secret.key",
        "spool",
        "tls",
        "vault",
    )
)
"""What of a home a backup takes (archive, raw bytes and keys where asked for)."""
NOT_KEPT: Final = frozenset(("demo.json", "jiangdun.sqlite3-shm", "jiangdun.sqlite3-wal", "past", "run"))
"""What it leaves: sockets, locks, what is told anew; of `run` it takes the checkpoints."""


class Copying:
    """From `home` into `folder`; `files` is what was copied."""

    def __init__(self, home: Path, folder: Path, progress: Progress) -> None:
        self._home, self._folder, self._progress = home, folder, progress
        self.files: list[File] = []

    def put(self, name: str, data: bytes) -> None:
        with self._target(name) as target:
            target.write(data)
        self.files.append(File(name, len(data), hashlib.sha256(data).hexdigest()))
        self._progress(len(data))

    def add(self, name: str, digest: str) -> None:
        """A file that stands in the folder already."""
        self.files.append(File(name, (self._folder / name).stat().st_size, digest))

    def take(self, name: str) -> bool:
        """A file of the home, as long as it is now; False where there is none."""
        try:
            with (self._home / name).open("rb") as source:
                self._copy(name, source)
        except FileNotFoundError:
            return False
        return True

    def take_all(self, paths: Iterable[Path]) -> None:
        for path in paths:
            self.take(path.relative_to(self._home).as_posix())

    def take_anchors(self, but: Path) -> None:
        """What is noted outside the database, but for one file that is made by itself."""
        self.take_all(
            path for path in sorted((self._home / "anchor").glob("*.jsonl")) if path.name != but.name
        )

    def take_positions(self, archive: bool) -> None:
        """Log, checkpoint, archive and spool, so that they fit together."""
        with contextlib.ExitStack() as held:
            opened: dict[str, BinaryIO] = {}
            self._hold_log(opened, held)
            for name in CHECKPOINTS:
                self.take(name)
            segments = self._archive_list(archive)
            self._hold_log(opened, held)  # the log may have begun another file, in which the checkpoint lies
            for name, source in sorted(opened.items()):
                self._copy(name, source)
        for segment in segments:
            if not self.take(f"archive/{segment}"):
                raise Trouble("backup_source", value=f"archive/{segment}")
        self.take("spool/alerts.jsonl")

    def _hold_log(self, opened: dict[str, BinaryIO], held: contextlib.ExitStack) -> None:
        for path in sorted((self._home / "log").glob("*.log")):
            name = path.relative_to(self._home).as_posix()
            if name not in opened:
                with contextlib.suppress(FileNotFoundError):  # forgotten just now: nobody needs it
                    opened[name] = held.enter_context(path.open("rb"))

    def _archive_list(self, archive: bool) -> list[str]:
        """Its copy's segments. Without the archive the last remains: it says how far the log was put away."""
        path = self._home / ARCHIVE_LIST
        if not path.exists():
            return []
        told = json.loads(path.read_text())
        if not archive:
            told["segments"] = told["segments"][-1:]
        self.put(ARCHIVE_LIST, json.dumps(told, separators=(",", ":")).encode())
        return [str(one["file"]) for one in told["segments"]]

    def _copy(self, name: str, source: BinaryIO) -> None:
        left = size = os.fstat(source.fileno()).st_size
        total = hashlib.sha256()
        with self._target(name) as target:
            while left and (chunk := source.read(min(CHUNK, left))):
                left -= len(chunk)
                total.update(chunk)
                target.write(chunk)
                self._progress(len(chunk))
        self.files.append(File(name, size - left, total.hexdigest()))

    @contextlib.contextmanager
    def _target(self, name: str) -> Iterator[BinaryIO]:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())


def vault(home: Path) -> list[Path]:
    """The vault's finished files, and the sums beside them."""
    return sorted((home / "vault").glob("??/??/*"))


def raw(home: Path) -> list[Path]:
    return sorted((home / "raw").glob("*.raw"))


def size(home: Path, archive: bool, with_raw: bool) -> int:
    """About how many bytes there are to copy."""
    folders = [
        "anchor",
        "log",
        "spool",
        "vault",
        *(["archive"] if archive else []),
        *(["raw"] if with_raw else []),
    ]
    paths = [path for folder in folders for path in (home / folder).rglob("*")]
    paths += [home / name for name in (*CHECKPOINTS, "jiangdun.sqlite3")]
    total = 0
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            total += path.stat().st_size if path.is_file() else 0
    return total
