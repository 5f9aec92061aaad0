"""How long things are kept, and their end: by class, every night, with proof, and never against a hold.

A room (or the hall, for files) declares a class once:

    retention.keep(Kept("raw", "原始报文", "raw bytes", days=RAW_DAYS, due=old_files))

`due(before, limit)` names items, oldest first; files among them are hashed, announced (`DeletionBegun`), unlinked;
rows are taken by `drop` in the transaction of the fact (`DeletionDone`) that says how many went and the digest of all
of them. Killed in between, the next run finds what is left. `run` works in a thread of its own and writes through the
one writer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

import structlog
from django.db import transaction

from jiangdun.core import facts, holds, journal, models, timers
from jiangdun.core.journal import By
from jiangdun.core.parameters import Parameter, parameter

AUDIT_LEAST_DAYS: Final = 180
"""Logs are kept six months at least (网络安全法)."""
ITEMS_MAX: Final = 1_000
"""Items that go in one step."""
STEPS_MAX: Final = 100
"""Steps of one class in one night; the rest goes the next."""
NIGHT: Final = time(3, 10)
TIMER: Final = "core.retention"
RUNS_MAX: Final = 100
_ZONE: Final = ZoneInfo("Asia/Shanghai")
_BY: Final = By(system="retention")

T = TypeVar("T")
Write = Callable[[Callable[[], Any]], Any]
log = structlog.get_logger()


@dataclass(frozen=True)
class Item:
    """Something old: a row (`name` says which) or files that go together."""

    name: str
    paths: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Kept:
    """A class of things. `days` None: each item says itself when it is due; no `due`: never deleted, as `why` says."""

    code: str
    name_zh: str
    name_en: str
    days: Parameter[int] | None = None
    due: Callable[[datetime, int], Sequence[Item]] | None = None
    drop: Callable[[Sequence[Item], datetime], None] | None = None
    why_zh: str = ""
    why_en: str = ""


@dataclass(frozen=True)
class Found:
    """What one run did of a class, or would do: items, bytes of files, whether a hold stopped some."""

    kept: str
    before: datetime
    items: int
    size: int
    held: bool


def days(name: str, usual: int, least: int = 1) -> Parameter[int]:
    """A parameter of days that cannot be set below `least`."""
    return parameter(name, usual, lambda v: type(v) is int and least <= v <= 36_500)


AUDIT_DAYS = days("retention.audit_days", 1_095, AUDIT_LEAST_DAYS)
_known: dict[str, Kept] = {}


def keep(kept: Kept) -> Kept:
    """Declare a class; its code is unique."""
    assert kept.code not in _known, f"{kept.code} is declared twice"
    _known[kept.code] = kept
    return kept


def known() -> list[Kept]:
    """Every class, by code."""
    return [_known[code] for code in sorted(_known)]


keep(
    Kept(
        "audit", "日志与查阅日志", "journal and access ledger", AUDIT_DAYS,
        why_zh="只增不删：链上各条互相依存", why_en="append-only: every link rests on the one before",
    )
)  # fmt: skip


def run(now: datetime, write: Write | None = None, *, dry: bool = False) -> list[Found]:
    """Delete what is due at `now`, class by class; `dry`: only say what would go. `write` runs a function in a write
    transaction and gives its answer (the desk gives its writer's).
    """
    found = []
    for kept in known():
        try:
            found.append(_sweep(kept, now, write or _direct, dry))
        except OSError as error:
            log.error("what is too old could not be deleted", kept=kept.code, why=str(error))
    return found


def before(kept: Kept, now: datetime) -> datetime:
    """What is older than this is due."""
    return now if kept.days is None else now - timedelta(days=kept.days.at(now))


def next_night(now: datetime) -> datetime:
    """The next ten past three in Shanghai after `now`."""
    local = now.astimezone(_ZONE)
    night = datetime.combine(local.date(), NIGHT, _ZONE)
    return night if night > local else night + timedelta(days=1)


def plan(now: datetime) -> None:
    """Let there be a run every night, within the caller's transaction. One that was missed is still due."""
    if not models.Timer.objects.filter(kind=TIMER, key="nightly", state=models.Timer.PENDING).exists():
        timers.set(TIMER, "nightly", next_night(now))


def on_timer(key: str, payload: Any, due_at: datetime, now: datetime) -> None:  # noqa: ARG001
    """It is night: a run is due, and the next is planned."""
    models.RetentionRun.objects.create(due_at=due_at)
    timers.set(TIMER, key, next_night(now))


def run_due(now: datetime, write: Write) -> bool:
    """Do the run that is due, in the caller's thread; False where none is."""
    row = models.RetentionRun.objects.filter(done_at=None).order_by("due_at").first()
    if row is None:
        return False
    found = run(now, write)
    said = [{**asdict(one), "before": one.before.isoformat()} for one in found]
    done = models.RetentionRun.objects.filter(done_at=None, due_at__lte=row.due_at)
    write(lambda: done.update(done_at=now, found=said))
    return True


def runs(limit: int = 30) -> list[dict[str, Any]]:
    """Runs, newest first: {due_at, done_at, found}."""
    rows = models.RetentionRun.objects.order_by("-due_at")[: min(limit, RUNS_MAX)]
    return [{"due_at": row.due_at, "done_at": row.done_at, "found": row.found} for row in rows]


def _sweep(kept: Kept, now: datetime, write: Write, dry: bool) -> Found:
    limit, items, size, held = before(kept, now), 0, 0, False
    if kept.due is None:
        return Found(kept.code, limit, 0, 0, False)
    for _ in range(STEPS_MAX):
        free, stopped = _free(kept, kept.due(limit, ITEMS_MAX + holds.HOLDS_MAX))
        held = held or stopped
        if not free:
            break
        items += len(free)
        size += sum(path.stat().st_size for item in free for path in item.paths if path.exists())
        if dry:
            break
        _delete(kept, free, limit, now, write)
    return Found(kept.code, limit, items, size, held)


def _free(kept: Kept, due: Sequence[Item]) -> tuple[list[Item], bool]:
    """Of what is due, what no hold covers, and whether one covers some."""
    targets = holds.targets()
    if {kept.code, holds.EVERYTHING} & targets:
        return [], bool(due)
    stopped = {item.name for item in due if item.name in targets}
    return [item for item in due if item.name not in stopped], bool(stopped)


def _delete(kept: Kept, items: list[Item], limit: datetime, now: datetime, write: Write) -> None:
    total, size = hashlib.sha256(), 0
    for item in items:
        total.update(item.name.encode() + b"\n")
        for path in item.paths:
            if path.exists():
                size += path.stat().st_size
                total.update(f"{path.name} {_hash(path)}\n".encode())
    told = (kept.code, limit, len(items), size, total.hexdigest())
    if any(item.paths for item in items):
        write(lambda: _record(facts.DeletionBegun(*told), kept, now))
        for item in items:
            for path in item.paths:
                path.unlink(missing_ok=True)
    write(lambda: _done(facts.DeletionDone(*told), kept, items, now))


@transaction.atomic
def _done(fact: facts.DeletionDone, kept: Kept, items: list[Item], now: datetime) -> None:
    if kept.drop is not None:
        kept.drop(items, now)
    _record(fact, kept, now)


@transaction.atomic
def _record(fact: object, kept: Kept, now: datetime) -> None:
    journal.record(fact, by=_BY, at=now, subject=f"kept:{kept.code}")


def _hash(path: Path) -> str:
    total = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            total.update(piece)
    return total.hexdigest()


def _direct(work: Callable[[], T]) -> T:
    with transaction.atomic():
        return work()
