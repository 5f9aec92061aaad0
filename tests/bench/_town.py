"""An installation of its own for a measurement: zones, rules, people, terminals; ears and desk as processes."""

from __future__ import annotations

import json
import math
import os
import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

AIS_VESSELS = 24_000
TERMINALS = 6_000
TRIGGERS = 200
ZONES = 1_000
TRAP = (121.80, 30.50)  # lon, lat of the zone that only the trigger ships enter; half a side is 0.01 degree
RULES = {
    "bench-enter": "enters: no-go\n  fixes: 1",
    "bench-stay": "inside: anchorage\n  holds: speed_kn < 0.5\n  for: 2 h",
    "bench-leave": "leaves: reserve-core\n  fixes: 3\n  holds: speed_kn > 30",
    "bench-speed": "inside: lane-up\n  speed: {over: 40 kn, window: 60 s, fixes: 3}",
    "bench-sequence": (
        "sequence:\n    - {leaves: work-site, fixes: 3}\n    - {inside: abandoned-pit, for: 2 h}\n  within: 3 h"
    ),
}
KINDS = ("anchorage", "reserve-core", "lane-up", "work-site", "abandoned-pit", "sand-ban", "berth", "bridge")


def rule(name: str, when: str, incident: str = "triage") -> str:
    """One of the five: four that look at everything and seldom fire, one that the trigger ships fire."""
    return (
        f"rule: {name}\ntitle: {{zh: 测量, en: Bench}}\ndomain: traffic\nowner: msa\nseverity: IV\nwatch: any\n"
        f"when:\n  {when}\ncooldown: 1 s\nincident: {incident}\nact: at_once\n"
        "legal:\n  - {law: 测量}\n"
    )


def river(share: float) -> tuple[float, float]:
    lon = 112.0 + 9.5 * share
    return lon, 30.6 + 0.55 * math.sin((lon - 112) * 1.3) + 0.18 * math.sin((lon - 112) * 6.1)


def zones(count: int = ZONES) -> dict[str, Any]:
    """Stars of 60 m to 5 km along a made-up river, 20 to 60 corners each, and the trap."""
    chance = random.Random(2)
    features = []
    for number in range(count - 1):
        lon, lat = river(chance.random())
        lat += chance.gauss(0, 0.012)
        size = math.exp(chance.uniform(math.log(60), math.log(5_000))) / 111_000
        corners = chance.randint(20, 60)
        ring = []
        for i in range(corners):
            angle = 2 * math.pi * i / corners
            far = size * (1 + 0.25 * math.sin(3 * angle + number))
            ring.append([round(lon + 1.15 * far * math.cos(angle), 6), round(lat + far * math.sin(angle), 6)])
        features.append(_feature(f"z{number}", KINDS[number % len(KINDS)], [*ring, ring[0]]))
    x, y = TRAP
    box = [
        [x - 0.01, y - 0.01],
        [x + 0.01, y - 0.01],
        [x + 0.01, y + 0.01],
        [x - 0.01, y + 0.01],
        [x - 0.01, y - 0.01],
    ]
    features.append(_feature("trap", "no-go", box))
    return {"type": "FeatureCollection", "features": features}


def _feature(code: str, kind: str, ring: list[list[float]]) -> dict[str, Any]:
    properties = {
        "code": code,
        "kind": kind,
        "name_zh": f"测量{code}",
        "name_en": f"Bench {code}",
        "agency": "msa",
    }
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def terminal(number: int) -> str:
    return f"1380{number:07d}"


def free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


