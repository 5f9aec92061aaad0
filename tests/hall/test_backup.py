"""Backup of a box at work, and its restore: real processes, on either database."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from jiangdun.hall.keeping import copying, database, manifest

from .boxes import Box, box, free_ports, until

pytestmark = pytest.mark.database

INCIDENTS = """
from jiangdun.response.models import Incident
print(json.dumps(sorted(str(one.id) for one in Incident.objects.all())))
"""
FACTS = """
from jiangdun.core import journal
print(json.dumps([[f.kind, f.body] for f in journal.about("installation:backup")]))
"""


@pytest.fixture(scope="module")
def secret(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("secret") / "passphrase"
    path.write_text("江水滔滔 a river bends twice\n")
    return str(path)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, secret: str) -> Iterator[tuple[Box, Path]]:
    """A box that ran the demo's river, with incidents, and a backup made meanwhile."""
    folder = tmp_path_factory.mktemp("demo")
    with box(folder, "home") as found:
        process = found.start(
            "-m", "jiangdun.hall.cli", "demo", "--home", str(found.home), "--port", "0", "--json"
        )
        reader = threading.Thread(target=process.stderr.read, daemon=True)  # type: ignore[union-attr]
        reader.start()
        try:
            assert process.stdout is not None
            url = json.loads(process.stdout.readline())["url"]
            until(lambda: found.inside(INCIDENTS))
            until(lambda: (found.home / "run" / "checkpoint.bin").exists())
            done = found.jiangdun("backup", str(folder / "backup"), "--raw", "--passphrase-file", secret)
            assert done.returncode == 0, done.stdout + done.stderr
            with urllib.request.urlopen(f"{url}/api/health", timeout=20) as answer:
                assert json.load(answer)["ok"]
        finally:
            process.terminate()
            process.wait(60)
        yield found, folder / "backup"


@pytest.fixture
def restored(demo: tuple[Box, Path], tmp_path: Path, secret: str) -> Iterator[Box]:
    with box(tmp_path, "restored") as found:
        done = found.jiangdun("restore", str(demo[1]), "--passphrase-file", secret)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "chain whole" in done.stdout
        yield found


def test_a_box_at_work_is_restored_with_its_incidents_and_its_journal(
    demo: tuple[Box, Path], restored: Box
) -> None:
    before, folder = demo
    told, digest = manifest.read(folder)
    incidents = restored.inside(INCIDENTS)
    assert incidents
    assert set(incidents) <= set(before.inside(INCIDENTS))
    verdict = json.loads(restored.jiangdun("journal", "verify", "--json").stdout)
    assert verdict["ok"], verdict
    assert verdict["head"] > told.head > 0
    assert verdict["anchored"] == verdict["head"]
    (kind, fact), *more = restored.inside(FACTS)
    assert (kind, fact["backup"], fact["manifest"], more) == ("core.BackupRestored", told.id, digest, [])
    assert fact["checked"] >= told.head
    (kind, fact), *_ = before.inside(FACTS)
    assert (kind, fact["manifest"], fact["keys"]) == ("core.BackupMade", digest, "sealed")
    assert (restored.home / "secret.key").read_text() == (before.home / "secret.key").read_text()


def test_a_restored_box_goes_on_where_the_backup_was_made(restored: Box, demo: tuple[Box, Path]) -> None:
    position = """
from pathlib import Path
from jiangdun.feeds.log import ChunkLog
from jiangdun.hall import settings
from jiangdun.hall.watching import Watching
log = ChunkLog(settings.HOME / "log", sync=False)
watching = Watching(settings.HOME, str)
again = watching.recover()
print(json.dumps([log.position, watching.position, again, log.torn]))
"""
    reached, judged, again, _ = restored.inside(position)
    assert reached == judged > 0
    assert again < reached, "the checkpoint was taken, not all of the log read again"
    names = ("HTTP", "AIS_TCP", "AIS_UDP", "JT808")
    ports = free_ports(4)
    settings = {f"JIANGDUN_{name}_PORT": str(port) for name, port in zip(names, ports, strict=True)}
    offset = str(json.loads((demo[0].home / "demo.json").read_text())["clock_offset_s"])
    processes = [
        restored.start("-m", f"jiangdun.hall.{name}", JIANGDUN_CLOCK_OFFSET_S=offset, **settings)
        for name in ("desk", "ears")
    ]
    try:
        until(lambda: (restored.home / "run" / "ports.json").exists())
    finally:
        for process in processes:
            process.terminate()
        said = [process.communicate(timeout=60)[1] for process in processes]
    assert not any(" error " in text or "Traceback" in text for text in said), said


