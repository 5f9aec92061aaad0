"""Every endpoint and live lane × role × agreement state: what of another agency's things gets through.

The fishery's things carry marks that stand nowhere else. Somebody of the river police, in each role, asks every
route that the OpenAPI lists and sits on the live wire, under each state an agreement may be in. A mark may come
through only where an agreement in force shows its field and the role may read such things. A new route is tried
on the day it is written; a new path parameter must be told here what to put into it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import pytest
from django.db import transaction
from sharing import everything_shared

from jiangdun.alliance.grants import GRANTS, ROLES
from jiangdun.core import access, clock, journal
from jiangdun.core.journal import By
from jiangdun.core.labels import Label
from jiangdun.core.readers import Reader
from jiangdun.core.shares import Share
from jiangdun.feeds import actions as feeds
from jiangdun.feeds.columns import Kind, track_id
from jiangdun.picture import actions as picture
from jiangdun.response import actions as response
from jiangdun.response import queries as incidents
from jiangdun.watch import actions as watch
from jiangdun.watch import facts as watch_facts
from jiangdun.watch import spool
from jiangdun.watch.rules import AlertEvent, read
from jiangdun.watch.rules.spec import FixSeen
from jiangdun.web import openapi, scopes
from jiangdun.web.lanes import HEADER
from jiangdun.web.live import Close, live

from .conftest import OURS, SYSTEM, THEIRS, Browser, Ears, Enter, here, in_house
from .test_doors import FILLED, PUBLIC, address
from .test_work import RULE, ZONE
from .wires import joined, wired

SCHEMA = openapi.schema()
READS = [
    (path, operation["get"])
    for path, operation in SCHEMA["paths"].items()
    if "get" in operation and ("GET", path) not in PUBLIC
]
WRITES = [
    (method.upper(), path, one)
    for path, operation in SCHEMA["paths"].items()
    for method, one in operation.items()
    if method != "get" and (method.upper(), path) not in PUBLIC and "{" in path
]
MARKS: Final = {
    "units.read": ("MARK-boat", "MARK-capability", "115.654321"),
    "alerts.read": ("MARK-label", "MARK-title", "115.651"),
    "incidents.read": ("MARK-label", "MARK-title", "MARK-note", "MARK-evidence", "115.651"),
    "devices.read": ("MARK-device", "13911112222"),
}
"""What stands in the fishery's things, and the verb that shows it where an agreement does."""
EVERY_MARK: Final = frozenset(mark for marks in MARKS.values() for mark in marks)
SHAREABLE: Final = EVERY_MARK - set(MARKS["devices.read"])
BY_OFFICE: Final = {"admin_system": frozenset(MARKS["devices.read"])}
"""Who keeps the register of devices sees every agency's."""
QUIET_S: Final = 0.15
"""So long a silence on the wire means that all has been said."""
STATES: Final = (
    "none",
    "active",
    "unsigned",
    "suspended",
    "dormant",
    "ended",
    "expired",
    "not_yet",
    "bare",
    "outside",
)
TRACK: Final = str(track_id("jt808", "13911112222"))


