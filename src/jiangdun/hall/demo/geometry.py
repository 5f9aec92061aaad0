"""The schematic reach: a centreline through published report lines, and zones laid along it by chainage.

示意图, not for navigation. The anchors are published facts (the report lines of the Jiujiang VTS and its chainage
716 to 802.3, the bureau's limit 844); what lies between them is drawn, not surveyed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

Point = tuple[float, float]
"""(lon, lat), degrees WGS-84."""

ANCHORS: Final[tuple[tuple[float, Point], ...]] = (
    (
        716.0,
        (116.6489, 30.0029),
    ),  # upstream-going report line, 30°00′08″N 116°38′42″E to 30°00′13″N 116°39′10″E
    (770.0, (116.2055, 29.7379)),  # report line at the mouth of Poyang Lake; its chainage is ours
    (802.3, (115.8936, 29.7325)),  # downstream-going report line, end of the VTS area
    (844.0, (115.5300, 29.8500)),  # end of the bureau's area; the point is ours
)
HALF_WIDTH_M: Final = 800.0
BENDS: Final = 26
_M_PER_DEGREE: Final = 111_320.0


def _offset(point: Point, along: Point, metres: float) -> Point:
    """`point` moved `metres` to the left of the direction `along` (unit vector east, north)."""
    lon, lat = point
    east, north = -along[1] * metres, along[0] * metres
    return lon + east / (_M_PER_DEGREE * math.cos(math.radians(lat))), lat + north / _M_PER_DEGREE


def _direction(a: Point, b: Point) -> Point:
    east = (b[0] - a[0]) * math.cos(math.radians((a[1] + b[1]) / 2))
    north = b[1] - a[1]
    length = math.hypot(east, north) or 1.0
    return east / length, north / length


def _centreline() -> tuple[tuple[float, Point], ...]:
    """Points each half kilometre: gentle bends between the anchors, none at them."""
    points: list[tuple[float, Point]] = []
    for (km_a, a), (km_b, b) in pairwise(ANCHORS):
        along = _direction(a, b)
        steps = round((km_b - km_a) * 2)
        for step in range(steps):
            share = step / steps
            straight = a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share
            swing = (
                1_400.0 * math.sin(math.pi * share) * math.sin(2 * math.pi * share * (km_b - km_a) / BENDS)
            )
            points.append((km_a + (km_b - km_a) * share, _offset(straight, along, swing)))
    points.append(ANCHORS[-1])
    return tuple(points)


CENTRELINE: Final = _centreline()
KM_FIRST: Final = CENTRELINE[0][0]
KM_LAST: Final = CENTRELINE[-1][0]


def at(km: float, left_m: float = 0.0) -> Point:
    """The point at chainage `km` (growing upstream), `left_m` towards the left bank seen downstream."""
    km = min(max(km, KM_FIRST), KM_LAST)
    index = min(int((km - KM_FIRST) * 2), len(CENTRELINE) - 2)
    while index > 0 and CENTRELINE[index][0] > km:
        index -= 1
    while index < len(CENTRELINE) - 2 and CENTRELINE[index + 1][0] < km:
        index += 1
    (km_a, a), (km_b, b) = CENTRELINE[index], CENTRELINE[index + 1]
    share = (km - km_a) / (km_b - km_a)
    # The normal is blended between neighbours so that lanes do not jump at the joints.
    before = CENTRELINE[max(index - 1, 0)][1]
    after = CENTRELINE[min(index + 2, len(CENTRELINE) - 1)][1]
    start, end = _direction(before, b), _direction(a, after)
    upstream = (start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share)
    downstream = (-upstream[0], -upstream[1])
    return _offset((a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share), downstream, left_m)


def course(km: float, upbound: bool) -> float:
    """Degrees from north along the river at `km`."""
    east, north = _direction(at(km - 0.05), at(km + 0.05))
    bearing = math.degrees(math.atan2(east, north)) % 360
    return bearing if upbound else (bearing + 180) % 360


def strip(km_a: float, km_b: float, left_a_m: float, left_b_m: float, step_km: float = 0.25) -> list[Point]:
    """A closed ring along the river between two chainages and two offsets."""
    steps = max(2, round((km_b - km_a) / step_km))
    chain = [km_a + (km_b - km_a) * i / steps for i in range(steps + 1)]
    ring = [at(km, left_a_m) for km in chain] + [at(km, left_b_m) for km in reversed(chain)]
    return [*ring, ring[0]]


def around(centre: Point, radius_m: float, corners: int = 24) -> list[Point]:
    """A closed ring around a point."""
    lon, lat = centre
    ring = [
        (
            lon
            + radius_m * math.cos(2 * math.pi * i / corners) / (_M_PER_DEGREE * math.cos(math.radians(lat))),
            lat + radius_m * math.sin(2 * math.pi * i / corners) / _M_PER_DEGREE,
        )
        for i in range(corners)
    ]
    return [*ring, ring[0]]


DIKE_KM: Final = 832.0
DIKE_LEFT_M: Final = 520.0
WORK_SITE: Final[Point] = at(806.0, 5_200.0)
PIT: Final[Point] = at(823.0, 4_600.0)
ROAD: Final[tuple[Point, ...]] = (
    WORK_SITE,
    at(808.5, 3_900.0),
    at(813.0, 3_300.0),
    at(818.5, 3_600.0),
    at(821.5, 4_000.0),
    PIT,
)


AREA6: Final = "360400"
"""GB/T 2260 of the city the demo's incidents are numbered under."""


