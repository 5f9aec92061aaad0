"""Who may speak: book, pending list, codes; and the table, its actions and facts."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.db import connection

from jiangdun.core import journal
from jiangdun.core.journal import By
from jiangdun.core.trouble import AlreadyThere, BadInput, NotFound, StaleVersion, WrongState
from jiangdun.feeds import actions, queries
from jiangdun.feeds.columns import Kind
from jiangdun.feeds.devices import Book, Pending, auth_code, normal
from jiangdun.feeds.observations import Device, Unknown

NOW = datetime(2026, 11, 21, 15, 5, tzinfo=UTC)
BY = By(person="0192-admin", agency="jiujiang-msa")


def admit(ident: str = "013812345678", **more: object) -> queries.DeviceView:
    return actions.admit_device("jt808", ident, "苏L12345", Kind.TRUCK, by=BY, now=NOW, **more)  # type: ignore[arg-type]


# -- pure -------------------------------------------------------------------------------------------------


def test_ten_thousand_strangers_push_out_the_ones_unheard_the_longest() -> None:
    pending = Pending()
    for n in range(10_003):
        pending.see(Unknown("jt808", str(n)), n)
    pending.see(Unknown("jt808", "3"), 20_000)
    pending.see(Unknown("jt808", "new"), 20_001)
    assert len(pending) == 10_000
    assert pending.pushed_out == 4
    assert [one["ident"] for one in pending.page(3)] == ["new", "3", "10002"]
    assert {one["ident"] for one in pending.page(1_000, 9_000)}.isdisjoint({"0", "1", "2", "4"})


def test_a_stranger_is_counted_and_keeps_what_it_claimed() -> None:
    pending = Pending()
    pending.see(Unknown("jt808", "1", "苏L12345 JD001"), 10)
    asking = pending.see(Unknown("jt808", "1"), 20)
    assert (asking.first_ms, asking.last_ms, asking.times, asking.detail) == (10, 20, 2, "苏L12345 JD001")


def test_the_list_holds_no_long_texts() -> None:
    pending = Pending()
    asking = pending.see(Unknown("jt808", "9" * 1_000, "x" * 10_000), 1)
    assert (len(asking.ident), len(asking.detail)) == (40, 120)


def test_who_was_admitted_leaves_the_list() -> None:
    pending = Pending()
    for ident in ("1", "2"):
        pending.see(Unknown("jt808", ident), 1)
    assert pending.drop_known(Book([Device("jt808", "1", "x", Kind.CAR)])) == 1
    assert [one["ident"] for one in pending.page()] == ["2"]
    assert pending.drop("jt808", "2")
    assert not pending.drop("jt808", "2")


def test_codes_differ_by_device_generation_and_installation() -> None:
    codes = {
        auth_code(key, source, ident, generation)
        for key in (b"one", b"two")
        for source in ("jt808", "hj212")
        for ident in ("1", "11")
        for generation in (1, 2)
    }
    assert len(codes) == 16
    assert all(len(code) == 20 for code in codes)
    assert auth_code(b"one", "jt808", "1", 1) in codes


@pytest.mark.parametrize(
    ("source", "ident", "known"),
    [
        ("jt808", "00000000013812345678", "13812345678"),
        ("jt808", " 4eb6fb4afd9e ", "4EB6FB4AFD9E"),
        ("jt808", "0000", None),
        ("jt808", "1380000;DROP", None),
        ("jt808", "1" * 21, None),
        ("ais", "413000001", "413000001"),
        ("ais", "41300000", None),
    ],
)
def test_an_ident_is_written_as_its_sessions_know_it(source: str, ident: str, known: str | None) -> None:
    assert normal(source, ident) == known


# -- table ------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_admitting_puts_a_device_into_the_book_and_a_fact_into_the_journal() -> None:
    unit = uuid4()
    view = admit(unit_id=unit, agency="ruichang-mine", crs="gcj02")
    book = queries.device_book()
    assert [(d.source, d.ident, d.label, d.kind) for d in book] == [
        ("jt808", "13812345678", "苏L12345", Kind.TRUCK)
    ]
    assert (book[0].crs, book[0].unit_id, book[0].agency) == ("gcj02", str(unit), "ruichang-mine")
    assert len(book[0].auth_code) == 20
    journal.seal(NOW)
    (sealed,) = journal.about(f"device:{view.id}")
    assert (sealed.kind, sealed.by, sealed.at) == ("feeds.DeviceAdmitted", BY, NOW)
    assert sealed.body["device_kind"] == Kind.TRUCK


@pytest.mark.django_db
def test_neither_journal_nor_table_holds_the_code_and_the_journal_no_number() -> None:
    view = admit()
    code = queries.device_book()[0].auth_code
    journal.seal(NOW)
    (sealed,) = journal.about(f"device:{view.id}")
    assert "13812345678" not in str(sealed)
    assert "L12345" not in str(sealed)
    assert code not in str(sealed)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM feeds_device")
        assert code not in str(cursor.fetchall())


@pytest.mark.django_db
def test_nobody_is_admitted_twice_under_whatever_zeros() -> None:
    admit("13812345678")
    with pytest.raises(AlreadyThere):
        admit("00000000013812345678")


@pytest.mark.django_db
def test_a_blocked_device_leaves_the_book_and_comes_back_with_a_new_code() -> None:
    view = admit()
    code = queries.device_book()[0].auth_code
    blocked = actions.block_device(view.id, "terminal was stolen", by=BY, now=NOW)
    assert (blocked.state, blocked.reason) == ("blocked", "terminal was stolen")
    assert queries.device_book() == []
    with pytest.raises(WrongState):
        actions.block_device(view.id, "again", by=BY, now=NOW)
    with pytest.raises(WrongState):
        actions.change_device(view.id, blocked.version, "x", Kind.CAR, by=BY, now=NOW)
    admit()
    assert queries.device_book()[0].auth_code != code
    journal.seal(NOW)
    kinds = [sealed.kind for sealed in journal.about(f"device:{view.id}")]
    assert kinds == ["feeds.DeviceAdmitted", "feeds.DeviceBlocked", "feeds.DeviceAdmitted"]


@pytest.mark.django_db
def test_a_change_keeps_the_code_and_needs_the_version_that_was_seen() -> None:
    view = admit()
    code = queries.device_book()[0].auth_code
    changed = actions.change_device(view.id, view.version, "赣G00001", Kind.CAR, crs="bd09", by=BY, now=NOW)
    assert (changed.label, changed.kind, changed.crs) == ("赣G00001", Kind.CAR, "bd09")
    assert queries.device_book()[0].auth_code == code
    with pytest.raises(StaleVersion):
        actions.change_device(view.id, view.version, "x", Kind.CAR, by=BY, now=NOW)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"source": "morse"}, "source"),
        ({"ident": "nobody"}, "ident"),
        ({"label": "  "}, "label"),
        ({"label": "x" * 61}, "label"),
        ({"crs": "mars"}, "crs"),
        ({"agency": "x" * 65}, "agency"),
    ],
)
def test_what_cannot_be_a_device_is_named(wrong: dict[str, str], field: str) -> None:
    given = {"source": "jt808", "ident": "1", "label": "x", "kind": Kind.CAR} | wrong
    with pytest.raises(BadInput) as raised:
        actions.admit_device(**given, by=BY, now=NOW)  # type: ignore[arg-type]
    assert raised.value.values["field"] == field
    assert queries.page() == []


@pytest.mark.django_db
def test_a_block_needs_a_reason_and_a_device() -> None:
    view = admit()
    with pytest.raises(BadInput):
        actions.block_device(view.id, " ", by=BY, now=NOW)
    with pytest.raises(NotFound):
        actions.block_device(uuid4(), "gone", by=BY, now=NOW)


@pytest.mark.django_db
def test_devices_are_found_by_label_ident_and_state() -> None:
    view = admit()
    actions.admit_device("jt808", "13900000000", "巡逻车三", Kind.PATROL_CAR, by=BY, now=NOW)
    actions.block_device(view.id, "sold", by=BY, now=NOW)
    assert [one.label for one in queries.page(state="admitted")] == ["巡逻车三"]
    assert [one.label for one in queries.page(text="L123")] == ["苏L12345"]
    assert [one.ident for one in queries.page(text="139")] == ["13900000000"]
    assert queries.find("jt808", "13812345678") == queries.device(view.id)
