"""The journal: one chain, no gap, nothing lost, nothing changed unseen."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from core.facts_of_tests import BY, Counted, count
from django.db import DatabaseError, IntegrityError, connection, transaction

from jiangdun.core import actions, anchors, chain, journal, triggers
from jiangdun.core.models import FactRow, Seal, Unsealed

Aside = Callable[[Callable[[], Any]], threading.Thread]


def tamper(sql: str, *values: object) -> None:
    """What somebody with the database's password could do: lift the triggers, and change rows."""
    triggers.remove(connection)
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
    triggers.install(connection)


def problems(now: datetime) -> list[tuple[str, int | None]]:
    return [(p.what, p.number) for p in journal.verify(now=now).problems]


@pytest.mark.django_db
def test_a_fact_gets_its_number_when_it_is_sealed_and_reads_back_as_recorded(now: datetime) -> None:
    by = journal.By(person="p-1", agency="police", rule="stay@3")
    with transaction.atomic():
        first = journal.record(Counted({"b": 1.5, "a": [None, "江"]}), by=by, at=now, subject="test:7")
        journal.record(Counted(2), by=BY, at=now, subject="test:8", cause=first, exercise=True)
    assert (journal.head(), journal.after(0)) == (0, [])
    assert journal.seal(now) == 2
    one, two = journal.after(0)
    assert (one.number, one.fact_id, one.kind, one.version, one.at) == (1, first, "test.Counted", 1, now)
    assert (one.by, one.subject, one.body) == (by, "test:7", {"n": {"a": [None, "江"], "b": 1.5}})
    assert (two.cause, two.exercise, one.exercise) == (first, True, False)
    assert [f.number for f in journal.about("test:8")] == [2]
    assert journal.after(1) == [two]
    assert journal.verify(now=now).ok
    assert journal.seal(now) == 0


@pytest.mark.django_db(transaction=True)
def test_a_fact_outside_a_transaction_is_our_mistake(now: datetime) -> None:
    with pytest.raises(AssertionError, match="inside the transaction"):
        journal.record(Counted(1), by=BY, at=now, subject="test:1")


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_change_takes_its_fact_along_and_leaves_no_gap(now: datetime) -> None:
    count(1, now)
    with transaction.atomic():
        journal.record(Counted(2), by=BY, at=now, subject="test:1")
        transaction.set_rollback(True)
    count(3, now)
    journal.seal(now)
    assert [(f.number, f.body["n"]) for f in journal.after(0)] == [(1, 1), (2, 3)]
    assert journal.verify(now=now).ok


@pytest.mark.django_db
@pytest.mark.parametrize("table", ["core_fact", "core_seal"])
@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE {table} SET {column} = {column}",
        "DELETE FROM {table}",
        "DELETE FROM {table} WHERE {key} > 0",
    ],
)
def test_the_database_refuses_to_change_or_delete(now: datetime, table: str, sql: str) -> None:
    count(1, now)
    journal.seal(now)
    names = {"core_fact": ("body", "id"), "core_seal": ("hash", "number")}[table]
    statement = sql.format(table=table, column=names[0], key=names[1])
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert journal.verify(now=now).ok


@pytest.mark.django_db(transaction=True)
def test_the_database_refuses_the_ways_round(now: datetime) -> None:
    count(1, now)
    journal.seal(now)
    if connection.vendor == "sqlite":
        row = FactRow.objects.values().get()
        columns, marks = ", ".join(row), ", ".join(["%s"] * len(row))
        way = (f"INSERT OR REPLACE INTO core_fact ({columns}) VALUES ({marks})", list(row.values()))
    else:
        way = ("TRUNCATE core_fact, core_seal", [])
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(*way)


