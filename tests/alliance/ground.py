"""A small alliance to try things on."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from jiangdun.alliance import actions, queries
from jiangdun.core.journal import By

NOW = datetime(2026, 11, 21, 15, 5, tzinfo=UTC)
TODAY = date(2026, 11, 21)
BY = By(system="test")
DAY = timedelta(days=1)


def square(lon: float, lat: float, side: float = 0.1) -> dict[str, object]:
    """A GeoJSON square whose lower left corner is (lon, lat)."""
    ring = [
        [lon, lat],
        [lon + side, lat],
        [lon + side, lat + side],
        [lon, lat + side],
        [lon, lat],
    ]
    return {"type": "Polygon", "coordinates": [ring]}


def found(*codes: str) -> list[queries.Agency]:
    return [actions.found_agency(code, f"{code}局", code, "water", by=BY, now=NOW) for code in codes]
