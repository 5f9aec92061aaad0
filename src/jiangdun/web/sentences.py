"""The shape of what is said when something does not go."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """The HTTP status and the two sentences (what is wrong, what to do) in both languages."""

    status: int
    zh: str
    zh_next: str
    en: str
    en_next: str
