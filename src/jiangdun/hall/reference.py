"""What *desk* knows by law and *ears* must know to judge: rules, zones, devices, units. Gathered there, read here.

Rules and zones go into the chunk log as versioned records, so that a replay sees what was in force. Devices and units
do not: who may speak is no part of what was heard.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import structlog

from jiangdun.feeds.columns import Kind, track_id
from jiangdun.feeds.observations import Device
from jiangdun.watch.rules import RuleError, RuleSpec, ZoneSpec, language

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class OwnUnit:
    """A boat, car or officer of ours, as far as its position is concerned."""

    unit_id: str
    call_sign: str
    agency: str
    source: str
    ident: str

    @property
    def track(self) -> int:
        return track_id(self.source, self.ident)


def rule_record(spec: RuleSpec) -> dict[str, Any]:
    return {"name": spec.name, "version": spec.version, "yaml": spec.source}


def rules(records: Iterable[Mapping[str, Any]]) -> list[RuleSpec]:
    """Rules that no longer read (the language grew stricter, say) are left out and said so, loudly."""
    found = []
    for record in records:
        try:
            found.append(language.read(record["yaml"], record["name"], version=int(record["version"])))
        except RuleError as error:
            log.error(
                "a released rule cannot be read and is not in force", rule=record["name"], why=str(error)
            )
    return found


def zones(records: Iterable[Mapping[str, Any]]) -> list[ZoneSpec]:
    return [
        ZoneSpec(
            zone_id=record["zone_id"],
            version=int(record["version"]),
            kind=record["kind"],
            name_zh=record["name_zh"],
            name_en=record["name_en"],
            polygons=tuple(
                tuple(tuple((float(x), float(y)) for x, y in ring) for ring in polygon)
                for polygon in record["polygons"]
            ),
            valid_from_ms=int(record["valid_from_ms"]),
            valid_to_ms=int(record["valid_to_ms"]),
            agency=record["agency"],
            axis=tuple((float(x), float(y)) for x, y in record.get("axis", ())),
        )
        for record in records
    ]


def devices(records: Iterable[Mapping[str, Any]]) -> list[Device]:
    return [Device(**{**record, "kind": Kind(record["kind"])}) for record in records]


def units(records: Iterable[Mapping[str, Any]]) -> list[OwnUnit]:
    return [OwnUnit(**record) for record in records]


def keep(path: Path, value: Mapping[str, Any]) -> None:
    """Write atomically, readable by the owner only: it holds the codes devices show."""
    fresh = path.with_suffix(".new")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(value, file, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def kept(path: Path) -> dict[str, Any]:
    """What was kept, or nothing: a damaged file is said and desk sends everything again."""
    try:
        value = json.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        log.error("kept reference cannot be read; waiting for desk", path=path.name, why=str(error))
        return {}
    return value if isinstance(value, dict) else {}


def plain(value: Any) -> Any:
    """A dataclass as JSON-able values."""
    return json.loads(json.dumps(asdict(value), default=str))
