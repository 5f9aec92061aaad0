"""Agreements between agencies: what was agreed, how it stands, who must still sign, what an annex gives.

Values only. An *agreement* (协议) has *editions* (版本): the words, parties, term and *annexes* (附件) signed as one.
An edition is in force once every party has signed it and its term has begun; a newer one takes its place on the
same condition, and until then the older one holds. Whatever depends on time is computed from moments, never
from a flag that a task must turn in time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import shapely
from shapely.geometry.base import BaseGeometry

from jiangdun.core import datasets, shapes
from jiangdun.core.labels import Label
from jiangdun.core.shares import Share
from jiangdun.core.shares import State as ShareState

REMIND_DAYS: Final = (60, 30)
"""Days before its end at which an agreement is due to be renewed, unless a parameter says otherwise."""

UNMASKED: Final = "none"
"""Among an annex's masks: the field is shown as it is, though the data set masks it."""


class State(StrEnum):
    """How an agreement stands: 起草, 签署中, 待生效, 有效, 待续签, 已暂停, 到期, 已终止."""

    DRAFT = "draft"
    SIGNING = "signing"
    NOT_YET = "not_yet"
    IN_FORCE = "in_force"
    TO_RENEW = "to_renew"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    ENDED = "ended"


@dataclass(frozen=True)
class Terms:
    """What one annex says: `consumer` may see `fields` of `provider`'s `data` for `purposes`.

    `valid_from` and `valid_to` narrow the agreement's own term where they are told. `area` is GeoJSON, kept as a
    MultiPolygon. `masks` goes beside what the data set masks by itself (`UNMASKED` shows such a field as it is).
    `dormant`: it gives nothing until somebody of `awakened_by` activates it for a time. It is never passed on unless
    the provider consents.
    """

    provider: str
    consumer: str
    data: str
    fields: tuple[str, ...]
    purposes: tuple[str, ...]
    basis: str
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    area: Mapping[str, Any] | None = None
    delay_s: int = 0
    precision_m: int = 0
    masks: Mapping[str, str] = field(default_factory=dict)
    label: int = Label.INTERNAL
    frequency: str = "live"
    dormant: bool = False
    awakened_by: str = "provider"
    acts: tuple[str, ...] = ()
    """Verbs it lets the consumer do besides looking."""


@dataclass(frozen=True)
class Annex:
    """An annex of one edition. `number` stays with who shows what to whom through all editions."""

    id: UUID
    number: int
    terms: Terms


@dataclass(frozen=True)
class Signature:
    """A party's approver signed an edition."""

    agency: str
    person: str
    at: datetime


@dataclass(frozen=True)
class Edition:
    """One wording. `signed_at` is the moment of the last signature needed; a void one is never in force."""

    number: int
    title_zh: str
    title_en: str
    scope: str
    text_sha256: str
    parties: tuple[str, ...]
    valid_from: datetime
    valid_to: datetime
    digest: str
    drafted_by: str
    drafted_agency: str
    drafted_at: datetime
    signed_at: datetime | None = None
    void_at: datetime | None = None
    signatures: tuple[Signature, ...] = ()
    annexes: tuple[Annex, ...] = ()

    @property
    def begins_at(self) -> datetime | None:
        """From when it holds, if all have signed."""
        return None if self.signed_at is None else max(self.signed_at, self.valid_from)


@dataclass(frozen=True)
class Suspension:
    """A party stopped the agreement (`annex` None) or one annex, until that party lifts it."""

    id: UUID
    annex: int | None
    agency: str
    person: str
    reason: str
    at: datetime
    lifted_at: datetime | None = None
    lifted_by: str = ""


@dataclass(frozen=True)
class Activation:
    """A dormant annex is awake from `at` to before `until`, or to `ended_at` where that is sooner."""

    id: UUID
    annex: int
    agency: str
    person: str
    reason: str
    at: datetime
    until: datetime
    ended_at: datetime | None = None
    ended_why: str = ""


@dataclass(frozen=True)
class Departure:
    """A party left what stands in editions up to `edition`; a later one may name it again."""

    agency: str
    edition: int
    at: datetime
    reason: str


@dataclass(frozen=True)
class Consent:
    """The provider of an annex lets its consumer pass the data on to `to` (art. 25 政务数据共享条例)."""

    id: UUID
    annex: int
    to: str
    person: str
    reason: str
    at: datetime
    withdrawn_at: datetime | None = None


