"""A small world for the engine's tests: zones on the lattice, rules, tiny conditions, and streams of reports."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from jiangdun.feeds.columns import COLUMNS, DEGREE, NO_COURSE, NO_HEADING, NO_SPEED, Chunk, Flag, Kind
from jiangdun.watch.rules import spec

X0, Y0 = 71_000_000, 19_000_000  # about 118.3 E, 31.7 N
T0 = 1_700_000_000_000
BOUND_MS = 30_000


@dataclasses.dataclass(frozen=True)
class Below:
    """column < limit; the smallest thing that is a Condition."""

    column: str
    limit: int

    @property
    def text(self) -> str:
        return f"{self.column} < {self.limit}"

    def evaluate(self, columns: Mapping[str, npt.NDArray[np.generic]]) -> npt.NDArray[np.bool_]:
        return columns[self.column] < self.limit


SLOW = Below("sog_dkn", 50)
SHORT = Below("length_dm", 500)


def box(
    name: str,
    x: int,
    y: int,
    w: int,
    h: int,
    kind: str = "ban",
    hole: bool = False,
    axis: Sequence[tuple[int, int]] = (),
    **more: int,
) -> spec.ZoneSpec:
    """A rectangle in lattice units from (X0, Y0)."""

    def ring(x: int, y: int, w: int, h: int) -> tuple[tuple[float, float], ...]:
        corners = ((x, y), (x + w, y), (x + w, y + h), (x, y + h))
        return tuple(((X0 + a) / DEGREE, (Y0 + b) / DEGREE) for a, b in corners)

    rings = [ring(x, y, w, h)]
    if hole:
        rings.append(ring(x + w // 4, y + h // 4, w // 2, h // 2))
    line = tuple(((X0 + a) / DEGREE, (Y0 + b) / DEGREE) for a, b in axis)
    return spec.ZoneSpec(name, more.pop("version", 1), kind, name, name, (tuple(rings),), axis=line, **more)


def rule(when: spec.Operator, name: str = "r", **more: object) -> spec.RuleSpec:
    given = {"watch": "any", "cooldown_ms": 7_200_000, "version": 1, **more}
    return spec.RuleSpec(
        name=name, title_zh=name, title_en=name, domain="water", owner="o", severity=spec.Severity.II, when=when,
        **given,
    )  # type: ignore[arg-type]  # fmt: skip


def rows(*given: Mapping[str, int]) -> npt.NDArray[np.void]:
    """Rows from dicts; t in s from T0, lon and lat in units from (X0, Y0)."""
    out = np.zeros(len(given), COLUMNS)
    out["sog_dkn"], out["cog_ddeg"], out["kind"], out["track"] = NO_SPEED, NO_COURSE, Kind.CARGO, 1
    for i, g in enumerate(given):
        for key, value in g.items():
            if key == "s":
                out["t"][i] = T0 + value * 1000
            elif key in ("x", "y"):
                out["lon" if key == "x" else "lat"][i] = value + (X0 if key == "x" else Y0)
            else:
                out[key][i] = value
    return out


def path(*points: tuple[int, int, int], **more: int) -> npt.NDArray[np.void]:
    """(s, x, y) fixes of one track."""
    return rows(*({"s": s, "x": x, "y": y, **more} for s, x, y in points))


@dataclasses.dataclass
class Stream:
    """Rows in the order of the log, and when each was heard."""

    rows: npt.NDArray[np.void]
    heard: npt.NDArray[np.int64]

    def chunks(self, size: int) -> list[Chunk]:
        """Cut every `size` rows, stamped with the watermark of the last row."""
        out = []
        for a in range(0, len(self.rows), size):
            part = self.rows[a : a + size]
            out.append(Chunk(a, int(self.heard[: a + len(part)].max()) - BOUND_MS, part))
        return out

    def shuffled(self, seed: int) -> Stream:
        """The same reports in another order that the bound allows: each heard 0 to 30 s after its time."""
        rng = np.random.default_rng(seed)
        heard = self.rows["t"] + rng.integers(0, BOUND_MS, len(self.rows))
        late = (self.rows["flags"] & Flag.LATE) != 0
        heard[late] = self.heard[late]
        order = np.argsort(heard, kind="stable")
        return Stream(self.rows[order], np.maximum.accumulate(heard[order]))


def hub_marks(stream: Stream, size: int) -> list[Chunk]:
    """Chunks as the hub makes them: a report older than its own chunk's watermark is marked late."""
    chunks = stream.chunks(size)
    wm = chunks[0].wm_ms
    for at, chunk in enumerate(chunks):
        wm = max(wm, chunk.wm_ms)
        rows = chunk.rows.copy()
        rows["flags"][rows["t"] < wm] |= np.uint16(Flag.LATE)
        chunks[at] = Chunk(chunk.position, wm, rows)
    return chunks


