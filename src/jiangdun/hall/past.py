"""Bytes heard earlier, taken through the same sessions, logs and engine with their own times of hearing."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from jiangdun.feeds import raw
from jiangdun.feeds.hub import Hub
from jiangdun.feeds.ingest import Link
from jiangdun.feeds.raw import What

CUT_MS: Final = 5_000
"""The past is cut into chunks of five seconds: nobody waits for it, and there are fewer of them."""

MARK: Final = "run/past-heard"


def was_heard(home: Path, directory: Path) -> bool:
    """Whether an earlier process of this home heard that past to its end."""
    mark = home / MARK
    return mark.exists() and mark.read_text() == _made(directory)


def mark_heard(home: Path, directory: Path) -> None:
    (home / MARK).write_text(_made(directory))


def _made(directory: Path) -> str:
    """Which past it is: its files, their sizes and when they were written."""
    found = sorted((path.name, path.stat()) for path in directory.iterdir())
    return "\n".join(f"{name} {about.st_size} {about.st_mtime_ns}" for name, about in found)


def play(hub: Hub, directory: Path) -> int:
    """Hear everything in the raw log at `directory`; returns the readings. The sockets must not be open yet."""
    links: dict[int, Link] = {}
    ingest, readings, cut_at_ms = hub.ingest, 0, 0
    for heard in raw.read(directory):
        if heard.heard_at_ms >= cut_at_ms:
            hub.commit_at(heard.heard_at_ms)
            ingest.idle(heard.heard_at_ms)
            cut_at_ms = heard.heard_at_ms + CUT_MS
        if heard.what is What.OPENED:
            links[heard.link] = ingest.open(heard.protocol, heard.data.decode(), heard.heard_at_ms)
        elif heard.what is What.CLOSED:
            ingest.close(links.pop(heard.link), heard.heard_at_ms)
        else:
            ingest.take(links[heard.link], heard.data, heard.heard_at_ms)
            readings += 1
    for link in list(links.values()):
        ingest.close(link, cut_at_ms)
    hub.commit_at(cut_at_ms)
    return readings