class Theirs:
    """One of each thing that belongs to the fishery, and what a path parameter may name of it."""

    def __init__(self, ears: Ears, now: datetime) -> None:
        by = By(person="MARK-person", agency=THEIRS)
        device = feeds.admit_device(
            "jt808", "13911112222", "MARK-device", Kind.PATROL_CAR, agency=THEIRS, by=SYSTEM, now=now
        )
        unit = picture.add_unit(
            THEIRS, "MARK-boat", "boat", by=by, now=now, source="jt808", ident="13911112222",
            capabilities=["MARK-capability"],
        )  # fmt: skip
        self.unit_id = unit.id
        told = {
            "handle": 7, "track": TRACK, "label": "MARK-boat", "kind": int(Kind.PATROL_CAR), "agency": THEIRS,
            "ident": "13911112222", "lon": 115.654321, "lat": 29.85, "heard_at_ms": 1_000, "source": "jt808",
        }  # fmt: skip
        ears.answers |= {"track": told, "tracks": [told]}
        for episode, severity, way in (("e-auto", "II", "auto"), ("e-triage", "III", "triage")):
            self._alert(episode, severity, way, now)
        view = incidents.board_incidents(access.Asker(None, "x", THEIRS, frozenset({"desk"})), now)[0]
        self.incident_id = view.id
        response.sign(view.id, by=by, now=now)
        response.attach(view.id, [response.EvidenceRef("document", "MARK-evidence")], by=by, now=now)
        response.note(view.id, "MARK-note", by=by, now=now)
        self.filled = {
            "{incident_id}": str(view.id),
            "{unit_id}": str(unit.id),
            "{device_id}": str(device.id),
            "{episode}": "e-triage",
        }

    def _alert(self, episode: str, severity: str, way: str, now: datetime) -> None:
        fired = int(now.timestamp() * 1000)
        text = RULE.replace("owner: river-police", f"owner: {THEIRS}").replace("滞留顺坝", "MARK-title")
        spec = read(text % (severity, way), "dike.yaml")
        event = AlertEvent(
            episode=episode,
            settled=False,
            verdict="raised",
            rule=spec.name,
            rule_version=1,
            track=413_950_001,
            zone_id="z1",
            started_at_ms=fired - 190_000,
            fired_at_ms=fired,
            log_position=7,
            values={"speed_kn": 8.3, "stayed_s": 190.0},
            fixes=(FixSeen(fired, 69_390_600, 17_910_300, 83, 65_535),),
        )
        watch.take_event(spool.from_line(spool.to_line(event, spec, ZONE, "MARK-label")), 1, now)
        journal.seal(now)
        Reader("response", response.READS).run_once()
        journal.seal(now)

    def address(self, path: str, operation: dict[str, Any]) -> str:
        for name, value in self.filled.items():
            path = path.replace(name, value)
        where = address(path, operation)
        return where.replace("q=x", "q=MARK")


def shares_in(state: str, now: datetime) -> list[Share]:
    """The fishery's things towards the river police, in an agreement of that state."""
    if state == "none":
        return []
    changes: dict[str, Any] = {
        "expired": {"valid_to": now},
        "not_yet": {"valid_from": now + timedelta(minutes=5)},
        "bare": {"fields": frozenset()},
        "active": {},
        "outside": {},
    }.get(state, {"state": state})
    if state == "outside":
        from shapely import box

        changes["area"] = box(100, 20, 101, 21)
    return everything_shared((OURS, THEIRS), **changes)


def marks_in(texts: Iterable[bytes | str]) -> set[str]:
    whole = "\n".join(t if isinstance(t, str) else t.decode("utf-8", "replace") for t in texts)
    return {mark for mark in EVERY_MARK if mark in whole}


def readable(role: str) -> set[str]:
    """The marks that this role may see of its own agency."""
    verbs = {grant.verb for grant in GRANTS[role]}
    return {mark for verb, marks in MARKS.items() if verb in verbs for mark in marks}


@pytest.fixture
def theirs(enter: Enter, ears: Ears, now: datetime) -> Theirs:
    enter("desk")
    found = Theirs(ears, now)
    live.last_pulse = pulse()
    return found


def pulse() -> dict[str, Any]:
    unit = {
        "agency": THEIRS,
        "unit_id": "MARK-boat",
        "handle": 7,
        "lon": 115.654321,
        "lat": 29.85,
        "heard_at_ms": 1_000,
    }
    return {"t_ms": 1, "units": {TRACK: unit}}


def everything_read(browser: Browser, theirs: Theirs) -> dict[str, bytes]:
    """Path → what came back, from every route there is."""
    answers = {}
    for path, operation in READS:
        answer = browser.get(theirs.address(path, operation))
        assert answer.status < 500, (path, answer.status)
        answers[path] = answer.raw
    return answers


def everything_heard(browser: Browser, *, may_look: bool) -> list[str | bytes]:
    """What a board hears of the fishery's facts, pulse and positions, and of the facts before; nothing where the
    wire is closed at once."""

    async def run() -> list[str | bytes]:
        head = await here(journal.head)
        async with wired(browser, f"after={max(0, head - 60)}") as wire:
            if not may_look:
                assert await wire.closed() == Close.NOT_YOURS
                return []
            await joined(wire)
            live.publish_facts(await here(_happens))
            live.publish_frame(HEADER.pack(b"JDF1", 0, 1, 2, 3, 0, 0, 3, 0) + b"MARK-boat", True)
            live.pulse(pulse())
            with contextlib.suppress(TimeoutError):
                while True:
                    wire.got.append(await asyncio.wait_for(wire.sent.get(), QUIET_S))
            return [m.get("text") or m.get("bytes") or "" for m in wire.got]

    return in_house(run)


