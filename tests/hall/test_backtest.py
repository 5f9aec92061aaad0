"""`jiangdun backtest`: a replay's archive judged again, held to labels, as a table, JSON and CSV."""

from __future__ import annotations

import csv
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hall.test_replay import BOX, RULE

from jiangdun.core.journal import By
from jiangdun.feeds.columns import DEGREE
from jiangdun.feeds.observations import Fix
from jiangdun.feeds.simulators.ais import AisStation
from jiangdun.hall import backtest
from jiangdun.hall.cli import main
from jiangdun.picture import actions

BEGIN_MS = 1_760_000_000_000  # 2025-10-09T16:53:20+08:00
DAYS = ["--from", "2025-10-09", "--to", "2025-10-11"]
LABELS = """\
rule,track,from,to,real,note
in-the-box,413000001,2025-10-09T16:00:00+08:00,2025-10-09T17:30:00+08:00,yes,
in-the-box,413000002,2025-10-09T16:00:00+08:00,2025-10-09T18:30:00+08:00,no,a tug of the port
in-the-box,413000009,2025-10-09T16:00:00+08:00,2025-10-09T18:30:00+08:00,yes,never seen
"""


@pytest.fixture
def place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A replay's folder with rule, zones and labels beside it: two ships cross the box."""
    station, said = AisStation(source="test"), b""
    for step in range(120):
        for ship in (1, 2):
            east, t_ms = (119.44 + step % 60 * 0.001) * DEGREE, BEGIN_MS + step * 10_000 + ship
            said += station.fix(
                Fix("ais", f"41300000{ship}", round(east), round(32.22 * DEGREE), sog_dkn=60), t_ms
            )
    files = {"ais.nmea": said, "in-the-box.yaml": RULE.encode(), "zones.json": json.dumps(BOX).encode()}
    for name, data in {**files, "labels.csv": LABELS.encode()}.items():
        (tmp_path / name).write_bytes(data)
    out = [
        "--rules",
        tmp_path / "in-the-box.yaml",
        "--zones",
        tmp_path / "zones.json",
        "--out",
        tmp_path / "home",
    ]
    assert main(["replay", str(tmp_path / "ais.nmea"), *map(str, out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["alerts"] == {"in-the-box": 4}
    (tmp_path / "digest").write_text(told["digest"])
    return tmp_path


def run(
    capsys: pytest.CaptureFixture[str], place: Path, *more: object, days: list[str] = DAYS
) -> tuple[int, str, str]:
    given = ["--rules", place / "in-the-box.yaml", "--archive", place / "home", *days, *more]
    code = main(["backtest", *map(str, given)])
    out, err = capsys.readouterr()
    return code, out, err


def test_the_archive_of_a_replay_gives_the_digest_of_the_replay(place: Path, capsys: Any) -> None:
    code, out, err = run(capsys, place, "--zones", place / "zones.json", "--json")
    assert code == 0, err
    told = json.loads(out)
    assert told["digest"] == (place / "digest").read_text()
    assert told["rules"]["in-the-box"]["a_day"] == {"2025-10-09": 4, "2025-10-10": 0}
    assert told["load"] == [
        {
            "owner": "msa",
            "shifts": 6,
            "incidents": 0,
            "incidents_a_shift": 0.0,
            "to_decide": 4,
            "busiest": None,
        }
    ]


def test_labels_and_csv_and_a_table_to_read(place: Path, capsys: Any) -> None:
    more = ["--zones", place / "zones.json", "--labels", place / "labels.csv", "--csv", place / "alerts.csv"]
    code, out, err = run(capsys, place, *more)
    assert code == 0, err
    assert "2/4 = 50%" in out
    assert "1/2 = 50%" in out
    assert "in-the-box" in out
    rows = list(csv.DictReader((place / "alerts.csv").open(encoding="utf-8")))
    assert [(row["track"], row["label"]) for row in rows] == [
        ("413000001", "real"), ("413000002", "not real"), ("413000001", "real"), ("413000002", "not real"),
    ]  # fmt: skip


def test_what_cannot_be_done_is_said_with_the_next_step(place: Path, capsys: Any) -> None:
    zones = ["--zones", place / "zones.json"]
    (place / "bad.csv").write_text("rule,track\n")
    (place / "empty").mkdir()
    (place / "bad.yaml").write_text(RULE.replace("severity: III", "severity: IX"))
    for more, days, words in (
        (zones, ["--from", "2025-10-11", "--to", "2025-10-09"], "must come before"),
        (zones, ["--from", "yesterday", "--to", "2025-10-09"], "--from yesterday"),
        ([*zones, "--labels", place / "bad.csv"], DAYS, "no column from"),
        ([*zones, "--archive", place / "empty"], DAYS, "holds no archive"),
        ([*zones, "--rules", place / "empty"], DAYS, "no rule file"),
        ([*zones, "--rules", place / "bad.yaml"], DAYS, "severity"),
        (["--zones", place / "labels.csv"], DAYS, "labels.csv"),
        ([*zones, "--shift-h", "7"], DAYS, "divide 24"),
    ):
        code, out, err = run(capsys, place, *more, days=days)
        assert (code, out) == (2, "")
        assert words in err


@pytest.mark.django_db
def test_an_installations_own_zones_are_those_that_were_known_then(
    place: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jiangdun.hall.settings.HOME", place / "home")
    monkeypatch.setattr("jiangdun.hall.django_up.ready", lambda: None)
    began = datetime.fromtimestamp(BEGIN_MS / 1000).astimezone()
    actions.import_zones(
        json.dumps(BOX).encode(), by=By(system="test"), now=began + timedelta(minutes=9, seconds=59)
    )
    code, out, err = run(capsys, place, "--json")
    assert code == 0, err
    assert json.loads(out)["hits"] == 2, "the zone was not known when they crossed it first"
    code, out, err = run(capsys, place, "--as", "corrected", "--json")
    assert json.loads(out)["hits"] == 4
    monkeypatch.setattr("jiangdun.hall.settings.HOME", place)
    assert run(capsys, place)[0] == 2
    assert timedelta(hours=8) == backtest.LOCAL_OFFSET
