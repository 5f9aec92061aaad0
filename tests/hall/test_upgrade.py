"""Every release's database comes to the newest version with its journal whole: dumps of demos that were tried then."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jiangdun.core import canonical

from .boxes import Box, box

RELEASES = sorted(path for path in (Path(__file__).parent / "releases").iterdir() if path.is_dir())
DATABASE = "postgresql" if os.environ.get("DATABASE_URL") else "sqlite"
pytestmark = pytest.mark.database

NOW = """
from jiangdun.core import journal
from django.db import connection
from jiangdun.response.models import Incident
from jiangdun.watch.models import Alert
facts, number = [], 0
while page := journal.after(number):
    facts += [[f.kind, f.body] for f in page]
    number = page[-1].number
cursor = connection.cursor()
def count(table):
    cursor.execute(f"SELECT count(*) FROM {table}")
    return cursor.fetchone()[0]
counts = {table: count(table) for table in COUNTED}
incidents = [[one.number, one.state, str(one.id)] for one in Incident.objects.order_by("number")]
print(json.dumps([len(facts), counts, incidents, sorted({kind for kind, _ in facts})]))
"""


def about(release: Path) -> dict[str, Any]:
    return json.loads((release / "about.json").read_text("utf-8"))[DATABASE]  # type: ignore[no-any-return]


def fill(found: Box, release: Path) -> None:
    """The database as that release left it, and the anchor that lay beside it."""
    text = (release / f"{DATABASE}.sql").read_text("utf-8")
    found.home.mkdir(parents=True, mode=0o700)
    if found.url:
        import psycopg

        with psycopg.connect(found.url, autocommit=True) as server:
            server.execute(text)  # type: ignore[call-overload]
    else:
        database = sqlite3.connect(found.home / "jiangdun.sqlite3")
        database.executescript(text)
        database.close()
    anchor = found.home / "anchor" / "journal.jsonl"
    anchor.parent.mkdir()
    anchor.write_text(canonical.text(about(release)["anchor"]) + "\n")


@pytest.fixture(params=RELEASES, ids=lambda path: path.name)
def upgraded(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Box, Path]]:
    with box(tmp_path, "home") as found:
        fill(found, request.param)
        done = found.python(
            "-c", "from jiangdun.hall import django_up; django_up.ready(); django_up.migrate()"
        )
        assert done.returncode == 0, done.stderr
        yield found, request.param


def test_there_is_a_release_to_come_from() -> None:
    assert RELEASES


def test_a_releases_database_comes_to_the_newest_version(upgraded: tuple[Box, Path]) -> None:
    found, release = upgraded
    expected = about(release)
    verdict = json.loads(found.jiangdun("journal", "verify", "--json").stdout)
    assert verdict["ok"], verdict
    assert verdict["anchored"] == expected["anchor"]["number"] > 0
    counts = expected["counts"]
    facts, now, incidents, kinds = found.inside(f"COUNTED = {sorted(counts)!r}\n{NOW}")
    assert now == counts, "no row was lost"
    assert facts == verdict["head"] == counts["core_seal"], "every body is read by today's eyes"
    assert {"response.IncidentOpened", "response.IncidentSigned", "watch.AlertRaised"} <= set(kinds)
    assert len(incidents) == counts["response_incident"] > 0
    assert {state for _, state, _ in incidents} - {"new"}, "somebody had worked on one"


def test_an_upgraded_database_is_well_and_can_be_kept(upgraded: tuple[Box, Path], tmp_path: Path) -> None:
    found, _ = upgraded
    levels = {one["name"]: one["level"] for one in json.loads(found.jiangdun("doctor", "--json").stdout)}
    assert levels["database"] == "ok"
    done = found.jiangdun("account", "agency", "after-upgrade", "升级后", "After")
    assert done.returncode == 0, done.stdout
    if shutil.which("pg_dump") or not found.url:
        kept = found.jiangdun("backup", str(tmp_path / "backup"), "--without-keys")
        assert kept.returncode == 0, kept.stdout
        with box(tmp_path, "restored") as other:
            done = other.jiangdun("restore", str(tmp_path / "backup"))
            assert done.returncode == 0, done.stdout + done.stderr
