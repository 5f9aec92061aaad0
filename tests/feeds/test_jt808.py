"""JT/T 808: frames and bodies against published vectors, and the session's manners."""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta, timezone
from functools import reduce
from operator import xor as exclusive_or
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiangdun.feeds.columns import NO_COURSE, NO_SPEED, Flag, Kind
from jiangdun.feeds.devices import Book
from jiangdun.feeds.observations import BadFrame, Device, Fix, Heartbeat, Static, Unknown
from jiangdun.feeds.protocols import jt808_body as body
from jiangdun.feeds.protocols import jt808_frame as frames
from jiangdun.feeds.protocols import jt808_parts
from jiangdun.feeds.protocols.jt808 import NOWHERE, WRONG_CODES_MAX, Jt808Session, speed_dkn, steps
from jiangdun.feeds.protocols.jt808_body import Id
from jiangdun.feeds.simulators.jt808 import State, Terminal, location

NOW = 1_795_260_647_000
PHONE = "13812345678"

LOCATION_2013 = (
    "7E02000026123456789012007D02000000010000000200BA7F0E07E4F11C0028003C000018101510"
    "10100104000000640202007D01137E"
)
LOCATION_2019 = (
    "7E0200402201000000000138123456780003000000000004000301EBA360071EA990000C00EB0058"
    "26112119304501040001E2403E7E"
)
REGISTER_2019 = (
    "7E01004054010000000001381234567800020020044C4A443030310000000000004A49414E47445"
    "54E2D543100000000000000000000"
    "00000000000000000054303030303031000000000000000000000000000000000000000000000002CBD54C3132333435187E"
)
ACK_2019 = "7E80014005010000000001381234567800000003020000F57E"
GOLDEN = [LOCATION_2013, "7E000200000138123456780001327E", "7E0002400001000000000138123456780001737E",
          LOCATION_2019, REGISTER_2019, ACK_2019]  # fmt: skip


def frame_of(text: str) -> frames.Frame:
    return frames.read(bytes.fromhex(text)[1:-1])


def device(ident: str = PHONE, kind: Kind = Kind.TRUCK, crs: str = "wgs84") -> Device:
    return Device("jt808", ident, "苏L12345", kind, "code", crs)


def online(terminal: Terminal, *devices: Device) -> Jt808Session:
    session = Jt808Session(Book(devices or [device()]))
    answers = session.take(terminal.hello(), NOW).replies
    while answers:
        answers = session.take(said, NOW).replies if (said := terminal.take(b"".join(answers))) else []
    assert terminal.state is State.ONLINE
    return session


# -- frames -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", GOLDEN, ids=lambda text: text[2:6])
def test_golden_frames_are_written_again_as_the_same_bytes(text: str) -> None:
    assert frames.write(frame_of(text)).hex().upper() == text


def test_the_2013_golden_location_reads_as_published() -> None:
    frame = frame_of(LOCATION_2013)
    read = body.read_location(frame.body)
    assert (frame.msg_id, frame.ident, frame.serial, frame.version) == (0x0200, "123456789012", 126, None)
    assert (read.lat_e6, read.lon_e6, read.speed) == (12_222_222, 132_444_444, 60)
    assert int.from_bytes(read.items[0x01], "big") == 100  # 10.0 km
    assert body.write_location(read) == frame.body


def test_the_2019_golden_location_reads_as_published() -> None:
    frame = frame_of(LOCATION_2019)
    read = body.read_location(frame.body)
    moment = datetime(2026, 11, 21, 19, 30, 45, tzinfo=timezone(timedelta(hours=8)))
    assert (frame.ident, frame.serial, frame.version) == (PHONE, 3, 1)
    assert (read.lat_e6, read.lon_e6, read.altitude_m) == (32_220_000, 119_450_000, 12)
    assert (read.speed, read.course) == (235, 88)
    assert read.t_ms == moment.timestamp() * 1000
    assert int.from_bytes(read.items[0x01], "big") == 123_456
    assert body.write_location(read) == frame.body


