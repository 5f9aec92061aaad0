"""kill -9 at random moments: no acknowledged report is lost, no incident doubled, overdue clocks fire soon.

    python tests/bench/storm.py --kills 20            # SQLite; DATABASE_URL=postgres://… for PostgreSQL

Terminals report each second over their own log-ins and note which reports were acknowledged. Ships enter a zone whose
rule makes an incident at once, so clocks run out all the time. Prints JSON lines; exit code 1 where something was lost.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

import _town as town

TERMINALS = 40
GAP_S = (2.0, 5.0)
CLOCK_S = 8.0
"""The sign clock of this installation: short, so that many run out during the storm."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    options, _ = parser.parse_known_args()
    town.RULES.clear()
    town.RULES["bench-enter"] = "enters: no-go\n  fixes: 1"
    with tempfile.TemporaryDirectory(prefix="jiangdun-storm-") as folder:
        home = Path(folder)
        with town.installation(
            home, terminals=TERMINALS, zone_count=20, incidents=True, sign_s=CLOCK_S
        ) as place:
            seen = asyncio.run(storm(place, options.kills, options.seed))
            time.sleep(CLOCK_S + 3)  # every clock that began has run out
        rows = judge(home, seen)
    for row in rows:
        print(json.dumps(row))
    return 1 if any(row["figure"] for row in rows if row.get("floor") == 0) else 0


async def storm(place: dict[str, Any], kills: int, seed: int) -> dict[str, Any]:
    acked: set[tuple[str, int]] = set()
    stop = asyncio.Event()
    speaking = [asyncio.create_task(speak(place, town.terminal(n), acked, stop, n)) for n in range(TERMINALS)]
    ships = asyncio.create_task(sail(place, stop))
    ups = asyncio.create_task(note_ups(place["url"], stop))
    chance, killed = random.Random(seed), Counter[str]()
    await asyncio.sleep(5)
    for _ in range(kills):
        await asyncio.sleep(chance.uniform(*GAP_S))
        pids = place["supervisor"].pids()
        for name in chance.choice((["ears"], ["desk"], ["ears", "desk"])):
            if name in pids:
                os.kill(pids[name], signal.SIGKILL)
                killed[name] += 1
    await asyncio.sleep(8)
    stop.set()
    await asyncio.gather(*speaking, ships)
    return {"acked": acked, "killed": killed, "ups": await ups, "kills": kills}


async def speak(
    place: dict[str, Any], phone: str, acked: set[tuple[str, int]], stop: asyncio.Event, number: int
) -> None:
    """A terminal that reports each second and logs in anew whenever its line breaks."""
    from jiangdun.feeds.simulators.jt808 import State, Terminal, location

    while not stop.is_set():
        terminal, pending = Terminal(phone, code=place["codes"][phone]), {}
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", place["jt808"])
            writer.write(terminal.hello())
            next_at = 0.0
            while not stop.is_set():
                if terminal.state is State.ONLINE and time.monotonic() >= next_at:
                    next_at, t_ms = time.monotonic() + 1.0, int(time.time()) * 1000
                    pending[terminal._serial] = t_ms
                    writer.write(terminal.say_location(location(119.0 + number * 0.01, 32.0, t_ms)))
                try:
                    data = await asyncio.wait_for(reader.read(4096), 0.1)
                except TimeoutError:
                    continue
                if not data:
                    break
                writer.write(terminal.take(data))
                acked |= {
                    (phone, pending[a.serial])
                    for a in terminal.answers
                    if a.result == 0 and a.serial in pending
                }
            writer.close()
        except OSError:
            pass
        await asyncio.sleep(0.2)


