"""Keeping and deleting: by class and age, with proof, never against a hold, never half."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from core.facts_of_tests import BY

from jiangdun.core import exporting, holds, journal, kept_rows, ledger, personal, retention, timers, vault
from jiangdun.core.journal import By
from jiangdun.core.models import Export, RetentionRun, Timer, Unmasking
from jiangdun.core.parameters import set_parameter
from jiangdun.core.retention import Item, Kept
from jiangdun.core.trouble import BadInput, Trouble, WrongState

A, B = By(person="a", agency="msa"), By(person="b", agency="msa")


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Path]:
    """A class of files kept ten days: the name says how many days old."""
    folder = tmp_path / "shelf"
    folder.mkdir()

    def due(before: datetime, limit: int) -> Sequence[Item]:
        age = (NOW - before).days
        old = sorted(path for path in folder.iterdir() if int(path.name.split("-")[0]) > age)
        return [Item(f"shelf:{path.name}", (path,)) for path in old[:limit]]

    days = retention.days("tests.shelf_days", 10, 2) if "tests.shelf_days" not in _parameters() else None
    kept = Kept("shelf", "架", "shelf", days or _parameters()["tests.shelf_days"], due)
    retention.keep(kept)
    yield folder
    del retention._known["shelf"]


NOW = datetime.fromisoformat("2026-11-21T15:05:00+00:00")


def _parameters() -> dict[str, Any]:
    from jiangdun.core import parameters

    return {one.name: one for one in parameters.known()}


def put(folder: Path, *ages: int) -> None:
    for age in ages:
        (folder / f"{age:03d}-x").write_text(f"content {age}")


def there(folder: Path) -> list[int]:
    return sorted(int(path.name.split("-")[0]) for path in folder.iterdir())


def found(code: str = "shelf", **more: Any) -> retention.Found:
    return next(one for one in retention.run(NOW, **more) if one.kept == code)


def facts(kind: str) -> list[Any]:
    journal.seal(NOW)
    return [fact for fact in journal.after(0, 1_000) if fact.kind == f"core.{kind}"]


@pytest.mark.django_db
def test_what_is_too_old_goes_with_proof_and_the_rest_stays(home: Path, shelf: Path) -> None:
    put(shelf, 1, 9, 10, 11, 30)
    dry = found(dry=True)
    assert (dry.items, dry.size, there(shelf)) == (2, 20, [1, 9, 10, 11, 30])
    assert facts("DeletionDone") == []
    done = found()
    assert (done.items, done.size, done.held, there(shelf)) == (2, 20, False, [1, 9, 10])
    (begun,), (gone,) = facts("DeletionBegun"), facts("DeletionDone")
    total = hashlib.sha256()
    for age in (11, 30):
        digest = hashlib.sha256(f"content {age}".encode()).hexdigest()
        total.update(f"shelf:{age:03d}-x\n{age:03d}-x {digest}\n".encode())
    assert gone.body == begun.body
    assert (gone.body["kept"], gone.body["items"], gone.body["digest"]) == ("shelf", 2, total.hexdigest())
    assert found().items == 0


@pytest.mark.django_db
def test_the_days_are_a_parameter_with_a_least(home: Path, shelf: Path) -> None:
    put(shelf, 3, 5)
    set_parameter("tests.shelf_days", 4, by=BY, now=NOW)
    found()
    assert there(shelf) == [3]
    with pytest.raises(BadInput):
        set_parameter("tests.shelf_days", 1, by=BY, now=NOW)
    for name in ("retention.audit_days", "retention.lookups_days", "retention.exports_days"):
        with pytest.raises(BadInput):
            set_parameter(name, 179, by=BY, now=NOW)
        set_parameter(name, 180, by=BY, now=NOW)


@pytest.mark.django_db
@pytest.mark.parametrize("target", ["shelf", "*"])
def test_a_hold_stops_a_class_at_once_and_two_persons_end_it(home: Path, shelf: Path, target: str) -> None:
    put(shelf, 20)
    hold = holds.hold(target, "法院来函", by=A, now=NOW)
    assert (found().held, there(shelf)) == (True, [20])
    holds.confirm(hold.id, by=B, now=NOW)
    holds.ask_release(hold.id, "案件已结", by=A, now=NOW)
    assert (found().items, there(shelf)) == (0, [20]), "asked for is not agreed"
    with pytest.raises(AssertionError):
        holds.release(hold.id, by=A, now=NOW)
    holds.release(hold.id, by=B, now=NOW)
    assert (found().items, there(shelf)) == (1, [])
    journal.seal(NOW)
    kinds = [fact.kind for fact in journal.about(f"hold:{hold.id}")]
    assert kinds == [f"core.{k}" for k in ("HoldSet", "HoldConfirmed", "HoldReleaseAsked", "HoldReleased")]
    assert "法院" not in str([fact.body for fact in journal.about(f"hold:{hold.id}")])


@pytest.mark.django_db
def test_a_hold_of_one_item_stops_that_item_only(home: Path, shelf: Path) -> None:
    put(shelf, 20, 21, 22)
    holds.hold("shelf:021-x", "证据", by=A, now=NOW)
    assert (found().held, there(shelf)) == (True, [21])


@pytest.mark.django_db
def test_holds_are_moved_in_order(home: Path) -> None:
    hold = holds.hold("raw", "法院来函", by=A, now=NOW)
    with pytest.raises(WrongState):
        holds.release(hold.id, by=B, now=NOW)
    with pytest.raises(AssertionError):
        holds.confirm(hold.id, by=A, now=NOW)
    holds.confirm(hold.id, by=B, now=NOW)
    with pytest.raises(WrongState):
        holds.confirm(hold.id, by=B, now=NOW)
    for target, reason in (("", "x"), ("x" * 161, "x"), ("raw", " ")):
        with pytest.raises(BadInput):
            holds.hold(target, reason, by=A, now=NOW)
    other = holds.hold("tracks", "x", by=A, now=NOW)
    holds.ask_release(hold.id, "x", by=A, now=NOW)
    holds.release(hold.id, by=B, now=NOW)
    assert [one.id for one in holds.holds()] == [other.id, hold.id]
    assert holds.targets() == {"tracks"}


@pytest.mark.django_db
def test_killed_between_announcing_and_deleting_the_next_run_goes_on(
    home: Path, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(shelf, 20, 21)

    def killed(self: Path, missing_ok: bool = False) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", killed)
        with pytest.raises(KeyboardInterrupt):
            found()
    assert there(shelf) == [20, 21]
    assert (len(facts("DeletionBegun")), facts("DeletionDone")) == (1, [])
    assert found().items == 2
    assert len(facts("DeletionDone")) == 1


@pytest.mark.django_db
def test_a_disk_that_refuses_stops_its_class_only(
    home: Path, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(shelf, 20)

    def refuse(self: Path, missing_ok: bool = False) -> None:
        raise PermissionError("read-only")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refuse)
        assert "shelf" not in {one.kept for one in retention.run(NOW)}
        assert "audit" in {one.kept for one in retention.run(NOW)}
    assert there(shelf) == [20]


@pytest.mark.django_db
def test_every_night_a_run_and_one_that_was_missed(home: Path, shelf: Path) -> None:
    put(shelf, 20)
    retention.plan(NOW)
    retention.plan(NOW)
    timers.register(retention.TIMER, retention.on_timer)
    night = retention.next_night(NOW)
    assert night.isoformat() == "2026-11-22T03:10:00+08:00"
    assert not retention.run_due(NOW, lambda act: act())
    assert timers.tick(night + timedelta(hours=5)) == 1
    assert retention.run_due(NOW, lambda act: act())
    assert there(shelf) == []
    assert not retention.run_due(NOW, lambda act: act())
    (run,) = retention.runs()
    assert next(one for one in run["found"] if one["kept"] == "shelf")["items"] == 1
    assert Timer.objects.get(kind=retention.TIMER).due_at == night + timedelta(days=1)
    assert RetentionRun.objects.count() == 1


@pytest.mark.django_db
def test_persons_whose_time_is_over_are_erased_unless_held(home: Path) -> None:
    def keep() -> UUID:
        return personal.keep(
            {"name": "张三"}, agency="msa", purpose="x", by=BY, now=NOW, keep_until=NOW - timedelta(days=1)
        )

    gone, held = keep(), keep()
    hold = holds.hold(f"person:{held}", "诉讼", by=A, now=NOW)
    assert found("persons").held
    assert (personal.masked(gone).erased, personal.masked(held).erased) == (True, False)
    with pytest.raises(Trouble, match="held"):
        personal.erase(held, "asked", by=A, now=NOW)
    holds.ask_release(hold.id, "x", by=A, now=NOW)
    holds.release(hold.id, by=B, now=NOW)
    found("persons")
    assert personal.masked(held).erased


@pytest.mark.django_db
def test_records_of_looking_and_of_exports_go_after_their_years_and_the_ledger_stays(home: Path) -> None:
    person = personal.keep({"name": "张三"}, agency="msa", purpose="x", by=BY, now=NOW)
    long_ago = NOW - timedelta(days=1_100)
    for at in (long_ago, NOW):
        entry = ledger.Entry(at, "unmask", "a", "msa", "persons.unmask", f"person:{person}", purpose="x")
        personal.unmask(person, ["name"], "查证", entry=entry, by=A, now=at)
        export = exporting.ask("journal", {}, 1, account_id=person, purpose="x", reason="x", by=A, now=at)
        stored = vault.put(b"rows of " + str(export.id).encode())
        exporting.finish(
            export.id, rows=1, sha256=stored.sha256, size=stored.size, owners={}, annexes=(), by=A, now=at
        )
    files = len(list((home / "vault").glob("??/??/*")))
    retention.run(NOW)
    assert len(list((home / "vault").glob("??/??/*"))) == files // 2, "the older file, with its SM3"
    retention.run(NOW)
    assert Unmasking.objects.count() == 1
    assert Export.objects.count() == 1
    assert ledger.head() == 2
    assert ledger.verify().ok
    assert list(vault.verify()) == []


@pytest.mark.django_db
def test_fired_timers_go_and_waiting_ones_stay(home: Path) -> None:
    timers.register("tests.old", lambda key, payload, due_at, now: None)
    long_ago = NOW - timedelta(days=100)
    timers.set("tests.old", "fired", long_ago)
    timers.tick(NOW)
    timers.set("tests.other", "waits", long_ago)
    assert found("done-work").items == 1
    assert list(Timer.objects.values_list("key", flat=True)) == ["waits"]


def test_every_class_of_the_floor_is_declared_once() -> None:
    assert kept_rows
    codes = [kept.code for kept in retention.known()]
    assert {"audit", "persons", "lookups", "exports", "export-files", "done-work"} <= set(codes)
