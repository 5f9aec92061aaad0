"""Facts that only tests record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from jiangdun.core import journal


@journal.fact("test.Counted")
@dataclass(frozen=True)
class Counted:
    """Something was counted."""

    n: Any


BY = journal.By(system="test")


def count(n: Any, now: datetime, subject: str = "test:1") -> int:
    with transaction.atomic():
        return journal.record(Counted(n), by=BY, at=now, subject=subject)
