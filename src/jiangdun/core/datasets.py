"""Data sets that agencies may share: each room names its own once, with the fields an annex can grant.

    UNITS = data_set("units", "力量", "units", always={"id", "agency"}, fields={"call_sign", "state", …})

`always` goes with every row that is shown at all: what a row is and whose. A field that stands in neither is
shown to its owner only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class DataSet:
    """A kind of things that belong to an agency. `masks` says how a field that names persons is masked where an
    annex does not say otherwise.
    """

    code: str
    name_zh: str
    name_en: str
    always: frozenset[str]
    fields: frozenset[str]
    masks: Mapping[str, str] = field(default_factory=dict)
    acts: frozenset[str] = frozenset()
    """Verbs that an annex may let the other agency do to such a thing."""


_known: dict[str, DataSet] = {}


def data_set(
    code: str,
    name_zh: str,
    name_en: str,
    *,
    always: Iterable[str],
    fields: Iterable[str],
    masks: Mapping[str, str] | None = None,
    acts: Iterable[str] = (),
) -> DataSet:
    """Declare a data set; its code is unique."""
    found = DataSet(
        code, name_zh, name_en, frozenset(always), frozenset(fields), dict(masks or {}), frozenset(acts)
    )
    assert code not in _known, f"data set {code} is declared twice"
    assert not found.always & found.fields, f"{code}: a field is either always shown or granted"
    assert found.masks.keys() <= found.fields, f"{code}: a mask is for a field that can be granted"
    _known[code] = found
    return found


def known() -> list[DataSet]:
    """Every declared data set, by code."""
    return [_known[code] for code in sorted(_known)]


def find(code: str) -> DataSet | None:
    """The data set of that code, None where no room declared it."""
    return _known.get(code)
