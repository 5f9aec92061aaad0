"""`jiangdun replay FILE...`: recordings through the decoder, the engine and the archive of the live system."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from jiangdun.core import clock
from jiangdun.feeds import raw as raw_log
from jiangdun.feeds.columns import Chunk, Kind
from jiangdun.feeds.intake import Intake
from jiangdun.feeds.observations import Device, ProtocolSession, Static, Taken
from jiangdun.feeds.protocols.ais import AisSession
from jiangdun.feeds.protocols.ais_memory import AisMemory
from jiangdun.feeds.protocols.jt808 import Jt808Session
from jiangdun.feeds.recording import FORMATS, Recording
from jiangdun.feeds.table import TableError
from jiangdun.picture import zones as zone_files
from jiangdun.picture.archiver import Archiver
from jiangdun.picture.identities import Identities
from jiangdun.watch import spool
from jiangdun.watch.engine import Engine, LimitExceeded
from jiangdun.watch.rules import AlertEvent, RuleSpec, ZoneSpec, check
from jiangdun.watch.zone_files import BadZoneFile, read_zones

CUT_MS: Final = 5_000
"""Chunks of a recording: five seconds of its own time, or as many rows as a live chunk may have."""
BAR_EVERY_S: Final = 0.2
TAKES_BETWEEN_LOOKS: Final = 512


@dataclass
class Summary:
    """What `--json` prints. lines = sentences + other; sentences = parts + duplicates + decoded + Σ rejected."""

    counts: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    reports: int = 0
    tracks: int = 0
    alerts: Counter[str] = field(default_factory=Counter)
    first_ms: int | None = None
    last_ms: int | None = None
    time_sources: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    digest: str = ""

    def take(self, taken: Taken) -> None:
        counts = self.counts
        for what, n in taken.counts.items():  # Counter.update takes three times as long
            counts[what] += n
        for bad in taken.rejects:
            self.rejected[bad.reason] += 1

    def as_dict(self) -> dict[str, Any]:
        c = self.counts
        return {
            "lines": c["lines"],
            "other": c["other"],
            "sentences": c["sentences"],
            "parts": c["parts"],
            "decoded": c["decoded"],
            "rejected": dict(sorted(self.rejected.items())),
            "duplicates": c["duplicates"],
            "reports": self.reports,
            "tracks": self.tracks,
            "alerts": dict(sorted(self.alerts.items())),
            "span": [_iso(self.first_ms), _iso(self.last_ms)],
            "time_source": dict(sorted(self.time_sources.items())),
            "damaged": dict(sorted(self.wrong.items())),
            "digest": self.digest,
        }


class Everyone:
    """The book of a recording: whoever speaks in it was admitted then, as a vehicle we know nothing of."""

    def find(self, source: str, ident: str) -> Device:
        return Device(source, ident, ident, Kind.VEHICLE)


class Replay:
    """Files in the order given, through one intake and one engine. Two runs give one digest."""

    def __init__(self, rules: list[RuleSpec], zones: list[ZoneSpec], home: Path) -> None:
        self.summary = Summary()
        self.identities = Identities()
        self._rules = {(rule.name, rule.version): rule for rule in rules}
        self._zones = {zone.zone_id: zone for zone in zones}
        self._engine = Engine(rules, zones, eager=False)
        self._intake = Intake(cut_ms=CUT_MS)
        self._archiver = Archiver(home, sync=False)
        self._alerts = (home / "alerts.jsonl").open("w", encoding="utf-8")

    def file(self, recording: Recording, progress: _Bar) -> None:
        if recording.format == "csv":
            for n, told in enumerate(recording.told()):
                self._take(told.taken, told.heard_at_ms)
                if n % TAKES_BETWEEN_LOOKS == 0:
                    progress.show(recording.done)
        else:
            self._bytes(recording, progress)
        self.summary.time_sources[recording.time_source] += 1
        self.summary.wrong.update(recording.wrong)

    def raw(self, directory: Path) -> None:
        """An installation's own raw log: every byte it heard, on the links and at the times it heard them."""
        memory, book = AisMemory(), Everyone()
        sessions: dict[int, ProtocolSession] = {}
        for heard in raw_log.read(directory):
            session = sessions.get(heard.link)
            if heard.what is raw_log.What.OPENED or session is None:
                ais = heard.protocol == "ais"
                session = AisSession(memory) if ais else Jt808Session(book, recorded=True)
                sessions[heard.link] = session
            if heard.what is raw_log.What.BYTES:
                self._take(session.take(heard.data, heard.heard_at_ms), heard.heard_at_ms)
        self.summary.time_sources["heard_at"] += 1

    def _bytes(self, recording: Recording, progress: _Bar) -> None:
        session: ProtocolSession = (
            Jt808Session(Everyone(), recorded=True) if recording.format == "808" else AisSession()
        )
        heard_ms = 0
        take, took = session.take, self._take
        for n, said in enumerate(recording.said()):
            heard_ms = said.heard_at_ms
            took(take(said.data, heard_ms), heard_ms)
            if n % TAKES_BETWEEN_LOOKS == 0:
                progress.show(recording.done)
        end = getattr(session, "end", None)
        if end is not None:
            took(end(heard_ms), heard_ms)

    def _take(self, taken: Taken, heard_ms: int) -> None:
        self.summary.take(taken)
        if taken.observations:
            for said in taken.observations:
                if type(said) is Static:
                    self.identities.take(said)
            self._intake.take(taken.observations, heard_ms)
            if self._intake.due(heard_ms):
                self._cut()

    def _cut(self) -> None:
        while (chunk := self._intake.cut()) is not None:
            self._chunk(chunk)

    def _chunk(self, chunk: Chunk) -> None:
        s = self.summary
        s.reports += len(chunk.rows)
        first, last = int(chunk.rows["t"].min()), int(chunk.rows["t"].max())
        s.first_ms = first if s.first_ms is None else min(s.first_ms, first)
        s.last_ms = last if s.last_ms is None else max(s.last_ms, last)
        self._archiver.take(chunk)
        if self._archiver.due:
            self._archiver.write()
        self._say(self._engine.take(chunk))

    def finish(self) -> None:
        """Settle everything, write the unfinished hour, sum up."""
        self._cut()
        self._say(self._engine.finish())
        self._alerts.close()
        self._archiver.finish()
        for reason, what in (("position", "position"), ("null_island", "null_island")):
            if self._intake.counts.get(what):
                self.summary.wrong[reason] = self._intake.counts[what]
        self.summary.tracks = int(self._engine.counts["tracks"])
        self.summary.digest = self._engine.digest()

    def _say(self, events: list[AlertEvent]) -> None:
        for event in events:
            self.summary.alerts[event.rule] += event.verdict != "withdrawn"
            spec, zone = self._rules[event.rule, event.rule_version], self._zones.get(event.zone_id)
            self._alerts.write(spool.to_line(event, spec, zone, self.identities.label(event.track)) + "\n")


