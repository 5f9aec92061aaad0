"""Whether all is well, and the description of this interface."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema

import jiangdun
from jiangdun.core import clock, journal, standbys
from jiangdun.core.trouble import Trouble
from jiangdun.web import asking, desk, ledger, openapi
from jiangdun.web.live import live

router = Router()


class Health(Schema):
    """`ok` is for whoever watches from outside; `detail` is null without the right to see it."""

    ok: bool
    version: str
    now: datetime
    detail: dict[str, Any] | None = None


@router.get("/health", response=Health, auth=None, openapi_extra={"x-verb": None})
async def health(request: HttpRequest) -> dict[str, Any]:
    """Answers anybody that the desk lives; the figures only to those who may see them."""
    detail = None
    session = await asking.session_of(request.COOKIES)
    if session is not None and not session.must and asking.may(session.asker, "health.read"):
        detail = await _detail()
    ok = not ledger.silent() and (detail is None or detail["ears"] is not None)
    return {"ok": ok, "version": jiangdun.__version__, "now": clock.now(), "detail": detail}


async def _detail() -> dict[str, Any]:
    return {
        "journal_head": await desk.read(journal.head),
        "database": connection.vendor,
        "wal_bytes": _wal_bytes(),
        "standbys": [asdict(one) for one in await desk.read(standbys.standbys)],
        "desk": desk.counts(),
        "live": {
            "boards": len(live.boards),
            "facts_head": live.facts.head,
            "bad_frames": live.bad_frames,
        },
        "ledger": ledger.health(),
        "ears": await _ears(),
    }


async def _ears() -> dict[str, Any] | None:
    try:
        counters: dict[str, Any] = await desk.ask("health")
    except Trouble:
        return None
    return counters


def _wal_bytes() -> int | None:
    """Size of SQLite's write-ahead log, which grows while a long read holds it; None on PostgreSQL."""
    if connection.vendor != "sqlite":
        return None
    path = Path(f"{settings.DATABASES['default']['NAME']}-wal")
    return path.stat().st_size if path.is_file() else None


@router.get("/openapi.json", response=dict[str, Any], **asking.needs(None))
async def description(request: HttpRequest) -> HttpResponse:
    """This interface as OpenAPI 3.1."""
    return HttpResponse(openapi.text(), content_type="application/json; charset=utf-8")
