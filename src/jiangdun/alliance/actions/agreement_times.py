"""What the clock does to agreements: reminders, the end of a term, the end of an activation. All stored moments."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from jiangdun.alliance import agreements as thinking
from jiangdun.alliance import facts, models, queries
from jiangdun.alliance.actions import copies
from jiangdun.alliance.agreements import Activation, Agreement, Edition
from jiangdun.core import journal, timers
from jiangdun.core.journal import By
from jiangdun.core.timers import Handler

SYSTEM: Final = By(system="agreements")
_REMIND: Final = "alliance.agreement_due"
_END: Final = "alliance.agreement_end"
_SLEEP: Final = "alliance.annex_sleep"


def watch_end(agreement_id: UUID, edition: Edition, begins: datetime, now: datetime) -> None:
    """Set the reminders and the end of an edition that came in force."""
    payload = {"agreement": agreement_id, "edition": edition.number}
    for days, at in thinking.reminders(begins, edition.valid_to, queries.REMIND_DAYS.at(now)):
        timers.set(_REMIND, f"{agreement_id}:{edition.number}:{days}", at, {**payload, "days": days})
    timers.set(_END, f"{agreement_id}:{edition.number}", edition.valid_to, payload)


def watch_sleep(agreement_id: UUID, activation: UUID, until: datetime) -> None:
    """Set the end of an activation."""
    timers.set(_SLEEP, str(activation), until, {"agreement": agreement_id, "activation": activation})


def forget_sleep(activation: UUID) -> None:
    """Its end came sooner."""
    timers.cancel(_SLEEP, str(activation))


def put_to_sleep(
    held: Agreement, activation: Activation, why: str, by: By, now: datetime, cause: int | None
) -> None:
    """End an activation, once."""
    open_one = models.Activation.objects.filter(id=activation.id, ended_at=None)
    if not open_one.update(ended_at=now, ended_why=why):
        return
    forget_sleep(activation.id)
    fact = facts.AnnexDeactivated(held.id, activation.annex, activation.id, why)
    journal.record(fact, by=by, at=now, subject=f"agreement:{held.id}", cause=cause)


def _due(_key: str, payload: Any, _due_at: datetime, now: datetime) -> None:
    """Say that the end is near, unless something signed follows or it is over anyhow."""
    held, edition = _held(payload)
    followed = any(e.number > edition.number for e in held.editions if e.signed_at is not None)
    if held.ended_at is None and not followed and now < edition.valid_to:
        parties = sorted(set(edition.parties) - thinking.gone(held, edition))
        fact = facts.AgreementRenewalDue(held.id, edition.number, parties, payload["days"], edition.valid_to)
        journal.record(fact, by=SYSTEM, at=now, subject=f"agreement:{held.id}")


def _ended(_key: str, payload: Any, _due_at: datetime, now: datetime) -> None:
    """Say that the term is over, unless another edition holds in its place. The shares ended by themselves."""
    held, edition = _held(payload)
    if held.ended_at is not None or thinking.in_force(held, now) != edition:
        return
    parties = sorted(set(edition.parties) - thinking.gone(held, edition))
    fact = facts.AgreementExpired(held.id, edition.number, parties, edition.valid_to)
    cause = journal.record(fact, by=SYSTEM, at=now, subject=f"agreement:{held.id}")
    copies.flag(held, {a.number for a in edition.annexes}, "expired", SYSTEM, now, cause)


def _sleeps(_key: str, payload: Any, _due_at: datetime, now: datetime) -> None:
    held = queries.agreement(UUID(payload["agreement"]))
    found = next(a for a in held.activations if str(a.id) == payload["activation"])
    put_to_sleep(held, found, "time", SYSTEM, now, None)


def _held(payload: Mapping[str, Any]) -> tuple[Agreement, Edition]:
    held = queries.agreement(UUID(payload["agreement"]))
    return held, next(e for e in held.editions if e.number == payload["edition"])


TIMERS: Final[Mapping[str, Handler]] = {_REMIND: _due, _END: _ended, _SLEEP: _sleeps}
"""Kind of timer → what it does when due; the hall registers these."""
