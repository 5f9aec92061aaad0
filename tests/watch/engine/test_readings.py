"""Operators over readings: as the plain twin, one digest however cut, shuffled, stopped; and in scenes."""

from __future__ import annotations

import csv
import gzip
import math
import os
import random
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from watch.engine.world import said

from jiangdun.watch.engine import BadState, WrongColumns
from jiangdun.watch.engine.readings import READINGS, Flag, ReadingChunk, Readings, StationSpec, code_of
from jiangdun.watch.engine.readings.station import bearing_deg, ranked, sector_of
from jiangdun.watch.engine.readings.twin import Twin
from jiangdun.watch.rules.spec import Balance, Place, RuleSpec, Severity, Station, ZoneSpec

HOUR, DAY = 3_600_000, 86_400_000
T0 = 1_700_000_000_000 // DAY * DAY - 8 * HOUR
NAMES = ("pm25", "wind-speed", "wind-direction", "ore-in", "ore-out", "ore-stock")
STATIONS = [
    StationSpec(k, f"站{k}", f"station {k}", 118.0 + 0.1 * k, 31.0 + 0.03 * (k % 2)) for k in range(1, 5)
]


def zone(name: str, lon: float, lat: float) -> ZoneSpec:
    ring = tuple((lon + x, lat + y) for x, y in ((-0.01, -0.01), (0.01, -0.01), (0.01, 0.01), (-0.01, 0.01)))
    return ZoneSpec(name, 1, "work-site", name, name, ((ring,),))


ZONES = [zone("north", 118.1, 31.13), zone("east", 118.2, 31.03), zone("far", 118.1, 33.0)]


def rule(when: Station | Balance, name: str = "r", **more: int) -> RuleSpec:
    return RuleSpec(
        name, 1, name, name, "air", "o", Severity.III, "station", when, **{"cooldown_ms": 0, **more}
    )


def rows(*given: tuple[int, int, str, float]) -> npt.NDArray[np.void]:
    """(station, ms after T0, what, value)."""
    out = np.zeros(len(given), READINGS)
    for i, (station, t, what, value) in enumerate(given):
        out[i] = station, T0 + t, code_of(what), value, 0
    return out


def run(
    rules: list[RuleSpec], all_rows: npt.NDArray[np.void], size: int = 50
) -> tuple[Readings, list[object]]:
    engine = Readings(rules, STATIONS, ZONES)
    events: list[object] = []
    for chunk in chunks(all_rows, size):
        events += engine.take(chunk)
    return engine, events + engine.finish()


def chunks(all_rows: npt.NDArray[np.void], size: int, lag: int = HOUR) -> list[ReadingChunk]:
    return [
        ReadingChunk(a, int(all_rows["t"][: a + size].max()) - lag, all_rows[a : a + size])
        for a in range(0, len(all_rows), size)
    ]


def series(seed: int, hours: int) -> npt.NDArray[np.void]:
    """What four stations say, every hour or every day, with spikes, holes, doubles and late ones."""
    chance = random.Random(seed)
    made = []
    step = chance.choice([HOUR, 6 * HOUR, DAY])
    for k in range(hours):
        for station in range(1, 5):
            wind = chance.choice([0, 90, 90, 181, 348.75, 359])
            for what, value in (
                ("pm25", chance.choice([10, 11, 12, 30, 90])), ("wind-speed", chance.choice([0.5, 1.0, 3])),
                ("wind-direction", wind), ("ore-in", chance.choice([100, 101])),
                ("ore-out", chance.choice([98, 100, 60])), ("ore-stock", 500 + k),
            ):  # fmt: skip
                lot = chance.randint(0, 60)
                if lot == 0:
                    continue
                flags = {1: Flag.LATE, 2: Flag.NOT_NORMAL}.get(lot, 0)
                made.append((station, T0 + k * step, code_of(what), math.nan if lot == 3 else value, flags))
                if lot == 4:
                    made.append((station, T0 + k * step, code_of(what), value + 1, 0))
    return np.array(made, READINGS)


DAYS = st.sampled_from([DAY, 2 * DAY, 7 * DAY])
stations = st.builds(
    Station, st.just("pm25"), st.sampled_from([0.0, 1.0, 3.0]), st.sampled_from([1.0, 1.5, 3.0]), DAYS,
    st.sampled_from([1, 5, 12]), st.sampled_from([0, 1, 3]), st.sampled_from([15_000.0, 60_000.0]),
    st.sampled_from([50, 75, 90]), st.sampled_from([2 * DAY, 30 * DAY]),
    st.sampled_from([None, Place(kind="work-site")]),
)  # fmt: skip
balances = st.builds(
    Balance, st.just(("ore-in",)), st.just(("ore-out",)), st.sampled_from([(), ("ore-stock",)]), DAYS,
    st.sampled_from([0.05, 0.0]), st.sampled_from([2.0, 0.5]),
)  # fmt: skip


