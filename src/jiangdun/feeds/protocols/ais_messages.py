"""What each type of AIS message means as observations. `ais_bits` has the tables, `ais` the session."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from jiangdun.feeds.columns import DEGREE, NO_COURSE, NO_HEADING, NO_NAV_STATUS, NO_SPEED, Flag, Kind
from jiangdun.feeds.observations import BadFrame, Fix, Heartbeat, Observation, Static, Taken, Text

from . import ais_bits as bits
from .ais_kinds import SHIP_KINDS, is_distress, kind_of_mmsi

AHEAD_MS: Final = 5_000
"""A message's UTC second may lie so far ahead of our clock; else it is the minute's before."""

_LON_MAX: Final = 180 * DEGREE
_LAT_MAX: Final = 90 * DEGREE
_NEAR_ZERO: Final = DEGREE // 1_000
_LON_DEFAULT: Final = 181 * DEGREE
_LAT_DEFAULT: Final = 91 * DEGREE


def at_second(heard_ms: int, second: int) -> int:
    """The latest moment with this second of the minute that is not more than 5 s after `heard_ms`."""
    moment = heard_ms - heard_ms % 60_000 + second * 1_000
    if moment > heard_ms + AHEAD_MS:
        return moment - 60_000
    return moment + 60_000 if moment + 60_000 <= heard_ms + AHEAD_MS else moment


def count(counts: dict[str, int], key: str, n: int = 1) -> None:
    counts[key] = counts.get(key, 0) + n


class Message:
    """A message about to be read."""

    __slots__ = ("ident", "length", "mmsi", "taken", "time_ms", "value")

    def __init__(
        self, value: int, length: int, ident: str, mmsi: int, time_ms: int | None, taken: Taken
    ) -> None:
        self.value, self.length, self.ident, self.mmsi = value, length, ident, mmsi
        self.time_ms, self.taken = time_ms, taken

    def say(self, observation: Observation) -> None:
        self.taken.observations.append(observation)

    def no_fix(self, why: str) -> None:
        """Heard, but nowhere: the device lives."""
        count(self.taken.counts, f"no_fix_{why}")
        self.say(Heartbeat("ais", self.ident))

    def when(self, second: int) -> int | None:
        """The station's time (tag block) moved to the message's second; None without a station's time."""
        if self.time_ms is None:
            return None
        return at_second(self.time_ms, second) if second < 60 else self.time_ms


def _place(message: Message, lon: int, lat: int) -> bool:
    """Whether this is a position. What is none is counted by its reason and said as a heartbeat."""
    if -_LON_MAX <= lon <= _LON_MAX and -_LAT_MAX <= lat <= _LAT_MAX:
        if abs(lon) > _NEAR_ZERO or abs(lat) > _NEAR_ZERO:
            return True
        message.no_fix("zero")
    elif lon == _LON_DEFAULT or lat == _LAT_DEFAULT:
        message.no_fix("default")
    else:
        message.no_fix("range")
    return False


def _fix(
    message: Message, lon: int, lat: int, sog: int, cog: int, heading: int, second: int,
    nav: int = NO_NAV_STATUS, kind: Kind | None = None,
) -> None:  # fmt: skip
    """Says a position: sog in 0.1 kn (1023 none), cog in 0.1 degree, heading in degrees (511 none)."""
    if not _place(message, lon, lat):
        return
    flags = 0
    if second == 63 or (
        sog == 1022 and heading == 511
    ):  # "positioning inoperative"; 102.2 kn without heading
        flags = int(Flag.NO_FIX)
        sog = NO_SPEED
        count(message.taken.counts, "no_fix_silent")
    mmsi = message.mmsi
    if kind is None and not 111_999_999 < mmsi < 970_000_000:
        kind = kind_of_mmsi(mmsi)
        if nav == 14 and is_distress(mmsi):
            flags |= Flag.SOS
    message.say(
        Fix(
            "ais",
            message.ident,
            lon,
            lat,
            message.when(second),
            second if second < 60 else None,
            sog if sog != 1023 else NO_SPEED,
            cog if cog < 3_600 else NO_COURSE,
            heading * 10 if heading < 360 else NO_HEADING,
            nav,
            kind,
            0,
            flags,
        )
    )


_POSITION_A: Final = bits.POSITION_A.only("lon", "lat", "sog", "cog", "heading", "second", "nav")
_BASE_STATION: Final = bits.BASE_STATION.only(
    "type", "year", "month", "day", "hour", "minute", "second", "lon", "lat"
)
_STATIC_A: Final = bits.STATIC_A.only(
    "imo", "call_sign", "name", "ship_type", "bow", "stern", "port", "starboard", "draught", "destination"
)
_AIRCRAFT: Final = bits.AIRCRAFT.only("lon", "lat", "sog", "cog", "second")
_POSITION_B: Final = bits.POSITION_B.only("lon", "lat", "sog", "cog", "heading", "second")
_EXTENDED_B: Final = bits.EXTENDED_B.only(
    "lon", "lat", "sog", "cog", "heading", "second", "name", "ship_type", "bow", "stern", "port", "starboard"
)
_AID: Final = bits.AID.only("lon", "lat", "second", "name", "bow", "stern", "port", "starboard")
_STATIC_B_A: Final = bits.STATIC_B_A.only("name")
_STATIC_B_B: Final = bits.STATIC_B_B.only("ship_type", "call_sign", "bow", "stern", "port", "starboard")
_LONG_RANGE: Final = bits.LONG_RANGE.only("lon", "lat", "sog", "cog", "nav")
_TEXT_TO_ONE: Final = bits.TEXT_TO_ONE.only("to")


