"""A recording of terminals has no log-ins: whoever is in the book is believed."""

from __future__ import annotations

from jiangdun.feeds.columns import Kind
from jiangdun.feeds.observations import Device, Fix
from jiangdun.feeds.protocols.jt808 import Jt808Session
from jiangdun.feeds.simulators.jt808 import Terminal, location


class _Everyone:
    def find(self, source: str, ident: str) -> Device:
        return Device(source, ident, ident, Kind.VEHICLE)


def test_a_location_without_any_login_is_taken_from_a_recording_and_refused_on_a_line() -> None:
    said = Terminal("13912345678").say_location(location(119.45, 32.22, 1_700_000_000_000))
    recorded = Jt808Session(_Everyone(), recorded=True).take(said, 1_700_000_000_000)
    assert [type(o) for o in recorded.observations] == [Fix]
    live = Jt808Session(_Everyone()).take(said, 1_700_000_000_000)
    assert [bad.reason for bad in live.rejects] == ["not_authenticated"]
    assert live.observations == []


def test_a_recorded_terminal_that_falls_silent_leaves_a_session_that_can_go_on() -> None:
    session, terminal = Jt808Session(_Everyone(), recorded=True), Terminal("13912345678")
    session.take(terminal.say_location(location(119.45, 32.22, 0)), 0)
    session.take(terminal.say_goodbye(), 1_000)
    again = session.take(terminal.say_location(location(119.46, 32.22, 2_000)), 2_000)
    assert len(again.observations) == 1