@st.composite
def rule_sets(draw: st.DrawFn, when: st.SearchStrategy[Station | Balance]) -> list[RuleSpec]:
    return [
        rule(
            draw(when), f"r{i}", cooldown_ms=draw(st.sampled_from([0, DAY])),
            valid_from_ms=draw(st.sampled_from([0, 0, T0 + DAY])),
            valid_to_ms=draw(st.sampled_from([2**62, T0 + 9 * DAY])),
        )
        for i in range(draw(st.integers(1, 2)))
    ]  # fmt: skip


streams = st.builds(series, st.integers(0, 2**32), st.sampled_from([5, 30, 60]))
MANY = settings(max_examples=1_000 if os.environ.get("HYPOTHESIS_PROFILE") == "soak" else 200)


@pytest.mark.parametrize("operator", [stations, balances], ids=["station", "balance"])
@MANY
@given(st.data())
def test_each_operator_says_what_its_twin_says(operator: st.SearchStrategy, data: st.DataObject) -> None:
    rules, stream = data.draw(rule_sets(operator)), data.draw(streams)
    engine, twin = Readings(rules, STATIONS, ZONES), Twin(rules, STATIONS, ZONES)
    for chunk in chunks(stream, data.draw(st.sampled_from([7, 200, 5_000]))):
        assert said(engine.take(chunk)) == said(twin.take(chunk))
    assert said(engine.finish()) == said(twin.finish())
    assert engine.digest() == twin.digest()


@given(rule_sets(st.one_of(stations, balances)), streams, st.integers(0, 999))
def test_one_log_gives_one_digest_however_it_is_cut_shuffled_and_stopped(
    rules: list[RuleSpec], stream: npt.NDArray[np.void], seed: int
) -> None:
    digest = run(rules, stream, 1_000_000)[0].digest()
    assert run(rules, stream, 9)[0].digest() == digest
    keys = stream[["t", "station", "what"]]
    if len(np.unique(keys)) == len(keys):
        heard = stream["t"] + np.random.default_rng(seed).integers(0, HOUR, len(stream))
        assert run(rules, stream[np.argsort(heard, kind="stable")], 9)[0].digest() == digest
    stopped = Readings(rules, STATIONS, ZONES)
    for chunk in chunks(stream, 200):
        stopped = Readings.from_bytes(stopped.to_bytes(), rules, STATIONS, ZONES)
        stopped.take(chunk)
    stopped.finish()
    assert stopped.digest() == digest


def test_bytes_of_other_rules_and_wrong_columns_are_refused() -> None:
    kept = Readings([rule(Station("pm25"))], STATIONS).to_bytes()
    with pytest.raises(BadState, match="other rules"):
        Readings.from_bytes(kept, [rule(Station("pm10"))], STATIONS)
    with pytest.raises(BadState):
        Readings.from_bytes(kept[:-3], [rule(Station("pm25"))], STATIONS)
    with pytest.raises(WrongColumns):
        Readings([], []).take(ReadingChunk(0, 0, np.zeros(1, [("t", "<i8")])))


def hourly(spike: float, beside: float, wind: float = 3.0) -> npt.NDArray[np.void]:
    """100 hours of about 20; in the last station 1 says `spike` and the others `beside`, with wind from the north."""
    made = []
    for h in range(101):
        north = h % 5 == 0 or h == 100
        for k in range(1, 5):
            value = (spike if k == 1 else beside) if h == 100 else 20 + h % 3 + (8 if north and k == 1 else 0)
            made += [(k, h * HOUR, "pm25", value), (k, h * HOUR, "wind-speed", wind)]
            made.append((k, h * HOUR, "wind-direction", 2.0 if north else 90.0))
    return rows(*made)


def test_a_spike_of_one_station_is_told_with_the_wind_it_comes_with() -> None:
    when = Station("pm25", near_m=60_000, sources=Place(kind="work-site"))
    (event,) = run([rule(when)], hourly(150, 22))[1]
    assert (event.track, event.fired_at_ms) == (1, T0 + 100 * HOUR)
    assert (event.values["value"], event.values["beside"], event.values["neighbours"]) == (150, 22, 3)
    assert event.values["upwind_1_deg"] == 0
    assert event.values["upwind_1_cpf"] > 0.9
    assert event.values["source_1"] == "north"
    assert "far" not in event.values.values()
    assert event.fixes[0].lon == round(118.1 * 600_000)


def test_a_dust_storm_over_all_stations_is_no_spike() -> None:
    assert run([rule(Station("pm25", near_m=60_000))], hourly(150, 140))[1] == []


def test_calm_hours_say_nothing_of_the_wind() -> None:
    (event,) = run([rule(Station("pm25", near_m=60_000))], hourly(150, 22, wind=0.9))[1]
    assert not any(name.startswith("upwind") for name in event.values)


def daily(days: int, gone: dict[int, float] | None = None) -> npt.NDArray[np.void]:
    made = []
    for d in range(days):
        noon = d * DAY + 12 * HOUR
        made += [
            (1, noon, "ore-in", 1_000.0 + d % 2),
            (1, noon, "ore-out", 1_000.0 - (gone or {}).get(d, 0.0)),
        ]
    return rows(*made)


