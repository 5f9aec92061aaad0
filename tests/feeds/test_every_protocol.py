"""What every protocol must stand, shown on the samples of each: `samples/<protocol>/*.jsonl`.

A file is one stream on one link, a line one piece of it: `bytes` (text) or `hex`, what it says (`expected`,
only the fields that matter), and where there are any `replies` (hex) and the reason of the `reject`.
`needed` marks a piece that later ones rest on, such as a login. `devices.json` beside it names who is
admitted.
"""

from __future__ import annotations

import json
import os
import random
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st

from jiangdun.feeds.columns import Kind
from jiangdun.feeds.devices import Book
from jiangdun.feeds.ingest import protocols
from jiangdun.feeds.observations import Device, Observation, ProtocolSession, Taken

SAMPLES = Path(__file__).parent / "samples"
NOW = 1_795_260_647_000  # 2026-11-21 19:30:47 GMT+8
STREAMS = sorted(SAMPLES.glob("*/*.jsonl"))
soak = pytest.mark.skipif(os.environ.get("HYPOTHESIS_PROFILE") != "soak", reason="run by make soak")
NAMES = sorted({path.parent.name for path in STREAMS})


def cases(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def piece(case: dict[str, Any]) -> bytes:
    return bytes.fromhex(case["hex"]) if "hex" in case else case["bytes"].encode()


def pieces(path: Path) -> list[bytes]:
    return [piece(case) for case in cases(path)]


def session_for(name: str) -> ProtocolSession:
    devices = SAMPLES / name / "devices.json"
    known = json.loads(devices.read_text()) if devices.exists() else []
    book = Book(Device(**{**device, "kind": Kind(device["kind"])}) for device in known)
    return protocols(book)[name](False)


def open_session(path: Path) -> ProtocolSession:
    return session_for(path.parent.name)


def play(session: ProtocolSession, parts: list[bytes]) -> Taken:
    """Everything that comes of these readings, together."""
    whole = Taken()
    for part in parts:
        taken = session.take(part, NOW)
        whole.observations += taken.observations
        whole.replies += taken.replies
        whole.rejects += taken.rejects
        for what, n in taken.counts.items():
            whole.counts[what] = whole.counts.get(what, 0) + n
    return whole


def told(taken: Taken) -> tuple[Any, ...]:
    return taken.observations, taken.replies, [bad.reason for bad in taken.rejects], taken.counts


def is_as(observation: Observation, expected: dict[str, Any]) -> bool:
    found = {"is": type(observation).__name__} | asdict(observation)
    return {key: found[key] for key in expected} == expected


stream = pytest.mark.parametrize("path", STREAMS, ids=lambda path: f"{path.parent.name}-{path.stem}")


def test_every_protocol_has_samples() -> None:
    assert set(protocols(Book())) == set(NAMES)


@stream
def test_samples_say_what_is_written_beside_them(path: Path) -> None:
    session = open_session(path)
    for case in cases(path):
        taken = session.take(piece(case), NOW)
        note = case.get("note", piece(case)[:40])
        assert len(taken.observations) == len(case["expected"]), note
        for observation, expected in zip(taken.observations, case["expected"], strict=True):
            assert is_as(observation, expected), f"{note}: {observation}"
        assert [reply.hex().upper() for reply in taken.replies] == case.get("replies", []), note
        assert [bad.reason for bad in taken.rejects] == ([case["reject"]] if "reject" in case else []), note


@stream
def test_byte_by_byte_gives_the_same_as_at_once(path: Path) -> None:
    whole = b"".join(pieces(path))
    at_once = play(open_session(path), [whole])
    assert told(play(open_session(path), [bytes([byte]) for byte in whole])) == told(at_once)
    assert told(play(open_session(path), pieces(path))) == told(at_once)


@stream
@given(data=st.data())
def test_cut_at_any_odd_place_it_gives_the_same(path: Path, data: st.DataObject) -> None:
    whole = b"".join(pieces(path))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=12)))
    parts = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    assert told(play(open_session(path), parts)) == told(play(open_session(path), [whole]))


@stream
@given(data=st.data())
def test_a_flipped_bit_says_nothing_false_and_what_follows_is_heard(path: Path, data: st.DataObject) -> None:
    parts = pieces(path)
    sound = [at for at, case in enumerate(cases(path)) if case.get("reject") != "checksum"]
    which = data.draw(st.sampled_from(sound))  # the others might be mended by it
    bit = data.draw(st.integers(0, len(parts[which]) * 8 - 1))
    broken = bytearray(parts[which])
    broken[bit // 8] ^= 1 << bit % 8

    session, twin = open_session(path), open_session(path)
    play(session, parts[:which])
    play(twin, parts[:which])
    true = twin.take(parts[which], NOW).observations
    heard = session.take(bytes(broken), NOW).observations
    # Marks of a frame may break into an earlier or later reading, but never make up another message.
    assert all(observation in true for observation in heard)

    follows = [play(twin, [part]) for part in parts[which + 1 :]]
    if len(follows) >= 2 and not cases(path)[which].get("needed"):
        after = play(session, parts[which + 1 :])
        last = [o for taken in follows[1:] for o in taken.observations]
        assert after.observations[len(after.observations) - len(last) :] == last


@pytest.mark.parametrize("name", NAMES)
@given(noise=st.lists(st.binary(max_size=400), max_size=6))
def test_noise_of_any_kind_is_borne(name: str, noise: list[bytes]) -> None:
    session = session_for(name)
    play(session, noise)
    session.idle(NOW + 1_000_000)


@pytest.mark.parametrize("name", NAMES)
def test_after_64_kib_of_noise_the_stream_is_understood_again(name: str) -> None:
    noise = random.Random(8).randbytes(64 << 10)
    for path in (SAMPLES / name).glob("*.jsonl"):
        parts = pieces(path)
        quiet, loud = open_session(path), open_session(path)
        play(loud, [noise, parts[0]])  # the first piece may be swallowed by a half frame that the noise began
        play(quiet, parts[:1])
        assert play(loud, parts[1:]).observations == play(quiet, parts[1:]).observations


@soak
@pytest.mark.parametrize("name", NAMES)
def test_a_million_random_bytes_raise_nothing(name: str) -> None:
    draw = random.Random(1)
    session = session_for(name)
    for _ in range(1_000):
        session.take(draw.randbytes(1_000), NOW)
    session.idle(NOW + 1_000_000)


@pytest.mark.parametrize("name", NAMES)
@budget(max_examples=20)
@given(seed=st.integers(0, 2**32))
def test_pieces_shuffled_repeated_and_damaged_are_borne(name: str, seed: int) -> None:
    draw = random.Random(seed)
    every = [part for path in (SAMPLES / name).glob("*.jsonl") for part in pieces(path)]
    session = session_for(name)
    for _ in range(200):
        part = bytearray(draw.choice(every))
        for _ in range(draw.randrange(3)):
            part[draw.randrange(len(part))] = draw.randrange(256)
        session.take(bytes(part[: draw.randrange(len(part) + 1)] if draw.random() < 0.2 else part), NOW)
    session.idle(NOW + 60_000)
