"""Labels: what people know of the past, so that a rule's alerts can be told right from wrong.

A CSV file in UTF-8 with the head `rule,track,from,to,real` and, where wanted, `zone` and `note`:

    rule,track,from,to,real,zone,note
    sand-mining-at-night,413000123,2026-03-02T23:10:00+08:00,2026-03-03T01:40:00+08:00,yes,,caught
    sand-mining-at-night,413000456,2026-03-02T22:00:00+08:00,2026-03-02T22:50:00+08:00,no,ban-7,dredging for the port

A row says of one target and one stretch of time that what the rule asks about did (`yes`) or did not (`no`) happen. An
alert and a label belong together when rule and track are the same, the zone too where the label names one, and the time
from the alert's start to its firing touches the label's.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from jiangdun.feeds.columns import track_id
from jiangdun.watch.rules.spec import AlertEvent

MAX_FILE: Final = 50_000_000
MAX_LABELS: Final = 500_000
HEAD: Final = ("rule", "track", "from", "to", "real")
REAL: Final[Mapping[str, bool]] = {"yes": True, "no": False, "是": True, "否": False}


class BadLabels(ValueError):
    """The file cannot be used: which line, what, and what to write."""


@dataclass(frozen=True, slots=True)
class Label:
    rule: str
    track: int
    from_ms: int
    to_ms: int
    real: bool
    zone_id: str = ""

    def touches(self, alert: AlertEvent) -> bool:
        """Whether it speaks of this alert; rule and track are the same already."""
        in_time = alert.started_at_ms <= self.to_ms and alert.fired_at_ms >= self.from_ms
        return in_time and self.zone_id in ("", alert.zone_id)


def read_labels(source: Path | str) -> list[Label]:
    """The labels of a file (a Path) or of text, all or none. Raises BadLabels, OSError."""
    if isinstance(source, Path):
        if source.stat().st_size > MAX_FILE:
            raise BadLabels(f"{source.name}: larger than {MAX_FILE:,} bytes; cut it by time")
        try:
            source = source.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise BadLabels(f"the file is no UTF-8 ({error.reason}); save it as UTF-8") from None
    reader = csv.DictReader(io.StringIO(source.removeprefix("\ufeff")), strict=True)
    try:
        head = reader.fieldnames or []
        if missing := [name for name in HEAD if name not in head]:
            raise BadLabels(f"line 1: no column {', '.join(missing)}; begin the file with {','.join(HEAD)}")
        found: list[Label] = []
        for row in reader:
            found.append(_label(row, reader.line_num))
            if len(found) > MAX_LABELS:
                raise BadLabels(f"more than {MAX_LABELS:,} labels; cut the file by time")
    except csv.Error as error:
        raise BadLabels(f"line {reader.line_num}: {error}; quote texts that hold commas") from None
    return found


def _label(row: Mapping[str, str | None], line: int) -> Label:
    values = {name: (row.get(name) or "").strip() for name in (*HEAD, "zone")}
    for name in ("rule", "track"):
        if not values[name]:
            raise BadLabels(f"line {line}: {name} is empty")
    real = REAL.get(values["real"].lower())
    if real is None:
        raise BadLabels(f"line {line}: real is {values['real'][:40]!r}; write yes or no")
    begin, end = _moment(values["from"], "from", line), _moment(values["to"], "to", line)
    if end < begin:
        raise BadLabels(f"line {line}: it ends before it begins")
    return Label(values["rule"], _track(values["track"]), begin, end, real, values["zone"])


def _track(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) < 20 and int(text) < 2**63:
        return int(text)
    return track_id("table", text)


def _moment(text: str, name: str, line: int) -> int:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return round(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        pass
    raise BadLabels(
        f"line {line}: {name} is {text[:40]!r}; write a time with its zone, as 2026-03-02T23:10:00+08:00"
    )
