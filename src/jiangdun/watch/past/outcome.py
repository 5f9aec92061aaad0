"""What a backtest found, counted: hits, days, right and wrong, and the load on those who would have had to go."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import polars as pl

from jiangdun.watch.offline import alert_table
from jiangdun.watch.rules.columns import UTC_OFFSET_MS
from jiangdun.watch.rules.spec import AlertEvent, RuleSpec, Severity

from .labels import Label

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
SHIFT_H: Final = 8
"""Hours of a shift, the first from midnight (UTC+8): 00, 08 and 16 o'clock."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A rule held to its labels, as n/N. What has no N has no share."""

    right: int  # alerts that a label calls real
    wrong: int  # alerts that labels call not real, and none real; of complete labels: all others
    unlabelled: int  # alerts of which no label speaks
    found: int  # real labels with an alert
    real: int  # real labels of the period

    @property
    def precision(self) -> float | None:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else None

    @property
    def recall(self) -> float | None:
        return self.found / self.real if self.real else None


@dataclass(frozen=True, slots=True)
class Load:
    """What a rule set would have put on one agency's officers in each shift: incidents, and alerts to decide on."""

    owner: str
    shifts: int
    incidents: int
    to_decide: int
    most: int  # incidents of the busiest shift
    busiest_ms: int  # when that shift began; 0 where there was none

    @property
    def incidents_a_shift(self) -> float:
        return self.incidents / self.shifts


