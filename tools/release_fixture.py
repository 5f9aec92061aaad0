"""Keep the database of this release for the tests of those to come: a demo that was tried, dumped as SQL text.

    python tools/release_fixture.py               # plays `jiangdun demo --check` on both databases, then dumps
    python tools/release_fixture.py --home HOME   # dumps an SQLite demo that was played before
    python tools/release_fixture.py --url URL     # dumps a PostgreSQL demo that was played before

Run it once, when a version is released; `tests/hall/test_upgrade.py` brings every one of them to the newest version.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from sbom import version

ROOT = Path(__file__).resolve().parent.parent
RELEASES = ROOT / "tests" / "hall" / "releases"
NO_PASSWORD = "!"  # noqa: S105  (what no password hashes to: nobody signs in with a fixture)
COUNTED = (
    "core_fact",
    "core_seal",
    "core_account",
    "alliance_agency",
    "picture_zone",
    "response_incident",
    "watch_alert",
)


LAST_SEAL = "SELECT number, hash FROM core_seal ORDER BY number DESC LIMIT 1"


def play(home: Path, url: str = "") -> None:
    env = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "JIANGDUN_HOME")}
    command = [sys.executable, "-m", "jiangdun.hall.cli", "demo", "--home", str(home), "--check"]
    subprocess.run(command, env={**env, **({"DATABASE_URL": url} if url else {})}, check=True)


def dump_sqlite(home: Path, folder: Path) -> None:
    with tempfile.TemporaryDirectory() as place:
        copy = sqlite3.connect(Path(place) / "copy.sqlite3")
        sqlite3.connect(home / "jiangdun.sqlite3").backup(copy)
        copy.execute("UPDATE core_account SET password = ?", [NO_PASSWORD])
        copy.execute("DELETE FROM web_session")
        copy.commit()
        about = {table: copy.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in COUNTED}  # noqa: S608
        last = copy.execute(LAST_SEAL).fetchone()
        (folder / "sqlite.sql").write_text("\n".join(copy.iterdump()) + "\n", "utf-8")
        copy.close()
    _about(folder, "sqlite", about, last)


def dump_postgresql(url: str, folder: Path) -> None:
    """As INSERTs, so that a test needs no program of PostgreSQL's."""
    command = [
        "pg_dump",
        "--inserts",
        "--rows-per-insert=100",
        "--no-owner",
        "--no-privileges",
        f"--dbname={url}",
    ]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    kept = [
        line
        for line in text.splitlines()
        if line and not line.startswith(("--", "\\", "SELECT pg_catalog.set_config"))
    ]
    text = "\n".join(kept) + "\n"
    text = re.sub(r"argon2\$[^']*", NO_PASSWORD, text)
    (folder / "postgresql.sql").write_text(text, "utf-8")
    import psycopg

    with psycopg.connect(url) as server:
        about = {table: _one(server, f"SELECT count(*) FROM {table}") for table in COUNTED}  # noqa: S608
        last = server.execute(LAST_SEAL).fetchone()
    _about(folder, "postgresql", about, last)


def _one(server: Any, sql: str) -> int:
    return int(server.execute(sql).fetchone()[0])


def _about(folder: Path, database: str, counts: dict[str, int], last: Any) -> None:
    """What the tests expect, and an anchor of the last seal, to lie outside the database."""
    path = folder / "about.json"
    told = json.loads(path.read_text("utf-8")) if path.exists() else {}
    anchor = {"number": last[0], "hash": last[1], "at": "1970-01-01T00:00:00.000000+00:00"}
    told[database] = {"counts": counts, "anchor": anchor}
    path.write_text(json.dumps(told, indent=1, sort_keys=True) + "\n", "utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path)
    parser.add_argument("--url", default="")
    options = parser.parse_args()
    folder = RELEASES / version()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        if options.url:
            dump_postgresql(options.url, folder)
        elif options.home:
            dump_sqlite(options.home, folder)
        else:
            play(Path(place) / "sqlite")
            dump_sqlite(Path(place) / "sqlite", folder)
            given = os.environ.get("TEST_DATABASE_URL", "")
            if given:
                play(Path(place) / "postgresql", given)
                dump_postgresql(given, folder)
            else:
                print(
                    "release_fixture: TEST_DATABASE_URL names an empty PostgreSQL database for the other half"
                )
    size = sum(path.stat().st_size for path in folder.iterdir())
    print(f"release_fixture: {folder.relative_to(ROOT)}, {size / 1e3:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
