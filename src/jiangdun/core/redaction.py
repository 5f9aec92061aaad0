"""Showing only what may be seen: by a list of what is allowed, so that a field nobody thought of stays hidden."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from jiangdun.core.access import Allowed
from jiangdun.core.datasets import DataSet
from jiangdun.core.geo import EARTH_M

_M_PER_DEGREE: Final = EARTH_M * math.pi / 180
PLACE: Final = ("lon", "lat")
_PLAIN: Final = (str, int, float, bool, datetime, UUID, type(None))
Mask = Callable[[str, str], str]
"""(mask, value) → the masked value."""


def redact(row: Mapping[str, Any], allowed: Allowed, data: DataSet, mask: Mask) -> dict[str, Any]:
    """`row` with what may be seen of it; fields that may not are left out, and named under `hidden`.

    With `fields` None everything is shown (`hidden` is empty). Masked fields hold text, or lists of it.
    """
    if allowed.fields is None:
        return {**row, "hidden": []}
    seen = {name: row[name] for name in data.always | (allowed.fields & data.fields) if name in row}
    for name, how in allowed.masks.items():
        if name in seen:
            seen[name] = _masked(seen[name], how, mask)
    if allowed.masks or allowed.precision_m:
        # What is masked or rounded here may stand as it is inside of what has parts: fixes, a story, evidence.
        seen = {name: value for name, value in seen.items() if name in data.always or _is_plain(value)}
    if allowed.precision_m:
        lon, lat = (seen.pop(name, None) for name in PLACE)
        if isinstance(lon, float | int) and isinstance(lat, float | int):
            seen["lon"], seen["lat"] = coarse(lon, lat, allowed.precision_m)
    seen["hidden"] = sorted(name for name in row if name not in seen)
    return seen


def _is_plain(value: Any) -> bool:
    """A value without parts, or a list of texts."""
    return isinstance(value, _PLAIN) or (
        isinstance(value, list | tuple) and all(isinstance(one, str) for one in value)
    )


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
    """Texts and lists of them, masked; of anything else nothing is left."""
    if isinstance(value, list | tuple):
        return [mask(how, one) if one else one for one in value if isinstance(one, str)]
    return mask(how, value) if isinstance(value, str) and value else None if value != "" else ""
