"""Boxes for tests that need whole installations: a home each, a database each, processes of their own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

WITHIN_S = 300.0


def until(true: Callable[[], Any], within_s: float = WITHIN_S) -> Any:
    begun = time.monotonic()
    while not (found := true()):
        assert time.monotonic() - begun < within_s, "it took too long"
        time.sleep(0.1)
    return found


def free_ports(count: int) -> list[int]:
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


@dataclass
class Box:
    """`url` is its own PostgreSQL database; without one it keeps SQLite in its home."""

    home: Path
    url: str = ""

    def environment(self, **more: str) -> dict[str, str]:
        drop = ("DJANGO_SETTINGS_MODULE", "DATABASE_URL")
        kept = {key: value for key, value in os.environ.items() if key not in drop}
        own = {"DATABASE_URL": self.url} if self.url else {}
        return {**kept, **own, "JIANGDUN_HOME": str(self.home), **more}

    def jiangdun(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return self.python("-m", "jiangdun.hall.cli", *words, **more)

    def python(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *words],
            capture_output=True,
            text=True,
            timeout=300,
            env=self.environment(**more),
        )

    def inside(self, program: str) -> Any:
        """What a few lines print, as JSON, in the box's own process."""
        done = self.python(
            "-c", f"import json\nfrom jiangdun.hall import django_up\ndjango_up.ready()\n{program}"
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def start(self, *words: str, **more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, *words],
            env=self.environment(**more),
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )


@contextmanager
def box(folder: Path, name: str) -> Iterator[Box]:
    """Of the kind of database the tests run on; a database made for it goes with it."""
    given = os.environ.get("DATABASE_URL", "")
    if not given:
        yield Box(folder / name)
        return
    import psycopg

    database = f"jd_box_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(given, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{database}"')
        try:
            yield Box(folder / name, urlunsplit(urlsplit(given)._replace(path=f"/{database}")))
        finally:
            server.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
