"""Fails a test when SQL names a table of another room than the nearest caller, or writes outside `actions`.

import-linter cannot see string foreign keys, `apps.get_model`, `__` look-ups or reverse accessors; the SQL
tells all. The nearest frame in `jiangdun.<room>` is the caller. Tests themselves, and Django between
requests, may look anywhere.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

import pytest
from django.db import connections
from django.db.backends.signals import connection_created

FREE = frozenset({"hall"})
"""Rooms whose frames are passed over: the hall only joins, `manage`-like commands run in it."""
_WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|REPLACE|MERGE|TRUNCATE)\b", re.IGNORECASE)
_WORD = re.compile(r"[a-z][a-z0-9]*_[a-z0-9_]+")
_STRING = re.compile(r"'(?:[^']|'')*'")

_tables: dict[str, str] = {}


class WrongRoom(BaseException):
    """SQL in the wrong room. A BaseException, so that no loop that "goes on" swallows it."""


def rooms_of_tables() -> dict[str, str]:
    """Table → room, for every table of this house."""
    if not _tables:
        from django.apps import apps

        for config in apps.get_app_configs():
            if config.name.startswith("jiangdun."):
                for model in config.get_models(include_auto_created=True):
                    _tables[model._meta.db_table] = config.label
    return _tables


def complaint(sql: str, caller: str | None) -> str | None:
    """What is wrong with `sql` asked by the module `caller`, or None."""
    if caller is None:
        return None
    known = rooms_of_tables()
    named = {word for word in _WORD.findall(_STRING.sub("''", sql).lower()) if word in known}
    room = caller.split(".")[1]
    foreign = sorted(table for table in named if known[table] != room)
    if foreign:
        return f"{caller} names {', '.join(foreign)}, of another room: use its queries or actions"
    if named and room != "core" and _WRITES.match(sql) and not caller.startswith(f"jiangdun.{room}.actions"):
        return f"{caller} writes {', '.join(sorted(named))}: only jiangdun.{room}.actions writes"
    return None


def nearest_room(frame: FrameType | None) -> str | None:
    """The module of the nearest frame inside a room, or None. Migrations count as nobody."""
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if name.startswith("jiangdun.") and name.split(".")[1] not in FREE:
            return None if ".migrations." in name else str(name)
        frame = frame.f_back
    return None


def watch(execute: Any, sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    wrong = complaint(str(sql), nearest_room(sys._getframe(1)))
    if wrong:
        raise WrongRoom(wrong)
    return execute(sql, params, many, context)


def _watch_connection(connection: Any, **_: Any) -> None:
    if watch not in connection.execute_wrappers:
        connection.execute_wrappers.append(watch)


@pytest.fixture(autouse=True, scope="session")
def _sql_guard() -> Iterator[None]:
    connection_created.connect(_watch_connection)
    for connection in connections.all(initialized_only=True):
        _watch_connection(connection)
    yield
    connection_created.disconnect(_watch_connection)
