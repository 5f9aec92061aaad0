"""What may be written into an agreement: checked before anybody is asked to sign it. Values only."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import product
from typing import Any, Final

from jiangdun.alliance import templates
from jiangdun.alliance.agreements import UNMASKED, Annex, Edition, Terms
from jiangdun.core import canonical, datasets, masking, shapes
from jiangdun.core.labels import Label
from jiangdun.core.trouble import BadInput, OverLimit

PARTIES_MAX: Final = 60
ANNEXES_MAX: Final = 2_000
"""Annexes of one edition: each is one provider, one consumer, one data set."""
TITLE_MAX: Final = 120
SCOPE_MAX: Final = 1_000
BASIS_MAX: Final = 300
TEXT_MAX: Final = 100_000
"""Characters of an agreement's text."""
REASON_MAX: Final = 500
DELAY_S_MAX: Final = 30 * 86_400
PRECISION_M_MAX: Final = 100_000
AREA_VERTICES_MAX: Final = 2_000
TERM_MAX: Final = timedelta(days=10 * 366)
EVERY: Final = "*"
"""In an annex as people write it: every party, one after another; every field its data set has on that day."""
FREQUENCIES: Final = ("live", "hourly", "daily", "on_request")
AWAKENERS: Final = ("provider", "either")
_HASH: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Draft:
    """An agreement as somebody writes it. In `annexes` a provider or consumer may be `EVERY`."""

    title_zh: str
    title_en: str
    scope: str
    text_sha256: str
    parties: tuple[str, ...]
    valid_from: datetime
    valid_to: datetime
    annexes: tuple[Terms, ...]


def checked(draft: Draft, now: datetime) -> Draft:
    """The draft as it will be kept: parties in order, annexes one by one. Raises BadInput, OverLimit."""
    _text("title_zh", draft.title_zh, TITLE_MAX)
    _text("title_en", draft.title_en, TITLE_MAX, needed=False)
    _text("scope", draft.scope, SCOPE_MAX, needed=False)
    if not _HASH.fullmatch(draft.text_sha256):
        raise BadInput(field="text", reason="needed")
    parties = _parties(draft.parties)
    _term("valid_to", draft.valid_from, draft.valid_to, now)
    spread = list(spread_out(draft.annexes, parties))
    if len(spread) > ANNEXES_MAX:
        raise OverLimit(limit="ANNEXES_MAX", most=ANNEXES_MAX)
    annexes = tuple(_annex(place, terms, parties, draft) for place, terms in spread)
    return replace(draft, parties=parties, annexes=annexes)


def spread_out(annexes: Sequence[Terms], parties: Sequence[str]) -> Iterable[tuple[int, Terms]]:
    """Each annex with its place in what was written, one for each pair where it says `EVERY`."""
    for place, terms in enumerate(annexes, start=1):
        if EVERY not in (terms.provider, terms.consumer):
            yield place, terms
            continue
        providers = parties if terms.provider == EVERY else (terms.provider,)
        consumers = parties if terms.consumer == EVERY else (terms.consumer,)
        for provider, consumer in product(providers, consumers):
            if provider != consumer:
                yield place, replace(terms, provider=provider, consumer=consumer)


def numbered(annexes: Sequence[Terms], before: Sequence[Annex], last: int) -> list[int]:
    """A number for each annex: what shows the same data to the same agency keeps the one it had in the edition
    `before`, so that a suspension stays with it; others go on after `last`.
    """
    held: dict[tuple[str, str, str], list[int]] = {}
    for annex in before:
        held.setdefault(_what(annex.terms), []).append(annex.number)
    seen: Counter[tuple[str, str, str]] = Counter()
    numbers = []
    for terms in annexes:
        what = _what(terms)
        kept = held.get(what, [])
        if seen[what] < len(kept):
            numbers.append(kept[seen[what]])
        else:
            last += 1
            numbers.append(last)
        seen[what] += 1
    return numbers


def digest(template: str, alliance: str, draft: Draft) -> str:
    """SHA-256 over everything that is signed."""
    said = {"template": template, "alliance": alliance, **_said(draft)}
    return hashlib.sha256(canonical.text(said).encode()).hexdigest()


def renewed(edition: Edition, valid_to: datetime, left: frozenset[str]) -> Draft:
    """The same agreement for the time after it: parties that left, and annexes over by then, are not in it."""
    begins = edition.valid_to
    kept = [
        annex.terms
        for annex in edition.annexes
        if not left & {annex.terms.provider, annex.terms.consumer}
        and (annex.terms.valid_to is None or annex.terms.valid_to > begins)
    ]
    return Draft(
        title_zh=edition.title_zh,
        title_en=edition.title_en,
        scope=edition.scope,
        text_sha256=edition.text_sha256,
        parties=tuple(party for party in edition.parties if party not in left),
        valid_from=begins,
        valid_to=valid_to,
        annexes=tuple(
            replace(terms, valid_from=None if (terms.valid_from or begins) <= begins else terms.valid_from)
            for terms in kept
        ),
    )


def reason(text: str) -> str:
    """A reason somebody gave, trimmed. Raises BadInput where it says nothing or too much."""
    _text("reason", text, REASON_MAX)
    return text.strip()


def _said(draft: Draft) -> dict[str, Any]:
    """A draft in JSON's own types."""
    return {
        "title_zh": draft.title_zh,
        "title_en": draft.title_en,
        "scope": draft.scope,
        "text_sha256": draft.text_sha256,
        "parties": list(draft.parties),
        "valid_from": draft.valid_from,
        "valid_to": draft.valid_to,
        "annexes": [
            {
                **vars(terms),
                "fields": list(terms.fields),
                "purposes": list(terms.purposes),
                "masks": dict(terms.masks),
                "area": None if terms.area is None else dict(terms.area),
                "label": int(terms.label),
                "acts": list(terms.acts),
            }
            for terms in draft.annexes
        ],
    }


