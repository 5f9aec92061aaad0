"""Agreements as tests need them: everything shared among some agencies, until they say otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import permutations
from typing import Any

from jiangdun.core import datasets
from jiangdun.core.labels import Label
from jiangdun.core.shares import Share

ALWAYS = datetime(2000, 1, 1, tzinfo=UTC)
NEVER = datetime(2100, 1, 1, tzinfo=UTC)


def everything_shared(agencies: Iterable[str], **changes: Any) -> list[Share]:
    """Every declared data set with every field, from each agency to each other."""
    whole = [
        Share(
            id=f"{data.code}:{provider}:{consumer}",
            agreement="everything",
            provider=provider,
            consumer=consumer,
            data=data.code,
            fields=data.fields,
            valid_from=ALWAYS,
            valid_to=NEVER,
            label=Label.RESTRICTED,
            acts=data.acts,
        )
        for provider, consumer in permutations(agencies, 2)
        for data in datasets.known()
    ]
    return [replace(share, **changes) for share in whole]
