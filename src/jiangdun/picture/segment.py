"""One piece of the archive: the reports of a stretch of the log, in track order, as a Parquet file.

What a replay needs is all in it: the columns of `feeds.columns`, the place of every report in the log, and
beside them (`.chunks`) where the chunks began and what watermark they had. What makes it small:

* rows lie in the order (track, t, log position), so that neighbours differ by little; numbers are written as
  differences or as bytes side by side, rarely changing columns as dictionaries, and all of it in zstd;
* time is split into seconds and the milliseconds that most sources do not have;
* a place in the log is written as `shift`: by how much it differs from the place the report would have if all
  reports of the segment stood in order of time. Reports come nearly so.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from jiangdun.feeds.columns import COLUMNS, Chunk

VERSION: Final = 1
ROW_GROUP_ROWS: Final = 131_072
"""Rows whose least and greatest track and place a reader may skip by."""

ZSTD_LEVEL: Final = 6

Rows = npt.NDArray[np.void]

_DICTIONARY: Final = ("track", "t_ms", "length_dm", "kind", "nav", "rank", "flags")
_NUMBERS: Final = ("t_s", "lon", "lat", "sog_dkn", "cog_ddeg", "heading_ddeg", "shift")
_ENCODINGS: Final = ("DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT")
"""Differences suit what moves and jitters, bytes side by side what lies still and angles that turn over.
Which is smaller differs by column and by river, so each segment tries both on its first rows.
"""
_STORED: Final = (*_DICTIONARY, *_NUMBERS)
_ALL: Final = COLUMNS.names or ()
_PLAIN: Final = tuple(name for name in COLUMNS.names or () if name != "t")


@dataclass(frozen=True, slots=True)
class Segment:
    """What the manifest says of one file, so that a reader need not open it. Places are 1/600000 degree."""

    file: str
    from_position: int  # of its first report
    to_position: int  # after its last
    from_wm_ms: int
    to_wm_ms: int
    t_min: int
    t_max: int
    lon_min: int
    lon_max: int
    lat_min: int
    lat_max: int
    tracks: int
    bytes: int  # of the reports and the chunks
    version: int = VERSION

    @property
    def chunks_file(self) -> str:
        return chunks_name(self.file)


def chunks_name(file: str) -> str:
    return file.removesuffix(".parquet") + ".chunks"


def encode(rows: Rows) -> pa.Table:
    """A table of rows that stand in log order."""
    position = np.arange(len(rows), dtype=np.int64)
    order = np.lexsort((position, rows["t"], rows["track"]))
    rows = rows[order]
    seconds, ms = np.divmod(rows["t"], 1_000)
    arrays = {name: np.ascontiguousarray(rows[name]) for name in _PLAIN}
    arrays["t_s"], arrays["t_ms"] = seconds, ms.astype(np.uint16)
    arrays["shift"] = (order - _place_by_time(rows["t"])).astype(np.int32)
    return pa.table({name: pa.array(arrays[name]) for name in (*_DICTIONARY, *_NUMBERS)})


def _place_by_time(t: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The place each row would have if all stood in order of time; rows of equal time as they stand."""
    place = np.empty(len(t), np.int64)
    place[np.argsort(t, kind="stable")] = np.arange(len(t))
    return place


def decode(table: pa.Table) -> Rows:
    """The rows in log order: exactly what `encode` was given."""
    rows = np.empty(table.num_rows, COLUMNS)
    for name in _PLAIN:
        rows[name] = table[name].to_numpy()
    rows["t"] = table["t_s"].to_numpy() * 1_000 + table["t_ms"].to_numpy()
    place = _place_by_time(rows["t"]) + table["shift"].to_numpy()
    in_order = np.empty_like(rows)
    in_order[place] = rows
    return in_order


def write(
    directory: Path,
    file: str,
    rows: Rows,
    chunks: Sequence[tuple[int, int]],
    position: int,
    sync: bool = True,
) -> Segment:
    """Writes a segment of rows from `position` on and of chunks (rows in it, watermark).

    A file of the same name is replaced in one step. Raises OSError.
    """
    sizes, marks = np.array(chunks, np.int64).T
    assert sizes.sum() == len(rows) > 0
    reports = encode(rows)
    _put(directory / file, reports, _DICTIONARY, {name: _best(reports, name) for name in _NUMBERS}, sync)
    table = pa.table({"n": sizes.astype(np.int32), "wm_ms": marks})
    delta = dict.fromkeys(("n", "wm_ms"), "DELTA_BINARY_PACKED")
    _put(directory / chunks_name(file), table, (), delta, sync)
    return Segment(
        file,
        position,
        position + len(rows),
        int(marks[0]),
        int(marks[-1]),
        int(rows["t"].min()),
        int(rows["t"].max()),
        int(rows["lon"].min()),
        int(rows["lon"].max()),
        int(rows["lat"].min()),
        int(rows["lat"].max()),
        len(np.unique(rows["track"])),
        (directory / file).stat().st_size + (directory / chunks_name(file)).stat().st_size,
    )


def _put(
    path: Path, table: pa.Table, dictionary: Sequence[str], encodings: dict[str, str], sync: bool
) -> None:
    draft = path.with_name(path.name + ".tmp")
    pq.write_table(
        table,
        draft,
        compression="zstd",
        compression_level=ZSTD_LEVEL,
        row_group_size=ROW_GROUP_ROWS,
        use_dictionary=cast(bool, list(dictionary)),  # the stubs forget that names are allowed
        column_encoding=encodings,
        store_schema=False,
    )
    replace(draft, path, sync)


