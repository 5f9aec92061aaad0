"""Which zones a backtest sees: as they were known then, or as we know now that they were by law.

*As known* is what the live engine judged by: a version counts from when it was recorded until another took its place,
and within that while it is in force by law. It is the reading for "would this rule have warned us?". *As corrected*
takes today's versions with their legal times: the reading for "what happened?".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

from jiangdun.watch.rules.spec import ZoneSpec

ALWAYS_MS: Final = 2**62


@dataclass(frozen=True, slots=True)
class ZoneVersion:
    """A version of a zone, and when we knew it: recorded_at_ms <= time < superseded_at_ms (None: still)."""

    zone: ZoneSpec
    recorded_at_ms: int
    superseded_at_ms: int | None = None


def as_corrected(versions: Iterable[ZoneVersion]) -> list[ZoneSpec]:
    """Today's versions, in force when the law says."""
    return [version.zone for version in versions if version.superseded_at_ms is None]


def as_known(versions: Iterable[ZoneVersion]) -> list[ZoneSpec]:
    """Every version while it was known and in force.

    Versions that follow each other with one border and class are one zone: a new name ends no visit, as it ends none in
    the running engine.
    """
    in_order = sorted(versions, key=lambda v: (v.zone.zone_id, v.recorded_at_ms, v.zone.version))
    found: list[ZoneSpec] = []
    for _, group in groupby(in_order, key=lambda v: v.zone.zone_id):
        last: ZoneSpec | None = None
        for clipped in map(_clipped, group):
            if clipped.valid_from_ms >= clipped.valid_to_ms:
                continue
            if last is not None and _goes_on(last, clipped):
                last = replace(clipped, valid_from_ms=last.valid_from_ms)
                found[-1] = last
            else:
                last = clipped
                found.append(clipped)
    return found


def _clipped(version: ZoneVersion) -> ZoneSpec:
    until = ALWAYS_MS if version.superseded_at_ms is None else version.superseded_at_ms
    return replace(
        version.zone,
        valid_from_ms=max(version.zone.valid_from_ms, version.recorded_at_ms),
        valid_to_ms=min(version.zone.valid_to_ms, until),
    )


def _goes_on(last: ZoneSpec, after: ZoneSpec) -> bool:
    return (last.valid_to_ms, last.kind, last.polygons) == (after.valid_from_ms, after.kind, after.polygons)
