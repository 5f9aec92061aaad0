"""Exports: one way for rows to leave, with a second person, a mark in every row, and a count of everything."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from jiangdun.alliance import actions as alliance
from jiangdun.alliance import queries
from jiangdun.alliance.grants import GRANTS
from jiangdun.core import access, accounts, clock, exporting, journal, sheets, vault
from jiangdun.core import ledger as kept
from jiangdun.core.access import Asker
from jiangdun.core.parameters import set_parameter
from jiangdun.core.trouble import Trouble
from jiangdun.web import exports, leaving

from .conftest import OURS, SYSTEM, THEIRS, Answer, Browser, Enter, Hire, in_house
from .test_agreements import body as agreement
from .test_agreements import sign
from .test_work import Raise, warn  # noqa: F401  (a fixture)
from .wires import happen

RESCUE = {"X-Purpose": "rescue"}


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, settings: Any) -> None:
    settings.HOME = tmp_path


@pytest.fixture
def few(house: None) -> None:
    """From five rows on a second person is needed."""
    set_parameter("exports.approval_rows", 5, by=SYSTEM, now=clock.now())


def ask(browser: Browser, what: str = "journal", headers: Any = RESCUE, **filters: Any) -> Answer:
    return browser.post(
        "/api/exports", {"what": what, "filters": filters, "reason": "季度核对"}, headers=headers
    )


def write() -> None:
    in_house(exports.run_due)


def take(browser: Browser, export: str) -> tuple[Answer, list[list[str]]]:
    answer = browser.get(f"/api/exports/{export}/file")
    if answer.status != 200:
        return answer, []
    return answer, list(csv.reader(io.StringIO(answer.raw.decode("utf-8-sig"), newline="")))


def state(browser: Browser, export: str) -> str:
    return str(browser.get(f"/api/exports/{export}").body["state"])


def facts(export: str) -> list[str]:
    return [fact.kind for fact in journal.about(f"export:{export}")]


def test_few_rows_leave_at_once_marked_and_counted(enter: Enter) -> None:
    desk = enter("desk")
    happen("e1", "=cmd|calc", "e3")
    asked = ask(desk)
    assert (asked.status, asked.body["state"]) == (200, "approved"), asked.body
    export = asked.body["id"]
    assert take(desk, export)[0].status == 409
    write()
    answer, rows = take(desk, export)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    assert export in rows[0][0]
    assert rows[1][0] == "no"
    assert len(rows) == 5
    ready = desk.get(f"/api/exports/{export}").body
    assert (ready["rows"], ready["downloads"], ready["sha256"]) == (
        3,
        1,
        hashlib.sha256(answer.raw).hexdigest(),
    )
    (look,) = kept.page(kind="export")
    assert (look.subject, look.count, look.purpose, look.verb) == (
        f"export:{export}",
        3,
        "rescue",
        "journal.read",
    )
    assert facts(export) == ["core.ExportAsked", "core.ExportReady", "core.ExportTaken"]
    for row in rows[2:]:
        assert sheets.marks(",".join(row)), "every row tells where it is from"
    leaked = ",".join(rows[3])
    traced = enter("admin_audit").post("/api/exports/trace", {"text": f"看到这一行：{leaked}"}).body
    assert [one["id"] for one in traced] == [export]


def test_many_rows_wait_for_another_person(few: None, enter: Enter) -> None:
    desk, commander, other = enter("desk"), enter("duty_commander"), enter("duty_commander", agency=THEIRS)
    happen(*(f"e{n}" for n in range(8)))
    asked = ask(desk).body
    assert (asked["state"], asked["expected"]) == ("waiting", 6), "more than five, however many"
    write()
    assert state(desk, asked["id"]) == "waiting"
    decide = f"/api/exports/{asked['id']}/decide"
    own = desk.post(decide, {"approved": True})
    assert (own.status, "另" in own.body["text"] or "他人" in own.body["text"]) == (403, True)
    assert other.post(decide, {"approved": True}).status == 403
    assert [one["id"] for one in commander.get("/api/exports/waiting").body] == [asked["id"]]
    assert desk.get("/api/exports/waiting").body == []
    assert commander.post(decide, {"approved": True}).body["state"] == "approved"
    write()
    answer, rows = take(desk, asked["id"])
    assert (answer.status, len(rows)) == (200, 10)
    assert take(commander, asked["id"])[0].status == 404, "it is for whoever asked"
    assert "core.ExportDecided" in facts(asked["id"])


def test_a_refusal_says_why(few: None, enter: Enter) -> None:
    desk, commander = enter("desk"), enter("duty_commander")
    happen(*(f"e{n}" for n in range(8)))
    asked = ask(desk).body
    assert commander.post(f"/api/exports/{asked['id']}/decide", {"approved": False}).status == 422
    said = {"approved": False, "refusal": "与用途不符"}
    assert commander.post(f"/api/exports/{asked['id']}/decide", said).body["state"] == "refused"
    assert desk.get(f"/api/exports/{asked['id']}").body["refusal"] == "与用途不符"
    assert commander.post(f"/api/exports/{asked['id']}/decide", {"approved": True}).status == 409
    write()
    assert take(desk, asked["id"])[0].status == 409


def test_more_rows_than_when_it_was_asked_for_wait_after_all(few: None, enter: Enter) -> None:
    desk = enter("desk")
    happen("e1", "e2")
    asked = ask(desk).body
    assert asked["state"] == "approved"
    happen(*(f"f{n}" for n in range(8)))
    write()
    assert state(desk, asked["id"]) == "waiting"


def test_cancelled_while_it_is_written(enter: Enter, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = enter("desk")
    happen(*(f"e{n}" for n in range(9)))
    export = ask(desk).body["id"]
    monkeypatch.setattr(exports, "PROGRESS_ROWS", 3)
    first = exports._next

    def cancelled_meanwhile(rows: Any) -> Any:
        if exporting.export(export).done == 3:
            exporting.cancel(export, by=SYSTEM, now=clock.now())
        return first(rows)

    monkeypatch.setattr(exports, "_next", cancelled_meanwhile)
    write()
    assert state(desk, export) == "cancelled"
    assert exporting.export(export).done == 3
    assert list(vault.verify()) == []
    assert facts(export) == ["core.ExportAsked", "core.ExportEnded"]
    assert desk.post(f"/api/exports/{export}/cancel").status == 409


def test_it_is_written_by_what_the_asker_may_see_then(enter: Enter, hire: Hire) -> None:
    desk = enter("desk")
    happen("e1")
    export = ask(desk).body["id"]
    (membership,) = [
        m for m in alliance_memberships(desk) if m.agency == OURS
    ]  # fmt: skip
    alliance.leave(membership.id, version=membership.version, by=SYSTEM, now=clock.now())
    write()
    found = exporting.export(export)
    assert (found.state, found.trouble) == ("failed", "not_yours")


def alliance_memberships(browser: Browser) -> list[Any]:
    from jiangdun.alliance import queries

    account = next(a for a in accounts.accounts() if a.username == f"desk@{OURS}")
    return queries.memberships(account.id, clock.now())


def written(browser: Browser, annexes: tuple[str, ...] = ()) -> str:
    """An export that is ready; with `annexes` its rows were seen by them."""
    export = str(ask(browser).body["id"])
    if not annexes:
        write()
    else:
        stored = vault.put(io.BytesIO(b"no"))
        exporting.finish(
            UUID(export), rows=1, sha256=stored.sha256, size=stored.size, owners={THEIRS: 1}, annexes=annexes,
            by=SYSTEM, now=clock.now(),
        )  # fmt: skip
    assert state(browser, export) == "ready"
    return export


def refused(answer: Answer) -> tuple[int, str]:
    assert answer.body["next"]
    return answer.status, answer.body["code"]


def signed(enter: Enter, data: str) -> dict[str, Any]:
    """An agreement in force between the two: each lets the other see a data set, for joint command."""
    now = clock.now()
    ours, theirs = enter("duty_commander"), enter("secretariat", agency=THEIRS)
    held: dict[str, Any] = ours.post("/api/agreements", agreement(now, annex={"data": data})).body
    for browser in (ours, theirs):
        held = sign(browser, held).body
    access.bind_shares(queries.shares(clock.now()))
    return held


def test_rows_whose_annex_is_not_for_its_purpose_are_left_out_and_counted(
    enter: Enter,
    warn: Raise,  # noqa: F811
) -> None:
    warn("e1")
    signed(enter, "incidents")
    owner = enter("desk").get("/api/incidents").body[0]["owner"]
    other = enter("desk", agency=THEIRS if owner == OURS else OURS)
    seen = {}
    for purpose in ("rescue", "command"):
        export = ask(other, "incidents", {"X-Purpose": purpose}).body["id"]
        write()
        ready = other.get(f"/api/exports/{export}").body
        seen[purpose] = (ready["rows"], ready["left_out"], len(ready["annexes"]))
        assert len(take(other, export)[1]) == 2 + ready["rows"]
    assert seen == {"rescue": (0, 1, 0), "command": (1, 0, 1)}


def test_it_is_not_taken_where_the_verb_was_lost(enter: Enter) -> None:
    desk = enter("desk")
    happen("e1")
    export = written(desk)
    left = tuple(grant for grant in GRANTS["desk"] if grant.verb != "journal.read")
    access.bind({**GRANTS, "desk": left})
    assert refused(take(desk, export)[0]) == (409, "export_verb_lost")
    access.bind(GRANTS)
    assert take(desk, export)[0].status == 200


def test_it_is_taken_in_the_agency_it_was_asked_for_only(enter: Enter) -> None:
    desk = enter("desk")
    happen("e1")
    export = exporting.export(UUID(written(desk)))
    here = Asker(export.account_id, export.person, OURS, frozenset({"desk"}))
    exports.require_may_take(here, export, clock.now())
    with pytest.raises(Trouble, match="export_elsewhere"):
        exports.require_may_take(replace(here, agency=THEIRS), export, clock.now())


def test_it_is_taken_while_the_annexes_hold_and_no_longer(enter: Enter, few: None) -> None:
    desk, theirs = enter("desk"), enter("secretariat", agency=THEIRS)
    held = signed(enter, "persons")
    annex = str(queries.agreement(UUID(held["id"])).editions[0].annexes[0].id)
    export = written(desk, (annex,))
    assert take(desk, export)[0].status == 200
    stop = {"annex": 1, "reason": "数据用途有疑问"}
    assert theirs.post(f"/api/agreements/{held['id']}/suspend", stop).status == 200
    assert refused(take(desk, export)[0]) == (409, "export_annex_ended")
    assert exporting.export(UUID(export)).downloads == 1
    assert refused(take(desk, written(desk, (export,)))[0]) == (409, "export_annex_ended")


@pytest.mark.parametrize("what", sorted(leaving.SOURCES))
def test_every_source_can_leave_to_whoever_may_see_it_and_to_nobody_else(enter: Enter, what: str) -> None:
    source = leaving.SOURCES[what]
    auditor, desk = enter("admin_audit"), enter("desk")
    happen("e1")
    for browser in (auditor, desk):
        may = source.verb in browser.get("/api/session").body["verbs"]
        offered = what in [one["what"] for one in browser.get("/api/exports/offers").body]
        answer = ask(browser, what)
        assert (answer.status == 200) == may == offered
        if may:
            write()
            taken, rows = take(browser, answer.body["id"])
            assert taken.status == 200
            assert rows[1] == list(source.columns)


def test_without_purpose_or_reason_nothing_leaves(enter: Enter) -> None:
    desk = enter("desk")
    assert ask(desk, headers={}).status == 428
    assert ask(desk, headers={"X-Purpose": "sale"}).status == 428
    body = {"what": "journal", "reason": " "}
    assert desk.post("/api/exports", body, headers=RESCUE).status == 422
    assert ask(desk, "tracks").status == 422
    assert ask(desk, "journal", nothing=1).status == 422
    assert ask(desk, "journal", after="1").status == 422


def test_filters_hold(enter: Enter) -> None:
    desk = enter("desk")
    happen("e1", "e2", "e3")
    export = ask(desk, "journal", subject="alert:e2").body["id"]
    write()
    rows = take(desk, export)[1]
    assert len(rows) == 3
    assert "alert:e2" in rows[2][7]


def test_ones_own_list_and_the_auditors(enter: Enter) -> None:
    desk, reviewer, auditor = enter("desk"), enter("reviewer"), enter("admin_audit")
    first, second = ask(desk).body["id"], ask(desk).body["id"]
    third = ask(reviewer).body["id"]
    assert [one["id"] for one in desk.get("/api/exports").body] == [second, first]
    assert [one["id"] for one in auditor.get("/api/exports/all").body] == [third, second, first]
    assert [one["id"] for one in auditor.get(f"/api/exports/all?before={second}").body] == [first]
    assert reviewer.get(f"/api/exports/{first}").status == 404


def test_a_file_is_kept_for_some_days(enter: Enter, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = enter("desk")
    happen("e1")
    export = ask(desk).body["id"]
    write()
    late = clock.now() + timedelta(days=7, minutes=1)
    assert [one.id.hex for one in exporting.too_old(late)] == [export.replace("-", "")]
    with pytest.raises(Exception, match="export_gone"):
        exporting.take(export, kept.Entry(late, "export", "p", "a", "v", "export:1"), by=SYSTEM, now=late)


def test_odd_exports_raise_one_fact(enter: Enter) -> None:
    set_parameter("exports.odd_per_day", 2, by=SYSTEM, now=clock.now())
    set_parameter("exports.odd_rows_per_day", 4, by=SYSTEM, now=clock.now())
    desk = enter("desk")
    happen("e1", "e2", "e3")
    for _ in range(4):
        assert ask(desk).status == 200

    def odd() -> list[Any]:
        journal.seal(clock.now())
        return [fact for fact in journal.after(0, 1_000) if fact.kind == "core.OddExports"]

    assert [fact.body["exports"] for fact in odd()] == [3]
    write()
    assert len(odd()) == 2, "and one for the rows"
    assert odd()[1].body["rows"] > 4


def test_where_the_ledger_cannot_be_written_nothing_leaves(
    enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = enter("desk")
    happen("e1")
    export = ask(desk).body["id"]
    write()
    append: Callable[..., int] = kept.append
    monkeypatch.setattr(kept, "append", lambda entries: 1 // 0)
    assert desk.get(f"/api/exports/{export}/file").status == 500
    monkeypatch.setattr(kept, "append", append)
    assert exporting.export(export).downloads == 0
    assert take(desk, export)[0].status == 200


def test_one_person_has_so_many_open(enter: Enter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "OPEN_MAX", 2)
    desk = enter("desk")
    assert [ask(desk).status for _ in range(3)] == [200, 200, 409]
