"""The load of the first issue: links, vessels, terminals, boards; what is sent is decoded, archived, and warned about.

    python tests/bench/load.py --seconds 600     # 10 TCP links, 5,000 reports/s, 20 boards, ten minutes

The sender and the boards run on the same machine as ears and desk. Latency of an alert is measured from before the
sender's write of the triggering frame (earlier than the hub's read) to its receipt by each board.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import random
import re
import sys
import tempfile
import time
from collections import deque
from pathlib import Path
from typing import Any

import _town as town

AIS_LINKS, TERMINAL_LINKS = 8, 2
BOARDS = 20
TICK_S = 0.05
INSIDE_AFTER = 40
"""Ticks between a trigger ship's two fixes."""
TRACK = re.compile(r'"track":\s*"(4139\d{5})"')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rate", type=int, default=5_000, help="reports a second, 80 %% AIS, 20 %% 808")
    options, _ = parser.parse_known_args()
    with (
        tempfile.TemporaryDirectory(prefix="jiangdun-bench-") as folder,
        town.installation(Path(folder)) as place,
    ):
        rows = measure(place, options.seconds, options.rate, Path(folder))
    for row in rows:
        print(json.dumps(row))


def measure(place: dict[str, Any], seconds: float, rate: int, home: Path) -> list[dict[str, Any]]:
    cookies = [_sign_in(place) for _ in range(BOARDS // 4)]
    results: Any = multiprocessing.get_context("spawn").Queue()
    boards = multiprocessing.get_context("spawn").Process(
        target=watch_boards, args=(place["url"], cookies, _cursor(place), seconds + 12, results)
    )
    boards.start()
    time.sleep(3)
    before = _cpu(place)
    sent = asyncio.run(send(place, seconds, rate))
    used = {name: after - before[name] for name, after in _cpu(place).items()}
    time.sleep(4)
    health = _health(place)
    seen = results.get(timeout=60)
    boards.join(30)
    place["supervisor"].stop()
    time.sleep(2)
    return rows_of(sent, seen, health, used, seconds, _logged(home))


def rows_of(
    sent: dict[str, Any],
    seen: dict[str, Any],
    health: dict[str, Any],
    used: dict[str, float],
    seconds: float,
    logged: int,
) -> list[dict[str, Any]]:
    ais, jt808 = (health["counters"][name] for name in ("ais", "jt808"))
    decoded = ais["counts"]["decoded"] + jt808["counts"]["reports"]
    rejected = sum(ais["rejects"].values()) + sum(jt808["rejects"].values())
    if not seen["alerts"]:
        print(f"no alert reached a board; the boards saw {seen}", file=sys.stderr)
    latencies = sorted(
        at - sent["triggers"][label] for label, at in seen["alerts"] if label in sent["triggers"]
    )
    expected = len(sent["triggers"]) * BOARDS
    share = {name: f"{cpu / seconds:.0%}" for name, cpu in used.items()}
    note = f"{seconds:.0f} s, 10 links, 30,000 vessels, 1,000 zones, 5 rules, {BOARDS} boards; cores used: {share}"
    return [
        {"row": "load: reports taken in", "figure": round(sent["reports"] / seconds),
         "unit": "reports/s", "floor": 5_000, "note": note},
        {"row": "load: sent − decoded − rejected", "figure": sent["reports"] - decoded - rejected, "unit": "reports",
         "floor": 0, "note": f"sent {sent['reports']:,}, decoded {decoded:,}, rejected {rejected:,}"},
        {"row": "load: decoded − logged for the archive", "figure": decoded - logged, "unit": "reports", "floor": 0},
        {"row": "load: frame to alert on a board, p99", "figure": round(_p(latencies, 0.99) * 1000, 1), "unit": "ms",
         "floor": 500, "note": f"p50 {_p(latencies, 0.5) * 1000:.0f} ms, {len(latencies)} of {expected} receipts"},
        {"row": "load: frames of positions a board received", "figure": round(seen["frames"] / BOARDS / seconds, 2),
         "unit": "frames/s", "note": f"{seen['bytes'] / max(seen['frames'], 1) / 1000:.0f} kB each"},
    ]  # fmt: skip


def _p(values: list[float], share: float) -> float:
    return values[min(len(values) - 1, int(share * len(values)))] if values else float("nan")


# -- the sender


async def send(place: dict[str, Any], seconds: float, rate: int) -> dict[str, Any]:
    from jiangdun.feeds.columns import DEGREE
    from jiangdun.feeds.observations import Fix
    from jiangdun.feeds.simulators.ais import AisStation
    from jiangdun.feeds.simulators.jt808 import Terminal, location

    chance = random.Random(5)
    station = AisStation("AI")
    vessels = [
        (f"4120{number:05d}", *town.river(chance.random()), chance.uniform(-8e-5, 8e-5))
        for number in range(town.AIS_VESSELS)
    ]
    ais = [(await asyncio.open_connection("127.0.0.1", place["ais"]))[1] for _ in range(AIS_LINKS)]
    lines = [await asyncio.open_connection("127.0.0.1", place["jt808"]) for _ in range(TERMINAL_LINKS)]
    terminals = [
        Terminal(town.terminal(n), code=place["codes"][town.terminal(n)]) for n in range(town.TERMINALS)
    ]
    drains = [asyncio.create_task(_drain(reader)) for reader, _ in lines]
    for number, one in enumerate(terminals):
        lines[number % TERMINAL_LINKS][1].write(one.hello())
    await asyncio.gather(*(writer.drain() for _, writer in lines))
    await asyncio.sleep(2)
    reports, step, triggers = 0, 0, {}
    at_vessel = at_terminal = trigger = 0
    coming: deque[tuple[int, str]] = deque()
    per_tick = rate * TICK_S
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        now_ms = round(time.time() * 1000)
        for _ in range(round(per_tick * 0.8)):
            mmsi, lon, lat, drift = vessels[at_vessel]
            lon += drift * (step % 400)
            fix = Fix(
                "ais", mmsi, round(lon * DEGREE), round(lat * DEGREE), sog_dkn=60 + step % 20, cog_ddeg=900
            )
            ais[at_vessel % AIS_LINKS].write(station.fix(fix, now_ms))
            at_vessel = (at_vessel + 1) % len(vessels)
        for _ in range(round(per_tick * 0.2)):
            lon, lat = town.river(at_terminal / town.TERMINALS)
            said = terminals[at_terminal].say_location(
                location(lon + step % 100 * 1e-5, lat, now_ms, 40.0, 90.0)
            )
            lines[at_terminal % TERMINAL_LINKS][1].write(said)
            at_terminal = (at_terminal + 1) % town.TERMINALS
        # Four ships a second come to the trap's border; two seconds later each is a few metres inside.
        if step % 5 == 0:
            label = f"4139{trigger:05d}"
            trigger += 1
            coming.append((step + INSIDE_AFTER, label))
            ais[0].write(station.fix(_at_trap(label, 0.0102), now_ms))
            reports += 1
        while coming and coming[0][0] <= step:
            label = coming.popleft()[1]
            triggers[label] = time.time()
            ais[0].write(station.fix(_at_trap(label, 0.0098), now_ms))
            reports += 1
        reports += round(per_tick * 0.8) + round(per_tick * 0.2)
        step += 1
        await asyncio.gather(*(writer.drain() for writer in ais), *(writer.drain() for _, writer in lines))
        await asyncio.sleep(max(0.0, begun + step * TICK_S - time.monotonic()))
    await asyncio.sleep(2)
    for drain in drains:
        drain.cancel()
    for writer in [*ais, *(writer for _, writer in lines)]:
        writer.close()
    return {"reports": reports, "triggers": triggers}


def _at_trap(mmsi: str, east: float) -> Any:
    """A fix `east` degrees from the middle of the trap."""
    from jiangdun.feeds.columns import DEGREE
    from jiangdun.feeds.observations import Fix

    lon = round((town.TRAP[0] + east) * DEGREE)
    return Fix("ais", mmsi, lon, round(town.TRAP[1] * DEGREE), sog_dkn=50, cog_ddeg=2700)


async def _drain(reader: asyncio.StreamReader) -> None:
    while await reader.read(1 << 16):
        pass


# -- the boards, in a process of their own


def watch_boards(url: str, cookies: list[str], cursor: int, seconds: float, results: Any) -> None:
    results.put(asyncio.run(_watch_all(url, cookies, cursor, seconds)))


async def _watch_all(url: str, cookies: list[str], cursor: int, seconds: float) -> dict[str, Any]:
    seen: dict[str, Any] = {"alerts": [], "frames": 0, "bytes": 0}
    await asyncio.gather(
        *(_watch_one(url, cookies[n % len(cookies)], cursor, seconds, seen) for n in range(BOARDS))
    )
    return seen


async def _watch_one(url: str, cookie: str, cursor: int, seconds: float, seen: dict[str, Any]) -> None:
    from websockets.asyncio.client import connect

    headers = {"Cookie": cookie}
    address = url.replace("http", "ws") + f"/ws/live?after={cursor}"
    async with connect(
        address, additional_headers=headers, origin=url, max_size=None, compression=None
    ) as wire:  # type: ignore[arg-type]
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            try:
                message = await asyncio.wait_for(wire.recv(), left)
            except TimeoutError:
                break
            if isinstance(message, bytes):
                seen["frames"] += 1
                seen["bytes"] += len(message)
            elif '"watch.AlertRaised"' in message:
                found = TRACK.search(message)
                if found:
                    seen["alerts"].append((found[1], time.time()))


# -- asking


def _sign_in(place: dict[str, Any]) -> str:
    visitor = town.visitor(place, "desk")
    return visitor.cookies()


def _cursor(place: dict[str, Any]) -> int:
    visitor = town.visitor(place, "desk")
    return int(visitor.ask("GET", "/api/board")["cursor"])


def _health(place: dict[str, Any]) -> dict[str, Any]:
    visitor = town.visitor(place, "sys")
    ears: dict[str, Any] = visitor.ask("GET", "/api/health")["detail"]["ears"]
    return ears


def _cpu(place: dict[str, Any]) -> dict[str, float]:
    """Seconds of processor time of ears and desk so far."""
    found = {}
    for name, pid in place["supervisor"].pids().items():
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        found[name] = (int(fields[11]) + int(fields[12])) / 100
    return found


def _logged(home: Path) -> int:
    """Reports that a replay of the log finds: what the archive is made of."""
    from jiangdun.feeds import log

    return sum(len(chunk.rows) for chunk in log.chunks(home / "log"))


if __name__ == "__main__":
    main()
