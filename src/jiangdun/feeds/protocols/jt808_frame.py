"""JT/T 808 frames: `7E | header | body | BCC | 7E`, escaped, big-endian; editions 2011, 2013 and 2019.

Layouts: JT/T 808-2011, -2013, -2019, clause 4.4 (message structure). Errors met in the wild and handled here:
one `7E` shared by two frames, the version flag missing on a 2019 header (told by the length), phone numbers
that are not decimal.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from jiangdun.feeds.observations import BadFrame

BODY_BYTES_MAX: Final = 1023
FRAME_BYTES_MAX: Final = 2 * (21 + BODY_BYTES_MAX + 1)
"""Between two marks, with every byte escaped. More without a mark is noise."""

_MARK: Final = b"\x7e"
_SUBPACKAGE: Final = 1 << 13
_VERSION_FLAG: Final = 1 << 14


@dataclass(frozen=True, slots=True)
class Frame:
    """One message (or one part of one) as it stood on the wire.

    `phone` holds the digits as sent, leading zeros and all: 12 of them before 2019, 20 since. `ident` is what
    the device is known by: without the leading zeros, which terminals lose and gain between editions.
    """

    msg_id: int
    phone: str
    serial: int
    body: bytes
    version: int | None = None  # protocol version byte of a 2019 header; None before 2019
    part: int = 0  # 1..parts; 0 when the message is whole
    parts: int = 0
    encryption: int = 0
    flagged: bool = True  # False: a 2019 header without its version flag

    @property
    def ident(self) -> str:
        return self.phone.lstrip("0") or "0"


def unescape(data: bytes) -> bytes:
    """The bytes between two marks, as they were before escaping.

    One pass from left to right: two replacements one after the other would turn `7D 01 02` into `7E`.
    Some terminals leave a 7D bare before other bytes; it stands for itself, and length and BCC judge it.
    """
    head, *rest = data.split(b"\x7d")
    if not rest:
        return data
    out = bytearray(head)
    for piece in rest:
        if piece[:1] == b"\x02":
            out.append(0x7E)
            out += piece[1:]
        else:
            out.append(0x7D)
            out += piece[1:] if piece[:1] == b"\x01" else piece
    return bytes(out)


def escape(data: bytes) -> bytes:
    return data.replace(b"\x7d", b"\x7d\x01").replace(b"\x7e", b"\x7d\x02")


def xor(data: bytes) -> int:
    """BCC: all bytes XORed. Folds the whole frame in halves, as one large number."""
    folded = int.from_bytes(data, "big")
    shift = 8
    while shift < len(data) * 8:
        shift <<= 1
    while shift >= 8:
        folded ^= folded >> shift
        shift >>= 1
    return folded & 0xFF


def read(escaped: bytes) -> Frame:
    """The frame between two marks. Raises BadFrame: short, checksum, length, subpackage."""
    data = unescape(escaped)
    if len(data) < 13:
        raise BadFrame("short", f"{len(data)} bytes")
    if xor(data):  # the frame XORed with its own BCC leaves nothing
        raise BadFrame("checksum")
    msg_id, props = struct.unpack_from(">HH", data)
    body_bytes = props & 0x3FF
    extra = 4 if props & _SUBPACKAGE else 0
    flagged = bool(props & _VERSION_FLAG)
    spare = len(data) - 1 - body_bytes - extra
    if spare == 17:
        version, phone, at = data[4], data[5:15].hex().upper(), 15
    elif spare == 12 and not flagged:
        version, phone, at = None, data[4:10].hex().upper(), 10
    else:
        raise BadFrame(
            "length", f"header says {body_bytes}, body has {spare + body_bytes - (17 if flagged else 12)}"
        )
    (serial,) = struct.unpack_from(">H", data, at)
    parts = part = 0
    if extra:
        parts, part = struct.unpack_from(">HH", data, at + 2)
        if not 1 <= part <= parts:
            raise BadFrame("subpackage", f"part {part} of {parts}")
    body = data[at + 2 + extra : -1]
    return Frame(
        msg_id, phone, serial, body, version, part, parts, props >> 10 & 7, flagged or version is None
    )


def write(frame: Frame) -> bytes:
    """The frame with marks, header, BCC and escapes: the inverse of `read`."""
    assert len(frame.body) <= BODY_BYTES_MAX, "longer bodies are sent in parts"
    props = len(frame.body) | frame.encryption << 10
    if frame.parts:
        props |= _SUBPACKAGE
    if frame.version is not None and frame.flagged:
        props |= _VERSION_FLAG
    head = struct.pack(">HH", frame.msg_id, props)
    if frame.version is not None:
        head += bytes([frame.version])
    head += bytes.fromhex(frame.phone) + struct.pack(">H", frame.serial)
    if frame.parts:
        head += struct.pack(">HH", frame.parts, frame.part)
    data = head + frame.body
    return _MARK + escape(data + bytes([xor(data)])) + _MARK


class Deframer:
    """Cuts a stream at its marks. What lies between two marks is a frame or noise; the next mark starts
    afresh.

    Holds at most `FRAME_BYTES_MAX` bytes between calls.
    """

    def __init__(self) -> None:
        self._tail = b""
        self._synced = False  # a mark has been seen, so what follows may be a frame

    @property
    def waiting(self) -> bool:
        """Half a frame is held."""
        return bool(self._tail)

    def take(self, data: bytes) -> tuple[list[bytes], list[BadFrame]]:
        """Escaped frames without their marks, and what was thrown away."""
        rejects: list[BadFrame] = []
        pieces = (self._tail + data).split(_MARK)
        self._tail = pieces.pop()
        if pieces and not self._synced:
            self._synced = True
            if noise := pieces.pop(0):
                rejects.append(BadFrame("noise", f"{len(noise)} bytes before the first mark"))
        frames = []
        for piece in pieces:
            if len(piece) > FRAME_BYTES_MAX:
                rejects.append(BadFrame("oversize", f"{len(piece)} bytes between two marks"))
            elif piece:
                frames.append(piece)
        if len(self._tail) > FRAME_BYTES_MAX:
            rejects.append(BadFrame("oversize", f"{len(self._tail)} bytes without a mark"))
            self._tail, self._synced = b"", False
        return frames, rejects

    def drop(self) -> bool:
        """Forget a half-received frame that will never be whole; whether there was one."""
        waiting, self._tail = bool(self._tail), b""
        self._synced = False
        return waiting
