"""A rule says itself in one sentence, Chinese or English, made from what was understood of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from jiangdun.picture.zones import ZONE_KINDS

from .columns import COLUMNS, Type
from .conditions import Expression
from .errors import Lang, Said
from .measures import said_distance, said_duration, said_speed
from .readings import of_readings_said
from .spec import (
    Absence,
    Balance,
    Condition,
    Count,
    Cross,
    Drag,
    Enter,
    Identity,
    Keep,
    Leave,
    OffAxis,
    Operator,
    Place,
    RuleSpec,
    Sequence,
    Speed,
    Station,
    Stay,
    ZoneSpec,
)
from .terms import (
    Between,
    Both,
    Call,
    Compare,
    Either,
    HasPermit,
    IsNull,
    Not,
    Number,
    OneOf,
    Sum,
    Term,
    Truth,
    Value,
    Word,
)

WATCHED: Final[Mapping[str, Said]] = {
    "vessel": Said("船舶", "a vessel"),
    "vehicle": Said("车辆", "a vehicle"),
    "person": Said("人员", "a person"),
    "any": Said("任何目标", "anything"),
    "station": Said("监测站", "a station"),
}
KINDS: Final[Mapping[str, Said]] = {
    "unknown_vessel": Said("未知船舶", "unknown vessel"),
    "cargo": Said("货船", "cargo ship"),
    "tanker": Said("油轮", "tanker"),
    "passenger": Said("客船", "passenger ship"),
    "fishing": Said("渔船", "fishing vessel"),
    "tug": Said("拖轮", "tug"),
    "dredger": Said("采砂船", "dredger"),
    "sand_carrier": Said("运砂船", "sand carrier"),
    "pleasure": Said("游艇", "pleasure craft"),
    "high_speed": Said("高速船", "high-speed craft"),
    "official": Said("公务船", "official vessel"),
    "pilot": Said("引航船", "pilot vessel"),
    "rescue": Said("救助船", "rescue vessel"),
    "aid_to_navigation": Said("航标", "aid to navigation"),
    "base_station": Said("岸站", "base station"),
    "other_vessel": Said("其他船舶", "other vessel"),
    "ferry": Said("渡船", "ferry"),
    "vehicle": Said("车辆", "vehicle"),
    "truck": Said("货车", "truck"),
    "car": Said("小客车", "car"),
    "patrol_car": Said("巡逻车", "patrol car"),
    "person": Said("人员", "person"),
    "officer": Said("执法人员", "officer"),
    "aircraft": Said("航空器", "aircraft"),
    "drone": Said("无人机", "drone"),
}
LOADS: Final[Mapping[str, Said]] = {
    "empty": Said("空载", "empty"),
    "half": Said("半载", "half laden"),
    "full": Said("满载", "fully laden"),
}
_OPS: Final[Mapping[str, Said]] = {
    "=": Said("为", "is"),
    "<>": Said("不为", "is not"),
    "<": Said("低于", "below"),
    "<=": Said("不超过", "at most"),
    ">": Said("超过", "above"),
    ">=": Said("不低于", "at least"),
}
_FUNCTIONS: Final[Mapping[str, Said]] = {
    "abs": Said("绝对值", "the size of"),
    "coalesce": Said("首个已知值", "the first known of"),
    "least": Said("最小值", "the least of"),
    "greatest": Said("最大值", "the greatest of"),
}


def sentence(spec: RuleSpec, lang: Lang) -> str:
    """The whole rule in one sentence."""
    subject = WATCHED[spec.watch].of(lang)
    doing = operator_said(spec.when, lang)
    law = "、".join(f"《{each.law}》{each.article}" for each in spec.legal)
    wait = said_duration(spec.cooldown_ms, lang) if spec.cooldown_ms else ""
    if lang == "zh":
        filtered = f"（只看{condition_said(spec.where, lang)}的）" if spec.where else ""
        exempt = f"；在{_places(spec.unless, lang)}内的不算" if spec.unless else ""
        again = f"；同一目标同一次进入后 {wait}内不再报" if wait else ""
        then = "直接立为事件" if spec.incident == "auto" else "先进分诊"
        return (
            f"{spec.title_zh}（{spec.severity.name} 级）：{subject}{filtered}{doing}，即报警，{then}"
            f"{exempt}{again}。由 {spec.owner} 负责；依据{law}。"
        )
    filtered = f" ({condition_said(spec.where, lang)})" if spec.where else ""
    exempt = f"; inside {_places(spec.unless, lang)} it does not count" if spec.unless else ""
    again = f"; not again for {wait} in the same visit" if wait else ""
    then = "an incident is opened at once" if spec.incident == "auto" else "the alert waits in triage"
    law = ", ".join(f"{each.law} {each.article}".strip() for each in spec.legal)
    return (
        f"{spec.title_en} (severity {spec.severity.name}): when {subject}{filtered} {doing}, {then}"
        f"{exempt}{again}. {spec.owner} answers for it; basis: {law}."
    )


def place_said(place: Place | None, lang: Lang, zone: ZoneSpec | None = None) -> str:
    """A zone by its name, a class by its word; "" where there is no place."""
    if zone is not None and (zone.name_zh if lang == "zh" else zone.name_en):
        return f"“{zone.name_zh}”" if lang == "zh" else f"“{zone.name_en}”"
    if place is None:
        return ""
    if place.zone_id is not None:
        return f"“{place.zone_id}”"
    kind = place.kind or ""
    if kind not in ZONE_KINDS:
        return f"“{kind}”"
    zh, en = ZONE_KINDS[kind]
    return zh if lang == "zh" else f"the {en}"


def _places(places: tuple[Place, ...], lang: Lang) -> str:
    return (" 或 " if lang == "zh" else " or ").join(place_said(place, lang) for place in places)


def operator_said(when: Operator, lang: Lang) -> str:
    """What must happen, as a clause after its subject."""
    match when:
        case Sequence(steps, within_ms, unless):
            return _sequence_said(steps, within_ms, unless, lang)
        case Stay(place, for_ms, holds, tolerate_ms, keep, off):
            course = off_axis_said(off, Said("航向", "the course"), lang)
            return _stay_said(place, for_ms, holds, tolerate_ms, lang) + course + _keep_said(keep, lang)
        case Cross(place, off, holds):
            return _cross_said(place, off, holds, lang)
        case Enter(place, fixes, holds):
            return _edge_said(Said("进入", "enters"), place, fixes, holds, lang)
        case Leave(place, fixes, holds):
            return _edge_said(Said("离开", "leaves"), place, fixes, holds, lang)
        case Speed():
            return _speed_said(when, lang)
        case Count():
            return _count_said(when, lang)
        case Absence():
            return _absence_said(when, lang)
        case Identity():
            return _identity_said(when, lang)
        case Drag():
            return _drag_said(when, lang)
        case Station() | Balance():
            return of_readings_said(when, lang)
    from .several_said import several_said  # it needs the words for places and conditions from here

    return several_said(when, lang)


def _sequence_said(steps: tuple[Operator, ...], within_ms: int, unless: Operator | None, lang: Lang) -> str:
    parts = [operator_said(step, lang) for step in steps]
    limit = said_duration(within_ms, lang)
    if lang == "zh":
        said = f"先{parts[0]}，" + ",".join(f"再于 {limit}内{part}" for part in parts[1:])
        return said + (f"（其间{operator_said(unless, lang)}的除外）" if unless else "")
    said = f"{parts[0]}" + "".join(f", then within {limit} {part}" for part in parts[1:])
    return said + (f" (unless it {operator_said(unless, lang)} in between)" if unless else "")


def _stay_said(
    place: Place | None, for_ms: int, holds: Condition | None, tolerate_ms: int, lang: Lang
) -> str:
    lasting, where = said_duration(for_ms, lang), place_said(place, lang)
    if lang == "zh":
        while_ = f"{condition_said(holds, lang)}，" if holds else ""
        bear = f"（{said_duration(tolerate_ms, lang)}以内的相反报告不打断）" if tolerate_ms else ""
        return f"{f'在{where}内' if where else ''}{while_ or '停留'}持续满 {lasting}{bear}"
    while_ = f" with {condition_said(holds, lang)}" if holds else ""
    bear = (
        f" (contrary reports of up to {said_duration(tolerate_ms, lang)} do not end it)"
        if tolerate_ms
        else ""
    )
    return f"stays{f' inside {where}' if where else ''}{while_} for {lasting}{bear}"


def _count_said(when: Count, lang: Lang) -> str:
    within, step = said_duration(when.within_ms, lang), operator_said(when.step, lang)
    if lang == "zh":
        return f"{within}内 {when.times} 次{step}{'（同一区域内）' if when.each_zone else ''}"
    return (
        f"{step}, {when.times} times within {within}{' in one and the same zone' if when.each_zone else ''}"
    )


def _identity_said(when: Identity, lang: Lang) -> str:
    where, limit = place_said(when.place, lang), said_speed(when.over_dkn / 10, lang)
    slack, holds = said_distance(when.slack_m, lang), condition_said(when.holds, lang)
    zh = {
        "clone": f"同一号码交替出现在不可能往返的两处（快于 {limit}，误差 {slack}，各至少 {when.fixes} 个报告）",
        "jump": f"位置跳变（快于 {limit}，误差 {slack}）",
        "change": "船长或类型与此前所报不同",
    }
    en = {
        "clone": f"is heard by turns in two places that are further apart than {limit} (and {slack}) allow, "
        f"{when.fixes} reports or more in each",
        "jump": f"jumps further than {limit} (and {slack}) allow",
        "change": "reports another length or kind than before",
    }
    if lang == "zh":
        return f"{f'在{where}内' if where else ''}{f'{holds}时' if holds else ''}{zh[when.kind]}"
    return f"{en[when.kind]}{f' inside {where}' if where else ''}{f' while {holds}' if holds else ''}"


def _drag_said(when: Drag, lang: Lang) -> str:
    where, learn = place_said(when.place, lang), said_duration(when.learn_ms, lang)
    swing, margin = said_distance(when.swing_m, lang), said_distance(when.margin_m, lang)
    holds = condition_said(when.holds, lang)
    if lang == "zh":
        return (
            f"{f'在{where}内' if where else ''}{f'{holds}时' if holds else ''}锚泊满 {learn}后漂出回旋圈"
            f"（半径 {swing}，余量 {margin}，连续 {when.fixes} 个报告渐远）"
        )
    return (
        f"drifts out of its swinging circle after {learn} at anchor{f' inside {where}' if where else ''}"
        f"{f' while {holds}' if holds else ''} (radius {swing}, margin {margin}, further at "
        f"each of {when.fixes} reports)"
    )


def _absence_said(when: Absence, lang: Lang) -> str:
    lasting, near = said_duration(when.for_ms, lang), said_distance(when.near_m, lang)
    where = place_said(when.place, lang)
    if lang == "zh":
        last = "、".join(
            [f"在{where}内"] * bool(where) + [condition_said(when.holds, lang)] * bool(when.holds)
        )
        others = f"，而其附近 {near}内至少 {when.neighbours} 个其他目标有信号" if when.neighbours else ""
        return f"{f'最后报告{last}、' if last else ''}此后静默满 {lasting}{others}"
    last = " and ".join(
        [f"inside {where}"] * bool(where) + [condition_said(when.holds, lang)] * bool(when.holds)
    )
    others = f" while {when.neighbours} or more others within {near} are heard" if when.neighbours else ""
    return f"is silent for {lasting}{f', last heard {last},' if last else ''}{others}"


def off_axis_said(off: OffAxis | None, what: Said, lang: Lang) -> str:
    """Within which angles `what` runs off the axis of the zone, in brackets."""
    if off is None:
        return ""
    over, under = ((None if x is None else f"{x / 10:g}°") for x in (off.over_ddeg, off.under_ddeg))
    if lang == "zh":
        parts = [f"大于 {over}"] * (over is not None) + [f"小于 {under}"] * (under is not None)
        return f"（{what.zh}与轴线夹角{'、'.join(parts)}）"
    parts = [f"more than {over}"] * (over is not None) + [f"less than {under}"] * (under is not None)
    return f" ({what.en} {' and '.join(parts)} off the axis)"


def _cross_said(place: Place, off: OffAxis | None, holds: Condition | None, lang: Lang) -> str:
    where = place_said(place, lang)
    way = off_axis_said(off, Said("穿越方向", "its way"), lang)
    if lang == "zh":
        return f"{f'在{condition_said(holds, lang)}时' if holds else ''}穿越{where}{way}"
    return f"goes through {where}{f' while {condition_said(holds, lang)}' if holds else ''}{way}"


def _keep_said(keep: Keep | None, lang: Lang) -> str:
    if keep is None:
        return ""
    wide, lax = said_distance(keep.margin_m, lang), condition_said(keep.holds, lang)
    if lang == "zh":
        parts = [f"出界不超过 {wide}"] * (keep.margin_m > 0) + [f"{lax}"] * bool(lax)
        return f"（开始后，{'且'.join(parts)}仍算停留）"
    parts = [f"no further out than {wide}"] * (keep.margin_m > 0) + [f"with {lax}"] * bool(lax)
    return f" (once begun it goes on while {' and '.join(parts)})"


def _edge_said(verb: Said, place: Place, fixes: int, holds: Condition | None, lang: Lang) -> str:
    where = place_said(place, lang)
    if lang == "zh":
        while_ = f"在{condition_said(holds, lang)}时" if holds else ""
        proof = f"连续 {fixes} 个定位确认" if fixes > 1 else "两个定位之间穿越即算"
        return f"{while_}{verb.zh}{where}（{proof}）"
    while_ = f" while {condition_said(holds, lang)}" if holds else ""
    proof = f"confirmed by {fixes} fixes in a row" if fixes > 1 else "crossing between two fixes counts"
    return f"{verb.en} {where}{while_} ({proof})"


def _speed_said(when: Speed, lang: Lang) -> str:
    limit = said_speed((when.over_dkn or when.under_dkn or 0) / 10, lang)
    window, where = said_duration(when.window_ms, lang), place_said(when.place, lang)
    if lang == "zh":
        while_ = f"在{condition_said(when.holds, lang)}时，" if when.holds else ""
        side = "超过" if when.over_dkn else "低于"
        here = f"在{where}内 " if where else ""
        here += "沿轴线 " if when.along else ""
        return f"{while_}{here}{window}的航速中位数{side} {limit}（至少 {when.min_fixes} 个报告）"
    while_ = f" while {condition_said(when.holds, lang)}" if when.holds else ""
    side = "above" if when.over_dkn else "below"
    here = f" inside {where}" if where else ""
    here = f" along the axis{here}" if when.along else here
    return (
        f"has a median speed over {window} {side} {limit}{here}{while_} (at least {when.min_fixes} reports)"
    )


# --- conditions ---


def condition_said(condition: Condition | None, lang: Lang) -> str:
    """A condition in words; the bare text where it is not one of ours."""
    if condition is None:
        return ""
    return term_said(condition.term, lang) if isinstance(condition, Expression) else condition.text


def term_said(term: Term, lang: Lang) -> str:
    zh = lang == "zh"
    match term:
        case Value(name):
            return COLUMNS[name].said.of(lang)
        case Number(value):
            return f"{value:g}"
        case Truth(value):
            return ("真" if value else "假") if zh else ("true" if value else "false")
        case Word(text, _, kind):
            said = (KINDS if kind is Type.KIND else LOADS).get(text)
            return said.of(lang) if said else text
        case HasPermit(permit):
            return f"持有“{permit}”许可" if zh else f"holding the permit “{permit}”"
        case Not(HasPermit(permit)):
            return f"没有“{permit}”许可" if zh else f"without the permit “{permit}”"
        case Not(OneOf(value, options)):
            name, listed = term_said(value, lang), _listed(options, lang)
            return f"{name}不是{listed}" if zh else f"{name} is not {listed}"
        case Not(IsNull(value)):
            return f"{term_said(value, lang)}已知" if zh else f"{term_said(value, lang)} known"
        case Not(Value(name)):
            return f"不是{COLUMNS[name].said.zh}" if zh and name == "is_night" else _not(term.value, lang)
        case Not(value):
            return _not(value, lang)
        case IsNull(value):
            return f"{term_said(value, lang)}未知" if zh else f"{term_said(value, lang)} unknown"
        case OneOf(value, options):
            listed = _listed(options, lang)
            return f"{term_said(value, lang)}是{listed}" if zh else f"{term_said(value, lang)} is {listed}"
        case Between(value, low, high):
            bounds = (
                f"{term_said(low, lang)}{' 至 ' if zh else ' to '}{term_said(high, lang)}{_unit(value, lang)}"
            )
            return (
                f"{term_said(value, lang)}在 {bounds}之间"
                if zh
                else f"{term_said(value, lang)} from {bounds}"
            )
        case Compare(op, left, right):
            unit = _unit(left, lang) if isinstance(right, Number) else ""
            return (
                f"{term_said(left, lang)}{_OPS[op].zh} {term_said(right, lang)}{unit}"
                if zh
                else (f"{term_said(left, lang)} {_OPS[op].en} {term_said(right, lang)}{unit}")
            )
        case Both(left, right):
            return f"{_inner(left, lang)}{' 且 ' if zh else ' and '}{_inner(right, lang)}"
        case Either(left, right):
            return f"{_inner(left, lang)}{' 或 ' if zh else ' or '}{_inner(right, lang)}"
        case Sum(op, left, right):
            return f"({term_said(left, lang)} {op} {term_said(right, lang)})"
        case Call(name, arguments):
            inside = ("、" if zh else ", ").join(term_said(each, lang) for each in arguments)
            return f"（{inside}）的{_FUNCTIONS[name].zh}" if zh else f"{_FUNCTIONS[name].en} ({inside})"


def _not(value: Term, lang: Lang) -> str:
    return f"并非（{term_said(value, lang)}）" if lang == "zh" else f"not ({term_said(value, lang)})"


def _inner(term: Term, lang: Lang) -> str:
    said = term_said(term, lang)
    if not isinstance(term, Either):
        return said
    return f"（{said}）" if lang == "zh" else f"({said})"


def _listed(options: tuple[Number | Word, ...], lang: Lang) -> str:
    return (" 或 " if lang == "zh" else " or ").join(term_said(option, lang) for option in options)


def _unit(term: Term, lang: Lang) -> str:
    said = COLUMNS[term.name].unit.of(lang) if isinstance(term, Value) else ""
    return f" {said}" if said else ""
