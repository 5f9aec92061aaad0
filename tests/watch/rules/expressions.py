"""Conditions and reports drawn at random: typed text that the language must accept."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from jiangdun.feeds.columns import COLUMNS, Flag, Kind

TRACKS = (1, 2, 413_000_001, (1 << 62) | 7)
REFERENCES = {"sand-mining": frozenset({1, (1 << 62) | 7}), "empty-list": frozenset[int]()}

_numbers = st.sampled_from(
    ["speed_kn", "course_deg", "heading_deg", "length_m", "nav_status", "lon", "lat", "hour_local"]
) | st.sampled_from(["0", "1.5", "2", "10", "3.25", "114.3", "1e3", "0.1"])
_kinds = st.sampled_from([f"'{kind.name.lower()}'" for kind in Kind])
_loads = st.sampled_from(["'empty'", "'half'", "'full'"])


def _more_numbers(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
        inner.map(lambda each: f"abs({each})"),
        inner.map(lambda each: f"(- {each})"),
        st.tuples(
            st.sampled_from(["least", "greatest", "coalesce"]),
            st.lists(inner, min_size=1, max_size=3),
        ).map(lambda p: f"{p[0]}({', '.join(p[1])})"),
    )


numbers = st.recursive(_numbers, _more_numbers, max_leaves=4)
_compared = st.tuples(numbers, st.sampled_from(["=", "<>", "<", "<=", ">", ">="]), numbers).map(" ".join)
_atoms = st.one_of(
    _compared,
    st.tuples(numbers, numbers, numbers).map(lambda p: f"{p[0]} BETWEEN {p[1]} AND {p[2]}"),
    st.tuples(st.sampled_from(["kind = {}", "{} <> kind"]), _kinds).map(lambda p: p[0].format(p[1])),
    st.lists(_kinds, min_size=1, max_size=3).map(lambda ks: f"kind IN ({', '.join(ks)})"),
    st.lists(_loads, min_size=1, max_size=2).map(lambda ks: f"load NOT IN ({', '.join(ks)})"),
    _loads.map(lambda word: f"coalesce(load, {word}) = 'full'"),
    st.lists(st.integers(-3, 15).map(str), min_size=1, max_size=3).map(
        lambda ns: f"nav_status IN ({', '.join(ns)})"
    ),
    numbers.map(lambda each: f"{each} IS NULL"),
    numbers.map(lambda each: f"{each} IS NOT NULL"),
    st.sampled_from(
        ["is_night", "sos", "TRUE", "false", "load IS NULL", "has_permit('sand-mining')",
         "has_permit('nobody')", "is_night = sos", "sos <> is_night",
         "coalesce(sos, is_night)", "(speed_kn > 3) IS NULL"]
    ),
)  # fmt: skip


def _more(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, st.sampled_from([" AND ", " OR "]), inner).map(lambda p: p[1].join((p[0], p[2]))),
        inner.map(lambda each: f"({each})"),
        inner.map(lambda each: f"NOT ({each})"),
        st.tuples(inner, inner).map(lambda p: f"({p[0]}) = ({p[1]})"),
    )


conditions = st.recursive(_atoms, _more, max_leaves=6)
"""Boolean expressions as an analyst might write them."""

_row = st.fixed_dictionaries(
    {
        "track": st.sampled_from(TRACKS),
        "t": st.integers(0, 4_102_444_800_000),
        "lon": st.integers(-180 * 600_000, 180 * 600_000),
        "lat": st.integers(-90 * 600_000, 90 * 600_000),
        "sog_dkn": st.sampled_from([0, 14, 15, 16, 100, 65_535]) | st.integers(0, 65_535),
        "cog_ddeg": st.sampled_from([0, 900, 3_599, 65_535]),
        "heading_ddeg": st.sampled_from([0, 1_800, 65_535]),
        "length_dm": st.sampled_from([0, 20, 800, 3_000]),
        "kind": st.sampled_from([int(kind) for kind in Kind]),
        "nav": st.integers(0, 15),
        "rank": st.just(0),
        "flags": st.integers(0, sum(Flag)),
    }
)


def _array(rows: list[dict[str, Any]]) -> npt.NDArray[np.void]:
    array = np.zeros(len(rows), dtype=COLUMNS)
    for index, row in enumerate(rows):
        for name, value in row.items():
            array[index][name] = value
    return array


reports = st.lists(_row, max_size=12).map(_array)
"""Some reports as rows of COLUMNS, none included."""
