"""Who sits where: sit down, stand up, hand over with a note. A desk that must be staffed and is not raises an alarm."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from jiangdun.alliance import facts, models
from jiangdun.alliance.actions import checks
from jiangdun.alliance.days import day_of, holds
from jiangdun.alliance.queries import offices as asked
from jiangdun.core import journal
from jiangdun.core.journal import By
from jiangdun.core.trouble import BadInput, NotFound, OverLimit, StaleVersion, WrongState

NOTE_MAX = 1_000


@transaction.atomic
def sit_down(desk_id: UUID, account_id: UUID, agency: str, *, by: By, now: datetime) -> asked.Sitter:
    """Let somebody who serves in `agency`, a member of the alliance, sit at a desk; at one desk at a time.

    Raises NotFound, BadInput, WrongState (`sits_elsewhere`), OverLimit.
    """
    return _sit(_desk(desk_id), account_id, agency, None, by, now)


@transaction.atomic
def stand_up(sitting_id: UUID, note: str, *, version: int, by: By, now: datetime) -> None:
    """Leave a desk; the note is what whoever comes next must know. Raises NotFound, StaleVersion, BadInput."""
    stand(_sitting(sitting_id, version), "asked", note, by=by, now=now)


@transaction.atomic
def hand_over(
    sitting_id: UUID, account_id: UUID, agency: str, note: str, *, version: int, by: By, now: datetime
) -> asked.Sitter:
    """Give the desk to the next one, with a note, which is needed. The desk is not unattended in between.

    Raises NotFound, StaleVersion, BadInput, WrongState.
    """
    row = _sitting(sitting_id, version)
    note = checks.words("note", note, NOTE_MAX)
    if row.account_id == account_id:
        raise BadInput(field="account_id", reason="same_person")
    cause = _stand(row, "handed_over", note, by, now, None)
    return _sit(row.desk, account_id, agency, row.id, by, now, cause)


def stand(
    row: models.Sitting, reason: str, note: str, *, by: By, now: datetime, cause: int | None = None
) -> None:
    """End a sitting, and raise the alarm where the desk is unattended now."""
    told = _stand(row, reason, checks.words("note", note, NOTE_MAX, needed=False), by, now, cause)
    watch(row.desk_id, by=by, now=now, cause=told)


def stand_agency_up(alliance: str, agency: str, *, by: By, now: datetime, cause: int) -> None:
    """Everybody of an agency that left the alliance leaves its desks."""
    for row in sittings_of(alliance, agency):
        stand(row, "agency_left", "", by=by, now=now, cause=cause)


def sittings_of(alliance: str, agency: str) -> list[models.Sitting]:
    rows = models.Sitting.objects.select_related("desk__alliance", "agency")
    return list(rows.filter(desk__alliance__code=alliance, agency__code=agency, stood_at=None))


def watch(desk_id: UUID, *, by: By, now: datetime, cause: int | None) -> None:
    """Note that a desk which must be staffed is unattended, or is so no longer; each is told once."""
    desk = models.Desk.objects.select_related("alliance").get(id=desk_id)
    sits = models.Sitting.objects.filter(desk=desk, stood_at=None).exists()
    missing = desk.staffed and not sits and desk.valid_to is None
    alliance = desk.alliance.code
    fact: facts.DeskUnattended | facts.DeskAttended
    if missing and desk.unattended_since is None:
        models.Desk.objects.filter(id=desk.id).update(unattended_since=now)
        fact = facts.DeskUnattended(desk.id, alliance, desk.code, now)
    elif not missing and desk.unattended_since is not None:
        models.Desk.objects.filter(id=desk.id).update(unattended_since=None)
        lasted = (now - desk.unattended_since).total_seconds()
        fact = facts.DeskAttended(desk.id, alliance, desk.code, lasted)
    else:
        return
    journal.record(fact, by=by, at=now, subject=f"desk:{desk.id}", cause=cause)


def _sit(
    desk: models.Desk,
    account_id: UUID,
    agency: str,
    before: UUID | None,
    by: By,
    now: datetime,
    cause: int | None = None,
) -> asked.Sitter:
    home = _home(desk, account_id, agency, now)
    if models.Sitting.objects.filter(desk=desk, stood_at=None).count() >= asked.SITTERS_PER_DESK_MAX:
        raise OverLimit(limit="SITTERS_PER_DESK_MAX", most=asked.SITTERS_PER_DESK_MAX)
    elsewhere = models.Sitting.objects.select_related("desk").filter(account_id=account_id, stood_at=None)
    held = elsewhere.first()
    if held is not None:
        raise WrongState("sits_elsewhere", desk=held.desk.code)
    try:
        with transaction.atomic():
            row = models.Sitting.objects.create(desk=desk, account_id=account_id, agency=home, sat_at=now)
    except IntegrityError:  # the same person, from another screen
        raise WrongState("sits_elsewhere", desk=desk.code) from None
    fact = facts.DeskTaken(row.id, desk.id, desk.alliance.code, desk.code, account_id, agency, before)
    told = journal.record(fact, by=by, at=now, subject=f"desk:{desk.id}", cause=cause)
    watch(desk.id, by=by, now=now, cause=told)
    return asked.sitting(row.id)


def _home(desk: models.Desk, account_id: UUID, agency: str, now: datetime) -> models.Agency:
    """The agency for which somebody may sit there."""
    home = models.Agency.objects.filter(code=agency).first()
    if home is None:
        raise NotFound(what="agency", code=agency)
    serves = models.Membership.objects.filter(account_id=account_id, agency=home, valid_from__lte=now)
    if not serves.exclude(valid_to__lte=now).exists():
        raise BadInput(field="account_id", reason="serves_not_there")
    seats = models.Seat.objects.filter(alliance=desk.alliance, agency=home)
    if not any(holds(seat.from_on, seat.to_on, day_of(now)) for seat in seats):
        raise BadInput(field="agency", reason="not_a_member")
    return home


def _stand(row: models.Sitting, reason: str, note: str, by: By, now: datetime, cause: int | None) -> int:
    same = models.Sitting.objects.filter(id=row.id, version=row.version, stood_at=None)
    if not same.update(stood_at=now, note=note, version=row.version + 1):
        raise StaleVersion(what="sitting", version=row.version)
    desk = row.desk
    fact = facts.DeskLeft(
        row.id, desk.id, desk.alliance.code, desk.code, row.account_id, row.agency.code, reason
    )
    return journal.record(fact, by=by, at=now, subject=f"desk:{desk.id}", cause=cause)


def _desk(desk_id: UUID) -> models.Desk:
    row = models.Desk.objects.select_related("alliance").filter(id=desk_id, valid_to=None).first()
    if row is None:
        raise NotFound(what="desk")
    return row


def _sitting(sitting_id: UUID, version: int) -> models.Sitting:
    rows = models.Sitting.objects.select_related("desk__alliance", "agency")
    row = rows.filter(id=sitting_id, stood_at=None).first()
    if row is None:
        raise NotFound(what="sitting")
    if row.version != version:
        raise StaleVersion(what="sitting", version=row.version)
    return row
