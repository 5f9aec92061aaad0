"""Recordings: whose clock they run on, what is wrong in them, and that every one we have is digested."""

from __future__ import annotations

import gzip
import io
import json
import os
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiangdun.feeds.columns import DEGREE, NO_COURSE, NO_SPEED, Kind
from jiangdun.feeds.observations import Fix, Static
from jiangdun.feeds.protocols.ais import AisSession
from jiangdun.feeds.protocols.nmea import checksum
from jiangdun.feeds.recording import HEAD_LINES, Recording, guess_format
from jiangdun.feeds.simulators.ais import AisStation
from jiangdun.feeds.table import TableError, read_table

DATA = os.environ.get("JIANGDUN_DATA")
SHIP = Fix("ais", "413765432", 70_000_000, 18_000_000, sog_dkn=73)
LINE = AisStation().fix(SHIP, 0)


def write(path: Path, data: bytes) -> Recording:
    path.write_bytes(data)
    return Recording(path)


def heard(recording: Recording) -> list[int]:
    return [said.heard_at_ms for said in recording.said()]


def digest(path: Path) -> tuple[Recording, Counter[str], Counter[str]]:
    """Counts and rejects of a whole recording, through its decoder."""
    recording, session = Recording(path), AisSession()
    counts: Counter[str] = Counter()
    rejects: Counter[str] = Counter()
    last = 0
    if recording.format == "csv":
        taken = [told.taken for told in recording.told()]
    else:
        taken = []
        for said in recording.said():
            last = said.heard_at_ms
            taken.append(session.take(said.data, last))
        taken.append(session.end(last))
    for one in taken:
        counts.update(one.counts)
        rejects.update(bad.reason for bad in one.rejects)
    return recording, counts, rejects


def tagged(inside: bytes) -> bytes:
    return b"\\%b*%02X\\" % (inside, checksum(inside)) + LINE


def test_a_tag_blocks_time_comes_first(tmp_path: Path) -> None:
    stamp = b"$PGHP,1,2013,11,12,12,0,0,11,219,,2190067,1,62*26\r\n"
    recording = write(tmp_path / "x.nmea", stamp + tagged(b"s:a,c:1717200001") + stamp + LINE)
    assert heard(recording) == [1384257600011, 1717200001000, 1384257600011, 1384257600011]
    assert recording.times == {"tag": 1, "pghp": 3}


def test_a_wrong_tag_block_has_no_time(tmp_path: Path) -> None:
    recording = write(tmp_path / "x.nmea", b"\\c:1717200001*00\\" + LINE)
    assert heard(recording) == [0]


def test_unix_time_behind_the_checksum_is_the_third(tmp_path: Path) -> None:
    line = LINE.rstrip() + b",d-109,S2105,r003669946,1325394060,1325394001\r\n"
    recording = write(tmp_path / "x.nmea", line)
    assert heard(recording) == [1325394001000]
    assert recording.time_source == "trailing"


def test_lines_between_two_times_have_the_newest_and_lines_before_the_first_have_it(tmp_path: Path) -> None:
    data = LINE + tagged(b"c:1717200005") + LINE + tagged(b"c:1717200003") + LINE
    recording = write(tmp_path / "x.nmea", data)
    assert heard(recording) == [
        x * 1_000 for x in (1717200005, 1717200005, 1717200005, 1717200003, 1717200005)
    ]
    assert recording.time_source == "tag"


def test_a_log_without_times_starts_where_it_is_told_and_goes_on_by_ten_ms(tmp_path: Path) -> None:
    (tmp_path / "x.nmea").write_bytes(LINE * (HEAD_LINES + 3))
    recording = Recording(tmp_path / "x.nmea", start_ms=5_000)
    assert heard(recording) == [5_000 + 10 * i for i in range(HEAD_LINES + 3)]
    assert recording.time_source == "start"


def test_an_impossible_stamp_is_no_time(tmp_path: Path) -> None:
    recording = write(tmp_path / "x.nmea", b"$PGHP,1,2013,99,12,12,0,0,11,219*26\r\n" + LINE)
    assert heard(recording) == [0, 10]


