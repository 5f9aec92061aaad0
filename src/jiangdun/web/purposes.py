"""What somebody wants things for: asked, judged and kept with every look at what an annex or a person's value shows.

A request says it in the header `X-Purpose` (a code of `alliance/catalogue/purposes.yaml`). Things shown by an annex
may be used for its purposes only (政务数据共享条例 art. 25): another purpose, or none, is refused with the list.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from django.http import HttpRequest

from jiangdun.alliance import templates
from jiangdun.core import access
from jiangdun.core.access import Allowed
from jiangdun.core.trouble import Trouble

HEADER: Final = "X-Purpose"
_CODE: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,79}")


def declared(request: HttpRequest) -> str:
    """The purpose the asker declared with this request; "" where none, or none that can be one."""
    given = request.headers.get(HEADER, "")
    return given if _CODE.fullmatch(given) else ""


def for_looking(request: HttpRequest, allowed: Allowed | None) -> str:
    """The purpose of opening one thing. Raises Trouble("purpose_needed") where its annexes want one of theirs."""
    given = declared(request)
    wanted = access.purposes(allowed.by) if allowed is not None and allowed.by else frozenset[str]()
    if wanted and given not in wanted:
        raise needed(wanted)
    return given


def for_persons(request: HttpRequest, allowed: Allowed, own: Iterable[str] = ()) -> str:
    """The purpose of looking at a person's values: one of the annexes', or `own` and those anybody may declare."""
    given = declared(request)
    wanted = access.purposes(allowed.by) if allowed.by else frozenset((*own, *templates.purposes()))
    if given not in wanted:
        raise needed(wanted)
    return given


def for_export(request: HttpRequest) -> str:
    """The purpose of taking rows out: one that anybody may declare, asked in any case."""
    given = declared(request)
    if given not in templates.purposes():
        raise needed(templates.purposes())
    return given


def needed(wanted: Iterable[str]) -> Trouble:
    """The refusal that names the purposes one may choose from."""
    names = templates.purposes()
    faults: list[dict[str, Any]] = []
    for code in sorted(wanted):
        zh, en = names.get(code, (code, code))
        faults.append({"name": code, "zh": zh, "en": en})
    return Trouble("purpose_needed", faults=faults)
