"""`jiangdun cert`: the box's private authority, a certificate for its names in the LAN, a page to install it from.

The authority's key lies apart from the server's (`--ca-dir`: a stick in a drawer), under a passphrase. It is needed
to renew, never to serve.
"""

from __future__ import annotations

import argparse
import getpass
import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

from jiangdun.core import clock
from jiangdun.core.trouble import Trouble

from . import certificates, django_up, install_page, passphrase, private, saying
from .certificates import About, Pair


def arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    make = verbs.add_parser("make", help="authority (where there is none), certificate and install page")
    make.add_argument("names", nargs="+", metavar="NAME", help="names and addresses of this box in the LAN")
    make.add_argument(
        "--new-ca", action="store_true", help="another authority; every device installs it anew"
    )
    renew = verbs.add_parser("renew", help="a new certificate for the same names, from the same authority")
    renew.set_defaults(names=[], new_ca=False)
    for verb in (make, renew):
        verb.add_argument(
            "--ca-dir", type=Path, help="where the authority's key lies (default: ca in the home)"
        )
        verb.add_argument("--no-passphrase", action="store_true", help="leave the authority's key unlocked")
        passphrase.arguments(verb)
    show = verbs.add_parser("show", help="names, end and fingerprints")
    show.add_argument("--json", action="store_true", help="one JSON object")


def run(options: argparse.Namespace) -> int:
    django_up.ready()
    if options.verb == "show":
        return _show(options.json)
    try:
        return _make(options)
    except Trouble as found:
        saying.trouble(found)
        return 1


def _make(options: argparse.Namespace) -> int:
    from . import settings

    if "JIANGDUN_TLS_CERT" in os.environ or "JIANGDUN_TLS_KEY" in os.environ:
        raise Trouble("cert_elsewhere", value=str(settings.TLS_CERT))
    folder = options.ca_dir or settings.HOME / "ca"
    names = certificates.read_names(options.names or _names_now(settings.TLS_CERT))
    known = _authority(folder)
    fresh = known is None or options.new_ca
    if fresh and options.verb == "renew":
        print(f"✘ {folder} 中没有 CA，请用 --ca-dir 指出 / no authority in {folder}; say where with --ca-dir")
        return 1
    now = true_time()
    secret = _passphrase(options, known, fresh)
    if fresh:
        known = certificates.make_authority(names, now, secret, f"Jiangdun private CA, {names[0]}")
    assert known is not None
    server = certificates.issue(known, secret, names, now)
    django_up.migrate()
    if fresh:
        private.write(folder / "ca.key", known.key)
        private.write(folder / "ca.crt", known.certificate, 0o644)
    private.write(settings.TLS_KEY, server.key)
    private.write(settings.TLS_CERT, server.certificate, 0o644)
    install_page.write(settings.INSTALL_PAGE, known.certificate, certificates.about(server.certificate))
    _note(certificates.about(server.certificate), certificates.fingerprint(known.certificate), fresh)
    _say(names, known, fresh, folder)
    return 0


def _names_now(path: Path) -> tuple[str, ...]:
    return certificates.about(path.read_bytes()).names if path.exists() else ()


def _authority(folder: Path) -> Pair | None:
    certificate, key = folder / "ca.crt", folder / "ca.key"
    if not (certificate.exists() and key.exists()):
        return None
    return Pair(certificate.read_bytes(), key.read_bytes())


def _passphrase(options: argparse.Namespace, known: Pair | None, fresh: bool) -> bytes | None:
    if fresh:
        if options.no_passphrase:
            return None
        return passphrase.ask(options, "CA 私钥的新口令 / a new passphrase for the authority's key", new=True)
    assert known is not None
    if not certificates.is_locked(known.key):
        return None
    return passphrase.ask(options, "CA 私钥的口令 / the passphrase of the authority's key", new=False)


def _note(server: About, authority: str, fresh: bool) -> None:
    from jiangdun.core import actions
    from jiangdun.core.journal import By

    by = By(system=f"command line, {getpass.getuser()}"[:64])
    actions.note_certificate(
        server.names, server.fingerprint, server.not_after, authority, fresh, by=by, now=clock.now()
    )


def _say(names: tuple[str, ...], authority: Pair, fresh: bool, folder: Path) -> None:
    from . import settings

    ends = certificates.about(settings.TLS_CERT.read_bytes()).not_after
    print(f"✔ {settings.TLS_CERT}: {', '.join(names)}; 有效至 until {ends:%Y-%m-%d}")
    if fresh:
        print(f"✔ {folder / 'ca.key'}: 请移到别处保管 / move it to a place of its own and keep it there")
    print(f"  CA SHA-256  {certificates.fingerprint(authority.certificate)}")
    print(
        f"  {settings.INSTALL_PAGE / 'index.html'}: 供各设备安装 CA / for every device that is to trust this box"
    )
    missing = hosts_missing(names, settings.ALLOWED_HOSTS)
    if missing:
        hosts = ",".join(dict.fromkeys([*settings.ALLOWED_HOSTS, *missing]))
        print(f"→ 设置 / set JIANGDUN_HOSTS={hosts}")


def hosts_missing(names: tuple[str, ...], hosts: list[str]) -> list[str]:
    """Names of the certificate by which a browser would be turned away."""
    return [name for name in names if name not in hosts]


def true_time() -> datetime:
    """Certificates are read by devices that know nothing of a demo's clock."""
    return clock.now() - clock.offset()


def _show(as_json: bool) -> int:
    from . import settings, tls

    if not settings.TLS_CERT.exists():
        print("✘ 尚无证书，请执行 jiangdun cert make / no certificate yet: `jiangdun cert make NAME`")
        return 1
    told: dict[str, Any] = tls.about(true_time())
    if as_json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        print(f"  {', '.join(told['names'])}")
        print(f"  有效至 until {told['ends_at']} ({told['days_left']} d)")
        print(f"  SHA-256     {told['fingerprint']}")
        print(f"  CA SHA-256  {told['authority']}")
    return 0
