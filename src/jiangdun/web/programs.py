"""Programs of other systems at the door: their key, their place, their pace, and what they signed."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.http import HttpRequest

from jiangdun.core import clock, networks, programs
from jiangdun.core.access import Asker
from jiangdun.core.programs import Program
from jiangdun.core.trouble import Trouble

from . import desk

SCHEME: Final = "Jiangdun "
KEY_CHARS_MAX: Final = 128
TOLD_EVERY_S: Final = 60.0
"""A refusal of one key for one reason is journaled once in so many seconds."""


@dataclass
class _Pace:
    """So many requests are left; a minute brings as many as the key is given."""

    left: float
    at_s: float


_paces: dict[UUID, _Pace] = {}
_told: dict[tuple[UUID, str], float] = {}


def shows_key(request: HttpRequest) -> bool:
    """Whether the request comes from a program rather than from a page."""
    return request.headers.get("Authorization", "").startswith(SCHEME)


async def program_of(request: HttpRequest, address: str, *, changes: bool) -> Program:
    """The program that asks. `changes`: the request must be signed and new.

    Raises Trouble: key_unknown, wrong_place, too_fast, signature_bad.
    """
    key, now = request.headers["Authorization"][len(SCHEME) :].strip(), clock.now()
    program = await desk.read(lambda: programs.find(key, now)) if len(key) <= KEY_CHARS_MAX else None
    if program is None:
        raise Trouble("key_unknown")
    if not networks.within(address, program.networks):
        await _refuse(program, "place", now)
        raise Trouble("wrong_place")
    _keep_pace(program, now)
    if changes:
        await _check_signature(request, program, now)
    elif programs.needs_touch(program, now):
        with contextlib.suppress(Trouble):
            await desk.do(lambda: programs.touch(program.id, now))
    return program


def asker_of(program: Program) -> Asker:
    """Who asks, as `core.access` judges it: the role of programs, narrowed to what the key is good for."""
    return Asker(None, None, program.agency, frozenset({"api_client"}), program.verbs)


def forget(program_id: UUID) -> None:
    """The key is void: its pace is of no more use."""
    _paces.pop(program_id, None)


async def _check_signature(request: HttpRequest, program: Program, now: datetime) -> None:
    time, nonce, signature = (
        request.headers.get(f"X-Jiangdun-{name}", "") for name in ("Time", "Nonce", "Signature")
    )
    text = programs.text_to_sign(request.method or "", request.get_full_path(), time, nonce, request.body)
    wrong = await desk.read(lambda: programs.against(program.id, text, time, nonce, signature, now))
    if not wrong and not await desk.do(lambda: programs.use(program.id, nonce, now)):
        wrong = "replay"
    if wrong:
        await _refuse(program, wrong, now)
        raise Trouble("signature_bad", reason=f"sign_{wrong}")


async def _refuse(program: Program, reason: str, now: datetime) -> None:
    """Tell the journal, at most once a minute for each reason: whoever has the key could fill it."""
    moment = clock.monotonic()
    if moment - _told.get((program.id, reason), -TOLD_EVERY_S) < TOLD_EVERY_S:
        return
    _told[program.id, reason] = moment
    with contextlib.suppress(Trouble):
        await desk.do(lambda: programs.note_refusal(program, reason, now))


def _keep_pace(program: Program, now: datetime) -> None:
    moment, rate = clock.monotonic(), program.rate_per_min
    pace = _paces.setdefault(program.id, _Pace(rate, moment))
    pace.left = min(rate, pace.left + (moment - pace.at_s) * rate / 60)
    pace.at_s = moment
    if pace.left < 1:
        wait_s = (1 - pace.left) * 60 / rate
        raise Trouble("too_fast", until=now + timedelta(seconds=wait_s), rate=rate)
    pace.left -= 1
