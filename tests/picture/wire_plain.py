"""The live wire read and written slowly and plainly: what the fast encoder is held to."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Seen:
    lon: int = 0
    lat: int = 0
    speed: int = 0
    course: int = 0
    kind: int = 0
    agency: int = 0
    status: int = 0
    heard_ms: int = 0


@dataclass
class Board:
    """A receiver: takes frames, keeps what they say, sees gaps."""

    seq: int = -1
    t_ms: int = 0
    targets: dict[int, Seen] = field(default_factory=dict)

    def take(self, message: bytes) -> bool:
        """False: a gap; nothing was changed."""
        magic, kind, version, _, seq, count, t_ms, base, spare = struct.unpack_from("<4sBBHIIqII", message)
        assert (magic, version, spare) == (b"JDF1", 1, 0)
        if kind == 1 and base != self.seq:
            return False
        if kind == 0:
            assert base == seq
            self.targets = {}
        data = memoryview(message)[32:]
        at, handle = 0, -1

        def varint() -> int:
            nonlocal at
            value = shift = 0
            while True:
                byte = data[at]
                at += 1
                value |= (byte & 127) << shift
                shift += 7
                if byte < 128:
                    return value

        def zigzag() -> int:
            value = varint()
            return (value >> 1) ^ -(value & 1)

        for _ in range(count):
            group = varint()
            handle += (group >> 2) + 1
            seen = self.targets.setdefault(handle, Seen())
            seen.lon += zigzag()
            seen.lat += zigzag()
            if group & 1:
                seen.speed, seen.course = varint(), varint()
            age = 0
            if group & 2:
                seen.kind, seen.agency, seen.status = data[at], data[at + 1], data[at + 2]
                at += 3
                age = varint()
            seen.heard_ms = t_ms - age * 1_000
        assert at == len(data)
        self.seq, self.t_ms = seq, t_ms
        return True

    def expire(self, now_ms: int, after_ms: int) -> None:
        self.targets = {h: s for h, s in self.targets.items() if s.heard_ms >= now_ms - after_ms}


def varint(value: int) -> bytes:
    out = b""
    while value >= 128:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def zigzag(value: int) -> bytes:
    return varint(2 * value if value >= 0 else -2 * value - 1)


@dataclass
class PlainPicture:
    """The live picture without renumbering, one dict a target."""

    order: list[dict[str, Any]] = field(default_factory=list)
    by_track: dict[int, dict[str, Any]] = field(default_factory=dict)
    described: dict[int, tuple[int, bool]] = field(default_factory=dict)
    seq: dict[int, int] = field(default_factory=lambda: {0: 0})
    gaps: set[int] = field(default_factory=set)

    def take(self, rows: Any) -> None:
        for row in rows:
            track = int(row["track"])
            target = self.by_track.get(track) or self.give(track)
            if (int(row["t"]), -int(row["rank"])) < (target["t"], -target["rank"]):
                continue
            target |= {"t": int(row["t"]), "rank": int(row["rank"]), "kind": int(row["kind"]), "heard": True}
            target["sos"], target["lost"] = bool(row["flags"] & 4), bool(row["flags"] & 64)
            if not target["lost"]:
                target |= {name: int(row[name]) for name in ("lon", "lat", "sog_dkn", "cog_ddeg")}

    def give(self, track: int) -> dict[str, Any]:
        target: dict[str, Any] = {
            "track": track,
            "t": -1,
            "rank": 255,
            "heard": False,
            "sos": False,
            "lost": False,
        }
        target |= {"sog_dkn": 65_535, "cog_ddeg": 65_535, "agency": self.described.get(track, (0, False))[0]}
        self.order.append(target)
        self.by_track[track] = target
        return target

    def again(self, target: dict[str, Any]) -> dict[str, Any]:
        new = self.give(target["track"])
        new |= {key: value for key, value in target.items() if not key.startswith("told")}
        target["heard"] = False
        return new

    def describe(self, track: int, agency: int, own: bool) -> None:
        self.described[track] = (agency, own)
        target = self.by_track.get(track)
        if target is None:
            return
        if target["agency"] != agency and "told" in target:
            self.gaps.add(target["agency"])
            target = self.again(target)
            target["heard"] = True
        target["agency"] = agency

    def frames(self, now_ms: int) -> list[bytes]:
        for target in list(self.order):
            if target["heard"] and "told" in target and target["told_ms"] < now_ms - 1_700_000:
                self.again(target)
        scopes = {0} | self.gaps | {target["agency"] for target in self.order if target["heard"]}
        return [self.frame(scope, now_ms) for scope in sorted(scopes)]

    def frame(self, scope: int, now_ms: int) -> bytes:
        body, count, before = b"", 0, -1
        for handle, target in enumerate(self.order):
            if target["agency"] != scope:
                continue
            heard, target["heard"] = target["heard"], False
            if not heard or "lon" not in target or target["t"] <= now_ms - 1_800_000:
                continue
            agency, own = self.described.get(target["track"], (0, False))
            speed = 0 if target["sog_dkn"] == 65_535 else target["sog_dkn"] + 1
            course = 0 if target["cog_ddeg"] == 65_535 else (target["cog_ddeg"] + 10) // 20 % 180 + 1
            meta = (target["kind"], agency, own | target["sos"] << 1 | target["lost"] << 2)
            lon, lat, motion_told, meta_told = target.get("told", (0, 0, None, None))
            age = max(now_ms - target["t"], 0)
            has_motion, has_meta = motion_told != (speed, course), meta_told != meta or age > 10_000
            body += varint((handle - before - 1) << 2 | has_meta << 1 | has_motion)
            body += zigzag(target["lon"] - lon) + zigzag(target["lat"] - lat)
            if has_motion:
                body += varint(speed) + varint(course)
            if has_meta:
                body += bytes(meta) + varint(age // 1_000)
            target["told"] = (target["lon"], target["lat"], (speed, course), meta)
            target["told_ms"] = now_ms - age // 1_000 * 1_000 if has_meta else now_ms
            count += 1
            before = handle
        seq = self.seq.get(scope, 0) + (2 if scope in self.gaps else 1)
        self.gaps.discard(scope)
        self.seq[scope] = seq
        return struct.pack("<4sBBHIIqII", b"JDF1", 1, 1, scope, seq, count, now_ms, seq - 1, 0) + body