@dataclass(frozen=True, slots=True)
class Backtest:
    """The alerts of a period, by time of firing; `digest` is that of a live run which said these. Ms since 1970."""

    from_ms: int
    to_ms: int
    rules: tuple[RuleSpec, ...]
    alerts: tuple[AlertEvent, ...]
    digest: str
    counts: Mapping[str, int]
    unplaced: tuple[str, ...] = ()  # rules that name a place no zone is: they could not fire there
    labels: tuple[Label, ...] = field(default=(), repr=False)
    labels_complete: bool = False
    shift_h: int = SHIFT_H

    @property
    def days(self) -> float:
        return (self.to_ms - self.from_ms) / DAY_MS

    @property
    def hits(self) -> dict[str, int]:
        """Alerts of each rule, also of those that found nothing."""
        found = Counter(alert.rule for alert in self.alerts)
        return {rule.name: found[rule.name] for rule in self.rules}

    def hits_a_day(self, rule: str | None = None) -> dict[str, int]:
        """Alerts of every local day (UTC+8) of the period, of one rule or of all."""
        first = (self.from_ms + UTC_OFFSET_MS) // DAY_MS
        last = max(first, (self.to_ms - 1 + UTC_OFFSET_MS) // DAY_MS)
        found = Counter(
            (a.fired_at_ms + UTC_OFFSET_MS) // DAY_MS for a in self.alerts if rule in (None, a.rule)
        )
        return {_day(day): found[day] for day in range(first, last + 1)}

    @property
    def judged(self) -> dict[str, Judged]:
        """Each rule that labels speak of, held to them. Labels outside the period are left out."""
        labels = [one for one in self.labels if one.to_ms >= self.from_ms and one.from_ms < self.to_ms]
        named = {label.rule for label in labels}
        return {
            rule.name: judge(
                [a for a in self.alerts if a.rule == rule.name],
                [one for one in labels if one.rule == rule.name],
                complete=self.labels_complete,
            )
            for rule in self.rules
            if rule.name in named or self.labels_complete
        }

    @property
    def load(self) -> list[Load]:
        """Of each agency that answers for a rule, by name."""
        rules = {rule.name: rule for rule in self.rules}
        shift_ms = self.shift_h * HOUR_MS
        first = (self.from_ms + UTC_OFFSET_MS) // shift_ms
        shifts = max(1, (self.to_ms - 1 + UTC_OFFSET_MS) // shift_ms - first + 1)
        incidents: dict[str, Counter[int]] = {rule.owner: Counter() for rule in self.rules}
        to_decide: Counter[str] = Counter()
        for alert in self.alerts:
            rule = rules[alert.rule]
            if rule.incident == "auto" or rule.severity <= Severity.II:
                incidents[rule.owner][(alert.fired_at_ms + UTC_OFFSET_MS) // shift_ms] += 1
            else:
                to_decide[rule.owner] += 1
        found = []
        for owner, counts in sorted(incidents.items()):
            busiest, most = max(counts.items(), key=lambda c: (c[1], -c[0]), default=(0, 0))
            begun = busiest * shift_ms - UTC_OFFSET_MS if most else 0
            found.append(Load(owner, shifts, counts.total(), to_decide[owner], most, begun))
        return found

    def table(self) -> pl.DataFrame:
        """The alerts, a row each; where there are labels, whether one calls them `real` or `not real`."""
        frame = alert_table(self.alerts)
        if not self.labels:
            return frame
        by_subject = _by_subject(self.labels)
        said = {alert.episode: _said(alert, by_subject) for alert in self.alerts}
        words = {True: "real", False: "not real", None: ""}
        return frame.with_columns(
            label=pl.Series([words[said[e]] for e in frame["episode"]], dtype=pl.String)
        )

    def as_dict(self) -> dict[str, Any]:
        """What `jiangdun backtest --json` prints."""
        judged = self.judged
        rules = {
            name: {"hits": hits, "a_day": self.hits_a_day(name)}
            | (_judged_dict(judged[name]) if name in judged else {})
            for name, hits in self.hits.items()
        }
        load = [
            {
                "owner": one.owner,
                "shifts": one.shifts,
                "incidents": one.incidents,
                "incidents_a_shift": round(one.incidents_a_shift, 3),
                "to_decide": one.to_decide,
                "busiest": {"from": _iso(one.busiest_ms), "incidents": one.most} if one.most else None,
            }
            for one in self.load
        ]
        return {
            "from": _iso(self.from_ms),
            "to": _iso(self.to_ms),
            "hits": len(self.alerts),
            "hits_a_day": round(len(self.alerts) / self.days, 3),
            "rules": rules,
            "load": load,
            "shift_h": self.shift_h,
            "unplaced": list(self.unplaced),
            "counts": dict(self.counts),
            "digest": self.digest,
        }


def judge(alerts: Sequence[AlertEvent], labels: Sequence[Label], *, complete: bool = False) -> Judged:
    """Alerts and labels of one rule, held to each other.

    `complete`: every real case of the period is labelled, so that an alert of which no label speaks is wrong.
    """
    by_subject = _by_subject(labels)
    said = Counter(_said(alert, by_subject) for alert in alerts)
    by_track: dict[int, list[AlertEvent]] = defaultdict(list)
    for alert in alerts:
        by_track[alert.track].append(alert)
    real = [label for label in labels if label.real]
    found = sum(any(label.touches(alert) for alert in by_track.get(label.track, ())) for label in real)
    wrong = said[False] + (said[None] if complete else 0)
    return Judged(said[True], wrong, 0 if complete else said[None], found, len(real))


def _by_subject(labels: Iterable[Label]) -> dict[tuple[str, int], list[Label]]:
    found: dict[tuple[str, int], list[Label]] = defaultdict(list)
    for label in labels:
        found[label.rule, label.track].append(label)
    return found


def _said(alert: AlertEvent, labels: Mapping[tuple[str, int], list[Label]]) -> bool | None:
    """What the labels say of an alert: real where one does, not real where others do, None where none speaks."""
    touching = [label.real for label in labels.get((alert.rule, alert.track), ()) if label.touches(alert)]
    return any(touching) if touching else None


def _judged_dict(judged: Judged) -> dict[str, Any]:
    return {
        "precision": judged.precision,
        "right": judged.right,
        "wrong": judged.wrong,
        "unlabelled": judged.unlabelled,
        "recall": judged.recall,
        "found": judged.found,
        "real": judged.real,
    }


def _local(ms: int) -> datetime:
    return datetime.fromtimestamp((ms + UTC_OFFSET_MS) / 1000, UTC)


def _day(day: int) -> str:
    return f"{_local(day * DAY_MS - UTC_OFFSET_MS):%Y-%m-%d}"


def _iso(ms: int) -> str:
    return (datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=ms)).isoformat(timespec="seconds")
