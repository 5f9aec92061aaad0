"""The rule language: YAML text to `RuleSpec`, or every fault found in it, each with its place and its remedy.

    spec = read(path.read_text(), path.name)
    print(sentence(spec, "zh"))

The shape is checked against `schema.json` (shipped, for editors and forms); then durations, speeds, dates and
conditions are read. One file holds one rule. `docs/rules.md` shows the syntax with examples.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final, TypeVar

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from .conditions import References, read_condition
from .document import Document, Path, read_document
from .errors import Problem, RuleError, clipped, nearest, wrong
from .measures import day_ms, distance_m, duration_ms, iso_day, speed_dkn
from .phrases import sentence
from .readings import PARTS as OF_READINGS
from .readings import read_of_readings
from .several import PARTS as SEVERAL
from .several import read_several
from .spec import (
    ABSENCE_MS_MIN,
    MARGIN_M_MAX,
    NEAR_M_MAX,
    SLACK_M_MAX,
    SWING_M_MAX,
    Absence,
    Condition,
    Count,
    Cross,
    Drag,
    Enter,
    Identity,
    Keep,
    Leave,
    Legal,
    OffAxis,
    Operator,
    Place,
    RuleSpec,
    Sequence,
    Severity,
    Speed,
    Stay,
    Step,
)

__all__ = ["read", "schema", "sentence"]

DISCRIMINATORS: Final = (
    ("sequence", "sequence"),
    ("count", "count"),
    ("silent", "silent"),
    ("identity", "identity"),
    ("drag", "drag"),
    ("speed", "speed"),
    ("enters", "enters"),
    ("leaves", "leaves"),
    ("crosses", "crosses"),
    *((part, part) for part in (*SEVERAL, *OF_READINGS)),
)
"""The key that says which operator it is, and its part of the schema; what has none of them is a stay."""

FOREVER_MS: Final = 2**62
T = TypeVar("T")


def read(text: str, file: str = "", *, version: int = 1, references: References | None = None) -> RuleSpec:
    """The rule that `text` holds. `version` is counted by the room; `references` are named sets of tracks.

    Raises RuleError (and nothing else) with every problem found.
    """
    try:
        document = read_document(text)
        problems = list(_shape(document))
        if problems:
            raise RuleError(problems)
        return _Build(document, references).rule(version)
    except RuleError as error:
        raise error.within(file) from None


@cache
def schema() -> Mapping[str, Any]:
    """The JSON Schema of a rule document."""
    found: Mapping[str, Any] = json.loads(files(__package__).joinpath("schema.json").read_text("utf-8"))
    return found


# --- the shape ---


@cache
def _validator(part: str) -> Draft202012Validator:
    whole = schema()
    if not part:
        properties = {**whole["properties"], "when": {"type": "object"}}
        return Draft202012Validator({**whole, "properties": properties})
    definition = dict(whole["$defs"][part])
    if part == "count":
        definition["properties"] = {**definition["properties"], "count": {"type": "object"}}
    if part == "sequence":  # its steps are told apart here, so that a fault is named and not "none of these"
        steps = {**definition["properties"]["sequence"], "items": {"type": "object"}}
        definition["properties"] = {
            **definition["properties"],
            "sequence": steps,
            "unless": {"type": "object"},
        }
    return Draft202012Validator({"$defs": whole["$defs"], **definition})


def _shape(document: Document) -> Iterator[Problem]:
    yield from _against("", document.values, (), document)
    when = document.values.get("when")
    if isinstance(when, dict):
        yield from _operator_shape(when, ("when",), document, steps=False)


def _operator_shape(
    value: Mapping[str, Any], path: Path, document: Document, *, steps: bool
) -> Iterator[Problem]:
    part = _part_of(value)
    if part in _WHOLES and steps:
        yield document.problem(
            path,
            wrong(
                f"{part} 不能作为步骤",
                f"{part} cannot be a step",
                "步骤只能是停留、enters、leaves、crosses、speed",
                "a step is a stay, enters, leaves, crosses or speed",
            ),
        )
        return
    if part in (*SEVERAL, *OF_READINGS) and steps:
        yield document.problem(path, _no_step(part))
        return
    if part == "stay" and "for" not in value:
        yield document.problem(path, _no_operator(value), key=bool(path))
        return
    yield from _against(part, value, path, document)
    if isinstance(value.get("count"), dict):
        yield from _operator_shape(value["count"], (*path, "count"), document, steps=True)
    if part == "sequence":
        inner = value.get("sequence")
        for index, step in enumerate(inner if isinstance(inner, list) else ()):
            if isinstance(step, dict):
                yield from _operator_shape(step, (*path, "sequence", index), document, steps=True)
        if isinstance(value.get("unless"), dict):
            yield from _operator_shape(value["unless"], (*path, "unless"), document, steps=True)


_WHOLES: Final = ("sequence", "count", "silent", "identity", "drag")
"""Operators that are a whole rule, no step of another."""
_STAY: Final = ("inside", "holds", "tolerate", "keep", "off_axis")


def _part_of(value: Mapping[str, Any]) -> str:
    return next((part for key, part in DISCRIMINATORS if key in value), "stay")


def _no_step(part: str) -> Problem:
    return wrong(
        f"{part} 不能作 sequence 的一步",
        f"{part} cannot be a step of a sequence",
        "请另写一条规则",
        "write a rule of its own",
    )


def _no_operator(value: Mapping[str, Any]) -> Problem:
    known = ("for", *(key for key, _ in DISCRIMINATORS))
    strange = [key for key in value if key not in (*known, *_STAY, "fixes", "within")]
    what = ("看不出是哪种判断", "which operator is meant cannot be told")
    if strange:
        close = nearest(strange[0], (*known, *_STAY))
        return wrong(
            f"{what[0]}：没有 {clipped(strange[0])}",
            f"{what[1]}: there is no {clipped(strange[0])}",
            close.zh,
            close.en,
        )
    return wrong(
        *what,
        f"停留请写 inside 和 for，另有 {'、'.join(known[1:])}",
        f"for a stay write inside and for; else one of {', '.join(known[1:])}",
    )


def _against(part: str, value: Any, path: Path, document: Document) -> Iterator[Problem]:
    for error in _validator(part).iter_errors(value):
        yield from _told(error, (*path, *error.absolute_path), document)


def _told(error: ValidationError, path: Path, document: Document) -> Iterator[Problem]:
    given: Any = error.instance
    limit: Any = error.validator_value
    part: Any = error.schema
    name = clipped(path[-1]) if path else ""
    if error.validator == "additionalProperties":
        known = set(part.get("properties", {}))
        for key in sorted(set(given) - known):
            close = nearest(key, known)
            yield document.problem(
                (*path, key),
                wrong(f"没有键 {clipped(key)}", f"there is no key {clipped(key)}", close.zh, close.en),
                key=True,
            )
        return
    if error.validator == "required":
        missing = [key for key in limit if key not in given]
        key = missing[0] if missing else ""
        if error.message.startswith(f"'{key}'") or len(missing) == 1:
            yield document.problem(
                path, wrong(f"缺少 {key}", f"{key} is missing", *_EXAMPLES.get(key, _fill(key)))
            )
            return
        named = next(key for key in missing if error.message.startswith(f"'{key}'"))
        yield document.problem(
            path, wrong(f"缺少 {named}", f"{named} is missing", *_EXAMPLES.get(named, _fill(named)))
        )
        return
    if error.validator == "enum":
        close = nearest(str(given), [str(each) for each in limit])
        what = wrong(
            f"{name} 不能是 {clipped(given)}", f"{name} cannot be {clipped(given)}", close.zh, close.en
        )
        yield document.problem(path, what)
        return
    if error.validator == "pattern":
        yield document.problem(
            path,
            wrong(
                f"{name} 不能写 {clipped(given)}",
                f"{name} cannot be {clipped(given)}",
                "请用小写字母、数字和连字符，如 sand-ban",
                "use small letters, digits and hyphens, as sand-ban",
            ),
        )
        return
    yield document.problem(path, _bounds(error, name, given))


def _fill(key: str) -> tuple[str, str]:
    return f"请补上 {key}: …", f"add {key}: …"


_EXAMPLES: Final = {
    "rule": ("请写如 rule: sand-mining-at-night", "write as rule: sand-mining-at-night"),
    "title": ("请写 title: {zh: …, en: …}", "write title: {zh: …, en: …}"),
    "legal": ("请写 legal: [{law: …, article: …}]", "write legal: [{law: …, article: …}]"),
    "within": ("请写如 within: 3 h", "write as within: 3 h"),
    "for": ("请写如 for: 20 min", "write as for: 20 min"),
    "when": (
        "请写如 when: {inside: sand-ban, for: 20 min}",
        "write as when: {inside: sand-ban, for: 20 min}",
    ),
}
_SHAPES: Final = {
    "object": ("键和值，如 {zh: …, en: …}", "keys and values, as {zh: …, en: …}"),
    "array": ("列表，如 [ … ]", "a list, as [ … ]"),
    "string": ("文字；像数字或日期的请加引号", "text; quote what looks like a number"),
    "integer": ("整数", "a whole number"),
    "number": ("数字，如 90", "a number, as 90"),
    "boolean": ("true 或 false", "true or false"),
}


def _bounds(error: ValidationError, name: str, given: object) -> Problem:
    if error.validator == "type":
        wanted = error.validator_value if isinstance(error.validator_value, str) else "string"
        zh, en = _SHAPES[wanted]
        part: Any = error.schema
        example = part.get("description", "") if wanted == "string" else ""
        if example:
            zh, en = f"文字，如 {example}", f"text such as {example}"
        return wrong(
            f"{name or '规则'} 的写法不对",
            f"{name or 'the rule'} has the wrong shape",
            f"这里要{zh}",
            f"write {en}",
        )
    limit = error.validator_value
    more = error.validator in ("minLength", "minItems", "minimum", "minProperties")
    return wrong(
        f"{name} {'太短或太少' if more else '太长或太多'}：{clipped(given, 30)}",
        f"{name} is too {'short or few' if more else 'long or many'}: {clipped(given, 30)}",
        f"{'至少' if more else '最多'} {limit}",
        f"{'at least' if more else 'at most'} {limit}",
    )


# --- the meaning ---


class _Build:
    """Reads every part, keeps every problem, and raises them together."""

    def __init__(self, document: Document, references: References | None) -> None:
        self.document = document
        self.references = references
        self.problems: list[Problem] = []

    def rule(self, version: int) -> RuleSpec:
        given = self.document.values
        when = self.operator(given["when"], ("when",))
        where = self.condition(given, ("where",))
        self.watched(given)
        valid = given.get("valid", {})
        begins = self.part(lambda: day_ms(valid["from"]), ("valid", "from")) if "from" in valid else 0
        ends = (
            self.part(lambda: day_ms(valid["to"], after=True), ("valid", "to"))
            if "to" in valid
            else FOREVER_MS
        )
        cooldown = self.duration(given, ("cooldown",), 7_200_000)
        legal = tuple(self.legal(each, ("legal", index)) for index, each in enumerate(given["legal"]))
        if begins is not None and ends is not None and begins >= ends:
            self.found(
                ("valid",),
                wrong(
                    "失效早于生效",
                    "it ends before it begins",
                    "请改 valid 的 from 或 to",
                    "mend from or to of valid",
                ),
            )
        if self.problems:
            raise RuleError(self.problems)
        assert when is not None
        assert begins is not None
        assert ends is not None
        return RuleSpec(
            name=given["rule"],
            version=version,
            title_zh=given["title"]["zh"],
            title_en=given["title"]["en"],
            domain=given["domain"],
            owner=given["owner"],
            severity=Severity[given["severity"]],
            watch=given["watch"],
            when=when,
            where=where,
            unless=tuple(_place(each["inside"]) for each in given.get("unless", ())),
            cooldown_ms=cooldown,
            incident=given.get("incident", "triage"),
            act=given.get("act", "settled"),
            legal=legal,
            valid_from_ms=begins,
            valid_to_ms=ends,
            source=self.document.text,
        )

    def watched(self, given: Mapping[str, Any]) -> None:
        """Stations say readings, everything else reports: the operator must be of what is watched."""
        of_stations = given["watch"] == "station"
        if of_stations != (_part_of(given["when"]) in OF_READINGS):
            self.found(("watch",), _not_watched(of_stations))
        for key in ("where", "unless") if of_stations else ():
            if key in given:
                self.found(
                    (key,),
                    wrong(
                        f"监测站规则没有 {key}",
                        f"a rule of stations has no {key}",
                        "请删去",
                        "delete it",
                    ),
                )

    def found(self, path: Path, problem: Problem) -> None:
        self.problems.append(self.document.problem(path, problem))

    def part(self, make: Callable[[], T], path: Path) -> T | None:
        """What `make` yields, or None and its problems kept."""
        try:
            return make()
        except RuleError as error:
            for problem in error.problems:
                self.found(path, problem)
            return None

    def condition(self, given: Mapping[str, Any], path: Path) -> Condition | None:
        text = given.get(str(path[-1]))
        if text is None:
            return None
        try:
            return read_condition(text, self.references)
        except RuleError as error:
            self.problems += [self.document.in_text(path, problem) for problem in error.problems]
            return None

    def duration(self, given: Mapping[str, Any], path: Path, default: int = 0) -> int:
        """0 stands for a duration that could not be read: its problem is kept."""
        text = given.get(str(path[-1]))
        return default if text is None else self.part(lambda: duration_ms(text), path) or 0

    def legal(self, given: Mapping[str, Any], path: Path) -> Legal:
        for key in ("from", "to"):
            if key in given:
                self.part(lambda day=given[key]: iso_day(day), (*path, key))  # type: ignore[misc]
        return Legal(given["law"], given.get("article", ""), given.get("from", ""), given.get("to", ""))

    def operator(self, given: Mapping[str, Any], path: Path) -> Operator | None:
        part = _part_of(given)
        if part in SEVERAL:
            return read_several(self, part, given, path)
        if part in OF_READINGS:
            return read_of_readings(self, part, given, path)
        if "count" in given:
            return self.count(given, path)
        if "silent" in given:
            return self.silent(given, path)
        if "identity" in given:
            return self.identity(given, path)
        if "drag" in given:
            return self.drag(given, path)
        if part != "sequence":
            return self.step(given, path)
        steps = [self.step(each, (*path, "sequence", i)) for i, each in enumerate(given["sequence"])]
        within = self.duration(given, (*path, "within"))
        unless = self.step(given["unless"], (*path, "unless")) if "unless" in given else None
        whole = tuple(step for step in steps if step is not None)
        if within == 0 and not self.problems:
            self.found((*path, "within"), _too_short())
        return Sequence(whole, within, unless) if len(whole) == len(steps) else None

    def count(self, given: Mapping[str, Any], path: Path) -> Operator | None:
        step = self.step(given["count"], (*path, "count"))
        within = self.duration(given, (*path, "within"))
        if within == 0 and not self.problems:
            self.found((*path, "within"), _too_short())
        return None if step is None else Count(step, given["times"], within, given.get("each_zone", False))

    def silent(self, given: Mapping[str, Any], path: Path) -> Operator | None:
        lasting = self.duration(given, (*path, "silent"))
        if lasting < ABSENCE_MS_MIN and not self.problems:
            self.found(
                (*path, "silent"),
                wrong(
                    f"{ABSENCE_MS_MIN // 60_000} 分钟以内的静默是常事",
                    f"silence of less than {ABSENCE_MS_MIN // 60_000} min is how devices speak",
                    "请写更长的时间，如 15 min",
                    "write a longer time, as 15 min",
                ),
            )
        near = (
            self.part(lambda: distance_m(given["near"], NEAR_M_MAX), (*path, "near"))
            if "near" in given
            else 2_000
        )
        place = _place(given["inside"]) if "inside" in given else None
        holds = self.condition(given, (*path, "holds"))
        return Absence(place, lasting, given.get("neighbours", 1), near or 2_000, holds)

    def pace(self, given: Mapping[str, Any], path: Path, default: int) -> int:
        text = given.get(str(path[-1]))
        return default if text is None else self.part(lambda: speed_dkn(text), path) or default

    def metres(self, given: Mapping[str, Any], path: Path, default: float, most: float) -> float:
        text = given.get(str(path[-1]))
        return default if text is None else self.part(lambda: distance_m(text, most), path) or default

    def identity(self, given: Mapping[str, Any], path: Path) -> Operator:
        what, place = given["identity"], _place(given["inside"]) if "inside" in given else None
        for key in ("faster", "slack", "fixes"):
            if what == "change" and key in given:
                self.found(
                    (*path, key),
                    wrong(
                        f"身份变更用不上 {key}",
                        f"a change has no use for {key}",
                        f"请删去 {key}",
                        f"delete {key}",
                    ),
                )
        return Identity(
            what,
            place,
            self.pace(given, (*path, "faster"), 350),
            self.metres(given, (*path, "slack"), 1_000.0, SLACK_M_MAX),
            given.get("fixes", 3),
            self.condition(given, (*path, "holds")),
        )

    def drag(self, given: Mapping[str, Any], path: Path) -> Operator:
        said, at = given["drag"], (*path, "drag")
        usual = Drag()
        over = self.pace(said, (*at, "over"), usual.over_dkn)
        under = self.pace(said, (*at, "under"), usual.under_dkn)
        if over >= under:
            self.found(
                at,
                wrong(
                    "over 不低于 under，没有哪个航速在其间",
                    "over is not below under: no speed lies between them",
                    "如 {over: 0.5 kn, under: 3 kn}",
                    "as {over: 0.5 kn, under: 3 kn}",
                ),
            )
        return Drag(
            _place(given["inside"]) if "inside" in given else None,
            self.duration(said, (*at, "learn"), usual.learn_ms),
            self.metres(said, (*at, "swing"), usual.swing_m, SWING_M_MAX),
            self.metres(said, (*at, "margin"), usual.margin_m, SWING_M_MAX),
            said.get("fixes", usual.fixes),
            self.pace(said, (*at, "still"), usual.still_dkn),
            over,
            under,
            round(said["off_heading"] * 10) if "off_heading" in said else usual.off_heading_ddeg,
            self.condition(given, (*path, "holds")),
        )

    def step(self, given: Mapping[str, Any], path: Path) -> Step | None:
        part = _part_of(given)
        holds = self.condition(given, (*path, "holds"))
        if part == "enters":
            return Enter(_place(given["enters"]), given.get("fixes", 3), holds)
        if part == "leaves":
            return Leave(_place(given["leaves"]), given.get("fixes", 3), holds)
        if part == "crosses":
            return Cross(_place(given["crosses"]), self.off_axis(given, path), holds)
        place = _place(given["inside"]) if "inside" in given else None
        if part == "speed":
            return self.speed(given["speed"], place, holds, (*path, "speed"))
        lasting, tolerate = self.duration(given, (*path, "for")), self.duration(given, (*path, "tolerate"))
        if lasting == 0 and not self.problems:
            self.found((*path, "for"), _too_short())
        if place is None and "holds" not in given:
            self.found(
                path,
                wrong(
                    "停留既没有地点也没有条件",
                    "the stay has neither a place nor a condition",
                    "请写 inside 或 holds",
                    "write inside or holds",
                ),
            )
        off = self.off_axis(given, path)
        if off is not None and place is None:
            self.no_place((*path, "off_axis"))
        return Stay(place, lasting, holds, tolerate, self.keep(given, holds, path), off)

    def off_axis(self, given: Mapping[str, Any], path: Path) -> OffAxis | None:
        said = given.get("off_axis")
        if said is None:
            return None
        over, under = (round(said[key] * 10) if key in said else None for key in ("over", "under"))
        if over is not None and under is not None and over >= under:
            self.found(
                (*path, "off_axis"),
                wrong(
                    f"没有大于 {said['over']} 又小于 {said['under']} 的夹角",
                    f"no angle is over {said['over']} and under {said['under']}",
                    "如 {over: 30, under: 150}",
                    "as {over: 30, under: 150}",
                ),
            )
        return OffAxis(over, under)

    def no_place(self, path: Path) -> None:
        self.found(
            path,
            wrong(
                "轴线属于某个地点",
                "an axis is that of a place",
                "请写 inside: 航道的类别",
                "write inside: and the class of lane",
            ),
        )

    def keep(self, given: Mapping[str, Any], holds: Condition | None, path: Path) -> Keep | None:
        said, at = given.get("keep"), (*path, "keep")
        if said is None:
            return None
        lax = self.condition(said, (*at, "holds"))
        wide = (
            self.part(lambda: distance_m(said["margin"], MARGIN_M_MAX), (*at, "margin"))
            if "margin" in said
            else 0
        )
        if "margin" in said and "inside" not in given:
            self.found(
                (*at, "margin"),
                wrong(
                    "没有地点，边距无从谈起",
                    "a margin needs a place",
                    "请写 inside，或删去 margin",
                    "write inside, or delete margin",
                ),
            )
        if "holds" in said and holds is None and "holds" not in given:
            self.found(
                (*at, "holds"),
                wrong(
                    "停留本身没有条件，放宽条件无从谈起",
                    "the stay has no condition that could be laxer",
                    "请写 holds，或删去 keep 的 holds",
                    "write holds for the stay, or delete holds of keep",
                ),
            )
        return Keep(lax, wide or 0)

    def speed(
        self, given: Mapping[str, Any], place: Place | None, holds: Condition | None, path: Path
    ) -> Step | None:
        over, under = (
            self.part(lambda key=key: speed_dkn(given[key]), (*path, key)) if key in given else None  # type: ignore[misc]
            for key in ("over", "under")
        )
        if ("over" in given) == ("under" in given):
            self.found(
                path,
                wrong(
                    "速度要写 over 或 under 之一",
                    "speed wants either over or under",
                    "如 speed: {over: 10 kn, window: 60 s}",
                    "as speed: {over: 10 kn, window: 60 s}",
                ),
            )
        window = self.duration(given, (*path, "window"), 60_000)
        if window == 0 and not self.problems:
            self.found((*path, "window"), _too_short())
        along = given.get("along_axis", False)
        if along and place is None:
            self.no_place((*path, "along_axis"))
        return Speed(place, over, under, window, given.get("fixes", 3), holds, along)


def _not_watched(of_stations: bool) -> Problem:
    if of_stations:
        return wrong(
            "watch: station 只配 station 和 balance",
            "watch: station goes with station and balance only",
            "请写 watch: vessel 等",
            "write watch: vessel or the like",
        )
    return wrong(
        "这种判断看的是监测站",
        "this operator watches stations",
        "请写 watch: station",
        "write watch: station",
    )


def _too_short() -> Problem:
    return wrong("时长是 0", "the duration is 0", "请写大于 0 的时长", "write a duration above 0")


def _place(given: str | Mapping[str, str]) -> Place:
    return Place(kind=given) if isinstance(given, str) else Place(zone_id=given["zone"])
