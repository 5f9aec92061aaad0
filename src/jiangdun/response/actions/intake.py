"""From an alert's fact to an incident at once, or to a clue that waits for a person.

Handlers for the inside reader: taking the same fact in twice changes nothing. `READS` is what the hall binds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta, timezone
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import F

from jiangdun.core import ids, journal, timers
from jiangdun.core.journal import By, Sealed
from jiangdun.core.trouble import NotFound, WrongState
from jiangdun.picture import queries as picture
from jiangdun.response import facts, queries
from jiangdun.response.actions import clockwork, moves
from jiangdun.response.clocks import INCIDENT_CLOCKS
from jiangdun.response.models import Clue, Incident, NumberSeries
from jiangdun.response.promotion import AlertSeen, Way, priority, way
from jiangdun.response.states import State
from jiangdun.watch import queries as watch

_DAY: Final = timezone(timedelta(hours=8))
"""Numbers carry the day in China."""

NO_AREA: Final = "000000"
"""The area in a number where the place names none."""

PROPOSALS: Final[Mapping[str, str]] = {
    "withdrawn": "mark_false",
    "dismissed": "mark_false",
    "changed": "look_again",
}
"""What a revised alert proposes to the desk. It never closes anything."""


@transaction.atomic
def take_in_alert(sealed: Sealed) -> None:
    """`watch.AlertRaised`: an incident whose T0 is the fact's time, or a clue in triage.

    An alert that stands for an earlier one (`replaces`: its start moved) takes over that one's incident or
    clue.
    """
    seen = AlertSeen.of({**sealed.body, **watch.words(str(sealed.body.get("episode", "")))})
    if _known(seen.episode) or (seen.replaces and _take_over(seen, sealed)):
        return
    if way(seen.severity, seen.incident) is Way.AUTO:
        by = By(rule=f"{seen.rule}/{seen.rule_version}", agency=seen.owner)
        _open(seen, Way.AUTO, sealed.at, by, sealed.fact_id, sealed.exercise)
    else:
        _wait(seen, sealed)


@transaction.atomic
def promote(episode: str, *, by: By, now: datetime) -> moves.Moved:
    """Triage says: this clue is an incident. T0 is now.

    Raises NotFound where no clue waits under that episode, WrongState where it was decided before.
    """
    person = moves.person_of(by)
    clue = Clue.objects.filter(episode=episode).first()
    if clue is None:
        raise _not_waiting(episode)
    timers.cancel(clockwork.TRIAGE, str(clue.id))  # before the clue's row, as a tick takes them
    waiting = Clue.objects.filter(id=clue.id, state="waiting")
    if not waiting.update(state="promoted", decided_at=now, decided_by=person, version=F("version") + 1):
        raise _not_waiting(episode)
    return _open(AlertSeen(**clue.alert), Way.TRIAGE, now, by, clue.fact, clue.exercise)


@transaction.atomic
def take_in_revision(sealed: Sealed) -> None:
    """`watch.AlertChanged`, `AlertWithdrawn`, `AlertDismissed`: a fact and a proposal on the incident.

    A dismissed alert ends its waiting clue; an incident is never closed by an alert.
    """
    verdict = sealed.kind.removeprefix("watch.Alert").lower()
    episode = str(sealed.body.get("episode", ""))
    incident = Incident.objects.filter(episode=episode).exclude(state=State.CLOSED).first()
    if incident is not None:
        _propose(incident, verdict, episode, sealed)
    elif verdict == "dismissed":
        _dismiss(episode, sealed)


READS: Final[Mapping[str, Callable[[Sealed], None]]] = {
    "watch.AlertRaised": take_in_alert,
    "watch.AlertChanged": take_in_revision,
    "watch.AlertWithdrawn": take_in_revision,
    "watch.AlertDismissed": take_in_revision,
}
"""Which facts response takes in, and how: the hall hands it to `core.readers.Reader`."""


def _known(episode: str) -> bool:
    return Incident.objects.filter(episode=episode).exists() or Clue.objects.filter(episode=episode).exists()


def _take_over(seen: AlertSeen, sealed: Sealed) -> bool:
    clue = Clue.objects.filter(episode=seen.replaces).first()
    if clue is not None:
        Clue.objects.filter(id=clue.id).update(
            episode=seen.episode, alert=asdict(seen), version=F("version") + 1
        )
    incident = Incident.objects.filter(episode=seen.replaces).first()
    if incident is not None:
        Incident.objects.filter(id=incident.id).update(episode=seen.episode)
        incident.refresh_from_db()
        _propose(incident, "changed", seen.episode, sealed)
    return clue is not None or incident is not None


def _propose(incident: Incident, verdict: str, episode: str, sealed: Sealed) -> None:
    proposal = PROPOSALS[verdict]
    fact = facts.AlertRevised(incident.id, verdict, proposal, episode, incident.version + 1)
    moves.advance(incident, fact, sealed.by, sealed.at, cause=sealed.fact_id, proposal=proposal)


def _dismiss(episode: str, sealed: Sealed) -> None:
    clue = Clue.objects.filter(episode=episode, state="waiting").first()
    if clue is None:
        return
    timers.cancel(clockwork.TRIAGE, str(clue.id))
    Clue.objects.filter(id=clue.id).update(
        state="dismissed", decided_at=sealed.at, decided_by=sealed.by.person or "", version=F("version") + 1
    )
    fact = facts.ClueDismissed(clue.id, episode)
    subject = f"alert:{episode}"
    journal.record(
        fact, by=sealed.by, at=sealed.at, subject=subject, cause=sealed.fact_id, exercise=clue.exercise
    )


def _wait(seen: AlertSeen, sealed: Sealed) -> None:
    clue_id = ids.new_id()
    limit_s = queries.limit("clock.triage_s", sealed.at, seen.owner).value
    due_at = sealed.at + timedelta(seconds=limit_s)
    fact = facts.ClueReceived(clue_id, seen.episode, seen.owner, due_at)
    subject, by = f"alert:{seen.episode}", By(system="response")
    recorded = journal.record(
        fact, by=by, at=sealed.at, subject=subject, cause=sealed.fact_id, exercise=sealed.exercise
    )
    Clue.objects.create(
        id=clue_id,
        episode=seen.episode,
        owner=seen.owner,
        alert=asdict(seen),
        received_at=sealed.at,
        limit_s=limit_s,
        due_at=due_at,
        cause=sealed.fact_id,
        fact=recorded,
        exercise=sealed.exercise,
    )
    timers.set(clockwork.TRIAGE, str(clue_id), due_at, {"clue": str(clue_id)})


def _open(seen: AlertSeen, how: Way, t0: datetime, by: By, cause: int, exercise: bool) -> moves.Moved:
    incident_id: UUID = ids.new_id()
    number = _draw_number(t0, picture.area6_of(seen.zone_id) if seen.zone_id else "")
    limits = queries.limits_in_force(t0, seen.owner)
    fact = facts.IncidentOpened(
        incident_id=incident_id,
        number=number,
        way=how,
        owner=seen.owner,
        priority=priority(seen.severity),
        kind=seen.rule,
        domain=seen.domain,
        t0=t0,
        episode=seen.episode,
        rule_version=seen.rule_version,
        title_zh=seen.title_zh,
        title_en=seen.title_en,
        place_zh=seen.place_zh,
        place_en=seen.place_en,
        zone_id=seen.zone_id,
        lon=seen.lon,
        lat=seen.lat,
        limits_s={str(clock): limits[f"clock.{clock}_s"].value for clock in INCIDENT_CLOCKS},
        version=1,
    )
    recorded = journal.record(
        fact, by=by, at=t0, subject=f"incident:{incident_id}", cause=cause, exercise=exercise
    )
    incident = Incident.objects.create(
        id=incident_id,
        number=number,
        kind=seen.rule,
        domain=seen.domain,
        title_zh=seen.title_zh[:200],
        title_en=seen.title_en[:200],
        owner=seen.owner,
        priority=priority(seen.severity),
        t0=t0,
        episode=seen.episode,
        rule_version=seen.rule_version,
        label=seen.label[:120],
        zone_id=seen.zone_id,
        place_zh=seen.place_zh[:200],
        place_en=seen.place_en[:200],
        why_zh=seen.why_zh,
        why_en=seen.why_en,
        lon=seen.lon,
        lat=seen.lat,
        last_fact=recorded,
        exercise=exercise,
    )
    clockwork.start(incident, limits)
    return moves.Moved(incident_id, number, State.NEW, 1, recorded)


def _draw_number(t0: datetime, area6: str) -> str:
    """`{yyyyMMdd}-{area6}-{seq}`: the row is locked by its update until the commit, so no number is drawn
    twice.
    """
    day, area = t0.astimezone(_DAY).date(), area6 or NO_AREA
    NumberSeries.objects.get_or_create(day=day, area6=area)
    series = NumberSeries.objects.filter(day=day, area6=area)
    series.update(last=F("last") + 1, version=F("version") + 1)
    return f"{day:%Y%m%d}-{area}-{series.get().last:04d}"


def _not_waiting(episode: str) -> NotFound | WrongState:
    incident = Incident.objects.filter(episode=episode).first()
    if incident is not None:
        return WrongState("already_promoted", number=incident.number, incident=str(incident.id))
    clue = Clue.objects.filter(episode=episode).first()
    if clue is not None:
        return WrongState("already_decided", state=clue.state, by=clue.decided_by)
    return NotFound(what="clue")
