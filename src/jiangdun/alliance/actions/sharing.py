"""The verbs that stop sharing and let it go on: suspend, resume, leave; wake a dormant annex; forwarding."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from jiangdun.alliance import agreements as thinking
from jiangdun.alliance import drafting, facts, models, queries
from jiangdun.alliance.actions import agreement_times, copies
from jiangdun.alliance.actions.agreements import require_party, touch
from jiangdun.alliance.agreements import Agreement, Annex, Edition
from jiangdun.core import ids, journal
from jiangdun.core.journal import By
from jiangdun.core.trouble import BadInput, NotFound, NotYours, WrongState

LEFT_ALLIANCE: Final = "left_alliance"
"""The reason kept where an agency left because it left the alliance."""


@transaction.atomic
def suspend(agreement_id: UUID, annex: int | None = None, *, reason: str, by: By, now: datetime) -> Agreement:
    """Stop an agreement, or one annex of it, at once. Any party of what is in force may; it asks for no
    version: stopping never waits.

    Raises BadInput without a reason, NotFound, NotYours, WrongState (`agreement_suspended`, `agreement_over`).
    """
    words = drafting.reason(reason)
    held = touch(agreement_id)
    agency = _stopper(held, by, now)
    numbers = _numbers(held, annex, now)
    if any(s.agency == agency for s in thinking.suspended_by(held, thinking.counting(held, now), annex)):
        raise WrongState("agreement_suspended")
    row = models.Suspension.objects.create(
        agreement_id=agreement_id, annex=annex, agency=agency, person=_who(by), reason=words, at=now
    )
    fact = facts.AgreementSuspended(agreement_id, annex, agency, _digest(row.id, words))
    cause = journal.record(fact, by=by, at=now, subject=f"agreement:{agreement_id}")
    copies.flag(held, numbers, "suspended", by, now, cause)
    return queries.agreement(agreement_id)


@transaction.atomic
def resume(agreement_id: UUID, annex: int | None = None, *, by: By, now: datetime) -> Agreement:
    """Let go on what one's own agency stopped; another's suspension stands. Raises NotFound, NotYours, WrongState."""
    held = touch(agreement_id)
    agency = _stopper(held, by, now)
    stopped = thinking.suspended_by(held, thinking.counting(held, now), annex)
    own = [s.id for s in stopped if s.agency == agency]
    if not own:
        raise WrongState("not_suspended_by_you")
    models.Suspension.objects.filter(id__in=own).update(lifted_at=now, lifted_by=_who(by))
    fact = facts.AgreementResumed(agreement_id, annex, agency)
    journal.record(fact, by=by, at=now, subject=f"agreement:{agreement_id}")
    return queries.agreement(agreement_id)


@transaction.atomic
def terminate(agreement_id: UUID, *, reason: str, by: By, now: datetime) -> Agreement:
    """Leave an agreement for good: what one's agency gives and gets by it ends now. Where fewer than two parties
    remain, and where nobody had signed, the whole agreement is over. Raises NotFound, NotYours, BadInput, WrongState.
    """
    words = drafting.reason(reason)
    held = touch(agreement_id)
    agency = require_party(held, by, now)
    if any(e.signatures for e in held.editions):
        _leave(held, agency, words, by, now, None)
    else:
        _end(held, "draft_dropped", by, now, None)
    return queries.agreement(agreement_id)


@transaction.atomic
def leave_all(
    agency: str, *, by: By, now: datetime, alliance: str | None = None, cause: int | None = None
) -> int:
    """An agency left an alliance (None: the last it sat in): it leaves at once the agreements among its members.

    Says how many it left.
    """
    left = 0
    for known in queries.agreements(agency):
        concerned = alliance is None or known.alliance == alliance
        if known.ended_at is not None or not concerned or agency not in thinking.acting(known, now):
            continue
        held = touch(known.id)
        if any(e.signatures for e in held.editions) or len(thinking.newest(held).parties) > 2:
            _leave(held, agency, LEFT_ALLIANCE, by, now, cause)
        else:
            _end(held, "parties_left", by, now, cause)
        left += 1
    return left


@transaction.atomic
def end_all(alliance: str, *, by: By, now: datetime, cause: int | None = None) -> int:
    """An alliance ended, and with it the agreements among its members. Says how many."""
    running = models.Agreement.objects.filter(alliance=alliance, ended_at=None).order_by("id")
    ended = list(running.values_list("id", flat=True))
    for agreement_id in ended:
        _end(touch(agreement_id), "alliance_ended", by, now, cause)
    return len(ended)


@transaction.atomic
def activate(
    agreement_id: UUID, annex: int, *, until: datetime, reason: str, by: By, now: datetime
) -> Agreement:
    """Wake a dormant annex until `until`, at most `ACTIVE_HOURS_MAX` from now; it sleeps again by itself.

    Raises BadInput, NotFound, NotYours (the annex says who may), WrongState (`annex_not_dormant`, `annex_awake`,
    `agreement_not_in_force`).
    """
    words = drafting.reason(reason)
    held = touch(agreement_id)
    agency = require_party(held, by, now)
    edition, found = _annex(held, annex, now)
    terms = found.terms
    allowed = {terms.provider} | ({terms.consumer} if terms.awakened_by == "either" else set())
    if agency not in allowed:
        raise NotYours(reason="not_awakener", verb="agreement.activate")
    if not terms.dormant:
        raise WrongState("annex_not_dormant")
    _check_in_force(held, edition, found, now)
    most = queries.ACTIVE_HOURS_MAX.at(now)
    if not now < until <= now + timedelta(hours=most):
        raise BadInput(field="until", reason="time_box", most=most)
    if thinking.awake(held, annex, now) is not None:
        raise WrongState("annex_awake")
    row = models.Activation.objects.create(
        agreement_id=agreement_id,
        annex=annex,
        agency=agency,
        person=_who(by),
        reason=words,
        at=now,
        until=until,
    )
    fact = facts.AnnexActivated(
        agreement_id, annex, row.id, agency, terms.provider, terms.consumer, until, _digest(row.id, words)
    )
    journal.record(fact, by=by, at=now, subject=f"agreement:{agreement_id}")
    agreement_times.watch_sleep(agreement_id, row.id, until)
    return queries.agreement(agreement_id)


@transaction.atomic
def deactivate(agreement_id: UUID, annex: int, *, by: By, now: datetime) -> Agreement:
    """Put an annex to sleep before its time: its provider or its consumer. Raises NotFound, NotYours, WrongState."""
    held = touch(agreement_id)
    agency = require_party(held, by, now)
    _, found = _annex(held, annex, now)
    if agency not in (found.terms.provider, found.terms.consumer):
        raise NotYours(reason="not_awakener", verb="agreement.activate")
    awake = thinking.awake(held, annex, now)
    if awake is None:
        raise WrongState("annex_asleep")
    agreement_times.put_to_sleep(held, awake, "by_hand", by, now, None)
    return queries.agreement(agreement_id)


@transaction.atomic
def allow_forwarding(
    agreement_id: UUID, annex: int, to: str, *, reason: str, by: By, now: datetime
) -> Agreement:
    """The provider lets the consumer of its annex pass the data on to the agency `to`. Raises NotFound, NotYours,
    BadInput, WrongState.
    """
    words = drafting.reason(reason)
    held, found = _provided(agreement_id, annex, by, now)
    if to in (found.terms.provider, found.terms.consumer):
        raise BadInput(field="to", reason="to_oneself")
    queries.agency(to)
    if any(c.annex == annex and c.to == to and c.withdrawn_at is None for c in held.consents):
        raise WrongState("forwarding_allowed_already")
    row = models.ForwardingConsent.objects.create(
        id=ids.new_id(), agreement_id=agreement_id, annex=annex, to=to, person=_who(by), reason=words, at=now
    )
    fact = facts.ForwardingAllowed(agreement_id, annex, row.id, to, _digest(row.id, words))
    journal.record(fact, by=by, at=now, subject=f"agreement:{agreement_id}")
    return queries.agreement(agreement_id)


@transaction.atomic
def withdraw_forwarding(agreement_id: UUID, annex: int, to: str, *, by: By, now: datetime) -> Agreement:
    """The provider takes its consent back. Raises NotFound, NotYours."""
    held, _ = _provided(agreement_id, annex, by, now)
    consent = next(
        (c for c in held.consents if c.annex == annex and c.to == to and c.withdrawn_at is None), None
    )
    if consent is None:
        raise NotFound(what="consent")
    models.ForwardingConsent.objects.filter(id=consent.id).update(withdrawn_at=now)
    fact = facts.ForwardingWithdrawn(agreement_id, annex, consent.id, to)
    journal.record(fact, by=by, at=now, subject=f"agreement:{agreement_id}")
    return queries.agreement(agreement_id)


def _leave(held: Agreement, agency: str, reason: str, by: By, now: datetime, cause: int | None) -> None:
    last = thinking.newest(held)
    models.Departure.objects.create(
        agreement_id=held.id, agency=agency, edition=last.number, at=now, person=_who(by), reason=reason
    )
    remain = sorted(
        set().union(*(set(e.parties) - thinking.gone(held, e) for e in held.editions if e.void_at is None))
        - {agency}
    )
    fact = facts.AgreementLeft(held.id, agency, remain, _digest(held.id, reason))
    cause = journal.record(fact, by=by, at=now, subject=f"agreement:{held.id}", cause=cause)
    _lift(held, agency, by, now, cause)
    if len(remain) < 2:
        _end(held, "parties_left", by, now, cause)
        return
    draft = thinking.open_draft(held)
    if (
        draft is not None and agency in draft.parties
    ):  # its words name a party that is not there: written anew
        models.AgreementEdition.objects.filter(agreement_id=held.id, number=draft.number).update(void_at=now)
    concerned = {
        annex.number
        for edition in held.editions
        for annex in edition.annexes
        if agency in (annex.terms.provider, annex.terms.consumer)
    }
    _stop(held, concerned, "party_left", by, now, cause)


def _lift(held: Agreement, agency: str, by: By, now: datetime, cause: int) -> None:
    """What an agency stopped goes on as it leaves: nobody else could let it."""
    own = [s for s in held.suspensions if s.lifted_at is None and s.agency == agency]
    models.Suspension.objects.filter(id__in=[s.id for s in own]).update(lifted_at=now, lifted_by=_who(by))
    for one in own:
        fact = facts.AgreementResumed(held.id, one.annex, agency)
        journal.record(fact, by=by, at=now, subject=f"agreement:{held.id}", cause=cause)


def _stopper(held: Agreement, by: By, now: datetime) -> str:
    """The agency `by` acts for, which must be a party of what it would stop, not only of a draft. Raises NotYours."""
    if by.agency is None or by.agency not in thinking.staying(held, thinking.counting(held, now)):
        raise NotYours(reason="not_a_party", verb="agreement.suspend")
    return by.agency


def _end(held: Agreement, why: str, by: By, now: datetime, cause: int | None) -> None:
    models.Agreement.objects.filter(id=held.id).update(ended_at=now, ended_why=why)
    fact = facts.AgreementEnded(held.id, why)
    cause = journal.record(fact, by=by, at=now, subject=f"agreement:{held.id}", cause=cause)
    _stop(held, {a.number for e in held.editions for a in e.annexes}, "ended", by, now, cause)


def _stop(held: Agreement, numbers: set[int], why: str, by: By, now: datetime, cause: int) -> None:
    """What is awake among these annexes sleeps, and copies of what they gave are flagged."""
    for activation in held.activations:
        if activation.annex in numbers and activation.ended_at is None:
            agreement_times.put_to_sleep(held, activation, why, by, now, cause)
    copies.flag(held, numbers, "ended", by, now, cause)


def _numbers(held: Agreement, annex: int | None, now: datetime) -> set[int]:
    """The annexes meant: one, which must be there, or all of the edition people mean."""
    if annex is not None:
        _annex(held, annex, now)
        return {annex}
    return {a.number for a in thinking.shown(held, now).annexes}


def _annex(held: Agreement, number: int, now: datetime) -> tuple[Edition, Annex]:
    """The annex of that number where it stands now: in the edition in force, else in the newest. Raises NotFound."""
    for edition in (thinking.shown(held, now), thinking.newest(held)):
        for found in edition.annexes:
            if found.number == number:
                return edition, found
    raise NotFound(what="annex")


def _provided(agreement_id: UUID, number: int, by: By, now: datetime) -> tuple[Agreement, Annex]:
    """An annex whose provider is the agency `by` acts for."""
    held = touch(agreement_id)
    agency = require_party(held, by, now)
    _, found = _annex(held, number, now)
    if agency != found.terms.provider:
        raise NotYours(reason="not_provider", verb="agreement.suspend")
    return held, found


def _check_in_force(held: Agreement, edition: Edition, annex: Annex, now: datetime) -> None:
    begins, ends = thinking.term(edition, annex)
    stopped = thinking.suspended_by(held, edition) or thinking.suspended_by(held, edition, annex.number)
    if edition.signed_at is None or stopped or not begins <= now < ends:
        raise WrongState("agreement_not_in_force")


def _who(by: By) -> str:
    return by.person or by.system or ""


def _digest(salt: UUID, words: str) -> str:
    """A person's words as a fact holds them: salted with an id that stands in the row."""
    return hashlib.sha256(f"{salt}:{words}".encode()).hexdigest()
