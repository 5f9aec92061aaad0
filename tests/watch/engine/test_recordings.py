"""The operators on recordings: labelled trips, a number many ships used, a ship that did not drag its anchor, 15 days.

Recordings are found by JIANGDUN_DATA and not part of the project. What is scored here stands in docs/operators.md.
"""

from __future__ import annotations

import csv
import io
import json
import os
import resource
import zipfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from watch.engine.world import Below, rule

from jiangdun.feeds.columns import COLUMNS, DEGREE, NO_COURSE, NO_HEADING, NO_SPEED, Chunk, Kind
from jiangdun.watch.engine import Engine
from jiangdun.watch.engine.identity import split
from jiangdun.watch.rules import spec

pytestmark = pytest.mark.skipif("JIANGDUN_DATA" not in os.environ, reason="JIANGDUN_DATA is not set")
soak = pytest.mark.skipif(os.environ.get("HYPOTHESIS_PROFILE") != "soak", reason="run by make soak")
KN = 3_600 / 1_852
STEP_MS = 60_000


def data(name: str) -> Path:
    return Path(os.environ["JIANGDUN_DATA"]) / name


# stay: trips with a label a point (Amazon GOAL, CC-BY-4.0) ------------------------------------------------


def trips() -> Iterator[tuple[npt.NDArray[np.void], npt.NDArray[np.bool_]]]:
    """Reports of each trip, and which of them the driver was on foot for: the vehicle stood."""
    with zipfile.ZipFile(data("vehicle/goal_trajectories.zip")) as archive:
        for number, name in enumerate(sorted(archive.namelist())):
            lines = list(csv.DictReader(io.TextIOWrapper(archive.open(name), "utf-8")))
            moments = np.array([line["timestamp"] for line in lines], "datetime64[ms]").astype(np.int64)
            x, y = (np.array([float(line[c]) for line in lines]) for c in "xy")
            rows = np.zeros(len(lines), COLUMNS)
            rows["track"], rows["t"] = number + 1, moments - moments[0] + 1_700_000_000_000
            rows["lon"] = np.rint(118 * DEGREE + x / (1_852 / 10_000) / np.cos(np.radians(31)))
            rows["lat"] = np.rint(31 * DEGREE + y / (1_852 / 10_000))
            rows["heading_ddeg"], rows["cog_ddeg"], rows["kind"] = NO_HEADING, NO_COURSE, Kind.TRUCK
            way, time = np.hypot(np.diff(x), np.diff(y)), np.maximum(1, np.diff(rows["t"]) / 1_000)
            rows["sog_dkn"][1:] = np.minimum(np.rint(way / time * KN * 10), 1_022)
            rows["sog_dkn"][0] = NO_SPEED
            yield rows, np.array([line["groundtruth"] == "OnFoot" for line in lines])


def stops(rows: npt.NDArray[np.void], stood: npt.NDArray[np.bool_], least_ms: int) -> list[tuple[int, int]]:
    """(from, to) of the stretches on foot that last so long."""
    edge = np.flatnonzero(np.diff(np.r_[False, stood, False].astype(np.int8)))
    found = [(int(rows["t"][a]), int(rows["t"][b - 1])) for a, b in edge.reshape(-1, 2)]
    return [(a, b) for a, b in found if b - a >= least_ms]


def score(when: spec.Stay) -> tuple[float, float, int, int]:
    """Share of alerts that fired while the vehicle stood; share of stops that long that were found; both counts."""
    right = alerts = found = wanted = 0
    for rows, stood in trips():
        engine = Engine([rule(when, cooldown_ms=0)], [], eager=False)
        events = engine.take(Chunk(0, 0, rows)) + engine.finish()
        true = stops(rows, stood, when.for_ms)
        every = stops(rows, stood, 0)
        right += sum(any(a - 5_000 <= e.fired_at_ms <= b + 5_000 for a, b in every) for e in events)
        found += sum(any(a <= e.fired_at_ms <= b + 5_000 for e in events) for a, b in true)
        alerts, wanted = alerts + len(events), wanted + len(true)
    return right / alerts, found / wanted, alerts, wanted


@pytest.mark.parametrize(("for_s", "least"), [(60, (0.83, 0.84)), (180, (0.88, 0.90))])
def test_stays_are_the_stops_that_drivers_made(
    for_s: int, least: tuple[float, float], capsys: pytest.CaptureFixture[str]
) -> None:
    """No faster than a walk (3 kn), 15 s of contrary reports borne. What it finds beside are stops of traffic."""
    precision, recall, alerts, wanted = score(spec.Stay(None, for_s * 1_000, Below("sog_dkn", 30), 15_000))
    with capsys.disabled():
        print(f"\nstay of {for_s} s: precision {precision:.3f} of {alerts}, recall {recall:.3f} of {wanted}")
    assert precision >= least[0]
    assert recall >= least[1]


# identity: one number used by many ships (SkyTruth/gpsdio-segment, Apache-2.0) -----------------------------


def numbered(name: str, label: str) -> tuple[npt.NDArray[np.void], list[str]]:
    """Positions of one number in the order of time, and the segment each was published in."""
    read = [
        json.loads(line) for line in data(f"tracks/identity/{name}.json").read_text().splitlines() if line
    ]
    read = [r for r in read if r["lat"] is not None and abs(r["lon"]) <= 180 and abs(r["lat"]) <= 90]
    for r in read:
        moment = datetime.fromisoformat(r["timestamp"].replace("Z", "")).replace(tzinfo=UTC)
        r["t"] = round(moment.timestamp() * 1_000)
    read.sort(key=lambda r: r["t"])
    rows = np.zeros(len(read), COLUMNS)
    rows["track"], rows["kind"], rows["heading_ddeg"] = 1, Kind.CARGO, NO_HEADING
    rows["t"] = [r["t"] for r in read]
    rows["lon"] = [round(r["lon"] * DEGREE) for r in read]
    rows["lat"] = [round(r["lat"] * DEGREE) for r in read]
    rows["sog_dkn"], rows["cog_ddeg"] = NO_SPEED, NO_COURSE
    return rows, [str(r.get(label, "")) for r in read]


