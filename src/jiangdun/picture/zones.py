"""Zones drawn on the water and the land: their kinds, and how a GeoJSON file of them is read.

`read` takes the whole file or nothing. Every feature that is wrong yields a `Fault` that says what to do; a
fault in one feature does not hide those of the next. Coordinates are degrees WGS-84, longitude first (RFC
7946).
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from difflib import get_close_matches
from typing import Any, Final

from jiangdun.core.shapes import Polygons, Refused, Ring, count_vertices, line_of, polygons_of, shape_of
from jiangdun.picture.zone_faults import Fault

MAX_IMPORT_BYTES: Final = 8 * 1024 * 1024
MAX_FEATURES: Final = 2_000
MAX_ZONE_VERTICES: Final = 10_000
MAX_VERTICES: Final = 200_000
MAX_FAULTS: Final = 200
"""A file with more is not listed further: it is the wrong file."""
LOCAL: Final = timezone(timedelta(hours=8))
"""A date without a time zone is a day in China."""

ZONE_KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "water": ("水域", "water"),
    "lane-up": ("上行通航分道", "upbound traffic lane"),
    "lane-down": ("下行通航分道", "downbound traffic lane"),
    "deep-water": ("深水航道", "deep-water channel"),
    "separation": ("分隔带", "separation zone"),
    "recommended-route": ("推荐航路", "recommended route"),
    "precautionary": ("警戒区", "precautionary area"),
    "crossing-area": ("横驶区", "crossing area"),
    "turning": ("掉头区", "turning area"),
    "mooring": ("停泊区", "mooring area"),
    "anchorage": ("锚地", "anchorage"),
    "no-go": ("禁航区", "no-go area"),
    "one-way": ("单向通航水域", "one-way water"),
    "controlled": ("控制河段", "controlled reach"),
    "no-meeting": ("禁止会让段", "no-meeting reach"),
    "restricted": ("受限水域", "restricted water"),
    "service": ("服务区", "service area"),
    "bridge": ("桥区水域", "bridge water"),
    "intake": ("取水口保护区", "water intake protection"),
    "reserve-core": ("保护区核心区", "reserve, core"),
    "reserve-buffer": ("保护区缓冲区", "reserve, buffer"),
    "reserve-trial": ("保护区实验区", "reserve, experimental part"),
    "danger-dike": ("顺坝/潜坝危险水域", "training dike, danger area"),
    "vts": ("VTS 覆盖水域", "water covered by a VTS"),
    "sand-ban": ("禁采区", "sand-mining ban"),
    "fishing-ban": ("禁渔区", "fishing ban"),
    "berth": ("泊位", "berth"),
    "work-site": ("登记工地", "registered work site"),
    "abandoned-pit": ("废弃矿坑", "abandoned pit"),
    "licensed-landfill": ("消纳场", "licensed landfill"),
    "mine": ("矿区", "mine"),
    "forest": ("林区", "forest"),
    "sensitive": ("敏感区域", "sensitive area"),
    "station": ("停车场/加油站", "car park or filling station"),
}
"""Code → (中文, English). The codes are what rules name in `inside:`."""

_KIND_OF_NAME: Final = {zh: code for code, (zh, _) in ZONE_KINDS.items()}

MAX_AXIS_POINTS: Final = 500
HALF_AXIS_DEG: Final = 0.01
"""A bearing becomes a line of about 2 km through the middle of the zone: exact to 0.01 degree on the grid."""


@dataclass(frozen=True, slots=True)
class ZoneRecord:
    """A zone as the engine needs it: the same fields as `watch.rules.spec.ZoneSpec`, which the hall makes of
    it.
    """

    zone_id: str
    version: int
    kind: str
    name_zh: str
    name_en: str
    polygons: Polygons
    valid_from_ms: int = 0
    valid_to_ms: int = 2**62
    agency: str = ""
    axis: Ring = ()


@dataclass(frozen=True, slots=True)
class ZoneDraft:
    """A zone read from a file, not yet kept. `geometry` is GeoJSON MultiPolygon coordinates, snapped."""

    zone_id: str
    kind: str
    name_zh: str
    name_en: str
    polygons: Polygons
    valid_from: datetime | None
    valid_to: datetime | None
    legal_basis: str
    agency: str
    area6: str
    axis: Ring = ()
    """The way traffic runs: a line of two points or more, snapped; none where that means nothing."""

    @property
    def digest(self) -> str:
        """Of everything but version and agency: two drafts of one digest are the same zone."""
        values = [self.zone_id, self.kind, self.name_zh, self.name_en, self.polygons, self.legal_basis]
        values += [str(self.valid_from), str(self.valid_to), self.area6]
        values += [json.dumps(self.axis)] if self.axis else []  # zones without one keep the digest they had
        return hashlib.sha256(json.dumps(values, ensure_ascii=False).encode()).hexdigest()


def read(data: str | bytes) -> tuple[list[ZoneDraft], list[Fault]]:
    """Read a GeoJSON file. Drafts are complete only where faults are empty; keep none of them otherwise."""
    try:
        features = _features(data)
    except Refused as wrong:
        return [], [Fault(0, "", wrong.code, wrong.value, wrong.hint)]
    drafts: list[ZoneDraft] = []
    faults: list[Fault] = []
    seen: dict[str, int] = {}
    vertices = 0
    for number, feature in enumerate(features, start=1):
        if len(faults) >= MAX_FAULTS:
            break
        try:
            draft = _draft(feature)
            vertices += count_vertices(draft.polygons)
            if vertices > MAX_VERTICES:
                raise Refused("too_many_vertices", MAX_VERTICES)
            if draft.zone_id in seen:
                raise Refused("same_id", draft.zone_id, str(seen[draft.zone_id]))
            seen[draft.zone_id] = number
            drafts.append(draft)
        except Refused as wrong:
            faults.append(Fault(number, _name_of(feature), wrong.code, wrong.value, wrong.hint))
    return drafts, faults


def _features(data: str | bytes) -> list[Any]:
    size = len(data) if isinstance(data, bytes) else len(data.encode("utf-8", "surrogatepass"))
    if size > MAX_IMPORT_BYTES:
        raise Refused("too_big", f"{MAX_IMPORT_BYTES // 1024 // 1024} MiB")
    try:
        text = data.decode("utf-8-sig") if isinstance(data, bytes) else data.removeprefix("\ufeff")
        text.encode("utf-8")
    except UnicodeError:
        raise Refused("not_text") from None
    try:
        parsed = json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        raise Refused("not_json", "nested too deeply") from None
    except ValueError as wrong:
        raise Refused("not_json", wrong) from None
    if not isinstance(parsed, dict) or parsed.get("type") != "FeatureCollection":
        kind = parsed.get("type", "{}") if isinstance(parsed, dict) else type(parsed).__name__
        raise Refused("not_collection", kind)
    _check_datum(parsed.get("crs"))
    features = parsed.get("features")
    if not isinstance(features, list) or not features:
        raise Refused("empty")
    if len(features) > MAX_FEATURES:
        raise Refused("too_many", MAX_FEATURES)
    return features


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a JSON number")


def _check_datum(crs: object) -> None:
    """Old GeoJSON may name a datum; CGCS2000 (4490) agrees with WGS-84 within the grid."""
    if crs is None:
        return
    name = crs.get("properties", {}) if isinstance(crs, dict) else {}
    name = str(name.get("name", crs)) if isinstance(name, dict) else str(name)
    if not name.upper().endswith(("CRS84", ":4326", ":4490")):
        raise Refused("wrong_datum", name)


def _name_of(feature: object) -> str:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(properties, dict):
        return ""
    return str(properties.get("name_zh") or properties.get("name") or properties.get("name_en") or "")[:60]


def _draft(feature: object) -> ZoneDraft:
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        raise Refused("not_feature")
    properties = feature.get("properties")
    if not isinstance(properties, dict):
        properties = {}
    kind = _kind(properties.get("kind"))
    name_zh = _words(properties, "name_zh", 200) or _words(properties, "name", 200)
    name_en = _words(properties, "name_en", 200)
    if not name_zh and not name_en:
        raise Refused("no_name")
    valid_from, valid_to = _moment(properties, "valid_from"), _moment(properties, "valid_to")
    if valid_from and valid_to and valid_to <= valid_from:
        raise Refused("empty_validity")
    area6 = _words(properties, "area6", 20)
    if area6 and not (len(area6) == 6 and area6.isascii() and area6.isdigit()):
        raise Refused("bad_area6", area6)
    polygons = polygons_of(feature.get("geometry"), MAX_ZONE_VERTICES)
    zone_id = next(filter(None, (_words(properties, key, 64) for key in ("zone_id", "code", "id"))), "")
    zone_id = zone_id or _identity(feature)
    return ZoneDraft(
        zone_id=zone_id or "z-" + hashlib.sha256(f"{kind}|{name_zh}|{name_en}".encode()).hexdigest()[:16],
        kind=kind,
        name_zh=name_zh or name_en,
        name_en=name_en or f"{name_zh} ({ZONE_KINDS[kind][1]})",
        polygons=polygons,
        valid_from=valid_from,
        valid_to=valid_to,
        legal_basis=_legal(properties),
        agency=_words(properties, "agency", 64),
        area6=area6,
        axis=_axis(properties, polygons),
    )


def _axis(properties: Mapping[str, Any], polygons: Polygons) -> Ring:
    """The axis: `axis`, a list of positions the way traffic runs, or `axis_deg`, a bearing (0 = north, 90 = east)."""
    line, bearing = properties.get("axis"), properties.get("axis_deg")
    if line is not None and bearing is not None:
        raise Refused("two_axes")
    if line is not None:
        if not isinstance(line, list) or not 2 <= len(line) <= MAX_AXIS_POINTS:
            raise Refused("bad_axis", line)
        found = line_of(line)
        if len(set(found)) < 2:
            raise Refused("bad_axis", line)
        return found
    if bearing is None:
        return ()
    if isinstance(bearing, bool) or not isinstance(bearing, int | float) or not 0 <= bearing < 360:
        raise Refused("bad_bearing", bearing)
    west, south, east, north = shape_of(polygons).bounds
    lon, lat = (west + east) / 2, (south + north) / 2
    dx, dy = (HALF_AXIS_DEG * f(math.radians(bearing)) for f in (math.sin, math.cos))
    dx /= max(0.01, math.cos(math.radians(lat)))
    return line_of([[lon - dx, lat - dy], [lon + dx, lat + dy]])


def _identity(feature: Mapping[str, Any]) -> str:
    given = feature.get("id")
    if given is None or given == "":
        return ""
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        raise Refused("not_words", hint="id")
    if len(str(given)) > 64:
        raise Refused("too_long", 64, "id")
    return str(given)


def _kind(given: object) -> str:
    if given is None or given == "":
        raise Refused("no_kind", hint=", ".join(ZONE_KINDS))
    if not isinstance(given, str):
        raise Refused("not_words", hint="kind")
    text = given.strip().lower().replace("_", "-").replace(" ", "-")
    if text in ZONE_KINDS:
        return text
    if given.strip() in _KIND_OF_NAME:
        return _KIND_OF_NAME[given.strip()]
    close = get_close_matches(text[:60], [*ZONE_KINDS, *_KIND_OF_NAME], n=3, cutoff=0.4)
    hint = ", ".join(dict.fromkeys(_KIND_OF_NAME.get(name, name) for name in close)) or ", ".join(ZONE_KINDS)
    raise Refused("unknown_kind", given, hint)


def _words(properties: Mapping[str, Any], name: str, longest: int) -> str:
    value = properties.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Refused("not_words", hint=name)
    text = str(value).strip().replace("\x00", "")
    if len(text) > longest:
        raise Refused("too_long", longest, name)
    return text


def _legal(properties: Mapping[str, Any]) -> str:
    """The legal basis as one line: given as text, or as [{law, article}]."""
    given = properties.get("legal_basis")
    if not isinstance(given, list):
        return _words(properties, "legal_basis", 300)
    parts = []
    for basis in given[:20]:
        if not isinstance(basis, dict):
            raise Refused("not_words", hint="legal_basis")
        parts.append(f"{_words(basis, 'law', 200)} {_words(basis, 'article', 100)}".strip())
    return _words({"legal_basis": "; ".join(filter(None, parts))}, "legal_basis", 300)


def _moment(properties: Mapping[str, Any], name: str) -> datetime | None:
    text = _words(properties, name, 40)
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
        moment = datetime(day.year, day.month, day.day, tzinfo=LOCAL)
    except ValueError:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise Refused("bad_date", text, name) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=LOCAL)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise Refused("bad_date", text, name) from None
