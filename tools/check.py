"""Everything that judges the code without running it. Each line of the table is one judge."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
FORBIDDEN = "GNU General Public;GNU Affero;GPL-3;GPL-2;AGPL"

JUDGES: list[tuple[str, list[str]]] = [
    ("style", [str(BIN / "ruff"), "check", "--quiet", "."]),
    ("format", [str(BIN / "ruff"), "format", "--quiet", "--check", "src", "tests", "tools", "examples"]),
    ("types", [str(BIN / "mypy")]),
    ("layers", [str(BIN / "lint-imports"), "--no-cache"]),
    ("licences", [sys.executable, "tools/licences.py"]),
    (
        "migrations",
        [
            str(BIN / "django-admin"),
            "makemigrations",
            "--check",
            "--dry-run",
            "--settings",
            "jiangdun.hall.settings",
        ],
    ),
    ("board", [sys.executable, "tools/web_build.py", "lint"]),
]


def main() -> int:
    failed = 0
    for name, command in JUDGES:
        begun = time.monotonic()
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        state = "ok" if done.returncode == 0 else "FAILED"
        print(f"{name:12} {state:7} {time.monotonic() - begun:5.1f} s", flush=True)
        if done.returncode:
            failed += 1
            print(done.stdout + done.stderr)
    print(f"{len(JUDGES) - failed} passed, {failed} failed in check")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
