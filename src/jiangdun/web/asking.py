"""Who asks, and whether they may: what stands before every endpoint and before the live wire."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.request import split_domain_port, validate_host
from django.middleware.csrf import CsrfViewMiddleware, get_token, rotate_token
from ninja.utils import check_csrf

from jiangdun.core import access, accounts, clock, emergency, networks, passkeys
from jiangdun.core.access import Asker
from jiangdun.core.journal import By
from jiangdun.core.trouble import NotYours, Trouble

from . import actions, desk, programs, sessions

COOKIE: Final = "jiangdun_session"
COOKIE_HTTPS: Final = "__Host-jiangdun_session"
STEP: Final = "jiangdun_step"
"""The cookie of a sign-in half-way."""
STEP_HTTPS: Final = "__Host-jiangdun_step"
DESK: Final = "jiangdun_desk"
"""The cookie by which a desk is known where somebody signed in before. It opens nothing."""
DESK_HTTPS: Final = "__Host-jiangdun_desk"
DESK_KEPT_S: Final = 400 * 86_400
COOKIE_BYTES_MAX: Final = 4_096
FRESH_S: Final = 1.0
"""So long a session that was read is not read again: reading it costs as much as a small action."""
FRESH_MAX: Final = 2_000
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class May:
    """Stands before an endpoint: somebody is signed in, the page is ours (CSRF), and a role has the verb.

    Whether that reaches the very thing asked for is judged with the thing in hand (`require`).
    """

    is_async = True

    def __init__(self, verb: str | None, *, early: bool = False, fresh: bool = False) -> None:
        self.verb, self.early, self.fresh = verb, early, fresh

    async def __call__(self, request: HttpRequest) -> Asker:
        if programs.shows_key(request):
            return await self._program(request)
        session = await session_of(request.COOKIES)
        if session is None:
            raise Trouble("not_signed_in")
        if request.method not in SAFE_METHODS:
            check_page(request)
        if not networks.within(address_of(request), session.networks):
            raise Trouble("wrong_place")
        if (
            session.account.kind == accounts.WALL
            and request.method not in SAFE_METHODS
            and self.verb is not None
        ):
            session = await self._person_at(session, request)
        if session.must and not self.early:
            raise Trouble(MUSTS[session.must[0]])
        request.asker = session.asker  # type: ignore[attr-defined]  # for the ledger, where it ends here
        if self.verb is not None:
            access.require(session.asker, self.verb)
        if self.fresh and not session.is_fresh(clock.now()):
            raise Trouble("prove_again", minutes=session.fresh_s // 60)
        await touch(session)
        request.session = session  # type: ignore[assignment]
        return session.asker

    async def _person_at(self, wall: sessions.Signed, request: HttpRequest) -> sessions.Signed:
        """On a wall every act is a person's: whoever gave the pass for it. The pass is used up."""
        token = request.headers.get("X-Jiangdun-Pass", "")
        if not token or len(token) > sessions.TOKEN_CHARS_MAX:
            raise Trouble("person_asked")
        account_id = await desk.do(lambda: actions.take_pass(token, wall.session_id, now=clock.now()))
        if account_id is None:
            raise Trouble("person_asked")
        person: sessions.Signed | None = await desk.read(lambda: sessions.acting_at(wall, account_id))
        if person is None:
            raise Trouble("person_asked")
        if not networks.within(address_of(request), person.networks):
            raise Trouble("wrong_place")
        return person

    async def _program(self, request: HttpRequest) -> Asker:
        """A program of another system: by key and signature, not by session and page."""
        changes = request.method not in SAFE_METHODS
        program = await programs.program_of(request, address_of(request), changes=changes)
        asker = programs.asker_of(program)
        if self.verb is not None:
            access.require(asker, self.verb)
        if self.fresh:
            raise NotYours(reason="person_needed", verb=self.verb)
        request.program = program  # type: ignore[attr-defined]
        return asker


MUSTS: Final = {"password": "password_is_due", "second": "second_factor_is_due"}
"""What has to be done first → the trouble of one who would do something else."""


def needs(verb: str | None, *, early: bool = False, fresh: bool = False, **described: Any) -> dict[str, Any]:
    """Arguments of a route that asks for `verb`; None: for anybody who is signed in.

    `fresh`: only within `session.fresh_s` of a proof of who it is (sign-in, `POST /api/session/proof`).
    `early`: also for one who must change the password, or add a second factor, before anything else.
    `described` is added to its OpenAPI description.
    """
    told = {"x-verb": verb or "", **({"x-fresh": True} if fresh else {}), **described}
    return {"auth": May(verb, early=early, fresh=fresh), "openapi_extra": told}


def asker_of(request: HttpRequest) -> Asker:
    """Who asks, in an endpoint behind `needs`."""
    asker: Asker = request.auth  # type: ignore[attr-defined]
    return asker


def signed_of(request: HttpRequest) -> sessions.Signed:
    """The session, in an endpoint behind `needs`. Raises NotYours for a program: this is for persons."""
    if hasattr(request, "program"):
        raise NotYours(reason="person_needed", verb="")
    signed: sessions.Signed = request.session  # type: ignore[assignment]
    return signed


def by_of(request: HttpRequest) -> By:
    """Who acts, as facts name it."""
    asker = asker_of(request)
    program = getattr(request, "program", None)
    if program is not None:
        return By(agency=program.agency, system=f"program:{program.name}")
    session = getattr(request, "session", None)
    sealed = session is not None and session.account.kind == accounts.EMERGENCY
    return By(person=asker.person, agency=asker.agency, system=emergency.MARK if sealed else None)


