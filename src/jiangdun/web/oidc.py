"""Signing in through an OpenID provider: authorization code with PKCE (RFC 7636), state and nonce.

The provider is named in the settings; only its host is ever spoken to, without following a redirect, within
`ANSWER_S` and `ANSWER_BYTES_MAX`. What it says of somebody is believed only with its signature, for us, for this very
sign-in, and not expired.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import ssl
from base64 import b64encode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from django.conf import settings
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from jiangdun.core import clock, ids, secrets
from jiangdun.core.trouble import Trouble

ANSWER_S: Final = 8.0
ANSWER_BYTES_MAX: Final = 256 << 10
WAITS_S: Final = 600
"""So long somebody may be away at the provider."""
SKEW_S: Final = 60
"""Clocks of two systems differ by so much."""
ALGORITHMS: Final = ["RS256", "PS256", "ES256"]
"""Signatures by the provider's key; nothing that our own secret could make."""
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_ABOUT: Final = "oidc errand"


@dataclass(frozen=True)
class Provider:
    """Where the provider answers; all on the issuer's host."""

    issuer: str
    authorize: str
    token: str
    keys: str


@dataclass(frozen=True)
class Errand:
    """A sign-in under way at the provider; kept sealed in the browser's cookie."""

    state: str
    nonce: str
    verifier: str
    back_to: str
    at: int

    def sealed(self) -> str:
        return secrets.seal(json.dumps(self.__dict__).encode(), about=_ABOUT)


def issuer() -> str:
    """The provider of this installation; "" where there is none."""
    return str(settings.OIDC_ISSUER)


def discover() -> Provider:
    """Where the provider answers. Raises Trouble("outside_unreachable"), or outside_wrong."""
    said = _json(_fetch(f"{issuer()}/.well-known/openid-configuration"))
    if said.get("issuer") != issuer():
        raise Trouble("outside_wrong", reason="issuer")
    names = ("authorization_endpoint", "token_endpoint", "jwks_uri")
    authorize, token, keys = (str(said.get(name, "")) for name in names)
    for url in (authorize, token, keys):
        _check_host(url)
    return Provider(issuer(), authorize, token, keys)


def begin(provider: Provider, back_to: str, now: datetime) -> tuple[Errand, str]:
    """An errand, and the address to which the browser goes with it."""
    errand = Errand(
        ids.new_secret(),
        ids.new_secret(),
        ids.new_secret(48),
        back_to,
        int((now - clock.offset()).timestamp()),
    )
    challenge = urlsafe_b64encode(hashlib.sha256(errand.verifier.encode()).digest()).decode().rstrip("=")
    asked = {
        "response_type": "code",
        "client_id": settings.OIDC_CLIENT_ID,
        "redirect_uri": back_to,
        "scope": "openid",
        "state": errand.state,
        "nonce": errand.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    joint = "&" if urlsplit(provider.authorize).query else "?"
    return errand, f"{provider.authorize}{joint}{urlencode(asked)}"


def errand_of(sealed: str, state: str, now: datetime) -> Errand:
    """The errand this browser was sent on, if it is the one that comes back. Raises Trouble("outside_wrong")."""
    try:
        errand = Errand(**json.loads(secrets.unseal(sealed, about=_ABOUT)))
    except (Trouble, ValueError, TypeError) as error:
        raise Trouble("outside_wrong", reason="state") from error
    away_s = (now - clock.offset()).timestamp() - errand.at
    if not hmac.compare_digest(errand.state.encode(), state.encode()) or not -SKEW_S <= away_s <= WAITS_S:
        raise Trouble("outside_wrong", reason="state")
    return errand


def finish(provider: Provider, errand: Errand, code: str, now: datetime) -> str:
    """Who came back: the subject. Raises Trouble("outside_unreachable"), or outside_wrong."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": errand.back_to,
        "code_verifier": errand.verifier,
        "client_id": settings.OIDC_CLIENT_ID,
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    if settings.OIDC_CLIENT_SECRET:
        pair = f"{quote(settings.OIDC_CLIENT_ID, '')}:{quote(settings.OIDC_CLIENT_SECRET, '')}"
        headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    token = _json(_fetch(provider.token, urlencode(form).encode(), headers)).get("id_token")
    if not isinstance(token, str):
        raise Trouble("outside_wrong", reason="token")
    return subject_of(token, _json(_fetch(provider.keys)), errand.nonce, now)


def subject_of(token: str, jwks: dict[str, Any], nonce: str, now: datetime) -> str:
    """Whom an ID token names (OpenID Connect Core section 3.1.3.7). Raises Trouble("outside_wrong")."""
    try:
        claims = jwt.decode(token, KeySet.import_key_set(jwks), algorithms=ALGORITHMS).claims  # type: ignore[arg-type]
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise Trouble("outside_wrong", reason="signature") from error
    moment = (now - clock.offset()).timestamp()
    audience = claims.get("aud")
    for_whom = audience if isinstance(audience, list) else [audience]
    expires, issued, subject = claims.get("exp"), claims.get("iat"), claims.get("sub")
    wrong = (
        ("issuer", claims.get("iss") != issuer()),
        ("audience", settings.OIDC_CLIENT_ID not in for_whom),
        ("audience", len(for_whom) > 1 and claims.get("azp") != settings.OIDC_CLIENT_ID),
        ("expired", not isinstance(expires, int | float) or expires < moment - SKEW_S),
        ("expired", not isinstance(issued, int | float) or abs(moment - issued) > WAITS_S + SKEW_S),
        ("nonce", not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode())),
        ("subject", not isinstance(subject, str) or not 0 < len(subject) <= 255),
    )
    for reason, is_so in wrong:
        if is_so:
            raise Trouble("outside_wrong", reason=reason)
    return str(subject)


def _check_host(url: str) -> None:
    """Only the issuer's host is spoken to, and only in the clear on this very machine."""
    ours, theirs = urlsplit(issuer()), urlsplit(url)
    plain = theirs.scheme == "http" and theirs.hostname in LOOPBACK
    if (theirs.scheme, theirs.netloc) != (ours.scheme, ours.netloc) or not (
        theirs.scheme == "https" or plain
    ):
        raise Trouble("outside_wrong", reason="host")


def _fetch(url: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> bytes:
    """What the provider answers; blocks, so it is called in a thread. No redirect is followed."""
    _check_host(url)
    parts = urlsplit(url)
    assert parts.hostname
    if parts.scheme == "https":
        wire: http.client.HTTPConnection = http.client.HTTPSConnection(
            parts.hostname, parts.port, timeout=ANSWER_S, context=ssl.create_default_context()
        )
    else:
        wire = http.client.HTTPConnection(parts.hostname, parts.port, timeout=ANSWER_S)
    ends = clock.monotonic() + ANSWER_S
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        asked = {"Accept": "application/json", **(headers or {})}
        wire.request("POST" if body is not None else "GET", target, body, asked)
        answer, read = wire.getresponse(), bytearray()
        while part := answer.read1(16_384):
            read += part
            if len(read) > ANSWER_BYTES_MAX or clock.monotonic() > ends:
                raise Trouble("outside_unreachable")
        if answer.status != 200:
            raise Trouble("outside_unreachable")
        return bytes(read)
    except (OSError, http.client.HTTPException) as error:
        raise Trouble("outside_unreachable") from error
    finally:
        wire.close()


def _json(raw: bytes) -> dict[str, Any]:
    try:
        said = json.loads(raw)
    except ValueError as error:
        raise Trouble("outside_wrong", reason="token") from error
    if not isinstance(said, dict):
        raise Trouble("outside_wrong", reason="token")
    return said
