"""From what devices said to rows: time decided, static data joined, chunks cut and stamped. Pure.

Time is data (`t` is decided here, once, for ever):

* the device's time, if it lies within [heard - 7 days, heard + 5 s];
* else, where a message names its UTC second only, the hearing moved back to that second;
* else the time of hearing, flagged HEARD_TIME.

A chunk's watermark is max(ingest clock) - 30 s and never falls; a report with `t` below the watermark of its
own chunk is LATE. Where track and t are equal, the smaller source rank wins, then the smaller log position.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np

from .columns import COLUMNS, DEGREE, NO_LENGTH, Chunk, Flag, Kind, track_id
from .log import CHUNK_ROWS_MAX
from .observations import Fix, Observation, Static

DEVICE_BEHIND_MS_MAX: Final = 7 * 86_400_000
DEVICE_AHEAD_MS_MAX: Final = 5_000
WATERMARK_LAG_MS: Final = 30_000
CUT_MS: Final = 100
CUT_ROWS: Final = 8_192
TRACKS_MAX: Final = 1_000_000
"""Tracks whose static data are remembered; the oldest is forgotten first."""
LAG_BUCKETS: Final = 20
"""Bucket i of a source's lag counts reports heard 2^(i-1)..2^i - 1 s after their time; 0: under a second."""

_ROW: Final = struct.Struct("<qqiiHHHHBBBH")
assert _ROW.size == COLUMNS.itemsize
_LON_MAX, _LAT_MAX = 180 * DEGREE, 90 * DEGREE