async def sail(place: dict[str, Any], stop: asyncio.Event) -> None:
    """A new ship every two seconds enters the trap: an incident each."""
    from jiangdun.feeds.columns import DEGREE
    from jiangdun.feeds.observations import Fix
    from jiangdun.feeds.simulators.ais import AisStation

    station, number, writer = AisStation("AI"), 0, None
    while not stop.is_set():
        label = f"4139{number:05d}"
        for lon in (town.TRAP[0] + 0.02, town.TRAP[0] + 0.015, town.TRAP[0]):
            fix = Fix(
                "ais", label, round(lon * DEGREE), round(town.TRAP[1] * DEGREE), sog_dkn=50, cog_ddeg=2700
            )
            try:
                if writer is None or writer.is_closing():
                    writer = (await asyncio.open_connection("127.0.0.1", place["ais"]))[1]
                writer.write(station.fix(fix, round(time.time() * 1000)))
                await writer.drain()
            except OSError:
                writer = None
            await asyncio.sleep(0.7)
        number += 1


async def note_ups(url: str, stop: asyncio.Event) -> list[tuple[float, float]]:
    """(down from, up from) of the desk, as its front door tells."""
    spans, down_since = [], None
    while not stop.is_set():
        up = await asyncio.to_thread(_answers, url)
        now = time.time()
        if not up and down_since is None:
            down_since = now
        if up and down_since is not None:
            spans.append((down_since, now))
            down_since = None
        await asyncio.sleep(0.05)
    return spans


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/api/health", timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def judge(home: Path, seen: dict[str, Any]) -> list[dict[str, Any]]:
    from django.db import connection

    from jiangdun.core import clock, journal
    from jiangdun.feeds import log
    from jiangdun.feeds.columns import track_id

    kept = {
        (int(row["track"]), int(row["t"]))
        for chunk in log.chunks(home / "log")
        for row in chunk.rows[["track", "t"]]
    }
    lost = [one for one in seen["acked"] if (track_id("jt808", one[0]), one[1]) not in kept]
    facts, after = [], 0
    while page := journal.after(after, 1_000):
        facts, after = facts + page, page[-1].number
    opened = Counter(f.body["episode"] for f in facts if f.kind == "response.IncidentOpened")
    subjects = Counter(f.subject for f in facts if f.kind == "response.IncidentOpened")
    breached = [f for f in facts if f.kind == "response.ClockBreached" and f.body["clock"] == "sign"]
    twice = [n for n in Counter(f.subject for f in breached).values() if n > 1]
    late = sorted(_late(f, seen["ups"]) for f in breached)
    unfired = len(subjects) - len({f.subject for f in breached})
    verdict = journal.verify(now=clock.now())
    p95 = late[min(len(late) - 1, int(0.95 * len(late)))] if late else float("nan")
    back = sorted(up - down for down, up in seen["ups"])
    note = f"{dict(seen['killed'])} killed, {connection.vendor}; {len(subjects)} incidents"
    return [
        {"row": "storm: acknowledged reports lost", "figure": len(lost), "unit": "reports", "floor": 0,
         "note": f"{len(seen['acked']):,} acknowledged; {note}"},
        {"row": "storm: incidents doubled", "figure": sum(n - 1 for n in opened.values()),
         "unit": "incidents", "floor": 0},
        {"row": "storm: clocks fired twice or not at all", "figure": len(twice) + max(0, unfired), "unit": "clocks",
         "floor": 0, "note": f"{len(breached)} fired"},
        {"row": "storm: journal problems", "figure": verdict.found, "unit": "problems", "floor": 0,
         "note": f"{verdict.checked:,} facts verified"},
        {"row": "storm: overdue clock fires after the desk is up, p95", "figure": round(p95, 2),
         "unit": "s", "floor": 1, "note": f"max {late[-1] if late else float('nan'):.2f} s"},
        {"row": "storm: desk answers again, p95", "figure": round(back[int(0.95 * len(back))] if back else 0.0, 2),
         "unit": "s", "note": f"{len(back)} times"},
    ]  # fmt: skip


def _late(fact: Any, ups: list[tuple[float, float]]) -> float:
    """Seconds from the later of `due_at` and the desk being up."""
    from datetime import datetime

    due, at = datetime.fromisoformat(fact.body["due_at"]).timestamp(), fact.at.timestamp()
    for down, up in ups:
        if down - 2.0 <= due <= up or (down <= at and due <= up <= at + 2):
            due = max(due, min(up, at))
    return max(0.0, at - due)


if __name__ == "__main__":
    sys.exit(main())
