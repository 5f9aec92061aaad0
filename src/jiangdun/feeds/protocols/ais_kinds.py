"""Who an AIS station says it is: ship types (ITU-R M.1371-6) and the shapes of MMSIs (ITU-R M.585)."""

from __future__ import annotations

from typing import Final

from jiangdun.feeds.columns import Kind

MMSI_MAX: Final = 999_999_999

PLACEHOLDERS: Final = frozenset(
    {
        0,
        1,
        1_193_046,
        111_111_111,
        123_456_789,
        222_222_222,
        333_333_333,
        413_000_000,
        987_654_321,
        999_999_999,
    }
)
"""What makers put in and installers forget to change: shared by many ships, so no track of one."""

_SINGLE: Final = {
    30: Kind.FISHING,
    31: Kind.TUG,  # towing
    32: Kind.TUG,  # towing, long or wide
    33: Kind.DREDGER,
    35: Kind.OFFICIAL,  # military
    36: Kind.PLEASURE,  # sailing
    37: Kind.PLEASURE,
    50: Kind.PILOT,
    51: Kind.RESCUE,
    52: Kind.TUG,
    55: Kind.OFFICIAL,  # law enforcement
    58: Kind.RESCUE,  # medical transport
}
_TENS: Final = {
    2: Kind.HIGH_SPEED,  # wing in ground
    4: Kind.HIGH_SPEED,
    6: Kind.PASSENGER,
    7: Kind.CARGO,
    8: Kind.TANKER,
    9: Kind.OTHER_VESSEL,
}

SHIP_KINDS: Final = tuple(
    Kind.UNKNOWN_VESSEL
    if not 20 <= ship_type <= 99  # 0 not available, to 19 reserved, above 99 an error seen in the wild
    else _SINGLE.get(ship_type) or _TENS.get(ship_type // 10, Kind.OTHER_VESSEL)
    for ship_type in range(256)
)
"""`Kind` for each ship type. AIS knows no sand carriers and no ferries: those come from the register."""


def kind_of_mmsi(mmsi: int) -> Kind | None:
    """What the shape of the MMSI tells; None for an ordinary ship."""
    if mmsi < 10_000_000:  # 00MIDxxxx
        return Kind.BASE_STATION
    head = mmsi // 1_000_000
    if head == 111:
        return Kind.AIRCRAFT
    if head == 972:
        return Kind.PERSON  # man overboard
    if 990 <= head <= 999:
        return Kind.AID_TO_NAVIGATION
    return None


def is_distress(mmsi: int) -> bool:
    """AIS-SART 970, man overboard 972, EPIRB 974: top priority when active."""
    return mmsi // 1_000_000 in (970, 972, 974)
