"""Tries a rule on drawn tracks before anybody is warned by it: some must alert, the others must not.

Tracks lie beside the rule as JSON (`catalogue/tracks/<rule>.json`): a few legs each, between which the target
moves straight. They run through the same engine as live reports. `docs/howto/add-a-rule.md` shows one.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from jiangdun.feeds.columns import COLUMNS, DEGREE, NO_HEADING, NO_NAV_STATUS, Chunk, Kind

from .offline import run
from .rules import language
from .rules.spec import AlertEvent, RuleSpec, ZoneSpec

MAX_FILE: Final = 1_000_000
MAX_REPORTS: Final = 100_000
"""Reports one drawn track may have."""
EVERY_S: Final = 10.0
_M_PER_DEGREE: Final = 111_320.0
_CHUNK: Final = 500
_WATERMARK_MS: Final = 30_000


class BadTrial(ValueError):
    """The file of tracks cannot be used; the text says where and why."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """One drawn track. `legs` rows: ms since 1970, longitude, latitude; `alerts`: how many it must raise."""

    name: str
    alerts: int
    kind: Kind
    length_m: float
    every_s: float
    legs: tuple[tuple[int, float, float], ...]
    permits: tuple[str, ...] = ()

    def rows(self, track: int) -> npt.NDArray[np.void]:
        """Its reports, evenly in time, with speed and course over the ground as the legs have them."""
        t = np.array([leg[0] for leg in self.legs], dtype=np.float64)
        lon, lat = (np.array([leg[axis] for leg in self.legs]) for axis in (1, 2))
        when = np.arange(t[0], t[-1] + 1, self.every_s * 1000.0)
        if len(when) > MAX_REPORTS:
            raise BadTrial(f"{self.name}: {len(when)} reports, at most {MAX_REPORTS}")
        leg = np.clip(np.searchsorted(t, when, side="right") - 1, 0, len(t) - 2)
        seconds = (t[leg + 1] - t[leg]) / 1000.0
        east = (lon[leg + 1] - lon[leg]) * _M_PER_DEGREE * np.cos(np.radians(lat[leg]))
        north = (lat[leg + 1] - lat[leg]) * _M_PER_DEGREE
        rows = np.zeros(len(when), dtype=COLUMNS)
        rows["track"], rows["t"] = track, when.astype(np.int64)
        rows["lon"] = np.rint(np.interp(when, t, lon) * DEGREE)
        rows["lat"] = np.rint(np.interp(when, t, lat) * DEGREE)
        rows["sog_dkn"] = np.rint(np.minimum(np.hypot(east, north) / seconds * 3.6 / 1.852 * 10.0, 1_022))
        rows["cog_ddeg"] = np.rint(np.degrees(np.arctan2(east, north)) % 360.0 * 10.0) % 3_600
        rows["heading_ddeg"], rows["nav"] = NO_HEADING, NO_NAV_STATUS
        rows["length_dm"], rows["kind"] = round(self.length_m * 10), int(self.kind)
        return rows


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one drawn track raised, beside what it must."""

    name: str
    wanted: int
    alerts: tuple[AlertEvent, ...]

    @property
    def ok(self) -> bool:
        return len(self.alerts) == self.wanted


def try_out(spec: RuleSpec, file: Path) -> list[Outcome]:
    """Run the rule over every track of the file, all in one stream. Raises BadTrial for a bad file."""
    zones, tracks = read_tracks(file)
    holders: dict[str, set[int]] = {}
    for number, drawn in enumerate(tracks, 1):
        for permit in drawn.permits:
            holders.setdefault(permit, set()).add(number)
    references = {name: frozenset(found) for name, found in holders.items()}
    rule = language.read(spec.source, spec.name, version=spec.version, references=references)
    rows = np.concatenate([drawn.rows(number) for number, drawn in enumerate(tracks, 1)])
    ran = run([rule], zones, chunks(rows[np.argsort(rows["t"], kind="stable")]))
    found = {number: [] for number in range(1, len(tracks) + 1)}  # type: dict[int, list[AlertEvent]]
    for event in ran.alerts:
        found[event.track].append(event)
    return [Outcome(d.name, d.alerts, tuple(found[number])) for number, d in enumerate(tracks, 1)]


def chunks(rows: npt.NDArray[np.void]) -> list[Chunk]:
    """Reports in order of time, cut and stamped as the gateway does (watermark 30 s behind)."""
    return [
        Chunk(at, int(rows["t"][at : at + _CHUNK].max()) - _WATERMARK_MS, rows[at : at + _CHUNK])
        for at in range(0, len(rows), _CHUNK)
    ]


def read_tracks(file: Path) -> tuple[list[ZoneSpec], list[Drawn]]:
    """Zones and tracks of a file; BadTrial says what is wrong with it."""
    try:
        if file.stat().st_size > MAX_FILE:
            raise BadTrial(f"{file.name}: larger than {MAX_FILE} bytes")
        given = json.loads(file.read_text("utf-8"))
        zones = [_zone(each) for each in given["zones"]]
        tracks = [_drawn(each) for each in given["tracks"]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadTrial(f"{file.name}: {type(error).__name__} {error}") from error
    if not tracks:
        raise BadTrial(f"{file.name}: no tracks")
    return zones, tracks


def _zone(given: Mapping[str, Any]) -> ZoneSpec:
    """A box [west, south, east, north] in degrees."""
    west, south, east, north = (float(side) for side in given["box"])
    ring = ((west, south), (east, south), (east, north), (west, north))
    name = str(given.get("name", given["id"]))
    return ZoneSpec(str(given["id"]), 1, str(given["kind"]), name, name, ((ring,),))


def _drawn(given: Mapping[str, Any]) -> Drawn:
    """Legs are [minutes after `start`, longitude, latitude]."""
    start = datetime.fromisoformat(given["start"])
    if start.tzinfo is None:
        raise ValueError(f"{given['name']}: start needs its time zone")
    begin = round(start.timestamp() * 1000)
    legs = tuple((begin + round(float(m) * 60_000), float(lon), float(lat)) for m, lon, lat in given["legs"])
    if len(legs) < 2 or any(one[0] >= other[0] for one, other in pairwise(legs)):
        raise ValueError(f"{given['name']}: at least two legs, each later than the one before")
    if not all(math.isfinite(leg[1]) and math.isfinite(leg[2]) for leg in legs):
        raise ValueError(f"{given['name']}: a leg is nowhere")
    every = float(given.get("every_s", EVERY_S))
    if not 0.1 <= every <= 3_600:
        raise ValueError(f"{given['name']}: every_s lies outside 0.1 to 3600")
    return Drawn(
        name=str(given["name"]),
        alerts=int(given["alerts"]),
        kind=Kind[str(given["kind"]).upper()],
        length_m=float(given.get("length_m", 0)),
        every_s=every,
        legs=legs,
        permits=tuple(str(each) for each in given.get("permits", ())),
    )
