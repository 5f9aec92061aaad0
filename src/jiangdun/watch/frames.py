"""Tables of a notebook (Polars, pandas, Arrow, a dict of arrays) as reports, and what of them a rule needs.

| column | | values |
| --- | --- | --- |
| `track` | needed | whole numbers from 0 (an MMSI, say), or text: digits are that number, other text is hashed |
| `t` | needed | datetimes (without a zone: UTC), or whole ms since 1970 |
| `lon`, `lat` | needed | degrees, WGS-84 |
| `speed_kn` | where a rule asks | 0 to 6553.4 over ground |
| `course_deg`, `heading_deg` | where a rule asks | 0 to 360 |
| `length_m` | where a rule asks | 0 to 6553.5; 0 = not known |
| `kind` | where a rule asks | names as in a condition ('dredger'); left out, all are 'unknown_vessel' |
| `nav_status` | where a rule asks | 0 to 15 (ITU-R M.1371); 15 = not known |
| `sos`, `load` | where a rule asks | bool; 'empty', 'half', 'full' |
| `rank` | no | 0 to 255: of one track at one time the smallest counts, then the first row |

An empty cell (null, NaN) of a column that is not needed everywhere means "not known". Of any other it is an error, as
is a value out of range, and a column that a rule asks for and the table lacks: input that says nothing must not look
like a river on which nothing happens. A table with the columns of `feeds.columns` (as `Archive.read` gives it) is
taken as it is. Other columns are passed over. Values are rounded as the hub rounds them (1/600000 degree, 0.1 kn, ms).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
from pyarrow.interchange.from_dataframe import from_dataframe as read_interchange

from jiangdun.feeds.columns import (
    COLUMNS,
    DEGREE,
    NO_COURSE,
    NO_HEADING,
    NO_LENGTH,
    NO_NAV_STATUS,
    NO_SPEED,
    Flag,
    track_id,
)

from .engine.limits import WrongColumns
from .rules.checking import reads
from .rules.columns import KINDS, LOADS
from .rules.errors import nearest
from .rules.spec import RuleSpec

Rows = npt.NDArray[np.void]

NEEDED: Final = ("track", "t", "lon", "lat")
T_MIN_MS: Final = 100_000_000_000
T_MAX_MS: Final = 7_258_118_400_000
"""March 1973 to 2200: a time outside is in seconds, or of a clock that was not set."""

_NUMBERS: Final = (
    # column of the table, of COLUMNS, least, greatest, units in one, what stands for "not known"
    ("speed_kn", "sog_dkn", 0.0, 6553.4, 10, NO_SPEED),
    ("course_deg", "cog_ddeg", 0.0, 360.0, 10, NO_COURSE),
    ("heading_deg", "heading_ddeg", 0.0, 360.0, 10, NO_HEADING),
    ("length_m", "length_dm", 0.0, 6553.5, 10, NO_LENGTH),
    ("nav_status", "nav", 0.0, 15.0, 1, NO_NAV_STATUS),
)
OPTIONAL: Final = (*(name for name, *_ in _NUMBERS), "kind", "sos", "load", "rank")


@dataclass(frozen=True, slots=True)
class Reports:
    """Rows of a table in its order, and the text that each track was given by, where it was text."""

    rows: Rows
    names: Mapping[int, str] = field(default_factory=dict)


def is_table(data: object) -> bool:
    """Whether `reports` reads it: a data frame of any make, or a mapping of columns."""
    made = ("__arrow_c_stream__", "__dataframe__")
    return isinstance(data, pl.DataFrame | pl.LazyFrame | Mapping) or any(hasattr(data, m) for m in made)


def reports(data: Any, rules: Iterable[RuleSpec] = ()) -> Reports:
    """The reports of a table. Raises WrongColumns, naming column, row, value and remedy; nothing is guessed."""
    table = _table(data)
    if set(COLUMNS.names or ()) <= set(table.columns):
        return Reports(_raw(table))
    for name in NEEDED:
        if name not in table.columns:
            raise WrongColumns(f"there is no column {name}; {_instead(name, table)}")
    _check_asked(rules, table)
    rows = np.zeros(len(table), COLUMNS)
    rows["track"], names = _tracks(table["track"])
    rows["t"] = _times(table["t"])
    for name, limit in (("lon", 180.0), ("lat", 90.0)):
        rows[name] = np.rint(_number(table, name, -limit, limit) * DEGREE)
    for name, column, low, high, scale, unknown in _NUMBERS:
        rows[column] = unknown
        if name in table.columns:
            values = _number(table, name, low, high, may_be_empty=True)
            known = ~np.isnan(values)
            found = np.rint(values[known] * scale)
            rows[column][known] = found % 3_600 if name in ("course_deg", "heading_deg") else found
    if "kind" in table.columns:
        rows["kind"] = _words(table["kind"], KINDS)
    if "rank" in table.columns:
        rows["rank"] = _number(table, "rank", 0, 255)
    rows["flags"] = _flags(table)
    return Reports(rows, names)


def asked_for(rule: RuleSpec) -> set[str]:
    """The columns of a table that the rule reads, beside those that every table has."""
    found = {"kind"} if rule.watch in ("vehicle", "person") else set()
    found |= reads(rule)
    return found & set(OPTIONAL)


def _check_asked(rules: Iterable[RuleSpec], table: pl.DataFrame) -> None:
    for rule in rules:
        for name in sorted(asked_for(rule)):
            if name not in table.columns:
                raise WrongColumns(
                    f"rule {rule.name} asks for {name}, and there is no such column; {_instead(name, table)}"
                )


def _instead(name: str, table: pl.DataFrame) -> str:
    close = nearest(name, table.columns)
    return f"rename the one that holds it ({close.en})" if table.columns else "the table has no columns"


def _table(data: Any) -> pl.DataFrame:
    try:
        if isinstance(data, pl.LazyFrame):
            return data.collect()
        if isinstance(data, pl.DataFrame):
            return data
        if isinstance(data, Mapping):
            return pl.DataFrame({str(name): data[name] for name in data})
        if hasattr(data, "__arrow_c_stream__"):
            return pl.DataFrame(data)
        return pl.DataFrame(read_interchange(data))
    except (pl.exceptions.PolarsError, pa.ArrowException, TypeError, ValueError) as error:
        raise WrongColumns(
            f"the table cannot be read ({error}); give columns of one length and one type"
        ) from error


def _raw(table: pl.DataFrame) -> Rows:
    rows = np.zeros(len(table), COLUMNS)
    for name in COLUMNS.names or ():
        values = table[name]
        if values.null_count():
            raise _wrong(name, int(values.is_null().arg_max() or 0), None, "fill it or leave the row out")
        found = values.to_numpy()
        with np.errstate(invalid="ignore"):
            rows[name] = found
        if len(off := np.flatnonzero(rows[name] != found)):
            raise _wrong(name, off[0], found[off[0]], f"it does not fit {COLUMNS[name]}")
    for name, limit in (("lon", 180 * DEGREE), ("lat", 90 * DEGREE)):
        places = rows[name].astype(
            np.int64
        )  # AIS says 181 and 91 degrees for "not known": the engine counts those
        off = (np.abs(places) > limit) & (places != limit + DEGREE) & (rows["flags"] & int(Flag.NO_FIX) == 0)
        if off.any():
            raise _wrong(name, np.argmax(off), places[np.argmax(off)], "it lies off the globe")
    return rows


def _wrong(column: str, row: Any, value: object, remedy: str) -> WrongColumns:
    return WrongColumns(f"{column}[{row}] = {value}: {remedy}")


def _number(
    table: pl.DataFrame, name: str, low: float, high: float, *, may_be_empty: bool = False
) -> npt.NDArray[np.float64]:
    """Finite values within low..high; NaN for empty cells, where those are allowed."""
    column = table[name]
    if not column.dtype.is_numeric() and column.dtype != pl.Null:
        raise WrongColumns(f"{name} is {column.dtype}, not a number; cast it first")
    values = column.cast(pl.Float64).to_numpy().astype(np.float64)
    empty = np.isnan(values)
    if empty.any() and not may_be_empty:
        raise _wrong(name, np.argmax(empty), "nothing", "fill it or leave the row out")
    with np.errstate(invalid="ignore"):
        off = ~empty & ~((values >= low) & (values <= high))
    if off.any():
        at = int(np.argmax(off))
        remedy = f"it lies outside {low:g} to {high:g}"
        raise _wrong(
            name, at, values[at], remedy + ("" if not may_be_empty else "; leave it empty if it is not known")
        )
    return values


def _tracks(column: pl.Series) -> tuple[npt.NDArray[np.int64], dict[int, str]]:
    if column.null_count():
        raise _wrong("track", column.is_null().arg_max(), "nothing", "fill it or leave the row out")
    if column.dtype.is_integer() or column.dtype.is_float():
        values = column.to_numpy()
        with np.errstate(invalid="ignore"):
            whole = values.astype(np.int64)
        off = (whole != values) | (whole < 0)
        if off.any():
            raise _wrong(
                "track", np.argmax(off), values[np.argmax(off)], "give a whole number from 0, or text"
            )
        return whole, {}
    texts = column.cast(pl.String)
    codes: dict[str, int] = {}
    for text in texts.unique().to_list():
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
        codes[text] = track_id("table", text) if number is None else number
    if len(set(codes.values())) < len(codes):
        twice = sorted(text for text in codes if list(codes.values()).count(codes[text]) > 1)
        raise WrongColumns(f"track: {twice[0]!r} and {twice[1]!r} are one number; write them alike")
    found = texts.replace_strict(codes, return_dtype=pl.Int64) if codes else pl.Series([], dtype=pl.Int64)
    return found.to_numpy(), {code: text for text, code in codes.items()}


def _times(column: pl.Series) -> npt.NDArray[np.int64]:
    if column.null_count():
        raise _wrong("t", column.is_null().arg_max(), "nothing", "fill it or leave the row out")
    if not len(column):
        return np.zeros(0, np.int64)
    if isinstance(column.dtype, pl.Datetime):
        ms = column.dt.epoch("ms").to_numpy()
    elif column.dtype.is_integer() or column.dtype.is_float():
        values = column.to_numpy()
        with np.errstate(invalid="ignore"):
            ms = values.astype(np.int64)
        if len(part := np.flatnonzero(ms != values)):
            raise _wrong("t", part[0], values[part[0]], "give whole milliseconds, or datetimes")
    else:
        raise WrongColumns(
            f"t is {column.dtype}; give datetimes, or whole ms since 1970 (str.to_datetime reads text)"
        )
    off = (ms < T_MIN_MS) | (ms >= T_MAX_MS)
    if off.any():
        raise _wrong(
            "t",
            np.argmax(off),
            ms[np.argmax(off)],
            "that is no ms since 1970 of our time; seconds times 1000?",
        )
    return ms.astype(np.int64)


def _words(column: pl.Series, words: Mapping[str, int]) -> npt.NDArray[np.int64]:
    """Codes of names; numbers must be codes already. Raises for an empty cell and for a name that is none."""
    known: dict[Any, int] = {**words, **{code: code for code in words.values()}}
    if column.dtype == pl.Categorical or isinstance(column.dtype, pl.Enum):
        column = column.cast(pl.String)
    values = column.unique().to_list()
    for value in values:
        if value not in known:
            row = (column.is_null() if value is None else column == value).arg_max()
            close = nearest(str(value), words).en
            raise _wrong(column.name, row, "nothing" if value is None else repr(value), close)
    if not values:
        return np.zeros(0, np.int64)
    return column.replace_strict({value: known[value] for value in values}, return_dtype=pl.Int64).to_numpy()


def _flags(table: pl.DataFrame) -> npt.NDArray[np.uint16]:
    flags = np.zeros(len(table), np.uint16)
    if "sos" in table.columns:
        if table["sos"].dtype != pl.Boolean:
            raise WrongColumns(f"sos is {table['sos'].dtype}; give true and false")
        flags |= np.where(table["sos"].fill_null(False).to_numpy(), int(Flag.SOS), 0).astype(np.uint16)
    if "load" in table.columns:
        known = table["load"].is_not_null().to_numpy()
        codes = _words(table["load"].fill_null("empty"), LOADS)
        bits = np.array([0, int(Flag.LOAD_HALF), int(Flag.LOAD_FULL)])[codes] | int(Flag.LOAD_KNOWN)
        flags |= np.where(known, bits, 0).astype(np.uint16)
    return flags
