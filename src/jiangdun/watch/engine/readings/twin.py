"""The slow plain twin of the engine over readings: every sum done anew. Words: docs/operators.md."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

import numpy as np

from jiangdun.feeds.columns import DEGREE, NO_COURSE, NO_SPEED
from jiangdun.watch.engine.episode import Ledger, episode_id
from jiangdun.watch.engine.limits import ALWAYS, NEVER
from jiangdun.watch.rules.spec import AlertEvent, Balance, FixSeen, RuleSpec, Station, ZoneSpec

from .columns import Flag, ReadingChunk, StationSpec, code_of

DAY = 86_400_000
LOCAL = 28_800_000
Values = dict[str, float | int | str]


class Twin:
    """The same promises as `Readings`, but for bytes."""

    def __init__(
        self, rules: Sequence[RuleSpec], stations: Sequence[StationSpec], zones: Sequence[ZoneSpec] = ()
    ) -> None:
        self.rules, self.zones = rules, zones
        self.stations = sorted(stations, key=lambda s: s.station)
        self.wm, self.position = NEVER, 0
        self.waiting: list[tuple[int, int, int, int, float]] = []
        self.all: dict[tuple[int, int], dict[int, float]] = {}
        self.on: dict[tuple[str, int], bool] = {}
        self.fired: dict[tuple[str, int], int] = {}
        self.midnight: int | None = None
        self.ledger = Ledger()

    def take(self, chunk: ReadingChunk) -> list[AlertEvent]:
        for i, row in enumerate(chunk.rows):
            if row["flags"] & (Flag.LATE | Flag.NOT_NORMAL) or row["t"] < self.wm or math.isnan(row["value"]):
                continue
            key = int(row["t"]), int(row["station"]), int(row["what"])
            self.waiting.append((*key, chunk.position + i, float(row["value"])))
        self.position = chunk.position + len(chunk.rows)
        return self._settle(chunk.wm_ms, chunk.wm_ms)

    def finish(self) -> list[AlertEvent]:
        times = [t for t, *_ in self.waiting] + [t for kept in self.all.values() for t in kept]
        return self._settle(ALWAYS, max(self.wm, max(times, default=NEVER) + 1))

    def digest(self) -> str:
        return self.ledger.settled.digest()

    def _settle(self, wm: int, midnights_before: int) -> list[AlertEvent]:
        self.wm = max(self.wm, wm)
        ready = sorted(r for r in self.waiting if r[0] < self.wm)
        self.waiting = [r for r in self.waiting if r[0] >= self.wm]
        found = []
        for t in sorted({r[0] for r in ready}):
            found += self._midnights(t)
            if self.midnight is None:
                self.midnight = math.ceil((t + LOCAL) / DAY) * DAY - LOCAL
            now: dict[tuple[int, int], float] = {}
            for _, station, what, _, value in [r for r in ready if r[0] == t]:
                now.setdefault((station, what), value)
            for rule in self.rules:
                if isinstance(rule.when, Station) and rule.valid_from_ms <= t < rule.valid_to_ms:
                    found += [e for s in self.stations for e in self._spike(rule, rule.when, s, t, now)]
            for key, value in now.items():
                self.all.setdefault(key, {})[t] = value
        found += self._midnights(midnights_before)
        return self.ledger.take_settled(found, self.wm)

    def _spike(
        self, rule: RuleSpec, when: Station, one: StationSpec, t: int, now: dict[tuple[int, int], float]
    ) -> list[AlertEvent]:
        code = code_of(when.factor)
        past = [v for at, v in self.all.get((one.station, code), {}).items() if t - when.window_ms < at < t]
        beside = [
            now[s.station, code]
            for s in self.stations
            if s is not one
            and (s.station, code) in now
            and _metres((one.lon, one.lat), (s.lon, s.lat)) <= when.near_m
        ]
        if (one.station, code) not in now or len(past) < when.least or len(beside) < when.neighbours:
            return []
        value, median = now[one.station, code], statistics.median(past)
        mad = statistics.median(abs(v - median) for v in past)
        key = rule.name, one.station
        high = value > median + when.mads * 1.4826 * mad
        high = high and (not beside or value >= when.times * statistics.median(beside))
        was, self.on[key] = self.on.get(key, False), high
        if not high or was or (key in self.fired and t - self.fired[key] < rule.cooldown_ms):
            return []
        self.fired[key] = t
        values: Values = {
            "factor": when.factor,
            "value": value,
            "median": median,
            "mad": mad,
            "samples": len(past),
        }
        values |= {"neighbours": len(beside)}
        values |= {"beside": statistics.median(beside)} if beside else {}
        cpf = self._cpf(when, one, t, now)
        best = sorted(cpf, key=lambda k: (-cpf[k][0], -cpf[k][1], k))
        for k, sector in enumerate(best[:3], 1):
            values[f"upwind_{k}_deg"] = sector * 22.5
            values[f"upwind_{k}_cpf"], values[f"upwind_{k}_hours"] = round(cpf[sector][0], 3), cpf[sector][1]
        values |= self._sources(when, one, cpf, t)
        return [self._event(rule, one, t, t, values)]

    def _cpf(
        self, when: Station, one: StationSpec, t: int, now: dict[tuple[int, int], float]
    ) -> dict[int, tuple[float, int]]:
        hours = []
        codes = [code_of(name) for name in (when.factor, "wind-speed", "wind-direction")]
        series = [{**self.all.get((one.station, c), {})} for c in codes]
        for kept, c in zip(series, codes, strict=True):
            kept |= {t: now[one.station, c]} if (one.station, c) in now else {}
        for at in sorted(series[0]):
            if t - when.upwind_ms < at and at in series[1] and at in series[2]:
                hours.append(tuple(kept[at] for kept in series))
        if not hours:
            return {}
        limit = float(np.percentile([v for v, _, _ in hours], when.above))
        sectors: dict[int, list[bool]] = {}
        for value, speed, bearing in hours:
            if speed >= 1.0:
                sectors.setdefault(math.floor(bearing / 22.5 + 0.5) % 16, []).append(value > limit)
        return {k: (sum(of) / len(of), len(of)) for k, of in sectors.items() if len(of) >= 10}

    def _sources(self, when: Station, one: StationSpec, cpf: dict[int, tuple[float, int]], t: int) -> Values:
        here, found = (one.lon, one.lat), []
        for zone in self.zones:
            place = when.sources
            if place is None or place.kind != zone.kind or not zone.valid_from_ms <= t < zone.valid_to_ms:
                continue
            ring = zone.polygons[0][0]
            there = sum(x for x, _ in ring) / len(ring), sum(y for _, y in ring) / len(ring)
            east = (there[0] - here[0]) * math.cos(math.radians(here[1]))
            bearing = math.degrees(math.atan2(east, there[1] - here[1])) % 360.0
            sector, far = math.floor(bearing / 22.5 + 0.5) % 16, _metres(here, there)
            if sector in cpf and far <= when.near_m:
                found.append((-cpf[sector][0], far, zone.zone_id))
        values: Values = {}
        for k, (p, far, zone_id) in enumerate(sorted(found)[:3], 1):
            values |= {f"source_{k}": zone_id, f"source_{k}_cpf": round(-p, 3), f"source_{k}_m": round(far)}
        return values

    def _midnights(self, before: int) -> list[AlertEvent]:
        found = []
        while self.midnight is not None and self.midnight < before:
            end, self.midnight = self.midnight, self.midnight + DAY
            for rule in self.rules:
                if isinstance(rule.when, Balance) and rule.valid_from_ms <= end < rule.valid_to_ms:
                    found += [e for s in self.stations for e in self._balance(rule, rule.when, s, end)]
        return found

    def _balance(self, rule: RuleSpec, when: Balance, one: StationSpec, end: int) -> list[AlertEvent]:
        names = (*when.inward, *when.outward, *when.stock)
        whole_past = {n: self.all.get((one.station, code_of(n)), {}) for n in names}
        forgotten = end - when.over_ms - 31 * DAY
        kept = {n: {t: v for t, v in past.items() if t > forgotten} for n, past in whole_past.items()}
        begin = end - when.over_ms
        oldest = min((t for of in kept.values() for t in of), default=ALWAYS)

        def residual(a: int, b: int) -> tuple[float, float, float] | None:
            def flow(names: tuple[str, ...]) -> float:
                total = 0.0
                for value in [v for name in names for t, v in kept[name].items() if a < t <= b]:
                    total += value
                return total

            gained = 0.0
            for name in when.stock:
                levels = [[v for t, v in kept[name].items() if t <= at] for at in (a, b)]
                if not levels[0]:
                    return None
                gained += levels[1][-1] - levels[0][-1]
            return flow(when.inward), flow(when.outward), gained

        whole = residual(begin, end)
        if oldest > begin or whole is None:
            return []
        inward, outward, gained = whole
        days = []
        for k in range(30, 0, -1):
            day = residual(begin - k * DAY, begin - (k - 1) * DAY)
            if begin - k * DAY >= oldest and day is not None:
                days.append(day[0] - day[1] - day[2])
        limit = when.share * max(inward, outward)
        if len(days) >= 14:
            limit = max(limit, when.sigmas * statistics.stdev(days) * math.sqrt(when.over_ms / DAY))
        rest = inward - outward - gained
        key = rule.name, one.station
        was, self.on[key] = self.on.get(key, False), abs(rest) > limit
        if not self.on[key] or was or (key in self.fired and end - self.fired[key] < rule.cooldown_ms):
            return []
        self.fired[key] = end
        values: Values = {
            "inward": inward,
            "outward": outward,
            "gained": gained,
            "residual": rest,
            "limit": limit,
        }
        return [self._event(rule, one, begin, end, values)]

    def _event(self, rule: RuleSpec, one: StationSpec, start: int, at: int, values: Values) -> AlertEvent:
        fix = FixSeen(at, round(one.lon * DEGREE), round(one.lat * DEGREE), NO_SPEED, NO_COURSE)
        return AlertEvent(
            episode_id(rule.name, one.station, "", start), True, "raised", rule.name, rule.version, one.station,
            "", start, at, self.position, values, (fix,),
        )  # fmt: skip


def _metres(a: tuple[float, float], b: tuple[float, float]) -> float:
    east = (b[0] - a[0]) * math.cos(math.radians((a[1] + b[1]) / 2))
    return math.hypot(east, b[1] - a[1]) * 60 * 1852.0
