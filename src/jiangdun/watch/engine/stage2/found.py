"""What an operator over several tracks finds at a tick, before it is an alert event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from jiangdun.watch.engine.jit import Ints

TICK_MS: Final = 5_000
"""Ways are foretold every 5 s."""
MINUTE_MS: Final = 60_000
"""What lasts is looked at every minute."""


@dataclass(frozen=True, slots=True)
class Found:
    """One rule completed: since when, the zone's number (-1 = none), the slots of its tracks (the subject first).

    `subject`: what the episode is named by, where that is not its tracks.
    """

    start: int
    zone: int
    slots: tuple[int, ...]
    values: Mapping[str, float | int | str]
    subject: tuple[int, ...] = ()


def renumbered(zone: Ints, zones: Ints) -> Ints:
    """Zone numbers of a state under a new plan: -1 stays, and is what a zone becomes that is gone."""
    return np.where(zone >= 0, np.r_[zones, -1][np.minimum(zone, len(zones))], -1)
