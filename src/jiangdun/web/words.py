"""What a person reads when something does not go: Chinese first, English beside it, and what to do next.

Rooms raise `core.trouble.Trouble(code, **values)`; the sentence is made here, at the edge. A test reads every
source file and fails when a code has no words.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from django.utils.translation.trans_real import parse_accept_lang_header

from .texts import DENIALS, REASONS, THINGS, TROUBLES, UNKNOWN, VALIDATION, Words

TRACE_FRAMES_MAX: Final = 20
Language = Literal["zh", "en"]

FAULTS_MAX: Final = 200
"""Faults of one form or file that are told at once."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in what was sent: where (`body.version`), and the sentence."""

    where: str
    text: str


class _Gaps(dict[str, Any]):
    """A value that nobody gave stands as its name: a poor sentence is better than none."""

    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"


def language(accept_language: str) -> Language:
    """The asker's language by the Accept-Language header; Chinese where it names neither."""
    for tag, liking in parse_accept_lang_header(accept_language[:200].lower()):
        if liking > 0 and tag.split("-")[0] in ("zh", "en"):
            return "en" if tag.startswith("en") else "zh"
    return "zh"


def words_of(code: str) -> Words:
    return TROUBLES.get(code, UNKNOWN)


def answer(code: str, values: Mapping[str, Any], lang: Language) -> tuple[int, dict[str, Any]]:
    """HTTP status and body for a trouble: `{code, text, next}`; `faults` where several things are wrong."""
    words = words_of(code)
    given = _said(values, lang)
    given["code"] = code
    text, following = (words.en, words.en_next) if lang == "en" else (words.zh, words.zh_next)
    body: dict[str, Any] = {
        "code": code,
        "text": text.format_map(given),
        "next": following.format_map(given),
    }
    several = values.get("faults") or values.get("problems")
    if isinstance(several, list):
        body["faults"] = [_fault(fault, lang) for fault in several[:FAULTS_MAX]]
    return words.status, body


def _said(values: Mapping[str, Any], lang: Language) -> _Gaps:
    """The values with their codes put into words."""
    given = _Gaps(values)
    for name, value in values.items():
        if isinstance(value, list | tuple):
            given[name] = ", ".join(str(one) for one in value)
    given["what"] = _of(THINGS, values.get("what", ""), lang)
    reasons = values.get("reasons") or [values.get("reason", "")]
    joint = "; " if lang == "en" else "；"
    given["denial"] = _of(DENIALS, values.get("reason", ""), lang)
    given["reason"] = joint.join(_of(REASONS, reason, lang).format_map(given) for reason in reasons)
    return given


def _of(table: Mapping[str, tuple[str, str]], code: Any, lang: Language) -> str:
    zh, en = table.get(str(code), (str(code), str(code).replace("_", " ")))
    return en if lang == "en" else zh


def _fault(fault: Mapping[str, Any], lang: Language) -> dict[str, str]:
    """A fault as rooms tell it: a file's feature with {zh, en}, or a line with {what_…, instead_…}."""
    if "line" in fault:
        text = f"{fault.get(f'what_{lang}', '')} {fault.get(f'instead_{lang}', '')}".strip()
        return {"where": f"{fault['line']}:{fault.get('column', 0)}", "text": text}
    where = " ".join(str(fault[key]) for key in ("feature", "name") if fault.get(key))
    return {"where": where, "text": str(fault.get(lang, ""))}


def faults(errors: Iterable[Mapping[str, Any]], lang: Language) -> list[Fault]:
    """Sentences for the errors of a form, as pydantic lists them (`loc`, `type`, `ctx`, `msg`)."""
    return [
        Fault(_place(error.get("loc", ())), _sentence(error, lang))
        for _, error in zip(range(FAULTS_MAX), errors, strict=False)
    ]


def _place(loc: Iterable[Any]) -> str:
    parts = [str(part) for part in loc]
    # ninja puts the name of the parameter behind "body": of no use to whoever sent it
    return ".".join(parts[:1] + parts[2:] if parts[:1] == ["body"] and len(parts) > 2 else parts)


def _sentence(error: Mapping[str, Any], lang: Language) -> str:
    zh, en = VALIDATION.get(str(error.get("type")), ("此项不合要求。", "This is not what is asked for."))
    context = error.get("ctx")
    given = _Gaps(**context) if isinstance(context, Mapping) else _Gaps()
    return (en if lang == "en" else zh).format_map(given)


def trace_of(error: BaseException) -> str:
    """Where it broke, for a log: lines of code, never values, which may be a password or a name."""
    frames = traceback.extract_tb(error.__traceback__)[-TRACE_FRAMES_MAX:]
    return "".join([*traceback.format_list(frames), type(error).__qualname__])


def as_json(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), default=str).encode()
