"""Measures the live picture's frames: bytes a target and time to encode, against GeoJSON of the same targets.

    python tests/bench/wire.py [--targets 100000]

All targets are heard in every second; 60 % of them moved (up to 8 m/s), 20 % changed speed or course.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable

import numpy as np

from jiangdun.feeds.columns import COLUMNS, DEGREE, Chunk
from jiangdun.picture.now import LivePicture

NOW = 1_780_000_000_000
ROUNDS = 9


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--targets", type=int, default=100_000)
    n = asked.parse_args().targets
    rng = np.random.default_rng(1)
    rows = targets(rng, n)
    picture = LivePicture()
    picture.take(Chunk(0, 0, rows))
    picture.frames(NOW)[0]
    picture.snapshots(NOW)[0]  # compiled by now
    sizes, frames, takes = [], [], []
    for second in range(1, ROUNDS + 1):
        tick(rng, rows)
        rows["t"] = NOW + second * 1_000
        takes.append(timed(lambda: picture.take(Chunk(0, 0, rows))))
        begun = time.perf_counter()
        frame = picture.frames(NOW + second * 1_000)[0]
        frames.append(time.perf_counter() - begun)
        sizes.append(len(frame))
    now_ms = NOW + ROUNDS * 1_000
    snapshot = picture.snapshots(now_ms)[0]
    snapshot_s = statistics.median(timed(lambda: picture.snapshots(now_ms)[0]) for _ in range(ROUNDS))
    geo = len(geojson(rows)) / n
    rival_s = statistics.median(timed(lambda: geojson(rows)) for _ in range(3))
    frame_s, each = statistics.median(frames), statistics.median(sizes) / n
    rival = {"rival": "GeoJSON"}
    say(
        row="live wire, all heard",
        figure=each,
        unit="B a target",
        rival_figure=geo,
        ratio=geo / each,
        **rival,
    )
    ours, theirs = frame_s * 1e3, rival_s * 1e3
    unit = f"ms for {n:,}"
    say(row="live wire, encode", figure=ours, unit=unit, rival_figure=theirs, ratio=theirs / ours, **rival)
    fifth = every_five_seconds(rng, picture, rows, now_ms)
    say(row="live wire, each heard every 5 s", figure=fifth, unit="B a target a second", floor=2.44)
    note = f"{snapshot_s * 1e3:.2f} ms to encode {n:,}"
    say(row="live wire, snapshot", figure=len(snapshot) / n, unit="B a target", note=note)
    say(row="live picture, taking reports", figure=n / statistics.median(takes), unit="reports/s")


def every_five_seconds(
    rng: np.random.Generator, picture: LivePicture, rows: np.ndarray, now_ms: int
) -> float:
    """As AIS is: a fifth of the targets speaks in each second, and has moved five times as far."""
    sizes = []
    for second in range(1, ROUNDS + 1):
        mine = np.flatnonzero(np.arange(len(rows)) % 5 == second % 5)
        some = rows[mine]
        for _ in range(5):
            tick(rng, some)
        some["t"] = now_ms + second * 1_000
        rows[mine] = some
        picture.take(Chunk(0, 0, some))
        sizes.append(len(picture.frames(now_ms + second * 1_000)[0]))
    return statistics.median(sizes) / len(rows)


def targets(rng: np.random.Generator, n: int) -> np.ndarray:
    rows = np.zeros(n, COLUMNS)
    rows["track"] = 413_000_000 + rng.permutation(n)
    rows["t"] = NOW
    rows["lon"] = (rng.uniform(112, 121, n) * DEGREE).astype(np.int32)
    rows["lat"] = (rng.uniform(29.5, 32.3, n) * DEGREE).astype(np.int32)
    rows["sog_dkn"], rows["cog_ddeg"] = rng.integers(0, 200, n), rng.integers(0, 3_600, n)
    return rows


def tick(rng: np.random.Generator, rows: np.ndarray) -> None:
    n = len(rows)
    moved, turned = rng.random(n) < 0.6, rng.random(n) < 0.2
    rows["lon"] += np.where(moved, rng.integers(-48, 49, n), 0).astype(np.int32)
    rows["lat"] += np.where(moved, rng.integers(-43, 44, n), 0).astype(np.int32)
    rows["sog_dkn"] = np.where(turned, (rows["sog_dkn"] + 1) % 200, rows["sog_dkn"])
    rows["cog_ddeg"] = np.where(turned, (rows["cog_ddeg"] + 20) % 3_600, rows["cog_ddeg"])


def geojson(rows: np.ndarray) -> bytes:
    lon, lat = (rows["lon"] / DEGREE).round(6).tolist(), (rows["lat"] / DEGREE).round(6).tolist()
    columns = (
        rows["track"].tolist(),
        lon,
        lat,
        (rows["sog_dkn"] / 10).tolist(),
        (rows["cog_ddeg"] / 10).tolist(),
    )
    features = [
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [x, y]},
         "properties": {"id": track, "sog": sog, "cog": cog}}
        for track, x, y, sog, cog in zip(*columns, strict=True)
    ]  # fmt: skip
    return json.dumps({"type": "FeatureCollection", "features": features}, separators=(",", ":")).encode()


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def say(**row: object) -> None:
    print(json.dumps(row))


if __name__ == "__main__":
    main()
