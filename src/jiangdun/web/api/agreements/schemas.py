"""What goes in and out, and how an agreement becomes what a page shows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from ninja import Field, Schema
from pydantic import AwareDatetime

from jiangdun.alliance import agreements as thinking
from jiangdun.alliance import drafting
from jiangdun.alliance.agreements import Agreement, Edition, Terms
from jiangdun.core import shares as sharing
from jiangdun.core.labels import Label
from jiangdun.core.shares import Share

DAY: Final = timedelta(days=1)
CODE: Final = 64
NAMES_MAX: Final = 200
HOURS_MAX: Final = 24 * 31


class AnnexBody(Schema):
    """What `provider` shows `consumer`. `*` for either is every party in turn; `fields: ["*"]` is every field."""

    provider: str = Field(max_length=CODE)
    consumer: str = Field(max_length=CODE)
    data: str = Field(max_length=CODE)
    fields: list[str] = Field(max_length=NAMES_MAX)
    purposes: list[str] = Field(max_length=NAMES_MAX)
    basis: str = Field(max_length=drafting.BASIS_MAX)
    valid_from: AwareDatetime | None = None
    valid_to: AwareDatetime | None = None
    area: dict[str, Any] | None = Field(None, description="GeoJSON Polygon or MultiPolygon, WGS-84")
    delay_s: int = Field(0, ge=0, le=drafting.DELAY_S_MAX)
    precision_m: int = Field(0, ge=0, le=drafting.PRECISION_M_MAX)
    masks: dict[str, str] = Field(default_factory=dict, max_length=NAMES_MAX)
    label: int = Field(int(Label.INTERNAL), ge=0, le=int(Label.RESTRICTED))
    frequency: str = Field("live", max_length=CODE)
    dormant: bool = False
    awakened_by: str = Field("provider", max_length=CODE)
    acts: list[str] = Field(
        default_factory=list,
        max_length=NAMES_MAX,
        description="verbs it lets the consumer do besides looking",
    )


class Wording(Schema):
    """An agreement as somebody writes it."""

    title_zh: str = Field(max_length=drafting.TITLE_MAX)
    title_en: str = Field("", max_length=drafting.TITLE_MAX)
    scope: str = Field("", max_length=drafting.SCOPE_MAX)
    text: str = Field(min_length=1, max_length=drafting.TEXT_MAX)
    parties: list[str] = Field(max_length=drafting.PARTIES_MAX)
    valid_from: AwareDatetime
    valid_to: AwareDatetime
    annexes: list[AnnexBody] = Field(max_length=drafting.ANNEXES_MAX)


class NewAgreement(Wording):
    template: str = Field(max_length=CODE)
    alliance: str = Field(
        "", max_length=CODE, description="among whose members it is; empty: none in particular"
    )


class Revision(Wording):
    version: int = Field(ge=1, description="the one that was read")


class Renewal(Schema):
    version: int = Field(ge=1)
    valid_to: AwareDatetime


class Signing(Schema):
    """What the signer read: the edition, and the digest of everything it says."""

    edition: int = Field(ge=1)
    digest: str = Field(min_length=64, max_length=64)


class Reason(Schema):
    reason: str = Field(min_length=1, max_length=drafting.REASON_MAX)


class Stop(Reason):
    annex: int | None = Field(None, ge=1, description="its number; none is the whole agreement")


class Resume(Schema):
    annex: int | None = Field(None, ge=1)


class Awakening(Reason):
    hours: int = Field(ge=1, le=HOURS_MAX, description="from now on; the installation's own maximum is lower")


class Forwarding(Reason):
    to: str = Field(max_length=CODE)


class ForwardingEnd(Schema):
    to: str = Field(max_length=CODE)


class Line(Schema):
    """An agreement in a list. Its words are those of the edition in force, else of the newest."""

    id: UUID
    template: str
    alliance: str
    title_zh: str
    title_en: str
    state: str = Field(description="draft, signing, not_yet, in_force, to_renew, suspended, expired, ended")
    parties: list[str]
    edition: int
    valid_from: datetime
    valid_to: datetime
    days_left: int = Field(description="days begun until its end; 0 when it is over")
    unsigned: list[str] = Field(description="who must still sign the version that waits for signatures")
    waits_for_me: bool = Field(description="the asker's agency has not signed it")
    suspended_by: list[str]
    version: int


class SignatureSeen(Schema):
    agency: str
    at: datetime


class EditionSeen(Schema):
    """One wording; `state` is draft, signed (all have), in_force, replaced or void."""

    number: int
    state: str
    title_zh: str
    title_en: str
    scope: str
    parties: list[str]
    valid_from: datetime
    valid_to: datetime
    digest: str
    drafted_agency: str
    drafted_at: datetime
    signed_at: datetime | None
    signatures: list[SignatureSeen]
    unsigned: list[str]


class AnnexSeen(AnnexBody):
    """An annex; `state` is active, or why it gives nothing now."""

    id: UUID
    number: int
    valid_from: datetime | None
    valid_to: datetime | None
    state: str
    awake_until: datetime | None
    forwarding: list[str] = Field(
        description="whom its consumer may pass the data on to, by the provider's consent"
    )


class SuspensionSeen(Schema):
    annex: int | None
    agency: str
    reason: str
    at: datetime
    lifted_at: datetime | None


class ActivationSeen(Schema):
    annex: int
    agency: str
    reason: str
    at: datetime
    until: datetime
    ended_at: datetime | None
    ended_why: str


class DepartureSeen(Schema):
    agency: str
    at: datetime
    reason: str


class AgreementSeen(Line):
    """One agreement with all that was said and done about it.

    `annexes` are those of the edition in force (else the newest), `draft_annexes` those of the one that waits.
    """

    editions: list[EditionSeen]
    annexes: list[AnnexSeen]
    draft: int | None = Field(description="number of the edition that waits for signatures")
    draft_annexes: list[AnnexSeen]
    suspensions: list[SuspensionSeen]
    activations: list[ActivationSeen]
    departures: list[DepartureSeen]
    active_hours_max: int


class Text(Schema):
    edition: int
    text: str
    sha256: str


class CopySeen(Schema):
    """An export that left under an annex; `flag` says why the annex gives no more, "" while it does."""

    export: str
    edition: int
    consumer: str
    rows: int
    sha256: str
    at: datetime
    flag: str


class CellSeen(Schema):
    """What `consumer` sees of `provider`'s `data`: `state` is active, or why not."""

    provider: str
    consumer: str
    data: str
    state: str
    fields: list[str]
    masked: list[str]
    until: datetime | None
    agreements: list[UUID]


