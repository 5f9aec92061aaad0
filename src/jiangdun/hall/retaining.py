"""What an installation keeps as files, and for how long; and the night's work of deleting it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection

from jiangdun.core import clock, kept_rows, retention
from jiangdun.core.retention import Item, Kept
from jiangdun.feeds import raw
from jiangdun.picture import archiver

RAW_DAYS = retention.days("retention.raw_days", 365, 30)
TRACKS_DAYS = retention.days("retention.tracks_days", 1_095, 30)

assert kept_rows  # it declares the floor's own


def declare(home: Path) -> None:
    """The classes of files in this home; once a process."""
    if any(kept.code == "raw" for kept in retention.known()):
        return

    def old_bytes(before: datetime, limit: int) -> list[Item]:
        paths = raw.older_than(home / "raw", _ms(before))
        return [Item(f"raw:{path.name}", (path,)) for path in paths[:limit]]

    def old_tracks(before: datetime, limit: int) -> list[Item]:
        pairs = archiver.older_than(home, _ms(before))
        return [Item(f"tracks:{pair[0].name}", pair) for pair in pairs[:limit]]

    retention.keep(Kept("raw", "原始报文", "raw bytes of devices", RAW_DAYS, old_bytes))
    retention.keep(Kept("tracks", "航迹档案", "archive of tracks", TRACKS_DAYS, old_tracks))


def run_due(write: Callable[[Callable[[], Any]], Any]) -> None:
    """The run that is due, if one is; in a thread of its own, with a connection of its own."""
    try:
        retention.run_due(clock.now(), write)
    finally:
        connection.close()


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1_000)
