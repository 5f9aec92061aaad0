"""The live picture in *ears*: targets with names, our own units among them, frames for the boards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from jiangdun.feeds.columns import DEGREE, NO_COURSE, NO_SPEED, Chunk, track_id
from jiangdun.feeds.log import read as read_log
from jiangdun.feeds.observations import Device, Observation, Static
from jiangdun.picture.identities import Identities
from jiangdun.picture.now import EXPIRE_S, LivePicture, Target

from .reference import OwnUnit

BACK_REPORTS: Final = 2_000_000
"""So far back in the log the picture is made up again after a restart."""


SAID: Final = ("name", "call_sign", "plate", "imo", "destination", "draught_dm", "beam_dm")
"""What a target says of itself, as far as the board shows it."""


class Showing:
    def __init__(self, home: Path) -> None:
        self._log_dir = home / "log"
        self.picture = LivePicture()
        self.identities = Identities()
        self._units: dict[int, OwnUnit] = {}
        self._devices: dict[int, Device] = {}
        self._agencies: list[str] = []
        self._owned: dict[int, tuple[str, bool]] = {}

    def recover(self, now_ms: int, position: int) -> None:
        """Show again what was heard in the last half hour."""
        for record in read_log(self._log_dir, max(0, position - BACK_REPORTS)):
            if isinstance(record, Chunk) and record.wm_ms > now_ms - EXPIRE_S * 1000:
                self.picture.take(record)

    def take(self, chunk: Chunk) -> None:
        self.picture.take(chunk)

    def learn(self, observations: Iterable[Observation]) -> None:
        for said in observations:
            if isinstance(said, Static):
                self.identities.take(said)

    def set_units(self, units: Sequence[OwnUnit], agencies: Sequence[str]) -> None:
        self._agencies = list(agencies)
        self._units = {unit.track: unit for unit in units}
        self._describe()

    def set_devices(self, devices: Sequence[Device]) -> None:
        self._devices = {track_id(device.source, device.ident): device for device in devices}
        self._describe()

    def _describe(self) -> None:
        """Whose each target is: a unit its agency's, a device that of the agency it was admitted for."""
        owned = {track: (device.agency, False) for track, device in self._devices.items() if device.agency}
        owned |= {track: (unit.agency, True) for track, unit in self._units.items()}
        for track in self._owned.keys() - owned.keys():
            self.picture.describe(track, 0, False)
        for track, (agency, own) in owned.items():
            self.picture.describe(track, self._agency_index(agency), own)
        self._owned = owned

    def _agency_index(self, code: str) -> int:
        return self._agencies.index(code) + 1 if code in self._agencies[:255] else 0

    def label(self, track: int) -> str:
        """What people call it: our call sign, the label it was admitted under, the name it sends, its number."""
        unit = self._units.get(track)
        if unit:
            return unit.call_sign
        device = self._devices.get(track)
        return device.label if device else self.identities.label(track)

    def frames(self, now_ms: int) -> list[bytes]:
        return self.picture.frames(now_ms)

    def snapshots(self, now_ms: int) -> list[bytes]:
        return self.picture.snapshots(now_ms)

    def targets(self, now_ms: int) -> int:  # noqa: ARG002
        return len(self.picture)

    def units(self) -> dict[str, Any]:
        """By track: where each of our units was last heard."""
        found = {}
        for track, unit in self._units.items():
            handle = self.picture.handle(track)
            target = self.picture.meta(handle) if handle is not None else None
            if target is not None:
                found[str(track)] = {
                    "unit_id": unit.unit_id,
                    "agency": unit.agency,
                    "handle": target.handle,
                    "lon": target.lon / DEGREE,
                    "lat": target.lat / DEGREE,
                    "heard_at_ms": target.t_ms,
                }
        return found

    def handles(self, tracks: Iterable[str]) -> dict[str, int]:
        """Handles of those tracks (as text: they may exceed 2^53) that are shown now."""
        found = {track: self.picture.handle(int(track)) for track in tracks}
        return {track: handle for track, handle in found.items() if handle is not None}

    def track(self, handle: int, now_ms: int) -> dict[str, Any] | None:
        target = self.picture.meta(handle)
        return None if target is None else self._told(target, now_ms)

    def find(self, text: str, limit: int, now_ms: int) -> list[dict[str, Any]]:
        """Targets whose label or number contains the text."""
        wanted = text.casefold()
        tracks = [t for t in (*self._units, *self._devices) if wanted in self.label(t).casefold()]
        tracks += [one.track for one in self.identities.find(text, limit)]
        found = []
        for track in dict.fromkeys(tracks):
            handle = self.picture.handle(track)
            target = self.picture.meta(handle) if handle is not None else None
            if target is not None:
                found.append(self._told(target, now_ms))
        return found[:limit]

    def _told(self, target: Target, now_ms: int) -> dict[str, Any]:
        known = self.identities.get(target.track)
        unit, device = self._units.get(target.track), self._devices.get(target.track)
        source = unit.source if unit else device.source if device else "ais" if target.track < 10**9 else ""
        ident = (
            unit.ident if unit else device.ident if device else str(target.track) if source == "ais" else ""
        )
        said = {} if known is None else {key: getattr(known, key) for key in SAID}
        details = {key: value for key, value in said.items() if value is not None}
        return {
            "handle": target.handle,
            "track": str(target.track),
            "source": source,
            "ident": ident,
            "label": self.label(target.track),
            "kind": int(target.kind),
            "agency": unit.agency if unit else (device.agency or "") if device else "",
            "lon": target.lon / DEGREE,
            "lat": target.lat / DEGREE,
            "sog_kn": None if target.sog_dkn == NO_SPEED else target.sog_dkn / 10,
            "cog_deg": None if target.cog_ddeg == NO_COURSE else target.cog_ddeg / 10,
            "length_m": target.length_dm / 10 or None,
            "heard_at_ms": target.t_ms,
            "age_s": max(0.0, (now_ms - target.t_ms) / 1000),
            "details": details,
        }