def test_what_vanishes_over_a_week_is_told_once() -> None:
    when = Balance(("ore-in",), ("ore-out",), (), 7 * DAY)
    assert run([rule(when)], daily(60))[1] == []
    (event,) = run([rule(when)], daily(60, dict.fromkeys(range(50, 60), 100.0)))[1]
    assert event.values["residual"] > event.values["limit"] >= 0.05 * 7_000
    assert event.fired_at_ms - event.started_at_ms == 7 * DAY
    assert (event.fired_at_ms + 8 * HOUR) % DAY == 0
    assert run([rule(Balance(("ore-in",), ("ore-out",), (), 30 * DAY))], daily(60, {50: 100.0}))[1] == []


def test_what_lies_on_the_heap_is_not_lost() -> None:
    when = Balance(("ore-in",), ("ore-out",), ("ore-stock",), 7 * DAY)
    stock = [(1, d * DAY + 12 * HOUR, "ore-stock", 500.0 + 100.0 * max(0, d - 49)) for d in range(60)]
    heap = np.concatenate([daily(60, dict.fromkeys(range(50, 60), 100.0)), rows(*stock)])
    assert run([rule(when)], heap[np.argsort(heap["t"], kind="stable")])[1] == []


def test_sectors_lie_around_the_compass() -> None:
    assert [sector_of(b) for b in (0, 11.24, 11.26, 90, 348.74, 348.76)] == [0, 0, 1, 4, 15, 0]
    assert bearing_deg(118, 31, 118, 32) == 0
    assert bearing_deg(118, 31, 119, 31) == 90
    assert ranked([(0.5, 10), (math.nan, 3), (0.5, 12), (0.9, 10)]) == [3, 2, 0]


PLACES = {
    "Aotizhongxin": (116.397, 39.982), "Changping": (116.230, 40.217), "Dingling": (116.220, 40.292),
    "Dongsi": (116.417, 39.929), "Guanyuan": (116.339, 39.929), "Gucheng": (116.184, 39.914),
    "Huairou": (116.628, 40.328), "Nongzhanguan": (116.461, 39.937), "Shunyi": (116.655, 40.127),
    "Tiantan": (116.407, 39.886), "Wanliu": (116.287, 39.987), "Wanshouxigong": (116.352, 39.878),
}  # fmt: skip
WINDS = ["N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW"]
BEIJING = Path(os.environ.get("JIANGDUN_DATA", "/nowhere")) / "series" / "beijing"


@pytest.mark.skipif(not BEIJING.is_dir(), reason="needs the series of JIANGDUN_DATA")
def test_a_year_of_beijing_is_judged_as_the_twin_judges_it_and_spikes_are_rare() -> None:
    """12 stations with wind (UCI 501, CC-BY-4.0), 90 days of SO2 in the winter of 2014."""
    given_stations, made = [], []
    begin, end = datetime(2014, 1, 1), datetime(2014, 4, 1)  # noqa: DTZ001 - local hours of the file
    zero = datetime(1970, 1, 1)  # noqa: DTZ001
    for k, (name, (lon, lat)) in enumerate(PLACES.items(), 1):
        given_stations.append(StationSpec(k, name, name, lon, lat))
        (file,) = BEIJING.glob(f"*_{name}_*.csv.gz")
        with gzip.open(file, "rt") as lines:
            for row in csv.DictReader(lines):
                at = datetime(*(int(row[c]) for c in ("year", "month", "day", "hour")))  # noqa: DTZ001
                if not begin <= at < end:
                    continue
                t = round((at - zero - timedelta(hours=8)).total_seconds()) * 1000
                bearing = WINDS.index(row["wd"]) * 22.5 if row["wd"] in WINDS else math.nan
                for what, value in (
                    ("so2", row["SO2"]),
                    ("wind-speed", row["WSPM"]),
                    ("wind-direction", bearing),
                ):
                    made.append((k, t, code_of(what), math.nan if value == "NA" else float(value), 0))
    stream = np.array(made, READINGS)
    stream = stream[np.argsort(stream["t"], kind="stable")]
    rules = [rule(Station("so2", mads=5, times=3.0, near_m=40_000), cooldown_ms=DAY)]
    engine, twin = Readings(rules, given_stations), Twin(rules, given_stations)
    events, other = [], []
    for chunk in chunks(stream[: 12 * 3 * 24 * 40], 20_000):
        events += engine.take(chunk)
        other += twin.take(chunk)
    assert said(events + engine.finish()) == said(other + twin.finish())
    whole = Readings(rules, given_stations)
    found = [e for c in chunks(stream, 20_000) for e in whole.take(c)] + whole.finish()
    assert 1 <= len(found) < 12 * 90 / 10  # fewer than one in ten station days
    assert any("upwind_1_cpf" in e.values for e in found)
