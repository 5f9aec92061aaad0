"""What the web edge tells the access ledger (`core.ledger`): one line in each endpoint that shows others' things.

    ledger.note(request, "incidents.read", f"incident:{view.id}", view.owner, view.allowed)
    ledger.note_list(request, "incidents.read", "incident:*", [(view.owner, view.allowed) for view in views])

Rows wait here and go to the one writer within `FLUSH_S` or by the batch. Where they cannot be written, whatever
belongs to others is refused (`ledger_silent`), the health page is not ok, and what waits is tried again: nothing is
dropped. A row that is refused by itself is kept without its subject (`UNKEPT`): one row never holds up the rest.
One's own agency's things are no business of this ledger. All of it runs on the event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import structlog
from django.db import OperationalError
from django.http import HttpRequest

from jiangdun.core import clock
from jiangdun.core import ledger as kept
from jiangdun.core.access import Allowed, Asker
from jiangdun.core.digests import digest
from jiangdun.core.ledger import Entry, Kind
from jiangdun.core.trouble import Trouble

from . import desk, purposes

FLUSH_S: Final = 1.0
"""Rows wait so long at most."""
WAITING_MAX: Final = 2_000
"""Rows that wait; beyond it the ledger counts as silent."""
AGAIN_S: Final = 60.0
"""The same look by the same person within this is one look: boards read again after every fact."""
AGAIN_MAX: Final = 20_000
"""Looks remembered for that."""
OWNERS_MAX: Final = 200
"""Agencies of which one list may hold things: a row each."""
UNKEPT: Final = "row:unkept"
"""The subject of a row whose own the database refused."""

log = structlog.get_logger()


@dataclass
class State:
    """What waits, and whether the last try to write it failed (the kind of exception)."""

    waiting: list[Entry]
    seen: dict[tuple[Any, ...], float]
    failing: str = ""
    appended: int = 0
    flushing: bool = False


_state = State([], {})
wake = asyncio.Event()
"""Set when a whole batch waits."""


def reset() -> None:
    """Forget what waits: for tests."""
    global _state
    _state = State([], {})


def note(
    request: HttpRequest, verb: str, subject: str, owner: str, allowed: Allowed | None = None, count: int = 1
) -> None:
    """Something of `owner` was opened. Raises Trouble: "ledger_silent" where that cannot be kept, "purpose_needed"
    where the annexes that show it want one of their purposes declared.
    """
    asker: Asker = request.auth  # type: ignore[attr-defined]
    if owner in ("", asker.agency):
        return
    purpose = purposes.for_looking(request, allowed)
    require()
    entry = _entry(request, asker, "open", verb, subject, owner=owner, count=count, purpose=purpose)
    _wait(_shown(entry, (allowed,)))


def note_list(
    request: HttpRequest, verb: str, subject: str, seen: Iterable[tuple[str, Allowed | None]]
) -> None:
    """A list was read: a row for each other agency with things in it. Raises as `note`."""
    asker: Asker = request.auth  # type: ignore[attr-defined]
    by_owner: dict[str, list[Allowed | None]] = {}
    for owner, allowed in seen:
        if owner not in ("", asker.agency):
            by_owner.setdefault(owner, []).append(allowed)
    if not by_owner:
        return
    require()
    for owner, several in list(by_owner.items())[:OWNERS_MAX]:
        entry = _entry(request, asker, "list", verb, subject, owner=owner, count=len(several))
        _wait(_shown(entry, several))


def denied(request: HttpRequest, trouble: Trouble) -> None:
    """Somebody was turned away. Never raises: they are turned away in any case.

    Whoever is turned away thousands of times a second cannot silence the ledger by it.
    """
    asker: Asker | None = getattr(request, "auth", None) or getattr(request, "asker", None)
    if not isinstance(asker, Asker) or len(_state.waiting) >= WAITING_MAX // 2:
        return
    verb, reason = str(trouble.values.get("verb", "")), str(trouble.values.get("reason", ""))
    entry = _entry(request, asker, "denied", verb, _subject_of(request))
    _wait(replace(entry, allowed=False, reason=reason, count=0))


def live(asker: Asker, kind: Kind, subject: str, address: str, reason: str = "") -> None:
    """A live subscription started or ended. Never raises: `silent` is asked before one starts."""
    entry = Entry(
        clock.now(), kind, asker.person or "", asker.agency or "", "board.view", subject, _roles(asker), reason=reason,
        address=digest("address", address),
    )  # fmt: skip
    _state.waiting.append(entry)


def entry_of(request: HttpRequest, kind: Kind, verb: str, subject: str, **more: Any) -> Entry:
    """An entry to be appended in the very transaction of what it tells of (exports, unmasking)."""
    asker: Asker = request.auth  # type: ignore[attr-defined]
    return _entry(request, asker, kind, verb, subject, **more)


def silent() -> bool:
    """The ledger cannot be written: nothing of others may be shown."""
    return bool(_state.failing) or len(_state.waiting) >= WAITING_MAX


def health() -> dict[str, Any]:
    """For the health page."""
    return {
        "ok": not silent(),
        "waiting": len(_state.waiting),
        "trouble": _state.failing,
        "rows": _state.appended,
    }


async def flush() -> None:
    """Hand what waits to the writer, a batch after another. What cannot be written goes on waiting."""
    state = _state
    if state.flushing:
        return
    state.flushing = True
    try:
        while state.waiting:
            batch = state.waiting[: kept.BATCH_MAX]
            try:
                await _append(state, batch)
            except (Trouble, OperationalError):  # the writer or the database, not what stands in the rows
                raise
            except Exception:
                await _one_by_one(state, batch)
    except Exception as error:
        if not state.failing:
            log.error("the access ledger cannot be written: others' data are refused", why=repr(error))
        state.failing = type(error).__name__
    finally:
        state.flushing = False


async def _append(state: State, first: list[Entry], instead: list[Entry] | None = None) -> None:
    """Append the `first` rows that wait (or others `instead` of them); then they wait no more."""
    rows = first if instead is None else instead
    await desk.do(lambda: kept.append(rows))
    del state.waiting[: len(first)]
    state.appended += len(first)
    if state.failing:
        log.warning("the access ledger is written again", rows=len(first))
        state.failing = ""


async def _one_by_one(state: State, batch: list[Entry]) -> None:
    for entry in batch:
        try:
            await _append(state, [entry])
        except (Trouble, OperationalError):
            raise
        except Exception as error:
            await _append(state, [entry], [replace(entry, subject=UNKEPT)])
            log.error("a row of the access ledger is kept without its subject", why=type(error).__name__)


def require() -> None:
    """Raises Trouble("ledger_silent") where a look could not be kept."""
    if silent():
        raise Trouble("ledger_silent")


def _wait(entry: Entry) -> None:
    now, key = clock.monotonic(), _key(entry)
    last = _state.seen.get(key)
    if last is not None and now - last < AGAIN_S:
        return
    if len(_state.seen) >= AGAIN_MAX:
        _state.seen.clear()
    _state.seen[key] = now
    _state.waiting.append(entry)
    if len(_state.waiting) >= kept.BATCH_MAX:
        wake.set()


def _key(entry: Entry) -> tuple[Any, ...]:
    return (
        entry.kind, entry.person, entry.agency, entry.verb, entry.subject, entry.owner, entry.annexes,
        entry.purpose, entry.shown, entry.reason, entry.address,
    )  # fmt: skip


def _entry(request: HttpRequest, asker: Asker, kind: Kind, verb: str, subject: str, **more: Any) -> Entry:
    return Entry(
        at=clock.now(),
        kind=kind,
        person=asker.person or "",
        agency=asker.agency or "",
        verb=verb,
        subject=subject,
        roles=_roles(asker),
        purpose=more.pop("purpose", "") or purposes.declared(request),
        address=digest("address", str(request.META.get("REMOTE_ADDR", ""))),
        **more,
    )


def _shown(entry: Entry, several: Iterable[Allowed | None]) -> Entry:
    """With the annexes that let it be seen, and the fields shown where not all were."""
    verdicts = [one for one in several if one is not None]
    annexes = sorted({annex for one in verdicts for annex in one.by})
    whole = not verdicts or any(one.fields is None for one in verdicts)
    shown = () if whole else tuple(sorted({name for one in verdicts for name in one.fields or ()}))
    return replace(entry, annexes=tuple(annexes), shown=shown)


def _subject_of(request: HttpRequest) -> str:
    """The thing the address names: incident:<id>, or the address itself."""
    match = getattr(request, "resolver_match", None)
    given: Mapping[str, Any] = match.kwargs if match is not None else {}
    for name, value in given.items():
        return f"{name.removesuffix('_id')}:{value}"[: kept.SUBJECT_MAX]
    return f"route:{request.path}"[: kept.SUBJECT_MAX]


def _roles(asker: Asker) -> tuple[str, ...]:
    return tuple(sorted(asker.roles))
