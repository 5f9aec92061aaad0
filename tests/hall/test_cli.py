"""The command line, as a person at a shell meets it: processes of its own, a home of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from jiangdun.hall import cli

BAD_RULE = """\
rule: bad
title: {zh: 坏, en: Bad}
domain: traffic
owner: msa
severity: VII
watch: vessel
when: {enters: no-go, fixes: 2}
legal: [{law: 测试}]
"""


def run(*arguments: str, home: Path, program: str | None = None) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if k not in ("DJANGO_SETTINGS_MODULE", "DATABASE_URL")}
    command = ["-c", program] if program else ["-m", "jiangdun.hall.cli"]
    return subprocess.run(
        [sys.executable, *command, *arguments],
        capture_output=True,
        text=True,
        timeout=180,
        env={**clean, "JIANGDUN_HOME": str(home)},
    )


def inside(home: Path, program: str) -> str:
    """What a few lines print in an installation's own process."""
    done = run(home=home, program=f"from jiangdun.hall import django_up; django_up.ready()\n{program}")
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A home with one agency and one person, and that person's password."""
    home = tmp_path_factory.mktemp("home")
    done = run("account", "agency", "river-police", "长航公安", "River Police", home=home)
    assert done.returncode == 0, done.stderr
    done = run(
        "account", "add", "wang", "river-police", "desk", "duty_commander", "--name-zh", "王警官", home=home
    )
    assert done.returncode == 0, done.stderr
    return home, done.stdout.rsplit(": ", 1)[1].strip()


def test_an_unknown_command_names_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        cli.main(["launch"])
    assert refused.value.code == 2
    said = capsys.readouterr().err
    assert "launch" in said
    assert all(command.name in said for command in cli.COMMANDS)


@pytest.mark.parametrize("command", [command.name for command in cli.COMMANDS])
def test_each_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        cli.main([command, "--help"])
    assert done.value.code == 0
    assert f"jiangdun {command}" in capsys.readouterr().out


def test_the_catalogue_is_well_and_each_rule_says_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["rules", "check"]) == 0
    assert "dike-danger-stay" in capsys.readouterr().out


def test_a_bad_rule_is_named_with_file_line_and_both_languages(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(BAD_RULE, "utf-8")
    assert cli.main(["rules", "check", str(path)]) == 1
    said = capsys.readouterr().out
    assert "bad.yaml" in said
    assert ":5" in said.replace(" ", "")
    assert "VII" in said


def test_rules_are_checked_without_django(tmp_path: Path) -> None:
    program = (
        "import sys; from jiangdun.hall import cli; code = cli.main(['rules', 'check']);"
        "print(code, 'django' in sys.modules)"
    )
    assert run(home=tmp_path, program=program).stdout.splitlines()[-1] == "0 False"
    assert list(tmp_path.iterdir()) == [], "a check writes nothing"


def test_a_person_made_here_can_sign_in(founded: tuple[Path, str]) -> None:
    home, password = founded
    assert len(password) >= 18
    program = (
        "from jiangdun.core import accounts, clock\n"
        "from jiangdun.alliance import queries\n"
        f"found = accounts.sign_in('wang', {password!r}, '127.0.0.1', clock.now())\n"
        "print(found.username, found.name_zh, [a.code for a in queries.agencies()])"
    )
    assert inside(home, program) == "wang 王警官 ['river-police']"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "wang", "river-police", "desk"), "wang"),
        (("add", "li", "nowhere", "desk"), "nowhere"),
        (("add", "li", "river-police", "emperor"), "emperor"),
        (("agency", "river-police", "长航公安", "River Police"), "river-police"),
    ],
)
def test_what_cannot_be_made_is_said_and_nothing_is_half_made(
    founded: tuple[Path, str], arguments: tuple[str, ...], said: str
) -> None:
    home, _ = founded
    done = run("account", *arguments, home=home)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stdout.startswith("✘")
    assert said in done.stdout
    program = (
        "from jiangdun.core.models import Account; print([one.username for one in Account.objects.all()])"
    )
    assert inside(home, program) == "['wang']"


def test_the_database_is_its_owners_alone(founded: tuple[Path, str]) -> None:
    home, _ = founded
    assert {path.name: oct(path.stat().st_mode & 0o077) for path in home.glob("*.sqlite3*")} == {
        "jiangdun.sqlite3": "0o0"
    }
    assert (home / "secret.key").stat().st_mode & 0o077 == 0


def test_a_flipped_byte_in_the_database_file_is_found(founded: tuple[Path, str]) -> None:
    home, _ = founded
    inside(home, "from jiangdun.core import clock, journal; print(journal.seal(clock.now()))")
    done = run("journal", "verify", home=home)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "✔" in done.stdout
    path = home / "jiangdun.sqlite3"
    data = path.read_bytes()
    body = b'"code":"river-police"'
    assert data.count(body) == 1, "the fact's body, as stored text"
    path.write_bytes(data.replace(body, b'"code":"river-polite"'))
    try:
        done = run("journal", "verify", home=home)
        assert done.returncode == 1
        assert "✘" in done.stdout
        assert "→" in done.stdout
        found = json.loads(run("journal", "verify", "--json", home=home).stdout)
        assert not found["ok"]
        assert found["problems"]
    finally:
        path.write_bytes(data)


def test_a_journal_that_was_never_made_is_said(tmp_path: Path) -> None:
    done = run("journal", "verify", home=tmp_path)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "jiangdun up" in done.stdout


def test_a_demo_database_is_never_put_on_duty(tmp_path: Path) -> None:
    program = (
        "django_up.migrate()\n"
        "from jiangdun.alliance import actions; from jiangdun.core import clock; from jiangdun.core.journal import By\n"
        "actions.found_agency('centre', '中心', 'Centre', 'water', by=By(system='t'), now=clock.now(), demo=True)"
    )
    inside(tmp_path, program)
    done = run("up", home=tmp_path)
    assert done.returncode == 1
    assert "演示数据库" in done.stdout
    assert "a demo's database" in done.stdout


def test_no_demo_here_is_said(tmp_path: Path) -> None:
    done = run("simulate", home=tmp_path)
    assert done.returncode == 1
    assert "jiangdun demo" in done.stdout


def test_settings_that_cannot_be_read_are_said_without_a_traceback(tmp_path: Path) -> None:
    clean = {**os.environ, "JIANGDUN_HOME": str(tmp_path), "DATABASE_URL": "mysql://x/y"}
    clean.pop("DJANGO_SETTINGS_MODULE", None)
    done = subprocess.run(
        [sys.executable, "-m", "jiangdun.hall.cli", "up"],
        capture_output=True,
        text=True,
        env=clean,
        timeout=60,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "jiangdun doctor" in done.stdout + done.stderr
