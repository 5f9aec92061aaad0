"""Which copies are out under an annex, and whether what let them go still stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from jiangdun.alliance import models
from jiangdun.alliance.agreements import Agreement
from jiangdun.alliance.queries.agreements import annex_state

COPIES_MAX: Final = 1_000
"""Copies one list shows."""


@dataclass(frozen=True)
class Copy:
    """An export that left under an annex. `flag` says why the annex gives no more; "" while it does."""

    export: str
    annex_id: UUID
    edition: int
    consumer: str
    person: str
    rows: int
    sha256: str
    at: datetime
    flag: str


def copies_out(held: Agreement, number: int, now: datetime) -> list[Copy]:
    """The copies that left under the annex of that number, whatever the edition, newest first."""
    state = annex_state(held, number, now)
    rows = models.CopyOut.objects.filter(annex__edition__agreement_id=held.id, annex__number=number)
    return [
        Copy(
            export=row.export,
            annex_id=row.annex_id,
            edition=row.annex.edition.number,
            consumer=row.consumer,
            person=row.person,
            rows=row.rows,
            sha256=row.sha256,
            at=row.at,
            flag="" if state == "active" else state,
        )
        for row in rows.select_related("annex__edition").order_by("-at", "-id")[:COPIES_MAX]
    ]
