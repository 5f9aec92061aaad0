"""Masks show what their rule says and never more: odd lengths, other scripts, full-width digits."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiangdun.core import masking
from jiangdun.core.access import Allowed
from jiangdun.core.datasets import DataSet
from jiangdun.core.masking import HIDDEN, mask
from jiangdun.core.redaction import redact

SHOWN_MOST = {"phone": (3, 4), "id": (6, 4), "id_short": (3, 4)}


@pytest.mark.parametrize(
    ("how", "value", "shown"),
    [
        ("phone", "13812345678", "138****5678"),
        ("phone", "１３８１２３４５６７８", "138****5678"),
        ("phone", "+86 138-1234-5678", "138****5678"),
        ("phone", "0086 138 1234 5678", "138****5678"),
        ("phone", "0511-88123456", "051*****3456"),
        ("phone", "88123456", "******56"),
        ("phone", "110", "****"),
        ("id", "321102199001011234", "321102********1234"),
        ("id", "32110219900101123x", "321102********123x"),
        ("id", "321102900101123", "321102*****1123"),
        ("id", "E12345678", "*******78"),
        ("id_short", "321102199001011234", "321***********1234"),
        ("name", "张三", "张*"),
        ("name", "张三丰", "张*"),
        ("name", "欧阳修", "欧阳*"),
        ("name", "欧阳", "欧*"),
        ("name", "司马 相如", "司马*"),
        ("name", "阿卜杜拉·买买提", "阿*"),
        ("name", "张", "*"),
        ("name", "John Smith", "J* S*"),
        ("name", "Juan Carlos de la Cruz", "J* C*"),
        ("name", "Иван", "И*"),
        ("name", "X", "*"),
        ("name", "🚤", "*"),
        ("plate", "苏L12345", "苏L·**345"),
        ("plate", "苏L·12345", "苏L·**345"),
        ("plate", "苏l d12345", "苏L·***345"),
        ("plate", "苏L1234警", "苏L·**34警"),
        ("plate", "B-AB 1234", "****234"),
        ("address", "江苏省镇江市京口区象山街道长江村3组12号", "江苏省镇江市京口区象山街道长江村***"),
        ("address", "镇江市扬中市三茅街道江洲社区５号", "镇江市扬中市三茅街道江洲社区***"),
        ("address", "江苏省镇江市京口区长江路88号东村小区1幢", "江苏省镇江市京口区***"),
        ("address", "江滨新村12幢301室", "***"),
        ("address", "12 River Road", "***"),
        ("nothing", "李四 13812345678", HIDDEN),
    ],
)  # fmt: skip
def test_a_mask_shows_what_its_rule_says(how: str, value: str, shown: str) -> None:
    assert mask(how, value) == shown


@given(st.sampled_from(sorted(SHOWN_MOST)), st.text(max_size=60))
def test_a_number_shows_its_ends_at_most(how: str, value: str) -> None:
    front, back = SHOWN_MOST[how]
    shown = mask(how, value)
    head, stars, tail = shown.partition("*")[0], shown.count("*"), shown.rpartition("*")[2]
    assert len(head) <= front
    assert len(tail) <= back
    assert stars >= masking.HIDDEN_LEAST
    assert "*" * stars == shown[len(head) : len(shown) - len(tail)], "one hole and no more"
    assert len(head + tail) <= 0.65 * len(unicodedata.normalize("NFKC", value))


@given(st.from_regex(r"[0-9０-９]{1,40}", fullmatch=True))
def test_full_width_digits_are_masked_like_others(digits: str) -> None:
    for how in SHOWN_MOST:
        assert mask(how, digits) == mask(how, unicodedata.normalize("NFKC", digits))


@given(st.text(max_size=60))
def test_a_name_shows_two_letters_at_most(value: str) -> None:
    assert sum(sign.isalpha() for sign in mask("name", value)) <= 2
    assert "*" in mask("name", value)


@given(st.text(alphabet="苏A-B鲁京01９abc·　 警使", max_size=12))
def test_a_plate_shows_its_place_and_three_signs_at_most(value: str) -> None:
    shown = mask("plate", value)
    assert shown.count("*") >= 2
    assert sum(sign.isalnum() for sign in shown) <= 5


@given(st.text(alphabet="江苏省镇市京口区县象山街道长村社路号弄0１２3A室 新", max_size=40))
def test_an_address_shows_no_number_and_no_road(value: str) -> None:
    shown = mask("address", value)
    assert shown.endswith(HIDDEN)
    assert not any(sign.isdigit() for sign in shown)
    assert not set("路号弄室") & set(shown)


@given(st.text(max_size=20), st.text(max_size=80))
def test_a_mask_nobody_knows_hides_all(how: str, value: str) -> None:
    if how not in masking.known():
        assert mask(how, value) == HIDDEN


@given(st.text(max_size=900))
def test_of_a_whistle_blower_nothing_is_shown_not_even_that_there_is_one(value: str) -> None:
    assert mask("nothing", value) == HIDDEN


@given(st.sampled_from(sorted(masking.known())), st.text(min_size=masking.VALUE_MAX + 1, max_size=500))
def test_what_is_too_long_to_be_such_a_value_is_hidden(how: str, value: str) -> None:
    assert mask(how, value) == HIDDEN


def test_it_is_the_mask_redaction_asks_for() -> None:
    data = DataSet("people", "人员", "people", frozenset({"id"}), frozenset({"phones", "name"}))
    allowed = Allowed(frozenset({"phones", "name"}), {"phones": "phone", "name": "nobody_knows"})
    row = {"id": 1, "phones": ["13812345678", ""], "name": "张三", "note": "x"}
    shown = redact(row, allowed, data, mask)
    assert shown == {"id": 1, "phones": ["138****5678", ""], "name": HIDDEN, "hidden": ["note"]}