def _happens() -> list[scopes.Scoped]:
    with transaction.atomic():
        by = By(person="MARK-person", agency=THEIRS)
        journal.record(watch_facts.AlertAcknowledged("e-auto"), by=by, at=clock.now(), subject="alert:e-auto")
    return scopes.about(journal.seal_facts(clock.now()))


@pytest.mark.parametrize("role", sorted(ROLES))
def test_only_what_an_agreement_in_force_shows_gets_through(
    enter: Enter, theirs: Theirs, now: datetime, role: str
) -> None:
    browser = enter(role)
    for state in STATES:
        access.bind_shares(shares_in(state, clock.now()))
        answers = everything_read(browser, theirs)
        office = BY_OFFICE.get(role, frozenset())
        if state == "active":
            assert marks_in(answers.values()) - office == readable(role) & SHAREABLE, role
        else:
            leaks = {path: marks for path, raw in answers.items() if (marks := marks_in([raw]) - office)}
            assert not leaks, (role, state, leaks)


@pytest.mark.parametrize("role", sorted(ROLES))
def test_nothing_but_that_comes_over_the_live_wire(enter: Enter, theirs: Theirs, role: str) -> None:
    browser = enter(role)
    verbs = {grant.verb for grant in GRANTS[role]}
    for state in STATES:
        live.judge_anew(access.bind_shares(shares_in(state, clock.now())))
        heard = everything_heard(browser, may_look="board.view" in verbs)
        told = [text for text in heard if isinstance(text, str)]
        if state == "active":
            assert any("AlertAcknowledged" in text for text in told) == (
                {"board.view", "alerts.read"} <= verbs
            )
            assert ("MARK-boat" in marks_in(heard)) == ({"board.view", "units.read"} <= verbs)
        else:
            assert not marks_in(heard), (role, state)
            assert not any("MARK-person" in text for text in told), (role, state)


@pytest.mark.parametrize("role", sorted(ROLES))
def test_no_hand_is_laid_on_what_is_not_shared(enter: Enter, theirs: Theirs, role: str) -> None:
    """Every change, with the very ids of the other agency's things: refused, and nothing happened."""
    browser = enter(role)
    access.bind_shares([])
    for method, path, operation in WRITES:
        before = journal.head()
        where = theirs.address(path, operation)
        answer = browser.call(method, where, _body(operation, theirs))
        assert answer.status in (400, 401, 403, 404, 409, 422), (path, answer.status, answer.body)
        assert not marks_in([answer.raw]), (path, answer.body)
        mine = [s for s in journal.after(before) if s.by.agency == OURS and THEIRS in json.dumps(s.body)]
        assert not mine, (path, mine)


def test_their_own_desk_sees_every_mark(enter: Enter, theirs: Theirs) -> None:
    """Else the marks would prove nothing."""
    access.bind_shares([])
    seen = marks_in(everything_read(enter("duty_commander", agency=THEIRS), theirs).values())
    assert seen == EVERY_MARK


def test_each_field_of_an_annex_shows_that_field_and_no_other(
    enter: Enter, theirs: Theirs, now: datetime
) -> None:
    browser = enter("desk")
    for data, path, marks in (
        ("units", "/api/units", {"call_sign": "MARK-boat", "capabilities": "MARK-capability", "lon": "115.654321"}),
        ("incidents", f"/api/incidents/{theirs.incident_id}", {
            "label": "MARK-label", "title_zh": "MARK-title", "evidence": "MARK-evidence", "timeline": "MARK-note",
        }),
        ("alerts", "/api/alerts/e-auto", {"label": "MARK-label", "title_zh": "MARK-title"}),
    ):  # fmt: skip
        for field, mark in marks.items():
            only = [s for s in everything_shared((OURS, THEIRS), fields=frozenset({field})) if s.data == data]
            access.bind_shares(only)
            seen = marks_in([browser.get(path).raw]) - {"115.651"}
            assert seen == {mark} or (field == "timeline" and mark in seen), (data, field)


