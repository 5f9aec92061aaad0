"""A ship's AIS transponder and a shore station's receiver: observations in, NMEA sentences out.

It writes with the tables `protocols/ais_bits` reads with; tests hold both to pyais and to recorded bytes.
"""

from __future__ import annotations

from typing import Final, Literal

from jiangdun.feeds.columns import DEGREE, NO_COURSE, NO_HEADING, NO_SPEED, Kind
from jiangdun.feeds.observations import Fix, Static
from jiangdun.feeds.protocols import ais_bits as bits
from jiangdun.feeds.protocols.nmea import checksum

PAYLOAD_MAX: Final = 60
"""Armoured characters of one sentence: with them it stays within the 82 characters of IEC 61162-1."""

SHIP_TYPES: Final = {
    Kind.CARGO: 70,
    Kind.SAND_CARRIER: 70,  # AIS knows none: the register tells
    Kind.TANKER: 80,
    Kind.PASSENGER: 60,
    Kind.FERRY: 60,
    Kind.FISHING: 30,
    Kind.TUG: 52,
    Kind.DREDGER: 33,
    Kind.PLEASURE: 37,
    Kind.HIGH_SPEED: 40,
    Kind.OFFICIAL: 55,
    Kind.PILOT: 50,
    Kind.RESCUE: 51,
    Kind.OTHER_VESSEL: 90,
}
"""Ship type a transponder of each kind is set to; 0 for the rest."""


class AisStation:
    """Writes what one shore station hears. Class A speaks types 1, 3 and 5, class B 18 and 24.

    `source` puts a tag block with the station's name and the time before each message.
    Raises ValueError where something does not fit its field or six-bit text cannot say it.
    """

    def __init__(self, talker: str = "AI", source: str | None = None) -> None:
        self._talker = talker
        self._source = source
        self._sequence = 0
        self._channel = "B"

    def fix(self, fix: Fix, t_ms: int, *, position_type: Literal[1, 3, 18] = 1) -> bytes:
        """A position at `t_ms`, of which only the UTC second is sent."""
        second = t_ms // 1_000 % 60 if fix.utc_second is None else fix.utc_second
        values: dict[str, int | str] = {
            "type": position_type,
            "mmsi": int(fix.ident),
            "sog": min(fix.sog_dkn, 1_022) if fix.sog_dkn != NO_SPEED else 1_023,
            "lon": fix.lon,
            "lat": fix.lat,
            "cog": fix.cog_ddeg if fix.cog_ddeg != NO_COURSE else 3_600,
            "heading": round(fix.heading_ddeg / 10) % 360 if fix.heading_ddeg != NO_HEADING else 511,
            "second": second,
        }
        if position_type == 18:
            values |= {"carrier_sense": 1}
            return self._say(bits.POSITION_B, values, t_ms)
        return self._say(bits.POSITION_A, values | {"nav": fix.nav, "turn": -128}, t_ms)

    def no_fix(self, ident: str, t_ms: int) -> bytes:
        """A ship that lost its position: 181 E, 91 N, nothing known."""
        lost = Fix("ais", ident, 181 * DEGREE, 91 * DEGREE, utc_second=60)
        return self.fix(lost, t_ms)

    def static(self, static: Static, t_ms: int, *, class_b: bool = False) -> bytes:
        """Name, call sign, type and size: type 5, or both parts of type 24."""
        length, beam = (static.length_dm or 0) // 10, (static.beam_dm or 0) // 10
        about: dict[str, int | str] = {
            "mmsi": int(static.ident),
            "call_sign": static.call_sign or "",
            "ship_type": SHIP_TYPES.get(static.kind, 0) if static.kind is not None else 0,
            "bow": length - length // 5,
            "stern": length // 5,
            "port": beam // 2,
            "starboard": beam - beam // 2,
        }
        name: dict[str, int | str] = {"mmsi": int(static.ident), "name": static.name or ""}
        if class_b:
            first = self._say(bits.STATIC_B_A, name | {"type": 24, "part": 0}, t_ms)
            return first + self._say(bits.STATIC_B_B, about | {"type": 24, "part": 1}, t_ms)
        voyage: dict[str, int | str] = {
            "type": 5,
            "imo": static.imo or 0,
            "epfd": 1,
            "hour": 24,
            "minute": 60,
            "draught": static.draught_dm or 0,
            "destination": static.destination or "",
        }
        return self._say(bits.STATIC_A, about | name | voyage, t_ms)

    def _say(self, layout: bits.Layout, values: dict[str, int | str], t_ms: int) -> bytes:
        payload, fill = layout.write(values)
        self._channel = "A" if self._channel == "B" else "B"
        return self.sentences(payload, fill, t_ms)

    def sentences(self, payload: bytes, fill: int, t_ms: int) -> bytes:
        """A message as one or more sentences, each with CR LF."""
        parts = [payload[i : i + PAYLOAD_MAX] for i in range(0, len(payload), PAYLOAD_MAX)]
        sequence = ""
        if len(parts) > 1:
            sequence = str(self._sequence)
            self._sequence = (self._sequence + 1) % 10
        out = b""
        for number, part in enumerate(parts, 1):
            bits_left = fill if number == len(parts) else 0
            head = f"{self._talker}VDM,{len(parts)},{number},{sequence},{self._channel},"
            body = head.encode() + part + f",{bits_left}".encode()
            out += self._tag(t_ms) + b"!%b*%02X\r\n" % (body, checksum(body))
        return out

    def _tag(self, t_ms: int) -> bytes:
        if self._source is None:
            return b""
        inside = f"s:{self._source},c:{t_ms // 1_000}".encode()
        return b"\\%b*%02X\\" % (inside, checksum(inside))
