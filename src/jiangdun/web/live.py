"""The live wire: `/ws/live?after=<cursor>`, one WebSocket with two lanes.

Text frames are facts in seal order (never dropped) and a pulse each second; binary frames are positions (the
latest wins). A board reads its snapshot over REST and comes here with the cursor it found there: whatever was
sealed after that cursor is sent, so nothing falls between the two. Close codes are in `Close`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Collection, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from functools import partial
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import structlog

from jiangdun.core import access, clock, journal, networks
from jiangdun.core.access import Allowed, Asker
from jiangdun.core.redaction import PLACE
from jiangdun.picture.units import POSITIONS

from . import asking, desk, ledger, scopes, sessions, words
from .lanes import BEHIND_MAX, RESUME_MAX, Facts, Frame, Positions, Told, emptied
from .scopes import Scoped

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

BOARDS_MAX: Final = 400
"""Open live wires at one time."""
BOARDS_PER_SESSION_MAX: Final = 8
FACTS_PAGE: Final = 200
"""Facts sent before the other lanes get their turn."""
RECHECK_S: Final = 30.0
"""How often an open wire's session and rights are looked at again."""
SNAPSHOT_ASK_S: Final = 1.0
"""The ears are asked for a snapshot at most so often, however many boards want one."""
CLOSING_S: Final = 5.0
"""A board that does not take its close frame within this is cut off."""
WORDS_BYTES_MAX: Final = 256
WORDS_MAX: Final = 60
"""Messages from one board within `RECHECK_S`."""

SUBSCRIPTION: Final = "live:board"
"""What the access ledger calls a live wire."""

CHANGES_WHO: Final = ("core.", "alliance.")
"""Facts of these rooms may change who is signed in and what they may."""
CHANGES_RIGHTS: Final = frozenset(
    {
        "alliance.MemberJoined",
        "alliance.MemberRolesChanged",
        "alliance.MemberLeft",
        "core.AccountSwitched",
        "core.PasswordChanged",
    }
)
"""Facts upon which open wires look at their rights at once."""
RELABELLED: Final = "response.IncidentLabelled"

log = structlog.get_logger()


class Close(IntEnum):
    """Why a wire was closed. 4001: sign in again; 4008: come back with your cursor; 4010: new snapshot;
    4031: the access ledger cannot be written, come back later."""

    POLICY = 1008
    TOO_BIG = 1009
    GOING_AWAY = 1012
    SIGNED_OUT = 4001
    NOT_YOURS = 4003
    BEHIND = 4008
    STALE_CURSOR = 4010
    TOO_MANY = 4013
    TOO_LOUD = 4029
    LEDGER = 4031


@dataclass(eq=False, slots=True)
class Board:
    """One open wire."""

    send: Send
    session: sessions.Signed
    cursor: int
    caught_up: bool = False
    seen: dict[int, int] = field(default_factory=dict)
    """By scope: sequence number of the last positions sent."""
    pulsed: int = 0
    """Number of the last pulse sent."""
    anew: bool = False
    """What it shows may no longer be what it may see."""
    words: int = 0
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    recheck: asyncio.Event = field(default_factory=asyncio.Event)
    closing: asyncio.Future[Close] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def close(self, why: Close) -> None:
        if not self.closing.done():
            self.closing.set_result(why)


