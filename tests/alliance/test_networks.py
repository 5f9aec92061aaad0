"""Alliances over time: who was in which on what day, what stands under what, how scopes narrow."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiangdun.alliance import actions, models, networks, queries
from jiangdun.alliance.networks import Link, Seat
from jiangdun.core import journal
from jiangdun.core.digests import digest
from jiangdun.core.trouble import AlreadyThere, BadInput, NotFound, StaleVersion, WrongState

from .ground import BY, NOW, TODAY, found, square

FIRST, SECOND = date(2021, 3, 1), date(2022, 3, 1)
# 镇江“江盾”联盟: seven founders, three more a year later. The names are those of the public report.
FOUNDERS = {
    "zj-police": ("镇江市公安局水上分局", "Zhenjiang River Police"),
    "zj-msa": ("镇江海事局", "Zhenjiang Maritime Safety Administration"),
    "zj-waterway": ("长江镇江航道处", "Zhenjiang Waterway Office"),
    "zj-transport": ("镇江市交通综合行政执法支队", "Zhenjiang Transport Enforcement"),
    "zj-water": ("镇江市水政监察支队", "Zhenjiang Water Administration"),
    "zj-fishery": ("镇江市农业综合行政执法支队", "Zhenjiang Agriculture Enforcement"),
    "zj-port": ("镇江市港发集团", "Zhenjiang Port Group"),
}
JOINED = {
    "zj-customs": ("镇江海关缉私分局", "Zhenjiang Customs Anti-smuggling"),
    "zj-river": ("镇江市发改委长江处", "Zhenjiang Yangtze Office"),
    "zj-porpoise": ("长江豚类省级自然保护区管理处", "Porpoise Reserve Administration"),
}


def facts(kind: str) -> list[dict[str, object]]:
    journal.seal(NOW)
    return [f.body for f in journal.after(0) if f.kind == f"alliance.{kind}"]


def ring(code: str = "ring", founded_on: date = FIRST, **more: object) -> queries.Alliance:
    return actions.found_alliance(
        code,
        f"{code}联盟",
        code,
        "ring",
        founded_on,
        by=BY,
        now=NOW,
        **more,  # type: ignore[arg-type]
    )


@pytest.fixture
def zhenjiang(db: None) -> queries.Alliance:
    for code, (zh, en) in (FOUNDERS | JOINED).items():
        actions.found_agency(code, zh, en, "water", by=BY, now=NOW)
    alliance = ring("zhenjiang")
    for code in FOUNDERS:
        role = "lead" if code == "zj-police" else "founder"
        actions.take_in("zhenjiang", code, role, FIRST, by=BY, now=NOW)
    for code in JOINED:
        actions.take_in("zhenjiang", code, "joined", SECOND, by=BY, now=NOW)
    return alliance


def test_the_first_alliance_grew_from_seven_to_ten(zhenjiang: queries.Alliance) -> None:
    steps = queries.member_steps("zhenjiang")
    assert [(step.on, step.count) for step in steps] == [(FIRST, 7), (SECOND, 10)]
    assert steps[1].came == tuple(sorted(JOINED))
    assert queries.members("zhenjiang", FIRST - timedelta(days=1)) == []
    assert len(queries.members("zhenjiang", SECOND - timedelta(days=1))) == 7
    members = queries.members("zhenjiang", TODAY)
    assert (members[0].agency, members[0].role) == ("zj-police", "lead")
    assert {m.agency for m in members} == FOUNDERS.keys() | JOINED.keys()
    assert [body["count"] for body in facts("AgencyJoined")] == list(range(1, 11))


def test_whoever_leaves_stays_in_the_past_and_may_come_back(zhenjiang: queries.Alliance) -> None:
    port = next(m for m in queries.members("zhenjiang", TODAY) if m.agency == "zj-port")
    with pytest.raises(StaleVersion):
        actions.let_go(port.seat, date(2023, 1, 1), "改制", version=9, by=BY, now=NOW)
    actions.let_go(port.seat, date(2023, 1, 1), "改制", version=port.version, by=BY, now=NOW)
    with pytest.raises(StaleVersion):  # the other person, who looked at the same version
        actions.let_go(port.seat, date(2023, 2, 1), "改制", version=port.version, by=BY, now=NOW)
    with pytest.raises(NotFound):
        actions.let_go(port.seat, date(2023, 2, 1), "改制", version=port.version + 1, by=BY, now=NOW)
    assert len(queries.members("zhenjiang", date(2022, 12, 31))) == 10
    assert len(queries.members("zhenjiang", date(2023, 1, 1))) == 9
    with pytest.raises(AlreadyThere):  # on a day on which it had not left yet
        actions.take_in("zhenjiang", "zj-port", "joined", date(2022, 6, 1), by=BY, now=NOW)
    back = actions.take_in("zhenjiang", "zj-port", "joined", date(2024, 5, 1), by=BY, now=NOW)
    assert back.joined_on == date(2024, 5, 1)
    assert [step.count for step in queries.member_steps("zhenjiang")] == [7, 10, 9, 10]
    assert facts("AgencyJoined")[-1]["again"] is True


def test_the_lead_passes_from_one_to_another_and_never_to_two(zhenjiang: queries.Alliance) -> None:
    held = {m.agency: m for m in queries.members("zhenjiang", TODAY)}
    police, msa = held["zj-police"], held["zj-msa"]
    day = date(2025, 1, 1)
    with pytest.raises(AlreadyThere):
        actions.change_seat(msa.seat, "lead", day, version=msa.version, by=BY, now=NOW)
    actions.change_seat(police.seat, "founder", day, version=police.version, by=BY, now=NOW)
    actions.change_seat(msa.seat, "lead", day, version=msa.version, by=BY, now=NOW)
    assert queries.members("zhenjiang", TODAY)[0].agency == "zj-msa"
    assert queries.members("zhenjiang", date(2024, 12, 31))[0].agency == "zj-police"
    assert [step.count for step in queries.member_steps("zhenjiang")] == [7, 10]  # nobody came or went
    assert queries.members("zhenjiang", TODAY)[0].joined_on == FIRST
    customs = held["zj-customs"]
    with pytest.raises(BadInput):
        actions.change_seat(customs.seat, "founder", day, version=customs.version, by=BY, now=NOW)


def test_leaving_says_what_follows(zhenjiang: queries.Alliance) -> None:
    ring("sub", FIRST, parents=["zhenjiang"])
    actions.take_in("sub", "zj-police", "lead", FIRST, by=BY, now=NOW)
    police = queries.members("zhenjiang", TODAY)[0]
    actions.let_go(police.seat, TODAY, "机构改革", version=police.version, by=BY, now=NOW)
    left = facts("AgencyLeft")[0]
    assert (left["lead_vacant"], left["still_in"], left["count"]) == (True, ["sub"], 9)
    assert left["reason"] == digest("reason", f"{police.seat}:机构改革"), "no words in what stays for ever"
    assert models.Seat.objects.get(id=police.seat).left_why == "机构改革"


def test_a_day_to_come_or_before_the_founding_is_refused(zhenjiang: queries.Alliance) -> None:
    found("new")
    for day, reason in ((TODAY + timedelta(days=1), "future"), (date(2021, 2, 28), "before_valid_from")):
        with pytest.raises(BadInput) as refused:
            actions.take_in("zhenjiang", "new", "joined", day, by=BY, now=NOW)
        assert refused.value.values["reason"] == reason
    with pytest.raises(BadInput):
        actions.take_in("zhenjiang", "new", "founder", SECOND, by=BY, now=NOW)
    with pytest.raises(BadInput):
        ring("later", TODAY + timedelta(days=1))


@pytest.mark.django_db
def test_an_agency_may_sit_in_a_ring_and_in_a_belt() -> None:
    found("tongling", "taizhou", "customs")
    ring("circle", domains=["port"])
    actions.found_alliance("belt", "一带", "The belt", "belt", FIRST, by=BY, now=NOW)
    for alliance, agency in (("circle", "tongling"), ("circle", "customs"), ("belt", "tongling")):
        actions.take_in(alliance, agency, "founder", FIRST, by=BY, now=NOW)
    actions.take_in("belt", "taizhou", "joined", SECOND, by=BY, now=NOW)
    assert {seat.alliance for seat in queries.seats(agency="tongling")} == {"circle", "belt"}


@pytest.mark.django_db
def test_what_stands_under_others_never_reaches_beyond_them() -> None:
    ring("city", geometry=square(119.0, 32.0, 1.0), domains=["water", "port", "traffic"])
    ring("belt", geometry=square(119.5, 32.0, 1.0), domains=["port", "traffic"])
    ring("sub", parents=["city", "belt"], domains=["port"])
    scope = queries.scope("sub", TODAY)
    assert scope.domains == {"port"}
    assert scope.region is not None
    assert scope.region.bounds == pytest.approx((119.5, 32.0, 120.0, 33.0))
    for wrong in ({"domains": ["mine"]}, {"geometry": square(119.4, 32.0)}):
        with pytest.raises(BadInput) as refused:
            ring("wide", parents=["belt"], **wrong)
        assert refused.value.values["reason"] == "wider_than_above"
    belt = queries.alliance("belt")
    actions.change_alliance(
        "belt", version=belt.version, by=BY, now=NOW, name_zh="带", name_en="Belt", domains=["traffic"]
    )
    assert queries.scope("sub", TODAY).domains == frozenset()  # narrowed from above
    with pytest.raises(StaleVersion):
        actions.change_alliance("belt", version=belt.version, by=BY, now=NOW, name_zh="带", name_en="B")


@pytest.mark.django_db
def test_alliances_form_no_circle() -> None:
    ring("aa")
    ring("ab", parents=["aa"])
    ring("ac", parents=["ab"])
    with pytest.raises(BadInput) as refused:
        actions.put_under("aa", "ac", TODAY, by=BY, now=NOW)
    assert refused.value.values["reason"] == "circle"
    with pytest.raises(AlreadyThere):
        actions.put_under("ab", "aa", TODAY, by=BY, now=NOW)
    actions.take_out("ab", "aa", SECOND, by=BY, now=NOW)
    assert networks.above(queries.links(), "ac", TODAY) == ["ab"]
    assert networks.above(queries.links(), "ac", FIRST) == ["ab", "aa"]


def test_an_alliance_that_ended_is_history(zhenjiang: queries.Alliance) -> None:
    actions.end_alliance("zhenjiang", TODAY, version=zhenjiang.version, by=BY, now=NOW)
    assert queries.members("zhenjiang", TODAY) == []
    assert len(queries.members("zhenjiang", TODAY - timedelta(days=1))) == 10
    with pytest.raises(WrongState):
        actions.take_in("zhenjiang", "zj-port", "joined", TODAY, by=BY, now=NOW)
    assert len(facts("AllianceEnded")[0]["members"]) == 10  # type: ignore[arg-type]


@pytest.mark.django_db
def test_what_is_not_there_is_said() -> None:
    with pytest.raises(NotFound):
        queries.alliance("no")
    with pytest.raises(NotFound):
        queries.scope("no", TODAY)
    with pytest.raises(NotFound):
        actions.let_go(uuid4(), TODAY, "x", version=1, by=BY, now=NOW)
    with pytest.raises(NotFound):
        ring("xx", parents=["no"])


days = st.dates(date(2021, 1, 1), date(2021, 2, 10))
spans = st.tuples(st.sampled_from("abc"), days, st.none() | st.integers(1, 20))


@given(st.lists(spans, max_size=12))
def test_the_series_counts_what_each_day_counts(drawn: list[tuple[str, date, int | None]]) -> None:
    seats = [
        Seat("x", agency, "joined", start, None if length is None else start + timedelta(days=length))
        for agency, start, length in drawn
    ]
    steps = networks.series(seats)
    for offset in range(-1, 70):
        day = date(2021, 1, 1) + timedelta(days=offset)
        there = {s.agency for s in seats if s.from_on <= day and (s.to_on is None or day < s.to_on)}
        before = [step.count for step in steps if step.on <= day]
        assert (before[-1] if before else 0) == len(there)
        for agency in "abc":
            since = networks.joined_on(seats, agency, day)
            assert (since is not None) == (agency in there)
            if since is not None:
                assert networks.joined_on(seats, agency, since) == since
    moves = Counter(name for step in steps for name in step.came)
    moves.subtract(name for step in steps for name in step.went)
    assert set(moves.values()) <= {0, 1}


links = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=14)


@given(links, st.integers(0, 6), st.integers(0, 6))
def test_a_circle_is_seen_before_it_closes(pairs: list[tuple[int, int]], child: int, parent: int) -> None:
    kept: list[Link] = []
    for low, high in [*pairs, (child, parent)]:
        if networks.would_circle(kept, str(low), str(high)):
            assert low == high or str(low) in networks.above(kept, str(high), TODAY)
        else:
            kept.append(Link(str(low), str(high), FIRST, None))
    for node in map(str, range(7)):
        assert node not in networks.above(kept, node, TODAY)
        assert set(networks.above(kept, node, TODAY)) == {
            other for other in map(str, range(7)) if node in networks.below(kept, other, TODAY)
        }
