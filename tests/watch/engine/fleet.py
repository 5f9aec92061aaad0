"""Streams of tracks that have to do with one another: ships that meet, pass, lie side by side and go together."""

from __future__ import annotations

import math
import random

import numpy as np
from hypothesis import strategies as st
from watch.engine.world import BOUND_MS, KINDS, SHORT, SLOW, T0, X0, Y0, Stream, box, rule

from jiangdun.feeds.columns import COLUMNS, DEGREE, NO_COURSE, NO_SPEED, Flag
from jiangdun.watch.rules import spec

UNITS_S = 1 / 3.6
"""0.1 kn in units a second."""
NARROW = math.cos(math.radians(Y0 / DEGREE))
PACES = [0, 2, 5, 20, 60, 80, 80, 150, 400]
EVERY_S = [2, 5, 5, 10, 10, 10, 30, 60, 180, 400]


def fleet(seed: int, tracks: int, minutes: int) -> Stream:
    """Tracks within a few kilometres: some start beside another and do as it does."""
    chance = random.Random(seed)
    made: list[tuple[int, int, np.void]] = []
    begun: list[tuple[float, float, int, int]] = []
    size = chance.choice([300, 3_000, 20_000])
    mood = chance.choice(["any", "together", "visit"])
    for track in range(tracks):
        x, y = float(chance.randint(0, size)), float(chance.randint(0, size))
        sog, cog = chance.choice(PACES), chance.choice([0, 450, 900, 2_700, chance.randint(0, 3_599)])
        if mood == "together":
            sog = chance.choice([20, 60])
        elif mood == "visit":
            sog = 150 if begun else chance.choice([0, 2])
        how = chance.random() if begun else 1.0
        stop_s = 100_000
        if how < (0.8 if mood == "together" else 0.3):  # as another does, beside it
            x, y, sog, cog = chance.choice(begun)
            x, y = x + chance.choice([0, 60, 100, 400]), y + chance.choice([0, 60, 150])
        elif begun and mood == "visit":  # to another, and stays with it
            stop_s, (x, y, _, _) = chance.randint(70, 150), chance.choice(begun)
            x, y = gone(x + chance.choice([0, 60, 150]), y, sog, cog, -stop_s)
        elif how < 0.9:  # on its way to where another will be
            soon, (x, y, pace, way) = chance.randint(0, 240), chance.choice(begun)
            x, y = gone(x, y, pace, way, soon)
            x, y = gone(x + chance.choice([0, 100, 300]), y + chance.choice([0, 100]), sog, cog, -soon)
        begun.append((x, y, sog, cog))
        _sail(chance, made, chance.choice([track + 1, 10 - track]), (x, y, sog, cog), minutes, stop_s)
    made.sort(key=lambda m: (m[0], m[1]))
    return Stream(np.array([m[2] for m in made], COLUMNS), np.array([m[0] for m in made], np.int64))


def gone(x: float, y: float, sog: int, cog: int, seconds: float) -> tuple[float, float]:
    """Where one is after some seconds, in units."""
    far = sog * UNITS_S * seconds
    return x + far * math.sin(math.radians(cog / 10)) / NARROW, y + far * math.cos(math.radians(cog / 10))


def _sail(
    chance: random.Random,
    made: list[tuple[int, int, np.void]],
    track: int,
    way: tuple[float, float, int, int],
    minutes: int,
    stop_s: int,
) -> None:
    x, y, sog, cog = way
    kind, every = chance.choice(KINDS), chance.choice(EVERY_S)
    gaps = [1, 70_000, 700_000] if chance.random() < 0.99 else [90_000_000]
    t = T0 + chance.randint(0, 20_000)
    while t < T0 + minutes * 60_000:
        step = every * 1_000 if chance.random() < 0.97 else chance.choice(gaps)
        t += step
        x, y = gone(x, y, sog, cog, min(step, 400_000) / 1000)
        if t >= T0 + stop_s * 1000:
            sog = chance.choice([0, 2])
        if chance.random() < 0.05:
            sog = chance.choice(PACES)
            cog = (cog + chance.randint(-600, 600)) % 3_600
        row = np.zeros(1, COLUMNS)[0]
        row["track"], row["t"], row["lon"], row["lat"] = track, t, round(x) + X0, round(y) + Y0
        row["sog_dkn"], row["cog_ddeg"], row["kind"] = sog, cog, kind
        row["rank"], row["length_dm"] = chance.randint(0, 2), chance.choice([0, 900])
        what = chance.randint(0, 40)
        if what == 0:
            row["flags"] = chance.choice([Flag.LATE, Flag.NO_FIX])
        elif what == 1:
            row["sog_dkn"] = NO_SPEED
        elif what == 2:
            row["cog_ddeg"] = NO_COURSE
        made.append((t + chance.choice([0, 0, 0, 2_000, 29_999]), len(made), row))