class Intake:
    """Collects rows until they are cut into a chunk. Told the time, never asks it.

    `counts` says by reason what happened to fixes: reports, device_time, moved_back, heard_time, clock_ahead,
    clock_behind, late, position, null_island.
    """

    def __init__(
        self,
        position: int = 0,
        wm_ms: int = 0,
        cut_ms: int = CUT_MS,
        cut_rows: int = CUT_ROWS,
        tracks_max: int = TRACKS_MAX,
    ) -> None:
        assert 0 < cut_rows <= CHUNK_ROWS_MAX
        self.position = position
        """Of the first row not yet cut."""
        self.wm_ms = wm_ms
        self.counts: dict[str, int] = {}
        self.lags: dict[str, list[int]] = {}
        self._clock_ms = wm_ms + WATERMARK_LAG_MS if wm_ms else 0
        self._cut_ms, self._cut_rows, self._tracks_max = cut_ms, cut_rows, tracks_max
        self._rows = bytearray()
        self._since_ms: int | None = None
        self._tracks: dict[str, dict[str, list[int]]] = {}  # source, ident -> [track, kind, length_dm]
        self._known = 0

    def take(self, observations: Iterable[Observation], heard_at_ms: int) -> int:
        """Rows added. Observations that are no positions only change what later rows carry."""
        if heard_at_ms > self._clock_ms:
            self._clock_ms = heard_at_ms
        before = len(self._rows)
        for said in observations:
            if type(said) is Fix:
                self._fix(said, heard_at_ms)
            elif type(said) is Static:
                track = self._track(said.source, said.ident)
                if said.kind is not None:
                    track[1] = said.kind
                if said.length_dm is not None:
                    track[2] = min(max(said.length_dm, NO_LENGTH), 0xFFFF)
        added = (len(self._rows) - before) // _ROW.size
        if added and self._since_ms is None:
            self._since_ms = heard_at_ms
        return added

    def due(self, now_ms: int) -> bool:
        """A chunk should be cut: its first row waits for `cut_ms`, or it is full."""
        if self._since_ms is None:
            return False
        return now_ms - self._since_ms >= self._cut_ms or len(self._rows) >= self._cut_rows * _ROW.size

    @property
    def waiting(self) -> int:
        """Rows not yet cut."""
        return len(self._rows) // _ROW.size

    def cut(self, now_ms: int | None = None) -> Chunk | None:
        """The rows so far as a chunk (at most `CHUNK_ROWS_MAX`; ask again while it gives any), or None.

        `now_ms` moves the ingest clock on, where time has passed since the last hearing.
        """
        self._stamp(now_ms)
        if not self._rows:
            return None
        size = CHUNK_ROWS_MAX * _ROW.size
        rows = np.frombuffer(bytes(self._rows[:size]), dtype=COLUMNS).copy()
        del self._rows[:size]
        if not self._rows:
            self._since_ms = None
        late = rows["t"] < self.wm_ms
        if late.any():
            rows["flags"][late] |= np.uint16(Flag.LATE)
            self._count("late", int(late.sum()))
        chunk = Chunk(self.position, self.wm_ms, rows)
        self.position += len(rows)
        return chunk

    def beat(self, now_ms: int) -> int:
        """The watermark now, for a heartbeat record when nothing is heard."""
        self._stamp(now_ms)
        return self.wm_ms

    def assign(self, kinds: Mapping[tuple[str, str], tuple[Kind, int]]) -> None:
        """Static data known beforehand: (source, ident) -> (kind, length_dm), as after a restart."""
        for (source, ident), (kind, length_dm) in kinds.items():
            track = self._track(source, ident)
            track[1], track[2] = kind, length_dm

    def _fix(self, fix: Fix, heard_at_ms: int) -> None:
        flags = fix.flags
        lon, lat = fix.lon, fix.lat
        if not flags & Flag.NO_FIX:
            if not (-_LON_MAX <= lon <= _LON_MAX and -_LAT_MAX <= lat <= _LAT_MAX):
                self._count("position")
                return
            if lon == 0 == lat:
                self._count("null_island")
                return
        t = fix.t_device_ms
        if t is not None:
            if heard_at_ms - DEVICE_BEHIND_MS_MAX <= t <= heard_at_ms + DEVICE_AHEAD_MS_MAX:
                self._count("device_time")
                self._lag(fix.source, heard_at_ms - t)
            else:
                self._count("clock_ahead" if t > heard_at_ms else "clock_behind")
                t = None
        elif fix.utc_second is not None and 0 <= fix.utc_second < 60:
            # The second may lie a little ahead of our own clock; only further ahead it means the minute
            # before.
            ahead = (fix.utc_second * 1000 - heard_at_ms) % 60_000
            t = heard_at_ms + ahead - (0 if ahead <= DEVICE_AHEAD_MS_MAX else 60_000)
            self._count("moved_back")
            self._lag(fix.source, heard_at_ms - t)
        if t is None:
            t = heard_at_ms
            flags |= Flag.HEARD_TIME
            self._count("heard_time")
        t = max(t, 0)  # a recording without a time begins in 1970, and nothing is older
        track = self._track(fix.source, fix.ident)
        if fix.kind is not None:
            track[1] = fix.kind
        self._count("reports")
        self._rows += _ROW.pack(
            track[0],
            t,
            lon,
            lat,
            fix.sog_dkn,
            fix.cog_ddeg,
            fix.heading_ddeg,
            track[2],
            track[1],
            fix.nav,
            fix.rank,
            flags,
        )

    def _track(self, source: str, ident: str) -> list[int]:
        known = self._tracks.get(source)
        if known is None:
            known = self._tracks[source] = {}
        track = known.get(ident)
        if track is None:
            if self._known >= self._tracks_max:
                fullest = max(self._tracks.values(), key=len)
                del fullest[next(iter(fullest))]
                self._known -= 1
            kind = Kind.UNKNOWN_VESSEL if source == "ais" else Kind.VEHICLE
            track = known[ident] = [track_id(source, ident), kind, NO_LENGTH]
            self._known += 1
        return track

    def _stamp(self, now_ms: int | None) -> None:
        if now_ms is not None and now_ms > self._clock_ms:
            self._clock_ms = now_ms
        self.wm_ms = max(self.wm_ms, self._clock_ms - WATERMARK_LAG_MS)

    def _count(self, what: str, n: int = 1) -> None:
        self.counts[what] = self.counts.get(what, 0) + n

    def _lag(self, source: str, lag_ms: int) -> None:
        lags = self.lags.get(source)
        if lags is None:
            lags = self.lags[source] = [0] * LAG_BUCKETS
        lags[min(max(lag_ms // 1000, 0).bit_length(), LAG_BUCKETS - 1)] += 1

    def lag_s(self, source: str, share: float = 0.99) -> int | None:
        """Upper bound in seconds (a power of two) of the lag that `share` of a source's reports stay
        below.
        """
        lags = self.lags.get(source)
        if not lags:
            return None
        wanted, seen = share * sum(lags), 0
        for bucket, n in enumerate(lags):
            seen += n
            if seen >= wanted:
                return 1 << bucket
        return 1 << LAG_BUCKETS
