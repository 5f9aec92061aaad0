"""One of a kind in a home: two ears would write one log, two desks one database."""

from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path
from typing import Final

from jiangdun.core import clock

WAIT_S: Final = 20.0
"""So long a new process waits for the one before it, which may be writing its last checkpoint."""
LOOK_EVERY_S: Final = 0.1


def hold(path: Path, wait_s: float = WAIT_S) -> int:
    """The lock, held until this process ends, however it ends. Raises SystemExit that says what to do."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    begun = clock.monotonic()
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if clock.monotonic() - begun > wait_s:
                os.close(handle)
                raise SystemExit(
                    f"✘ 另一个江盾正在使用 {path.parent.parent}，请先停掉它，或另设 JIANGDUN_HOME / "
                    f"another Jiangdun works in {path.parent.parent}: stop it, or give JIANGDUN_HOME another place"
                ) from None
            threading.Event().wait(LOOK_EVERY_S)
        else:
            return handle