@pytest.mark.django_db
def test_every_trigger_the_journal_rests_on_exists() -> None:
    query = {
        "sqlite": "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'core_%'",
        "postgresql": "SELECT tgname, tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal",
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(query)
        found = dict(cursor.fetchall())
    assert found == triggers.names(connection.vendor)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("body", '{"n":99}'), ("kind", "test.Forged"), ("version", 9), 
        ("at", datetime(2020, 1, 1, tzinfo=UTC)),
        ("person", "other"), ("agency", "other"), ("rule", "other"), ("system", "other"), ("cause", 77),
        ("subject", "test:other"), ("exercise", True),
    ],
)  # fmt: skip
def test_any_changed_field_of_a_fact_is_found(now: datetime, column: str, value: object) -> None:
    ids = [count(n, now) for n in range(5)]
    journal.seal(now)
    tamper(f"UPDATE core_fact SET {column} = %s WHERE id = %s", value, ids[2])
    assert problems(now) == [("hash", 3)]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("UPDATE core_seal SET sealed_at = '2020-01-01 00:00:00+00:00' WHERE number = 3", [("hash", 3)]),
        ("UPDATE core_seal SET hash = '0' WHERE number = 3", [("hash", 3), ("chain", 4)]),
        ("UPDATE core_seal SET previous = '0' WHERE number = 3", [("chain", 3), ("hash", 3)]),
        ("UPDATE core_seal SET sm3 = '0' WHERE number = 3", [("hash", 3)]),
        ("UPDATE core_seal SET number = 9 WHERE number = 5", [("gap", 9), ("hash", 9)]),
    ],
)
def test_any_changed_field_of_a_seal_is_found(now: datetime, sql: str, expected: list[Any]) -> None:
    for n in range(5):
        count(n, now)
    journal.seal(now)
    tamper(sql)
    assert problems(now) == expected


@pytest.mark.django_db
def test_a_seal_taken_out_of_the_middle_is_found_with_its_orphan(now: datetime) -> None:
    for n in range(5):
        count(n, now)
    journal.seal(now)
    tamper("DELETE FROM core_seal WHERE number = 3")
    found = problems(now + timedelta(minutes=1))
    assert ("gap", 4) in found
    assert ("chain", 4) in found
    assert ("orphan", None) in found


@pytest.mark.django_db
def test_a_tail_cut_off_is_found_by_the_anchor_alone(now: datetime, home: Path) -> None:
    for n in range(5):
        count(n, now)
    journal.seal(now)
    noted = journal.anchor(now)
    assert noted is not None
    assert noted.number == 5
    tamper("DELETE FROM core_seal WHERE number >= 4")
    tamper("DELETE FROM core_fact WHERE id NOT IN (SELECT fact_id FROM core_seal)")
    verdict = journal.verify(now=now)
    assert [p.what for p in verdict.problems] == ["cut"]
    assert (verdict.head, verdict.anchored, verdict.ok) == (3, 5, False)
    assert journal.verify(anchors.Anchor(3, verdict.hash), now=now).ok


@pytest.mark.django_db
def test_a_journal_written_anew_is_found_by_the_anchor(now: datetime, home: Path) -> None:
    for n in range(3):
        count(n, now)
    journal.seal(now)
    journal.anchor(now)
    tamper("DELETE FROM core_seal")
    tamper("UPDATE core_fact SET body = %s WHERE body = %s", '{"n":7}', '{"n":0}')
    tamper("INSERT INTO core_unsealed (fact_id) SELECT id FROM core_fact")
    journal.seal(now)
    count(3, now)
    journal.seal(now)
    assert problems(now) == [("anchor", 3)]


@pytest.mark.django_db
def test_the_anchor_file_keeps_each_newest_seal_once_and_forgives_a_torn_last_line(
    now: datetime, home: Path
) -> None:
    assert journal.anchor(now) is None
    count(1, now)
    journal.seal(now)
    assert journal.anchor(now) is not None
    assert journal.anchor(now) is None
    count(2, now)
    journal.seal(now)
    journal.anchor(now)
    file = journal.anchor_file()
    file.write_text(file.read_text() + '{"number": 9, "ha')
    assert [a.number for a in anchors.read(file)] == [1, 2]
    assert journal.verify(now=now).anchored == 2
    count(3, now)
    journal.seal(now)
    journal.anchor(now)
    assert [a.number for a in anchors.read(file)] == [1, 2, 3]
    file.write_text("rubbish\n")
    with pytest.raises(ValueError, match="line 1 is no anchor"):
        journal.verify(now=now)


@pytest.mark.django_db
def test_a_fact_left_unsealed_for_five_seconds_is_an_orphan(now: datetime) -> None:
    count(1, now)
    assert journal.verify(now=now + timedelta(seconds=4)).ok
    assert problems(now + timedelta(seconds=6)) == [("orphan", None)]
    journal.seal(now)
    assert journal.verify(now=now + timedelta(seconds=6)).ok


@pytest.mark.django_db
def test_seals_follow_the_order_of_facts_in_pages(now: datetime) -> None:
    ids = [count(n, now) for n in range(25)]
    assert [journal.seal(now, limit=10) for _ in range(4)] == [10, 10, 5, 0]
    assert [f.fact_id for f in journal.after(0)] == ids
    assert [f.number for f in journal.after(7, limit=3)] == [8, 9, 10]
    assert not Unsealed.objects.exists()
    assert journal.verify(now=now).ok


