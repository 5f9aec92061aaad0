"""A small house to knock at: two agencies, one person for each role, and a browser without a network."""

from __future__ import annotations

import asyncio
import json
import queue
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from http.cookies import SimpleCookie
from typing import Any, TypeVar

import pytest
from django.db import transaction
from sharing import everything_shared

from jiangdun.alliance import actions as alliance
from jiangdun.alliance.grants import CLEARANCES, GRANTS, ROLES
from jiangdun.core import access, accounts, clock, journal
from jiangdun.core import actions as core
from jiangdun.core.journal import By
from jiangdun.web import asking, desk, ledger, scopes
from jiangdun.web.asgi import application
from jiangdun.web.live import live
from jiangdun.web.sessions import key_of

HOST = "127.0.0.1:8600"
PASSWORD = "a river bends twice 长江"
SYSTEM = By(system="test")
T = TypeVar("T")
OURS, THEIRS = "river-police", "fishery"


class Ears:
    """Ears that answer what a test put there."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {
            "sources": [],
            "pending": [],
            "tracks": [],
            "track": None,
            "health": {"lines": 0},
            "handles": {},
        }
        self.asked: list[tuple[str, dict[str, Any]]] = []

    async def __call__(self, what: str, **values: Any) -> Any:
        self.asked.append((what, values))
        return self.answers[what]


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    raw: bytes
    cookies: SimpleCookie

    @property
    def body(self) -> Any:
        return json.loads(self.raw) if self.raw else None


@dataclass
class Browser:
    """Keeps cookies as a browser does, and sends the page token where it has one."""

    lang: str = "zh-CN"
    cookies: dict[str, str] = field(default_factory=dict)
    address: str = "10.1.2.3"
    host: str = HOST
    token: bool = True

    async def acall(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None
    ) -> Answer:
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        sent = {"host": self.host, "accept-language": self.lang, "content-type": "application/json"}
        sent["content-length"] = str(len(raw))
        if self.cookies:
            sent["cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        if self.token and "csrftoken" in self.cookies:
            sent["x-csrftoken"] = self.cookies["csrftoken"]
        sent |= headers or {}
        path, _, query = path.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(k.lower().encode(), v.encode()) for k, v in sent.items()],
            "client": (self.address, 40000),
            "server": ("127.0.0.1", 8600),
        }
        answer = await speak(scope, raw)
        for name, morsel in answer.cookies.items():
            if morsel["max-age"] == 0 or morsel.value == "":
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = morsel.value
        return answer

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        return in_house(lambda: self.acall(method, path, body, **more))

    def get(self, path: str, **more: Any) -> Answer:
        return self.call("GET", path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> Answer:
        return self.call("POST", path, {} if body is None else body, **more)

    @property
    def session(self) -> str:
        return key_of(self.cookies["jiangdun_session"])


async def speak(scope: dict[str, Any], raw: bytes) -> Answer:
    """One request through the whole ASGI application."""
    parts = [raw[i : i + 65_536] for i in range(0, len(raw), 65_536)] or [b""]
    coming = [
        {"type": "http.request", "body": part, "more_body": i + 1 < len(parts)}
        for i, part in enumerate(parts)
    ]
    done = asyncio.Event()
    sent: list[Any] = []

    async def receive() -> Any:
        if coming:
            return coming.pop(0)
        await done.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            done.set()

    await application(scope, receive, send)
    start = sent[0]
    cookies: SimpleCookie = SimpleCookie()
    headers: dict[str, str] = {}
    for name, value in start["headers"]:
        if name.lower() == b"set-cookie":
            cookies.load(value.decode())
        headers[name.decode().lower()] = value.decode("latin-1")
    return Answer(start["status"], headers, b"".join(m.get("body", b"") for m in sent[1:]), cookies)


PATIENCE_S = 60
_work: queue.Queue[tuple[Callable[[], Any], Future[Any]] | None] = queue.Queue()


def in_house(start: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine on a loop of its own, while what it hands to `here` is done in the test's thread, on
    the connection and in the transaction of the test."""
    outcome: Future[T] = Future()

    def loop() -> None:
        try:
            outcome.set_result(asyncio.run(start()))
        except BaseException as trouble:
            outcome.set_exception(trouble)
        finally:
            _work.put(None)

    thread = threading.Thread(target=loop, daemon=True)
    thread.start()
    while (item := _work.get(timeout=PATIENCE_S)) is not None:
        fn, answer = item
        try:
            answer.set_result(fn())
        except BaseException as trouble:
            answer.set_exception(trouble)
    thread.join()
    return outcome.result()


