"""What may be asked of agreements: the agreements themselves, and every annex as `core.access` judges it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from jiangdun.alliance import agreements as thinking
from jiangdun.alliance import models, readers
from jiangdun.alliance.agreements import (
    Activation,
    Agreement,
    Annex,
    Consent,
    Departure,
    Edition,
    Signature,
    Suspension,
    Terms,
)
from jiangdun.core import shares as sharing
from jiangdun.core.parameters import parameter
from jiangdun.core.shares import Share
from jiangdun.core.trouble import NotFound

AGREEMENTS_MAX: Final = 1_000
"""Agreements one alliance may have, the ended ones among them."""
REMIND_DAYS: Final = parameter(
    "alliance.agreement_remind_days",
    list(thinking.REMIND_DAYS),
    lambda v: isinstance(v, list) and 1 <= len(v) <= 6 and all(type(d) is int and 1 <= d <= 365 for d in v),
)
"""Days before its end at which an agreement is said to be due for renewal."""
ACTIVE_HOURS_MAX: Final = parameter(
    "alliance.annex_active_hours_max", 72, lambda v: type(v) is int and 1 <= v <= 24 * 31
)
"""The longest time a dormant annex may be awake at a stretch, hours."""


@dataclass(frozen=True)
class Granted:
    """An annex by its id: what a copy made under it must name as its source."""

    annex_id: UUID
    agreement: UUID
    edition: int
    annex: int
    title_zh: str
    title_en: str
    terms: Terms
    state: str
    """active, or why it gives nothing now (`core.shares.REASONS`)."""
    valid_from: datetime
    valid_to: datetime


def agreement(agreement_id: UUID) -> Agreement:
    """One agreement with all its editions. Raises NotFound."""
    found = _read(models.Agreement.objects.filter(id=agreement_id))
    if not found:
        raise NotFound(what="agreement")
    return found[0]


def agreements(agency: str | None = None) -> list[Agreement]:
    """Agreements, newest first; with `agency` those it is or was a party of. Without their annexes."""
    rows = models.Agreement.objects.order_by("-created_at", "-id")[:AGREEMENTS_MAX]
    found = _read(rows, annexes=False)
    return [one for one in found if agency is None or agency in readers.parties(one)]


def shares(now: datetime) -> list[Share]:
    """Every annex of every agreement as it stands at `now`, also those that give nothing, so that a refusal can say
    why. What begins or ends by the clock is in the share's own term.
    """
    found = _read(models.Agreement.objects.order_by("id"), annexes=False)
    places: dict[tuple[UUID, int], list[Annex]] = defaultdict(list)
    wanted = {(one.id, edition.number) for one in found for edition, _ in thinking.live(one, now)}
    rows = models.Annex.objects.order_by("edition_id", "number")
    rows = rows.filter(edition__agreement_id__in={agreement_id for agreement_id, _ in wanted})
    for row, agreement_id, number in _placed(rows):
        if (agreement_id, number) in wanted:
            places[agreement_id, number].append(row)
    return [share for one in found for share in thinking.shares(_with(one, places), now)]


def annex(annex_id: UUID, now: datetime) -> Granted:
    """An annex by its id, and whether it gives anything at `now`. Raises NotFound."""
    row = models.Annex.objects.select_related("edition").filter(id=annex_id).first()
    if row is None:
        raise NotFound(what="annex")
    held = agreement(row.edition.agreement_id)
    edition = next(e for e in held.editions if e.number == row.edition.number)
    found = next(a for a in edition.annexes if a.id == annex_id)
    begins, ends = thinking.term(edition, found)
    return Granted(
        annex_id=annex_id,
        agreement=held.id,
        edition=edition.number,
        annex=found.number,
        title_zh=edition.title_zh,
        title_en=edition.title_en,
        terms=found.terms,
        state=annex_state(held, found.number, now),
        valid_from=begins,
        valid_to=ends,
    )


def annex_state(held: Agreement, number: int, now: datetime) -> str:
    """How the annex of that number stands at `now`, whichever edition speaks of it: active, or why not."""
    reasons = []
    numbers = {str(a.id): a.number for e in held.editions for a in e.annexes}
    for share in thinking.shares(held, now):
        if numbers[share.id] == number:
            reason = sharing.in_force(share, now)
            if reason is None:
                return "active"
            reasons.append(reason)
    return sharing.nearest(reasons) if reasons else "ended"


def parties_of(agreement_id: UUID) -> frozenset[str]:
    """Whose agreement it is, to judge who may touch it. Raises NotFound."""
    found = _read(models.Agreement.objects.filter(id=agreement_id), annexes=False)
    if not found:
        raise NotFound(what="agreement")
    return readers.parties(found[0])


# -- rows → values


def _read(rows: Iterable[models.Agreement], *, annexes: bool = True) -> list[Agreement]:
    """Agreements from their rows; the questions asked do not grow with their number."""
    held = list(rows)
    if not held:
        return []
    ids = [row.id for row in held]
    editions = _editions(ids, annexes)
    suspensions = _group(
        models.Suspension.objects.filter(agreement_id__in=ids).order_by("at", "id"), Suspension
    )
    activations = _group(
        models.Activation.objects.filter(agreement_id__in=ids).order_by("at", "id"), Activation
    )
    departures = _group(models.Departure.objects.filter(agreement_id__in=ids).order_by("at", "id"), Departure)
    consents = _group(
        models.ForwardingConsent.objects.filter(agreement_id__in=ids).order_by("at", "id"), Consent
    )
    return [
        Agreement(
            id=row.id,
            template=row.template,
            alliance=row.alliance,
            created_at=row.created_at,
            version=row.version,
            ended_at=row.ended_at,
            ended_why=row.ended_why,
            editions=tuple(editions[row.id]),
            suspensions=tuple(suspensions[row.id]),
            activations=tuple(activations[row.id]),
            departures=tuple(departures[row.id]),
            consents=tuple(consents[row.id]),
        )
        for row in held
    ]


def _editions(ids: list[UUID], annexes: bool) -> dict[UUID, list[Edition]]:
    signatures: dict[int, list[Signature]] = defaultdict(list)
    for signed in models.AgreementSignature.objects.filter(edition__agreement_id__in=ids).order_by(
        "at", "id"
    ):
        signatures[signed.edition_id].append(Signature(signed.agency, signed.person, signed.at))
    places: dict[tuple[UUID, int], list[Annex]] = defaultdict(list)
    if annexes:
        rows = models.Annex.objects.filter(edition__agreement_id__in=ids).order_by("edition_id", "number")
        for annex, agreement_id, number in _placed(rows):
            places[agreement_id, number].append(annex)
    found: dict[UUID, list[Edition]] = defaultdict(list)
    same = {f.name for f in fields(Edition)} - {"parties", "signatures", "annexes"}
    for row in models.AgreementEdition.objects.filter(agreement_id__in=ids).order_by(
        "agreement_id", "number"
    ):
        found[row.agreement_id].append(
            Edition(
                **{name: getattr(row, name) for name in same},
                parties=tuple(row.parties),
                signatures=tuple(signatures[row.id]),
                annexes=tuple(places[row.agreement_id, row.number]),
            )
        )
    return found


def _placed(rows: Any) -> Iterable[tuple[Annex, UUID, int]]:
    """Annexes with the agreement and the edition they stand in."""
    for row in rows.select_related("edition"):
        yield Annex(row.id, row.number, _terms(row)), row.edition.agreement_id, row.edition.number


def _terms(row: models.Annex) -> Terms:
    said: dict[str, Any] = {f.name: getattr(row, f.name) for f in fields(Terms)}
    return Terms(
        **{**said, "fields": tuple(row.fields), "purposes": tuple(row.purposes), "acts": tuple(row.acts)}
    )


def _group(rows: Iterable[Any], kind: type[Any]) -> dict[UUID, list[Any]]:
    """Rows that have the names of `kind`'s fields, as such values, by agreement."""
    names = [f.name for f in fields(kind)]
    found: dict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.agreement_id].append(kind(**{name: getattr(row, name) for name in names}))
    return found


def _with(held: Agreement, places: Mapping[tuple[UUID, int], list[Annex]]) -> Agreement:
    """The agreement with the annexes of the editions that count."""
    editions = tuple(
        replace(edition, annexes=tuple(places.get((held.id, edition.number), ())))
        for edition in held.editions
    )
    return replace(held, editions=editions)
