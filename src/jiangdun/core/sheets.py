"""Tables that leave: CSV that a spreadsheet opens rightly and safely, and that tells where it came from.

UTF-8 with a byte order mark (spreadsheets take it for another encoding without), lines end in CR LF. Text that a
spreadsheet would calculate is made text (OWASP, CSV injection). The first line says who took it, when and under which
number; besides, every row carries the export's mark in characters that are not seen, so that a few rows pasted
elsewhere still tell which export they were.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

BOM: Final = "\ufeff"
CELL_MAX: Final = 32_767
"""Characters of a cell (a spreadsheet's own limit); the rest is cut off and an ellipsis says so."""
CALCULATED: Final = frozenset("=+-@\t\r\n＝＋－＠")
"""What a text may not begin with."""
MARK_BITS: Final = 32
_SIGNS: Final = "\u200b\u200c\u200d\u2060"  # two bits each, none of them seen
_BITS: Final = {sign: n for n, sign in enumerate(_SIGNS)}


@dataclass(frozen=True)
class Watermark:
    """What the first line says, and the `mark` that is in every row: a number below 2^32, of this export alone."""

    export: str
    person: str
    agency: str
    purpose: str
    at: datetime
    mark: int

    def line(self) -> str:
        """The first line's one cell."""
        when = self.at.isoformat(timespec="seconds")
        return (
            f"江盾 Jiangdun · {self.export} · {self.person} · {self.agency} · {self.purpose} · {when}"
            " · 仅限所述用途，不得转让 / for this purpose only, not to be passed on"
        )


def csv_bytes(columns: Sequence[str], rows: Iterable[Sequence[Any]], watermark: Watermark) -> Iterator[bytes]:
    """The file, piece by piece: the watermark, the columns' names, the rows."""
    hidden = hide(watermark.mark)
    yield (BOM + _line([watermark.line() + hidden]) + _line(columns)).encode()
    for row in rows:
        cells = [cell(value) for value in row]
        place = next((i for i, value in enumerate(row) if isinstance(value, str) and value), None)
        if place is None:
            cells.append(hidden)
        else:
            cells[place] += hidden
        yield _line(cells).encode()


def cell(value: Any) -> str:
    """A value as a cell holds it: numbers as they are, moments in ISO 8601, text that calculates nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    text = text.replace("\0", "")
    if len(text) >= CELL_MAX:
        text = text[: CELL_MAX - MARK_BITS - 2] + "…"
    return f"'{text}" if text[:1] in CALCULATED and text else text


def hide(mark: int) -> str:
    """`mark` as sixteen characters that are not seen."""
    assert 0 <= mark < 1 << MARK_BITS
    return "".join(_SIGNS[mark >> shift & 3] for shift in range(MARK_BITS - 2, -1, -2))


def marks(text: str) -> list[int]:
    """Every mark hidden in `text`, in order, each once."""
    found: dict[int, None] = {}
    run = ""
    for sign in text + "\n":
        if sign in _BITS:
            run += sign
            continue
        for start in range(0, len(run) - len(run) % (MARK_BITS // 2), MARK_BITS // 2):
            value = 0
            for one in run[start : start + MARK_BITS // 2]:
                value = value << 2 | _BITS[one]
            found[value] = None
        run = ""
    return list(found)


def _line(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue()
