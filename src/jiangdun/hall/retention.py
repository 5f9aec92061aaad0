"""`jiangdun retention`: how long things are kept, what is due, and its end."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from jiangdun.core import clock

from . import django_up, settings


def arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    show = verbs.add_parser("show", help="each class, how long it is kept, and what is due")
    now = verbs.add_parser("run", help="delete what is due, with a fact that says what went")
    now.add_argument("--dry-run", action="store_true", help="only say what would go")
    for each in (show, now):
        each.add_argument("--json", action="store_true", help="one JSON object")


def run(options: argparse.Namespace) -> int:
    django_up.ready()
    django_up.migrate()
    from jiangdun.core import retention

    from . import retaining

    retaining.declare(settings.HOME)
    now = clock.now()
    dry = options.verb == "show" or options.dry_run
    found = {one.kept: one for one in retention.run(now, dry=dry)}
    if options.json:
        print(json.dumps({code: asdict(one) for code, one in found.items()}, ensure_ascii=False, default=str))
        return 0 if len(found) == len(retention.known()) else 1
    for kept in retention.known():
        days = "每项自定 / each its own" if kept.days is None else f"{kept.days.at(now)} d"
        if kept.due is None:
            what = f"{kept.why_zh} / {kept.why_en}"
        elif kept.code not in found:
            what = "✘ 未能清理，见日志 / could not be deleted, see the log"
        else:
            one = found[kept.code]
            verb = "待清理 / due" if dry else "已清理 / deleted"
            what = f"{verb}: {one.items} ({one.size} B)" + ("，部分保全 / some held" if one.held else "")
        print(f"{kept.code:14} {kept.name_zh} / {kept.name_en}: {days}; {what}")
    return 0 if len(found) == len(retention.known()) else 1
