"""Reads a rule, lets it say itself, and tries it on drawn tracks: no settings, no server, no database.

python examples/try_a_rule.py [RULE.yaml TRACKS.json]
"""

from __future__ import annotations

import sys
from pathlib import Path

from jiangdun import watch
from jiangdun.watch import trials, why

HERE = Path(__file__).parent / "rules"


def main(rule_file: Path, track_file: Path) -> int:
    rule = watch.read(rule_file.read_text("utf-8"), rule_file.name)
    zones, _ = trials.read_tracks(track_file)
    named = {zone.zone_id: zone for zone in zones}
    print(watch.sentence(rule, "zh"))
    print(watch.sentence(rule, "en"))
    outcomes = trials.try_out(rule, track_file)
    for outcome in outcomes:
        print(
            f"{'ok   ' if outcome.ok else 'WRONG'} {outcome.name}: {len(outcome.alerts)} of {outcome.wanted}"
        )
        for alert in outcome.alerts:
            print("      " + why.sentence(alert, rule, named.get(alert.zone_id), outcome.name, "en"))
    return 0 if all(outcome.ok for outcome in outcomes) else 1


if __name__ == "__main__":
    given = [Path(argument) for argument in sys.argv[1:3]]
    sys.exit(main(*(given or [HERE / "porpoise-reserve-speed.yaml", HERE / "porpoise-reserve-speed.json"])))
