"""`jiangdun journal verify`: is every fact as it was written, in its place, and none cut off? And every row of the
access ledger?"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import Any

from jiangdun.core import clock

from . import django_up


def arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    verify = verbs.add_parser(
        "verify", help="check journal and access ledger: chain, bodies, orphans, the newest anchor"
    )
    verify.add_argument("--json", action="store_true", help="one JSON object")


def run(options: argparse.Namespace) -> int:
    django_up.ready()
    from django.db import Error

    from jiangdun.core import journal, ledger

    try:
        verdict, looks = journal.verify(now=clock.now()), ledger.verify()
    except Error as error:  # never made, or not reachable
        print(f"✘ {str(error).strip()}")
        print("→ 先执行一次 jiangdun up；若已执行过，jiangdun doctor 会指出原因")
        print("→ run `jiangdun up` once; if that was done, `jiangdun doctor` says what is wrong")
        return 1
    if options.json:
        print(json.dumps({**asdict(verdict), "ledger": asdict(looks)}, ensure_ascii=False))
        return 0 if verdict.ok and looks.ok else 1
    _say(verdict, "facts", "日志链")
    _say(looks, "looks", "查阅日志")
    if verdict.ok and looks.ok:
        return 0
    print("→ keep the database and the anchor files as they are and call the audit administrator")
    print("→ 保留数据库和锚文件原样，通知审计管理员")
    return 1


def _say(verdict: Any, what: str, name_zh: str) -> None:
    if not verdict.ok:
        print(f"✘ {verdict.checked} {what}, {verdict.found} problems / {name_zh}有 {verdict.found} 处问题")
        for problem in verdict.problems:
            print(f"  {problem.what}: {problem.text}")
        return
    anchored = f", anchored up to {verdict.anchored}" if verdict.anchored else ", no anchor yet"
    print(f"✔ {verdict.checked} {what}, chain whole{anchored} / {name_zh}完整")
