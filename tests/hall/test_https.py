"""A desk of its own behind HTTPS, met by TLS clients that know the box by its name in the LAN."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import Any

import pytest
import websockets

NAME = "jiangdun.lan"
SECRET = "a river bends twice"
PASSWORD = "a river bends twice 长江"
PEOPLE = f"""
from jiangdun.hall import django_up
django_up.ready(); django_up.migrate()
from jiangdun.alliance import actions as alliance
from jiangdun.core import accounts, clock
from jiangdun.core.journal import By
by = dict(by=By(system="test"), now=clock.now())
alliance.found_agency("msa", "海事局", "MSA", "traffic", **by)
account = accounts.create("wang", {PASSWORD!r}, name_zh="王", temporary=False, **by)
alliance.join(account.id, "msa", ["desk"], **by)
"""
WITHIN_S = 60.0


def environment(home: Path, **more: str) -> dict[str, str]:
    drop = ("DJANGO_SETTINGS_MODULE", "DATABASE_URL")
    return {**{k: v for k, v in os.environ.items() if k not in drop}, "JIANGDUN_HOME": str(home), **more}


def jiangdun(*words: str, home: Path, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "jiangdun.hall.cli", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=180, env=environment(home, **more))


def people(home: Path) -> None:
    """An agency and somebody of it with a password of their own."""
    done = subprocess.run(
        [sys.executable, "-c", PEOPLE], env=environment(home), capture_output=True, text=True, timeout=180
    )
    assert done.returncode == 0, done.stderr


def free_ports(count: int) -> list[int]:
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


@contextmanager
def desk(home: Path, port: int, **more: str) -> Iterator[None]:
    """The process, until the port answers; ended afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-m", "jiangdun.hall.desk"],
        env=environment(home, JIANGDUN_HTTP_PORT=str(port), JIANGDUN_HOSTS=f"{NAME},127.0.0.1", **more),
    )
    try:
        begun = time.monotonic()
        while True:
            assert process.poll() is None, "desk ended"
            assert time.monotonic() - begun < WITHIN_S
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield
    finally:
        process.terminate()
        assert process.wait(WITHIN_S) == 0


@dataclass
class Box:
    home: Path
    port: int
    plain: int

    def context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.home / "ca" / "ca.crt"))

    def wire(self, context: ssl.SSLContext, name: str = NAME) -> ssl.SSLSocket:
        raw = socket.create_connection(("127.0.0.1", self.port), 10)
        try:
            return context.wrap_socket(raw, server_hostname=name)
        except BaseException:
            raw.close()
            raise

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> HTTPResponse:
        connection = HTTPSConnection("127.0.0.1", self.port, timeout=20)
        connection.sock = self.wire(self.context())
        return spoken(connection, method, path, f"{NAME}:{self.port}", body, headers)

    def ask_plain(self, method: str, path: str, host: str = "", **headers: str) -> HTTPResponse:
        connection = HTTPConnection("127.0.0.1", self.plain, timeout=20)
        return spoken(connection, method, path, host or f"{NAME}:{self.plain}", None, headers)


def spoken(
    connection: HTTPConnection, method: str, path: str, host: str, body: Any, headers: dict[str, str]
) -> HTTPResponse:
    raw = b"" if body is None else json.dumps(body).encode()
    connection.request(method, path, raw, {"Host": host, "Content-Type": "application/json", **headers})
    answer = connection.getresponse()
    answer.said = answer.read()  # type: ignore[attr-defined]
    connection.close()
    return answer


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    home = tmp_path_factory.mktemp("home")
    (home / "secret").write_text(SECRET + "\n")
    made = jiangdun("cert", "make", NAME, "--passphrase-file", str(home / "secret"), home=home)
    assert made.returncode == 0, made.stdout + made.stderr
    people(home)
    port, plain = free_ports(2)
    with desk(home, port, JIANGDUN_PLAIN_PORT=str(plain)):
        yield Box(home, port, plain)


def sign_in(box: Box) -> tuple[HTTPResponse, str]:
    token = cookies(box.ask("GET", "/api/session"))["csrftoken"].split(";")[0]
    body = {"username": "wang", "password": PASSWORD}
    headers = {"Cookie": f"csrftoken={token}", "X-CSRFToken": token, "Origin": f"https://{NAME}:{box.port}"}
    answer = box.ask("POST", "/api/session", body, **headers)
    assert answer.status == 200, answer.said  # type: ignore[attr-defined]
    return answer, token


def cookies(answer: HTTPResponse) -> dict[str, str]:
    return dict(line.split("=", 1) for line in answer.headers.get_all("Set-Cookie") or [])


def test_a_client_that_trusts_the_authority_gets_in_by_the_name(box: Box) -> None:
    with box.wire(box.context()) as wire:
        assert wire.version() in ("TLSv1.2", "TLSv1.3")
        assert ("DNS", NAME) in wire.getpeercert()["subjectAltName"]  # type: ignore[index,operator]
    answer = box.ask("GET", "/api/health")
    assert answer.status == 200
    assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]


