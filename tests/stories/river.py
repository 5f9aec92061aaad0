"""The whole path without sockets, wall clock or sleep: bytes in, journal out, time told by the story."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path

from jiangdun.core import journal, timers
from jiangdun.core.journal import By, Sealed
from jiangdun.feeds import queries as feeds
from jiangdun.feeds.devices import Book
from jiangdun.feeds.ingest import Ingest, Link
from jiangdun.feeds.log import ChunkLog
from jiangdun.feeds.raw import RawLog
from jiangdun.hall import gathering, wiring
from jiangdun.hall.demo import seed
from jiangdun.hall.demo.voices import STATION_LINK, Said, ShipVoice, TerminalVoice, Voice, speech, voices
from jiangdun.hall.spooling import Spooling
from jiangdun.hall.watching import Watching

START = datetime(2026, 11, 21, 15, 5, tzinfo=UTC)  # 23:05 in China
START_MS = round(START.timestamp() * 1000)
CUT_MS = 2_000
DESK_MS = 10_000
"""How often the desk looks when the spool has not grown."""


class River:
    """Ears and desk as one object. `until` lets the demo's voices speak up to a moment of the story."""

    def __init__(self, home: Path, cast: Collection[str], from_ms: int) -> None:
        seed.sow(self._moment(from_ms) - timedelta(hours=1))
        self.now_ms = from_ms
        self._speakers = [voice for voice in voices(START_MS, codes()) if name_of(voice) in cast]
        self._book = Book(feeds.device_book())
        self.ingest = Ingest(self._book, ChunkLog(home / "log", sync=False), RawLog(home / "raw", sync=False))
        self.watching = Watching(home, label=str)
        self._spool = Spooling(self.watching.spool_path)
        self._links: dict[str, Link] = {}
        self._alerts, self._looked_ms = 0, from_ms
        wiring.register_timers()
        now = self._moment(from_ms)
        for what in ("rules", "zones"):
            self.watching.take(self.ingest.log.refer(what, {"items": gathering.KINDS[what](now)}))
        for voice in self._speakers:
            self._open(voice)

    def until(self, t_ms: int) -> None:
        """Everything said up to `t_ms` (ms since the demo's start) goes its whole way, timers included."""
        cut_at = self.now_ms
        for said in speech(self._speakers, self.now_ms, t_ms):
            if said.t_ms >= cut_at:
                self._commit(said.t_ms)
                cut_at = said.t_ms + CUT_MS
            self._hear(said)
        self.now_ms = t_ms
        self._commit(t_ms)

    @property
    def now(self) -> datetime:
        return self._moment(self.now_ms)

    def facts(self, kind: str = "") -> list[Sealed]:
        return [fact for fact in journal.after(0, 5_000) if fact.kind.startswith(kind)]

    def settle(self) -> None:
        """Seal, let the readers read, until there is no news."""
        while journal.seal(self.now) or any(reader.run_once() for reader in wiring.READERS):
            pass

    def wait(self, seconds: float) -> None:
        """Time passes and nobody speaks."""
        self.now_ms += round(seconds * 1000)
        self._commit(self.now_ms)

    def _open(self, voice: Voice) -> None:
        if voice.link in self._links:
            return
        protocol = "ais" if voice.link == STATION_LINK else "jt808"
        link = self._links[voice.link] = self.ingest.open(protocol, "story:0", START_MS + self.now_ms)
        if isinstance(voice, TerminalVoice):
            self.ingest.take(link, voice.terminal.hello(), START_MS + self.now_ms)

    def _hear(self, said: Said) -> None:
        self.ingest.take(self._links[said.link], said.data, START_MS + said.t_ms)

    def _commit(self, t_ms: int) -> None:
        for chunk in self.ingest.commit(START_MS + t_ms).chunks:
            self.watching.take(chunk)
        beat = self.ingest.beat(START_MS + t_ms)
        if beat is not None:
            self.watching.take(beat)
        if self.watching.alerts == self._alerts and t_ms - self._looked_ms < DESK_MS and t_ms != self.now_ms:
            return
        self._alerts, self._looked_ms = self.watching.alerts, t_ms
        now = self._moment(t_ms)
        while self._spool.take_some(now):
            pass
        self._settle_at(now)
        timers.tick(now)
        self._settle_at(now)

    def _settle_at(self, now: datetime) -> None:
        while journal.seal(now) or any(reader.run_once() for reader in wiring.READERS):
            pass

    def _moment(self, t_ms: int) -> datetime:
        return START + timedelta(milliseconds=t_ms)


def codes() -> dict[str, str]:
    """What each admitted terminal authenticates with, by its number as the demo writes it."""
    return {device.ident: device.auth_code for device in feeds.device_book()}


def name_of(voice: Voice) -> str:
    """The ship's name, or the terminal's number."""
    return voice.vessel.name if isinstance(voice, ShipVoice) else voice.link


def person(username: str, agency: str) -> By:
    from jiangdun.core import accounts

    account = next(a for a in accounts.accounts() if a.username == username)
    return By(person=str(account.id), agency=agency)


def kinds(facts: list[Sealed], about: str = "") -> list[str]:
    return [fact.kind for fact in facts if fact.subject.startswith(about)]
