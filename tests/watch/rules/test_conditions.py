"""SQL conditions: the fast way equals the slow one, SQL's meaning is kept, all else is refused."""

from __future__ import annotations

import sqlite3

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiangdun.feeds.columns import COLUMNS, NO_SPEED, Flag, Kind
from jiangdun.watch.rules import conditions
from jiangdun.watch.rules.columns import COLUMNS as NAMED
from jiangdun.watch.rules.conditions import read_condition
from jiangdun.watch.rules.errors import RuleError
from jiangdun.watch.rules.night import is_night
from jiangdun.watch.rules.phrases import term_said
from jiangdun.watch.rules.sql import MAX_DEPTH, MAX_TEXT, MAX_TOKENS

from . import expressions, row_twin


def columns(rows):
    return {name: np.ascontiguousarray(rows[name]) for name in COLUMNS.names}


def one(text, **fields):
    rows = np.zeros(1, dtype=COLUMNS)
    rows["sog_dkn"], rows["kind"] = NO_SPEED, Kind.CARGO
    for name, value in fields.items():
        rows[name] = value
    return bool(read_condition(text, expressions.REFERENCES).evaluate(columns(rows))[0])


@given(expressions.conditions, expressions.reports)
def test_the_whole_column_at_once_says_what_each_row_says_alone(text, rows):
    found = read_condition(text, expressions.REFERENCES).evaluate(columns(rows))
    night = is_night(rows["t"], rows["lon"], rows["lat"])
    said = [
        row_twin.holds(text, {**{n: row[n] for n in COLUMNS.names}, "night": dark}, expressions.REFERENCES)
        for row, dark in zip(rows, night, strict=True)
    ]
    assert found.dtype == np.bool_
    assert found.tolist() == said


@given(expressions.conditions, expressions.reports, st.integers(0, 12))
def test_a_batch_cut_anywhere_gives_the_same_answers(text, rows, cut):
    condition = read_condition(text, expressions.REFERENCES)
    whole = condition.evaluate(columns(rows)).tolist()
    assert (
        condition.evaluate(columns(rows[:cut])).tolist() + condition.evaluate(columns(rows[cut:])).tolist()
        == whole
    )


LOGIC = st.recursive(
    st.sampled_from(["a", "b", "c", "(a = b)", "(c <> a)", "a IS NULL", "b IS NOT NULL", "TRUE", "FALSE"]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(" AND ".join),
        st.tuples(inner, inner).map(" OR ".join),
        inner.map("NOT {}".format),
        inner.map("({})".format),
    ),
    max_leaves=8,
)


@given(LOGIC, st.tuples(*[st.sampled_from([True, False, None])] * 3))
def test_precedence_and_three_valued_logic_are_those_of_a_database(text, truths):
    """a, b, c stand for speed, course and heading above 5: NULL where the device does not say."""
    ours = text
    for name, column in (("a", "speed_kn"), ("b", "course_deg"), ("c", "heading_deg")):
        ours = "".join(f"({column} > 5)" if part == name else part for part in _words(ours))
    raw = {True: 100, False: 0, None: 65_535}
    found = one(ours, sog_dkn=raw[truths[0]], cog_ddeg=raw[truths[1]], heading_ddeg=raw[truths[2]])
    with sqlite3.connect(":memory:") as database:
        query = f"SELECT {text} FROM (SELECT ? AS a, ? AS b, ? AS c)"
        wanted = database.execute(query, truths).fetchone()[0]
    assert found is (wanted == 1)


def _words(text):
    word = ""
    for character in text:
        if character.isalpha():
            word += character
            continue
        if word:
            yield word
            word = ""
        yield character
    if word:
        yield word


@given(expressions.conditions)
def test_every_condition_can_say_itself_in_both_languages(text):
    term = read_condition(text, expressions.REFERENCES).term
    assert term_said(term, "zh")
    assert term_said(term, "en").isascii() or "“" in term_said(term, "en")


@pytest.mark.parametrize(
    ("text", "fields", "wanted"),
    [
        ("speed_kn < 1.5", {"sog_dkn": 14}, True),
        ("speed_kn < 1.5", {"sog_dkn": 15}, False),
        ("speed_kn < 1.5", {}, False),  # not known is not slow
        ("NOT (speed_kn < 1.5)", {}, False),  # nor is it not slow
        ("speed_kn IS NULL", {}, True),
        ("speed_kn = 1.5", {"sog_dkn": 15}, True),
        ("speed_kn / 0 > 1", {"sog_dkn": 15}, False),
        ("speed_kn / 0 IS NULL", {"sog_dkn": 15}, True),
        ("1 / 2 = 0.5", {}, True),  # numbers are never whole-number division
        ("kind IN ('dredger', 'cargo')", {}, True),
        ("kind NOT IN ('dredger')", {}, True),
        ("'cargo' = kind", {}, True),
        ("load = 'full'", {"flags": Flag.LOAD_KNOWN | Flag.LOAD_FULL}, True),
        ("load = 'empty'", {"flags": Flag.LOAD_KNOWN}, True),
        ("load = 'empty'", {}, False),  # the device does not say
        ("load IS NULL", {}, True),
        ("least(speed_kn, 3) = 3", {}, True),  # as in PostgreSQL, NULL is passed over
        ("greatest(speed_kn, length_m) IS NULL", {}, True),
        ("coalesce(speed_kn, 99) = 99", {}, True),
        ("has_permit('sand-mining')", {"track": 1}, True),
        ("has_permit('sand-mining')", {"track": 3}, False),
        ("has_permit('unheard-of')", {"track": 1}, False),
        ("hour_local BETWEEN 22.5 AND 23", {"t": 14 * 3_600_000 + 45 * 60_000}, True),
        ("SPEED_KN < 2 and Not SOS", {"sog_dkn": 10}, True),
        ("-lat < 0", {"lat": 600_000}, True),
    ],
)
def test_an_expression_means_what_it_means_in_sql(text, fields, wanted):
    assert one(text, **fields) is wanted


