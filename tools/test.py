"""All tests: Python on SQLite, what differs on PostgreSQL, the board's own, and the browser's in a process apart.

What a machine lacks is skipped with its reason; JIANGDUN_REQUIRE (comma list: postgres, chromium, data, web) turns a
lack into a failure, as the project's own pipeline does. The last line is the runner's closing line for the whole.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
COUNT = re.compile(r"(\d+) (passed|failed|errors?|skipped)")


def postgres_url() -> str | None:
    """A server to test against: TEST_DATABASE_URL, else one that answers on this machine without a password."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        return given
    import psycopg

    try:
        psycopg.connect("host=127.0.0.1 user=postgres dbname=postgres connect_timeout=2").close()
    except psycopg.Error:
        return None
    return "postgres://postgres@127.0.0.1:5432/postgres"


class Total:
    def __init__(self) -> None:
        self.passed = self.failed = self.skipped = 0
        self.broken: list[str] = []

    def run(self, name: str, command: list[str], **env: str) -> None:
        print(f"\n── {name}", flush=True)
        with subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            assert process.stdout is not None
            last: dict[str, int] = {}
            for line in process.stdout:
                print(line, end="", flush=True)
                found = COUNT.findall(line)
                if found and (" in " in line or "Tests " in line):
                    last = {
                        word.rstrip("s") if word.startswith("error") else word: int(n) for n, word in found
                    }
        self.passed += last.get("passed", 0)
        self.skipped += last.get("skipped", 0)
        self.failed += last.get("failed", 0) + last.get("error", 0)
        if process.returncode:
            self.broken.append(name)
            if not last.get("failed", 0) + last.get("error", 0):
                self.failed += 1

    def lack(self, what: str, remedy: str) -> None:
        print(f"\n── {what} is missing: its tests are skipped. {remedy}", flush=True)
        if what in os.environ.get("JIANGDUN_REQUIRE", "").split(","):
            self.failed += 1
            self.broken.append(f"{what} is required here")


def main() -> int:
    total = Total()
    total.run("check", [sys.executable, "tools/check.py"])
    workers = ["-n", str(os.cpu_count() or 2), "--dist", "loadfile"]
    total.run("tests on SQLite", [*PYTEST, *workers, *sys.argv[1:]])
    if not os.environ.get("JIANGDUN_DATA"):
        total.lack("data", "Set JIANGDUN_DATA to a folder of recordings.")
    url = postgres_url()
    if url:
        rooms = ["core", "alliance", "feeds", "picture", "watch", "response", "web", "stories", "hall"]
        marked = [f"tests/{room}" for room in rooms if (ROOT / "tests" / room).is_dir()]
        total.run(
            "tests on PostgreSQL",
            [*PYTEST, *workers, "-m", "django_db or database", *marked],
            DATABASE_URL=url,
        )
    else:
        total.lack("postgres", "Start one, or set TEST_DATABASE_URL.")
    total.run("the board's own tests", [sys.executable, "tools/web_build.py", "test"])
    chromium = (
        os.environ.get("JIANGDUN_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    )
    if chromium:
        browser = [*PYTEST, "tests/browser", "--override-ini", "addopts=-ra --strict-markers"]
        total.run("tests in the browser", browser, JIANGDUN_CHROMIUM=chromium)
    else:
        total.lack("chromium", "On Debian: sudo apt-get install chromium fonts-noto-cjk")
    for name in total.broken:
        print(f"not well: {name}")
    print(f"\n{total.passed} passed, {total.failed} failed, {total.skipped} skipped")
    return 1 if total.failed or total.broken else 0


if __name__ == "__main__":
    sys.exit(main())
