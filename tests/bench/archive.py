"""Measures the archive: bytes a position with all that a replay needs, writing, reading back.

    JIANGDUN_DATA=... python tests/bench/archive.py

Of fifteen recorded days of Brittany where `JIANGDUN_DATA` says where they lie, and always of 30,000 made-up
vessels heard 5,000 times a second for six minutes, half of them moving. The rival is one Parquet file of the
same rows (track, time, float64 degrees, knots, degrees) in the same order, zstd.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from jiangdun.feeds.columns import COLUMNS, DEGREE, Chunk
from jiangdun.feeds.intake import Intake
from jiangdun.feeds.protocols.ais import AisSession
from jiangdun.feeds.recording import Recording
from jiangdun.picture.archiver import Archiver
from jiangdun.picture.then import Archive

NOW = 1_780_000_000_000 // 3_600_000 * 3_600_000


def main() -> None:
    measure("30,000 made-up vessels", made_up())
    if data := os.environ.get("JIANGDUN_DATA"):
        measure("15 days of Brittany", recorded(Path(data) / "ais/brittany_15d.nmea.gz"))


def measure(name: str, chunks: Iterable[Chunk]) -> None:
    with tempfile.TemporaryDirectory(prefix="jiangdun-bench-") as folder:
        home = Path(folder)
        archiver = Archiver(home)
        spent = 0.0
        for chunk in chunks:
            begun = time.process_time()
            archiver.take(chunk)
            archiver.write()
            spent += time.process_time() - begun
        begun = time.process_time()
        archiver.finish()
        spent += time.process_time() - begun
        archive = Archive(home)
        found = archive.segments
        n, size = found[-1].to_position, sum(one.bytes for one in found)
        rows = archive.read(0, 2**60)
        rival = naive(rows["track"].to_numpy(), rows, home / "naive.parquet")
        say(
            row=f"archive, {name}",
            figure=size / n,
            unit="B a position",
            floor=8,
            rival="float64 in zstd Parquet",
            rival_figure=rival / n,
            ratio=rival / size,
            note=f"{n:,} positions in {len(found)} segments",
        )
        say(row=f"archive, {name}, writing", figure=n / spent, unit="positions/s of a core")
        begun = time.process_time()
        again = sum(len(chunk.rows) for chunk in archive.chunks())
        assert again == n
        spent = time.process_time() - begun
        say(row=f"archive, {name}, replay", figure=n / spent, unit="positions/s of a core")
        track = int(rows["track"][n // 2])
        begun = time.perf_counter()
        trail = archive.trail(track, 0, 2**60)
        took_ms = (time.perf_counter() - begun) * 1e3
        note = f"{len(trail):,} places of {len(found)} segments"
        say(row=f"archive, {name}, one trail", figure=took_ms, unit="ms", note=note)


def say(**row: object) -> None:
    print(json.dumps(row))


def naive(track: np.ndarray, rows: object, path: Path) -> int:
    table = {"track": track, "t": rows["t"].to_numpy().astype("datetime64[ms]")}  # type: ignore[index]
    for name, unit in (("lon", DEGREE), ("lat", DEGREE), ("sog_dkn", 10), ("cog_ddeg", 10)):
        table[name] = rows[name].to_numpy() / unit  # type: ignore[index]
    pq.write_table(pa.table(table), path, compression="zstd")
    return path.stat().st_size


def made_up(vessels: int = 30_000, seconds: int = 360, rate: int = 5_000) -> Iterator[Chunk]:
    rng = np.random.default_rng(1)
    track = 412_000_000 + rng.permutation(vessels)
    lon, lat = rng.uniform(112, 121, vessels), rng.uniform(29.5, 32.3, vessels)
    speed, course = rng.choice([0.0, 0.0, 3.0, 6.0], vessels), rng.uniform(0, 360, vessels)
    last = np.zeros(vessels)
    position = 0
    for tenth in range(seconds * 10):
        who = rng.choice(vessels, rate // 10, replace=False)
        now = tenth / 10
        passed, last[who] = now - last[who], now
        course[who] = (course[who] + rng.normal(0, 2, len(who))) % 360
        metres = speed[who] * passed
        lon[who] += metres * np.sin(np.radians(course[who])) / 96_000
        lat[who] += metres * np.cos(np.radians(course[who])) / 111_000
        rows = np.zeros(len(who), COLUMNS)
        rows["track"], rows["kind"], rows["nav"] = track[who], 1 + who % 7, np.where(speed[who] == 0, 1, 0)
        rows["t"] = (NOW + tenth * 100 - rng.exponential(400, len(who)).astype(np.int64)) // 1_000 * 1_000
        rows["lon"], rows["lat"] = np.round(lon[who] * DEGREE), np.round(lat[who] * DEGREE)
        moving = speed[who] > 0
        rows["sog_dkn"] = np.where(moving, np.round(speed[who] * 19.4 + rng.normal(0, 1, len(who))), 0).clip(
            0
        )
        rows["cog_ddeg"] = np.round((course[who] + rng.normal(0, np.where(moving, 1, 60))) % 360 * 10) % 3_600
        rows["heading_ddeg"] = np.where(moving, np.round(course[who]) % 360 * 10, 65_535)
        rows["length_dm"] = 500 + who % 900
        yield Chunk(position, NOW + tenth * 100 - 30_000, rows)
        position += len(rows)


def recorded(path: Path) -> Iterator[Chunk]:
    session, intake = AisSession(), Intake()
    last = 0
    for said in Recording(path).said():
        last = said.heard_at_ms
        if intake.due(last) and (chunk := intake.cut(last)) is not None:
            yield chunk
        intake.take(session.take(said.data, last).observations, last)
    if (chunk := intake.cut(last)) is not None:
        yield chunk


if __name__ == "__main__":
    main()
