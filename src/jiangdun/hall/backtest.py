"""`jiangdun backtest`: rules over a period of an archive: hits, right and wrong, and the load on officers."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pyarrow as pa

from jiangdun.core import clock
from jiangdun.picture.then import Archive
from jiangdun.picture.zones import ZONE_KINDS
from jiangdun.watch.engine import BadRule, BadZone, LimitExceeded
from jiangdun.watch.past import (
    Backtest,
    BadLabels,
    Label,
    ZoneVersion,
    as_corrected,
    as_known,
    backtest,
    read_labels,
)
from jiangdun.watch.past.outcome import SHIFT_H
from jiangdun.watch.rules import RuleSpec, ZoneSpec, check
from jiangdun.watch.rules.columns import UTC_OFFSET_MS
from jiangdun.watch.zone_files import BadZoneFile, read_zones

SHOW_EVERY_S: Final = 0.2
LOCAL_OFFSET: Final = timedelta(milliseconds=UTC_OFFSET_MS)


class Refused(Exception):
    """Something asked for cannot be done; the text says what and what to do."""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rules", type=Path, required=True, nargs="+", help="rule files, or folders of them")
    parser.add_argument(
        "--archive", type=Path, required=True, help="home of an installation, or of `replay --out`"
    )
    parser.add_argument(
        "--from", dest="begin", required=True, help="a day (of the river, UTC+8) or a time, ISO 8601"
    )
    parser.add_argument(
        "--to", dest="end", required=True, help="the same; a day is not part of the period any more"
    )
    parser.add_argument(
        "--zones", type=Path, help="GeoJSON of zones; left out, the installation's own are asked for"
    )
    parser.add_argument(
        "--as", dest="reading", choices=("known", "corrected"), default="known",
        help="the installation's zones as they were known then (what live alerts rested on), or as they are known now",
    )  # fmt: skip
    parser.add_argument(
        "--labels", type=Path, help="CSV of what was real: rule,track,from,to,real[,zone][,note]"
    )
    parser.add_argument(
        "--labels-complete", action="store_true", help="an alert that no label speaks of is wrong"
    )
    parser.add_argument("--shift-h", type=int, default=SHIFT_H, help="hours of an officer's shift")
    parser.add_argument("--workers", type=int, help="processes (as many as the archive is worth)")
    parser.add_argument("--csv", type=Path, help="write the alerts here, a row each")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace) -> int:
    try:
        found = _run(options)
        if options.csv is not None:
            found.table().write_csv(options.csv)
    except (
        Refused,
        BadRule,
        BadZone,
        LimitExceeded,
        BadLabels,
        BadZoneFile,
        OSError,
        pa.ArrowException,
    ) as error:
        print(f"✘ {error}", file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(found.as_dict(), ensure_ascii=False))
    else:
        for line in report(found):
            print(line)
    return 0


def _run(options: argparse.Namespace) -> Backtest:
    period = _moment(options.begin, "--from"), _moment(options.end, "--to")
    if period[0] >= period[1]:
        raise Refused("--from 必须早于 --to / --from must come before --to")
    if not 1 <= options.shift_h <= 24 or 24 % options.shift_h:
        raise Refused("--shift-h 应能整除 24 / --shift-h must divide 24")
    if not (options.archive / "archive").is_dir():
        raise Refused(
            f"{options.archive}: 这里没有档案 holds no archive; name a home, or what `replay --out` made"
        )
    labels: list[Label] = read_labels(options.labels) if options.labels else []
    rules, log = _rules(options.rules), options.archive / "log"
    zones = read_zones(options.zones) if options.zones else _own_zones(options)
    bar = _Bar(sys.stderr.isatty())
    try:
        archive = Archive(options.archive, log if log.is_dir() else None)
        return backtest(
            rules, archive, period, zones, labels=labels, labels_complete=options.labels_complete,
            shift_h=options.shift_h, workers=options.workers, progress=bar.show,
        )  # fmt: skip
    finally:
        bar.end()


def _rules(paths: list[Path]) -> list[RuleSpec]:
    checked = check(paths, zone_kinds=ZONE_KINDS)
    if not checked.ok:
        raise Refused("\n".join(checked.lines()))
    if not checked.rules:
        raise Refused("没有规则文件 there is no rule file in --rules")
    return list(checked.rules)


def _own_zones(options: argparse.Namespace) -> list[ZoneSpec]:
    """Of the database of this installation."""
    from . import django_up

    django_up.ready()
    from jiangdun.picture import queries

    from . import settings

    if Path(settings.HOME).resolve() != options.archive.resolve():
        raise Refused(
            f"{options.archive} 不是本机安装目录，请用 --zones 指定区域 / is not this installation's home: give --zones"
        )
    versions = [
        ZoneVersion(ZoneSpec(**asdict(record)), recorded_ms, superseded_ms)
        for record, recorded_ms, superseded_ms in queries.zone_versions()
    ]
    return as_known(versions) if options.reading == "known" else as_corrected(versions)


def _moment(text: str, option: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC) - LOCAL_OFFSET
        return round(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise Refused(
            f"{option} {text}: 应为 2026-03-01 或 2026-03-01T20:00:00+08:00 / is no ISO 8601 time"
        ) from None


def report(found: Backtest) -> Iterable[str]:
    """The table a person reads."""
    local = [datetime.fromtimestamp(ms / 1000, UTC) + LOCAL_OFFSET for ms in (found.from_ms, found.to_ms)]
    yield f"{local[0]:%Y-%m-%d %H:%M} – {local[1]:%Y-%m-%d %H:%M}  ({found.days:.1f} d)"
    counts = found.counts
    judged, reports = counts.get("judged", 0), counts.get("reports", 0)
    yield f"报告 reports {reports:,}  已判 judged {judged:,}  目标 tracks {counts.get('tracks', 0):,}"
    yield ""
    yield f"{'规则 rule':<34}{'报警 hits':>10}{'/d':>8}  {'查准 precision':<20}{'查全 recall':<16}"
    held = found.judged
    for rule, hits in found.hits.items():
        line = f"{rule:<36}{hits:>10,}{hits / found.days:>8.2f}"
        if one := held.get(rule):
            line += f"  {_share(one.right, one.right + one.wrong):<22}{_share(one.found, one.real):<18}"
            line += f"({one.unlabelled} 未标 unlabelled)" if one.unlabelled else ""
        yield line.rstrip()
    yield ""
    yield f"{'单位 agency':<34}{'事件/班 incidents a shift':>24}  {'最忙 busiest':<28}{'待决 to decide':>14}"
    for load in found.load:
        busiest = "–"
        if load.most:
            begun = datetime.fromtimestamp(load.busiest_ms / 1000, UTC) + LOCAL_OFFSET
            busiest = f"{load.most} ({begun:%Y-%m-%d %H:%M})"
        yield f"{load.owner:<36}{load.incidents_a_shift:>26.2f}  {busiest:<30}{load.to_decide:>14,}"
    for rule in found.unplaced:
        yield f"⚠ {rule}: 没有它所说的区域 no zone is at its place; it cannot fire there"
    yield f"digest {found.digest}"


def _share(part: int, whole: int) -> str:
    return f"{part}/{whole} = {part / whole:.0%}" if whole else "–"


class _Bar:
    """One line on a terminal, nothing elsewhere."""

    def __init__(self, on: bool) -> None:
        self._on, self._shown = on, 0.0

    def show(self, done: int, of: int) -> None:
        now = clock.monotonic()
        if not self._on or now - self._shown < SHOW_EVERY_S:
            return
        self._shown = now
        share = done / of if of else 1.0
        print(f"\r{'█' * round(share * 30):<30} {share:4.0%} {done:,}", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        if self._on:
            print("\r" + " " * 60 + "\r", end="", file=sys.stderr, flush=True)
