"""Values of persons: sealed one by one, masked, found by digest, and unreadable once the key is destroyed."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from core.facts_of_tests import BY
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jiangdun.core import ids, journal, masking, personal, secrets
from jiangdun.core.models import FactRow, Person, PersonValue
from jiangdun.core.trouble import BadInput, NotFound, StaleVersion, Trouble, WrongState

PHONE, NAME, ID = "13812345678", "欧阳修", "321102199001011234"


@pytest.fixture
def person(home: Path, db: None, now: datetime) -> UUID:
    values = {"phone": PHONE, "name": NAME, "id_number": ID}
    return personal.keep(values, agency="msa", purpose="hotline", by=BY, now=now)


def test_it_is_shown_masked_and_read_in_full(person: UUID) -> None:
    shown = personal.masked(person)
    assert shown.values == {"id_number": "321102********1234", "name": "欧阳*", "phone": "138****5678"}
    assert (shown.agency, shown.purpose, shown.erased, shown.version) == ("msa", "hotline", False, 1)
    assert personal.opened(person).values == {"phone": PHONE, "name": NAME, "id_number": ID}
    assert personal.get(person, "phone") == PHONE


def test_every_kind_has_a_mask_that_exists() -> None:
    assert set(personal.KINDS.values()) <= masking.known()


def test_neither_tables_nor_journal_hold_a_value(person: UUID) -> None:
    held = json.dumps(
        [*Person.objects.values(), *PersonValue.objects.values(), *FactRow.objects.values()], default=str
    )
    for value in (PHONE, NAME, ID, "5678", "欧阳"):
        assert value not in held


def test_the_same_value_of_two_persons_does_not_look_the_same(person: UUID, now: datetime) -> None:
    personal.keep({"phone": PHONE}, agency="msa", purpose="hotline", by=BY, now=now)
    assert len(set(PersonValue.objects.filter(kind="phone").values_list("sealed", flat=True))) == 2


def test_a_value_moved_to_another_person_does_not_open(person: UUID, now: datetime) -> None:
    other = personal.keep({"phone": "13900000000"}, agency="msa", purpose="hotline", by=BY, now=now)
    sealed = PersonValue.objects.get(person_id=other).sealed
    PersonValue.objects.filter(person_id=person, kind="phone").update(sealed=sealed)
    with pytest.raises(Trouble, match="sealed_damaged"):
        personal.get(person, "phone")


@pytest.mark.parametrize("written", ["138-1234-5678", "+86 138 1234 5678", "１３８１２３４５６７８"])
def test_it_is_found_by_the_exact_value_however_written(person: UUID, written: str) -> None:
    assert personal.find("phone", written) == [person]
    assert personal.find("name", "欧阳 修") == [person]
    assert personal.find("phone", "13812345679") == []
    assert personal.find("plate", PHONE) == [], "another kind"


def test_replacing_and_taking_away(person: UUID, now: datetime) -> None:
    shown = personal.put(person, {"phone": "13900001111", "name": ""}, by=BY, now=now, version=1)
    assert shown.values == {"id_number": "321102********1234", "phone": "139****1111"}
    assert personal.find("phone", PHONE) == []
    with pytest.raises(StaleVersion):
        personal.put(person, {"phone": "1"}, by=BY, now=now, version=1)
    with pytest.raises(NotFound):
        personal.get(person, "name")


def test_what_is_no_kind_and_what_is_too_long_is_refused(person: UUID, now: datetime) -> None:
    for values in ({"shoe_size": "42"}, {"phone": "1" * (personal.VALUE_MAX + 1)}):
        with pytest.raises(BadInput):
            personal.put(person, values, by=BY, now=now)
    with pytest.raises(BadInput):
        personal.keep({}, agency="msa", purpose="", by=BY, now=now)
    with pytest.raises(NotFound):
        personal.masked(ids.new_id())


def test_erased_is_unreadable_also_from_copies_of_the_sealed_values(person: UUID, now: datetime) -> None:
    copies = list(PersonValue.objects.all())
    personal.erase(person, "asked", by=BY, now=now)
    personal.erase(person, "asked", by=BY, now=now)
    row = Person.objects.get(id=person)
    assert (row.wrapped, row.erased_at, row.values.count()) == ("", now, 0)
    assert personal.masked(person).values == {}
    assert personal.find("phone", PHONE) == []
    PersonValue.objects.bulk_create(copies)  # somebody kept the sealed values
    for read in (lambda: personal.get(person, "phone"), lambda: personal.opened(person)):
        with pytest.raises(WrongState, match="person_erased"):
            read()
    with pytest.raises(WrongState):
        personal.put(person, {"phone": "1"}, by=BY, now=now)
    journal.seal(now)
    kinds = [fact.kind for fact in journal.about(f"person:{person}")]
    assert kinds == ["core.PersonKept", "core.PersonErased"]
    with pytest.raises(BadInput):
        personal.erase(person, "just so", by=BY, now=now)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'sqlite'")
def test_the_destroyed_key_is_not_in_the_file_nor_in_a_backup_made_after(
    home: Path, now: datetime, tmp_path: Path
) -> None:
    person = personal.keep({"phone": PHONE}, agency="msa", purpose="hotline", by=BY, now=now)
    wrapped = Person.objects.get(id=person).wrapped.encode()
    file = Path(str(connection.settings_dict["NAME"]))

    def checkpoint() -> None:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    checkpoint()
    assert wrapped in file.read_bytes()
    personal.erase(person, "asked", by=BY, now=now)
    checkpoint()
    assert wrapped not in file.read_bytes()
    backup = tmp_path / "backup.sqlite3"
    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM INTO '{backup}'")
    assert wrapped not in backup.read_bytes()


def test_persons_whose_time_is_over(person: UUID, now: datetime) -> None:
    end = now + timedelta(days=30)
    kept = personal.keep({"name": "张三"}, agency="msa", purpose="x", by=BY, now=now, keep_until=end)
    assert personal.due(end - timedelta(seconds=1)) == []
    assert personal.due(end) == [kept]
    personal.erase(kept, "expired", by=BY, now=end)
    assert personal.due(end) == []


def test_a_new_master_key_wraps_every_persons_key_anew(person: UUID, now: datetime) -> None:
    erased = personal.keep({"name": "张三"}, agency="msa", purpose="x", by=BY, now=now)
    personal.erase(erased, "mistaken", by=BY, now=now)
    before = Person.objects.get(id=person).wrapped
    assert secrets.rotate(by=BY, now=now) == 1
    assert Person.objects.get(id=person).wrapped != before
    assert personal.get(person, "phone") == PHONE
    assert personal.find("phone", PHONE) == [person]
    with pytest.raises(WrongState):
        personal.get(erased, "name")


@pytest.mark.django_db
@given(
    st.dictionaries(
        st.sampled_from(sorted(personal.KINDS)),
        st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=40).filter(
            str.strip
        ),
        min_size=1,
    )
)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_kept_reads_back(home: Path, now: datetime, values: dict[str, str]) -> None:
    person = personal.keep(values, agency="msa", purpose="x", by=BY, now=now)
    assert personal.opened(person).values == values
    for kind, value in values.items():
        assert person in personal.find(kind, value)
