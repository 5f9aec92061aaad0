"""Who serves where, and as whom somebody asks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from jiangdun.alliance import models
from jiangdun.core.access import Asker


@dataclass(frozen=True)
class Membership:
    """A person's service in an agency."""

    id: UUID
    account_id: UUID
    agency: str
    roles: frozenset[str]
    valid_from: datetime
    valid_to: datetime | None
    version: int


def memberships(account_id: UUID, now: datetime) -> list[Membership]:
    """The memberships of an account that hold at `now`, by agency."""
    rows = models.Membership.objects.filter(account_id=account_id, valid_from__lte=now)
    rows = (
        rows.filter(Q(valid_to=None) | Q(valid_to__gt=now)).select_related("agency").order_by("agency__code")
    )
    return [_membership(row) for row in rows]


def asker(account_id: UUID, now: datetime, agency: str | None = None) -> Asker:
    """Who asks: the account's membership at `now` (in `agency`, or the first by code). No membership: no
    roles.
    """
    held = [m for m in memberships(account_id, now) if agency in (None, m.agency)]
    if not held:
        return Asker(account_id, str(account_id), None)
    return Asker(account_id, str(account_id), held[0].agency, held[0].roles)


def _membership(row: models.Membership) -> Membership:
    return Membership(
        row.id,
        row.account_id,
        row.agency.code,
        frozenset(row.roles),
        row.valid_from,
        row.valid_to,
        row.version,
    )
