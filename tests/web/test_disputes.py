"""校核纠错 through the door: raised by who sees it, answered by whose it is, in time or it is a fact."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from jiangdun.core import access, clock, disputes, journal, timers
from jiangdun.core.parameters import set_parameter
from jiangdun.picture import actions as picture

from .conftest import OURS, SYSTEM, THEIRS, Answer, Browser, Enter

CLAIM = "值班电话有误，应为 0511-88001234"


@pytest.fixture(autouse=True)
def _timers() -> None:
    for kind, handler in disputes.TIMERS.items():
        timers.register(kind, handler)


def raise_it(browser: Browser, subject: str = f"agency:{THEIRS}", **more: Any) -> Answer:
    return browser.post("/api/disputes", {"subject": subject, "claim": CLAIM, **more})


def facts(dispute: str) -> list[str]:
    journal.seal(clock.now())
    return [fact.kind.removeprefix("core.Dispute") for fact in journal.about(f"dispute:{dispute}")]


def test_raised_and_corrected(enter: Enter) -> None:
    ours, theirs = enter("desk"), enter("duty_commander", agency=THEIRS)
    raised = raise_it(ours, field="duty_phone")
    assert raised.status == 200, raised.body
    found = raised.body
    assert (found["owner"], found["raised_agency"], found["state"]) == (THEIRS, OURS, "open")
    days = datetime.fromisoformat(found["due_at"]) - clock.now()
    assert timedelta(days=5) < days < timedelta(days=9), "five working days"
    assert [one["id"] for one in theirs.get("/api/disputes?state=open").body] == [found["id"]]
    answer = {"corrected": True, "answer": "已更正", "version": found["version"]}
    address = f"/api/disputes/{found['id']}"
    assert ours.post(f"{address}/answer", answer).status == 403
    done = theirs.post(f"{address}/answer", answer)
    assert (done.status, done.body["state"], done.body["answer"]) == (200, "corrected", "已更正")
    assert ours.get(address).body["answer"] == "已更正"
    assert theirs.post(f"{address}/answer", answer).status == 409
    assert facts(found["id"]) == ["Raised", "Answered"]
    body = journal.about(f"dispute:{found['id']}")[0].body
    assert "0511" not in str(body)


def test_a_field_is_one_of_the_thing(enter: Enter) -> None:
    answer = raise_it(enter("desk"), field="张三 13812345678")
    assert (answer.status, answer.body["code"]) == (422, "bad_input")
    assert "duty_phone" in str(answer.body)


def test_upheld_needs_a_reason_and_the_newest_version(enter: Enter) -> None:
    ours, theirs = enter("desk"), enter("duty_commander", agency=THEIRS)
    found = raise_it(ours).body
    address = f"/api/disputes/{found['id']}/answer"
    assert theirs.post(address, {"corrected": False, "answer": " ", "version": 1}).status == 422
    assert theirs.post(address, {"corrected": False, "answer": "核对无误", "version": 2}).status == 409
    assert (
        theirs.post(address, {"corrected": False, "answer": "核对无误", "version": 1}).body["state"]
        == "upheld"
    )


def test_a_reminder_and_then_overdue_each_once(enter: Enter) -> None:
    ours, theirs = enter("desk"), enter("duty_commander", agency=THEIRS)
    found = raise_it(ours).body
    due = datetime.fromisoformat(found["due_at"])
    timers.tick(due - timedelta(hours=25))
    assert facts(found["id"]) == ["Raised"]
    timers.tick(due - timedelta(hours=23))
    timers.tick(due - timedelta(hours=22))
    assert facts(found["id"]) == ["Raised", "Reminded"]
    timers.tick(due + timedelta(seconds=1))
    timers.tick(due + timedelta(hours=1))
    assert facts(found["id"]) == ["Raised", "Reminded", "Overdue"]
    late = ours.get(f"/api/disputes/{found['id']}").body
    assert late["overdue_at"] == found["due_at"]
    answer = {"corrected": True, "answer": "已更正", "version": late["version"]}
    assert theirs.post(f"/api/disputes/{found['id']}/answer", answer).status == 200, (
        "late, and still answered"
    )


def test_answered_in_time_nothing_is_said_later(enter: Enter) -> None:
    ours, theirs = enter("desk"), enter("duty_commander", agency=THEIRS)
    found = raise_it(ours).body
    theirs.post(f"/api/disputes/{found['id']}/answer", {"corrected": True, "answer": "已更正", "version": 1})
    timers.tick(datetime.fromisoformat(found["due_at"]) + timedelta(days=1))
    assert facts(found["id"]) == ["Raised", "Answered"]


def test_the_time_is_a_parameter(enter: Enter) -> None:
    ours = enter("desk")
    set_parameter("disputes.answer_days", 1, by=SYSTEM, now=clock.now())
    due = datetime.fromisoformat(raise_it(ours).body["due_at"])
    assert due - clock.now() < timedelta(days=5)


def test_what_one_may_not_see_one_cannot_dispute(enter: Enter, now: datetime) -> None:
    ours = enter("desk")
    unit = picture.add_unit(
        THEIRS, "艇02", "boat", by=SYSTEM, now=now, crew=3, source="jt808", ident="13900000002"
    )
    access.bind_shares([])
    assert raise_it(ours, f"unit:{unit.id}").status == 403, "no agreement shows it"
    own = picture.add_unit(
        OURS, "艇01", "boat", by=SYSTEM, now=now, crew=3, source="jt808", ident="13900000001"
    )
    assert raise_it(ours, f"unit:{own.id}").status == 422, "one's own is corrected, not disputed"
    for subject, status in (("unit:x", 404), ("agency:nobody", 404), ("ship:1", 422), ("incident:", 422)):
        assert raise_it(ours, subject).status == status, subject


def test_twice_is_once_and_the_raiser_may_withdraw(enter: Enter) -> None:
    ours, theirs = enter("desk"), enter("duty_commander", agency=THEIRS)
    found = raise_it(ours).body
    assert raise_it(ours).status == 409
    assert raise_it(ours, field="address").status == 200, "another field is another matter"
    assert theirs.post(f"/api/disputes/{found['id']}/withdraw").status == 403
    assert ours.post(f"/api/disputes/{found['id']}/withdraw").body["state"] == "withdrawn"
    assert raise_it(ours).status == 200


def test_it_is_between_two_agencies_and_the_auditor(enter: Enter) -> None:
    found = raise_it(enter("desk")).body
    third = enter("desk", agency=THEIRS)
    assert third.get(f"/api/disputes/{found['id']}").status == 200
    assert [one["id"] for one in enter("admin_audit").get("/api/disputes").body] == [found["id"]]
    assert enter("admin_audit").get(f"/api/disputes/{found['id']}").status == 200
