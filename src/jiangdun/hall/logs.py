"""How every process speaks of itself: plain lines to stderr, true time in UTC, no local variables in tracebacks.

    2026-11-21T15:05:00.123Z warning  process ended  process=ears code=-9

`logging` (Django, uvicorn) leaves by the same door. Locals stay inside: a password or a token may stand among them.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any, Final, TextIO

import structlog

from jiangdun.core import clock

LEVEL: Final = logging.INFO
LINE_CHARS_MAX: Final = 16_384
"""Of one event, its traceback included; what is longer is cut, for one mistake must not fill the disk."""

Event = MutableMapping[str, Any]


def configure(stream: TextIO | None = None) -> None:
    """For the start of a process; may be called again."""
    chain: list[Any] = [structlog.stdlib.add_log_level, structlog.stdlib.ExtraAdder(), _stamp, _trace]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=chain,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _line],
    )
    handler = _Stderr() if stream is None else logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(LEVEL)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            _stamp,
            _trace,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


class _Stderr(logging.StreamHandler[TextIO]):
    """To what stderr is at that moment, should somebody have put another in its place."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


def _stamp(_: Any, __: str, event: Event) -> Event:
    """The true time, whatever a demo's clock shows and whatever time zone a library set."""
    record = event.get("_record")
    moment = clock.now() - clock.offset() if record is None else datetime.fromtimestamp(record.created, UTC)
    event["timestamp"] = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return event


def _trace(_: Any, __: str, event: Event) -> Event:
    """A traceback as Python prints it: lines of source, no values."""
    given = event.pop("exc_info", None)
    record = event.get("_record")
    if given is None and record is not None:
        given = record.exc_info
        record.exc_info = record.exc_text = None
    if isinstance(given, BaseException):
        given = (type(given), given, given.__traceback__)
    elif given and not isinstance(given, tuple):
        given = sys.exc_info()
    if given and given[1] is not None:
        event["trace"] = "".join(traceback.format_exception(*given)).rstrip()
    return event


def _line(_: Any, __: str, event: Event) -> str:
    head = f"{event.pop('timestamp')} {event.pop('level'):8} {_flat(event.pop('event'))}"
    trace = event.pop("trace", "")
    rest = " ".join(f"{key}={_value(value)}" for key, value in event.items())
    line = f"{head}  {rest}" if rest else head
    return (f"{line}\n{trace}" if trace else line)[:LINE_CHARS_MAX]


def _value(value: Any) -> str:
    text = _flat(value)
    return repr(text) if not text or " " in text or "=" in text else text


def _flat(value: Any) -> str:
    """On one line: nobody may write a second one by sending a line's end."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in str(value))
