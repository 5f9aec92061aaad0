"""AIS from bytes to observations: golden vectors, streams cut, mixed and damaged."""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiangdun.feeds.columns import DEGREE, NO_SPEED, Flag, Kind
from jiangdun.feeds.observations import Fix, Heartbeat, Static, Taken, Text
from jiangdun.feeds.protocols.ais import AisSession
from jiangdun.feeds.protocols.ais_memory import PARTS_MAX, AisMemory, Recent
from jiangdun.feeds.protocols.ais_messages import at_second
from jiangdun.feeds.simulators.ais import AisStation

GOLDEN = [json.loads(line) for line in (Path(__file__).parent / "samples/ais/golden.jsonl").open()]
NOW = 1_780_000_000_000


def total(*taken: Taken) -> Counter[str]:
    """All counts, rejects as `reject_<reason>`."""
    counts: Counter[str] = Counter()
    for one in taken:
        counts.update(one.counts)
        counts.update(f"reject_{bad.reason}" for bad in one.rejects)
    return counts


def sums_hold(counts: Counter[str], waiting: int = 0) -> bool:
    rejects = sum(n for key, n in counts.items() if key.startswith("reject_"))
    return counts["lines"] == counts["sentences"] + counts["other"] and counts["sentences"] == (
        counts["parts"] + counts["duplicates"] + counts["decoded"] + rejects + waiting
    )


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: case["bytes"][:34])
def test_golden_vectors_give_the_stated_values(case: dict) -> None:
    session = AisSession()
    taken = session.take(case["bytes"].encode(), NOW)
    found = [{"is": type(o).__name__} | asdict(o) for o in taken.observations]
    assert [{key: f[key] for key in e} for f, e in zip(found, case["expected"], strict=True)] == case[
        "expected"
    ]
    assert [bad.reason for bad in taken.rejects] == ([case["reject"]] if "reject" in case else [])
    assert sums_hold(total(taken))


ALL_GOLDEN = "".join(case["bytes"] for case in GOLDEN).encode()


@given(st.lists(st.integers(0, len(ALL_GOLDEN)), max_size=8))
def test_a_stream_cut_anywhere_gives_the_same(cuts: list[int]) -> None:
    whole = AisSession().take(ALL_GOLDEN, NOW)
    session = AisSession()
    edges = [0, *sorted(cuts), len(ALL_GOLDEN)]
    taken = [session.take(ALL_GOLDEN[a:b], NOW) for a, b in pairwise(edges)]
    assert [o for one in taken for o in one.observations] == whole.observations
    assert total(*taken) == total(whole)


def test_byte_by_byte_gives_the_same() -> None:
    session = AisSession()
    taken = [session.take(bytes([byte]), NOW) for byte in ALL_GOLDEN]
    assert [o for one in taken for o in one.observations] == AisSession().take(ALL_GOLDEN, NOW).observations


@given(st.integers(0, 47), st.integers(0, 7))
def test_a_flipped_bit_costs_its_own_sentence_only(at: int, bit: int) -> None:
    first, second = GOLDEN[0]["bytes"].encode(), GOLDEN[1]["bytes"].encode()
    broken = bytearray(first)
    broken[at] ^= 1 << bit
    session = AisSession()
    taken = session.take(bytes(broken) + second, NOW)
    assert [o.ident for o in taken.observations if isinstance(o, Fix)] in (
        ["413765432"],
        ["477553000", "413765432"],  # the flip struck a checksum digit's case
    )
    assert sums_hold(total(taken, session.end(NOW)))


@given(st.lists(st.one_of(st.binary(max_size=300), st.sampled_from([c["bytes"].encode() for c in GOLDEN]))))
def test_noise_raises_nothing_and_every_sentence_is_counted_once(pieces: list[bytes]) -> None:
    session = AisSession()
    taken = [session.take(piece, NOW + i) for i, piece in enumerate(pieces)]
    assert sums_hold(total(*taken), session.waiting)
    assert sums_hold(total(*taken, session.end(NOW)))


@given(
    st.text("0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVW`abcdefghijklmnopqrstuvw", max_size=80),
    st.integers(0, 5),
)
def test_any_armoured_payload_is_understood_or_refused(payload: str, fill: int) -> None:
    session = AisSession()
    sentence = AisStation().sentences(payload.encode(), fill, NOW)
    counts = total(session.take(sentence, NOW), session.end(NOW))
    assert sums_hold(counts)


def test_sixty_four_kib_of_noise_without_line_ends_is_survived() -> None:
    session = AisSession()
    noise = bytes(range(32, 127)) * 690
    taken = session.take(noise.replace(b"!", b"?") + GOLDEN[0]["bytes"].encode(), NOW)
    assert [o.ident for o in taken.observations if isinstance(o, Fix)] == ["477553000"]


