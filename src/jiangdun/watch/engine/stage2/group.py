"""group: several that go together, and go on doing so. Words: docs/operators.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from jiangdun.feeds.columns import NO_SPEED
from jiangdun.watch.engine.jit import Ints, making_entry
from jiangdun.watch.engine.limits import ALWAYS
from jiangdun.watch.engine.plan import Asked
from jiangdun.watch.rules.spec import Group, RuleSpec

from .found import MINUTE_MS, Found, renumbered
from .near import near_pairs
from .plane import DKN_PER_UNIT_S, units
from .snapshot import COURSES, SOURCES, Snapshot
from .world import World

FRESH_MS: Final = 180_000
"""A track is carried on so long: class B reports every 30 s, a person's device every minute or two [C]."""

START, LAST, FOUNDER, ZONE, DONE, SIZE = range(6)
WIDTH: Final = 6
"""A row of the state: first tick, last tick, lowest track at the first, zone, whether it was said, members."""


def own_memory_ms(for_ms: int, tolerate_ms: int) -> int:
    """How far back a fix can matter to a group that is complete now."""
    return for_ms + tolerate_ms + FRESH_MS


def _entry_points(sources: str):  # type: ignore[no-untyped-def]
    @making_entry
    def components(n: int, pairs: Ints) -> Ints:
        """Of each of n points the lowest that it hangs together with."""
        len(sources)
        root = np.arange(n)
        for p in range(len(pairs)):
            a = pairs[p, 0]
            while root[a] != a:
                root[a] = root[root[a]]
                a = root[a]
            b = pairs[p, 1]
            while root[b] != b:
                root[b] = root[root[b]]
                b = root[b]
            root[max(a, b)] = min(a, b)
        for i in range(n):
            root[i] = root[root[i]]  # every root is lower than what hangs on it
        return root

    return components


components = _entry_points(SOURCES)


@dataclass(slots=True)
class Band:
    """A group as it was last seen. `members` ascending."""

    start: int
    last: int
    founder: int
    zone: int
    done: bool
    members: Ints


class Bands:
    """One rule's groups, as the settled pass knows them."""

    every_ms: Final = MINUTE_MS
    fresh_ms: Final = FRESH_MS
    eager: Final = False

    def __init__(self, rule: RuleSpec, when: Group, asked: Asked, world: World) -> None:
        self.rule, self.when, self.asked, self.world = rule, when, asked, world
        self.bands: list[Band] = []

    def arrays(self) -> dict[str, Ints]:
        rows = [[b.start, b.last, b.founder, b.zone, b.done, len(b.members)] for b in self.bands]
        members = [b.members for b in self.bands]
        return {
            "rows": np.array(rows, np.int64).reshape(-1, WIDTH),
            "members": np.concatenate([np.empty(0, np.int64), *members]),
        }

    def restore(self, kept: Mapping[str, Ints], zones: Ints) -> None:
        """`zones`: the new number of each old zone, -1 = gone."""
        rows = kept["rows"]
        rows[:, ZONE] = renumbered(rows[:, ZONE], zones)
        ends = np.cumsum(rows[:, SIZE])
        self.bands = [
            Band(row[START], row[LAST], row[FOUNDER], row[ZONE], bool(row[DONE]), members)
            for row, members in zip(rows.tolist(), np.split(kept["members"], ends[:-1]), strict=False)
        ]

    def idle_due(self, _tick: int) -> int:
        """Nothing happens while nobody is heard."""
        return ALWAYS

    def step(self, tick: int, seen: Snapshot) -> list[Found]:
        """The groups that complete the rule at this tick."""
        in_force = self.rule.valid_from_ms <= tick < self.rule.valid_to_ms
        moving = (seen.sog >= self.when.moving_dkn) & (seen.sog != NO_SPEED) & (seen.cog < COURSES)
        seen = seen.only(seen.bit(self.asked.one) & (tick - seen.t <= FRESH_MS) & moving & in_force)
        zone = self.world.first_zone(self.when.place, seen.lon, seen.lat, tick)
        counts = ~self.world.exempt(self.rule, seen.lon, seen.lat, tick)
        if self.when.place is not None:
            counts &= zone >= 0
        seen, zone = seen.only(counts), zone[counts]
        parts = self._parts(seen)
        alive = [b for b in self.bands if tick - b.last <= max(self.when.tolerate_ms, MINUTE_MS)]
        taken = _continued(alive, [seen.track[part] for part in parts])
        found = []
        for part, band in zip(parts, taken, strict=True):
            if band is None:
                first = part[0]
                band = Band(tick, tick, int(seen.track[first]), int(zone[first]), False, seen.track[part])
                alive.append(band)
            band.last, band.members = tick, seen.track[part]
            if not band.done and tick - band.start >= self.when.for_ms:
                band.done = True
                found.append(self._found(tick, seen, part, band))
        gone = {id(b) for b in self._merged(alive, [seen.track[part] for part in parts], tick)}
        self.bands = sorted((b for b in alive if id(b) not in gone), key=lambda b: (b.start, b.founder))
        return found

    def _parts(self, seen: Snapshot) -> list[Ints]:
        """Rows that go together, enough of them; ascending, the part with the lowest track first."""
        pairs = near_pairs(seen.px, seen.py, seen.scale, units(self.when.nearer_m))
        i, j = pairs[:, 0], pairs[:, 1]
        du, dv = seen.vx[j] - seen.vx[i], seen.vy[j] - seen.vy[i]
        most = self.when.alike_dkn / DKN_PER_UNIT_S * seen.scale[i]
        root = components(len(seen.track), pairs[du * du + dv * dv <= most * most])
        sizes = np.bincount(root, minlength=len(root))
        large = np.flatnonzero(sizes >= self.when.members)
        order = np.argsort(root, kind="stable")
        starts = np.searchsorted(root[order], large)
        return [order[a : a + sizes[r]] for a, r in zip(starts.tolist(), large.tolist(), strict=True)]

    def _merged(self, alive: list[Band], parts: list[Ints], tick: int) -> list[Band]:
        """Groups that went into another at this tick."""
        return [
            b
            for b in alive
            if b.last < tick and any(2 * len(np.intersect1d(b.members, p)) > len(b.members) for p in parts)
        ]

    def _found(self, tick: int, seen: Snapshot, part: Ints, band: Band) -> Found:
        values: dict[str, float | int | str] = {
            "members": len(part),
            "nearer_m": self.when.nearer_m,
            "together_s": (tick - band.start) / 1000,
            "founder": str(band.founder),
            "speed_kn": round(int(seen.sog[part].sum()) / len(part) / 10, 1),
        }
        return Found(band.start, band.zone, tuple(seen.slot[part].tolist()), values, (band.founder,))


def _continued(bands: list[Band], parts: list[Ints]) -> list[Band | None]:
    """The group that each part continues: of those of which it holds more than half of the members, the oldest."""
    return [
        min(
            (b for b in bands if 2 * len(np.intersect1d(b.members, part)) > len(b.members)),
            key=lambda b: (b.start, b.founder),
            default=None,
        )
        for part in parts
    ]
