"""What the ears announce. A terminal's number and label may lead to a person, so only a digest stands
here.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from jiangdun.core.journal import fact


@fact("feeds.DeviceAdmitted", version=1)
@dataclass(frozen=True, slots=True)
class DeviceAdmitted:
    """From now on the device may speak. A higher `generation`: it was blocked before and needs its new
    code.
    """

    device_id: UUID
    source: str
    ident_digest: str
    device_kind: int
    agency: str
    unit_id: UUID | None
    crs: str
    generation: int


@fact("feeds.DeviceChanged", version=1)
@dataclass(frozen=True, slots=True)
class DeviceChanged:
    """Kind, owner, unit or coordinate system of an admitted device are others from now on."""

    device_id: UUID
    device_kind: int
    agency: str
    unit_id: UUID | None
    crs: str
    version: int


@fact("feeds.DeviceBlocked", version=1)
@dataclass(frozen=True, slots=True)
class DeviceBlocked:
    """From now on the device is not heard, and its code is void."""

    device_id: UUID
    source: str
    ident_digest: str
    reason: str