@dataclass(frozen=True)
class Agreement:
    """An agreement with all that was said and done about it.

    `alliance` is the one among whose members it is: who leaves that leaves this; "" is none in particular.
    """

    id: UUID
    template: str
    alliance: str
    created_at: datetime
    version: int
    ended_at: datetime | None = None
    ended_why: str = ""
    editions: tuple[Edition, ...] = ()
    suspensions: tuple[Suspension, ...] = ()
    activations: tuple[Activation, ...] = ()
    departures: tuple[Departure, ...] = ()
    consents: tuple[Consent, ...] = ()


# -- how it stands


def newest(agreement: Agreement) -> Edition:
    """The newest edition, signed or not."""
    return max(agreement.editions, key=lambda edition: edition.number)


def in_force(agreement: Agreement, now: datetime) -> Edition | None:
    """The edition that holds at `now`, its end not looked at: the newest that all signed and that has begun."""
    begun = [e for e in agreement.editions if e.begins_at is not None and e.begins_at <= now]
    return max(begun, key=lambda edition: edition.number, default=None)


def open_draft(agreement: Agreement) -> Edition | None:
    """The edition that waits for signatures, None where none does."""
    last = newest(agreement)
    return last if last.signed_at is None and last.void_at is None and agreement.ended_at is None else None


def shown(agreement: Agreement, now: datetime) -> Edition:
    """The edition people mean when they speak of the agreement: the one in force, else the newest."""
    return in_force(agreement, now) or newest(agreement)


def missing(edition: Edition) -> tuple[str, ...]:
    """The parties that must still sign, by code."""
    signed = {signature.agency for signature in edition.signatures}
    return tuple(sorted(set(edition.parties) - signed))


def gone(agreement: Agreement, edition: Edition) -> frozenset[str]:
    """Parties of an edition that have left it."""
    return frozenset(d.agency for d in agreement.departures if edition.number <= d.edition)


def acting(agreement: Agreement, now: datetime) -> frozenset[str]:
    """Who may act on it: the parties of what is in force, to come or being drafted, but for those that left."""
    counting = [edition for edition, _ in live(agreement, now)] or [newest(agreement)]
    return frozenset[str]().union(*(set(e.parties) - gone(agreement, e) for e in counting))


def counting(agreement: Agreement, now: datetime) -> Edition:
    """The edition that stopping is about: the one in force, else the newest that all signed, else the newest."""
    signed = [e for e in agreement.editions if e.signed_at is not None]
    return in_force(agreement, now) or max(signed, key=lambda e: e.number, default=newest(agreement))


def staying(agreement: Agreement, edition: Edition) -> frozenset[str]:
    """The parties of an edition but for those that left it: who may stop it, and let it go on."""
    return frozenset(edition.parties) - gone(agreement, edition)


def suspended_by(agreement: Agreement, edition: Edition, annex: int | None = None) -> tuple[Suspension, ...]:
    """The suspensions that hold of an edition as a whole, or of one annex by itself: those of its own parties."""
    own = staying(agreement, edition)
    return tuple(
        s for s in agreement.suspensions if s.lifted_at is None and s.annex == annex and s.agency in own
    )


def state(agreement: Agreement, now: datetime, remind_days: Iterable[int] = REMIND_DAYS) -> State:
    """How it stands at `now`."""
    if agreement.ended_at is not None:
        return State.ENDED
    holding = in_force(agreement, now)
    signed = [e for e in agreement.editions if e.signed_at is not None]
    stopped = suspended_by(agreement, counting(agreement, now))
    if holding is None:
        if signed:
            return State.SUSPENDED if stopped else State.NOT_YET
        draft = open_draft(agreement)
        return State.SIGNING if draft is not None and draft.signatures else State.DRAFT
    if now >= holding.valid_to:
        return State.EXPIRED
    if stopped:
        return State.SUSPENDED
    followed = any(e.number > holding.number for e in signed)
    first = timedelta(days=max(remind_days, default=0))
    return State.TO_RENEW if not followed and now >= holding.valid_to - first else State.IN_FORCE


