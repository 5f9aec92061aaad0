"""A table of reaches and chiefs as offices keep them: CSV, with Chinese or English headings, UTF-8 or GB 18030.

Read whole; everything that is wrong is told with its line, its column and what to write instead. `任期止` is the last
day of a term, as people say it; inside, terms end on the day after.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from jiangdun.alliance.chiefs import Bank

BYTES_MAX: Final = 1 << 20
ROWS_MAX: Final = 5_000
FAULTS_MAX: Final = 200
KM_MAX: Final = 10_000.0

HEADINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "reach": ("reach", "河段编号", "河段代码"),
    "river": ("river", "河流", "河流代码"),
    "district": ("district", "区县", "行政区"),
    "street": ("street", "街镇", "街道", "乡镇"),
    "km_from": ("km_from", "起点里程", "起点km"),
    "km_to": ("km_to", "终点里程", "终点km"),
    "bank": ("bank", "岸别"),
    "chief": ("chief", "河长", "河长姓名"),
    "title": ("title", "职务"),
    "term_from": ("term_from", "任期起"),
    "term_to": ("term_to", "任期止"),
}
"""Column → the headings by which it is known."""
NEEDED: Final = ("reach", "river", "district", "street")
_BANKS: Final = {
    "": Bank.BOTH, "both": Bank.BOTH, "两岸": Bank.BOTH, "left": Bank.LEFT, "左岸": Bank.LEFT,
    "right": Bank.RIGHT, "右岸": Bank.RIGHT,
}  # fmt: skip
_CODE: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


@dataclass(frozen=True, slots=True)
class Row:
    """One line. No chief: the reach has none. `term_to` is the day after the last."""

    line: int
    reach: str
    river: str
    district: str
    street: str
    km_from: float | None
    km_to: float | None
    bank: Bank
    chief: str
    title: str
    term_from: date | None
    term_to: date | None


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in a line (1 is the heading) and a column (0: the whole line)."""

    line: int
    column: int
    what_zh: str
    what_en: str
    instead_zh: str
    instead_en: str


class _Wrong(Exception):
    def __init__(self, what_zh: str, what_en: str, instead_zh: str, instead_en: str) -> None:
        super().__init__(what_en)
        self.words = (what_zh, what_en, instead_zh, instead_en)


def read(data: bytes) -> tuple[list[Row], list[Fault]]:
    """Rows and faults of a table. Keep no row where there is a fault. Never raises."""
    try:
        lines = list(csv.reader(io.StringIO(_text(data)), strict=True))
    except _Wrong as wrong:
        return [], [Fault(1, 0, *wrong.words)]
    except csv.Error as error:
        words = (
            "不是有效的 CSV",
            f"not valid CSV ({error})",
            "请另存为 CSV（逗号分隔）",
            "save it as CSV with commas",
        )
        return [], [Fault(1, 0, *words)]
    places, faults = _places(lines[0] if lines else [])
    if faults:
        return [], faults
    if len(lines) - 1 > ROWS_MAX:
        words = (f"超过 {ROWS_MAX} 行", f"more than {ROWS_MAX} rows", "请拆分后分次导入", "split it")
        return [], [Fault(1, 0, *words)]
    rows: list[Row] = []
    seen: dict[str, int] = {}
    for number, cells in enumerate(lines[1:], start=2):
        if not any(cell.strip() for cell in cells):
            continue
        row = _row(number, cells, places, faults)
        if row is not None and row.reach in seen:
            words = (
                f"河段“{row.reach}”在第 {seen[row.reach]} 行已出现",
                f"reach {row.reach} stands in line {seen[row.reach]}",
                "请合并为一行", "keep one line for a reach",
            )  # fmt: skip
            faults.append(Fault(number, places["reach"] + 1, *words))
        elif row is not None:
            seen[row.reach] = number
            rows.append(row)
        if len(faults) >= FAULTS_MAX:
            break
    return rows, faults[:FAULTS_MAX]


def _text(data: bytes) -> str:
    if len(data) > BYTES_MAX:
        mib = BYTES_MAX >> 20
        raise _Wrong(f"文件大于 {mib} MiB", f"larger than {mib} MiB", "请拆分", "split it")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise _Wrong(
        "不是文本文件", "not text", "请另存为 CSV（UTF-8 或 GB 18030）", "save it as CSV in UTF-8 or GB 18030"
    )