def _what(terms: Terms) -> tuple[str, str, str]:
    return terms.provider, terms.consumer, terms.data


def _parties(given: Sequence[str]) -> tuple[str, ...]:
    parties = tuple(sorted(set(given)))
    if len(parties) < 2:
        raise BadInput(field="parties", reason="two_parties")
    if len(parties) > PARTIES_MAX:
        raise OverLimit(limit="PARTIES_MAX", most=PARTIES_MAX)
    return parties


def _term(field: str, begins: datetime, ends: datetime, now: datetime) -> None:
    if ends <= begins:
        raise BadInput(field=field, reason="before_valid_from")
    if ends <= now:
        raise BadInput(field=field, reason="past")
    if ends - begins > TERM_MAX:
        raise BadInput(field=field, reason="term_too_long", most=TERM_MAX.days)


def _annex(place: int, terms: Terms, parties: Sequence[str], draft: Draft) -> Terms:
    """One annex as it will be kept. What is wrong is named by its place in what was written: annexes.3.fields."""
    at = f"annexes.{place}"
    for name in ("provider", "consumer"):
        if getattr(terms, name) not in parties:
            raise BadInput(field=f"{at}.{name}", reason="not_a_party", named=getattr(terms, name)[:64])
    if terms.provider == terms.consumer:
        raise BadInput(field=f"{at}.consumer", reason="to_oneself")
    data = datasets.find(terms.data)
    if data is None:
        raise BadInput(field=f"{at}.data", reason="unknown_data", named=terms.data[:64])
    if terms.fields == (EVERY,):
        terms = replace(terms, fields=tuple(data.fields))
    _annex_fields(at, terms, data.fields)
    for act in terms.acts:
        _one_of(f"{at}.acts", act, tuple(sorted(data.acts)))
    _annex_term(at, terms, draft)
    _within(f"{at}.delay_s", terms.delay_s, DELAY_S_MAX)
    _within(f"{at}.precision_m", terms.precision_m, PRECISION_M_MAX)
    _within(f"{at}.label", terms.label, int(Label.RESTRICTED))
    _one_of(f"{at}.frequency", terms.frequency, FREQUENCIES)
    _one_of(f"{at}.awakened_by", terms.awakened_by, AWAKENERS)
    _text(f"{at}.basis", terms.basis, BASIS_MAX)
    if not terms.purposes:
        raise BadInput(field=f"{at}.purposes", reason="empty")
    for purpose in terms.purposes:
        _one_of(f"{at}.purposes", purpose, tuple(templates.purposes()))
    return replace(
        terms,
        fields=tuple(sorted(set(terms.fields))),
        purposes=tuple(sorted(set(terms.purposes))),
        area=None if terms.area is None else _area(place, terms.area),
        masks=dict(sorted(terms.masks.items())),
        label=int(terms.label),
        acts=tuple(sorted(set(terms.acts))),
    )


def _area(place: int, given: Mapping[str, Any]) -> dict[str, Any]:
    """An area as it is kept and signed: nothing but its polygons. Raises BadInput (`area_refused`)."""
    try:
        polygons = shapes.polygons_of(dict(given), AREA_VERTICES_MAX)
    except shapes.Refused as wrong:
        told = {"feature": place, "name": f"annexes.{place}.area", "code": wrong.code}
        told |= {"zh": wrong.say("zh"), "en": wrong.say("en")}
        raise BadInput(
            "area_refused", field=f"annexes.{place}.area", reason=wrong.code, faults=[told]
        ) from None
    return {"type": "MultiPolygon", "coordinates": canonical.plain(polygons)}


def _annex_fields(at: str, terms: Terms, known: frozenset[str]) -> None:
    if not terms.fields:
        raise BadInput(field=f"{at}.fields", reason="empty")
    strange = sorted(set(terms.fields) - known)
    if strange:
        raise BadInput(field=f"{at}.fields", reason="unknown_field", names=strange[:10])
    masks = masking.known() | {UNMASKED}
    if any(name not in terms.fields or how not in masks for name, how in terms.masks.items()):
        raise BadInput(field=f"{at}.masks", reason="mask", values=sorted(masks))


def _annex_term(at: str, terms: Terms, draft: Draft) -> None:
    begins, ends = terms.valid_from or draft.valid_from, terms.valid_to or draft.valid_to
    if ends <= begins:
        raise BadInput(field=f"{at}.valid_to", reason="before_valid_from")
    if begins < draft.valid_from or ends > draft.valid_to:
        raise BadInput(field=f"{at}.valid_to", reason="outside_term")


def _within(field: str, value: int, most: int) -> None:
    if not 0 <= value <= most:
        raise BadInput(field=field, reason="range", least=0, most=most)


def _one_of(field: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise BadInput(field=field, reason="one_of", values=list(allowed))


def _text(field: str, value: str, most: int, *, needed: bool = True) -> None:
    if needed and not value.strip():
        raise BadInput(field=field, reason="needed")
    if len(value) > most:
        raise BadInput(field=field, reason="too_long", most=most)
    if any((ord(one) < 32 and one not in "\n\t") or 0xD800 <= ord(one) <= 0xDFFF for one in value):
        raise BadInput(field=field, reason="characters")


def text(value: str) -> str:
    """An agreement's text, checked before it goes into the vault. Raises BadInput."""
    written = value.replace("\r\n", "\n")
    _text("text", written, TEXT_MAX)
    return written
