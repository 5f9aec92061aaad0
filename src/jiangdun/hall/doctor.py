"""`jiangdun doctor`: what is installed, reachable and writable, and for each thing that is not, what to do."""

from __future__ import annotations

import argparse
import errno
import hashlib
import importlib
import json
import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

DISK_FREE_MIN_GB: Final = 5.0
SOCKET_PATH_MAX: Final = 107
"""Bytes of a unix socket's path (sockaddr_un, with its closing zero)."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `level`: ok, warn (works, less well), fail (will not work)."""

    name: str
    level: str
    found: str
    do_zh: str = ""
    do_en: str = ""


def python_version() -> Finding:
    found = sys.version.split()[0]
    if sys.version_info >= (3, 11):  # noqa: UP036
        return Finding("Python", "ok", found)
    return Finding("Python", "fail", found, "安装 Python 3.11 或更高版本", "install Python 3.11 or newer")


def sm3() -> Finding:
    if "sm3" in hashlib.algorithms_available:
        return Finding("SM3", "ok", "hashlib")
    return Finding(
        "SM3", "warn", "missing", "OpenSSL 缺少国密 SM3，仅用 SHA-256", "this OpenSSL lacks SM3; SHA-256 only"
    )


def home() -> Finding:
    # Before the settings, which write their key there.
    path = Path(os.environ.get("JIANGDUN_HOME", "var")).resolve()
    if len(os.fsencode(path / "run" / "ears.sock")) > SOCKET_PATH_MAX:
        return Finding(
            "home",
            "fail",
            f"{path} is too long a path",
            "JIANGDUN_HOME 路径过长，请换一个较短的目录",
            "a unix socket cannot lie there; give JIANGDUN_HOME a shorter path",
        )
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe = path / ".doctor"
        probe.write_bytes(b"ok")
        probe.unlink()
    except OSError as error:
        return Finding(
            "home",
            "fail",
            f"{path}: {error.strerror}",
            "检查 JIANGDUN_HOME 是否可写",
            "give JIANGDUN_HOME a folder that this account may write to",
        )
    free_gb = shutil.disk_usage(path).free / 1e9
    if free_gb < DISK_FREE_MIN_GB:
        return Finding("home", "warn", f"{free_gb:.1f} GB free", "清理磁盘空间", "free some disk space")
    return Finding("home", "ok", f"{path}, {free_gb:.0f} GB free")


def settings_read() -> Finding:
    """Everything after this one needs them."""
    try:
        importlib.import_module(os.environ["DJANGO_SETTINGS_MODULE"])
    except Exception as error:
        return Finding(
            "settings",
            "fail",
            str(error),
            "检查以 JIANGDUN_ 开头的环境变量和 DATABASE_URL，见 docs/settings.md",
            "check the variables that begin with JIANGDUN_, and DATABASE_URL; docs/settings.md names them",
        )
    return Finding("settings", "ok", "read")


def secret_key() -> Finding:
    from jiangdun.hall import settings

    path = settings.HOME / "secret.key"
    if path.exists() and path.stat().st_mode & 0o077:
        return Finding("secret key", "fail", "readable by others", f"chmod 600 {path}", f"chmod 600 {path}")
    return Finding("secret key", "ok", "private" if path.exists() else "from the environment")


def database() -> Finding:
    import django
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    django.setup()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Exception as error:
        return Finding(
            "database", "fail", str(error).strip(), "检查 DATABASE_URL", "check DATABASE_URL and the server"
        )
    if waiting:
        return Finding(
            "database",
            "warn",
            f"{len(waiting)} migrations to run",
            "执行 jiangdun up",
            "run `jiangdun up` once",
        )
    return Finding("database", "ok", connection.vendor)


def _port(name: str, host: str, port: int, kind: int) -> Finding:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, kind) as probe:
        if kind == socket.SOCK_STREAM:  # as the servers do: a port left a moment ago is free
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return _no_port(name, f"{host}:{port}", error)
    return Finding(name, "ok", f"{host}:{port} is free")


def _no_port(name: str, where: str, error: OSError) -> Finding:
    if error.errno == errno.EADDRINUSE:
        return Finding(
            name,
            "warn",
            f"{where} is taken",
            "若非江盾自身，请更换端口或停掉占用者",
            "fine while Jiangdun runs; else choose another port or stop what holds it",
        )
    return Finding(
        name,
        "fail",
        f"{where}: {error.strerror}",
        "检查监听地址与端口设置（低于 1024 的端口需要权限）",
        "check the address and the port (one below 1024 needs a privilege)",
    )


