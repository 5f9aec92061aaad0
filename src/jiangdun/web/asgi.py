"""The front door: one plain ASGI application. `/ws/live` goes to the live wire, the rest to Django.

What holds for every request is done here, before Django reads a byte: the host must be ours, a body has a
limit, and every answer carries the security headers.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final, cast

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jiangdun.hall.settings")
django.setup()

from django.core.exceptions import RequestAborted  # noqa: E402
from django.core.handlers.asgi import ASGIHandler  # noqa: E402  (needs the apps to be loaded)
from django.urls import set_script_prefix  # noqa: E402

from jiangdun.web import asking, headers, words  # noqa: E402
from jiangdun.web import live as live_wire  # noqa: E402

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

BODY_BYTES_MAX: Final = 1 << 20
UPLOAD_BYTES_MAX: Final = 10 << 20
BODY_S: Final = 60.0
"""A body that has not come within this is not waited for."""
SWITCH_S: Final = 0.0005
"""How long a thread may hold the interpreter. With Python's 5 ms a request that hops between the loop, a reader
and the writer waits that long at each hop (60 signs/s: p50 14 ms instead of seconds, on two busy cores)."""
UPLOADS: Final = frozenset({"/api/zones/import"})
"""Where a body may be as large as `UPLOAD_BYTES_MAX`."""


class _Handler(ASGIHandler):
    """Django, without what costs two new threads for each request: signals nobody listens to, and a context for
    synchronous views, of which there are none. A request is finished even where its asker has gone."""

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        try:
            async with asyncio.timeout(BODY_S):
                body = await self.read_body(receive)
        except RequestAborted:
            return  # the asker has gone
        try:
            set_script_prefix(scope.get("root_path", ""))
            request, refused = self.create_request(scope, body)
            response = await self.run_get_response(request) if request is not None else refused
            assert response is not None, "Django gives either a request or a refusal"
            await self.send_response(response, send)
        finally:
            body.close()


_django = _Handler()
logging.getLogger("django.request").setLevel(logging.ERROR)  # that somebody is refused is no news for a log


class _TooLarge(Exception):
    """The body went over its limit while it was read."""


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Serves http, websocket and lifespan."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "websocket":
        await _websocket(scope, receive, send)
    else:
        await _http(scope, receive, send)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            live_wire.live.start()
            sys.setswitchinterval(SWITCH_S)
            await send({"type": "lifespan.startup.complete"})
        else:
            live_wire.live.stop()
            await send({"type": "lifespan.shutdown.complete"})
            return


async def _websocket(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["path"] == "/ws/live":
        await live_wire.application(scope, receive, send)
    else:
        await send({"type": "websocket.close", "code": 1008})


async def _http(scope: Scope, receive: Receive, send: Send) -> None:
    given = {name: value.decode("latin-1") for name, value in scope["headers"]}
    host = given.get(b"host", "")
    ours = asking.host_is_ours(host)
    https = scope.get("scheme") == "https"
    started = False

    async def sending(message: Message) -> None:
        nonlocal started
        if message["type"] == "http.response.start":
            started = True
            extra = headers.of(host if ours else "", scope["path"], https, message["status"])
            names = {name for name, _ in extra}
            own = [(name, value) for name, value in message.get("headers", ()) if name.lower() not in names]
            message["headers"] = [*own, *extra]
        await send(message)

    if not ours:
        await _refuse("wrong_host", given, sending)
        return
    limit = UPLOAD_BYTES_MAX if scope["path"] in UPLOADS else BODY_BYTES_MAX
    if _promised(given) > limit:
        await _refuse("too_large", given, sending, limit_mib=limit >> 20)
        return
    try:
        await _django(cast(dict[str, Any], scope), _counted(receive, limit), cast(Any, sending))
    except TimeoutError:
        if started:
            raise
        await _refuse("too_slow", given, sending)
    except _TooLarge:
        assert not started, "Django reads the whole body before it answers"
        await _refuse("too_large", given, sending, limit_mib=limit >> 20)


def _promised(given: MutableMapping[bytes, str]) -> int:
    length = given.get(b"content-length", "0")
    return int(length) if length.isascii() and length.isdigit() and len(length) < 19 else 0


def _counted(receive: Receive, limit: int) -> Receive:
    taken = 0

    async def receiving() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > limit:
            raise _TooLarge
        return message

    return receiving


async def _refuse(code: str, given: MutableMapping[bytes, str], send: Send, **values: object) -> None:
    status, body = words.answer(code, values, words.language(given.get(b"accept-language", "")))
    payload = words.as_json(body)
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", b"application/json; charset=utf-8"),
                (b"content-length", str(len(payload)).encode()),
            ],
        }
    )
    await send({"type": "http.response.body", "body": payload})