def _best(table: pa.Table, name: str) -> str:
    """The encoding that makes the column's first rows smallest."""
    sample = table.select([name]).slice(0, ROW_GROUP_ROWS)
    sizes = []
    for encoding in _ENCODINGS:
        out = pa.BufferOutputStream()
        pq.write_table(
            sample,
            out,
            compression="zstd",
            compression_level=ZSTD_LEVEL,
            use_dictionary=False,
            column_encoding={name: encoding},
            store_schema=False,
        )
        sizes.append(out.getvalue().size)
    return _ENCODINGS[sizes.index(min(sizes))]


def replace(draft: Path, path: Path, sync: bool = True) -> None:
    """Puts a finished draft in its place: whoever looks sees the old file or the new one, whole."""
    if sync:
        with draft.open("rb+") as file:
            os.fsync(file.fileno())
    os.replace(draft, path)


def sync_directory(directory: Path) -> None:
    """Makes the names in it outlive a power cut."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_chunks(directory: Path, segment: Segment) -> list[Chunk]:
    """The chunks as they were taken from the log.

    Raises OSError or pyarrow.ArrowInvalid for a damaged file.
    """
    rows = decode(pq.read_table(directory / segment.file))
    table = pq.read_table(directory / segment.chunks_file)
    chunks, at = [], 0
    sizes: list[int] = table["n"].to_numpy().tolist()
    marks: list[int] = table["wm_ms"].to_numpy().tolist()
    for n, wm_ms in zip(sizes, marks, strict=True):
        chunks.append(Chunk(segment.from_position + at, wm_ms, rows[at : at + n]))
        at += n
    assert at == len(rows) == segment.to_position - segment.from_position
    return chunks


def read_sorted(
    directory: Path, segment: Segment, low: int, high: int, names: Collection[str] = _ALL
) -> dict[str, npt.NDArray[Any]]:
    """Columns of the rows with low <= track < high as they lie in the file: in the order (track, t, log position).

    Those of `feeds.columns`, contiguous; `names` says which are read, the others are zeros. Only the row groups
    that hold such tracks are read, and of them no column that is one value. Raises OSError, pyarrow.ArrowInvalid.
    """
    with pq.ParquetFile(directory / segment.file) as file:
        at = file.schema_arrow.get_field_index("track")
        spans = [
            file.metadata.row_group(g).column(at).statistics for g in range(file.metadata.num_row_groups)
        ]
        groups = [
            g for g, span in enumerate(spans) if cast(Any, span).max >= low and cast(Any, span).min < high
        ]
        parts = [_read_group(file, group, names) for group in groups]
    columns = {name: _joined([part[name] for part in parts], COLUMNS[name]) for name in _ALL}
    track = columns["track"]
    rows = slice(*np.searchsorted(track, (low, high)).tolist())
    return {name: values[rows] for name, values in columns.items()}


def _read_group(file: pq.ParquetFile, group: int, names: Collection[str]) -> dict[str, npt.NDArray[Any]]:
    about = file.metadata.row_group(group)
    wanted = [name for name in _STORED if name in names or name in ("track", "t_s", "t_ms")]
    found: dict[str, Any] = {}
    for name in wanted:
        span = about.column(file.schema_arrow.get_field_index(name)).statistics
        if span is not None and span.has_min_max and span.min == span.max and not span.null_count:
            found[name] = span.min
    table = file.read_row_group(group, columns=[n for n in wanted if n not in found], use_threads=False)
    found |= {name: table[name].to_numpy() for name in table.column_names}
    t = np.multiply(found["t_s"], 1_000, dtype=np.int64) + found["t_ms"]
    n = about.num_rows
    columns = {name: np.broadcast_to(np.asarray(found.get(name, 0), COLUMNS[name]), n) for name in _PLAIN}
    return columns | {"t": np.broadcast_to(t, n)}


def _joined(parts: Sequence[npt.NDArray[Any]], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    return np.ascontiguousarray(np.concatenate(parts)) if parts else np.empty(0, dtype)


def track_spans(directory: Path, segment: Segment) -> list[tuple[int, int]]:
    """(least track, rows) of each row group: where to cut, when several read at once."""
    with pq.ParquetFile(directory / segment.file) as file:
        at = file.schema_arrow.get_field_index("track")
        groups = [file.metadata.row_group(group) for group in range(file.metadata.num_row_groups)]
    return [(int(cast(Any, group.column(at).statistics).min), group.num_rows) for group in groups]


def scan(directory: Path, segments: Sequence[Segment]) -> pl.LazyFrame:
    """Rows of segments, not read before they are asked for; columns as `frame`."""
    files = [directory / segment.file for segment in segments]
    t = (pl.col("t_s").cast(pl.Int64) * 1_000 + pl.col("t_ms").cast(pl.Int64)).alias("t")
    return pl.scan_parquet(files).select(*(t if name == "t" else name for name in COLUMNS.names or ()))


def frame(rows: Rows) -> pl.DataFrame:
    """Rows as a data frame with the columns of `feeds.columns`."""
    return pl.DataFrame({name: np.ascontiguousarray(rows[name]) for name in COLUMNS.names or ()})