def test_everything_in_a_home_is_kept_or_left_on_purpose(demo: tuple[Box, Path]) -> None:
    names = {path.name for path in demo[0].home.iterdir()}
    assert sorted(names - copying.KEPT - copying.NOT_KEPT) == []
    taken = {file.path.split("/")[0] for file in manifest.read(demo[1])[0].files}
    assert {"anchor", "database", "log", "raw", "run", "spool", manifest.SEALED_KEYS} <= taken


@pytest.mark.parametrize("part", ["database", "log", "keys.sealed"])
def test_a_damaged_backup_is_refused_and_the_home_stays_empty(
    demo: tuple[Box, Path], tmp_path: Path, secret: str, part: str
) -> None:
    folder = tmp_path / "backup"
    shutil.copytree(demo[1], folder, copy_function=os.link)
    paths = (
        [folder / part]
        if (folder / part).is_file()
        else [p for p in (folder / part).rglob("*") if p.is_file()]
    )
    path = max(paths, key=lambda one: one.stat().st_size)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.unlink()
    path.write_bytes(data)
    with box(tmp_path, "home") as other:
        done = other.jiangdun("restore", str(folder), "--passphrase-file", secret)
        assert done.returncode == 1
        assert "损坏" in done.stdout
        assert path.name in done.stdout
        assert not other.home.exists()


def test_what_does_not_fit_is_refused(
    demo: tuple[Box, Path], restored: Box, tmp_path: Path, secret: str
) -> None:
    again = restored.jiangdun("restore", str(demo[1]), "--passphrase-file", secret)
    assert (again.returncode, "不是空的" in again.stdout) == (1, True)
    if restored.url:
        filled = Box(tmp_path / "other", restored.url)
        again = filled.jiangdun("restore", str(demo[1]), "--passphrase-file", secret)
        assert (again.returncode, "不是空的" in again.stdout) == (1, True)
        assert not filled.home.exists()
    elsewhere = Box(tmp_path / "other", "" if restored.url else "postgres://nobody@127.0.0.1:1/none")
    other = elsewhere.jiangdun("restore", str(demo[1]), "--passphrase-file", secret)
    assert (other.returncode, "DATABASE_URL" in other.stdout) == (1, True)
    wrong = tmp_path / "wrong"
    wrong.write_text("not the passphrase\n")
    with box(tmp_path, "third") as third:
        done = third.jiangdun("restore", str(demo[1]), "--passphrase-file", str(wrong))
        assert (done.returncode, "口令不对" in done.stdout, third.home.exists()) == (1, True, False)


@pytest.mark.parametrize(
    "newer", [{"product": "99.0.0"}, {"migrations": ["core.0001_initial", "core.9999_later"]}]
)
def test_a_newer_versions_backup_is_refused(
    demo: tuple[Box, Path], tmp_path: Path, newer: dict[str, object]
) -> None:
    folder = tmp_path / "backup"
    shutil.copytree(demo[1], folder, copy_function=os.link)
    told = json.loads((folder / manifest.NAME).read_text())
    for name in (manifest.NAME, manifest.SUM):
        (folder / name).unlink()
    text = json.dumps({**told, **newer}).encode()
    (folder / manifest.NAME).write_bytes(text)
    (folder / manifest.SUM).write_text(manifest.hashlib.sha256(text).hexdigest() + "\n")
    with box(tmp_path, "home") as other:
        done = other.jiangdun("restore", str(folder), "--without-keys")
        assert (done.returncode, "更新的版本" in done.stdout, other.home.exists()) == (1, True, False)


