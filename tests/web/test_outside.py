"""Signing in through another provider: a real little one on this machine, honest and otherwise."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from jiangdun.core import actions as core
from jiangdun.core import clock, journal
from jiangdun.core.models import OutsideLink
from jiangdun.core.trouble import Trouble
from jiangdun.web import oidc

from .conftest import OURS, SYSTEM, Answer, Browser, Enter
from .test_people import account_id
from .test_second import add_totp

CLIENT = "jiangdun-of-these-tests"
SECRET = "a secret with : and /"


class Provider(ThreadingHTTPServer):
    """An OpenID provider; a test bends what it says."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self.server_address[1]}"
        self.key = RSAKey.generate_key(2048, parameters={"kid": "k1"})
        self.claims: dict[str, Any] = {}
        self.found: dict[str, Any] = {}
        self.sign_with: Any = None
        self.header: dict[str, Any] = {"alg": "RS256", "kid": "k1"}
        self.challenges: dict[str, tuple[str, str]] = {}  # code → (challenge, nonce)
        self.raw: bytes | None = None
        self.status = 200
        self.visits: list[str] = []

    def authorize(self, url: str, subject: str = "u-1001") -> tuple[str, str]:
        """What happens in the browser at the provider: the code and the state with which it comes back."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = f"code-{len(self.challenges)}"
        self.challenges[code] = (asked["code_challenge"], asked["nonce"])
        moment = int((clock.now() - clock.offset()).timestamp())
        self.claims = {
            "iss": self.issuer, "aud": CLIENT, "sub": subject, "nonce": asked["nonce"],
            "iat": moment, "exp": moment + 300, **self.claims,
        }  # fmt: skip
        return code, asked["state"]

    def id_token(self) -> str:
        return jwt.encode(self.header, self.claims, self.sign_with or self.key, algorithms=["RS256", "HS256"])


class Handler(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        house = self.server
        house.visits.append(self.path)
        if self.path == "/.well-known/openid-configuration":
            self._say(
                {
                    "issuer": house.issuer,
                    "authorization_endpoint": f"{house.issuer}/authorize",
                    "token_endpoint": f"{house.issuer}/token",
                    "jwks_uri": f"{house.issuer}/keys",
                    **house.found,
                }
            )
        elif self.path == "/keys":
            self._say({"keys": [house.key.as_dict(private=False)]})
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        house = self.server
        house.visits.append(self.path)
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        expected = base64.b64encode(b"jiangdun-of-these-tests:a%20secret%20with%20%3A%20and%20%2F").decode()
        digest = hashlib.sha256(form["code_verifier"][0].encode()).digest()
        challenge, _ = house.challenges.pop(form["code"][0], ("", ""))
        right = base64.urlsafe_b64encode(digest).decode().rstrip("=") == challenge
        if not right or self.headers["Authorization"] != f"Basic {expected}":
            self.send_error(400)
            return
        self._say({"id_token": house.id_token(), "access_token": "x", "token_type": "Bearer"})

    def _say(self, body: Any) -> None:
        raw = self.server.raw if self.server.raw is not None else json.dumps(body).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(raw)))
        self.send_header("Location", "http://127.0.0.1:1/")
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture
def provider(tmp_path: Path, settings: Any) -> Iterator[Provider]:
    house = Provider()
    thread = threading.Thread(target=house.serve_forever, daemon=True)
    thread.start()
    settings.HOME = tmp_path
    settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = house.issuer, CLIENT, SECRET
    yield house
    house.shutdown()
    thread.join(10)


def tie(enter: Enter, who: str, subject: str = "u-1001") -> Answer:
    return enter("admin_security").post(f"/api/people/{account_id(who)}/outside", {"subject": subject})


def go(browser: Browser) -> str:
    browser.get("/api/session")
    going = browser.post("/api/session/outside")
    assert going.status == 200, going.body
    url: str = going.body["url"]
    return url


def come_back(browser: Browser, code: str, state: str) -> Answer:
    return browser.get(f"/api/session/outside/return?code={code}&state={state}")


def through(provider: Provider, browser: Browser | None = None) -> tuple[Browser, Answer]:
    browser = browser or Browser()
    code, state = provider.authorize(go(browser))
    return browser, come_back(browser, code, state)


def refusals() -> list[str]:
    journal.seal(clock.now())
    return [f.body["reason"] for f in journal.after(0) if f.kind == "core.OutsideRefused"]


def test_somebody_who_is_tied_to_an_account_comes_in(provider: Provider, enter: Enter) -> None:
    enter("desk")
    assert tie(enter, f"desk@{OURS}").status == 201
    browser, answer = through(provider)
    assert (answer.status, answer.headers["location"]) == (302, "/")
    assert browser.get("/api/session").body["username"] == f"desk@{OURS}"
    assert "u-1001" not in str(list(OutsideLink.objects.values()))


def test_without_a_provider_there_is_none(enter: Enter) -> None:
    browser = Browser()
    assert browser.get("/api/session/outside").body == {"provider": ""}
    browser.get("/api/session")
    assert browser.post("/api/session/outside").status == 404
    assert come_back(browser, "c", "s").headers["location"] == "/?outside=refused"


def test_nobody_gets_an_account_by_coming(provider: Provider, enter: Enter) -> None:
    enter("desk")
    browser, answer = through(provider)
    assert answer.headers["location"] == "/?outside=refused"
    assert browser.get("/api/session").status == 401
    assert refusals() == ["unknown"]


def test_a_tie_that_was_cut_opens_nothing(provider: Provider, enter: Enter) -> None:
    enter("desk")
    made = tie(enter, f"desk@{OURS}").body
    assert tie(enter, f"desk@{OURS}").body["code"] == "already_there"
    admin = enter("admin_security")
    path = f"/api/people/{account_id(f'desk@{OURS}')}/outside"
    assert len(admin.get(path).body) == 1
    assert admin.call("DELETE", f"{path}/{made['link_id']}").status == 204
    assert through(provider)[1].headers["location"] == "/?outside=refused"


def test_a_second_factor_is_asked_for_all_the_same(provider: Provider, enter: Enter) -> None:
    add_totp(enter("desk"))
    tie(enter, f"desk@{OURS}")
    browser, answer = through(provider)
    assert answer.headers["location"] == "/?outside=second"
    assert browser.get("/api/session").status == 401
    awaited = browser.get("/api/session/second")
    assert awaited.status == 200, (awaited.body, browser.cookies)
    assert awaited.body["ways"] == ["totp", "recovery"]


def test_administrators_come_from_their_networks_this_way_too(
    provider: Provider, enter: Enter, hire: Any
) -> None:
    hire("sun", "admin_system")
    tie(enter, "sun")
    core.set_parameter("signin.admin_networks", ["192.0.2.0/24"], by=SYSTEM, now=clock.now())
    assert through(provider)[1].headers["location"] == "/?outside=refused"
    assert refusals() == ["place"]


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"iss": "http://127.0.0.1:1"}, "issuer"),
        ({"aud": "another-system"}, "audience"),
        ({"aud": [CLIENT, "another"]}, "audience"),
        ({"aud": [CLIENT, "another"], "azp": "another"}, "audience"),
        ({"exp": 1_000_000}, "expired"),
        ({"exp": "never"}, "expired"),
        ({"iat": 1_000_000}, "expired"),
        ({"nonce": "of another sign-in"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"sub": ""}, "subject"),
        ({"sub": 7}, "subject"),
        ({"sub": "x" * 256}, "subject"),
    ],
)
def test_what_is_said_of_somebody_is_for_us_now_and_for_this_sign_in(
    provider: Provider, enter: Enter, claims: dict[str, Any], reason: str
) -> None:
    enter("desk")
    tie(enter, f"desk@{OURS}")
    provider.claims = claims
    browser, answer = through(provider)
    assert answer.headers["location"] == "/?outside=refused"
    assert browser.get("/api/session").status == 401
    assert refusals() == [reason]


def test_two_audiences_with_us_as_the_one_it_was_made_for_are_fine(provider: Provider, enter: Enter) -> None:
    enter("desk")
    tie(enter, f"desk@{OURS}")
    provider.claims = {"aud": ["another", CLIENT], "azp": CLIENT}
    assert through(provider)[1].headers["location"] == "/"


@pytest.mark.parametrize("how", ["another key", "our own secret", "none at all"])
def test_a_signature_that_is_not_the_providers_is_refused(provider: Provider, enter: Enter, how: str) -> None:
    enter("desk")
    tie(enter, f"desk@{OURS}")
    if how == "another key":
        provider.sign_with = RSAKey.generate_key(2048, parameters={"kid": "k1"})
    elif how == "our own secret":
        provider.sign_with, provider.header = OctKey.import_key(SECRET * 2), {"alg": "HS256", "kid": "k1"}
    else:
        plain = [base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (b'{"alg":"none"}', b"{}")]
        provider.id_token = lambda: ".".join([*plain, ""])  # type: ignore[method-assign]
    assert through(provider)[1].headers["location"] == "/?outside=refused"
    assert refusals() == ["signature"]


def test_whoever_did_not_go_does_not_come_back(provider: Provider, enter: Enter) -> None:
    """A victim's browser is sent back with the code of somebody else."""
    enter("desk")
    tie(enter, f"desk@{OURS}")
    thief, victim = Browser(), Browser()
    code, state = provider.authorize(go(thief))
    assert come_back(victim, code, state).headers["location"] == "/?outside=refused"
    go(victim)
    assert come_back(victim, code, state).headers["location"] == "/?outside=refused"
    assert refusals() == ["state", "state"]


