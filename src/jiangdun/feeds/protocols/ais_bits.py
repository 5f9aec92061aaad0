"""AIS messages as tables of bits (ITU-R M.1371-6), read and written by one and the same table.

A payload is armoured six-bit text; a message is one long number, most significant bit first. Each layout
names its fields with the first bit and the width, as the standard's tables do.
"""

from __future__ import annotations

import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from jiangdun.feeds.observations import BadFrame

_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_ARMOUR = bytes(v + 48 if v < 40 else v + 56 for v in range(64))
_SIXBIT = bytes(v + 64 if v < 32 else v for v in range(64))  # six-bit ASCII: @A-Z[\]^_ and space to ?
_ARMOUR_TO_64: Final = bytes.maketrans(_ARMOUR, _BASE64)
_64_TO_ARMOUR: Final = bytes.maketrans(_BASE64, _ARMOUR)
_64_TO_TEXT: Final = bytes.maketrans(_BASE64, _SIXBIT)


class Field(NamedTuple):
    name: str
    start: int  # first bit, counted from 0
    bits: int
    form: str = "u"  # u number, i number with sign, t six-bit text


@dataclass(frozen=True, slots=True)
class Layout:
    """One kind of message: how long it may be, and its fields in the order in which `read` gives them."""

    shortest: int  # bits; what is shorter is refused
    longest: int  # bits; what is longer is refused
    bits: int  # bits that the fields lie in
    fields: tuple[Field, ...]
    _steps: tuple[tuple[int, int, int], ...] = ()

    def __post_init__(self) -> None:
        steps = []
        for field in self.fields:
            end = field.start + field.bits
            assert end <= self.bits, field
            sign = 1 << (field.bits - 1) if field.form == "i" else 0
            steps.append((self.bits - end, (1 << field.bits) - 1, sign))
        object.__setattr__(self, "_steps", tuple(steps))

    def read(self, value: int, length: int) -> list[int]:
        """The fields of a message of `length` bits, in order; text fields as numbers, for `text`.

        Raises BadFrame("length") where the message is shorter or longer than this kind may be.
        """
        if not self.shortest <= length <= self.longest:
            raise BadFrame("length", f"{length} bits, not {self.shortest} to {self.longest}")
        spare = length - self.bits
        value = value >> spare if spare >= 0 else value << -spare
        return [(((value >> shift) & mask) ^ sign) - sign for shift, mask, sign in self._steps]

    def only(self, *names: str) -> Layout:
        """The same layout with these fields alone, in this order."""
        known = {field.name: field for field in self.fields}
        return Layout(self.shortest, self.longest, self.bits, tuple(known[name] for name in names))

    def write(self, values: Mapping[str, int | str]) -> tuple[bytes, int]:
        """Payload and fill bits of a message; a field that is not given is 0.

        Raises ValueError where a value does not fit its field or a name is no field.
        """
        total = 0
        known = {field.name for field in self.fields}
        if stranger := set(values) - known:
            raise ValueError(f"no such field: {', '.join(sorted(stranger))}")
        for field in self.fields:
            given = values.get(field.name, 0)
            number = text_bits(given, field.bits) if isinstance(given, str) else given
            low, high = (
                (-(1 << (field.bits - 1)), (1 << (field.bits - 1)) - 1)
                if field.form == "i"
                else (0, (1 << field.bits) - 1)
            )
            if not low <= number <= high:
                raise ValueError(f"{field.name}={given} does not fit into {field.bits} bits")
            total |= (number & ((1 << field.bits) - 1)) << (self.bits - field.start - field.bits)
        return armour(total, self.bits)


def _layout(
    shortest: int, longest: int, bits: int, *fields: tuple[str, int, int] | tuple[str, int, int, str]
) -> Layout:
    head = (Field("type", 0, 6), Field("repeat", 6, 2), Field("mmsi", 8, 30))
    return Layout(shortest, longest, bits, head + tuple(Field(*field) for field in fields))