class Live:
    """All open wires and what is kept for them. The hall publishes, from any thread."""

    def __init__(self) -> None:
        self.boards: set[Board] = set()
        self.facts = Facts()
        self.positions: dict[int, Positions] = {}
        """By scope: 0 is everybody's, n the units of the n-th of `agencies`."""
        self.agencies: Sequence[str] = ()
        """Codes by their number on the wire, from 1. Set by the hall."""
        self.need_snapshot: Callable[[], None] | None = None
        """Set by the hall: asks the ears for a snapshot frame."""
        self.bad_frames = 0
        self.last_pulse: dict[str, Any] = {}
        self._pulses = 0
        self._pulse_texts: dict[frozenset[str], str] = {}
        self._seen_by: dict[Asker, frozenset[str]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._snapshot_asked = False

    # -- what the hall says

    def publish_facts(self, facts: Sequence[Scoped]) -> None:
        """Facts just sealed, in seal order, with what they are about."""
        if any(one.sealed.kind.startswith(CHANGES_WHO) for one in facts):
            asking.forget()
            self._in_loop(self._seen_by.clear)
        if any(one.sealed.kind in CHANGES_RIGHTS for one in facts):
            self._in_loop(self._recheck_all)
        if any(one.sealed.kind == RELABELLED for one in facts):
            self._in_loop(self._relabelled)
        self._in_loop(lambda: self._take_facts(facts))

    def judge_anew(self, agencies: Collection[str]) -> None:
        """These agencies see more or less than before: from now on nothing is sent that they may not see, and
        their boards are told to read all they show anew."""
        self._in_loop(lambda: self._judge_anew(agencies))

    def _recheck_all(self) -> None:
        """Somebody's rights have changed: every board looks at its session and its rights now."""
        for board in self.boards:
            board.recheck.set()

    def _relabelled(self) -> None:
        """A thing is more or less sensitive than when facts about it were kept here: they are read again from the
        journal, and judged by what it is now; boards read all they show."""
        self.facts.forget()
        self._judge_anew(frozenset(b.session.asker.agency or "" for b in self.boards))

    def _judge_anew(self, agencies: Collection[str]) -> None:
        self._seen_by.clear()
        for board in self.boards:
            if board.session.asker.agency in agencies:
                board.anew = True
                board.wake.set()

    def publish_frame(self, data: bytes, is_snapshot: bool) -> None:
        """A frame of positions as the ears encoded it; the same bytes go to every board."""
        self._in_loop(lambda: self._take_frame(data, is_snapshot))

    def pulse(self, values: dict[str, Any]) -> None:
        """Once a second: `t_ms`, `sources`, and what else the board shows of health."""
        self._in_loop(lambda: self._take_pulse(values))

    def sign_out(self, session_id: str) -> None:
        """Close the wires of a session that has just ended."""
        self._in_loop(lambda: self._close_all(lambda b: b.session.session_id == session_id, Close.SIGNED_OUT))

    def start(self) -> None:
        """The server is up: what is published from now on is taken in its loop."""
        self._loop = asyncio.get_running_loop()

    def stop(self) -> None:
        """The server goes down: boards are told to come back."""
        self._in_loop(lambda: self._close_all(lambda _: True, Close.GOING_AWAY))

    def _in_loop(self, act: Callable[[], None]) -> None:
        try:
            running: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        except RuntimeError:
            running = None
        if self._loop is None or self._loop is running or self._loop.is_closed():
            act()
        else:
            self._loop.call_soon_threadsafe(act)

    def _take_facts(self, facts: Sequence[Scoped]) -> None:
        self.facts.add(facts)
        for board in self.boards:
            if board.caught_up and self.facts.head - board.cursor > BEHIND_MAX:
                board.close(Close.BEHIND)
            board.wake.set()

    def _take_frame(self, data: bytes, is_snapshot: bool) -> None:
        try:
            frame = Frame.read(data, is_snapshot)
        except ValueError as bad:
            self.bad_frames += 1
            log.error("a frame of positions is not one", reason=str(bad), bad_frames=self.bad_frames)
            return
        self.positions.setdefault(frame.scope, Positions()).add(frame)
        for board in self.boards:
            board.wake.set()

    def _take_pulse(self, values: dict[str, Any]) -> None:
        self.last_pulse = values
        self._pulses += 1
        self._pulse_texts.clear()
        self._seen_by.clear()  # a share may have come to its end by the clock alone
        for board in self.boards:
            board.wake.set()

    def _close_all(self, which: Callable[[Board], bool], why: Close) -> None:
        for board in self.boards:
            if which(board):
                board.close(why)

    def _want_snapshot(self) -> None:
        if self._snapshot_asked or self.need_snapshot is None:
            return
        self._snapshot_asked = True
        asyncio.get_running_loop().call_later(SNAPSHOT_ASK_S, self._ask_again)
        self.need_snapshot()

    def _ask_again(self) -> None:
        self._snapshot_asked = False
        for board in self.boards:
            board.wake.set()  # whoever still waits asks anew

    # -- what a board gets

    async def serve(self, board: Board, receive: Receive) -> None:
        """Speak with one board until it goes or is closed."""
        self.start()
        self.boards.add(board)
        work = (self._speak(board), self._listen(board, receive), self._recheck(board))
        tasks: list[asyncio.Future[Any]] = [asyncio.ensure_future(one) for one in work]
        ends: list[asyncio.Future[Any]] = [*tasks, board.closing]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.boards.discard(board)
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        for trouble in ended:
            if isinstance(trouble, Exception) and not isinstance(trouble, OSError):
                log.error("a live wire broke", trace=words.trace_of(trouble))
        if board.closing.done():
            await _close(board.send, board.closing.result())

    async def _speak(self, board: Board) -> None:
        board.wake.set()
        while True:
            await board.wake.wait()
            board.wake.clear()
            await self._send_anew(board)
            await self._send_facts(board)
            await self._send_pulse(board)
            await self._send_positions(board)

    async def _send_anew(self, board: Board) -> None:
        if board.anew:
            board.anew = False
            await self._send_positions(board)  # first what is taken back
            await board.send({"type": "websocket.send", "text": '{"lane":"anew"}'})

    async def _send_facts(self, board: Board) -> None:
        facts = self.facts.after(board.cursor, FACTS_PAGE)
        if facts is None:
            facts = await desk.read(partial(_read_on, board.cursor))
        for told in facts:
            verdict = scopes.judge(board.session.asker, told.scoped)
            if isinstance(verdict, Allowed):
                await board.send({"type": "websocket.send", "text": told.text(verdict.fields)})
            board.cursor = told.number
        if board.cursor >= self.facts.head:
            board.caught_up = True
        elif facts:
            board.wake.set()

    async def _send_pulse(self, board: Board) -> None:
        if board.pulsed == self._pulses:
            return
        board.pulsed = self._pulses
        text = self._pulse_for(self._providers(board.session.asker))
        await board.send({"type": "websocket.send", "text": f'{text},"no":{board.cursor}}}'})

    def _pulse_for(self, providers: frozenset[str]) -> str:
        """The pulse without its end, with the units of `providers`: made once for all who see the same."""
        if providers not in self._pulse_texts:
            units: Mapping[str, Any] = self.last_pulse.get("units", {})
            shown = {track: unit for track, unit in units.items() if unit.get("agency") in providers}
            said = {"lane": "pulse", **self.last_pulse, **({"units": shown} if units else {})}
            text = json.dumps(said, ensure_ascii=False, separators=(",", ":"), default=str)
            self._pulse_texts[providers] = text[:-1]  # the board's own cursor is added when it leaves
        return self._pulse_texts[providers]

    def _providers(self, asker: Asker) -> frozenset[str]:
        """The agencies whose units this asker sees live; judged anew each second and whenever it changes."""
        if asker not in self._seen_by:
            now = clock.now()
            self._seen_by[asker] = frozenset(code for code in self.agencies if _sees_live(asker, code, now))
        return self._seen_by[asker]

    async def _send_positions(self, board: Board) -> None:
        providers = self._providers(board.session.asker)
        for scope in [*self.positions]:
            if scope == 0 or (scope <= len(self.agencies) and self.agencies[scope - 1] in providers):
                await self._send_scope(board, scope)
            elif scope in board.seen:  # no longer: what was shown is taken back
                del board.seen[scope]
                await board.send({"type": "websocket.send", "bytes": emptied(scope)})
        if not self.positions:
            self._want_snapshot()

    async def _send_scope(self, board: Board, scope: int) -> None:
        positions, seen = self.positions[scope], board.seen.get(scope)
        if positions.lost(seen):
            seen = None
            if positions.lost(None):
                self._want_snapshot()
        frame = positions.next_after(seen)
        if frame is not None:
            board.seen[scope] = frame.seq
            await board.send({"type": "websocket.send", "bytes": frame.data})
            board.wake.set()  # perhaps one more; facts first

    # -- what a board says

    async def _listen(self, board: Board, receive: Receive) -> None:
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                return
            board.words += 1
            text = message.get("text") or ""
            if len(text) > WORDS_BYTES_MAX or message.get("bytes"):
                board.close(Close.TOO_BIG)
            elif board.words > WORDS_MAX:
                board.close(Close.TOO_LOUD)
            else:
                await self._hear(board, text)

    async def _hear(self, board: Board, text: str) -> None:
        try:
            said = json.loads(text)
        except ValueError:
            return
        ask = said.get("ask") if isinstance(said, dict) else None
        if ask == "snapshot":
            board.seen.clear()
            board.wake.set()
        elif ask == "here":  # a hand moved: an open wire alone does not keep a session alive
            await asking.touch(board.session)

    async def _recheck(self, board: Board) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(board.recheck.wait(), RECHECK_S)
            board.recheck.clear()
            board.words = 0
            session = await desk.read(partial(sessions.find_by_id, board.session.session_id))
            if session is None:
                board.close(Close.SIGNED_OUT)
                return
            board.session = session
            if not asking.may(session.asker, "board.view"):
                board.close(Close.NOT_YOURS)
                return


def _read_on(cursor: int) -> list[Told]:
    """The next facts of the journal, for a board further behind than what is kept."""
    return [Told(one) for one in scopes.about(journal.after(cursor, limit=FACTS_PAGE))]


def _sees_live(asker: Asker, agency: str, now: datetime) -> bool:
    """Whether places of that agency's units may go to `asker` as they are: whole, at once, everywhere."""
    verdict = access.judge(asker, "units.read", {"data": POSITIONS.code, "agency": agency}, now=now)
    if not isinstance(verdict, Allowed) or verdict.precision_m:
        return False
    return verdict.fields is None or verdict.fields - verdict.masks.keys() >= set(PLACE)


live = Live()
"""The one of this process."""


async def application(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
    """The ASGI application of `/ws/live`."""
    if (await receive())["type"] != "websocket.connect":
        return
    if not origin_is_ours(scope):
        await send({"type": "websocket.close", "code": Close.POLICY})  # before accept: HTTP 403
        return
    session = await asking.session_of(asking.cookies_of(scope))
    # Before the accept: a board that opens its wire first and takes its snapshot then must find on the wire
    # whatever is sealed after its snapshot.
    cursor = await _cursor(scope)
    await send({"type": "websocket.accept"})
    why = _refusal(session, cursor, str((scope.get("client") or ("",))[0]))
    if why is not None or session is None or cursor is None:
        await _close(send, why or Close.POLICY)
        return
    address = str((scope.get("client") or ("",))[0])
    ledger.live(session.asker, "live_start", SUBSCRIPTION, address)
    try:
        await live.serve(Board(send, session, cursor), receive)
    finally:
        ledger.live(session.asker, "live_end", SUBSCRIPTION, address)


def origin_is_ours(scope: MutableMapping[str, Any]) -> bool:
    """True where the page that opens the wire came from this very host; browsers always send Origin."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    host = headers.get("host", "")
    if not asking.host_is_ours(host):
        return False
    origin = urlsplit(headers.get("origin", ""))
    return origin.scheme in ("http", "https") and origin.netloc.lower() == host.lower()


async def _cursor(scope: MutableMapping[str, Any]) -> int | None:
    """The cursor asked for, the newest where none was given, None where it is not one or leads nowhere."""
    live.facts.know(await desk.read(journal.head))
    given = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("after")
    if not given:
        return live.facts.head
    if not given[0].isascii() or not given[0].isdigit() or len(given[0]) > 18:
        return None
    cursor = int(given[0])
    return cursor if live.facts.head - RESUME_MAX <= cursor <= live.facts.head else None


def _refusal(session: sessions.Signed | None, cursor: int | None, address: str) -> Close | None:
    if session is None:
        return Close.SIGNED_OUT
    if not networks.within(address, session.networks):
        return Close.NOT_YOURS
    if session.must or not asking.may(session.asker, "board.view"):
        return Close.NOT_YOURS
    if ledger.silent():
        return Close.LEDGER
    if cursor is None:
        return Close.STALE_CURSOR
    own = sum(board.session.session_id == session.session_id for board in live.boards)
    if len(live.boards) >= BOARDS_MAX or own >= BOARDS_PER_SESSION_MAX:
        return Close.TOO_MANY
    return None


async def _close(send: Send, why: Close) -> None:
    with contextlib.suppress(TimeoutError, OSError, RuntimeError):
        farewell = {"type": "websocket.close", "code": int(why), "reason": why.name}
        await asyncio.wait_for(send(farewell), CLOSING_S)
