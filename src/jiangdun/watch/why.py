"""Why an alert fired: one sentence with the values, their units and local times, in Chinese or English.

Made from the event and the rule alone, so that a replay says the same. Numbers the engine gives in `values`
are used where they are there: `speed_kn` (the median or the last speed), `stayed_s`, `reports`.
"""

from __future__ import annotations

from collections.abc import Sequence as Listed
from datetime import UTC, datetime, timedelta
from typing import Final

from .rules.columns import UTC_OFFSET_MS
from .rules.errors import Lang
from .rules.measures import said_distance, said_duration, said_speed
from .rules.phrases import KINDS, condition_said, operator_said, place_said
from .rules.spec import (
    Absence,
    AlertEvent,
    Balance,
    Count,
    Cover,
    Cross,
    Drag,
    Enter,
    Group,
    Identity,
    Leave,
    Pair,
    Rendezvous,
    RuleSpec,
    Sequence,
    Speed,
    Station,
    Stay,
    Step,
    ZoneSpec,
)

MAX_LABEL: Final = 80
MAX_SENTENCE: Final = 1_000
MAX_NAMED: Final = 5
"""Members of a group that are named."""


def sentence(
    event: AlertEvent,
    spec: RuleSpec,
    zone: ZoneSpec | None,
    label: str,
    lang: Lang,
    others: Listed[str] = (),
) -> str:
    """The whole reason. `label` names the target as the board does, `others` the other targets of the event;
    `zone` is the one of the episode."""
    quoted = f"“{named(label, event.track)}”"
    match spec.when:
        case Stay():
            said = _stayed(event, spec.when, zone, lang)
        case Enter(place, _, holds) | Leave(place, _, holds):
            said = _crossed(event, isinstance(spec.when, Enter), place_said(place, lang, zone), lang)
            said += _while(condition_said(holds, lang), lang)
        case Cross(place, _, holds):
            said = _passed(event, place_said(place, lang, zone), lang)
            said += _while(condition_said(holds, lang), lang)
        case Speed():
            said = _sped(event, spec.when, zone, lang)
        case Count():
            said = _repeated(event, spec.when, zone, lang)
        case Absence():
            said = _silent(event, spec.when, zone, lang)
        case Identity():
            said = _two_in_one(event, spec.when, lang)
        case Drag():
            said = _dragged(event, place_said(spec.when.place, lang, zone), lang)
        case Sequence():
            said = _followed(event, spec.when, zone, lang)
        case Pair():
            said = _will_meet(event, spec.when, zone, others, lang)
        case Rendezvous():
            said = _came_together(event, spec.when, zone, others, lang)
        case Group():
            said = _went_together(event, spec.when, zone, others, lang)
        case Station():
            said = _spiked(event, spec.when, lang)
        case Balance():
            said = _did_not_balance(event, spec.when, lang)
        case Cover():
            quoted, said = place_said(spec.when.place, lang, zone), _uncovered(event, spec.when, lang)
    rule = (
        f"规则 {spec.name} 第 {spec.version} 版"
        if lang == "zh"
        else f"rule {spec.name} version {spec.version}"
    )
    whole = (
        f"{_revision(event, lang)}{quoted}{said}（{rule}）。"
        if lang == "zh"
        else (f"{_revision(event, lang)}{quoted} {said} ({rule}).")
    )
    return whole[:MAX_SENTENCE]


def named(label: str, track: int) -> str:
    """The name on one bounded line of what can be printed; the track's number where nothing is left."""
    printable = "".join(c if c.isprintable() else " " for c in label[: 4 * MAX_LABEL])
    return " ".join(printable.split())[:MAX_LABEL] or str(track)


def moment(ms: int, lang: Lang, *, day: bool = False) -> str:
    """Local time of the river (UTC+8): 23:07:12, with the day before it where asked for."""
    local = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms + UTC_OFFSET_MS)
    clock = f"{local:%H:%M:%S}"
    if not day:
        return clock
    return (
        f"{local.month}月{local.day}日 {clock}"
        if lang == "zh"
        else f"{local.day} {_MONTHS[local.month - 1]} {clock}"
    )


_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _revision(event: AlertEvent, lang: Lang) -> str:
    if event.verdict == "withdrawn":
        return "经迟到数据复核，撤回：" if lang == "zh" else "Withdrawn after late data: "
    if event.verdict == "changed":
        return "经迟到数据复核，更正：" if lang == "zh" else "Corrected after late data: "
    return ""