@pytest.mark.parametrize("name", ["other.lan", "jiangdun.example", "127.0.0.1"])
def test_another_name_is_not_believed(box: Box, name: str) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        box.wire(box.context(), name)


def test_without_the_authority_nobody_believes_the_box(box: Box) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        box.wire(ssl.create_default_context())


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_older_tls_is_refused_and_1_2_is_spoken(box: Box) -> None:
    for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
        old = box.context()
        old.minimum_version = old.maximum_version = version
        old.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.raises((ssl.SSLError, ConnectionError)):
            box.wire(old)
    older = box.context()
    older.maximum_version = ssl.TLSVersion.TLSv1_2
    with box.wire(older) as wire:
        assert "ECDHE" in wire.cipher()[0]  # type: ignore[index]
    for weak in ("AES256-SHA256", "ECDHE-ECDSA-AES256-SHA384"):
        older.set_ciphers(weak)
        with pytest.raises((ssl.SSLError, ConnectionError)):
            box.wire(older)


def test_plain_text_at_the_https_port_gets_nothing(box: Box) -> None:
    with socket.create_connection(("127.0.0.1", box.port), 10) as wire:
        wire.sendall(b"GET /api/health HTTP/1.1\r\nHost: jiangdun.lan\r\n\r\n")
        heard = b""
        try:
            while part := wire.recv(4096):
                heard += part
        except ConnectionError:
            pass
    assert b"HTTP" not in heard
    assert b"version" not in heard


def test_the_session_cookie_is_secure_and_of_this_host_only(box: Box) -> None:
    answer, _ = sign_in(box)
    cookie = cookies(answer)["__Host-jiangdun_session"]
    assert {"Secure", "HttpOnly", "Path=/"} <= {part.strip() for part in cookie.split(";")}


def test_the_live_wire_runs_over_tls(box: Box) -> None:
    answer, _ = sign_in(box)
    cookie = "__Host-jiangdun_session=" + cookies(answer)["__Host-jiangdun_session"].split(";")[0]

    async def run() -> None:
        wire = websockets.connect(
            f"wss://{NAME}:{box.port}/ws/live",
            host="127.0.0.1",
            port=box.port,
            ssl=box.context(),
            additional_headers={"Cookie": cookie},
            origin=f"https://{NAME}:{box.port}",  # type: ignore[arg-type]
        )
        async with wire as socket:
            assert await asyncio.wait_for(socket.recv(), 20)

    asyncio.run(run())


def test_the_plain_port_sends_everybody_to_https(box: Box) -> None:
    answer = box.ask_plain("GET", "/login?next=%2F")
    assert answer.status == 307
    assert answer.headers["Location"] == f"https://{NAME}:{box.port}/login?next=%2F"
    assert "Set-Cookie" not in answer.headers


def test_the_plain_port_takes_nothing_in_and_knows_its_names(box: Box) -> None:
    assert box.ask_plain("POST", "/api/session").status == 426
    assert box.ask_plain("GET", "/", host="evil.example").status == 400
    assert (
        box.ask_plain("GET", "//evil.example/%2e%2e")
        .headers["Location"]
        .startswith(f"https://{NAME}:{box.port}/")
    )


@pytest.mark.parametrize("plain", [True, False])
def test_a_device_takes_the_authority_from_the_install_page(box: Box, plain: bool) -> None:
    ask = box.ask_plain if plain else box.ask
    page = ask("GET", "/install/")
    shown = json.loads(jiangdun("cert", "show", "--json", home=box.home).stdout)
    assert page.status == 200
    assert shown["authority"] in page.said.decode()  # type: ignore[attr-defined]
    got = ask("GET", "/install/jiangdun-ca.crt")
    assert got.headers["Content-Type"] == "application/x-x509-ca-cert"
    taken = ssl.create_default_context(cadata=got.said.decode())  # type: ignore[attr-defined]
    box.wire(taken).close()


@pytest.mark.parametrize(
    "path", ["/install/../../ca/ca.key", "/install/ca.key", "/install/server.key", "/install/index.html"]
)
def test_nothing_else_lies_beside_the_install_page(box: Box, path: str) -> None:
    assert box.ask_plain("GET", path).status == 307
    assert box.ask("GET", path).status == 404


def test_keys_are_private_and_the_authoritys_lies_apart(box: Box) -> None:
    for key in (box.home / "ca" / "ca.key", box.home / "tls" / "server.key"):
        assert key.stat().st_mode & 0o777 == 0o600
    assert b"ENCRYPTED" in (box.home / "ca" / "ca.key").read_bytes()
    served = (box.home / "tls").rglob("*")
    assert not any(
        b"PRIVATE" in path.read_bytes() for path in served if path.is_file() and path.name != "server.key"
    )


