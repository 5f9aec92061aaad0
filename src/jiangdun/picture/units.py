"""Our own boats, cars, officers and drones: their kinds and states, and what people read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from jiangdun.core.datasets import DataSet, data_set

UNITS: Final[DataSet] = data_set(
    "units",
    "执法力量",
    "units",
    always={"id", "agency", "kind", "version"},
    fields={
        "call_sign", "state", "crew", "capabilities", "track", "handle", "lon", "lat", "heard_at",
    },
)  # fmt: skip
POSITIONS: Final[DataSet] = data_set(
    "positions",
    "力量实时位置",
    "live positions of units",
    always={"handle", "agency", "kind"},
    fields={"track", "lon", "lat", "sog_kn", "cog_deg", "heard_at_ms", "age_s", "label"},
)
"""Live, a place is sent as it is or not at all: an annex with an area, a delay or a precision shows it where
units are listed, not on the live wire.
"""


class UnitKind(StrEnum):
    BOAT = "boat"
    CAR = "car"
    OFFICER = "officer"
    DRONE = "drone"


class UnitState(StrEnum):
    STANDBY = "standby"
    EN_ROUTE = "en_route"
    ON_SCENE = "on_scene"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class UnitRecord:
    """A unit as others may know it. `track` is the identity it is heard under, None without a terminal."""

    id: UUID
    agency: str
    call_sign: str
    kind: UnitKind
    state: UnitState
    crew: int
    capabilities: tuple[str, ...]
    source: str
    ident: str
    track: int | None
    version: int


KIND_NAMES: Final[Mapping[UnitKind, tuple[str, str]]] = {
    UnitKind.BOAT: ("艇", "boat"),
    UnitKind.CAR: ("车", "car"),
    UnitKind.OFFICER: ("人员", "officer"),
    UnitKind.DRONE: ("无人机", "drone"),
}

STATE_NAMES: Final[Mapping[UnitState, tuple[str, str]]] = {
    UnitState.STANDBY: ("待命", "standing by"),
    UnitState.EN_ROUTE: ("途中", "en route"),
    UnitState.ON_SCENE: ("到场", "on scene"),
    UnitState.OFF: ("离线", "off duty"),
}
