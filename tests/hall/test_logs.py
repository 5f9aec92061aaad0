"""How processes speak of themselves: plain lines, true time, no values of variables."""

from __future__ import annotations

import io
import logging
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
import structlog

from jiangdun.core import clock
from jiangdun.hall import logs

LINE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (\w+) +(.*)")


@pytest.fixture
def said() -> io.StringIO:
    """What goes to stderr."""
    stream = io.StringIO()
    logs.configure(stream)
    return stream


def fails() -> None:
    password = "correct horse"  # a value that stands in a frame
    assert password
    raise ValueError("the door is closed")


@pytest.mark.parametrize("way", ["structlog", "logging"])
def test_a_traceback_shows_lines_of_source_and_no_values(said: io.StringIO, way: str) -> None:
    try:
        fails()
    except ValueError:
        if way == "structlog":
            structlog.get_logger().exception("it failed", work="sign in")
        else:
            logging.getLogger("django.request").exception("it failed")
    text = said.getvalue()
    assert "ValueError: the door is closed" in text
    assert "in fails" in text
    assert text.replace('password = "correct horse"', "").count("correct horse") == 0
    assert "error    it failed" in text


def test_a_process_as_it_is_started_shows_no_values_either() -> None:
    program = (
        "from jiangdun.hall import logs; import structlog; logs.configure()\n"
        "def door(password):\n"
        "    raise ValueError('closed')\n"
        "try: door('correct' + ' horse')\n"
        "except ValueError: structlog.get_logger().exception('it failed')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "ValueError: closed" in done.stderr
    assert "correct horse" not in done.stderr
    assert done.stdout == ""


def test_one_line_has_time_level_event_and_values(said: io.StringIO) -> None:
    structlog.get_logger().warning("process ended", process="ears", code=-9, why="no room left", empty="")
    match = LINE.fullmatch(said.getvalue().rstrip("\n"))
    assert match
    assert match[2] == "warning"
    assert match[3] == "process ended  process=ears code=-9 why='no room left' empty=''"


def test_times_are_true_whatever_the_clock_shows_and_the_zone_is(said: io.StringIO) -> None:
    """Django sets the process's time zone; a demo's clock stands elsewhere."""
    before, zone = clock.offset(), os.environ.get("TZ")
    try:
        clock.set_offset(timedelta(days=100))
        os.environ["TZ"] = "Asia/Shanghai"
        structlog.get_logger().info("one")
        logging.getLogger("uvicorn.error").info("two")
    finally:
        clock.set_offset(before)
        os.environ.pop("TZ") if zone is None else os.environ.update(TZ=zone)
    one, two = (LINE.fullmatch(line) for line in said.getvalue().splitlines())
    assert one
    assert two
    for match in (one, two):
        moment = datetime.fromisoformat(match[1].replace("Z", "+00:00"))
        assert abs(moment - (datetime.now(UTC))) < timedelta(minutes=10)
    assert two[3].startswith("two")


def test_a_value_cannot_write_a_line_of_its_own(said: io.StringIO) -> None:
    structlog.get_logger().info("heard", name="A\n2026-11-21T15:05:00.000Z error nothing\x1b[2J")
    logging.getLogger("x").info("said %s", "B\r\nC")
    assert len(said.getvalue().splitlines()) == 2
    assert "\x1b" not in said.getvalue()


def test_a_line_has_a_limit(said: io.StringIO) -> None:
    structlog.get_logger().info("x" * 100_000)
    assert len(said.getvalue()) == logs.LINE_CHARS_MAX + 1


def test_debug_lines_stay_inside(said: io.StringIO) -> None:
    structlog.get_logger().debug("every report")
    logging.getLogger("asyncio").debug("every poll")
    assert said.getvalue() == ""
