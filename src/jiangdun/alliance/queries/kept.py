"""Something made of a part of the register and kept in memory until that part changes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar
from uuid import UUID

from jiangdun.alliance import models

T = TypeVar("T")


class Kept(Generic[T]):
    """`make()` of the newest state. Every change draws a new mark in its own transaction (`actions.checks.mark`), and
    the mark is read at each asking: one row, instead of the whole register."""

    def __init__(self, part: str, make: Callable[[], T]) -> None:
        self._part, self._make = part, make
        self._lock = threading.Lock()
        self._held: tuple[UUID | None, T] | None = None

    def value(self) -> T:
        stamp = models.Mark.objects.filter(part=self._part).values_list("stamp", flat=True).first()
        held = self._held
        if held is not None and held[0] == stamp and stamp is not None:
            return held[1]
        with self._lock:  # several ask at once after a change: one makes it
            held = self._held
            if held is None or held[0] != stamp or stamp is None:
                # Read after the mark: what is made is never older than what it is kept under.
                held = self._held = (stamp, self._make())
        return held[1]
