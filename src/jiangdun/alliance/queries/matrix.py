"""Who shows what to whom at this moment, and why not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from jiangdun.core import shares as sharing
from jiangdun.core.shares import Key, Share


@dataclass(frozen=True)
class Cell:
    """What `consumer` sees of `provider`'s `data`. `state` is active, or the reason that came nearest.

    Of what is active: `fields` that are shown, how many of them are `masked` by every annex, the last moment `until`
    which it holds, and the `annexes` (agreement, annex) it comes from; of what is not, those that would give it.
    """

    provider: str
    consumer: str
    data: str
    state: str
    fields: tuple[str, ...]
    masked: tuple[str, ...]
    until: datetime | None
    annexes: tuple[tuple[str, str], ...]


def matrix(shares: Iterable[Share], now: datetime, agency: str | None = None) -> list[Cell]:
    """A cell for each provider, consumer and data set some annex speaks of; with `agency` only where it is one of
    the two. `shares` are those of `queries.shares(now)`.
    """
    found: dict[Key, list[Share]] = defaultdict(list)
    for share in shares:
        if agency is None or agency in (share.provider, share.consumer):
            found[share.consumer, share.provider, share.data].append(share)
    return [_cell(key, several, now) for key, several in sorted(found.items())]


def _cell(key: Key, several: list[Share], now: datetime) -> Cell:
    consumer, provider, data = key
    reasons = [(share, sharing.in_force(share, now)) for share in several]
    active = [share for share, reason in reasons if reason is None]
    state = "active" if active else sharing.nearest(reason for _, reason in reasons if reason is not None)
    telling = active or [share for share, reason in reasons if reason == state]
    fields = frozenset[str]().union(*(share.fields for share in active))
    masked = {name for name in fields if all(name in (s.masks or {}) for s in active if name in s.fields)}
    return Cell(
        provider=provider,
        consumer=consumer,
        data=data,
        state=state,
        fields=tuple(sorted(fields)),
        masked=tuple(sorted(masked)),
        until=max((share.valid_to for share in active), default=None),
        annexes=tuple((share.agreement, share.id) for share in telling),
    )
