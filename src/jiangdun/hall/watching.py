"""The engine over the log, in *ears*: what it says goes to the spool, where it stands goes to a checkpoint.

A checkpoint holds the engine's bytes, the log position they stand for, and the rules and zones then in force. After a
crash the log is read on from there; what the engine says a second time has the same episodes and changes nothing.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import structlog

from jiangdun.feeds.log import Beat, Record, Reference
from jiangdun.feeds.log import read as read_log
from jiangdun.watch import spool
from jiangdun.watch.engine import Engine
from jiangdun.watch.rules import AlertEvent, RuleSpec, ZoneSpec

from . import reference

CHECKPOINT_S: Final = 30.0
CHECKPOINT_REPORTS: Final = 1_000_000
_HEAD: Final = struct.Struct("<8sIII")
_MAGIC: Final = b"JDCHECK1"

log = structlog.get_logger()


class Watching:
    """`label` names a track in the sentences; `now_ms` only marks when a checkpoint is due."""

    def __init__(self, home: Path, label: Callable[[int], str]) -> None:
        self._label = label
        self._log_dir = home / "log"
        self._checkpoint_path = home / "run" / "checkpoint.bin"
        self.spool_path = home / "spool" / "alerts.jsonl"
        self.spool_path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._spool = _open_spool(self.spool_path)
        self._rule_records: list[dict[str, Any]] = []
        self._zone_records: list[dict[str, Any]] = []
        self._rules: dict[tuple[str, int], RuleSpec] = {}
        self._zones: dict[str, ZoneSpec] = {}
        self.engine = Engine([], [])
        self.position = 0
        """Of the log: everything before it has been judged."""
        self._saved_position = 0
        self._saved_at_s = 0.0
        self.alerts = 0

    # -- start

    def recover(self, until: Callable[[Record], None] | None = None) -> int:
        """Take the newest checkpoint, then read the log on to its end. Returns the reports read again."""
        self._load()
        begun = self.position
        for record in read_log(self._log_dir, self.position):
            if until:
                until(record)
            self.take(record)
        return self.position - begun

    # -- the way of a record

    def take(self, record: Record) -> int:
        """Judge a chunk, a heartbeat or a reference record; how many lines went to the spool."""
        if isinstance(record, Reference):
            self._refer(record)
            return 0
        if isinstance(record, Beat):
            events = self.engine.heartbeat(record.wm_ms, record.position)
        else:
            events = self.engine.take(record)
            self.position = record.position + len(record.rows)
        return self._say(events)

    def _refer(self, record: Reference) -> None:
        items = list(record.body["items"])
        if record.kind == "rules":
            self._rule_records = items
        elif record.kind == "zones":
            self._zone_records = items
        else:
            return
        self._read_references()
        rules, zones = self._in_force(), list(self._zones.values())
        if self.position == 0:  # nothing was judged yet, there is nothing to keep
            self.engine = Engine(rules, zones)
        else:
            self._say(self.engine.change(rules=rules, zones=zones, at_position=record.position))

    def _read_references(self) -> None:
        for spec in reference.rules(self._rule_records):
            self._rules[spec.name, spec.version] = spec
        # A zone that left keeps its name here: an open alert may still speak of it.
        self._zones |= {zone.zone_id: zone for zone in reference.zones(self._zone_records)}
        gone = self._zones.keys() - {record["zone_id"] for record in self._zone_records}
        for zone_id in gone:
            self._zones[zone_id] = replace(
                self._zones[zone_id], valid_to_ms=self._zones[zone_id].valid_from_ms
            )

    def _in_force(self) -> list[RuleSpec]:
        return [
            self._rules[key]
            for key in ((r["name"], int(r["version"])) for r in self._rule_records)
            if key in self._rules
        ]

    def _say(self, events: Iterable[AlertEvent]) -> int:
        lines = [self._line(event) for event in events]
        if lines:
            os.write(self._spool, "".join(line + "\n" for line in lines).encode())
            self.alerts += len(lines)
        return len(lines)

    def _line(self, event: AlertEvent) -> str:
        spec = self._rules[event.rule, event.rule_version]
        zone = self._zones.get(event.zone_id) if event.zone_id else None
        return spool.to_line(event, spec, zone, self._label(event.track))

    # -- checkpoints

    def checkpoint_due(self, now_s: float) -> bool:
        if self.position - self._saved_position >= CHECKPOINT_REPORTS:
            return True
        return self.position > self._saved_position and now_s - self._saved_at_s >= CHECKPOINT_S

    def checkpoint(self, now_s: float) -> None:
        """Write where the engine stands; the old checkpoint stays until the new one is on the disk."""
        os.fsync(self._spool)
        about = {"position": self.position, "rules": self._rule_records, "zones": self._zone_records}
        head = json.dumps(about, ensure_ascii=False, separators=(",", ":")).encode()
        state = self.engine.to_bytes()
        fresh = self._checkpoint_path.with_suffix(".new")
        fresh.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with fresh.open("wb") as file:
            file.write(_HEAD.pack(_MAGIC, len(head), zlib.crc32(head), zlib.crc32(state)))
            file.write(head)
            file.write(state)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._checkpoint_path)
        self._saved_position, self._saved_at_s = self.position, now_s

    def _load(self) -> None:
        try:
            data = self._checkpoint_path.read_bytes()
            magic, size, head_crc, state_crc = _HEAD.unpack_from(data)
            head, state = data[_HEAD.size : _HEAD.size + size], data[_HEAD.size + size :]
            if magic != _MAGIC or zlib.crc32(head) != head_crc or zlib.crc32(state) != state_crc:
                raise ValueError("damaged")
            about: Mapping[str, Any] = json.loads(head)
            self._rule_records, self._zone_records = about["rules"], about["zones"]
            self._read_references()
            self.engine = Engine.from_bytes(state, self._in_force(), list(self._zones.values()))
            self.position = self._saved_position = int(about["position"])
        except FileNotFoundError:
            return
        except Exception as error:  # a state of another version, say: the log has everything
            log.warning("checkpoint not usable, reading the log from its beginning", why=str(error))
            self._rule_records, self._zone_records, self._rules, self._zones = [], [], {}, {}
            self.engine = Engine([], [])
            self.position = 0

    def close(self) -> None:
        os.close(self._spool)


def _open_spool(path: Path) -> int:
    """Ready to append. A last line that a crash cut off is ended, so that the next one stands alone."""
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    size = os.fstat(handle).st_size
    if size and os.pread(handle, 1, size - 1) != b"\n":
        os.write(handle, b"\n")
    return handle
