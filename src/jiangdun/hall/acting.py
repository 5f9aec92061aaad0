"""The desk at work: the front door, actions through one writer, timers, readers, the spool. `desk` is its process."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

import structlog

import jiangdun
from jiangdun.alliance import queries as alliance
from jiangdun.core import actions as core
from jiangdun.core import clock, journal, ledger, retention, timers, unused
from jiangdun.core.journal import By, Sealed
from jiangdun.core.trouble import Trouble
from jiangdun.core.writer import Writer
from jiangdun.response import actions as response
from jiangdun.response import geofence
from jiangdun.response import queries as incidents
from jiangdun.web import actions as web_actions
from jiangdun.web import desk as web
from jiangdun.web import exports as web_exports
from jiangdun.web import ledger as web_ledger
from jiangdun.web import scopes
from jiangdun.web.live import live

from . import cert, gathering, parts, retaining, settings, sources, tls, wiring
from .doors import Doors
from .link import Caller, Word
from .sharing import Sharing
from .spooling import Spooling

TICK_S: Final = 0.2
ANCHOR_S: Final = 60.0
ARRIVALS_S: Final = 2.0
SPOOL_LOOK_S: Final = 1.0
"""The spool is read when ears says so, and so often in any case."""
RETRY_S: Final = 1.0
RETELL_S: Final = 5.0
"""Reference that ears has not confirmed is told again so often."""
IDLE_LOOK_S: Final = 60.0
RETAIN_LOOK_S: Final = 60.0
PULSE_S: Final = 1.0
EARS_QUIET_S: Final = 2.0
"""Ears that have not pulsed for so long are spoken for."""

log = structlog.get_logger()


class Desk:
    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._writer = Writer(on_sealed=self._sealed, on_lag=self._lagging)
        self._spool = Spooling(settings.HOME / "spool" / "alerts.jsonl")
        self._link = Caller(settings.HOME / "run" / "ears.sock", self._from_ears, self._ears_came)
        self._news, self._alerts, self._owing = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._owed: dict[str, str] = dict.fromkeys(
            gathering.KINDS, ""
        )  # what ears must be told → the key under way
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._ids = itertools.count(1)
        self._units: dict[str, Any] = {}
        self._program: dict[str, Any] = {}
        self._sharing = Sharing(live.judge_anew)
        self._pulsed_s = clock.monotonic()

    async def run(self) -> None:
        wiring.register_timers()
        retaining.declare(settings.HOME)
        self._writer.start()
        await self._look_at_program()
        await self._writer.do(lambda: retention.plan(clock.now()))
        await self._writer.do(lambda: unused.begin(clock.now()))
        await web.read(self._sharing.bind)
        web.bind(
            writer=self._writer.do,
            counts=self._counts,
            ears=self._ask,
            demo=any(a.demo for a in await web.read(alliance.agencies)),
        )
        live.agencies = await web.read(alliance.on_the_wire)
        live.need_snapshot = self._want_snapshot
        doors = Doors()
        works = (
            self._forever(self._tick, TICK_S),
            self._forever(self._read_on, None, self._news),
            self._forever(self._read_spool, SPOOL_LOOK_S, self._alerts),
            self._forever(self._tell_ears, RETELL_S, self._owing),
            self._forever(self._arrivals, ARRIVALS_S),
            self._forever(self._anchor, ANCHOR_S),
            self._forever(web_ledger.flush, web_ledger.FLUSH_S, web_ledger.wake),
            self._forever(web_exports.run_due, web_exports.LOOK_S, web_exports.wake),
            self._forever(self._end_idle, IDLE_LOOK_S),
            self._forever(self._retain, RETAIN_LOOK_S),
            self._forever(self._speak_for_ears, PULSE_S),
            self._link.run(),
        )
        tasks = [asyncio.create_task(work) for work in works]
        self._news.set()
        serving = asyncio.create_task(doors.serve())
        try:
            await asyncio.wait([serving, *tasks], return_when=asyncio.FIRST_COMPLETED)
        finally:
            doors.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            with contextlib.suppress(asyncio.CancelledError):
                await serving
            await web_ledger.flush()
            await asyncio.to_thread(self._writer.stop)

    async def _forever(
        self, work: Callable[[], Awaitable[None]], every_s: float | None, wake: asyncio.Event | None = None
    ) -> None:
        """Again and again: when woken, and every so often. A failure of ours is logged and the loop goes on."""
        while True:
            if wake is not None:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(wake.wait(), every_s)
                wake.clear()
            try:
                await work()
            except Exception:
                log.exception("a work of desk failed and is tried again", work=work.__name__)
                await asyncio.sleep(RETRY_S)
            if wake is None:
                assert every_s is not None
                await asyncio.sleep(every_s)

    # -- the journal's news

    def _sealed(self, facts: list[Sealed]) -> None:
        """In the writer's thread, after the commit, before anybody has an answer."""
        self._sharing.heard(facts)
        if any(fact.kind == "alliance.AgencyFounded" for fact in facts):
            live.agencies = alliance.on_the_wire()
        live.publish_facts(scopes.about(facts))
        told = {wiring.TELLS_EARS[f.kind] for f in facts if f.kind in wiring.TELLS_EARS}
        self._loop.call_soon_threadsafe(self._owe, told)
        self._loop.call_soon_threadsafe(self._news.set)

    def _lagging(self) -> None:
        """In the writer's thread, after a commit whose facts are not all sealed, before anybody has an answer."""
        self._sharing.lagging()

    async def _read_on(self) -> None:
        for reader in wiring.READERS:
            while await self._writer.do(reader.run_once):
                pass

    async def _tick(self) -> None:
        if self._sharing.owed:
            await web.read(self._sharing.bind)
        while await self._writer.do(lambda: timers.tick(clock.now())) >= timers.TICK_MAX:
            pass

    async def _anchor(self) -> None:
        await web.read(lambda: journal.anchor(clock.now()))
        await web.read(lambda: ledger.anchor(clock.now()))

    async def _retain(self) -> None:
        """What is too old goes, at night, in a thread of its own."""
        await asyncio.to_thread(retaining.run_due, lambda act: self._writer.submit(act).result())

    async def _end_idle(self) -> None:
        """Sessions nobody used: each ends with a fact, and its boards are closed."""
        for session_id in await self._writer.do(lambda: web_actions.end_idle(now=clock.now())):
            live.sign_out(session_id)

    async def _look_at_program(self) -> None:
        """A watch that does not start is no safer: what differs is said in the log, on the health page, and kept."""
        found = await asyncio.to_thread(parts.check)
        self._program = found.told()
        if found.found:
            log.error("files of the program are not as released", files=found.found, first=found.wrong[:3])
            note = partial(core.note_program, jiangdun.__version__, found.found, found.wrong)
            await self._writer.do(lambda: note(by=By(system="desk"), now=clock.now()))

    def _counts(self) -> dict[str, Any]:
        """For the health page."""
        return {
            "writer": {**asdict(self._writer.counts), "waiting": self._writer.waiting()},
            "asked": len(self._asked),
            "program": self._program,
            "certificate": tls.health(cert.true_time()),
        }

    async def _read_spool(self) -> None:
        while await self._writer.do(lambda: self._spool.take_some(clock.now())):
            pass

    async def _arrivals(self) -> None:
        """A unit inside its scene has arrived, whether or not somebody pressed the button."""
        scenes = await web.read(lambda: incidents.scenes(clock.now()))
        if not scenes:
            return
        positions = [
            geofence.UnitPosition(
                u["unit_id"], u["lon"], u["lat"], datetime.fromtimestamp(u["heard_at_ms"] / 1000, UTC)
            )
            for u in self._units.values()
        ]
        for arrival in geofence.arrivals(positions, scenes, clock.now()):
            with contextlib.suppress(Trouble):  # somebody pressed the button in the same moment
                await self._writer.do(partial(_arrive, arrival))

    # -- ears

    def _want_snapshot(self) -> None:
        self._link.tell(Word.WANT_SNAPSHOT, {})

    async def _speak_for_ears(self) -> None:
        """Ears that say nothing are no broken link: boards hear that the desk lives and its sources are not."""
        if clock.monotonic() - self._pulsed_s > EARS_QUIET_S:
            live.pulse(sources.without_ears(live.last_pulse, clock.now_ms()))

    async def _from_ears(self, word: Word, payload: bytes) -> None:
        if word in (Word.FRAME, Word.SNAPSHOT):
            live.publish_frame(payload, word is Word.SNAPSHOT)
        elif word is Word.ALERTS:
            self._alerts.set()
        elif word is Word.PULSE:
            pulse = json.loads(payload)
            self._units = pulse["units"]
            self._pulsed_s = clock.monotonic()
            live.pulse(pulse)
        elif word is Word.KEPT:
            self._kept(json.loads(payload)["key"])
        elif word is Word.ANSWER:
            answer = json.loads(payload)
            waiting = self._asked.pop(answer["id"], None)
            if waiting is not None and not waiting.done():
                waiting.set_result(answer["value"])

    def _ears_came(self) -> None:
        self._owe(gathering.KINDS)
        self._alerts.set()

    def _owe(self, what: Iterable[str]) -> None:
        """Ears must be told anew; what is under way is of before."""
        self._owed |= dict.fromkeys(what, "")
        if self._owed:
            self._owing.set()

    async def _tell_ears(self) -> None:
        """All that is owed, one after another, so that nothing older overtakes what is newer."""
        for what in [kind for kind in gathering.KINDS if kind in self._owed and self._link.open]:
            key = self._owed[what] = f"{what}:{next(self._ids)}"
            value = await web.read(partial(gathering.KINDS[what], clock.now()))
            self._link.tell(Word.REFERENCE, {"key": key, "what": what, "value": value})

    def _kept(self, key: str) -> None:
        """Ears has it on the disk. An answer to an older telling settles nothing."""
        what = key.partition(":")[0]
        if self._owed.get(what) == key:
            del self._owed[what]

    async def _ask(self, what: str, **values: Any) -> Any:
        number = next(self._ids)
        answer: asyncio.Future[Any] = self._loop.create_future()
        self._asked[number] = answer
        if not self._link.tell(Word.ASK, {"id": number, "what": what, **values}):
            del self._asked[number]
            raise ConnectionError("ears is not there")
        try:
            return await answer
        finally:
            self._asked.pop(number, None)


def _arrive(arrival: geofence.Arrival) -> None:
    response.arrive(
        arrival.assignment_id,
        by=By(system="geofence"),
        now=clock.now(),
        source="geofence",
        instant=arrival.at,
    )
