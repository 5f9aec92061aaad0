"""JT/T 808 sessions: vehicle terminals (boats carry them too), editions 2011, 2013 and 2019.

One link may carry one terminal or, behind a gateway, thousands; each is admitted, authenticated and timed by
itself. Answers are returned, not sent: the hub lets them go once what they acknowledge is written.

Understood: register 0x0100, authenticate 0x0102, heartbeat 0x0002, logout 0x0003, location 0x0200, batch
0x0704, general answer 0x0001. Anything else from an authenticated terminal is answered "not supported" and
counted. Nothing is ever sent that commands a terminal: the platform speaks 0x8100 and 0x8001 only.
"""

from __future__ import annotations

import hmac
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from jiangdun.core import geo
from jiangdun.feeds.columns import DEGREE, NO_COURSE, NO_SPEED, Flag, Kind
from jiangdun.feeds.observations import BadFrame, Device, DeviceBook, Fix, Heartbeat, Static, Taken, Unknown

from . import jt808_body as body
from . import jt808_frame as frames
from .jt808_body import Id, Location, Registered, Result, Status
from .jt808_parts import Parts

SOURCE: Final = "jt808"
LOGIN_MS: Final = 30_000
"""A link on which nobody authenticated for so long is closed."""
HEARTBEAT_S: Final = 60
"""N of the standard; a terminal silent for 3 N is gone."""
WRONG_CODES_MAX: Final = 5
TERMINALS_PER_LINK_MAX: Final = 10_000
DUPLICATES_REMEMBERED: Final = 16
HALF_FRAME_MS: Final = 30_000

NOWHERE: Final = (181 * DEGREE, 91 * DEGREE)
"""Longitude and latitude of a report whose place is not known at all, as AIS writes it; always with
NO_FIX.
"""

_ONLY_ONE_FRAME: Final = frozenset({Id.REGISTER, Id.AUTHENTICATE, Id.HEARTBEAT, Id.LOGOUT, Id.TERMINAL_ACK})


def speed_dkn(tenth_kmh: int) -> int:
    """0.1 km/h as 0.1 kn, rounded once."""
    return NO_SPEED if tenth_kmh == 0xFFFF else (tenth_kmh * 1000 + 926) // 1852


def steps(e6: int) -> int:
    """1e-6 degree as 1/600000 degree, rounded half away from zero."""
    return (e6 * 3 + 2) // 5 if e6 >= 0 else -((-e6 * 3 + 2) // 5)


def position(location: Location, crs: str) -> tuple[int, int]:
    """Longitude and latitude in 1/600000 degree, WGS-84, of what a device of this CRS sends."""
    if crs == "wgs84":
        return steps(location.lon_e6), steps(location.lat_e6)
    to_wgs84 = geo.gcj02_to_wgs84 if crs == "gcj02" else geo.bd09_to_wgs84
    lon, lat = to_wgs84(location.lon_e6 / 1e6, location.lat_e6 / 1e6)
    return round(lon * DEGREE), round(lat * DEGREE)


class _Terminal:
    """What is known of one authenticated or authenticating terminal on this link."""

    __slots__ = ("authenticated", "heard_ms", "point", "recent", "serial")

    def __init__(self) -> None:
        self.authenticated = False
        self.heard_ms = 0
        self.serial = 0  # of the next answer
        self.point = NOWHERE  # last fixed position
        self.recent: deque[int] = deque(maxlen=DUPLICATES_REMEMBERED)


@dataclass(frozen=True, slots=True)
class _Turn:
    """One message of an admitted device, and where its consequences go."""

    frame: frames.Frame
    device: Device
    terminal: _Terminal
    taken: Taken


