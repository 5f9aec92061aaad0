"""Rows as they come: dtypes pinned, conditions evaluated into one mask a report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from jiangdun.feeds.columns import COLUMNS

from .jit import Ints
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
    view = View(rows)
    n = len(rows)
    said = {}
    for text, condition in compiled.texts.items():
        found = np.asarray(condition.evaluate(view))
        if found.dtype != np.bool_ or found.shape != (n,):
            raise WrongColumns(f"condition {text!r} gave {found.dtype} {found.shape}, not one bool a report")
        said[text] = found
    out = np.zeros((n, compiled.plan.n_words), np.uint64)
    kinds: dict[str, npt.NDArray[np.bool_]] = {}
    for bit, (watch, where, holds) in enumerate(compiled.conditions):
        if watch not in kinds:
            kinds[watch] = watched(watch, view["kind"])
        counts = kinds[watch]
        for text in (where, holds):
            if text:
                counts = counts & said[text]
        out[:, bit >> 6] |= counts.astype(np.uint64) << np.uint64(bit & 63)
    return out.view(np.int64)
