"""Templates of agreements and the purposes data may be shared for: read from `catalogue/`, data and not code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

import yaml

from jiangdun.core.trouble import BadInput

_FOLDER: Final = files("jiangdun.alliance").joinpath("catalogue")
_LINES: Final = (
    "data",
    "purposes",
    "basis",
    "delay_s",
    "precision_m",
    "label",
    "frequency",
    "dormant",
    "awakened_by",
    "acts",
)


@dataclass(frozen=True)
class Template:
    """A kind of agreement: its names, its text with `{title}`, `{parties}`, `{valid_from}`, `{valid_to}` left open,
    its usual term, and the annexes it usually has (each party to every other, every field).
    """

    code: str
    name_zh: str
    name_en: str
    about_zh: str
    about_en: str
    scope_zh: str
    scope_en: str
    months: int
    text: str
    annexes: tuple[Mapping[str, Any], ...]


@cache
def templates() -> Mapping[str, Template]:
    """Every template, by code."""
    found = {}
    for entry in sorted(_FOLDER.iterdir(), key=lambda one: one.name):
        if entry.name.startswith("agreement-"):
            code = entry.name.removeprefix("agreement-").removesuffix(".yaml")
            found[code] = _template(code, yaml.safe_load(entry.read_text("utf-8")))
    return found


def template(code: str) -> Template:
    """The template called `code`. Raises BadInput."""
    found = templates().get(code)
    if found is None:
        raise BadInput(field="template", reason="one_of", values=list(templates()))
    return found


@cache
def purposes() -> Mapping[str, tuple[str, str]]:
    """Purpose → (中文, English)."""
    given = yaml.safe_load(_FOLDER.joinpath("purposes.yaml").read_text("utf-8"))
    return {code: (names["zh"], names["en"]) for code, names in given.items()}


def filled(text: str, **values: str) -> str:
    """A template's text with its open places filled; a brace that is no such place stays what it is."""
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    return text


def _template(code: str, given: Mapping[str, Any]) -> Template:
    annexes = tuple({name: line[name] for name in _LINES if name in line} for line in given["annexes"])
    unknown = {purpose for line in annexes for purpose in line["purposes"]} - set(purposes())
    assert not unknown, f"template {code} names purposes nobody declared: {sorted(unknown)}"
    return Template(
        code=code,
        name_zh=given["name"]["zh"],
        name_en=given["name"]["en"],
        about_zh=given["about"]["zh"],
        about_en=given["about"]["en"],
        scope_zh=given["scope"]["zh"],
        scope_en=given["scope"]["en"],
        months=int(given["months"]),
        text=given["text"],
        annexes=annexes,
    )