def require(request: HttpRequest, verb: str, thing: Mapping[str, Any]) -> access.Allowed:
    """Judge with the very thing in hand. Raises NotYours."""
    return access.require(asker_of(request), verb, thing, now=clock.now())


def may(asker: Asker, verb: str) -> bool:
    return bool(access.judge(asker, verb))


async def session_of(cookies: Mapping[str, str]) -> sessions.Signed | None:
    """Whoever the cookies say is there, None where they open nothing.

    What was read stays good for `FRESH_S`, or until a fact says that accounts or memberships changed.
    """
    token = cookies.get(COOKIE_HTTPS) or cookies.get(COOKIE)
    if not token or len(token) > sessions.TOKEN_CHARS_MAX:
        return None
    key, now = sessions.key_of(token), clock.monotonic()
    held = _fresh.get(key)
    if held is not None and now < held[0]:
        return held[1]
    session = await desk.read(lambda: sessions.find_by_id(key))
    if session is not None:
        if len(_fresh) >= FRESH_MAX:
            _fresh.clear()
        _fresh[key] = (now + FRESH_S, session)
    return session


_fresh: dict[str, tuple[float, sessions.Signed]] = {}


def forget() -> None:
    """Read every session anew: accounts, memberships or sessions have changed."""
    _fresh.clear()


async def touch(session: sessions.Signed) -> None:
    """Note that somebody is there, at most once a minute. That the writer is busy troubles nobody."""
    now = clock.now()
    if sessions.needs_touch(session, now):
        _fresh.pop(session.session_id, None)
        with contextlib.suppress(Trouble):
            await desk.do(lambda: actions.touch_session(session.session_id, now=now))


def check_page(request: HttpRequest) -> None:
    """`Trouble("csrf_failed")` where the request does not come from a page of ours."""
    if check_csrf(request) is not None:
        raise Trouble("csrf_failed")


def give_page_token(request: HttpRequest, response: HttpResponse, *, fresh: bool = False) -> None:
    """Set the `csrftoken` cookie, which the page sends back as X-CSRFToken; `fresh` ends the one before."""
    door = CsrfViewMiddleware(lambda _: response)
    door.process_request(request)
    if fresh:
        rotate_token(request)
    get_token(request)
    door.process_response(request, response)
    if "csrftoken" in response.cookies:
        response.cookies["csrftoken"]["secure"] = request.is_secure()


def set_cookie(request: HttpRequest, response: HttpResponse, token: str) -> None:
    """The session cookie: for this host only, out of scripts' reach, gone with the browser."""
    https = request.is_secure()
    response.set_cookie(
        COOKIE_HTTPS if https else COOKIE, token, path="/", secure=https, httponly=True, samesite="Lax"
    )


def drop_cookies(response: HttpResponse) -> None:
    response.delete_cookie(COOKIE, path="/", samesite="Lax")
    response.delete_cookie(COOKIE_HTTPS, path="/", samesite="Lax")


def step_of(request: HttpRequest) -> str:
    """The token of a sign-in half-way; "" where there is none."""
    return request.COOKIES.get(STEP_HTTPS) or request.COOKIES.get(STEP) or ""


def set_step(request: HttpRequest, response: HttpResponse, token: str) -> None:
    """Let this browser go on with a sign-in."""
    https = request.is_secure()
    response.set_cookie(
        STEP_HTTPS if https else STEP, token, path="/", secure=https, httponly=True, samesite="Strict"
    )


def drop_step(response: HttpResponse) -> None:
    response.delete_cookie(STEP, path="/", samesite="Strict")
    response.delete_cookie(STEP_HTTPS, path="/", samesite="Strict")


def site_of(request: HttpRequest) -> passkeys.Site:
    """Where the browser is, as its keys see it. Raises Trouble where it came by a bare address."""
    host = request.get_host()
    domain, _ = split_domain_port(host)
    if not domain or domain.startswith("[") or domain.replace(".", "").isdigit():
        raise Trouble("keys_need_a_name", host=host)
    return passkeys.Site(domain, f"{request.scheme}://{host}")


def desk_of(request: HttpRequest) -> str:
    """The token by which this browser is known as a desk; "" where it has none."""
    token = request.COOKIES.get(DESK_HTTPS) or request.COOKIES.get(DESK) or ""
    return token if len(token) <= sessions.TOKEN_CHARS_MAX else ""


def set_desk(request: HttpRequest, response: HttpResponse, token: str) -> None:
    """Let this browser be known as a desk from now on."""
    https, name = request.is_secure(), DESK_HTTPS if request.is_secure() else DESK
    response.set_cookie(
        name, token, max_age=DESK_KEPT_S, path="/", secure=https, httponly=True, samesite="Strict"
    )


def address_of(request: HttpRequest) -> str:
    """Where the request came from: the peer of the connection. What a header claims is not asked."""
    return str(request.META.get("REMOTE_ADDR", ""))


def cookies_of(scope: MutableMapping[str, Any]) -> dict[str, str]:
    """The cookies of an ASGI scope; none where they cannot be read."""
    raw = b"; ".join(value for name, value in scope["headers"] if name == b"cookie")
    if len(raw) > COOKIE_BYTES_MAX:
        return {}
    jar: SimpleCookie = SimpleCookie()
    with contextlib.suppress(CookieError):
        jar.load(raw.decode("latin-1"))
    return {name: morsel.value for name, morsel in jar.items()}


def host_is_ours(host: str) -> bool:
    """True where the Host header names this installation (`ALLOWED_HOSTS`)."""
    domain, _ = split_domain_port(host)
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)
