"""What was where: the archive read back, by time, place and track, or chunk by chunk as it was heard.

Reads the segments the archiver wrote and, where the log's directory is given, the reports not yet in any.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from math import ceil, floor
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from jiangdun.feeds import log
from jiangdun.feeds.columns import COLUMNS, DEGREE, Chunk, Flag

from . import segment as segments
from .archiver import DIRECTORY, read_manifest
from .segment import Segment

TRAIL_MAX: Final = 20_000
"""Positions of one trail; beyond it every n-th is given."""

Box = tuple[float, float, float, float]
"""West, south, east, north; degrees, WGS-84; its border belongs to it."""


class Archive:
    """Everything heard, from the first report on. Readers may be many and in any process."""

    def __init__(self, home: Path, log_directory: Path | None = None) -> None:
        """Of the installation at `home`; `log_directory` is its chunk log's, for what is not archived yet."""
        self.home = home
        self.log_directory = log_directory
        self._directory = home / DIRECTORY

    @property
    def segments(self) -> list[Segment]:
        """As the manifest has them now. Raises ValueError for a manifest that cannot be read."""
        return read_manifest(self.home)

    def read(
        self, from_ms: int, to_ms: int, bbox: Box | None = None, tracks: Iterable[int] | None = None
    ) -> pl.DataFrame:
        """Reports with from_ms <= t < to_ms, in `bbox`, of `tracks`, in the order (track, t, rank, log).

        The columns are those of `feeds.columns`, with its units. Of reports with equal track and t the first
        is the one that counts.
        """
        found = self.segments
        box = _box(bbox) if bbox is not None else None
        wanted = list(tracks) if tracks is not None else None
        chosen = [one for one in found if _may_hold(one, from_ms, to_ms, box)]
        parts = [segments.scan(self._directory, chosen)] if chosen else []
        parts += [part.lazy() for part in self._tail(found[-1].to_position if found else 0)]
        if not parts:
            return segments.frame(np.empty(0, COLUMNS))
        rows = pl.concat(parts).filter(pl.col("t") >= from_ms, pl.col("t") < to_ms)
        if wanted is not None:
            # A range as well: row groups are skipped by their least and greatest track.
            low, high = (min(wanted), max(wanted)) if wanted else (0, -1)
            rows = rows.filter(pl.col("track").is_between(low, high), pl.col("track").is_in(wanted))
        if box is not None:
            west, south, east, north = box
            rows = rows.filter(pl.col("lon").is_between(west, east), pl.col("lat").is_between(south, north))
        return rows.sort("track", "t", "rank", maintain_order=True).collect()

    def trail(self, track: int, from_ms: int, to_ms: int, most: int = TRAIL_MAX) -> pl.DataFrame:
        """Where a track went: t, lon, lat, sog_dkn, cog_ddeg by time, one row a moment, at most `most`.

        Reports without a fix are left out. Where there are more, every n-th is given, and the last.
        """
        rows = self.read(from_ms, to_ms, tracks=[track])
        rows = rows.filter((pl.col("flags") & int(Flag.NO_FIX)) == 0)
        rows = rows.unique("t", keep="first", maintain_order=True)
        rows = rows.select("t", "lon", "lat", "sog_dkn", "cog_ddeg")
        if len(rows) <= most:
            return rows
        step = -(-len(rows) // (most - 1))
        thin = rows.gather_every(step)
        return thin if (len(rows) - 1) % step == 0 else pl.concat([thin, rows.tail(1)])

    def chunks(self, from_position: int = 0) -> Iterator[Chunk]:
        """The chunks as they were heard, with their watermarks, from a log position on: for a replay.

        The first may be cut, to begin at `from_position`.
        """
        reached = from_position
        for one in self.segments:
            if one.to_position <= from_position:
                continue
            for chunk in segments.read_chunks(self._directory, one):
                skip = from_position - chunk.position
                if skip < len(chunk.rows):
                    yield chunk if skip <= 0 else Chunk(from_position, chunk.wm_ms, chunk.rows[skip:])
            reached = one.to_position
        if self.log_directory is not None:
            yield from log.chunks(self.log_directory, max(reached, from_position))

    def stretches(self, from_ms: int, to_ms: int) -> list[Segment]:
        """The segments that hold what was heard in time of from_ms <= t < to_ms, in the order of the log."""
        return [one for one in self.segments if one.from_wm_ms < to_ms and one.t_max >= from_ms]

    def read_sorted(
        self, one: Segment, low: int, high: int, names: Collection[str] = COLUMNS.names or ()
    ) -> dict[str, npt.NDArray[Any]]:
        """See `segment.read_sorted`."""
        return segments.read_sorted(self._directory, one, low, high, names)

    def track_spans(self, one: Segment) -> list[tuple[int, int]]:
        """See `segment.track_spans`."""
        return segments.track_spans(self._directory, one)

    def tail(self) -> npt.NDArray[np.void]:
        """Reports of the log that are in no segment yet, in its order."""
        if self.log_directory is None:
            return np.empty(0, COLUMNS)
        found = self.segments
        parts = [
            chunk.rows for chunk in log.chunks(self.log_directory, found[-1].to_position if found else 0)
        ]
        return np.concatenate(parts) if parts else np.empty(0, COLUMNS)

    def _tail(self, position: int) -> list[pl.DataFrame]:
        if self.log_directory is None:
            return []
        return [segments.frame(chunk.rows) for chunk in log.chunks(self.log_directory, position)]


def _box(bbox: Box) -> tuple[int, int, int, int]:
    """In 1/600000 degree; what a float cannot say exactly does not lose the border."""
    west, south, east, north = (edge * DEGREE for edge in bbox)
    return ceil(west - 1e-4), ceil(south - 1e-4), floor(east + 1e-4), floor(north + 1e-4)


def _may_hold(one: Segment, from_ms: int, to_ms: int, box: tuple[int, int, int, int] | None) -> bool:
    if one.t_max < from_ms or one.t_min >= to_ms:
        return False
    if box is None:
        return True
    west, south, east, north = box
    return one.lon_max >= west and one.lon_min <= east and one.lat_max >= south and one.lat_min <= north
