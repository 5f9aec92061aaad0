"""A passphrase, from the keyboard or from a file; never from the command line or the environment, which others see."""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path
from typing import Final

LENGTH_MIN: Final = 12
LENGTH_MAX: Final = 1_024


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--passphrase-file", type=Path, metavar="FILE", help="its first line is the passphrase"
    )


def ask(options: argparse.Namespace, what: str, *, new: bool) -> bytes:
    """The passphrase as UTF-8; a `new` one is typed twice. Raises SystemExit that says what to do."""
    given = _from_file(options.passphrase_file) if options.passphrase_file else _typed(what, new)
    if (new and len(given) < LENGTH_MIN) or not 0 < len(given) <= LENGTH_MAX:
        raise SystemExit(
            f"✘ 口令至少 {LENGTH_MIN} 个字符 / a passphrase has at least {LENGTH_MIN} characters"
        )
    return given.encode()


def _from_file(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            return file.readline(LENGTH_MAX + 2).rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SystemExit(f"✘ 口令文件无法读取 / the passphrase file cannot be read: {error}") from None


def _typed(what: str, new: bool) -> str:
    if not sys.stdin.isatty():
        raise SystemExit(
            "✘ 此处没有键盘：请用 --passphrase-file 指定口令文件 / "
            "there is no keyboard here: name a file with --passphrase-file"
        )
    first = getpass.getpass(f"{what}: ")
    if new and getpass.getpass("再输一次 / once more: ") != first:
        raise SystemExit("✘ 两次输入不同 / the two are not the same")
    return first
