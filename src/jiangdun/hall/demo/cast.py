"""Who plays: fictional agencies, people, units and terminals. Every name is marked 演示, every number is made up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from jiangdun.feeds.columns import Kind


@dataclass(frozen=True, slots=True)
class CastAgency:
    code: str
    name_zh: str
    name_en: str
    domain: str


@dataclass(frozen=True, slots=True)
class CastPerson:
    username: str
    name_zh: str
    name_en: str
    agency: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CastUnit:
    call_sign: str
    kind: str  # boat, car, officer
    agency: str
    source: str  # ais, jt808
    ident: str
    km: float
    left_m: float
    crew: int
    capabilities: tuple[str, ...]


AGENCIES: Final = (
    CastAgency("waterpolice", "演示水上公安分局", "Demo Water Police", "water"),
    CastAgency("msa", "演示江城海事局", "Demo Rivertown Maritime Safety", "traffic"),
    CastAgency("fishery", "演示渔政执法支队", "Demo Fisheries Enforcement", "water"),
    CastAgency("water", "演示水政监察支队", "Demo Water Administration", "water"),
    CastAgency("port", "演示港口集团", "Demo Port Group", "port"),
    CastAgency("mine", "演示治矿专班", "Demo Mine Task Force", "mine"),
    CastAgency("centre", "演示生态共治中心", "Demo Joint Centre", "water"),
    CastAgency("customs", "演示海关缉私分局", "Demo Customs Anti-smuggling", "port"),
    CastAgency("riveroffice", "演示长江办", "Demo Yangtze Office", "water"),
    CastAgency("reserve", "演示江豚保护区管理处", "Demo Porpoise Reserve", "water"),
)

PEOPLE: Final = (
    CastPerson("duty", "演示值班长", "Demo Duty Commander", "centre", ("duty_commander",)),
    CastPerson("desk", "演示坐席", "Demo Desk Officer", "centre", ("desk",)),
    CastPerson("msa-desk", "演示海事坐席", "Demo MSA Desk", "msa", ("desk",)),
    CastPerson("mine-desk", "演示治矿坐席", "Demo Mine Desk", "mine", ("desk",)),
    CastPerson("msa-duty", "演示海事值班长", "Demo MSA Commander", "msa", ("duty_commander",)),
    CastPerson("mine-duty", "演示治矿值班长", "Demo Mine Commander", "mine", ("duty_commander",)),
    CastPerson("police", "演示水警值班长", "Demo Police Commander", "waterpolice", ("duty_commander",)),
    CastPerson("fishery", "演示渔政值班长", "Demo Fisheries Commander", "fishery", ("duty_commander",)),
    CastPerson("water", "演示水政值班长", "Demo Water Commander", "water", ("duty_commander",)),
    CastPerson("port", "演示港口值班长", "Demo Port Commander", "port", ("duty_commander",)),
    CastPerson("reviewer", "演示复核员", "Demo Reviewer", "centre", ("reviewer",)),
    CastPerson("analyst", "演示研判员", "Demo Analyst", "centre", ("analyst",)),
    CastPerson("secretary", "演示联盟秘书", "Demo Secretary", "centre", ("secretariat",)),
    CastPerson("sysadmin", "演示系统管理员", "Demo System Administrator", "centre", ("admin_system",)),
    CastPerson("secadmin", "演示安全管理员", "Demo Security Administrator", "centre", ("admin_security",)),
    CastPerson("auditor", "演示审计管理员", "Demo Audit Administrator", "centre", ("admin_audit",)),
)

UNITS: Final = (
    CastUnit("演示海巡01", "boat", "msa", "ais", "413990001", 828.0, -120.0, 4, ("board", "tow", "rescue")),
    CastUnit(
        "演示水警760",
        "boat",
        "waterpolice",
        "ais",
        "413990760",
        809.0,
        150.0,
        5,
        ("board", "arrest", "rescue"),
    ),
    CastUnit("演示渔政12", "boat", "fishery", "ais", "413990012", 756.0, -200.0, 3, ("board",)),
    CastUnit("演示水政03", "boat", "water", "ais", "413990003", 786.0, 40.0, 3, ("board",)),
    CastUnit("演示治矿车1", "car", "mine", "jt808", "13990000001", 821.0, 3_900.0, 2, ("inspect",)),
    CastUnit("演示治矿车2", "car", "mine", "jt808", "13990000002", 812.0, 3_200.0, 2, ("inspect",)),
    CastUnit("演示公安车5", "car", "waterpolice", "jt808", "13990000005", 804.0, 2_200.0, 2, ("arrest",)),
)


@dataclass(frozen=True, slots=True)
class CastTruck:
    ident: str
    plate: str
    kind: Kind


TRUCK: Final = CastTruck("13990000101", "演A00101", Kind.TRUCK)
OTHER_TRUCKS: Final = tuple(CastTruck(f"139900002{n:02d}", f"演A002{n:02d}", Kind.TRUCK) for n in range(8))
AUTH_CODE: Final = "DEMO-{ident}"
"""What an admitted demo terminal answers with; fictional like the rest, and only ever used on 127.0.0.1."""
