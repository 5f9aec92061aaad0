"""`jiangdun keys rotate`: another master key. Killed half-way, run it again."""

from __future__ import annotations

import argparse
import getpass

from jiangdun.core import clock
from jiangdun.core.trouble import Trouble

from . import django_up


def arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("rotate", help="draw a new master key and seal everything under it")


def run(options: argparse.Namespace) -> int:  # noqa: ARG001  (one verb)
    django_up.ready()
    django_up.migrate()
    from jiangdun.core import secrets
    from jiangdun.core.journal import By

    by = By(system=f"command line, {getpass.getuser()}"[:64])
    try:
        count = secrets.rotate(by=by, now=clock.now())
    except Trouble as trouble:
        print(f"✘ {trouble}")
        return 1
    print(f"✔ {count} values sealed anew / 已重新加密 {count} 项；主密钥 {secrets.ring().current}")
    print("→ 旧密钥文件须与当时的备份一同保存 / keep the old key file as long as backups of its time")
    return 0