@contextmanager
def installation(
    home: Path,
    *,
    terminals: int = TERMINALS,
    zone_count: int = ZONES,
    incidents: bool = False,
    sign_s: float | None = None,
) -> Iterator[dict[str, Any]]:
    """Yields {url, ais, jt808, login, codes, supervisor}; ears and desk are up and have compiled their kernels.

    `incidents`: the trap's rule makes an incident at once; `sign_s`: the sign clock's limit.
    """
    http, ais, udp, jt808 = free_ports(4)
    os.environ |= {
        "JIANGDUN_HOME": str(home),
        "DJANGO_SETTINGS_MODULE": "jiangdun.hall.settings",
        "JIANGDUN_HTTP_PORT": str(http),
        "JIANGDUN_AIS_TCP_PORT": str(ais),
        "JIANGDUN_AIS_UDP_PORT": str(udp),
        "JIANGDUN_JT808_PORT": str(jt808),
    }
    from jiangdun.hall import django_up

    django_up.ready()
    django_up.migrate()
    login, codes = _settle(terminals, zone_count, incidents, sign_s)
    from jiangdun.hall.supervise import Supervisor, python

    parent = ["--parent", str(os.getpid())]
    supervisor = Supervisor(
        {"desk": python("jiangdun.hall.desk", *parent), "ears": python("jiangdun.hall.ears", *parent)}
    )
    running = threading.Thread(target=supervisor.run, daemon=True)
    running.start()
    url = f"http://127.0.0.1:{http}"
    try:
        _wait(home / "run" / "ports.json", url)
        yield {
            "url": url,
            "ais": ais,
            "jt808": jt808,
            "login": login,
            "codes": codes,
            "supervisor": supervisor,
        }
    finally:
        supervisor.stop()
        running.join(30)


def _settle(
    terminals: int, zone_count: int, incidents: bool, sign_s: float | None
) -> tuple[dict[str, str], dict[str, str]]:
    from django.db import transaction

    from jiangdun.alliance import actions as alliance
    from jiangdun.core import actions as core
    from jiangdun.core import clock, ids
    from jiangdun.core.journal import By
    from jiangdun.feeds import actions as feeds
    from jiangdun.feeds import queries as feeds_queries
    from jiangdun.feeds.columns import Kind
    from jiangdun.picture import actions as picture
    from jiangdun.response import actions as response
    from jiangdun.watch import actions as watch
    from jiangdun.web.sessions import MOST, SECOND_ROLES

    by, now = By(system="bench"), clock.now()
    core.set_parameter(MOST.name, 100, by=by, now=now)
    core.set_parameter(SECOND_ROLES.name, [], by=by, now=now)
    login = {}
    with transaction.atomic():
        alliance.found_agency("msa", "测量海事局", "Bench MSA", "water", by=by, now=now)
        people = {}
        for username, roles in (("desk", ["desk"]), ("analyst", ["analyst"]), ("duty", ["duty_commander"]),
                                ("sys", ["admin_system"])):  # fmt: skip
            login[username] = ids.new_secret(12)
            account = core.create_account(
                username, login[username], name_zh=username, by=by, now=now, temporary=False
            )
            alliance.join(account.id, "msa", roles, by=by, now=now)
            people[username] = By(person=str(account.id), agency="msa")
        for number in range(terminals):
            feeds.admit_device("jt808", terminal(number), f"测量{number}", Kind.TRUCK, by=by, now=now)
        picture.import_zones(json.dumps(zones(zone_count)), by=people["duty"], now=now)
        for name, when in RULES.items():
            kind = "auto" if incidents and name == "bench-enter" else "triage"
            spec = watch.propose_rule(rule(name, when, kind), by=people["analyst"], now=now)
            watch.release_rule(spec.name, spec.version, by=people["duty"], now=now)
        if sign_s is not None:
            response.set_limit(
                "clock.sign_s", sign_s, by=people["duty"], now=now, basis_zh="测量", basis_en="bench"
            )
    codes = {device.ident: device.auth_code for device in feeds_queries.device_book()}
    return login, codes


def visitor(place: dict[str, Any], username: str) -> Any:
    """Somebody of this installation, signed in as a browser would be."""
    from jiangdun.hall.demo.check import Visitor

    found = Visitor(place["url"])
    found.sign_in(username, place["login"][username])
    return found


def _wait(ports: Path, url: str) -> None:
    from jiangdun.hall.demo.check import Visitor

    begun = time.monotonic()
    while time.monotonic() - begun < 120:
        try:
            if ports.exists():
                Visitor(url).ask("GET", "/api/health")
                return
        except (OSError, AssertionError):
            pass
        time.sleep(0.2)
    raise TimeoutError("the installation did not come up")