SPOTS = [0, 2_000, 4_000, 6_000, 8_000, 10_000, 1_024]
GAPS_MS = [1, 1_000, 2_000, 10_000, 10_000, 30_000, 60_000, 180_000, 400_000, 901_000, 90_000_000]
COURSES = [0, 450, 900, 901, 1_800, 2_700, 3_599, NO_COURSE]
KINDS = [Kind.CARGO, Kind.CARGO, Kind.DREDGER, Kind.TRUCK, Kind.OFFICER, Kind.BASE_STATION]


def _somewhere(chance: random.Random) -> int:
    return chance.choice(SPOTS) if chance.random() < 0.3 else chance.randint(-4_000, 16_000)


def wander(seed: int, tracks: int, fixes: int) -> Stream:
    """Some tracks that wander over the zones, with duplicates, late, lost and default positions."""
    chance = random.Random(seed)
    made = []
    for track in range(tracks):
        x, y, t = _somewhere(chance), _somewhere(chance), T0
        gaps = chance.choice([GAPS_MS, GAPS_MS[:7], GAPS_MS[:3]])
        kind, sog, cog = chance.choice(KINDS), chance.choice([0, 20, 49]), chance.choice(COURSES)
        for _ in range(fixes):
            t += chance.choice(gaps)
            move = chance.random()
            if move < 0.2:
                x, y = _somewhere(chance), _somewhere(chance)
            elif move < 0.5:
                x, y = x + chance.randint(-3_000, 3_000), y + chance.randint(-3_000, 3_000)
            if chance.random() < 0.02:
                kind = chance.choice(KINDS)
            if chance.random() < 0.3:
                sog = chance.choice([0, 20, 49, 50, 51, 120, NO_SPEED])
            row = np.zeros(1, COLUMNS)[0]
            row["track"], row["t"], row["lon"], row["lat"] = track + 1, t, x + X0, y + Y0
            if chance.random() < 0.2:
                cog = chance.choice([*COURSES, chance.randint(0, 3_599)])
            row["sog_dkn"], row["kind"], row["rank"] = sog, kind, chance.randint(0, 2)
            row["cog_ddeg"], row["heading_ddeg"] = cog, chance.choice([NO_HEADING, NO_HEADING, cog, 1_234])
            row["length_dm"] = chance.choice([900, 900, 400]) if chance.random() < 0.1 else 0
            what = chance.randint(0, 24)
            if what == 0:
                row["flags"] = chance.choice([Flag.LATE, Flag.NO_FIX])
            elif what == 1:
                row["lon"] = 181 * DEGREE
            made.append((t + chance.choice([0, 0, 0, 5_000, 29_999]), len(made), row))
            if what in (2, 3):  # heard again by another receiver, perhaps a little elsewhere
                again = row.copy()
                again["rank"], again["lon"] = chance.randint(0, 2), x + X0 + chance.choice([0, 1_500])
                made.append((t + chance.randint(0, 29_999), len(made), again))
    made.sort(key=lambda m: (m[0], m[1]))
    return Stream(np.array([m[2] for m in made], COLUMNS), np.array([m[0] for m in made], np.int64))


streams = st.builds(
    wander, st.integers(0, 2**32), st.integers(1, 3), st.sampled_from([2, 10, 30, 30, 60, 150])
)


