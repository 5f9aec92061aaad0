"""One of a kind in a home."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from jiangdun.hall import alone

HOLD = "import sys; from pathlib import Path; from jiangdun.hall import alone; alone.hold(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"  # fmt: skip  # noqa: E501


def other(path: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    return process


def test_a_second_one_is_told_what_to_do_in_both_languages(tmp_path: Path) -> None:
    path = tmp_path / "run" / "ears.lock"
    with other(path) as process:
        with pytest.raises(SystemExit) as refused:
            alone.hold(path, wait_s=0.0)
        process.kill()
    assert "另设 JIANGDUN_HOME" in str(refused.value)
    assert "give JIANGDUN_HOME another place" in str(refused.value)
    assert str(tmp_path) in str(refused.value)


def test_a_killed_one_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "run" / "ears.lock"
    with other(path) as process:
        process.kill()
    os.close(alone.hold(path))
