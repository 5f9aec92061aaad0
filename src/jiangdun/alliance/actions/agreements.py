"""The verbs that write and sign agreements. Whoever acts must serve in a party; the roles are judged before."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F

from jiangdun.alliance import agreements as thinking
from jiangdun.alliance import drafting, facts, models, queries, templates
from jiangdun.alliance.actions import agreement_times
from jiangdun.alliance.agreements import Agreement, Edition
from jiangdun.alliance.days import day_of
from jiangdun.alliance.drafting import Draft
from jiangdun.core import journal, vault
from jiangdun.core.journal import By
from jiangdun.core.trouble import (
    AlreadySigned,
    BadInput,
    NotFound,
    NotYours,
    OverLimit,
    StaleVersion,
    WrongState,
)


@transaction.atomic
def draft_agreement(template: str, draft: Draft, *, by: By, now: datetime, alliance: str = "") -> Agreement:
    """Write a new agreement that waits for every party's signature. The drafter's agency is one of the parties;
    where an `alliance` is named all of them sit in it.

    Raises BadInput, NotFound for an agency, an alliance or the text, NotYours, OverLimit.
    """
    templates.template(template)
    if models.Agreement.objects.count() >= queries.AGREEMENTS_MAX:
        raise OverLimit(limit="AGREEMENTS_MAX", most=queries.AGREEMENTS_MAX)
    written = _checked(draft, alliance, by, now)
    row = models.Agreement.objects.create(template=template, alliance=alliance, created_at=now)
    edition = _write(row, 1, written, (), by, now)
    fact = facts.AgreementDrafted(
        row.id,
        1,
        template,
        alliance,
        list(written.parties),
        len(written.annexes),
        written.valid_from,
        written.valid_to,
        edition.digest,
    )
    journal.record(fact, by=by, at=now, subject=f"agreement:{row.id}")
    return queries.agreement(row.id)


@transaction.atomic
def revise_agreement(agreement_id: UUID, draft: Draft, *, version: int, by: By, now: datetime) -> Agreement:
    """Write it anew. While nobody has signed the newest edition that one changes; else there is a new edition, to
    be signed anew by all, and what is in force holds until then.

    Raises NotFound, StaleVersion where somebody was quicker, NotYours, WrongState, BadInput, OverLimit.
    """
    held = _touched(agreement_id, by, now, version)
    written = _checked(draft, held.alliance, by, now)
    _put_down(held, written, by, now)
    return queries.agreement(agreement_id)


@transaction.atomic
def renew_agreement(
    agreement_id: UUID, valid_to: datetime, *, version: int, by: By, now: datetime
) -> Agreement:
    """Write an edition for the time from the end of the one in force to `valid_to`: the same words, to be signed by
    all. Raises NotFound, StaleVersion, NotYours, WrongState (`nothing_to_renew`), BadInput.
    """
    held = _touched(agreement_id, by, now, version)
    edition = thinking.in_force(held, now)
    if edition is None:
        raise WrongState("nothing_to_renew")
    draft = drafting.renewed(edition, valid_to, thinking.gone(held, edition))
    _put_down(held, _checked(draft, held.alliance, by, now), by, now)
    return queries.agreement(agreement_id)


@transaction.atomic
def sign_agreement(agreement_id: UUID, *, edition: int, digest: str, by: By, now: datetime) -> Agreement:
    """Sign, for the agency one serves in, the edition that has this digest. The last signature puts it in force.

    Raises NotFound, NotYours, StaleVersion where it reads otherwise by now, AlreadySigned, WrongState
    (`signs_twice`: one person does not sign for two parties; `nothing_to_sign`).
    """
    held = _touched(agreement_id, by, now)
    waiting = thinking.open_draft(held)
    if waiting is None:
        raise WrongState("nothing_to_sign")
    if (waiting.number, waiting.digest) != (edition, digest):
        raise StaleVersion(what="agreement", version=held.version)
    agency, person = _signer(waiting, by)
    row = models.AgreementEdition.objects.get(agreement_id=agreement_id, number=edition)
    try:
        with transaction.atomic():
            models.AgreementSignature.objects.create(edition=row, agency=agency, person=person, at=now)
    except IntegrityError:
        raise AlreadySigned("agreement_signed_already") from None
    missing = [party for party in thinking.missing(waiting) if party != agency]
    signed = facts.AgreementSigned(agreement_id, edition, agency, digest, missing)
    cause = journal.record(signed, by=by, at=now, subject=f"agreement:{agreement_id}")
    if not missing:
        _put_in_force(held, waiting, by, now, cause)
    return queries.agreement(agreement_id)


def touch(agreement_id: UUID) -> Agreement:
    """Move the version on, which makes every other writer wait, and read what stands then. Raises NotFound,
    WrongState (`agreement_over`).
    """
    if not models.Agreement.objects.filter(id=agreement_id).update(version=F("version") + 1):
        raise NotFound(what="agreement")
    held = queries.agreement(agreement_id)
    if held.ended_at is not None:
        raise WrongState("agreement_over")
    return held


def require_party(held: Agreement, by: By, now: datetime) -> str:
    """The agency `by` acts for, which must be a party that has not left. Raises NotYours."""
    if by.agency is None or by.agency not in thinking.acting(held, now):
        raise NotYours(reason="not_a_party", verb="agreement")
    return by.agency


def _touched(agreement_id: UUID, by: By, now: datetime, version: int | None = None) -> Agreement:
    held = touch(agreement_id)
    require_party(held, by, now)
    if version is not None and held.version != version + 1:
        raise StaleVersion(what="agreement", version=held.version - 1)
    return held


def _checked(draft: Draft, alliance: str, by: By, now: datetime) -> Draft:
    """The draft as it is kept, with its parties, in their alliance, and its text there."""
    written = drafting.checked(draft, now)
    if by.agency not in written.parties:
        raise NotYours(reason="not_a_party", verb="agreement")
    for party in written.parties:
        queries.agency(party)
    if alliance:
        sits = {member.agency for member in queries.members(queries.alliance(alliance).code, day_of(now))}
        for party in written.parties:
            if party not in sits:
                raise BadInput(field="parties", reason="not_in_alliance", named=party, alliance=alliance)
    vault.stored(written.text_sha256)
    return written


def _put_down(held: Agreement, written: Draft, by: By, now: datetime) -> None:
    """The draft as the newest edition: in the place of one nobody signed, else behind it."""
    last = thinking.newest(held)
    row = models.Agreement.objects.get(id=held.id)
    fresh = last.signed_at is None and last.void_at is None and not last.signatures
    number = last.number if fresh else last.number + 1
    before = [e for e in held.editions if e.number < number]
    if fresh:
        models.AgreementEdition.objects.get(agreement=row, number=number).delete()
    elif last.signed_at is None and last.void_at is None:
        models.AgreementEdition.objects.filter(agreement=row, number=last.number).update(void_at=now)
    edition = _write(row, number, written, (*before, last), by, now)
    values = (
        list(written.parties),
        len(written.annexes),
        written.valid_from,
        written.valid_to,
        edition.digest,
    )
    fact: object = (
        facts.AgreementRevised(held.id, number, *values)
        if fresh
        else facts.AgreementDrafted(held.id, number, held.template, held.alliance, *values)
    )
    journal.record(fact, by=by, at=now, subject=f"agreement:{held.id}")


def _write(
    row: models.Agreement, number: int, draft: Draft, before: tuple[Edition, ...], by: By, now: datetime
) -> models.AgreementEdition:
    edition = models.AgreementEdition.objects.create(
        agreement=row,
        number=number,
        title_zh=draft.title_zh.strip(),
        title_en=draft.title_en.strip(),
        scope=draft.scope,
        text_sha256=draft.text_sha256,
        parties=list(draft.parties),
        valid_from=draft.valid_from,
        valid_to=draft.valid_to,
        digest=drafting.digest(row.template, row.alliance, draft),
        drafted_by=by.person or by.system or "",
        drafted_agency=by.agency or "",
        drafted_at=now,
    )
    last = max((a.number for e in before for a in e.annexes), default=0)
    numbers = drafting.numbered(draft.annexes, before[-1].annexes if before else (), last)
    models.Annex.objects.bulk_create(
        models.Annex(
            edition=edition,
            number=annex_number,
            **{**vars(terms), "fields": list(terms.fields), "purposes": list(terms.purposes)},
        )
        for annex_number, terms in zip(numbers, draft.annexes, strict=True)
    )
    return edition


def _signer(waiting: Edition, by: By) -> tuple[str, str]:
    """Who signs (agency, person): a person, for a party that has not, who has not signed for another."""
    if by.person is None:
        raise NotYours(reason="person_needed", verb="agreement.sign")
    if by.agency is None or by.agency not in waiting.parties:
        raise NotYours(reason="not_a_party", verb="agreement.sign")
    if any(signature.agency == by.agency for signature in waiting.signatures):
        raise AlreadySigned("agreement_signed_already")
    if any(signature.person == by.person for signature in waiting.signatures):
        raise WrongState("signs_twice")
    return by.agency, by.person


def _put_in_force(held: Agreement, edition: Edition, by: By, now: datetime, cause: int) -> None:
    models.AgreementEdition.objects.filter(agreement_id=held.id, number=edition.number).update(signed_at=now)
    edition = replace(edition, signed_at=now)
    replaces = max((e.number for e in held.editions if e.signed_at is not None), default=0)
    begins = edition.begins_at
    assert begins is not None
    fact = facts.AgreementInForce(
        held.id, edition.number, list(edition.parties), begins, edition.valid_to, replaces
    )
    journal.record(fact, by=by, at=now, subject=f"agreement:{held.id}", cause=cause)
    agreement_times.watch_end(held.id, edition, begins, now)


__all__ = [
    "draft_agreement",
    "renew_agreement",
    "require_party",
    "revise_agreement",
    "sign_agreement",
    "touch",
]
