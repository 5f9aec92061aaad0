"""*Ears*: the process that hears. Hub, both logs, live picture, engine, archive. No SQL, and it lives without desk."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import structlog

from jiangdun.core import clock
from jiangdun.feeds.columns import Chunk
from jiangdun.feeds.devices import Book
from jiangdun.feeds.hub import Hub, HubSettings, Listener
from jiangdun.feeds.log import Beat, ChunkLog, Record
from jiangdun.feeds.raw import RawLog
from jiangdun.watch import engine

from . import alone, forgetting, logs, orphan, past, reference, settings, sources
from .archiving import Archiving
from .link import Listener as LinkListener
from .link import Word
from .showing import Showing
from .watching import KINDS, Watching

FRAME_S: Final = 1.0
NEEDED: Final = frozenset(("rules", "zones", "devices", "units"))
"""What desk must have told once before the sockets open."""
ASKED_TEXT_MAX: Final = 64
ASKED_TRACKS_MAX: Final = 500

log = structlog.get_logger()


class Ears:
    def __init__(self, home: Path) -> None:
        self.home = home
        self.reference_path = home / "run" / "reference.json"
        self.kept = reference.kept(self.reference_path)
        self.showing = Showing(home)
        self.watching = Watching(home, self.showing.label)
        self.archiving = Archiving(home)
        self.hub = Hub(
            HubSettings(
                [
                    Listener("ais", settings.FEEDS_HOST, settings.AIS_TCP_PORT),
                    Listener("ais", settings.FEEDS_HOST, settings.AIS_UDP_PORT, "udp"),
                    Listener("jt808", settings.FEEDS_HOST, settings.JT808_PORT),
                ]
            ),
            Book(),
            ChunkLog(home / "log"),
            RawLog(home / "raw"),
            clock.now_ms,
            on_chunk=self._chunk,
            on_beat=self._beat,
            on_observations=self.showing.learn,
        )
        self.forgetting = forgetting.Forgetting(self.hub.ingest.log, self.watching, self.archiving)
        self.link = LinkListener(home / "run" / "ears.sock", self._told, self._desk_came)
        self._started_ms = clock.now_ms()
        self._keep_error = ""

    # -- life

    async def run(self, past_file: Path | None) -> None:
        began = clock.monotonic()
        self._apply("devices")
        self._apply("units")
        engine.warm()  # after an upgrade this compiles for half a minute: now, not when the first report comes
        again = self.watching.recover()
        self.archiving.recover()
        self.showing.recover(clock.now_ms(), self.hub.ingest.log.position)
        log.info("ears caught up", reports_read_again=again, in_s=round(clock.monotonic() - began, 2))
        await self.link.start()
        await self._first_reference()
        if past_file is not None and not past.was_heard(self.home, past_file):
            heard = past.play(self.hub, past_file)
            past.mark_heard(self.home, past_file)
            log.info("the past was heard", readings=heard, position=self.hub.ingest.log.position)
        await self.hub.start()
        (self.home / "run" / "ports.json").write_text(json.dumps(self.hub.health()["ports"]))
        log.info("ears are open", ports=self.hub.ports)
        tasks = [asyncio.create_task(work()) for work in (self._each_second, self._keep)]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await self.hub.stop()
            with contextlib.suppress(OSError):  # the log has all of it
                self.watching.checkpoint(clock.monotonic())
            await self.link.stop()

    async def _first_reference(self) -> None:
        """Rules must be there before the first report is judged; without desk those kept will do."""
        if not self.kept.keys() >= NEEDED:
            log.info("waiting for desk to tell rules and zones for the first time")
        while not self.kept.keys() >= NEEDED:
            await asyncio.sleep(0.05)
        for what in KINDS:
            if self.watching.told(what) is None:  # the log lost them: a power cut, or somebody's hand
                self.watching.take(self.hub.ingest.log.refer(what, {"items": self.kept[what]}))

    # -- the data's way

    def _chunk(self, chunk: Chunk) -> None:
        """Three who do not know of each other: what fails in one must not keep the chunk from the others."""
        for take in (self._judge, self.archiving.take, self.showing.take):
            _try(take, chunk)

    def _beat(self, beat: Beat) -> None:
        self._judge(beat)

    def _judge(self, record: Record) -> None:
        if self.watching.take(record):
            self.link.tell(Word.ALERTS, {})

    async def _each_second(self) -> None:
        while True:
            await asyncio.sleep(FRAME_S - clock.monotonic() % FRAME_S)
            _try(self._pulse, clock.now_ms())

    def _pulse(self, now_ms: int) -> None:
        for frame in self.showing.frames(now_ms):
            self.link.send(Word.FRAME, frame)
        health = self.hub.health()
        pulse = {
            "t_ms": now_ms,
            "sources": sources.of(health, now_ms),
            "units": self.showing.units(),
            "targets": self.showing.targets(now_ms),
            "wm_ms": health["wm_ms"],
        }
        self.link.tell(Word.PULSE, pulse)

    async def _keep(self) -> None:
        """Checkpoints, the archive, and what of the log may go, beside the hearing."""
        while True:
            await asyncio.sleep(1.0)
            try:
                await self._keep_once(clock.monotonic())
                self._keep_error = ""
            except OSError as error:  # a full disk: nothing is lost, the next second tries again
                if not self._keep_error:
                    log.error(
                        "checkpoint or archive cannot be written and will be tried again", why=str(error)
                    )
                self._keep_error = str(error)

    async def _keep_once(self, now_s: float) -> None:
        if self.watching.say_on() and self.watching.checkpoint_due(now_s):
            self.watching.checkpoint(now_s)
            self.forgetting.look()
        if self.archiving.due:
            await asyncio.to_thread(self.archiving.write)
        self.archiving.catch_up_if_behind()

    # -- desk

    def _desk_came(self) -> None:
        self.link.tell(Word.ALERTS, {})

    async def _told(self, word: Word, payload: bytes) -> None:
        if word is Word.WANT_SNAPSHOT:
            for snapshot in self.showing.snapshots(clock.now_ms()):
                self.link.send(Word.SNAPSHOT, snapshot)
        elif word is Word.REFERENCE:
            self._take_reference(json.loads(payload))
        elif word is Word.ASK:
            asked = json.loads(payload)
            self.link.tell(Word.ANSWER, {"id": asked["id"], "value": _try(self._answer, asked)})

    def _take_reference(self, told: dict[str, Any]) -> None:
        """Raises where it cannot be kept: desk, which hears of no keeping, tells it again."""
        what, value = told["what"], told["value"]
        if what in KINDS and self.watching.told(what) != value:  # what the log says is what is judged by
            if self.hub.ingest.waiting:  # else the watermark would move before anything was heard
                self.hub.commit_at(clock.now_ms())
            self.watching.take(self.hub.ingest.log.refer(what, {"items": value}))
        if what not in self.kept or self.kept[what] != value:
            reference.keep(self.reference_path, {**self.kept, what: value})
            self.kept[what] = value
            self._apply(what)
        self.link.tell(Word.KEPT, {"key": told["key"]})

    def _apply(self, what: str) -> None:
        if what == "devices":
            devices = reference.devices(self.kept.get("devices", []))
            self.hub.set_devices(devices)
            self.showing.set_devices(devices)
        elif what == "units":
            self.showing.set_units(reference.units(self.kept.get("units", [])), self.kept.get("agencies", []))
        elif what == "agencies":
            self._apply("units")

    def _answer(self, asked: dict[str, Any]) -> Any:
        what = asked["what"]
        if what == "track":
            return self.showing.track(int(asked["handle"]), clock.now_ms())
        if what == "handles":
            return self.showing.handles(asked["tracks"][:ASKED_TRACKS_MAX])
        if what == "tracks":
            return self.showing.find(str(asked["text"])[:ASKED_TEXT_MAX], int(asked["limit"]), clock.now_ms())
        if what == "sources":
            return sources.of(self.hub.health(), clock.now_ms())
        if what == "pending":
            return self.hub.ingest.pending.page(int(asked["limit"]))
        if what == "health":
            return self._health()
        return None

    def _health(self) -> dict[str, Any]:
        return {
            **self.hub.health(),
            "engine": {"counts": dict(self.watching.engine.counts), **self.watching.health()},
            "targets": self.showing.targets(clock.now_ms()),
            "archive": self.archiving.health(),
            "keep_error": self._keep_error,
            "started_ms": self._started_ms,
        }


def _try(work: Callable[[Any], Any], value: Any) -> Any:
    """A failure of ours is logged and undoes this piece of work only; None then."""
    try:
        return work(value)
    except Exception:
        log.exception("a work of ears failed", work=work.__qualname__)
        return None


async def _main(options: argparse.Namespace) -> None:
    ears = Ears(settings.HOME)
    work = asyncio.create_task(ears.run(options.past))
    watch = asyncio.create_task(orphan.wait_for_it(options.parent)) if options.parent else None
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, work.cancel)
    if watch:
        watch.add_done_callback(lambda _: work.cancel())
    with contextlib.suppress(asyncio.CancelledError):
        await work


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m jiangdun.hall.ears")
    parser.add_argument("--past", type=Path, help="raw log to be heard before the sockets open")
    parser.add_argument("--parent", type=int, default=0, help="stop when this process is gone")
    options = parser.parse_args(argv)
    logs.configure()
    alone.hold(settings.HOME / "run" / "ears.lock")
    clock.set_offset(timedelta(seconds=settings.CLOCK_OFFSET_S))
    asyncio.run(_main(options))


if __name__ == "__main__":
    main()
