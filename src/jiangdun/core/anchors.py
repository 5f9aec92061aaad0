"""Anchors: what the journal's end looked like, noted outside the database.

A chain proves that nothing inside it was changed; it cannot see that its tail was cut off. An anchor in a
file (or on another machine: the file may be copied anywhere) can. One JSON line each: {"number", "hash",
"at"}.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from jiangdun.core import canonical

_LINE_MAX = 512
"""Bytes one line has at most."""


@dataclass(frozen=True)
class Anchor:
    """Seal `number` had `hash`."""

    number: int
    hash: str


def write(path: Path, anchor: Anchor, at: datetime) -> None:
    """Append `anchor` to the file at `path` and wait until the disk has it. A torn last line is cut off
    first.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        whole = path.read_bytes().rfind(b"\n") + 1
        os.ftruncate(handle, whole)
        os.write(handle, line(anchor, at))
        os.fsync(handle)
    finally:
        os.close(handle)


def line(anchor: Anchor, at: datetime) -> bytes:
    """As it stands in the file."""
    return (canonical.text({"number": anchor.number, "hash": anchor.hash, "at": at}) + "\n").encode()


def newest(path: Path) -> Anchor | None:
    """The last anchor in the file at `path`, without reading the rest of it; None where there is none."""
    if not path.exists():
        return None
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _LINE_MAX * 2))
        whole = file.read().split(b"\n")[:-1]
    return _anchor(whole[-1].decode()) if whole else None


def read(path: Path) -> list[Anchor]:
    """Every anchor in the file at `path`, in the order written; none where there is no file.

    A last line cut off by a crash is passed over. Raises ValueError for any other line that is no anchor.
    """
    if not path.exists():
        return []
    found = []
    lines = path.read_text().split("\n")
    for count, text in enumerate(lines, 1):
        if not text or count == len(lines):
            continue
        try:
            found.append(_anchor(text))
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{path} line {count} is no anchor") from error
    return found


def _anchor(line: str) -> Anchor:
    entry = json.loads(line)
    return Anchor(int(entry["number"]), str(entry["hash"]))
