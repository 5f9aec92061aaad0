"""What every verb of the alliance asks of its words, days and areas before it writes."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from jiangdun.alliance import models
from jiangdun.alliance.days import day_of
from jiangdun.core import ids, shapes
from jiangdun.core.shapes import Polygons, Refused
from jiangdun.core.trouble import BadInput

_CODE = re.compile(r"[a-z][a-z0-9-]{1,31}")
_PHONE = re.compile(r"[0-9+() \-]{0,32}")
DOMAINS_MAX = 16


class AreaRefused(BadInput):
    """An area cannot be taken; `faults` says what is wrong in it, as {feature, name, code, zh, en}."""

    usual = "area_refused"


def code(field: str, value: str) -> str:
    if not _CODE.fullmatch(value):
        raise BadInput(field=field, reason="small_letters_digits_hyphens")
    return value


def words(field: str, value: str, most: int, *, needed: bool = True) -> str:
    """`value` without white space around it. Raises BadInput."""
    found = value.strip()
    if len(found) > most or (needed and not found):
        raise BadInput(field=field, reason="length", most=most)
    if "\0" in found or not _keepable(found):
        raise BadInput(field=field, reason="characters")
    return found


def phone(field: str, value: str) -> str:
    if not _PHONE.fullmatch(value):
        raise BadInput(field=field, reason="digits")
    return value.strip()


def names(name_zh: str, name_en: str) -> tuple[str, str]:
    return words("name_zh", name_zh, 80), words("name_en", name_en, 120)


def domains(given: Iterable[str]) -> list[str]:
    found = sorted({words("domains", one, 32) for one in given})
    if len(found) > DOMAINS_MAX:
        raise BadInput(field="domains", reason="length", most=DOMAINS_MAX)
    return found


def one_of(field: str, value: str, allowed: Iterable[str]) -> str:
    known = [str(one) for one in allowed]
    if value not in known:
        raise BadInput(field=field, reason="one_of", values=known)
    return value


def period(valid_from: datetime, valid_to: datetime | None) -> None:
    if valid_to is not None and valid_to <= valid_from:
        raise BadInput(field="valid_to", reason="before_valid_from")


def day(field: str, on: date, now: datetime, *, not_before: date | None = None) -> date:
    """A day that has come, and not before another. Raises BadInput."""
    if on > day_of(now):
        raise BadInput(field=field, reason="future")
    if not_before is not None and on < not_before:
        raise BadInput(field=field, reason="before_valid_from")
    return on


def area(geometry: object) -> Polygons:
    """A GeoJSON Polygon or MultiPolygon. Raises AreaRefused."""
    try:
        return shapes.polygons_of(geometry)
    except Refused as wrong:
        told = {"feature": 1, "name": "", "code": wrong.code, "zh": wrong.say("zh"), "en": wrong.say("en")}
        raise AreaRefused(faults=[told]) from None


def digest(polygons: Any) -> str:
    """SHA-256 of coordinates, "" of none."""
    return hashlib.sha256(json.dumps(polygons).encode()).hexdigest() if polygons else ""


def mark(part: str) -> None:
    """This part of the register has changed: what is kept in memory of it is old."""
    models.Mark.objects.update_or_create(part=part, defaults={"stamp": ids.new_id()})


def _keepable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
