"""What of the floor's own rows has an end: persons, records of unmasking and of exports, work that is done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from jiangdun.core import exporting, journal, models, personal, retention, vault
from jiangdun.core.retention import AUDIT_LEAST_DAYS, Item, Kept

LOOKUPS_DAYS = retention.days("retention.lookups_days", 1_095, AUDIT_LEAST_DAYS)
EXPORTS_DAYS = retention.days("retention.exports_days", 1_095, AUDIT_LEAST_DAYS)
WORK_DAYS = retention.days("retention.done_work_days", 90, 7)
_BY = journal.By(system="retention")


def _persons(before: datetime, limit: int) -> list[Item]:
    return [Item(f"person:{person}") for person in personal.due(before, limit)]


def _erase(items: Sequence[Item], now: datetime) -> None:
    for item in items:
        personal.erase(UUID(item.name.partition(":")[2]), "expired", by=_BY, now=now)


def _lookups(before: datetime, limit: int) -> list[Item]:
    rows = models.Unmasking.objects.filter(at__lt=before).order_by("at")
    return [Item(f"unmasking:{pk}") for pk in rows.values_list("id", flat=True)[:limit]]


def _forget_lookups(items: Sequence[Item], now: datetime) -> None:  # noqa: ARG001
    models.Unmasking.objects.filter(id__in=_ids(items)).delete()


def _export_files(before: datetime, limit: int) -> list[Item]:
    found = []
    for one in exporting.too_old(before, limit):
        place = vault.path(one.sha256)
        found.append(Item(f"export:{one.id}", (place, place.with_suffix(".sm3"))))
    return found


def _let_go(items: Sequence[Item], now: datetime) -> None:  # noqa: ARG001
    for item in items:
        exporting.let_go(UUID(item.name.partition(":")[2]))


def _exports(before: datetime, limit: int) -> list[Item]:
    rows = (
        models.Export.objects.filter(asked_at__lt=before).exclude(state=exporting.READY).order_by("asked_at")
    )
    return [Item(f"export:{pk}") for pk in rows.values_list("id", flat=True)[:limit]]


def _forget_exports(items: Sequence[Item], now: datetime) -> None:  # noqa: ARG001
    models.Export.objects.filter(id__in=_ids(items)).exclude(state=exporting.READY).delete()


def _done_work(before: datetime, limit: int) -> list[Item]:
    fired = (
        models.Timer.objects.exclude(state=models.Timer.PENDING).filter(due_at__lt=before).order_by("due_at")
    )
    sent = models.OutboxRow.objects.filter(state=models.OutboxRow.SENT, sent_at__lt=before).order_by("id")
    timers = [Item(f"timer:{pk}") for pk in fired.values_list("id", flat=True)[: limit // 2]]
    return timers + [Item(f"letter:{pk}") for pk in sent.values_list("id", flat=True)[: limit // 2]]


def _forget_work(items: Sequence[Item], now: datetime) -> None:  # noqa: ARG001
    timers = [item for item in items if item.name.startswith("timer:")]
    letters = [item for item in items if item.name.startswith("letter:")]
    models.Timer.objects.filter(id__in=_ids(timers)).exclude(state=models.Timer.PENDING).delete()
    models.OutboxRow.objects.filter(id__in=_ids(letters), state=models.OutboxRow.SENT).delete()


def _ids(items: Sequence[Item]) -> list[str]:
    return [item.name.partition(":")[2] for item in items]


retention.keep(Kept("persons", "人员资料", "persons' values", None, _persons, _erase))
retention.keep(
    Kept("lookups", "查看原文的记录", "records of unmasking", LOOKUPS_DAYS, _lookups, _forget_lookups)
)
retention.keep(Kept("export-files", "导出文件", "files of exports", None, _export_files, _let_go))
retention.keep(Kept("exports", "导出记录", "records of exports", EXPORTS_DAYS, _exports, _forget_exports))
retention.keep(
    Kept(
        "done-work",
        "已办定时与已发消息",
        "fired timers and sent letters",
        WORK_DAYS,
        _done_work,
        _forget_work,
    )
)
