"""The demo's alliance: who is in which ring and belt since when, what each may do, who sits where, who answers for the
banks. Everything is fictional but the laws; the laws are named as an example, not as advice."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import date, datetime
from importlib.resources import files
from typing import Any, Final
from uuid import UUID

import yaml

from jiangdun.alliance import actions, queries
from jiangdun.core.journal import By

from . import geometry

FOUNDED: Final = date(2021, 3, 1)
GREW: Final = date(2022, 3, 1)
RING: Final = "demo-ring"
FOUNDERS: Final = ("waterpolice", "msa", "fishery", "water", "port", "mine", "centre")
JOINED: Final = ("customs", "riveroffice", "reserve")
RIVER: Final = "demo-river"
DISTRICTS: Final = 11
UNITS: Final = 65
WITHOUT_CHIEF: Final = frozenset({17, 48})

POWERS: Final[Mapping[str, tuple[tuple[str, str, str, str], ...]]] = {
    # agency → (act, field, 案由, legal basis)
    "waterpolice": (
        ("board", "", "", "中华人民共和国人民警察法"),
        ("search", "", "涉嫌犯罪", "中华人民共和国刑事诉讼法"),
        ("detain", "", "涉嫌犯罪", "中华人民共和国刑事诉讼法"),
        ("investigate", "water", "非法采矿（砂）", "中华人民共和国刑法"),
        ("rescue", "", "", "中华人民共和国人民警察法"),
    ),
    "msa": (
        ("inspect", "traffic", "", "中华人民共和国内河交通安全管理条例"),
        ("board", "traffic", "", "中华人民共和国内河交通安全管理条例"),
        ("order", "traffic", "", "中华人民共和国内河交通安全管理条例"),
        ("fine", "traffic", "超载、超速、违章航行", "中华人民共和国内河交通安全管理条例"),
        ("tow", "traffic", "", "中华人民共和国内河交通安全管理条例"),
        ("rescue", "", "", "中华人民共和国内河交通安全管理条例"),
    ),
    "fishery": (
        ("inspect", "water", "", "中华人民共和国渔业法"),
        ("board", "water", "", "中华人民共和国渔业法"),
        ("fine", "water", "禁渔区捕捞", "中华人民共和国长江保护法"),
        ("seize", "water", "禁渔区捕捞", "中华人民共和国渔业法"),
    ),
    "water": (
        ("inspect", "water", "", "长江河道采砂管理条例"),
        ("order", "water", "非法采砂", "长江河道采砂管理条例"),
        ("fine", "water", "非法采砂", "长江河道采砂管理条例"),
        ("seize", "water", "非法采砂", "中华人民共和国长江保护法"),
    ),
    "mine": (
        ("inspect", "mine", "", "中华人民共和国矿产资源法"),
        ("order", "mine", "非法倾倒", "矿产资源法"),
    ),
    "customs": (
        ("search", "", "走私", "中华人民共和国海关法"),
        ("seize", "", "走私", "中华人民共和国海关法"),
        ("investigate", "", "走私", "中华人民共和国海关法"),
    ),
    "reserve": (("order", "water", "", "中华人民共和国自然保护区条例"),),
}
SECTIONS: Final = {
    "section-4": ("演示宣教服务区", "Demo publicity and service"),
    "section-5": ("演示数据共享区", "Demo data sharing"),
    "section-6": ("演示后勤保障区", "Demo logistics"),
}
"""The three sections the report does not name, as the demo names them."""


def build(accounts: Mapping[str, str], by: By, now: datetime) -> None:
    """Everything of the alliance, by the same actions everybody uses."""
    _alliances(by, now)
    _powers(by, now)
    actions.set_up_structure(RING, _plan(), by=by, now=now)
    _sit_down(accounts, now)
    _chiefs(by, now)


def _alliances(by: By, now: datetime) -> None:
    actions.found_alliance(
        RING, "演示“江盾”联盟", "Demo Jiangdun alliance", "ring", FOUNDED, by=by, now=now, demo=True
    )
    for agency in FOUNDERS:
        actions.take_in(
            RING, agency, "lead" if agency == "waterpolice" else "founder", FOUNDED, by=by, now=now
        )
    for agency in JOINED:
        actions.take_in(RING, agency, "joined", GREW, by=by, now=now)
    actions.found_alliance(
        "demo-upper", "演示上游区域子联盟", "Demo upstream sub-alliance", "regional", GREW, by=by, now=now, demo=True,
        parents=[RING], geometry=_strip(800.0, 843.0), domains=["traffic", "water"],
    )  # fmt: skip
    for agency in ("msa", "fishery", "waterpolice"):
        actions.take_in("demo-upper", agency, "lead" if agency == "msa" else "founder", GREW, by=by, now=now)
    actions.found_alliance(
        "demo-belt",
        "演示口岸党建带",
        "Demo port belt",
        "belt",
        GREW,
        by=by,
        now=now,
        demo=True,
        domains=["port", "traffic"],
    )
    for agency in ("customs", "port", "waterpolice"):
        actions.take_in(
            "demo-belt", agency, "lead" if agency == "customs" else "founder", GREW, by=by, now=now
        )


def _powers(by: By, now: datetime) -> None:
    river, land = (
        _strip(716.5, 843.5),
        {"type": "Polygon", "coordinates": [geometry.around(geometry.PIT, 5_000.0)]},
    )
    reserve = {"type": "Polygon", "coordinates": [geometry.strip(752.0, 760.0, 380.0, 760.0)]}
    areas = {"mine": land, "reserve": reserve}
    for agency, powers in POWERS.items():
        actions.draw_area(
            agency, "演示辖区", "Demo area of competence", _plain(areas.get(agency, river)), by=by, now=now
        )
        for act, domain, cause, basis in powers:
            actions.give_power(agency, act, basis, by=by, now=now, domain=domain, cause_zh=cause)
        actions.change_agency(
            agency, {"duty_phone": "000-0000110", "radio": "VHF 06"}, version=1, by=by, now=now
        )


def _plan() -> dict[str, Any]:
    """The house of the plan “169” with the demo's names and the stations along the river."""
    text = files("jiangdun.alliance").joinpath("plans/169.yaml").read_text("utf-8")
    plan: dict[str, Any] = yaml.safe_load(text)
    stations = [office for office in plan["offices"] if office["kind"] == "station"]
    for number, office in enumerate(stations):
        start = 716.5 + number * 127.0 / len(stations)
        office["geometry"] = _strip(start, start + 127.0 / len(stations))
        office["name_zh"], office["name_en"] = f"演示{start:.0f}公里站", f"Demo station km {start:.0f}"
        for desk in office["desks"]:
            desk["name_zh"], desk["name_en"] = f"{office['name_zh']}值班席", f"{office['name_en']}, desk"
    for office in plan["offices"]:
        if office["code"] in SECTIONS:
            office["name_zh"], office["name_en"] = SECTIONS[office["code"]]
    return plan