def test_without_archive_and_keys_it_says_so(demo: tuple[Box, Path], tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    done = demo[0].jiangdun("backup", str(folder), "--without-archive", "--without-keys")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "密钥未备份" in done.stdout
    assert "历史位置未备份" in done.stdout
    told, _ = manifest.read(folder)
    assert told.keys == "left_out"
    assert not any(file.path.startswith("raw/") for file in told.files)
    assert sum(file.path.endswith(".parquet") for file in told.files) <= 1
    again = demo[0].jiangdun("backup", str(folder), "--without-keys")
    assert (again.returncode, "不是空目录" in again.stdout) == (1, True)
    with box(tmp_path, "home") as other:
        done = other.jiangdun("restore", str(folder))
        assert done.returncode == 0, done.stdout + done.stderr
        assert "cert make" in done.stdout
        assert (other.home / "secret.key").read_text() != (demo[0].home / "secret.key").read_text()


WRITING = """
import time
from jiangdun.hall import django_up
django_up.ready(); django_up.migrate()
from django.db import transaction
from jiangdun.core import clock, facts, journal, vault
from jiangdun.core.journal import By
n = 0
print("ready", flush=True)
while True:
    with transaction.atomic():
        for one in (facts.ReaderFailed("test", n, "kind", "error"), facts.TimerFailed("test", str(n), "error")):
            journal.record(one, by=By(system="test"), at=clock.now(), subject="test:1")
    vault.put(b"evidence %d" % n)
    journal.seal(clock.now())
    if n % 20 == 0:
        journal.anchor(clock.now())
    n += 1
    time.sleep(0.005)
"""
WHOLE = """
from jiangdun.core.models import FactRow
from jiangdun.core import vault
kinds = [one.kind for one in FactRow.objects.filter(subject="test:1")]
print(json.dumps([len(kinds), kinds.count("core.TimerFailed"), [d.path for d in vault.verify()]]))
"""


def test_a_backup_among_a_hundred_writes_a_second_is_of_one_moment(tmp_path: Path, secret: str) -> None:
    with box(tmp_path, "home") as found:
        process = found.start("-c", WRITING)
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n", process.stderr.read()  # type: ignore[union-attr]
            for count in range(2):
                done = found.jiangdun("backup", str(tmp_path / f"backup{count}"), "--without-keys")
                assert done.returncode == 0, done.stdout + done.stderr
            assert process.poll() is None, "it wrote all the time"
        finally:
            process.kill()
            process.communicate()
    seen = 0
    for count in range(2):
        with box(tmp_path, f"restored{count}") as other:
            done = other.jiangdun("restore", str(tmp_path / f"backup{count}"))
            assert done.returncode == 0, done.stdout + done.stderr
            facts, twins, damaged = other.inside(WHOLE)
            assert facts == 2 * twins > seen, "both facts of a transaction or neither, and more each time"
            assert damaged == []
            seen = facts


def test_what_postgresql_needs_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(manifest.Trouble) as found:
        database.dump(lambda _: None, {"ENGINE": "postgresql", "NAME": "x"}, tmp_path / "database" / "x")
    assert (found.value.code, found.value.values["value"]) == ("backup_tool", "pg_dump")


def test_a_database_that_is_none_is_not_called_a_backup(tmp_path: Path) -> None:
    found = Box(tmp_path / "home")
    done = found.jiangdun("backup", str(tmp_path / "backup"), "--without-keys")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    (tmp_path / "home" / "jiangdun.sqlite3").write_bytes(b"SQLite format 3\0" + b"x" * 8_000)
    done = found.jiangdun("backup", str(tmp_path / "backup2"), "--without-keys")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "backup2" / manifest.NAME).exists()


def test_sqlite_pages_of_one_moment_while_another_connection_writes(tmp_path: Path) -> None:
    """The copy is stepped, a writer commits between the steps, and the copy neither mixes nor begins anew."""
    source = sqlite3.connect(tmp_path / "a.sqlite3", isolation_level=None)
    source.execute("PRAGMA journal_mode=WAL")
    source.execute("CREATE TABLE t (n INTEGER, filler BLOB)")
    source.execute("BEGIN")
    source.executemany("INSERT INTO t VALUES (0, ?)", [(b"x" * 3_000,)] * 6_000)
    source.execute("COMMIT")
    steps: list[int] = []

    def told(size: int) -> None:
        steps.append(size)
        source.execute("UPDATE t SET n = n + 1")

    database.dump(
        told, {"ENGINE": "sqlite3", "NAME": str(tmp_path / "a.sqlite3")}, tmp_path / "b" / "c.sqlite3"
    )
    with sqlite3.connect(tmp_path / "b" / "c.sqlite3") as copy:
        assert copy.execute("SELECT DISTINCT n FROM t").fetchall() == [(0,)]
    assert len(steps) >= 2
    assert steps == sorted(steps), "never begun anew"
    assert [path.name for path in (tmp_path / "b").iterdir()] == ["c.sqlite3"]
    source.close()


def test_the_passphrase_stands_nowhere_else(demo: tuple[Box, Path], tmp_path: Path) -> None:
    """Neither asked for without a keyboard, nor taken from the command line or the environment."""
    asked = subprocess.run(
        [sys.executable, "-m", "jiangdun.hall.cli", "backup", str(tmp_path / "b")],
        env=demo[0].environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert asked.returncode == 1
    assert "--passphrase-file" in asked.stderr
    assert not (tmp_path / "b").exists()
