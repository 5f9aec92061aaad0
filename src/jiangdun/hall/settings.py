"""Every setting, one under another. What differs between agencies, reaches and seasons is data, not a setting.

Environment variables begin with JIANGDUN_, but for DATABASE_URL. `docs/settings.md` names them all (a test checks).
"""

from __future__ import annotations

import ipaddress
import os
import secrets
from pathlib import Path
from urllib.parse import unquote, urlsplit

HOME = Path(os.environ.get("JIANGDUN_HOME", "var")).resolve()
"""Where everything this installation keeps lies: database, logs, archive, vault, keys."""

HTTP_HOST = os.environ.get("JIANGDUN_HTTP_HOST", "127.0.0.1")
HTTP_PORT = int(os.environ.get("JIANGDUN_HTTP_PORT", "8600"))
FEEDS_HOST = os.environ.get("JIANGDUN_FEEDS_HOST", "127.0.0.1")
AIS_TCP_PORT = int(os.environ.get("JIANGDUN_AIS_TCP_PORT", "8610"))
AIS_UDP_PORT = int(os.environ.get("JIANGDUN_AIS_UDP_PORT", "8611"))
JT808_PORT = int(os.environ.get("JIANGDUN_JT808_PORT", "8612"))
TLS = os.environ.get("JIANGDUN_TLS", "auto")
"""auto: HTTPS as soon as a certificate is there; on: nothing without; off: plain text, whoever listens."""
TLS_CERT = Path(os.environ.get("JIANGDUN_TLS_CERT", HOME / "tls" / "server.crt"))
TLS_KEY = Path(os.environ.get("JIANGDUN_TLS_KEY", HOME / "tls" / "server.key"))
INSTALL_PAGE = HOME / "tls" / "install"
"""The page from which devices take the box's authority; `jiangdun cert` makes it."""
HTTPS = TLS == "on" or (TLS == "auto" and TLS_CERT.exists())
BASE_URL = f"http{'s' if HTTPS else ''}://{HTTP_HOST}:{HTTP_PORT}"
PLAIN_PORT = int(os.environ.get("JIANGDUN_PLAIN_PORT", "0"))
"""Beside HTTPS: a port that shows the install page and sends everybody else to HTTPS; 0: none."""
SESSION_IDLE_S = int(os.environ.get("JIANGDUN_SESSION_IDLE_S", "900"))
"""A session unused for so long ends (GB/T 22239 level 3)."""
OIDC_ISSUER = os.environ.get("JIANGDUN_OIDC_ISSUER", "").rstrip("/")
"""An OpenID provider through which people may sign in too; none where it is empty."""
OIDC_CLIENT_ID = os.environ.get("JIANGDUN_OIDC_CLIENT_ID", "")
OIDC_CLIENT_SECRET = os.environ.get("JIANGDUN_OIDC_CLIENT_SECRET", "")
if OIDC_ISSUER and not OIDC_CLIENT_ID:
    raise ValueError("JIANGDUN_OIDC_ISSUER needs JIANGDUN_OIDC_CLIENT_ID")
CLOCK_OFFSET_S = int(os.environ.get("JIANGDUN_CLOCK_OFFSET_S", "0"))
"""Added to the clock, always the same within an installation; set by the demo only."""


def _proxies() -> list[str]:
    """Addresses whose X-Forwarded-* are believed. Each by itself: a network or `*` would believe anybody in it."""
    given = os.environ.get("JIANGDUN_TRUSTED_PROXIES", "")
    try:
        return [str(ipaddress.ip_address(one.strip())) for one in given.split(",") if one.strip()]
    except ValueError as error:
        raise ValueError(
            f"JIANGDUN_TRUSTED_PROXIES takes single addresses, comma-separated: {error}"
        ) from None


TRUSTED_PROXIES = _proxies()
if TLS not in ("auto", "on", "off"):
    raise ValueError("JIANGDUN_TLS is auto, on or off")


def _secret() -> str:
    """The key of this installation, drawn once, kept in a file only its owner reads; never a default."""
    given = os.environ.get("JIANGDUN_SECRET_KEY")
    if given:
        return given
    path = HOME / "secret.key"
    if not path.exists():
        HOME.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_text().strip()
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(48))
    return path.read_text().strip()


def _database() -> dict[str, object]:
    url = os.environ.get("DATABASE_URL", "")
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": HOME / "jiangdun.sqlite3",
            "TEST": {"NAME": str(HOME / "test.sqlite3")},  # a file: threads and killed processes share it
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-64000",
            },
        }
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql"):
        raise ValueError("DATABASE_URL must begin with postgres:// ; leave it out for SQLite")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
    }


SECRET_KEY = _secret()
DEBUG = False
ALLOWED_HOSTS = [
    h for h in os.environ.get("JIANGDUN_HOSTS", f"127.0.0.1,localhost,{HTTP_HOST}").split(",") if h
]
DATABASES = {"default": _database()}
AUTH_USER_MODEL = "core.Account"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.staticfiles",
    "jiangdun.core",
    "jiangdun.alliance",
    "jiangdun.feeds",
    "jiangdun.picture",
    "jiangdun.watch",
    "jiangdun.response",
    "jiangdun.web",
]
MIDDLEWARE = ["servestatic.middleware.ServeStaticMiddleware", "jiangdun.web.pages.say_not_allowed"]
"""Sessions, CSRF, hosts and headers are in `web.asking` and `web.asgi`, without a thread for each request."""
ROOT_URLCONF = "jiangdun.web.urls"
TEMPLATES: list[dict[str, object]] = []
AUTHENTICATION_BACKENDS: list[str] = []  # signing in is `core.accounts`, sessions are `web.sessions`
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]

# web
STATIC_URL = "/static/"
SERVESTATIC_USE_FINDERS = True
SERVESTATIC_ALLOW_ALL_ORIGINS = False
SERVESTATIC_MAX_AGE = 3600
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = False  # the page reads it and sends it back as X-CSRFToken
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 << 20  # `web.asgi` sets the limit of each address
