"""Timers: deadlines are stored moments, never sleeping tasks. One tick asks what is due.

A handler runs in one transaction with the mark that its timer has fired: after a crash at any moment either
both are there or neither, so an effect inside the database happens exactly once. Due timers of a process
that was down fire at its first tick, late and with the `due_at` they always had.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F

from jiangdun.core import canonical, journal
from jiangdun.core.facts import TimerFailed
from jiangdun.core.models import Timer

Handler = Callable[[str, Any, datetime, datetime], None]
"""handler(key, payload, due_at, now): changes tables, journals; raises when we are wrong."""

TICK_MAX = 200
"""Timers fired by one tick; the rest waits for the next."""
RETRY_MAX = timedelta(seconds=60)
"""The longest pause before a handler that failed is tried again."""

_log = structlog.get_logger(__name__)
_handlers: dict[str, Handler] = {}


@dataclass(frozen=True)
class Waiting:
    """How many timers wait, how many are past due at the moment asked, and how many have failed at least
    once.
    """

    pending: int
    due: int
    failing: int


def register(kind: str, handler: Handler) -> None:
    """`handler` answers for timers of `kind` from now on."""
    _handlers[kind] = handler


def set(kind: str, key: str, due_at: datetime, payload: object = None) -> None:
    """Let the timer (kind, key) be due at `due_at`, within the caller's transaction.

    A waiting timer moves to `due_at`. One that has fired is set again only to a later moment, so saying the
    same thing twice changes nothing; a cancelled one is set again. `payload` is anything canonical JSON can
    say.
    """
    with transaction.atomic():
        text = canonical.text(payload)
        timer, new = Timer.objects.get_or_create(
            kind=kind, key=key, defaults={"due_at": due_at, "next_at": due_at, "payload": text}
        )
        if new or (timer.state == Timer.FIRED and due_at <= timer.due_at):
            return
        Timer.objects.filter(pk=timer.pk).update(
            due_at=due_at, next_at=due_at, payload=text, state=Timer.PENDING, attempts=0, fired_at=None
        )


def cancel(kind: str, key: str) -> bool:
    """Call the timer off, within the caller's transaction; False when none was waiting."""
    waiting = Timer.objects.filter(kind=kind, key=key, state=Timer.PENDING)
    return waiting.update(state=Timer.CANCELLED) > 0


def tick(now: datetime, limit: int = TICK_MAX) -> int:
    """Fire what is due at `now`, oldest first, at most `limit`; returns how many fired.

    A handler that fails is undone, logged, journaled at its first failure, and tried again with growing
    pauses.
    """
    due = Timer.objects.filter(state=Timer.PENDING, next_at__lte=now, kind__in=list(_handlers))
    return sum(_fire(timer, now) for timer in due.order_by("next_at", "id")[:limit])


def waiting(now: datetime) -> Waiting:
    """Counts for the health page."""
    pending = Timer.objects.filter(state=Timer.PENDING)
    return Waiting(
        pending.count(), pending.filter(due_at__lte=now).count(), pending.filter(attempts__gt=0).count()
    )


def _fire(timer: Timer, now: datetime) -> bool:
    try:
        with transaction.atomic():
            # The claim is a condition, not a row lock: two ticks at once cannot both change this row.
            claim = Timer.objects.filter(pk=timer.pk, state=Timer.PENDING, due_at=timer.due_at)
            if not claim.update(state=Timer.FIRED, fired_at=now):
                return False
            _handlers[timer.kind](timer.key, json.loads(timer.payload), timer.due_at, now)
            return True
    except (OperationalError, InterfaceError):
        raise  # the database is away or busy: nobody's fault, the next tick tries again
    except Exception as error:
        _log.exception("a timer's handler failed", kind=timer.kind, key=timer.key, payload=timer.payload)
        _put_off(timer, now, error)
        return False


def _put_off(timer: Timer, now: datetime, error: Exception) -> None:
    pause = min(RETRY_MAX, timedelta(seconds=2 ** min(timer.attempts, 10)))
    with transaction.atomic():
        row = Timer.objects.filter(pk=timer.pk, state=Timer.PENDING)
        if row.update(attempts=F("attempts") + 1, next_at=now + pause) and timer.attempts == 0:
            failed = TimerFailed(timer.kind, timer.key, type(error).__name__)
            by = journal.By(system="timers")
            journal.record(failed, by=by, at=now, subject=f"timer:{timer.kind}/{timer.key}"[:160])