fleets = st.builds(fleet, st.integers(0, 2**32), st.integers(2, 6), st.sampled_from([3, 5, 5, 8]))

AXIS = tuple(
    ((X0 + x) / DEGREE, (Y0 + y) / DEGREE)
    for x, y in ((0, 0), (4_000, 1_000), (7_000, 6_000), (7_000, 12_000))
)
ZONES = [
    box("a", 0, 0, 4_000, 4_000),
    box("b", 2_000, 2_000, 8_000, 6_000, "lane", hole=True),
    box("d", 4_000, 0, 4_000, 2_000, "ban", valid_from_ms=T0 + 40_000, valid_to_ms=T0 + 600_000),
    box("e", 1_000, 1_000, 2_000, 2_000, "free"),
    spec.ZoneSpec(
        "f", 1, "fairway", "", "", box("f", -30_000, -30_000, 60_000, 60_000).polygons, axis=AXIS
    ),
]  # fmt: skip
CONDITIONS = st.sampled_from([None, None, None, None, SLOW, SHORT])
PLACES = st.sampled_from(
    [None, None, None, None, spec.Place(kind="ban"), spec.Place(kind="lane"), spec.Place(zone_id="a")]
)

pairs = st.builds(
    spec.Pair, st.sampled_from([80, 500, 2_000]), st.sampled_from([60_000, 180_000, 600_000]), PLACES,
    CONDITIONS, CONDITIONS, st.sampled_from([None, spec.Place(kind="fairway")]), st.booleans(),
    st.sampled_from([1, 1, 2, 3]),
)  # fmt: skip
rendezvous = st.builds(
    spec.Rendezvous, st.sampled_from([80, 150]), st.sampled_from([60_000, 60_000, 120_000]),
    st.sampled_from([200, 300]), PLACES, CONDITIONS, CONDITIONS, st.sampled_from([0, 60_000, 300_000]),
)  # fmt: skip
groups = st.builds(
    spec.Group, st.sampled_from([2, 2, 3, 4]), st.sampled_from([50, 200, 2_000]),
    st.sampled_from([60_000, 120_000, 240_000]), PLACES, CONDITIONS, st.sampled_from([20, 60, 400]),
    st.sampled_from([1, 10]), st.sampled_from([0, 60_000, 180_000]),
)  # fmt: skip
covers = st.builds(
    spec.Cover, st.sampled_from([spec.Place(kind="ban"), spec.Place(kind="lane"), spec.Place(zone_id="e")]),
    st.sampled_from([1_000, 60_000, 300_000]), st.sampled_from([20, 200]),
    st.sampled_from([60_000, 180_000, 600_000]), CONDITIONS,
)  # fmt: skip
several = st.one_of(pairs, rendezvous, groups, covers)


@st.composite
def rule_sets(draw: st.DrawFn, when: st.SearchStrategy[spec.Operator]) -> list[spec.RuleSpec]:
    return [
        rule(
            draw(when), f"r{i}",
            where=draw(st.sampled_from([None, None, None, SHORT])),
            watch=draw(st.sampled_from(["any", "any", "any", "vessel"])),
            unless=draw(st.sampled_from([(), (), (), (spec.Place(kind="free"),)])),
            cooldown_ms=draw(st.sampled_from([0, 60_000, 7_200_000])),
            valid_from_ms=draw(st.sampled_from([0, 0, 0, T0 + 60_000])),
            valid_to_ms=draw(st.sampled_from([2**62, 2**62, 2**62, T0 + 200_000])),
        )
        for i in range(draw(st.integers(1, 2)))
    ]  # fmt: skip


assert BOUND_MS == 30_000
