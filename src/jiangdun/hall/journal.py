"""`jiangdun journal verify`: is every fact as it was written, in its place, and none cut off?"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from jiangdun.core import clock

from . import django_up


def arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    verify = verbs.add_parser("verify", help="check the chain, the bodies, orphans, and the newest anchor")
    verify.add_argument("--json", action="store_true", help="one JSON object")


def run(options: argparse.Namespace) -> int:
    django_up.ready()
    from django.db import Error

    from jiangdun.core import journal

    try:
        verdict = journal.verify(now=clock.now())
    except Error as error:  # never made, or not reachable
        print(f"✘ {str(error).strip()}")
        print("→ 先执行一次 jiangdun up；若已执行过，jiangdun doctor 会指出原因")
        print("→ run `jiangdun up` once; if that was done, `jiangdun doctor` says what is wrong")
        return 1
    if options.json:
        print(json.dumps(asdict(verdict), ensure_ascii=False))
    elif not verdict.ok:
        print(f"✘ {verdict.checked} facts, {verdict.found} problems / 日志链有 {verdict.found} 处问题")
        for problem in verdict.problems:
            print(f"  {problem.what}: {problem.text}")
        print("→ keep the database and the anchor file as they are and call the audit administrator")
        print("→ 保留数据库和锚文件原样，通知审计管理员")
    else:
        anchored = f", anchored up to {verdict.anchored}" if verdict.anchored else ", no anchor yet"
        print(f"✔ {verdict.checked} facts, chain whole{anchored} / 日志链完整")
    return 0 if verdict.ok else 1
