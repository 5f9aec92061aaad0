"""A backtest says what the live run said: from the archive, in any number of processes, from any day on."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiangdun import watch
from jiangdun.feeds.columns import Chunk, Kind
from jiangdun.feeds.log import ChunkLog
from jiangdun.picture.archiver import Archiver
from jiangdun.picture.then import Archive
from jiangdun.watch.engine.memory import memory_ms
from jiangdun.watch.past import Cancelled, backtest
from jiangdun.watch.rules import spec
from watch.engine.world import (
    BOUND_MS,
    T0,
    ZONES,
    Stream,
    hub_marks,
    path,
    rule,
    rule_sets,
    sequences,
    steps,
    streams,
    wander,
)

ALL = (0, 2**61)
HEAD = "title: {zh: 测, en: Test}\ndomain: water\nowner: o\nseverity: III\nwatch: any\nlegal: [{law: 测}]\n"
STAY = "{inside: {zone: b}, holds: speed_kn < 5, for: 1 min, tolerate: 30 s}\ncooldown: 1 min"
WRITTEN = [
    watch.read(
        f"rule: r-enter\n{HEAD}where: NOT has_permit('p') AND kind <> 'tug'\nwhen: {{enters: {{zone: a}}, fixes: 1}}",
        references={"p": frozenset({3})},
    ),
    watch.read(f"rule: r-stay\n{HEAD}when: {STAY}"),
    watch.read(f"rule: r-speed\n{HEAD}when: {{speed: {{over: 5 kn}}, inside: {{zone: c}}}}"),
]


def archived(home: Path, chunks: list[Chunk], rows_max: int = 20) -> Archive:
    archiver = Archiver(home, rows_max, sync=False)
    archiver.catch_up(chunks)
    archiver.finish()
    return Archive(home)


def live(rules: list[spec.RuleSpec], chunks: list[Chunk]) -> watch.Ran:
    return watch.run(rules, ZONES, chunks)


pytestmark = pytest.mark.filterwarnings("ignore:no zone is at a place")


@given(rule_sets(st.one_of(steps, sequences)), streams, st.integers(1, 40), st.integers(5, 60))
def test_over_all_of_an_archive_the_digest_is_that_of_the_settled_live_run(
    tmp_path_factory: pytest.TempPathFactory,
    rules: list[spec.RuleSpec],
    stream: Stream,
    size: int,
    rows_max: int,
) -> None:
    chunks = hub_marks(stream, size)
    home = tmp_path_factory.mktemp("home")
    found = backtest(rules, archived(home, chunks, rows_max), ALL, ZONES)
    lived = live(rules, chunks)
    assert found.digest == lived.digest
    assert {a.episode for a in found.alerts} == {a.episode for a in lived.alerts}
    assert found.counts["reports"] == len(stream.rows)
    assert found.counts["judged"] == lived.counts["judged"]


def test_what_is_still_in_the_log_belongs_to_it(tmp_path: Path) -> None:
    chunks = hub_marks(wander(4, 3, 60), 7)
    half = len(chunks) // 2
    log = ChunkLog(tmp_path / "log")
    for chunk in chunks:
        log.append(chunk)
    log.close()
    archived(tmp_path, chunks[:half])
    archive = Archive(tmp_path, tmp_path / "log")
    assert 0 < archive.segments[-1].to_position < len(chunks[-1].rows) + chunks[-1].position
    assert backtest(WRITTEN, archive, ALL, ZONES).digest == live(WRITTEN, chunks).digest


def fleet(tracks: int = 40, hours: int = 3) -> list[Chunk]:
    """Ships that go to and fro over the zones for hours, in chunks of a minute; many alerts."""
    rng = np.random.default_rng(7)
    parts = []
    for track in range(1, tracks + 1):
        s = np.arange(int(rng.integers(0, 30)), hours * 3_600, 30)
        x = 6_000 + 6_000 * np.sin(s / rng.uniform(300, 900) + rng.uniform(0, 6))
        part = path(*zip(s.tolist(), x.astype(int).tolist(), [3_000] * len(s), strict=True), track=track)
        part["sog_dkn"], part["kind"] = rng.integers(0, 120, len(s)), Kind.CARGO
        parts.append(part)
    rows = np.concatenate(parts)
    rows = rows[np.argsort(rows["t"], kind="stable")]
    stream = Stream(rows, rows["t"].astype(np.int64))
    return hub_marks(stream, 10)


def test_several_processes_find_what_one_finds(tmp_path: Path) -> None:
    chunks = fleet()
    archive = archived(tmp_path, chunks, 2_000)
    told: list[tuple[int, int]] = []
    one = backtest(WRITTEN, archive, ALL, ZONES, workers=1, progress=lambda done, of: told.append((done, of)))
    two = backtest(WRITTEN, archive, ALL, ZONES, workers=2)
    assert len(one.alerts) > 100
    assert (two.digest, two.alerts, two.counts) == (one.digest, one.alerts, one.counts)
    assert one.digest == live(WRITTEN, chunks).digest
    done = [d for d, _ in told]
    assert done == sorted(done)
    assert told[-1] == (14_400, 14_400)
    assert len(told) > 5
    with pytest.raises(Cancelled):
        backtest(WRITTEN, archive, ALL, ZONES, workers=2, cancelled=lambda: True)


def test_it_stops_when_told(tmp_path: Path) -> None:
    archive = archived(tmp_path, fleet(5), 200)
    asked: list[int] = []

    def enough() -> bool:
        asked.append(1)
        return len(asked) == 3

    with pytest.raises(Cancelled):
        backtest(WRITTEN, archive, ALL, ZONES, workers=1, cancelled=enough)
    assert len(asked) == 3


DAY_MS = 86_400_000


def test_from_a_day_on_it_warms_up_and_drops_what_fired_before(tmp_path: Path) -> None:
    """A ship lies in the zone from the evening of the first day to the fifth; another comes in on the fifth day."""
    lies = path(*((s, 3_000, 5_000) for s in range(0, 5 * 86_400, 300)), track=1, sog_dkn=0)
    comes = path(
        *((4 * 86_400 + 3_600 + s, -2_000 + 2 * s, 3_500) for s in range(0, 3_600, 10)), track=2, sog_dkn=0
    )
    rows = np.concatenate([lies, comes])
    rows = rows[np.argsort(rows["t"], kind="stable")]
    chunks = hub_marks(Stream(rows, rows["t"].astype(np.int64)), 1)
    archive = archived(tmp_path, chunks, 10)
    rules = [
        rule(spec.Stay(spec.Place(zone_id="b"), 600_000), "stay"),
        rule(spec.Enter(spec.Place(zone_id="a"), 1), "in"),
    ]
    assert max(memory_ms(r) for r in rules) < 3 * DAY_MS
    period = (T0 + 4 * DAY_MS, T0 + 5 * DAY_MS)
    found = backtest(rules, archive, period, ZONES)
    lived = [a for a in live(rules, chunks).alerts if period[0] <= a.fired_at_ms < period[1]]
    assert [(a.rule, a.track) for a in found.alerts] == [("in", 2), ("stay", 2)]
    assert [a.episode for a in found.alerts] == [a.episode for a in lived]
    assert found.counts["reports"] < len(rows)  # it did not begin at the beginning
    before = backtest(rules, archive, (T0, period[0]), ZONES)
    assert [(a.rule, a.track) for a in before.alerts] == [("stay", 1)]


def test_an_end_is_an_end(tmp_path: Path) -> None:
    chunks = fleet(6, 2)
    archive = archived(tmp_path, chunks, 300)
    end = T0 + 3_600_000 + 12_345
    found = backtest(WRITTEN, archive, (0, end), ZONES)
    assert {a.episode for a in found.alerts} == {
        a.episode for a in live(WRITTEN, chunks).alerts if a.fired_at_ms < end
    }
    assert max(a.fired_at_ms for a in found.alerts) > end - BOUND_MS * 10


def test_an_empty_archive_and_an_empty_period(tmp_path: Path) -> None:
    assert backtest(WRITTEN, Archive(tmp_path), ALL, ZONES).alerts == ()
    with pytest.raises(ValueError, match="the period is empty"):
        backtest(WRITTEN, Archive(tmp_path), (5, 5), ZONES)


def test_a_rule_that_was_read_travels_to_another_process_and_means_the_same() -> None:
    again = pickle.loads(pickle.dumps(WRITTEN))
    assert again == WRITTEN
    columns = {"t": np.arange(2), "track": np.array([3, 4]), "kind": np.array([1, 1], np.uint8)}
    assert again[0].where.evaluate(columns).tolist() == [False, True]
