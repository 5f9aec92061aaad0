"""Fewer round trips to PostgreSQL: SAVEPOINT and RELEASE travel with the statement that follows them.

An action in the writer stands inside two savepoints or more, and each costs two messages to the server and
back. They answer nothing, so they can wait for the next statement and go along in its message; before a
COMMIT they need not go at all. Nothing else changes: a savepoint is always there before the statement it
protects.

Used by the writer alone, on its own connection, as one of Django's execute wrappers. On SQLite there is no
message to save, and nothing is folded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

_WAITS = re.compile(r'(RELEASE )?SAVEPOINT "\w+"')
_BACK = "ROLLBACK TO SAVEPOINT "


@contextmanager
def folded(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Fold on `connection` for one transaction, begun and ended inside."""
    if connection.vendor != "postgresql":
        yield
        return
    connection.ensure_connection()  # whoever adds a wrapper to a new connection does so before this one
    with connection.execute_wrapper(_Folding()):
        yield


def has_failed(connection: BaseDatabaseWrapper) -> bool:
    """Whether the open transaction can only be rolled back. PostgreSQL would take its COMMIT and roll back
    silently.
    """
    if connection.vendor != "postgresql":
        return False
    from psycopg.pq import TransactionStatus

    status = connection.connection.info.transaction_status
    return status not in (TransactionStatus.INTRANS, TransactionStatus.IDLE)


class _Folding:
    def __init__(self) -> None:
        self._waiting: list[str] = []

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        if self._may_wait(sql, context):
            self._waiting.append(sql)
            return None
        if self._never_sent(sql):
            return None
        if not self._waiting:
            return execute(sql, params, many, context)
        if many or not _speaks_plainly(context):
            self._send_alone(context)
            return execute(sql, params, many, context)
        waiting, self._waiting = self._waiting, []
        answer = execute("; ".join([*waiting, sql]), params, many, context)
        for _ in waiting:
            context["cursor"].cursor.nextset()  # past their empty answers, to that of `sql`
        return answer

    def _may_wait(self, sql: str, context: dict[str, Any]) -> bool:
        """A RELEASE in a transaction that has failed must fail here and now, not in the action that comes
        next.
        """
        named = isinstance(sql, str) and _WAITS.fullmatch(sql) is not None
        return named and not has_failed(context["connection"])

    def _never_sent(self, sql: str) -> bool:
        """Whether `sql` goes back to a savepoint that still waits: then nothing was done since, and nothing
        need be.
        """
        if not isinstance(sql, str) or not sql.startswith(_BACK):
            return False
        made = "SAVEPOINT " + sql.removeprefix(_BACK)
        if made not in self._waiting:
            return False
        del self._waiting[self._waiting.index(made) + 1 :]
        return True

    def _send_alone(self, context: dict[str, Any]) -> None:
        waiting, self._waiting = self._waiting, []
        with context["connection"].connection.cursor() as cursor:
            cursor.execute("; ".join(waiting))


def _speaks_plainly(context: dict[str, Any]) -> bool:
    """Whether this cursor takes several statements in one message: one that binds on our side does."""
    from psycopg import ClientCursor

    return isinstance(context["cursor"].cursor, ClientCursor)
