"""Operators over several tracks, as a clause after their subject."""

from __future__ import annotations

from .errors import Lang
from .measures import said_distance, said_duration, said_speed
from .phrases import condition_said, place_said
from .spec import Condition, Cover, Group, Pair, Place, Rendezvous, Several


def several_said(when: Several, lang: Lang) -> str:
    """What must happen, as `phrases.operator_said` says it of one track."""
    match when:
        case Pair():
            return _pair_said(when, lang)
        case Rendezvous():
            return _rendezvous_said(when, lang)
        case Group():
            return _group_said(when, lang)
        case Cover():
            return _cover_said(when, lang)


def _while(holds: Condition | None, lang: Lang) -> str:
    if holds is None:
        return ""
    said = condition_said(holds, lang)
    return f"（都满足{said}）" if lang == "zh" else f" (both with {said})"


def _one_and_other(holds: Condition | None, other: Condition | None, lang: Lang) -> str:
    """Who the two are."""
    if other is None:
        return _while(holds, lang)
    one, two = condition_said(holds, lang), condition_said(other, lang)
    if lang == "zh":
        return f"（{f'一方{one}，' if one else ''}另一方{two}）"
    return f" ({f'one with {one}, ' if one else ''}the other with {two})"


def _here(place: Place | None, lang: Lang) -> str:
    if place is None:
        return ""
    return f"在{place_said(place, lang)}内" if lang == "zh" else f" inside {place_said(place, lang)}"


def _pair_said(when: Pair, lang: Lang) -> str:
    near, soon = said_distance(when.closer_m, lang), said_duration(when.within_ms, lang)
    who, where = _one_and_other(when.holds, when.other, lang), _here(when.place, lang)
    if lang == "zh":
        along = f"，沿{place_said(when.along, lang)}推算" if when.along else ""
        lying = "，一方可以停着" if when.lying else ""
        return f"将于 {soon}内{where}与另一目标相距不足 {near}{who}（照目前航速航向推算{along}{lying}）"
    along = f", along {place_said(when.along, lang)}" if when.along else ""
    lying = ", one of them may lie still" if when.lying else ""
    return (
        f"will within {soon} come closer than {near} to another{where}{who} (as both now move{along}{lying})"
    )


def _rendezvous_said(when: Rendezvous, lang: Lang) -> str:
    near, apart = said_distance(when.nearer_m, lang), said_distance(when.apart_m, lang)
    lasting, who = said_duration(when.for_ms, lang), _one_and_other(when.holds, when.other, lang)
    where, bear = _here(when.place, lang), said_duration(when.tolerate_ms, lang) if when.tolerate_ms else ""
    if lang == "zh":
        bear = f"，中断不超过 {bear}不算" if bear else ""
        return f"{where}与另一目标从 {apart}以外靠到 {near}以内{who}，持续满 {lasting}{bear}"
    bear = f" (breaks of up to {bear} do not end it)" if bear else ""
    return f"comes from over {apart} to within {near} of another{where}{who} and stays so for {lasting}{bear}"


def _group_said(when: Group, lang: Lang) -> str:
    near, lasting = said_distance(when.nearer_m, lang), said_duration(when.for_ms, lang)
    alike, moving = said_speed(when.alike_dkn / 10, lang), said_speed(when.moving_dkn / 10, lang)
    where, holds = _here(when.place, lang), condition_said(when.holds, lang)
    if lang == "zh":
        each = f"各自{holds}，" if holds else ""
        return (
            f"{where}至少 {when.members} 个结队而行（{each}相邻不超过 {near}，速度相差不超过 {alike}，"
            f"航速不低于 {moving}），持续满 {lasting}"
        )
    each = f"each with {holds}, " if holds else ""
    return (
        f"goes{where} in a group of {when.members} or more ({each}no further than {near} from the next, "
        f"velocities alike to {alike}, no slower than {moving}) for {lasting}"
    )


def _cover_said(when: Cover, lang: Lang) -> str:
    reach, lasting = said_duration(when.reach_ms, lang), said_duration(when.for_ms, lang)
    pace, of, holds = (
        said_speed(when.pace_dkn / 10, lang),
        place_said(when.place, lang),
        condition_said(when.holds, lang),
    )
    if lang == "zh":
        fit = f"{holds}且" if holds else ""
        return f"没有一个{fit}能以 {pace}在 {reach}内赶到{of}，持续满 {lasting}"
    fit = f" with {holds}" if holds else ""
    return f"that could reach {of} within {reach} at {pace}{fit} is missing for {lasting}"
