"""Measures access: one decision, a page of a scoped list of 10,000 incidents, a revocation told to 1,000 live wires.

    python tests/bench/access.py                             # SQLite in a temporary folder
    DATABASE_URL=postgres://… python tests/bench/access.py   # and PostgreSQL, in a database made for it

Decisions: 500 agencies, each shown four data sets by 20 others, roles as the product grants them, things of one's
own, of sharers and of strangers in turn. The page: 50 incidents of 10,000 that belong to 50 agencies, of which ten
show the asker all fields, as `GET /api/incidents` answers it. The revocation: 1,000 boards of one agency, ten scopes
of positions each; from the new binding until every board has been sent what takes the units back. Prints JSON lines.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from journal import on_postgres_database

DECISIONS = 200_000
INCIDENTS = 10_000
PAGES = 60
BOARDS = 1_000
SCOPES = 10
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def main() -> None:
    if sys.argv[1:2] == ["--here"]:
        print(json.dumps(globals()[sys.argv[2]]()))
        return
    print(json.dumps(row_of_decision(run("decisions"))), flush=True)
    print(json.dumps(row_of_page("SQLite", run("page"))), flush=True)
    if os.environ.get("DATABASE_URL"):
        with on_postgres_database(os.environ["DATABASE_URL"]) as url:
            print(json.dumps(row_of_page("PostgreSQL", run("page", url))), flush=True)
    print(json.dumps(row_of_revocation(run("revocation"))), flush=True)


def run(what: str, url: str = "") -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="jiangdun-bench-") as home:
        env = {**os.environ, "JIANGDUN_HOME": home, "DJANGO_SETTINGS_MODULE": "jiangdun.hall.settings"}
        env["DATABASE_URL"] = url
        command = [sys.executable, __file__, "--here", what]
        done = subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE, text=True)
        found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
        return found


def row_of_decision(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "row": "access decision",
        "figure": found["us"],
        "unit": "µs",
        "floor": 50,
        "note": f"{found['shares']:,} shares bound; by a share {found['shared_us']:.1f} µs, refused "
        f"{found['refused_us']:.1f} µs",
    }


def row_of_page(database: str, found: dict[str, Any]) -> dict[str, Any]:
    return {
        "row": f"page of 50 of {INCIDENTS:,} incidents, scoped, {database}",
        "figure": found["median_ms"],
        "unit": "ms",
        "floor": 100,
        "note": f"p95 {found['p95_ms']:.1f} ms; a page far down {found['deep_ms']:.1f} ms; the asker sees "
        f"{found['visible']:,}; unscoped, for one who may see all, {found['all_ms']:.1f} ms",
    }


def row_of_revocation(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "row": f"revocation told to {BOARDS:,} live wires",
        "figure": found["ms"],
        "unit": "ms",
        "floor": 1000,
        "note": f"{SCOPES} scopes each, {found['sent']:,} messages",
    }


def made_share(provider: str, consumer: str, data: str) -> Any:
    from jiangdun.core import datasets
    from jiangdun.core.shares import Share

    known = datasets.find(data)
    assert known is not None
    return Share(
        f"{data}:{provider}:{consumer}", "a", provider, consumer, data, known.fields, NOW - timedelta(days=1),
        NOW + timedelta(days=1),
    )  # fmt: skip


def ready() -> None:
    from jiangdun.hall import django_up

    django_up.ready()


def decisions() -> dict[str, Any]:
    ready()
    from jiangdun.core import access
    from jiangdun.web import scopes  # noqa: F401  (declares the data sets)

    names = [f"agency-{n}" for n in range(500)]
    given = [
        made_share(names[(n + k) % 500], names[n], data)
        for n in range(500)
        for k in range(1, 21)
        for data in ("units", "positions", "alerts", "incidents")
    ]
    access.bind_shares(given)
    askers = [access.Asker(UUID(int=n), f"p{n}", names[n], frozenset({"desk"})) for n in range(500)]

    def timed(far: int) -> float:
        things = [
            {"data": "incidents", "agency": names[(n + far) % 500], "place": (116.0, 29.0), "at": NOW}
            for n in range(500)
        ]
        rounds = []
        for _ in range(9):
            begun = time.process_time()
            for i in range(DECISIONS // 9 // 3):
                access.judge(askers[i % 500], "incidents.read", things[i % 500], now=NOW)
            rounds.append((time.process_time() - begun) / (DECISIONS // 9 // 3) * 1e6)
        return statistics.median(rounds)

    own, shared, refused = timed(0), timed(7), timed(250)
    return {
        "us": max(own, shared, refused),
        "shared_us": shared,
        "refused_us": refused,
        "shares": len(given),
    }


def page() -> dict[str, Any]:
    ready()
    from jiangdun.hall import django_up

    django_up.migrate()
    from jiangdun.core import access
    from jiangdun.response import models, queries
    from jiangdun.response.clocks import INCIDENT_CLOCKS
    from jiangdun.web.api.incidents import incident_of

    rows = [
        models.Incident(
            id=UUID(int=n + 1), number=f"20261125-000000-{n:05d}", kind="bench", title_zh="测", title_en="bench",
            owner=f"agency-{n % 50}", priority="P2", t0=NOW - timedelta(seconds=n), last_fact=1, lon=116.0, lat=29.0,
        )
        for n in range(INCIDENTS)
    ]  # fmt: skip
    models.Incident.objects.bulk_create(rows, batch_size=500)
    clocks = [
        models.IncidentClock(
            id=UUID(int=10**9 + n * 3 + k), incident=row, clock=clock, limit_s=60, amber_share=0.7, due_at=row.t0,
            reason_s=86_400,
        )
        for n, row in enumerate(rows)
        for k, clock in enumerate(INCIDENT_CLOCKS)
    ]  # fmt: skip
    models.IncidentClock.objects.bulk_create(clocks, batch_size=500)
    access.bind_shares([made_share(f"agency-{n}", "agency-0", "incidents") for n in range(1, 11)])
    asker = access.Asker(UUID(int=1), "p", "agency-0", frozenset({"desk"}))

    def timed(before: str | None = None) -> list[float]:
        took = []
        for _ in range(PAGES):
            begun = time.perf_counter()
            views = [incident_of(v) for v in queries.incidents(asker, NOW, before=before, limit=50)]
            took.append((time.perf_counter() - begun) * 1000)
            assert len(views) == 50
        return took

    timed()
    first, deep = timed(), timed(rows[INCIDENTS * 3 // 4].number)
    visible = sum(n % 50 <= 10 for n in range(INCIDENTS))
    from jiangdun.core.access import Grant

    access.bind({"desk": (Grant("incidents.read"),)})
    whole = timed()
    return {
        "median_ms": statistics.median(first),
        "p95_ms": statistics.quantiles(first, n=20)[-1],
        "deep_ms": statistics.median(deep),
        "all_ms": statistics.median(whole),
        "visible": visible,
    }


def revocation() -> dict[str, Any]:
    ready()
    from jiangdun.core import access
    from jiangdun.core.accounts import Account
    from jiangdun.web.lanes import HEADER
    from jiangdun.web.live import Board, Live
    from jiangdun.web.sessions import Signed

    names = [f"agency-{n}" for n in range(SCOPES + 1)]
    access.bind_shares([made_share(name, names[0], "positions") for name in names[1:]])

    async def measured() -> dict[str, Any]:
        live = Live()
        live.agencies = names
        for scope in range(SCOPES + 2):
            live.publish_frame(HEADER.pack(b"JDF1", 0, 1, scope, 1, 0, 0, 1, 0), True)
        sent = 0
        taken_back: dict[int, set[int]] = {}
        all_told = asyncio.Event()

        def wire(n: int) -> Any:
            async def send(message: Any) -> None:
                nonlocal sent
                sent += 1
                data = message.get("bytes")
                if data is not None and HEADER.unpack_from(data)[4] == 0:
                    taken_back.setdefault(n, set()).add(HEADER.unpack_from(data)[3])
                    if len(taken_back) == BOARDS and all(len(s) == SCOPES for s in taken_back.values()):
                        all_told.set()

            return send

        boards = []
        for n in range(BOARDS):
            asker = access.Asker(UUID(int=n), f"p{n}", names[0], frozenset({"desk"}))
            account = Account(UUID(int=n), f"u{n}", "甲", "A", True, 1)
            boards.append(Board(wire(n), Signed(f"s{n}", account, asker, NOW, NOW, NOW, None, (), 600), 0))
        tasks = [asyncio.create_task(live._speak(board)) for board in boards]
        live.boards.update(boards)
        while any(len(board.seen) < SCOPES + 2 for board in boards):
            await asyncio.sleep(0.01)
        sent = 0
        begun = time.perf_counter()
        live.judge_anew(access.bind_shares([]))
        await asyncio.wait_for(all_told.wait(), 30)
        took = (time.perf_counter() - begun) * 1000
        for task in tasks:
            task.cancel()
        return {"ms": took, "sent": sent}

    return asyncio.run(measured())


if __name__ == "__main__":
    main()
