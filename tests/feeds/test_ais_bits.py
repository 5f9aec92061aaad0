"""The tables of bits, held to pyais (an independent reader) and to gpsd's decoding of recorded sentences."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pyais
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiangdun.feeds.observations import BadFrame
from jiangdun.feeds.protocols import ais_bits as bits
from jiangdun.feeds.protocols.nmea import Sentence, sentences
from jiangdun.feeds.simulators.ais import AisStation

DATA = os.environ.get("JIANGDUN_DATA")

LAYOUTS: dict[Any, bits.Layout] = {
    1: bits.POSITION_A,
    2: bits.POSITION_A,
    3: bits.POSITION_A,
    4: bits.BASE_STATION,
    5: bits.STATIC_A,
    9: bits.AIRCRAFT,
    11: bits.BASE_STATION,
    18: bits.POSITION_B,
    19: bits.EXTENDED_B,
    21: bits.AID,
    27: bits.LONG_RANGE,
    (24, 0): bits.STATIC_B_A,
    (24, 1): bits.STATIC_B_B,
}

# Ours, pyais', gpsd's (unscaled).
NAMES = [
    ("mmsi", "mmsi", "mmsi"),
    ("nav", "status", "status"),
    ("sog", "speed", "speed"),
    ("lon", "lon", "lon"),
    ("lat", "lat", "lat"),
    ("cog", "course", "course"),
    ("heading", "heading", "heading"),
    ("second", "second", "second"),
    ("imo", "imo", "imo"),
    ("call_sign", "callsign", "callsign"),
    ("name", "shipname", "shipname"),
    ("ship_type", "ship_type", "shiptype"),
    ("bow", "to_bow", "to_bow"),
    ("stern", "to_stern", "to_stern"),
    ("port", "to_port", "to_port"),
    ("starboard", "to_starboard", "to_starboard"),
    ("draught", "draught", "draught"),
    ("destination", "destination", "destination"),
]


def read(layout: bits.Layout, value: int, length: int) -> dict[str, Any]:
    return {
        field.name: bits.text(number, field.bits) if field.form == "t" else number
        for field, number in zip(layout.fields, layout.read(value, length), strict=True)
    }


def layout_of(value: int, length: int) -> bits.Layout | None:
    kind = value >> (length - 6)
    return LAYOUTS.get((kind, (value >> (length - 40)) & 3) if kind == 24 else kind)


def random_values(layout: bits.Layout) -> st.SearchStrategy[dict[str, Any]]:
    letters = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ 0123456789.-<>", max_size=20)
    kinds = {}
    for field in layout.fields:
        if field.form == "t":
            kinds[field.name] = letters.map(lambda s, n=field.bits // 6: s[:n].strip())
        elif field.form == "i":
            kinds[field.name] = st.integers(-(1 << (field.bits - 1)), (1 << (field.bits - 1)) - 1)
        else:
            kinds[field.name] = st.integers(0, (1 << field.bits) - 1)
    return st.fixed_dictionaries(kinds)


@pytest.mark.parametrize("kind", LAYOUTS, ids=str)
@given(data=st.data())
def test_what_is_written_is_read_by_us_and_by_pyais(kind: Any, data: st.DataObject) -> None:
    layout = LAYOUTS[kind]
    fixed = {"type": kind} if isinstance(kind, int) else {"type": kind[0], "part": kind[1]}
    values = data.draw(random_values(layout)) | fixed
    payload, fill = layout.write(values)
    assert read(layout, *bits.unarmour(payload, fill)) == values
    if "mmsi" in values and 980_000_000 <= values["mmsi"] < 990_000_000:
        return  # pyais reads the mother ship's number
    message = pyais.decode(*AisStation().sentences(payload, fill, 0).split())
    theirs = message.asdict(enum_as_int=True)
    scale = {"lon": 600 if values["type"] == 27 else 600_000, "lat": 600 if values["type"] == 27 else 600_000}
    whole = values["type"] in (9, 27)
    scale |= {"draught": 10, "speed": 1 if whole else 10, "course": 1 if values["type"] == 27 else 10}
    for ours, name, _ in NAMES:
        if ours not in values or name not in theirs or (ours == "second" and values["type"] in (4, 11)):
            continue
        if ours in ("ship_type", "nav"):  # pyais makes these an enumeration and folds unknown ones
            continue
        number = theirs[name]
        if ours in ("lon", "lat"):
            # pyais rounds to 6 decimals.
            assert abs(number * scale[name] - values[ours]) <= 0.31 * scale[name] / 600_000 + 1e-6
        elif isinstance(number, float):
            assert round(number * scale.get(name, 1)) == values[ours]
        elif isinstance(number, str):
            assert number.rstrip() == values[ours]
        else:
            assert number == values[ours]


def test_the_tables_write_what_was_recorded() -> None:
    # Sentences whose every bit outside the tables is zero.
    for payload in (b"16:V?>00198C?1PA0sJ3N2lt0000", b"B69vCeP0128dip4Vvr06CwV00000"):
        value, length = bits.unarmour(payload, 0)
        layout = layout_of(value, length)
        assert layout is not None
        again = read(layout, value, length)
        assert read(layout, *bits.unarmour(*layout.write(again))) == again
    assert bits.POSITION_A.write(
        read(bits.POSITION_A, *bits.unarmour(b"16:V?>00198C?1PA0sJ3N2lt0000", 0))
    ) == (
        b"16:V?>00198C?1PA0sJ3N2lt0000",
        0,
    )


@pytest.mark.parametrize("words", ["江汇66", "A~B", "TOO LONG FOR SEVEN"])
def test_six_bit_text_cannot_say_everything(words: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        bits.text_bits(words, 42)


def test_a_value_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="sog=1024 does not fit"):
        bits.POSITION_A.write({"sog": 1_024})
    with pytest.raises(ValueError, match="no such field: speed"):
        bits.POSITION_A.write({"speed": 1})


@given(st.integers(1, 500), st.integers(0))
def test_armour_and_back(length: int, seed: int) -> None:
    value = seed % (1 << length)
    assert bits.unarmour(*bits.armour(value, length)) == (value, length)


@pytest.mark.parametrize("kind", LAYOUTS, ids=str)
def test_a_message_too_short_or_too_long_is_refused(kind: Any) -> None:
    layout = LAYOUTS[kind]
    for length in (layout.shortest - 1, layout.longest + 1):
        with pytest.raises(BadFrame, match="length"):
            layout.read(0, length)


@pytest.mark.skipif(DATA is None, reason="JIANGDUN_DATA is not set")
def test_fields_are_those_that_gpsd_reads_in_recorded_sentences() -> None:
    assert DATA is not None
    compared = 0
    for line in (Path(DATA) / "ais/gpsd/gpsd_pairs.jsonl").open():
        case = json.loads(line)
        found = [s for text in case["sentences"] for s in sentences(text.encode())]
        assert all(isinstance(s, Sentence) for s in found)
        good = [s for s in found if isinstance(s, Sentence)]
        groups: list[list[Sentence]] = [[]]
        for one in good:
            groups[-1].append(one)
            if one.number == one.total:
                groups.append([])
        ours: dict[str, Any] = {}
        expected = case["expected"]
        for group in groups[:-1]:
            value, length = bits.unarmour(b"".join(s.payload for s in group), int(group[-1].fill))
            if (value >> (length - 6), (value >> (length - 38)) & 0x3FFFFFFF) != (
                expected["type"],
                expected["mmsi"],
            ):
                continue  # a sentence of another message that stood between
            layout = layout_of(value, length)
            try:
                ours |= read(layout, value, length) if layout else {}
            except BadFrame:
                continue
        for name, _, theirs in NAMES:
            if name in ours and theirs in expected and not (name == "second" and expected["type"] in (4, 11)):
                left = ours[name]
                if name == "name" and expected["type"] == 21:
                    assert expected[theirs].startswith(left.strip()), case
                else:
                    assert left == expected[theirs], (name, case)
                compared += 1
    assert compared > 12_000


@pytest.mark.skipif(DATA is None, reason="JIANGDUN_DATA is not set")
def test_fields_are_those_that_libais_reads_in_an_example_of_each_type() -> None:
    assert DATA is not None
    folder = Path(DATA) / "ais/libais"
    compared = 0
    lines = (folder / "typeexamples.nmea").read_bytes().splitlines()
    for line, expected in zip(lines, map(json.loads, (folder / "typeexamples.json").open()), strict=True):
        (sentence,) = sentences(line)
        assert isinstance(sentence, Sentence)
        value, length = bits.unarmour(sentence.payload, int(sentence.fill))
        layout = layout_of(value, length)
        if layout is None:
            continue
        ours = read(layout, value, length)
        scale = 600 if expected["type"] == 27 else 600_000
        assert ours["mmsi"] == expected["mmsi"]
        for name in ("lon", "lat"):
            if name in ours:
                assert ours[name] / scale == pytest.approx(expected[name], abs=1e-5)
                compared += 1
        for name, _, theirs in NAMES:
            if isinstance(expected.get(theirs), str) and name in ("name", "call_sign", "destination"):
                assert ours[name] == expected[theirs].rstrip("@ ")
                compared += 1
    assert compared > 20
