"""What the edge tells the access ledger, and what happens when it cannot."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.test import RequestFactory

from jiangdun.alliance.grants import GRANTS
from jiangdun.core import access
from jiangdun.core import ledger as kept
from jiangdun.core.access import Allowed, Asker, Grant
from jiangdun.core.trouble import Busy, Trouble
from jiangdun.web import desk, ledger

from .conftest import OURS, THEIRS, Enter, in_house
from .test_work import Raise, warn  # noqa: F401  (a fixture)
from .wires import joined, wired

OTHER = UUID("018f0000-0000-7000-8000-000000000000")


def flush() -> None:
    in_house(ledger.flush)


def rows() -> list[kept.Kept]:
    flush()
    return kept.page()[::-1]


@pytest.fixture
def refused() -> Iterator[Callable[[], None]]:
    """Makes the database refuse every new row of the ledger, until called again."""
    name, vendor = "core_access_refused", connection.vendor
    on = {
        "sqlite": f"CREATE TRIGGER {name} BEFORE INSERT ON core_access BEGIN SELECT RAISE(ABORT, 'disk full'); END",
        "postgresql": f"ALTER TABLE core_access ADD CONSTRAINT {name} CHECK (number < 0) NOT VALID",
    }[vendor]
    off = {
        "sqlite": f"DROP TRIGGER {name}",
        "postgresql": f"ALTER TABLE core_access DROP CONSTRAINT {name}",
    }[vendor]
    state = {"on": False}

    def switch() -> None:
        with connection.cursor() as cursor:
            cursor.execute(off if state["on"] else on)
        state["on"] = not state["on"]

    yield switch
    if state["on"]:
        switch()


def request_of(asker: Asker, **headers: str) -> Any:
    request = RequestFactory().get("/api/incidents", headers=headers)
    request.auth = asker  # type: ignore[attr-defined]
    return request


POLICE = Asker(OTHER, str(OTHER), OURS, frozenset({"desk"}))


def test_others_things_are_noted_with_what_let_them_be_seen(house: None) -> None:
    allowed = Allowed(frozenset({"place_zh", "kind"}), by=("annex-2",))
    request = request_of(POLICE, **{"X-Purpose": "rescue"})
    ledger.note(request, "incidents.read", "incident:7", THEIRS, allowed)
    (row,) = rows()
    assert (row.kind, row.person, row.agency, row.roles) == ("open", str(OTHER), OURS, ("desk",))
    assert (row.subject, row.owner, row.annexes, row.shown) == (
        "incident:7", THEIRS, ("annex-2",), ("kind", "place_zh"),
    )  # fmt: skip
    assert (row.purpose, row.allowed, len(row.address)) == ("rescue", True, 32)


def test_ones_own_things_are_not(house: None) -> None:
    ledger.note(request_of(POLICE), "incidents.read", "incident:7", OURS)
    ledger.note_list(request_of(POLICE), "incidents.read", "incident:*", [(OURS, None), ("", None)])
    assert rows() == []


def test_a_list_is_a_row_for_each_owner_with_a_count(house: None) -> None:
    seen = [(THEIRS, Allowed(frozenset({"a"}), by=("x",))), (OURS, None), ("msa", None),
            (THEIRS, Allowed(frozenset({"b"}), by=("y",)))]  # fmt: skip
    ledger.note_list(request_of(POLICE), "incidents.read", "incident:*", seen)
    found = {row.owner: row for row in rows()}
    assert found.keys() == {THEIRS, "msa"}
    assert (found[THEIRS].count, found[THEIRS].annexes, found[THEIRS].shown) == (2, ("x", "y"), ("a", "b"))
    assert (found["msa"].count, found["msa"].shown) == (1, ())


def test_the_same_look_within_a_minute_is_one(house: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        ledger.note(request_of(POLICE), "incidents.read", "incident:7", THEIRS)
    ledger.note(request_of(POLICE), "incidents.read", "incident:8", THEIRS)
    assert [row.subject for row in rows()] == ["incident:7", "incident:8"]
    monkeypatch.setattr(ledger, "AGAIN_S", 0.0)
    ledger.note(request_of(POLICE), "incidents.read", "incident:7", THEIRS)
    assert len(rows()) == 3


def test_where_it_cannot_be_written_others_things_are_refused_and_nothing_is_lost(
    house: None, refused: Callable[[], None]
) -> None:
    ledger.note(request_of(POLICE), "incidents.read", "incident:1", THEIRS)
    refused()
    flush()
    with pytest.raises(Trouble, match="ledger_silent"):
        ledger.note(request_of(POLICE), "incidents.read", "incident:2", THEIRS)
    with pytest.raises(Trouble, match="ledger_silent"):
        ledger.note_list(request_of(POLICE), "incidents.read", "incident:*", [(THEIRS, None)])
    ledger.note(request_of(POLICE), "incidents.read", "incident:3", OURS)
    refused()
    assert [row.subject for row in rows()] == ["incident:1"]
    ledger.note(request_of(POLICE), "incidents.read", "incident:2", THEIRS)
    assert [row.subject for row in rows()] == ["incident:1", "incident:2"]
    assert kept.verify().ok


@pytest.fixture
def picky() -> Iterator[None]:
    """The database refuses rows about incident:2, and those alone."""
    on, off = {
        "sqlite": (
            "CREATE TRIGGER core_access_picky BEFORE INSERT ON core_access WHEN NEW.subject = 'incident:2' "
            "BEGIN SELECT RAISE(ABORT, 'no'); END",
            "DROP TRIGGER core_access_picky",
        ),
        "postgresql": (
            "ALTER TABLE core_access ADD CONSTRAINT core_access_picky CHECK (subject <> 'incident:2') NOT VALID",
            "ALTER TABLE core_access DROP CONSTRAINT core_access_picky",
        ),
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(on)
        yield
        cursor.execute(off)


def test_one_row_that_is_refused_never_holds_up_the_rest(house: None, picky: None) -> None:
    for n in range(1, 5):
        ledger.note(request_of(POLICE), "incidents.read", f"incident:{n}", THEIRS)
    assert [(row.subject, row.owner) for row in rows()] == [
        ("incident:1", THEIRS), (ledger.UNKEPT, THEIRS), ("incident:3", THEIRS), ("incident:4", THEIRS),
    ]  # fmt: skip
    assert not ledger.silent()
    assert kept.verify().ok


def test_a_nul_in_an_address_silences_nothing(enter: Enter) -> None:
    auditor = enter("admin_security")
    assert auditor.get("/api/alerts/a\0").status == 403, "as a server hands on a%00"
    assert [row.subject.endswith("a\ufffd") for row in rows() if row.kind == "denied"] == [True], rows()
    assert not ledger.silent()


def test_too_many_that_wait_count_as_silence(house: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "WAITING_MAX", 3)
    for n in range(3):
        ledger.note(request_of(POLICE), "incidents.read", f"incident:{n}", THEIRS)
    with pytest.raises(Trouble, match="ledger_silent"):
        ledger.note(request_of(POLICE), "incidents.read", "incident:9", THEIRS)
    assert len(rows()) == 3


def test_whoever_is_turned_away_cannot_silence_it(house: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "WAITING_MAX", 6)
    for n in range(30):
        ledger.denied(request_of(POLICE, referer=str(n)), Trouble("not_yours", verb=f"v{n}", reason="verb"))
    ledger.note(request_of(POLICE), "incidents.read", "incident:1", THEIRS)
    assert [row.kind for row in rows()] == ["denied"] * 3 + ["open"]


def test_one_walks_the_ledger_at_a_time_however_many_ask(
    enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    auditor = enter("admin_audit")
    assert auditor.get("/api/access/verify").body["ok"]
    monkeypatch.setattr(desk, "_walking", True)
    assert auditor.get("/api/access/verify").status == 503
    assert auditor.get("/api/access").status == 200


def test_a_walk_whose_asker_went_away_is_still_the_only_one(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()

    async def come_and_go() -> list[Any]:
        first = asyncio.ensure_future(desk.walk(lambda: gate.wait(10)))
        await asyncio.sleep(0.01)
        first.cancel()
        with pytest.raises(Busy):
            await desk.walk(lambda: 2)
        gate.set()
        while desk._walking:
            await asyncio.sleep(0.01)
        return [await desk.walk(lambda: threading.current_thread().name), desk._walking]

    monkeypatch.setattr(desk, "_reader", None)
    name, walking = asyncio.run(come_and_go())
    assert (name[:8], walking) == ("web-walk", False)


def test_through_the_door(
    enter: Enter,
    warn: Raise,  # noqa: F811
    refused: Callable[[], None],
) -> None:
    warn("e1")
    theirs, ours, watcher = enter("desk"), enter("desk", agency=THEIRS), enter("admin_audit")
    access.bind({**GRANTS, "desk": (*GRANTS["desk"], Grant("incidents.read"))})  # whatever agreements say
    incident = theirs.get("/api/incidents").body[0]["id"]
    assert ours.get(f"/api/incidents/{incident}").status == 200
    assert theirs.get(f"/api/incidents/{incident}").status == 200
    assert ours.get("/api/incidents").status == 200
    seen = [row for row in rows() if row.verb == "incidents.read"]
    assert [(row.kind, row.subject, row.agency, row.owner) for row in seen] == [
        ("open", f"incident:{incident}", THEIRS, OURS),
        ("list", "incident:*", THEIRS, OURS),
    ]
    assert watcher.get("/api/health").body["ok"] is True
    refused()
    flush()
    ledger.note(request_of(Asker(None, "x", THEIRS)), "incidents.read", "incident:1", OURS)
    flush()
    answer = ours.get(f"/api/incidents/{incident}")
    assert (answer.status, answer.body["code"]) == (503, "ledger_silent")
    assert theirs.get(f"/api/incidents/{incident}").status == 200, "their own"
    health = watcher.get("/api/health").body
    assert (health["ok"], health["detail"]["ledger"]["ok"]) == (False, False)


def test_a_refusal_is_noted_with_its_reason(enter: Enter) -> None:
    assert enter("desk").get("/api/access").status == 403
    (row,) = rows()
    assert (row.kind, row.verb, row.reason, row.allowed, row.subject) == (
        "denied", "access.read", "verb", False, "route:/api/access",
    )  # fmt: skip
    assert row.agency == OURS


def test_the_auditor_reads_it_and_that_is_a_look_too(enter: Enter) -> None:
    for n in range(5):
        ledger.note(request_of(POLICE), "incidents.read", f"incident:{n}", THEIRS)
    flush()
    auditor = enter("admin_audit")
    first = auditor.get(f"/api/access?owner={THEIRS}&limit=3").body
    assert [look["subject"] for look in first["looks"]] == ["incident:4", "incident:3", "incident:2"]
    rest = auditor.get(f"/api/access?owner={THEIRS}&limit=3&before={first['before']}").body
    assert [look["subject"] for look in rest["looks"]] == ["incident:1", "incident:0"]
    assert rest["before"] is None
    assert auditor.get(f"/api/access?person={OTHER}").body["looks"][0]["person"] == str(OTHER)
    assert auditor.get("/api/access?person=nobody").body["looks"] == []
    assert [row.verb for row in rows()][-1] == "access.read"
    whole = auditor.get("/api/access/verify").body
    assert (whole["ok"], whole["problems"]) == (True, [])


def test_a_live_wire_is_two_rows(enter: Enter) -> None:
    browser = enter("desk")

    async def watch() -> None:
        async with wired(browser) as wire:
            await joined(wire)

    in_house(watch)
    found = [row for row in rows() if row.kind.startswith("live")]
    assert [(row.kind, row.subject, row.agency) for row in found] == [
        ("live_start", "live:board", OURS), ("live_end", "live:board", OURS),
    ]  # fmt: skip


def test_no_new_live_wire_where_it_cannot_be_kept(enter: Enter, refused: Callable[[], None]) -> None:
    browser = enter("desk")
    ledger.note(request_of(POLICE), "incidents.read", "incident:1", THEIRS)
    refused()
    flush()
    codes = []

    async def watch() -> None:
        async with wired(browser) as wire:
            codes.append(await wire.closed())

    in_house(watch)
    assert codes == [4031]


def test_a_rolled_back_batch_is_tried_again_as_it_was(house: None) -> None:
    ledger.note(request_of(POLICE), "incidents.read", "incident:1", THEIRS)
    with transaction.atomic():
        kept.append([ledger.entry_of(request_of(POLICE), "export", "export.ask", "export:1", count=7)])
        transaction.set_rollback(True)
    assert [row.subject for row in rows()] == ["incident:1"]
