"""The engine over readings: chunks in, alert events out, on the watermark alone."""

from __future__ import annotations

import hashlib
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from jiangdun.feeds.columns import DEGREE, NO_COURSE, NO_SPEED
from jiangdun.watch.engine.episode import Ledger, episode_id
from jiangdun.watch.engine.jit import Ints
from jiangdun.watch.engine.limits import ALWAYS, NEVER, BadState, LimitExceeded, WrongColumns
from jiangdun.watch.engine.plan import is_at
from jiangdun.watch.engine.state import Kept
from jiangdun.watch.rules.spec import AlertEvent, Balance, FixSeen, RuleSpec, Station, ZoneSpec

from . import balance, station
from .columns import READINGS, Flag, ReadingChunk, StationSpec, code_of

SERIES_MAX: Final = 100_000
"""Pairs of station and what it measures."""
WIND: Final = ("wind-speed", "wind-direction")
"""m/s, and degrees from which it blows, of the same station and hour."""
TOLD_MAX: Final = 3
"""Sectors and sources that an alert names."""

Floats = npt.NDArray[np.float64]
Key = tuple[int, int]  # station, code
Values = dict[str, float | int | str]


@dataclass(slots=True)
class Past:
    """What one station said of one thing, ascending by time; the oldest goes."""

    t: Ints = field(default_factory=lambda: np.empty(64, np.int64))
    value: Floats = field(default_factory=lambda: np.empty(64))
    first: int = 0
    end: int = 0

    def add(self, t: int, value: float, keep_ms: int) -> None:
        while self.first < self.end and self.t[self.first] <= t - keep_ms:
            self.first += 1
        if self.end == len(self.t):
            n = self.end - self.first
            room = max(64, 2 * n)
            for name in ("t", "value"):
                old = getattr(self, name)
                fresh = np.empty(room, old.dtype)
                fresh[:n] = old[self.first : self.end]
                setattr(self, name, fresh)
            self.first, self.end = 0, n
        self.t[self.end], self.value[self.end] = t, value
        self.end += 1

    def series(self) -> balance.Series:
        return self.t[self.first : self.end], self.value[self.first : self.end]

    def since(self, after: int) -> balance.Series:
        """What is younger than `after`."""
        t, value = self.series()
        at = int(np.searchsorted(t, after, "right"))
        return t[at:], value[at:]


@dataclass(slots=True)
class Run:
    """How one rule stands with one station."""

    start: int = NEVER  # of what goes on, NEVER = nothing does
    fired: int = NEVER


