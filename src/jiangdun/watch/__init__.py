"""The watch: rules that people write, an engine that runs them over every report, alerts that say why.

A *rule* is a YAML document, released by two people. A *zone* is where it looks, a *track* is what it looks
at. The *engine* reads chunks of reports and says what it found as *events*; events of one *episode* (one
rule, one subject, one zone, one beginning) are one *alert*, which the eager pass raises and the settled pass
confirms, changes or withdraws. The *spool* carries events from the engine's process to the desk.

As a library this room needs neither settings nor database: `watch.read` makes a rule of text, `watch.read_zones`
zones of GeoJSON, `watch.run` runs rules over a table (Polars, pandas, Arrow, a dict of arrays; its columns are in
`frames`) or over chunks of a log, `watch.backtest` over a period of an archive. The names below are public.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .engine import Engine
    from .engine.limits import WrongColumns
    from .offline import Ran, run
    from .past import Backtest, backtest, read_labels
    from .rules import AlertEvent as Event
    from .rules import RuleError, check, read, sentence
    from .rules import RuleSpec as Rule
    from .rules import ZoneSpec as Zone
    from .zone_files import BadZoneFile, read_zones

__all__ = [
    "Backtest",
    "BadZoneFile",
    "Engine",
    "Event",
    "Ran",
    "Rule",
    "RuleError",
    "WrongColumns",
    "Zone",
    "backtest",
    "check",
    "read",
    "read_labels",
    "read_zones",
    "run",
    "sentence",
]

_HOMES = {
    "Backtest": ("past", "Backtest"),
    "BadZoneFile": ("zone_files", "BadZoneFile"),
    "Engine": ("engine", "Engine"),
    "Event": ("rules", "AlertEvent"),
    "Ran": ("offline", "Ran"),
    "Rule": ("rules", "RuleSpec"),
    "RuleError": ("rules", "RuleError"),
    "WrongColumns": ("engine.limits", "WrongColumns"),
    "Zone": ("rules", "ZoneSpec"),
    "backtest": ("past", "backtest"),
    "check": ("rules", "check"),
    "read": ("rules", "read"),
    "read_labels": ("past", "read_labels"),
    "read_zones": ("zone_files", "read_zones"),
    "run": ("offline", "run"),
    "sentence": ("rules", "sentence"),
}


def __getattr__(name: str) -> Any:
    """Public names are fetched when they are asked for: a rule check must not wait for kernels to compile."""
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = _HOMES[name]
    return getattr(import_module(f"{__name__}.{module}"), attribute)
