"""`jiangdun restore DIR`: a backup into an empty home, checked before, and its journal verified after."""

from __future__ import annotations

import argparse
import getpass
import os
import shutil
from pathlib import Path
from typing import Final

from django.db import Error as DatabaseError

import jiangdun
from jiangdun.core import clock
from jiangdun.core.trouble import Trouble

from . import django_up, passphrase, private, saying
from .keeping import database, manifest, sealing
from .keeping.manifest import Manifest
from .keeping.progress import Progress

OF_DJANGO: Final = frozenset(("auth", "contenttypes"))
"""Apps whose migrations come with Django."""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR", help="what `jiangdun backup` made")
    parser.add_argument("--check", action="store_true", help="check the backup, restore nothing")
    parser.add_argument(
        "--without-keys", action="store_true", help="leave sealed keys closed; new ones are drawn"
    )
    passphrase.arguments(parser)


def run(options: argparse.Namespace) -> int:
    home = Path(os.environ.get("JIANGDUN_HOME", "var")).resolve()  # the settings would write their key there
    folder = options.folder.resolve()
    try:
        found, digest = _checked(folder)
        if options.check:
            print(
                f"✔ {folder}: {len(found.files)} files, {found.size / 1e6:,.1f} MB, {found.product}, {found.made_at}"
            )
            return 0
        _may_go(found, home)
        keys = _keys(folder, found, options)
        checked = _restore(folder, found, digest, keys, home)
    except Trouble as trouble:
        saying.trouble(trouble)
        return 1
    except DatabaseError as error:  # not reachable, or no database at all
        saying.trouble(Trouble("backup_source", value=str(error).strip()))
        return 1
    except OSError as error:
        saying.trouble(Trouble("backup_disk", value=str(error)))
        return 1
    print(f"✔ {home}: {found.made_at}, {checked} facts, chain whole / 日志链完整")
    if not keys:
        print(
            "! 密钥未恢复：请重新签发证书（jiangdun cert make）/ keys were not restored: make certificates anew"
        )
    return 0


def _checked(folder: Path) -> tuple[Manifest, str]:
    found, digest = manifest.read(folder)
    progress = Progress("校验 check", found.size)
    manifest.check(folder, found, progress.add)
    progress.end()
    return found, digest


def _may_go(found: Manifest, home: Path) -> None:
    """Refuses what this program does not know, and a place that is not empty."""
    ours = {one for one in found.migrations if one.split(".")[0] not in OF_DJANGO}
    unknown = sorted(ours - set(_known_migrations()))
    if manifest.is_newer(found.product, jiangdun.__version__) or unknown:
        raise Trouble("backup_newer", value=unknown[0] if unknown else found.product)
    here = "postgresql" if os.environ.get("DATABASE_URL") else "sqlite"
    if found.database != here:
        raise Trouble("backup_other_database", value=found.database, here=here)
    if home.exists() and any(home.iterdir()):
        raise Trouble("restore_not_empty", value=str(home))
    if here == "postgresql":
        database.tool("pg_restore")


def _known_migrations() -> list[str]:
    files = Path(jiangdun.__file__).parent.glob("*/migrations/[0-9]*.py")
    return [f"{path.parent.parent.name}.{path.stem}" for path in files]


def _keys(folder: Path, found: Manifest, options: argparse.Namespace) -> dict[str, bytes]:
    if found.keys != "sealed" or options.without_keys:
        return {}
    secret = passphrase.ask(options, "备份口令 / the backup's passphrase", new=False)
    return sealing.opened((folder / manifest.SEALED_KEYS).read_bytes(), secret, found.bound)


def _restore(folder: Path, found: Manifest, digest: str, keys: dict[str, bytes], home: Path) -> int:
    """All of it, or a home as empty as before; how many facts the journal has."""
    was_there = home.exists()
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        progress = Progress("恢复 restore", found.size)
        _put_files(folder, found, keys, home, progress)
        django_up.ready()
        _load(folder, found, progress)
        progress.end()
        return _verify_and_note(found, digest)
    except BaseException:
        _empty(home, was_there)
        raise


def _put_files(folder: Path, found: Manifest, keys: dict[str, bytes], home: Path, progress: Progress) -> None:
    for name, data in keys.items():
        private.write(home / name, data, 0o644 if name.endswith((".crt", ".html")) else 0o600)
    for file in found.files:
        if file.path == manifest.SEALED_KEYS or file.path.startswith("database/"):
            continue
        target = home / file.path
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copyfile(folder / file.path, target, follow_symlinks=False)
        target.chmod(0o440 if file.path.startswith("vault/") else 0o600)
        progress.add(file.size)


def _load(folder: Path, found: Manifest, progress: Progress) -> None:
    from django.db import connection

    from . import settings

    if "django_migrations" in connection.introspection.table_names():
        raise Trouble("restore_not_empty", value=str(settings.DATABASES["default"]["NAME"]))
    connection.close()  # SQLite has made an empty file
    for path in settings.HOME.glob("jiangdun.sqlite3*"):
        path.unlink()
    name = database.FILES[found.database]
    database.load(progress.at, settings.DATABASES["default"], folder / name)
    django_up.migrate()


def _verify_and_note(found: Manifest, digest: str) -> int:
    """The journal as it was told, with the anchor from outside the database; then the fact of it."""
    from jiangdun.core import actions, journal, ledger, vault
    from jiangdun.core.journal import By

    now = clock.now()
    while journal.seal(now):  # committed and not yet sealed when the backup was made
        pass
    verdict = journal.verify(now=now)
    if not verdict.ok or verdict.head < found.head or verdict.anchored < found.head:
        text = verdict.problems[0].text if verdict.problems else f"the journal ends at {verdict.head}"
        raise Trouble("restore_journal", text=text)
    looks = ledger.verify()
    if not looks.ok:
        raise Trouble("restore_journal", text=looks.problems[0].text)
    damaged = next(vault.verify(), None)
    if damaged is not None:
        raise Trouble("backup_damaged", value=damaged.path)
    by = By(system=f"command line, {getpass.getuser()}"[:64])
    actions.note_restore(
        found.id, digest, found.made_at, found.product, verdict.head, verdict.checked, by=by, now=now
    )
    while journal.seal(now):
        pass
    journal.anchor(now)
    if not journal.verify(now=now).ok:
        raise Trouble("restore_journal", text="after the restore was noted")
    return verdict.checked


def _empty(home: Path, was_there: bool) -> None:
    """Nothing stood here before, so nothing of anybody's goes."""
    if not was_there:
        shutil.rmtree(home, ignore_errors=True)
        return
    for path in home.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