def test_a_code_and_an_errand_are_good_once(provider: Provider, enter: Enter) -> None:
    enter("desk")
    tie(enter, f"desk@{OURS}")
    browser = Browser()
    code, state = provider.authorize(go(browser))
    kept = dict(browser.cookies)
    assert come_back(browser, code, state).headers["location"] == "/"
    assert "jiangdun_errand" not in browser.cookies
    assert come_back(Browser(cookies=kept), code, state).headers["location"] == "/?outside=refused"


def test_an_errand_ends(provider: Provider, enter: Enter, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta

    browser, begins = Browser(), clock.now
    enter("desk")
    code, state = provider.authorize(go(browser))
    monkeypatch.setattr(clock, "now", lambda: begins() + timedelta(seconds=601))
    assert come_back(browser, code, state).headers["location"] == "/?outside=refused"


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri"])
@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/x", "http://10.0.0.1/x", "file:///etc/passwd", "", "https://evil.example/"]
)
def test_only_the_issuers_host_is_spoken_to(provider: Provider, enter: Enter, name: str, url: str) -> None:
    provider.found = {name: url}
    browser = Browser(lang="en")
    enter("desk")
    browser.get("/api/session")
    answer = browser.post("/api/session/outside")
    assert (answer.status, answer.body["code"]) == (401, "outside_wrong")
    assert provider.visits == ["/.well-known/openid-configuration"]


@pytest.mark.parametrize(
    ("raw", "status"),
    [(b"x" * (300 << 10), 200), (None, 302), (None, 500), (b"[1]", 200), (b"not json", 200)],
)
def test_a_provider_that_babbles_or_points_elsewhere_is_left(
    provider: Provider, enter: Enter, raw: bytes | None, status: int
) -> None:
    provider.raw, provider.status = raw, status
    enter("desk")
    browser = Browser()
    browser.get("/api/session")
    assert browser.post("/api/session/outside").body["code"] in ("outside_unreachable", "outside_wrong")


def test_a_provider_that_is_not_there_is_said(provider: Provider, enter: Enter, settings: Any) -> None:
    settings.OIDC_ISSUER = "http://127.0.0.1:1"
    enter("desk")
    browser = Browser(lang="en")
    browser.get("/api/session")
    answer = browser.post("/api/session/outside")
    assert (answer.status, answer.body["code"]) == (503, "outside_unreachable")


def test_in_the_clear_only_on_this_very_machine(settings: Any) -> None:
    settings.OIDC_ISSUER = "http://idp.example"
    with pytest.raises(Trouble):
        oidc.discover()
