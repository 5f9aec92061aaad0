"""The database itself keeps the journal and the access ledger append-only, and queues each new fact for the sealer.

Installed by a migration on both databases. A later migration that rebuilds one of these tables on SQLite
loses its triggers and must call `install` again; a test compares.
"""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper

_KEPT = {"core_fact": "id", "core_seal": "number", "core_access": "number"}

_SQLITE_QUEUE = """CREATE TRIGGER core_fact_queue AFTER INSERT ON core_fact
BEGIN INSERT INTO core_unsealed (fact_id) VALUES (NEW.id); END"""

_POSTGRES_FUNCTIONS = (
    """CREATE OR REPLACE FUNCTION core_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE =
'restrict_violation'; END $$""",
    """CREATE OR REPLACE FUNCTION core_queue() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO core_unsealed (fact_id) VALUES (NEW.id); RETURN NULL; END $$""",
)
_POSTGRES_QUEUE = """CREATE TRIGGER core_fact_queue AFTER INSERT ON core_fact
FOR EACH ROW EXECUTE FUNCTION core_queue()"""


def install(connection: BaseDatabaseWrapper) -> None:
    """Create the triggers, anew where some exist, on those of the tables that are there."""
    remove(connection)
    with connection.cursor() as cursor:
        for statement in _creating(connection.vendor, _there(connection)):
            cursor.execute(statement)


def remove(connection: BaseDatabaseWrapper) -> None:
    """Drop the triggers: for undoing the migration, and for tests that empty all tables."""
    with connection.cursor() as cursor:
        there = _there(connection)
        for name, table in names(connection.vendor).items():
            if table not in there:
                continue
            where = f" ON {table}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}{where}")


def names(vendor: str) -> dict[str, str]:
    """Trigger → table, as they must exist on a database of `vendor`."""
    suffixes = ("keep", "whole") if vendor == "postgresql" else ("no_update", "no_delete", "no_replace")
    found = {f"{table}_{suffix}": table for table in _KEPT for suffix in suffixes}
    return {**found, "core_fact_queue": "core_fact"}


def _there(connection: BaseDatabaseWrapper) -> dict[str, str]:
    """The tables that exist: an older migration knows fewer."""
    exist = connection.introspection.table_names()
    return {table: key for table, key in _KEPT.items() if table in exist}


def _creating(vendor: str, kept: dict[str, str]) -> list[str]:
    if vendor == "postgresql":
        statements = list(_POSTGRES_FUNCTIONS)
        for table in kept:
            statements.append(
                f"CREATE TRIGGER {table}_keep BEFORE UPDATE OR DELETE ON {table}"
                " FOR EACH ROW EXECUTE FUNCTION core_refuse()"
            )
            statements.append(
                f"CREATE TRIGGER {table}_whole BEFORE TRUNCATE ON {table}"
                " FOR EACH STATEMENT EXECUTE FUNCTION core_refuse()"
            )
        return [*statements, _POSTGRES_QUEUE]
    if vendor == "sqlite":
        return [s for table, key in kept.items() for s in _sqlite_keeping(table, key)] + [_SQLITE_QUEUE]
    raise NotImplementedError(f"no journal triggers for {vendor}: use SQLite or PostgreSQL")


def _sqlite_keeping(table: str, key: str) -> list[str]:
    refuse = f"SELECT RAISE(ABORT, '{table} is append-only')"
    return [
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} BEGIN {refuse}; END",
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} BEGIN {refuse}; END",
        # INSERT OR REPLACE deletes the old row without asking the DELETE trigger.
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}"  # noqa: S608  (our own names)
        f" WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key}) BEGIN {refuse}; END",
    ]