def pairs(counted: Counter[object]) -> int:
    return sum(n * (n - 1) // 2 for n in counted.values())


def agreement(ours: list[int], published: list[str]) -> tuple[float, float]:
    """Of the pairs of reports we give to one ship, the share published so; and the other way round."""
    both = pairs(Counter(zip(ours, published, strict=True)))
    return both / pairs(Counter(ours)), both / pairs(Counter(published))


def found(when: spec.Identity, rows: npt.NDArray[np.void]) -> list[spec.AlertEvent]:
    engine = Engine([rule(when, cooldown_ms=0)], [], eager=False)
    return engine.take(Chunk(0, 0, rows)) + engine.finish()


def test_a_number_many_ships_used_is_split_nearly_as_published(capsys: pytest.CaptureFixture[str]) -> None:
    rows, published = numbered("segmented-416000000", "segment")
    ours = split(rows[["t", "lon", "lat"]].tolist(), 250, 5_000)
    precision, recall = agreement(ours, published)
    clones = found(spec.Identity("clone", None, 250, 926.0, 3), rows)
    with capsys.disabled():
        print(
            f"\n416000000: {len(set(ours))} ships, published {len(set(published))}; pairs: precision {precision:.3f}, "
            f"recall {recall:.3f}; {len(clones)} clones"
        )
    assert precision >= 0.9
    assert recall >= 0.6
    assert len(clones) >= 3


def test_one_ship_with_stray_positions_jumps_and_is_no_clone(capsys: pytest.CaptureFixture[str]) -> None:
    """Published: one ship and 23 strays of one or two reports."""
    rows, _ = numbered("338013000", "expected")
    jumps = found(spec.Identity("jump", None, 350, 926.0), rows)
    clones = found(spec.Identity("clone", None, 350, 926.0, 3), rows)
    other, _ = numbered("263576000", "")
    clones_of_other = found(spec.Identity("clone", None, 350, 926.0, 3), other)
    jumps_of_other = found(spec.Identity("jump", None, 350, 926.0), other)
    with capsys.disabled():
        print(f"\n338013000: {len(jumps)} jumps, {len(clones)} clones")
        print(f"263576000: {len(jumps_of_other)} jumps, {len(clones_of_other)} clones")
    assert jumps
    assert len(clones) <= 5, "too many: with so much noise a ship looks like two"
    assert (jumps_of_other, clones_of_other) == ([], [])


# drag, and 15 days of a coast -----------------------------------------------------------------------------


def heard(name: str, most: int | None = None) -> Iterator[Chunk]:
    from jiangdun.feeds.intake import Intake
    from jiangdun.feeds.protocols.ais import AisSession
    from jiangdun.feeds.recording import Recording

    session, intake = AisSession(), Intake(cut_ms=60_000)
    for n, said in enumerate(Recording(data(name)).said()):
        if intake.due(said.heard_at_ms) and (chunk := intake.cut(said.heard_at_ms)) is not None:
            yield chunk
        intake.take(session.take(said.data, said.heard_at_ms).observations, said.heard_at_ms)
        if n == most:
            break
    while (chunk := intake.cut()) is not None:
        yield chunk


def test_a_ship_that_did_not_drag_its_anchor_raises_nothing() -> None:
    """dma-ais/AisAbnormal, LGPL-3.0: 212123000 among others, 2014-10-02/03."""
    engine = Engine([rule(spec.Drag(), cooldown_ms=0)], [])
    events = [e for chunk in heard("ais/no_drift_212123000.nmea.gz") for e in engine.take(chunk)]
    events += engine.finish()
    assert engine.counts["judged"] > 100
    assert events == []


@soak
def test_fifteen_days_of_a_coast_take_no_more_memory_a_track_at_their_end() -> None:
    """JoshuaRZC/ais-clustering, MIT: 1.4 million messages of 689 ships, through every operator of one track."""
    rules = [
        rule(
            spec.Stay(None, 1_800_000, Below("sog_dkn", 10), 180_000, spec.Keep(Below("sog_dkn", 20))), "stay"
        ),
        rule(spec.Speed(None, 250), "speed"),
        rule(spec.Count(spec.Stay(None, 600_000, Below("sog_dkn", 10)), 3, 86_400_000), "count"),
        rule(spec.Absence(None, 900_000, 2, 5_000.0), "absence"),
        rule(spec.Identity("clone"), "clone"),
        rule(spec.Drag(), "drag"),
    ]
    engine = Engine(rules, [])
    sizes, alerts, half = [], 0, 0
    for number, chunk in enumerate(heard("ais/brittany_15d.nmea.gz")):
        alerts += len(engine.take(chunk))
        if number % 500 == 0:
            sizes.append(len(engine.to_bytes()) / max(1, engine.counts["tracks"]))
            half = half or (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss if number > 5_000 else 0)
    engine.finish()
    assert engine.counts["judged"] > 600_000
    assert alerts > 0
    third = len(sizes) // 3
    print(f"{alerts} events; {sizes[third]:,.0f} B a track after a third, {sizes[-1]:,.0f} B at the end")
    assert max(sizes[2 * third :]) <= 1.25 * max(sizes[third : 2 * third])
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss <= 1.25 * half
