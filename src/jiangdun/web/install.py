"""The page from which a device takes the box's own certificate authority, and the plain door that leads to HTTPS.

A device that does not trust the authority yet cannot come in by HTTPS, so the page is shown in plain text as well;
nothing in it is secret. Everything else is sent to HTTPS, or refused where it carried something along.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port

from . import asking, headers, pages, words

FILES: Final = {
    "": ("index.html", "text/html; charset=utf-8"),
    "jiangdun-ca.crt": ("jiangdun-ca.crt", "application/x-x509-ca-cert"),
}
PATH: Final = "/install/"
LINE_CHARS_MAX: Final = 2_048
"""A longer address is not sent on."""

Send = Callable[[Any], Awaitable[None]]


async def page(request: HttpRequest, name: str = "") -> HttpResponse:
    """Behind HTTPS: the same page, for whoever looks for it there."""
    found = _file(name)
    if request.method not in asking.SAFE_METHODS:
        return pages.refusal(request, "method_not_allowed")
    if found is None:
        return pages.refusal(request, "not_found")
    return HttpResponse(found[0], content_type=found[1])


def _file(name: str) -> tuple[bytes, str] | None:
    if name not in FILES:
        return None
    file, kind = FILES[name]
    try:
        return (Path(settings.INSTALL_PAGE) / file).read_bytes(), kind
    except FileNotFoundError:
        return None


async def plain(scope: Any, receive: Any, send: Send) -> None:
    """The ASGI application of the plain door."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
    else:
        await _answer(scope, send)


async def _lifespan(receive: Any, send: Send) -> None:
    while True:
        phase = (await receive())["type"].removeprefix("lifespan.")
        await send({"type": f"lifespan.{phase}.complete"})
        if phase == "shutdown":
            return


async def _answer(scope: Any, send: Send) -> None:
    given = {name: value.decode("latin-1") for name, value in scope["headers"]}
    host, path = given.get(b"host", ""), scope["path"]
    found = _file(path.removeprefix(PATH)) if path.startswith(PATH) else None
    lang = words.language(given.get(b"accept-language", ""))
    if not asking.host_is_ours(host):
        await _refuse(send, "wrong_host", lang)
    elif scope["method"] not in asking.SAFE_METHODS or len(path) > LINE_CHARS_MAX:
        await _refuse(send, "https_only", lang)
    elif found is not None:
        await _send(send, 200, found[1], b"" if scope["method"] == "HEAD" else found[0], host, path)
    else:
        where = _https_address(host, path, scope["query_string"])
        await _send(send, 307, "text/plain", b"", host, path, (b"location", where))


def _https_address(host: str, path: str, query: bytes) -> bytes:
    domain, _ = split_domain_port(host)
    port = "" if settings.HTTP_PORT == 443 else f":{settings.HTTP_PORT}"
    asked = b"?" + query[:LINE_CHARS_MAX] if query else b""
    return f"https://{domain}{port}{quote(path)}".encode("ascii") + asked


async def _refuse(send: Send, code: str, lang: words.Language) -> None:
    status, body = words.answer(code, {}, lang)
    await _send(send, status, "application/json; charset=utf-8", words.as_json(body), "", "")


async def _send(
    send: Send, status: int, kind: str, body: bytes, host: str, path: str, *more: tuple[bytes, bytes]
) -> None:
    said = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode()), *more]
    said += headers.of(host, path, https=False, status=status)
    await send({"type": "http.response.start", "status": status, "headers": said})
    await send({"type": "http.response.body", "body": body})