def _sit_down(accounts: Mapping[str, str], now: datetime) -> None:
    """Three desks have somebody; the dispatch desk has not, so that an alarm can be seen."""
    desks = queries.structure(RING).desks(now)
    for desk, username, agency in (
        ("centre-duty", "duty", "centre"),
        ("intelligence-desk", "analyst", "centre"),
        ("station-7-desk", "msa-desk", "msa"),
    ):
        person = accounts[username]
        by = By(person=person, agency=agency)
        actions.sit_down(desks[desk].id, UUID(person), agency, by=by, now=now)


def _chiefs(by: By, now: datetime) -> None:
    line = [(round(lon, 6), round(lat, 6), km) for km, (lon, lat) in geometry.CENTRELINE]
    actions.name_river(RIVER, "演示江段", "Demo reach of the river", by=by, now=now, centreline=line)
    actions.import_chiefs(chief_table(), by=by, now=now)


def chief_table() -> bytes:
    """11 districts and 65 street units along the river, as an office would keep them; two have nobody."""
    sheet = io.StringIO()
    rows = csv.writer(sheet)
    rows.writerow(["河段编号", "河流", "区县", "街镇", "起点里程", "终点里程", "河长", "职务", "任期起"])
    step = (geometry.KM_LAST - geometry.KM_FIRST) / UNITS
    for unit in range(UNITS):
        start = geometry.KM_FIRST + unit * step
        chief = () if unit in WITHOUT_CHIEF else (f"演示河长{unit + 1:02d}", "演示镇级河长", "2025-01-01")
        rows.writerow(
            [
                f"demo-{unit + 1:02d}",
                RIVER,
                f"演示{unit * DISTRICTS // UNITS + 1}区",
                f"演示{unit + 1}镇",
                f"{start:.2f}",
                f"{start + step:.2f}",
                *chief,
            ]
        )
    return sheet.getvalue().encode()


def _strip(km_a: float, km_b: float) -> dict[str, Any]:
    ring = geometry.strip(km_a, km_b, -790.0, 790.0)
    return _plain({"type": "Polygon", "coordinates": [ring]})


def _plain(area: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON would bring it: lists, six places."""
    rings = [[[round(x, 6), round(y, 6)] for x, y in ring] for ring in area["coordinates"]]
    return {"type": area["type"], "coordinates": rings}
