"""A small log of ships that come and go, with rules and zones on the way: what the tests of *ears* judge."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jiangdun.feeds.columns import COLUMNS, DEGREE, NO_COURSE, NO_HEADING, Chunk, Kind
from jiangdun.feeds.log import Beat, ChunkLog, Record
from jiangdun.watch import spool

T0 = 1_760_000_000_000
STEP_MS = 10_000
LAG_MS = 30_000
SHIPS = 4


def rule(name: str, version: int = 1, fixes: int = 2, kind: str = "no-go") -> dict[str, Any]:
    """A reference record of a rule: a vessel that enters a zone of that kind."""
    yaml = (
        f"rule: {name}\ntitle: {{zh: 进入, en: Entered}}\ndomain: traffic\nowner: msa\nseverity: III\n"
        f"watch: vessel\nwhen: {{enters: {kind}, fixes: {fixes}}}\ncooldown: 1 min\nact: at_once\n"
        "legal: [{law: 测试}]\n"
    )
    return {"name": name, "version": version, "yaml": yaml}


def zone(zone_id: str, west: float = 119.45, kind: str = "no-go", version: int = 1) -> dict[str, Any]:
    """A reference record of a zone: a box 0.02° wide across the ships' way."""
    east = west + 0.02
    ring = [[west, 32.2], [east, 32.2], [east, 32.24], [west, 32.24], [west, 32.2]]
    return {
        "zone_id": zone_id,
        "version": version,
        "kind": kind,
        "name_zh": f"区{zone_id}",
        "name_en": f"Zone {zone_id}",
        "polygons": [[ring]],
        "valid_from_ms": 0,
        "valid_to_ms": 2**62,
        "agency": "msa",
    }


def rows(step: int) -> np.ndarray[Any, np.dtype[np.void]]:
    """Where each ship is at that step: to and fro through the boxes, each a little behind the one before. Every
    fifth step a ship is seen elsewhere: one stray fix.
    """
    found = np.zeros(SHIPS, COLUMNS)
    for ship in range(SHIPS):
        leg = (step + 3 * ship) % 120
        along = (leg if leg < 60 else 120 - leg) * 0.001
        stray = 0.05 if (step + ship) % 5 == 0 else 0.0
        found[ship]["track"] = 413_000_001 + ship
        found[ship]["t"] = T0 + step * STEP_MS + ship - (25_000 if (step + ship) % 7 == 0 else 0)
        found[ship]["lon"] = round((119.44 + along) * DEGREE)
        found[ship]["lat"] = round((32.22 + stray) * DEGREE)
        found[ship]["sog_dkn"] = 80
        found[ship]["cog_ddeg"], found[ship]["heading_ddeg"] = NO_COURSE, NO_HEADING
        found[ship]["length_dm"], found[ship]["kind"] = 800, Kind.CARGO
    return found


class Writer:
    """Writes a log; keeps the records it wrote."""

    def __init__(self, home: Path) -> None:
        self.log = ChunkLog(home / "log", sync=False)
        self.records: list[Record] = []
        self._step = 0

    def tell(self, kind: str, items: Sequence[dict[str, Any]]) -> Writer:
        self.records.append(self.log.refer(kind, {"items": list(items)}))
        return self

    def sail(self, steps: int) -> Writer:
        for step in range(self._step, self._step + steps):
            chunk = Chunk(self.log.position, T0 + step * STEP_MS - LAG_MS, rows(step))
            self.log.append(chunk)
            self.records.append(chunk)
        self._step += steps
        return self

    def rest(self, seconds: int = 60) -> Writer:
        wm_ms = T0 + self._step * STEP_MS + seconds * 1000
        self.log.beat(wm_ms)
        self.records.append(Beat(self.log.position, wm_ms))
        self._step += seconds * 1000 // STEP_MS + 4
        return self


def said(path: Path) -> list[dict[str, Any]]:
    """Whole lines of the spool that are ours."""
    return [spool.from_line(line) for line in path.read_bytes().splitlines() if line]


def settled(path: Path) -> set[tuple[Any, ...]]:
    """What the spool says in the end, in no order: episodes with rule version, zone and last verdicts."""
    return {
        (e["episode"], e["rule_version"], e["zone_name_en"], e["settled"], e["verdict"]) for e in said(path)
    }


def keeps(value: Any) -> Any:
    """As the log gives it back."""
    return json.loads(json.dumps(value))