def _stayed(event: AlertEvent, when: Stay, zone: ZoneSpec | None, lang: Lang) -> str:
    lasted = _number(event, "stayed_s")
    ms = lasted * 1000 if lasted is not None else event.fired_at_ms - event.started_at_ms
    since, stay = moment(event.started_at_ms, lang, day=True), said_duration(ms // 1000 * 1000, lang)
    limit, where = said_duration(when.for_ms, lang), place_said(when.place, lang, zone)
    if lang == "zh":
        here = f"在{where}内" if where else ""
        said = f"自 {since} 起{here}停留 {stay}，达到限值 {limit}"
    else:
        said = (
            f"has stayed{f' inside {where}' if where else ''} for {stay} since {since}, the limit is {limit}"
        )
    return said + _while(condition_said(when.holds, lang), lang) + _motion(event, lang)


def _crossed(event: AlertEvent, entered: bool, where: str, lang: Lang) -> str:
    at = moment(event.started_at_ms, lang, day=True)
    if lang == "zh":
        return f"于 {at} {'驶入' if entered else '离开'}{where}{_motion(event, lang)}"
    return f"{'entered' if entered else 'left'} {where} at {at}{_motion(event, lang)}"


def _passed(event: AlertEvent, where: str, lang: Lang) -> str:
    began = moment(event.started_at_ms, lang, day=True)
    left = _number(event, "left_at_ms")
    ended = moment(event.fired_at_ms if left is None else round(left), lang)
    if lang == "zh":
        return f"于 {began} 至 {ended} 穿越{where}{_motion(event, lang)}"
    return f"went through {where} from {began} to {ended}{_motion(event, lang)}"


def _sped(event: AlertEvent, when: Speed, zone: ZoneSpec | None, lang: Lang) -> str:
    limit = said_speed((when.over_dkn or when.under_dkn or 0) / 10, lang)
    median = _number(event, "speed_kn")
    speed = said_speed(median, lang) if median is not None else ("—" if lang == "zh" else "-")
    window, where = said_duration(when.window_ms, lang), place_said(when.place, lang, zone)
    at = moment(event.fired_at_ms, lang, day=True)
    if lang == "zh":
        side = "超过" if when.over_dkn else "低于"
        here = f"在{where}内" if where else ""
        here += "沿轴线 " if when.along else ""
        said = f"于 {at} {here}{window}航速中位数 {speed}，{side}限值 {limit}"
    else:
        side = "above" if when.over_dkn else "below"
        here = f" inside {where}" if where else ""
        here = f" along the axis{here}" if when.along else here
        said = f"had a median speed of {speed} over {window}{here} at {at}, {side} the limit of {limit}"
    return said + _while(condition_said(when.holds, lang), lang)


def _followed(event: AlertEvent, when: Sequence, zone: ZoneSpec | None, lang: Lang) -> str:
    first = _number(event, "first_at_ms")
    begun = round(first) if first is not None else event.started_at_ms
    since, done = moment(begun, lang, day=True), moment(event.fired_at_ms, lang)
    last = len(when.steps) - 1
    parts = [_did(step, zone if index == last else None, lang) for index, step in enumerate(when.steps)]
    took = said_duration((event.fired_at_ms - begun) // 60_000 * 60_000, lang)
    if lang == "zh":
        return f"自 {since} 起，先{'，随后'.join(parts)}，{done} 成立，历时 {took}{_motion(event, lang)}"
    return f"since {since} {', then '.join(parts)}, complete at {done} after {took}{_motion(event, lang)}"


def _repeated(event: AlertEvent, when: Count, zone: ZoneSpec | None, lang: Lang) -> str:
    first = _number(event, "first_at_ms")
    since = moment(event.started_at_ms if first is None else round(first), lang, day=True)
    done, step = moment(event.fired_at_ms, lang), _did(when.step, zone, lang)
    within = said_duration(when.within_ms, lang)
    if lang == "zh":
        return f"自 {since} 至 {done} {when.times} 次{step}，限值 {within}内 {when.times} 次{_motion(event, lang)}"
    return (
        f"{step} {when.times} times from {since} to {done}, the limit is {when.times} within {within}"
        f"{_motion(event, lang)}"
    )


def _silent(event: AlertEvent, when: Absence, zone: ZoneSpec | None, lang: Lang) -> str:
    since, lasting = moment(event.started_at_ms, lang, day=True), said_duration(when.for_ms, lang)
    where, near = place_said(when.place, lang, zone), said_distance(when.near_m, lang)
    if lang == "zh":
        here = f"在{where}内" if where else ""
        heard = f"，其间附近 {near}内有其他目标的信号" if when.neighbours else ""
        return f"自 {since} {here}最后一次报告后静默满 {lasting}{heard}{_motion(event, lang)}"
    here = f" inside {where}" if where else ""
    heard = f", while others within {near} were heard" if when.neighbours else ""
    return f"has been silent for {lasting} since its report{here} at {since}{heard}{_motion(event, lang)}"


def _two_in_one(event: AlertEvent, when: Identity, lang: Lang) -> str:
    since, at = moment(event.started_at_ms, lang, day=True), moment(event.fired_at_ms, lang)
    if when.kind == "change":
        length, kind = _number(event, "length_before_m") or 0.0, str(event.values.get("kind_before", ""))
        before = KINDS[kind].of(lang) if kind in KINDS else kind
        if lang == "zh":
            return f"于 {since} 报告的船长或类型与此前（{length:g} 米，{before}）不同"
        return f"reported another length or kind at {since} than before ({length:g} m, {before})"
    if when.kind == "clone":
        if lang == "zh":
            return f"自 {since} 起至 {at} 交替出现在不可能往返的两处：疑为一码多船"
        return f"has been heard by turns since {since} up to {at} in two places too far apart: perhaps two vessels"
    if lang == "zh":
        return f"自 {since} 至 {at} 位置跳变，航行不可能这样快{_motion(event, lang)}"
    return f"jumped from {since} to {at} further than a vessel goes{_motion(event, lang)}"


def _dragged(event: AlertEvent, where: str, lang: Lang) -> str:
    since, radius = moment(event.started_at_ms, lang, day=True), _number(event, "radius_m") or 0.0
    if lang == "zh":
        here = f"{where}内" if where else ""
        return f"自 {since} 起漂出{here}半径 {radius:.0f} 米的回旋圈：疑似走锚{_motion(event, lang)}"
    here = f" inside {where}" if where else ""
    return (
        f"has drifted out of its swinging circle of {radius:.0f} m{here} since {since}: perhaps its anchor drags"
        f"{_motion(event, lang)}"
    )


def _will_meet(event: AlertEvent, when: Pair, zone: ZoneSpec | None, others: Listed[str], lang: Lang) -> str:
    """Of two: where and when they will be closest."""
    other = f"“{_other(event, others)}”"
    metres, seconds, now = (_number(event, name) or 0.0 for name in ("cpa_m", "tcpa_s", "distance_m"))
    closest, soon = said_distance(round(metres), lang), said_duration(round(seconds) * 1000, lang)
    limit, apart = said_distance(when.closer_m, lang), said_distance(round(now), lang)
    at, where = moment(event.fired_at_ms, lang, day=True), place_said(when.place, lang, zone)
    if lang == "zh":
        here = f"在{where}内" if where else ""
        return (
            f"与{other}照目前航速航向，{at} 起 {soon}后{here}最近距离 {closest}，限值 {limit}；现相距 {apart}"
        )
    here = f" inside {where}" if where else ""
    return (
        f"and {other}, going on as they do, will be {closest} apart{here} {soon} after {at}, "
        f"the limit is {limit}; now they are {apart} apart"
    )


def _came_together(
    event: AlertEvent, when: Rendezvous, zone: ZoneSpec | None, others: Listed[str], lang: Lang
) -> str:
    """Of two: since when they are near one another."""
    other, where = f"“{_other(event, others)}”", place_said(when.place, lang, zone)
    since, limit = moment(event.started_at_ms, lang, day=True), said_duration(when.for_ms, lang)
    together = said_duration((_number(event, "together_s") or 0.0) * 1000, lang)
    now = said_distance(round(_number(event, "distance_m") or 0.0), lang)
    if lang == "zh":
        here = f"在{where}内" if where else ""
        return f"自 {since} 起{here}与{other}靠在一起 {together}，达到限值 {limit}；现相距 {now}{_motion(event, lang)}"
    here = f" inside {where}" if where else ""
    return (
        f"and {other} have been together{here} for {together} since {since}, the limit is {limit}; "
        f"now they are {now} apart{_motion(event, lang)}"
    )


def _went_together(
    event: AlertEvent, when: Group, zone: ZoneSpec | None, others: Listed[str], lang: Lang
) -> str:
    """Of a group: who, and since when."""
    names = [f"“{named(label, other.track)}”" for label, other in zip(others, event.others, strict=False)]
    more = max(0, len(event.others) - MAX_NAMED)
    where, since = place_said(when.place, lang, zone), moment(event.started_at_ms, lang, day=True)
    together = said_duration((_number(event, "together_s") or 0.0) * 1000, lang)
    members = round(_number(event, "members") or 0.0)
    if lang == "zh":
        here, rest = f"在{where}内" if where else "", f"等另外 {more} 个" if more else ""
        return f"与{'、'.join(names[:MAX_NAMED])}{rest}共 {members} 个自 {since} 起{here}结队而行 {together}"
    here, rest = f" inside {where}" if where else "", f" and {more} more" if more else ""
    said = f"has gone{here} in a group of {members} for {together} since {since}, with "
    return said + ", ".join(names[:MAX_NAMED]) + rest


def _uncovered(event: AlertEvent, when: Cover, lang: Lang) -> str:
    """Of a zone: since when nobody could reach it, and how far the nearest is."""
    since, reach = moment(event.started_at_ms, lang, day=True), said_duration(when.reach_ms, lang)
    lasted = said_duration((_number(event, "uncovered_s") or 0.0) * 1000, lang)
    pace, metres = said_speed(when.pace_dkn / 10, lang), _number(event, "nearest_m")
    far = said_distance(round(metres), lang) if metres is not None else ""
    if lang == "zh":
        nearest = f"最近的在 {far}外" if far else "没有听到任何一个"
        return f"自 {since} 起 {lasted}没有力量能以 {pace}在 {reach}内赶到；{nearest}"
    nearest = f"the nearest is {far} away" if far else "none is heard"
    return f"has had nobody who could reach it within {reach} at {pace} for {lasted} since {since}; {nearest}"


def _spiked(event: AlertEvent, when: Station, lang: Lang) -> str:
    """Of a station: how far the value stands out, and with which wind high values came."""
    value, median, beside = (_number(event, name) for name in ("value", "median", "beside"))
    at = moment(event.fired_at_ms, lang, day=True)
    deg, share = _number(event, "upwind_1_deg"), _number(event, "upwind_1_cpf")
    source = str(event.values.get("source_1", ""))
    if lang == "zh":
        near = f"，周边站中位数 {beside:g}" if beside is not None else ""
        wind = (
            f"；高值多来自 {deg:g}° 方向的风（占该风向时次的 {share:.0%}）"
            if deg is not None and share is not None
            else ""
        )
        from_ = f"，该方向有“{source}”" if source else ""
        return f"于 {at} {when.factor} 为 {value or 0:g}，本站中位数 {median or 0:g}{near}{wind}{from_}"
    near = f", the stations around it {beside:g}" if beside is not None else ""
    wind = ""
    if deg is not None and share is not None:
        wind = f"; high values come with wind from {deg:g}° ({share:.0%} of its hours)"
    from_ = f", where “{source}” lies" if source else ""
    return f"said {when.factor} {value or 0:g} at {at}, its median is {median or 0:g}{near}{wind}{from_}"


def _did_not_balance(event: AlertEvent, when: Balance, lang: Lang) -> str:
    """Of a site: what is missing or too much, and the limit."""
    inward, outward, gained, rest, limit = (
        _number(event, name) or 0.0 for name in ("inward", "outward", "gained", "residual", "limit")
    )
    days, at = said_duration(when.over_ms, lang), moment(event.fired_at_ms, lang, day=True)
    if lang == "zh":
        return f"截至 {at} 的 {days}：进 {inward:g}，出 {outward:g}，存量增加 {gained:g}，差额 {rest:g}，限值 {limit:g}"
    return (
        f"took in {inward:g} and gave out {outward:g} over the {days} to {at}, the stock gained {gained:g}: "
        f"{rest:g} is not accounted for, the limit is {limit:g}"
    )


def _other(event: AlertEvent, others: Listed[str]) -> str:
    """The second target as the board names it, or by its number."""
    track = event.others[0].track if event.others else 0
    return named(others[0] if others else "", track)


def _did(step: Step, zone: ZoneSpec | None, lang: Lang) -> str:
    """A step that was completed, in the past."""
    where = place_said(step.place, lang, zone)
    match step:
        case Enter():
            return f"驶入{where}" if lang == "zh" else f"entered {where}"
        case Leave():
            return f"离开{where}" if lang == "zh" else f"left {where}"
        case Cross():
            return f"穿越{where}" if lang == "zh" else f"went through {where}"
        case Stay(_, for_ms, _, _):
            limit, here = said_duration(for_ms, lang), f" inside {where}" if where else ""
            return (
                f"{f'在{where}内' if where else ''}停留满 {limit}"
                if lang == "zh"
                else f"stayed{here} for {limit}"
            )
        case Speed():
            return operator_said(step, lang)


def _while(condition: str, lang: Lang) -> str:
    if not condition:
        return ""
    return f"，条件：{condition}" if lang == "zh" else f", while {condition}"


def _motion(event: AlertEvent, lang: Lang) -> str:
    """The last fix's speed and course, where they are known."""
    if not event.fixes:
        return ""
    last, parts = event.fixes[-1], []
    if last.sog_dkn != 65_535:
        speed = said_speed(last.sog_dkn / 10, lang)
        parts.append(f"航速 {speed}" if lang == "zh" else f"speed {speed}")
    if last.cog_ddeg < 3_600:
        degrees = round(last.cog_ddeg / 10) % 360
        parts.append(f"航向 {degrees}°" if lang == "zh" else f"course {degrees}°")
    return "".join((f"，{part}" if lang == "zh" else f", {part}") for part in parts)


def _number(event: AlertEvent, name: str) -> float | None:
    value = event.values.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
