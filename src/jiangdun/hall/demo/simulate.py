"""`jiangdun simulate`: plays the demo's river as device bytes through the real sockets, at the pace of the clock."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

import structlog

from jiangdun.core import clock
from jiangdun.feeds.simulators.jt808 import State, Terminal
from jiangdun.hall import logs, orphan, settings

from . import voices
from .voices import STATION_LINK, Said, TerminalVoice

RECONNECT_S: Final = 1.0
HELD_MAX: Final = 200
"""Messages a speaker keeps while its line is down; older ones are given up, as a real terminal would."""

log = structlog.get_logger()


class Line:
    """One connection that is made again whenever it breaks. A terminal logs in first."""

    def __init__(self, host: str, port: int, terminal: Terminal | None) -> None:
        self._host, self._port, self._terminal = host, port, terminal
        self._held: list[bytes] = []
        self._writer: asyncio.StreamWriter | None = None
        self.sent = 0

    def say(self, data: bytes) -> None:
        ready = self._terminal is None or self._terminal.state is State.ONLINE
        if self._writer is None or not ready:
            self._held = [*self._held[-HELD_MAX + 1 :], data]
            return
        self._writer.write(data)
        self.sent += 1

    async def run(self) -> None:
        while True:
            with contextlib.suppress(OSError):
                await self._speak()
            self._writer = None
            await asyncio.sleep(RECONNECT_S)

    async def _speak(self) -> None:
        reader, self._writer = await asyncio.open_connection(self._host, self._port)
        if self._terminal is not None:
            self._writer.write(self._terminal.hello())
        else:
            self._release()
        while data := await reader.read(4096):
            if self._terminal is not None:
                answer = self._terminal.take(data)
                if answer:
                    self._writer.write(answer)
                if self._terminal.state is State.ONLINE:
                    self._release()

    def _release(self) -> None:
        held, self._held = self._held, []
        for data in held:
            self.say(data)


async def play(start_ms: int, for_s: float | None = None) -> None:
    """Speak until cancelled, or for so long."""
    speakers = voices.voices(start_ms, {})
    lines = {STATION_LINK: Line(settings.FEEDS_HOST, settings.AIS_TCP_PORT, None)}
    for voice in speakers:
        if isinstance(voice, TerminalVoice):
            lines[voice.link] = Line(settings.FEEDS_HOST, settings.JT808_PORT, voice.terminal)
    tasks = [asyncio.create_task(line.run()) for line in lines.values()]
    begin_ms = clock.now_ms() - start_ms
    end_ms = begin_ms + round(for_s * 1000) if for_s else 2**62
    try:
        for said in voices.speech(speakers, begin_ms, end_ms):
            await _at(said, start_ms)
            lines[said.link].say(said.data)
    finally:
        for task in tasks:
            task.cancel()


async def _at(said: Said, start_ms: int) -> None:
    ahead_ms = start_ms + said.t_ms - clock.now_ms()
    if ahead_ms > 0:
        await asyncio.sleep(ahead_ms / 1000)


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seconds", type=float, help="stop after so long (default: never)")
    parser.add_argument("--parent", type=int, default=0, help=argparse.SUPPRESS)


def run(options: argparse.Namespace) -> int:
    about = Path(settings.HOME) / "demo.json"
    if not about.exists():
        print("✘ 这里没有演示。先执行 jiangdun demo / no demo here; run `jiangdun demo` first")
        return 1
    kept = json.loads(about.read_text())
    clock.set_offset(timedelta(seconds=kept["clock_offset_s"]))
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(_main(int(kept["start_ms"]), options))
    return 0


async def _main(start_ms: int, options: argparse.Namespace) -> None:
    work = asyncio.create_task(play(start_ms, options.seconds))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, work.cancel)
    if options.parent:
        asyncio.create_task(orphan.wait_for_it(options.parent)).add_done_callback(lambda _: work.cancel())
    await work


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="jiangdun simulate")
    arguments(parser)
    logs.configure()
    return run(parser.parse_args(argv))


if __name__ == "__main__":
    raise SystemExit(main())