def test_parts_of_two_stations_may_be_mixed() -> None:
    north, south = AisStation(source="north"), AisStation(source="south")
    a = north.static(Static("ais", "413000111", "NORTH SHIP"), NOW).splitlines(keepends=True)
    b = south.static(Static("ais", "413000222", "SOUTH SHIP"), NOW).splitlines(keepends=True)
    taken = AisSession().take(a[0] + b[0] + b[1] + a[1], NOW)
    assert [o.name for o in taken.observations if isinstance(o, Static)] == ["SOUTH SHIP", "NORTH SHIP"]
    assert total(taken)["parts"] == 2


def test_parts_in_the_wrong_order_make_a_whole() -> None:
    first, second = AisStation().static(Static("ais", "413000111", "SHIP"), NOW).splitlines(keepends=True)
    taken = AisSession().take(second + first, NOW)
    assert [o.ident for o in taken.observations] == ["413000111"]


def test_a_part_whose_rest_never_comes_is_rejected_after_five_seconds() -> None:
    first, second = AisStation().static(Static("ais", "413000111", "SHIP"), NOW).splitlines(keepends=True)
    session = AisSession()
    taken = [session.take(first, NOW), session.idle(NOW + 4_000)]
    assert session.waiting == 1
    taken += [session.idle(NOW + 5_001), session.take(second, NOW + 5_002), session.end(NOW + 5_003)]
    assert total(*taken)["reject_incomplete"] == 2
    assert sums_hold(total(*taken))


def test_waiting_parts_have_a_limit() -> None:
    session = AisSession()
    taken = []
    for i in range(PARTS_MAX + 10):
        station = AisStation(source=f"s{i}")
        taken.append(session.take(station.static(Static("ais", "413000111"), NOW).splitlines(True)[0], NOW))
    assert session.waiting == PARTS_MAX
    assert total(*taken)["reject_incomplete"] == 10


def test_another_receivers_copy_within_fifteen_seconds_is_a_duplicate() -> None:
    memory = AisMemory()
    north, south = AisSession(memory), AisSession(memory)
    sentence = GOLDEN[0]["bytes"].encode()
    taken = [north.take(sentence, NOW), south.take(sentence, NOW + 15_000)]
    assert total(*taken)["duplicates"] == 1
    assert total(south.take(sentence, NOW + 15_001))["decoded"] == 1


def test_a_message_of_two_parts_heard_twice_counts_once() -> None:
    sentences = AisStation().static(Static("ais", "413000111", "SHIP"), NOW)
    first, second = sentences.splitlines(keepends=True)
    counts = total(AisSession().take(first + first + second + sentences, NOW))
    assert (counts["decoded"], counts["duplicates"], counts["parts"]) == (1, 2, 2)
    assert sums_hold(counts)


def test_memory_of_what_was_heard_is_bounded() -> None:
    recent: Recent[int] = Recent(15_000, 100)
    for i in range(10_000):
        recent.note(i, NOW)
    assert len(recent) <= 200
    assert recent.knows(9_999, NOW)
    assert not recent.knows(9_999, NOW + 15_001)


@pytest.mark.parametrize(
    ("lon", "lat", "why"),
    [
        (181 * DEGREE, 91 * DEGREE, "no_fix_default"),
        (0, 0, "no_fix_zero"),
        (DEGREE * 118, DEGREE * 100, "no_fix_range"),
        (DEGREE * 200, DEGREE * 31, "no_fix_range"),
    ],
)
def test_a_ship_without_a_position_is_heard_but_never_drawn(lon: int, lat: int, why: str) -> None:
    taken = AisSession().take(AisStation().fix(Fix("ais", "413765432", lon, lat), NOW), NOW)
    assert taken.observations == [Heartbeat("ais", "413765432")]
    assert taken.counts[why] == 1
    assert taken.counts["decoded"] == 1


@pytest.mark.parametrize(
    "mmsi", ["000000000", "000000001", "123456789", "111111111", "413000000", "1073741823"]
)
def test_a_makers_placeholder_is_no_ship(mmsi: str) -> None:
    taken = AisSession().take(AisStation().fix(Fix("ais", mmsi, 70 * DEGREE, 31 * DEGREE), NOW), NOW)
    assert [bad.reason for bad in taken.rejects] == ["mmsi"]
    assert taken.observations == []


def test_a_ship_that_lost_its_gnss_is_marked() -> None:
    lost = Fix("ais", "413765432", 118 * DEGREE, 31 * DEGREE, sog_dkn=1_022)
    (fix,) = AisSession().take(AisStation().fix(lost, NOW), NOW).observations
    assert isinstance(fix, Fix)
    assert fix.flags & Flag.NO_FIX
    assert fix.sog_dkn == NO_SPEED


