"""Actions over HTTP: 50 clients, 100 actions a second, while 1,000 reports a second are heard.

    python tests/bench/answers.py --seconds 60       # DATABASE_URL=postgres://… for PostgreSQL

Each client is signed in by itself and writes notes on open incidents: a change, a note and a fact each, answered after
the commit. The load generator runs on the same machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from pathlib import Path
from typing import Any

import _town as town
import load

CLIENTS = 50
ACTIONS_PER_S = 100
INCIDENTS = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0)
    options, _ = parser.parse_known_args()
    with (
        tempfile.TemporaryDirectory(prefix="jiangdun-bench-") as folder,
        town.installation(Path(folder), terminals=town.TERMINALS, incidents=True) as place,
    ):
        answers, used = asyncio.run(run(place, options.seconds))
        from django.db import connection

        vendor = connection.vendor
    good = sorted(took for took, status in answers if status == 200)
    wrong = len(answers) - len(good)
    share = {name: f"{cpu / options.seconds:.0%}" for name, cpu in used.items()}
    p50 = f"p50 {load._p(good, 0.5) * 1000:.0f} ms"
    note = (
        f"{vendor}; cores used {share}; {CLIENTS} clients, {len(answers):,} actions, {wrong} refused, {p50}"
    )
    print(json.dumps({"row": "http: actions", "figure": round(len(good) / options.seconds, 1), "unit": "actions/s",
                      "floor": ACTIONS_PER_S, "note": note}))  # fmt: skip
    print(json.dumps({"row": "http: answer after the commit, p99", "figure": round(load._p(good, 0.99) * 1000),
                      "unit": "ms", "floor": 150, "note": f"{vendor}; 1,000 reports/s running"}))  # fmt: skip


async def run(place: dict[str, Any], seconds: float) -> tuple[list[tuple[float, int]], dict[str, float]]:
    hearing = asyncio.create_task(load.send(place, seconds + 30, 1_000))
    cookies = await asyncio.to_thread(lambda: [load._sign_in(place) for _ in range(10)])
    incidents = await asyncio.to_thread(wait_for_incidents, place)
    answers: list[tuple[float, int]] = []
    before = load._cpu(place)
    await asyncio.gather(
        *(client(place, cookies[n % len(cookies)], incidents, n, seconds, answers) for n in range(CLIENTS))
    )
    hearing.cancel()
    return answers, {name: after - before[name] for name, after in load._cpu(place).items()}


def wait_for_incidents(place: dict[str, Any]) -> list[str]:
    visitor = town.visitor(place, "desk")
    begun = time.monotonic()
    while time.monotonic() - begun < 60:
        found = [incident["id"] for incident in visitor.ask("GET", "/api/board")["incidents"]]
        if len(found) >= INCIDENTS:
            return found[:INCIDENTS]
        time.sleep(0.5)
    raise TimeoutError("no incidents")


async def client(
    place: dict[str, Any],
    cookie: str,
    incidents: list[str],
    number: int,
    seconds: float,
    answers: list[tuple[float, int]],
) -> None:
    """Plain HTTP/1.1 over one kept connection: a browser costs the box nothing, so this must cost it little."""
    token = dict(part.split("=", 1) for part in cookie.split("; "))["csrftoken"]
    host = place["url"].removeprefix("http://")
    head = (
        f"Host: {host}\r\nCookie: {cookie}\r\nX-CSRFToken: {token}\r\nOrigin: {place['url']}\r\n"
        "Content-Type: application/json\r\n"
    )
    gap = CLIENTS / ACTIONS_PER_S
    reader, writer = await asyncio.open_connection(*host.split(":"))
    await asyncio.sleep(gap * number / CLIENTS)
    begun, turn = time.monotonic(), 0
    while time.monotonic() - begun < seconds:
        incident, body = (
            incidents[(number + turn) % len(incidents)],
            json.dumps({"text": f"note {number}-{turn}"}),
        )
        at = time.monotonic()
        writer.write(
            f"POST /api/incidents/{incident}/note HTTP/1.1\r\n{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()
        )
        answers.append((await _status(reader), time.monotonic() - at)[::-1])
        turn += 1
        await asyncio.sleep(max(0.0, begun + turn * gap - time.monotonic()))
    writer.close()


async def _status(reader: asyncio.StreamReader) -> int:
    """Read one answer to its end."""
    head = await reader.readuntil(b"\r\n\r\n")
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
    if fields.get(b"transfer-encoding") == b"chunked":
        while (size := int(await reader.readuntil(b"\r\n"), 16)) + 1:
            await reader.readexactly(size + 2)
            if not size:
                break
    else:
        await reader.readexactly(int(fields[b"content-length"]))
    return int(head[9:12])


if __name__ == "__main__":
    main()
