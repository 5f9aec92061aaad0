"""The raw log: every byte with when and where it came from, replayable."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiangdun.feeds.raw import Heard, RawLog, What, read


def write(directory: Path, heard: list[Heard], **settings: int) -> RawLog:
    raw = RawLog(directory, **settings)
    for one in heard:
        raw.put(one.heard_at_ms, one.link, one.protocol, one.data, one.what)
        raw.flush()
    raw.close()
    return raw


def some(n: int, step_ms: int = 1_000) -> list[Heard]:
    return [Heard(1_000_000 + i * step_ms, i % 3, "jt808", bytes([i % 256]) * 50) for i in range(n)]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 2**60),
            st.integers(0, 2**32 - 1),
            st.sampled_from(["ais", "jt808", "测"]),
            st.binary(max_size=300),
            st.sampled_from(What),
        ),
        max_size=20,
    )
)
def test_every_byte_comes_back(tmp_path_factory: pytest.TempPathFactory, said: list[tuple]) -> None:
    directory = tmp_path_factory.mktemp("raw")
    heard = [Heard(*one) for one in said]
    raw = RawLog(directory, sync=False)
    for one in heard:
        raw.put(one.heard_at_ms, one.link, one.protocol, one.data, one.what)
    raw.close()
    assert list(read(directory)) == heard


def test_segments_end_by_size_and_by_age(tmp_path: Path) -> None:
    heard = some(100)
    write(tmp_path / "size", heard, bytes_max=1_000)
    write(tmp_path / "age", heard, age_ms_max=10_000)
    assert len(list((tmp_path / "size").glob("*.raw"))) > 5
    assert len(list((tmp_path / "age").glob("*.raw"))) == 10
    assert list(read(tmp_path / "size")) == list(read(tmp_path / "age")) == heard


def test_a_span_of_time_is_read_alone(tmp_path: Path) -> None:
    heard = some(100)
    write(tmp_path, heard, bytes_max=1_000)
    found = list(read(tmp_path, 1_020_000, 1_030_000))
    assert found == [one for one in heard if 1_020_000 <= one.heard_at_ms < 1_030_000]


def test_a_clock_set_back_does_not_change_the_order(tmp_path: Path) -> None:
    later, earlier = some(20), [Heard(one.heard_at_ms - 500_000, 9, "ais", one.data) for one in some(20)]
    write(tmp_path, later, bytes_max=300)
    write(tmp_path, earlier, bytes_max=300)
    assert list(read(tmp_path)) == later + earlier


def test_a_torn_tail_costs_one_record_and_is_counted(tmp_path: Path) -> None:
    heard = some(10)
    write(tmp_path, heard)
    path = next(tmp_path.glob("*.raw"))
    path.write_bytes(path.read_bytes()[:-3])
    assert list(read(tmp_path)) == heard[:-1]
    raw = RawLog(tmp_path)
    assert raw.torn == 1
    assert raw.torn_bytes > 0
    raw.put(2_000_000, 1, "ais", b"more")
    raw.close()
    assert list(read(tmp_path))[-1] == Heard(2_000_000, 1, "ais", b"more")


def test_the_oldest_segments_go_when_all_are_too_large(tmp_path: Path) -> None:
    raw = write(tmp_path, some(200), bytes_max=1_000, keep_bytes=5_000)
    assert raw.removed > 0
    assert sum(path.stat().st_size for path in tmp_path.glob("*.raw")) < 7_000
    assert list(read(tmp_path))[-1] == some(200)[-1]


def test_a_disk_that_refuses_loses_nothing_of_what_was_put(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = RawLog(tmp_path, sync=False)
    raw.put(1, 1, "ais", b"one")

    def full(file: int, data: memoryview) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        raw.flush()
    raw.put(2, 1, "ais", b"two")
    with pytest.raises(OSError, match="No space"):
        raw.flush()
    monkeypatch.undo()
    raw.close()
    assert [one.data for one in read(tmp_path)] == [b"one", b"two"]
