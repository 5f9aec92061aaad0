"""Sentences and tag blocks: what is one, what is none and why, whatever pieces the bytes come in."""

from __future__ import annotations

from functools import reduce
from itertools import pairwise
from operator import xor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiangdun.feeds.observations import BadFrame
from jiangdun.feeds.protocols.nmea import (
    LINE_MAX,
    Lines,
    Sentence,
    Tag,
    checksum,
    read_tag,
    sentences,
    unix_ms,
)

GOOD = b"!AIVDM,1,1,,A,16:V?>00198C?1PA0sJ3N2lt0000,0*7E"
OTHER = b"!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5C"


def sealed(body: bytes) -> bytes:
    return b"!%b*%02X" % (body, reduce(xor, body))


@given(st.binary(max_size=200))
def test_the_folded_checksum_is_the_xor_of_all_bytes(body: bytes) -> None:
    assert checksum(body) == reduce(xor, body, 0)


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r"])
def test_any_line_end_ends_a_line(end: bytes) -> None:
    assert Lines().take(end.join([b"one", b"", b"three", b""])) == [b"one", b"", b"three"]


stream = st.lists(
    st.sampled_from([b"\r", b"\n", b"\r\n", b"!", b"\\", b"$", GOOD, b"x" * 400, b"\\s:a*00\\"]), max_size=40
).map(b"".join)


@given(stream, st.lists(st.integers(0, 20_000), max_size=12))
def test_lines_do_not_depend_on_where_the_stream_is_cut(data: bytes, cuts: list[int]) -> None:
    whole, pieces = Lines(), Lines()
    expected = whole.take(data) + whole.end()
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    found = [line for start, end in pairwise(edges) for line in pieces.take(data[start:end])]
    assert found + pieces.end() == expected
    assert all(len(line) <= LINE_MAX for line in expected)


@given(st.integers(0, 3 * LINE_MAX), st.sampled_from([b"x", b"!", b"$", b"\\", b"!$"]))
def test_noise_without_line_ends_does_not_hide_the_sentence_behind_it(n: int, noise: bytes) -> None:
    lines = Lines()
    found = [s for line in lines.take(noise * n + GOOD + b"\r\n") for s in sentences(line)]
    assert any(isinstance(s, Sentence) and s.payload == GOOD.split(b",")[5] for s in found)
    assert lines.waiting <= LINE_MAX


def test_a_sentence_in_the_midst_of_a_broken_one_is_found() -> None:
    found = sentences(GOOD[:30] + OTHER)
    assert [type(s) for s in found] == [BadFrame, Sentence]
    assert isinstance(found[0], BadFrame)
    assert found[0].reason == "truncated"


def test_what_stands_before_and_behind_a_sentence_is_nobodys() -> None:
    (found,) = sentences(b"2012-01-27 11:47:01 " + GOOD + b",d-109,S2105,1325394060")
    assert isinstance(found, Sentence)


@pytest.mark.parametrize(
    "line", [b"", b"# a comment!", b"$GPGGA,1,2*33", b"!AIPWR,1*00", b"!", b"\\s:x*00\\"]
)
def test_a_line_without_ais_has_no_sentence(line: bytes) -> None:
    assert sentences(line) == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (GOOD[:-1] + b"F", "checksum"),
        (GOOD[:-3], "truncated"),
        (GOOD[:20], "truncated"),
        (sealed(b"AIVDM,1,1,,A,16:V?>00198C?1PA0sJ3N2lt0000"), "fields"),
        (sealed(b"AIVDM,1,1,,A,16:V?>0019xyz,0"), "armour"),
        (sealed(b"AIVDM,1,1,,A,16:V?>00198C?1PA0sJ3N2lt0000,7"), "fields"),
        (sealed(b"AIVDM,1,2,,A,16:V?>00198C?1PA0sJ3N2lt0000,0"), "fields"),
        (sealed(b"AIVDM,0,1,,A,16:V?>00198C?1PA0sJ3N2lt0000,0"), "fields"),
    ],
)
def test_a_bad_sentence_says_why(line: bytes, reason: str) -> None:
    (found,) = sentences(line)
    assert isinstance(found, BadFrame)
    assert found.reason == reason


def test_a_tag_block_tells_station_time_and_group() -> None:
    inside = b"g:1-2-73874,n:157036,s:r003669945,c:1241544035"
    assert read_tag(inside, b"4A") == Tag("r003669945", 1_241_544_035_000, "73874", True)


def test_a_tag_block_with_a_wrong_checksum_is_not_believed() -> None:
    assert read_tag(b"s:r003669945,c:1241544035", b"00") == Tag(sound=False)


@pytest.mark.parametrize(
    ("digits", "ms"),
    [
        (b"1241544035", 1_241_544_035_000),
        (b"1241544035123", 1_241_544_035_123),
        (b"0", None),
        (b"12415440354999", None),
        (b"99999999999", None),
        (b"-5", None),
        ("١٢".encode(), None),
    ],
)
def test_unix_time_comes_in_seconds_and_milliseconds(digits: bytes, ms: int | None) -> None:
    assert unix_ms(digits) == ms
