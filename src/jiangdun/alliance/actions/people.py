"""The verbs that change who serves where."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from jiangdun.alliance import facts, models, queries
from jiangdun.alliance.grants import ADMIN_ROLES, ROLES
from jiangdun.core import journal
from jiangdun.core.journal import By
from jiangdun.core.trouble import AlreadyThere, BadInput, NotFound, StaleVersion


@transaction.atomic
def join(account_id: UUID, agency: str, roles: Iterable[str], *, by: By, now: datetime) -> queries.Membership:
    """Let an account serve in `agency` with `roles`. Raises NotFound, AlreadyThere, BadInput.

    Whoever left before may join again: the membership opens anew.
    """
    held = _checked(account_id, agency, roles, now)
    home = queries.agency(agency)
    row = models.Membership.objects.filter(account_id=account_id, agency_id=home.id).first()
    if row is not None and (row.valid_to is None or row.valid_to > now):
        raise AlreadyThere(what="membership", agency=agency)
    if row is None:
        row = models.Membership(account_id=account_id, agency_id=home.id)
    else:
        row.version += 1
    row.roles, row.valid_from, row.valid_to = held, now, None
    row.save()
    fact = facts.MemberJoined(row.id, account_id, agency, held)
    journal.record(fact, by=by, at=now, subject=f"account:{account_id}")
    return _read(row.id, account_id, now)


@transaction.atomic
def change_roles(
    membership_id: UUID, roles: Iterable[str], *, version: int, of: UUID | None = None, by: By, now: datetime
) -> queries.Membership:
    """Give a membership (`of` this account) other roles. Raises NotFound, StaleVersion, BadInput."""
    row = _held(membership_id, now, of)
    held = _checked(row.account_id, row.agency.code, roles, now)
    same = models.Membership.objects.filter(id=membership_id, version=version)
    if not same.update(roles=held, version=version + 1):
        raise StaleVersion(what="membership", version=row.version)
    fact = facts.MemberRolesChanged(row.id, row.account_id, row.agency.code, held)
    journal.record(fact, by=by, at=now, subject=f"account:{row.account_id}")
    return _read(row.id, row.account_id, now)


@transaction.atomic
def leave(membership_id: UUID, *, version: int, of: UUID | None = None, by: By, now: datetime) -> None:
    """End a membership (`of` this account) now. Raises NotFound, StaleVersion."""
    row = _held(membership_id, now, of)
    same = models.Membership.objects.filter(id=membership_id, version=version)
    if not same.update(valid_to=now, version=version + 1):
        raise StaleVersion(what="membership", version=row.version)
    fact = facts.MemberLeft(row.id, row.account_id, row.agency.code)
    journal.record(fact, by=by, at=now, subject=f"account:{row.account_id}")


def _held(membership_id: UUID, now: datetime, of: UUID | None) -> models.Membership:
    row = models.Membership.objects.select_related("agency").filter(id=membership_id).first()
    if row is None or of not in (None, row.account_id) or (row.valid_to is not None and row.valid_to <= now):
        raise NotFound(what="membership")
    return row


def _read(membership_id: UUID, account_id: UUID, now: datetime) -> queries.Membership:
    return next(m for m in queries.memberships(account_id, now) if m.id == membership_id)


def _checked(account_id: UUID, agency: str, roles: Iterable[str], now: datetime) -> list[str]:
    """The roles as they may be held, or BadInput. The three administrators are three people, over all
    agencies.
    """
    wanted = frozenset(roles)
    if not wanted:
        raise BadInput(field="roles", reason="empty")
    if not wanted <= ROLES:
        raise BadInput(field="roles", reason="unknown", roles=sorted(wanted - ROLES))
    elsewhere = [m.roles for m in queries.memberships(account_id, now) if m.agency != agency]
    everything = wanted.union(*elsewhere)
    if everything & ADMIN_ROLES and len(everything) > 1:
        raise BadInput(field="roles", reason="admin_roles_are_separated", roles=sorted(everything))
    return sorted(wanted)
