"""balance: what went in, less what went out and what lies there, over days. Words: docs/operators.md.

Alarm above max(5 %, 2 sigma) over 7 or 30 days [C].
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from jiangdun.watch.engine.jit import Ints
from jiangdun.watch.rules.spec import Balance

DAY_MS: Final = 86_400_000
LOCAL_MS: Final = 8 * 3_600_000
"""Days are those of the river, UTC+8."""
PAST_DAYS: Final = 30
"""The scatter of the daily residuals is that of so many days before the window."""
PAST_DAYS_MIN: Final = 14
"""With fewer days there is no scatter, and the share alone decides."""

Floats = npt.NDArray[np.float64]
Series = tuple[Ints, Floats]
"""Times, ascending, and values."""


@dataclass(frozen=True, slots=True)
class Sum:
    """The balance of one window; amounts in the unit of the readings."""

    inward: float
    outward: float
    gained: float  # of the stock
    residual: float
    limit: float
    scatter: float  # NaN = not known


def memory_ms(when: Balance) -> int:
    """What is older, at the end of a window, is forgotten."""
    return when.over_ms + (PAST_DAYS + 1) * DAY_MS


def midnight_after(t: int) -> int:
    """The first local midnight at or after t."""
    return -(-(t + LOCAL_MS) // DAY_MS) * DAY_MS - LOCAL_MS


def judge(when: Balance, series: Mapping[str, Series], end: int) -> Sum | None:
    """The balance of the window that ends with `end`, a local midnight; None where the stock is not known."""
    begin = end - when.over_ms
    inward, outward = (_flow(names, series, begin, end) for names in (when.inward, when.outward))
    gained = _gain(when.stock, series, begin, end)
    if gained is None:
        return None
    residual = inward - outward - gained
    scatter = _scatter(when, series, begin)
    limit = when.share * max(inward, outward)
    if not math.isnan(scatter):
        limit = max(limit, when.sigmas * scatter * math.sqrt(when.over_ms / DAY_MS))
    return Sum(inward, outward, gained, residual, limit, scatter)


def _flow(names: Sequence[str], series: Mapping[str, Series], begin: int, end: int) -> float:
    """All amounts of these names with begin < t <= end, the names and times in order."""
    total = 0.0
    for name in names:
        t, value = series[name]
        first, last = np.searchsorted(t, [begin, end], "right")
        for amount in value[first:last].tolist():
            total += amount
    return total


def _gain(names: Sequence[str], series: Mapping[str, Series], begin: int, end: int) -> float | None:
    """What the stocks gained: their last level at the end less that at the begin; None where one has none."""
    total = 0.0
    for name in names:
        t, value = series[name]
        first, last = np.searchsorted(t, [begin, end], "right")
        if first == 0:
            return None
        total += float(value[last - 1]) - float(value[first - 1])
    return total


def _scatter(when: Balance, series: Mapping[str, Series], begin: int) -> float:
    """The sample standard deviation of the daily residuals before the window; NaN where too few are known."""
    oldest = min((int(t[0]) for t, _ in series.values() if len(t)), default=begin)
    days = []
    for k in range(PAST_DAYS, 0, -1):
        start, stop = begin - k * DAY_MS, begin - (k - 1) * DAY_MS
        gained = _gain(when.stock, series, start, stop)
        if start >= oldest and gained is not None:
            flows = [_flow(names, series, start, stop) for names in (when.inward, when.outward)]
            days.append(flows[0] - flows[1] - gained)
    return statistics.stdev(days) if len(days) >= PAST_DAYS_MIN else math.nan