@pytest.mark.django_db
def test_verify_walks_over_its_page_border(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "SEAL_MAX", 4)
    ids = [count(n, now) for n in range(11)]
    while journal.seal(now, limit=4):
        pass
    verdict = journal.verify(now=now)
    assert (verdict.ok, verdict.checked, verdict.head) == (True, 11, 11)
    tamper("UPDATE core_fact SET body = %s WHERE id = %s", "{}", ids[8])
    assert problems(now) == [("hash", 9)]


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_commits_late_is_sealed_late_and_not_lost(now: datetime, aside: Aside) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writing transaction at a time: nothing can commit late there")
    recorded, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            count("late", now)
            recorded.set()
            assert go_on.wait(20)

    thread = aside(slow)
    assert recorded.wait(20)
    count("early", now)
    assert journal.seal(now) == 1
    go_on.set()
    thread.join(20)
    assert journal.seal(now) == 1
    early, late = journal.after(0)
    assert (early.body["n"], late.body["n"]) == ("early", "late")
    assert late.fact_id < early.fact_id
    assert journal.verify(now=now).ok


@pytest.mark.django_db(transaction=True)
def test_many_writers_and_two_sealers_at_once_leave_one_chain_without_a_gap(
    now: datetime, aside: Aside
) -> None:
    done = threading.Event()

    def write(who: int) -> None:
        for n in range(25):
            count([who, n], now)

    def seal() -> None:
        while not done.is_set():
            journal.seal(now, limit=7)
            done.wait(0.002)

    writers = [aside(lambda who=who: write(who)) for who in range(4)]
    sealers = [aside(seal) for _ in range(2)]
    for thread in writers:
        thread.join(60)
    done.set()
    for thread in sealers:
        thread.join(20)
    while journal.seal(now):
        pass
    sealed = journal.after(0)
    assert [f.number for f in sealed] == list(range(1, 101))
    assert sorted(f.body["n"] for f in sealed) == [[who, n] for who in range(4) for n in range(25)]
    assert journal.verify(now=now).ok


@pytest.mark.django_db
def test_sm3_stands_beside_sha256_from_the_switch_fact_on(now: datetime) -> None:
    if not chain.sm3_here():
        pytest.skip("this Python's OpenSSL has no SM3")
    count(1, now)
    actions.switch_algorithms(["sha256", "sm3"], by=BY, now=now)
    count(2, now)
    journal.seal(now)
    actions.switch_algorithms(["sha256"], by=BY, now=now)
    journal.seal(now)
    rows = list(Seal.objects.order_by("number").values_list("algorithms", "sm3"))
    assert [row[0] for row in rows] == ["sha256", "sha256,sm3", "sha256,sm3", "sha256"]
    assert [row[1] == chain.FIRST for row in rows] == [True, False, False, True]
    assert journal.verify(now=now).ok
    tamper("UPDATE core_seal SET sm3 = %s WHERE number = 3", rows[1][1])
    assert ("hash", 3) in problems(now)


@pytest.mark.django_db
def test_a_seal_that_drops_an_algorithm_without_a_switch_is_found(now: datetime) -> None:
    count(1, now)
    journal.seal(now)
    tamper("UPDATE core_seal SET algorithms = 'sha256,sm3'")
    assert ("algorithms", 1) in problems(now)


def test_the_hash_is_the_one_the_documents_describe() -> None:
    """Written out by hand, so that another program can check a journal from the description alone."""
    at = datetime(2026, 11, 21, 15, 5, tzinfo=UTC)
    fact = chain.Recorded(7, "test.Counted", 1, at, "p", "a", "", "", None, "test:1", False, '{"n":1}')
    tip = chain.link(chain.Tip(), fact, at, ("sha256",))
    stamp = "2026-11-21T15:05:00.000000+00:00"
    text = (
        f'["{"0" * 64}",1,"{stamp}","sha256",7,"test.Counted",1,"{stamp}","p","a","","",null,"test:1",false,'
        '"{\\"n\\":1}"]'
    )
    assert tip.sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert tip.number == 1


@pytest.mark.django_db
def test_sealing_can_fail_and_be_tried_again(now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    count(1, now)
    with monkeypatch.context() as patch:
        patch.setattr(chain, "link", lambda *_: (_ for _ in ()).throw(DatabaseError("disk full")))
        with pytest.raises(DatabaseError):
            journal.seal(now)
    assert (Seal.objects.count(), Unsealed.objects.count()) == (0, 1)
    assert journal.seal(now) == 1