@pytest.mark.parametrize(
    ("text", "column", "en", "remedy"),
    [
        ("", 1, "empty", "speed_kn < 1.5"),
        ("sped_kn < 3", 1, "no column sped_kn", "did you mean speed_kn"),
        ("speed_kn < 3 AND kind = 'dreger'", 25, "no kind name 'dreger'", "did you mean dredger"),
        ("kind LIKE 'd%'", 6, "LIKE cannot be used", "use =, <>"),
        ("sqrt(speed_kn) > 1", 1, "no function SQRT", "abs, coalesce"),
        ("speed_kn = NULL", 1, "NULL stands in IS NULL alone", "IS NOT NULL"),
        ('kind = "cargo"', 8, "double quotes", "single quotes: 'cargo'"),
        ("speed_kn", 1, "a boolean is wanted here, this is a number", "write a comparison"),
        ("kind > 'cargo'", 1, "has no order", "use =, <> or IN"),
        ("speed_kn < 3; DROP TABLE watch_rule", 13, "; cannot be used", "use =, <>"),
        ("speed_kn IN (SELECT 1)", 14, "SELECT cannot be used", "use =, <>"),
        ("(speed_kn < 3", 14, "not closed", "add the missing )"),
        ("speed_kn < 3)", 13, "cannot be read", "SQL boolean"),
        ("speed_kn < 1e400", 12, "too large", "at most"),
        ("is_night IS TRUE", 1, "IS goes with NULL alone", "write is_night"),
        ("sos -- really", 1, "comment", "YAML comment"),
        ("has_permit(3)", 1, "takes one name", "has_permit('sand-mining')"),
        ("watch.speed_kn < 3", 1, "no column", "speed_kn"),
        ("speed_kn::text = 'a'", 9, ":: cannot be used", "use =, <>"),
        ("CASE WHEN sos THEN sos END", 1, "CASE cannot be used", "use =, <>"),
    ],
)
def test_what_is_not_in_the_list_is_refused_with_its_place_and_its_remedy(text, column, en, remedy):
    with pytest.raises(RuleError) as caught:
        read_condition(text)
    error = caught.value
    assert (error.line, error.column) == (1, column)
    assert en in error.what.en
    assert remedy in error.instead.en
    assert any("一" <= character <= "鿿" for character in error.what.zh)
    assert error.instead.zh


@pytest.mark.parametrize(
    "text",
    [
        "sos AND " * 400 + "sos",
        "(" * (MAX_DEPTH + 1) + "sos" + ")" * (MAX_DEPTH + 1),
        "NOT " * 100 + "sos",
        "speed_kn > " + "- " * 100 + "1",
        "x" * (MAX_TEXT + 1),
        "sos" + " OR sos" * MAX_TOKENS,
        "coalesce(" * 40 + "sos" + ")" * 40,
    ],
)
def test_length_and_depth_are_bounded(text):
    with pytest.raises(RuleError):
        read_condition(text)


@pytest.mark.parametrize(
    "text",
    [
        "sos" + " = sos" * 25,
        "coalesce(" * 28 + "sos" + ")" * 28,
        "sos" + " OR is_night AND sos" * 60,
        "speed_kn > " + "least(1, " * 28 + "2" + ")" * 28,
        "(" * 30 + "sos" + ")" * 30,
    ],
)
def test_the_work_of_reading_grows_with_the_text_and_does_not_double_with_each_level(text, monkeypatch):
    visits = []
    once = conditions._Reader.term

    def counted(self, node, depth, like=None):
        visits.append(node)
        return once(self, node, depth, like)

    monkeypatch.setattr(conditions._Reader, "term", counted)
    read_condition(text)
    assert len(visits) <= 2 * len(text.split()) + text.count("(")


@given(st.text(max_size=200))
def test_any_text_at_all_raises_nothing_but_a_rule_error(text):
    error = None
    try:
        read_condition(text)
    except RuleError as caught:
        error = caught
    assert error is None or (error.line >= 1 and error.column >= 1)


_MORE = """AND OR NOT ( ) , = <> < >= IN BETWEEN IS NULL + - * / 1 2.5 'cargo' 'full' abs coalesce least
has_permit greatest TRUE FALSE SELECT CASE :: -- /* */ ; " ' E'\\x' $$ [ ] ? :a @ ARRAY INTERVAL DATE CAST
EXISTS ALL ANY ROW 。 || -> ~ DISTINCT FROM COLLATE OVER"""
WORDS = [*NAMED, *_MORE.split(), "\n", "\x00"]


@given(st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join))
def test_any_words_of_sql_raise_nothing_but_a_rule_error(text):
    try:
        condition = read_condition(text)
    except RuleError:
        return
    assert condition.evaluate(columns(np.zeros(3, dtype=COLUMNS))).shape == (3,)
