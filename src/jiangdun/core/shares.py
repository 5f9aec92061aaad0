"""What an agreement lets one agency see of another's: values, and whether they hold for a thing at a moment.

A share is read from a signed annex (`alliance`) and handed to `core.access` by the hall. It names the fields
that may be seen: what it does not name, a field invented tomorrow included, stays hidden.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from shapely import points
from shapely.geometry.base import BaseGeometry

from jiangdun.core.labels import Label

State = Literal["active", "unsigned", "suspended", "dormant", "ended"]

REASONS: Final = (
    "not_shared", "unsigned", "ended", "expired", "suspended", "dormant", "not_yet", "outside_area", "too_fresh",
    "label", "only_seen",
)  # fmt: skip
"""Why a share does not help, from the least to the most that was granted: of several the last is told."""

SEEING: Final = (".read", ".unmask")
"""Verbs that only look; every other has to be named by the annex."""


@dataclass(frozen=True, eq=False)
class Share:
    """One annex in force or not: `consumer` may see `fields` of `provider`'s `data`.

    `masks` names, for a field, how it is masked (see `core.masking`); `area` limits to things whose place it
    covers (WGS-84, border counts as inside); a thing is seen `delay_s` after its moment, its place rounded to
    `precision_m`; nothing labelled above `label`. It holds from `valid_from` to before `valid_to` while
    `state` is "active". `id` is the annex, `agreement` what it belongs to.
    """

    id: str
    agreement: str
    provider: str
    consumer: str
    data: str
    fields: frozenset[str]
    valid_from: datetime
    valid_to: datetime
    state: State = "active"
    purposes: frozenset[str] = frozenset()
    masks: Mapping[str, str] | None = None
    area: BaseGeometry | None = None
    delay_s: int = 0
    precision_m: int = 0
    label: Label = Label.INTERNAL
    acts: frozenset[str] = frozenset()
    """To see is not to act: the verbs that it lets the consumer do."""


Key = tuple[str, str, str]
"""Consumer, provider, data set."""


def table(shares: Iterable[Share]) -> dict[Key, tuple[Share, ...]]:
    """Shares by who sees what of whom."""
    found: dict[Key, list[Share]] = {}
    for share in shares:
        found.setdefault((share.consumer, share.provider, share.data), []).append(share)
    return {key: tuple(several) for key, several in found.items()}


def giving(bound: Mapping[Key, tuple[Share, ...]], now: datetime) -> dict[Key, tuple[bool, ...]]:
    """Which of them give something at `now`."""
    return {key: tuple(in_force(share, now) is None for share in several) for key, several in bound.items()}


def differ(some: tuple[Share, ...] | None, others: tuple[Share, ...] | None) -> bool:
    """Whether two readings of the same key say different things."""
    return [_values(share) for share in some or ()] != [_values(share) for share in others or ()]


def _values(share: Share) -> tuple[Any, ...]:
    area = None if share.area is None else share.area.wkb
    return (*(getattr(share, f.name) for f in fields(share) if f.name != "area"), area)


def in_force(share: Share, now: datetime) -> str | None:
    """What speaks against this share at `now` whatever the thing, or None."""
    if share.state != "active":
        return share.state
    if now < share.valid_from:
        return "not_yet"
    return "expired" if now >= share.valid_to else None


def against(share: Share, thing: Mapping[str, Any], now: datetime) -> str | None:
    """What speaks against showing `thing` by this share at `now`, or None. A thing without a place lies in no
    area, and one without a moment is never old enough for a share with a delay.
    """
    reason = in_force(share, now)
    if reason is not None:
        return reason
    if thing.get("label", Label.INTERNAL) > share.label:
        return "label"
    if share.area is not None:
        place = thing.get("place")
        if place is None or not share.area.covers(points(*place)):
            return "outside_area"
    if share.delay_s:
        at = thing.get("at")
        if at is None or now < at + timedelta(seconds=share.delay_s):
            return "too_fresh"
    return None


def lets(share: Share, verb: str) -> bool:
    """Whether a share that shows a thing also lets `verb` be done to it."""
    return verb.endswith(SEEING) or verb in share.acts


def nearest(reasons: Iterable[str]) -> str:
    """Of several reasons the one of the share that came nearest."""
    return max(reasons, key=REASONS.index, default="not_shared")
