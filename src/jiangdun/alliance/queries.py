"""What may be asked of the alliance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from jiangdun.alliance import models
from jiangdun.core.access import Asker
from jiangdun.core.trouble import NotFound

AGENCIES_MAX = 1_000
"""Agencies one alliance may have."""


@dataclass(frozen=True)
class Agency:
    """A member of the alliance."""

    id: UUID
    code: str
    name_zh: str
    name_en: str
    domain: str
    demo: bool
    version: int


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


def agency(code: str) -> Agency:
    """The agency called `code`. Raises NotFound."""
    row = models.Agency.objects.filter(code=code).first()
    if row is None:
        raise NotFound(what="agency", code=code)
    return _agency(row)


def agencies() -> list[Agency]:
    """Every agency, by code."""
    return [_agency(row) for row in models.Agency.objects.order_by("code")[:AGENCIES_MAX]]


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


def _agency(row: models.Agency) -> Agency:
    return Agency(row.id, row.code, row.name_zh, row.name_en, row.domain, row.demo, row.version)


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