class Named(Schema):
    code: str
    name_zh: str
    name_en: str


class DataSetSeen(Named):
    always: list[str] = Field(description="shown with every row that is shown at all")
    fields: list[str]
    masks: dict[str, str] = Field(description="how a field is masked where an annex does not say otherwise")


class TemplateSeen(Named):
    about_zh: str
    about_en: str
    scope_zh: str
    scope_en: str
    months: int
    text: str
    annexes: list[dict[str, Any]]


class Choices(Schema):
    """What an agreement may be made of."""

    templates: list[TemplateSeen]
    data_sets: list[DataSetSeen]
    purposes: list[Named]
    frequencies: list[str]
    masks: list[str]
    active_hours_max: int
    today: str = Field(description="the local day: YYYY-MM-DD")


# -- values → what is shown


def terms_of(body: AnnexBody) -> Terms:
    said = body.dict()
    return Terms(
        **{**said, "fields": tuple(body.fields), "purposes": tuple(body.purposes), "acts": tuple(body.acts)}
    )


def line(held: Agreement, agency: str | None, now: datetime, remind_days: Iterable[int]) -> dict[str, Any]:
    shown, draft = thinking.shown(held, now), thinking.open_draft(held)
    unsigned = thinking.missing(draft) if draft is not None else ()
    left = thinking.gone(held, shown)
    return {
        "id": held.id,
        "template": held.template,
        "alliance": held.alliance,
        "title_zh": shown.title_zh,
        "title_en": shown.title_en,
        "state": thinking.state(held, now, remind_days),
        "parties": sorted(set(shown.parties) - left),
        "edition": shown.number,
        "valid_from": shown.valid_from,
        "valid_to": shown.valid_to,
        "days_left": max(0, math.ceil((shown.valid_to - now) / DAY)),
        "unsigned": list(unsigned),
        "waits_for_me": agency in unsigned,
        "suspended_by": sorted({s.agency for s in thinking.suspended_by(held, thinking.counting(held, now))}),
        "version": held.version,
    }


def whole(
    held: Agreement, agency: str | None, now: datetime, remind_days: Iterable[int], hours_max: int
) -> dict[str, Any]:
    shown, draft = thinking.shown(held, now), thinking.open_draft(held)
    by_annex = {share.id: share for share in thinking.shares(held, now)}
    return {
        **line(held, agency, now, remind_days),
        "editions": [_edition(held, edition, now) for edition in held.editions],
        "annexes": _annexes(held, shown, by_annex, now),
        "draft": None if draft is None else draft.number,
        "draft_annexes": [] if draft in (None, shown) else _annexes(held, draft, by_annex, now),
        "suspensions": [vars(one) for one in held.suspensions],
        "activations": [vars(one) for one in held.activations],
        "departures": [vars(one) for one in held.departures],
        "active_hours_max": hours_max,
    }


def _edition(held: Agreement, edition: Edition, now: datetime) -> dict[str, Any]:
    holding = thinking.in_force(held, now)
    if edition.void_at is not None:
        state = "void"
    elif edition.signed_at is None:
        state = "draft"
    elif holding is not None and edition.number != holding.number:
        state = "replaced" if edition.number < holding.number else "signed"
    else:
        state = "signed" if holding is None else "in_force"
    unsigned = list(thinking.missing(edition)) if state == "draft" else []
    signatures = [{"agency": s.agency, "at": s.at} for s in edition.signatures]
    return {**vars(edition), "state": state, "signatures": signatures, "unsigned": unsigned}


def _annexes(
    held: Agreement, edition: Edition | None, by_annex: Mapping[str, Share], now: datetime
) -> list[dict[str, Any]]:
    found = []
    for annex in edition.annexes if edition is not None else ():
        share = by_annex.get(str(annex.id))
        awake = thinking.awake(held, annex.number, now) if annex.terms.dormant else None
        found.append(
            {
                **vars(annex.terms),
                "id": annex.id,
                "number": annex.number,
                "state": "ended" if share is None else sharing.in_force(share, now) or "active",
                "awake_until": None if awake is None else awake.until,
                "forwarding": sorted(
                    c.to for c in held.consents if c.annex == annex.number and c.withdrawn_at is None
                ),
            }
        )
    return found
