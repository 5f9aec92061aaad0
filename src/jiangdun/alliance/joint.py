"""Joint work of an alliance: activities and proposals, and the fixed grids by which they are counted.

Three themes (三大联盟), four lines of work, six categories (三通六联) and five modules (五个一体化), by the names their
sources give them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final
from uuid import UUID

THEMES: Final = {
    "study": ("学习", "study"),
    "service": ("服务", "service"),
    "enforcement": ("执法", "enforcement"),
}
LINES: Final = {
    "mechanism": ("机制联建", "joint mechanisms"),
    "learning": ("红色联学", "joint study"),
    "volunteering": ("志愿联服", "joint service"),
    "enforcing": ("执法联动", "joint enforcement"),
}
CATEGORIES: Final = {
    "work": ("工作联动", "work together", "duty"),
    "information": ("信息联通", "share information", "duty"),
    "organisation": ("组织联建", "build together", "team"),
    "training": ("业务联学", "train together", "team"),
    "resources": ("资源联享", "share resources", "people"),
    "events": ("活动联办", "hold events together", "people"),
}
"""Code → (中文, English, channel)."""
CHANNELS: Final = {
    "duty": ("工作职能通", "duties"),
    "team": ("队伍建设通", "teams"),
    "people": ("服务群众通", "service to people"),
}
MODULES: Final = {
    "data": ("生态数据共享", "shared data"),
    "checks": ("问题共查", "joint checks"),
    "counsel": ("执法共商", "joint counsel"),
    "publicity": ("宣教共抓", "joint publicity"),
    "volunteers": ("义警共管", "joint volunteers"),
}


class State(StrEnum):
    """An activity: planned, held, its minutes there, its outcome there; or called off before it was held."""

    PLANNED = "planned"
    HELD = "held"
    MINUTED = "minuted"
    DONE = "done"
    CANCELLED = "cancelled"


NEXT: Final = {State.PLANNED: State.HELD, State.HELD: State.MINUTED, State.MINUTED: State.DONE}


class Stage(StrEnum):
    """A proposal: raised, members consulted, decided, done, reviewed; or dropped."""

    RAISED = "raised"
    CONSULTED = "consulted"
    DECIDED = "decided"
    DONE = "done"
    REVIEWED = "reviewed"
    DROPPED = "dropped"


STAGES: Final = (Stage.RAISED, Stage.CONSULTED, Stage.DECIDED, Stage.DONE, Stage.REVIEWED)


@dataclass(frozen=True, slots=True)
class Activity:
    """Something members do together. `minutes` and `outcome` are its ledger (台账)."""

    id: UUID
    alliance: str
    title: str
    theme: str
    line: str
    category: str
    module: str
    host: str
    members: tuple[str, ...]
    planned_on: date
    held_on: date | None
    state: str
    minutes: str
    outcome: str
    version: int


@dataclass(frozen=True, slots=True)
class Move:
    """A proposal reached a stage: who did it, on which day, in which words."""

    stage: str
    agency: str
    on: date
    words: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """Raised, consulted, decided, done, reviewed: `owner` has to bring it on until `due_on`."""

    id: UUID
    alliance: str
    title: str
    category: str
    stage: str
    owner: str
    due_on: date
    moves: tuple[Move, ...]
    version: int


def next_stage(stage: str) -> Stage | None:
    """What comes after; None at the end."""
    if stage not in STAGES[:-1]:
        return None
    return STAGES[STAGES.index(Stage(stage)) + 1]


def was_held(activity: Activity) -> bool:
    """Only what was held is counted."""
    return activity.held_on is not None and activity.state != State.CANCELLED


def by_theme(activities: Iterable[Activity], start: date, end: date) -> dict[tuple[str, str], int]:
    """(theme, agency) → activities held on [start, end) in which the agency took part, its host included."""
    counts: Counter[tuple[str, str]] = Counter()
    for one in activities:
        if was_held(one) and one.held_on is not None and start <= one.held_on < end:
            counts.update((one.theme, agency) for agency in {one.host, *one.members})
    return dict(counts)


def three_by_two(
    activities: Iterable[Activity], proposals: Iterable[Proposal], start: date, end: date
) -> dict[str, int]:
    """Category → joint items of [start, end): activities by the day held, proposals by the day raised; all six keys."""
    counts: Counter[str] = Counter()
    counts.update(
        a.category for a in activities if was_held(a) and a.held_on is not None and start <= a.held_on < end
    )
    counts.update(p.category for p in proposals if start <= p.moves[0].on < end)
    return {category: counts[category] for category in CATEGORIES}


def by_module(activities: Iterable[Activity], year: int) -> dict[tuple[str, int], int]:
    """(module, month 1 to 12) → activities held; every month has its number, 0 too."""
    counts = Counter(
        (one.module, one.held_on.month)
        for one in activities
        if was_held(one) and one.held_on is not None and one.held_on.year == year
    )
    return {(module, month): counts[module, month] for module in MODULES for month in range(1, 13)}


def quarter_of(day: date) -> tuple[date, date]:
    """The quarter of a day: its first day and the day after its last."""
    month = 3 * ((day.month - 1) // 3) + 1
    end = date(day.year + 1, 1, 1) if month == 10 else date(day.year, month + 3, 1)
    return date(day.year, month, 1), end
