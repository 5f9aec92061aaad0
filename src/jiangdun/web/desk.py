"""What the hall lends the web: the one writer, a few reading threads, a line to the ears.

Request handlers never write by themselves and never touch the database on the event loop. They hand a
function to `do` (the single writer; the answer comes after its commit) or to `read` (a small pool of threads,
each with one lasting connection: Django's own way opens a thread and a connection for every request).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Protocol, TypeVar

from django.db import connection

from jiangdun.core.trouble import Busy, Trouble

T = TypeVar("T")

READERS: Final = 4
"""Threads that read the database for requests."""
READS_WAITING_MAX: Final = 512
"""Reads in hand at one time; beyond it the asker is told to come back."""
PASSWORDS_WAITING_MAX: Final = 32
"""Password checks in hand at one time: each costs 100 MiB and a tenth of a second. Strangers' are done on one
thread, those of known desks on another, so that a storm at the door keeps nobody waiting who works here."""
ANSWER_S: Final = 3.0
"""The ears answer within this or count as silent."""


class Runner(Protocol):
    """Runs a function somewhere and gives its result: `core.writer.Writer.do`, or a pool of threads."""

    def __call__(self, fn: Callable[[], Any], /) -> Awaitable[Any]: ...


class Ears(Protocol):
    """A question to the process that hears, and its answer (JSON values).

    `track` {handle} → a track or None · `tracks` {text, limit} → tracks · `sources` {} → sources ·
    `pending` {limit} → devices that knock · `health` {} → counters. Shapes: the schemas of `web.api`.
    """

    def __call__(self, what: str, **values: Any) -> Awaitable[Any]: ...


_writer: Runner | None = None
_reader: Runner | None = None  # None: the threads of this module
_ears: Ears | None = None
_demo = False
_counts: Callable[[], Mapping[str, Any]] | None = None
_readers = ThreadPoolExecutor(READERS, thread_name_prefix="web-read")
_passwords = {
    known: ThreadPoolExecutor(1, thread_name_prefix=f"web-password-{'desk' if known else 'door'}")
    for known in (True, False)
}
_walker = ThreadPoolExecutor(1, thread_name_prefix="web-walk")
_walking = False
_reads_waiting = 0
_passwords_waiting = {True: 0, False: 0}


def bind(
    *,
    writer: Runner | None = None,
    reader: Runner | None = None,
    ears: Ears | None = None,
    demo: bool | None = None,
    counts: Callable[[], Mapping[str, Any]] | None = None,
) -> None:
    """Called by the hall once both ends are up (and by tests). Only what is given is changed."""
    global _writer, _reader, _ears, _demo, _counts
    if writer is not None:
        _writer = writer
    if reader is not None:
        _reader = reader
    if ears is not None:
        _ears = ears
    if demo is not None:
        _demo = demo
    if counts is not None:
        _counts = counts


def unbind() -> None:
    """Forget everything bound."""
    global _writer, _reader, _ears, _demo, _counts
    _writer, _reader, _ears, _demo, _counts = None, None, None, False, None


async def ask(what: str, **values: Any) -> Any:
    """Ask the ears. `Trouble("ears_silent")` where nobody answers within `ANSWER_S`."""
    if _ears is None:
        raise Trouble("ears_silent")
    try:
        return await asyncio.wait_for(_ears(what, **values), ANSWER_S)
    except (TimeoutError, ConnectionError) as silence:
        raise Trouble("ears_silent") from silence


def demo() -> bool:
    """True where this installation plays the demonstration: every screen says so."""
    return _demo


def counts() -> dict[str, Any]:
    """What the desk's own parts count (writer, readers, timers …), for the health page."""
    own = {"reads_waiting": _reads_waiting, "passwords_waiting": sum(_passwords_waiting.values())}
    return {**own, **(_counts() if _counts is not None else {})}


async def do(fn: Callable[[], T]) -> T:
    """Run `fn` in the one writer; its result, or what it raised, after the commit."""
    if _writer is None:
        raise Trouble("not_ready")
    result: T = await _writer(fn)
    return result


async def read(fn: Callable[[], T]) -> T:
    """Run `fn` in a reading thread. It must not write."""
    global _reads_waiting
    if _reads_waiting >= READS_WAITING_MAX:
        raise Busy()
    _reads_waiting += 1
    try:
        if _reader is not None:
            given: T = await _reader(fn)
            return given
        return await asyncio.get_running_loop().run_in_executor(_readers, _reading, fn)
    finally:
        _reads_waiting -= 1


async def walk(fn: Callable[[], T]) -> T:
    """Run a read that goes over a whole table, one at a time on a thread of its own. Raises Busy while another runs,
    also one whose asker went away.
    """
    global _walking
    if _walking:
        raise Busy()
    _walking = True
    running: asyncio.Future[T] = asyncio.ensure_future(
        _reader(fn) if _reader is not None
        else asyncio.get_running_loop().run_in_executor(_walker, _reading, fn)
    )  # fmt: skip
    running.add_done_callback(_walked)
    return await asyncio.shield(running)


def _walked(_: object) -> None:
    global _walking
    _walking = False


async def check_password(fn: Callable[[], T], *, known: bool = False) -> T:
    """Run a password check on a thread of its own, so that a storm of them starves nobody else; `known`: on that
    of the desks where somebody signed in before.
    """
    if _passwords_waiting[known] >= PASSWORDS_WAITING_MAX:
        raise Busy()
    _passwords_waiting[known] += 1
    try:
        if _reader is not None:
            given: T = await _reader(fn)
            return given
        return await asyncio.get_running_loop().run_in_executor(_passwords[known], fn)
    finally:
        _passwords_waiting[known] -= 1


def _reading(fn: Callable[[], T]) -> T:
    if connection.errors_occurred:  # PostgreSQL restarted, say: replaced before it is used again
        connection.close_if_unusable_or_obsolete()
    return fn()