def _position_a(message: Message) -> None:
    lon, lat, sog, cog, heading, second, nav = _POSITION_A.read(message.value, message.length)
    _fix(message, lon, lat, sog, cog, heading, second, nav)


def _base_station(message: Message) -> None:
    kind, *said, lon, lat = _BASE_STATION.read(message.value, message.length)
    if not _place(message, lon, lat):
        return
    year, month, day, hour, minute, second = said
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:  # 0 and 24:60:60 stand for not known
        t_ms = message.time_ms
    else:
        t_ms = int(moment.timestamp()) * 1_000
    utc_second = second if second < 60 else None
    fixed = Kind.BASE_STATION if kind == 4 else None
    message.say(Fix("ais", message.ident, lon, lat, t_ms, utc_second, kind=fixed))


def _static_a(message: Message) -> None:
    imo, call_sign, name, ship_type, bow, stern, port, starboard, draught, destination = _STATIC_A.read(
        message.value, message.length
    )
    message.say(
        Static(
            "ais",
            message.ident,
            name=bits.text(name, 120) or None,
            call_sign=bits.text(call_sign, 42) or None,
            kind=SHIP_KINDS[ship_type] or kind_of_mmsi(message.mmsi),
            length_dm=(bow + stern) * 10 or None,
            beam_dm=(port + starboard) * 10 or None,
            draught_dm=draught or None,
            imo=imo or None,
            destination=bits.text(destination, 120) or None,
        )
    )


def _aircraft(message: Message) -> None:
    lon, lat, sog, cog, second = _AIRCRAFT.read(message.value, message.length)
    sog = sog * 10 if sog < 1_023 else 1_023  # whole knots, unlike a ship's
    _fix(message, lon, lat, sog, cog, 511, second, kind=Kind.AIRCRAFT)


def _position_b(message: Message) -> None:
    lon, lat, sog, cog, heading, second = _POSITION_B.read(message.value, message.length)
    _fix(message, lon, lat, sog, cog, heading, second)


def _extended_b(message: Message) -> None:
    lon, lat, sog, cog, heading, second, name, ship_type, bow, stern, port, starboard = _EXTENDED_B.read(
        message.value, message.length
    )
    message.say(
        Static(
            "ais",
            message.ident,
            name=bits.text(name, 120) or None,
            kind=SHIP_KINDS[ship_type] or None,
            length_dm=(bow + stern) * 10 or None,
            beam_dm=(port + starboard) * 10 or None,
        )
    )
    _fix(message, lon, lat, sog, cog, heading, second)


def _aid(message: Message) -> None:
    lon, lat, second, name, bow, stern, port, starboard = _AID.read(message.value, message.length)
    message.say(
        Static(
            "ais",
            message.ident,
            name=bits.text(name, 120) or None,
            kind=Kind.AID_TO_NAVIGATION,
            length_dm=(bow + stern) * 10 or None,
            beam_dm=(port + starboard) * 10 or None,
        )
    )
    _fix(message, lon, lat, 1_023, 3_600, 511, second, kind=Kind.AID_TO_NAVIGATION)


def _static_b(message: Message) -> None:
    part = (message.value >> (message.length - 40)) & 3 if message.length >= 40 else 3
    if part == 0:
        (name,) = _STATIC_B_A.read(message.value, message.length)
        message.say(Static("ais", message.ident, name=bits.text(name, 120) or None))
    elif part == 1:
        _static_b_b(message)
    else:
        raise BadFrame("part", f"type 24 has no part {part}")


def _static_b_b(message: Message) -> None:
    ship_type, call_sign, bow, stern, port, starboard = _STATIC_B_B.read(message.value, message.length)
    craft = 980_000_000 <= message.mmsi < 990_000_000  # the last 30 bits name its mother ship
    message.say(
        Static(
            "ais",
            message.ident,
            call_sign=bits.text(call_sign, 42) or None,
            kind=SHIP_KINDS[ship_type] or None,
            length_dm=None if craft else (bow + stern) * 10 or None,
            beam_dm=None if craft else (port + starboard) * 10 or None,
        )
    )


def _long_range(message: Message) -> None:
    lon, lat, sog, cog, nav = _LONG_RANGE.read(message.value, message.length)
    sog = sog * 10 if sog < 63 else 1_023
    _fix(message, lon * 1_000, lat * 1_000, sog, cog * 10 if cog < 360 else 3_600, 511, 60, nav)


def _text_to_one(message: Message) -> None:
    (to,) = _TEXT_TO_ONE.read(message.value, message.length)
    message.say(Text("ais", message.ident, _words(message, 72), f"{to:09d}"))


def _text_to_all(message: Message) -> None:
    bits.TEXT_TO_ALL.read(message.value, message.length)
    message.say(Text("ais", message.ident, _words(message, 40)))


def _words(message: Message, start: int) -> str:
    length = (message.length - start) // 6 * 6
    shift = message.length - start - length
    return bits.text((message.value >> shift) & ((1 << length) - 1), length) if length else ""


READERS: Final[dict[int, Callable[[Message], None]]] = {
    1: _position_a,
    2: _position_a,
    3: _position_a,
    4: _base_station,
    5: _static_a,
    9: _aircraft,
    11: _base_station,
    12: _text_to_one,
    14: _text_to_all,
    18: _position_b,
    19: _extended_b,
    21: _aid,
    24: _static_b,
    27: _long_range,
}
