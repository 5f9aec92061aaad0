"""The chunk log: written before it is acknowledged, read from any position, torn tails cut off."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from jiangdun.feeds import log as chunk_log
from jiangdun.feeds.columns import COLUMNS, Chunk
from jiangdun.feeds.log import Beat, ChunkLog, Reference, chunks, read


def chunk(position: int, n: int, wm_ms: int = 0, seed: int = 0) -> Chunk:
    data = np.random.default_rng([seed, position]).integers(0, 256, n * COLUMNS.itemsize, dtype=np.uint8)
    return Chunk(position, wm_ms, np.frombuffer(data.tobytes(), dtype=COLUMNS))


def filled(directory: Path, sizes: list[int], **settings: int) -> list[Chunk]:
    log = ChunkLog(directory, **settings)
    made = []
    for number, size in enumerate(sizes):
        made.append(chunk(log.position, size, wm_ms=number))
        log.append(made[-1])
    log.close()
    return made


def same(left: list[Chunk], right: list[Chunk]) -> bool:
    return [(c.position, c.wm_ms, c.rows.tobytes()) for c in left] == [
        (c.position, c.wm_ms, c.rows.tobytes()) for c in right
    ]


def test_what_was_appended_is_read_back(tmp_path: Path) -> None:
    made = filled(tmp_path, [1, 100, 7])
    assert same(list(chunks(tmp_path)), made)


def test_an_empty_log_gives_nothing(tmp_path: Path) -> None:
    assert list(read(tmp_path)) == []
    ChunkLog(tmp_path).close()
    assert list(read(tmp_path)) == []


def test_it_goes_on_where_it_ended(tmp_path: Path) -> None:
    made = filled(tmp_path, [3, 4])
    log = ChunkLog(tmp_path)
    assert (log.position, log.wm_ms, log.torn) == (7, 1, 0)
    made.append(chunk(7, 5, wm_ms=9))
    log.append(made[-1])
    log.close()
    assert same(list(chunks(tmp_path)), made)


def test_it_is_cut_into_segments_and_read_across_them(tmp_path: Path) -> None:
    made = filled(tmp_path, [50] * 40, bytes_max=10_000)
    assert len(list(tmp_path.glob("*.log"))) > 5
    assert same(list(chunks(tmp_path)), made)


@pytest.mark.parametrize("start", [0, 1, 49, 50, 51, 999, 1_000, 1_999, 2_000, 5_000])
def test_it_is_read_from_any_position(tmp_path: Path, start: int) -> None:
    made = filled(tmp_path, [50] * 40, bytes_max=10_000)
    rows = np.concatenate([c.rows for c in made])
    found = list(chunks(tmp_path, start))
    assert b"".join(c.rows.tobytes() for c in found) == rows[start:].tobytes()
    assert not found or found[0].position == start


def test_what_everybody_has_passed_may_be_forgotten(tmp_path: Path) -> None:
    made = filled(tmp_path, [50] * 40, bytes_max=10_000)
    log = ChunkLog(tmp_path, bytes_max=10_000)
    assert log.forget_before(1_000) > 0
    first = next(chunks(tmp_path))
    assert 0 < first.position <= 1_000
    assert same(list(chunks(tmp_path, 1_000)), [c for c in made if c.position >= 1_000])
    log.forget_before(10_000)
    assert log.position == 2_000
    log.append(chunk(2_000, 5, wm_ms=99))
    log.close()
    assert ChunkLog(tmp_path).position == 2_005


def test_heartbeats_and_reference_records_keep_their_place(tmp_path: Path) -> None:
    log = ChunkLog(tmp_path)
    log.append(chunk(0, 2, wm_ms=10))
    log.beat(20)
    put = log.refer("zones", {"zones": [{"名称": "武穴"}]})
    log.append(chunk(2, 1, wm_ms=30))
    log.close()
    kinds = [(type(r).__name__, r.position, r.wm_ms) for r in read(tmp_path)]
    assert kinds == [("Chunk", 0, 10), ("Beat", 2, 20), ("Reference", 2, 20), ("Chunk", 2, 30)]
    assert [r for r in read(tmp_path) if isinstance(r, Reference)] == [put]
    assert [type(r) for r in read(tmp_path, 2)] == [Beat, Reference, Chunk]
    assert put.body == {"zones": [{"名称": "武穴"}]}


def test_watermarks_never_fall_and_positions_never_skip(tmp_path: Path) -> None:
    log = ChunkLog(tmp_path)
    log.append(chunk(0, 2, wm_ms=10))
    with pytest.raises(AssertionError):
        log.beat(9)
    with pytest.raises(AssertionError):
        log.append(chunk(3, 1, wm_ms=10))
    log.close()


def test_a_tail_torn_anywhere_is_cut_off_counted_and_kept_beside(tmp_path: Path) -> None:
    made = filled(tmp_path, [3, 4, 5])
    path = next(tmp_path.glob("*.log"))
    whole = path.read_bytes()
    ends = [8]
    for end, _ in chunk_log.scan(path, chunk_log.MAGIC):
        ends.append(end)
    draw = random.Random(4)
    for cut in [8, 9, len(whole) - 1, *(draw.randrange(8, len(whole)) for _ in range(40))]:
        path.write_bytes(whole[:cut])
        log = ChunkLog(tmp_path, sync=False)
        kept = sum(1 for end in ends[1:] if end <= cut)
        assert log.position == sum(len(c.rows) for c in made[:kept])
        assert log.torn_bytes == cut - max(end for end in ends if end <= cut)
        assert log.torn == (log.torn_bytes > 0)
        if log.torn:
            assert len(path.with_suffix(".torn").read_bytes()) == log.torn_bytes
        log.append(chunk(log.position, 2, wm_ms=99))
        log.close()
        assert same(list(chunks(tmp_path))[:kept], made[:kept])
        assert len(list(chunks(tmp_path))) == kept + 1


def test_a_flipped_bit_ends_the_segment_at_the_record_before(tmp_path: Path) -> None:
    made = filled(tmp_path, [10] * 10)
    path = next(tmp_path.glob("*.log"))
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 4
    path.write_bytes(raw)
    found = list(chunks(tmp_path))
    assert same(found, made[: len(found)])
    assert 0 < len(found) < 10


def test_a_disk_that_refuses_leaves_the_log_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = ChunkLog(tmp_path, sync=False)
    first, second = chunk(0, 3, wm_ms=1), chunk(3, 500, wm_ms=2)
    log.append(first)
    write, calls = os.write, []

    def half_then_full(file: int, data: memoryview) -> int:
        calls.append(len(data))
        if len(calls) == 1:
            return write(file, data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", half_then_full)
    with pytest.raises(OSError, match="No space"):
        log.append(second)
    monkeypatch.undo()
    assert (log.position, log.wm_ms) == (3, 1)
    assert same(list(chunks(tmp_path)), [first])
    log.append(second)
    log.close()
    assert same(list(chunks(tmp_path)), [first, second])


ACKING = """
import sys
from pathlib import Path
import numpy as np
from jiangdun.feeds.columns import COLUMNS, Chunk
from jiangdun.feeds.log import ChunkLog
log = ChunkLog(Path(sys.argv[1]), bytes_max=200_000)
while True:
    rows = np.zeros(37, COLUMNS)
    rows["t"] = np.arange(log.position, log.position + 37)
    log.append(Chunk(log.position, log.position, rows))
    sys.stdout.write(f"{log.position}\\n")
    sys.stdout.flush()
"""


@pytest.mark.parametrize("after", [1, 40, 300])
def test_everything_acknowledged_is_in_the_log_after_a_kill(tmp_path: Path, after: int) -> None:
    command = [sys.executable, "-c", ACKING, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        acknowledged = 0
        for _ in range(after):
            acknowledged = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().split("\n")
        acknowledged = max([acknowledged, *(int(line) for line in rest[:-1])])
    log = ChunkLog(tmp_path)
    assert log.position >= acknowledged
    times = np.concatenate([c.rows["t"] for c in chunks(tmp_path)])
    assert np.array_equal(times, np.arange(log.position))
    log.close()
