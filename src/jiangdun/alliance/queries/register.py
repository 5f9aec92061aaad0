"""What may be asked of the register."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from jiangdun.alliance import models
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


def agency(code: str) -> Agency:
    """The agency called `code`. Raises NotFound."""
    row = models.Agency.objects.filter(code=code).first()
    if row is None:
        raise NotFound(what="agency", code=code)
    return _agency(row)


def agencies() -> list[Agency]:
    """Every agency, by code."""
    return [_agency(row) for row in models.Agency.objects.order_by("code")[:AGENCIES_MAX]]


def _agency(row: models.Agency) -> Agency:
    return Agency(row.id, row.code, row.name_zh, row.name_en, row.domain, row.demo, row.version)
