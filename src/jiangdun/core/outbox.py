"""The outbox: what we owe the outside world. At least once, never lost; the key goes along against doubles.

`put` is written in the transaction of its cause. `run_once` claims letters under a lease, sends them
outside any transaction (a slow gateway must not hold the database), then notes what came of it. After a
crash between sending and noting, the lease runs out and the letter is sent again with the same key.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

import structlog
from django.db import transaction
from django.db.models import Count

from jiangdun.core import canonical, journal
from jiangdun.core.facts import LetterGivenUp
from jiangdun.core.models import OutboxRow

Sender = Callable[[str, Any], None]
"""sender(key, payload): speaks to the world; raises when the world did not take it."""

RUN_MAX = 100
"""Letters taken up by one run."""
LEASE = timedelta(seconds=60)
"""How long a letter taken up is left alone by other runs."""
ATTEMPTS_MAX = 12
"""Tries before a letter is given up (with a fact): about three hours with the pauses below."""
PAUSE_MAX = timedelta(minutes=30)

_T = TypeVar("_T")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Letter:
    """One thing to send: `attempt` counts from 1."""

    id: int
    channel: str
    key: str
    payload: Any
    attempt: int


@dataclass(frozen=True)
class Outcome:
    """What came of a letter: no `trouble` means it was taken."""

    letter: Letter
    trouble: str = ""


def put(channel: str, key: str, payload: object, now: datetime) -> bool:
    """Put a letter into the outbox, within the caller's transaction; False when (channel, key) is there
    already.
    """
    text = canonical.text(payload)
    _, new = OutboxRow.objects.get_or_create(
        channel=channel, key=key, defaults={"payload": text, "next_at": now, "created_at": now}
    )
    return new


def run_once(
    senders: Mapping[str, Sender],
    now: datetime,
    limit: int = RUN_MAX,
    write: Callable[[Callable[[], Any]], Any] | None = None,
) -> int:
    """Send what is due on the channels of `senders`; returns how many were taken by the world.

    `write` runs a function in a write transaction and returns its answer: the desk gives its writer's,
    others need none.
    """
    write = write or _direct
    letters: list[Letter] = write(lambda: claim(list(senders), now, limit))
    outcomes = [_send(senders[letter.channel], letter) for letter in letters]
    if outcomes:
        write(lambda: settle(outcomes, now))
    return sum(not outcome.trouble for outcome in outcomes)


def claim(channels: Sequence[str], now: datetime, limit: int = RUN_MAX) -> list[Letter]:
    """Take up due letters: each counts an attempt and is left alone for LEASE. Runs in the caller's
    transaction.
    """
    due = OutboxRow.objects.filter(state=OutboxRow.QUEUED, next_at__lte=now, channel__in=channels)
    letters = []
    for row in due.order_by("next_at", "id")[:limit]:
        same = OutboxRow.objects.filter(pk=row.pk, state=OutboxRow.QUEUED, attempts=row.attempts)
        if same.update(attempts=row.attempts + 1, next_at=now + LEASE):
            letters.append(Letter(row.pk, row.channel, row.key, json.loads(row.payload), row.attempts + 1))
    return letters


def settle(outcomes: Sequence[Outcome], now: datetime) -> None:
    """Note what came of letters taken up. Runs in the caller's transaction."""
    for outcome in outcomes:
        letter = outcome.letter
        row = OutboxRow.objects.filter(pk=letter.id, state=OutboxRow.QUEUED)
        if not outcome.trouble:
            row.update(state=OutboxRow.SENT, sent_at=now, trouble="")
        elif letter.attempt < ATTEMPTS_MAX:
            row.update(next_at=now + _pause(letter.attempt), trouble=outcome.trouble)
        elif row.update(state=OutboxRow.DEAD, trouble=outcome.trouble):
            given_up = LetterGivenUp(letter.channel, letter.key, letter.attempt)
            by = journal.By(system="outbox")
            journal.record(given_up, by=by, at=now, subject=f"letter:{letter.channel}/{letter.key}"[:160])


def counts() -> dict[str, int]:
    """Letters by state, for the health page."""
    return dict(OutboxRow.objects.values_list("state").annotate(n=Count("id")).order_by())


def _pause(attempt: int) -> timedelta:
    return min(PAUSE_MAX, timedelta(seconds=2**attempt))


def _send(sender: Sender, letter: Letter) -> Outcome:
    try:
        sender(letter.key, letter.payload)
    except Exception as error:  # whatever a gateway does, the other letters go on
        _log.warning("a letter was not taken", channel=letter.channel, key=letter.key, trouble=repr(error))
        return Outcome(letter, (repr(error) or "trouble")[:400])
    return Outcome(letter)


def _direct(work: Callable[[], _T]) -> _T:
    with transaction.atomic():
        return work()
