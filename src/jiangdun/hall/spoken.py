"""Rules and zones that an alert may still speak of: those in force, and the last that left.

An engine withdraws or confirms an alert after its rule was retired or replaced; its sentence needs that very version.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, Final

from jiangdun.watch.rules import RuleSpec, ZoneSpec

from . import reference

GONE_MAX: Final = 1_000
"""Versions of rules, and zones, remembered after they left."""


class Spoken:
    def __init__(self) -> None:
        self._rules: dict[tuple[str, int], RuleSpec] = {}
        self._zones: dict[str, ZoneSpec] = {}

    def take(self, rules: Iterable[RuleSpec], zones: Iterable[ZoneSpec]) -> None:
        """These are in force from now on; they are remembered last."""
        for rule in rules:
            self._rules.pop((rule.name, rule.version), None)
            self._rules[rule.name, rule.version] = rule
        for zone in zones:
            self._zones.pop(zone.zone_id, None)
            self._zones[zone.zone_id] = replace(zone, polygons=())

    def rule(self, name: str, version: int) -> RuleSpec:
        """Raises KeyError for one that never was in force."""
        return self._rules[name, version]

    def zone(self, zone_id: str) -> ZoneSpec | None:
        return self._zones.get(zone_id) if zone_id else None

    def gone(self, rules: Sequence[RuleSpec], zones: Sequence[ZoneSpec]) -> dict[str, Any]:
        """What is not in force, as JSON-able values for the checkpoint; the oldest are forgotten here."""
        kept_rules, kept_zones = {(r.name, r.version) for r in rules}, {z.zone_id for z in zones}
        _forget(self._rules, kept_rules)
        _forget(self._zones, kept_zones)
        return {
            "rules": [reference.rule_record(r) for key, r in self._rules.items() if key not in kept_rules],
            "zones": [asdict(z) for key, z in self._zones.items() if key not in kept_zones],
        }

    def restore(self, gone: Mapping[str, Any]) -> None:
        self.take(reference.rules(gone["rules"]), reference.zones(gone["zones"]))


def _forget(known: dict[Any, Any], kept: set[Any]) -> None:
    surplus = [key for key in known if key not in kept][:-GONE_MAX]
    for key in surplus:
        del known[key]
