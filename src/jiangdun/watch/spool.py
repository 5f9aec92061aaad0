"""The spool between the engine and the desk: one JSON line an event, whole in itself.

The engine's process appends lines; the desk reads them by cursor and gives each to `actions.take_event`. A
line holds every field of `AlertEvent`, and what the desk would otherwise look up: target, zone, owner, why.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from jiangdun.feeds.columns import DEGREE
from jiangdun.feeds.observations import BadFrame

from . import why
from .rules.spec import AlertEvent, FixSeen, Other, RuleSpec, ZoneSpec

MAX_LINE: Final = 65_536
MAX_FIXES: Final = 64
MAX_VALUES: Final = 64
MAX_OTHERS: Final = 64
"""Other tracks of one alert, and of them this many fixes in all."""

_TEXTS: Final = {
    "episode": 64, "verdict": 16, "rule": 64, "zone_id": 64, "label": 80, "why_zh": 1_000, "why_en": 1_000,
    "owner": 64, "domain": 16, "incident": 8, "act": 16, "title_zh": 200, "title_en": 200,
    "zone_name_zh": 200, "zone_name_en": 200,
}  # fmt: skip
_WHOLE: Final = ("rule_version", "track", "started_at_ms", "fired_at_ms", "log_position", "severity")
_VERDICTS: Final = frozenset(("raised", "confirmed", "changed", "withdrawn"))


def to_line(
    event: AlertEvent,
    spec: RuleSpec,
    zone: ZoneSpec | None,
    label: str,
    others: Sequence[str] = (),
    *,
    exercise: bool = False,
) -> str:
    """The event as one line of ASCII JSON, without the line's end. `others`: labels of its other tracks."""
    assert spec.name == event.rule, f"{event.rule} is not {spec.name}"
    name = why.named(label, event.track)
    last = event.fixes[-1] if event.fixes else None
    said = asdict(event) | {
        "values": dict(event.values),
        "fixes": _rows(event.fixes[-MAX_FIXES:]),
        "others": [
            {"track": o.track, "fixes": _rows(o.fixes[-max(1, MAX_FIXES // len(event.others)) :])}
            for o in event.others[:MAX_OTHERS]
        ],
        "label": name,
        "title_zh": spec.title_zh,
        "title_en": spec.title_en,
        "why_zh": why.sentence(event, spec, zone, name, "zh", others),
        "why_en": why.sentence(event, spec, zone, name, "en", others),
        "lon": round(last.lon / DEGREE, 6) if last else None,
        "lat": round(last.lat / DEGREE, 6) if last else None,
        "owner": spec.owner,
        "domain": spec.domain,
        "severity": int(spec.severity),
        "incident": spec.incident,
        "act": spec.act,
        "zone_name_zh": zone.name_zh if zone else "",
        "zone_name_en": zone.name_en if zone else "",
        "exercise": exercise,
    }
    return json.dumps(said, separators=(",", ":"), allow_nan=False)


def _rows(fixes: Sequence[FixSeen]) -> list[list[int]]:
    return [[f.t_ms, f.lon, f.lat, f.sog_dkn, f.cog_ddeg] for f in fixes]


def from_line(line: str | bytes) -> dict[str, Any]:
    """The line's fields, checked; BadFrame (`spool_line`) for what is not one of our lines."""
    if len(line) > MAX_LINE:
        raise BadFrame("spool_line", f"{len(line)} bytes, at most {MAX_LINE}")
    try:
        given = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadFrame("spool_line", type(error).__name__) from error
    wrong = _wrong(given)
    if wrong:
        raise BadFrame("spool_line", wrong)
    fields: dict[str, Any] = given
    return fields


def event_of(fields: Mapping[str, Any]) -> AlertEvent:
    """The event a checked line was made of."""
    return AlertEvent(
        episode=fields["episode"],
        settled=fields["settled"],
        verdict=fields["verdict"],
        rule=fields["rule"],
        rule_version=fields["rule_version"],
        track=fields["track"],
        zone_id=fields["zone_id"],
        started_at_ms=fields["started_at_ms"],
        fired_at_ms=fields["fired_at_ms"],
        log_position=fields["log_position"],
        values=fields["values"],
        fixes=tuple(FixSeen(*fix) for fix in fields["fixes"]),
        replaces=fields["replaces"],
        others=tuple(
            Other(o["track"], tuple(FixSeen(*fix) for fix in o["fixes"])) for o in fields.get("others", ())
        ),
    )


def _wrong(given: Any) -> str:
    """What is wrong with the fields; "" where nothing is."""
    if not isinstance(given, dict):
        return "not an object"
    for name, limit in _TEXTS.items():
        if not _is_text(given.get(name), limit):
            return f"{name} is not a text of at most {limit}"
    for name in _WHOLE:
        if not _is_int(given.get(name)):
            return f"{name} is not a whole number"
    if not 0 <= given["rule_version"] < 2**31:
        return "rule_version is out of range"
    if given["verdict"] not in _VERDICTS or given["severity"] not in (1, 2, 3, 4):
        return "verdict or severity"
    if given["incident"] not in ("auto", "triage") or not given["episode"]:
        return "incident or episode"
    if not isinstance(given.get("settled"), bool) or not isinstance(given.get("exercise", False), bool):
        return "settled or exercise is not true or false"
    replaces = given.get("replaces", "")
    if replaces is not None and not _is_text(replaces, 64):
        return "replaces"
    return _wrong_numbers(given)


def _wrong_numbers(given: Mapping[str, Any]) -> str:
    fixes, values = given.get("fixes"), given.get("values")
    if reason := _wrong_fixes(fixes) or _wrong_others(given.get("others", [])):
        return reason
    if not isinstance(values, dict) or len(values) > MAX_VALUES:
        return f"values is not an object of at most {MAX_VALUES}"
    if not all(_is_text(name, 64) for name in values):
        return "the name of a value is not a short text"
    if not all(_is_text(value, 200) or _is_number(value) for value in values.values()):
        return "a value is neither a number nor a short text"
    for name, limit in (("lon", 180.0), ("lat", 90.0)):
        value = given.get(name)
        if value is not None and not (_is_number(value) and abs(value) <= limit):
            return f"{name} is out of range"
    return ""


def _wrong_fixes(fixes: Any) -> str:
    if not isinstance(fixes, list) or len(fixes) > MAX_FIXES:
        return f"fixes is not a list of at most {MAX_FIXES}"
    if not all(isinstance(fix, list) and len(fix) == 5 and all(map(_is_int, fix)) for fix in fixes):
        return "a fix is not five whole numbers"
    return ""


def _wrong_others(others: Any) -> str:
    if not isinstance(others, list) or len(others) > MAX_OTHERS:
        return f"others is not a list of at most {MAX_OTHERS}"
    if not all(isinstance(o, dict) and _is_int(o.get("track")) for o in others):
        return "another track is not named by a whole number"
    return next((reason for o in others if (reason := _wrong_fixes(o.get("fixes")))), "")


def _is_text(value: Any, limit: int) -> bool:
    """Text that every database can keep: no U+0000, no lone surrogate."""
    if not isinstance(value, str) or len(value) > limit or "\0" in value:
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63


def _is_number(value: Any) -> bool:
    return _is_int(value) or (isinstance(value, float) and math.isfinite(value))
