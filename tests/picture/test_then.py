"""The archive: what goes in comes out exactly; killed anywhere it goes on; found by time, place and track."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from jiangdun.feeds.columns import COLUMNS, DEGREE, Chunk, Flag
from jiangdun.feeds.log import ChunkLog, chunks
from jiangdun.picture import segment as segments
from jiangdun.picture.archiver import CLOSED_MAX, DIRECTORY, HOUR_MS, MANIFEST, Archiver, read_manifest
from jiangdun.picture.then import Archive

NOW = 1_780_000_000_000 // HOUR_MS * HOUR_MS


def made(seed: int, hours: int = 3, per_hour: int = 200, tracks: int = 7) -> list[Chunk]:
    """Chunks of ships that wander, hear late, repeat and share moments."""
    rng = np.random.default_rng(seed)
    n = hours * per_hour
    rows = np.zeros(n, COLUMNS)
    heard = NOW + np.sort(rng.integers(0, hours * HOUR_MS, n))
    rows["track"] = rng.choice(np.array([413_000_001, 9, (1 << 62) + 5, *range(100, 100 + tracks - 3)]), n)
    rows["t"] = np.where(rng.random(n) < 0.8, heard // 1_000 * 1_000, heard) - rng.choice(
        [0, 4_000, 7_200_000], n
    )
    for name, top in (("sog_dkn", 65_535), ("cog_ddeg", 3_600), ("heading_ddeg", 65_535), ("length_dm", 3)):
        rows[name] = rng.integers(0, top + 1, n)
    for name, top in (("kind", 57), ("nav", 15), ("rank", 3), ("flags", 3)):
        rows[name] = rng.integers(0, top + 1, n)
    rows["lon"] = rng.integers(-108_000_000, 108_000_001, n)
    rows["lat"] = rng.integers(-54_000_000, 54_000_001, n)
    cuts = np.unique(np.concatenate([[0, n], rng.integers(0, n, n // 4)]))
    return [Chunk(int(a), int(heard[b - 1]) - 30_000, rows[a:b]) for a, b in itertools.pairwise(cuts)]


def archived(home: Path, given: list[Chunk], rows_max: int = 150) -> Archiver:
    archiver = Archiver(home, rows_max, sync=False)
    archiver.catch_up(given)
    return archiver


def same(found: list[Chunk], expected: list[Chunk]) -> bool:
    return [(c.position, c.wm_ms, c.rows.tobytes()) for c in found] == [
        (c.position, c.wm_ms, c.rows.tobytes()) for c in expected
    ]


edges = st.sampled_from([0, 1, 2**31 - 1, -(2**31)])
row = st.tuples(
    st.sampled_from([0, 1, 2**62, 2**63 - 1]),
    st.integers(0, 5).map(lambda t: NOW + t * 500) | st.integers(0, 2**50),
    edges,
    edges,
    *[st.sampled_from([0, 65_535])] * 4,
    *[st.sampled_from([0, 255])] * 3,
    st.sampled_from([0, 65_535]),
)


@given(st.lists(row, max_size=40))
def test_any_rows_come_back_as_they_were(given: list[tuple[int, ...]]) -> None:
    rows = np.array(given, COLUMNS)
    assert segments.decode(segments.encode(rows)).tobytes() == rows.tobytes()


@pytest.mark.parametrize("seed", range(3))
def test_a_replay_gives_the_chunks_that_were_heard(tmp_path: Path, seed: int) -> None:
    given = made(seed)
    archived(tmp_path, given).finish()
    assert len(read_manifest(tmp_path)) > 3
    assert same(list(Archive(tmp_path).chunks()), given)


def test_a_replay_may_begin_in_the_midst_of_a_chunk(tmp_path: Path) -> None:
    given = made(1)
    archived(tmp_path, given).finish()
    found = list(Archive(tmp_path).chunks(301))
    everything = np.concatenate([chunk.rows for chunk in given])
    assert found[0].position == 301
    assert b"".join(c.rows.tobytes() for c in found) == everything[301:].tobytes()


def test_what_is_not_archived_yet_is_read_from_the_log(tmp_path: Path) -> None:
    given = made(2)
    log = ChunkLog(tmp_path / "log", sync=False)
    for chunk in given:
        log.append(chunk)
    archiver = archived(tmp_path, given)
    assert 0 < archiver.covered < given[-1].position
    archive = Archive(tmp_path, tmp_path / "log")
    assert same(list(archive.chunks()), given)
    everything = np.concatenate([chunk.rows for chunk in given])
    assert len(archive.read(0, 2**50)) == len(everything)
    assert len(Archive(tmp_path).read(0, 2**50)) == archiver.covered
    log.close()


def test_killed_after_any_segment_the_archiver_writes_the_same(tmp_path: Path) -> None:
    given = made(3)
    archived(tmp_path / "whole", given).finish()
    expected = read_manifest(tmp_path / "whole")
    for _ in range(100):
        archiver = Archiver(tmp_path / "killed", 150, sync=False)
        before = archiver.covered
        for chunk in given:  # as the log gives them again; what is covered is passed over
            archiver.take(chunk)
            if archiver.write() is not None:
                break  # killed here: what it held in memory is gone
        if archiver.covered == before:
            archiver.finish()
            break
    assert read_manifest(tmp_path / "killed") == expected
    assert same(list(Archive(tmp_path / "killed").chunks()), given)


def test_killed_between_a_segment_and_its_manifest_nothing_is_lost_or_doubled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = made(4)
    archiver = Archiver(tmp_path, 150, sync=False)

    def refuse(self: Archiver, named: object) -> None:
        raise OSError(28, "no space left")

    with monkeypatch.context() as patch:
        patch.setattr(Archiver, "_save", refuse)
        with pytest.raises(OSError, match="no space"):
            archiver.catch_up(given)
    assert list((tmp_path / DIRECTORY).glob("*.parquet"))
    assert read_manifest(tmp_path) == []
    archiver.catch_up(given)  # the same one goes on
    archiver.finish()
    assert same(list(Archive(tmp_path).chunks()), given)
    (tmp_path / DIRECTORY / "0000000000000999.parquet.tmp").write_bytes(b"half")
    archived(tmp_path, given)
    assert not list((tmp_path / DIRECTORY).glob("*.tmp"))


def test_an_archiver_that_cannot_keep_up_takes_nothing_until_it_caught_up_from_the_log(
    tmp_path: Path,
) -> None:
    given = made(5)
    archiver = Archiver(tmp_path, 50, sync=False)
    for chunk in given:
        archiver.take(chunk)
    assert archiver.behind
    held = archiver.position
    archiver.catch_up(chunk for chunk in given if chunk.position + len(chunk.rows) > held)
    assert not archiver.behind
    archiver.finish()
    assert same(list(Archive(tmp_path).chunks()), given)
    assert len(read_manifest(tmp_path)) > CLOSED_MAX


def test_a_gap_in_the_log_is_a_gap_in_the_archive(tmp_path: Path) -> None:
    given = made(6)
    kept = given[:20] + given[25:]
    archived(tmp_path, kept).finish()
    assert same(list(Archive(tmp_path).chunks()), kept)


def expected_rows(given: list[Chunk], keep: np.ndarray) -> pl.DataFrame:
    rows = np.concatenate([chunk.rows for chunk in given])[keep]
    return segments.frame(rows).sort("track", "t", "rank", maintain_order=True)


def test_reading_by_time_place_and_track_gives_what_a_plain_filter_gives(tmp_path: Path) -> None:
    given = made(7)
    archived(tmp_path, given).finish()
    archive = Archive(tmp_path)
    rows = np.concatenate([chunk.rows for chunk in given])
    lon, lat, t = rows["lon"], rows["lat"], rows["t"]
    start, end = NOW + HOUR_MS // 2, NOW + 2 * HOUR_MS
    in_time = (t >= start) & (t < end)
    assert_frame_equal(archive.read(start, end), expected_rows(given, in_time))
    boxed = (
        in_time & (lon >= -20 * DEGREE) & (lon <= 30 * DEGREE) & (lat >= -10 * DEGREE) & (lat <= 40 * DEGREE)
    )
    assert boxed.any()
    assert_frame_equal(archive.read(start, end, bbox=(-20, -10, 30, 40)), expected_rows(given, boxed))
    two = in_time & np.isin(rows["track"], [9, (1 << 62) + 5])
    assert_frame_equal(archive.read(start, end, tracks=[(1 << 62) + 5, 9]), expected_rows(given, two))
    assert len(archive.read(start, end, tracks=[])) == 0
    assert len(archive.read(0, NOW - 10 * HOUR_MS)) == 0


def test_the_border_of_a_box_belongs_to_it(tmp_path: Path) -> None:
    rows = np.zeros(1, COLUMNS)
    rows["t"], rows["lon"], rows["lat"] = NOW, round(117.812 * DEGREE), round(30.943 * DEGREE)
    archived(tmp_path, [Chunk(0, NOW, rows)]).finish()
    assert len(Archive(tmp_path).read(0, 2**50, bbox=(117.812, 30.943, 117.812, 30.943))) == 1
    assert len(Archive(tmp_path).read(0, 2**50, bbox=(117.812001, 30.9, 118, 31))) == 0


def test_a_trail_has_one_place_a_moment_and_no_place_that_was_none(tmp_path: Path) -> None:
    rows = np.zeros(5, COLUMNS)
    rows["t"] = [NOW + 2, NOW, NOW, NOW + 1, NOW + 3]
    rows["lon"], rows["rank"] = [1, 2, 3, 4, 5], [0, 1, 0, 0, 0]
    rows["flags"][3] = int(Flag.NO_FIX)
    archived(tmp_path, [Chunk(0, NOW, rows)]).finish()
    trail = Archive(tmp_path).trail(0, NOW, NOW + 10)
    assert trail["t"].to_list() == [NOW, NOW + 2, NOW + 3]
    assert trail["lon"].to_list() == [3, 1, 5]
    assert trail.columns == ["t", "lon", "lat", "sog_dkn", "cog_ddeg"]


@pytest.mark.parametrize("n", [1, 2, 99, 100, 101, 199, 200, 5_000])
def test_a_long_trail_is_thinned_and_keeps_its_ends(tmp_path: Path, n: int) -> None:
    rows = np.zeros(n, COLUMNS)
    rows["t"] = NOW + np.arange(n)
    archived(tmp_path, [Chunk(0, NOW, rows)]).finish()
    trail = Archive(tmp_path).trail(0, NOW, NOW + n, most=100)
    assert len(trail) <= 100
    assert (trail["t"][0], trail["t"][-1]) == (NOW, NOW + n - 1)


def test_an_archive_that_is_not_there_yet_is_empty(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    assert archive.read(0, 2**50).columns == list(COLUMNS.names or ())
    assert list(archive.chunks()) == []


def test_a_manifest_of_another_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / DIRECTORY).mkdir()
    (tmp_path / DIRECTORY / MANIFEST).write_text('{"version": 99}')
    with pytest.raises(ValueError, match="version 99"):
        Archiver(tmp_path)


@pytest.mark.skipif("JIANGDUN_DATA" not in os.environ, reason="JIANGDUN_DATA is not set")
def test_a_recorded_day_takes_at_most_eight_bytes_a_position(tmp_path: Path) -> None:
    from jiangdun.feeds.intake import Intake
    from jiangdun.feeds.protocols.ais import AisSession
    from jiangdun.feeds.recording import Recording

    session, intake, archiver = AisSession(), Intake(), Archiver(tmp_path, sync=False)
    for n, said in enumerate(
        Recording(Path(os.environ["JIANGDUN_DATA"]) / "ais/brittany_15d.nmea.gz").said()
    ):
        if intake.due(said.heard_at_ms):
            chunk = intake.cut(said.heard_at_ms)
            if chunk is not None:
                archiver.take(chunk)
                archiver.write()
        intake.take(session.take(said.data, said.heard_at_ms).observations, said.heard_at_ms)
        if n > 100_000:
            break
    archiver.finish()
    found = read_manifest(tmp_path)
    assert sum(one.bytes for one in found) / found[-1].to_position <= 8.0


def test_the_log_is_what_the_archive_is_made_of(tmp_path: Path) -> None:
    given = made(8)
    log = ChunkLog(tmp_path / "log", sync=False)
    for chunk in given:
        log.append(chunk)
    archiver = Archiver(tmp_path, 100, sync=False)
    archiver.catch_up(chunks(tmp_path / "log", archiver.position))
    again = Archiver(tmp_path, 100, sync=False)
    again.catch_up(chunks(tmp_path / "log", again.position))
    again.finish()
    assert same(list(Archive(tmp_path).chunks()), given)
    log.close()
