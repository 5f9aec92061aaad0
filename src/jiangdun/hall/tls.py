"""HTTPS at the front door: which certificate, what it still lasts, what is refused, a renewed one taken up at work."""

from __future__ import annotations

import ipaddress
import ssl
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from . import certificates, private, settings

CIPHERS: Final = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""Of TLS 1.2; forward secrecy and authenticated encryption only. Those of TLS 1.3 are all of that kind."""


def refusal() -> tuple[str, str] | None:
    """Why the front door may not open like this, in both languages; None where it may.

    Passwords and cookies never cross a network in plain sight, unless the installation says so itself.
    """
    if settings.TLS == "on" and not (settings.TLS_CERT.exists() and settings.TLS_KEY.exists()):
        return (
            "JIANGDUN_TLS=on，但尚无证书：请执行 jiangdun cert make 名称",
            "JIANGDUN_TLS=on and there is no certificate: run `jiangdun cert make NAME`",
        )
    if settings.HTTPS or settings.TLS == "off" or settings.TRUSTED_PROXIES or _is_here(settings.HTTP_HOST):
        return None
    return (
        f"{settings.HTTP_HOST} 可被其他机器访问，却没有 HTTPS：请执行 jiangdun cert make 名称，"
        "或设置 JIANGDUN_TRUSTED_PROXIES；确需明文时设 JIANGDUN_TLS=off",
        f"{settings.HTTP_HOST} can be reached by other machines and there is no HTTPS: run `jiangdun cert make NAME`, "
        "or set JIANGDUN_TRUSTED_PROXIES; JIANGDUN_TLS=off where plain text is really meant",
    )


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def server_context() -> ssl.SSLContext:
    """TLS 1.2 and newer. Raises OSError (ssl.SSLError among them) for a certificate or key that cannot be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.load_cert_chain(settings.TLS_CERT, settings.TLS_KEY)
    return context


class Renewing:
    """Looks whether the certificate's file has changed; a new one serves from the next handshake on."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._seen = _stamp(settings.TLS_CERT)

    def look(self) -> bool:
        """Whether a new certificate was taken up. Raises OSError for one that cannot be used; the old one serves on."""
        now = _stamp(settings.TLS_CERT)
        if now == self._seen:
            return False
        server_context()  # a pair that does not fit must not get into the context at work
        self._context.load_cert_chain(settings.TLS_CERT, settings.TLS_KEY)
        self._seen = now
        return True


def _stamp(path: Path) -> tuple[int, int]:
    about = path.stat()
    return about.st_mtime_ns, about.st_ino


def about(now: datetime) -> dict[str, Any]:
    """For health, doctor and `cert show`: names, end, days left, fingerprints. `now` is true time.

    Raises OSError or ValueError for a certificate that cannot be read.
    """
    pem = settings.TLS_CERT.read_bytes()
    server = certificates.about(pem)
    authority = settings.INSTALL_PAGE / "jiangdun-ca.crt"
    ca = certificates.about(authority.read_bytes()) if authority.exists() else None
    left = min(one.days_left(now) for one in (server, ca) if one is not None)
    return {
        "names": list(server.names),
        "ends_at": min(one.not_after for one in (server, ca) if one is not None).isoformat(),
        "days_left": left,
        "fingerprint": server.fingerprint,
        "authority": ca.fingerprint if ca else "",
        "level": level(left),
    }


def level(days_left: int) -> str:
    if days_left < 0:
        return "fail"
    return "warn" if days_left < certificates.WARN_DAYS else "ok"


def health(now: datetime) -> dict[str, Any] | None:
    """As `about`; None without HTTPS, and what is wrong where the certificate cannot be read."""
    if not settings.HTTPS:
        return None
    try:
        return about(now)
    except (OSError, ValueError) as error:
        return {"level": "fail", "why": str(error)}


def keys_open_to_others() -> list[Path]:
    """Private keys that others than their owner may read."""
    keys = (settings.TLS_KEY, settings.HOME / "ca" / "ca.key")
    return [path for path in keys if path.exists() and private.is_open(path)]