class _Bar:
    """One line on a terminal, nothing where the output is no terminal."""

    def __init__(self, names: list[Path]) -> None:
        self._total = sum(path.stat().st_size for path in names) or 1
        self._done, self._path, self._shown = 0, Path(), 0.0
        self._on = sys.stderr.isatty()

    def begin(self, path: Path) -> None:
        self._done += self._path.stat().st_size if self._path.name else 0
        self._path = path

    def show(self, share: float) -> None:
        now = clock.monotonic()
        if not self._on or now - self._shown < BAR_EVERY_S:
            return
        self._shown = now
        of_all = (self._done + share * self._path.stat().st_size) / self._total
        bar = "█" * round(of_all * 30)
        print(f"\r{bar:<30} {of_all:4.0%} {self._path.name[:40]:40}", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        if self._on:
            print("\r" + " " * 80 + "\r", end="", file=sys.stderr, flush=True)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="recordings, gzipped or not; or an installation's folder of raw bytes",
    )
    parser.add_argument("--format", choices=FORMATS, help="guessed from name and content when left out")
    parser.add_argument("--zones", type=Path, help="GeoJSON of zones, as the board imports it")
    parser.add_argument("--rules", type=Path, help="folder (or file) of rules")
    parser.add_argument("--out", type=Path, help="keep the archive and the alerts here")
    parser.add_argument("--start", help="time of the first line of a file without any, ISO 8601 (1970-01-01)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace) -> int:
    begun = clock.monotonic()
    try:
        rules, zones = _rules(options.rules), _zones(options.zones)
        start_ms = _start(options.start)
        missing = [path for path in options.files if not path.exists()]
        if missing:
            raise Refused(f"没有这个文件 no such file: {missing[0]}")
        with _home(options.out) as home:
            replay = Replay(rules, zones, home)
            bar = _Bar(options.files)
            for path in options.files:
                if path.is_dir():
                    replay.raw(path)
                    continue
                bar.begin(path)
                replay.file(Recording(path, options.format, start_ms), bar)
            bar.end()
            replay.finish()
    except (Refused, TableError, LimitExceeded, OSError) as error:
        print(f"✘ {error}", file=sys.stderr)
        return 2
    took_s = clock.monotonic() - begun
    if options.json:
        print(json.dumps(replay.summary.as_dict(), ensure_ascii=False))
    else:
        _print(replay.summary, took_s, options.out)
    return 0


class Refused(Exception):
    """Something asked for cannot be done; the text says what and what to do."""


@contextmanager
def _home(out: Path | None) -> Iterator[Path]:
    if out is None:
        with tempfile.TemporaryDirectory(prefix="jiangdun-replay-") as folder:
            yield Path(folder)
        return
    if (out / "archive").exists():
        raise Refused(f"{out} 已有档案，请换一个目录 holds an archive already; name another folder")
    out.mkdir(parents=True, exist_ok=True)
    yield out


def _rules(path: Path | None) -> list[RuleSpec]:
    if path is None:
        return []
    report = check([path], zone_kinds=zone_files.ZONE_KINDS)
    if not report.ok:
        raise Refused("\n".join(report.lines()))
    return list(report.rules)


def _zones(path: Path | None) -> list[ZoneSpec]:
    if path is None:
        return []
    try:
        return read_zones(path)
    except BadZoneFile as error:
        raise Refused(str(error)) from error


def _start(text: str | None) -> int:
    if text is None:
        return 0
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(
            f"--start {text}: 应为 2026-11-21T19:30:00+08:00 这样的时间 is no ISO 8601 time"
        ) from None
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def _iso(ms: int | None) -> str | None:
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="seconds")


def _print(summary: Summary, took_s: float, out: Path | None) -> None:
    told = summary.as_dict()
    lines = told["lines"]
    rate = f"{lines / took_s:,.0f} lines/s" if lines else f"{told['reports'] / took_s:,.0f} reports/s"
    print(f"{lines:,} lines · {told['sentences']:,} sentences · {told['decoded']:,} decoded · "
          f"{told['duplicates']:,} duplicates · {told['parts']:,} parts")  # fmt: skip
    print(f"{told['reports']:,} reports of {told['tracks']:,} tracks, {told['span'][0]} … {told['span'][1]}"
          f" (time from: {', '.join(told['time_source'])})")  # fmt: skip
    rejected = ", ".join(f"{reason} {n:,}" for reason, n in told["rejected"].items())
    print(f"rejected / 拒绝: {rejected or '—'}")
    alerts = ", ".join(f"{rule} {n:,}" for rule, n in told["alerts"].items())
    print(f"alerts / 预警: {alerts or '—'}")
    print(f"digest {told['digest']} · {took_s:.1f} s, {rate}")
    if out is not None:
        print(f"archive and alerts in / 档案与预警存于 {out}")
