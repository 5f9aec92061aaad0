"""The verbs that change the register."""

from __future__ import annotations

import re
from datetime import datetime

from django.db import transaction

from jiangdun.alliance import facts, models, queries
from jiangdun.alliance.queries import register
from jiangdun.core import journal
from jiangdun.core.journal import By
from jiangdun.core.trouble import AlreadyThere, BadInput, OverLimit

_CODE = re.compile(r"[a-z][a-z0-9-]{1,31}")


@transaction.atomic
def found_agency(
    code: str, name_zh: str, name_en: str, domain: str, *, by: By, now: datetime, demo: bool = False
) -> queries.Agency:
    """Take an agency into the alliance. Raises AlreadyThere, BadInput, OverLimit."""
    if not _CODE.fullmatch(code):
        raise BadInput(field="code", reason="small_letters_digits_hyphens")
    for field, value, most in (("name_zh", name_zh, 80), ("name_en", name_en, 120), ("domain", domain, 32)):
        if not value.strip() or len(value) > most:
            raise BadInput(field=field, reason="length", most=most)
    if models.Agency.objects.filter(code=code).exists():
        raise AlreadyThere(what="agency", code=code)
    if models.Agency.objects.count() >= register.AGENCIES_MAX:
        raise OverLimit(limit="AGENCIES_MAX", most=register.AGENCIES_MAX)
    row = models.Agency.objects.create(
        code=code, name_zh=name_zh, name_en=name_en, domain=domain, demo=demo, founded_at=now
    )
    fact = facts.AgencyFounded(row.id, code, name_zh, name_en, domain, demo)
    journal.record(fact, by=by, at=now, subject=f"agency:{row.id}")
    return queries.agency(code)
