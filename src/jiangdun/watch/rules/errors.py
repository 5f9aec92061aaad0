"""What is wrong with a rule, said so that its author can mend it, in Chinese and English."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

Lang = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence in both languages."""

    zh: str
    en: str

    def of(self, lang: Lang) -> str:
        return self.zh if lang == "zh" else self.en


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault: where it stands (line and column count from 1), what is wrong, what to write instead."""

    what: Said
    instead: Said
    line: int = 1
    column: int = 1
    file: str = ""

    def sentence(self, lang: Lang) -> str:
        """`file:line:column: what. instead`: the form editors can jump to."""
        where = f"{self.file or '-'}:{self.line}:{self.column}"
        colon, stop = (": ", "; ") if lang == "en" else ("：", "；")
        return f"{where}{colon}{self.what.of(lang)}{stop}{self.instead.of(lang)}"


class RuleError(Exception):
    """A rule document that cannot be used. Holds every problem found, first by line."""

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        found = [problems] if isinstance(problems, Problem) else list(problems)
        assert found, "a RuleError names at least one problem"
        self.problems: tuple[Problem, ...] = tuple(sorted(found, key=lambda p: (p.line, p.column)))
        super().__init__(self.text("en"))

    @property
    def file(self) -> str:
        return self.problems[0].file

    @property
    def line(self) -> int:
        return self.problems[0].line

    @property
    def column(self) -> int:
        return self.problems[0].column

    @property
    def what(self) -> Said:
        return self.problems[0].what

    @property
    def instead(self) -> Said:
        return self.problems[0].instead

    def text(self, lang: Lang) -> str:
        """Every problem, one a line."""
        return "\n".join(problem.sentence(lang) for problem in self.problems)

    def within(self, file: str) -> RuleError:
        """The same problems, in the named file."""
        return RuleError(replace(problem, file=file) for problem in self.problems)


def wrong(what_zh: str, what_en: str, instead_zh: str, instead_en: str) -> Problem:
    """A problem whose place is not yet known."""
    return Problem(Said(what_zh, what_en), Said(instead_zh, instead_en))


def nearest(word: str, known: Iterable[str]) -> Said:
    """The known word that was most likely meant, or all words that are known."""
    names = sorted(known)
    close = difflib.get_close_matches(word[:64], names, n=1, cutoff=0.5)
    if close:
        return Said(f"是否想写 {close[0]}？", f"did you mean {close[0]}?")
    listed = ", ".join(names)
    return Said(f"可用的有：{listed}", f"known here: {listed}")


def clipped(value: object, limit: int = 60) -> str:
    """A value as it may stand in a message: one line, bounded, printable."""
    text = "".join(c if c.isprintable() else "�" for c in str(value)[: limit + 1])
    return text if len(text) <= limit else text[:limit] + "…"
