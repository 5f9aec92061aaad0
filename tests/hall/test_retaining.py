"""Files of an installation: old raw bytes and old segments go, the newest never, and what is left still reads."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from jiangdun.feeds import raw
from jiangdun.feeds.columns import COLUMNS, Chunk
from jiangdun.picture import archiver
from jiangdun.picture.archiver import HOUR_MS, Archiver

T0 = 1_700_000_000_000 // HOUR_MS * HOUR_MS


def chunk(position: int, hour: int, rows: int = 5) -> Chunk:
    made = np.zeros(rows, COLUMNS)
    made["t"] = T0 + hour * HOUR_MS + np.arange(rows) * 1_000
    made["track"] = 7
    return Chunk(position, T0 + hour * HOUR_MS + 60_000, made)


def archive(home: Path, hours: range) -> Archiver:
    made = Archiver(home, sync=False)
    for hour in hours:
        made.take(chunk(hour * 5, hour))
        made.write()
    return made


def test_old_segments_go_and_the_archiver_goes_on(tmp_path: Path) -> None:
    made = archive(tmp_path, range(6))
    made.finish()
    names = [one.file for one in archiver.read_manifest(tmp_path)]
    assert len(names) == 6
    old = archiver.older_than(tmp_path, T0 + 3 * HOUR_MS)
    assert [pair[0].name for pair in old] == names[:3]
    for pair in old:
        for path in pair:
            assert path.exists()
            path.unlink()
    assert [one.file for one in archiver.read_manifest(tmp_path)] == names[3:]
    made.take(chunk(30, 6))
    made.finish()
    said = json.loads((tmp_path / "archive" / "manifest.json").read_text())
    assert [one["file"] for one in said["segments"]] == [*names[3:], f"{30:016d}.parquet"]
    assert Archiver(tmp_path, sync=False).covered == 35


def test_the_newest_segment_never_goes(tmp_path: Path) -> None:
    archive(tmp_path, range(2)).finish()
    assert len(archiver.older_than(tmp_path, T0 + 1_000 * HOUR_MS)) == 1


def test_old_raw_bytes_go_and_the_rest_reads(tmp_path: Path) -> None:
    log = raw.RawLog(tmp_path, sync=False)
    for hour in range(5):
        log.put(T0 + hour * HOUR_MS, 1, "ais", b"hour %d" % hour)
        log.flush()
    old = raw.older_than(tmp_path, T0 + 2 * HOUR_MS)
    assert len(old) == 2
    for path in old:
        path.unlink()
    assert [one.data for one in raw.read(tmp_path)] == [b"hour 2", b"hour 3", b"hour 4"]
    log.put(T0 + 5 * HOUR_MS, 1, "ais", b"hour 5")
    log.flush()
    log.close()
    assert len(list(raw.read(tmp_path))) == 4
    assert len(raw.older_than(tmp_path, T0 + 1_000 * HOUR_MS)) == 3, "never the one that is written"


def test_by_command(tmp_path: Path) -> None:
    from .test_cli import run

    shown = run("retention", "show", home=tmp_path)
    assert (shown.returncode, "航迹档案" in shown.stdout) == (0, True), shown.stdout + shown.stderr
    done = run("retention", "run", "--dry-run", "--json", home=tmp_path)
    found = json.loads(done.stdout)
    assert {"raw", "tracks", "audit", "persons", "lookups", "exports", "export-files", "done-work"} <= set(
        found
    )
