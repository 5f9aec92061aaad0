"""A table says what chunks say, whatever made it; and no table that says less than a rule asks is taken."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiangdun import watch
from jiangdun.feeds.columns import COLUMNS, DEGREE, NO_COURSE, NO_SPEED, Chunk, Flag, Kind, track_id
from jiangdun.picture.segment import frame as raw_frame
from jiangdun.watch import frames

HEAD = "title: {zh: 测, en: Test}\ndomain: water\nowner: o\nseverity: III\nwatch: %s\nlegal: [{law: 测}]\n"
ZONES = [
    watch.Zone("a", 1, "sand-ban", "", "", ((((118.0, 31.0), (118.1, 31.0), (118.1, 31.1), (118.0, 31.1)),),))
]


def rule(when: str, name: str = "r", watches: str = "any", more: str = "") -> watch.Rule:
    return watch.read(f"rule: {name}\n{HEAD % watches}when: {when}\n{more}")


SLOW = rule("{inside: sand-ban, holds: speed_kn < 2, for: 1 min}")
ENTERS = rule("{enters: sand-ban, fixes: 1}")


def table(n: int = 20, **more: object) -> pl.DataFrame:
    """One ship that comes in from the west and lies still; a report every ten seconds."""
    t = [1_700_000_000_000 + 10_000 * i for i in range(n)]
    lon = [min(117.995 + 0.002 * i, 118.02) for i in range(n)]
    columns = {
        "track": [7] * n,
        "t": t,
        "lon": lon,
        "lat": [31.05] * n,
        "speed_kn": [1.0] * n,
        "kind": ["cargo"] * n,
    }
    return pl.DataFrame({**columns, **more})


def test_a_table_gives_the_alerts_that_the_same_chunks_give():
    ran = watch.run([SLOW, rule("{enters: sand-ban, fixes: 1}", "e")], ZONES, table())
    found = frames.reports(table())
    chunks = [Chunk(i, int(found.rows["t"][i]) - 30_000, found.rows[i : i + 3]) for i in range(0, 20, 3)]
    assert [e.rule for e in ran.alerts] == ["e", "r"]
    again = watch.run([SLOW, rule("{enters: sand-ban, fixes: 1}", "e")], ZONES, chunks)
    assert ran.digest == again.digest
    assert ran.counts["judged"] == 20


def test_rows_may_lie_in_any_order_and_a_table_be_of_any_make():
    given_table = table()
    digest = watch.run([SLOW], ZONES, given_table).digest
    arrow, columns = given_table.to_arrow(), given_table.to_dict(as_series=False)
    arrays = {name: np.array(values) for name, values in columns.items()}
    moments = given_table.with_columns(pl.col("t").cast(pl.Datetime("ms", "UTC")))
    away = moments.with_columns(pl.col("t").dt.convert_time_zone("Asia/Shanghai"))
    shuffled = given_table.sample(fraction=1.0, shuffle=True, seed=3)
    for data in (arrow, columns, arrays, moments, away, shuffled, given_table.lazy(), Interchange(arrow)):
        assert watch.run([SLOW], ZONES, data).digest == digest


class Interchange:
    """A data frame that offers the interchange protocol and nothing else."""

    def __init__(self, table: object) -> None:
        self._table = table

    def __dataframe__(self, *args: object, **kwargs: object) -> object:
        return self._table.__dataframe__(*args, **kwargs)  # type: ignore[attr-defined]


def test_a_table_as_the_archive_gives_it_is_taken_as_it_is():
    rows = frames.reports(table()).rows
    assert frames.reports(raw_frame(rows)).rows.tobytes() == rows.tobytes()
    bad = raw_frame(rows).with_columns(pl.lit(200 * DEGREE).alias("lon"))
    with pytest.raises(watch.WrongColumns, match=r"lon\[0\] = 120000000: it lies off the globe"):
        frames.reports(bad)


def test_every_column_becomes_what_the_hub_would_make_of_it():
    given_table = table(
        2,
        speed_kn=[12.34, None],
        course_deg=[360.0, float("nan")],
        heading_deg=[89.96, 0.0],
        length_m=[85.0, None],
        kind=["dredger", "truck"],
        nav_status=[1, None],
        rank=[3, 0],
        sos=[True, None],
        load=["full", None],
    )
    rows = frames.reports(given_table).rows
    assert rows.dtype == COLUMNS
    assert rows["lon"].tolist() == [round(117.995 * DEGREE), round(117.997 * DEGREE)]
    assert rows["sog_dkn"].tolist() == [123, NO_SPEED]
    assert rows["cog_ddeg"].tolist() == [0, NO_COURSE]
    assert rows["heading_ddeg"].tolist() == [900, 0]
    assert rows["length_dm"].tolist() == [850, 0]
    assert rows["kind"].tolist() == [Kind.DREDGER, Kind.TRUCK]
    assert rows["nav"].tolist() == [1, 15]
    assert rows["rank"].tolist() == [3, 0]
    assert rows["flags"].tolist() == [Flag.SOS | Flag.LOAD_FULL | Flag.LOAD_KNOWN, 0]


def test_a_track_may_be_text_and_keeps_its_name():
    ran = watch.run([ENTERS], ZONES, table(track=["苏连货1"] * 20))
    assert ran.alerts[0].track == track_id("table", "苏连货1")
    assert ran.table()["track"].to_list() == ["苏连货1"]
    assert frames.reports(table(track=["413000001"] * 20)).rows["track"][0] == 413_000_001
    with pytest.raises(watch.WrongColumns, match="are one number"):
        frames.reports(table(2, track=["7", "07"]))


BAD = [
    ("lat", [None] * 20, r"lat\[0\] = nothing"),
    ("lon", [118.0] * 9 + [float("nan")] + [118.0] * 10, r"lon\[9\] = nothing"),
    ("lat", [91.0] * 20, r"lat\[0\] = 91.0: it lies outside -90 to 90"),
    ("lon", [float("inf")] * 20, r"lon\[0\]"),
    ("lon", ["118"] * 20, "lon is String, not a number"),
    ("t", [1_700_000_000 + i for i in range(20)], "seconds times 1000"),
    ("t", [None] * 20, r"t\[0\] = nothing"),
    ("t", [1.5e12 + 0.5] * 20, "whole milliseconds"),
    ("t", ["2026-01-01"] * 20, "t is String"),
    ("track", [-1] * 20, r"track\[0\] = -1"),
    ("track", [None] * 20, r"track\[0\] = nothing"),
    ("speed_kn", [-0.1] * 20, r"speed_kn\[0\] = -0.1.*leave it empty"),
    ("speed_kn", [6_553.5] * 20, "outside 0 to 6553.4"),
    ("course_deg", [360.1] * 20, "course_deg"),
    ("kind", ["dregder"] * 20, "did you mean dredger"),
    ("kind", [None] * 20, r"kind\[0\] = nothing"),
    ("nav_status", [16] * 20, "nav_status"),
    ("sos", ["yes"] * 20, "sos is String"),
    ("load", ["laden"] * 20, "load"),
]


@pytest.mark.parametrize(("column", "values", "said"), BAD)
def test_a_bad_value_is_named_with_its_row_and_never_passed_over(column, values, said):
    with pytest.raises(watch.WrongColumns, match=said):
        watch.run([SLOW], ZONES, table(**{column: values}))


@pytest.mark.parametrize("column", ["track", "t", "lon", "lat"])
def test_a_missing_column_is_named(column):
    with pytest.raises(watch.WrongColumns, match=f"there is no column {column}"):
        watch.run([SLOW], ZONES, table().drop(column))


def test_a_column_that_a_rule_asks_for_must_be_there():
    without = table().drop("speed_kn", "kind").rename({}).with_columns(speed=pl.lit(1.0))
    for one in (SLOW, rule("{inside: sand-ban, speed: {over: 3 kn}}")):
        with pytest.raises(watch.WrongColumns, match=r"rule r asks for speed_kn.*did you mean speed\?"):
            watch.run([one], ZONES, without)
    for one in (
        rule("{enters: sand-ban}", watches="vehicle"),
        rule("{enters: sand-ban}", more="where: kind = 'tug'"),
    ):
        with pytest.raises(watch.WrongColumns, match="asks for kind"):
            watch.run([one], ZONES, without)
    for when, column in (("{identity: change}", "kind"), ("{drag: {swing: 300 m}}", "speed_kn")):
        with pytest.raises(watch.WrongColumns, match=f"asks for {column}"):
            watch.run([rule(when)], ZONES, without)
    assert watch.run([ENTERS], ZONES, without).alerts


def test_what_is_no_table_is_refused_and_a_rule_without_a_zone_warned_of():
    with pytest.raises(TypeError, match="is no table"):
        watch.run([SLOW], ZONES, "reports.csv")
    with pytest.raises(watch.WrongColumns, match="cannot be read"):
        watch.run([SLOW], ZONES, {"track": [1, 2], "t": [1]})
    with pytest.warns(UserWarning, match="no zone is at a place.*: r"):
        watch.run([rule("{enters: lane-up}")], ZONES, table())


def test_an_empty_table_has_no_alerts():
    ran = watch.run([SLOW], ZONES, table(0))
    assert (ran.alerts, ran.counts["reports"], len(ran.table())) == ((), 0, 0)


CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=5), st.datetimes()
)


@given(
    st.sampled_from(["track", "t", "lon", "lat", "speed_kn", "kind", "nav_status", "sos", "load", "rank"]),
    st.data(),
)
def test_whatever_stands_in_a_column_it_is_taken_exactly_or_refused(column: str, data: st.DataObject) -> None:
    values = data.draw(st.lists(CELLS, min_size=3, max_size=3))
    columns = table(3).to_dict(as_series=False)
    try:
        rows = frames.reports({**columns, column: values}, [SLOW]).rows
    except watch.WrongColumns:
        return
    assert len(rows) == 3
    assert (rows["track"] >= 0).all()
    assert (np.abs(rows["lon"]) <= 180 * DEGREE).all()
    if column in ("lon", "lat"):
        assert rows[column].tolist() == [round(v * DEGREE) for v in values]


def test_zones_are_read_from_geojson_all_or_none(tmp_path: Path) -> None:
    ring = [[118.0, 31.0], [118.1, 31.0], [118.1, 31.1], [118.0, 31.0]]
    text = (
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"zone_id": "a", "kind": '
        f'"sand-ban", "name_zh": "禁采区", "valid_from": "2026-03-01"}}, "geometry": {{"type": "Polygon", '
        f'"coordinates": [{ring}]}}}}]}}'
    )
    (zone,) = watch.read_zones(text)
    assert (zone.zone_id, zone.kind, len(zone.polygons[0][0])) == ("a", "sand-ban", 4)
    assert zone.valid_from_ms == datetime(2026, 2, 28, 16, tzinfo=UTC).timestamp() * 1000
    file = tmp_path / "zones.json"
    file.write_text(text.replace("sand-ban", "sand"), "utf-8")
    with pytest.raises(watch.BadZoneFile, match=r"zones.json: .*sand"):
        watch.read_zones(file)