def ports() -> Iterator[Finding]:
    from jiangdun.hall import settings as s

    yield _port("http port", s.HTTP_HOST, s.HTTP_PORT, socket.SOCK_STREAM)
    if s.HTTPS and s.PLAIN_PORT:
        yield _port("plain port", s.HTTP_HOST, s.PLAIN_PORT, socket.SOCK_STREAM)
    yield _port("AIS TCP port", s.FEEDS_HOST, s.AIS_TCP_PORT, socket.SOCK_STREAM)
    yield _port("AIS UDP port", s.FEEDS_HOST, s.AIS_UDP_PORT, socket.SOCK_DGRAM)
    yield _port("JT/T 808 port", s.FEEDS_HOST, s.JT808_PORT, socket.SOCK_STREAM)


def front_door() -> Finding:
    """Whether passwords cross the network in plain sight, and how long the certificate lasts."""
    from jiangdun.hall import cert, settings, tls

    refused = tls.refusal()
    if refused:
        return Finding("front door", "fail", "plain text", *refused)
    if not settings.HTTPS:
        proxied = ", ".join(settings.TRUSTED_PROXIES)
        return Finding("front door", "ok", f"behind {proxied}" if proxied else "plain text")
    shown = tls.keys_open_to_others()
    if shown:
        mend = f"chmod 600 {shown[0]}"
        return Finding("front door", "fail", f"{shown[0]} readable by others", mend, mend)
    told = tls.health(cert.true_time()) or {}
    if "why" in told:
        return Finding(
            "front door", "fail", told["why"], "执行 jiangdun cert make 名称", "run `jiangdun cert make NAME`"
        )
    missing = cert.hosts_missing(told["names"], settings.ALLOWED_HOSTS)
    if told["level"] == "ok" and missing:
        found = f"names not served: {', '.join(missing)}"
        return Finding("front door", "warn", found, "补全 JIANGDUN_HOSTS", "add them to JIANGDUN_HOSTS")
    found = f"HTTPS, certificate until {told['ends_at'][:10]} ({told['days_left']} d)"
    if told["level"] == "ok":
        return Finding("front door", "ok", found)
    return Finding(
        "front door", told["level"], found, "执行 jiangdun cert renew", "run `jiangdun cert renew`"
    )


def program() -> Finding:
    from jiangdun.hall import parts

    found = parts.check()
    if found.kind == "checkout":
        return Finding("program", "ok", "a checkout; its files are not checked")
    if not found.found:
        return Finding("program", "ok", f"{found.checked} files as released")
    said = f"{found.found} files are not as released: {', '.join(found.wrong[:3])}"
    return Finding(
        "program",
        "fail",
        said,
        "先查明是谁改动了程序，再从已验签的发布包重新安装",
        "find out who changed the program, then install anew from a verified bundle",
    )


def board() -> Finding:
    index = Path(__file__).parent.parent / "web" / "static" / "board" / "index.html"
    if index.exists():
        return Finding("board", "ok", "built")
    return Finding("board", "fail", "not built", "执行 make web", "run `make web`")


def cores() -> Finding:
    count = os.cpu_count() or 1
    if count >= 2:
        return Finding("cores", "ok", str(count))
    return Finding("cores", "warn", "1", "建议至少 2 核", "two cores or more are advised")


CHECKS: Final[tuple[Callable[[], Finding | Iterator[Finding]], ...]] = (
    python_version,
    cores,
    sm3,
    home,
    settings_read,
    secret_key,
    database,
    front_door,
    ports,
    board,
    program,
)


def findings() -> Iterator[Finding]:
    for check in CHECKS:
        result = check()
        found = [result] if isinstance(result, Finding) else list(result)
        yield from found
        if check in (home, settings_read) and found[0].level == "fail":
            return  # the rest stands on these


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON array")


def run(options: argparse.Namespace) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jiangdun.hall.settings")
    found = list(findings())
    if options.json:
        print(json.dumps([asdict(f) for f in found], ensure_ascii=False))
    else:
        mark = {"ok": "✔", "warn": "!", "fail": "✘"}
        for f in found:
            print(f"{mark[f.level]} {f.name:14} {f.found}")
            if f.do_en:
                print(f"  → {f.do_zh} / {f.do_en}")
    return 1 if any(f.level == "fail" for f in found) else 0
