"""CSV that calculates nothing, reads back as it was, and tells from a single row which export it is from."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiangdun.core import sheets

WATERMARK = sheets.Watermark("e-1", "p-1", "msa", "rescue", datetime(2026, 11, 25, tzinfo=UTC), 0xC0FFEE11)
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\u200b\u200c\u200d\u2060"), max_size=30)


def table(rows: list[list[object]]) -> list[list[str]]:
    raw = b"".join(sheets.csv_bytes(["甲", "b"], rows, WATERMARK))
    assert raw.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))


def bare(text: str) -> str:
    return "".join(sign for sign in text if sign not in "\u200b\u200c\u200d\u2060")


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＠a"])
def test_text_that_would_be_calculated_is_text(start: str) -> None:
    assert sheets.cell(start) == f"'{start}"
    assert table([[start, 1]])[2][0].startswith("'")


@pytest.mark.parametrize(
    ("value", "shown"),
    [(-1.5, "-1.5"), (0, "0"), (None, ""), (True, "true"), ("", ""), ("江", "江"), ("a\0b", "ab"),
     (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02T00:00:00+00:00")],
)  # fmt: skip
def test_other_values_are_what_they_are(value: object, shown: str) -> None:
    assert sheets.cell(value) == shown


@given(st.lists(st.tuples(TEXT, st.one_of(st.none(), st.integers(), TEXT)), max_size=8))
def test_every_row_reads_back_and_carries_the_mark(rows: list[tuple[str, object]]) -> None:
    found = table([list(row) for row in rows])
    assert "e-1" in found[0][0]
    assert "p-1" in found[0][0]
    assert found[1] == ["甲", "b"]
    assert len(found) == len(rows) + 2
    for row, read in zip(rows, found[2:], strict=True):
        assert [bare(cell) for cell in read[:2]] == [sheets.cell(value) for value in row]
        assert sheets.marks("".join(read)) == [WATERMARK.mark]


@given(st.lists(st.text(max_size=20), max_size=5))
def test_no_cell_calculates(values: list[str]) -> None:
    for value in values:
        assert sheets.cell(value)[:1] not in sheets.CALCULATED or sheets.cell(value) == ""


@given(st.integers(0, 2**32 - 1), st.text(max_size=20), st.text(max_size=20))
def test_a_mark_is_found_in_any_text(mark: int, before: str, after: str) -> None:
    clean = "".join(s for s in before if s not in sheets._BITS) + "|"
    assert mark in sheets.marks(clean + sheets.hide(mark) + "|" + after)


@given(st.text(alphabet="\u200b\u200c\u200d\u2060ab", max_size=60))
def test_junk_has_marks_or_none_and_breaks_nothing(text: str) -> None:
    assert all(0 <= mark < 2**32 for mark in sheets.marks(text))


def test_a_long_cell_is_cut_to_what_a_spreadsheet_takes() -> None:
    assert len(sheets.cell("x" * 100_000) + sheets.hide(1)) <= sheets.CELL_MAX
