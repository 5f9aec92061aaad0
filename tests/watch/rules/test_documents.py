"""What the documents promise: the table of columns is the one in force, and every printed rule reads."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from jiangdun.watch.rules import read
from jiangdun.watch.rules.columns import COLUMNS, KINDS
from jiangdun.watch.rules.sql import FUNCTIONS

HOUSE = Path(__file__).parents[3]
RULES_MD = (HOUSE / "docs" / "rules.md").read_text("utf-8")
HEAD = (
    "rule: r\ntitle: {zh: 题, en: T}\ndomain: port\nowner: o\nseverity: I\nwatch: any\nlegal: [{law: 法}]\n"
)
BLOCKS = re.findall(r"```yaml\n(.*?)```", RULES_MD, flags=re.S)


def test_the_table_of_columns_is_the_one_in_force():
    written = re.findall(
        r"^\| `(\w+)` \| ([a-z ]+) \| (\S+) \| (.+) / (.+) \| (.+) \|$", RULES_MD, flags=re.M
    )
    assert written == [
        (c.name, c.type.value, c.unit.en or "–", c.said.zh, c.said.en, c.how) for c in COLUMNS.values()
    ]


def test_every_function_and_kind_is_named():
    assert all(f"{name}(" in RULES_MD for name in FUNCTIONS)
    assert all(f"`'{kind}'`" in RULES_MD for kind in KINDS)


def whole(block: str) -> str:
    """A rule, where the block shows a part of one."""
    if block.startswith("rule:"):
        return block
    return (HEAD.replace("watch: any\n", "") if block.startswith("watch:") else HEAD) + block


@pytest.mark.parametrize("block", BLOCKS)
def test_every_rule_in_the_document_reads(block):
    assert read(whole(block))


def test_the_document_shows_each_operator():
    kinds = {type(read(whole(b)).when).__name__ for b in BLOCKS}
    alone = {"Stay", "Enter", "Leave", "Speed", "Cross", "Count", "Absence", "Identity", "Drag", "Sequence"}
    assert kinds == alone | {"Pair", "Rendezvous", "Group", "Cover", "Station", "Balance"}


def test_the_room_is_a_library_that_needs_neither_django_nor_settings():
    code = (
        "import sys\n"
        "from jiangdun import watch\n"
        "from jiangdun.watch import alerts, frames, offline, past, spool, trials, why, zone_files\n"
        "assert callable(watch.read) and callable(watch.run) and callable(watch.backtest)\n"
        "assert watch.Rule and watch.Engine\n"
        "bad = [name for name in sys.modules if name.split('.')[0] in ('django', 'ninja')]\n"
        "assert not bad, bad\n"
        "assert 'jiangdun.watch.models' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], env={"PATH": ""}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_example_runs():
    done = subprocess.run(
        [sys.executable, str(HOUSE / "examples" / "try_a_rule.py")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WRONG" not in done.stdout
    assert done.stdout.count("ok ") == 3


def test_the_example_of_a_table_runs():
    done = subprocess.run(
        [sys.executable, str(HOUSE / "examples" / "watch_a_table.py")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "reserve-speed" in done.stdout
    assert "does not keep silent" in done.stdout
