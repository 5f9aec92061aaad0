"""The database in a backup, as of one moment: SQLite by its online backup, PostgreSQL by `pg_dump` and `pg_restore`."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from jiangdun.core.trouble import Trouble

FILES: Final = {"sqlite": "database/jiangdun.sqlite3", "postgresql": "database/jiangdun.dump"}
PAGES: Final = 2_048
"""Pages of SQLite copied between two words on progress (8 MB)."""
LOOK_S: Final = 0.5
TEXT_MAX: Final = 400

Told = Callable[[int], None]
"""Told how many bytes there are by now."""


def dump(told: Told, settings: dict[str, Any], target: Path) -> None:
    """The database as it is at one moment, beside running work. Raises Trouble."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    if "sqlite3" in settings["ENGINE"]:
        _copy_sqlite(Path(settings["NAME"]), target, told)
    else:
        words = ["--format=custom", "--no-owner", "--no-privileges", f"--file={target}", settings["NAME"]]
        _run("pg_dump", words, settings, lambda: told(target.stat().st_size))


def load(told: Told, settings: dict[str, Any], source: Path) -> None:
    """Into an empty place, whole or not at all. Raises Trouble."""
    if "sqlite3" in settings["ENGINE"]:
        target = Path(settings["NAME"])
        shutil.copyfile(source, target)
        target.chmod(0o600)
        told(target.stat().st_size)
    else:
        words = ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"]
        _run("pg_restore", [*words, f"--dbname={settings['NAME']}", str(source)], settings, lambda: told(0))


def _copy_sqlite(source: Path, target: Path, told: Told) -> None:
    if not source.exists():
        raise Trouble("backup_source", value=str(source))
    from_, to = sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=20), sqlite3.connect(target)
    try:
        page = from_.execute("PRAGMA page_size").fetchone()[0]
        # Within one reading transaction every page is of the same moment, and writers go on beside it (WAL).
        # Without it each change of theirs would begin the copy anew.
        from_.execute("BEGIN")
        from_.execute("SELECT count(*) FROM sqlite_master").fetchone()
        from_.backup(to, pages=PAGES, progress=lambda _, left, total: told((total - left) * page))
        to.execute("PRAGMA journal_mode=DELETE").fetchone()  # one file, nothing beside it
        found = to.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise Trouble("backup_source", value=str(found)[:TEXT_MAX])
    except sqlite3.Error as error:
        raise Trouble("backup_source", value=str(error)[:TEXT_MAX]) from None
    finally:
        to.close()
        from_.close()
    with target.open("rb") as file:
        os.fsync(file.fileno())


def tool(name: str) -> str:
    """Where a program of PostgreSQL lies. Raises Trouble that says what to install."""
    found = shutil.which(name)
    if found is None:
        raise Trouble("backup_tool", value=name)
    return found


def _run(name: str, words: list[str], settings: dict[str, Any], look: Callable[[], None]) -> None:
    """One of PostgreSQL's programs; the password goes by its environment, which only its owner may read."""
    given = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD"}
    env = {**os.environ, **{name: str(settings[key]) for name, key in given.items() if settings.get(key)}}
    process = subprocess.Popen(
        [tool(name), "--no-password", *words], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        while True:
            try:
                _, said = process.communicate(timeout=LOOK_S)
                break
            except subprocess.TimeoutExpired:
                look()
    except BaseException:
        process.kill()
        process.wait()
        raise
    if process.returncode:
        text = said.decode(errors="replace").strip()
        raise Trouble("backup_tool_failed", value=name, text=text[-TEXT_MAX:])
