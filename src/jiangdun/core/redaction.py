"""Showing only what may be seen: by a list of what is allowed, so that a field nobody thought of stays hidden."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from jiangdun.core.access import Allowed
from jiangdun.core.datasets import DataSet
from jiangdun.core.geo import EARTH_M

_M_PER_DEGREE: Final = EARTH_M * math.pi / 180
PLACE: Final = ("lon", "lat")
Mask = Callable[[str, str], str]
"""(mask, value) → the masked value."""


def redact(row: Mapping[str, Any], allowed: Allowed, data: DataSet, mask: Mask) -> dict[str, Any]:
    """`row` with what may be seen of it; fields that may not are left out, and named under `hidden`.

    With `fields` None everything is shown (`hidden` is empty). Masked fields hold text, or lists of it.
    """
    if allowed.fields is None:
        return {**row, "hidden": []}
    shown = data.always | (allowed.fields & data.fields)
    seen = {name: value for name, value in row.items() if name in shown}
    for name, how in allowed.masks.items():
        if name in seen:
            seen[name] = _masked(seen[name], how, mask)
    if allowed.precision_m and all(isinstance(seen.get(name), float | int) for name in PLACE):
        seen["lon"], seen["lat"] = coarse(seen["lon"], seen["lat"], allowed.precision_m)
    seen["hidden"] = sorted(name for name in row if name not in shown)
    return seen


def coarse(lon: float, lat: float, precision_m: int) -> tuple[float, float]:
    """The middle of the square of `precision_m` metres a place lies in, so that many places look the same.

    Squares are counted from the equator and the zero meridian; their width in degrees is that at the middle of
    their row, so that a place and its rounded self have the same width.
    """
    high = precision_m / _M_PER_DEGREE
    row = math.floor(lat / high)
    middle = (row + 0.5) * high
    wide = high / max(0.01, math.cos(math.radians(middle)))
    return round((math.floor(lon / wide) + 0.5) * wide, 6), round(middle, 6)


def _masked(value: Any, how: str, mask: Mask) -> Any:
    if isinstance(value, list | tuple):
        return [_masked(one, how, mask) for one in value]
    return mask(how, value) if isinstance(value, str) and value else value
