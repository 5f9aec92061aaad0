"""`jiangdun rules check DIR`: each rule says itself as a sentence, or what is wrong with it and where."""

from __future__ import annotations

import argparse
from pathlib import Path

CATALOGUE = Path(__file__).parent.parent / "watch" / "catalogue"


def arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    check = verbs.add_parser("check", help="read rule files and say what they mean, or what is wrong")
    check.add_argument(
        "paths", nargs="*", type=Path, default=[CATALOGUE], help="files or folders (the catalogue)"
    )
    check.add_argument("--lang", choices=("zh", "en"), help="one language only")


def run(options: argparse.Namespace) -> int:
    from jiangdun.picture.zones import ZONE_KINDS
    from jiangdun.watch.rules import check

    report = check(options.paths, zone_kinds=ZONE_KINDS)
    for line in report.lines(options.lang):
        print(line)
    return 0 if report.ok else 1
