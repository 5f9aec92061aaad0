"""The access ledger: one chain, no gap, no way to change or delete, and every change seen."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from core.facts_of_tests import BY
from django.db import DatabaseError, IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jiangdun.core import actions, canonical, journal, ledger, triggers
from jiangdun.core.ledger import Entry
from jiangdun.core.models import Access

Aside = Callable[[Callable[[], Any]], Thread]
LOOK = Entry(
    datetime(2026, 11, 21, 15, 5, tzinfo=UTC), "open", "p-1", "police", "incidents.read", "incident:7",
    roles=("desk", "reviewer"), owner="fishery", annexes=("a-1",), purpose="rescue", shown=("id", "place_zh"),
    address="ab12",
)  # fmt: skip


def looks(*subjects: str, start: datetime = LOOK.at) -> None:
    ledger.append([replace(LOOK, subject=s, at=start + timedelta(seconds=i)) for i, s in enumerate(subjects)])


def tamper(sql: str, *values: object) -> None:
    triggers.remove(connection)
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
    triggers.install(connection)


def problems() -> list[tuple[str, int | None]]:
    return [(p.what, p.number) for p in ledger.verify().problems]


@pytest.mark.django_db
def test_a_look_reads_back_as_it_was(home: Path) -> None:
    assert (ledger.head(), ledger.page(), ledger.verify().ok) == (0, [], True)
    denied = replace(LOOK, kind="denied", allowed=False, reason="not_shared", shown=(), annexes=(), count=0)
    assert ledger.append([LOOK, denied]) == 2
    newest, oldest = ledger.page()
    assert {k: v for k, v in vars(oldest).items() if k not in ("number", "hash")} == vars(LOOK)
    assert (newest.number, newest.allowed, newest.reason, newest.shown) == (2, False, "not_shared", ())
    assert ledger.verify().ok


@pytest.mark.django_db
def test_pages_and_filters(home: Path) -> None:
    looks(*(f"incident:{n}" for n in range(7)))
    ledger.append(
        [replace(LOOK, person="p-2", agency="msa", owner="police", kind="unmask", subject="person:1")]
    )
    assert [row.number for row in ledger.page(limit=3)] == [8, 7, 6]
    assert [row.number for row in ledger.page(limit=3, before=6)] == [5, 4, 3]
    assert [row.subject for row in ledger.page(person="p-2")] == ["person:1"]
    assert [row.number for row in ledger.page(subject="incident:3")] == [4]
    assert len(ledger.page(agency="police")) == len(ledger.page(owner="fishery")) == 7
    assert len(ledger.page(kind="unmask", owner="police")) == 1
    assert ledger.count_since("p-1", "open", LOOK.at + timedelta(seconds=4)) == 3


@pytest.mark.django_db
def test_the_hash_is_the_one_the_module_describes(home: Path) -> None:
    ledger.append([LOOK])
    covered = [
        "0" * 64, 1, "2026-11-21T15:05:00.000000+00:00", "open", "p-1", "police", "desk,reviewer",
        "incidents.read", "incident:7", "fishery", "a-1", "rescue", "id,place_zh", 1, True, "", "ab12", "sha256",
    ]  # fmt: skip
    assert ledger.page()[0].hash == hashlib.sha256(canonical.text(covered).encode()).hexdigest()


@pytest.mark.django_db
def test_it_follows_the_algorithms_of_the_journal(home: Path, now: datetime) -> None:
    looks("a:1")
    actions.switch_algorithms(["sha256", "sm3"], by=BY, now=now)
    journal.seal(now)
    looks("a:2")
    assert [row.algorithms for row in Access.objects.order_by("number")] == ["sha256", "sha256,sm3"]
    assert ledger.verify().ok
    tamper("UPDATE core_access SET sm3 = %s WHERE number = 2", "0" * 64)
    assert problems() == [("hash", 2)]


@pytest.mark.django_db
@pytest.mark.parametrize("sql", ["UPDATE core_access SET person = person", "DELETE FROM core_access"])
def test_the_database_refuses_to_change_or_delete(home: Path, sql: str) -> None:
    looks("a:1")
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)
    assert ledger.verify().ok


@pytest.mark.django_db(transaction=True)
def test_the_database_refuses_the_ways_round(home: Path) -> None:
    looks("a:1")
    if connection.vendor == "sqlite":
        row = Access.objects.values().get()
        columns, marks = ", ".join(row), ", ".join(["%s"] * len(row))
        way = (f"INSERT OR REPLACE INTO core_access ({columns}) VALUES ({marks})", list(row.values()))
    else:
        way = ("TRUNCATE core_access", [])
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(*way)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", datetime(2020, 1, 1, tzinfo=UTC)), ("kind", "list"), ("person", "other"), ("agency", "other"),
        ("roles", "desk"), ("verb", "x"), ("subject", "a:9"), ("owner", "x"), ("annexes", ""), ("purpose", "x"),
        ("fields", ""), ("count", 9), ("allowed", False), ("reason", "x"), ("address", "x"),
    ],
)  # fmt: skip
def test_any_changed_field_is_found(home: Path, column: str, value: object) -> None:
    looks(*(f"incident:{n}" for n in range(5)))
    tamper(f"UPDATE core_access SET {connection.ops.quote_name(column)} = %s WHERE number = 3", value)
    assert problems() == [("hash", 3)]


@pytest.mark.django_db
def test_a_row_taken_out_and_a_tail_cut_off_are_found(home: Path, now: datetime) -> None:
    looks(*(f"incident:{n}" for n in range(5)))
    assert ledger.anchor(now) is not None
    assert ledger.anchor(now) is None, "nothing new"
    tamper("DELETE FROM core_access WHERE number = 3")
    assert problems() == [("gap", 4), ("chain", 4)]
    tamper("DELETE FROM core_access WHERE number > 3")
    assert problems() == [("cut", 5)]


@pytest.mark.django_db
def test_a_ledger_written_anew_is_found_by_its_anchor(home: Path, now: datetime) -> None:
    looks("a:1", "a:2")
    ledger.anchor(now)
    tamper("DELETE FROM core_access")
    looks("a:1", "a:3")
    assert problems() == [("anchor", 2)]


@pytest.mark.django_db
@given(st.lists(st.integers(1, 9), min_size=1, max_size=6))
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_batches_of_any_size_make_one_chain(home: Path, sizes: list[int]) -> None:
    before = ledger.head()
    for size in sizes:
        looks(*(f"a:{n}" for n in range(size)))
    assert ledger.head() == before + sum(sizes)
    assert ledger.verify().ok


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("bad", ["\0", "\ud800", "\x1b[2J", "\x85"])
def test_what_no_database_keeps_is_marked_in_every_word_of_a_row(home: Path, bad: str) -> None:
    words = ("person", "agency", "verb", "subject", "owner", "purpose", "reason", "address")
    lists = ("roles", "annexes", "shown")
    ledger.append([replace(LOOK, **dict.fromkeys(words, f"a{bad}"), **dict.fromkeys(lists, (f"a{bad}",)))])
    (row,) = ledger.page()
    marked = "a" + "".join("\ufffd" if c in "\0\ud800\x1b\x85" else c for c in bad)
    assert {getattr(row, name) for name in words} == {marked}
    assert {getattr(row, name) for name in lists} == {(marked,)}
    assert ledger.verify().ok


@pytest.mark.django_db(transaction=True)
@given(st.text(st.characters(), max_size=300))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_words_make_a_row(home: Path, words: str) -> None:
    ledger.append([replace(LOOK, subject=words, reason=words, shown=(words,))])
    assert len(ledger.page(limit=1)[0].subject) <= ledger.SUBJECT_MAX
    assert ledger.verify().ok


@pytest.mark.django_db(transaction=True)
def test_several_processes_appending_at_once_make_one_chain(home: Path, aside: Aside) -> None:
    def several() -> None:
        for n in range(10):
            looks(f"a:{n}")

    for thread in [aside(several) for _ in range(4)]:
        thread.join(20)
    assert ledger.head() == 40
    assert ledger.verify().ok


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'sqlite'")
def test_on_a_full_disk_nothing_half_is_written(home: Path) -> None:
    def fill() -> None:
        for _ in range(20):
            looks(*(f"incident:{n}" for n in range(ledger.BATCH_MAX)))

    looks("a:1")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA page_count")
        pages = cursor.fetchone()[0]
        cursor.execute(f"PRAGMA max_page_count = {pages}")
    try:
        with pytest.raises(DatabaseError, match="full"):
            fill()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA max_page_count = 1073741823")
    assert ledger.head() % ledger.BATCH_MAX == 1, "whole batches or none"
    looks("a:2")
    assert ledger.verify().ok
