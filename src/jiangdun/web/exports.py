"""Writing what was let go: an export after another, in a reading thread, into the vault, stoppable between rows.

Killed at any moment it is begun anew at the next start: what is approved and has no file is due. Rows are judged for
whoever asked as they may see them now, not as they might when they asked.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import Any, Final, cast
from uuid import UUID

import structlog

from jiangdun.alliance import actions as alliance
from jiangdun.alliance import queries as people
from jiangdun.core import access, clock, exporting, sheets, vault
from jiangdun.core.access import Asker
from jiangdun.core.exporting import Export
from jiangdun.core.journal import By
from jiangdun.core.trouble import NotFound, NotYours, OverLimit, Trouble, WrongState

from . import desk, leaving

LOOK_S: Final = 2.0
PROGRESS_ROWS: Final = 500
"""Rows between two looks whether somebody cancelled; the screen sees progress as often."""
MEMORY_MAX: Final = 4 << 20
"""Bytes of a file that are held in memory; more goes to a temporary file that has no name."""

log = structlog.get_logger()
wake = asyncio.Event()
"""Set when something was let go."""


class Stopped(Exception):
    """Somebody cancelled, or it must wait for a second person after all."""


def expected(asker: Asker, what: str, filters: dict[str, Any]) -> int:
    """How many rows it would have; one more than the limit stands for more than the limit. Reads."""
    source, now = leaving.source(what), clock.now()
    most = exporting.APPROVAL_ROWS.at(now)
    return sum(1 for _ in itertools.islice(source.rows(asker, filters, now), most + 1))


async def run_due() -> None:
    """Write all that is due. What goes wrong with one is its own end, not that of the others."""
    for export in await desk.read(exporting.due):
        await _run(export)


async def _run(export: Export) -> None:
    by = By(system="exports")
    try:
        asker = await desk.read(partial(_asker, export))
        access.require(asker, leaving.source(export.what).verb)
        await _write(export, asker)
    except Stopped:
        return
    except Trouble as trouble:
        act = partial(exporting.fail, export.id, trouble.code, by=by, now=clock.now())
        await desk.do(act)
    except Exception as error:
        log.exception("an export failed", export=str(export.id), what=export.what)
        act = partial(exporting.fail, export.id, type(error).__name__, by=by, now=clock.now())
        await desk.do(act)


def _asker(export: Export) -> Asker:
    return people.asker(export.account_id, clock.now(), export.agency)


async def _write(export: Export, asker: Asker) -> None:
    source, now = leaving.source(export.what), clock.now()
    owners: Counter[str] = Counter()
    annexes: set[str] = set()
    limit = await desk.read(lambda: exporting.APPROVAL_ROWS.at(now))
    most = exporting.ROWS_MAX if export.decided_by else limit
    rows = source.rows(asker, export.filters, now)
    count = left_out = 0

    def cells() -> Iterator[list[Any]]:
        for row in some:
            owners[row.owner] += 1
            annexes.update(row.annexes)
            yield row.cells

    with SpooledTemporaryFile(MEMORY_MAX) as file:
        some: list[leaving.Row] = []
        head = b"".join(sheets.csv_bytes(source.columns, (), export.watermark()))
        file.write(head)
        while found := await desk.read(partial(_next, rows)):
            some = [row for row in found if _for(export.purpose, row.annexes)]
            left_out += len(found) - len(some)
            lines = sheets.csv_bytes(source.columns, cells(), export.watermark())
            next(lines)  # the head stands there already
            await asyncio.to_thread(file.writelines, lines)
            count += len(some)
            await _go_on(export.id, count, most)
        file.seek(0)
        stored = await asyncio.to_thread(vault.put, cast(Any, file))
    await desk.do(partial(_finish, export, count, left_out, stored, dict(owners), annexes))


def _for(purpose: str, annexes: tuple[str, ...]) -> bool:
    """Whether every annex that shows a row, each some of its fields, is for that purpose or names none."""
    named = [access.purposes((annex,)) for annex in annexes]
    return all(not purposes or purpose in purposes for purposes in named)


def _next(rows: Iterator[leaving.Row]) -> list[leaving.Row]:
    return list(itertools.islice(rows, PROGRESS_ROWS))


async def _go_on(export_id: UUID, count: int, most: int) -> None:
    if count > most == exporting.ROWS_MAX:
        raise OverLimit(limit="ROWS_MAX", most=most)
    if count > most:
        await desk.do(partial(exporting.wait_after_all, export_id, count))
        raise Stopped
    if not await desk.do(partial(exporting.progress, export_id, count)):
        raise Stopped


def _finish(
    export: Export, rows: int, left_out: int, stored: vault.Stored, owners: dict[str, int], annexes: set[str]
) -> None:
    """In the writer: the file is there, and every annex that let a row go knows of the copy."""
    now, by = clock.now(), By(person=export.person, agency=export.agency)
    done = exporting.finish(
        export.id, rows=rows, left_out=left_out, sha256=stored.sha256, size=stored.size, owners=owners,
        annexes=annexes, by=by, now=now,
    )  # fmt: skip
    if done is None:
        return
    ids = [UUID(annex) for annex in sorted(annexes)]
    alliance.note_copy(ids, str(export.id), rows=rows, sha256=stored.sha256, by=by, now=now)


def require_other(asker: Asker, export: Export) -> None:
    """Who lets it go is another person of the same agency. Raises NotYours."""
    access.require(asker, "exports.approve", export.as_thing())
    if asker.person is None:
        raise NotYours(reason="person_needed", verb="exports.approve")


def require_may_take(asker: Asker, export: Export, now: datetime) -> None:
    """What let it be written holds still: the agency, the verb, every annex. Raises WrongState. Reads."""
    if asker.agency != export.agency:
        raise WrongState("export_elsewhere")
    if not access.judge(asker, leaving.source(export.what).verb):
        raise WrongState("export_verb_lost")
    if not all(_gives(UUID(annex), now) for annex in export.annexes):
        raise WrongState("export_annex_ended")


def _gives(annex_id: UUID, now: datetime) -> bool:
    try:
        return people.annex(annex_id, now).state == "active"
    except NotFound:
        return False
