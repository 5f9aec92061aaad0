"""Processes are kept running: real ones, killed and crashing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jiangdun.hall import supervise
from jiangdun.hall.supervise import Child, Supervisor

WITHIN_S = 30.0
SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]
STUBBORN = [
    sys.executable, "-c",
    "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)",
]  # fmt: skip


def until(true: Callable[[], object]) -> None:
    begun = time.monotonic()
    while not true():
        assert time.monotonic() - begun < WITHIN_S
        time.sleep(0.01)


@contextmanager
def running(supervisor: Supervisor) -> Iterator[Supervisor]:
    thread = threading.Thread(target=supervisor.run)
    thread.start()
    try:
        yield supervisor
    finally:
        supervisor.stop()
        thread.join(WITHIN_S)
        assert not thread.is_alive()


def child(supervisor: Supervisor, name: str) -> Child:
    return next(one for one in supervisor._children if one.name == name)


def test_a_killed_process_is_started_again_and_its_sister_is_left_alone() -> None:
    with running(Supervisor({"ears": SLEEPER, "desk": SLEEPER})) as supervisor:
        until(lambda: len(supervisor.pids()) == 2)
        before = supervisor.pids()
        os.kill(before["ears"], signal.SIGKILL)
        until(lambda: supervisor.pids().get("ears", before["ears"]) != before["ears"])
        assert supervisor.pids()["desk"] == before["desk"]
        assert child(supervisor, "ears").restarts == 1
        assert child(supervisor, "desk").restarts == 0


def test_killed_again_and_again_it_never_waits_longer() -> None:
    with running(Supervisor({"ears": SLEEPER})) as supervisor:
        for times in range(1, 5):
            until(lambda: supervisor.pids())
            os.kill(supervisor.pids()["ears"], signal.SIGKILL)
            until(lambda times=times: child(supervisor, "ears").restarts == times)
            assert child(supervisor, "ears").wait_s == supervise.RESTART_FIRST_S


@pytest.mark.parametrize(
    "crash", ["raise SystemExit(1)", "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"]
)
def test_a_process_that_crashes_soon_after_its_start_is_given_more_and_more_time(
    crash: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervise, "RESTART_FIRST_S", 0.01)
    monkeypatch.setattr(supervise, "RESTART_MAX_S", 0.05)
    supervisor = Supervisor({"desk": [sys.executable, "-S", "-c", crash]})
    supervisor._children[0].wait_s = 0.01
    waits: list[float] = []

    def note() -> None:
        wait_s = child(supervisor, "desk").wait_s
        if not waits or waits[-1] != wait_s:
            waits.append(wait_s)
        if child(supervisor, "desk").restarts == 5:
            supervisor.stop()

    supervisor.run(note)
    assert waits == [0.01, 0.02, 0.04, 0.05], "twice as long each time, up to a limit"


def test_a_crash_after_steady_work_is_nothing_to_wait_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervise, "STEADY_S", -1.0)
    supervisor = Supervisor({"desk": [sys.executable, "-S", "-c", "raise SystemExit(1)"]})

    def note() -> None:
        assert child(supervisor, "desk").wait_s == supervise.RESTART_FIRST_S
        if child(supervisor, "desk").restarts == 3:
            supervisor.stop()

    supervisor.run(note)


def test_a_program_that_cannot_be_started_stops_nobody_else(tmp_path: Path) -> None:
    with running(Supervisor({"desk": [str(tmp_path / "nowhere")], "ears": SLEEPER})) as supervisor:
        until(lambda: "ears" in supervisor.pids() and child(supervisor, "desk").wait_s > 0.1)
        assert "desk" not in supervisor.pids()


def test_stop_ends_the_children() -> None:
    with running(Supervisor({"ears": SLEEPER, "desk": SLEEPER})) as supervisor:
        until(lambda: len(supervisor.pids()) == 2)
        pids = supervisor.pids()
    for pid in pids.values():
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_child_that_does_not_stop_is_killed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(supervise, "STOP_S", 0.2)
    ready = tmp_path / "ready"
    stubborn = [
        *STUBBORN[:2],
        STUBBORN[2].replace("print('up', flush=True)", f"open({str(ready)!r}, 'w').close()"),
    ]
    with running(Supervisor({"ears": stubborn})) as supervisor:
        until(ready.exists)
    assert child(supervisor, "ears").process is not None
    assert child(supervisor, "ears").process.returncode == -signal.SIGKILL  # type: ignore[union-attr]


def test_told_by_a_signal_it_stops_with_its_children(tmp_path: Path) -> None:
    said = tmp_path / "pid"
    ears = f"import os, time; open({str(said)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    family = (
        "import sys; from jiangdun.hall.supervise import Supervisor;"
        f"Supervisor({{'ears': [sys.executable, '-c', {ears!r}]}}).run()"
    )
    process = subprocess.Popen([sys.executable, "-c", family])
    until(lambda: said.exists() and said.read_text())
    process.terminate()
    assert process.wait(WITHIN_S) == 0
    with pytest.raises(ProcessLookupError):
        os.kill(int(said.read_text()), 0)


def test_a_child_whose_supervisor_was_killed_goes_too(tmp_path: Path) -> None:
    said = tmp_path / "pid"
    grandchild = (
        "import asyncio, os, sys; from jiangdun.hall import orphan;"
        f"open({str(said)!r}, 'w').write(str(os.getpid()));"
        "asyncio.run(orphan.wait_for_it(int(sys.argv[1])))"
    )
    family = (
        "import os, subprocess, sys;"
        f"subprocess.Popen([sys.executable, '-c', {grandchild!r}, str(os.getpid())]).wait()"
    )
    process = subprocess.Popen([sys.executable, "-c", family])
    until(lambda: said.exists() and said.read_text())
    process.kill()
    process.wait()
    until(lambda: not Path(f"/proc/{said.read_text()}").exists() or _zombie(int(said.read_text())))


def _zombie(pid: int) -> bool:
    """Ended, with nobody in this place who reaps it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True
