"""Copies of the database kept elsewhere while it is written: who follows, and how far behind.

PostgreSQL keeps them (streaming replication); SQLite has none. See docs/howto/keep-a-standby.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection

STANDBYS_MAX = 20
"""Followers that are told of."""


@dataclass(frozen=True)
class Standby:
    """One follower: its name and address, the state PostgreSQL names, and how far behind it is.

    `lag_bytes`: of the log, not yet on its disk; `lag_s`: how long the newest it confirmed had waited, None where it
    has confirmed all. Figures are None where the database's account may not see them (grant it `pg_monitor`).
    """

    name: str
    address: str
    state: str
    lag_bytes: int | None
    lag_s: float | None


_QUERY = """
    SELECT application_name, coalesce(host(client_addr), ''), coalesce(state, ''),
           pg_wal_lsn_diff(pg_current_wal_lsn(), flush_lsn)::bigint, extract(epoch FROM flush_lag)::float8
    FROM pg_stat_replication ORDER BY application_name, pid LIMIT %s
"""


def standbys() -> list[Standby]:
    """Every follower connected now, by name; empty on SQLite."""
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        return read(cursor)


def read(cursor: Any) -> list[Standby]:
    """Followers of the PostgreSQL server behind `cursor`."""
    cursor.execute(_QUERY, [STANDBYS_MAX])
    return [Standby(*row) for row in cursor.fetchall()]
