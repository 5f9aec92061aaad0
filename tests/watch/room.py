"""What the tests of the watch room share: a rule, a zone, an event and its line."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from jiangdun.core.journal import By
from jiangdun.watch import spool
from jiangdun.watch.rules import AlertEvent, RuleSpec, ZoneSpec, read
from jiangdun.watch.rules.spec import FixSeen

NOW = datetime(2026, 11, 21, 15, 10, 30, tzinfo=UTC)
ANN = By(person="ann", agency="msa")
BEN = By(person="ben", agency="msa")

YAML = """\
rule: dike-stay
title: {zh: 滞留顺坝, en: Staying at the dike}
domain: traffic
owner: msa
severity: II
watch: vessel
when: {inside: danger-dike, for: 3 min, tolerate: 30 s, holds: is_night}
incident: auto
legal: [{law: 航行规则}]
"""
RULE: RuleSpec = read(YAML, "dike.yaml")
RING = ((115.6, 29.8), (115.7, 29.8), (115.7, 29.9))
ZONE = ZoneSpec("z1", 1, "danger-dike", "演示顺坝", "Demo dike", ((RING,),))
START = 1_795_273_632_000  # 2026-11-21 23:07:12 at UTC+8

EVENT = AlertEvent(
    episode="e1",
    settled=False,
    verdict="raised",
    rule="dike-stay",
    rule_version=1,
    track=413_950_001,
    zone_id="z1",
    started_at_ms=START,
    fired_at_ms=START + 190_000,
    log_position=77,
    values={"speed_kn": 8.3, "stayed_s": 190.0},
    fixes=(
        FixSeen(START, 69_390_000, 17_910_000, 90, 2_450),
        FixSeen(START + 190_000, 69_390_600, 17_910_300, 83, 2_450),
    ),
)


def line(**changed: Any) -> dict[str, Any]:
    """The checked fields of EVENT's line, with some of the event's fields changed."""
    event = replace(EVENT, **changed)
    return spool.from_line(spool.to_line(event, RULE, ZONE, "DEMO HOLDS ON"))
