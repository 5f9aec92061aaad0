"""Measures `journal actions/s`: actions through the one writer, sealed, against one plain transaction each.

    python tests/bench/journal.py                          # SQLite in a temporary folder
    DATABASE_URL=postgres://… python tests/bench/journal.py   # and PostgreSQL, in a database made for it

An action reads an account, changes it under a version and records the fact: what most verbs of the rooms
do. Fifty clients ask at once, each again as soon as it is answered. The rival is plain Django: fifty
threads, a connection and a transaction each, nothing sealed. Prints one JSON line for each database.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

CLIENTS = 50


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seconds", type=float, default=5.0)
    asked.add_argument("--here", choices=["writer", "plain"], help=argparse.SUPPRESS)
    given, _ = asked.parse_known_args()
    if given.here:
        print(json.dumps(measure_here(given.here, given.seconds)))
        return
    url = os.environ.get("DATABASE_URL", "")
    print(json.dumps(row("SQLite", both_ways(given.seconds, ""))), flush=True)
    if url:
        print(json.dumps(row("PostgreSQL", on_postgres(given.seconds, url))), flush=True)


def row(database: str, found: dict[str, Any]) -> dict[str, Any]:
    """One row of the table of figures."""
    writer, plain = found["writer"], found["plain"]
    return {
        "row": f"journal actions/s, {database}",
        "figure": writer["actions_s"],
        "unit": "actions/s",
        "floor": 500,
        "rival": "plain Django, 50 connections, unsealed",
        "rival_figure": plain["actions_s"],
        "ratio": writer["actions_s"] / plain["actions_s"],
        "note": f"p50 {writer['p50_ms']} ms, p99 {writer['p99_ms']} ms, {writer['group']} in a group; "
        f"rival p50 {plain['p50_ms']} ms, p99 {plain['p99_ms']} ms",
    }


def both_ways(seconds: float, url: str) -> dict[str, Any]:
    """The writer and its rival, one after the other, each in its own process and home."""
    found = {}
    for way in ("writer", "plain"):
        with tempfile.TemporaryDirectory(prefix="jiangdun-bench-") as home:
            env = {**os.environ, "JIANGDUN_HOME": home, "DJANGO_SETTINGS_MODULE": "jiangdun.hall.settings"}
            env["DATABASE_URL"] = url
            command = [sys.executable, __file__, "--here", way, "--seconds", str(seconds)]
            done = subprocess.run(command, env=env, check=True, capture_output=True, text=True)
            found[way] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def on_postgres(seconds: float, url: str) -> dict[str, Any]:
    with on_postgres_database(url) as own:
        return both_ways(seconds, own)


@contextmanager
def on_postgres_database(url: str) -> Iterator[str]:
    """The address of a database on that server that is there until the end of the block."""
    import psycopg

    parts = urlsplit(url)
    name = f"jiangdun_bench_{os.getpid()}"
    with psycopg.connect(urlunsplit(parts._replace(path="/postgres")), autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
        try:
            yield urlunsplit(parts._replace(path=f"/{name}"))
        finally:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def measure_here(way: str, seconds: float) -> dict[str, Any]:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from jiangdun.core import accounts, clock, journal
    from jiangdun.core.writer import Writer

    call_command("migrate", "core", verbosity=0, skip_checks=True)
    by = journal.By(system="bench")
    people = [
        accounts.create(f"p{i}-{os.getpid()}", "correct horse 7", name_zh="测", by=by, now=clock.now()).id
        for i in range(CLIENTS)
    ]
    writer = Writer()
    writer.start()
    took: list[float] = []
    before = journal.head()
    end = time.perf_counter() + seconds

    def client(number: int) -> None:
        on = False
        while (begun := time.perf_counter()) < end:
            on = not on

            def act(on: bool = on) -> object:
                return accounts.switch(people[number], active=on, by=by, now=clock.now())

            if way == "writer":
                writer.submit(act).result()
            else:
                act()
            took.append(time.perf_counter() - begun)
        connection.close()

    begun = time.perf_counter()
    clients = [threading.Thread(target=client, args=[n]) for n in range(CLIENTS)]
    for each in clients:
        each.start()
    for each in clients:
        each.join()
    spent = time.perf_counter() - begun
    writer.stop()
    verdict = journal.verify()
    assert verdict.ok, verdict
    assert journal.head() - before >= len(took), "an answered action is not in the journal"
    took.sort()
    answer = {
        "actions_s": round(len(took) / spent),
        "p50_ms": round(took[len(took) // 2] * 1000, 1),
        "p99_ms": round(took[int(len(took) * 0.99)] * 1000, 1),
    }
    if way == "writer":
        answer["group"] = round(writer.counts.actions / max(writer.counts.groups, 1), 1)
    return answer


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))
    main()