def test_the_2019_golden_registration_reads_as_published() -> None:
    frame = frame_of(REGISTER_2019)
    read = body.read_registration(frame.body)
    assert (read.province, read.city, read.colour, read.plate) == (32, 1100, 2, "苏L12345")
    assert (read.maker, read.model, read.terminal) == ("JD001", "JIANGDUN-T1", "T000001")
    assert body.write_registration(read) == frame.body


def test_the_golden_answer_is_what_the_platform_writes() -> None:
    answer = body.write_ack(3, 0x0200, 0)
    assert frames.write(frames.Frame(Id.ACK, "0" * 9 + PHONE, 0, answer, 1)).hex().upper() == ACK_2019


def test_7d_01_02_is_7d_02_and_not_7e() -> None:
    assert frames.unescape(bytes.fromhex("7D0102")) == bytes.fromhex("7D02")
    assert frames.unescape(bytes.fromhex("7D02")) == bytes.fromhex("7E")


@given(st.binary(max_size=300))
def test_escaping_is_undone_by_unescaping_and_hides_every_mark(data: bytes) -> None:
    assert frames.unescape(frames.escape(data)) == data
    assert b"\x7e" not in frames.escape(data)


@given(st.binary(max_size=1100))
def test_the_check_byte_is_the_xor_of_all_bytes(data: bytes) -> None:
    assert frames.xor(data) == reduce(exclusive_or, data, 0)


@given(
    st.integers(0, 0xFFFF),
    st.text("0123456789", min_size=12, max_size=12),
    st.integers(0, 0xFFFF),
    st.binary(max_size=1023),
    st.sampled_from([None, 1]),
    st.booleans(),
)
def test_any_frame_is_read_as_it_was_written(
    msg_id: int, phone: str, serial: int, data: bytes, version: int | None, part: bool
) -> None:
    phone = phone if version is None else phone.rjust(20, "0")
    frame = frames.Frame(msg_id, phone, serial, data, version, *((2, 3) if part else (0, 0)))
    assert frames.read(frames.write(frame)[1:-1]) == frame