def test_an_active_distress_beacon_is_an_sos() -> None:
    beacon = Fix("ais", "972000123", 118 * DEGREE, 31 * DEGREE, nav=14)
    testing = Fix("ais", "970000123", 118 * DEGREE, 31 * DEGREE, nav=15)
    station = AisStation()
    one, two = AisSession().take(station.fix(beacon, NOW) + station.fix(testing, NOW), NOW).observations
    assert isinstance(one, Fix)
    assert isinstance(two, Fix)
    assert one.flags & Flag.SOS
    assert one.kind is Kind.PERSON
    assert not two.flags & Flag.SOS


def test_a_coarse_position_is_dropped_while_finer_ones_are_heard() -> None:
    # A type 27 of 230108610 (shared by gpsd's developers), an hour apart from a type 1 of the same ship.
    coarse = b"!AIVDM,1,1,,A,K3KLehP0rPTJ10Qr,0*2A\r\n"
    fine = AisStation().fix(Fix("ais", "230108610", 25 * DEGREE, 60 * DEGREE), NOW)
    session = AisSession()
    (before,) = session.take(coarse, NOW).observations
    assert isinstance(before, Fix)
    assert (before.lon % 1_000, before.lat % 1_000) == (0, 0)
    session.take(fine, NOW + 20_000)
    assert total(session.take(coarse, NOW + 40_000))["coarse"] == 1
    assert session.take(coarse, NOW + 20_000 + 3_600_001).observations == [before]


def test_the_dimensions_of_an_auxiliary_craft_are_its_mother_ships_number() -> None:
    craft = Static("ais", "983765432", "TENDER", length_dm=800, beam_dm=140, kind=Kind.TUG)
    taken = AisSession().take(AisStation().static(craft, NOW, class_b=True), NOW)
    about = taken.observations[1]
    assert isinstance(about, Static)
    assert (about.length_dm, about.kind) == (None, Kind.TUG)


def test_a_stations_time_is_moved_back_to_the_messages_second() -> None:
    moment = NOW + 37_000
    sentence = AisStation(source="north").fix(
        Fix("ais", "413765432", 118 * DEGREE, 31 * DEGREE), moment - 4_000
    )
    late = AisStation(source="north").fix(
        Fix("ais", "413765432", 118 * DEGREE, 31 * DEGREE, utc_second=(moment // 1_000 - 4) % 60), moment
    )
    (fix,) = AisSession().take(late, moment + 9_000).observations
    assert isinstance(fix, Fix)
    assert fix.t_device_ms == moment - 4_000
    (other,) = AisSession().take(sentence, moment).observations
    assert isinstance(other, Fix)
    assert other.t_device_ms == moment - 4_000


@given(st.integers(10**12, 2 * 10**12), st.integers(0, 59))
def test_at_second_finds_the_latest_moment_not_in_the_future(heard: int, second: int) -> None:
    moment = at_second(heard, second)
    assert moment // 1_000 % 60 == second
    assert heard - 55_000 - 1_000 < moment <= heard + 5_000


def test_a_datagram_without_a_line_end_is_whole() -> None:
    sentence = GOLDEN[0]["bytes"].strip().encode()
    assert len(AisSession(datagrams=True).take(sentence, NOW).observations) == 1
    session = AisSession()
    assert session.take(sentence, NOW).observations == []
    assert len(session.end(NOW).observations) == 1


def test_the_head_of_a_lightweight_ethernet_datagram_is_passed_over() -> None:
    datagram = b"UdPbC\x00" + AisStation(source="GP0001").fix(
        Fix("ais", "413765432", 70_000_000, 18_000_000), NOW
    )
    (fix,) = AisSession(datagrams=True).take(datagram, NOW).observations
    assert isinstance(fix, Fix)
    assert fix.t_device_ms == NOW


def test_texts_name_their_sender() -> None:
    text = AisSession().take(GOLDEN[4]["bytes"].encode(), NOW).observations[0]
    assert isinstance(text, Text)
    assert text.ident == "004131200"


def resident_mb() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1_024
    raise AssertionError("no VmRSS")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc")
def test_bad_sentences_by_the_hundred_thousand_leave_no_trace_in_memory() -> None:
    session, station = AisSession(), AisStation()

    def bad(i: int) -> bytes:
        kind = i % 5
        if kind == 0:
            return b"!AIVDM,1,1,,A,%d,0*00\r\n" % i
        if kind == 1:
            return station.sentences(b"1%027d" % (i * 3), 5, NOW)  # type 1 of 163 bits
        if kind == 2:
            return b"!AIVDM,2,1,%d,A,%d,0*" % (i % 10, i)
        if kind == 3:
            return station.sentences(b"5%069d" % i, 0, NOW).splitlines(keepends=True)[0]  # never whole
        return bytes(chance.choices(range(256), k=60))

    chance = Random(1)
    n = 100_000 if os.environ.get("HYPOTHESIS_PROFILE") != "soak" else 1_000_000
    for i in range(10_000):
        session.take(bad(i), NOW + i)
    before = resident_mb()
    for i in range(10_000, n):
        session.take(bad(i), NOW + i)
    assert resident_mb() <= before + 20