def reminders(begins: datetime, ends: datetime, days: Iterable[int]) -> list[tuple[int, datetime]]:
    """When to remind of the end: (days before, moment), soonest first.

    Of moments that lie before the beginning only the last is told, at the beginning: one reminder, not a row of them.
    """
    moments = [(day, ends - timedelta(days=day)) for day in sorted(set(days), reverse=True)]
    coming = [(day, at) for day, at in moments if at > begins]
    passed = [day for day, at in moments if at <= begins < ends]
    return [*([(passed[-1], begins)] if passed else []), *coming]


# -- what its annexes give


def live(agreement: Agreement, now: datetime) -> Iterator[tuple[Edition, datetime | None]]:
    """Editions whose annexes say something at `now` or later, each with the moment the next takes its place."""
    signed = sorted((e for e in agreement.editions if e.begins_at is not None), key=lambda e: e.number)
    for index, edition in enumerate(signed):
        until = min((e.begins_at for e in signed[index + 1 :] if e.begins_at is not None), default=None)
        if until is None or until > now:
            yield edition, until
    draft = open_draft(agreement)
    if draft is not None:
        yield draft, None


def shares(agreement: Agreement, now: datetime) -> list[Share]:
    """Every annex as `core.access` judges it: what is in force, and what is not with the reason why."""
    found = []
    for edition, until in live(agreement, now):
        left = gone(agreement, edition)
        for annex in edition.annexes:
            share = _share(agreement, edition, annex, until, left, now)
            if share.valid_from < share.valid_to or share.state != "active":
                found.append(share)
    return found


def awake(agreement: Agreement, annex: int, now: datetime) -> Activation | None:
    """The activation of a dormant annex that holds at `now`."""
    open_ones = (a for a in agreement.activations if a.annex == annex and a.ended_at is None)
    return next((a for a in open_ones if a.at <= now < a.until), None)


def standing(
    agreement: Agreement, edition: Edition, annex: Annex, left: frozenset[str], now: datetime
) -> ShareState:
    """How an annex stands by what was said and done, its term not looked at."""
    if agreement.ended_at is not None or left & {annex.terms.provider, annex.terms.consumer}:
        return "ended"
    if edition.signed_at is None:
        return "unsigned"
    if suspended_by(agreement, edition) or suspended_by(agreement, edition, annex.number):
        return "suspended"
    if annex.terms.dormant and awake(agreement, annex.number, now) is None:
        return "dormant"
    return "active"


def term(edition: Edition, annex: Annex) -> tuple[datetime, datetime]:
    """From when to before when an annex may give anything, as signed."""
    begins = annex.terms.valid_from or edition.valid_from
    if edition.signed_at is not None:
        begins = max(begins, edition.signed_at)
    return begins, annex.terms.valid_to or edition.valid_to


def _share(
    agreement: Agreement,
    edition: Edition,
    annex: Annex,
    until: datetime | None,
    left: frozenset[str],
    now: datetime,
) -> Share:
    terms = annex.terms
    begins, ends = term(edition, annex)
    if until is not None:
        ends = min(ends, until)
    activation = awake(agreement, annex.number, now) if terms.dormant else None
    if activation is not None:
        begins, ends = max(begins, activation.at), min(ends, activation.until)
    return Share(
        id=str(annex.id),
        agreement=str(agreement.id),
        provider=terms.provider,
        consumer=terms.consumer,
        data=terms.data,
        fields=frozenset(terms.fields),
        valid_from=begins,
        valid_to=ends,
        state=standing(agreement, edition, annex, left, now),
        purposes=frozenset(terms.purposes),
        masks=masks_of(terms),
        area=None if terms.area is None else _prepared(terms.area),
        delay_s=terms.delay_s,
        precision_m=terms.precision_m,
        label=Label(terms.label),
        acts=frozenset(terms.acts),
    )


def _prepared(area: Mapping[str, Any]) -> BaseGeometry:
    """An area as kept, made ready for many questions."""
    shape = shapes.shape_of(area["coordinates"])
    shapely.prepare(shape)
    return shape


def masks_of(terms: Terms) -> dict[str, str]:
    """How the fields an annex shows are masked: as the data set says, and as the annex says otherwise."""
    data = datasets.find(terms.data)
    usual = {} if data is None else {name: how for name, how in data.masks.items() if name in terms.fields}
    return {name: how for name, how in {**usual, **terms.masks}.items() if how != UNMASKED}
