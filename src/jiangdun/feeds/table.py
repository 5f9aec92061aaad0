"""Tables of positions (CSV) read as observations: a row is a report, its columns have many names."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import IO, Final

from .columns import DEGREE, NO_COURSE, NO_HEADING, NO_NAV_STATUS, NO_SPEED, Kind
from .observations import BadFrame, Fix, Static, Taken
from .protocols.ais_kinds import MMSI_MAX, PLACEHOLDERS, SHIP_KINDS, kind_of_mmsi
from .protocols.nmea import unix_ms

ALIASES: Final[Mapping[str, tuple[str, ...]]] = {
    "mmsi": ("mmsi", "ssvid", "userid", "vesselid"),
    "t": ("t", "time", "timestamp", "basedatetime", "datetime", "send", "ts", "date"),
    "lon": ("lon", "longitude", "lng", "x"),
    "lat": ("lat", "latitude", "y"),
    "sog": ("sog", "speed", "speedkn", "speedknots"),
    "cog": ("cog", "course"),
    "heading": ("heading", "hdg", "trueheading"),
    "nav": ("nav", "status", "navstatus", "navigationalstatus"),
    "name": ("name", "vesselname", "shipname"),
    "imo": ("imo", "imonumber"),
    "call_sign": ("callsign",),
    "ship_type": ("shiptype", "vesseltype", "category", "type"),
    "length": ("length", "loa"),
    "beam": ("width", "beam"),
    "draught": ("draft", "draught"),
}
"""Our name of each column and the names it has elsewhere, without case, blanks, `_` and `-`."""

NEEDED: Final = ("mmsi", "t", "lon", "lat")

KNOWN_MAX: Final = 65_536
"""Ships whose last name and size are remembered, so that an unchanged one is not said again."""


class TableError(ValueError):
    """A table without a column that is needed. The text says which, and the names it may have."""


def read_table(file: IO[bytes]) -> Iterator[tuple[int, Taken]]:
    """Time (ms) and outcome of each row, in the order of the file; a rejected row has the time before it.

    Speeds are knots, angles degrees, lengths and draughts metres, times ISO (without zone: UTC) or Unix.
    Counts are a session's: the head is a line and `other`, every row a line and a sentence.
    Raises TableError.
    """
    rows = csv.reader(io.TextIOWrapper(file, "utf-8", "replace", newline=""))
    columns = _columns(next(rows, []))
    yield 0, Taken(counts={"lines": 1, "other": 1})
    said: dict[str, Static] = {}
    now_ms = 0
    while True:
        taken = Taken(counts={"lines": 1, "sentences": 1})
        try:
            row = next(rows)
            if not row:
                taken.counts = {"lines": 1, "other": 1}
            else:
                now_ms = _row(
                    {name: row[i].strip() for name, i in columns.items() if i < len(row)}, said, taken
                )
                taken.counts["decoded"] = 1
        except StopIteration:
            return
        except csv.Error as trouble:
            taken.rejects.append(BadFrame("fields", str(trouble)))
        except BadFrame as bad:
            taken.observations.clear()
            taken.rejects.append(bad)
        yield now_ms, taken


def _columns(head: list[str]) -> dict[str, int]:
    plain = [name.lstrip("\ufeff").strip().lower().translate({ord(c): None for c in " _-"}) for name in head]
    found = {
        ours: plain.index(theirs[0])
        for ours, names in ALIASES.items()
        if (theirs := [name for name in names if name in plain])
    }
    if missing := [name for name in NEEDED if name not in found]:
        wanted = "; ".join(f"{name} (or {', '.join(ALIASES[name][1:])})" for name in missing)
        raise TableError(f"the table lacks the column {wanted}; it has: {', '.join(head)[:400] or 'nothing'}")
    return found


def _row(row: Mapping[str, str], said: dict[str, Static], taken: Taken) -> int:
    try:
        mmsi = int(row["mmsi"])
        lon, lat = float(row["lon"]), float(row["lat"])
    except (KeyError, ValueError) as trouble:
        raise BadFrame("fields", str(trouble)) from None
    if not 0 <= mmsi <= MMSI_MAX or mmsi in PLACEHOLDERS:
        raise BadFrame("mmsi", str(mmsi))
    if not (-180 <= lon <= 180 and -90 <= lat <= 90) or (lon == 0 and lat == 0):
        raise BadFrame("range", f"{lon}, {lat}")
    t_ms = _time(row.get("t", ""))
    ident = f"{mmsi:09d}"
    static = _static(ident, row)
    if static is not None and said.get(ident) != static:
        if len(said) >= KNOWN_MAX:
            said.clear()
        said[ident] = static
        taken.observations.append(static)
    sog, cog = _number(row, "sog"), _number(row, "cog")
    heading, nav = _number(row, "heading"), _number(row, "nav")
    taken.observations.append(
        Fix(
            "ais",
            ident,
            round(lon * DEGREE),
            round(lat * DEGREE),
            t_device_ms=t_ms,
            sog_dkn=round(sog * 10) if sog is not None and 0 <= sog < 1_023 else NO_SPEED,
            cog_ddeg=round(cog * 10) % 3_600 if cog is not None and 0 <= cog < 360 else NO_COURSE,
            heading_ddeg=round(heading * 10) % 3_600
            if heading is not None and 0 <= heading < 360
            else NO_HEADING,
            nav=int(nav) if nav is not None and 0 <= nav <= 15 else NO_NAV_STATUS,
            kind=kind_of_mmsi(mmsi),
        )
    )
    return t_ms


def _static(ident: str, row: Mapping[str, str]) -> Static | None:
    ship_type = _number(row, "ship_type")
    kind = (
        SHIP_KINDS[int(ship_type)] if ship_type is not None and 0 <= ship_type <= 255 else Kind.UNKNOWN_VESSEL
    )
    imo = row.get("imo", "").upper().removeprefix("IMO")
    static = Static(
        "ais",
        ident,
        name=row.get("name") or None,
        call_sign=row.get("call_sign") or None,
        kind=kind or None,
        length_dm=_decimetres(row, "length"),
        beam_dm=_decimetres(row, "beam"),
        draught_dm=_decimetres(row, "draught"),
        imo=int(imo) if imo.isascii() and imo.isdigit() and len(imo) <= 7 else None,
    )
    return static if static != Static("ais", ident) else None


def _decimetres(row: Mapping[str, str], name: str) -> int | None:
    metres = _number(row, name)
    return round(metres * 10) if metres is not None and 0 < metres < 1_100 else None


def _number(row: Mapping[str, str], name: str) -> float | None:
    try:
        value = float(row.get(name) or "nan")
    except ValueError:
        return None
    return value if abs(value) < 1e12 else None


def _time(text: str) -> int:
    """ISO 8601 (without zone: UTC) or Unix seconds or ms, as ms. Raises BadFrame("time")."""
    if text.isascii() and text.partition(".")[0].isdigit():
        moment = unix_ms(text.partition(".")[0].encode())
        if moment is None:
            raise BadFrame("time", text[:40])
        return moment
    try:
        when = datetime.fromisoformat(text)
        when = when if when.tzinfo else when.replace(tzinfo=UTC)
        moment = round(when.timestamp() * 1_000)
    except (ValueError, OverflowError):
        raise BadFrame("time", text[:40]) from None
    if moment < 0:
        raise BadFrame("time", text[:40])
    return moment
