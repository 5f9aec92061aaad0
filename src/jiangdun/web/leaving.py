"""What may be exported: for each thing its columns, the verb it asks for, and its rows as somebody may see them.

A source reads in pages in a reading thread and judges every row as the screens do; a row says whose it is and which
annexes let it be seen, so that the access ledger and the agreement know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from jiangdun.alliance import queries as alliance
from jiangdun.core import access, canonical, journal, ledger
from jiangdun.core.access import Asker
from jiangdun.core.trouble import BadInput
from jiangdun.response import queries as response
from jiangdun.web import scopes
from jiangdun.web.api.incidents import incident_of
from jiangdun.web.api.journal import entry_of

Filters = Mapping[str, Any]
PAGE: Final = 200


@dataclass(frozen=True)
class Row:
    """One row. `owner` is the agency whose it is, "" where nobody's."""

    cells: list[Any]
    owner: str = ""
    annexes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Source:
    """Something that can leave. `filters` names what may be asked for, with the type of each."""

    code: str
    name_zh: str
    name_en: str
    verb: str
    columns: tuple[str, ...]
    filters: Mapping[str, type]
    rows: Callable[[Asker, Filters, datetime], Iterator[Row]]


def source(code: str) -> Source:
    """The source of that code. Raises BadInput."""
    found = SOURCES.get(code)
    if found is None:
        raise BadInput(field="what", reason="one_of", values=", ".join(SOURCES))
    return found


def checked(which: Source, filters: Mapping[str, Any]) -> dict[str, Any]:
    """The filters as they may be asked for. Raises BadInput."""
    for name, value in filters.items():
        if which.filters.get(name) is not type(value):
            raise BadInput(field=f"filters.{name}", reason="one_of", values=", ".join(which.filters))
    return dict(filters)


_JOURNAL: Final = (
    "no", "at", "kind", "person", "agency", "rule", "system", "subject", "cause", "exercise", "body", "hash",
)  # fmt: skip
_ACCESS: Final = (
    "number", "at", "kind", "person", "agency", "roles", "verb", "subject", "owner", "annexes", "purpose", "shown",
    "count", "allowed", "reason", "hash",
)  # fmt: skip
_INCIDENTS: Final = (
    "number", "t0", "state", "priority", "level", "kind", "domain", "title_zh", "title_en", "place_zh", "place_en",
    "owner", "lon", "lat", "result", "closed_at", "exercise",
)  # fmt: skip
_REGISTER: Final = ("code", "name_zh", "name_en", "domain")


def _journal(asker: Asker, filters: Filters, now: datetime) -> Iterator[Row]:  # noqa: ARG001
    after, until = int(filters.get("after", 0)), int(filters.get("until", journal.head()))
    subject = str(filters.get("subject", ""))
    while True:
        found = journal.about(subject, after, PAGE) if subject else journal.after(after, PAGE)
        for scoped in scopes.about(found):
            if scoped.number > until:
                return
            entry = entry_of(asker, scoped)
            if entry is not None:
                flat = {**entry, **entry["by"], "body": canonical.text(entry["body"])}
                yield Row([flat[name] for name in _JOURNAL], scoped.thing.get("agency") or "")
        if len(found) < PAGE:
            return
        after = found[-1].number


def _access(asker: Asker, filters: Filters, now: datetime) -> Iterator[Row]:  # noqa: ARG001
    before: int | None = None
    while found := ledger.page(**filters, before=before, limit=PAGE):
        for look in found:
            cells = [getattr(look, name) for name in _ACCESS]
            yield Row([" ".join(c) if isinstance(c, tuple) else c for c in cells], look.owner)
        before = found[-1].number


def _incidents(asker: Asker, filters: Filters, now: datetime) -> Iterator[Row]:
    before: str | None = None
    while found := response.incidents(asker, now, state=filters.get("state"), before=before, limit=PAGE):
        for view in found:
            shown = incident_of(view)
            yield Row([shown.get(name) for name in _INCIDENTS], view.owner, _annexes(view))
        before = found[-1].number


def _annexes(view: Any) -> tuple[str, ...]:
    allowed = getattr(view, "allowed", None)
    return tuple(allowed.by) if isinstance(allowed, access.Allowed) else ()


def _register(asker: Asker, filters: Filters, now: datetime) -> Iterator[Row]:  # noqa: ARG001
    for agency in alliance.agencies():
        yield Row([getattr(agency, name) for name in _REGISTER])


SOURCES: Final[Mapping[str, Source]] = {
    one.code: one
    for one in (
        Source(
            "journal", "日志", "journal", "journal.read", _JOURNAL,
            {"after": int, "until": int, "subject": str}, _journal,
        ),
        Source(
            "access", "查阅日志", "access ledger", "access.read", _ACCESS,
            {"person": str, "subject": str, "agency": str, "owner": str, "kind": str}, _access,
        ),
        Source(
            "incidents", "警情", "incidents", "incidents.read", _INCIDENTS, {"state": str}, _incidents,
        ),
        Source("register", "成员名录", "register", "alliance.read", _REGISTER, {}, _register),
    )
}  # fmt: skip
