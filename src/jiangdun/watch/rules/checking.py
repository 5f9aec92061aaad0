"""Checks rule files and says what each rule means, for `jiangdun rules check` and whoever releases a rule."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Final

from .conditions import Expression, References, columns_of
from .document import MAX_CHARACTERS
from .errors import Lang, Problem, RuleError, nearest, wrong
from .language import read
from .phrases import sentence
from .several import conditions_of, places_of
from .spec import (
    Condition,
    Count,
    Drag,
    Group,
    Identity,
    OfReadings,
    Pair,
    Part,
    Place,
    RuleSpec,
    Sequence,
    Several,
    Speed,
    Station,
    Stay,
)

MAX_FILES: Final = 2_000


@dataclass(frozen=True, slots=True)
class Checked:
    """One file: the rule, or what is wrong with it. Warnings do not stop a rule."""

    file: str
    spec: RuleSpec | None
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What `check` found, file by file in order of name."""

    files: tuple[Checked, ...]

    @property
    def ok(self) -> bool:
        return all(not each.problems for each in self.files)

    @property
    def rules(self) -> tuple[RuleSpec, ...]:
        return tuple(each.spec for each in self.files if each.spec is not None)

    def lines(self, lang: Lang | None = None) -> Iterator[str]:
        """What to print: each rule's sentence, or its errors; in both languages unless one is named."""
        languages: tuple[Lang, ...] = (lang,) if lang else ("zh", "en")
        for each in self.files:
            if each.spec is not None:
                yield f"{each.file}: {each.spec.name}"
                for one in languages:
                    yield f"  {sentence(each.spec, one)}"
            for problem in (*each.problems, *each.warnings):
                for one in languages:
                    yield problem.sentence(one)
        bad = sum(1 for each in self.files if each.problems)
        yield f"{len(self.rules)} ok, {bad} wrong / {len(self.rules)} 条可用，{bad} 条有误"


def check(
    paths: Iterable[FilePath | str],
    *,
    references: References | None = None,
    zone_kinds: Collection[str] | None = None,
) -> Report:
    """Read every rule file; a folder stands for its *.yaml and *.yml. Nothing wrong with a file raises.

    Where `references` or `zone_kinds` are given, names that they lack are warned of.
    """
    files, gone = _found(paths)
    checked = [_checked(file, references) for file in files]
    for missing in gone:
        problem = wrong(
            "没有这个文件或文件夹", "there is no such file or folder", "请检查路径", "check the path"
        )
        checked.append(Checked(str(missing), None, (_in_file(problem, str(missing)),)))
    seen: dict[str, str] = {}
    told = []
    for each in checked:
        problems = each.problems
        if each.spec is not None:
            other = seen.setdefault(each.spec.name, each.file)
            if other != each.file:
                problem = wrong(
                    f"规则名 {each.spec.name} 已在 {other} 中用过",
                    f"the name {each.spec.name} is taken by {other}",
                    "请另起名称",
                    "give it another name",
                )
                problems = (*problems, _in_file(problem, each.file))
        warnings = tuple(_warnings(each, references, zone_kinds))
        told.append(Checked(each.file, None if problems else each.spec, problems, warnings))
    return Report(tuple(told))


def _found(paths: Iterable[FilePath | str]) -> tuple[list[FilePath], list[FilePath]]:
    files: list[FilePath] = []
    gone = []
    for given in paths:
        path = FilePath(given)
        if path.is_dir():
            files += sorted(
                each for each in path.iterdir() if each.suffix in (".yaml", ".yml") and each.is_file()
            )
        elif path.is_file():
            files.append(path)
        else:
            gone.append(path)
    return files[:MAX_FILES], gone


