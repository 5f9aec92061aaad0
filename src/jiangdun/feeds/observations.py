"""What devices say, once it is understood: the plain values every protocol yields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from .columns import NO_COURSE, NO_HEADING, NO_NAV_STATUS, NO_SPEED, Kind


class BadFrame(Exception):
    """The world is wrong: these bytes are not what they claim. Count it by `reason`, keep the bytes, go
    on.
    """

    def __init__(self, reason: str, detail: str = "", ident: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason  # a short fixed word: checksum, armour, length, unknown_device, ...
        self.detail = detail
        self.ident = ident  # who sent it, where that can be read


@dataclass(frozen=True, slots=True)
class Fix:
    """One position. `t_device_ms` is None where the device gave no usable time."""

    source: str  # ais, jt808
    ident: str  # MMSI, terminal phone number
    lon: int  # 1/600000 degree, WGS-84 after the device's CRS setting
    lat: int
    t_device_ms: int | None = None
    utc_second: int | None = None  # AIS: second of the minute, where that is all the time there is
    sog_dkn: int = NO_SPEED
    cog_ddeg: int = NO_COURSE
    heading_ddeg: int = NO_HEADING
    nav: int = NO_NAV_STATUS
    kind: Kind | None = None  # None: keep what is known of the track
    rank: int = 0
    flags: int = 0


@dataclass(frozen=True, slots=True)
class Static:
    """What a device says about itself; None where it says nothing."""

    source: str
    ident: str
    name: str | None = None
    call_sign: str | None = None
    kind: Kind | None = None
    length_dm: int | None = None
    beam_dm: int | None = None
    draught_dm: int | None = None
    imo: int | None = None
    destination: str | None = None
    plate: str | None = None


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The device lives; it has nothing else to say."""

    source: str
    ident: str


@dataclass(frozen=True, slots=True)
class Text:
    """A text sent by a device (AIS 12, 14)."""

    source: str
    ident: str
    text: str
    to: str | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """A device that nobody admitted wants to speak: it goes to the pending list."""

    source: str
    ident: str
    detail: str = ""  # plate, maker, model as claimed


Observation = Fix | Static | Heartbeat | Text | Unknown


@dataclass(slots=True)
class Taken:
    """What came of some bytes. `replies` leave only after the chunk of these observations is written."""

    observations: list[Observation] = field(default_factory=list)
    replies: list[bytes] = field(default_factory=list)
    rejects: list[BadFrame] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)  # lines, sentences, parts joined, duplicates, ...
    close: bool = False  # the session wants its link closed once the replies are out


class ProtocolSession(Protocol):
    """One link of one protocol: bytes in, observations and replies out. No socket, no clock, no Django."""

    def take(self, data: bytes, heard_at_ms: int) -> Taken: ...

    def idle(self, now_ms: int) -> Taken:
        """Called about once a second: time-outs, half-received frames that will never be whole."""
        ...


@dataclass(frozen=True, slots=True)
class Device:
    """A device somebody admitted (or not yet): what the hub must know of it."""

    source: str
    ident: str
    label: str
    kind: Kind
    auth_code: str = ""
    crs: str = "wgs84"  # wgs84 | gcj02 | bd09: what the device sends
    unit_id: str | None = None  # the unit of ours that carries it
    agency: str | None = None  # code of the owning agency


class DeviceBook(Protocol):
    """Who may speak. The hub holds one; sessions ask it."""

    def find(self, source: str, ident: str) -> Device | None: ...


Observations = Sequence[Observation]
