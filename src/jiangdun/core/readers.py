"""Inside readers: follow the journal and change our own tables, exactly once.

A batch, its changes and the reader's cursor commit in one transaction. A handler that fails is undone,
logged, journaled as `core.ReaderFailed` and passed over: one bad fact must not stop all that follow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog
from django.db import InterfaceError, OperationalError, transaction

from jiangdun.core import clock, journal
from jiangdun.core.facts import ReaderFailed
from jiangdun.core.journal import By, Sealed
from jiangdun.core.models import ReaderCursor

Handler = Callable[[Sealed], None]
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Reader:
    """`handlers` maps a kind of fact to what is done about it; other kinds are read past. `name` keeps the
    place.
    """

    name: str
    handlers: Mapping[str, Handler]

    def run_once(self, limit: int = 200) -> int:
        """Read on by up to `limit` facts and return how many were read (handled or not); 0 when there is no
        news.
        """
        with transaction.atomic():
            cursor, _ = ReaderCursor.objects.get_or_create(name=self.name)
            news = journal.after(cursor.number, limit)
            if not news:
                return 0
            # Moved first, by condition: a second process on the same cursor waits here, then changes nothing.
            place = ReaderCursor.objects.filter(name=self.name, number=cursor.number)
            if not place.update(number=news[-1].number):
                return 0
            for fact in news:
                handler = self.handlers.get(fact.kind)
                if handler is not None:
                    self._handle(handler, fact)
        return len(news)

    def behind(self) -> int:
        """How many sealed facts this reader has not read yet."""
        place = ReaderCursor.objects.filter(name=self.name).values_list("number", flat=True).first()
        return journal.head() - (place or 0)

    def _handle(self, handler: Handler, fact: Sealed) -> None:
        try:
            with transaction.atomic():
                handler(fact)
        except (OperationalError, InterfaceError):
            raise  # the database is away: nothing of this batch has happened, it is read again
        except Exception as error:
            _log.exception(
                "a reader failed", reader=self.name, kind=fact.kind, number=fact.number, body=fact.body
            )
            if fact.kind == ReaderFailed.fact_kind:  # type: ignore[attr-defined]
                return  # a reader of failures that fails would otherwise feed itself for ever
            failed = ReaderFailed(self.name, fact.number, fact.kind, type(error).__name__)
            by = By(system=f"reader {self.name}"[:64])
            journal.record(failed, by=by, at=clock.now(), subject=fact.subject, cause=fact.fact_id)
