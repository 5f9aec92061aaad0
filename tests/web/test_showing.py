"""What is shown of a thing: complete for its schema, whatever of it is hidden, masked or coarse."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ninja import Schema

from jiangdun.core.access import Allowed
from jiangdun.core.datasets import DataSet
from jiangdun.picture.units import POSITIONS, UNITS
from jiangdun.response.views import INCIDENTS
from jiangdun.watch.alerts import ALERTS
from jiangdun.web import showing
from jiangdun.web.api.alerts import Alert
from jiangdun.web.api.incidents import Incident
from jiangdun.web.api.picture import Track, Unit

SHOWN = [(Unit, UNITS), (Track, POSITIONS), (Alert, ALERTS), (Incident, INCIDENTS)]
AT = datetime(2026, 1, 1, tzinfo=UTC)
VALUES: dict[Any, Any] = {str: "MARK", int: 1, float: 1.5, bool: True, datetime: AT, UUID: UUID(int=1)}


def whole(schema: type[Schema]) -> dict[str, Any]:
    """A row with something in every field."""
    row = {}
    for name, field in schema.model_fields.items():
        annotation = str(field.annotation)
        plain = next((value for kind, value in VALUES.items() if kind.__name__ in annotation), None)
        row[name] = [] if annotation.startswith("list") else {} if annotation.startswith("dict") else plain
    row.pop("hidden")
    return row


@pytest.mark.parametrize(("schema", "data"), SHOWN)
def test_what_is_hidden_leaves_an_answer_that_fits_its_schema(schema: type[Schema], data: DataSet) -> None:
    @given(st.sets(st.sampled_from(sorted(data.fields))))
    def shown(fields: set[str]) -> None:
        row = whole(schema)
        told = showing.show(schema, row, Allowed(frozenset(fields)), data)
        assert set(told["hidden"]) == row.keys() - data.always - fields
        schema.model_validate(told)

    shown()


@pytest.mark.parametrize(("schema", "data"), SHOWN)
def test_every_field_of_an_answer_is_granted_always_shown_or_the_owners_alone(
    schema: type[Schema], data: DataSet
) -> None:
    """A new field is hidden from others until somebody decides that it may be granted."""
    fields = schema.model_fields.keys() - {"hidden"}
    assert data.always <= fields
    assert data.fields - {"heard_at"} <= fields
    owners = fields - data.always - data.fields
    assert owners <= {"secrecy", "source", "ident", "kind", "length_m", "details"}, inspect.getfile(schema)


def test_a_masked_field_shows_what_its_mask_says_and_an_unknown_mask_nothing() -> None:
    row = {**whole(Unit), "call_sign": "13812345678", "track": "张三"}
    told = showing.show(
        Unit, row, Allowed(frozenset({"call_sign", "track"}), {"call_sign": "phone", "track": "?"}), UNITS
    )
    assert told["call_sign"] == "138****5678"
    assert "张" not in told["track"]


def test_a_coarse_place_is_not_the_place() -> None:
    row = {**whole(Unit), "lon": 115.651234, "lat": 29.851234}
    told = showing.show(Unit, row, Allowed(frozenset({"lon", "lat"}), precision_m=1_000), UNITS)
    assert (told["lon"], told["lat"]) != (115.651234, 29.851234)
    assert abs(told["lon"] - 115.651234) < 0.02