CONDITIONS = st.sampled_from([None, None, SLOW])
PLACES = st.sampled_from([spec.Place(kind="ban"), spec.Place(kind="lane"), spec.Place(zone_id="a")])
MAYBE = st.one_of(st.none(), PLACES)
keeps = st.builds(
    spec.Keep,
    st.sampled_from([None, Below("sog_dkn", 51), Below("sog_dkn", 130)]),
    st.sampled_from([0, 0, 90, 600.0]),
)
stays = st.builds(
    spec.Stay, MAYBE, st.sampled_from([0, 1, 10_000, 60_000, 600_000]), CONDITIONS,
    st.sampled_from([0, 0, 10_000, 120_000, 1_200_000]), st.one_of(st.none(), keeps),
)  # fmt: skip
off_axes = st.sampled_from(
    [spec.OffAxis(900), spec.OffAxis(None, 900), spec.OffAxis(300, 1_500), spec.OffAxis(0, 1_800)]
)
steered = st.builds(
    spec.Stay, PLACES, st.sampled_from([0, 10_000, 60_000]), CONDITIONS,
    st.sampled_from([0, 10_000, 120_000]), st.one_of(st.none(), keeps), off_axes,
)  # fmt: skip
crosses = st.builds(spec.Cross, PLACES, st.one_of(st.none(), off_axes), CONDITIONS)
along = st.builds(
    spec.Speed, PLACES, st.sampled_from([10, 50]), st.sampled_from([None, 15]),
    st.sampled_from([2_000, 600_000]), st.integers(1, 3), CONDITIONS, st.just(True),
)  # fmt: skip
enters = st.builds(spec.Enter, PLACES, st.integers(1, 4), CONDITIONS)
leaves = st.builds(spec.Leave, PLACES, st.integers(1, 4), CONDITIONS)
speeds = st.builds(
    spec.Speed, MAYBE, st.sampled_from([50, 20]), st.sampled_from([None, 1, 49]),
    st.sampled_from([2_000, 60_000, 600_000]), st.integers(1, 4), CONDITIONS,
)  # fmt: skip
steps = st.one_of(stays, enters, leaves, speeds, crosses, steered, along)
counts = st.builds(
    spec.Count, steps, st.integers(2, 4), st.sampled_from([10_000, 600_000, 100_000_000]), st.booleans()
)
absences = st.builds(
    spec.Absence, MAYBE, st.sampled_from([180_000, 300_000, 900_000, 90_000_000]), st.integers(0, 2),
    st.sampled_from([100.0, 1_000.0, 5_000.0]), CONDITIONS,
)  # fmt: skip
claims = st.builds(
    spec.Identity, st.sampled_from(["clone", "clone", "jump", "change"]), MAYBE, st.sampled_from([10, 350, 2_000]),
    st.sampled_from([0.0, 200.0, 1_000.0]), st.integers(1, 3), CONDITIONS,
)  # fmt: skip
drags = st.builds(
    spec.Drag, MAYBE, st.sampled_from([0, 10_000, 60_000]), st.sampled_from([20.0, 100.0]),
    st.sampled_from([0.0, 30.0]), st.integers(1, 2), st.sampled_from([30, 60]), st.sampled_from([0, 5]),
    st.sampled_from([50, 200]), st.sampled_from([0, 450]), CONDITIONS,
)  # fmt: skip
sequences = st.builds(
    spec.Sequence, st.lists(steps, min_size=1, max_size=3).map(tuple),
    st.sampled_from([10_000, 600_000, 100_000_000]), st.one_of(st.none(), steps),
)  # fmt: skip

ZONES = [
    box("a", 0, 0, 4_000, 4_000),
    box(
        "b",
        2_000,
        2_000,
        8_000,
        6_000,
        "lane",
        hole=True,
        axis=[(2_000, 5_000), (6_000, 5_000), (9_000, 8_000)],
    ),
    box("c", 6_000, -100, 100, 20_000, "lane", axis=[(6_050, 20_000), (6_050, 0)]),
    box("d", 4_000, 0, 4_000, 2_000, "ban", valid_from_ms=T0 + 40_000, valid_to_ms=T0 + 600_000),
    box("e", 1_000, 1_000, 2_000, 2_000, "free"),
]


@st.composite
def rule_sets(draw: st.DrawFn, when: st.SearchStrategy[spec.Operator]) -> list[spec.RuleSpec]:
    out = []
    for i in range(draw(st.integers(1, 2))):
        out.append(
            rule(
                draw(when), f"r{i}",
                where=draw(st.sampled_from([None, None, SHORT])),
                watch=draw(st.sampled_from(["any", "any", "vessel", "vehicle", "person"])),
                unless=draw(st.sampled_from([(), (), (spec.Place(kind="free"),)])),
                cooldown_ms=draw(st.sampled_from([0, 60_000, 7_200_000])),
                valid_from_ms=draw(st.sampled_from([0, 0, T0 + 60_000])),
                valid_to_ms=draw(st.sampled_from([2**62, 2**62, T0 + 500_000])),
            )
        )  # fmt: skip
    return out


def said(events: Sequence[spec.AlertEvent]) -> list[object]:
    return sorted(repr(e) for e in events)
