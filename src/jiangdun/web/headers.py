"""What every answer tells the browser: nothing from elsewhere, no frames, no guessing of types."""

from __future__ import annotations

import re
from typing import Final

_HOST: Final = re.compile(r"[A-Za-z0-9.\-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")

_DIGESTED: Final = re.compile(r"/static/board/assets/.+-[\w-]{8}\.\w+")

_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "worker-src 'self' blob:",  # the map draws in a worker
        "style-src 'self' 'unsafe-inline'",  # the component library and charts write style attributes
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "media-src 'self' blob:",
        "manifest-src 'self'",
        "connect-src 'self'{wires}",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)

_ALWAYS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(self), payment=(), usb=()"),
    (b"x-frame-options", b"DENY"),
)


def policy(host: str) -> str:
    """The Content-Security-Policy for pages of `host`. Older browsers do not count a WebSocket as 'self'."""
    wires = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    return _POLICY.format(wires=wires)


def of(host: str, path: str, https: bool, status: int = 200) -> list[tuple[bytes, bytes]]:
    """The headers every answer carries, in place of any of the same name.

    What the API says is kept by no cache; a built file with a digest in its name is kept for ever.
    """
    headers = [(b"content-security-policy", policy(host).encode("latin-1")), *_ALWAYS]
    if path.startswith("/api/"):
        headers.append((b"cache-control", b"no-store"))
    elif status == 200 and _DIGESTED.fullmatch(path):
        headers.append((b"cache-control", b"max-age=31536000, public, immutable"))
    if https:
        headers.append((b"strict-transport-security", b"max-age=31536000"))
    return headers
