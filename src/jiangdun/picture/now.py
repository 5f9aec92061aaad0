"""The live picture: every track heard in the last half hour, and the frames that boards draw from.

Tracks get *handles*, small numbers counted up from 0, so that a frame names a target in a byte and a board
keeps arrays. A handle means one track until `renumbered` grows, when all boards see a gap
and ask for a snapshot.

Frames are made by *scope*: 0 holds what is everybody's, n what belongs to the n-th agency. Each scope has a
sequence of its own, so that a board gets whole scopes and none that it may not see.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numba
import numpy as np
import numpy.typing as npt

from jiangdun.feeds.columns import COLUMNS, NO_COURSE, NO_SPEED, Chunk, Flag, Kind

from . import wire

HANDLES_MAX: Final = 262_144
"""Handles given out before they are renumbered; a track takes one, and another after a long silence."""

TARGETS_MAX: Final = 131_072
"""Targets kept when handles are renumbered, those heard last; the others are dropped and counted."""

DESCRIBED_MAX: Final = 65_536
"""Tracks whose agency is known."""

EXPIRE_S: Final = 1_800
"""A target unheard for so long is dropped, by boards on their own."""

MARGIN_S: Final = 100
"""A target heard again so near to its expiry gets a new handle: boards may disagree about it."""

OWN: Final = 1
SOS: Final = 2
NO_FIX: Final = 4


@dataclass(frozen=True, slots=True)
class Target:
    """One target as it is now; units as in `feeds.columns`."""

    handle: int
    track: int
    t_ms: int
    lon: int
    lat: int
    sog_dkn: int
    cog_ddeg: int
    heading_ddeg: int
    length_dm: int
    kind: Kind
    nav: int
    agency: int
    own_unit: bool
    sos: bool
    fixed: bool


@numba.njit(cache=True, nogil=True)
def _update(now: Any, handles: Any, rows: Any) -> None:
    """Each row in the order of the log; of equal times the smaller source rank wins, as in the engine."""
    for i in range(handles.shape[0]):
        h = handles[i]
        row = rows[i]
        if row["t"] < now[h]["t"] or (row["t"] == now[h]["t"] and row["rank"] > now[h]["rank"]):
            continue
        now[h]["t"] = row["t"]
        now[h]["rank"] = row["rank"]
        now[h]["kind"] = row["kind"]
        now[h]["nav"] = row["nav"]
        now[h]["length"] = row["length_dm"]
        now[h]["heard"] = 1
        status = now[h]["status"] & OWN
        if row["flags"] & _SOS:
            status |= SOS
        if row["flags"] & _NO_FIX:
            status |= NO_FIX
        else:
            now[h]["lon"] = row["lon"]
            now[h]["lat"] = row["lat"]
            now[h]["sog"] = row["sog_dkn"]
            now[h]["cog"] = row["cog_ddeg"]
            now[h]["heading"] = row["heading_ddeg"]
            now[h]["placed"] = 1
        now[h]["status"] = status


_SOS: Final = int(Flag.SOS)
_NO_FIX: Final = int(Flag.NO_FIX)


class LivePicture:
    """Takes chunks, gives frames. One thread calls it; the frames may go anywhere."""

    def __init__(self, *, targets_max: int = TARGETS_MAX, handles_max: int = HANDLES_MAX) -> None:
        assert 0 < targets_max < handles_max
        self._step = min(65_536, handles_max - targets_max)  # rows taken at once: their tracks find room
        self._targets_max, self._handles_max = targets_max, handles_max
        self._now = np.zeros(1_024, wire.NOW)
        self._told = np.zeros(1_024, wire.TOLD)
        self._handle_of: dict[int, int] = {}
        self._described: dict[int, tuple[int, bool]] = {}
        self._top = 0  # handles given out
        self._seq = {0: 0}  # by scope
        self._gaps: set[int] = set()  # scopes whose next frame must not be taken for news of the one before
        self._now_ms = 0
        self.dropped = 0
        """Targets dropped because there were too many."""
        self.renumbered = 0
        """How often handles changed their meaning."""

    def __len__(self) -> int:
        """Tracks known, drawn or not."""
        return len(self._handle_of)

    def seq(self, scope: int = 0) -> int:
        """Number of the last frame of a scope."""
        return self._seq.get(scope, 0)

    def take(self, chunk: Chunk) -> None:
        """Brings the picture up to date. Rows older than what is known of their track change nothing."""
        for start in range(0, len(chunk.rows), self._step):
            rows = chunk.rows[start : start + self._step]
            tracks: list[int] = rows["track"].tolist()
            self._admit(dict.fromkeys(tracks))
            known = self._handle_of
            _update(self._now, np.fromiter((known[track] for track in tracks), np.int64, len(tracks)), rows)

    def _admit(self, tracks: dict[int, None]) -> None:
        strangers = [track for track in tracks if track not in self._handle_of]
        if self._top + len(strangers) > self._handles_max:
            self._renumber(room=len(tracks))
            strangers = [track for track in tracks if track not in self._handle_of]
        for track in strangers:
            self._give(track)

    def _give(self, track: int) -> int:
        handle = self._top
        if handle == len(self._now):
            self._now = _grown(self._now)
            self._told = _grown(self._told)
        self._top += 1
        self._handle_of[track] = handle
        agency, own = self._described.get(track, (0, False))
        row = self._now[handle]
        row["track"], row["t"], row["agency"], row["status"] = track, -1, agency, OWN if own else 0
        row["sog"], row["cog"], row["rank"] = NO_SPEED, NO_COURSE, 255
        return handle

    def describe(self, track: int, agency_index: int, own_unit: bool) -> None:
        """Whose the track is: index into the board's agencies (0 none), and whether it is a unit of ours.

        May come before the track is heard. What boards see changes with the next frame where it changes hands,
        else when it is heard next, or with the next snapshot. Raises ValueError for an index out of range or when
        too many are described.
        """
        if not 0 <= agency_index <= 255:
            raise ValueError(f"agency index {agency_index} is not in 0..255")
        if track not in self._described and len(self._described) >= DESCRIBED_MAX:
            raise ValueError(f"more than {DESCRIBED_MAX} tracks are described")
        self._described[track] = (agency_index, own_unit)
        handle = self._handle_of.get(track)
        if handle is None:
            return
        if self._now[handle]["agency"] != agency_index and self._told[handle]["ever"]:
            handle = self._change_scope(track, handle)
            self._now[handle]["heard"] = self._now[handle][
                "placed"
            ]  # its new scope has never been told of it
        row = self._now[handle]
        row["agency"] = agency_index
        row["status"] = (int(row["status"]) & ~OWN) | (OWN if own_unit else 0)

    def _change_scope(self, track: int, old: int) -> int:
        """A new handle for a target that others may see now: the old one is forgotten by a snapshot."""
        self._gaps.add(int(self._now[old]["agency"]))
        if self._top < self._handles_max:
            return self._again(old)
        self._renumber(room=1)  # then every board asks for a snapshot, and no handle is known to anybody
        return self._handle_of[track] if track in self._handle_of else self._give(track)

    def handle(self, track: int) -> int | None:
        return self._handle_of.get(track)

    def track(self, handle: int) -> int | None:
        """The track a handle means now; None where it means none (any more)."""
        if not 0 <= handle < self._top:
            return None
        row = self._now[handle]
        return None if row["retired"] else int(row["track"])

    def meta(self, handle: int) -> Target | None:
        """All that is known of a target; None where there is none or it has no position yet."""
        track = self.track(handle)
        row = self._now[handle] if track is not None else None
        if track is None or row is None or not row["placed"]:
            return None
        status = int(row["status"])
        return Target(
            handle,
            track,
            int(row["t"]),
            int(row["lon"]),
            int(row["lat"]),
            int(row["sog"]),
            int(row["cog"]),
            int(row["heading"]),
            int(row["length"]),
            Kind(int(row["kind"])),
            int(row["nav"]),
            int(row["agency"]),
            bool(status & OWN),
            bool(status & SOS),
            not status & NO_FIX,
        )

    def frames(self, now_ms: int) -> list[bytes]:
        """Deltas: every target heard since the call before, the frame of scope 0 first, then of each scope in
        which something was heard. To be called about once a second.
        """
        self._now_ms = now_ms
        self._retire(now_ms)
        now = self._now[: self._top]
        heard = np.unique(now["agency"][now["heard"] == 1]).tolist()
        return [self._frame(scope, now_ms) for scope in sorted({0, *heard, *self._gaps})]

    def _frame(self, scope: int, now_ms: int) -> bytes:
        seq = self._seq.get(scope, 0) + (2 if scope in self._gaps else 1)
        self._seq[scope] = seq
        self._gaps.discard(scope)
        return wire.delta(
            self._now[: self._top],
            self._told[: self._top],
            scope=scope,
            seq=seq,
            base=seq - 1,
            now_ms=now_ms,
            since_ms=now_ms - EXPIRE_S * 1_000,
        )

    def snapshots(self, now_ms: int) -> list[bytes]:
        """For each scope, everything that boards have been told and that is not expired, as of its last frame."""
        return [
            wire.snapshot(
                self._now[: self._top],
                self._told[: self._top],
                scope=scope,
                seq=seq,
                now_ms=now_ms,
                since_ms=now_ms - EXPIRE_S * 1_000,
            )
            for scope, seq in sorted(self._seq.items())
        ]

    def _retire(self, now_ms: int) -> None:
        """New handles for targets heard again after so long a silence that boards may disagree about them."""
        told, now = self._told[: self._top], self._now[: self._top]
        silent = told["heard_ms"] < now_ms - (EXPIRE_S - MARGIN_S) * 1_000
        again = np.flatnonzero((now["heard"] == 1) & (told["ever"] == 1) & silent)
        if self._top + len(again) > self._handles_max:
            self._renumber(room=0)  # then every board asks for a snapshot, and they agree
            return
        for old in again.tolist():
            self._again(old)

    def _again(self, old: int) -> int:
        """The target under a new handle; the old one means nothing from now on."""
        was = self._now[old].copy()
        self._now[old]["heard"], self._now[old]["retired"] = 0, 1
        handle = self._give(int(was["track"]))
        self._now[handle] = was
        return handle

    def _renumber(self, room: int) -> None:
        """Gives the youngest targets handles from 0 on and forgets the rest; boards will ask for a snapshot.

        Leaves at least `room` handles to give.
        """
        handles = np.fromiter(self._handle_of.values(), np.int64, len(self._handle_of))
        alive = handles[self._now["t"][handles] > self._now_ms - EXPIRE_S * 1_000]
        limit = min(self._targets_max, self._handles_max - room)
        if len(alive) > limit:
            self.dropped += len(alive) - limit
            alive = alive[np.argsort(-self._now["t"][alive], kind="stable")[:limit]]
        alive.sort()
        size = max(1_024, len(alive))
        now, told = np.zeros(size, wire.NOW), np.zeros(size, wire.TOLD)
        now[: len(alive)], told[: len(alive)] = self._now[alive], self._told[alive]
        self._now, self._told = now, told
        self._handle_of = {track: handle for handle, track in enumerate(now["track"][: len(alive)].tolist())}
        self._top = len(alive)
        self._gaps.update(self._seq)
        self.renumbered += 1


def _grown(array: npt.NDArray[np.void]) -> npt.NDArray[np.void]:
    wider = np.zeros(2 * len(array), array.dtype)
    wider[: len(array)] = array
    return wider


def warm() -> None:
    """Compiles the kernels, so that the first frame does not wait for a compiler."""
    picture = LivePicture()
    picture.take(Chunk(0, 0, np.zeros(1, COLUMNS)))
    picture.frames(0)
    picture.snapshots(0)
