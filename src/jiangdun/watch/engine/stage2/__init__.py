"""Stage 2 of the engine: operators over several tracks, on ticks.

A *tick* is a whole multiple of 5 s in event time. At a tick each operator sees a *snapshot*: of every track the last
fix of stage 1 that is not younger than the tick. Snapshots are ordered by track, and what an operator keeps is ordered
by the tracks it is of, so that nothing depends on the order in which tracks were first heard.
docs/operators.md has the words, docs/decisions has why.
"""
