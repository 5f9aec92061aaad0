"""Fixtures of the watch room."""

from __future__ import annotations

from datetime import datetime

import pytest

from .room import NOW


@pytest.fixture
def now() -> datetime:
    return NOW
