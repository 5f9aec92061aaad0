"""Changing a limit: a new row with a validity and a legal basis, never a change of an old one."""

from __future__ import annotations

import math
from datetime import datetime

from django.db import IntegrityError, transaction

from jiangdun.core import journal
from jiangdun.core.journal import By
from jiangdun.core.trouble import BadInput, StaleVersion
from jiangdun.response import facts
from jiangdun.response.limits import DEFAULTS
from jiangdun.response.models import LimitRow


@transaction.atomic
def set_limit(
    key: str,
    value: float,
    *,
    basis_zh: str,
    basis_en: str,
    by: By,
    now: datetime,
    agency: str = "",
    mark: str = "C",
    valid_from: datetime | None = None,
    valid_to: datetime | None = None,
) -> int:
    """Let `key` (see `limits.DEFAULTS`) be `value` for `agency` ("" = all) from `valid_from` (now by
    default).

    Running clocks keep the limit they started with. Returns the new row's version; raises BadInput,
    StaleVersion.
    """
    default = DEFAULTS.get(key)
    if default is None:
        raise BadInput(field="key", reason="unknown", allowed=sorted(DEFAULTS))
    if not (math.isfinite(value) and default.least <= value <= default.most):
        raise BadInput(field="value", reason="range", least=default.least, most=default.most)
    if mark not in ("V", "C", "M"):
        raise BadInput(field="mark", reason="unknown", allowed=["V", "C", "M"])
    for field, text in (("basis_zh", basis_zh), ("basis_en", basis_en)):
        if not text.strip() or len(text) > 300:
            raise BadInput(field=field, reason="length", most=300)
    begins = valid_from or now
    if valid_to is not None and valid_to <= begins:
        raise BadInput(field="valid_to", reason="before_valid_from")
    held = (
        LimitRow.objects.filter(key=key, agency=agency).order_by("-version").values_list("version", flat=True)
    )
    version = (held.first() or 0) + 1
    try:
        with transaction.atomic():
            LimitRow.objects.create(
                key=key,
                agency=agency,
                value=value,
                basis_zh=basis_zh,
                basis_en=basis_en,
                mark=mark,
                valid_from=begins,
                valid_to=valid_to,
                version=version,
            )
    except IntegrityError:
        raise StaleVersion(what="limit", version=version) from None
    fact = facts.LimitSet(
        key, agency, value, default.unit, basis_zh, basis_en, mark, begins, valid_to, version
    )
    journal.record(fact, by=by, at=now, subject=f"limit:{key}")
    return version
