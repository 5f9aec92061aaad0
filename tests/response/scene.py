"""Two agencies, their people and units, and an alert to begin with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from jiangdun.alliance import actions as alliance
from jiangdun.core import accounts, journal
from jiangdun.core.access import Asker
from jiangdun.core.journal import By, Sealed
from jiangdun.picture import actions as picture
from jiangdun.response import actions, queries

T0 = datetime(2026, 11, 21, 15, 10, tzinfo=UTC)
SYSTEM = By(system="test")
PASSWORD = "a long password 为测试"


def after(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def alert(episode: str = "e1", **values: Any) -> Sealed:
    """`watch.AlertRaised` as a reader hands it over."""
    body = {
        "episode": episode,
        "rule": "illegal-dumping",
        "rule_version": 3,
        "owner": "mine",
        "severity": 2,
        "incident": "triage",
        "domain": "mine",
        "track": 7,
        "label": "演A12345",
        "zone_id": "pit",
        "zone_name_zh": "演示废弃矿坑",
        "zone_name_en": "Demo abandoned pit",
        "lon": 116.2,
        "lat": 29.8,
        "why_zh": "离开工地 40 分钟后在矿坑停留 25 分钟",
        "why_en": "left the site, then 25 min in the pit",
    }
    body |= {name: value for name, value in values.items() if name not in ("at", "kind", "exercise")}
    return Sealed(
        number=1,
        fact_id=1,
        kind=values.get("kind", "watch.AlertRaised"),
        version=1,
        at=values.get("at", T0),
        by=By(rule="illegal-dumping/3"),
        cause=None,
        subject=f"alert:{episode}",
        body=body,
        exercise=values.get("exercise", False),
        hash="",
    )


@dataclass(frozen=True)
class World:
    """`desk` and `desk2` serve the owner (mine), `commander` reviews, `police` is another agency."""

    desk: By
    desk2: By
    commander: By
    police: By
    car: UUID
    car2: UUID
    police_car: UUID

    def opened(self, episode: str = "e1", **values: Any) -> UUID:
        """Take in an alert that becomes an incident at once; its id."""
        actions.take_in_alert(alert(episode, **values))
        return self.of(episode)

    def of(self, episode: str) -> UUID:
        return next(view.id for view in self.board(T0) if view.episode == episode)

    def board(self, now: datetime) -> list[queries.IncidentView]:
        return queries.board_incidents(self.asker, now)

    def view(self, incident: UUID, now: datetime = T0) -> queries.IncidentView:
        return queries.incident(incident, self.asker, now).incident

    def assigned(self, incident: UUID, at: float = 20, unit: UUID | None = None) -> UUID:
        """Sign and order the first car; the assignment's id."""
        if self.view(incident).state == "new":
            actions.sign(incident, by=self.desk, now=after(at - 10))
        actions.assign(incident, unit or self.car, by=self.desk, now=after(at))
        return self.view(incident).assignments[-1].id

    @property
    def asker(self) -> Asker:
        return Asker(None, self.desk.person, "mine", frozenset({"desk"}))


def kinds(subject: str) -> list[str]:
    """Kinds of fact about a subject, sealed in order, without the room's name."""
    while journal.seal(T0):
        pass
    return [fact.kind.removeprefix("response.") for fact in journal.about(subject)]


def bodies(subject: str, kind: str) -> list[dict[str, Any]]:
    kinds(subject)
    return [fact.body for fact in journal.about(subject) if fact.kind == f"response.{kind}"]


def build() -> World:
    """Found the agencies, let the people join, add the units."""
    people = {}
    for code, name in (("mine", "演示矿管"), ("police", "演示公安")):
        alliance.found_agency(code, name, f"Demo {code}", "mine", by=SYSTEM, now=T0, demo=True)
    for name, agency, role in (
        ("desk", "mine", "desk"),
        ("desk2", "mine", "desk"),
        ("commander", "mine", "duty_commander"),
        ("police", "police", "desk"),
    ):
        account = accounts.create(
            name, PASSWORD, name_zh=f"值班员{name}", name_en=f"Officer {name}", by=SYSTEM, now=T0
        )
        alliance.join(account.id, agency, [role], by=SYSTEM, now=T0)
        people[name] = By(person=str(account.id), agency=agency)
    cars = [
        picture.add_unit(agency, call_sign, "car", by=SYSTEM, now=T0, crew=2).id
        for agency, call_sign in (("mine", "矿巡1"), ("mine", "矿巡2"), ("police", "警巡1"))
    ]
    return World(people["desk"], people["desk2"], people["commander"], people["police"], *cars)
