"""Reads and says the operators over readings of stations; what each means stands in docs/operators.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from .document import Path
from .errors import Lang, wrong
from .measures import distance_m, said_distance, said_duration
from .spec import DISTANCE_M_MAX, Balance, OfReadings, Place, Station

if TYPE_CHECKING:
    from .language import _Build

PARTS: Final = ("station", "balance")
"""The key that says which operator it is, and its part of the schema."""
DAY_MS: Final = 86_400_000


def read_of_readings(build: _Build, part: str, given: Mapping[str, Any], path: Path) -> OfReadings | None:
    """The operator, or None with its problems kept by `build`."""
    return (
        _station(build, given["station"], (*path, part))
        if part == "station"
        else _balance(build, given["balance"], (*path, part))
    )


def _station(build: _Build, own: Mapping[str, Any], path: Path) -> Station:
    metres = (
        build.part(lambda: distance_m(own["near"], DISTANCE_M_MAX), (*path, "near"))
        if "near" in own
        else None
    )
    sources = own.get("sources")
    return Station(
        factor=own["factor"],
        mads=float(own.get("mads", 3)),
        times=float(own.get("times", 1.5)),
        window_ms=build.duration(own, (*path, "window"), 7 * DAY_MS),
        least=own.get("least", 48),
        neighbours=own.get("neighbours", 3),
        near_m=30_000.0 if metres is None else metres,
        above=own.get("above", 75),
        upwind_ms=build.duration(own, (*path, "upwind"), 30 * DAY_MS),
        sources=None
        if sources is None
        else Place(kind=sources)
        if isinstance(sources, str)
        else Place(zone_id=sources["zone"]),
    )


def _balance(build: _Build, own: Mapping[str, Any], path: Path) -> Balance:
    over = build.duration(own, (*path, "over"))
    if over % DAY_MS and not build.problems:
        build.found(
            (*path, "over"),
            wrong(
                "over 不是整天",
                "over is not whole days",
                "请写如 7 d、30 d",
                "write whole days, as 7 d or 30 d",
            ),
        )
    names = [tuple(own.get(key, ())) for key in ("in", "out", "stock")]
    twice = sorted({name for name in sum(names, ()) if sum(names, ()).count(name) > 1})
    if twice:
        build.found(
            path,
            wrong(
                f"{twice[0]} 写了两次",
                f"{twice[0]} stands twice",
                "每个量只写在 in、out、stock 之一",
                "write each amount in one of in, out and stock",
            ),
        )
    return Balance(
        inward=names[0],
        outward=names[1],
        stock=names[2],
        over_ms=over,
        share=own.get("share_pct", 5) / 100,
        sigmas=float(own.get("sigmas", 2)),
    )


def of_readings_said(when: OfReadings, lang: Lang) -> str:
    """What must happen, as a clause after its subject."""
    return _station_said(when, lang) if isinstance(when, Station) else _balance_said(when, lang)


def _station_said(when: Station, lang: Lang) -> str:
    window, near = said_duration(when.window_ms, lang), said_distance(when.near_m, lang)
    if lang == "zh":
        beside = (
            f"且不低于 {near}内至少 {when.neighbours} 个站中位数的 {when.times:g} 倍"
            if when.neighbours
            else ""
        )
        return f"{when.factor} 高于本站此前 {window}中位数 {when.mads:g} 个稳健标准差（至少 {when.least} 个值）{beside}"
    beside = (
        f" and at least {when.times:g} times the median of {when.neighbours} or more stations within {near}"
        if when.neighbours
        else ""
    )
    return (
        f"says {when.factor} more than {when.mads:g} robust standard deviations above its median of the last {window} "
        f"(at least {when.least} values){beside}"
    )


def _balance_said(when: Balance, lang: Lang) -> str:
    days, share = said_duration(when.over_ms, lang), f"{when.share * 100:g}"
    if lang == "zh":
        inward, outward, stock = ("、".join(names) for names in (when.inward, when.outward, when.stock))
        held = f"，存量 {stock}" if stock else ""
        return (
            f"{days}内进（{inward}）出（{outward}）{held}不平，"
            f"差额超过总量的 {share}% 与 {when.sigmas:g} 倍标准差中的较大者"
        )
    inward, outward, stock = (", ".join(names) for names in (when.inward, when.outward, when.stock))
    held = f" and what lies there ({stock})" if stock else ""
    return (
        f"took in ({inward}) over {days} what differs from what went out ({outward}){held} by more than the greater "
        f"of {share} % and {when.sigmas:g} standard deviations"
    )