class Readings:
    """Rules of stations over chunks of readings. Pure, not for several threads; rules of other kinds are passed over.

    `zones`: for `sources`. Chunks come in the order of their log. Raises LimitExceeded, WrongColumns.
    """

    def __init__(
        self, rules: Sequence[RuleSpec], stations: Sequence[StationSpec], zones: Sequence[ZoneSpec] = ()
    ) -> None:
        self.rules = [(r, r.when) for r in rules if isinstance(r.when, Station | Balance)]
        self.stations = {s.station: s for s in sorted(stations, key=lambda s: s.station)}
        self.zones = sorted(zones, key=lambda z: (z.zone_id, z.version))
        self.wm_ms = NEVER
        self.position = 0
        self.counts: dict[str, int] = dict.fromkeys(
            ("readings", "late", "late_unflagged", "unknown", "duplicates", "judged"), 0
        )
        self._waiting = np.empty(0, READINGS)
        self._positions = np.empty(0, np.int64)
        self._past: dict[Key, Past] = {}
        self._runs: dict[tuple[str, int], Run] = {}
        self._newest = NEVER
        self._midnight: int | None = None
        self._ledger = Ledger()
        self._near: dict[tuple[int, float], list[int]] = {}
        self._keep_ms = max([station_memory_ms(w) for _, w in self.rules], default=0)

    def take(self, chunk: ReadingChunk) -> list[AlertEvent]:
        """Take a chunk in, then what its watermark settles."""
        if chunk.rows.dtype != READINGS:
            raise WrongColumns(f"columns {chunk.rows.dtype} are not readings.READINGS")
        rows = chunk.rows
        self.position = chunk.position + len(rows)
        flagged, early = (rows["flags"] & Flag.LATE) != 0, rows["t"] < self.wm_ms
        unknown = np.isnan(rows["value"]) | ((rows["flags"] & Flag.NOT_NORMAL) != 0)
        for name, of in (
            ("late", flagged),
            ("late_unflagged", early & ~flagged),
            ("unknown", unknown & ~flagged & ~early),
        ):
            self.counts[name] += int(of.sum())
        self.counts["readings"] += len(rows)
        wanted = ~(flagged | early | unknown)
        self._waiting = np.concatenate([self._waiting, rows[wanted]])
        self._positions = np.concatenate([self._positions, chunk.position + np.flatnonzero(wanted)])
        return self._settle(chunk.wm_ms, chunk.wm_ms)

    def heartbeat(self, wm_ms: int) -> list[AlertEvent]:
        """No readings, but time went on."""
        return self._settle(wm_ms, wm_ms)

    def finish(self) -> list[AlertEvent]:
        """Settle everything; a day that is not over is not judged."""
        newest = max(self._newest, int(self._waiting["t"].max(initial=NEVER)))
        return self._settle(ALWAYS, max(self.wm_ms, newest + 1))

    def digest(self) -> str:
        """Of all alerts: the same however the readings were cut, and in whatever order within the bound."""
        return self._ledger.settled.digest()

    # -- settling

    def _settle(self, wm_ms: int, midnights_before: int) -> list[AlertEvent]:
        self.wm_ms = max(self.wm_ms, wm_ms)
        ready = self._waiting["t"] < self.wm_ms
        rows, positions = self._waiting[ready], self._positions[ready]
        self._waiting, self._positions = self._waiting[~ready], self._positions[~ready]
        order = np.lexsort((positions, rows["what"], rows["station"], rows["t"]))
        rows = rows[order]
        same = np.zeros(len(rows), bool)
        keys = rows[["t", "station", "what"]]
        same[1:] = keys[1:] == keys[:-1]
        self.counts["duplicates"] += int(same.sum())
        rows = rows[~same]
        self.counts["judged"] += len(rows)
        found: list[AlertEvent] = []
        first = np.ones(len(rows), bool)
        first[1:] = rows["t"][1:] != rows["t"][:-1]
        starts = np.flatnonzero(first).tolist()
        for a, b in pairwise([*starts, len(rows)]):
            found += self._midnights(int(rows["t"][a]))
            found += self._hour(rows[a:b])
        found += self._midnights(min(midnights_before, self.wm_ms))
        return self._ledger.take_settled(found, self.wm_ms)

    def _hour(self, rows: npt.NDArray[np.void]) -> list[AlertEvent]:
        """Readings of one time: judged against the past, then part of it."""
        t = int(rows["t"][0])
        self._newest = t
        if self._midnight is None:
            self._midnight = balance.midnight_after(t)
        now = {
            (int(s), int(w)): float(v)
            for s, w, v in zip(rows["station"], rows["what"], rows["value"], strict=True)
        }
        found = []
        for rule, when in self.rules:
            if isinstance(when, Station) and rule.valid_from_ms <= t < rule.valid_to_ms:
                found += self._spikes(rule, when, t, now)
        for key, value in now.items():
            if key not in self._past:
                if len(self._past) >= SERIES_MAX:
                    raise LimitExceeded(
                        "series of readings", len(self._past) + 1, SERIES_MAX, "split the stations"
                    )
                self._past[key] = Past()
            self._past[key].add(t, value, self._keep_ms)
        return found

    def _spikes(self, rule: RuleSpec, when: Station, t: int, now: Mapping[Key, float]) -> list[AlertEvent]:
        code, found = code_of(when.factor), []
        for one in self.stations.values():
            value = now.get((one.station, code))
            past = self._past.get((one.station, code), Past()).since(t - when.window_ms)[1]
            beside = [now[k, code] for k in self._neighbours(one, when.near_m) if (k, code) in now]
            if value is None or len(past) < when.least or len(beside) < when.neighbours:
                continue  # not known, and so no end of what goes on
            run = self._runs.setdefault((rule.name, one.station), Run())
            own = station.level(past)
            if not station.is_spike(value, own, beside, when.mads, when.times):
                run.start = NEVER
                continue
            if run.start != NEVER:
                continue
            run.start = t
            if run.fired == NEVER or t - run.fired >= rule.cooldown_ms:
                run.fired = t
                values: Values = {"factor": when.factor, "value": value, "median": own.median, "mad": own.mad}
                values |= {"samples": own.samples, "neighbours": len(beside)}
                values |= {"beside": statistics.median(beside)} if beside else {}
                values |= self._upwind(when, one, code, t, now)
                found.append(self._event(rule, one.station, t, t, values))
        return found

    def _neighbours(self, one: StationSpec, near_m: float) -> list[int]:
        key = (one.station, near_m)
        if key not in self._near:
            self._near[key] = [
                other.station
                for other in self.stations.values()
                if other.station != one.station
                and station.distance_m(one.lon, one.lat, other.lon, other.lat) <= near_m
            ]
        return self._near[key]

    def _upwind(self, when: Station, one: StationSpec, code: int, t: int, now: Mapping[Key, float]) -> Values:
        """The wind sectors with which high values came, this hour included, and the sources that lie there."""
        parts = [self._past.get((one.station, c), Past()) for c in (code, *map(code_of, WIND))]
        series = [
            dict(zip(*(column.tolist() for column in p.since(t - when.upwind_ms)), strict=True))
            for p in parts
        ]
        for kept, c in zip(series, (code, *map(code_of, WIND)), strict=True):
            if (one.station, c) in now:
                kept[t] = now[one.station, c]
        times = sorted(set(series[0]) & set(series[1]) & set(series[2]))
        columns = [np.array([kept[k] for k in times]) for kept in series]
        cpf = station.probabilities(columns[0], columns[1], columns[2], when.above)
        values: Values = {}
        for k, sector in enumerate(station.ranked(cpf)[:TOLD_MAX], 1):
            values[f"upwind_{k}_deg"] = sector * 360 / station.SECTORS
            values[f"upwind_{k}_cpf"], values[f"upwind_{k}_hours"] = round(cpf[sector][0], 3), cpf[sector][1]
        return values | self._sources(when, one, cpf, t)

    def _sources(self, when: Station, one: StationSpec, cpf: Sequence[tuple[float, int]], t: int) -> Values:
        """Zones of `sources` by the probability of the sector they lie in; of equal ones the nearer."""
        if when.sources is None:
            return {}
        ways = []
        for zone in self.zones:
            if is_at(when.sources, zone) and zone.valid_from_ms <= t < zone.valid_to_ms:
                lon, lat = middle_of(zone)
                p = cpf[station.sector_of(station.bearing_deg(one.lon, one.lat, lon, lat))][0]
                far = station.distance_m(one.lon, one.lat, lon, lat)
                if not math.isnan(p) and far <= when.near_m:
                    ways.append((-p, far, zone.zone_id))
        values: Values = {}
        for k, (p, far, zone_id) in enumerate(sorted(ways)[:TOLD_MAX], 1):
            values |= {f"source_{k}": zone_id, f"source_{k}_cpf": round(-p, 3), f"source_{k}_m": round(far)}
        return values

    def _midnights(self, before: int) -> list[AlertEvent]:
        """Balances of the days that ended before `before`."""
        found: list[AlertEvent] = []
        while self._midnight is not None and self._midnight < before:
            end = self._midnight
            self._midnight += balance.DAY_MS
            for rule, when in self.rules:
                if isinstance(when, Balance) and rule.valid_from_ms <= end < rule.valid_to_ms:
                    found += self._balances(rule, when, end)
        return found

    def _balances(self, rule: RuleSpec, when: Balance, end: int) -> list[AlertEvent]:
        found = []
        names = (*when.inward, *when.outward, *when.stock)
        for one in self.stations:
            known = end - balance.memory_ms(when)
            parts = {name: self._past.get((one, code_of(name)), Past()).since(known) for name in names}
            oldest = min((int(t[0]) for t, _ in parts.values() if len(t)), default=ALWAYS)
            judged = balance.judge(when, parts, end) if oldest <= end - when.over_ms else None
            if judged is None:
                continue
            run = self._runs.setdefault((rule.name, one), Run())
            if not abs(judged.residual) > judged.limit:
                run.start = NEVER
            elif run.start == NEVER:
                run.start = end - when.over_ms
                if run.fired == NEVER or end - run.fired >= rule.cooldown_ms:
                    run.fired = end
                    values: Values = {
                        "inward": judged.inward,
                        "outward": judged.outward,
                        "gained": judged.gained,
                    }
                    values |= {"residual": judged.residual, "limit": judged.limit}
                    found.append(self._event(rule, one, run.start, end, values))
        return found

    def _event(self, rule: RuleSpec, one: int, start: int, at: int, values: Values) -> AlertEvent:
        place = self.stations[one]
        fix = FixSeen(at, round(place.lon * DEGREE), round(place.lat * DEGREE), NO_SPEED, NO_COURSE)
        return AlertEvent(
            episode_id(rule.name, one, "", start), True, "raised", rule.name, rule.version, one, "",
            start, at, self.position, values, (fix,),
        )  # fmt: skip

    # -- what outlives the process

    def to_bytes(self) -> bytes:
        """The whole state: restore with the same rules, stations and zones, and the readings from `position` on."""
        keys = sorted(self._past)
        series = [self._past[k].series() for k in keys]
        about = {
            "readings": self._identity(), "wm_ms": self.wm_ms, "position": self.position, "counts": self.counts,
            "newest": self._newest, "midnight": self._midnight, "ledger": self._ledger.to_json(),
            "runs": [[*key, run.start, run.fired] for key, run in sorted(self._runs.items())],
        }  # fmt: skip
        none = np.empty(0)
        arrays: dict[str, npt.NDArray[Any]] = {
            "waiting": self._waiting,
            "positions": self._positions,
            "keys": np.array([[*k, len(s[0])] for k, s in zip(keys, series, strict=True)], np.int64).reshape(
                -1, 3
            ),
            "t": np.concatenate([none.astype(np.int64), *(s[0] for s in series)]),
            "value": np.concatenate([none, *(s[1] for s in series)]),
        }
        return Kept(about, arrays).to_bytes()

    @classmethod
    def from_bytes(
        cls,
        data: bytes,
        rules: Sequence[RuleSpec],
        stations: Sequence[StationSpec],
        zones: Sequence[ZoneSpec] = (),
    ) -> Readings:
        """The engine as it was. Raises BadState for bytes that are damaged or of other rules, stations or zones."""
        kept = Kept.from_bytes(data)
        about, arrays = kept.about, kept.arrays
        engine = cls(rules, stations, zones)
        if about.get("readings") != engine._identity():
            raise BadState("the state is of other rules, stations or zones; restore with those")
        engine.wm_ms, engine.position, engine.counts = about["wm_ms"], about["position"], about["counts"]
        engine._newest, engine._midnight = about["newest"], about["midnight"]
        engine._ledger = Ledger.from_json(about["ledger"])
        engine._runs = {(name, one): Run(start, fired) for name, one, start, fired in about["runs"]}
        engine._waiting, engine._positions = arrays["waiting"].astype(READINGS), arrays["positions"]
        at = 0
        for one, code, n in arrays["keys"].tolist():
            t, value = arrays["t"][at : at + n].copy(), arrays["value"][at : at + n].copy()
            engine._past[one, code] = Past(t, value, 0, n)
            at += n
        return engine

    def _identity(self) -> str:
        said = [
            [(r.name, r.version, repr(w)) for r, w in self.rules],
            sorted(self.stations.items()),
            [(z.zone_id, z.version, z.polygons) for z in self.zones],
        ]
        return hashlib.sha256(repr(said).encode()).hexdigest()


def middle_of(zone: ZoneSpec) -> tuple[float, float]:
    """The mean corner of the zone's first ring."""
    ring = zone.polygons[0][0]
    return sum(x for x, _ in ring) / len(ring), sum(y for _, y in ring) / len(ring)


def station_memory_ms(when: Station | Balance) -> int:
    """How far back a reading can matter."""
    if isinstance(when, Station):
        return max(when.window_ms, when.upwind_ms)
    return balance.memory_ms(when) + balance.DAY_MS
