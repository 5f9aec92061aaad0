"""`jiangdun backup DIR`: this installation as it is now, into an empty folder, while it runs."""

from __future__ import annotations

import argparse
import getpass
import shutil
from dataclasses import replace
from pathlib import Path

from django.db import Error as DatabaseError

import jiangdun
from jiangdun.core import clock, ids
from jiangdun.core.trouble import Trouble

from . import django_up, passphrase, saying
from .keeping import copying, database, manifest, sealing
from .keeping.copying import Copying
from .keeping.manifest import Manifest
from .keeping.progress import Progress


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR", help="new or empty")
    parser.add_argument("--without-archive", action="store_true", help="leave past positions out")
    parser.add_argument("--raw", action="store_true", help="take the raw bytes of every device as well")
    parser.add_argument("--without-keys", action="store_true", help="leave keys and certificates out")
    passphrase.arguments(parser)


def run(options: argparse.Namespace) -> int:
    django_up.ready()
    secret = None
    if not options.without_keys:
        secret = passphrase.ask(options, "备份口令 / a passphrase for the backup's keys", new=True)
    try:
        done, digest = make(options.folder.resolve(), secret, not options.without_archive, options.raw)
    except Trouble as found:
        saying.trouble(found)
        return 1
    except DatabaseError as error:  # not reachable, or no database at all
        saying.trouble(Trouble("backup_source", value=str(error).strip()))
        return 1
    except OSError as error:  # a full disk, a stick pulled out
        saying.trouble(Trouble("backup_disk", value=str(error)))
        return 1
    _say(options.folder, done, digest)
    return 0


def make(folder: Path, secret: bytes | None, archive: bool, raw: bool) -> tuple[Manifest, str]:
    """The backup, and the fact of it; its manifest and the manifest's hash. Raises Trouble, OSError.

    What was broken off has no manifest, and no restore takes it.
    """
    from . import settings

    home = settings.HOME
    _empty(folder)
    size = copying.size(home, archive, raw)
    if shutil.disk_usage(folder).free < size:
        raise Trouble("backup_room", value=str(folder), need_mb=size // 1_000_000)
    progress = Progress("备份 backup", size)
    work = Copying(home, folder, progress.add)
    keys = sealing.found(home)
    told = _begin(work)
    name = database.FILES[told.database]
    database.dump(progress.at, settings.DATABASES["default"], folder / name)
    work.add(name, manifest.digest(folder / name, progress.add))
    work.take_positions(archive)
    work.take_all(copying.vault(home))
    if raw:
        work.take_all(copying.raw(home))
    told = replace(told, archive=archive, raw=raw, files=tuple(work.files))
    if secret is not None:
        if (
            sealing.found(home) != keys
        ):  # another master key meanwhile: the database may still need the former
            raise Trouble("backup_keys_changed")
        told = replace(told, keys="sealed")
        work.put(manifest.SEALED_KEYS, sealing.seal(keys, secret, told.bound))
        told = replace(told, files=tuple(work.files))
    digest = manifest.write(folder, told)
    progress.end()
    _note(told, digest)
    return told, digest


def _empty(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if any(folder.iterdir()):
        raise Trouble("backup_not_empty", value=str(folder))


def _begin(work: Copying) -> Manifest:
    """Anchors as they are before the database is read; the journal's ended by its newest seal."""
    from django.db import connection
    from django.db.migrations.recorder import MigrationRecorder

    from jiangdun.core import anchors, journal

    applied = sorted(".".join(one) for one in MigrationRecorder(connection).applied_migrations())
    if not applied:
        raise Trouble("backup_source", value=str(connection.settings_dict["NAME"]))
    tip = journal.tip()
    kept = anchors.read(journal.anchor_file())
    lines = [*kept, tip] if tip is not None and tip not in kept else kept
    now = clock.now()
    work.put("anchor/journal.jsonl", b"".join(anchors.line(one, now) for one in lines))
    work.take_anchors(but=journal.anchor_file())
    return Manifest(
        id=str(ids.new_id()),
        product=jiangdun.__version__,
        made_at=now.isoformat(timespec="seconds"),
        database=connection.vendor,
        head=tip.number if tip else 0,
        head_hash=tip.hash if tip else "",
        migrations=tuple(applied),
        keys="left_out",
        archive=True,
        raw=False,
        files=(),
    )


def _note(done: Manifest, digest: str) -> None:
    from jiangdun.core import actions
    from jiangdun.core.journal import By

    by = By(system=f"command line, {getpass.getuser()}"[:64])
    actions.note_backup(
        done.id, digest, len(done.files), done.size, done.head, done.keys, by=by, now=clock.now()
    )


def _say(folder: Path, done: Manifest, digest: str) -> None:
    print(f"✔ {folder}: {len(done.files)} files, {done.size / 1e6:,.1f} MB, journal up to {done.head}")
    print(f"  manifest SHA-256 {digest}")
    if done.keys == "left_out":
        print("! 密钥未备份：恢复后须重新签发证书，以密钥加密的内容不可读")
        print(
            "! keys were left out: after a restore certificates are made anew, and what they encrypt stays closed"
        )
    if not done.archive:
        print("! 历史位置未备份 / past positions were left out")
    if not done.raw:
        print("  设备原始字节未备份（--raw）/ raw bytes of devices were left out (--raw takes them)")