@given(st.data())
def test_any_single_flipped_bit_of_a_frame_is_rejected(data: st.DataObject) -> None:
    raw = bytearray(bytes.fromhex(data.draw(st.sampled_from(GOLDEN))))
    bit = data.draw(st.integers(8, len(raw) * 8 - 9))
    raw[bit // 8] ^= 1 << bit % 8
    pieces, rejects = frames.Deframer().take(bytes(raw))
    for piece in pieces:
        with pytest.raises(BadFrame) as raised:
            frames.read(piece)
        rejects.append(raised.value)
    assert rejects


def test_a_2019_header_without_its_flag_is_told_by_its_length() -> None:
    unflagged = frames.Frame(Id.HEARTBEAT, "0" * 9 + PHONE, 7, b"", 1, flagged=False)
    assert frames.read(frames.write(unflagged)[1:-1]) == unflagged


def test_two_frames_may_share_one_mark() -> None:
    one = bytes.fromhex(GOLDEN[1])
    pieces, rejects = frames.Deframer().take(one + one[1:] + one)
    assert [frames.read(piece).serial for piece in pieces] == [1, 1, 1]
    assert rejects == []


def test_noise_without_a_mark_is_not_kept() -> None:
    deframer = frames.Deframer()
    reasons = [bad.reason for _ in range(40) for bad in deframer.take(b"\x00" * 1000)[1]]
    assert set(reasons) == {"oversize"}
    assert len(deframer._tail) <= frames.FRAME_BYTES_MAX


# -- bodies -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("edition", [2011, 2013, 2019])
def test_registrations_of_three_editions_are_told_apart_by_length(edition: int) -> None:
    claim = body.Registration(32, 1100, "JD001", "JD-T1", "T000001", 2, "苏L12345", edition)
    for left in (True, False):
        assert body.read_registration(body.write_registration(claim, left)) == claim


def test_the_code_is_found_whatever_the_header_claims() -> None:
    assert body.read_authentication(body.write_authentication("abc", 1, "1" * 15, "V1")) == "abc"
    assert body.read_authentication(body.write_authentication("abc", None)) == "abc"


def test_times_are_gmt_plus_8_and_zeros_are_none() -> None:
    assert (
        body.read_time(bytes.fromhex("700101080000"))
        == body.read_time(bytes.fromhex("700101000000")) + 28_800_000
    )
    assert body.read_time(bytes(6)) is None
    assert body.write_time(body.read_time(bytes.fromhex("261121193045"))).hex() == "261121193045"


@pytest.mark.parametrize(
    "bcd", ["261321193045", "261132193045", "261121246060", "2611211930AB", "FFFFFFFFFFFF"]
)
def test_a_location_with_an_impossible_time_keeps_its_fix(bcd: str) -> None:
    data = body.write_location(location(119.45, 32.22, None))
    read = body.read_location(data[:22] + bytes.fromhex(bcd) + data[28:])
    assert (read.t_ms, read.faults) == (None, ("device_time",))
    assert read.lon_e6 == 119_450_000


@given(st.binary(max_size=60))
def test_items_of_any_kind_never_lose_the_fix(items: bytes) -> None:
    data = body.write_location(location(119.45, 32.22, NOW // 1000 * 1000))
    read = body.read_location(data + items)
    assert (read.lon_e6, read.lat_e6, read.t_ms) == (119_450_000, 32_220_000, NOW // 1000 * 1000)


@given(st.lists(st.floats(-85, 85), min_size=1, max_size=30), st.data())
def test_a_batch_with_a_damaged_report_gives_the_others(lats: list[float], data: st.DataObject) -> None:
    whole = body.write_batch([location(10.0, lat, NOW) for lat in lats])
    cut = data.draw(st.integers(0, len(whole)))
    read = list(body.read_batch(whole[:cut]))
    good = [report for report in read if not isinstance(report, BadFrame)]
    assert [report.lat_e6 for report in good] == [round(lat * 1e6) for lat in lats[: len(good)]]
    assert (cut == len(whole)) == (len(good) == len(lats) and len(read) == len(good))


# -- sessions ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("edition", [2011, 2013, 2019])
def test_a_terminal_registers_authenticates_and_reports(edition: int) -> None:
    terminal = Terminal(PHONE, "苏L12345", edition)
    session = online(terminal)
    assert session.joined == [PHONE]
    taken = session.take(terminal.say_location(location(119.45, 32.22, NOW, 36.0, 90)), NOW)
    fix = taken.observations[0]
    assert isinstance(fix, Fix)
    assert (fix.lon, fix.lat, fix.sog_dkn, fix.cog_ddeg) == (71_670_000, 19_332_000, 194, 900)
    terminal.take(b"".join(taken.replies))
    assert (terminal.acked, terminal.unacked) == (1, 0)


def test_a_known_code_needs_no_new_registration() -> None:
    session = Jt808Session(Book([device()]))
    terminal = Terminal(PHONE, code="code")
    terminal.take(b"".join(session.take(terminal.hello(), NOW).replies))
    assert terminal.state is State.ONLINE


def test_an_unknown_phone_is_named_and_never_accepted() -> None:
    session = Jt808Session(Book())
    terminal = Terminal("13900000001", "苏A00001")
    taken = session.take(terminal.hello(), NOW)
    assert taken.observations == [Unknown("jt808", "13900000001", "苏A00001 JDSIM JD-SIM-1 0000001")]
    terminal.take(taken.replies[0])
    assert (terminal.state, terminal.result) == (State.REFUSED, body.Registered.NO_TERMINAL)
    taken = session.take(terminal.say_location(location(119.45, 32.22, NOW)), NOW)
    terminal.take(taken.replies[0])
    assert terminal.answers[0].result == body.Result.FAILED
    assert terminal.acked == 0
    assert [bad.reason for bad in taken.rejects] == ["unknown_device"]
    assert taken.observations == [Unknown("jt808", "13900000001")]


def test_nothing_is_taken_before_authentication() -> None:
    session = Jt808Session(Book([device()]))
    terminal = Terminal(PHONE)
    taken = session.take(terminal.say_location(location(119.45, 32.22, NOW)), NOW)
    terminal.take(b"".join(taken.replies))
    assert taken.observations == []
    assert [(bad.reason, bad.ident) for bad in taken.rejects] == [("not_authenticated", PHONE)]
    assert terminal.acked == 0


def test_wrong_codes_close_the_link() -> None:
    session = Jt808Session(Book([device()]))
    takes = [session.take(Terminal(PHONE, code="wrong").hello(), NOW) for _ in range(WRONG_CODES_MAX)]
    assert [taken.close for taken in takes] == [False] * (WRONG_CODES_MAX - 1) + [True]
    assert session.joined == []


def test_a_device_without_a_code_cannot_log_in_with_an_empty_one() -> None:
    session = Jt808Session(Book([Device("jt808", PHONE, "x", Kind.CAR)]))
    raw = frames.write(frames.Frame(Id.AUTHENTICATE, PHONE.rjust(12, "0"), 1, b"\x00"))
    assert [bad.reason for bad in session.take(raw, NOW).rejects] == ["wrong_code"]


def test_a_blocked_device_loses_its_voice_at_once() -> None:
    book = Book([device()])
    session = Jt808Session(book)
    terminal = Terminal(PHONE, code="code")
    session.take(terminal.hello(), NOW)
    book.replace([])
    taken = session.take(terminal.say_location(location(119.45, 32.22, NOW)), NOW)
    assert [type(said) for said in taken.observations] == [Unknown]


def test_a_link_without_login_is_closed_after_30_s() -> None:
    session = Jt808Session(Book([device()]))
    session.take(b"\x7e", NOW)
    assert not session.idle(NOW + 30_000).close
    taken = session.idle(NOW + 30_001)
    assert taken.close
    assert "login_timeout" in [bad.reason for bad in taken.rejects]


def test_a_terminal_silent_for_three_intervals_is_gone_and_its_link_closed() -> None:
    terminal = Terminal(PHONE)
    session = online(terminal)
    assert not session.idle(NOW + 180_000).close
    session.take(terminal.say_heartbeat(), NOW + 180_000)
    assert not session.idle(NOW + 360_000).close
    assert session.idle(NOW + 360_001).close
    assert session.left == [PHONE]


def test_a_frame_sent_again_is_acknowledged_again_and_recorded_once() -> None:
    terminal = Terminal(PHONE)
    session = online(terminal)
    said = terminal.say_location(location(119.45, 32.22, NOW))
    first, again = session.take(said, NOW), session.take(said, NOW)
    assert (len(first.observations), len(again.observations)) == (1, 0)
    assert len(again.replies) == 1
    assert again.counts["duplicates"] == 1


def test_a_report_without_a_fix_repeats_the_last_place_and_does_not_move() -> None:
    terminal = Terminal(PHONE)
    session = online(terminal)
    lost = session.take(terminal.say_location(location(1.0, 2.0, NOW, 30, 10, fixed=False)), NOW)
    assert (lost.observations[0].lon, lost.observations[0].lat) == NOWHERE
    session.take(terminal.say_location(location(119.45, 32.22, NOW)), NOW)
    for nowhere in (location(1.0, 2.0, NOW, 30, 10, fixed=False), location(0.0, 0.0, NOW, 30, 10)):
        fix = session.take(terminal.say_location(nowhere), NOW).observations[0]
        assert (fix.lon, fix.lat) == (71_670_000, 19_332_000)
        assert (fix.sog_dkn, fix.cog_ddeg) == (NO_SPEED, NO_COURSE)
        assert fix.flags & Flag.NO_FIX


def test_an_impossible_position_is_refused_and_the_next_one_taken() -> None:
    terminal = Terminal(PHONE)
    session = online(terminal)
    good = location(119.45, 32.22, NOW)
    data = body.write_location(good)
    bad = frames.Frame(
        Id.LOCATION, terminal.phone, 99, data[:8] + (91_000_000).to_bytes(4, "big") + data[12:], 1
    )
    taken = session.take(frames.write(bad) + terminal.say_location(good), NOW)
    assert [bad.reason for bad in taken.rejects] == ["position"]
    assert len(taken.observations) == 1


@pytest.mark.parametrize(
    ("load", "flags"),
    [(0, Flag.LOAD_KNOWN), (1, Flag.LOAD_KNOWN | Flag.LOAD_HALF), (3, Flag.LOAD_KNOWN | Flag.LOAD_FULL)],
)
def test_a_truck_says_its_load(load: int, flags: int) -> None:
    terminal = Terminal(PHONE)
    session = online(terminal)
    taken = session.take(terminal.say_location(location(119.45, 32.22, NOW, load=load)), NOW)
    assert taken.observations[0].flags == flags


def test_an_emergency_is_flagged_even_without_a_fix() -> None:
    terminal = Terminal(PHONE)
    session = online(terminal, device(kind=Kind.CAR))
    taken = session.take(terminal.say_location(location(0, 0, NOW, sos=True, fixed=False)), NOW)
    assert taken.observations[0].flags == Flag.SOS | Flag.NO_FIX


@pytest.mark.parametrize(
    ("crs", "lon", "lat"),
    [("gcj02", 119.455395, 32.218079), ("bd09", 119.461991, 32.223732), ("wgs84", 119.45, 32.22)],
)
def test_the_device_setting_moves_points_as_the_golden_table_says(crs: str, lon: float, lat: float) -> None:
    terminal = Terminal(PHONE)
    session = online(terminal, device(crs=crs))
    fix = session.take(terminal.say_location(location(lon, lat, NOW)), NOW).observations[0]
    assert abs(fix.lon - 71_670_000) <= 1
    assert abs(fix.lat - 19_332_000) <= 1


def test_a_long_batch_in_parts_is_acknowledged_when_whole() -> None:
    terminal = Terminal(PHONE)
    session = online(terminal)
    said = terminal.say_batch([location(119 + i / 100, 32.22, NOW - i * 1000) for i in range(100)])
    pieces, _ = frames.Deframer().take(said)
    assert len(pieces) == 3
    order = [pieces[2], pieces[0], pieces[1]]
    takes = [session.take(b"\x7e" + piece + b"\x7e", NOW) for piece in order]
    assert [len(taken.replies) for taken in takes] == [0, 0, 3]
    assert len(takes[2].observations) == 100
    assert all(fix.rank == 1 for fix in takes[2].observations)
    terminal.take(b"".join(takes[2].replies))
    assert terminal.acked == 100


def test_parts_that_never_come_are_given_up_and_counted() -> None:
    terminal = Terminal(PHONE)
    session = online(terminal)
    said = terminal.say_batch([location(119.0, 32.22, NOW)] * 100)
    session.take(said[: said.index(b"\x7e", 1) + 1], NOW)
    taken = session.idle(NOW + jt808_parts.WAIT_MS + 1)
    assert ("parts_missing", PHONE) in [(bad.reason, bad.ident) for bad in taken.rejects]


def test_half_received_messages_are_bounded() -> None:
    terminal = Terminal(PHONE)
    session = online(terminal)
    rejects = []
    for n in range(200):
        part = frames.Frame(Id.BATCH, terminal.phone, n * 64, b"x" * 1023, 1, 1, 64)
        rejects += session.take(frames.write(part), NOW).rejects
    assert len(rejects) == 200 - jt808_parts.MESSAGES_HALF_MAX
    too_many = frames.Frame(Id.BATCH, terminal.phone, 1, b"x", 1, 1, 65)
    assert [bad.reason for bad in session.take(frames.write(too_many), NOW).rejects] == ["parts"]


def test_many_terminals_share_one_link() -> None:
    phones = [str(13_900_000_000 + n) for n in range(50)]
    session = Jt808Session(Book([device(phone) for phone in phones]))
    terminals = [Terminal(phone, code="code") for phone in phones]
    session.take(b"".join(terminal.hello() for terminal in terminals), NOW)
    said = b"".join(terminal.say_location(location(119.45, 32.22, NOW)) for terminal in terminals)
    assert [fix.ident for fix in session.take(said, NOW).observations] == phones
    assert session.idents == phones


def test_log_out_is_acknowledged_and_ends_the_session_of_that_terminal() -> None:
    terminal = Terminal(PHONE)
    session = online(terminal)
    assert len(session.take(terminal.say_goodbye(), NOW).replies) == 1
    assert session.left == [PHONE]
    assert session.idents == []


def test_the_platform_never_commands_a_terminal() -> None:
    """Whatever a terminal says, 0x8001 and 0x8100 are all that is ever answered."""
    terminal = Terminal(PHONE)
    session = online(terminal)
    for msg_id in range(0x10000):
        raw = frames.write(frames.Frame(msg_id, terminal.phone, 1, b"\x00" * 40, 1))
        for reply in session.take(raw, NOW).replies:
            assert frames.read(reply[1:-1]).msg_id in (0x8001, 0x8100)
        if not session.idents:
            session.take(Terminal(PHONE, code="code").hello(), NOW)


def test_heartbeats_and_registrations_are_observations() -> None:
    terminal = Terminal(PHONE, "苏L12345")
    session = Jt808Session(Book([device()]))
    taken = session.take(terminal.hello(), NOW)
    assert taken.observations == [Static("jt808", PHONE, name="苏L12345", kind=Kind.TRUCK, plate="苏L12345")]
    session.take(terminal.take(taken.replies[0]), NOW)
    assert session.take(terminal.say_heartbeat(), NOW).observations == [Heartbeat("jt808", PHONE)]


@pytest.mark.parametrize(
    ("tenth_kmh", "dkn"), [(0, 0), (10, 5), (185, 100), (1852, 1000), (0xFFFF, NO_SPEED)]
)
def test_speeds_are_rounded_to_tenths_of_a_knot(tenth_kmh: int, dkn: int) -> None:
    assert speed_dkn(tenth_kmh) == dkn


@given(st.integers(-180_000_000, 180_000_000))
def test_degrees_are_rounded_to_the_nearest_step(e6: int) -> None:
    assert abs(steps(e6) * 5 - e6 * 3) <= 2
    assert steps(-e6) == -steps(e6)


# -- recorded frames --------------------------------------------------------------------------------------


def recorded() -> list[dict]:
    data = os.environ.get("JIANGDUN_DATA")
    if not data:
        pytest.skip("JIANGDUN_DATA is not set")
    return [json.loads(line) for line in (Path(data) / "protocols/jt808.jsonl").open()]


def test_public_frames_are_taken_or_refused_as_their_length_and_check_say() -> None:
    wrong = []
    for line in recorded():
        raw = bytes.fromhex(line["hex"])
        try:
            frame = frames.read(raw[1:-1])
            taken = True
            assert frame.msg_id == int(line["msg_id"], 16)
            assert frame.phone.lower() == line["phone_bcd"].lower()
            assert frame.serial == line["seq"]
        except BadFrame:
            taken = False
        if taken != (line["len_ok"] and line["xor_ok"]):
            wrong.append(line["hex"][:60])
    assert wrong == []


def test_every_good_public_location_gives_a_fix_and_every_registration_a_plate_or_none() -> None:
    for line in recorded():
        if not (line["len_ok"] and line["xor_ok"]):
            continue
        frame = frames.read(bytes.fromhex(line["hex"])[1:-1])
        if frame.msg_id == Id.LOCATION:
            body.read_location(frame.body)
        elif frame.msg_id == Id.BATCH:
            assert any(not isinstance(report, BadFrame) for report in body.read_batch(frame.body))
        elif frame.msg_id == Id.REGISTER:
            plate = body.read_registration(frame.body).plate
            assert plate == "" or plate[0] in "粤测"
