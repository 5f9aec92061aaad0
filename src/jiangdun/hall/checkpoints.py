"""The checkpoint's file: a head of JSON and a state of bytes, each with its sum. The one before it is kept as well.

A damaged or unreadable newest checkpoint then costs a longer read of the log, not a second judging of all of it.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

_HEAD: Final = struct.Struct("<8sIII")
_MAGIC: Final = b"JDCHECK2"


class Damaged(Exception):
    """The file is not a whole checkpoint of this version."""


def write(path: Path, about: Mapping[str, Any], state: bytes) -> None:
    """The newest checkpoint stays in place, as the older one, until the new one is on the disk. Raises OSError."""
    head = json.dumps(about, ensure_ascii=False, separators=(",", ":")).encode()
    fresh = path.with_suffix(".new")
    fresh.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with fresh.open("wb") as file:
        file.write(_HEAD.pack(_MAGIC, len(head), zlib.crc32(head), zlib.crc32(state)))
        file.write(head)
        file.write(state)
        file.flush()
        os.fsync(file.fileno())
    if path.exists():
        path.replace(older(path))
    fresh.replace(path)


def read(path: Path) -> tuple[dict[str, Any], bytes]:
    """Head and state. Raises FileNotFoundError where there is none, Damaged where it is not whole."""
    data = path.read_bytes()
    if len(data) < _HEAD.size:
        raise Damaged("cut short")
    magic, size, head_crc, state_crc = _HEAD.unpack_from(data)
    head, state = data[_HEAD.size : _HEAD.size + size], data[_HEAD.size + size :]
    if magic != _MAGIC:
        raise Damaged("of another version")
    if zlib.crc32(head) != head_crc or zlib.crc32(state) != state_crc:
        raise Damaged("its sum is wrong")
    about: dict[str, Any] = json.loads(head)
    return about, state


def older(path: Path) -> Path:
    return path.with_suffix(".old")
