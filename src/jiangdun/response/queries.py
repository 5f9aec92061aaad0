"""What may be asked of response: the board's incidents, one incident with its whole story, clues, limits,
scenes.

Clocks are computed for the `now` that is told, so a screen and a replay read the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet

from jiangdun.core import access, journal
from jiangdun.core.access import Allowed, Asker, Visible
from jiangdun.core.labels import Label
from jiangdun.core.trouble import NotFound
from jiangdun.response import models
from jiangdun.response.clocks import INCIDENT_CLOCKS, Clock, Source, read
from jiangdun.response.geofence import Scene
from jiangdun.response.limits import DEFAULTS, Limit, in_force
from jiangdun.response.promotion import WATER_DOMAINS, AlertSeen
from jiangdun.response.states import Duty, State, next_step, permitted
from jiangdun.response.views import (
    INCIDENTS,
    AssignmentView,
    ClockView,
    ClueView,
    Entry,
    EvidenceView,
    IncidentStory,
    IncidentView,
)
from jiangdun.response.views import thing as as_thing

__all__ = [
    "AssignmentView", "ClockView", "ClueView", "Entry", "EvidenceView", "IncidentStory", "IncidentView",
    "board_incidents", "clues", "incident", "incident_of_assignment", "incidents", "limit", "limits_in_force",
    "scenes", "thing", "things", "timeline",
]  # fmt: skip

BOARD_MAX: Final = 500
"""Incidents on one board: the open ones, newest T0 last dropped."""
PAGE_MAX: Final = 200
LOOKED_AT_MAX: Final = 2_000
"""Incidents looked at for one page where agreements show only some of an agency's (by area, by delay)."""
TIMELINE_MAX: Final = 1_000
VIEW: Final = "incidents.read"


def board_incidents(asker: Asker, now: datetime) -> list[IncidentView]:
    """Every open incident `asker` may see, oldest T0 first. Raises NotYours where incidents are not theirs to
    see.
    """
    rows = _with_all(_within_reach(asker, now).exclude(state=State.CLOSED)).order_by("-t0", "-number")
    return _seen(asker, rows[:BOARD_MAX], now)[::-1]


def incidents(
    asker: Asker, now: datetime, *, state: str | None = None, before: str | None = None, limit: int = 50
) -> list[IncidentView]:
    """Incidents, newest first, a page at a time: `before` is the number of the last one seen.

    A page is full as long as there are enough that the asker may see (within LOOKED_AT_MAX rows).
    """
    rows = _within_reach(asker, now)
    if state is not None:
        rows = rows.filter(state=state)
    if before is not None:
        last = models.Incident.objects.filter(number=before).first()
        if last is None:
            raise NotFound(what="incident")
        rows = rows.filter(t0__lte=last.t0).exclude(t0=last.t0, number__gte=before)
    rows, wanted = _with_all(rows).order_by("-t0", "-number"), min(limit, PAGE_MAX)
    found: list[IncidentView] = []
    start, step = 0, wanted
    while start < LOOKED_AT_MAX:
        page = list(rows[start : start + step])
        found += _seen(asker, page, now)
        if len(found) >= wanted or len(page) < step:
            break
        start, step = start + step, PAGE_MAX
    return found[:wanted]


def incident_now(incident_id: UUID, asker: Asker, now: datetime) -> IncidentView:
    """One incident as a board shows it, without its story: half the reading. Raises NotFound, NotYours."""
    return _one(incident_id, asker, now)[1]


def _one(incident_id: UUID, asker: Asker, now: datetime) -> tuple[models.Incident, IncidentView]:
    row = _with_all(models.Incident.objects.filter(id=incident_id)).first()
    if row is None:
        raise NotFound(what="incident")
    view = _view(row, now)
    allowed = access.require(asker, VIEW, view.as_thing(), now=now)
    return row, replace(view, allowed=allowed)


def incident(incident_id: UUID, asker: Asker, now: datetime) -> IncidentStory:
    """One incident with its evidence and its story since the alert. Raises NotFound, NotYours."""
    row, view = _one(incident_id, asker, now)
    evidence = tuple(
        EvidenceView(item.id, item.kind, item.ref, item.title, item.person, item.agency, item.at)
        for item in row.evidence.order_by("at", "id")
    )
    return IncidentStory(view, evidence, tuple(timeline(row.id, row.episode)))


def thing(incident_id: UUID) -> dict[str, Any]:
    """What `core.access` judges before a step on this incident. Raises NotFound."""
    found = things([incident_id])
    if not found:
        raise NotFound(what="incident")
    return found[incident_id]