class Jt808Session:
    """One link. `joined` and `left` name the terminals that authenticated or fell silent; the hub empties
    them. In a recording (`recorded`) the logins happened elsewhere: whoever is in the book is believed.
    """

    def __init__(self, book: DeviceBook, heartbeat_s: int = HEARTBEAT_S, *, recorded: bool = False) -> None:
        self._book = book
        self._recorded = recorded
        self._silent_ms = 3 * heartbeat_s * 1000
        self._deframer = frames.Deframer()
        self._terminals: dict[str, _Terminal] = {}
        self._parts = Parts()
        self._online = 0  # terminals authenticated
        self._wrong_codes = 0
        self._alone_since_ms: int | None = None
        self._data_ms = 0
        self.joined: list[str] = []
        self.left: list[str] = []
        self._answers: dict[int, Callable[[_Turn], None]] = {
            Id.REGISTER: self._register,
            Id.AUTHENTICATE: self._authenticate,
            Id.HEARTBEAT: self._heartbeat,
            Id.LOGOUT: self._logout,
            Id.LOCATION: self._location,
            Id.BATCH: self._location,
            Id.TERMINAL_ACK: self._terminal_ack,
        }

    # -- bytes in ---------------------------------------------------------------------------------------

    def take(self, data: bytes, heard_at_ms: int) -> Taken:
        taken = Taken()
        self._data_ms = heard_at_ms
        if self._alone_since_ms is None:
            self._alone_since_ms = heard_at_ms
        pieces, taken.rejects = self._deframer.take(data)
        for piece in pieces:
            _count(taken, "frames")
            try:
                frame = frames.read(piece)
            except BadFrame as bad:
                taken.rejects.append(bad)
                continue
            try:
                self._frame(frame, heard_at_ms, taken)
            except BadFrame as bad:
                bad.ident = frame.ident
                taken.rejects.append(bad)
        return taken

    def idle(self, now_ms: int) -> Taken:
        taken = Taken()
        if self._alone_since_ms is None:
            self._alone_since_ms = now_ms
        if self._deframer.waiting and now_ms - self._data_ms > HALF_FRAME_MS:
            self._deframer.drop()
            taken.rejects.append(BadFrame("half_frame"))
        taken.rejects += self._parts.expire(now_ms)
        silent = [i for i, t in self._terminals.items() if now_ms - t.heard_ms > self._silent_ms]
        for ident in silent:
            self.leave(ident, now_ms)
            _count(taken, "silent")
        if not self._online:
            if now_ms - self._alone_since_ms > LOGIN_MS:
                taken.rejects.append(BadFrame("login_timeout"))
                taken.close = True
            elif silent:
                taken.close = True
        return taken

    def leave(self, ident: str, now_ms: int) -> bool:
        """Forget a terminal (silent, logged out, or taken over by a newer link); whether the link is now
        empty.
        """
        terminal = self._terminals.pop(ident, None)
        if terminal is not None and terminal.authenticated:
            self.left.append(ident)
            self._online -= 1
            if not self._online:
                self._alone_since_ms = now_ms
        return not self._online

    @property
    def idents(self) -> list[str]:
        """The terminals that are authenticated now."""
        return [ident for ident, terminal in self._terminals.items() if terminal.authenticated]

    # -- one frame --------------------------------------------------------------------------------------

    def _frame(self, frame: frames.Frame, heard_at_ms: int, taken: Taken) -> None:
        """Who speaks, may they, and what do they say."""
        device = self._book.find(SOURCE, frame.ident)
        if device is None:
            self._refuse(frame, taken)
            raise BadFrame("unknown_device")
        terminal = self._terminals.get(frame.ident)
        if terminal is None:
            if len(self._terminals) >= TERMINALS_PER_LINK_MAX:
                raise BadFrame("terminals", f"more than {TERMINALS_PER_LINK_MAX} on one link")
            terminal = self._terminals[frame.ident] = _Terminal()
            if self._recorded:
                terminal.authenticated = True
                self._online += 1
        terminal.heard_ms = heard_at_ms
        turn = _Turn(frame, device, terminal, taken)
        answer = self._answers.get(frame.msg_id)
        if frame.encryption or answer is None or (frame.parts and frame.msg_id in _ONLY_ONE_FRAME):
            self._ack(turn, Result.UNSUPPORTED)
            raise BadFrame("encrypted" if frame.encryption else "unsupported", f"{frame.msg_id:#06x}")
        if not terminal.authenticated and frame.msg_id not in (Id.REGISTER, Id.AUTHENTICATE):
            self._ack(turn, Result.FAILED)
            raise BadFrame("not_authenticated", f"{frame.msg_id:#06x}")
        try:
            answer(turn)
        except BadFrame:
            self._ack(turn, Result.BAD)
            raise

    def _refuse(self, frame: frames.Frame, taken: Taken) -> None:
        """A phone nobody admitted: named for the pending list, answered "no such terminal", never
        accepted.
        """
        detail, answer = "", body.write_ack(frame.serial, frame.msg_id, Result.FAILED)
        msg_id = Id.ACK
        if frame.msg_id == Id.REGISTER:
            msg_id, answer = Id.REGISTER_REPLY, body.write_registered(frame.serial, Registered.NO_TERMINAL)
            if not frame.parts and not frame.encryption:
                try:
                    claim = body.read_registration(frame.body)
                    detail = " ".join(filter(None, (claim.plate, claim.maker, claim.model, claim.terminal)))
                except BadFrame:
                    detail = ""
        taken.observations.append(Unknown(SOURCE, frame.ident, detail))
        taken.replies.append(frames.write(frames.Frame(msg_id, frame.phone, 0, answer, frame.version)))

    def _register(self, turn: _Turn) -> None:
        claim = body.read_registration(turn.frame.body)
        plate = claim.plate or None
        turn.taken.observations.append(
            Static(SOURCE, turn.frame.ident, name=turn.device.label, kind=turn.device.kind, plate=plate)
        )
        answer = body.write_registered(turn.frame.serial, Registered.OK, turn.device.auth_code)
        self._send(turn, Id.REGISTER_REPLY, answer)

    def _authenticate(self, turn: _Turn) -> None:
        code = body.read_authentication(turn.frame.body)
        right = turn.device.auth_code.encode()
        known = self._recorded or bool(right)
        if not known or not (self._recorded or hmac.compare_digest(code.encode(), right)):
            self._wrong_codes += 1
            turn.taken.close = turn.taken.close or self._wrong_codes >= WRONG_CODES_MAX
            self._ack(turn, Result.FAILED)
            turn.taken.rejects.append(BadFrame("wrong_code", ident=turn.frame.ident))
            return
        if not turn.terminal.authenticated:
            turn.terminal.authenticated = True
            self._online += 1
            self.joined.append(turn.frame.ident)
        device = turn.device
        turn.taken.observations.append(Static(SOURCE, device.ident, name=device.label, kind=device.kind))
        self._ack(turn, Result.OK)

    def _heartbeat(self, turn: _Turn) -> None:
        turn.taken.observations.append(Heartbeat(SOURCE, turn.frame.ident))
        self._ack(turn, Result.OK)

    def _logout(self, turn: _Turn) -> None:
        self._ack(turn, Result.OK)
        self.leave(turn.frame.ident, turn.terminal.heard_ms)

    def _terminal_ack(self, turn: _Turn) -> None:
        body.read_ack(turn.frame.body)
        _count(turn.taken, "answers")

    def _location(self, turn: _Turn) -> None:
        """0x0200 and 0x0704, whole or in parts."""
        frame = turn.frame
        if frame.parts:
            self._gather(turn)
            return
        mark = hash((frame.serial, frame.msg_id, frame.body))
        if mark in turn.terminal.recent:
            _count(turn.taken, "duplicates")  # our answer was lost: acknowledged once more, recorded once
        else:
            self._reports(frame.body, turn)
            turn.terminal.recent.append(mark)
        self._ack(turn, Result.OK)

    def _reports(self, data: bytes, turn: _Turn) -> None:
        """The location, or every readable one of a batch; raises BadFrame when there is none."""
        if turn.frame.msg_id == Id.LOCATION:
            turn.taken.observations.append(self._fix(body.read_location(data), turn))
            return
        good: list[Location] = []
        bad: list[BadFrame] = []
        for report in body.read_batch(data):
            if isinstance(report, BadFrame):
                bad.append(report)
            else:
                good.append(report)
        if bad and not good:
            raise bad[0]
        for report in good:
            turn.taken.observations.append(self._fix(report, turn, rank=1))
        for fault in bad:
            fault.ident = turn.device.ident
            turn.taken.rejects.append(fault)

    def _gather(self, turn: _Turn) -> None:
        """A part is acknowledged with its message: only then is what it says kept as reports."""
        _count(turn.taken, "parts")
        whole = self._parts.add(turn.frame, self._data_ms)
        turn.taken.rejects += self._parts.dropped()
        if whole is None:
            return
        self._reports(whole.body, turn)
        for serial in whole.serials:
            self._send(turn, Id.ACK, body.write_ack(serial, turn.frame.msg_id, Result.OK))

    # -- what a location means --------------------------------------------------------------------------

    def _fix(self, location: Location, turn: _Turn, rank: int = 0) -> Fix:
        device, terminal = turn.device, turn.terminal
        for fault in location.faults:
            _count(turn.taken, fault)
        _count(turn.taken, "reports")
        status, flags = location.status, 0
        fixed = status & (Status.FIXED | Status.ENCRYPTED) == Status.FIXED
        if fixed and (location.lon_e6 or location.lat_e6):
            point = position(location, device.crs)
            if rank == 0 or terminal.point == NOWHERE:  # a batch may bring old places
                terminal.point = point
        else:
            point = terminal.point  # heard, never moved: the place is the last one it had
            flags |= Flag.NO_FIX
            _count(turn.taken, "no_fix")
        if location.alarm & body.SOS:
            flags |= Flag.SOS
        if location.load == 1:
            flags |= Flag.LOAD_HALF
        elif location.load == 3:
            flags |= Flag.LOAD_FULL
        if location.load in (1, 3) or device.kind is Kind.TRUCK:
            # "Empty" and "cannot say" are the same two zero bits; of a truck they are taken at their word.
            flags |= Flag.LOAD_KNOWN
        moving = not flags & Flag.NO_FIX
        return Fix(
            SOURCE,
            device.ident,
            *point,
            t_device_ms=location.t_ms,
            sog_dkn=speed_dkn(location.speed) if moving else NO_SPEED,
            cog_ddeg=location.course % 360 * 10 if moving and location.course <= 360 else NO_COURSE,
            kind=device.kind,
            rank=rank,
            flags=flags,
        )

    # -- answers ----------------------------------------------------------------------------------------

    def _ack(self, turn: _Turn, result: Result) -> None:
        frame = turn.frame
        if frame.msg_id != Id.TERMINAL_ACK:  # an answer is not answered
            self._send(turn, Id.ACK, body.write_ack(frame.serial, frame.msg_id, result))

    def _send(self, turn: _Turn, msg_id: Id, answer: bytes) -> None:
        """In the edition and with the phone digits the terminal used."""
        frame, terminal = turn.frame, turn.terminal
        reply = frames.Frame(
            msg_id, frame.phone, terminal.serial, answer, frame.version, flagged=frame.flagged
        )
        terminal.serial = terminal.serial + 1 & 0xFFFF
        turn.taken.replies.append(frames.write(reply))


def _count(taken: Taken, what: str) -> None:
    taken.counts[what] = taken.counts.get(what, 0) + 1
