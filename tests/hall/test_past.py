"""A past is heard once, however often the ears are killed and started again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from jiangdun.feeds.raw import RawLog, What
from jiangdun.hall import past
from jiangdun.hall.ears import Ears

T0 = 1_760_000_000_000


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return written(tmp_path / "past", T0)


def written(directory: Path, begin_ms: int) -> Path:
    shutil.rmtree(directory, ignore_errors=True)
    log = RawLog(directory, sync=False)
    log.put(begin_ms, 1, "ais", b"past:0", What.OPENED)
    for n in range(20):
        log.put(begin_ms + n * 1_000, 1, "ais", b"!AIVDM,1,1,,A,13HOI:0P0000VOHLCnHQKwvL05Ip,0*23\r\n")
    log.close()
    return directory


def test_a_past_heard_to_its_end_is_not_heard_again(directory: Path, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    assert not past.was_heard(tmp_path, directory)
    ears = Ears(tmp_path)
    assert past.play(ears.hub, directory) == 20
    assert ears.hub.ingest.log.position > 0
    assert not past.was_heard(tmp_path, directory), "killed here it would be heard anew"
    past.mark_heard(tmp_path, directory)
    assert past.was_heard(tmp_path, directory)


def test_another_past_is_heard(directory: Path, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    past.mark_heard(tmp_path, directory)
    assert not past.was_heard(tmp_path, written(directory, T0 + 86_400_000))


def test_readings_of_a_past_have_the_times_of_then(directory: Path, tmp_path: Path) -> None:
    ears = Ears(tmp_path)
    past.play(ears.hub, directory)
    assert T0 - 60_000 <= ears.hub.ingest.log.wm_ms <= T0 + 60_000
