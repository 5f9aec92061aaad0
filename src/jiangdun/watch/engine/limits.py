"""Every limit of the engine has a name, and what is said when it is reached."""

from __future__ import annotations

from typing import Final

NEVER: Final = -(1 << 62)
"""A time before all times (ms)."""
ALWAYS: Final = 1 << 62
"""A time after all times (ms)."""

ZONES_PER_CELL_MAX: Final = 4_096
CELL_ITEMS_MAX: Final = 16_000_000
"""Entries of the zone grid: (cell, zone) pairs of all zones together."""
BLOCKS_MAX: Final = 4_000_000
VERTICES_MAX: Final = 4_000_000
"""Vertices of all zones together."""
OPERATORS_MAX: Final = 4_096
"""Operators of all rules together; each step of a sequence is one."""
CONDITION_WORDS_MAX: Final = 16
"""Condition masks are this many 64-bit words at most: 1,024 different conditions."""
STEPS_MAX: Final = 8
FIXES_MAX: Final = 1_000
"""Largest `fixes` of enter and leave."""
CLAIMS_MAX: Final = 8
"""Vessels one number may stand for at a time; the one heard longest ago is forgotten for a ninth."""
CLAIM_MS: Final = 28_800_000
"""After 8 h without a report a vessel may be anywhere (gpsdio-segment: 8 h)."""
ANCHOR_FIXES_MIN: Final = 5
"""A circle is learned from so many reports at least."""
ANCHOR_MS: Final = 14 * 86_400_000
"""A backtest looks so far back for the circle of an anchored vessel: whoever lies longer has the circle of then."""
TIMES_MAX: Final = 16
"""Largest `times` of count."""
NEIGHBOURS_MAX: Final = 100
HEARD_MAX: Final = 1 << 25
"""(minute, square, track) triples that absence remembers."""
SPEED_FIXES_MAX: Final = 64
"""A speed window holds the newest 64 reports that count."""
RING_MAX: Final = 64
"""An eager track with more unsettled fixes than this waits for the settled pass when it must roll back."""
AXIS_POINTS_MAX: Final = 512
"""Corners of a lane's axis."""
EAGER_LEAD_MS: Final = 30_000
"""So far behind the ingest clock the gateway stamps the watermark: what it adds is the time the eager pass has."""
FIXES_SHOWN: Final = 16
"""Fixes an alert carries."""
TRACKS_MAX: Final = 1 << 20
PENDING_MAX: Final = 1 << 23
"""Reports that wait for the watermark."""
VISITS_MAX: Final = 1 << 24
OPEN_EAGER_MAX: Final = 100_000
"""Eager alerts that wait for the settled pass; more are counted, not raised."""

SILENCE_MS_MAX: Final = 900_000
"""A longer silence ends a stay, and the line across it is not taken for the path (15 min)."""
FORGET_MS: Final = 86_400_000
"""A track silent for longer starts afresh (24 h)."""
VISIT_FIXES_OUT: Final = 3
"""So many fixes outside, one after another, end a visit."""
JUMP_UNITS: Final = 2_000
JUMP_UNITS_PER_MS: Final = 0.3
"""Two fixes further apart than 2,000 + 0.3 a ms (1/600000 degree; about 370 m + 108 kn) are a jump, not a path."""


class LimitExceeded(Exception):
    """More than the engine holds: what, how many, and the limit. Nothing was taken in."""

    def __init__(self, what: str, found: int, limit: int, advice: str) -> None:
        super().__init__(f"{what}: {found:,} is more than {limit:,}; {advice}")
        self.what, self.found, self.limit, self.advice = what, found, limit, advice


class BadZone(Exception):
    """A zone that encloses nothing, or lies off the globe."""

    def __init__(self, zone_id: str, why: str) -> None:
        super().__init__(f"zone {zone_id}: {why}")
        self.zone_id, self.why = zone_id, why


class BadRule(Exception):
    """A rule value the engine cannot run."""

    def __init__(self, rule: str, why: str) -> None:
        super().__init__(f"rule {rule}: {why}")
        self.rule, self.why = rule, why


class WrongColumns(Exception):
    """Columns that are not `feeds.columns.COLUMNS` and do not fit them without loss."""


class BadState(Exception):
    """Bytes that are not a whole state of this engine version."""