def test_a_gzip_cut_short_gives_what_came_before_the_cut(tmp_path: Path) -> None:
    whole = gzip.compress(LINE * 20_000)
    recording = write(tmp_path / "x.nmea.gz", whole[: len(whole) - 10])
    assert len(heard(recording)) > 10_000
    assert recording.wrong == {"gzip": 1}


def test_line_ends_may_be_carriage_returns_only(tmp_path: Path) -> None:
    recording = write(tmp_path / "x.nmea", (LINE * 3).replace(b"\r\n", b"\r"))
    assert [said.data for said in recording.said()] == [LINE.strip() + b"\n"] * 3


def test_progress_reaches_the_end(tmp_path: Path) -> None:
    recording = write(tmp_path / "x.nmea.gz", gzip.compress(LINE * 10))
    assert recording.done == 0
    heard(recording)
    assert recording.done == 1


@given(st.binary(max_size=2_000), st.booleans())
def test_any_bytes_are_digested(data: bytes, pack: bool) -> None:
    path = Path(os.environ["JIANGDUN_HOME"]) / "noise.nmea"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(data)[:-4] if pack else data)
    digest(path)


def test_frames_are_read_as_hex_as_json_and_as_they_were(tmp_path: Path) -> None:
    frame = bytes.fromhex("7E000200000138123456780001327E")
    lines = f'{frame.hex()}\n# no frame\n{{"hex": "{frame.hex()}", "heard_at_ms": 5000}}\n\n'
    recording = write(tmp_path / "x.hex", lines.encode())
    assert [(s.heard_at_ms, s.data) for s in recording.said()] == [(0, frame), (5_000, frame)]
    assert recording.wrong == {"line": 1}
    assert recording.times == {"start": 1, "heard_at": 1}
    assert [s.data for s in write(tmp_path / "y.808", frame * 2).said()] == [frame * 2]


@pytest.mark.parametrize(
    ("name", "data", "format"),
    [
        ("a.csv", b"", "csv"),
        ("a.csv.gz", gzip.compress(b"", mtime=0), "csv"),
        ("a.log", b"7e0002", "808"),
        ("a.jsonl", b'{"hex": "7e"}', "808"),
        ("a.txt", b"!AIVDM", "nmea"),
        ("a.dat", b"", "nmea"),
    ],
)
def test_the_format_is_guessed(tmp_path: Path, name: str, data: bytes, format: str) -> None:
    (tmp_path / name).write_bytes(data)
    assert guess_format(tmp_path / name) == format


def table(text: str) -> list[tuple[int, Counter[str], list[object], list[str]]]:
    return [
        (ms, Counter(taken.counts), list(taken.observations), [bad.reason for bad in taken.rejects])
        for ms, taken in read_table(io.BytesIO(text.encode()))
    ][1:]


def test_a_table_is_read_by_the_names_its_columns_have() -> None:
    ((ms, counts, (static, fix), rejects),) = table(
        "MMSI,BaseDateTime,LAT,LON,SOG,COG,Heading,VesselName,IMO,CallSign,"
        "VesselType,Status,Length,Width,Draft\n"
        "636021061,2023-01-11T00:00:00,26.09241,-80.04806,8.8,272.7,270.0,MSC NAISHA III,IMO9307839,5LCB4,70,"
        "8.0,208.0,30.0,8.0\n"
    )
    assert ms == 1_673_395_200_000
    assert (counts["lines"], counts["sentences"], counts["decoded"], rejects) == (1, 1, 1, [])
    assert static == Static(
        "ais", "636021061", "MSC NAISHA III", "5LCB4", Kind.CARGO, 2_080, 300, 80, 9_307_839
    )
    assert fix == Fix(
        "ais", "636021061", round(-80.04806 * DEGREE), round(26.09241 * DEGREE), ms, None, 88, 2_727, 2_700, 8
    )


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("x,2023-01-11,118,31", "fields"),
        ("413765432,2023-01-11", "fields"),
        ("413765432,yesterday,118,31", "time"),
        ("413765432,,118,31", "time"),
        ("413765432,99999999999999999,118,31", "time"),
        ("413765432,2023-01-11,181,91", "range"),
        ("413765432,2023-01-11,nan,31", "range"),
        ("413765432,2023-01-11,0,0", "range"),
        ("123456789,2023-01-11,118,31", "mmsi"),
    ],
)
def test_a_bad_row_is_refused_with_its_reason_and_the_next_is_read(row: str, reason: str) -> None:
    bad, good = table(f"mmsi,t,lon,lat\n{row}\n413765432,1673395200,118,31\n")
    assert bad[2:] == ([], [reason])
    (fix,) = good[2]
    assert isinstance(fix, Fix)
    assert (fix.sog_dkn, fix.cog_ddeg) == (NO_SPEED, NO_COURSE)


