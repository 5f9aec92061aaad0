from __future__ import annotations

import pytest
from django.db import transaction

from jiangdun.core import clock, facts, ids, journal

BY = journal.By(system="test")


@pytest.mark.django_db
def test_a_fact_gets_its_number_when_it_is_sealed() -> None:
    with transaction.atomic():
        journal.record(facts.AccountSwitched(ids.new_id(), True), by=BY, at=clock.now(), subject="account:1")
    assert journal.head() == 0
    assert journal.seal(clock.now()) == 1
    assert [f.number for f in journal.after(0)] == [1]
    assert journal.verify().ok


@pytest.mark.django_db(transaction=True)
def test_committing_tests_leave_nothing_behind() -> None:
    with transaction.atomic():
        journal.record(facts.AccountSwitched(ids.new_id(), True), by=BY, at=clock.now(), subject="account:1")
    assert journal.seal(clock.now()) == 1
