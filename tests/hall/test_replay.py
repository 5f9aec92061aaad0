"""`jiangdun replay`: every recording is digested, every sentence lands in one bin, two runs give one digest."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest

from jiangdun.feeds.columns import DEGREE, Kind
from jiangdun.feeds.observations import Fix, Static
from jiangdun.feeds.raw import RawLog, What
from jiangdun.feeds.simulators.ais import AisStation
from jiangdun.hall.cli import main

DATA = os.environ.get("JIANGDUN_DATA")
KEYS = {
    "lines", "sentences", "decoded", "rejected", "duplicates", "reports", "tracks", "alerts", "span",
    "time_source", "digest",
}  # fmt: skip
RULE = """
rule: in-the-box
title: {zh: 进入测试区, en: Entered the box}
domain: traffic
owner: msa
severity: III
watch: vessel
when: {enters: no-go, fixes: 2}
legal: [{law: 测试}]
"""
BOX = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"code": "box", "kind": "no-go", "name_zh": "测试区", "name_en": "Box"},
            "geometry": {
                "type": "Polygon",
                "coordinates": [
                    [[119.45, 32.2], [119.47, 32.2], [119.47, 32.24], [119.45, 32.24], [119.45, 32.2]]
                ],
            },
        }
    ],
}


def replay(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    code = main(["replay", *map(str, arguments), "--json"])
    out, err = capsys.readouterr()
    assert code == 0, err
    summary: dict[str, Any] = json.loads(out)
    return summary


def balanced(told: dict[str, Any]) -> bool:
    lines = told["lines"] == told["sentences"] + told["other"]
    bins = told["parts"] + told["duplicates"] + told["decoded"] + sum(told["rejected"].values())
    return lines and told["sentences"] == bins


@pytest.fixture
def voyage(tmp_path: Path) -> Path:
    """A ship that crosses the box from west to east, with a name and one spoilt sentence."""
    station, said = AisStation(source="test"), b""
    begin_ms = 1_760_000_000_000
    said += station.static(
        Static("ais", "413000001", name="JIANG HUI 66", kind=Kind.CARGO, length_dm=800), begin_ms
    )
    for step in range(60):
        t_ms = begin_ms + step * 10_000
        said += station.fix(
            Fix(
                "ais",
                "413000001",
                round((119.44 + step * 0.001) * DEGREE),
                round(32.22 * DEGREE),
                sog_dkn=80,
                cog_ddeg=900,
            ),
            t_ms,
        )
    said += b"!AIVDM,1,1,,A,16:V?>00198C?1PA0sJ3N2lt0000,0*00\r\n"
    path = tmp_path / "voyage.nmea.gz"
    path.write_bytes(gzip.compress(said))
    return path


def test_a_recording_gives_counts_alerts_and_the_same_digest_twice(
    voyage: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    zones, rules = tmp_path / "zones.geojson", tmp_path / "rules"
    zones.write_text(json.dumps(BOX), "utf-8")
    rules.mkdir()
    (rules / "box.yaml").write_text(RULE, "utf-8")
    arguments = (voyage, "--zones", zones, "--rules", rules)
    told = replay(capsys, *arguments, "--out", tmp_path / "out")
    assert told.keys() >= KEYS
    assert balanced(told)
    assert (told["reports"], told["tracks"], told["alerts"]) == (60, 1, {"in-the-box": 1})
    assert told["rejected"] == {"checksum": 1}
    assert told["time_source"] == {"tag": 1}
    alert = json.loads((tmp_path / "out" / "alerts.jsonl").read_text("utf-8"))
    assert alert["label"] == "JIANG HUI 66"
    assert "JIANG HUI 66" in alert["why_zh"]
    assert (tmp_path / "out" / "archive" / "manifest.json").exists()
    assert replay(capsys, *arguments)["digest"] == told["digest"]
    assert replay(capsys, voyage)["digest"] != told["digest"], "the digest is of alerts"


def test_an_installations_raw_bytes_are_replayed_as_they_were_heard(
    voyage: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = RawLog(tmp_path / "raw", sync=False)
    log.put(1_760_000_000_000, 1, "ais", b"story:0", What.OPENED)
    for n, line in enumerate(gzip.decompress(voyage.read_bytes()).splitlines(keepends=True)):
        log.put(1_760_000_000_000 + n * 10_000, 1, "ais", line)
    log.close()
    told = replay(capsys, tmp_path / "raw")
    assert balanced(told)
    assert (told["reports"], told["tracks"], told["time_source"]) == (60, 1, {"heard_at": 1})


def test_a_rule_that_is_wrong_is_named_with_its_line(
    voyage: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rule = tmp_path / "bad.yaml"
    rule.write_text(RULE.replace("severity: III", "severity: VII"), "utf-8")
    assert main(["replay", str(voyage), "--rules", str(rule)]) == 2
    assert "bad.yaml:6" in capsys.readouterr().err.replace(" ", "")


def test_a_file_that_is_not_there_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "nowhere.nmea"]) == 2
    assert "nowhere.nmea" in capsys.readouterr().err


@pytest.mark.skipif(not DATA, reason="JIANGDUN_DATA is not set")
def test_every_small_recording_is_digested_and_balances(capsys: pytest.CaptureFixture[str]) -> None:
    files = [
        p for p in sorted(Path(str(DATA), "ais").rglob("*")) if p.is_file() and p.stat().st_size < 2_000_000
    ]
    assert len(files) > 15
    unbalanced = [path.name for path in files if not balanced(replay(capsys, path, "--format", "nmea"))]
    assert unbalanced == []


@pytest.mark.skipif(not DATA, reason="JIANGDUN_DATA is not set")
def test_known_recordings_give_their_known_counts(capsys: pytest.CaptureFixture[str]) -> None:
    denmark = replay(capsys, Path(str(DATA), "ais/denmark_5min_2013.nmea.gz"))
    assert (denmark["lines"], denmark["decoded"] + denmark["duplicates"], denmark["time_source"]) == (
        80_246,
        26_077,
        {"pghp": 1},
    )
    australia = replay(capsys, Path(str(DATA), "ais/australia_2012.nmea.gz"))
    assert australia["lines"] == 44_687
    assert australia["sentences"] == 34_029
    assert balanced(australia)
