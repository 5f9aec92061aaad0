"""A rule over a table of positions, as in a notebook: no settings, no server, no database.

python examples/watch_a_table.py

Two simulated ships pass a reserve, one at 20 km/h and one at 12; a third lies in it for an hour.
"""

from __future__ import annotations

import math
import sys
from datetime import UTC, datetime, timedelta

import polars as pl

from jiangdun import watch

SPEED = """\
rule: reserve-speed
title: {zh: 保护区超速, en: Too fast in the reserve}
domain: water
owner: fishery
severity: III
watch: vessel
when: {inside: reserve-core, speed: {over: 15 km/h, window: 2 min}}
legal: [{law: 中华人民共和国长江保护法}]
"""
STAY = """\
rule: reserve-stay
title: {zh: 保护区停留, en: Lying in the reserve}
domain: water
owner: fishery
severity: III
watch: vessel
where: kind NOT IN ('official', 'rescue')
when: {inside: reserve-core, holds: speed_kn < 0.5, for: 30 min, tolerate: 2 min}
legal: [{law: 中华人民共和国长江保护法}]
"""
ZONES = """\
{"type": "FeatureCollection", "features": [{"type": "Feature",
 "properties": {"zone_id": "core", "kind": "reserve-core", "name_zh": "江豚保护区", "name_en": "Porpoise reserve"},
 "geometry": {"type": "Polygon",
  "coordinates": [[[115.60, 29.84], [115.70, 29.84], [115.70, 29.85], [115.60, 29.85], [115.60, 29.84]]]}}]}
"""
BEGUN = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
M_PER_DEGREE = 111_320 * math.cos(math.radians(29.845))


def sail(name: str, kind: str, lon: float, kmh: float, minutes: int) -> pl.DataFrame:
    """Due east from `lon`, a report every ten seconds."""
    seconds = range(0, minutes * 60, 10)
    return pl.DataFrame(
        {
            "track": name,
            "kind": kind,
            "t": [BEGUN + timedelta(seconds=s) for s in seconds],
            "lon": [lon + kmh / 3.6 * s / M_PER_DEGREE for s in seconds],
            "lat": 29.845,
            "speed_kn": kmh / 1.852,
        }
    )


def main() -> int:
    fleet = pl.concat(
        [
            sail("快船", "cargo", 115.59, 20.0, 30),
            sail("慢船", "cargo", 115.59, 12.0, 30),
            sail("停船", "sand_carrier", 115.65, 0.0, 60),
        ]
    )
    rules = [watch.read(SPEED, "reserve-speed.yaml"), watch.read(STAY, "reserve-stay.yaml")]
    for rule in rules:
        print(watch.sentence(rule, "en"))
    ran = watch.run(rules, watch.read_zones(ZONES), fleet)
    print(ran.table().drop("episode"))
    print(f"{ran.counts['judged']} reports judged, digest {ran.digest[:16]}")
    try:
        watch.run(rules, watch.read_zones(ZONES), fleet.drop("speed_kn"))
    except watch.WrongColumns as error:
        print(f"without speeds it does not keep silent: {error}")
    return 0 if len(ran.alerts) == 2 else 1


if __name__ == "__main__":
    sys.exit(main())
