"""Copies that left: noted under the annex that let them go, flagged when it gives no more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction

from jiangdun.alliance import facts, models
from jiangdun.alliance.agreements import Agreement
from jiangdun.core import journal
from jiangdun.core.journal import By
from jiangdun.core.trouble import BadInput, NotFound

FLAGGED_MAX: Final = 500
"""Exports one fact names; more are named by the next."""


@transaction.atomic
def note_copy(
    annex_ids: Iterable[UUID], export: str, *, rows: int, sha256: str, by: By, now: datetime
) -> None:
    """An export named `export` of `by.agency` holds data shown by these annexes. Noted again it changes nothing.

    `rows` counts what it holds, `sha256` is of the file. Raises NotFound for an annex, BadInput.
    """
    if not export or len(export) > 64 or not by.agency:
        raise BadInput(field="export", reason="length", most=64)
    for annex_id in sorted(set(annex_ids)):
        row = models.Annex.objects.select_related("edition").filter(id=annex_id).first()
        if row is None:
            raise NotFound(what="annex")
        try:
            with transaction.atomic():
                models.CopyOut.objects.create(
                    annex=row,
                    export=export,
                    consumer=by.agency,
                    person=by.person or "",
                    rows=rows,
                    sha256=sha256,
                    at=now,
                )
        except IntegrityError:
            continue
        fact = facts.CopyLeft(row.edition.agreement_id, row.number, annex_id, export, by.agency, rows, sha256)
        journal.record(fact, by=by, at=now, subject=f"agreement:{row.edition.agreement_id}")


def flag(held: Agreement, numbers: Iterable[int], why: str, by: By, now: datetime, cause: int) -> None:
    """Say, within the caller's transaction, which exports hold copies of what these annexes no longer give."""
    found: dict[int, list[str]] = defaultdict(list)
    rows = models.CopyOut.objects.filter(annex__edition__agreement_id=held.id, annex__number__in=set(numbers))
    for number, export in rows.order_by("annex__number", "id").values_list("annex__number", "export"):
        if export not in found[number]:
            found[number].append(export)
    for number, exports in found.items():
        for start in range(0, len(exports), FLAGGED_MAX):
            fact = facts.CopiesFlagged(held.id, number, exports[start : start + FLAGGED_MAX], why)
            journal.record(fact, by=by, at=now, subject=f"agreement:{held.id}", cause=cause)