def _places(heading: list[str]) -> tuple[dict[str, int], list[Fault]]:
    known = {name.lower(): column for column, names in HEADINGS.items() for name in names}
    places: dict[str, int] = {}
    faults = []
    for index, cell in enumerate(heading):
        column = known.get(cell.strip().lower())
        if column is None:
            continue  # other columns are the office's own
        if column in places:
            faults.append(
                Fault(1, index + 1, f"“{cell}”列重复", f"column {cell} twice", "请删去一列", "drop one")
            )
        places[column] = index
    for column in NEEDED:
        if column not in places:
            names = " / ".join(HEADINGS[column])
            faults.append(
                Fault(
                    1,
                    0,
                    f"缺少“{HEADINGS[column][1]}”列",
                    f"no column {column}",
                    f"表头可用：{names}",
                    f"heading: {names}",
                )
            )
    return places, faults


def _row(number: int, cells: list[str], places: Mapping[str, int], faults: list[Fault]) -> Row | None:
    before = len(faults)

    def take(column: str, make: Callable[[str], object]) -> object:
        index = places.get(column, -1)
        text = cells[index].strip() if 0 <= index < len(cells) else ""
        try:
            return make(text)
        except _Wrong as wrong:
            faults.append(Fault(number, index + 1, *wrong.words))
            return None

    found = {
        "reach": take("reach", _code),
        "river": take("river", _code),
        "district": take("district", _needed),
        "street": take("street", _needed),
        "km_from": take("km_from", _km),
        "km_to": take("km_to", _km),
        "bank": take("bank", _bank),
        "chief": take("chief", _short),
        "title": take("title", _short),
        "term_from": take("term_from", _day),
        "term_to": take("term_to", _last_day),
    }
    if len(faults) == before:
        _check_together(number, found, places, faults)
    return Row(number, **found) if len(faults) == before else None  # type: ignore[arg-type]


def _check_together(
    number: int, found: Mapping[str, object], places: Mapping[str, int], faults: list[Fault]
) -> None:
    def fault(column: str, *words: str) -> None:
        faults.append(Fault(number, places.get(column, -1) + 1, words[0], words[1], words[2], words[3]))

    if (found["km_from"] is None) != (found["km_to"] is None):
        fault(
            "km_to",
            "起止里程只有一个",
            "only one of the two marks",
            "请两项都填或都不填",
            "give both or none",
        )
    if found["chief"] and found["term_from"] is None:
        what = "有河长而无任期起", "a chief without the first day of the term"
        fault("term_from", *what, "请填写任期起，如 2026-01-01", "write it as 2026-01-01")
    start, end = found["term_from"], found["term_to"]
    if isinstance(start, date) and isinstance(end, date) and end <= start:
        fault(
            "term_to",
            "任期止早于任期起",
            "the term ends before it begins",
            "请核对两个日期",
            "check both days",
        )


def _code(text: str) -> str:
    if not _CODE.fullmatch(text):
        raise _Wrong(
            f"代码“{text[:40]}”不合要求", f"code '{text[:40]}' is not allowed",
            "用小写字母、数字和连字符，至多 32 个", "small letters, digits and hyphens, at most 32",
        )  # fmt: skip
    return text


def _short(text: str) -> str:
    if len(text) > 80:
        raise _Wrong("超过 80 个字", "longer than 80 characters", "请缩短", "shorten it")
    return text


def _needed(text: str) -> str:
    if not text:
        raise _Wrong("此项为空", "this is empty", "请填写", "fill it in")
    return _short(text)


def _km(text: str) -> float | None:
    """A mark: 12.5, or K12+500 as it stands on posts."""
    if not text:
        return None
    post = re.fullmatch(r"[Kk](\d{1,5})\+(\d{1,3}(?:\.\d{1,3})?)", text)
    try:
        km = int(post[1]) + float(post[2]) / 1000 if post else float(text)
    except ValueError:
        km = math.nan
    if not 0 <= km <= KM_MAX:
        raise _Wrong(
            f"里程“{text[:20]}”无法识别",
            f"mark '{text[:20]}' is none",
            "写成 12.5 或 K12+500",
            "write 12.5 or K12+500",
        )
    return km


def _bank(text: str) -> Bank:
    found = _BANKS.get(text.lower())
    if found is None:
        raise _Wrong(
            f"岸别“{text[:20]}”无法识别",
            f"bank '{text[:20]}' is none",
            "两岸、左岸或右岸",
            "both, left or right",
        )
    return found


def _day(text: str) -> date | None:
    if not text:
        return None
    digits = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", text, re.ASCII)
    try:
        return date(*map(int, digits.groups())) if digits else date.fromisoformat(text)
    except ValueError:
        raise _Wrong(
            f"日期“{text[:20]}”无法识别", f"day '{text[:20]}' is none", "写成 2026-01-01", "write 2026-01-01"
        ) from None


def _last_day(text: str) -> date | None:
    last = _day(text)
    try:
        return None if last is None else last + timedelta(days=1)
    except OverflowError:
        raise _Wrong("日期过大", "the day is too far", "请核对", "check it") from None