def test_what_is_sensitive_is_hidden_even_from_administrators_and_partners(
    enter: Enter, theirs: Theirs
) -> None:
    by = By(person="MARK-person", agency=THEIRS)
    response.set_secrecy(theirs.incident_id, Label.RESTRICTED, "线人", by=by, now=clock.now())
    at = f"/api/incidents/{theirs.incident_id}"
    for role in sorted(ROLES - {"duty_commander", "reviewer"}):
        assert enter(role, agency=THEIRS).get(at).status in (403, 404), role
    assert enter("duty_commander", agency=THEIRS).get(at).status == 200
    access.bind_shares(everything_shared((OURS, THEIRS), label=Label.SENSITIVE))
    refused = enter("duty_commander").get(at)
    assert (refused.status, refused.body["code"]) == (403, "not_yours")
    assert "MARK" not in refused.raw.decode()


def _body(operation: dict[str, Any], theirs: Theirs) -> Any:
    """A body that fits the schema, made of the other agency's ids: what is refused is the act, not the form."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    return _made(content["schema"], theirs) if content else {}


def _made(schema: dict[str, Any], theirs: Theirs, name: str = "") -> Any:
    if "$ref" in schema:
        return _made(SCHEMA["components"]["schemas"][schema["$ref"].rpartition("/")[2]], theirs, name)
    if "anyOf" in schema:
        return _made(schema["anyOf"][0], theirs, name)
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            needed = schema.get("required", ())
            return {
                key: _made(one, theirs, key)
                for key, one in schema.get("properties", {}).items()
                if key in needed
            }
        case "array":
            return []
        case "integer" | "number":
            return max(1, schema.get("minimum", 1))
        case "boolean":
            return True
    if schema.get("format") == "uuid":
        return theirs.filled.get("{" + name + "}", str(UUID(int=1)))
    if schema.get("format") == "date-time":
        return "2026-01-01T00:00:00Z"
    return "x" * max(1, schema.get("minLength", 1))


def test_every_path_parameter_is_known_here() -> None:
    named = {part for path, _ in READS for part in path.split("/") if part.startswith("{")}
    named |= {part for _, path, _ in WRITES for part in path.split("/") if part.startswith("{")}
    assert named <= FILLED.keys()


def test_an_annex_that_shows_does_not_let_anything_be_done(enter: Enter, theirs: Theirs) -> None:
    browser = enter("duty_commander")
    access.bind_shares(everything_shared((OURS, THEIRS), acts=frozenset()))
    assert browser.get("/api/alerts/e-triage").status == 200
    for path, body in (
        ("/api/alerts/e-triage/acknowledge", {}),
        ("/api/alerts/e-triage/dismiss", {"reason": "锚泊"}),
        ("/api/alerts/e-triage/promote", {}),
        (f"/api/incidents/{theirs.incident_id}/review", {"version": 1, "passed": True}),
    ):
        refused = browser.post(path, body)
        assert (refused.status, refused.body["code"]) == (403, "not_yours"), path
        assert "只可查看" in refused.body["text"] + refused.body["next"], refused.body
    access.bind_shares(everything_shared((OURS, THEIRS)))
    assert browser.post("/api/alerts/e-triage/acknowledge").status == 200


def test_a_thing_made_sensitive_is_not_told_again_from_what_the_wire_kept(
    enter: Enter, theirs: Theirs
) -> None:
    """Facts kept in memory from before are judged by what the thing is now."""
    browser = enter("desk", agency=THEIRS)
    by = By(person="MARK-person", agency=THEIRS)

    async def run() -> list[str]:
        before = await here(journal.head)
        live.publish_facts(await here(_happens))
        live.publish_facts(await here(lambda: _noted(theirs.incident_id, by)))
        await here(lambda: response.set_secrecy(theirs.incident_id, 3, "线人", by=by, now=clock.now()))
        live.publish_facts(await here(lambda: scopes.about(journal.seal_facts(clock.now()))))
        async with wired(browser, f"after={before}") as wire:
            await joined(wire)
            with contextlib.suppress(TimeoutError):
                while True:
                    wire.got.append(await asyncio.wait_for(wire.sent.get(), QUIET_S))
            return [m.get("text") or "" for m in wire.got]

    told = in_house(run)
    assert any("AlertAcknowledged" in text for text in told)
    assert not any("IncidentNoted" in text or "IncidentLabelled" in text for text in told)


def _noted(incident_id: UUID, by: By) -> list[scopes.Scoped]:
    with transaction.atomic():
        response.note(incident_id, "x", by=by, now=clock.now())
    return scopes.about(journal.seal_facts(clock.now()))
