"""A rule, read and checked: the values that the language yields and the engine compiles.

Durations are ms, speeds 0.1 kn, as in `feeds.columns`. `docs/rules.md` shows the syntax, `docs/operators.md`
says what each operator means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Literal, Protocol

import numpy as np
import numpy.typing as npt

MARGIN_M_MAX: Final = 5_000
"""Widest margin that keeps a stay alive."""
NEAR_M_MAX: Final = 20_000
"""Nothing that is heard further off makes a silence mean something."""
SWING_M_MAX: Final = 2_000
SLACK_M_MAX: Final = 50_000
ABSENCE_MS_MIN: Final = 180_000
"""Shorter silence is how devices speak, and holds no whole minute in which neighbours could be heard."""
DISTANCE_M_MAX: Final = 100_000
"""Longest distance between two tracks that a rule may ask for."""


class Condition(Protocol):
    """A compiled boolean expression over report columns, evaluated column-wise; NULL counts as false."""

    @property
    def text(self) -> str:
        """As the analyst wrote it."""
        ...

    def evaluate(self, columns: Mapping[str, npt.NDArray[np.generic]]) -> npt.NDArray[np.bool_]: ...


class Severity(IntEnum):
    """I is the gravest."""

    I = 1  # noqa: E741
    II = 2
    III = 3
    IV = 4


@dataclass(frozen=True, slots=True)
class Place:
    """Where: every zone of a class (`kind`), or one zone (`zone_id`). Exactly one is set."""

    kind: str | None = None
    zone_id: str | None = None


@dataclass(frozen=True, slots=True)
class OffAxis:
    """How far off the axis of a zone, in 0.1 degree, 0 to 1800: over < angle < under. One limit at least."""

    over_ddeg: int | None = None
    under_ddeg: int | None = None


@dataclass(frozen=True, slots=True)
class Keep:
    """What keeps a stay alive that has begun: a laxer condition (None = the stay's own), a wider place."""

    holds: Condition | None = None
    margin_m: float = 0.0


@dataclass(frozen=True, slots=True)
class Stay:
    """Inside `place` (or anywhere, when None) with `holds` true, for at least `for_ms`.

    Contrary reports that last no longer than `tolerate_ms` do not end the stay. A report that only `keep` takes
    does not begin one, and is not contrary while it lasts.
    """

    place: Place | None
    for_ms: int
    holds: Condition | None = None
    tolerate_ms: int = 0
    keep: Keep | None = None
    off_axis: OffAxis | None = None  # of the course, where the report lies


@dataclass(frozen=True, slots=True)
class Enter:
    """From outside to inside. `fixes` consecutive fixes inside confirm it; 1 = on the segment."""

    place: Place
    fixes: int = 3
    holds: Condition | None = None


@dataclass(frozen=True, slots=True)
class Leave:
    """From inside to outside. `fixes` consecutive fixes outside confirm it; 1 means on the segment."""

    place: Place
    fixes: int = 3
    holds: Condition | None = None


@dataclass(frozen=True, slots=True)
class Speed:
    """The median speed of the last `window_ms` (`min_fixes` or more) is over or under a limit in `place`."""

    place: Place | None
    over_dkn: int | None = None
    under_dkn: int | None = None
    window_ms: int = 60_000
    min_fixes: int = 3
    holds: Condition | None = None
    along: bool = False  # only the part of the speed that runs along the axis of the zone


@dataclass(frozen=True, slots=True)
class Cross:
    """Through the place, in and out again, perhaps between two fixes; `off_axis` says in which direction."""

    place: Place
    off_axis: OffAxis | None = None
    holds: Condition | None = None


Step = Stay | Enter | Leave | Speed | Cross


@dataclass(frozen=True, slots=True)
class Sequence:
    """`steps` in order, each completed within `within_ms` of the one before, with no `unless` in between."""

    steps: tuple[Step, ...]
    within_ms: int
    unless: Step | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """`step` is done `times` times within `within_ms`: in the whole place, or in one and the same zone of it."""

    step: Step
    times: int
    within_ms: int
    each_zone: bool = False


@dataclass(frozen=True, slots=True)
class Absence:
    """Silent for `for_ms` since a report that lies in the place, while others were heard near by."""

    place: Place | None
    for_ms: int
    neighbours: int = 1
    near_m: float = 2_000.0
    holds: Condition | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """One number, more than one vessel: two places at once (`clone`), an impossible way (`jump`), or another
    length or kind than before (`change`)."""

    kind: Literal["clone", "jump", "change"]
    place: Place | None = None
    over_dkn: int = 350
    slack_m: float = 1_000.0
    fixes: int = 3
    holds: Condition | None = None


@dataclass(frozen=True, slots=True)
class Drag:
    """At anchor for `learn_ms`, then drifting out of its circle, further at each of `fixes` reports."""

    place: Place | None = None
    learn_ms: int = 1_200_000
    swing_m: float = 250.0
    margin_m: float = 30.0
    fixes: int = 3
    still_dkn: int = 10
    over_dkn: int = 5
    under_dkn: int = 30
    off_heading_ddeg: int = 450
    holds: Condition | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two that, going on as they do, will be closer than `closer_m` within `within_ms`: CPA and TCPA.

    `holds` is asked of both; where `other` is given, of one, and `other` of the other. `place`: where they
    will meet. `along`: zones with an axis, in which ways follow it. `lying`: one of them may lie still.
    """

    closer_m: float
    within_ms: int
    place: Place | None = None
    holds: Condition | None = None
    other: Condition | None = None
    along: Place | None = None
    lying: bool = False
    ticks: int = 2


@dataclass(frozen=True, slots=True)
class Rendezvous:
    """Two that were further than `apart_m` from one another, now nearer than `nearer_m`, for at least `for_ms`."""

    nearer_m: float
    for_ms: int
    apart_m: float
    place: Place | None = None
    holds: Condition | None = None
    other: Condition | None = None
    tolerate_ms: int = 300_000


@dataclass(frozen=True, slots=True)
class Group:
    """At least `members`, each within `nearer_m` of another and moving alike, for at least `for_ms`."""

    members: int
    nearer_m: float
    for_ms: int
    place: Place | None = None
    holds: Condition | None = None
    alike_dkn: int = 20
    moving_dkn: int = 10
    tolerate_ms: int = 120_000


@dataclass(frozen=True, slots=True)
class Cover:
    """A zone of `place` that no unit could reach within `reach_ms` at `pace_dkn`, for at least `for_ms`."""

    place: Place
    reach_ms: int
    pace_dkn: int
    for_ms: int
    holds: Condition | None = None


Several = Pair | Rendezvous | Group | Cover
"""Operators over several tracks: stage 2 of the engine, on ticks."""


@dataclass(frozen=True, slots=True)
class Station:
    """A value of `factor` far above the station's own past of `window_ms` and its neighbours within `near_m`.

    `sources`: zones to be ranked by the wind of `upwind_ms`, as hours above the percentile `above` in a sector.
    """

    factor: str
    mads: float = 3.0
    times: float = 1.5
    window_ms: int = 604_800_000
    least: int = 48
    neighbours: int = 3
    near_m: float = 30_000.0
    above: int = 75
    upwind_ms: int = 2_592_000_000
    sources: Place | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """What came in less what went out and what the stocks gained, over whole days: more than `share` or `sigmas`."""

    inward: tuple[str, ...]
    outward: tuple[str, ...]
    stock: tuple[str, ...]
    over_ms: int
    share: float = 0.05
    sigmas: float = 2.0


OfReadings = Station | Balance
"""Operators over readings of stations: `engine.readings`, not the engine over tracks."""

Operator = (
    Stay | Enter | Leave | Speed | Cross | Sequence | Count | Absence | Identity | Drag | Several | OfReadings
)
Part = Step | Absence | Identity | Drag
"""Whatever looks at a place: a step, or an operator that is a whole rule by itself."""


@dataclass(frozen=True, slots=True)
class Legal:
    law: str
    article: str = ""
    since: str = ""  # ISO date
    until: str = ""


@dataclass(frozen=True, slots=True)
class RuleSpec:
    name: str
    version: int
    title_zh: str
    title_en: str
    domain: Literal["air", "water", "waste", "mine", "forest", "traffic", "port"]
    owner: str  # agency code
    severity: Severity
    watch: Literal["vessel", "vehicle", "person", "any", "station"]
    when: Operator
    where: Condition | None = None
    unless: tuple[Place, ...] = ()  # exemptions: reports inside these do not count
    cooldown_ms: int = 7_200_000  # per subject and zone visit
    incident: Literal["auto", "triage"] = "triage"
    act: Literal["settled", "at_once"] = "settled"
    legal: tuple[Legal, ...] = ()
    valid_from_ms: int = 0
    valid_to_ms: int = 2**62
    source: str = ""  # the YAML it was read from


@dataclass(frozen=True, slots=True)
class ZoneSpec:
    """A zone as the engine needs it. Rings are closed or open, degrees WGS-84, (lon, lat); the first of each
    polygon is its outside, the others holes. Several polygons make a multipolygon. `axis`: a line the way
    traffic runs in it, none where that means nothing."""

    zone_id: str
    version: int
    kind: str
    name_zh: str
    name_en: str
    polygons: tuple[tuple[tuple[tuple[float, float], ...], ...], ...]
    valid_from_ms: int = 0
    valid_to_ms: int = 2**62
    agency: str = ""
    axis: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class FixSeen:
    t_ms: int
    lon: int
    lat: int
    sog_dkn: int
    cog_ddeg: int


@dataclass(frozen=True, slots=True)
class Other:
    """Another track of the same alert: the second of a pair, a member of a group."""

    track: int
    fixes: tuple[FixSeen, ...]


@dataclass(frozen=True, slots=True)
class AlertEvent:
    """One thing the engine says about one episode.

    `episode` = hex of hash(rule name, subject, zone id, episode start). `verdict`: the eager pass says
    `raised`; the settled pass says `confirmed`, `changed` or `withdrawn` of what the eager pass raised,
    or `raised` of what it missed. `replaces` names the episode this one stands for when the start moved.
    """

    episode: str
    settled: bool
    verdict: Literal["raised", "confirmed", "changed", "withdrawn"]
    rule: str
    rule_version: int
    track: int
    zone_id: str  # "" where the rule names no place
    started_at_ms: int
    fired_at_ms: int
    log_position: int  # of the report (or the watermark's chunk) that made it fire
    values: Mapping[str, float | int | str]  # what the sentence needs: speed_kn, limit_kn, stayed_s, ...
    fixes: tuple[FixSeen, ...]
    replaces: str | None = None
    others: tuple[Other, ...] = ()  # of a pair or group, by track; `track` itself is the lowest
