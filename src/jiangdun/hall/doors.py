"""The front door as uvicorn opens it: HTTPS where there is a certificate, beside it a plain door that leads there."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any, Final

import structlog
import uvicorn

from . import settings, tls

WORD_BYTES_MAX: Final = 4_096
"""The longest thing a board may say on its live wire."""
CONNECTIONS_MAX: Final = 2_000
"""Open connections of the front door; more are answered 503."""
PLAIN_CONNECTIONS_MAX: Final = 100
RENEWED_LOOK_S: Final = 10.0

log = structlog.get_logger()


class Doors:
    """Raises OSError for a certificate or key that cannot be used."""

    def __init__(self) -> None:
        context = tls.server_context() if settings.HTTPS else None
        self._renewing = tls.Renewing(context) if context else None
        self._servers = [uvicorn.Server(_front(context))]
        if context and settings.PLAIN_PORT:
            self._servers.append(uvicorn.Server(_plain()))

    async def serve(self) -> None:
        """Until `close`, or a signal."""
        looking = asyncio.create_task(self._look(self._renewing)) if self._renewing else None
        try:
            await asyncio.gather(*(server.serve() for server in self._servers))
        finally:
            if looking:
                looking.cancel()

    def close(self) -> None:
        for server in self._servers:
            server.should_exit = True

    async def _look(self, renewing: tls.Renewing) -> None:
        while True:
            await asyncio.sleep(RENEWED_LOOK_S)
            try:
                if renewing.look():
                    log.info("a new certificate serves from now on")
            except OSError as error:
                log.error("the new certificate cannot be used, the old one serves on", why=str(error))


def _front(context: ssl.SSLContext | None) -> uvicorn.Config:
    return _config(
        "jiangdun.web.asgi:application",
        settings.HTTP_PORT,
        CONNECTIONS_MAX,
        ssl_context_factory=(lambda *_: context) if context else None,
        # Only addresses named one by one are believed: on them rest who asks and whether a cookie is Secure.
        proxy_headers=bool(settings.TRUSTED_PROXIES),
        forwarded_allow_ips=settings.TRUSTED_PROXIES,
    )


def _plain() -> uvicorn.Config:
    return _config(
        "jiangdun.web.install:plain", settings.PLAIN_PORT, PLAIN_CONNECTIONS_MAX, proxy_headers=False
    )


def _config(app: str, port: int, connections: int, **more: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=settings.HTTP_HOST,
        port=port,
        log_config=None,  # `logs` is the one door
        log_level="warning",
        access_log=False,
        ws_per_message_deflate=False,
        server_header=False,
        timeout_graceful_shutdown=3,
        ws_max_size=WORD_BYTES_MAX,
        limit_concurrency=connections,
        **more,
    )
