"""Rows as they come: dtypes pinned, conditions evaluated into one mask a report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from jiangdun.feeds.columns import COLUMNS

from .jit import SOURCES, Ints, making_entry
from .limits import WrongColumns
from .plan import Compiled, watched

NAMES = COLUMNS.names or ()


class View(Mapping[str, npt.NDArray[np.generic]]):
    """The columns of some rows, made contiguous when a condition first asks for them."""

    def __init__(self, rows: npt.NDArray[np.void]) -> None:
        self.rows = rows
        self._made: dict[str, npt.NDArray[np.generic]] = {}

    def __getitem__(self, name: str) -> npt.NDArray[np.generic]:
        if name not in self._made:
            if name not in NAMES:
                raise KeyError(name)
            self._made[name] = np.ascontiguousarray(self.rows[name])
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(NAMES)

    def __len__(self) -> int:
        return len(NAMES)


def pin(rows: npt.NDArray[np.void]) -> npt.NDArray[np.void]:
    """The same rows as COLUMNS, contiguous. Widened columns are narrowed if every value fits exactly.

    Raises WrongColumns, naming the column, where one is missing, unknown, or holds a value that does not fit.
    """
    if rows.dtype == COLUMNS:
        return np.ascontiguousarray(rows)
    given = rows.dtype.names or ()
    if sorted(given) != sorted(NAMES):
        missing, unknown = sorted(set(NAMES) - set(given)), sorted(set(given) - set(NAMES))
        raise WrongColumns(
            f"columns are missing: {missing}, or not known: {unknown}; give feeds.columns.COLUMNS"
        )
    pinned = np.empty(len(rows), COLUMNS)
    for name in NAMES:
        with np.errstate(invalid="ignore"):
            pinned[name] = rows[name]
        wrong = np.flatnonzero(pinned[name] != rows[name])
        if len(wrong):
            raise WrongColumns(
                f"{name}[{wrong[0]}] = {rows[name][wrong[0]]} does not fit {COLUMNS[name]}; round it at ingest"
            )
    return pinned


def masks(compiled: Compiled, rows: npt.NDArray[np.void]) -> Ints:
    """(rows, words): bit b is set where the report counts for condition b. Conditions say NULL as False."""
    return bits(compiled, View(rows), len(rows))


def bits(compiled: Compiled, columns: Mapping[str, npt.NDArray[np.generic]], n: int) -> Ints:
    """The same of columns that lie apart."""
    said = {}
    for text, condition in compiled.texts.items():
        found = np.asarray(condition.evaluate(columns))
        if found.dtype != np.bool_ or found.shape != (n,):
            raise WrongColumns(f"condition {text!r} gave {found.dtype} {found.shape}, not one bool a report")
        said[text] = found
    counts = np.zeros((8 * -(-len(compiled.conditions) // 8), n), np.bool_)
    kinds: dict[str, npt.NDArray[np.bool_]] = {}
    for bit, (watch, where, holds) in enumerate(compiled.conditions):
        if watch not in kinds:
            kinds[watch] = watched(watch, columns["kind"])
        counts[bit] = kinds[watch]
        for text in (where, holds):
            if text:
                counts[bit] &= said[text]
    return pack(counts, compiled.plan.n_words)


def _entry_points(sources: str):  # type: ignore[no-untyped-def]
    @making_entry
    def pack(counts: npt.NDArray[np.bool_], words: int) -> Ints:
        """(conditions, rows) of bools as (rows, words) of bits. The conditions are a multiple of eight."""
        len(sources)
        n = counts.shape[1]
        out = np.zeros((n, words), np.int64)
        for first in range(0, counts.shape[0], 8):
            for i in range(n):
                byte = 0
                for k in range(8):
                    byte |= int(counts[first + k, i]) << k
                out[i, first >> 6] |= byte << (first & 63)
        return out

    return pack


pack = _entry_points(SOURCES)
