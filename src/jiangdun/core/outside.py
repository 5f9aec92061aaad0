"""Who somebody is at another identity provider: tied to an account by the security administrator, never by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from jiangdun.core import accounts, facts, journal, secrets
from jiangdun.core.journal import By
from jiangdun.core.models import OutsideLink
from jiangdun.core.trouble import AlreadyThere, BadInput, NotFound

SUBJECT_MAX: Final = 255
"""OpenID Connect Core section 2: a subject has at most 255 characters."""


@dataclass(frozen=True)
class Link:
    """A tie; the subject itself is kept as a digest."""

    id: UUID
    account_id: UUID
    issuer: str
    made_at: datetime


@transaction.atomic
def link(account_id: UUID, issuer: str, subject: str, *, by: By, now: datetime) -> Link:
    """Tie an account to `subject` at `issuer`. Raises NotFound, BadInput, AlreadyThere."""
    accounts.account(account_id)
    if not subject or len(subject) > SUBJECT_MAX or not subject.isprintable():
        raise BadInput(field="subject", reason="length", most=SUBJECT_MAX)
    if OutsideLink.objects.filter(issuer=issuer, subject=_digest(issuer, subject)).exists():
        raise AlreadyThere(what="link")
    row = OutsideLink.objects.create(
        account_id=account_id, issuer=issuer, subject=_digest(issuer, subject), made_at=now
    )
    linked = facts.OutsideLinked(account_id, row.id)
    journal.record(linked, by=by, at=now, subject=f"account:{account_id}")
    return Link(row.id, account_id, issuer, now)


@transaction.atomic
def unlink(account_id: UUID, link_id: UUID, *, by: By, now: datetime) -> None:
    """Cut a tie. Raises NotFound."""
    if not OutsideLink.objects.filter(account_id=account_id, id=link_id).delete()[0]:
        raise NotFound(what="link")
    journal.record(facts.OutsideUnlinked(account_id, link_id), by=by, at=now, subject=f"account:{account_id}")


def links(account_id: UUID) -> list[Link]:
    """The ties of an account."""
    rows = OutsideLink.objects.filter(account_id=account_id).order_by("made_at")[:20]
    return [Link(row.id, row.account_id, row.issuer, row.made_at) for row in rows]


def find(issuer: str, subject: str) -> accounts.Account | None:
    """The active account of a person tied to `subject` at `issuer`; None where there is none."""
    row = OutsideLink.objects.filter(issuer=issuer, subject=_digest(issuer, subject)).first()
    account = accounts.account(row.account_id) if row else None
    return account if account and account.active and account.kind == accounts.PERSON else None


@transaction.atomic
def note_refused(reason: str, now: datetime) -> None:
    """Write down that somebody came back from the provider and was not let in."""
    journal.record(facts.OutsideRefused(reason), by=By(system="door"), at=now, subject="door:outside")


def _digest(issuer: str, subject: str) -> str:
    return secrets.digest("outside", f"{issuer} {subject}")
