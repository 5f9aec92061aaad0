"""Who follows the database, and how far behind: tried with a server and a follower of the test's own."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from jiangdun.core import standbys

SOON_S = 60


@pytest.mark.django_db
def test_the_servers_own_list_is_read() -> None:
    """Nobody follows the database of the tests; on SQLite nobody can."""
    assert standbys.standbys() == []
    assert connection.vendor in ("sqlite", "postgresql")


@pytest.fixture
def server() -> Iterator[tuple[Path, int]]:
    """A PostgreSQL of our own that takes followers: (its programs, its port)."""
    programs = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)
    names = {user.pw_name for user in pwd.getpwall()}
    if programs is None or os.geteuid() != 0 or "postgres" not in names:
        pytest.skip("needs PostgreSQL's programs, and root to run them as their own user")
    home = Path(tempfile.mkdtemp(prefix="jiangdun-pg-"))
    shutil.chown(home, "postgres")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    def run(program: str, *words: str) -> None:
        command = ["runuser", "-u", "postgres", "--", str(programs / program), *words]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=home)

    run("initdb", "-D", str(home / "data"), "-A", "trust", "--no-sync")
    options = f"-p {port} -k {home} -c listen_addresses=127.0.0.1 -c fsync=off"
    run("pg_ctl", "-D", str(home / "data"), "-l", str(home / "log"), "-o", options, "-w", "start")
    try:
        yield programs, port
    finally:
        run("pg_ctl", "-D", str(home / "data"), "-m", "immediate", "stop")
        shutil.rmtree(home)


def test_a_follower_is_named_with_its_lag_and_gone_when_it_goes(
    server: tuple[Path, int], tmp_path: Path
) -> None:
    psycopg = pytest.importorskip("psycopg")
    programs, port = server
    with psycopg.connect(
        f"host=127.0.0.1 port={port} user=postgres dbname=postgres", autocommit=True
    ) as told:
        cursor = told.cursor()
        assert standbys.read(cursor) == []
        command = [str(programs / "pg_receivewal"), "-D", str(tmp_path), "-h", "127.0.0.1", "-p", str(port)]
        with subprocess.Popen(
            [*command, "-U", "postgres", "-w", "--no-loop", "--synchronous"],
            env={**os.environ, "PGAPPNAME": "offsite"},
            stderr=subprocess.DEVNULL,
        ) as follower:
            cursor.execute("CREATE TABLE written AS SELECT generate_series(1, 10000)")
            found = _until(cursor, lambda all_: bool(all_) and all_[0].lag_bytes == 0)[0]
            follower.terminate()
        assert (found.name, found.address, found.state) == ("offsite", "127.0.0.1", "streaming")
        assert found.lag_s is None or found.lag_s >= 0
        assert _until(cursor, lambda all_: not all_) == []


def _until(cursor: Any, is_so: Any) -> list[standbys.Standby]:
    end = time.monotonic() + SOON_S
    while not is_so(found := standbys.read(cursor)) and time.monotonic() < end:
        time.sleep(0.1)
    return found
