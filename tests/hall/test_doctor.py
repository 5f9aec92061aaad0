"""`jiangdun doctor`: for each thing that is not right, what to do, in both languages."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from jiangdun.hall import doctor, settings
from jiangdun.hall.doctor import Finding

HAN = re.compile(r"[\u4e00-\u9fff]")


def ask(**env: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """The command in a process of its own: exit code and findings by name."""
    clean = {
        key: value
        for key, value in os.environ.items()
        if key not in ("DJANGO_SETTINGS_MODULE", "DATABASE_URL")
    }
    done = subprocess.run(
        [sys.executable, "-m", "jiangdun.hall.cli", "doctor", "--json"],
        capture_output=True,
        text=True,
        env={**clean, **env},
        timeout=120,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, {one["name"]: one for one in json.loads(done.stdout)}


def says_what_to_do(finding: Finding | dict[str, Any]) -> bool:
    about = finding if isinstance(finding, dict) else {"do_zh": finding.do_zh, "do_en": finding.do_en}
    return bool(HAN.search(about["do_zh"])) and bool(re.search("[a-z]{3}", about["do_en"]))


@pytest.fixture(params=[socket.SOCK_STREAM, socket.SOCK_DGRAM])
def taken(request: pytest.FixtureRequest) -> Iterator[tuple[int, int]]:
    """A port somebody holds."""
    with socket.socket(socket.AF_INET, request.param) as holder:
        holder.bind(("127.0.0.1", 0))
        if request.param == socket.SOCK_STREAM:
            holder.listen()
        yield holder.getsockname()[1], request.param


def test_a_fresh_place_is_well_but_for_the_database_to_be_made(tmp_path: Path) -> None:
    _, found = ask(JIANGDUN_HOME=str(tmp_path / "home"))
    assert found["home"]["level"] in ("ok", "warn")
    assert found["settings"]["level"] == "ok"
    assert found["secret key"]["level"] == "ok"
    assert found["database"]["level"] == "warn"
    assert "jiangdun up" in found["database"]["do_en"]
    assert not (tmp_path / "home" / ".doctor").exists(), "nothing is left behind"


def test_a_taken_port_is_named_with_what_to_do(taken: tuple[int, int]) -> None:
    finding = doctor._port("a port", "127.0.0.1", *taken)
    assert finding.level == "warn"
    assert str(taken[0]) in finding.found
    assert says_what_to_do(finding)


def test_a_port_left_a_moment_ago_is_free() -> None:
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as caller:
            accepted, _ = server.accept()
            accepted.close()  # this end waits in TIME_WAIT
            caller.recv(1)
    assert doctor._port("a port", "127.0.0.1", port, socket.SOCK_STREAM).level == "ok"


def test_an_address_this_machine_has_not_is_no_taken_port() -> None:
    finding = doctor._port("a port", "192.0.2.1", 8600, socket.SOCK_STREAM)
    assert finding.level == "fail"
    assert "taken" not in finding.found
    assert says_what_to_do(finding)


def test_a_home_that_cannot_be_written_is_said_before_anything_stumbles_over_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, found = ask(JIANGDUN_HOME=str(tmp_path / "file" / "home"))
    assert code == 1
    assert found["home"]["level"] == "fail"
    assert says_what_to_do(found["home"])
    assert list(found)[-1] == "home", "the rest stands on it"


def test_a_home_whose_path_is_too_long_for_a_socket_is_said(tmp_path: Path) -> None:
    code, found = ask(JIANGDUN_HOME=str(tmp_path / ("x" * 100)))
    assert code == 1
    assert found["home"]["level"] == "fail"
    assert says_what_to_do(found["home"])


@pytest.mark.parametrize(
    ("name", "value"), [("JIANGDUN_HTTP_PORT", "eighty"), ("DATABASE_URL", "mysql://root@localhost/db")]
)
def test_a_setting_that_cannot_be_read_is_said(tmp_path: Path, name: str, value: str) -> None:
    code, found = ask(JIANGDUN_HOME=str(tmp_path), **{name: value})
    assert code == 1
    assert found["settings"]["level"] == "fail"
    assert says_what_to_do(found["settings"])


def test_a_database_that_does_not_answer_is_said(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))  # held and not listened on: nobody answers
        url = f"postgres://nobody@127.0.0.1:{holder.getsockname()[1]}/db"
        code, found = ask(JIANGDUN_HOME=str(tmp_path), DATABASE_URL=url)
    assert code == 1
    assert found["database"]["level"] == "fail"
    assert says_what_to_do(found["database"])
    assert "board" in found, "the rest is looked at all the same"


def test_a_key_others_may_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text("k" * 60)
    (tmp_path / "secret.key").chmod(0o644)
    code, found = ask(JIANGDUN_HOME=str(tmp_path))
    assert code == 1
    assert found["secret key"]["level"] == "fail"
    assert found["secret key"]["do_en"].startswith("chmod 600")


def test_a_board_that_was_not_built_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doctor, "__file__", str(tmp_path / "hall" / "doctor.py"))
    finding = doctor.board()
    assert finding.level == "fail"
    assert says_what_to_do(finding)
    assert "make web" in finding.do_en


def test_little_room_on_the_disk_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JIANGDUN_HOME", str(tmp_path))
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: SimpleNamespace(free=10**6))
    finding = doctor.home()
    assert finding.level == "warn"
    assert says_what_to_do(finding)


def test_whatever_is_not_well_says_what_to_do(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = (lambda: Finding("x", "fail", "broken", "修好它", "mend it"), lambda: Finding("y", "ok", "well"))
    monkeypatch.setattr(doctor, "CHECKS", checks)
    assert doctor.run(doctor.argparse.Namespace(json=False)) == 1
    assert capsys.readouterr().out.splitlines() == [
        "✘ x              broken",
        "  → 修好它 / mend it",
        "✔ y              well",
    ]
    assert settings.HOME, "the settings of the tests were left alone"
