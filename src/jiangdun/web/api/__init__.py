"""The REST interface under `/api`: one file a room, typed, and every refusal in the asker's language."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

import structlog
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.renderers import JSONRenderer

import jiangdun
from jiangdun.core import clock, ids
from jiangdun.core.trouble import NotYours, Trouble
from jiangdun.web import ledger, words
from jiangdun.web.api import (
    access,
    account,
    agreements,
    alerts,
    alliance,
    board,
    disputes,
    emergency,
    exports,
    factors,
    feeds,
    health,
    incidents,
    journal,
    outside,
    parameters,
    people,
    persons,
    picture,
    programs,
    retention,
    rules,
    security,
    session,
    walls,
)

log = structlog.get_logger()


_as_written = JSONRenderer()
_as_written.json_dumps_params = {"ensure_ascii": False, "separators": (",", ":")}  # half the bytes of escapes

api = NinjaAPI(
    renderer=_as_written,
    title="Jiangdun 江盾",
    version=jiangdun.__version__,
    description="Signed in by session cookie; anything but GET needs the header X-CSRFToken. "
    "Errors are {code, text, next} in the language of Accept-Language (zh, en).",
    docs_url=None,
    openapi_url=None,  # served by `health`, to whoever is signed in
    urls_namespace="api",
)
api.add_router("", session.router, tags=["session"])
api.add_router("", account.router, tags=["session"])
api.add_router("", factors.router, tags=["session"])
api.add_router("", people.router, tags=["people"])
api.add_router("", programs.router, tags=["people"])
api.add_router("", outside.router, tags=["session"])
api.add_router("", walls.router, tags=["people"])
api.add_router("", emergency.router, tags=["people"])
api.add_router("", parameters.router, tags=["people"])
api.add_router("", board.router, tags=["board"])
api.add_router("", alerts.router, tags=["alerts"])
api.add_router("", incidents.router, tags=["incidents"])
api.add_router("", picture.router, tags=["picture"])
api.add_router("", feeds.router, tags=["feeds"])
api.add_router("", rules.router, tags=["rules"])
api.add_router("", alliance.router, tags=["alliance"])
api.add_router("", agreements.router, tags=["agreements"])
api.add_router("", journal.router, tags=["journal"])
api.add_router("", access.router, tags=["access"])
api.add_router("", exports.router, tags=["exports"])
api.add_router("", retention.router, tags=["retention"])
api.add_router("", disputes.router, tags=["disputes"])
api.add_router("", persons.router, tags=["persons"])
api.add_router("", security.router, tags=["security"])
api.add_router("", health.router, tags=["health"])


def refuse(request: HttpRequest, code: str, /, **values: Any) -> HttpResponse:
    """The answer `{code, text, next}` with its status, in the asker's language."""
    status, body = words.answer(code, values, language_of(request))
    return _answer(body, status)


def language_of(request: HttpRequest) -> words.Language:
    return words.language(request.headers.get("Accept-Language", ""))


def _answer(body: dict[str, Any], status: int) -> HttpResponse:
    return HttpResponse(words.as_json(body), status=status, content_type="application/json; charset=utf-8")


@api.exception_handler(Trouble)
def _trouble(request: HttpRequest, trouble: Trouble) -> HttpResponse:
    if isinstance(trouble, NotYours):
        ledger.denied(request, trouble)
    answer = refuse(request, trouble.code, **trouble.values)
    until = trouble.values.get("until")
    if isinstance(until, datetime):  # a page can count down to it
        answer["Retry-After"] = str(max(1, math.ceil((until - clock.now()).total_seconds())))
    if request.path == session.PATH:
        session.after_refusal(request, answer)
    return answer


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    lang = language_of(request)
    status, body = words.answer("invalid", {}, lang)
    body["faults"] = [{"where": f.where, "text": f.text} for f in words.faults(error.errors, lang)]
    return _answer(body, status)


@api.exception_handler(AuthenticationError)
def _not_signed_in(request: HttpRequest, _: AuthenticationError) -> HttpResponse:
    return refuse(request, "not_signed_in")


@api.exception_handler(Http404)
def _not_found(request: HttpRequest, _: Http404) -> HttpResponse:
    return refuse(request, "not_found")


@api.exception_handler(HttpError)
def _http(request: HttpRequest, _: HttpError) -> HttpResponse:
    # What ninja raises by itself: a body that is not JSON.
    return refuse(request, "bad_request")


@api.exception_handler(Exception)
def _broken(request: HttpRequest, error: Exception) -> HttpResponse:
    """We are wrong: the asker gets a number, the log gets the rest under the same number."""
    number = str(ids.new_id())
    trace = words.trace_of(error)
    log.error("a request failed", number=number, method=request.method, path=request.path, trace=trace)
    return refuse(request, "failed", number=number)