async def here(fn: Callable[[], T]) -> T:
    """Run `fn` in the thread of the test."""
    answer: Future[T] = Future()
    _work.put((fn, answer))
    return await asyncio.wrap_future(answer)


@pytest.fixture
def ears() -> Ears:
    return Ears()


@pytest.fixture
def house(db: None, ears: Ears, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Everything bound; reading and writing happen in the test's own thread and transaction."""

    def written(fn: Callable[[], Any]) -> tuple[Any, list[scopes.Scoped]]:
        with transaction.atomic():
            value = fn()
        return value, scopes.about(journal.seal_facts(clock.now()))

    async def write(fn: Callable[[], Any]) -> Any:
        value, sealed = await here(lambda: written(fn))
        live.publish_facts(sealed)
        return value

    monkeypatch.setattr(asking, "FRESH_S", -1.0)  # `test_session` tries what is kept
    access.bind(GRANTS, CLEARANCES)
    access.bind_shares(everything_shared((OURS, THEIRS)))
    desk.bind(writer=write, reader=here, ears=ears, demo=True)
    ledger.reset()
    live.__init__()  # type: ignore[misc]  # nobody is on the wire, nothing was published
    live.agencies = (OURS, THEIRS)
    yield
    desk.unbind()
    access.bind(None)


@pytest.fixture
def now() -> datetime:
    return clock.now()


Hire = Callable[..., accounts.Account]


@pytest.fixture
def hire(house: None, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Hire:
    """Makes an account with roles in an agency. Hashing is made cheap; `test_session` tries the real one."""
    monkeypatch.setattr("django.contrib.auth.hashers.Argon2PasswordHasher.memory_cost", 64)
    monkeypatch.setattr("django.contrib.auth.hashers.Argon2PasswordHasher.time_cost", 1)
    for code, zh, en in ((OURS, "水上公安", "River police"), (THEIRS, "渔政", "Fishery")):
        alliance.found_agency(code, zh, en, "water", by=SYSTEM, now=now, demo=True)
    # Who needs a second factor is tried in `test_second`.
    core.set_parameter("signin.second_factor_roles", [], by=SYSTEM, now=now)

    def make(username: str, *roles: str, agency: str = OURS) -> accounts.Account:
        account = accounts.create(
            username, PASSWORD, name_zh=f"演示{username}", by=SYSTEM, now=now, temporary=False
        )
        if roles:
            alliance.join(account.id, agency, roles, by=SYSTEM, now=now)
        return account

    return make


Enter = Callable[..., Browser]


@pytest.fixture
def enter(hire: Hire) -> Enter:
    """Somebody with these roles, signed in through the door."""

    def come(*roles: str, agency: str = OURS, lang: str = "zh-CN") -> Browser:
        username = f"{'-'.join(roles) or 'nobody'}@{agency}"
        if not any(account.username == username for account in accounts.accounts()):
            hire(username, *roles, agency=agency)
        browser = Browser(lang=lang)
        assert browser.get("/api/session").status == 401
        answer = browser.post("/api/session", {"username": username, "password": PASSWORD})
        assert answer.status == 200, answer.body
        return browser

    return come


def role_without(verb: str) -> str | None:
    """A role that does not have `verb`; None where every role has it."""
    return next((role for role in sorted(ROLES) if verb not in {g.verb for g in GRANTS[role]}), None)


def role_with(verb: str) -> str:
    return next(role for role in sorted(ROLES) if verb in {g.verb for g in GRANTS[role]})