def test_a_renewed_certificate_serves_without_a_stop(box: Box) -> None:
    """Last of those that use the box: the same authority, another certificate."""
    with box.wire(box.context()) as wire:
        before = wire.getpeercert(binary_form=True)
    wrong = box.home / "wrong"
    wrong.write_text("not the passphrase\n")
    refused = jiangdun("cert", "renew", "--passphrase-file", str(wrong), home=box.home)
    assert (refused.returncode, "口令不对" in refused.stdout) == (1, True)
    renewed = jiangdun("cert", "renew", "--passphrase-file", str(box.home / "secret"), home=box.home)
    assert renewed.returncode == 0, renewed.stdout
    assert SECRET not in renewed.stdout + renewed.stderr
    begun = time.monotonic()
    while time.monotonic() - begun < WITHIN_S:
        with box.wire(box.context()) as wire:
            if wire.getpeercert(binary_form=True) != before:
                break
        time.sleep(0.5)
    else:
        pytest.fail("the new certificate was not taken up")
    facts = (
        "from jiangdun.hall import django_up; django_up.ready()\n"
        "from jiangdun.core import journal\n"
        "print([f.body['new_authority'] for f in journal.about('installation:certificate')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", facts], capture_output=True, text=True, env=environment(box.home)
    )
    assert done.stdout.strip() == "[True, False]", done.stderr


def test_behind_a_trusted_proxy_the_cookie_is_secure_and_nobody_else_is_believed(tmp_path: Path) -> None:
    people(tmp_path)

    def names(port: int, **headers: str) -> set[str]:
        def ask(method: str, path: str, body: Any, more: dict[str, str]) -> HTTPResponse:
            return spoken(HTTPConnection("127.0.0.1", port, timeout=20), method, path, NAME, body, more)

        token = cookies(ask("GET", "/api/session", None, headers))["csrftoken"].split(";")[0]
        more = {**headers, "Cookie": f"csrftoken={token}", "X-CSRFToken": token}
        scheme = "https" if headers else "http"
        answer = ask(
            "POST",
            "/api/session",
            {"username": "wang", "password": PASSWORD},
            {**more, "Origin": f"{scheme}://{NAME}"},
        )
        return set(cookies(answer))

    said = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "10.0.0.77"}
    (port,) = free_ports(1)
    with desk(tmp_path, port, JIANGDUN_TRUSTED_PROXIES="127.0.0.1"):
        assert "__Host-jiangdun_session" in names(port, **said)
        assert "jiangdun_session" in names(port)
    with desk(tmp_path, port, JIANGDUN_TRUSTED_PROXIES="10.9.9.9"):
        assert "__Host-jiangdun_session" not in names(port, **said)


@pytest.mark.parametrize("given", ["*", "10.0.0.0/8", "proxy.lan", "127.0.0.1;10.0.0.1"])
def test_only_single_addresses_are_trusted(tmp_path: Path, given: str) -> None:
    done = jiangdun("up", home=tmp_path, JIANGDUN_TRUSTED_PROXIES=given)
    assert done.returncode == 1
    assert "JIANGDUN_TRUSTED_PROXIES" in done.stdout + done.stderr


@pytest.mark.parametrize("settings", [{"JIANGDUN_HTTP_HOST": "0.0.0.0"}, {"JIANGDUN_TLS": "on"}])
def test_passwords_do_not_cross_a_network_in_plain_sight(tmp_path: Path, settings: dict[str, str]) -> None:
    done = jiangdun("up", home=tmp_path, **settings)
    assert done.returncode == 1
    assert "jiangdun cert make" in done.stdout
    told = {
        one["name"]: one for one in json.loads(jiangdun("doctor", "--json", home=tmp_path, **settings).stdout)
    }
    assert told["front door"]["level"] == "fail"


def test_a_certificate_near_its_end_is_spoken_of(tmp_path: Path) -> None:
    from datetime import UTC, datetime, timedelta

    from jiangdun.hall import certificates, private

    began = datetime.now(UTC) - timedelta(days=certificates.SERVER_DAYS - 20)
    authority = certificates.make_authority([NAME], began, None, "CA")
    made = certificates.issue(authority, None, [NAME], began)
    private.write(tmp_path / "tls" / "server.key", made.key)
    private.write(tmp_path / "tls" / "server.crt", made.certificate, 0o644)

    def door() -> dict[str, str]:
        done = jiangdun("doctor", "--json", home=tmp_path, JIANGDUN_HOSTS=NAME)
        return next(one for one in json.loads(done.stdout) if one["name"] == "front door")

    assert (door()["level"], "cert renew" in door()["do_en"]) == ("warn", True)
    assert "(19 d)" in door()["found"] or "(20 d)" in door()["found"]
    (tmp_path / "tls" / "server.key").chmod(0o644)
    assert (door()["level"], door()["do_en"].startswith("chmod 600")) == ("fail", True)
