"""A JT/T 808 terminal that is not there: it makes the bytes a real one sends and understands the answers.

Pure: whoever plays it carries the bytes and tells the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal

from jiangdun.feeds.observations import BadFrame
from jiangdun.feeds.protocols import jt808_body as body
from jiangdun.feeds.protocols.jt808_body import Id, Location, Registered, Result, Status
from jiangdun.feeds.protocols.jt808_frame import BODY_BYTES_MAX, Deframer, Frame, read, write

Edition = Literal[2011, 2013, 2019]
UNACKED_MAX: Final = 1_000


class State(Enum):
    NEW = "new"
    REGISTERING = "registering"
    AUTHENTICATING = "authenticating"
    ONLINE = "online"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Answer:
    """A general answer (0x8001) of the platform."""

    serial: int
    msg_id: int
    result: int


class Terminal:
    """One terminal. `say_*` and `hello` give bytes to send; `take` reads answers and gives what to send
    next.
    """

    def __init__(
        self,
        phone: str,
        plate: str = "",
        edition: Edition = 2019,
        code: str = "",
        maker: str = "JDSIM",
        model: str = "JD-SIM-1",
    ) -> None:
        assert phone.isdigit()
        self.phone = phone.rjust(20 if edition == 2019 else 12, "0")
        self.plate, self.edition, self.code = plate, edition, code
        self.state = State.NEW
        self.result: Registered | None = None
        """Why registration was refused."""
        self.acked = 0
        """Reports acknowledged with "ok"."""
        self.answers: list[Answer] = []
        """What the last `take` brought."""
        self._maker, self._model = maker, model
        self._serial = 0
        self._unacked: dict[int, int] = {}  # serial -> reports in that message
        self._deframer = Deframer()

    @property
    def unacked(self) -> int:
        """Reports sent and not acknowledged, of the last `UNACKED_MAX` messages."""
        return sum(self._unacked.values())

    def hello(self) -> bytes:
        """The first message of a link: authenticate when a code is known, else register."""
        self._deframer = Deframer()
        if self.code:
            self.state = State.AUTHENTICATING
            version = 1 if self.edition == 2019 else None
            claim = body.write_authentication(self.code, version, imei="000000000000000", software="SIM")
            return self._frame(Id.AUTHENTICATE, claim)
        self.state = State.REGISTERING
        colour = 2 if self.plate else 0
        registration = body.Registration(
            32, 1100, self._maker, self._model[:8], self.phone[-7:], colour, self.plate, self.edition
        )
        return self._frame(Id.REGISTER, body.write_registration(registration))

    def take(self, data: bytes) -> bytes:
        """Reads what the platform sends; what the terminal answers at once, often nothing."""
        pieces, _ = self._deframer.take(data)
        self.answers = []
        out = b""
        for piece in pieces:
            try:
                out += self._answered(read(piece))
            except BadFrame:
                continue  # a terminal ignores what it cannot read
        return out

    def say_location(self, location: Location) -> bytes:
        return self._frame(Id.LOCATION, body.write_location(location), reports=1)

    def say_batch(self, locations: list[Location]) -> bytes:
        """In parts, when it is too long for one message."""
        whole = body.write_batch(locations)
        if len(whole) <= BODY_BYTES_MAX:
            return self._frame(Id.BATCH, whole, reports=len(locations))
        pieces = [whole[at : at + BODY_BYTES_MAX] for at in range(0, len(whole), BODY_BYTES_MAX)]
        out = b""
        for number, piece in enumerate(pieces, 1):
            reports = len(locations) if number == len(pieces) else 0
            out += self._frame(Id.BATCH, piece, reports, number, len(pieces))
        return out

    def say_heartbeat(self) -> bytes:
        return self._frame(Id.HEARTBEAT, b"")

    def say_goodbye(self) -> bytes:
        self.state = State.NEW
        return self._frame(Id.LOGOUT, b"")

    def _answered(self, frame: Frame) -> bytes:
        if frame.msg_id == Id.REGISTER_REPLY:
            _, result, code = body.read_registered(frame.body)
            if result != Registered.OK:
                self.state, self.result = State.REFUSED, Registered(result)
                return b""
            self.code = code
            return self.hello()
        if frame.msg_id == Id.ACK:
            answer = Answer(*body.read_ack(frame.body))
            self.answers.append(answer)
            reports = self._unacked.pop(answer.serial, 0)
            if answer.msg_id == Id.AUTHENTICATE:
                self.state = State.ONLINE if answer.result == Result.OK else State.REFUSED
            elif answer.result == Result.OK:
                self.acked += reports
            return b""
        # Anything else is a command this terminal does not know; it says so.
        return self._frame(Id.TERMINAL_ACK, body.write_ack(frame.serial, frame.msg_id, Result.UNSUPPORTED))

    def _frame(self, msg_id: Id, data: bytes, reports: int = 0, part: int = 0, parts: int = 0) -> bytes:
        serial = self._serial
        self._serial = serial + 1 & 0xFFFF
        if reports:
            self._unacked[serial] = reports
            if len(self._unacked) > UNACKED_MAX:
                del self._unacked[next(iter(self._unacked))]
        version = 1 if self.edition == 2019 else None
        return write(Frame(msg_id, self.phone, serial, data, version, part, parts))


def location(
    lon: float,
    lat: float,
    t_ms: int | None,
    speed_kmh: float = 0.0,
    course: float = 0.0,
    *,
    altitude_m: int = 0,
    load: int = 0,
    sos: bool = False,
    fixed: bool = True,
    mileage_km: float | None = None,
) -> Location:
    """A position in degrees WGS-84; `load` 0 empty, 1 half, 3 full."""
    status = 1 | (Status.FIXED if fixed else 0) | load << 8 | 1 << 18 | 1 << 19
    if lat < 0:
        status |= Status.SOUTH
    if lon < 0:
        status |= Status.WEST
    items = {} if mileage_km is None else {0x01: round(mileage_km * 10).to_bytes(4, "big")}
    return Location(
        alarm=int(sos),
        status=status,
        lat_e6=round(lat * 1_000_000),
        lon_e6=round(lon * 1_000_000),
        altitude_m=altitude_m,
        speed=round(speed_kmh * 10),
        course=round(course) % 360,
        t_ms=t_ms,
        items=items,
    )