@dataclass(frozen=True, slots=True)
class DrawnZone:
    code: str
    kind: str
    name_zh: str
    name_en: str
    agency: str
    ring: list[Point]
    law: str = ""


ZONES: Final[tuple[DrawnZone, ...]] = (
    DrawnZone(
        "lane-down",
        "lane-down",
        "演示下行通航分道",
        "Demo downbound lane",
        "msa",
        strip(716.5, 843.5, 60.0, 330.0),
        "长江干线安徽至四川段船舶航行规则",
    ),
    DrawnZone(
        "lane-up",
        "lane-up",
        "演示上行通航分道",
        "Demo upbound lane",
        "msa",
        strip(716.5, 843.5, -330.0, -60.0),
        "长江干线安徽至四川段船舶航行规则",
    ),
    DrawnZone(
        "dike",
        "danger-dike",
        "演示顺坝危险水域",
        "Demo training dike, danger area",
        "msa",
        strip(DIKE_KM - 1.2, DIKE_KM + 1.2, DIKE_LEFT_M - 110, DIKE_LEFT_M + 210),
        "长江干线安徽至四川段船舶航行规则",
    ),
    DrawnZone(
        "crossing",
        "crossing-area",
        "演示横驶区",
        "Demo crossing area",
        "msa",
        strip(814.0, 815.0, -600.0, 600.0),
        "长江干线安徽至四川段船舶航行规则",
    ),
    DrawnZone(
        "anchorage",
        "anchorage",
        "演示锚地",
        "Demo anchorage",
        "port",
        strip(796.0, 799.0, -720.0, -420.0),
    ),
    DrawnZone(
        "sand-ban",
        "sand-ban",
        "演示禁采区",
        "Demo sand-mining ban",
        "water",
        strip(780.0, 792.0, -760.0, -380.0),
        "长江河道采砂管理条例",
    ),
    DrawnZone(
        "reserve",
        "reserve-core",
        "演示江豚保护区核心区",
        "Demo porpoise reserve, core",
        "fishery",
        strip(752.0, 760.0, 380.0, 760.0),
        "中华人民共和国长江保护法",
    ),
    DrawnZone(
        "site", "work-site", "演示建筑工地", "Demo construction site", "mine", around(WORK_SITE, 260.0)
    ),
    DrawnZone("pit", "abandoned-pit", "演示废弃矿坑", "Demo abandoned pit", "mine", around(PIT, 300.0)),
)


def river() -> list[Point]:
    """The water itself, one ring."""
    return strip(KM_FIRST, KM_LAST, -HALF_WIDTH_M, HALF_WIDTH_M, step_km=0.5)


def zones_geojson() -> dict[str, Any]:
    """What `jiangdun` imports for the demo: one feature a zone, in the shape `POST /api/zones/import` takes."""
    features = [
        {
            "type": "Feature",
            "properties": {
                "code": f"demo-{zone.code}",
                "kind": zone.kind,
                "name_zh": zone.name_zh,
                "name_en": zone.name_en,
                "agency": zone.agency,
                "area6": AREA6,
                "legal_basis": [{"law": zone.law}] if zone.law else [],
            },
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[round(x, 6), round(y, 6)] for x, y in zone.ring]],
            },
        }
        for zone in (
            DrawnZone("water", "water", "演示江面（示意图）", "Demo river (schematic)", "msa", river()),
            *ZONES,
        )
    ]
    return {"type": "FeatureCollection", "features": features}
