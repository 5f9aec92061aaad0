"""Tests that commit end by emptying all tables. The journal's triggers refuse that, so they are lifted for
the moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from django.db.backends.base.operations import BaseDatabaseOperations


@pytest.fixture(autouse=True, scope="session")
def _journal_can_be_emptied_between_tests() -> Any:
    from jiangdun.core import triggers

    emptied = BaseDatabaseOperations.execute_sql_flush

    def lifted(self: Any, sql_list: Sequence[str]) -> None:
        kept = "core_fact" in self.connection.introspection.table_names()
        if kept:
            triggers.remove(self.connection)
        try:
            emptied(self, sql_list)
        finally:
            if kept:
                triggers.install(self.connection)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseDatabaseOperations, "execute_sql_flush", lifted)
        yield
