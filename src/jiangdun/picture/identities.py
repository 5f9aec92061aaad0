"""Who the tracks say they are: names, call signs, sizes, as heard; nothing here proves an identity."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Final

from jiangdun.feeds.columns import Kind, track_id
from jiangdun.feeds.observations import Static

IDENTITIES_MAX: Final = 131_072
"""Tracks of which something is known; the one unheard for longest goes."""

FOUND_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class Identity:
    """What a track said of itself last; None where it never said."""

    track: int
    source: str
    ident: str  # MMSI, terminal's phone number
    name: str | None = None
    call_sign: str | None = None
    kind: Kind | None = None
    length_dm: int | None = None
    beam_dm: int | None = None
    draught_dm: int | None = None
    imo: int | None = None
    destination: str | None = None
    plate: str | None = None

    @property
    def label(self) -> str:
        """How people name it: its name or plate, else its number."""
        return self.name or self.plate or self.ident


_SAID: Final = tuple(field.name for field in fields(Static) if field.name not in ("source", "ident"))


class Identities:
    """The last word of each track about itself. One thread writes; readers may look at any time."""

    def __init__(self, limit: int = IDENTITIES_MAX) -> None:
        self._limit = limit
        self._known: dict[int, Identity] = {}

    def __len__(self) -> int:
        return len(self._known)

    def take(self, static: Static) -> Identity:
        """Adds what is said; what is not said stays."""
        track = track_id(static.source, static.ident)
        was = self._known.pop(track, None) or Identity(track, static.source, static.ident)
        said = {name: value for name in _SAID if (value := getattr(static, name)) is not None}
        while len(self._known) >= self._limit:
            del self._known[next(iter(self._known))]
        now = self._known[track] = replace(was, **said)
        return now

    def get(self, track: int) -> Identity | None:
        return self._known.get(track)

    def label(self, track: int) -> str:
        """The track's label; an AIS track without a name is called by its MMSI, another by its id."""
        known = self._known.get(track)
        if known is not None:
            return known.label
        return f"{track:09d}" if 0 <= track < 1_000_000_000 else f"{track & 0xFFFFFFFF:08x}"

    def find(self, words: str, limit: int = FOUND_MAX) -> list[Identity]:
        """Tracks whose name, plate, call sign or number contains `words`; first those where it begins so."""
        wanted = words.strip().upper()
        if not wanted:
            return []
        hits = []
        for one in list(self._known.values()):
            texts = [text.upper() for text in (one.name, one.plate, one.call_sign, one.ident) if text]
            if any(wanted in text for text in texts):
                hits.append((not any(text.startswith(wanted) for text in texts), one.label, one))
        hits.sort(key=lambda hit: hit[:2])
        return [one for _, _, one in hits[:limit]]