POSITION_A: Final = _layout(  # 1, 2, 3
    168, 174, 168,
    ("nav", 38, 4), ("turn", 42, 8, "i"), ("sog", 50, 10), ("accuracy", 60, 1), ("lon", 61, 28, "i"),
    ("lat", 89, 27, "i"), ("cog", 116, 12), ("heading", 128, 9), ("second", 137, 6), ("manoeuvre", 143, 2),
)  # fmt: skip
BASE_STATION: Final = _layout(  # 4, 11
    168, 174, 168,
    ("year", 38, 14), ("month", 52, 4), ("day", 56, 5), ("hour", 61, 5), ("minute", 66, 6), ("second", 72, 6),
    ("accuracy", 78, 1), ("lon", 79, 28, "i"), ("lat", 107, 27, "i"),
)  # fmt: skip
STATIC_A: Final = _layout(  # 5; 420 and 422 bits are seen
    420, 426, 424,
    ("version", 38, 2), ("imo", 40, 30), ("call_sign", 70, 42, "t"), ("name", 112, 120, "t"),
    ("ship_type", 232, 8), ("bow", 240, 9), ("stern", 249, 9), ("port", 258, 6), ("starboard", 264, 6),
    ("epfd", 270, 4), ("month", 274, 4), ("day", 278, 5), ("hour", 283, 5), ("minute", 288, 6),
    ("draught", 294, 8), ("destination", 302, 120, "t"),
)  # fmt: skip
AIRCRAFT: Final = _layout(  # 9
    168, 174, 168,
    ("altitude", 38, 12), ("sog", 50, 10), ("accuracy", 60, 1), ("lon", 61, 28, "i"), ("lat", 89, 27, "i"),
    ("cog", 116, 12), ("second", 128, 6),
)  # fmt: skip
POSITION_B: Final = _layout(  # 18
    168, 174, 168,
    ("sog", 46, 10), ("accuracy", 56, 1), ("lon", 57, 28, "i"), ("lat", 85, 27, "i"), ("cog", 112, 12),
    ("heading", 124, 9), ("second", 133, 6), ("carrier_sense", 141, 1), ("comm_state", 149, 19),
)  # fmt: skip
EXTENDED_B: Final = _layout(  # 19
    312, 318, 312,
    ("sog", 46, 10), ("accuracy", 56, 1), ("lon", 57, 28, "i"), ("lat", 85, 27, "i"), ("cog", 112, 12),
    ("heading", 124, 9), ("second", 133, 6), ("name", 143, 120, "t"), ("ship_type", 263, 8),
    ("bow", 271, 9), ("stern", 280, 9), ("port", 289, 6), ("starboard", 295, 6),
)  # fmt: skip
AID: Final = _layout(  # 21; the name may go on behind the fields
    272, 424, 272,
    ("aid_type", 38, 5), ("name", 43, 120, "t"), ("accuracy", 163, 1), ("lon", 164, 28, "i"),
    ("lat", 192, 27, "i"), ("bow", 219, 9), ("stern", 228, 9), ("port", 237, 6), ("starboard", 243, 6),
    ("epfd", 249, 4), ("second", 253, 6), ("off_position", 259, 1), ("virtual", 269, 1),
)  # fmt: skip
STATIC_B_A: Final = _layout(160, 180, 160, ("part", 38, 2), ("name", 40, 120, "t"))  # 24 A
STATIC_B_B: Final = _layout(  # 24 B; an auxiliary craft (98...) has its mother ship's MMSI for its dimensions
    162, 180, 168,
    ("part", 38, 2), ("ship_type", 40, 8), ("vendor", 48, 42, "t"), ("call_sign", 90, 42, "t"),
    ("bow", 132, 9), ("stern", 141, 9), ("port", 150, 6), ("starboard", 156, 6),
)  # fmt: skip
LONG_RANGE: Final = _layout(  # 27; satellites pad it to a whole slot
    96, 168, 96,
    ("accuracy", 38, 1), ("raim", 39, 1), ("nav", 40, 4), ("lon", 44, 18, "i"), ("lat", 62, 17, "i"),
    ("sog", 79, 6), ("cog", 85, 9), ("old", 94, 1),
)  # fmt: skip
TEXT_TO_ONE: Final = _layout(
    72, 1_008, 72, ("sequence", 38, 2), ("to", 40, 30), ("retransmitted", 70, 1)
)  # 12
TEXT_TO_ALL: Final = _layout(40, 1_008, 40)  # 14

UNUSED: Final = {6: 88, 7: 72, 8: 56, 10: 72, 13: 72, 15: 88, 16: 96, 17: 80, 20: 72, 22: 168, 23: 160,
                 25: 40, 26: 60, 28: 40}  # fmt: skip
"""Types that are right on the air and say nothing we use (yet), with the bits they have at least."""


def unarmour(payload: bytes, fill: int) -> tuple[int, int]:
    """An armoured payload as one number, and its length in bits. The armour was checked with the sentence."""
    pad = -len(payload) % 4
    packed = binascii.a2b_base64(payload.translate(_ARMOUR_TO_64) + b"A" * pad)
    return int.from_bytes(packed, "big") >> (6 * pad + fill), len(payload) * 6 - fill


def armour(value: int, length: int) -> tuple[bytes, int]:
    """A number of `length` bits as armoured payload, and how many fill bits stand at its end."""
    fill = -length % 6
    characters = (length + fill) // 6
    pad = -characters % 4
    value <<= fill + 6 * pad
    packed = value.to_bytes((characters + pad) * 6 // 8, "big")
    armoured = binascii.b2a_base64(packed, newline=False).translate(_64_TO_ARMOUR)
    return armoured[:characters], fill


def text(value: int, bits: int) -> str:
    """Six-bit text: ends at the first `@`, blanks at its end do not count."""
    pad = -bits % 24
    packed = (value << pad).to_bytes((bits + pad) // 8, "big")
    letters = binascii.b2a_base64(packed, newline=False).translate(_64_TO_TEXT)[: bits // 6]
    return letters.partition(b"@")[0].rstrip().decode("ascii")


def text_bits(words: str, bits: int) -> int:
    """Six-bit text as a number of `bits` bits, filled with `@`. Letters become capitals.

    Raises ValueError for what six-bit text cannot say (no Chinese, no lower case) or a text too long.
    """
    letters = words.upper().encode("ascii", "strict")
    if len(letters) * 6 > bits or any(not 32 <= c < 96 for c in letters):
        raise ValueError(f"{words!r} cannot be said in {bits // 6} six-bit characters")
    value = 0
    for c in letters.ljust(bits // 6, b"@"):
        value = value << 6 | (c & 63)
    return value << (bits % 6)
