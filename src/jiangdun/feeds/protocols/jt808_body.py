"""JT/T 808 message bodies: location, batch, registration, authentication, and the answers to them.

Positions are 1e-6 degree, speeds 0.1 km/h, times BCD in GMT+8. Text is GBK. The outer layout is read
strictly, additional items leniently: an unknown or short item never loses the fix.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from functools import lru_cache
from typing import Final

from jiangdun.feeds.observations import BadFrame

GMT8_MS: Final = 8 * 3_600_000
BATCH_REPORTS_MAX: Final = 2_000

_LOCATION: Final = struct.Struct(">IIIIHHH")
LOCATION_BYTES_MIN: Final = 28


class Id(IntEnum):
    """Messages this platform understands or sends. No message that controls a vehicle is among them."""

    TERMINAL_ACK = 0x0001
    HEARTBEAT = 0x0002
    LOGOUT = 0x0003
    REGISTER = 0x0100
    AUTHENTICATE = 0x0102
    LOCATION = 0x0200
    BATCH = 0x0704
    ACK = 0x8001
    REGISTER_REPLY = 0x8100


class Result(IntEnum):
    """Result of 0x8001."""

    OK = 0
    FAILED = 1
    BAD = 2
    UNSUPPORTED = 3


class Registered(IntEnum):
    """Result of 0x8100."""

    OK = 0
    VEHICLE_TAKEN = 1
    NO_VEHICLE = 2
    TERMINAL_TAKEN = 3
    NO_TERMINAL = 4


class Status(IntEnum):
    """Bits of the status word that matter here."""

    FIXED = 1 << 1
    SOUTH = 1 << 2
    WEST = 1 << 3
    ENCRYPTED = 1 << 5


SOS: Final = 1
"""Bit 0 of the alarm word."""


@dataclass(frozen=True, slots=True)
class Location:
    """Body of 0x0200."""

    alarm: int
    status: int
    lat_e6: int  # 1e-6 degree, south negative
    lon_e6: int
    altitude_m: int
    speed: int  # 0.1 km/h
    course: int  # degree
    t_ms: int | None  # since 1970, UTC; None where the terminal has no clock
    items: dict[int, bytes] = field(default_factory=dict)  # first of each id
    faults: tuple[str, ...] = ()  # what was wrong and could be borne: item_short, device_time

    @property
    def load(self) -> int:
        """0 empty, 1 half, 3 full."""
        return self.status >> 8 & 3


@lru_cache(maxsize=1024)
def _day_ms(date: str) -> int:
    """Midnight GMT+8 of YYMMDD, in ms since 1970."""
    day = datetime(2000 + int(date[:2]), int(date[2:4]), int(date[4:]), tzinfo=UTC)
    return int(day.timestamp()) * 1000 - GMT8_MS


def read_time(bcd: bytes) -> int | None:
    """ms since 1970 of six BCD bytes `YYMMDDhhmmss` in GMT+8; None for zeros. Raises ValueError."""
    digits = bcd.hex()
    if digits == "000000000000":
        return None
    hour, minute, second = int(digits[6:8]), int(digits[8:10]), int(digits[10:])
    if hour > 23 or minute > 59 or second > 59:
        raise ValueError(f"no such time: {digits}")
    return _day_ms(digits[:6]) + ((hour * 60 + minute) * 60 + second) * 1000


def write_time(t_ms: int | None) -> bytes:
    if t_ms is None:
        return bytes(6)
    return bytes.fromhex(datetime.fromtimestamp((t_ms + GMT8_MS) / 1000, UTC).strftime("%y%m%d%H%M%S"))


def read_location(body: bytes) -> Location:
    """Raises BadFrame("short_body") below 28 bytes and BadFrame("position") outside 90/180 degrees."""
    if len(body) < LOCATION_BYTES_MIN:
        raise BadFrame("short_body", f"location of {len(body)} bytes")
    alarm, status, lat, lon, altitude, speed, course = _LOCATION.unpack_from(body)
    faults: list[str] = []
    try:
        t_ms = read_time(body[22:28])
    except ValueError:
        t_ms = None
        faults.append("device_time")
    if lat > 90_000_000 or lon > 180_000_000:
        if status & Status.FIXED:
            raise BadFrame("position", f"{lat} {lon} in 1e-6 degree")
        lat = lon = 0  # no fix, no place: the report still says that the terminal lives
    items: dict[int, bytes] = {}
    at, end = LOCATION_BYTES_MIN, len(body)
    while at < end:
        size = body[at + 1] if at + 1 < end else 0
        if at + 2 + size > end:
            faults.append("item_short")
            break
        items.setdefault(body[at], body[at + 2 : at + 2 + size])
        at += 2 + size
    return Location(
        alarm,
        status,
        -lat if status & Status.SOUTH else lat,
        -lon if status & Status.WEST else lon,
        altitude,
        speed,
        course,
        t_ms,
        items,
        tuple(faults),
    )


def write_location(location: Location) -> bytes:
    body = _LOCATION.pack(
        location.alarm,
        location.status,
        abs(location.lat_e6),
        abs(location.lon_e6),
        location.altitude_m,
        location.speed,
        location.course,
    )
    items = (bytes([ident, len(value)]) + value for ident, value in location.items.items())
    return body + write_time(location.t_ms) + b"".join(items)


def read_batch(body: bytes) -> Iterator[Location | BadFrame]:
    """The locations of 0x0704, each read on its own: a bad one costs itself only.

    A length that runs past the end ends the batch, since nothing tells where the next one begins.
    """
    if len(body) < 3:
        yield BadFrame("short_body", f"batch of {len(body)} bytes")
        return
    (count,) = struct.unpack_from(">H", body)
    at = 3
    for number in range(min(count, BATCH_REPORTS_MAX)):
        if at + 2 > len(body):
            yield BadFrame("batch", f"{number} reports where {count} were promised")
            return
        (size,) = struct.unpack_from(">H", body, at)
        piece = body[at + 2 : at + 2 + size]
        at += 2 + size
        if len(piece) < size:
            yield BadFrame("batch", f"report {number + 1} of {count} is cut off")
            return
        try:
            yield read_location(piece)
        except BadFrame as bad:
            yield bad
    if count > BATCH_REPORTS_MAX:
        yield BadFrame("batch", f"{count} reports, the limit is {BATCH_REPORTS_MAX}")


def write_batch(locations: list[Location], resend: bool = True) -> bytes:
    bodies = [write_location(location) for location in locations]
    head = struct.pack(">HB", len(bodies), int(resend))
    return head + b"".join(struct.pack(">H", len(body)) + body for body in bodies)


@dataclass(frozen=True, slots=True)
class Registration:
    """Body of 0x0100. The edition shows in the widths of maker, model and terminal id."""

    province: int  # GB/T 2260, first two digits
    city: int  # GB/T 2260, last four digits
    maker: str
    model: str
    terminal: str
    colour: int  # 0 none, 1 blue, 2 yellow, 3 black, 4 white, 9 other
    plate: str  # or VIN when colour is 0
    edition: int = 2019


_WIDTHS: Final = {2011: (5, 8, 7), 2013: (5, 20, 7), 2019: (11, 30, 30)}


def _text(data: bytes) -> str:
    """GBK without padding on either side; bytes that are no GBK become a visible mark, never an error."""
    return data.strip(b"\x00 ").decode("gbk", "replace").strip("\x00 ")


def read_registration(body: bytes) -> Registration:
    """Told apart by length, not by header: real terminals mix them. Raises BadFrame("short_body")."""
    edition = 2019 if len(body) >= 76 else 2013 if len(body) >= 37 else 2011
    if len(body) < 25:
        raise BadFrame("short_body", f"registration of {len(body)} bytes")
    province, city = struct.unpack_from(">HH", body)
    texts, at = [], 4
    for width in _WIDTHS[edition]:
        texts.append(_text(body[at : at + width]))
        at += width
    return Registration(
        province, city, texts[0], texts[1], texts[2], body[at], _text(body[at + 1 :]), edition
    )


def write_registration(r: Registration, left: bool = False) -> bytes:
    """Texts padded with zeros behind, as the standard asks for, or in front (`left`) as some terminals do."""
    padded = b""
    for text, width in zip((r.maker, r.model, r.terminal), _WIDTHS[r.edition], strict=True):
        raw = text.encode("gbk")
        assert len(raw) <= width, f"{text} does not fit into {width} bytes"
        padded += raw.rjust(width, b"\x00") if left else raw.ljust(width, b"\x00")
    return struct.pack(">HH", r.province, r.city) + padded + bytes([r.colour]) + r.plate.encode("gbk")


def read_authentication(body: bytes) -> str:
    """The code of 0x0102. In 2019 it stands behind its length and before IMEI (15) and software version (20).

    The widths tell the edition, whatever the header claims. Raises BadFrame("short_body") when it is empty.
    """
    code = body[1 : 1 + body[0]] if len(body) >= 36 and body[0] == len(body) - 36 else body
    if not code:
        raise BadFrame("short_body", "authentication without a code")
    return _text(code)


def write_authentication(code: str, version: int | None, imei: str = "", software: str = "") -> bytes:
    raw = code.encode("gbk")
    if version is None:
        return raw
    return bytes([len(raw)]) + raw + imei.encode().ljust(15, b"\x00") + software.encode().ljust(20, b"\x00")


def write_ack(serial: int, msg_id: int, result: int) -> bytes:
    """0x8001 down and 0x0001 up have the same body."""
    return struct.pack(">HHB", serial, msg_id, result)


def read_ack(body: bytes) -> tuple[int, int, int]:
    """(serial, message id, result). Raises BadFrame("short_body")."""
    if len(body) < 5:
        raise BadFrame("short_body", f"answer of {len(body)} bytes")
    serial, msg_id, result = struct.unpack_from(">HHB", body)
    return serial, msg_id, result


def write_registered(serial: int, result: Registered, code: str = "") -> bytes:
    return struct.pack(">HB", serial, result) + (code.encode("gbk") if result is Registered.OK else b"")


def read_registered(body: bytes) -> tuple[int, int, str]:
    """(serial, result, code). Raises BadFrame("short_body")."""
    if len(body) < 3:
        raise BadFrame("short_body", f"registration reply of {len(body)} bytes")
    serial, result = struct.unpack_from(">HB", body)
    return serial, result, _text(body[3:])