def test_a_table_without_a_needed_column_says_which_and_what_it_may_be_called() -> None:
    with pytest.raises(
        TableError, match=r"lacks the column lon \(or longitude, lng, x\).*it has: mmsi, t, lat"
    ):
        table("mmsi,t,lat\n")


def test_a_table_in_any_order_is_told_in_order_of_time(tmp_path: Path) -> None:
    rows = "".join(f"413765432,{1_673_395_200 + t},118,31\n" for t in (5, 3, 9, 3))
    recording = write(tmp_path / "x.csv", f"mmsi,t,lon,lat\n{rows}".encode())
    assert [told.heard_at_ms % 100_000 // 1_000 for told in recording.told()] == [0, 3, 3, 5, 9]


def test_static_data_of_a_table_are_said_once() -> None:
    rows = table("mmsi,t,lon,lat,name\n" + "413765432,2023-01-11,118,31,SHIP\n" * 3)
    assert [len(row[2]) for row in rows] == [2, 1, 1]


@given(st.binary(max_size=500))
def test_any_table_is_digested(data: bytes) -> None:
    list(read_table(io.BytesIO(b"mmsi,t,lon,lat\n413765432,1673395200,118,31\n" + data)))


RECORDED = sorted(
    path for path in (Path(DATA) / "ais").rglob("*") if path.is_file() and "brittany" not in path.name
) if DATA else []  # fmt: skip


@pytest.mark.skipif(DATA is None, reason="JIANGDUN_DATA is not set")
@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.name)
def test_every_recording_is_digested_and_every_sentence_counted_once(path: Path) -> None:
    _, counts, rejects = digest(path)
    assert counts["lines"] == counts["sentences"] + counts["other"]
    assert counts["sentences"] == (
        counts["parts"] + counts["duplicates"] + counts["decoded"] + sum(rejects.values())
    )


@pytest.mark.skipif(DATA is None, reason="JIANGDUN_DATA is not set")
@pytest.mark.parametrize(
    ("name", "source", "lines", "sentences", "decoded"),
    [
        ("denmark_5min_2013.nmea.gz", "pghp", 80_246, 26_146, 26_077),
        ("australia_2012.nmea.gz", "trailing", 44_687, 34_029, None),
        ("libais/tagblock.nmea", "tag", 5, 5, 3),
        ("gpsd/ais-nmea.log", "start", 1_500, 183, 171),
    ],
)
def test_recordings_have_the_sentences_that_are_known_of_them(
    name: str, source: str, lines: int, sentences: int, decoded: int | None
) -> None:
    assert DATA is not None
    recording, counts, _ = digest(Path(DATA) / "ais" / name)
    assert recording.time_source == source
    assert (counts["lines"], counts["sentences"]) == (lines, sentences)
    assert decoded is None or counts["decoded"] == decoded


@pytest.mark.skipif(DATA is None, reason="JIANGDUN_DATA is not set")
@pytest.mark.parametrize("name", ["noaa_20230101.csv", "tufty_2023.csv"])
def test_tables_of_other_makers_are_read(name: str) -> None:
    assert DATA is not None
    _, counts, rejects = digest(Path(DATA) / "tracks" / name)
    assert counts["decoded"] == counts["sentences"] > 990
    assert not rejects


@pytest.mark.skipif(DATA is None, reason="JIANGDUN_DATA is not set")
def test_recorded_frames_are_read() -> None:
    assert DATA is not None
    path = Path(DATA) / "protocols/jt808.jsonl"
    assert guess_format(path) == "808"
    first = json.loads(path.open().readline())
    assert next(iter(Recording(path).said())).data == bytes.fromhex(first["hex"])
