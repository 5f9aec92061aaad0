"""What listens while the product runs is what docs/settings.md says, and nothing else."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from .boxes import Box, free_ports, until

PAGE = Path(__file__).resolve().parents[2] / "docs" / "settings.md"
ROW = re.compile(r"^\| `(JIANGDUN_\w+_PORT)` \| (\d+|none) \| (TCP|UDP) \|", re.M)
DOCUMENTED = {name: transport.lower() for name, _, transport in ROW.findall(PAGE.read_text("utf-8"))}
LISTENS, BOUND = "0A", "07"
"""States in /proc/net/tcp and /proc/net/udp."""
pytestmark = pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="needs /proc")


def family(pid: int) -> Iterator[int]:
    """A process and all that come from it."""
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            yield from family(int(child))


def inodes(pid: int) -> set[str]:
    found = set()
    for handle in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found |= set(re.findall(r"socket:\[(\d+)\]", os.readlink(handle)))
        except OSError:  # closed just now
            continue
    return found


def listening(pid: int) -> set[tuple[str, str, int]]:
    """(transport, address as the kernel writes it, port) of every socket that takes something in."""
    own = set().union(*(inodes(one) for one in family(pid)))
    found = set()
    for name, state in (("tcp", LISTENS), ("tcp6", LISTENS), ("udp", BOUND), ("udp6", BOUND)):
        path = Path(f"/proc/net/{name}")
        for line in path.read_text().splitlines()[1:] if path.exists() else ():
            words = line.split()
            if words[3] == state and words[9] in own:
                address, port = words[1].split(":")
                found.add((name[:3], address, int(port, 16)))
    return found


def unix_sockets(pid: int) -> set[str]:
    """Paths of the sockets in the file system that take connections."""
    own = set().union(*(inodes(one) for one in family(pid)))
    rows = [line.split() for line in Path("/proc/net/unix").read_text().splitlines()[1:]]
    return {row[7] for row in rows if len(row) > 7 and row[6] in own and row[3] == "00010000"}


def test_the_page_names_every_port_there_is_a_setting_for() -> None:
    code = (PAGE.parents[1] / "src/jiangdun/hall/settings.py").read_text("utf-8")
    assert set(re.findall(r'"(JIANGDUN_\w+_PORT)"', code)) == DOCUMENTED.keys()
    defaults = {name: default for name, default, _ in ROW.findall(PAGE.read_text("utf-8"))}
    for name, default in defaults.items():
        assert f'environ.get("{name}", "{0 if default == "none" else default}")' in code


@pytest.mark.parametrize("https", [False, True])
def test_open_ports_are_the_documented_ones(tmp_path: Path, https: bool) -> None:
    box = Box(tmp_path / "home")
    if https:
        made = box.jiangdun("cert", "make", "localhost", "127.0.0.1", "--no-passphrase")
        assert made.returncode == 0, made.stdout
    settings = dict(zip(DOCUMENTED, free_ports(len(DOCUMENTED)), strict=True))
    process = box.start(
        "-m", "jiangdun.hall.cli", "up", **{name: str(port) for name, port in settings.items()}
    )
    expected = {
        (DOCUMENTED[name], "0100007F", port)
        for name, port in settings.items()
        if https or name != "JIANGDUN_PLAIN_PORT"
    }
    try:
        until(lambda: process.poll() is not None or listening(process.pid) >= expected)
        assert listening(process.pid) == expected
        assert unix_sockets(process.pid) == {str(box.home / "run" / "ears.sock")}
    finally:
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=60)
    assert process.returncode == 0, said
