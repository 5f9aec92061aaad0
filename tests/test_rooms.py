"""Which room may touch what: what the import layers cannot see."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection
from plugins.sql_guard import WrongRoom, complaint, rooms_of_tables

import jiangdun
from jiangdun.web import personal_fields

HOUSE = Path(jiangdun.__file__).parent
ROOMS = sorted(path.name for path in HOUSE.iterdir() if (path / "__init__.py").exists())
WRITING = {
    "create", "update", "delete", "bulk_create", "bulk_update", "get_or_create", "update_or_create",
    "acreate", "aupdate", "adelete", "abulk_create", "abulk_update", "aget_or_create", "aupdate_or_create",
    "raw",
}  # fmt: skip


def modules() -> Iterator[tuple[str, str, ast.Module]]:
    """(room, module within it, syntax tree) of every module but migrations."""
    for room in ROOMS:
        for path in sorted((HOUSE / room).rglob("*.py")):
            if "migrations" not in path.parts:
                inside = ".".join(path.relative_to(HOUSE / room).with_suffix("").parts)
                yield room, inside, ast.parse(path.read_text(), str(path))


def test_every_foreign_key_stays_in_its_room_or_points_to_core() -> None:
    astray = [
        f"{model._meta.label}.{field.name} → {field.related_model._meta.label}"
        for model in apps.get_models(include_auto_created=True)
        if model.__module__.startswith("jiangdun.")
        for field in model._meta.get_fields(include_hidden=True)
        if field.is_relation and field.concrete and field.related_model is not None
        if field.related_model._meta.app_label not in (model._meta.app_label, "core")
    ]
    assert astray == []


def test_a_table_is_named_after_its_room() -> None:
    assert [table for table, room in rooms_of_tables().items() if not table.startswith(f"{room}_")] == []


def test_no_foreign_key_opens_a_way_back() -> None:
    """A reverse accessor is a hidden door from the floor into a room above it."""
    doors = [
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        if model.__module__.startswith("jiangdun.")
        for field in model._meta.get_fields()
        if field.is_relation and field.concrete and field.remote_field is not None
        if field.related_model._meta.app_label != model._meta.app_label
        if not field.remote_field.hidden
    ]
    assert doors == []


def test_nobody_imports_the_models_of_another_room() -> None:
    astray = []
    for room, inside, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            else:
                continue
            for name in names:
                parts = name.split(".")
                if parts[0] == "jiangdun" and parts[2:3] == ["models"] and parts[1] != room:
                    astray.append(f"{room}.{inside} imports {name}")
    assert astray == []


def test_nobody_fetches_models_by_name() -> None:
    astray = [
        f"{room}.{inside} line {node.lineno}"
        for room, inside, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in ("get_model", "get_models")
    ]
    assert astray == []


def test_tables_are_written_in_actions_only() -> None:
    astray = []
    for room, inside, tree in modules():
        if room == "core" or inside.split(".")[0] == "actions":
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in WRITING and "objects" in _chain(node):
                astray.append(f"{room}.{inside} line {node.lineno}: {node.attr}")
    assert astray == []


def test_only_the_clock_reads_the_time_and_only_ids_draws() -> None:
    astray = []
    for room, inside, tree in modules():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            called = ".".join(reversed(_chain(node.func)))
            if called in READS_TIME and (room, inside) != ("core", "clock"):
                astray.append(f"{room}.{inside} line {node.lineno}: {called}")
            if called in DRAWS and (room, inside) not in (("core", "ids"), ("hall", "settings")):
                astray.append(f"{room}.{inside} line {node.lineno}: {called}")
    assert astray == []


READS_TIME = {
    "time.time", "time.time_ns", "time.monotonic", "time.monotonic_ns", "time.perf_counter", "time.localtime",
    "time.gmtime", "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "datetime.datetime.now",
    "timezone.now",
}  # fmt: skip
DRAWS = {
    "uuid.uuid1", "uuid.uuid4", "secrets.token_bytes", "secrets.token_hex", "secrets.token_urlsafe",
    "secrets.randbits", "secrets.choice", "os.urandom",
}  # fmt: skip


def _chain(node: ast.expr) -> list[str]:
    """The names of `a.b().c` from its end: c, b, a."""
    found = []
    while True:
        if isinstance(node, ast.Attribute):
            found.append(node.attr)
            node = node.value
        elif isinstance(node, ast.Call):
            node = node.func
        elif isinstance(node, ast.Subscript):
            node = node.value
        else:
            return [*found, node.id] if isinstance(node, ast.Name) else found


def test_the_guard_knows_whose_table_it_is() -> None:
    select = 'SELECT "core_fact"."id" FROM "core_fact"'
    assert complaint(select, "jiangdun.core.journal") is None
    assert complaint(select, None) is None
    assert "of another room" in str(complaint(select, "jiangdun.alliance.queries"))
    join = 'SELECT 1 FROM "alliance_membership" INNER JOIN "core_account" ON (1 = 1)'
    assert "core_account" in str(complaint(join, "jiangdun.alliance.queries"))
    assert complaint("SELECT 1 WHERE 'core_fact' = 'x'", "jiangdun.alliance.queries") is None


def test_the_guard_lets_only_actions_write() -> None:
    insert = 'INSERT INTO "alliance_agency" ("id") VALUES (1)'
    assert complaint(insert, "jiangdun.alliance.actions") is None
    assert "only jiangdun.alliance.actions writes" in str(complaint(insert, "jiangdun.alliance.queries"))
    assert complaint('SELECT * FROM "alliance_agency"', "jiangdun.alliance.queries") is None


@pytest.mark.django_db
def test_the_guard_is_awake_in_every_test() -> None:
    room = {"__name__": "jiangdun.alliance.queries", "connection": connection}
    with pytest.raises(WrongRoom, match="core_fact"):
        exec("connection.cursor().execute('SELECT count(*) FROM core_fact')", room)


def test_every_column_that_sounds_like_a_person_says_what_it_holds_and_for_what() -> None:
    """Write the new column into `web/personal_fields.py`: what of a person it holds, or why nothing."""
    columns = [
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models(include_auto_created=True)
        if model.__module__.startswith("jiangdun.")
        for field in model._meta.get_fields()
        if field.concrete
    ]
    assert personal_fields.unexplained(columns) == []
    assert personal_fields.outdated(columns) == []
    for suspicious in ("name_zh", "duty_phone", "address", "id_number", "skipper", "reporter_name", "plate"):
        assert personal_fields.unexplained([f"clearance.Call.{suspicious}"]), suspicious
    assert not personal_fields.unexplained(["clearance.Call.decided_by", "clearance.Call.person"])
