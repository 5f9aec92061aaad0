"""Tests end their databases with them: SQLite need not wait for the disk at each of a thousand commits.

Tests that kill a process start their own, with the settings of an installation.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connections


@pytest.fixture(autouse=True, scope="session")
def _quick_disk() -> Iterator[None]:
    options = connections.settings["default"].get("OPTIONS", {})
    with pytest.MonkeyPatch.context() as patch:
        if "init_command" in options:
            quick = options["init_command"].replace("synchronous=FULL", "synchronous=OFF")
            patch.setitem(options, "init_command", quick)
        yield
