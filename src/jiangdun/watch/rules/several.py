"""Reads the operators over several tracks; what each means stands in docs/operators.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from .document import Path
from .errors import wrong
from .measures import distance_m, speed_dkn
from .spec import DISTANCE_M_MAX, Condition, Cover, Group, Pair, Place, Rendezvous, Several

if TYPE_CHECKING:
    from .language import _Build

PARTS: Final = ("pair", "rendezvous", "group", "cover")
"""The key that says which operator it is, and its part of the schema."""


def places_of(when: Several) -> list[Place | None]:
    """Every place the operator names."""
    return [when.place, when.along] if isinstance(when, Pair) else [when.place]


def conditions_of(when: Several) -> list[Condition | None]:
    """The conditions it asks of one track, and of the other: the same where `other` is not given."""
    other = when.other if isinstance(when, Pair | Rendezvous) else None
    return [when.holds, other or when.holds]


def read_several(build: _Build, part: str, given: Mapping[str, Any], path: Path) -> Several | None:
    """The operator, or None with its problems kept by `build`."""
    readers: dict[str, Callable[[_Build, Mapping[str, Any], Path], Several]] = {
        "pair": _pair,
        "rendezvous": _rendezvous,
        "group": _group,
        "cover": _cover,
    }
    return readers[part](build, given, path)


def _distance(build: _Build, given: Mapping[str, Any], path: Path, default: float = 0) -> float:
    """0 stands for a distance that could not be read: its problem is kept."""
    text = given.get(str(path[-1]))
    return default if text is None else build.part(lambda: distance_m(text, DISTANCE_M_MAX), path) or 0


def _duration(build: _Build, given: Mapping[str, Any], path: Path, default: int = 0) -> int:
    """A duration above 0."""
    found = build.duration(given, path, default)
    if found == 0 and not build.problems:
        build.found(
            path, wrong("时长是 0", "the duration is 0", "请写大于 0 的时长", "write a duration above 0")
        )
    return found


def _place(given: Mapping[str, Any], key: str) -> Place | None:
    value = given.get(key)
    if value is None:
        return None
    return Place(kind=value) if isinstance(value, str) else Place(zone_id=value["zone"])


def _pair(build: _Build, given: Mapping[str, Any], path: Path) -> Pair:
    own, here = given["pair"], (*path, "pair")
    return Pair(
        closer_m=_distance(build, own, (*here, "closer")),
        within_ms=_duration(build, own, (*here, "within")),
        place=_place(given, "inside"),
        holds=build.condition(given, (*path, "holds")),
        other=build.condition(own, (*here, "other")),
        along=_place(own, "along"),
        lying=own.get("lying", False),
        ticks=own.get("ticks", 2),
    )


def _rendezvous(build: _Build, given: Mapping[str, Any], path: Path) -> Rendezvous:
    own, here = given["rendezvous"], (*path, "rendezvous")
    nearer = _distance(build, own, (*here, "nearer"))
    apart = _distance(build, own, (*here, "apart"), 3 * nearer)
    if apart <= nearer and not build.problems:
        build.found(
            (*here, "apart"),
            wrong(
                "apart 不大于 nearer",
                "apart is not more than nearer",
                "先前相距应大于会合距离，如 nearer: 80 m, apart: 240 m",
                "they were further apart before, as nearer: 80 m, apart: 240 m",
            ),
        )
    return Rendezvous(
        nearer_m=nearer,
        for_ms=_duration(build, given, (*path, "for")),
        apart_m=apart,
        place=_place(given, "inside"),
        holds=build.condition(given, (*path, "holds")),
        other=build.condition(own, (*here, "other")),
        tolerate_ms=build.duration(given, (*path, "tolerate"), 300_000),
    )


def _group(build: _Build, given: Mapping[str, Any], path: Path) -> Group:
    own, here = given["group"], (*path, "group")
    return Group(
        members=own["members"],
        nearer_m=_distance(build, own, (*here, "nearer")),
        for_ms=_duration(build, given, (*path, "for")),
        place=_place(given, "inside"),
        holds=build.condition(given, (*path, "holds")),
        alike_dkn=_pace(build, own, (*here, "alike"), 20),
        moving_dkn=_pace(build, own, (*here, "moving"), 10),
        tolerate_ms=build.duration(given, (*path, "tolerate"), 120_000),
    )


def _cover(build: _Build, given: Mapping[str, Any], path: Path) -> Cover:
    own, here = given["cover"], (*path, "cover")
    place = _place(own, "of")
    assert place is not None
    return Cover(
        place=place,
        reach_ms=_duration(build, own, (*here, "within")),
        pace_dkn=_pace(build, own, (*here, "pace"), 0),
        for_ms=_duration(build, given, (*path, "for")),
        holds=build.condition(given, (*path, "holds")),
    )


def _pace(build: _Build, given: Mapping[str, Any], path: Path, default: int) -> int:
    """A speed in 0.1 kn; the default too where it could not be read: its problem is kept."""
    text = given.get(str(path[-1]))
    return default if text is None else build.part(lambda: speed_dkn(text), path) or default
