"""Runs rules over chunks that are already there: in a notebook, a test, a replay. Needs no database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jiangdun.feeds.columns import Chunk

from .engine import Engine
from .rules.spec import AlertEvent, RuleSpec, ZoneSpec


@dataclass(frozen=True, slots=True)
class Ran:
    """Everything the engine said, in order, and the digest of what is settled."""

    events: tuple[AlertEvent, ...]
    digest: str

    @property
    def alerts(self) -> tuple[AlertEvent, ...]:
        """The last word on each episode that stands: settled, not withdrawn, not replaced by another."""
        last = {event.episode: event for event in self.events}
        gone = {event.replaces for event in self.events if event.replaces}
        return tuple(e for e in last.values() if e.verdict != "withdrawn" and e.episode not in gone)


def run(
    rules: Sequence[RuleSpec], zones: Sequence[ZoneSpec], chunks: Iterable[Chunk], *, eager: bool = False
) -> Ran:
    """Every event of the chunks, settled to their end. Chunks come in order of position."""
    engine = Engine(rules, zones, eager=eager)
    events: list[AlertEvent] = []
    for chunk in chunks:
        events += engine.take(chunk)
    events += engine.finish()
    return Ran(tuple(events), engine.digest())
