"""Units, and how one becomes another. Inside the system: metres, seconds, degrees, metres a second, km
where named.
"""

from __future__ import annotations

KM_PER_NM = 1.852
"""Kilometres in a nautical mile, exactly."""


def kn_to_kmh(knots: float) -> float:
    """Knots to kilometres an hour."""
    return knots * KM_PER_NM


def kmh_to_kn(kmh: float) -> float:
    """Kilometres an hour to knots."""
    return kmh / KM_PER_NM


def kn_to_ms(knots: float) -> float:
    """Knots to metres a second."""
    return knots * KM_PER_NM / 3.6


def ms_to_kn(ms: float) -> float:
    """Metres a second to knots."""
    return ms * 3.6 / KM_PER_NM


def nm_to_m(miles: float) -> float:
    """Nautical miles to metres."""
    return miles * KM_PER_NM * 1000


def m_to_nm(metres: float) -> float:
    """Metres to nautical miles."""
    return metres / (KM_PER_NM * 1000)


def turn(degrees: float) -> float:
    """A direction brought into [0, 360)."""
    turned = degrees % 360.0
    return 0.0 if turned == 360.0 else turned  # -1e-17 % 360 is 360.0 in floating point


def turn_between(a: float, b: float) -> float:
    """The smaller angle between two directions, 0 to 180 degrees."""
    return abs((a - b + 180.0) % 360.0 - 180.0)
