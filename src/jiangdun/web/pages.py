"""The board's page, and what stands in its place until it is built."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import structlog
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import async_only_middleware

from jiangdun.core import ids

from . import asking, words

BOARD: Final = Path(__file__).parent / "static" / "board"

_NOT_BUILT: Final = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>江盾</title>
<h1>江盾</h1>
<p>页面尚未构建。请在项目目录运行 <code>make web</code>，然后刷新。接口照常可用。</p>
<p lang="en">The board has not been built. Run <code>make web</code> in the project folder and reload.
The API works all the same.</p>
"""
Answers = Callable[[HttpRequest], Awaitable[HttpResponseBase]]
log = structlog.get_logger()


async def board(request: HttpRequest) -> HttpResponse:
    """The built `index.html`; with it the page token, so that signing in can be told from a forgery."""
    if request.method not in asking.SAFE_METHODS:
        return refusal(request, "method_not_allowed")
    page = BOARD / "index.html"
    if not page.is_file():
        return HttpResponse(_NOT_BUILT, status=503)
    response = HttpResponse(page.read_bytes(), content_type="text/html; charset=utf-8")
    response["Cache-Control"] = "no-cache"
    asking.give_page_token(request, response)
    return response


async def no_such_api(request: HttpRequest) -> HttpResponse:
    return refusal(request, "not_found")


def refusal(request: HttpRequest, code: str, **values: Any) -> HttpResponse:
    """`{code, text, next}`, as the REST interface answers."""
    lang = words.language(request.headers.get("Accept-Language", ""))
    status, body = words.answer(code, values, lang)
    return HttpResponse(words.as_json(body), status=status, content_type="application/json; charset=utf-8")


@async_only_middleware
def say_not_allowed(answer: Answers) -> Answers:
    """Middleware: a method an address does not take is refused in the same shape as everything else."""

    async def middleware(request: HttpRequest) -> HttpResponseBase:
        response = await answer(request)
        if response.status_code != 405:
            return response
        refused = refusal(request, "method_not_allowed")
        refused["Allow"] = response.get("Allow", "")
        return refused

    return middleware


def bad_request(request: HttpRequest, *_: object, **__: object) -> HttpResponse:
    return refusal(request, "bad_request")


def not_found(request: HttpRequest, *_: object, **__: object) -> HttpResponse:
    return refusal(request, "not_found")


def failed(request: HttpRequest) -> HttpResponse:
    number = str(ids.new_id())
    log.error("a page failed", number=number, method=request.method, path=request.path)
    return refusal(request, "failed", number=number)
