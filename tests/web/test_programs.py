"""Programs of other systems: key, signature, pace, place, scope."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from jiangdun.core import accounts, clock, journal, networks, programs, secrets
from jiangdun.core.models import FactRow, Nonce, ProgramKey
from jiangdun.picture import actions as picture
from jiangdun.web import programs as door

from .conftest import OURS, PASSWORD, SYSTEM, THEIRS, Answer, Browser, Enter


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, settings: Any) -> None:
    settings.HOME = tmp_path
    door._paces.clear()
    door._told.clear()


OFF = {"state": "off", "version": 1}


class Client(Browser):
    """A program: signs what it sends, keeps no cookies."""

    key: str = ""
    secret: str = ""
    count: int = 0

    def ask(
        self, method: str, path: str, body: Any = None, *, sent: bytes | None = None, **headers: str
    ) -> Answer:
        """`sent` is what arrives where somebody on the way changed it."""
        self.cookies.clear()
        raw = b"" if body is None else json.dumps(body).encode()
        self.count += 1
        time = str(int((clock.now() - clock.offset()).timestamp()))
        nonce = f"nonce-of-these-tests-{self.count:05d}"
        told = {"X-Jiangdun-Time": time, "X-Jiangdun-Nonce": nonce, **headers}
        text = programs.text_to_sign(method, path, told["X-Jiangdun-Time"], told["X-Jiangdun-Nonce"], raw)
        told.setdefault("X-Jiangdun-Signature", programs.sign(self.secret, text))
        told.setdefault("Authorization", f"Jiangdun {self.key}")
        return self.call(method, path, raw if sent is None else sent, headers=told)


def make(enter: Enter, *verbs: str, release: bool = True, **more: Any) -> Client:
    body = {"name": "port-office", "agency": OURS, "verbs": list(verbs), **more}
    made = enter("admin_system").post("/api/programs", body)
    assert made.status == 201, made.body
    client = Client(lang="en", address="10.8.0.5")
    client.key, client.secret = made.body["key"], made.body["signing_secret"]
    if release:
        released = enter("admin_security").post(f"/api/programs/{made.body['program_id']}/release")
        assert released.status == 200, released.body
    return client


@pytest.fixture
def unit(enter: Enter) -> str:
    boat = picture.add_unit(OURS, "演示艇", "boat", by=SYSTEM, now=clock.now(), crew=2, capabilities=())
    return f"/api/units/{boat.id}/state"


def refusals() -> list[str]:
    journal.seal(clock.now())
    return [f.body["reason"] for f in journal.after(0) if f.kind == "core.ProgramRefused"]


def test_a_key_reads_what_it_is_good_for_and_nothing_else(enter: Enter) -> None:
    client = make(enter, "units.read")
    assert client.ask("GET", "/api/units").status == 200
    other = client.ask("GET", "/api/incidents")
    assert (other.status, other.body["code"]) == (403, "not_yours")
    assert "key of a program" in other.body["text"]
    assert client.ask("GET", "/api/session").status == 403, "that is for persons"
    assert client.ask("GET", "/api/people").status == 403


def test_a_key_opens_nothing_before_another_administrator_releases_it(enter: Enter) -> None:
    client = make(enter, "units.read", release=False)
    assert client.ask("GET", "/api/units").body["code"] == "key_unknown"
    program = ProgramKey.objects.get()
    assert enter("admin_system").post(f"/api/programs/{program.id}/release").status == 403
    security = enter("admin_security")
    assert (
        security.post("/api/programs", {"name": "x1", "agency": OURS, "verbs": ["units.read"]}).status == 403
    )
    assert security.post(f"/api/programs/{program.id}/release").status == 200
    assert security.post(f"/api/programs/{program.id}/release").body["code"] == "wrong_state"
    assert client.ask("GET", "/api/units").status == 200


def test_a_signed_change_is_done_and_the_journal_says_by_which_program(enter: Enter, unit: str) -> None:
    client = make(enter, "unit.set_state", "units.read")
    answer = client.ask("POST", unit, OFF)
    assert answer.status == 200, answer.body
    journal.seal(clock.now())
    last = journal.after(0)[-1]
    assert (last.by.system, last.by.agency, last.by.person) == ("program:port-office", OURS, None)


def test_a_program_changes_only_what_is_its_agencys(enter: Enter) -> None:
    boat = picture.add_unit(THEIRS, "演示渔政艇", "boat", by=SYSTEM, now=clock.now(), crew=2, capabilities=())
    client = make(enter, "unit.set_state", "units.read")
    assert client.ask("POST", f"/api/units/{boat.id}/state", OFF).status == 403


def test_what_was_changed_on_its_way_is_refused(enter: Enter, unit: str) -> None:
    client = make(enter, "unit.set_state", "units.read")
    body = OFF
    tampered = client.ask("POST", unit, body, sent=json.dumps({**OFF, "state": "standby"}).encode())
    assert (tampered.status, tampered.body["code"]) == (401, "signature_bad")
    assert client.ask("POST", f"{unit}?x=1", body, **{"X-Jiangdun-Signature": "0" * 64}).status == 401
    assert client.ask("POST", unit, body, **{"X-Jiangdun-Signature": "é"}).status == 401
    assert refusals() == ["signature"], "told once a minute"
    assert not Nonce.objects.exists(), "whoever cannot sign fills no table"


def test_a_signature_for_one_address_is_none_for_another(enter: Enter, unit: str) -> None:
    client = make(enter, "unit.set_state", "units.read")
    time = str(int((clock.now() - clock.offset()).timestamp()))
    text = programs.text_to_sign("POST", unit, time, "nonce-of-these-tests", json.dumps(OFF).encode())
    signed = {
        "X-Jiangdun-Time": time,
        "X-Jiangdun-Nonce": "nonce-of-these-tests",
        "X-Jiangdun-Signature": programs.sign(client.secret, text),
    }
    assert client.ask("POST", f"{unit}?again=1", OFF, **signed).status == 401
    assert client.ask("PUT", unit, OFF, **signed).status in (401, 405)
    assert client.ask("POST", unit, OFF, **signed).status == 200


def test_nothing_is_done_twice(enter: Enter, unit: str) -> None:
    client = make(enter, "unit.set_state", "units.read")
    same = {"X-Jiangdun-Nonce": "the-very-same-nonce-again"}
    assert client.ask("POST", unit, OFF, **same).status == 200
    again = client.ask("POST", unit, OFF, **same)
    assert (again.status, again.body["code"]) == (401, "signature_bad")
    assert "used before" in again.body["text"]
    assert refusals() == ["replay"]


@pytest.mark.parametrize(("off_s", "status"), [(-301, 401), (-290, 200), (290, 200), (301, 401)])
def test_the_moment_named_is_near(enter: Enter, unit: str, off_s: int, status: int) -> None:
    client = make(enter, "unit.set_state", "units.read")
    moment = (clock.now() - clock.offset()) + timedelta(seconds=off_s)
    told = {"X-Jiangdun-Time": str(int(moment.timestamp()))}
    assert client.ask("POST", unit, OFF, **told).status == status


@pytest.mark.parametrize(
    "told",
    [
        {"X-Jiangdun-Time": ""},
        {"X-Jiangdun-Time": "٣٣٣٣٣٣٣٣٣٣"},
        {"X-Jiangdun-Time": "1e9"},
        {"X-Jiangdun-Nonce": "short"},
        {"X-Jiangdun-Nonce": "n" * 65},
        {"X-Jiangdun-Signature": ""},
    ],
)
def test_an_unsigned_change_is_refused(enter: Enter, unit: str, told: dict[str, str]) -> None:
    client = make(enter, "unit.set_state", "units.read")
    sent = {name: value.encode().decode("latin-1") for name, value in told.items()}
    assert client.ask("POST", unit, OFF, **sent).body["code"] == "signature_bad"


def test_old_nonces_are_forgotten(enter: Enter) -> None:
    make(enter, "units.read")
    program, now = ProgramKey.objects.get(), clock.now()
    assert programs.use(program.id, "n" * 16, now)
    assert not programs.use(program.id, "n" * 16, now + timedelta(seconds=599))
    assert programs.use(program.id, "m" * 16, now + timedelta(seconds=601))
    assert Nonce.objects.count() == 1


def test_a_key_has_its_pace(enter: Enter, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 100.0
    monkeypatch.setattr(clock, "monotonic", lambda: moment)
    client = make(enter, "units.read", rate_per_min=6)
    assert [client.ask("GET", "/api/units").status for _ in range(7)] == [200] * 6 + [429]
    slow = client.ask("GET", "/api/units")
    assert (slow.body["code"], slow.headers["retry-after"]) == ("too_fast", "10")
    moment += 10
    assert [client.ask("GET", "/api/units").status for _ in range(2)] == [200, 429]


def test_a_key_is_used_from_its_place(enter: Enter) -> None:
    client = make(enter, "units.read", networks=["10.8.0.0/24"])
    assert client.ask("GET", "/api/units").status == 200
    client.address = "10.8.1.5"
    assert client.ask("GET", "/api/units").body["code"] == "wrong_place"
    assert refusals() == ["place"]


def test_a_key_ends_and_is_revoked(enter: Enter, monkeypatch: pytest.MonkeyPatch) -> None:
    client = make(enter, "units.read", days=1)
    begins = clock.now
    monkeypatch.setattr(clock, "now", lambda: begins() + timedelta(days=1, seconds=1))
    ended = client.ask("GET", "/api/units")
    assert (ended.status, ended.body["code"]) == (401, "key_unknown")
    monkeypatch.setattr(clock, "now", begins)
    assert client.ask("GET", "/api/units").status == 200
    admin = enter("admin_security")
    listed = admin.get("/api/programs").body
    assert listed[0]["used_at"] is not None
    assert admin.call("DELETE", f"/api/programs/{listed[0]['program_id']}").status == 204
    assert client.ask("GET", "/api/units").status == 401
    assert admin.call("DELETE", f"/api/programs/{listed[0]['program_id']}").status == 404


def test_both_secrets_are_shown_once_and_kept_nowhere(enter: Enter) -> None:
    client = make(enter, "units.read")
    kept = json.dumps([list(ProgramKey.objects.values()), list(FactRow.objects.values())], default=str)
    kept += json.dumps(enter("admin_audit", lang="en").get("/api/programs").body or "")
    assert client.key not in kept
    assert client.secret not in kept
    secrets.rotate(by=SYSTEM, now=clock.now())
    assert client.ask("GET", "/api/units").status == 200


@pytest.mark.parametrize("key", ["", "jd_", "x" * 4_000, "jd_" + "A" * 43])
def test_a_key_nobody_made_opens_nothing(enter: Enter, key: str) -> None:
    client = make(enter, "units.read")
    assert client.ask("GET", "/api/units", Authorization=f"Jiangdun {key}").body["code"] == "key_unknown"


def test_a_page_cannot_be_made_to_speak_as_a_program_and_a_key_needs_no_page(enter: Enter, unit: str) -> None:
    desk = enter("desk")
    answer = desk.post(unit, OFF, headers={"Authorization": "Jiangdun jd_x"})
    assert answer.status == 401


@pytest.mark.parametrize(
    "more",
    [
        {"name": "Port Office"},
        {"verbs": ["accounts.create"]},
        {"verbs": ["incident.sign"]},
        {"agency": "no-such-agency"},
        {"networks": ["10.8.0.0/99"]},
    ],
)
def test_a_key_that_makes_no_sense_is_not_made(enter: Enter, more: dict[str, Any]) -> None:
    body = {"name": "port-office", "agency": OURS, "verbs": ["units.read"], **more}
    assert enter("admin_system").post("/api/programs", body).status in (404, 422)
    assert not ProgramKey.objects.exists()


# -- administrators come from their own networks; values are set by the security administrator


def set_to(browser: Browser, name: str, value: Any) -> Answer:
    return browser.call("PUT", f"/api/parameters/{name}", {"value": value})


def test_administrators_work_from_their_networks(enter: Enter) -> None:
    admin, desk = enter("admin_security"), enter("desk")
    assert set_to(admin, "signin.admin_networks", ["192.0.2.0/24"]).body["code"] == "bad_input"
    assert set_to(admin, "signin.admin_networks", ["10.1.2.0/24"]).status == 200
    assert admin.get("/api/people").status == 200
    admin.address = desk.address = "203.0.113.9"
    assert admin.get("/api/people").body["code"] == "wrong_place"
    assert desk.get("/api/incidents").status == 200
    elsewhere = Browser(address="203.0.113.9")
    elsewhere.get("/api/session")
    answer = elsewhere.post("/api/session", {"username": f"admin_security@{OURS}", "password": PASSWORD})
    assert (answer.status, answer.body["code"]) == (403, "wrong_place")
    journal.seal(clock.now())
    assert journal.after(0)[-1].body["reason"] == "place"


def test_values_about_people_are_read_and_set_and_only_those(enter: Enter) -> None:
    admin = enter("admin_security")
    shown = {one["name"]: one for one in admin.get("/api/parameters").body}
    assert shown["signin.tries"] == {"name": "signin.tries", "value": 5, "default": 5}
    assert {name.partition(".")[0] for name in shown} == {
        "signin",
        "session",
        "password",
        "program",
        "emergency",
        "people",
    }
    assert set_to(admin, "signin.tries", 3).body["value"] == 3
    assert set_to(admin, "signin.tries", 0).status == 422
    assert set_to(admin, "clock.sign_s", 1).status == 404
    assert set_to(enter("admin_system"), "signin.tries", 3).status == 403


@pytest.mark.parametrize(
    ("address", "listed", "inside"),
    [
        ("10.1.2.3", [], True),
        ("10.1.2.3", ["10.1.0.0/16"], True),
        ("::ffff:10.1.2.3", ["10.1.0.0/16"], True),
        ("2001:db8::1", ["10.1.0.0/16"], False),
        ("2001:db8::1", ["2001:db8::/32", "10.0.0.0/8"], True),
        ("", ["10.1.0.0/16"], False),
        ("unix", ["10.1.0.0/16"], False),
    ],
)
def test_an_address_lies_in_a_network_or_not(address: str, listed: list[str], inside: bool) -> None:
    assert networks.within(address, listed) is inside


def test_accounts_are_untouched_by_programs(enter: Enter) -> None:
    before = len(accounts.accounts())
    client = make(enter, "units.read")
    client.ask("GET", "/api/units")
    assert len(accounts.accounts()) == before + 2, "the two administrators"
