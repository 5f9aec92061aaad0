"""`jiangdun demo`: a home of its own, 70 minutes of past, and the river running; `--check` tries it and stops."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import sys
import threading
import urllib.request
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final

from jiangdun.core import clock

PAST_MIN: Final = 70
START: Final = (23, 5)
SET_UP_BEFORE: Final = timedelta(minutes=90)
LOCAL: Final = timezone(timedelta(hours=8))
UP_WITHIN_S: Final = 90.0


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--home", type=Path, default=Path("var/demo"), help="where the demo keeps everything")
    parser.add_argument("--port", type=int, help="of the board (default 8600; 0: any free one)")
    parser.add_argument("--fresh", action="store_true", help="throw the former demo away first")
    parser.add_argument("--check", action="store_true", help="start, try it through the front door, stop")
    parser.add_argument("--json", action="store_true", help="print one JSON object once it is up")


def run(options: argparse.Namespace) -> int:
    home = options.home.resolve()
    if options.fresh and (home / "demo.json").exists():
        shutil.rmtree(home)
    environment = _environment(home, options)
    os.environ.update(environment)
    about = _prepare(home)
    return _serve(home, about, options)


def _environment(home: Path, options: argparse.Namespace) -> dict[str, str]:
    """Set before the settings are read. The demo binds to this machine only, whatever the environment says."""
    found = {
        "JIANGDUN_HOME": str(home),
        "JIANGDUN_HTTP_HOST": "127.0.0.1",
        "JIANGDUN_FEEDS_HOST": "127.0.0.1",
    }
    if options.port is not None or options.check:
        # Beside another installation: every port is a free one.
        ports = _free_ports(4)
        if options.port:
            ports[0] = options.port
        names = ("HTTP", "AIS_TCP", "AIS_UDP", "JT808")
        found |= {f"JIANGDUN_{name}_PORT": str(port) for name, port in zip(names, ports, strict=True)}
    return found


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def _prepare(home: Path) -> dict[str, Any]:
    """Database, people, zones, the clock's constant, and the evening's bytes so far."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = home / "demo.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    start = _next_evening(known.get("start_ms"))
    about = {"start_ms": round(start.timestamp() * 1000), "logins": known.get("logins", {})}
    # Whatever is set up now was set up before the evening began, so the journal's times only grow.
    os.environ["JIANGDUN_CLOCK_OFFSET_S"] = str(_offset_s(start - SET_UP_BEFORE))
    from jiangdun.hall import django_up

    django_up.ready()
    django_up.migrate()
    if not about["logins"]:
        from .seed import sow

        about["logins"] = sow(clock.now())
    _write_past(home, about)
    about["clock_offset_s"] = _offset_s(start)
    os.environ["JIANGDUN_CLOCK_OFFSET_S"] = str(about["clock_offset_s"])
    _keep_private(path, about)
    return about


def _offset_s(face: datetime) -> int:
    """What makes the clock show `face` now."""
    return round((face - (clock.now() - clock.offset())).total_seconds())


def _next_evening(last_start_ms: int | None) -> datetime:
    """23:05 of today, or of the day after the last demo day: the clock of a kept demo never goes back."""
    today = clock.now().astimezone(LOCAL).replace(hour=START[0], minute=START[1], second=0, microsecond=0)
    if last_start_ms is None:
        return today
    last = datetime.fromtimestamp(last_start_ms / 1000, LOCAL)
    return max(today, last + timedelta(days=1))


def _keep_private(path: Path, value: Mapping[str, Any]) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(value, file, ensure_ascii=False, indent=1)


def _write_past(home: Path, about: Mapping[str, Any]) -> None:
    """The evening from 21:55 on as raw bytes, for the ears to hear before their sockets open."""
    from jiangdun.feeds import queries as feeds
    from jiangdun.feeds.raw import RawLog, What

    from . import voices

    directory = home / "past"
    shutil.rmtree(directory, ignore_errors=True)
    start_ms = int(about["start_ms"])
    codes = {device.ident: device.auth_code for device in feeds.device_book()}
    speakers = voices.voices(start_ms, codes)
    log = RawLog(directory, sync=False)
    links = {link: number for number, link in enumerate(dict.fromkeys(voice.link for voice in speakers), 1)}
    begin_ms = start_ms - PAST_MIN * 60_000
    for link, number in links.items():
        log.put(begin_ms, number, "ais" if link == voices.STATION_LINK else "jt808", b"past:0", What.OPENED)
    for voice in speakers:
        if isinstance(voice, voices.TerminalVoice):
            log.put(begin_ms, links[voice.link], "jt808", voice.terminal.hello())
    for said in voices.speech(speakers, -PAST_MIN * 60_000, 0):
        log.put(start_ms + said.t_ms, links[said.link], _protocol(said.link), said.data)
    log.close()


def _protocol(link: str) -> str:
    from . import voices

    return "ais" if link == voices.STATION_LINK else "jt808"


def _serve(home: Path, about: Mapping[str, Any], options: argparse.Namespace) -> int:
    from jiangdun.hall import settings
    from jiangdun.hall.supervise import Supervisor, python

    parent = ["--parent", str(os.getpid())]
    supervisor = Supervisor(
        {
            "desk": python("jiangdun.hall.desk", *parent),
            "ears": python("jiangdun.hall.ears", *parent, "--past", str(home / "past")),
            "river": python("jiangdun.hall.demo.simulate", *parent),
        }
    )
    url = f"http://{settings.HTTP_HOST}:{settings.HTTP_PORT}"
    outcome: list[int] = []

    def watch() -> None:
        if not _up(url):
            print(f"✘ 演示未能在 {UP_WITHIN_S:.0f} 秒内启动 / the demo did not come up", file=sys.stderr)
            outcome.append(1)
            supervisor.stop()
        elif options.check:
            from .check import check

            outcome.append(check(url, about["logins"]))
            supervisor.stop()
        else:
            _announce(url, about["logins"], home, options.json)

    threading.Thread(target=watch, daemon=True).start()
    supervisor.run()
    return outcome[0] if outcome else 0


def _up(url: str) -> bool:
    begun = clock.monotonic()
    while clock.monotonic() - begun < UP_WITHIN_S:
        try:
            with urllib.request.urlopen(f"{url}/api/health", timeout=2) as answer:  # noqa: S310  (our own address)
                if answer.status == 200:
                    return True
        except OSError:
            pass
        threading.Event().wait(0.2)
    return False


def _announce(url: str, logins: Mapping[str, Mapping[str, str]], home: Path, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"url": url, "logins": logins}, ensure_ascii=False), flush=True)
        return
    print(f"\n  江盾演示 Jiangdun demo   {url}\n")
    for username, login in logins.items():
        print(f"    {username:10} {login['password']:18} {login['role']:15} {login['name']}")
    print(f"\n  账号保存在 log-ins are kept in {home / 'demo.json'} (0600)")
    print("  演示时钟 23:05 起 the demo's clock began at 23:05 · Ctrl-C 停止 stops\n", flush=True)
