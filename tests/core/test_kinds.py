"""Kinds of fact: what a body may hold, how it is written, and how an old one is read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from core.facts_of_tests import BY, Counted, count
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from jiangdun.core import canonical, journal, kinds
from jiangdun.core.models import FactRow


@journal.fact("test.Moved", version=3)
@dataclass(frozen=True)
class Moved:
    """In version 1 it had `place`, in 2 `lon` and `lat` as text, in 3 as numbers."""

    lon: float
    lat: float


@journal.upcast("test.Moved", from_version=1)
def _split(body: dict[str, Any]) -> dict[str, Any]:
    lon, lat = body["place"].split(",")
    return {"lon": lon, "lat": lat}


@journal.upcast("test.Moved", from_version=2)
def _numbers(body: dict[str, Any]) -> dict[str, Any]:
    return {name: float(value) for name, value in body.items()}


@pytest.mark.django_db
def test_an_old_body_is_read_in_todays_form_and_its_hash_still_holds(now: datetime) -> None:
    with transaction.atomic():
        FactRow.objects.create(
            kind="test.Moved", version=1, at=now, system="old", subject="test:1", exercise=False,
            body='{"place":"119.45,32.22"}',
        )  # fmt: skip
    journal.seal(now)
    (read,) = journal.after(0)
    assert (read.version, read.body) == (3, {"lon": 119.45, "lat": 32.22})
    assert journal.verify(now=now).ok


def test_a_hole_in_the_upcasters_is_our_mistake() -> None:
    with pytest.raises(LookupError, match="no upcaster from version 0"):
        kinds.read_today("test.Moved", 0, {})
    assert kinds.read_today("test.NeverHeardOf", 4, {"a": 1}) == (4, {"a": 1})


@pytest.mark.django_db
def test_what_is_no_fact_is_refused_with_the_reason(now: datetime) -> None:
    with transaction.atomic():
        for wrong, reason in (
            ({"n": 1}, "no fact"),
            (Counted(object()), "no canonical JSON"),
            (Counted({1: 2}), "a key must be text"),
        ):
            with pytest.raises(TypeError, match=reason):
                journal.record(wrong, by=BY, at=now, subject="test:1")
        for value in (float("nan"), float("inf"), datetime(2026, 1, 1), "a\0b", "\ud800", "x" * 70_000):  # noqa: DTZ001
            with pytest.raises(ValueError):  # noqa: PT011  (the reasons differ; each names itself)
                journal.record(Counted(value), by=BY, at=now, subject="test:1")
        with pytest.raises(AssertionError, match="kind:id"):
            journal.record(Counted(1), by=BY, at=now, subject="incident 7")
        with pytest.raises(AssertionError, match="by someone"):
            journal.By()
    assert not FactRow.objects.exists()


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
    | st.uuids()
    | st.datetimes(timezones=st.just(UTC)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_canonical_text_reads_back_to_the_same_text(value: Any) -> None:
    text = canonical.text(value)
    assert canonical.text(json.loads(text)) == text
    assert json.loads(text) == canonical.plain(value)


def test_canonical_text_does_not_depend_on_the_order_of_keys() -> None:
    assert canonical.text({"b": 1, "a": {"d": 2, "c": 3}}) == '{"a":{"c":3,"d":2},"b":1}'
    assert canonical.text((UUID(int=1), datetime(2026, 1, 1, 8, tzinfo=UTC))) == (
        '["00000000-0000-0000-0000-000000000001","2026-01-01T08:00:00.000000+00:00"]'
    )


@pytest.mark.django_db
@given(value=JSON)
def test_whatever_a_body_holds_survives_both_databases_and_verifies(value: Any) -> None:
    at = datetime(2026, 11, 21, 15, 5, 0, 123456, tzinfo=UTC)
    with transaction.atomic():
        count(value, at)
        journal.seal(at)
        (read,) = journal.after(0)
        assert read.body == {"n": canonical.plain(value)}
        assert journal.verify(now=at).ok
        transaction.set_rollback(True)  # each example finds the journal empty
