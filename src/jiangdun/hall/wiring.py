"""When this fact, that action: the one list by which news travels between rooms."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from jiangdun.alliance import actions as alliance
from jiangdun.core import disputes, emergency, retention, timers, unused
from jiangdun.core.journal import Sealed
from jiangdun.core.readers import Reader
from jiangdun.response import actions as response
from jiangdun.watch import actions as watch


def _mark_promoted(sealed: Sealed) -> None:
    """The alert leaves the queue once an incident stands for it."""
    episode = sealed.body["episode"]
    if episode:
        incident_id = UUID(sealed.body["incident_id"])
        watch.mark_promoted(episode, incident_id, by=sealed.by, now=sealed.at, cause=sealed.fact_id)


READERS: Final = (
    # An alert becomes an incident or waits in triage; what is revised becomes a note and a proposal.
    Reader("response", response.READS),
    Reader("watch", {"response.IncidentOpened": _mark_promoted}),
)

TELLS_EARS: Final = {
    # After these facts the ears are told anew what they need: rules, zones, devices, units.
    "watch.RuleReleased": "rules",
    "watch.RuleRetired": "rules",
    "picture.ZoneDrawn": "zones",
    "feeds.DeviceAdmitted": "devices",
    "feeds.DeviceChanged": "devices",
    "feeds.DeviceBlocked": "devices",
    "picture.UnitAdded": "units",
    "alliance.AgencyFounded": "agencies",
}


def register_timers() -> None:
    """Who answers when a deadline is due."""
    floor = {retention.TIMER: retention.on_timer, **disputes.TIMERS}
    people = {unused.TIMER: unused.on_timer, emergency.TIMER: emergency.on_timer}
    for room in (floor, people, alliance.TIMERS, response.TIMERS):
        for kind, handler in room.items():
            timers.register(kind, handler)