def _checked(file: FilePath, references: References | None) -> Checked:
    try:
        with file.open("rb") as handle:
            data = handle.read(4 * MAX_CHARACTERS + 1)
        if len(data) > 4 * MAX_CHARACTERS:
            data = b" " * (MAX_CHARACTERS + 1)  # too long in any writing: `read` says so
        return Checked(str(file), read(data.decode("utf-8"), str(file), references=references))
    except RuleError as error:
        return Checked(str(file), None, error.problems)
    except (OSError, UnicodeDecodeError) as error:
        problem = wrong(
            f"读不了这个文件（{type(error).__name__}）",
            f"the file cannot be read ({type(error).__name__})",
            "请存为 UTF-8 文本并检查权限",
            "save it as UTF-8 text and check its permissions",
        )
        return Checked(str(file), None, (_in_file(problem, str(file)),))


def _in_file(problem: Problem, file: str) -> Problem:
    return Problem(problem.what, problem.instead, file=file)


def _warnings(
    checked: Checked, references: References | None, zone_kinds: Collection[str] | None
) -> Iterator[Problem]:
    spec = checked.spec
    if spec is None:
        return
    if zone_kinds is not None:
        for kind in sorted({place.kind for place in places(spec) if place.kind} - set(zone_kinds)):
            close = nearest(kind, zone_kinds)
            yield _in_file(
                wrong(f"没有类别为 {kind} 的区域", f"no zone has the class {kind}", close.zh, close.en),
                checked.file,
            )
    if references is not None:
        for permit in sorted(permits(spec) - set(references)):
            yield _in_file(
                wrong(
                    f"没有名为 {permit} 的许可名单，视为无人持有",
                    f"there is no list of permits {permit}: nobody holds it",
                    "请先导入名单或改名",
                    "import the list or mend the name",
                ),
                checked.file,
            )


def steps(spec: RuleSpec) -> tuple[Part, ...]:
    """Every step on one track that the rule is made of."""
    if isinstance(spec.when, Several | OfReadings):
        return ()
    if isinstance(spec.when, Sequence):
        return (*spec.when.steps, *((spec.when.unless,) if spec.when.unless else ()))
    if isinstance(spec.when, Count):
        return (spec.when.step,)
    return (spec.when,)


def places(spec: RuleSpec) -> tuple[Place, ...]:
    """Every place the rule names."""
    named = [step.place for step in steps(spec)]
    if isinstance(spec.when, Several):
        named += places_of(spec.when)
    if isinstance(spec.when, Station):
        named.append(spec.when.sources)
    return (*(place for place in named if place is not None), *spec.unless)


def conditions(spec: RuleSpec) -> tuple[Condition, ...]:
    """Every condition the rule asks for."""
    asked = [spec.where, *(step.holds for step in steps(spec))]
    asked += [s.keep.holds for s in steps(spec) if isinstance(s, Stay) and s.keep is not None]
    if isinstance(spec.when, Several):
        asked += conditions_of(spec.when)
    return tuple(condition for condition in asked if condition is not None)


def permits(spec: RuleSpec) -> frozenset[str]:
    """Every reference set the rule asks for."""
    found = (each.permits for each in conditions(spec) if isinstance(each, Expression))
    return frozenset(name for names in found for name in names)


def reads(spec: RuleSpec) -> frozenset[str]:
    """The columns, as conditions name them, that the rule's conditions and operators cannot do without."""
    found: set[str] = set()
    for condition in conditions(spec):
        if isinstance(condition, Expression):
            found |= columns_of(condition.term)
    for step in steps(spec):
        if isinstance(step, Speed | Drag):
            found.add("speed_kn")
        if (isinstance(step, Stay) and step.off_axis is not None) or (isinstance(step, Speed) and step.along):
            found.add("course_deg")
        if isinstance(step, Identity) and step.kind == "change":
            found |= {"length_m", "kind"}
    if isinstance(spec.when, Pair | Group):
        found |= {"speed_kn", "course_deg"}
    return frozenset(found)


def helped_by(spec: RuleSpec) -> frozenset[str]:
    """The columns that its operators use where they are known."""
    drags = any(isinstance(step, Drag) for step in steps(spec))
    return frozenset({"course_deg", "heading_deg"} if drags else ())
