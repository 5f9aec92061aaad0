"""The engine over the log, in *ears*: what it says goes to the spool, where it stands goes to a checkpoint.

A checkpoint holds the engine's bytes, the log position they stand for, and the rules and zones then in force. After a
crash the log is read on from there; what the engine says a second time has the same episodes and changes nothing.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import structlog

from jiangdun.feeds.columns import Chunk
from jiangdun.feeds.log import Beat, Record, Reference
from jiangdun.feeds.log import read as read_log
from jiangdun.watch import spool
from jiangdun.watch.engine import Engine, LimitExceeded
from jiangdun.watch.rules import AlertEvent, RuleSpec, ZoneSpec

from . import checkpoints, reference
from .spoken import Spoken

CHECKPOINT_S: Final = 30.0
CHECKPOINT_REPORTS: Final = 1_000_000
KINDS: Final = ("rules", "zones")
"""Of reference records: those the engine judges by."""

log = structlog.get_logger()
Records = list[dict[str, Any]]


class Watching:
    """`label` names a track in the sentences. Not for several threads."""

    def __init__(self, home: Path, label: Callable[[int], str]) -> None:
        self._label = label
        self._log_dir = home / "log"
        self._checkpoint_path = home / "run" / "checkpoint.bin"
        self.spool_path = home / "spool" / "alerts.jsonl"
        self.spool_path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._spool = _open_spool(self.spool_path)
        self._unsaid = bytearray()  # lines the disk refused; no checkpoint passes them by
        self.spool_error = ""
        """Why the spool cannot be written, empty when it can."""
        self.alerts = 0
        self.afresh = 0
        """How often the engine was full and began anew."""
        self.unsayable = 0
        """Events of which no line could be made: our own mistake, logged."""
        self._previous: int | None = None  # the position of the older of two checkpoints
        self._saved_at_s = 0.0
        self._begin()

    def _begin(self) -> None:
        self._told: dict[str, Records] = {}
        self._in_force: dict[str, Records] = {}
        self.refused = ""
        """Why the newest rules and zones are not in force, empty when they are."""
        self._spoken = Spoken()
        self.engine = Engine([], [])
        self.position = 0
        """Of the log: every report before it has been judged."""
        self._after = 0  # heartbeats and reference records taken since the report before `position`
        self._saved_position = 0

    # -- start

    def recover(self, until: Callable[[Record], None] | None = None) -> int:
        """Take the newest whole checkpoint, then read the log on to its end. Returns the reports read again."""
        passed = self._load()
        begun = self.position
        for record in read_log(self._log_dir, self.position):
            if passed and not _is_chunk(record):
                passed -= 1
                continue
            passed = 0
            if until:
                until(record)
            self.take(record)
        return self.position - begun

    # -- the way of a record

    def take(self, record: Record) -> int:
        """Judge a chunk, a heartbeat or a reference record; how many lines went to the spool."""
        if isinstance(record, Reference):
            self._after += 1
            return self._refer(record)
        if isinstance(record, Beat):
            self._after += 1
            return self._say(self.engine.heartbeat(record.wm_ms, record.position))
        if record.position > self.position:
            log.error("reports of the log were not judged", since=self.position, until=record.position)
        try:
            events = self.engine.take(record)
        except LimitExceeded as full:
            events = self._start_afresh(record, full)
        self.position, self._after = record.position + len(record.rows), 0
        return self._say(events)

    def _start_afresh(self, chunk: Chunk, full: LimitExceeded) -> list[AlertEvent]:
        """A million made-up identities must not silence the watch: it forgets every track and goes on.

        Open visits begin anew, so an alert that stands may be raised once more, as another episode.
        """
        self.afresh += 1
        log.error("the engine is full, it forgets its tracks and goes on", why=str(full), times=self.afresh)
        self.engine = Engine(*_read(self._in_force))
        return self.engine.take(chunk)

    def told(self, kind: str) -> Records | None:
        """The newest reference record of that kind in the log; None where there never was one."""
        return self._told.get(kind)

    def _refer(self, record: Reference) -> int:
        items = list(record.body["items"])
        if record.kind not in KINDS or self._told.get(record.kind) == items:
            return 0
        self._told[record.kind] = items
        try:
            return self._change(record.position)
        except Exception as error:
            # It stands in the log now: raising would stop every start to come.
            self.refused = f"{type(error).__name__}: {error}"
            log.error("new rules or zones cannot be judged by; the former stay in force", why=self.refused)
            return 0

    def _change(self, position: int) -> int:
        """Judge by what was told last. Raises with nothing changed."""
        rules, zones = _read(self._told)
        said: list[AlertEvent] = []
        if self.position == 0:  # nothing was judged yet, there is nothing to keep
            self.engine = Engine(rules, zones)
        else:
            said = self.engine.change(rules=rules, zones=zones, at_position=position)
        self._in_force, self.refused = dict(self._told), ""
        self._spoken.take(rules, zones)
        return self._say(said)

    # -- the spool

    def _say(self, events: Iterable[AlertEvent]) -> int:
        lines = list(self._lines(events))
        if lines:
            self._unsaid += "".join(line + "\n" for line in lines).encode()
            self.alerts += len(lines)
        self.say_on()
        return len(lines)

    def _lines(self, events: Iterable[AlertEvent]) -> Iterator[str]:
        for event in events:
            try:
                rule, zone = (
                    self._spoken.rule(event.rule, event.rule_version),
                    self._spoken.zone(event.zone_id),
                )
                others = tuple(self._label(o.track) for o in event.others[: spool.MAX_OTHERS])
                yield spool.to_line(event, rule, zone, self._label(event.track), others)
            except Exception:
                self.unsayable += 1
                log.exception("an alert cannot be put in words", episode=event.episode, rule=event.rule)

    def say_on(self) -> bool:
        """Write what waits for the spool; whether nothing waits now. A full disk is said once and tried again."""
        try:
            while self._unsaid:
                written = os.write(self._spool, self._unsaid)
                del self._unsaid[:written]
        except OSError as error:
            if not self.spool_error:
                log.error("the spool cannot be written and will be tried again", why=str(error))
            self.spool_error = str(error)
            return False
        self.spool_error = ""
        return True

    # -- checkpoints

    def checkpoint_due(self, now_s: float) -> bool:
        if self.position - self._saved_position >= CHECKPOINT_REPORTS:
            return True
        return self.position > self._saved_position and now_s - self._saved_at_s >= CHECKPOINT_S

    def checkpoint(self, now_s: float) -> bool:
        """Write where the engine stands, unless alerts wait for the spool; whether it did. Raises OSError."""
        if not self.say_on():
            return False
        os.fsync(self._spool)
        rules, zones = _read(self._in_force)
        about = {
            "position": self.position,
            "after": self._after,
            "told": self._told,
            "in_force": None if self._in_force == self._told else self._in_force,
            "refused": self.refused,
            "gone": self._spoken.gone(rules, zones),
        }
        checkpoints.write(self._checkpoint_path, about, self.engine.to_bytes())
        self._previous = self._saved_position
        self._saved_position, self._saved_at_s = self.position, now_s
        return True

    @property
    def needed_from(self) -> int:
        """The log before this position is no longer needed to judge, even if the newest checkpoint is lost."""
        return self._previous or 0

    def health(self) -> dict[str, Any]:
        return {
            "alerts": self.alerts,
            "unsayable": self.unsayable,
            "afresh": self.afresh,
            "spool_error": self.spool_error,
            "refused": self.refused,
        }

    def _load(self) -> int:
        """Take a checkpoint; how many records beside reports it has passed at its position."""
        for path in (self._checkpoint_path, checkpoints.older(self._checkpoint_path)):
            try:
                return self._restore(*checkpoints.read(path))
            except FileNotFoundError:
                continue
            except Exception as error:  # a state of another version, say
                log.error(
                    "a checkpoint cannot be used; reading more of the log", file=path.name, why=str(error)
                )
                with contextlib.suppress(OSError):
                    path.replace(path.with_suffix(f"{path.suffix}.damaged"))
                self._begin()
        return 0

    def _restore(self, about: dict[str, Any], state: bytes) -> int:
        self._told, self.refused = about["told"], about["refused"]
        self._in_force = dict(self._told) if about["in_force"] is None else about["in_force"]
        rules, zones = _read(self._in_force)
        self._spoken.restore(about["gone"])
        self._spoken.take(rules, zones)
        self.engine = Engine.from_bytes(state, rules, zones)
        self.position = self._saved_position = int(about["position"])
        self._after = int(about["after"])
        return self._after

    def close(self) -> None:
        os.close(self._spool)


def _read(records: dict[str, Records]) -> tuple[list[RuleSpec], list[ZoneSpec]]:
    return reference.rules(records.get("rules", [])), reference.zones(records.get("zones", []))


def _is_chunk(record: Record) -> bool:
    return not isinstance(record, Reference | Beat)


def _open_spool(path: Path) -> int:
    """Ready to append. A last line that a crash cut off is ended, so that the next one stands alone."""
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    size = os.fstat(handle).st_size
    if size and os.pread(handle, 1, size - 1) != b"\n":
        os.write(handle, b"\n")
    return handle
