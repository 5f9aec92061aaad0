"""Who may speak: the book of admitted devices, and the list of those who asked. Pure."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Final

from .observations import Device, Unknown

PENDING_MAX: Final = 10_000
DETAIL_CHARS_MAX: Final = 120
IDENT_CHARS_MAX: Final = 40


def auth_code(key: bytes, source: str, ident: str, generation: int) -> str:
    """The code a terminal is given at registration and must show at every login; 20 characters.

    Derived, not stored: a copied database gives nobody's code away. A new `generation` ends the old code.
    """
    mark = hmac.new(key, f"device-code:{source}:{ident}:{generation}".encode(), sha256)
    return mark.hexdigest()[:20]


def normal(source: str, ident: str) -> str | None:
    """An ident as its sessions know it, or None when no device of this source can have it.

    A JT/T 808 phone has up to 20 digits (terminals with hexadecimal ones exist) and is known without its
    leading zeros; an MMSI has nine.
    """
    ident = ident.strip().upper()
    if source == "ais":
        return ident if re.fullmatch(r"[0-9]{9}", ident) else None
    return ident.lstrip("0") or None if re.fullmatch(r"[0-9A-F]{1,20}", ident) else None


class Book:
    """The admitted devices, held by the hub; replaced as a whole when somebody admits or blocks one."""

    def __init__(self, devices: Iterable[Device] = ()) -> None:
        self.replace(devices)

    def find(self, source: str, ident: str) -> Device | None:
        return self._devices.get((source, ident))

    def replace(self, devices: Iterable[Device]) -> None:
        self._devices = {(device.source, device.ident): device for device in devices}

    @property
    def devices(self) -> list[Device]:
        return list(self._devices.values())

    def __len__(self) -> int:
        return len(self._devices)


@dataclass(frozen=True, slots=True)
class Asking:
    """A device that nobody admitted and that tried to speak."""

    source: str
    ident: str
    detail: str  # plate, maker, model as it claims; empty until it registers
    first_ms: int
    last_ms: int
    times: int


class Pending:
    """At most `limit` devices; when full, the one unheard the longest goes, and is counted."""

    def __init__(self, limit: int = PENDING_MAX) -> None:
        self._limit = limit
        self._asking: dict[tuple[str, str], Asking] = {}  # the one heard last stands last
        self.pushed_out = 0

    def see(self, unknown: Unknown, now_ms: int) -> Asking:
        ident = unknown.ident[:IDENT_CHARS_MAX]
        key = (unknown.source, ident)
        was = self._asking.pop(key, None)
        if was is None and len(self._asking) >= self._limit:
            del self._asking[next(iter(self._asking))]
            self.pushed_out += 1
        detail = unknown.detail[:DETAIL_CHARS_MAX]
        if was is None:
            asking = Asking(unknown.source, ident, detail, now_ms, now_ms, 1)
        else:
            asking = Asking(was.source, ident, detail or was.detail, was.first_ms, now_ms, was.times + 1)
        self._asking[key] = asking
        return asking

    def drop(self, source: str, ident: str) -> bool:
        """It was admitted or refused; whether it was on the list."""
        return self._asking.pop((source, ident), None) is not None

    def drop_known(self, book: Book) -> int:
        """Take off the list whoever is in the book by now; how many."""
        known = [key for key in self._asking if book.find(*key) is not None]
        for key in known:
            del self._asking[key]
        return len(known)

    def page(self, limit: int = 100, offset: int = 0) -> list[dict[str, object]]:
        """Newest first, as JSON-able values."""
        newest = list(reversed(self._asking.values()))[offset : offset + min(limit, 1000)]
        return [asdict(asking) for asking in newest]

    def __len__(self) -> int:
        return len(self._asking)
