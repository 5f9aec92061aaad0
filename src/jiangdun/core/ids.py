"""The only place that draws ids and secrets, so that a replayed day can be given the same ones."""

from __future__ import annotations

import secrets
import threading
from uuid import UUID

from jiangdun.core import clock

_lock = threading.Lock()
_last = 0
_COUNTER_BITS = 12


def new_id() -> UUID:
    """A UUID of version 7 (RFC 9562): ordered by time, and strictly rising within one process."""
    global _last
    with _lock:
        # Milliseconds and the 12 bits of rand_a form one counter (RFC 9562 method 3), so two ids of one
        # millisecond still rise, and so does an id drawn after the wall clock stepped back.
        _last = max(_last + 1, clock.now_ms() << _COUNTER_BITS)
        ms, counter = _last >> _COUNTER_BITS, _last & 0xFFF
    value = (ms & (1 << 48) - 1) << 80 | 0x7 << 76 | counter << 64 | 0b10 << 62 | secrets.randbits(62)
    return UUID(int=value)


def new_secret(size: int = 24) -> str:
    """A secret of `size` random bytes as URL-safe text: a first password, a device's authentication code."""
    return secrets.token_urlsafe(size)


def new_bytes(size: int) -> bytes:
    """`size` random bytes: a key, a nonce, a salt."""
    return secrets.token_bytes(size)
