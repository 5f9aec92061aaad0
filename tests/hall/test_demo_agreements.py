"""What the demo's agencies agreed on: all see all, and one agreement of each kind stands there to look at."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from jiangdun.alliance import agreements as thinking
from jiangdun.alliance import queries
from jiangdun.core import clock, shares
from jiangdun.hall.demo import cast, seed


@pytest.fixture(scope="module")
def now() -> datetime:
    return clock.now()


@pytest.mark.django_db
def test_the_demo_shows_one_agreement_of_each_kind_and_a_ring_by_which_all_see_all(now: datetime) -> None:
    seed.sow(now)
    found = queries.agreements()
    states = {one.template + " " + str(thinking.state(one, now)) for one in found}
    assert states == {"ring in_force", "belt to_renew", "ring suspended", "belt in_force"}
    later = now + timedelta(minutes=1)
    bound = queries.shares(later)
    assert sorted({share.state for share in bound}) == ["active", "dormant", "suspended"]
    sees = {
        (s.consumer, s.provider, s.data)
        for s in bound
        if shares.in_force(s, later) is None and s.delay_s == 0 and s.area is None
    }
    codes = {person.agency for person in cast.PEOPLE if "duty_commander" in person.roles}
    assert {unit.agency for unit in cast.UNITS} <= codes
    for data in ("units", "positions", "alerts", "incidents"):
        assert {(c, p, data) for c in codes for p in codes if c != p} <= sees
