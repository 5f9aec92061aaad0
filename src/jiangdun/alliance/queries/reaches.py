"""What may be asked of river chiefs: who answers where, which reaches have nobody, which water is no reach."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from jiangdun.alliance import models
from jiangdun.alliance.chiefs import Answer, Bank, Chief, ChiefMap, Hole, Reach
from jiangdun.alliance.queries.kept import Kept
from jiangdun.core.geo import Centreline
from jiangdun.core.trouble import NotFound

REACHES_MAX = 10_000
RIVERS_MAX = 500


@dataclass(frozen=True)
class River:
    code: str
    name_zh: str
    name_en: str
    has_centreline: bool
    version: int


@dataclass(frozen=True)
class Gap:
    """A reach without a chief since a moment."""

    id: UUID
    reach: UUID
    code: str
    since: datetime


def rivers() -> list[River]:
    """Every river, by code."""
    rows = models.River.objects.order_by("code")[:RIVERS_MAX]
    return [River(r.code, r.name_zh, r.name_en, bool(r.centreline), r.version) for r in rows]


def reach(reach_id: UUID) -> Reach:
    """One reach that has not ended. Raises NotFound."""
    row = models.Reach.objects.filter(id=reach_id, valid_to=None).first()
    if row is None:
        raise NotFound(what="reach")
    return _reach(row)


def chief(chief_id: UUID) -> Chief:
    """One term. Raises NotFound."""
    row = models.Chief.objects.filter(id=chief_id).first()
    if row is None:
        raise NotFound(what="chief")
    return _chief(row)


def chiefs(reach_id: UUID) -> list[Chief]:
    """Everybody who ever answered for a reach, the newest first."""
    rows = models.Chief.objects.filter(reach_id=reach_id).order_by("-term_from", "id")
    return [_chief(row) for row in rows]


def chief_at(
    on: date,
    *,
    river: str | None = None,
    km: float | None = None,
    bank: str = Bank.BOTH,
    lon: float | None = None,
    lat: float | None = None,
) -> list[Answer]:
    """Who answers on a day at a mark of a river, or at a point (degrees WGS-84). An answer without a chief is a gap,
    no answer is water that belongs to no reach."""
    known = _map.value()
    if lon is not None and lat is not None:
        return known.at_point(lon, lat, on)
    assert river is not None and km is not None, "a river and a mark, or a point"  # noqa: PT018
    return known.at_km(river, km, on, bank)


def responsibilities(on: date) -> list[Answer]:
    """Every reach with its chief of a day, by river and code."""
    return _map.value().answers(on)


def gaps() -> list[Gap]:
    """Reaches nobody answers for now, the longest first."""
    rows = models.Gap.objects.filter(closed_at=None, reach__valid_to=None).select_related("reach")
    found = rows.order_by("since", "reach__code")
    return [Gap(row.id, row.reach_id, row.reach.code, row.since) for row in found]


def holes() -> list[Hole]:
    """Pieces of rivers that belong to no reach."""
    return _map.value().holes()


def _make() -> ChiefMap:
    lines = {}
    for river in models.River.objects.exclude(centreline=None):
        line = river.centreline or ()
        lines[river.code] = Centreline([(lon, lat) for lon, lat, _ in line], [km for _, _, km in line])
    reaches = [_reach(row) for row in models.Reach.objects.filter(valid_to=None)]
    return ChiefMap(lines, reaches, [_chief(row) for row in models.Chief.objects.all()])


_map: Kept[ChiefMap] = Kept("chiefs", _make)


def _reach(row: models.Reach) -> Reach:
    return Reach(
        row.id, row.code, row.river_id, row.km_from, row.km_to, row.bank, row.district, row.street, row.polygons,
        row.version,
    )  # fmt: skip


def _chief(row: models.Chief) -> Chief:
    return Chief(
        row.id, row.reach_id, row.name_zh, row.name_en, row.title, row.person, row.term_from, row.term_to,
        row.version,
    )  # fmt: skip
