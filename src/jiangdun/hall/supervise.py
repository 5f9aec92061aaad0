"""Keeps *ears* and *desk* (and in a demo the *river*) running: a process that dies is started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog

from jiangdun.core import clock

RESTART_FIRST_S: Final = 0.1
RESTART_MAX_S: Final = 10.0
STEADY_S: Final = 30.0
"""A process that ran so long is healthy: its next restart is at once again."""
STOP_S: Final = 15.0
KILLED: Final = (-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT)
"""Ended from outside; a crash of its own (SIGSEGV, say) is not among them."""

log = structlog.get_logger()


@dataclass
class Child:
    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started_at_s: float = 0.0
    wait_s: float = RESTART_FIRST_S
    restart_at_s: float | None = 0.0
    restarts: int = field(default=-1)


class Supervisor:
    """`run` returns when told to stop (SIGTERM, SIGINT, or `stop`), after the children have stopped."""

    def __init__(self, commands: Mapping[str, Sequence[str]], env: Mapping[str, str] | None = None) -> None:
        self._children = [Child(name, command) for name, command in commands.items()]
        self._env = {**os.environ, **(env or {})}
        self._stopping = threading.Event()

    def stop(self) -> None:
        self._stopping.set()

    def pids(self) -> dict[str, int]:
        return {c.name: c.process.pid for c in self._children if c.process and c.process.poll() is None}

    def run(self, tick: Callable[[], None] | None = None) -> None:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: self.stop())
        try:
            while not self._stopping.is_set():
                for child in self._children:
                    self._look_after(child)
                if tick:
                    tick()
                self._stopping.wait(0.05)
        finally:
            self._stop_all()

    def _look_after(self, child: Child) -> None:
        now = clock.monotonic()
        if child.process is not None and child.process.poll() is None:
            return
        if child.process is not None and child.restart_at_s is None:
            # Killed from outside is nobody's mistake; what ends by itself soon after its start must not spin.
            steady = now - child.started_at_s > STEADY_S or child.process.returncode in KILLED
            child.wait_s = RESTART_FIRST_S if steady else min(child.wait_s * 2, RESTART_MAX_S)
            child.restart_at_s = now + child.wait_s
            log.warning(
                "process ended", process=child.name, code=child.process.returncode, again_in_s=child.wait_s
            )
        if child.restart_at_s is not None and now >= child.restart_at_s:
            self._start(child, now)

    def _start(self, child: Child, now: float) -> None:
        try:
            child.process = subprocess.Popen(list(child.command), env=self._env, start_new_session=True)
        except OSError as error:  # no memory for another process, say
            child.wait_s = min(child.wait_s * 2, RESTART_MAX_S)
            child.restart_at_s = now + child.wait_s
            log.error(
                "process cannot be started", process=child.name, why=str(error), again_in_s=child.wait_s
            )
            return
        child.started_at_s, child.restart_at_s = now, None
        child.restarts += 1

    def _stop_all(self) -> None:
        for child in self._children:
            if child.process and child.process.poll() is None:
                child.process.terminate()
        for child in self._children:
            if child.process is None:
                continue
            try:
                child.process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                log.error("process did not stop, killed", process=child.name)
                child.process.kill()
                child.process.wait()


def python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]
