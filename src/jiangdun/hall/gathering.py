"""What *desk* tells *ears*: reference gathered from the rooms' queries as JSON-able values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from jiangdun.alliance import queries as alliance
from jiangdun.feeds import queries as feeds
from jiangdun.picture import queries as picture
from jiangdun.watch import queries as watch

from .reference import plain, rule_record


def rules(now: datetime) -> list[dict[str, Any]]:
    return [rule_record(spec) for spec in watch.rules_in_force(now)]


def zones(now: datetime) -> list[dict[str, Any]]:
    return [plain(zone) for zone in picture.zone_specs(now)]


def devices(now: datetime) -> list[dict[str, Any]]:  # noqa: ARG001  (all share one shape)
    return [{**asdict(device), "kind": int(device.kind)} for device in feeds.device_book()]


def units(now: datetime) -> list[dict[str, Any]]:  # noqa: ARG001
    return [
        {
            "unit_id": str(unit.id),
            "call_sign": unit.call_sign,
            "agency": unit.agency,
            "source": unit.source,
            "ident": unit.ident,
        }
        for unit in picture.units()
        if unit.source and unit.ident
    ]


def agencies(now: datetime) -> list[str]:  # noqa: ARG001
    """Codes in the order of the live wire: a target carries its agency as 1 + the place in this list."""
    return alliance.on_the_wire()


KINDS: Final[Mapping[str, Callable[[datetime], Any]]] = {
    "agencies": agencies,
    "rules": rules,
    "zones": zones,
    "devices": devices,
    "units": units,
}
"""In the order told: rules and zones stand before the first report is judged."""