def things(incident_ids: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
    """By incident: what `core.access` judges. Two readings, however many there are."""
    parties: dict[UUID, set[str]] = {}
    taking_part = models.Assignment.objects.filter(incident_id__in=incident_ids)
    for incident_id, agency in taking_part.values_list("incident_id", "agency"):
        parties.setdefault(incident_id, set()).add(agency)
    found = {}
    for row in models.Incident.objects.filter(id__in=incident_ids).only(
        "owner", "lon", "lat", "t0", "secrecy", "handled_by"
    ):
        agencies = tuple(sorted({row.owner, *parties.get(row.id, ())}))
        found[row.id] = {
            **as_thing(row.owner, agencies, row.lon, row.lat, row.t0, row.secrecy),
            "disposed_by": row.handled_by,
        }
    return found


def incident_of_assignment(assignment_id: UUID) -> UUID:
    """Raises NotFound."""
    row = models.Assignment.objects.filter(id=assignment_id).first()
    if row is None:
        raise NotFound(what="assignment")
    return row.incident_id


def timeline(incident_id: UUID, episode: str | None = None) -> list[Entry]:
    """Every sealed fact about an incident and the alert behind it, in order, with the words of its notes."""
    sealed = journal.about(f"incident:{incident_id}", limit=TIMELINE_MAX)
    if episode:
        sealed = [*sealed, *journal.about(f"alert:{episode}", limit=TIMELINE_MAX)]
    words = {str(row.id): row.text for row in models.Note.objects.filter(incident_id=incident_id)}
    return [
        Entry(
            number=fact.number,
            kind=fact.kind,
            at=fact.at,
            by=fact.by,
            cause=fact.cause,
            fact_id=fact.fact_id,
            body=fact.body,
            words=words.get(str(fact.body.get("note_id")), ""),
        )
        for fact in sorted(sealed, key=lambda fact: fact.number)
    ]


def clues(asker: Asker, now: datetime, *, state: str = "waiting") -> list[ClueView]:
    """Alerts in triage, the one due first in front."""
    visible = _visible(asker, now)
    rows = models.Clue.objects.filter(state=state)
    if not visible.everything:
        rows = rows.filter(owner__in=visible.agencies)
    rows = rows.order_by("due_at", "id")
    return [
        _clue(clue, now)
        for clue in rows[:BOARD_MAX]
        if isinstance(seen := access.judge(asker, VIEW, _thing_of_clue(clue), now=now), Allowed)
        and (seen.fields is None or "episode" in seen.fields)
    ]


def scenes(now: datetime) -> list[Scene]:
    """Where units under way are expected: what the hall compares with positions (`geofence.arrivals`)."""
    rows = models.Assignment.objects.filter(state__in=[Duty.ACKNOWLEDGED, Duty.EN_ROUTE]).select_related(
        "incident"
    )
    known = _limit_rows()
    found = []
    for row in rows[:BOARD_MAX]:
        incident = row.incident
        if incident.lon is None or incident.lat is None or row.ordered_at is None:
            continue
        key = "scene.water_m" if incident.domain in WATER_DOMAINS else "scene.land_m"
        radius = in_force(known, key, now, incident.owner).value
        found.append(
            Scene(
                incident.id,
                row.id,
                str(row.unit_id),
                incident.lon,
                incident.lat,
                radius,
                row.ordered_at,
            )
        )
    return found


def limit(key: str, at: datetime, agency: str = "") -> Limit:
    """The limit in force; raises limits.UnknownLimit."""
    return in_force(_limit_rows(), key, at, agency)


def limits_in_force(at: datetime, agency: str = "") -> dict[str, Limit]:
    """Every limit in force for an agency."""
    rows = _limit_rows()
    return {key: in_force(rows, key, at, agency) for key in DEFAULTS}


def _limit_rows() -> list[Limit]:
    return [
        Limit(
            key=row.key,
            value=row.value,
            unit=DEFAULTS[row.key].unit,
            basis_zh=row.basis_zh,
            basis_en=row.basis_en,
            mark="V" if row.mark == "V" else "M" if row.mark == "M" else "C",
            least=DEFAULTS[row.key].least,
            most=DEFAULTS[row.key].most,
            agency=row.agency,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            version=row.version,
        )
        for row in models.LimitRow.objects.all()
        if row.key in DEFAULTS
    ]


def _with_all(rows: QuerySet[models.Incident]) -> QuerySet[models.Incident]:
    assignments = models.Assignment.objects.order_by("assigned_at", "id")
    late = models.Note.objects.filter(kind="late")
    return rows.prefetch_related(
        "clocks",
        Prefetch("assignments", queryset=assignments),
        Prefetch("notes", queryset=late, to_attr="reasons"),
    )


def _visible(asker: Asker, now: datetime) -> Visible:
    access.require(asker, VIEW)
    return access.visible(asker, VIEW, INCIDENTS.code, now)


def _within_reach(asker: Asker, now: datetime) -> QuerySet[models.Incident]:
    """What is worth reading for `asker`: of agencies that show it, or where the own agency takes part."""
    visible = _visible(asker, now)
    rows = models.Incident.objects.filter(secrecy__lte=access.clearance(asker))
    if visible.everything:
        return rows
    part = models.Assignment.objects.filter(agency=visible.own or "").values("incident_id")
    return rows.filter(Q(owner__in=visible.agencies) | Q(id__in=part))


def _seen(asker: Asker, rows: Iterable[models.Incident], now: datetime) -> list[IncidentView]:
    found = []
    for row in rows:
        view = _view(row, now)
        verdict = access.judge(asker, VIEW, view.as_thing(), now=now)
        if isinstance(verdict, Allowed):
            found.append(replace(view, allowed=verdict))
    return found


def _thing_of_clue(clue: models.Clue) -> dict[str, Any]:
    """A clue is an incident that is not one yet: the same annexes show it."""
    lon, lat = clue.alert.get("lon"), clue.alert.get("lat")
    return as_thing(clue.owner, (clue.owner,), lon, lat, clue.received_at, Label.INTERNAL)


def _view(row: models.Incident, now: datetime) -> IncidentView:
    assignments = tuple(_assignment(item) for item in row.assignments.all())
    duties = [item.state for item in assignments]
    state = State(row.state)
    reasons = {note.id: note.text for note in getattr(row, "reasons", ())}
    clocks = {item.clock: _clock(row, item, now, reasons) for item in row.clocks.all()}
    return IncidentView(
        id=row.id,
        number=row.number,
        kind=row.kind,
        domain=row.domain,
        title_zh=row.title_zh,
        title_en=row.title_en,
        owner=row.owner,
        agencies=tuple(sorted({row.owner, *(item.agency for item in assignments)})),
        priority=row.priority,
        level=row.level,
        state=state,
        t0=row.t0,
        episode=row.episode,
        rule_version=row.rule_version,
        label=row.label,
        zone_id=row.zone_id,
        place_zh=row.place_zh,
        place_en=row.place_en,
        why_zh=row.why_zh,
        why_en=row.why_en,
        lon=row.lon,
        lat=row.lat,
        signed_by=row.signed_by,
        signed_agency=row.signed_agency,
        result=row.result,
        handled_by=row.handled_by,
        reviewed_by=row.reviewed_by,
        closed_at=row.closed_at,
        proposal=row.proposal,
        exercise=row.exercise,
        secrecy=row.secrecy,
        version=row.version,
        clocks=tuple(clocks[clock] for clock in INCIDENT_CLOCKS if clock in clocks),
        assignments=assignments,
        next=next_step(state, duties),
        may=permitted(state, duties),
    )


def _clock(
    incident: models.Incident, row: models.IncidentClock, now: datetime, reasons: dict[UUID, str]
) -> ClockView:
    source = Source(row.source) if row.source else None
    clock = Clock(row.clock)
    reading = read(
        clock, incident.t0, row.limit_s, now, at=row.at, source=source, amber_share=row.amber_share
    )
    owed = row.breach_fact is not None and row.reason_note is None and reading.on_time is not True
    return ClockView(
        clock=clock,
        face=reading.face,
        started_at=reading.started_at,
        due_at=reading.due_at,
        limit_s=reading.limit_s,
        amber_at_s=row.limit_s * row.amber_share,
        elapsed_s=reading.elapsed_s,
        remaining_s=reading.remaining_s,
        at=reading.at,
        source=row.source,
        on_time=reading.on_time,
        breached_at=row.breached_at,
        reason_due_at=row.reason_due_at,
        reason_owed=owed,
        reason=reasons.get(row.reason_note, "") if row.reason_note else "",
    )


def _assignment(row: models.Assignment) -> AssignmentView:
    return AssignmentView(
        id=row.id,
        unit_id=row.unit_id,
        call_sign=row.call_sign,
        agency=row.agency,
        state=Duty(row.state),
        legal_basis=row.legal_basis,
        assigned_at=row.assigned_at,
        ordered_at=row.ordered_at,
        acknowledged_at=row.acknowledged_at,
        acknowledged_source=row.acknowledged_source,
        departed_at=row.departed_at,
        departed_source=row.departed_source,
        arrived_at=row.arrived_at,
        arrived_source=row.arrived_source,
        ended_at=row.ended_at,
        version=row.version,
    )


def _clue(row: models.Clue, now: datetime) -> ClueView:
    clock = read(Clock.TRIAGE, row.received_at, row.limit_s, now, at=row.decided_at)
    return ClueView(
        row.id,
        row.episode,
        row.owner,
        row.state,
        row.received_at,
        AlertSeen(**row.alert),
        clock,
        row.exercise,
        row.version,
    )
